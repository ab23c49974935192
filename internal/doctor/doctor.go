// Package doctor fetches what certificates point to (revocation lists, OCSP
// answers, issuers) and says what is wrong with it, and what to do.
package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
)

// Config is what a Doctor is made from.
type Config struct {
	Client  *http.Client // nil: http.DefaultClient
	Now     func() time.Time
	Issuers []*cert.Certificate // that may be needed, besides those that are fetched
}

// Doctor examines certificates.
type Doctor struct {
	config  Config
	fetched map[string]*fetched // by URL
}

// New returns a doctor, who fetches each address once.
func New(c Config) *Doctor {
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Doctor{config: c, fetched: map[string]*fetched{}}
}

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Fine    Severity = "ok"
	Warning Severity = "warning" // some software will stumble
	Failure Severity = "error"   // it does not work
)

// Finding is one thing that was looked at.
type Finding struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, such as "crl-expired"
	What     string   `json:"what"` // issuer, crl, delta-crl, ocsp, certificate
	URL      string   `json:"url,omitempty"`
	Detail   string   `json:"detail"`
	Fix      string   `json:"fix,omitempty"`
}

// Report is what is found out about one certificate.
type Report struct {
	Subject  string    `json:"subject"`
	Serial   string    `json:"serial"`
	Depth    int       `json:"depth"` // 0: the certificate itself; above: its issuers
	Findings []Finding `json:"findings"`
}

// Healthy reports whether nothing in a report is a failure.
func (r *Report) Healthy() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Failure })
}

// maxDepth bounds how far issuers are followed.
const maxDepth = 8

// Examine examines a certificate and its issuers up to the root, which is
// trusted or not elsewhere. given are certificates that came along.
func (d *Doctor) Examine(ctx context.Context, c *cert.Certificate, given []*cert.Certificate) []Report {
	var out []Report
	known := slices.Concat(given, d.config.Issuers)
	for depth := range maxDepth {
		r := &examination{doctor: d, ctx: ctx, certificate: c, report: Report{Subject: whose(c), Serial: fmt.Sprintf("%x", c.Serial), Depth: depth, Findings: []Finding{}}}
		root := c.SelfIssued() && c.CheckSignature(c.PublicKey) == nil
		r.validity()
		if !root {
			r.issuer = d.issuerOf(c, known)
			r.issuers()
			r.revocation()
		}
		out = append(out, r.report)
		if r.issuer == nil {
			break
		}
		c = r.issuer
	}
	return out
}

func whose(c *cert.Certificate) string {
	if !c.Subject.IsEmpty() {
		return c.Subject.String()
	}
	if names := c.SubjectAltNames(); len(names) > 0 {
		return names[0].String()
	}
	return "no name"
}

// Revocation fetches what says whether a certificate of this issuer was
// revoked, as far as it can be believed; the findings are what went wrong.
func (d *Doctor) Revocation(ctx context.Context, c, issuer *cert.Certificate) ([]*crl.List, []*ocsp.Response, []Finding) {
	x := &examination{doctor: d, ctx: ctx, certificate: c, issuer: issuer}
	for _, uri := range x.access(oid.AccessOCSP) {
		x.ask(uri)
	}
	deltas := map[string]bool{}
	for _, uri := range x.lists(oid.CRLDistributionPoints) {
		l := x.fetchList("crl", uri)
		if l == nil {
			continue
		}
		for _, place := range x.deltasOf(l) {
			if !deltas[place] {
				deltas[place] = true
				x.fetchList("delta-crl", place)
			}
		}
	}
	return x.revocationLists, x.responses, x.report.Findings
}

// issuerOf finds the issuer of a certificate by name and signature.
func (d *Doctor) issuerOf(c *cert.Certificate, known []*cert.Certificate) *cert.Certificate {
	for _, k := range known {
		if c.Issuer.Equal(k.Subject) && c.CheckSignature(k.PublicKey) == nil {
			return k
		}
	}
	return nil
}

// examination is one certificate on its way.
type examination struct {
	doctor      *Doctor
	ctx         context.Context
	certificate *cert.Certificate
	issuer      *cert.Certificate // nil where it is not known
	report      Report

	full                                     bool // a full list was found
	revokedByList, revokedByOCSP, goodByOCSP bool

	revocationLists []*crl.List      // that can be believed
	responses       []*ocsp.Response // likewise
}

func (x *examination) now() time.Time { return x.doctor.config.Now().UTC() }

