package crmf

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

func (r *reader) proof(in *der.Reader) (*Proof, error) {
	e, err := in.Next()
	if err != nil {
		return nil, err
	}
	p := &Proof{Raw: e.Raw}
	switch e.Tag {
	case der.Context(0), der.ContextConstructed(0):
		p.Kind = ProofRAVerified
		if e.Tag != der.Context(0) || len(e.Content) > 0 {
			r.deviate("raVerified is not written as the tag [0] and nothing in it")
		}
	case der.ContextConstructed(1):
		p.Kind = ProofSignature
		p.Signature, err = r.signingKey(e)
	case der.ContextConstructed(2):
		p.Kind = ProofKeyEncipherment
		p.PrivateKey, err = r.privateKey(e)
	case der.ContextConstructed(3):
		p.Kind = ProofKeyAgreement
		p.PrivateKey, err = r.privateKey(e)
	default:
		return nil, fmt.Errorf("there is no proof of possession with the tag %v in this form", e.Tag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Kind, err)
	}
	return p, nil
}

func (r *reader) signingKey(e der.Element) (*SigningKey, error) {
	k, in := &SigningKey{Raw: retag(e, der.Sequence)}, e.Children()
	input, ok, err := in.Optional(der.ContextConstructed(0))
	if err == nil && ok {
		k.Input, err = r.signingKeyInput(input)
	}
	if err != nil {
		return nil, fmt.Errorf("poposkInput: %w", err)
	}
	algorithm, err := in.Take(der.Sequence)
	if err == nil {
		k.Algorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw)
	}
	if err != nil {
		return nil, fmt.Errorf("algorithmIdentifier: %w", err)
	}
	signature, err := in.Take(der.BitString)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	octets, unused, err := signature.Bits()
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	if k.Signature = octets; unused != 0 {
		k.ragged = true
		r.deviate("the signature does not end on a whole octet")
	}
	return k, in.End()
}

func (r *reader) signingKeyInput(e der.Element) (*SigningKeyInput, error) {
	i, in := &SigningKeyInput{Raw: retag(e, der.Sequence)}, e.Children()
	sender, ok, err := in.Optional(der.ContextConstructed(0))
	switch {
	case err != nil:
		return nil, fmt.Errorf("sender: %w", err)
	case ok:
		if i.Sender, err = generalName(sender.Content); err != nil {
			return nil, fmt.Errorf("sender: %w", err)
		}
	default:
		mac, err := in.Take(der.Sequence)
		if err == nil {
			i.PublicKeyMAC, err = ParseMACValue(mac.Raw)
		}
		if err != nil {
			return nil, fmt.Errorf("publicKeyMAC: %w", err)
		}
	}
	public, err := in.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("publicKey: %w", err)
	}
	i.PublicKey = r.spki("public key of poposkInput", public.Raw)
	return i, in.End()
}

// checkInput looks whether poposkInput is there exactly where it has to be.
func (r *reader) checkInput(m *Message) {
	if m.Proof.Kind != ProofSignature {
		return
	}
	if err := m.inputMisplaced(); err != nil {
		r.deviate("%v", err)
	}
}

// generalName reads one GeneralName that is the whole of raw.
func generalName(raw []byte) (*ext.GeneralName, error) {
	if tag := der.Reader(raw).Peek(); len(raw) > 0 && tag.Class() != 2 {
		return nil, fmt.Errorf("found %v where a GeneralName belongs", tag)
	}
	var b der.Builder
	b.Add(der.Sequence, raw)
	list, err := ext.ParseGeneralNames(b.Bytes())
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("there are %d names where one belongs", len(list))
	}
	return &list[0], nil
}

// ParseMACValue reads a PKMACValue (RFC 4211, Section 4.1).
func ParseMACValue(raw []byte) (*MACValue, error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, err
	}
	m, in := &MACValue{Raw: e.Raw}, e.Children()
	algorithm, err := in.Take(der.Sequence)
	if err == nil {
		m.Algorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw)
	}
	if err != nil {
		return nil, fmt.Errorf("algId: %w", err)
	}
	value, err := in.Take(der.BitString)
	if err == nil {
		m.Value, err = whole(value)
	}
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	return m, in.End()
}

// whole decodes a BIT STRING of whole octets.
func whole(e der.Element) ([]byte, error) {
	octets, unused, err := e.Bits()
	if err == nil && unused != 0 {
		err = errors.New("the BIT STRING does not end on a whole octet")
	}
	return octets, err
}

func (r *reader) privateKey(outer der.Element) (*PrivateKey, error) {
	e, err := der.Parse(outer.Content)
	if err != nil {
		return nil, err
	}
	k := &PrivateKey{Raw: e.Raw}
	switch e.Tag {
	case der.Context(0):
		k.Method = ThisMessage
		k.Bits, err = whole(e)
	case der.Context(1):
		k.Method = SubsequentMessage
		var n int
		if n, err = e.Int(); n != int(EncryptedCertificate) && n != int(ChallengeResponse) {
			r.deviate("subsequentMessage is %d, which means nothing", n)
		}
		k.Subsequent = Subsequent(n)
		r.padding("subsequentMessage", e)
	case der.Context(2):
		k.Method = DHMAC
		k.Bits, err = whole(e)
	case der.ContextConstructed(3):
		k.Method = AgreeMAC
		k.MAC, err = ParseMACValue(retag(e, der.Sequence))
	case der.ContextConstructed(4):
		k.Method = EncryptedKeyProof
		k.Enveloped = retag(e, der.Sequence)
	default:
		return nil, fmt.Errorf("there is no way to prove possession with the tag %v in this form", e.Tag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Method, err)
	}
	return k, nil
}
