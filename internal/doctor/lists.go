package doctor

import (
	"slices"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// list fetches a revocation list and looks the certificate up.
func (x *examination) list(uri string) {
	l := x.fetchList("crl", uri)
	if l == nil {
		return
	}
	if l.DeltaBase() != nil {
		x.add(Failure, "crl-delta", "crl", uri, "publish the full list there, and name the delta list as freshestCRL", "it is a delta list, where a full one belongs")
		return
	}
	x.lookUp("crl", uri, l)
}

// delta fetches a delta list and looks the certificate up.
func (x *examination) delta(uri string) {
	l := x.fetchList("delta-crl", uri)
	if l == nil {
		return
	}
	if l.DeltaBase() == nil {
		x.add(Failure, "delta-crl-full", "delta-crl", uri, "publish a delta list there", "it is a full list, where a delta list belongs")
		return
	}
	x.lookUp("delta-crl", uri, l)
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
	e, ok := ext.Find(l.Extensions, oid.IssuingDistributionPoint)
	if !ok {
		return
	}
	p, err := ext.ParseIssuingDistributionPoint(e.Value)
	if err != nil {
		x.add(Failure, what+"-damaged", what, uri, "publish it anew", "its issuing distribution point cannot be read: %v", err)
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

// lookUp looks for the certificate.
func (x *examination) lookUp(what, uri string, l *crl.List) {
	entry, listed, err := l.Lookup(x.certificate.Serial.Bytes())
	switch {
	case err != nil:
		x.add(Failure, what+"-damaged", what, uri, "publish it anew", "its entries cannot be read: %v", err)
	case listed && entry.Reason != crl.RemoveFromCRL:
		x.revokedByList = true
		x.revoked(what, uri, entry.Revoked, entry.Reason)
	default:
		number := "a list without a number"
		if n := l.Number(); n != nil {
			number = "list " + n.String()
		}
		x.add(Fine, what+"-good", what, uri, "", "%s does not name it", number)
	}
}

func (x *examination) revoked(what, uri string, at time.Time, reason crl.Reason) {
	if reason == crl.CertificateHold {
		x.add(Failure, "on-hold", what, uri, "ask the issuer to release it", "it is on hold since %s", stamp(at))
		return
	}
	x.add(Failure, "revoked", what, uri, "have a new one issued, with a new key", "it was revoked on %s (%s)", stamp(at), reason)
}
