package doctor

import (
	"bytes"
	"slices"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// list fetches a revocation list and the delta lists that go with it, and looks
// the certificate up in them together (RFC 5280, Section 5.2.4).
func (x *examination) list(uri string) {
	l := x.fetchList("crl", uri)
	if l == nil {
		return
	}
	if l.DeltaBase() != nil {
		x.add(Failure, "crl-delta", "crl", uri, "publish the full list there, and name the delta list as freshestCRL", "it is a delta list, where a full one belongs")
		return
	}
	x.full = true
	entry, listed, ok := x.lookUp("crl", uri, l)
	if !ok {
		return
	}
	what, at := "crl", uri
	for _, place := range x.deltasOf(l) {
		d := x.delta(place, l)
		if d == nil {
			continue
		}
		if newer, found, ok := x.lookUp("delta-crl", place, d); ok && found {
			entry, listed, what, at = newer, true, "delta-crl", place
		}
	}
	switch {
	case !listed:
		x.add(Fine, "crl-good", "crl", uri, "", "%s does not name it", called(l))
	case entry.Reason == crl.RemoveFromCRL:
		x.add(Fine, what+"-released", what, at, "", "it was on hold, and is not any more")
	default:
		x.revokedByList = true
		x.revoked(what, at, entry.Revoked, entry.Reason)
	}
}

// deltasOf are the places of delta lists: those that the full list names, and
// the certificate.
func (x *examination) deltasOf(l *crl.List) []string {
	all := x.lists(oid.FreshestCRL)
	if e, ok := ext.Find(l.Extensions, oid.FreshestCRL); ok {
		for _, uri := range x.places(e) {
			if !slices.Contains(all, uri) {
				all = append(all, uri)
			}
		}
	}
	return all
}

// delta fetches a delta list; nil where programs cannot combine it with the full
// one (RFC 5280, Sections 5.2.4 and 6.3.3).
func (x *examination) delta(uri string, full *crl.List) *crl.List {
	l := x.fetchList("delta-crl", uri)
	if l == nil {
		return nil
	}
	base := l.DeltaBase()
	if base == nil {
		x.add(Failure, "delta-crl-full", "delta-crl", uri, "publish a delta list there", "it is a full list, where a delta list belongs")
		return nil
	}
	if full != nil && !x.combined(uri, full, l) {
		return nil
	}
	if full == nil || full.Number() == nil || l.Number() == nil {
		return l
	}
	if base.Cmp(full.Number()) > 0 {
		x.add(Failure, "delta-crl-base", "delta-crl", uri, "publish the full list that it goes with, or a delta list to the one there is", "it goes with list %v and later ones, and the full list is %v", base, full.Number())
		return nil
	}
	if l.Number().Cmp(full.Number()) < 0 {
		x.add(Warning, "delta-crl-old", "delta-crl", uri, "publish a delta list after each full one", "it is list %v, which is older than the full list %v and says nothing new", l.Number(), full.Number())
		return nil
	}
	return l
}

// combined tells whether a full list and a delta list are for the same
// certificates, and of the same key.
func (x *examination) combined(uri string, full, delta *crl.List) bool {
	for _, same := range []struct {
		id     oid.OID
		differ string
	}{
		{oid.IssuingDistributionPoint, "it is for other certificates than the full list says of itself (issuing distribution point)"},
		{oid.AuthorityKeyIdentifier, "it names another key than the full list (authority key identifier)"},
	} {
		a, inFull := ext.Find(full.Extensions, same.id)
		b, inDelta := ext.Find(delta.Extensions, same.id)
		if inFull != inDelta || !bytes.Equal(a.Value, b.Value) {
			x.add(Failure, "delta-crl-scope", "delta-crl", uri, "publish a full list and a delta list anew, whose two extensions are the same to the octet", "%s: programs do not take the two together", same.differ)
			return false
		}
	}
	return true
}

// deltaAlone looks at a delta list whose full list is not to be had.
func (x *examination) deltaAlone(uri string) {
	l := x.delta(uri, nil)
	if l == nil {
		return
	}
	if entry, listed, ok := x.lookUp("delta-crl", uri, l); ok && listed && entry.Reason != crl.RemoveFromCRL {
		x.revokedByList = true
		x.revoked("delta-crl", uri, entry.Revoked, entry.Reason)
	}
}

// fetchList fetches a list and tells what is wrong with it; nil where nothing
// can be read of it or it is not to be believed.
func (x *examination) fetchList(what, uri string) *crl.List {
	if !x.scheme(what, uri) {
		return nil
	}
	f := x.doctor.get(x.ctx, uri)
	if !x.usable(what, uri, f, "application/pkix-crl") {
		return nil
	}
	l, err := crl.Parse(x.inDER(what, uri, f.body))
	if err != nil {
		x.add(Failure, what+"-damaged", what, uri, "publish the list in DER", "it is no revocation list: %v", err)
		return nil
	}
	if x.issuer == nil {
		return nil
	}
	if !x.signed(what, uri, l) {
		return nil
	}
	x.scope(what, uri, l)
	x.times(what, uri, l)
	x.revocationLists = append(x.revocationLists, l)
	return l
}

// signed reports whether a list is from the issuer.
func (x *examination) signed(what, uri string, l *crl.List) bool {
	if e, ok := ext.Find(l.Extensions, oid.IssuingDistributionPoint); ok {
		if p, err := ext.ParseIssuingDistributionPoint(e.Value); err == nil && p.Indirect {
			x.add(Warning, what+"-indirect", what, uri, "publish a list of the issuer itself", "it is an indirect list, which most programs do not take; it is not looked into here")
			return false
		}
	}
	if !l.Issuer.Equal(x.certificate.Issuer) {
		x.add(Failure, what+"-issuer", what, uri, "publish the list of "+x.certificate.Issuer.String()+" there", "it is the list of %s, and not of the issuer", l.Issuer)
		return false
	}
	if e, ok := ext.Find(x.issuer.Extensions, oid.KeyUsage); ok {
		if usage, err := ext.ParseKeyUsage(e.Value); err == nil && usage&ext.CRLSign == 0 {
			x.add(Failure, what+"-usage", what, uri, "have the issuer's certificate issued with the key usage cRLSign", "the issuer's certificate does not let it sign revocation lists")
		}
	}
	if err := l.CheckSignature(x.issuer.PublicKey); err != nil {
		x.add(Failure, what+"-signature", what, uri, "publish the list that the issuer's key of today signed", "it is not signed by the key of the issuer: %v", err)
		return false
	}
	return true
}

// scope tells whether a list is for this certificate.
func (x *examination) scope(what, uri string, l *crl.List) {
	for _, e := range l.Extensions {
		if e.Critical && !slices.Contains([]oid.OID{oid.IssuingDistributionPoint, oid.DeltaCRLIndicator, oid.AuthorityKeyIdentifier, oid.CRLNumber}, e.ID) {
			x.add(Failure, what+"-critical", what, uri, "publish it without", "it has the critical extension %s, which programs do not understand", e.ID.Name())
		}
	}
	x.entries(what, uri, l)
	e, ok := ext.Find(l.Extensions, oid.IssuingDistributionPoint)
	if !ok {
		return
	}
	p, err := ext.ParseIssuingDistributionPoint(e.Value)
	if err != nil {
		x.add(Failure, what+"-damaged", what, uri, "publish it anew", "its issuing distribution point cannot be read: %v", err)
		return
	}
	if part := x.otherPart(&p); part != "" {
		x.add(Failure, what+"-scope", what, uri, "publish the list that is for this certificate there", "it is only for %s", part)
		return
	}
	if len(p.FullName) == 0 {
		return
	}
	points := x.lists(oid.CRLDistributionPoints)
	for _, n := range p.FullName {
		if n.Kind == ext.URI && slices.Contains(points, n.Text()) {
			return
		}
	}
	x.add(Failure, what+"-scope", what, uri, "publish the list of the shard that the certificate names", "it says that it is for %s, which the certificate does not name", p.FullName[0].Text())
}

// otherPart names the part of the certificates that a list is for, where this
// one is not of it (RFC 5280, Section 6.3.3); empty where it may be.
func (x *examination) otherPart(p *ext.IssuingDistributionPoint) string {
	authority := false
	if e, ok := ext.Find(x.certificate.Extensions, oid.BasicConstraints); ok {
		b, err := ext.ParseBasicConstraints(e.Value)
		authority = err == nil && b.CA
	}
	switch {
	case p.OnlyAttributeCerts:
		return "attribute certificates"
	case p.OnlyCACerts && !authority:
		return "certificates of authorities"
	case p.OnlyUserCerts && authority:
		return "certificates of end entities"
	case p.OnlyReasons != 0:
		return "some of the reasons for revocation"
	case len(p.RelativeName) > 0 && len(p.FullName) == 0:
		return "a place relative to the issuer's name, which the certificate does not name"
	}
	return ""
}

// entries tells of entries that keep programs from using the list at all (RFC
// 5280, Section 5.3).
func (x *examination) entries(what, uri string, l *crl.List) {
	known := []oid.OID{oid.ReasonCode, oid.InvalidityDate, oid.CertificateIssuer, oid.HoldInstructionCode}
	for entry, err := range l.Entries() {
		if err != nil {
			return // told where the certificate is looked up
		}
		for _, e := range entry.Extensions {
			if e.Critical && !slices.Contains(known, e.ID) {
				x.add(Failure, what+"-critical", what, uri, "publish it without", "the entry of %x has the critical extension %s, and programs that do not understand it must not use the list", entry.Serial, e.ID.Name())
				return
			}
		}
	}
}

// endsSoon is the part of a list's time before its end that is told as late.
const endsSoon = 10

func (x *examination) times(what, uri string, l *crl.List) {
	now := x.now()
	switch {
	case l.ThisUpdate.After(now.Add(skewed)):
		x.add(Failure, what+"-early", what, uri, "set the clock of this machine, or of the authority, right", "it begins on %s, and it is %s now", stamp(l.ThisUpdate), stamp(now))
	case l.NextUpdate.IsZero():
		x.add(Warning, what+"-no-end", what, uri, "publish it with nextUpdate", "it does not say when the next one comes")
	case now.After(l.NextUpdate):
		x.add(Failure, what+"-expired", what, uri, "publish the next one: certwright crl publish, or let certwright serve do it in time", "it ended on %s", stamp(l.NextUpdate))
	case l.NextUpdate.Sub(now) < l.NextUpdate.Sub(l.ThisUpdate)/endsSoon:
		x.add(Warning, what+"-late", what, uri, "publish the next one sooner", "it ends on %s, and the next one is not there", stamp(l.NextUpdate))
	}
}

// lookUp looks for the certificate in a list, if it can be read.
func (x *examination) lookUp(what, uri string, l *crl.List) (entry crl.Entry, listed, ok bool) {
	entry, listed, err := l.Lookup(x.certificate.Serial.Bytes())
	if err != nil {
		x.add(Failure, what+"-damaged", what, uri, "publish it anew", "its entries cannot be read: %v", err)
		return entry, false, false
	}
	if what == "delta-crl" && !listed {
		x.add(Fine, what+"-good", what, uri, "", "%s does not name it", called(l))
	}
	return entry, listed, true
}

// called is what a list is called.
func called(l *crl.List) string {
	if n := l.Number(); n != nil {
		return "list " + n.String()
	}
	return "a list without a number"
}

func (x *examination) revoked(what, uri string, at time.Time, reason crl.Reason) {
	if reason == crl.CertificateHold {
		x.add(Failure, "on-hold", what, uri, "ask the issuer to release it", "it is on hold since %s", stamp(at))
		return
	}
	x.add(Failure, "revoked", what, uri, "have a new one issued, with a new key", "it was revoked on %s (%s)", stamp(at), reason)
}
