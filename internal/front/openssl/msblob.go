package openssl

import (
	"bytes"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
)

// The headers of Microsoft's key BLOBs ([MS-MQQB], Section 2.2.1) and of PVK
// files.
const (
	blobHeader  = 8 // type, version, reserved, algorithm
	blobNumbers = 8 // behind the magic: bits, public exponent
	blobPublic  = "\x06\x02\x00\x00\x00\xa4\x00\x00RSA1"
	blobPrivate = "\x07\x02\x00\x00\x00\xa4\x00\x00RSA2"
	pvkMagic    = "\x1e\xf1\xb5\xb0"
	pvkHeader   = 24
	pvkSalt     = 16
)

var errBlob = errors.New("the BLOB is not whole, or not one of an RSA key")

func little(n *big.Int, size int) []byte {
	octets := n.FillBytes(make([]byte, size))
	slices.Reverse(octets)
	return octets
}

// blobOf writes a key as a BLOB: the private one, or the public one where
// private is nil.
func blobOf(private *key.Private, public *key.Public) ([]byte, error) {
	n, ok := public.Key.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("keys of this kind have no BLOB here")
	}
	magic := blobPublic
	if private != nil {
		magic = blobPrivate
	}
	bits := n.N.BitLen()
	out := []byte(magic)
	out = binary.LittleEndian.AppendUint32(out, uint32(bits))
	out = binary.LittleEndian.AppendUint32(out, uint32(n.E))
	whole, half := (bits+7)/8, (bits+15)/16
	out = append(out, little(n.N, whole)...)
	if private == nil {
		return out, nil
	}
	k, ok := private.Key.(*rsa.PrivateKey)
	if !ok || len(k.Primes) != 2 {
		return nil, errors.New("a BLOB holds RSA keys of two primes")
	}
	k.Precompute()
	for _, one := range []*big.Int{k.Primes[0], k.Primes[1], k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv} {
		if one.BitLen() > half*8 {
			return nil, errors.New("a BLOB holds primes of half the length of the modulus")
		}
		out = append(out, little(one, half)...)
	}
	return append(out, little(k.D, whole)...), nil
}

// readBlob reads a BLOB as the DER of PKCS #1.
func readBlob(data []byte) (pkcs1 []byte, private bool, err error) {
	private = bytes.HasPrefix(data, []byte(blobPrivate[:4]))
	if len(data) < blobHeader+4+blobNumbers || !private && !bytes.HasPrefix(data, []byte(blobPublic[:4])) {
		return nil, private, errBlob
	}
	if magic := string(data[blobHeader : blobHeader+4]); magic != "RSA1" && magic != "RSA2" || private != (magic == "RSA2") {
		return nil, private, errBlob
	}
	bits := binary.LittleEndian.Uint32(data[12:])
	e := binary.LittleEndian.Uint32(data[16:])
	if bits > largestBits {
		return nil, private, errBlob
	}
	rest := data[20:]
	number := func(size int) *big.Int {
		if len(rest) < size {
			err = errBlob
			return new(big.Int)
		}
		octets := slices.Clone(rest[:size])
		rest = rest[size:]
		slices.Reverse(octets)
		return new(big.Int).SetBytes(octets)
	}
	whole, half := int(bits+7)/8, int(bits+15)/16
	var b der.Builder
	all := b.Begin(der.Sequence)
	if private {
		b.Int(0)
	}
	b.BigInt(number(whole))
	b.Int(int64(e))
	if private {
		var five [5]*big.Int
		for i := range five {
			five[i] = number(half)
		}
		b.BigInt(number(whole))
		for _, one := range five {
			b.BigInt(one)
		}
	}
	b.End(all)
	return b.Bytes(), private, err
}

// isMicrosoft reports whether data begin as a BLOB or as a PVK file does.
func isMicrosoft(data []byte) bool {
	return bytes.HasPrefix(data, []byte(blobPrivate[:4])) || bytes.HasPrefix(data, []byte(blobPublic[:4])) || bytes.HasPrefix(data, []byte(pvkMagic))
}

// fromMicrosoft turns a BLOB or a PVK file into PEM; other data stay as they
// are.
func fromMicrosoft(data []byte, ask func() ([]byte, error)) ([]byte, error) {
	if bytes.HasPrefix(data, []byte(pvkMagic)) {
		blob, err := openPVK(data, ask)
		if err != nil {
			return nil, err
		}
		data = blob
	}
	pkcs1, private, err := readBlob(data)
	if err != nil {
		return nil, err
	}
	if private {
		return pem.Encode("RSA PRIVATE KEY", pkcs1), nil
	}
	return pem.Encode("RSA PUBLIC KEY", pkcs1), nil
}

// openPVK takes the BLOB out of a PVK file.
func openPVK(data []byte, ask func() ([]byte, error)) ([]byte, error) {
	if len(data) < pvkHeader {
		return nil, errBlob
	}
	encrypted := binary.LittleEndian.Uint32(data[12:]) != 0
	salt, size := uint64(binary.LittleEndian.Uint32(data[16:])), uint64(binary.LittleEndian.Uint32(data[20:]))
	if rest := uint64(len(data) - pvkHeader); salt > rest || size > rest-salt || size < blobHeader+4 {
		return nil, errBlob
	}
	blob := data[pvkHeader+salt : pvkHeader+salt+size]
	if !encrypted {
		return blob, nil
	}
	secret, err := ask()
	if err != nil {
		return nil, err
	}
	for _, weak := range []bool{false, true} {
		plain, err := cryptPVK(blob, data[pvkHeader:pvkHeader+salt], secret, weak)
		if err != nil {
			return nil, err
		}
		if string(plain[blobHeader:blobHeader+4]) == "RSA2" {
			return plain, nil
		}
	}
	return nil, key.ErrPassphrase
}

// cryptPVK encrypts or decrypts a BLOB, whose header stays in clear. A weak key
// has 40 bits.
func cryptPVK(blob, salt, secret []byte, weak bool) ([]byte, error) {
	sum := sha1.Sum(slices.Concat(salt, secret))
	k := sum[:16]
	if weak {
		clear(k[5:])
	}
	c, err := rc4.NewCipher(k)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(blob)
	c.XORKeyStream(out[blobHeader:], out[blobHeader:])
	return out, nil
}

// encodeMicrosoft writes a private key as a BLOB or as a PVK file.
func (c *call) encodeMicrosoft(p *key.Private, s keySink) ([]byte, error) {
	blob, err := blobOf(p, p.Public)
	if err != nil || s.format == formatMSBLOB {
		return blob, err
	}
	var salt []byte
	if !c.has("pvk-none") {
		if s.secret == nil {
			if s.secret, err = c.askNew(defaultPrompt); err != nil {
				return nil, err
			}
		}
		salt = make([]byte, pvkSalt)
		if _, err := io.ReadFull(c.random(), salt); err != nil {
			return nil, err
		}
		if blob, err = cryptPVK(blob, salt, s.secret, c.lastOfFlags("pvk-strong", "pvk-weak") == "pvk-weak"); err != nil {
			return nil, err
		}
	}
	out := []byte(pvkMagic)
	for _, n := range []int{0, 1, min(1, len(salt)), len(salt), len(blob)} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return slices.Concat(out, salt, blob), nil
}

// lastOfFlags returns which of several flags was given last.
func (c *call) lastOfFlags(names ...string) string {
	for _, g := range slices.Backward(c.given) {
		if slices.Contains(names, g.name) {
			return g.name
		}
	}
	return ""
}
