package key

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/oid"
)

// SignatureAlgorithm is a signature algorithm, taken apart.
type SignatureAlgorithm struct {
	Identifier AlgorithmIdentifier
	Name       string      // as OpenSSL prints it: "sha256WithRSAEncryption"; dotted where unknown
	KeyType    string      // the Public.Type it goes with ("RSA" for RSA-PSS keys too); empty where unknown
	Hash       crypto.Hash // 0 where the algorithm hashes by itself, or is unknown
	MGFHash    crypto.Hash // RSA-PSS: the hash of the mask generation function; 0 otherwise
	SaltLength int         // RSA-PSS: octets; -1 otherwise
	Broken     string      // why it is refused for issuing ("MD5 is broken"); empty where it is not
	Ordered    bool        // although it is broken, the holder of the key wants it: see Choice
	Problem    error       // why nothing can be verified by it: unknown, or its parameters are wrong
}

// Reasons that SignatureAlgorithm.Broken gives.
const (
	brokenMD2  = "MD2 is broken: preimages can be found"
	brokenMD4  = "MD4 is broken: collisions are found by hand"
	brokenMD5  = "MD5 is broken: collisions are found in seconds"
	brokenSHA1 = "SHA-1 is broken: collisions have been found"
)

// fixedAlgorithm is an algorithm that its identifier says everything of.
type fixedAlgorithm struct {
	id      oid.OID
	keyType string
	hash    crypto.Hash
}

var fixedAlgorithms = [...]fixedAlgorithm{
	{oid.ECDSAWithSHA256, "EC", crypto.SHA256},
	{oid.SHA256WithRSA, "RSA", crypto.SHA256},
	{oid.ECDSAWithSHA384, "EC", crypto.SHA384},
	{oid.ECDSAWithSHA512, "EC", crypto.SHA512},
	{oid.SHA384WithRSA, "RSA", crypto.SHA384},
	{oid.SHA512WithRSA, "RSA", crypto.SHA512},
	{oid.Ed25519, "Ed25519", 0},
	{oid.MLDSA44, "ML-DSA", 0},
	{oid.MLDSA65, "ML-DSA", 0},
	{oid.MLDSA87, "ML-DSA", 0},
	{oid.Ed448, "Ed448", 0},
	{oid.SHA1WithRSA, "RSA", crypto.SHA1},
	{oid.SHA1WithRSAOIW, "RSA", crypto.SHA1},
	{oid.MD5WithRSA, "RSA", crypto.MD5},
	{oid.SHA224WithRSA, "RSA", crypto.SHA224},
	{oid.SHA512_224WithRSA, "RSA", crypto.SHA512_224},
	{oid.SHA512_256WithRSA, "RSA", crypto.SHA512_256},
	{oid.SHA3_224WithRSA, "RSA", crypto.SHA3_224},
	{oid.SHA3_256WithRSA, "RSA", crypto.SHA3_256},
	{oid.SHA3_384WithRSA, "RSA", crypto.SHA3_384},
	{oid.SHA3_512WithRSA, "RSA", crypto.SHA3_512},
	{oid.ECDSAWithSHA1, "EC", crypto.SHA1},
	{oid.ECDSAWithSHA224, "EC", crypto.SHA224},
	{oid.ECDSAWithSHA3_224, "EC", crypto.SHA3_224},
	{oid.ECDSAWithSHA3_256, "EC", crypto.SHA3_256},
	{oid.ECDSAWithSHA3_384, "EC", crypto.SHA3_384},
	{oid.ECDSAWithSHA3_512, "EC", crypto.SHA3_512},
	{oid.DSAWithSHA1, "DSA", crypto.SHA1},
	{"\x2b\x0e\x03\x02\x1b", "DSA", crypto.SHA1}, // 1.3.14.3.2.27, the OIW's dsaWithSHA1
	{oid.DSAWithSHA224, "DSA", crypto.SHA224},
	{oid.DSAWithSHA256, "DSA", crypto.SHA256},
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x03", "DSA", crypto.SHA384},   // 2.16.840.1.101.3.4.3.3
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x04", "DSA", crypto.SHA512},   // 2.16.840.1.101.3.4.3.4
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x05", "DSA", crypto.SHA3_224}, // 2.16.840.1.101.3.4.3.5
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x06", "DSA", crypto.SHA3_256}, // 2.16.840.1.101.3.4.3.6
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x07", "DSA", crypto.SHA3_384}, // 2.16.840.1.101.3.4.3.7
	{"\x60\x86\x48\x01\x65\x03\x04\x03\x08", "DSA", crypto.SHA3_512}, // 2.16.840.1.101.3.4.3.8
}

