package issuance

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// Order is a certificate that the operator of a signing key spells out, instead
// of a profile that says what requests may become.
type Order struct {
	Subject    dn.Name
	Extensions []ext.Extension // exactly these, in this order
	NotBefore  time.Time       // may be after NotAfter: it is the operator's certificate
	NotAfter   time.Time
	PublicKey  *key.Public // nil for the request's
	Version3   bool        // also without extensions, which RFC 5280, Section 4.1.2.1 has version 1 for

	// Vouched says why nobody has to prove possession of the private key: the
	// operator renews a certificate, say. Where it is empty, a request without
	// proof for the key in the certificate is refused.
	Vouched string
}

// OperatorProfile returns a profile that lets through one certificate as it is
// ordered, by an issuer of NewOperatorIssuer or NewSelfIssuer. Weak keys and
// weak proofs of possession are warnings under it, a missing proof is an error.
// It is for who holds the issuer's key in hand, not for answering others.
func OperatorProfile(name string, o Order) *Profile {
	o.NotBefore, o.NotAfter = o.NotBefore.UTC().Truncate(time.Second), o.NotAfter.UTC().Truncate(time.Second)
	return &Profile{Name: name, Version: "1", order: &o}
}

// NewOperatorIssuer is NewIssuer without a look at what the certificate may
// sign: it may lack basic constraints, as certificates of version 1 do. Only a
// profile of OperatorProfile takes such an issuer.
func NewOperatorIssuer(c IssuerConfig) (*Issuer, error) {
	if c.Certificate == nil {
		return nil, errors.New("an issuer needs its certificate")
	}
	i := &Issuer{
		operator: true, name: c.Certificate.Subject, public: c.Certificate.PublicKey, pathLen: -1,
		notBefore: c.Certificate.NotBefore, notAfter: c.Certificate.NotAfter,
	}
	return i.equip(c, c.Certificate.PublicKey.Identifier())
}

func orderRules() []rule {
	return []rule{
		{"order-issuer", "", orderIssuer},
		{"possession", "RFC 2986, Section 3", orderPossession},
		{"possession-algorithm", "RFC 6151; RFC 9155; NIST SP 800-131A", orderPossessionSound},
		{"key-weak", "", orderKeyWeak},
		{"order", "", draftOrder},
	}
}

// orderIssuer keeps issuers that nothing is known of away from profiles that
// rely on what an issuer's certificate says, and the other way round.
func orderIssuer(c *judging) {
	if !c.issuer.operator && !c.issuer.self {
		c.refuse(request.IssuerRefused, "issuer", "an operator's order is signed by an issuer that was made for it",
			"make the issuer with NewOperatorIssuer or NewSelfIssuer")
	}
}

func orderPossession(c *judging) {
	o := c.profile.order
	forAnother := o.PublicKey != nil && !key.SameKey(o.PublicKey, c.request.PublicKey)
	switch {
	case o.Vouched != "":
		c.warn("signature", "nobody proves possession of the private key: "+o.Vouched, "sign a request of the key's holder instead")
	case forAnother:
		c.refuse(request.BadPossession, "signature", "the request proves possession of another key than the one the certificate is for",
			"make a request with the key that the certificate is for")
	default:
		possessionProven(c)
	}
}

func orderPossessionSound(c *judging) {
	if p := &c.evidence.Possession; p.Broken != "" && c.profile.order.Vouched == "" {
		c.warn("signatureAlgorithm", fmt.Sprintf("the request is signed with %s, which proves little today: %s", p.Algorithm, p.Broken),
			"make the request anew, signed with SHA-256 or better")
	}
}

func orderKeyWeak(c *judging) {
	public := c.profile.order.publicKey(c.request)
	if public.Key == nil {
		return
	}
	for _, w := range key.Weaknesses(public) {
		c.found(Warning, "", w.Source, "publicKey", "the public key is weak: "+w.Detail, "make a new key, and a request with it")
	}
}

func (o *Order) publicKey(r *request.Request) *key.Public {
	if o.PublicKey != nil {
		return o.PublicKey
	}
	return r.PublicKey
}

func draftOrder(c *judging) {
	o := c.profile.order
	c.plan.issuer, c.plan.subject, c.plan.key = c.issuer.name, o.Subject, o.publicKey(c.request)
	c.plan.notBefore, c.plan.notAfter, c.plan.version3 = o.NotBefore, o.NotAfter, o.Version3
	for _, e := range o.Extensions {
		c.plan.add(e)
	}
	if !c.plan.whole() {
		c.refuse(request.BadFormat, "", "the order lacks a subject or a time", "name the subject, the start and the end")
	}
}
