package crmf

import (
	"crypto"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Rand is what a challenge holds once decrypted: a number to be answered, and
// who sent it (RFC 9810, Section 5.2.8.3.1).
type Rand struct {
	Number *big.Int
	Sender ext.GeneralName
}

// MarshalRand writes a Rand.
func MarshalRand(r Rand) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.BigInt(r.Number)
	b.Raw(r.Sender.Raw)
	b.End(outer)
	return b.Bytes()
}

// ParseRand reads a Rand.
func ParseRand(raw []byte) (Rand, error) {
	var r Rand
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return r, fmt.Errorf("reading a challenge: %w", err)
	}
	in := outer.Children()
	number, err := in.Take(der.Integer)
	if err == nil {
		r.Number, err = integer(number)
	}
	if err != nil {
		return r, fmt.Errorf("reading a challenge: %w", err)
	}
	sender, err := generalName(in)
	if err != nil {
		return r, fmt.Errorf("reading the sender of a challenge: %w", err)
	}
	r.Sender = *sender
	return r, nil
}

// Answer is what an applicant sends to show possession of a key that cannot
// sign: the hash of the certificate that was encrypted to it, as a
// CertConfirmContent, or the number of a challenge, as a POPODecKeyRespContent
// (RFC 9810, Section 5.3.18 and 5.2.8.3.2).
type Answer struct {
	CertHash  []byte
	Hash      crypto.Hash // of CertHash
	RequestID *big.Int    // certReqId, with CertHash
	Number    *big.Int    // the answer to a challenge; nil with CertHash
}

// MarshalAnswer writes an answer with a hash of SHA-256 or of a challenge.
func MarshalAnswer(a Answer) ([]byte, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	if a.Number != nil {
		b.BigInt(a.Number)
		b.End(outer)
		return b.Bytes(), nil
	}
	if a.Hash != crypto.SHA256 || len(a.CertHash) != a.Hash.Size() {
		return nil, errors.New("an answer needs the SHA-256 of the certificate")
	}
	status := b.Begin(der.Sequence)
	b.Add(der.OctetString, a.CertHash)
	id := a.RequestID
	if id == nil {
		id = new(big.Int)
	}
	b.BigInt(id)
	algorithm := b.Begin(der.ContextConstructed(0))
	inner := b.Begin(der.Sequence)
	b.OID(string(oid.SHA256))
	b.End(inner)
	b.End(algorithm)
	b.End(status)
	b.End(outer)
	return b.Bytes(), nil
}

// ParseAnswer reads an answer.
func ParseAnswer(raw []byte) (Answer, error) {
	a, err := parseAnswer(raw)
	if err != nil {
		return Answer{}, fmt.Errorf("reading a confirmation: %w", err)
	}
	return a, nil
}

func parseAnswer(raw []byte) (Answer, error) {
	var a Answer
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return a, err
	}
	in := outer.Children()
	if in.Peek() == der.Integer {
		number, err := in.Next()
		if err == nil {
			a.Number, err = integer(number)
		}
		if err != nil {
			return a, err
		}
		return a, in.End()
	}
	status, err := in.Take(der.Sequence)
	if err != nil {
		return a, err
	}
	if err := a.status(status); err != nil {
		return a, err
	}
	return a, in.End()
}

// status reads a CertStatus. One without an algorithm has the hash of the
// certificate's signature, which only its reader knows; SHA-256 stands for it.
func (a *Answer) status(e der.Element) error {
	fields := e.Children()
	hash, err := fields.Take(der.OctetString)
	if err != nil {
		return fmt.Errorf("certHash: %w", err)
	}
	a.CertHash, a.Hash = hash.Content, crypto.SHA256
	id, err := fields.Take(der.Integer)
	if err == nil {
		a.RequestID, err = integer(id)
	}
	if err != nil {
		return fmt.Errorf("certReqId: %w", err)
	}
	info, ok, err := fields.Optional(der.Sequence)
	if err != nil {
		return fmt.Errorf("statusInfo: %w", err)
	}
	if ok {
		inner := info.Children()
		if accepted, err := takeInt(&inner); err != nil || accepted > 1 {
			return errors.New("it rejects the certificate")
		}
	}
	algorithm, ok, err := fields.Optional(der.ContextConstructed(0))
	if err != nil || !ok {
		return err
	}
	parsed, err := key.ParseAlgorithmIdentifier(algorithm.Content)
	if err != nil {
		return fmt.Errorf("hashAlg: %w", err)
	}
	if a.Hash = owfByID(parsed.ID); a.Hash == 0 {
		return fmt.Errorf("hashAlg: %s is not a hash that is known", parsed.ID.Name())
	}
	return nil
}
