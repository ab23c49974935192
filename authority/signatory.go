package authority

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// States of an authority.
const (
	CAActive   = "active"
	CAAwaiting = "awaiting" // its request is out to be signed
	CARetired  = "retired"  // signs revocation lists only
)

// CASettings are what an operator sets for one authority.
type CASettings struct {
	DefaultProfile string        `json:"defaultProfile,omitempty"`
	CRLValidity    time.Duration `json:"crlValidity"`             // of full lists; 0: seven days
	DeltaValidity  time.Duration `json:"deltaValidity,omitempty"` // 0: no delta lists
	Shards         int           `json:"shards,omitempty"`        // 0 or 1: one list
	CRL            []string      `json:"crl,omitempty"`           // URIs; "{ca}" and "{shard}" are filled in
	FreshestCRL    []string      `json:"freshestCrl,omitempty"`
	OCSP           []string      `json:"ocsp,omitempty"`
	CAIssuers      []string      `json:"caIssuers,omitempty"`

	// Base is where a server publishes, such as http://pki.example.com: the
	// URIs above follow from it where none are given.
	Base           string        `json:"base,omitempty"`
	OCSPValidity   time.Duration `json:"ocspValidity,omitempty"`   // of answers; 0: twelve hours
	RevokeUnissued bool          `json:"revokeUnissued,omitempty"` // answers call certificates that were never issued revoked, and not unknown (RFC 6960, Section 2.2)

	Installed time.Time `json:"installed,omitzero"` // when its certificate of now came in; zero: as it was made

	Formerly []Places `json:"formerly,omitempty"` // where lists are for certificates issued before, once there are several lists

	Hash        string        `json:"hash,omitempty"`
	PSS         bool          `json:"pss,omitempty"`
	KeepExpired time.Duration `json:"keepExpired"` // retention: how long records stay after expiry; 0: two years, below 0: for ever

	// Of an authority that worked elsewhere before.
	FirstCRL   int64  `json:"firstCrl,omitempty"`   // the number of its first list here; 0: 1
	NextSerial []byte `json:"nextSerial,omitempty"` // the serial number it would have used next; here they are drawn

	// UniqueSubject and Holds go back to OpenSSL as they were: whether an index
	// has each subject once, and hold instructions by serial number, hexadecimal.
	UniqueSubject bool              `json:"uniqueSubject,omitempty"`
	Holds         map[string]string `json:"holds,omitempty"`
}

const (
	day                = 24 * time.Hour
	presetCRLValidity  = 7 * day
	presetKeepExpired  = 2 * 365 * day
	keepRefused        = 365 * day
	keepReplacedCRLs   = 90 * day
	presetProfile      = "server"
	maxShards          = 4096
	leastListValidity  = 2 * time.Minute // lists are looked at once a minute
	leastOCSPValidity  = time.Minute
	freshFor           = time.Second // how old the knowledge of authorities may be that other processes change
	identifierAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
)

// check returns what is wrong with settings, as an answer for the operator.
func (s *CASettings) check() error {
	wrong := func(field, detail, fix string) error {
		return &request.Refusal{Reason: request.PolicyRefused, Field: field, Detail: detail, Fix: fix}
	}
	switch {
	case s.CRLValidity < 0 || s.DeltaValidity < 0:
		return wrong("crlValidity", "a revocation list cannot be valid for a negative time", "give a duration such as 168h")
	case s.Shards < 0 || s.Shards > maxShards:
		return wrong("shards", fmt.Sprintf("%d shards are not possible", s.Shards), fmt.Sprintf("use 1 to %d", maxShards))
	case s.OCSPValidity < 0 || s.OCSPValidity > maxOCSPValidity:
		return wrong("ocspValidity", fmt.Sprintf("OCSP answers cannot be valid for %s", lengthOf(s.OCSPValidity)), "give a duration up to 7 days, such as 12h")
	case s.Base != "" && !plainURL(s.Base):
		return wrong("base", fmt.Sprintf("%q is not where lists and answers can be fetched", s.Base),
			"write it as http://host or http://host/path, without https: who checks the server's certificate would need the list to fetch the list")
	case s.CRLValidity > 0 && s.CRLValidity < leastListValidity || s.DeltaValidity > 0 && s.DeltaValidity < leastListValidity:
		return wrong("crlValidity", fmt.Sprintf("a revocation list that is valid for less than %s cannot be replaced in time", leastListValidity), "give a longer duration, such as 1h")
	case s.DeltaValidity > s.crlValidity():
		return wrong("deltaValidity", fmt.Sprintf("delta lists cannot be valid for longer than full lists, which are for %s", lengthOf(s.crlValidity())), "give a shorter duration, such as 1h")
	case s.OCSPValidity > 0 && s.OCSPValidity < leastOCSPValidity:
		return wrong("ocspValidity", fmt.Sprintf("OCSP answers cannot be valid for less than %s", leastOCSPValidity), "give a longer duration, such as 1h")
	}
	return s.checkShards(wrong)
}

