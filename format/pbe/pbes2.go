package pbe

import (
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"

	"golang.org/x/crypto/scrypt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// kdf is a key derivation function with its parameters.
type kdf struct {
	Description
	size   int // octets of key it was told to make; 0 where it was not told
	derive func(password []byte, size int) ([]byte, error)
}

// parsePBES2 reads PBES2-params (RFC 8018, Appendix A.4).
func parsePBES2(parameters []byte) (*scheme, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	derivation, err := r.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("key derivation function: %w", err)
	}
	encryption, err := r.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("encryption scheme: %w", err)
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	k, err := parseKDF(derivation.Raw)
	if err != nil {
		return nil, err
	}
	c, iv, err := parseCipher(encryption.Raw, k.size)
	if err != nil {
		return nil, err
	}
	if k.size != 0 && k.size != c.key {
		return nil, fmt.Errorf("a key of %d octets is derived for %s, which wants %d; the file is damaged", k.size, c.name, c.key)
	}
	s := &scheme{Description: k.Description, cipher: c}
	s.Scheme, s.Cipher = "PBES2", c.name
	s.derive = func(password []byte) (key, _ []byte, err error) {
		key, err = k.derive(password, c.key)
		return key, iv, err
	}
	return s, nil
}

func parseKDF(raw []byte) (*kdf, error) {
	id, parameters, err := algorithmIdentifier(raw)
	if err != nil {
		return nil, fmt.Errorf("key derivation function: %w", err)
	}
	switch id {
	case oid.PBKDF2:
		return parsePBKDF2(parameters)
	case oid.Scrypt:
		return parseScrypt(parameters)
	}
	return nil, unsupported("a key derived by " + id.Name())
}

// parsePBKDF2 reads PBKDF2-params (RFC 8018, Appendix A.2).
func parsePBKDF2(parameters []byte) (*kdf, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("PBKDF2: %w", err)
	}
	r := e.Children()
	salt, err := r.Take(der.OctetString)
	if err != nil {
		return nil, fmt.Errorf("PBKDF2 salt: %w", err)
	}
	k := &kdf{}
	if k.Iterations, err = takeInt(&r); err != nil {
		return nil, fmt.Errorf("PBKDF2 iteration count: %w", err)
	}
	if err := checkIterations(k.Iterations); err != nil {
		return nil, err
	}
	if r.Peek() == der.Integer {
		if k.size, err = takeInt(&r); err != nil || k.size < 1 || k.size > 128 {
			return nil, fmt.Errorf("PBKDF2 makes a key of an impossible length; the file is damaged")
		}
	}
	prf := oid.HMACWithSHA1
	if !r.Empty() {
		p, err := r.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("PBKDF2 pseudorandom function: %w", err)
		}
		if prf, _, err = algorithmIdentifier(p.Raw); err != nil {
			return nil, fmt.Errorf("PBKDF2 pseudorandom function: %w", err)
		}
	}
	f, ok := prfByID(prf)
	if !ok {
		return nil, unsupported("a key derived by PBKDF2 with " + prf.Name())
	}
	k.KDF, k.PRF, k.Salt = "PBKDF2", f.title, len(salt.Content)
	k.derive = func(password []byte, size int) ([]byte, error) {
		return pbkdf2.Key(f.hash, string(password), salt.Content, k.Iterations, size)
	}
	return k, r.End()
}

// parseScrypt reads scrypt-params (RFC 7914, Section 7.1).
func parseScrypt(parameters []byte) (*kdf, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("scrypt: %w", err)
	}
	r := e.Children()
	salt, err := r.Take(der.OctetString)
	if err != nil {
		return nil, fmt.Errorf("scrypt salt: %w", err)
	}
	k := &kdf{Description: Description{KDF: "scrypt", Salt: len(salt.Content)}}
	for _, n := range []*int{&k.N, &k.R, &k.P} {
		if *n, err = takeInt(&r); err != nil {
			return nil, fmt.Errorf("scrypt cost: %w", err)
		}
	}
	if r.Peek() == der.Integer {
		if k.size, err = takeInt(&r); err != nil || k.size < 1 || k.size > 128 {
			return nil, fmt.Errorf("scrypt makes a key of an impossible length; the file is damaged")
		}
	}
	if err := checkScrypt(k.N, k.R, k.P); err != nil {
		return nil, err
	}
	k.derive = func(password []byte, size int) ([]byte, error) {
		return scrypt.Key(password, salt.Content, k.N, k.R, k.P, size)
	}
	return k, r.End()
}

func checkScrypt(n, r, p int) error {
	if n < 2 || n&(n-1) != 0 || r < 1 || p < 1 {
		return fmt.Errorf("scrypt has N=%d, r=%d, p=%d, which it cannot have; the file is damaged", n, r, p)
	}
	const most = MaxScryptMemory / 128
	if n > most || r > most/n || p > maxScryptWork/(n*r) {
		return fmt.Errorf("the file asks for scrypt with N=%d, r=%d, p=%d, and at most 1 GiB of memory is given to it; have its maker write it again with a smaller N", n, r, p)
	}
	return nil
}

