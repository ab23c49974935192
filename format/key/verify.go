package key

import (
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"
)

// ErrSignature says that a signature was not made by the key over the bytes;
// errors about malformed signatures wrap it.
var ErrSignature = errors.New("the signature does not verify: it is not one of this key over these bytes")

type malformed struct{ text string }

func (e *malformed) Error() string { return "the signature is malformed: " + e.text }
func (e *malformed) Unwrap() error { return ErrSignature }

// Verify checks a signature. The error says in plain words what is wrong: the
// algorithm is unknown or does not go with the key (ErrAlgorithm), or the
// signature is malformed or not of this key over these bytes (ErrSignature).
// Signatures by broken hashes are verified too: SignatureAlgorithm.Broken is
// for the caller to heed.
func Verify(pub *Public, alg AlgorithmIdentifier, message, signature []byte) error {
	a := ParseSignatureAlgorithm(alg)
	if pub.Key == nil {
		return fmt.Errorf("the signature cannot be checked: %w", pub.Problem)
	}
	if err := a.Fits(pub); err != nil {
		return err
	}
	return a.verify(pub, message, signature)
}

// verify checks a signature of an algorithm that is known to fit the key.
func (a *SignatureAlgorithm) verify(pub *Public, message, signature []byte) error {
	var d digest
	if a.Hash != 0 {
		d.compute(a.Hash, message)
	}
	switch k := pub.Key.(type) {
	case *ecdsa.PublicKey:
		return verifyECDSA(k, d.bytes(), signature)
	case *rsa.PublicKey:
		return a.verifyRSA(k, d.bytes(), signature)
	case *RSAPublicKey:
		return a.verifyLargeRSA(k, d.bytes(), signature)
	case ed25519.PublicKey:
		if len(signature) != ed25519.SignatureSize {
			return wrongLength(signature, ed25519.SignatureSize)
		}
		return verdict(ed25519.Verify(k, message, signature))
	case *mldsa.PublicKey:
		if size := k.Parameters().SignatureSize(); len(signature) != size {
			return wrongLength(signature, size)
		}
		return verdict(mldsa.Verify(k, message, signature, nil) == nil)
	case *ECPublicKey:
		r, s, err := parsePair(signature)
		if err != nil {
			return err
		}
		return verdict(k.verifies(d.bytes(), new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)))
	case *dsa.PublicKey:
		return verifyDSA(k, d.bytes(), signature)
	case ed448.PublicKey:
		if len(signature) != ed448.SignatureSize {
			return wrongLength(signature, ed448.SignatureSize)
		}
		return verdict(ed448.Verify(k, message, signature, ""))
	}
	return &algorithmError{fmt.Sprintf("keys of the kind %v make no signatures", pub)}
}

func verdict(good bool) error {
	if good {
		return nil
	}
	return ErrSignature
}

func wrongLength(signature []byte, want int) error {
	return &malformed{fmt.Sprintf("it has %d octets where this key's have %d", len(signature), want)}
}

func verifyDSA(k *dsa.PublicKey, digest, signature []byte) error {
	r, s, err := parsePair(signature)
	if err != nil {
		return err
	}
	if octets := k.Q.BitLen() / 8; len(digest) > octets {
		digest = digest[:octets]
	}
	return verdict(dsa.Verify(k, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)))
}

// parsePair reads SEQUENCE { r INTEGER, s INTEGER } (RFC 3279, Section 2.2.3),
// in DER and nothing else, so that one signature has one encoding. It returns
// the magnitudes.
func parsePair(signature []byte) (r, s []byte, err error) {
	body, rest, ok := takeDER(signature, 0x30)
	if !ok || len(rest) != 0 {
		return nil, nil, &malformed{"it is not the DER of two numbers"}
	}
	if r, body, ok = takeDER(body, 2); !ok || !positive(r) {
		return nil, nil, &malformed{"its number r is not a positive INTEGER in DER"}
	}
	if s, body, ok = takeDER(body, 2); !ok || !positive(s) {
		return nil, nil, &malformed{"its number s is not a positive INTEGER in DER"}
	}
	if len(body) != 0 {
		return nil, nil, &malformed{"it has octets after its two numbers"}
	}
	return r, s, nil
}

// takeDER takes an element of this tag with the shortest length, at most 255.
func takeDER(in []byte, tag byte) (content, rest []byte, ok bool) {
	if len(in) < 2 || in[0] != tag {
		return nil, nil, false
	}
	n, at := int(in[1]), 2
	if n == 0x81 {
		if len(in) < 3 || in[2] < 0x80 {
			return nil, nil, false
		}
		n, at = int(in[2]), 3
	} else if n >= 0x80 {
		return nil, nil, false
	}
	if len(in)-at < n {
		return nil, nil, false
	}
	return in[at : at+n], in[at+n:], true
}

// positive reports whether the content of an INTEGER is above zero and minimal.
func positive(c []byte) bool {
	if len(c) == 0 || c[0] >= 0x80 || len(c) == 1 && c[0] == 0 {
		return false
	}
	return c[0] != 0 || c[1] >= 0x80
}
