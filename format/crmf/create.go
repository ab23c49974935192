package crmf

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// Spec is what a new message says.
type Spec struct {
	ID       int64
	Template Template // its Raw is ignored; parts that were read are written as they were
	Controls []Attribute
	RegInfo  []Attribute

	Proof ProofKind // empty for none

	// For ProofSignature. Sender, or PBM and Secret, are for a template
	// without a subject.
	Key       *key.Private
	Algorithm key.SignatureAlgorithm
	Sender    *ext.GeneralName
	PBM       PBM
	Secret    []byte

	// For ProofKeyEncipherment and ProofKeyAgreement. With Agreement the proof is
	// an agreeMAC, else one that follows later.
	Subsequent Subsequent
	Agreement  *Agreement
}

// Create writes a message, and signs it where the proof is a signature. A
// template without a public key gets that of Key.
func Create(s Spec) (*Message, error) {
	if s.Template.PublicKey == nil && s.Key != nil {
		s.Template.PublicKey = s.Key.Public
	}
	request, err := s.request()
	if err != nil {
		return nil, fmt.Errorf("writing a certificate request message: %w", err)
	}
	proof, err := s.proof(request)
	if err != nil {
		return nil, fmt.Errorf("writing a certificate request message: %w", err)
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(request, proof)
	if err := writeAttributes(&b, s.RegInfo); err != nil {
		return nil, fmt.Errorf("writing a certificate request message: regInfo: %w", err)
	}
	b.End(outer)
	in := der.Reader(b.Bytes())
	m, err := readMessage(&in)
	if err != nil {
		return nil, fmt.Errorf("writing a certificate request message: %w", err)
	}
	return m, nil
}

// Marshal puts messages into a CertReqMessages, in this order.
func Marshal(list ...*Message) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, m := range list {
		b.Raw(m.Raw)
	}
	b.End(outer)
	return b.Bytes()
}

// DeferredProof returns how keys that cannot sign prove possession later:
// ProofKeyEncipherment where data are encrypted to them, ProofKeyAgreement
// where a secret is agreed on. Keys that do either by themselves are meant:
// RSA enciphers, EC and X25519 agree.
func DeferredProof(p *key.Public) (ProofKind, error) {
	switch p.Type {
	case "RSA", "RSA-OAEP", "ML-KEM":
		return ProofKeyEncipherment, nil
	case "EC", "X25519", "X448", "DH":
		return ProofKeyAgreement, nil
	}
	return "", fmt.Errorf("keys of type %s can only sign: prove possession by a signature", p.Type)
}

func (s Spec) request() ([]byte, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.BigInt(big.NewInt(s.ID))
	b.Raw(MarshalTemplate(s.Template))
	if err := writeAttributes(&b, s.Controls); err != nil {
		return nil, fmt.Errorf("controls: %w", err)
	}
	b.End(outer)
	return b.Bytes(), nil
}

func writeAttributes(b *der.Builder, list []Attribute) error {
	if len(list) == 0 {
		return nil
	}
	outer := b.Begin(der.Sequence)
	for _, a := range list {
		if a.ID == "" {
			return errors.New("an attribute has no type")
		}
		if err := der.Strict(a.Value); err != nil {
			return fmt.Errorf("the value of %s is not DER: %w", a.Name(), err)
		}
		one := b.Begin(der.Sequence)
		b.OID(string(a.ID))
		b.Raw(a.Value)
		b.End(one)
	}
	b.End(outer)
	return nil
}

// MarshalTemplate writes a CertTemplate of the fields of t; Raw is ignored.
func MarshalTemplate(t Template) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	if t.Version != nil {
		b.IntTag(der.Context(0), int64(*t.Version))
	}
	if t.Serial != nil {
		var n der.Builder
		n.BigInt(t.Serial)
		implicit(&b, der.Context(1), n.Bytes())
	}
	if t.SigningAlgorithm != nil {
		implicit(&b, der.ContextConstructed(2), t.SigningAlgorithm.Raw)
	}
	if t.Issuer != nil {
		b.Add(der.ContextConstructed(3), t.Issuer.Raw)
	}
	if t.Validity != nil {
		writeValidity(&b, *t.Validity)
	}
	if t.Subject != nil {
		b.Add(der.ContextConstructed(5), t.Subject.Raw)
	}
	if t.PublicKey != nil {
		implicit(&b, der.ContextConstructed(6), t.PublicKey.Raw)
	}
	writeBits(&b, 7, t.IssuerUID)
	writeBits(&b, 8, t.SubjectUID)
	switch {
	case len(t.Extensions) > 0:
		implicit(&b, der.ContextConstructed(9), ext.Marshal(t.Extensions))
	case t.RawExtensions != nil:
		implicit(&b, der.ContextConstructed(9), t.RawExtensions)
	}
	b.End(outer)
	return b.Bytes()
}

