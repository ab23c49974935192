package pbe

import (
	"fmt"
	"io"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Options say how to encrypt. The zero value is PBES2 with AES-256-CBC and
// PBKDF2 with HMAC-SHA-256 and 600,000 iterations.
type Options struct {
	// Scheme is "pbes2" (the default), or "pbe-sha1-3des" or "pbe-sha1-rc2-40"
	// of PKCS #12 for programs that know nothing newer. Anybody can break the
	// latter: it is for what is no secret.
	Scheme string
	// Cipher is one of Ciphers; "AES-256-CBC" where empty. PBES2 only.
	Cipher string
	// KDF is "pbkdf2" (the default) or "scrypt". PBES2 only.
	KDF string
	// PRF is "sha256" (the default), "sha1", "sha224", "sha384", "sha512",
	// "sha512-224", "sha512-256" or "sha3-…". PBKDF2 only.
	PRF string
	// Iterations of PBKDF2, 600,000 where 0; of the PKCS #12 scheme, 100,000.
	Iterations int
	// N, R, P are scrypt's cost; 16384, 8, 5 where all are 0. OpenSSL gives
	// scrypt 32 MiB and no more when it reads a key, which N = 16384 with
	// r = 8 keeps to; p = 5 makes up for it in time.
	N, R, P int
	// Salt is the number of octets of salt, 16 where 0.
	Salt int
}

// Default costs.
const (
	DefaultIterations       = 600_000
	defaultLegacyIterations = 100_000
)

// Ciphers returns the names of the ciphers that can be asked for.
func Ciphers() []string {
	var names []string
	for _, c := range named() {
		names = append(names, c.name)
	}
	return names
}

// algorithm writes the AlgorithmIdentifier.
func (o Options) algorithm(random io.Reader) ([]byte, error) {
	if o.Salt == 0 {
		o.Salt = 16
	}
	if o.Salt < 8 || o.Salt > 1024 {
		return nil, fmt.Errorf("a salt of %d octets was asked for; it has 8 to 1024", o.Salt)
	}
	salt, err := randomOctets(random, o.Salt)
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(o.Scheme) {
	case "", "pbes2":
		return o.pbes2(salt, random)
	case "pbe-sha1-3des":
		return o.legacy(salt, oid.PBEWithSHA1And3KeyTripleDESCBC)
	case "pbe-sha1-rc2-40":
		return o.legacy(salt, oid.PBEWithSHA1And40BitRC2CBC)
	}
	return nil, fmt.Errorf("encryption scheme %q is not known; the known ones are pbes2, pbe-sha1-3des and pbe-sha1-rc2-40", o.Scheme)
}

func (o Options) legacy(salt []byte, id oid.OID) ([]byte, error) {
	if o.Iterations == 0 {
		o.Iterations = defaultLegacyIterations
	}
	if err := o.checkIterations(); err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.OID(string(id))
	parameters := b.Begin(der.Sequence)
	b.Add(der.OctetString, salt)
	b.Int(int64(o.Iterations))
	b.End(parameters)
	b.End(all)
	return b.Bytes(), nil
}

func (o Options) pbes2(salt []byte, random io.Reader) ([]byte, error) {
	if o.Cipher == "" {
		o.Cipher = aes256.name
	}
	c, ok := cipherByName(o.Cipher)
	if !ok {
		return nil, fmt.Errorf("cipher %q is not known; the known ones are %s", o.Cipher, strings.Join(Ciphers(), ", "))
	}
	iv, err := randomOctets(random, c.block)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.OID(string(oid.PBES2))
	parameters := b.Begin(der.Sequence)
	switch strings.ToLower(o.KDF) {
	case "", "pbkdf2":
		err = o.pbkdf2(&b, salt)
	case "scrypt":
		err = o.scrypt(&b, salt)
	default:
		err = fmt.Errorf("key derivation function %q is not known; the known ones are pbkdf2 and scrypt", o.KDF)
	}
	if err != nil {
		return nil, err
	}
	encryption := b.Begin(der.Sequence)
	b.OID(string(c.id))
	b.Add(der.OctetString, iv)
	b.End(encryption)
	b.End(parameters)
	b.End(all)
	return b.Bytes(), nil
}

func (o Options) pbkdf2(b *der.Builder, salt []byte) error {
	if o.PRF == "" {
		o.PRF = "sha256"
	}
	if o.Iterations == 0 {
		o.Iterations = DefaultIterations
	}
	if err := o.checkIterations(); err != nil {
		return err
	}
	var names []string
	for _, f := range prfs() {
		names = append(names, f.name)
		if !strings.EqualFold(f.name, o.PRF) {
			continue
		}
		derivation := b.Begin(der.Sequence)
		b.OID(string(oid.PBKDF2))
		parameters := b.Begin(der.Sequence)
		b.Add(der.OctetString, salt)
		b.Int(int64(o.Iterations))
		// DER leaves the default out.
		if f.id != oid.HMACWithSHA1 {
			function := b.Begin(der.Sequence)
			b.OID(string(f.id))
			b.Null()
			b.End(function)
		}
		b.End(parameters)
		b.End(derivation)
		return nil
	}
	return fmt.Errorf("hash %q is not known to PBKDF2; the known ones are %s", o.PRF, strings.Join(names, ", "))
}

func (o Options) scrypt(b *der.Builder, salt []byte) error {
	if o.N == 0 && o.R == 0 && o.P == 0 {
		o.N, o.R, o.P = 16384, 8, 5
	}
	if err := checkScrypt(o.N, o.R, o.P); err != nil {
		return fmt.Errorf("scrypt with N=%d, r=%d, p=%d is not possible; N is a power of two, and N × r × 128 octets are at most 1 GiB", o.N, o.R, o.P)
	}
	derivation := b.Begin(der.Sequence)
	b.OID(string(oid.Scrypt))
	parameters := b.Begin(der.Sequence)
	b.Add(der.OctetString, salt)
	b.Int(int64(o.N))
	b.Int(int64(o.R))
	b.Int(int64(o.P))
	b.End(parameters)
	b.End(derivation)
	return nil
}

func (o Options) checkIterations() error {
	if o.Iterations < 1 || o.Iterations > MaxIterations {
		return fmt.Errorf("%d iterations were asked for; there are 1 to %d", o.Iterations, MaxIterations)
	}
	return nil
}
