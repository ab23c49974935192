package crmf

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/key"
)

// What CheckPossession finds, for callers to tell apart. A signature that is
// wrong is key.ErrSignature.
var (
	ErrNoProof     = errors.New("the request has no proof of possession")
	ErrNoKey       = errors.New("the template has no public key, so that there is nothing to prove possession of")
	ErrRAVerified  = errors.New("the request says that a registration authority has verified possession, which counts only if an authorised one sends it")
	ErrDeferred    = errors.New("possession is to be proven later, by decrypting what the authority sends")
	ErrRecipient   = errors.New("possession can be verified only with the authority's own private key")
	ErrSecret      = errors.New("possession is proven with a shared secret, and none is known for the sender")
	ErrMAC         = errors.New("the MAC does not match: the shared secret is another one, or the data were changed")
	ErrKeyMismatch = errors.New("the public key that was signed is not the one of the template")
	ErrInput       = errors.New("what was signed is not what RFC 4211, Section 4.1 wants to be signed")
)

// CheckPossession verifies the proof of possession as far as a reader without
// private keys can; nil says that the sender holds the private key. secret is
// what sender and authority share, nil where they share none. Who the sender
// of a POPOSigningKeyInput is, and whether that is authenticated, is for the
// caller to compare.
func (m *Message) CheckPossession(secret []byte) error {
	switch {
	case m.Request.Template.PublicKey == nil:
		return ErrNoKey
	case m.Proof == nil:
		return ErrNoProof
	case m.Proof.Kind == ProofRAVerified:
		return ErrRAVerified
	case m.Proof.Kind != ProofSignature && m.Proof.PrivateKey.Method == SubsequentMessage:
		return ErrDeferred
	case m.Proof.Kind != ProofSignature:
		return ErrRecipient
	}
	if err := m.CheckSignature(); err != nil {
		return err
	}
	if input := m.Proof.Signature.Input; input != nil && input.PublicKeyMAC != nil {
		return m.CheckPublicKeyMAC(secret)
	}
	return nil
}

// CheckSignature verifies a proof of possession by signature: over the
// CertRequest where the template has subject and key, else over the
// POPOSigningKeyInput (RFC 4211, Section 4.1). It does not look at the
// publicKeyMAC of the latter.
func (m *Message) CheckSignature() error {
	if m.Proof == nil || m.Proof.Kind != ProofSignature {
		return ErrNoProof
	}
	public := m.Request.Template.PublicKey
	if public == nil {
		return ErrNoKey
	}
	if err := m.inputMisplaced(); err != nil {
		return err
	}
	signed := m.Proof.Signature
	if signed.ragged {
		return fmt.Errorf("the signature has unused bits: %w", key.ErrSignature)
	}
	message := m.Request.Raw
	if signed.Input != nil {
		if !bytes.Equal(signed.Input.PublicKey.Raw, public.Raw) {
			return ErrKeyMismatch
		}
		message = signed.Input.Raw
	}
	return key.Verify(public, signed.Algorithm, message, signed.Signature)
}

// inputMisplaced returns an error where poposkInput is there and must not be,
// or the other way round.
func (m *Message) inputMisplaced() error {
	t := m.Request.Template
	full := t.Subject != nil && t.PublicKey != nil
	switch there := m.Proof.Signature.Input != nil; {
	case full && there:
		return fmt.Errorf("the template has subject and public key, and yet poposkInput is signed in place of the request: %w", ErrInput)
	case !full && !there:
		return fmt.Errorf("the template lacks the subject or the public key, and yet there is no poposkInput: %w", ErrInput)
	}
	return nil
}

// CheckPublicKeyMAC verifies the publicKeyMAC of a POPOSigningKeyInput with
// the secret that sender and authority share: ErrMAC says that it is wrong.
func (m *Message) CheckPublicKeyMAC(secret []byte) error {
	if m.Proof == nil || m.Proof.Signature == nil || m.Proof.Signature.Input == nil || m.Proof.Signature.Input.PublicKeyMAC == nil {
		return ErrNoProof
	}
	if len(secret) == 0 {
		return ErrSecret
	}
	input := m.Proof.Signature.Input
	return input.PublicKeyMAC.Check(secret, input.PublicKey.Raw)
}
