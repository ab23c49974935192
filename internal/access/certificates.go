package access

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/request"
)

// Issued finds certificates in an authority's records.
type Issued interface {
	Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error]
	CA(ctx context.Context, name string) (*authority.CA, error)
}

// CertificateConfig says which client certificates are recognized: those
// issued here, as long as they are valid and not revoked, and nothing above them
// is, and those under Roots, as long as Lists do not have them. Which of them may do what, the first rule that matches says; one that
// no rule matches may do nothing.
type CertificateConfig struct {
	Issued Issued         // nil: none of them
	Roots  *x509.CertPool // nil: none
	Rules  []Rule
	Now    func() time.Time

	// Lists are the full revocation lists of issuers under Roots, as they are now.
	// Nil: none, and nothing under Roots is ever revoked.
	Lists func() []*x509.RevocationList

	// Named reports whether a profile is for those alone who were given it by name.
	// A certificate that was issued here under another one, which everybody may
	// have asked for, makes nobody more than an applicant. Nil: none is.
	Named func(profile string) bool
}

// Certificates recognizes client certificates. The TLS server must ask for
// them (tls.RequestClientCert is enough); it sees to it that the client holds
// the key.
type Certificates struct {
	config CertificateConfig

	mu    sync.Mutex
	known map[[sha256.Size]byte]knownCertificate
}

type knownCertificate struct {
	principal *Principal
	failure   error
	seen      time.Time
}

// NewCertificates checks the rules.
func NewCertificates(c CertificateConfig) (*Certificates, error) {
	for _, r := range c.Rules {
		if err := checkMatch(r.Match); err != nil {
			return nil, err
		}
		if err := checkRoles(r); err != nil {
			return nil, err
		}
	}
	c.Now = clock(c.Now)
	return &Certificates{config: c, known: map[[sha256.Size]byte]knownCertificate{}}, nil
}

// checkMatch refuses a rule that does not say which kind of name it is about: one
// that was meant for a host, or for a claim, would be for whoever has such a
// common name.
func checkMatch(match string) error {
	kind, pattern, ok := strings.Cut(match, ":")
	if ok && pattern != "" && slices.Contains([]string{"cn", "dns", "email", "uri"}, kind) {
		return nil
	}
	r := &request.Refusal{Reason: request.BadFormat, Field: "match", Detail: fmt.Sprintf("the rule %q for client certificates does not begin with a kind of name", match),
		Fix: "write cn: and a common name, or dns:, email: or uri: and a name of that kind"}
	switch {
	case ok || match == "":
	case strings.Contains(match, "="):
		r.Fix = "rules of the form CLAIM=VALUE are for OpenID Connect: access.oidc.rules; for a common name write cn:" + match
	case strings.Contains(match, "@"):
		r.Fix = fmt.Sprintf("write email:%s, or cn:%s for a common name", match, match)
	case strings.Contains(match, "."):
		r.Fix = fmt.Sprintf("write dns:%s, or cn:%s for a common name", match, match)
	default:
		r.Fix = fmt.Sprintf("write cn:%s for a common name, or dns:%s for a host", match, match)
	}
	return r
}

func checkRoles(r Rule) error {
	for _, role := range r.Roles {
		if _, err := ParseRole(string(role)); err != nil {
			return fmt.Errorf("the rule %q: %w", r.Match, err)
		}
	}
	if len(r.Roles) == 0 {
		return fmt.Errorf("the rule %q gives no role", r.Match)
	}
	return nil
}

// Principal returns who holds the first of these certificates; the others are
// its chain.
func (x *Certificates) Principal(ctx context.Context, chain []*x509.Certificate) (*Principal, error) {
	leaf := chain[0]
	sum := sha256.Sum256(leaf.Raw)
	if at := x.config.Now(); at.Before(leaf.NotBefore) || at.After(leaf.NotAfter) {
		return nil, unauthenticated("the client certificate has expired, or is not valid yet", "renew it")
	}
	now := time.Now()
	x.mu.Lock()
	known, ok := x.known[sum]
	x.mu.Unlock()
	if !ok || now.Sub(known.seen) >= staleness {
		p, err := x.recognize(ctx, chain, sum)
		var failure *Failure
		if err != nil && !errors.As(err, &failure) {
			return nil, err
		}
		known = knownCertificate{p, err, now}
		x.keep(sum, known)
	}
	return known.principal, known.failure
}

