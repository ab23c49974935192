package key

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/oid"
)

// Choice is how the holder of a key orders signatures to be made, where
// ChooseSignatureAlgorithm has a rule of its own: hashes that are broken, and
// any parameters of RSASSA-PSS.
type Choice struct {
	Hash    string // as for ChooseSignatureAlgorithm, and "sha1" and "md5"
	PSS     bool   // RSASSA-PSS, which keys of that kind sign with anyway
	Salt    int    // RSASSA-PSS: octets, or SaltLongest or SaltOfHash
	MGFHash string // RSASSA-PSS: hash of the mask generation function; "" for that of the signature
}

// Lengths of salts that depend on the key and the hash.
const (
	SaltOfHash  = -1 // as long as the hash
	SaltLongest = -2 // as long as the key has room for
)

// Algorithm returns the algorithm that was ordered for keys like pub. Where it
// is broken, Ordered is set, so that Sign makes signatures of it.
func (c Choice) Algorithm(pub *Public) (SignatureAlgorithm, error) {
	h, broken := brokenByName(c.Hash)
	pss := c.PSS || pub.Type == "RSA-PSS"
	var a SignatureAlgorithm
	var err error
	switch {
	case pss && (pub.Type == "RSA" || pub.Type == "RSA-PSS") && pub.Key != nil:
		a, err = c.pss(pub, h)
	case broken && pub.Key != nil && pub.CanSign():
		a, err = brokenAlgorithm(pub, h)
	default:
		return ChooseSignatureAlgorithm(pub, c.Hash, c.PSS)
	}
	a.Ordered = a.Broken != ""
	return a, err
}

func brokenByName(name string) (crypto.Hash, bool) {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "") {
	case "sha1":
		return crypto.SHA1, true
	case "md5":
		return crypto.MD5, true
	}
	return 0, false
}

func brokenAlgorithm(pub *Public, h crypto.Hash) (SignatureAlgorithm, error) {
	switch {
	case pub.Type == "RSA" && h == crypto.SHA1:
		return ParseSignatureAlgorithm(withParameters(oid.SHA1WithRSA, derNull)), nil
	case pub.Type == "RSA":
		return ParseSignatureAlgorithm(withParameters(oid.MD5WithRSA, derNull)), nil
	case pub.Type == "EC" && h == crypto.SHA1:
		return ParseSignatureAlgorithm(withoutParameters(oid.ECDSAWithSHA1)), nil
	}
	return SignatureAlgorithm{}, fmt.Errorf("no signature algorithm joins the hash %v with %s keys", h, pub.Type)
}

// pss fills in what was left open: from the parameters of the key, else SHA-256.
func (c Choice) pss(pub *Public, h crypto.Hash) (SignatureAlgorithm, error) {
	none := SignatureAlgorithm{}
	p := pssParameters{hash: h, salt: c.Salt}
	var err error
	if h == 0 && c.Hash != "" {
		if p.hash, err = hashByName(c.Hash); err != nil {
			return none, err
		}
	}
	if p.hash == 0 {
		p.hash = crypto.SHA256
	}
	p.mgf = p.hash
	if pub.Type == "RSA-PSS" && pub.Algorithm.Parameters != nil {
		bound, err := parsePSS(pub.Algorithm.Parameters)
		if err != nil {
			return none, fmt.Errorf("the RSASSA-PSS parameters of the key cannot be used: %w", err)
		}
		if c.Hash == "" {
			p.hash = bound.hash
		}
		p.mgf = bound.mgf
	}
	if c.MGFHash != "" {
		var broken bool
		if p.mgf, broken = brokenByName(c.MGFHash); !broken {
			if p.mgf, err = hashByName(c.MGFHash); err != nil {
				return none, err
			}
		}
	}
	if p.salt, err = saltLength(pub, p.hash, c.Salt); err != nil {
		return none, err
	}
	a := ParseSignatureAlgorithm(withParameters(oid.RSASSAPSS, p.encode()))
	return a, a.Fits(pub)
}

// PSSSalt returns the shortest salt that the parameters of an RSASSA-PSS key
// allow, in octets; false where the key has no parameters.
func PSSSalt(pub *Public) (int, bool) {
	if pub.Type != "RSA-PSS" || pub.Algorithm.Parameters == nil {
		return 0, false
	}
	p, err := parsePSS(pub.Algorithm.Parameters)
	return p.salt, err == nil
}

var errSaltRoom = errors.New("the key is too small for a salt of this length and this hash; use a shorter salt or a longer key")

// saltLength resolves lengths that depend on key and hash, and checks that the
// key has room (RFC 8017, Section 9.1.1).
func saltLength(pub *Public, h crypto.Hash, asked int) (int, error) {
	k, ok := pub.Key.(*rsa.PublicKey)
	if !ok {
		return 0, errors.New("the key is not an RSA key that can be used")
	}
	room := (k.N.BitLen()+6)/8 - h.Size() - 2
	switch asked {
	case SaltLongest:
		asked = room
	case SaltOfHash:
		asked = h.Size()
	}
	if asked < 0 || asked > room {
		return 0, errSaltRoom
	}
	return asked, nil
}
