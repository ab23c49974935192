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
)

// PasswordBasedMAC is the algorithm of PBM.
const PasswordBasedMAC oid.OID = "\x2a\x86\x48\x86\xf6\x7d\x07\x42\x0d" // 1.2.840.113533.7.66.13

// Limits on the parameters of PBM. RFC 4211, Section 4.4 wants 100 iterations at
// least, RFC 9045, Section 3 10,000 of new ones; the highest number here takes some
// ten milliseconds.
const (
	MinIterations = 100
	MaxIterations = 100_000
	maxSalt       = 1024 // octets
)

// PBM is a PBMParameter: a MAC keyed from a shared secret (RFC 4211, Section
// 4.4; RFC 9045).
type PBM struct {
	Salt       []byte
	Hash       crypto.Hash // the one-way function
	Iterations int
	MAC        crypto.Hash // the hash of the HMAC
	Identifier key.AlgorithmIdentifier
}

var hmacs = [...]struct {
	id   oid.OID
	hash crypto.Hash
}{
	{"\x2b\x06\x01\x05\x05\x08\x01\x02", crypto.SHA1}, // 1.3.6.1.5.5.8.1.2, HMAC-SHA1 of IPsec, which RFC 4211 names
	{oid.HMACWithSHA1, crypto.SHA1},
	{oid.HMACWithSHA224, crypto.SHA224},
	{oid.HMACWithSHA256, crypto.SHA256},
	{oid.HMACWithSHA384, crypto.SHA384},
	{oid.HMACWithSHA512, crypto.SHA512},
	{oid.HMACWithSHA512_224, crypto.SHA512_224},
	{oid.HMACWithSHA512_256, crypto.SHA512_256},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x0d", crypto.SHA3_224}, // 2.16.840.1.101.3.4.2.13
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x0e", crypto.SHA3_256},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x0f", crypto.SHA3_384},
	{"\x60\x86\x48\x01\x65\x03\x04\x02\x10", crypto.SHA3_512},
}

// NewPBM makes parameters for a new MAC: a salt of 16 octets read from random,
// SHA-256, 10,000 iterations, HMAC-SHA-256.
func NewPBM(random io.Reader) (PBM, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(random, salt); err != nil {
		return PBM{}, fmt.Errorf("making a salt: %w", err)
	}
	return MakePBM(salt, crypto.SHA256, 10_000, crypto.SHA256)
}

// MakePBM makes parameters of the given parts.
func MakePBM(salt []byte, owf crypto.Hash, iterations int, mac crypto.Hash) (PBM, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(PasswordBasedMAC))
	parameter := b.Begin(der.Sequence)
	b.Add(der.OctetString, salt)
	writeAlgorithm(&b, key.HashID(owf))
	b.Int(int64(iterations))
	writeAlgorithm(&b, hmacID(mac))
	b.End(parameter)
	b.End(outer)
	id, err := key.ParseAlgorithmIdentifier(b.Bytes())
	if err != nil {
		return PBM{}, fmt.Errorf("making a password-based MAC: its hash is not known: %w", err)
	}
	return ParsePBM(id)
}

func writeAlgorithm(b *der.Builder, id oid.OID) {
	mark := b.Begin(der.Sequence)
	b.OID(string(id))
	b.Null()
	b.End(mark)
}

// owfByID returns a hash that is strong enough to be a one-way function, 0 for
// others.
func owfByID(id oid.OID) crypto.Hash {
	if h := key.HashByID(id); h != crypto.MD5 {
		return h
	}
	return 0
}

func hmacID(h crypto.Hash) oid.OID {
	for _, o := range hmacs {
		if o.hash == h {
			return o.id
		}
	}
	return ""
}

func hmacByID(id oid.OID) crypto.Hash {
	for _, o := range hmacs {
		if o.id == id {
			return o.hash
		}
	}
	return 0
}

// ParsePBM reads the parameters of PasswordBasedMAC, and refuses those that
// would take too long or use what is not known.
func ParsePBM(id key.AlgorithmIdentifier) (PBM, error) {
	if id.ID != PasswordBasedMAC {
		return PBM{}, fmt.Errorf("the MAC algorithm %s is not the password-based MAC of RFC 4211", id.ID.Name())
	}
	p := PBM{Identifier: id}
	if err := p.read(id.Parameters); err != nil {
		return PBM{}, fmt.Errorf("parameters of the password-based MAC: %w", err)
	}
	return p, nil
}

func (p *PBM) read(raw []byte) error {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return err
	}
	in := outer.Children()
	salt, err := in.Take(der.OctetString)
	if err != nil {
		return fmt.Errorf("salt: %w", err)
	}
	if p.Salt = salt.Content; len(p.Salt) > maxSalt {
		return fmt.Errorf("the salt has %d octets; at most %d are taken", len(p.Salt), maxSalt)
	}
	if len(p.Salt) == 0 {
		return errors.New("the salt is empty")
	}
	owf, err := takeAlgorithm(&in)
	if err != nil {
		return fmt.Errorf("owf: %w", err)
	}
	p.Hash = owfByID(owf.ID)
	count, err := in.Take(der.Integer)
	if err == nil {
		p.Iterations, err = count.Int()
	}
	if err != nil {
		return fmt.Errorf("iterationCount: %w", err)
	}
	if p.Iterations < MinIterations || p.Iterations > MaxIterations {
		return fmt.Errorf("the iteration count is %d; it must be from %d to %d", p.Iterations, MinIterations, MaxIterations)
	}
	mac, err := takeAlgorithm(&in)
	if err != nil {
		return fmt.Errorf("mac: %w", err)
	}
	p.MAC = hmacByID(mac.ID)
	switch {
	case p.Hash == 0:
		return fmt.Errorf("the one-way function %s is not known", owf.ID.Name())
	case p.MAC == 0:
		return fmt.Errorf("the MAC %s is not known", mac.ID.Name())
	}
	return in.End()
}

func takeAlgorithm(in *der.Reader) (key.AlgorithmIdentifier, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return key.AlgorithmIdentifier{}, err
	}
	return key.ParseAlgorithmIdentifier(e.Raw)
}

// Key derives the key of the MAC, which is as long as the hash is.
func (p PBM) Key(secret []byte) []byte {
	h := p.Hash.New()
	h.Write(secret)
	h.Write(p.Salt)
	out := h.Sum(nil)
	for range p.Iterations - 1 {
		h.Reset()
		h.Write(out)
		out = h.Sum(out[:0])
	}
	return out
}

// Compute returns the MAC of a message.
func (p PBM) Compute(secret, message []byte) []byte {
	h := hmac.New(func() hash.Hash { return p.MAC.New() }, p.Key(secret))
	h.Write(message)
	return h.Sum(nil)
}

// Verify returns ErrMAC where mac is not the MAC of the message.
func (p PBM) Verify(secret, message, mac []byte) error {
	if subtle.ConstantTimeCompare(p.Compute(secret, message), mac) != 1 {
		return ErrMAC
	}
	return nil
}

// Check verifies a MAC over message; see VerifyMAC.
func (m *MACValue) Check(secret, message []byte) error {
	return VerifyMAC(m.Algorithm, secret, message, m.Value)
}

// MACValue computes a PKMACValue over message.
func (p PBM) MACValue(secret, message []byte) (*MACValue, error) {
	if p.Hash == 0 || p.MAC == 0 {
		return nil, errors.New("the password-based MAC has no parameters")
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(p.Identifier.Raw)
	b.Bits(p.Compute(secret, message))
	b.End(outer)
	return ParseMACValue(b.Bytes())
}
