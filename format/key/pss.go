package key

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

var derNull = []byte{byte(der.Null), 0}

// pssParameters is RSASSA-PSS-params (RFC 4055, Section 3.1).
type pssParameters struct {
	hash, mgf crypto.Hash
	salt      int
}

func parsePSSAlgorithm(a SignatureAlgorithm) SignatureAlgorithm {
	a.Name = "rsassaPss"
	p, err := parsePSS(a.Identifier.Parameters)
	if err != nil {
		a.Problem = fmt.Errorf("the signature algorithm rsassaPss has parameters that cannot be used: %w", err)
		return a
	}
	a.KeyType, a.Hash, a.MGFHash, a.SaltLength = "RSA", p.hash, p.mgf, p.salt
	a.Broken = brokenHash(p.hash)
	return a
}

// parsePSS reads the parameters; what is left out has the default of RFC 4055:
// SHA-1, MGF1 with SHA-1, a salt of 20 octets.
func parsePSS(parameters []byte) (pssParameters, error) {
	p := pssParameters{hash: crypto.SHA1, mgf: crypto.SHA1, salt: 20}
	outer, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return p, err
	}
	r := outer.Children()
	if e, ok, err := r.Optional(der.ContextConstructed(0)); err != nil {
		return p, err
	} else if ok {
		if p.hash, err = parseHash(e.Content); err != nil {
			return p, err
		}
	}
	if e, ok, err := r.Optional(der.ContextConstructed(1)); err != nil {
		return p, err
	} else if ok {
		mgf, err := ParseAlgorithmIdentifier(e.Content)
		if err != nil {
			return p, err
		}
		if mgf.ID != oid.MGF1 {
			return p, fmt.Errorf("the mask generation function %s is not known", mgf.ID.Name())
		}
		if p.mgf, err = parseHash(mgf.Parameters); err != nil {
			return p, err
		}
	}
	if p.salt, err = smallInteger(&r, 2, 20); err != nil {
		return p, err
	}
	trailer, err := smallInteger(&r, 3, 1)
	if err != nil {
		return p, err
	}
	if trailer != 1 {
		return p, fmt.Errorf("the trailer field is %d; only 1 is defined", trailer)
	}
	return p, r.End()
}

func parseHash(raw []byte) (crypto.Hash, error) {
	a, err := ParseAlgorithmIdentifier(raw)
	if err != nil {
		return 0, err
	}
	for i := range digests {
		if digests[i].id == a.ID && a.absentOrNull() {
			return digests[i].hash, nil
		}
	}
	return 0, fmt.Errorf("the hash %s is not known", a.ID.Name())
}

func smallInteger(r *der.Reader, tag uint8, otherwise int) (int, error) {
	e, ok, err := r.Optional(der.ContextConstructed(tag))
	if err != nil || !ok {
		return otherwise, err
	}
	i, err := der.ParseTag(e.Content, der.Integer)
	if err != nil {
		return 0, err
	}
	n, err := i.Int()
	if err != nil {
		return 0, err
	}
	if n < 0 || n > maxModulus/8 {
		return 0, errors.New("a length is negative or larger than any key")
	}
	return n, nil
}

// withinPSS checks what a key's own parameters ask of a signature (RFC 4055,
// Section 3.3): the same hashes, and a salt no shorter.
func (a SignatureAlgorithm) withinPSS(ofKey []byte) error {
	p, err := parsePSS(ofKey)
	if err != nil {
		return &algorithmError{fmt.Sprintf("the RSASSA-PSS parameters of the key cannot be used: %v", err)}
	}
	if a.Hash != p.hash || a.MGFHash != p.mgf {
		return &algorithmError{fmt.Sprintf("the key is only for RSASSA-PSS with %v and MGF1 with %v, but the signature is with %v and MGF1 with %v", p.hash, p.mgf, a.Hash, a.MGFHash)}
	}
	if a.SaltLength < p.salt {
		return &algorithmError{fmt.Sprintf("the key asks for a salt of at least %d octets, but the signature's has %d", p.salt, a.SaltLength)}
	}
	return nil
}

// choosePSS writes the identifier of RSASSA-PSS with the same hash throughout
// and a salt as long as the hash, or longer where the key asks for it.
func choosePSS(pub *Public, h crypto.Hash, byDefault bool) (SignatureAlgorithm, error) {
	p := pssParameters{hash: h, mgf: h, salt: h.Size()}
	if pub.Type == "RSA-PSS" && pub.Algorithm.Parameters != nil {
		bound, err := parsePSS(pub.Algorithm.Parameters)
		if err != nil {
			return SignatureAlgorithm{}, fmt.Errorf("the RSASSA-PSS parameters of the key cannot be used: %w", err)
		}
		if byDefault {
			p = bound
		}
		p.salt = max(p.salt, bound.salt)
	}
	a := ParseSignatureAlgorithm(withParameters(oid.RSASSAPSS, p.encode()))
	if a.Broken != "" {
		return SignatureAlgorithm{}, fmt.Errorf("the key is only for RSASSA-PSS with %v, but %s", p.hash, a.Broken)
	}
	return a, a.Fits(pub)
}

func (p pssParameters) encode() []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	if p.hash != crypto.SHA1 {
		mark := b.Begin(der.ContextConstructed(0))
		b.Raw(hashIdentifier(p.hash))
		b.End(mark)
	}
	if p.mgf != crypto.SHA1 {
		mark := b.Begin(der.ContextConstructed(1))
		b.Raw(withParameters(oid.MGF1, hashIdentifier(p.mgf)).Raw)
		b.End(mark)
	}
	if p.salt != 20 {
		mark := b.Begin(der.ContextConstructed(2))
		b.Int(int64(p.salt))
		b.End(mark)
	}
	b.End(outer)
	return b.Bytes()
}
