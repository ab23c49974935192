package cmp

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
)

// Errors that callers tell apart.
var (
	// ErrUnprotected is returned for a message without protection.
	ErrUnprotected = errors.New("the message is not protected")
	// ErrProtection is returned where the protection does not verify, be it by
	// a wrong secret or key or because something was changed.
	ErrProtection = errors.New("the protection does not verify: the secret or key is another one, or the message was changed")
)

// Protector protects a message (RFC 9810, Section 5.1.3).
type Protector interface {
	// Algorithm is the protectionAlg of the header.
	Algorithm() key.AlgorithmIdentifier
	// Protect returns the octets of the protection over a ProtectedPart in DER.
	Protect(part []byte) ([]byte, error)
}

// PBM protects by a shared secret with the password-based MAC of RFC 4211.
func PBM(parameters crmf.PBM, secret []byte) Protector { return pbmProtector{parameters, secret} }

type pbmProtector struct {
	crmf.PBM
	secret []byte
}

func (p pbmProtector) Algorithm() key.AlgorithmIdentifier { return p.Identifier }

func (p pbmProtector) Protect(part []byte) ([]byte, error) {
	if p.Hash == 0 || p.MAC == 0 {
		return nil, errors.New("the password-based MAC has no parameters")
	}
	return p.Compute(p.secret, part), nil
}

// PBMAC1 protects by a shared secret with PBMAC1 (RFC 9481, Section 6.1.2).
func PBMAC1(parameters crmf.PBMAC1, secret []byte) Protector {
	return pbmac1Protector{parameters, secret}
}

type pbmac1Protector struct {
	crmf.PBMAC1
	secret []byte
}

func (p pbmac1Protector) Algorithm() key.AlgorithmIdentifier { return p.Identifier }

func (p pbmac1Protector) Protect(part []byte) ([]byte, error) { return p.Compute(p.secret, part) }

// SameMAC protects as the message m is, by the same kind of MAC: the answer to
// a client takes the algorithm that the client knows, and its parameters.
func SameMAC(m *Message, secret []byte) (Protector, error) {
	if m.Header.Algorithm == nil {
		return nil, ErrUnprotected
	}
	if m.Header.Algorithm.ID == crmf.PBMAC1ID {
		p, err := crmf.ParsePBMAC1(*m.Header.Algorithm)
		return PBMAC1(p, secret), err
	}
	p, err := crmf.ParsePBM(*m.Header.Algorithm)
	return PBM(p, secret), err
}

// Signature protects by a signature.
func Signature(signer crypto.Signer, algorithm key.SignatureAlgorithm) Protector {
	return signatureProtector{signer, algorithm}
}

type signatureProtector struct {
	signer    crypto.Signer
	algorithm key.SignatureAlgorithm
}

func (p signatureProtector) Algorithm() key.AlgorithmIdentifier { return p.algorithm.Identifier }

func (p signatureProtector) Protect(part []byte) ([]byte, error) {
	return key.Sign(p.signer, p.algorithm, part)
}

// Build makes a message. The header gets the algorithm of the protector; nil
// leaves the message unprotected. The Raw of the header is ignored.
func Build(h Header, body Body, p Protector, extraCerts ...[]byte) (*Message, error) {
	h.Algorithm = nil
	if p != nil {
		a := p.Algorithm()
		h.Algorithm = &a
	}
	header := h.encode()
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(header, body.Raw)
	if p != nil {
		protection, err := p.Protect(listOf(header, body.Raw))
		if err != nil {
			return nil, fmt.Errorf("protecting a CMP message: %w", err)
		}
		mark := b.Begin(der.ContextConstructed(0))
		b.Bits(protection)
		b.End(mark)
	}
	if len(extraCerts) > 0 {
		b.Add(der.ContextConstructed(1), listOf(extraCerts...))
	}
	b.End(outer)
	return Parse(b.Bytes())
}

// Protected returns the ProtectedPart: what the protection is over, of the
// octets that were received.
func (m *Message) Protected() []byte { return listOf(m.Header.Raw, m.Body.Raw) }

// ByMAC reports whether the message is protected by a shared secret.
func (m *Message) ByMAC() bool {
	return m.Header.Algorithm != nil && (m.Header.Algorithm.ID == crmf.PasswordBasedMAC || m.Header.Algorithm.ID == crmf.PBMAC1ID)
}

// VerifySecret checks a protection by a shared secret. ErrProtection says that
// it is wrong; other errors, that it cannot be checked.
func (m *Message) VerifySecret(secret []byte) error {
	if m.Protection == nil || m.Header.Algorithm == nil {
		return ErrUnprotected
	}
	err := crmf.VerifyMAC(*m.Header.Algorithm, secret, m.Protected(), m.Protection)
	if errors.Is(err, crmf.ErrMAC) {
		return ErrProtection
	}
	return err
}

// VerifySignature checks a protection by a signature. ErrProtection says that
// it is wrong; other errors, that it cannot be checked.
func (m *Message) VerifySignature(by *key.Public) error {
	return m.verifySignature(func(a key.AlgorithmIdentifier, part, signature []byte) error {
		return key.Verify(by, a, part, signature)
	})
}

// VerifySignatureBy is VerifySignature for keys that protect many messages.
func (m *Message) VerifySignatureBy(v *key.Verifier) error { return m.verifySignature(v.Verify) }

func (m *Message) verifySignature(verify func(key.AlgorithmIdentifier, []byte, []byte) error) error {
	if m.Protection == nil || m.Header.Algorithm == nil {
		return ErrUnprotected
	}
	err := verify(*m.Header.Algorithm, m.Protected(), m.Protection)
	if errors.Is(err, key.ErrSignature) {
		return ErrProtection
	}
	return err
}
