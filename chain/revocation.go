package chain

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
)

// allReasons are the reasons a list without onlySomeReasons covers.
const allReasons = ext.ReasonFlags(0x1fe)

// checkRevocation looks every certificate but the trust anchor up in the
// answers (RFC 6960, Section 3.2) and lists (RFC 5280, Section 6.3).
func checkRevocation(p *path) []Check {
	if len(p.o.CRLs)+len(p.o.OCSP) == 0 && !p.o.RequireRevocation {
		return skip("no revocation list was given")
	}
	var found []Check
	for i := range p.signatures {
		if _, ok := ext.Find(p.certs[i].Extensions, oid.NoRevAvail); ok {
			continue
		}
		found = append(found, p.lookUp(i)...)
	}
	return found
}

// lookUp checks one certificate against every answer and list that speaks of it.
func (p *path) lookUp(i int) []Check {
	covered := ext.ReasonFlags(0)
	answered, unusable := p.answered(i)
	if answered != nil {
		if answered.Status == ocsp.Good {
			covered = allReasons
		} else {
			return []Check{p.revoked(i, crl.Entry{Revoked: answered.RevokedAt, Reason: answered.Reason})}
		}
	}
	for _, l := range p.listsFor(i) {
		if l.problem != "" {
			unusable = append(unusable, l.problem)
			continue
		}
		entry, revoked, err := p.entryFor(l, i)
		if err != nil {
			unusable = append(unusable, err.Error())
			continue
		}
		if revoked {
			return []Check{p.revoked(i, entry)}
		}
		covered |= l.reasons
	}
	if covered == allReasons {
		return nil
	}
	verdict, detail := Skipped, "whether "+p.called(i)+" is revoked is not known: "
	if p.o.RequireRevocation {
		verdict = Fail
	}
	switch {
	case len(unusable) > 0:
		verdict = Fail
		detail += unusable[0]
	case covered != 0:
		detail += "the lists given cover some reasons only"
	default:
		detail += "no list of " + p.certs[i].Issuer.String() + " that covers it was given"
	}
	return []Check{p.say(verdict, i, detail, "fetch the current list of the issuer"+from(p.certs[i])+" and give it along")}
}

func (p *path) revoked(i int, e crl.Entry) Check {
	reason := ""
	if e.Reason != crl.Unspecified {
		reason = " for the reason " + e.Reason.String()
	}
	if e.Reason == crl.CertificateHold {
		held := p.fail(i, fmt.Sprintf("%s is on hold since %s", p.called(i), day(e.Revoked)), "ask the issuer to release it, or use another certificate")
		held.Revoked = true
		return held
	}
	fix := "get a new certificate with a new key"
	if i > 0 {
		fix = "get a certificate from another authority: this one's issuer was revoked"
	}
	c := p.fail(i, fmt.Sprintf("%s was revoked on %s%s", p.called(i), day(e.Revoked), reason), fix)
	c.Revoked = true
	return c
}

// from says where the certificate's lists are published.
func from(c *cert.Certificate) string {
	if uris := ext.ListURIs(distributionPoints(c)); len(uris) > 0 {
		return " from " + uris[0]
	}
	return ""
}

func distributionPoints(c *cert.Certificate) []ext.DistributionPoint {
	e, ok := ext.Find(c.Extensions, oid.CRLDistributionPoints)
	if !ok {
		return nil
	}
	points, err := ext.ParseDistributionPoints(e.Value)
	if err != nil {
		return nil
	}
	return points
}

// list is a revocation list in the light of one certificate.
type list struct {
	*crl.List
	scope   ext.IssuingDistributionPoint
	rawIDP  []byte
	reasons ext.ReasonFlags // covered
	problem string          // why it cannot be relied on
}

// listsFor returns the complete lists that speak of certificate i. Lists of
// other issuers and other shards are left out without a word.
func (p *path) listsFor(i int) []list {
	var lists []list
	for _, l := range p.o.CRLs {
		if l.DeltaBase() != nil {
			continue
		}
		if read, ok := p.readList(l, i); ok {
			lists = append(lists, read)
		}
	}
	return lists
}

// readList judges one list; ok is false where it does not speak of certificate i.
func (p *path) readList(l *crl.List, i int) (read list, ok bool) {
	c := p.certs[i]
	read = list{List: l, reasons: allReasons}
	if e, there := ext.Find(l.Extensions, oid.IssuingDistributionPoint); there {
		scope, err := ext.ParseIssuingDistributionPoint(e.Value)
		if err != nil {
			read.problem = "the list of " + l.Issuer.String() + " is malformed: " + err.Error()
			return read, l.Issuer.Equal(c.Issuer)
		}
		read.scope, read.rawIDP = scope, e.Value
		if scope.OnlyReasons != 0 {
			read.reasons = scope.OnlyReasons & allReasons
		}
	}
	if !l.Issuer.Equal(c.Issuer) && !(read.scope.Indirect && namesCRLIssuer(c, l.Issuer)) {
		return read, false
	}
	if !inScope(read.scope, c) {
		return read, false
	}
	read.problem = p.listProblem(l, i)
	return read, true
}

