package issuance

import (
	"crypto"
	"errors"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// OperatorConfig is a key in the hand of the person who uses it.
type OperatorConfig struct {
	PublicKey *key.Public
	Signer    crypto.Signer
	Algorithm key.SignatureAlgorithm
}

// NewOperator returns the issuer of a person who signs with a key of their own
// and says what is in each certificate, as users of OpenSSL's commands do.
// There is no profile that could be widened: it takes orders, and judgements
// of other issuers are nothing to it, as its orders are nothing to them.
func NewOperator(c OperatorConfig) (*Issuer, error) {
	if c.PublicKey == nil || c.Signer == nil {
		return nil, ErrNoSigner
	}
	return &Issuer{
		operator: true, public: c.PublicKey, signer: c.Signer, algorithm: c.Algorithm,
		verifier: key.NewVerifier(c.PublicKey), pathLen: -1,
	}, nil
}

// Order is everything of a certificate but its serial number, as an operator
// wants it. Without extensions it is of version 1.
type Order struct {
	Issuer     dn.Name
	Subject    dn.Name
	NotBefore  time.Time
	NotAfter   time.Time
	PublicKey  *key.Public
	Extensions []ext.Extension
}

// ErrOrder says that an issuer signs what its profiles let pass, and takes no
// orders.
var ErrOrder = errors.New("this issuer signs what a profile lets pass, and takes no orders")

// Order approves what the operator wants. Only issuers made by NewOperator
// take orders: certificates of all others are judged.
func (i *Issuer) Order(o Order) (*Approval, error) {
	if !i.operator {
		return nil, ErrOrder
	}
	p := &plan{
		issuer: o.Issuer, subject: o.Subject, notBefore: o.NotBefore, notAfter: o.NotAfter,
		key: o.PublicKey, pathLen: -1,
	}
	for _, e := range o.Extensions {
		p.add(e)
	}
	if !p.whole() {
		return nil, errors.New("an order has an issuer, a subject, a public key and a validity")
	}
	return &Approval{plan: p, issuer: i, officer: "operator"}, nil
}