// parseCipher reads the encryption scheme of PBES2; size is the length of key
// that was agreed with the derivation function, 0 where none was.
func parseCipher(raw []byte, size int) (symmetric, []byte, error) {
	id, parameters, err := algorithmIdentifier(raw)
	if err != nil {
		return symmetric{}, nil, fmt.Errorf("encryption scheme: %w", err)
	}
	if id == oid.RC2CBC {
		return parseRC2(parameters, size)
	}
	c, ok := readable(id.Name())
	if !ok {
		return symmetric{}, nil, unsupported(id.Name())
	}
	iv, err := der.ParseTag(parameters, der.OctetString)
	if err != nil {
		return symmetric{}, nil, fmt.Errorf("IV of %s: %w", c.name, err)
	}
	if len(iv.Content) != c.block {
		return symmetric{}, nil, fmt.Errorf("the IV of %s is %d octets long, not %d; the file is damaged", c.name, len(iv.Content), c.block)
	}
	return c, iv.Content, nil
}

// parseRC2 reads RC2-CBC-Parameter (RFC 8018, Appendix B.2.3).
func parseRC2(parameters []byte, size int) (symmetric, []byte, error) {
	bits := 32
	iv, err := der.ParseTag(parameters, der.OctetString)
	if err != nil {
		e, err := der.ParseTag(parameters, der.Sequence)
		if err != nil {
			return symmetric{}, nil, fmt.Errorf("parameters of RC2: %w", err)
		}
		r := e.Children()
		if r.Peek() == der.Integer {
			version, err := takeInt(&r)
			if err != nil {
				return symmetric{}, nil, fmt.Errorf("version of RC2: %w", err)
			}
			if bits = rc2Bits(version); bits == 0 {
				return symmetric{}, nil, unsupported(fmt.Sprintf("RC2 of version %d", version))
			}
		}
		if iv, err = r.Take(der.OctetString); err != nil {
			return symmetric{}, nil, fmt.Errorf("IV of RC2: %w", err)
		}
	}
	if len(iv.Content) != 8 {
		return symmetric{}, nil, fmt.Errorf("the IV of RC2 is %d octets long, not 8; the file is damaged", len(iv.Content))
	}
	if size == 0 {
		size = bits / 8
	}
	return rc2Cipher(size, bits), iv.Content, nil
}

// rc2Bits returns the effective bits that a version stands for, 0 for those
// that nobody writes.
func rc2Bits(version int) int {
	switch {
	case version == 160:
		return 40
	case version == 120:
		return 64
	case version == 58:
		return 128
	case version >= 256 && version <= 1024:
		return version
	}
	return 0
}

func takeInt(r *der.Reader) (int, error) {
	e, err := r.Take(der.Integer)
	if err != nil {
		return 0, err
	}
	return e.Int()
}

// prf is a pseudorandom function that PBKDF2 is told to use.
type prf struct {
	id    oid.OID
	name  string // as EncryptOptions spell it
	title string
	hash  func() hash.Hash
}

func prfs() []prf {
	return []prf{
		{oid.HMACWithSHA256, "sha256", "HMAC-SHA-256", sha256.New},
		{oid.HMACWithSHA1, "sha1", "HMAC-SHA-1", sha1.New},
		{oid.HMACWithSHA224, "sha224", "HMAC-SHA-224", sha256.New224},
		{oid.HMACWithSHA384, "sha384", "HMAC-SHA-384", sha512.New384},
		{oid.HMACWithSHA512, "sha512", "HMAC-SHA-512", sha512.New},
		{oid.HMACWithSHA512_224, "sha512-224", "HMAC-SHA-512/224", sha512.New512_224},
		{oid.HMACWithSHA512_256, "sha512-256", "HMAC-SHA-512/256", sha512.New512_256},
		{hmacWithSHA3_224, "sha3-224", "HMAC-SHA3-224", func() hash.Hash { return sha3.New224() }},
		{hmacWithSHA3_256, "sha3-256", "HMAC-SHA3-256", func() hash.Hash { return sha3.New256() }},
		{hmacWithSHA3_384, "sha3-384", "HMAC-SHA3-384", func() hash.Hash { return sha3.New384() }},
		{hmacWithSHA3_512, "sha3-512", "HMAC-SHA3-512", func() hash.Hash { return sha3.New512() }},
		{hmacWithMD5, "md5", "HMAC-MD5", md5.New},
	}
}

const (
	hmacWithMD5      oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x06"     // 1.2.840.113549.2.6
	hmacWithSHA3_224 oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0d" // 2.16.840.1.101.3.4.2.13
	hmacWithSHA3_256 oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0e" // 2.16.840.1.101.3.4.2.14
	hmacWithSHA3_384 oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0f" // 2.16.840.1.101.3.4.2.15
	hmacWithSHA3_512 oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x10" // 2.16.840.1.101.3.4.2.16
)

func prfByID(id oid.OID) (prf, bool) {
	for _, p := range prfs() {
		if p.id == id {
			return p, true
		}
	}
	return prf{}, false
}

// DeriveKey derives size octets from a password by the AlgorithmIdentifier, in
// DER, of PBKDF2 or scrypt, as PBMAC1 (RFC 8018, Section 7.1) wants it.
func DeriveKey(algorithm, password []byte, size int) ([]byte, Description, error) {
	k, err := parseKDF(algorithm)
	if err != nil {
		return nil, Description{}, err
	}
	out, err := k.derive(password, size)
	return out, k.Description, err
}

// DescribeKDF reads an AlgorithmIdentifier that DeriveKey could be given, and
// returns the number of octets it says to derive, 0 where it does not say.
func DescribeKDF(algorithm []byte) (d Description, size int, err error) {
	k, err := parseKDF(algorithm)
	if err != nil {
		return Description{}, 0, err
	}
	return k.Description, k.size, nil
}
