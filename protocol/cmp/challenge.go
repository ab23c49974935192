package cmp

import (
	"crypto"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Challenge asks who wants a certificate to show that they hold the key, by
// decrypting a number (RFC 9810, Section 5.2.8.3.3).
type Challenge struct {
	OWF       *key.AlgorithmIdentifier // nil is that of the challenge before
	Witness   []byte                   // OWF of the number
	Sealed    []byte                   // challenge: version 2's way of encrypting; empty with Encrypted
	Encrypted []byte                   // encryptedRand: an EnvelopedData around a Rand; nil where absent
}

// NewChallenges makes a popdecc. Challenges without an OWF get SHA-256.
func NewChallenges(all ...Challenge) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, c := range all {
		one := b.Begin(der.Sequence)
		if c.OWF != nil {
			b.Raw(c.OWF.Raw)
		} else {
			owf := b.Begin(der.Sequence)
			b.OID(string(oid.SHA256))
			b.End(owf)
		}
		b.Add(der.OctetString, c.Witness)
		b.Add(der.OctetString, c.Sealed)
		if c.Encrypted != nil {
			b.Add(der.ContextConstructed(0), c.Encrypted)
		}
		b.End(one)
	}
	b.End(outer)
	return NewBody(PopChallenge, b.Bytes())
}

// Challenges reads a popdecc.
func (b Body) Challenges() ([]Challenge, error) {
	if err := b.want(PopChallenge); err != nil {
		return nil, err
	}
	var all []Challenge
	err := each(b.Content, maxList, func(e der.Element) error {
		c, err := parseChallenge(e)
		all = append(all, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("popdecc: %w", err)
	}
	return all, nil
}

func parseChallenge(e der.Element) (c Challenge, err error) {
	in := e.Children()
	owf, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		var a key.AlgorithmIdentifier
		a, err = key.ParseAlgorithmIdentifier(owf.Raw)
		c.OWF = &a
	}
	if err != nil {
		return c, fmt.Errorf("owf: %w", err)
	}
	for _, field := range []struct {
		name string
		to   *[]byte
	}{{"witness", &c.Witness}, {"challenge", &c.Sealed}} {
		octets, err := in.Take(der.OctetString)
		if err != nil {
			return c, fmt.Errorf("%s: %w", field.name, err)
		}
		*field.to = octets.Content
	}
	encrypted, ok, err := explicit(&in, 0, der.Sequence)
	if err != nil {
		return c, fmt.Errorf("encryptedRand: %w", err)
	}
	if ok {
		c.Encrypted = encrypted.Raw
	}
	return c, in.End()
}

// Solve decrypts the number of a challenge.
func (c Challenge) Solve(private crypto.PrivateKey) (*big.Int, error) {
	if c.Encrypted == nil {
		return nil, fmt.Errorf("the challenge is encrypted in the way of version 2 of the protocol, which is not known here")
	}
	e, err := cms.ParseEnvelopedData(c.Encrypted)
	if err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	content, err := e.Decrypt(cms.Opener{Key: private})
	if err != nil {
		return nil, fmt.Errorf("challenge: %w", err)
	}
	r, err := crmf.ParseRand(content)
	return r.Number, err
}

// NewChallengeAnswers makes a popdecr.
func NewChallengeAnswers(numbers ...*big.Int) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, n := range numbers {
		b.BigInt(n)
	}
	b.End(outer)
	return NewBody(PopResponse, b.Bytes())
}

// ChallengeAnswers reads a popdecr.
func (b Body) ChallengeAnswers() ([]*big.Int, error) {
	if err := b.want(PopResponse); err != nil {
		return nil, err
	}
	var all []*big.Int
	err := each(b.Content, maxList, func(e der.Element) error {
		if e.Tag != der.Integer {
			return fmt.Errorf("found %v where INTEGER belongs", e.Tag)
		}
		if len(e.Content) > maxAnswer {
			return fmt.Errorf("the number has %d octets", len(e.Content))
		}
		n, err := e.BigInt()
		all = append(all, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("popdecr: %w", err)
	}
	return all, nil
}

// maxAnswer bounds the octets of an answer to a challenge.
const maxAnswer = 256