// ParseSignatureAlgorithm takes an identifier apart; one that is unknown has
// an empty KeyType, and Problem says so.
func ParseSignatureAlgorithm(id AlgorithmIdentifier) SignatureAlgorithm {
	a := SignatureAlgorithm{Identifier: id, SaltLength: -1}
	if id.ID == oid.RSASSAPSS {
		return parsePSSAlgorithm(a)
	}
	for i := range fixedAlgorithms {
		if f := &fixedAlgorithms[i]; f.id == id.ID {
			a.KeyType, a.Hash = f.keyType, f.hash
			break
		}
	}
	a.Name = signatureName(id.ID)
	if id.ID == ecdsaWithSpecified {
		return a.specified()
	}
	switch {
	case a.KeyType == "":
		a.Broken, a.Problem = unsupported(id.ID, a.Name)
	case a.Hash == 0 && id.Parameters != nil:
		a.Problem = fmt.Errorf("the signature algorithm %s has parameters, which it must not", a.Name)
	case a.KeyType != "DSA" && !id.absentOrNull():
		a.Problem = fmt.Errorf("the signature algorithm %s has parameters that are not NULL", a.Name)
	}
	if a.Broken == "" {
		a.Broken = brokenHash(a.Hash)
	}
	return a
}

// ecdsaWithSpecified (1.2.840.10045.4.3) has its hash in the parameters; Windows
// writes it where it is told to use alternate signature formats.
const ecdsaWithSpecified oid.OID = "\x2a\x86\x48\xce\x3d\x04\x03"

func (a SignatureAlgorithm) specified() SignatureAlgorithm {
	h, err := parseHash(a.Identifier.Parameters)
	if err != nil {
		a.Problem = fmt.Errorf("the signature algorithm %s has parameters that cannot be used: %w", a.Name, err)
		return a
	}
	a.KeyType, a.Hash, a.Broken = "EC", h, brokenHash(h)
	return a
}

func brokenHash(h crypto.Hash) string {
	switch h {
	case crypto.MD5:
		return brokenMD5
	case crypto.SHA1:
		return brokenSHA1
	}
	return ""
}

// signatureName is the table's name, without a search for the two that nearly
// every signature has.
func signatureName(id oid.OID) string {
	switch id {
	case oid.ECDSAWithSHA256:
		return "ecdsa-with-SHA256"
	case oid.SHA256WithRSA:
		return "sha256WithRSAEncryption"
	case oid.MLDSA44:
		return "ML-DSA-44"
	case oid.MLDSA65:
		return "ML-DSA-65"
	case oid.MLDSA87:
		return "ML-DSA-87"
	}
	if kind, set := postQuantum(id); kind == "SLH-DSA" {
		return kind + "-" + set
	}
	return id.Name()
}

func unsupported(id oid.OID, name string) (broken string, problem error) {
	switch id {
	case oid.MD2WithRSA:
		broken = brokenMD2
	case oid.MD4WithRSA:
		broken = brokenMD4
	}
	return broken, fmt.Errorf("the signature algorithm %s is not one that can be verified here", name)
}

// ErrAlgorithm is wrapped by the errors that say that a signature algorithm
// is unknown, has wrong parameters, or does not go with a key.
var ErrAlgorithm = errors.New("the signature algorithm cannot be used")

type algorithmError struct{ text string }

func (e *algorithmError) Error() string        { return e.text }
func (e *algorithmError) Is(target error) bool { return target == ErrAlgorithm }

// Fits returns an error that says why keys like pub make no signatures of
// this algorithm, nil where they do.
func (a SignatureAlgorithm) Fits(pub *Public) error {
	if a.Problem != nil {
		return &algorithmError{a.Problem.Error()}
	}
	fits := a.KeyType == pub.Type && pub.CanSign()
	switch {
	case pub.Type == "RSA-PSS":
		fits = a.SaltLength >= 0
	case a.KeyType == "ML-DSA":
		fits = fits && a.Identifier.ID == pub.Algorithm.ID
	}
	if !fits {
		return &algorithmError{fmt.Sprintf("the signature algorithm %s does not go with the key, which is %v", a.Name, pub)}
	}
	if pub.Type == "RSA-PSS" && pub.Algorithm.Parameters != nil {
		return a.withinPSS(pub.Algorithm.Parameters)
	}
	return nil
}