// add tells a finding, once of each kind and place.
func (x *examination) add(s Severity, code, what, url, fix, format string, args ...any) {
	if slices.ContainsFunc(x.report.Findings, func(f Finding) bool { return f.Code == code && f.What == what && f.URL == url }) {
		return
	}
	x.report.Findings = append(x.report.Findings, Finding{Severity: s, Code: code, What: what, URL: url, Detail: fmt.Sprintf(format, args...), Fix: fix})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

func (x *examination) validity() {
	c := x.certificate
	switch now := x.now(); {
	case now.After(c.NotAfter):
		x.add(Failure, "certificate-expired", "certificate", "", "have it renewed", "it expired on %s", stamp(c.NotAfter))
	case now.Before(c.NotBefore):
		x.add(Failure, "certificate-early", "certificate", "", "set the clock of this machine right, or wait", "it is valid from %s on, and it is %s now", stamp(c.NotBefore), stamp(now))
	default:
		x.add(Fine, "certificate-valid", "certificate", "", "", "it is valid until %s", stamp(c.NotAfter))
	}
}

// shortLived is how long a certificate may live for which nobody asks whether
// it was revoked (CA/Browser Forum, Baseline Requirements, Section 1.6.1).
const shortLived = 7 * 24 * time.Hour

// revocation looks at every way to learn that the certificate was revoked.
func (x *examination) revocation() {
	lists, responders := x.lists(oid.CRLDistributionPoints), x.access(oid.AccessOCSP)
	for _, uri := range responders {
		x.ocsp(uri)
	}
	for _, uri := range lists {
		x.list(uri)
	}
	if !x.full {
		for _, uri := range x.lists(oid.FreshestCRL) {
			x.deltaAlone(uri)
		}
	}
	if x.revokedByList && x.goodByOCSP {
		x.add(Warning, "contradiction", "ocsp", "", "look whether the responder knows the newest revocations", "the list says that it was revoked, and OCSP that it was not")
	}
	if x.revokedByOCSP && len(lists) > 0 && !x.revokedByList {
		x.add(Warning, "crl-behind", "crl", "", "publish the next list: certwright crl publish", "OCSP says that it was revoked, and the list does not yet")
	}
	c := x.certificate
	_, noCheck := ext.Find(c.Extensions, oid.OCSPNoCheck)
	_, unavailable := ext.Find(c.Extensions, oid.NoRevAvail)
	if len(lists)+len(responders) == 0 && !noCheck && !unavailable && c.NotAfter.Sub(c.NotBefore) > shortLived {
		x.add(Warning, "no-revocation", "certificate", "", "let the authority say where it publishes: certwright ca set NAME --base http://HOST",
			"it does not say where to learn that it was revoked: no list and no OCSP responder")
	}
	if len(responders) == 0 && mustStaple(c) {
		x.add(Failure, "must-staple", "certificate", "", "have one issued with an OCSP responder, or without the TLS feature", "it wants an OCSP answer stapled, and names no responder")
	}
}

func mustStaple(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.TLSFeature)
	if !ok {
		return false
	}
	features, err := ext.ParseTLSFeature(e.Value)
	return err == nil && slices.Contains(features, 5)
}

// lists are the URIs of distribution points of the certificate.
func (x *examination) lists(id oid.OID) []string {
	e, ok := ext.Find(x.certificate.Extensions, id)
	if !ok {
		return nil
	}
	return x.places(e)
}

// places are the URIs of distribution points.
func (x *examination) places(e ext.Extension) []string {
	points, err := ext.ParseDistributionPoints(e.Value)
	if err != nil {
		x.add(Failure, "certificate-damaged", "certificate", "", "have it issued anew", "its distribution points cannot be read: %v", err)
		return nil
	}
	return ext.ListURIs(points)
}

// access are the URIs of one access method.
func (x *examination) access(method oid.OID) []string {
	e, ok := ext.Find(x.certificate.Extensions, oid.AuthorityInfoAccess)
	if !ok {
		return nil
	}
	list, err := ext.ParseAccess(e.Value)
	if err != nil {
		x.add(Failure, "certificate-damaged", "certificate", "", "have it issued anew", "its authority information access cannot be read: %v", err)
		return nil
	}
	var out []string
	for _, a := range list {
		if a.Method == method && a.Location.Kind == ext.URI {
			out = append(out, a.Location.Text())
		}
	}
	return out
}

func newNonce() []byte {
	nonce := make([]byte, 32)
	rand.Read(nonce)
	return nonce
}
