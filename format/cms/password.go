package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

const pwriKEK oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x09" // 1.2.840.113549.1.9.16.3.9

// MaxIterations bounds the iterations of PBKDF2 that one message may ask for,
// all its recipients together; the highest number takes about half a second.
const MaxIterations = 2_000_000

// defaultIterations is what is written.
const defaultIterations = pbe.DefaultIterations

// password encrypts the content's key by a passphrase: PBKDF2 with
// HMAC-SHA-256, and PWRI-KEK with AES in CBC mode (RFC 5652, Section 6.2.4;
// RFC 3211).
func (f For) password(cek []byte, random io.Reader) ([]byte, error) {
	iterations := f.Iterations
	if iterations == 0 {
		iterations = defaultIterations
	}
	if iterations < 0 || iterations > MaxIterations {
		return nil, fmt.Errorf("%d iterations are asked for; at most %d can be read again", iterations, MaxIterations)
	}
	fresh := make([]byte, 16+aes.BlockSize)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	salt, iv := fresh[:16], fresh[16:]
	kdf := pbkdf2(salt, iterations)
	size := keySizeAtLeast(len(cek))
	if f.KeyWrap {
		kdf = pbkdf2Sized(salt, iterations, size)
	}
	kek, _, err := pbe.DeriveKey(kdf, f.Password, size)
	if err != nil {
		return nil, fmt.Errorf("deriving a key from the passphrase: %w", err)
	}
	algorithm, wrapped, err := f.wrapPassword(kek, iv, cek, random)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	outer := b.Begin(der.ContextConstructed(3))
	b.Int(0)
	b.Raw([]byte{byte(der.ContextConstructed(0))}, kdf[1:])
	b.Raw(algorithm)
	b.Add(der.OctetString, wrapped)
	b.End(outer)
	return b.Bytes(), nil
}

// wrapPassword wraps the content's key, and returns the algorithm with it.
func (f For) wrapPassword(kek, iv, cek []byte, random io.Reader) (algorithm, wrapped []byte, err error) {
	var b der.Builder
	if f.KeyWrap {
		appendAlgorithm(&b, wrapID(len(kek)), false)
		wrapped, err = wrapAES(kek, cek)
		return b.Bytes(), wrapped, err
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, nil, err
	}
	outer := b.Begin(der.Sequence)
	b.OID(string(pwriKEK))
	inner := b.Begin(der.Sequence)
	b.OID(string(cbcID(len(kek))))
	b.Add(der.OctetString, iv)
	b.End(inner)
	b.End(outer)
	wrapped, err = wrapPassword(block, iv, cek, random)
	return b.Bytes(), wrapped, err
}

// keySizeAtLeast returns the size of the AES key that protects a key of so
// many octets.
func keySizeAtLeast(octets int) int {
	switch {
	case octets <= 16:
		return 16
	case octets <= 24:
		return 24
	}
	return 32
}

func cbcID(size int) oid.OID {
	switch size {
	case 16:
		return oid.AES128CBC
	case 24:
		return oid.AES192CBC
	}
	return oid.AES256CBC
}

// pbkdf2 writes the AlgorithmIdentifier of PBKDF2 (RFC 8018, Appendix A.2).
func pbkdf2(salt []byte, iterations int) []byte { return pbkdf2Sized(salt, iterations, 0) }

// pbkdf2Sized is pbkdf2 with the octets of the key that is derived; 0 leaves
// them out.
func pbkdf2Sized(salt []byte, iterations, size int) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(oid.PBKDF2))
	parameters := b.Begin(der.Sequence)
	b.Add(der.OctetString, salt)
	b.Int(int64(iterations))
	if size > 0 {
		b.Int(int64(size))
	}
	appendAlgorithm(&b, oid.HMACWithSHA256, true)
	b.End(parameters)
	b.End(outer)
	return b.Bytes()
}

// passwordCost returns the iterations that a recipient asks for, or why it
// cannot be opened.
func passwordCost(r *Recipient) (int, error) {
	if r.KeyDerivation == nil {
		return 0, &clearError{fmt.Errorf("the message does not say how a key is derived from the passphrase")}
	}
	d, _, err := pbe.DescribeKDF(r.KeyDerivation.Raw)
	switch {
	case err != nil:
		return 0, &clearError{fmt.Errorf("key derivation function: %w", err)}
	case d.KDF != "PBKDF2":
		return 0, &clearError{fmt.Errorf("the key derivation function %s is not known here; PBKDF2 is", d.KDF)}
	case d.Iterations > MaxIterations:
		return 0, &clearError{fmt.Errorf("the message asks for %d iterations; at most %d are done", d.Iterations, MaxIterations)}
	}
	return d.Iterations, nil
}

// openPassword derives a key from the passphrase and unwraps the content's
// key.
func openPassword(r *Recipient, passphrase []byte) ([]byte, error) {
	if size, err := wrapKeySize(r.KeyEncryption.ID); err == nil {
		kek, _, err := pbe.DeriveKey(r.KeyDerivation.Raw, passphrase, size)
		if err != nil {
			return nil, &clearError{fmt.Errorf("deriving a key from the passphrase: %w", err)}
		}
		return unwrap(r.KeyEncryption.ID, kek, r.EncryptedKeys[0])
	}
	if r.KeyEncryption.ID != pwriKEK {
		return nil, &clearError{fmt.Errorf("the key encryption algorithm %s is not known; PWRI-KEK and AES key wrap are", r.KeyEncryption.ID.Name())}
	}
	inner, err := key.ParseAlgorithmIdentifier(r.KeyEncryption.Parameters)
	if err != nil {
		return nil, &clearError{fmt.Errorf("parameters of PWRI-KEK: %w", err)}
	}
	c, err := cipherByID(inner.ID)
	if err == nil && c.gcm {
		err = fmt.Errorf("the cipher %s does not go with it", inner.ID.Name())
	}
	if err != nil {
		return nil, &clearError{fmt.Errorf("parameters of PWRI-KEK: %w", err)}
	}
	var iv opening
	iv.contentCipher = c
	if err := iv.parameters(inner); err != nil {
		return nil, &clearError{fmt.Errorf("parameters of PWRI-KEK: %w", err)}
	}
	kek, _, err := pbe.DeriveKey(r.KeyDerivation.Raw, passphrase, c.key)
	if err != nil {
		return nil, &clearError{fmt.Errorf("deriving a key from the passphrase: %w", err)}
	}
	var block cipher.Block
	if block, err = c.open(kek); err != nil {
		return nil, errUnwrap
	}
	return unwrapPassword(block, iv.iv, r.EncryptedKeys[0])
}