// implicit writes an element under another tag.
func implicit(b *der.Builder, tag der.Tag, raw []byte) {
	if len(raw) > 0 {
		b.Raw([]byte{byte(tag)}, raw[1:])
	}
}

func writeValidity(b *der.Builder, v Validity) {
	if v.Raw != nil {
		implicit(b, der.ContextConstructed(4), v.Raw)
		return
	}
	outer := b.Begin(der.ContextConstructed(4))
	if !v.NotBefore.IsZero() {
		mark := b.Begin(der.ContextConstructed(0))
		b.Time(v.NotBefore)
		b.End(mark)
	}
	if !v.NotAfter.IsZero() {
		mark := b.Begin(der.ContextConstructed(1))
		b.Time(v.NotAfter)
		b.End(mark)
	}
	b.End(outer)
}

func writeBits(b *der.Builder, tag uint8, bits *BitString) {
	if bits != nil {
		b.Add(der.Context(tag), append([]byte{byte(bits.Unused)}, bits.Octets...))
	}
}

func (s Spec) proof(request []byte) ([]byte, error) {
	switch s.Proof {
	case "":
		return nil, nil
	case ProofRAVerified:
		return []byte{byte(der.Context(0)), 0}, nil
	case ProofSignature:
		return s.sign(request)
	case ProofKeyEncipherment, ProofKeyAgreement:
		tag := der.ContextConstructed(2)
		if s.Proof == ProofKeyAgreement {
			tag = der.ContextConstructed(3)
		}
		var b der.Builder
		outer := b.Begin(tag)
		if s.Agreement != nil {
			mac, err := s.Agreement.AgreeMAC(request)
			if err != nil {
				return nil, err
			}
			implicit(&b, der.ContextConstructed(3), mac.Raw)
		} else {
			b.IntTag(der.Context(1), int64(s.Subsequent))
		}
		b.End(outer)
		return b.Bytes(), nil
	}
	return nil, fmt.Errorf("there is no proof of possession called %q", s.Proof)
}

func (s Spec) sign(request []byte) ([]byte, error) {
	if s.Key == nil || s.Key.Signer == nil {
		return nil, errors.New("the key cannot sign: prove possession by keyEncipherment or keyAgreement")
	}
	if !key.Equal(s.Key.Public, s.Template.PublicKey) {
		return nil, errors.New("the key that signs is not the one of the template")
	}
	message := request
	var input []byte
	if s.Template.Subject == nil {
		var err error
		if input, err = s.input(); err != nil {
			return nil, err
		}
		message = input
	}
	signature, err := key.Sign(s.Key.Signer, s.Algorithm, message)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	var b der.Builder
	outer := b.Begin(der.ContextConstructed(1))
	implicit(&b, der.ContextConstructed(0), input)
	b.Raw(s.Algorithm.Identifier.Raw)
	b.Bits(signature)
	b.End(outer)
	return b.Bytes(), nil
}

// input writes a POPOSigningKeyInput.
func (s Spec) input() ([]byte, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	switch {
	case s.Sender != nil:
		b.Add(der.ContextConstructed(0), s.Sender.Raw)
	case len(s.Secret) > 0:
		mac, err := s.PBM.MACValue(s.Secret, s.Template.PublicKey.Raw)
		if err != nil {
			return nil, err
		}
		b.Raw(mac.Raw)
	default:
		return nil, errors.New("the template has no subject: give one, or an authenticated sender, or a shared secret")
	}
	b.Raw(s.Template.PublicKey.Raw)
	b.End(outer)
	return b.Bytes(), nil
}
