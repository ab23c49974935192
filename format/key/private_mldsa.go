package key

import (
	"bytes"
	"crypto"
	"crypto/sha3"
	"errors"
	"fmt"
	"io"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ExpandedMLDSA is an ML-DSA private key whose seed was thrown away.
type ExpandedMLDSA struct {
	set     *mldsaSet
	octets  []byte
	public  *mldsa.PublicKey
	context func(message, context []byte) ([]byte, error)
}

// Public returns the *mldsa.PublicKey.
func (k *ExpandedMLDSA) Public() crypto.PublicKey { return k.public }

// Bytes returns the expandedKey (FIPS 204, Algorithm 24).
func (k *ExpandedMLDSA) Bytes() []byte { return bytes.Clone(k.octets) }

// Sign signs the message itself; opts is nil, crypto.Hash(0) or an
// *mldsa.Options with a context.
func (k *ExpandedMLDSA) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	var context []byte
	if opts != nil {
		if opts.HashFunc() != 0 {
			return nil, errors.New("signing with an ML-DSA key: the message was hashed before")
		}
		if o, ok := opts.(*mldsa.Options); ok && o != nil {
			context = []byte(o.Context)
		}
	}
	return k.context(message, context)
}

// mldsaSet is a parameter set of FIPS 204.
type mldsaSet struct {
	id         oid.OID
	parameters mldsa.Parameters
	expanded   int // octets
	k, l       int // rows and columns of the matrix
	eta        int // the largest coefficient of the secret
	derive     func(seed *[32]byte) []byte
	unpack     func(octets []byte) (public []byte, sign func(message, context []byte) ([]byte, error))
}

func mldsaSetOf(id oid.OID) *mldsaSet {
	switch id {
	case oid.MLDSA44:
		return &mldsaSet{id, mldsa.MLDSA44(), mldsa44.PrivateKeySize, 4, 4, 2, derive44, unpack44}
	case oid.MLDSA87:
		return &mldsaSet{id, mldsa.MLDSA87(), mldsa87.PrivateKeySize, 8, 7, 2, derive87, unpack87}
	}
	return &mldsaSet{id, mldsa.MLDSA65(), mldsa65.PrivateKeySize, 6, 5, 4, derive65, unpack65}
}

func derive44(seed *[32]byte) []byte { _, k := mldsa44.NewKeyFromSeed(seed); return k.Bytes() }
func derive65(seed *[32]byte) []byte { _, k := mldsa65.NewKeyFromSeed(seed); return k.Bytes() }
func derive87(seed *[32]byte) []byte { _, k := mldsa87.NewKeyFromSeed(seed); return k.Bytes() }

func unpack44(octets []byte) ([]byte, func(message, context []byte) ([]byte, error)) {
	var k mldsa44.PrivateKey
	k.Unpack((*[mldsa44.PrivateKeySize]byte)(octets))
	return k.Public().(*mldsa44.PublicKey).Bytes(), func(message, context []byte) ([]byte, error) {
		out := make([]byte, mldsa44.SignatureSize)
		return out, mldsa44.SignTo(&k, message, context, true, out)
	}
}

func unpack65(octets []byte) ([]byte, func(message, context []byte) ([]byte, error)) {
	var k mldsa65.PrivateKey
	k.Unpack((*[mldsa65.PrivateKeySize]byte)(octets))
	return k.Public().(*mldsa65.PublicKey).Bytes(), func(message, context []byte) ([]byte, error) {
		out := make([]byte, mldsa65.SignatureSize)
		return out, mldsa65.SignTo(&k, message, context, true, out)
	}
}

func unpack87(octets []byte) ([]byte, func(message, context []byte) ([]byte, error)) {
	var k mldsa87.PrivateKey
	k.Unpack((*[mldsa87.PrivateKeySize]byte)(octets))
	return k.Public().(*mldsa87.PublicKey).Bytes(), func(message, context []byte) ([]byte, error) {
		out := make([]byte, mldsa87.SignatureSize)
		return out, mldsa87.SignTo(&k, message, context, true, out)
	}
}

var errMLDSA = errors.New("the ML-DSA key does not hold together; the file is damaged")

// decodeMLDSAPrivate reads ML-DSA-PrivateKey (RFC 9881, Section 6): the seed,
// the expanded key, or both. Octets without the CHOICE around them, which
// programs wrote before the RFC was finished, are known by their number.
func decodeMLDSAPrivate(algorithm AlgorithmIdentifier, octets []byte) (*Private, error) {
	set := mldsaSetOf(algorithm.ID)
	if algorithm.Parameters != nil {
		return nil, errors.New("the ML-DSA key has parameters, which RFC 9881 forbids; the file is damaged")
	}
	switch len(octets) {
	case mldsa.PrivateKeySize:
		return set.fromSeed(octets)
	case set.expanded:
		return set.fromExpanded(octets)
	}
	e, err := der.Parse(octets)
	if err != nil {
		return nil, errMLDSA
	}
	switch e.Tag {
	case der.Context(0):
		return set.fromSeed(e.Content)
	case der.OctetString:
		return set.fromExpanded(e.Content)
	case der.Sequence:
		return set.fromBoth(e)
	}
	return nil, errMLDSA
}

func (s *mldsaSet) fromSeed(seed []byte) (*Private, error) {
	k, err := mldsa.NewPrivateKey(s.parameters, seed)
	if err != nil {
		return nil, fmt.Errorf("the seed of the ML-DSA key is %d octets long, not %d; the file is damaged", len(seed), mldsa.PrivateKeySize)
	}
	return NewPrivate(k)
}

func (s *mldsaSet) fromBoth(e der.Element) (*Private, error) {
	r := e.Children()
	seed, err := r.Take(der.OctetString)
	if err != nil {
		return nil, errMLDSA
	}
	expanded, err := r.Take(der.OctetString)
	if err != nil || r.End() != nil || len(seed.Content) != mldsa.PrivateKeySize {
		return nil, errMLDSA
	}
	if !bytes.Equal(s.derive((*[32]byte)(seed.Content)), expanded.Content) {
		return nil, errors.New("the seed of the ML-DSA key does not give the expanded key beside it; the file is damaged, or put together from two keys (RFC 9881, Section 6)")
	}
	return s.fromSeed(seed.Content)
}

// fromExpanded checks what an expanded key claims, since FIPS 204 leaves keys
// that were not made by its algorithm undefined.
func (s *mldsaSet) fromExpanded(octets []byte) (*Private, error) {
	if len(octets) != s.expanded || !s.holds(octets) {
		return nil, errMLDSA
	}
	k := &ExpandedMLDSA{set: s, octets: bytes.Clone(octets)}
	var public []byte
	public, k.context = s.unpack(k.octets)
	hash := sha3.SumSHAKE256(public, 64)
	if !bytes.Equal(hash, octets[64:128]) {
		return nil, errMLDSA
	}
	var err error
	if k.public, err = mldsa.NewPublicKey(s.parameters, public); err != nil {
		return nil, errMLDSA
	}
	return NewPrivate(k)
}