// inScope reports whether a list with this scope speaks of the certificate.
func inScope(scope ext.IssuingDistributionPoint, c *cert.Certificate) bool {
	ca := false
	if e, ok := ext.Find(c.Extensions, oid.BasicConstraints); ok {
		constraints, err := ext.ParseBasicConstraints(e.Value)
		ca = err == nil && constraints.CA
	}
	if scope.OnlyAttributeCerts || scope.OnlyUserCerts && ca || scope.OnlyCACerts && !ca {
		return false
	}
	if len(scope.FullName) == 0 {
		return true
	}
	for _, point := range distributionPoints(c) {
		for _, a := range append(point.FullName, point.CRLIssuer...) {
			for _, b := range scope.FullName {
				if bytes.Equal(a.Raw, b.Raw) {
					return true
				}
			}
		}
	}
	return false
}

// namesCRLIssuer reports whether the certificate lets this issuer revoke it.
func namesCRLIssuer(c *cert.Certificate, issuer dn.Name) bool {
	for _, point := range distributionPoints(c) {
		for _, n := range point.CRLIssuer {
			if name, err := n.Directory(); err == nil && name.Equal(issuer) {
				return true
			}
		}
	}
	return false
}

// listProblem says why a list cannot be relied on.
func (p *path) listProblem(l *crl.List, i int) string {
	name := "the list of " + l.Issuer.String()
	signer := p.signerOf(l, i)
	switch {
	case p.o.Now.Before(l.ThisUpdate):
		return name + " begins on " + day(l.ThisUpdate) + " only"
	case !l.NextUpdate.IsZero() && p.o.Now.After(l.NextUpdate):
		return name + " is out of date since " + day(l.NextUpdate)
	case signer == nil:
		return "the certificate of the signer of " + name + " is not in the path"
	}
	if e, ok := ext.Find(signer.Extensions, oid.KeyUsage); ok {
		if usage, err := ext.ParseKeyUsage(e.Value); err == nil && usage&ext.CRLSign == 0 {
			return "the key of " + quoted(signer) + " may not sign revocation lists: its key usage lacks cRLSign"
		}
	}
	if err := l.CheckSignature(signer.PublicKey); err != nil {
		return name + " is not signed by its key: " + err.Error()
	}
	for _, e := range l.Extensions {
		if e.Critical && e.ID != oid.IssuingDistributionPoint && e.ID != oid.DeltaCRLIndicator && e.ID != oid.AuthorityKeyIdentifier && e.ID != oid.CRLNumber {
			return name + " has the critical extension " + e.ID.Name() + ", which is not understood here"
		}
	}
	return ""
}

// signerOf returns the certificate in the path whose name the list bears.
func (p *path) signerOf(l *crl.List, i int) *cert.Certificate {
	for _, c := range p.certs[i+1:] {
		if c.Subject.Equal(l.Issuer) {
			return c
		}
	}
	return nil
}

// entryFor looks certificate i up in a complete list and the newest delta to it.
func (p *path) entryFor(l list, i int) (crl.Entry, bool, error) {
	c := p.certs[i]
	if delta := p.deltaFor(l, i); delta != nil {
		entry, listed, err := findEntry(*delta, c)
		if err != nil {
			return entry, false, err
		}
		if listed {
			return entry, entry.Reason != crl.RemoveFromCRL, nil
		}
	}
	return findEntry(l, c)
}

// deltaFor returns the newest usable delta to a complete list
// (RFC 5280, Section 5.2.4).
func (p *path) deltaFor(base list, i int) *list {
	var newest *list
	for _, l := range p.o.CRLs {
		from, number := l.DeltaBase(), base.Number()
		if from == nil || number == nil || from.Cmp(number) > 0 || !l.Issuer.Equal(base.Issuer) || l.Number() == nil || l.Number().Cmp(number) < 0 {
			continue
		}
		read, ok := p.readList(l, i)
		if !ok || read.problem != "" || !bytes.Equal(read.rawIDP, base.rawIDP) {
			continue
		}
		if newest == nil || newest.Number().Cmp(l.Number()) < 0 {
			newest = &read
		}
	}
	return newest
}

// findEntry looks a certificate up; in an indirect list, among the entries of
// its own issuer (RFC 5280, Section 5.3.3).
func findEntry(l list, c *cert.Certificate) (crl.Entry, bool, error) {
	if !l.scope.Indirect {
		return l.Lookup(c.Serial.Bytes())
	}
	issuer := l.Issuer
	for e, err := range l.Entries() {
		if err != nil {
			return crl.Entry{}, false, err
		}
		if x, ok := ext.Find(e.Extensions, oid.CertificateIssuer); ok {
			names, err := ext.ParseGeneralNames(x.Value)
			if err != nil || len(names) == 0 {
				return crl.Entry{}, false, fmt.Errorf("an entry of the list of %s names its issuer in no readable way", l.Issuer)
			}
			if issuer, err = names[0].Directory(); err != nil {
				return crl.Entry{}, false, fmt.Errorf("an entry of the list of %s names its issuer in no readable way", l.Issuer)
			}
		}
		if issuer.Equal(c.Issuer) && new(big.Int).SetBytes(e.Serial).Cmp(c.Serial) == 0 {
			return e, true, nil
		}
	}
	return crl.Entry{}, false, nil
}
