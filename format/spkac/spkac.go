// Package spkac reads and writes signed public keys and challenges, the
// requests that browsers made for the HTML element keygen.
//
// The structure is Netscape's SignedPublicKeyAndChallenge, as the HTML 5.0
// recommendation, Section 4.10.12 has it:
//
//	SignedPublicKeyAndChallenge ::= SEQUENCE {
//	    publicKeyAndChallenge PublicKeyAndChallenge,
//	    signatureAlgorithm    AlgorithmIdentifier,
//	    signature             BIT STRING }
//	PublicKeyAndChallenge ::= SEQUENCE {
//	    spki      SubjectPublicKeyInfo,
//	    challenge IA5STRING }
package spkac

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
)

// Request is a SignedPublicKeyAndChallenge as it was read.
type Request struct {
	Raw                []byte
	RawInfo            []byte // PublicKeyAndChallenge: what is signed
	PublicKey          *key.Public
	Challenge          string
	SignatureAlgorithm key.AlgorithmIdentifier
	Signature          []byte
	Trailing           []byte   // what follows in the data it was read from
	Deviations         []string // what the encoding does that DER or the structure does not allow
}

// Parse reads one request in DER.
func Parse(raw []byte) (*Request, error) {
	in := der.Reader(raw)
	outer, err := in.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading a signed public key and challenge: %w", err)
	}
	r := &Request{Raw: outer.Raw, Trailing: in}
	if len(in) > 0 {
		r.deviate("%d bytes follow the request", len(in))
	}
	body := outer.Children()
	if err := r.parseInfo(&body); err != nil {
		return nil, fmt.Errorf("reading a signed public key and challenge: %w", err)
	}
	algorithm, err := body.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading the signature algorithm of a signed public key and challenge: %w", err)
	}
	if r.SignatureAlgorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw); err != nil {
		return nil, fmt.Errorf("reading the signature algorithm of a signed public key and challenge: %w", err)
	}
	signature, err := body.Take(der.BitString)
	if err != nil {
		return nil, fmt.Errorf("reading the signature of a signed public key and challenge: %w", err)
	}
	octets, unused, err := signature.Bits()
	if err != nil {
		return nil, fmt.Errorf("reading the signature of a signed public key and challenge: %w", err)
	}
	if unused != 0 {
		r.deviate("the signature does not end at an octet")
	}
	r.Signature = octets
	if !body.Empty() {
		r.deviate("%d bytes follow the signature", len(body))
	}
	if err := der.Strict(outer.Raw); err != nil {
		r.deviate("the encoding is not DER: %v", err)
	}
	return r, nil
}

func (r *Request) parseInfo(body *der.Reader) error {
	info, err := body.Take(der.Sequence)
	if err != nil {
		return err
	}
	r.RawInfo = info.Raw
	fields := info.Children()
	spki, err := fields.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("the public key: %w", err)
	}
	if r.PublicKey, err = key.ParsePublic(spki.Raw); err != nil {
		return fmt.Errorf("the public key: %w", err)
	}
	if fields.Empty() {
		return errors.New("the challenge is missing")
	}
	challenge, err := fields.Next()
	if err != nil {
		return fmt.Errorf("the challenge: %w", err)
	}
	if r.Challenge, err = challenge.Text(); err != nil {
		return fmt.Errorf("the challenge: %w", err)
	}
	if challenge.Tag != der.IA5String {
		r.deviate("the challenge is a %v, not an IA5String", challenge.Tag)
	}
	if !fields.Empty() {
		r.deviate("%d bytes follow the challenge", len(fields))
	}
	return nil
}

func (r *Request) deviate(format string, args ...any) {
	r.Deviations = append(r.Deviations, fmt.Sprintf(format, args...))
}

// CheckSignature verifies the proof of possession: the signature over RawInfo
// by the key in it.
func (r *Request) CheckSignature() error {
	return key.Verify(r.PublicKey, r.SignatureAlgorithm, r.RawInfo, r.Signature)
}

// Create writes and signs a request. The challenge is what the authority sent
// to be signed; it may be empty, and is of ASCII characters.
func Create(challenge string, k *key.Private, alg key.SignatureAlgorithm) (*Request, error) {
	for i := range len(challenge) {
		if challenge[i] >= 0x80 {
			return nil, errors.New("the challenge has a character outside ASCII, which an IA5String cannot hold")
		}
	}
	if k.Signer == nil {
		return nil, fmt.Errorf("a key of type %s cannot sign, and a signed public key and challenge is signed", k.Public)
	}
	var info der.Builder
	mark := info.Begin(der.Sequence)
	info.Raw(k.Public.Raw)
	info.AddString(der.IA5String, challenge)
	info.End(mark)
	signature, err := key.Sign(k.Signer, alg, info.Bytes())
	if err != nil {
		return nil, fmt.Errorf("signing the public key and challenge: %w", err)
	}
	var b der.Builder
	mark = b.Begin(der.Sequence)
	b.Raw(info.Bytes(), alg.Identifier.Raw)
	b.Bits(signature)
	b.End(mark)
	return Parse(b.Bytes())
}
