// Package pbe encrypts and decrypts with a password in every way that private
// keys and PKCS #12 files are found encrypted: PBES1 and PBES2 (RFC 8018),
// the schemes of PKCS #12 (RFC 7292), and the DEK-Info of old PEM files.
package pbe

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ErrPassphrase is returned where decrypting gives nonsense. A wrong
// passphrase and damaged data look the same, so the two are not told apart.
var ErrPassphrase = errors.New("the passphrase is wrong, or the data are damaged")

// What a file may ask of the machine that reads it.
const (
	MaxIterations   = 10_000_000
	MaxScryptMemory = 1 << 30 // octets
	maxScryptWork   = 1 << 26 // N × r × p
)

// Description says how data are encrypted, without decrypting them.
type Description struct {
	Scheme     string // "PBES2", "PBES1", "PKCS #12", "DEK-Info"
	KDF        string // "PBKDF2", "scrypt", "PBKDF1", "PKCS12KDF", "MD5"
	PRF        string // "HMAC-SHA-256" for PBKDF2; the hash elsewhere; empty for scrypt
	Cipher     string // "AES-256-CBC", "DES-EDE3-CBC" …
	Iterations int    // 0 for scrypt
	N, R, P    int    // scrypt's cost, block size and parallelization
	Salt       int    // octets
}

// String returns the description in one line: "PBES2, PBKDF2 with
// HMAC-SHA-256 and 600000 iterations, AES-256-CBC".
func (d Description) String() string {
	switch {
	case d.KDF == "scrypt":
		return fmt.Sprintf("%s, scrypt with N=%d, r=%d, p=%d, %s", d.Scheme, d.N, d.R, d.P, d.Cipher)
	case d.Scheme == "DEK-Info":
		return d.Scheme + ", one round of MD5, " + d.Cipher
	}
	times := fmt.Sprintf("%d iterations", d.Iterations)
	if d.Iterations == 1 {
		times = "1 iteration"
	}
	return fmt.Sprintf("%s, %s with %s and %s, %s", d.Scheme, d.KDF, d.PRF, times, d.Cipher)
}

// scheme is an encryption algorithm identifier, read and ready.
type scheme struct {
	Description
	cipher symmetric
	utf16  bool // the password is hashed as PKCS #12 encodes it
	derive func(password []byte) (key, iv []byte, err error)
}

// Decrypt decrypts data by the AlgorithmIdentifier that came with them, in
// DER. The password is octets, UTF-8 where it is text.
func Decrypt(algorithm, data, password []byte) ([]byte, error) {
	s, err := parse(algorithm)
	if err != nil {
		return nil, err
	}
	if !s.utf16 {
		return s.decrypt(data, password)
	}
	for _, encoded := range UTF16Passwords(password) {
		var out []byte
		if out, err = s.decrypt(data, encoded); !errors.Is(err, ErrPassphrase) {
			return out, err
		}
	}
	return nil, err
}

func (s *scheme) decrypt(data, password []byte) ([]byte, error) {
	key, iv, err := s.derive(password)
	if err != nil {
		return nil, err
	}
	return s.cipher.decrypt(key, iv, data)
}

// Describe reads an AlgorithmIdentifier that Decrypt could be given.
func Describe(algorithm []byte) (Description, error) {
	s, err := parse(algorithm)
	if err != nil {
		return Description{}, err
	}
	return s.Description, nil
}

// Encrypt encrypts data as o asks, and returns the AlgorithmIdentifier to be
// kept with them. Salt and IV are read from random.
func Encrypt(o Options, data, password []byte, random io.Reader) (algorithm, encrypted []byte, err error) {
	algorithm, err = o.algorithm(random)
	if err != nil {
		return nil, nil, err
	}
	s, err := parse(algorithm)
	if err != nil {
		return nil, nil, err
	}
	if s.utf16 {
		password = UTF16Password(password)
	}
	key, iv, err := s.derive(password)
	if err != nil {
		return nil, nil, err
	}
	encrypted, err = s.cipher.encrypt(key, iv, data)
	return algorithm, encrypted, err
}

func parse(algorithm []byte) (*scheme, error) {
	id, parameters, err := algorithmIdentifier(algorithm)
	if err != nil {
		return nil, fmt.Errorf("reading the encryption algorithm: %w", err)
	}
	var s *scheme
	switch {
	case id == oid.PBES2:
		s, err = parsePBES2(parameters)
	default:
		s, err = parsePBES1(id, parameters)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the parameters of %s: %w", id.Name(), err)
	}
	return s, nil
}

// algorithmIdentifier takes one apart; parameters are nil where absent.
func algorithmIdentifier(raw []byte) (id oid.OID, parameters []byte, err error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return "", nil, err
	}
	r := e.Children()
	o, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return "", nil, err
	}
	if id, err = oid.ParseContent(o.Content); err != nil {
		return "", nil, err
	}
	if r.Empty() {
		return id, nil, nil
	}
	p, err := r.Next()
	if err != nil {
		return "", nil, err
	}
	return id, p.Raw, r.End()
}

func checkIterations(n int) error {
	if n < 1 || n > MaxIterations {
		return fmt.Errorf("the file asks for %d iterations of key derivation, and at most %d are accepted; have its maker write it again with fewer", n, MaxIterations)
	}
	return nil
}

func unsupported(what string) error {
	openssl := "openssl pkey"
	for _, gone := range []string{"SEED", "IDEA", "RC5", "PBEWITHMD2"} {
		if strings.HasPrefix(strings.ToUpper(what), gone) { // OpenSSL 3 has them apart
			openssl += " -provider legacy -provider default"
		}
	}
	return fmt.Errorf("it is encrypted with %s, which cannot be read here; convert it first, a key by: %s -in FILE -aes256 -out NEW", what, openssl)
}
