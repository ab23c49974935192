package issuance

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// Issued is a certificate just signed, with what its record needs.
type Issued struct {
	DER       []byte
	Serial    []byte // magnitude
	Subject   dn.Name
	Names     []ext.GeneralName
	NotBefore time.Time
	NotAfter  time.Time
	PublicKey *key.Public

	// Unconfirmed says that the certificate counts only when its holder has
	// shown to have it. Where possession of the key is not proven yet, it is
	// released only encrypted to the key.
	Unconfirmed bool
}

// Errors of Sign.
var (
	ErrSpent    = errors.New("the approval was spent already; judge the request again")
	ErrNoSigner = errors.New("the issuer's private key is not at hand")
	ErrIssuer   = errors.New("the approval is for another issuer; judge the request again")
	ErrSerial   = errors.New("a serial number is positive and of at most 20 octets (RFC 5280, Section 4.1.2.2)")
)

// Sign spends the approval: it signs what was approved under this serial
// number and checks the signature with the issuer's public key before it
// returns. It is the only function of the program that signs a certificate.
// An approval is spent by the attempt, whether it succeeds or not.
func (i *Issuer) Sign(a *Approval, serial []byte) (*Issued, error) {
	switch {
	case a == nil || a.plan == nil || a.issuer != i:
		return nil, ErrIssuer
	case i.signer == nil:
		return nil, ErrNoSigner
	}
	serial, err := magnitude(serial)
	if err != nil {
		return nil, err
	}
	if a.spent.Swap(true) {
		return nil, ErrSpent
	}
	p := a.plan
	tbs := p.tbs(i, serial)
	signature, err := key.Sign(i.signer, i.algorithm, tbs)
	if err != nil {
		return nil, fmt.Errorf("signing as %s: %w", i.name, err)
	}
	if err := i.verifier.Verify(i.algorithm.Identifier, tbs, signature); err != nil {
		return nil, fmt.Errorf("checking the signature just made as %s: %w", i.name, err)
	}
	return &Issued{
		DER: assemble(tbs, i.algorithm.Identifier.Raw, signature), Serial: serial, Subject: p.subject, Names: p.names,
		NotBefore: p.notBefore, NotAfter: p.notAfter, PublicKey: p.key, Unconfirmed: p.confirm,
	}, nil
}

func assemble(tbs, algorithm, signature []byte) []byte {
	return cert.Assemble(make([]byte, 0, len(tbs)+len(algorithm)+len(signature)+16), tbs, algorithm, signature)
}

// magnitude checks a serial number and takes leading zeros off.
func magnitude(serial []byte) ([]byte, error) {
	for len(serial) > 0 && serial[0] == 0 {
		serial = serial[1:]
	}
	// The encoding of one whose first bit is set takes an octet more.
	if len(serial) == 0 || len(serial) > 20 || len(serial) == 20 && serial[0] >= 0x80 {
		return nil, ErrSerial
	}
	return append([]byte(nil), serial...), nil
}

// previewSerial stands in for a serial number in previews.
var previewSerial = [16]byte{0x40, 0x7e, 0x51, 0xc2, 0x93, 0x0b, 0xd8, 0x66, 0x1f, 0xa4, 0x35, 0xe9, 0x70, 0x8d, 0x2c, 0xb1}

// Preview returns the DER of the certificate the judgement would give, signed
// by a throw-away key of the issuer's kind, for linters.
func (i *Issuer) Preview(j Judgement) ([]byte, error) {
	if j.decision == nil || j.plan == nil || j.issuer != i || !j.plan.whole() {
		return nil, errors.New("there is nothing to preview: the request could not be planned for this issuer")
	}
	stand, err := i.stand()
	if err != nil {
		return nil, err
	}
	tbs := j.plan.tbs(i, previewSerial[:])
	signature, err := key.Sign(stand.private.Signer, stand.algorithm, tbs)
	if err != nil {
		return nil, fmt.Errorf("signing a preview: %w", err)
	}
	return assemble(tbs, i.algorithm.Identifier.Raw, signature), nil
}