// checkShards returns what is wrong with where lists are fetched.
func (s *CASettings) checkShards(wrong func(field, detail, fix string) error) error {
	numbered := func(uri string) bool { return strings.Contains(uri, "{shard}") }
	if slices.ContainsFunc(s.OCSP, numbered) || slices.ContainsFunc(s.CAIssuers, numbered) {
		return wrong("ocsp", "{shard} is filled in where revocation lists are, and not in other URIs", "write the URI without")
	}
	if s.Shards <= 1 {
		return nil
	}
	if s.Base == "" && len(s.CRL) == 0 {
		return wrong("crl", "several shards need a distribution point each, and no CRL URI has {shard} in it", "write it as http://host/{ca}-{shard}.crl")
	}
	for _, uri := range s.CRL {
		if !numbered(uri) {
			return wrong("crl", fmt.Sprintf("several shards need a distribution point each, and the CRL URI %s has no {shard} in it", uri), "write the URI as http://host/{ca}-{shard}.crl")
		}
	}
	for _, uri := range s.FreshestCRL {
		if !numbered(uri) {
			return wrong("freshestCrl", fmt.Sprintf("each shard has delta lists of its own, and their URI %s has no {shard} in it", uri), "write the URI as http://host/{ca}-{shard}-delta.crl")
		}
	}
	return nil
}

func (s *CASettings) crlValidity() time.Duration {
	if s.CRLValidity == 0 {
		return presetCRLValidity
	}
	return s.CRLValidity
}

// shardOf is the revocation list that a certificate belongs to.
func (s *CASettings) shardOf(serial []byte) int {
	if s.Shards <= 1 {
		return 0
	}
	h := fnv.New32a()
	h.Write(serial)
	return int(h.Sum32() % uint32(s.Shards))
}

// signatory is an authority ready to sign, of one revision of its record.
type signatory struct {
	ca          *CA
	settings    CASettings
	certificate *cert.Certificate
	above       []*cert.Certificate // the issuers of it, the next first
	open        func(ctx context.Context) (crypto.Signer, error)

	mu      sync.Mutex
	signer  crypto.Signer
	issuers map[int]*issuance.Issuer // by shard; each names its own list
}

func (a *Authority) newSignatory(ca *CA) (*signatory, error) {
	s := &signatory{ca: ca, issuers: map[int]*issuance.Issuer{}}
	if len(ca.Settings) > 0 {
		if err := json.Unmarshal(ca.Settings, &s.settings); err != nil {
			return nil, fmt.Errorf("settings of authority %q: %w", ca.Name, err)
		}
	}
	if len(ca.Chain) > 0 {
		var err error
		if s.certificate, err = cert.Parse(ca.Chain[0]); err != nil {
			return nil, fmt.Errorf("certificate of authority %q: %w", ca.Name, err)
		}
		for _, der := range ca.Chain[1:] {
			c, err := cert.Parse(der)
			if err != nil {
				return nil, fmt.Errorf("a certificate above authority %q: %w", ca.Name, err)
			}
			s.above = append(s.above, c)
		}
	}
	s.open = func(ctx context.Context) (crypto.Signer, error) { return a.config.Keys.Signer(ctx, ca.Key) }
	return s, nil
}

// key opens the private key, once.
func (s *signatory) key(ctx context.Context) (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keyLocked(ctx)
}

func (s *signatory) keyLocked(ctx context.Context) (crypto.Signer, error) {
	if s.signer == nil {
		signer, err := s.open(ctx)
		if err != nil {
			return nil, fmt.Errorf("opening the key of authority %q: %w", s.ca.Name, err)
		}
		s.signer = signer
	}
	return s.signer, nil
}

// config is what an issuer of this shard is made from; without a signer it
// judges only.
func (s *signatory) config(shard int, signer crypto.Signer) issuance.IssuerConfig {
	c := s.settings.issuer(s.ca.Name, shard, s.certificate, signer)
	c.Above = s.above
	return c
}

// judging returns an issuer of this shard that cannot sign, so that nobody is
// asked for the passphrase of a key that is not needed.
func (s *signatory) judging(shard int) (*issuance.Issuer, error) {
	i, err := issuance.NewIssuer(s.config(shard, nil))
	if err != nil {
		return nil, fmt.Errorf("authority %q: %w", s.ca.Name, err)
	}
	return i, nil
}