// ChooseSignatureAlgorithm returns the algorithm that keys like pub sign with.
// hash is "" for the default of the key, or "sha224", "sha256", "sha384",
// "sha512", "sha512-256", "sha3-256" …; pss asks for RSASSA-PSS, which keys of
// Type RSA-PSS use unasked.
func ChooseSignatureAlgorithm(pub *Public, hash string, pss bool) (SignatureAlgorithm, error) {
	var none SignatureAlgorithm
	if pub.Key == nil || !pub.CanSign() {
		return none, fmt.Errorf("keys of the kind %v cannot sign here; use an RSA, ECDSA, Ed25519 or ML-DSA key", pub)
	}
	if pss && pub.Type != "RSA" && pub.Type != "RSA-PSS" {
		return none, fmt.Errorf("RSASSA-PSS was asked for, but the key is %v; leave PSS out or use an RSA key", pub)
	}
	switch pub.Type {
	case "Ed25519", "Ed448", "ML-DSA":
		if hash != "" {
			return none, fmt.Errorf("a hash (%s) was asked for, but %v keys hash by themselves; leave the hash out", hash, pub)
		}
		return ParseSignatureAlgorithm(withoutParameters(pub.Algorithm.ID)), nil
	}
	h, err := chooseHash(pub, hash)
	if err != nil {
		return none, err
	}
	if pss || pub.Type == "RSA-PSS" {
		return choosePSS(pub, h, hash == "")
	}
	for i := range fixedAlgorithms {
		f := &fixedAlgorithms[i]
		switch {
		case f.keyType != pub.Type || f.hash != h:
		case pub.Type == "RSA":
			return ParseSignatureAlgorithm(withParameters(f.id, derNull)), nil
		default:
			return ParseSignatureAlgorithm(withoutParameters(f.id)), nil
		}
	}
	return none, fmt.Errorf("no signature algorithm joins the hash %s with %s keys; use sha256, sha384 or sha512", hash, pub.Type)
}

func chooseHash(pub *Public, name string) (crypto.Hash, error) {
	if k, ok := pub.Key.(*ECPublicKey); ok {
		return 0, fmt.Errorf("keys on %s are verified but not signed with here; use P-256, P-384 or P-521", k.Curve.Name)
	}
	if name != "" {
		return hashByName(name)
	}
	switch k := pub.Key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= 7680 {
			return crypto.SHA384, nil
		}
	case *ecdsa.PublicKey:
		switch bits := k.Curve.Params().BitSize; {
		case bits > 384:
			return crypto.SHA512, nil
		case bits > 256:
			return crypto.SHA384, nil
		}
	}
	return crypto.SHA256, nil
}

// hashByName accepts the names of openssl's -sha256 … -sha3-512 and the
// standards' spelling, in any case.
func hashByName(name string) (crypto.Hash, error) {
	plain := strings.ToLower(strings.TrimPrefix(name, "-"))
	switch strings.NewReplacer("-", "", "_", "", "/", "").Replace(plain) {
	case "sha224":
		return crypto.SHA224, nil
	case "sha256":
		return crypto.SHA256, nil
	case "sha384":
		return crypto.SHA384, nil
	case "sha512":
		return crypto.SHA512, nil
	case "sha512224":
		return crypto.SHA512_224, nil
	case "sha512256":
		return crypto.SHA512_256, nil
	case "sha3224":
		return crypto.SHA3_224, nil
	case "sha3256":
		return crypto.SHA3_256, nil
	case "sha3384":
		return crypto.SHA3_384, nil
	case "sha3512":
		return crypto.SHA3_512, nil
	case "md2", "md4", "md5", "sha", "sha1":
		return 0, fmt.Errorf("the hash %s is broken and not signed with; use sha256", name)
	}
	return 0, fmt.Errorf("the hash %q is not known; use sha256, sha384, sha512, sha3-256, sha3-384 or sha3-512", name)
}
