package crmf

import (
	"crypto"
	"crypto/hmac"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// PBMAC1ID is the algorithm of PBMAC1.
const PBMAC1ID oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e" // 1.2.840.113549.1.5.14

// MaxPBKDF2Iterations bounds the work of a PBMAC1; the highest number takes
// some tenths of a second.
const MaxPBKDF2Iterations = 600_000

// PBMAC1 is the MAC that succeeds PBM: HMAC keyed by PBKDF2 (RFC 8018, Section
// 7.1; RFC 9481, Section 6.1.2).
type PBMAC1 struct {
	Identifier  key.AlgorithmIdentifier
	Description pbe.Description // of the key derivation
	MAC         crypto.Hash     // the hash of the HMAC

	kdf  []byte
	size int // octets of the key
}

// NewPBMAC1 makes parameters for a new MAC: a salt of 16 octets read from
// random, PBKDF2 with HMAC-SHA-256 and 100,000 iterations, HMAC-SHA-256.
func NewPBMAC1(random io.Reader) (PBMAC1, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(random, salt); err != nil {
		return PBMAC1{}, fmt.Errorf("making a salt: %w", err)
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(PBMAC1ID))
	parameters := b.Begin(der.Sequence)
	kdf := b.Begin(der.Sequence)
	b.OID(string(oid.PBKDF2))
	derivation := b.Begin(der.Sequence)
	b.Add(der.OctetString, salt)
	b.Int(100_000)
	b.Int(32)
	writeAlgorithm(&b, oid.HMACWithSHA256)
	b.End(derivation)
	b.End(kdf)
	writeAlgorithm(&b, oid.HMACWithSHA256)
	b.End(parameters)
	b.End(outer)
	id, err := key.ParseAlgorithmIdentifier(b.Bytes())
	if err != nil {
		return PBMAC1{}, err
	}
	return ParsePBMAC1(id)
}

// ParsePBMAC1 reads the parameters of PBMAC1, and refuses those that would
// take too long or use what is not known.
func ParsePBMAC1(id key.AlgorithmIdentifier) (PBMAC1, error) {
	p := PBMAC1{Identifier: id}
	if err := p.read(id); err != nil {
		return PBMAC1{}, fmt.Errorf("parameters of PBMAC1: %w", err)
	}
	return p, nil
}

func (p *PBMAC1) read(id key.AlgorithmIdentifier) error {
	if id.ID != PBMAC1ID {
		return fmt.Errorf("the MAC algorithm %s is not PBMAC1", id.ID.Name())
	}
	outer, err := der.ParseTag(id.Parameters, der.Sequence)
	if err != nil {
		return err
	}
	in := outer.Children()
	kdf, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("keyDerivationFunc: %w", err)
	}
	p.kdf = kdf.Raw
	if p.Description, p.size, err = pbe.DescribeKDF(kdf.Raw); err != nil {
		return fmt.Errorf("keyDerivationFunc: %w", err)
	}
	mac, err := takeAlgorithm(&in)
	if err != nil {
		return fmt.Errorf("messageAuthScheme: %w", err)
	}
	p.MAC = hmacByID(mac.ID)
	switch {
	case p.MAC == 0:
		return fmt.Errorf("the MAC %s is not known", mac.ID.Name())
	case p.Description.KDF != "PBKDF2":
		return fmt.Errorf("keys are derived by %s; only PBKDF2 is taken", p.Description.KDF)
	case p.Description.Iterations > MaxPBKDF2Iterations:
		return fmt.Errorf("the iteration count is %d; it must be at most %d", p.Description.Iterations, MaxPBKDF2Iterations)
	case p.Description.Iterations < MinIterations:
		return fmt.Errorf("the iteration count is %d; it must be at least %d", p.Description.Iterations, MinIterations)
	case p.Description.Salt == 0:
		return errors.New("the salt is empty")
	case p.Description.Salt > maxSalt:
		return fmt.Errorf("the salt has %d octets; at most %d are taken", p.Description.Salt, maxSalt)
	}
	if p.size == 0 {
		p.size = p.MAC.Size()
	}
	if p.size < 16 {
		return fmt.Errorf("the key has %d octets, which can be guessed", p.size)
	}
	return in.End()
}

// Compute returns the MAC of a message.
func (p PBMAC1) Compute(secret, message []byte) ([]byte, error) {
	if p.MAC == 0 {
		return nil, errors.New("the PBMAC1 has no parameters")
	}
	k, _, err := pbe.DeriveKey(p.kdf, secret, p.size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key of a MAC: %w", err)
	}
	h := hmac.New(func() hash.Hash { return p.MAC.New() }, k)
	h.Write(message)
	return h.Sum(nil), nil
}

// VerifyMAC verifies a MAC by a shared secret, as publicKeyMAC and the
// protection of CMP messages are (RFC 9810, Section 5.1.3.1): PasswordBasedMAC
// or PBMAC1. ErrMAC says that it is wrong.
func VerifyMAC(id key.AlgorithmIdentifier, secret, message, mac []byte) error {
	switch id.ID {
	case PasswordBasedMAC:
		p, err := ParsePBM(id)
		if err != nil {
			return err
		}
		return p.Verify(secret, message, mac)
	case PBMAC1ID:
		p, err := ParsePBMAC1(id)
		if err != nil {
			return err
		}
		want, err := p.Compute(secret, message)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(want, mac) != 1 {
			return ErrMAC
		}
		return nil
	}
	return fmt.Errorf("the MAC algorithm %s is not known; use PasswordBasedMac or PBMAC1", id.ID.Name())
}
