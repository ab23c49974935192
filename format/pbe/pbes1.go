package pbe

import (
	"crypto"
	"fmt"

	// The hashes that the older schemes name.
	_ "crypto/md5"
	_ "crypto/sha1"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// parsePBES1 reads PBES1 (RFC 8018, Section 6.1) and the schemes of PKCS #12
// (RFC 7292, Appendix C), which have the same parameters.
func parsePBES1(id oid.OID, parameters []byte) (*scheme, error) {
	s := &scheme{}
	hash := crypto.SHA1
	switch id {
	case oid.PBEWithMD5AndDESCBC:
		hash, s.cipher = crypto.MD5, des1
	case oid.PBEWithMD5AndRC2CBC:
		hash, s.cipher = crypto.MD5, rc2Cipher(8, 64)
	case oid.PBEWithSHA1AndDESCBC:
		s.cipher = des1
	case oid.PBEWithSHA1AndRC2CBC:
		s.cipher = rc2Cipher(8, 64)
	case oid.PBEWithSHA1And128BitRC4:
		s.utf16, s.cipher = true, rc4of128
	case oid.PBEWithSHA1And40BitRC4:
		s.utf16, s.cipher = true, rc4of40
	case oid.PBEWithSHA1And3KeyTripleDESCBC:
		s.utf16, s.cipher = true, des3
	case oid.PBEWithSHA1And2KeyTripleDESCBC:
		s.utf16, s.cipher = true, des2
	case oid.PBEWithSHA1And128BitRC2CBC:
		s.utf16, s.cipher = true, rc2Cipher(16, 128)
	case oid.PBEWithSHA1And40BitRC2CBC:
		s.utf16, s.cipher = true, rc2Cipher(5, 40)
	default:
		return nil, unsupported(id.Name())
	}
	salt, iterations, err := saltAndIterations(parameters)
	if err != nil {
		return nil, err
	}
	s.Description = Description{Scheme: "PBES1", KDF: "PBKDF1", PRF: hashName(hash), Cipher: s.cipher.name, Iterations: iterations, Salt: len(salt)}
	s.derive = func(password []byte) (key, iv []byte, err error) {
		k := pbkdf1(hash, password, salt, iterations)
		return k[:8], k[8:16], nil
	}
	if s.utf16 {
		s.Scheme, s.KDF = "PKCS #12", "PKCS12KDF"
		s.derive = func(password []byte) (key, iv []byte, err error) {
			key = PKCS12KDF(hash, ForKey, password, salt, iterations, s.cipher.key)
			return key, PKCS12KDF(hash, ForIV, password, salt, iterations, s.cipher.block), nil
		}
	}
	return s, nil
}

func saltAndIterations(parameters []byte) (salt []byte, iterations int, err error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, 0, err
	}
	r := e.Children()
	s, err := r.Take(der.OctetString)
	if err != nil {
		return nil, 0, fmt.Errorf("salt: %w", err)
	}
	n, err := r.Take(der.Integer)
	if err != nil {
		return nil, 0, fmt.Errorf("iteration count: %w", err)
	}
	if iterations, err = n.Int(); err != nil {
		return nil, 0, fmt.Errorf("iteration count: %w", err)
	}
	if err := checkIterations(iterations); err != nil {
		return nil, 0, err
	}
	return s.Content, iterations, r.End()
}

func hashName(h crypto.Hash) string {
	if h == crypto.MD5 {
		return "MD5"
	}
	return "SHA-1"
}

// pbkdf1 is RFC 8018, Section 5.1.
func pbkdf1(hash crypto.Hash, password, salt []byte, iterations int) []byte {
	h := hash.New()
	h.Write(password)
	h.Write(salt)
	out := h.Sum(nil)
	for range iterations - 1 {
		h.Reset()
		h.Write(out)
		out = h.Sum(out[:0])
	}
	return out
}