func (x *Certificates) keep(sum [sha256.Size]byte, k knownCertificate) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.known) >= mostKnown {
		clear(x.known)
	}
	x.known[sum] = k
}

func (x *Certificates) recognize(ctx context.Context, chain []*x509.Certificate, sum [sha256.Size]byte) (*Principal, error) {
	leaf := chain[0]
	if !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return nil, unauthenticated("the client certificate is not for the authentication of clients", "use one with the purpose clientAuth")
	}
	ours, err := x.issuedHere(ctx, sum)
	if err != nil {
		return nil, err
	}
	switch {
	case ours == nil:
		err = x.underRoots(ctx, chain)
	case ours.Status != authority.StatusValid:
		err = untrusted()
	default:
		err = x.aboveGood(ctx, ours.CA)
	}
	if err != nil {
		return nil, err
	}
	for _, rule := range x.config.Rules {
		name := matching(leaf, rule.Match)
		if name == "" || checkName(name) != nil || !x.isFor(&rule, ours) {
			continue
		}
		return &Principal{Name: certificatePrefix + name, Roles: rule.Roles, Profiles: rule.Profiles, CAs: rule.CAs, Method: "mtls", ID: hex.EncodeToString(sum[:]),
			Open: ours != nil && !x.tied(&rule)}, nil
	}
	return nil, unauthenticated("no rule says what the holder of this client certificate may do", "have an administrator add one to the configuration")
}

// isFor reports whether a rule is for a certificate: one from elsewhere (nil),
// or one that was issued here under the profiles and by the authorities that the
// rule names.
func (x *Certificates) isFor(r *Rule, ours *authority.Certificate) bool {
	if ours == nil {
		return len(r.IssuedUnder)+len(r.IssuedBy) == 0
	}
	if len(r.IssuedUnder) > 0 && !slices.Contains(r.IssuedUnder, ours.Profile) || len(r.IssuedBy) > 0 && !slices.Contains(r.IssuedBy, ours.CA) {
		return false
	}
	return r.OnlyApplicants() || x.tied(r)
}

// tied reports whether a rule is for certificates alone that not everybody may
// have asked for.
func (x *Certificates) tied(r *Rule) bool {
	open := func(profile string) bool { return x.config.Named == nil || !x.config.Named(profile) }
	return len(r.IssuedUnder) > 0 && !slices.ContainsFunc(r.IssuedUnder, open)
}

// issuedHere returns our record of this very certificate; nil where there is none.
func (x *Certificates) issuedHere(ctx context.Context, sum [sha256.Size]byte) (*authority.Certificate, error) {
	if x.config.Issued == nil {
		return nil, nil
	}
	for c, err := range x.config.Issued.Certificates(ctx, authority.Query{Fingerprint: sum[:], Limit: 1}) {
		if err != nil {
			return nil, fmt.Errorf("looking for a client certificate: %w", err)
		}
		return c, nil
	}
	return nil, nil
}

func untrusted() *Failure {
	return unauthenticated("the client certificate is not of an authority that is trusted here, or was revoked", "use another certificate, or a token")
}

// matching returns the name of a certificate that a rule matches.
func matching(c *x509.Certificate, pattern string) string {
	kind, rest, _ := strings.Cut(pattern, ":")
	var names []string
	switch kind {
	case "dns":
		names = c.DNSNames
	case "email":
		names = c.EmailAddresses
	case "uri":
		for _, u := range c.URIs {
			names = append(names, u.String())
		}
	case "cn":
		names = []string{c.Subject.CommonName}
	}
	for _, name := range names {
		if evidence.MatchRuns(rest, name) {
			return name
		}
	}
	return ""
}
