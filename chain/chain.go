// Package chain builds and validates certification paths, tells every reason
// why one is refused in plain words, and finds which keys, requests and
// certificates belong together (RFC 5280, Section 6).
package chain

import (
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
)

// Purpose is what a certificate is to be used for.
type Purpose string

// The purposes. Any leaves extended key usage alone.
const (
	Any          Purpose = ""
	Server       Purpose = "server"
	Client       Purpose = "client"
	Email        Purpose = "email"
	Code         Purpose = "code"
	TimeStamping Purpose = "timestamp"
	OCSP         Purpose = "ocsp"
)

// Options says what is asked of the certificate.
type Options struct {
	Now     time.Time // must be set
	Purpose Purpose
	Host    string // a host name, or an IP address
	Email   string // an e-mail address

	CRLs              []*crl.List
	OCSP              []*ocsp.Response
	RequireRevocation bool      // no usable list or answer is a failure, instead of an unanswered question
	Policies          []oid.OID // acceptable certificate policies; none accepts any

	// Renew says how a certificate is renewed, for the fix of one that has
	// expired: "renew it with: …". nil says it in general words.
	Renew func(c *cert.Certificate) string
}

// Verdict is the outcome of one check.
type Verdict string

// The verdicts.
const (
	Pass    Verdict = "pass"
	Warn    Verdict = "warn" // valid, but other software may refuse it
	Fail    Verdict = "fail"
	Skipped Verdict = "skipped" // not asked for, or no answer is to be had
)

// Check is the outcome of one check, of one certificate or of the whole path.
type Check struct {
	Name    string  `json:"name"`              // "validity", "revocation", "host" …
	Verdict Verdict `json:"verdict"`           //
	Subject string  `json:"subject,omitempty"` // of the certificate that is to blame, RFC 4514
	Depth   int     `json:"depth"`             // its place in the path; 0 is the certificate itself
	Detail  string  `json:"detail"`            // the cause, in one sentence without a final stop
	Fix     string  `json:"fix,omitempty"`     // what to do about it
	Revoked bool    `json:"-"`                 // a revocation list names the certificate, or an answer does
}

// Result is what Verify found out.
type Result struct {
	Valid  bool                // no check failed
	Path   []*cert.Certificate // the best path found: the certificate first, the trust anchor last
	Whole  bool                // whether the path ends in a trust anchor
	Checks []Check             // of that path, in a fixed order
}

// Problems returns the checks that failed.
func (r Result) Problems() []Check {
	var list []Check
	for _, c := range r.Checks {
		if c.Verdict == Fail {
			list = append(list, c)
		}
	}
	return list
}

// Verify looks for a path from leaf to one of roots by way of intermediates,
// and validates it. All problems of the best path are reported. Certificates
// in roots are trust anchors; their own signatures are not looked at.
func Verify(leaf *cert.Certificate, intermediates, roots []*cert.Certificate, o Options) Result {
	s := newSearch(intermediates, roots, o)
	s.extend([]*cert.Certificate{leaf}, nil)
	return s.best
}

// path is one candidate, with what the search found out about it.
type path struct {
	certs      []*cert.Certificate
	signatures []error // of certs[i] by certs[i+1]
	whole      bool
	o          Options
}

// rule is one check of a path. It returns what is wrong or worth saying;
// where that is nothing, the check passes with the words of pass.
type rule struct {
	name  string
	pass  string
	check func(*path) []Check
}

// rules are run in this order, all of them.
var rules = [...]rule{
	{"path", "the path ends in a trusted certificate", checkPath},
	{"signature", "every signature in the path verifies", checkSignatures},
	{"validity", "every certificate in the path is within its validity", checkValidity},
	{"algorithm", "every key and signature algorithm is strong enough", checkAlgorithms},
	{"basicConstraints", "every issuer is a certification authority, and no path length is exceeded", checkBasicConstraints},
	{"keyUsage", "the key usages allow what the keys are used for", checkKeyUsage},
	{"extKeyUsage", "the extended key usages allow the purpose", checkExtKeyUsage},
	{"nameConstraints", "every name is allowed by the issuers' name constraints", checkNameConstraints},
	{"extensions", "every critical extension is understood", checkExtensions},
	{"keyIdentifier", "the key identifiers agree", checkKeyIdentifiers},
	{"policies", "the certificate policies are acceptable", checkPolicies},
	{"host", "the certificate is for this host", checkHost},
	{"email", "the certificate is for this e-mail address", checkEmail},
	{"revocation", "no certificate in the path is revoked", checkRevocation},
}

// validate runs every rule.
func (p *path) validate() Result {
	r := Result{Valid: true, Path: p.certs, Whole: p.whole}
	for _, rule := range rules {
		found := rule.check(p)
		if len(found) == 0 {
			found = []Check{{Verdict: Pass, Detail: rule.pass}}
		}
		for _, c := range found {
			c.Name = rule.name
			c.Detail, c.Subject = plain(c.Detail), plain(c.Subject)
			r.Valid = r.Valid && c.Verdict != Fail
			r.Checks = append(r.Checks, c)
		}
	}
	return r
}

// fail is a failure that certificate i is to blame for.
func (p *path) fail(i int, detail, fix string) Check {
	return p.say(Fail, i, detail, fix)
}

func (p *path) say(v Verdict, i int, detail, fix string) Check {
	return Check{Verdict: v, Subject: p.certs[i].Subject.String(), Depth: i, Detail: detail, Fix: fix}
}

// skip is the answer of a rule that was not asked.
func skip(detail string) []Check { return []Check{{Verdict: Skipped, Detail: detail}} }

// called names certificate i in a sentence.
func (p *path) called(i int) string {
	switch {
	case i == 0:
		return "the certificate"
	case i == len(p.certs)-1 && p.whole:
		return "the root " + quoted(p.certs[i])
	}
	return "the issuer " + quoted(p.certs[i])
}

func quoted(c *cert.Certificate) string {
	if c.Subject.IsEmpty() {
		return "with the empty name"
	}
	if cn := c.Subject.Values(oid.CommonName); len(cn) > 0 {
		return `"` + cn[len(cn)-1] + `"`
	}
	return `"` + c.Subject.String() + `"`
}

// plain takes control characters out of a text, so that no name in a
// certificate can move the cursor of who reads it.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, s)
}
