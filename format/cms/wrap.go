package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/certwright/certwright/format/oid"
)

// errUnwrap never leaves the package: Decrypt returns ErrDecrypt for it.
var errUnwrap = errors.New("the wrapped key has a wrong check value")

// Identifiers of the AES Key Wrap (RFC 3394, RFC 3565).
const (
	aes128Wrap oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x05" // 2.16.840.1.101.3.4.1.5
	aes192Wrap oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x19" // 2.16.840.1.101.3.4.1.25
	aes256Wrap oid.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2d" // 2.16.840.1.101.3.4.1.45
)

// tripleDESWrap is the wrapping of RFC 3217, which is read and not written.
const tripleDESWrap oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x06" // 1.2.840.113549.1.9.16.3.6

// wrapKeySize returns the octets of the key that a wrapping algorithm takes.
func wrapKeySize(id oid.OID) (int, error) {
	switch id {
	case aes128Wrap:
		return 16, nil
	case aes192Wrap, tripleDESWrap:
		return 24, nil
	case aes256Wrap:
		return 32, nil
	}
	return 0, fmt.Errorf("the key wrapping algorithm %s is not known; AES key wrap is", id.Name())
}

// wrapID is the AES Key Wrap for a key of so many octets.
func wrapID(size int) oid.OID {
	switch {
	case size <= 16:
		return aes128Wrap
	case size <= 24:
		return aes192Wrap
	}
	return aes256Wrap
}

// unwrap undoes the wrapping of the algorithm id.
func unwrap(id oid.OID, kek, wrapped []byte) ([]byte, error) {
	if id == tripleDESWrap {
		return unwrapTripleDES(kek, wrapped)
	}
	return unwrapAES(kek, wrapped)
}

// unwrapTripleDES unwraps a triple DES key (RFC 3217, Section 3.2).
func unwrapTripleDES(kek, wrapped []byte) ([]byte, error) {
	if len(wrapped) != 40 {
		return nil, errUnwrap
	}
	block, err := des.NewTripleDESCipher(kek)
	if err != nil {
		return nil, err
	}
	out := append([]byte{}, wrapped...)
	cipher.NewCBCDecrypter(block, []byte{0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05}).CryptBlocks(out, out)
	slices.Reverse(out)
	iv, inner := out[:8], out[8:]
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(inner, inner)
	sum := sha1.Sum(inner[:24])
	if subtle.ConstantTimeCompare(sum[:8], inner[24:]) != 1 {
		return nil, errUnwrap
	}
	return inner[:24], nil
}

// wrapIV is the check value of RFC 3394, Section 2.2.3.1.
const wrapIV = 0xa6a6a6a6a6a6a6a6

// wrapAES wraps a key whose octets are a multiple of eight, 16 at least
// (RFC 3394, Section 2.2.1).
func wrapAES(kek, content []byte) ([]byte, error) {
	if len(content) < 16 || len(content)%8 != 0 {
		return nil, fmt.Errorf("a key of %d octets cannot be wrapped", len(content))
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 8+len(content))
	copy(out[8:], content)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], wrapIV)
	t := uint64(0)
	for range 6 {
		for at := 8; at < len(out); at += 8 {
			copy(b[8:], out[at:])
			block.Encrypt(b[:], b[:])
			t++
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^t)
			copy(out[at:], b[8:])
		}
	}
	copy(out, b[:8])
	return out, nil
}

// unwrapAES undoes wrapAES (RFC 3394, Section 2.2.2).
func unwrapAES(kek, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 24 || len(wrapped) > maxWrapped || len(wrapped)%8 != 0 {
		return nil, errUnwrap
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	out := append([]byte{}, wrapped[8:]...)
	var b [16]byte
	copy(b[:8], wrapped)
	t := uint64(len(out) / 8 * 6)
	for range 6 {
		for at := len(out) - 8; at >= 0; at -= 8 {
			binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^t)
			copy(b[8:], out[at:])
			block.Decrypt(b[:], b[:])
			t--
			copy(out[at:], b[8:])
		}
	}
	var iv [8]byte
	binary.BigEndian.PutUint64(iv[:], wrapIV)
	if subtle.ConstantTimeCompare(iv[:], b[:8]) != 1 {
		return nil, errUnwrap
	}
	return out, nil
}

// maxWrapped bounds the octets of a wrapped key.
const maxWrapped = 1024

// wrapPassword wraps a key as PWRI-KEK does: count, check octets, key and
// random padding, encrypted twice in a row (RFC 3211, Section 2.3.1).
func wrapPassword(block cipher.Block, iv, content []byte, random io.Reader) ([]byte, error) {
	if len(content) < 3 || len(content) > 255 {
		return nil, fmt.Errorf("a key of %d octets cannot be wrapped", len(content))
	}
	size := block.BlockSize()
	total := max((4+len(content)+size-1)/size*size, 2*size)
	out := make([]byte, total)
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	out[0] = byte(len(content))
	for i := range 3 {
		out[1+i] = ^content[i]
	}
	copy(out[4:], content)
	twice := cipher.NewCBCEncrypter(block, iv)
	twice.CryptBlocks(out, out)
	twice.CryptBlocks(out, out)
	return out, nil
}

// unwrapPassword undoes wrapPassword (RFC 3211, Section 2.3.2).
func unwrapPassword(block cipher.Block, iv, wrapped []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(wrapped) < 2*size || len(wrapped) > maxWrapped || len(wrapped)%size != 0 {
		return nil, errUnwrap
	}
	out := append([]byte{}, wrapped...)
	// The last block of the inner encryption is the IV of the outer one.
	last := len(out) - size
	cipher.NewCBCDecrypter(block, wrapped[last-size:last]).CryptBlocks(out[last:], wrapped[last:])
	cipher.NewCBCDecrypter(block, out[last:]).CryptBlocks(out[:last], wrapped[:last])
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, out)
	count := int(out[0])
	if count < 3 || count > len(out)-4 {
		return nil, errUnwrap
	}
	check := []byte{^out[4], ^out[5], ^out[6]}
	if subtle.ConstantTimeCompare(check, out[1:4]) != 1 {
		return nil, errUnwrap
	}
	return out[4 : 4+count], nil
}