// issuer returns what signs certificates of this shard.
func (s *signatory) issuer(ctx context.Context, shard int) (*issuance.Issuer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.issuers[shard]; i != nil {
		return i, nil
	}
	signer, err := s.keyLocked(ctx)
	if err != nil {
		return nil, err
	}
	i, err := issuance.NewIssuer(s.config(shard, signer))
	if err != nil {
		return nil, fmt.Errorf("authority %q: %w", s.ca.Name, err)
	}
	s.issuers[shard] = i
	return i, nil
}

func (s *CASettings) issuer(ca string, shard int, certificate *cert.Certificate, signer crypto.Signer) issuance.IssuerConfig {
	p := s.points(ca, shard)
	return issuance.IssuerConfig{
		Certificate: certificate, Signer: signer, Hash: s.Hash, PSS: s.PSS,
		CRL: p.crl, FreshestCRL: p.freshest, OCSP: p.ocsp, CAIssuers: p.issuers,
	}
}

// refresh looks at all authorities anew if that was some time ago. What did
// not change stays as it is, its open key and issuers too.
func (a *Authority) refresh(ctx context.Context) error {
	if time.Since(a.checked) < freshFor {
		return nil
	}
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	known := make(map[string]*signatory, len(list))
	names := make([]string, 0, len(list))
	for _, ca := range list {
		names = append(names, ca.Name)
		if old := a.known[ca.Name]; old != nil && old.ca.Revision == ca.Revision {
			known[ca.Name] = old
			continue
		}
		if err := a.moveLost(ctx, ca); err != nil {
			return err
		}
		if known[ca.Name], err = a.newSignatory(ca); err != nil {
			return err
		}
	}
	a.known, a.names, a.checked, a.unfit, a.above = known, names, time.Now(), map[string]*unfit{}, higher(known)
	return nil
}

// forget makes the next use look at the authorities anew.
func (a *Authority) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checked = time.Time{}
}

// signatory returns an authority by its name; the empty name is the only one
// that issues to others than authorities.
func (a *Authority) signatory(ctx context.Context, name string) (*signatory, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refresh(ctx); err != nil {
		return nil, err
	}
	if name != "" {
		if s := a.known[name]; s != nil {
			return s, nil
		}
		return nil, &request.Refusal{
			Reason: request.UnknownIssuer, Field: "ca", Detail: fmt.Sprintf("there is no authority called %q", name),
			Fix: a.choice("create it, or name one of these: ", "make one with `certwright ca init`"),
		}
	}
	return a.onlyIssuing()
}

// choice is a fix that lists the names there are.
func (a *Authority) choice(some, none string) string {
	if len(a.names) == 0 {
		return none
	}
	return some + strings.Join(a.names, ", ")
}

func (a *Authority) onlyIssuing() (*signatory, error) {
	parent := map[string]bool{}
	for _, s := range a.known {
		if s.ca.State == CAActive && s.ca.Parent != "" {
			parent[s.ca.Parent] = true
		}
	}
	var candidates []string
	for _, name := range a.names {
		if a.known[name].ca.State == CAActive && !parent[name] {
			candidates = append(candidates, name)
		}
	}
	switch len(candidates) {
	case 1:
		return a.known[candidates[0]], nil
	case 0:
		return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: "there is no authority that can sign",
			Fix: a.choice("bring one of these into service: ", "make one with `certwright ca init`")}
	}
	return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: "there are several authorities, and none was named",
		Fix: "name one of these: " + strings.Join(candidates, ", ")}
}

// readyFor returns the authority that can sign what a submission asks for.
func (a *Authority) readyFor(ctx context.Context, s *Submission) (*signatory, error) {
	if s.responder {
		return a.answering(ctx, s.CA)
	}
	return a.ready(ctx, s.CA)
}

// ready returns an authority that can sign certificates now.
func (a *Authority) ready(ctx context.Context, name string) (*signatory, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return nil, err
	}
	switch s.ca.State {
	case CAActive:
		u, err := a.fitness(ctx, s)
		if err != nil {
			return nil, err
		}
		if u != nil {
			return nil, u.refusal(s.ca.Name)
		}
		return s, nil
	case CAAwaiting:
		return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: fmt.Sprintf("authority %q has no certificate yet", s.ca.Name),
			Fix: "have its request signed, and bring the certificate in with `certwright ca install`"}
	}
	return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: fmt.Sprintf("authority %q is retired", s.ca.Name), Fix: "use its successor"}
}

// asRefusal returns the answer for the requester that an error is, if it is one.
func asRefusal(err error) *request.Refusal {
	var r *request.Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// sameKey reports whether a key reference's signer has this public key.
func sameKey(signer crypto.Signer, c *cert.Certificate) (bool, error) {
	public, err := publicOf(signer)
	if err != nil {
		return false, err
	}
	return bytes.Equal(public.Bits, c.PublicKey.Bits), nil
}
