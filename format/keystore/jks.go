package keystore

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// The JKS format has no specification but sun.security.provider.JavaKeyStore,
// and JCEKS none but com.sun.crypto.provider.JceKeyStore.
const (
	jksMagic   = 0xfeedfeed
	jceksMagic = 0xcececece

	jksPrivateKey  = 1
	jksCertificate = 2
	jksSecretKey   = 3 // JCEKS only: a serialized Java object, of no known length

	jksWhitener = "Mighty Aphrodite"

	jksProtector oid.OID = "\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01" // 1.3.6.1.4.1.42.2.17.1.1
)

// JKSEntry is an entry of a JKS file, as it shows without the password.
type JKSEntry struct {
	Alias        string
	Created      time.Time
	PrivateKey   bool     // an encrypted private key; else a trusted certificate
	Certificates [][]byte // the chain of a private key, leaf first; or the one certificate
	encrypted    []byte
}

// IsJKS reports whether data begin as a JKS or JCEKS file.
func IsJKS(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	magic := binary.BigEndian.Uint32(data)
	return magic == jksMagic || magic == jceksMagic
}

// DescribeJKS reads everything in a JKS or JCEKS file that is not encrypted. Nothing of
// it is authentic: that takes the password, and ReadJKS.
func DescribeJKS(data []byte) ([]JKSEntry, error) {
	entries, _, err := parseJKS(data)
	if err != nil {
		return nil, fmt.Errorf("reading a JKS file: %w", err)
	}
	return entries, nil
}

// ReadJKS reads a JKS or JCEKS file whose private keys have the same password as
// itself. The errors are ErrPassphrase, or say what is wrong.
func ReadJKS(data, password []byte) (*Contents, error) {
	entries, body, err := parseJKS(data)
	if err != nil {
		return nil, fmt.Errorf("reading a JKS file: %w", err)
	}
	if subtle.ConstantTimeCompare(jksDigest(password, data[:body]), data[body:]) != 1 {
		return nil, fmt.Errorf("reading a JKS file: %w", ErrPassphrase)
	}
	c := &Contents{}
	for _, e := range entries {
		if !e.PrivateKey {
			c.Certificates = append(c.Certificates, Certificate{Alias: e.Alias, Raw: e.Certificates[0], Trusted: true, Created: e.Created})
			continue
		}
		entry, err := e.open(password)
		if err != nil {
			return nil, fmt.Errorf("reading the entry %q of a JKS file: %w", e.Alias, err)
		}
		c.Entries = append(c.Entries, entry)
	}
	return c, nil
}

func (e *JKSEntry) open(password []byte) (Entry, error) {
	info, err := unprotect(e.encrypted, password)
	if err != nil {
		return Entry{}, err
	}
	if _, err := der.ParseTag(info, der.Sequence); err != nil {
		return Entry{}, ErrPassphrase
	}
	k, err := key.ReadPrivate(info, nil)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{Alias: e.Alias, Key: k, Created: e.Created}
	if len(e.Certificates) > 0 {
		entry.Certificate, entry.Chain = e.Certificates[0], e.Certificates[1:]
	}
	return entry, nil
}

// jksReader takes Java's DataOutput apart.
type jksReader struct {
	rest []byte
	err  error
}

var errJKSCut = errors.New("the file is cut short, or damaged")

func (r *jksReader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.rest)) {
		r.err = errJKSCut
	}
	if r.err != nil {
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *jksReader) number(octets uint64) uint64 {
	var n uint64
	for _, c := range r.take(octets) {
		n = n<<8 | uint64(c)
	}
	return n
}

func (r *jksReader) text() string  { return modifiedUTF8(r.take(r.number(2))) }
func (r *jksReader) block() []byte { return r.take(r.number(4)) }

// parseJKS returns the entries, and where the digest at the end begins.
func parseJKS(data []byte) (entries []JKSEntry, body int, err error) {
	if len(data) < 12+sha1.Size {
		return nil, 0, errJKSCut
	}
	body = len(data) - sha1.Size
	r := &jksReader{rest: data[:body]}
	switch r.number(4) {
	case jksMagic, jceksMagic:
	default:
		return nil, 0, errors.New("it does not begin as one")
	}
	version := r.number(4)
	if version != 1 && version != 2 {
		return nil, 0, fmt.Errorf("it is of version %d, which is not known; the known ones are 1 and 2", version)
	}
	for count := r.number(4); count > 0 && r.err == nil; count-- {
		entries = append(entries, r.entry(version))
	}
	if r.err == nil && len(r.rest) > 0 {
		r.err = errJKSCut
	}
	return entries, body, r.err
}

func (r *jksReader) entry(version uint64) JKSEntry {
	tag := r.number(4)
	e := JKSEntry{Alias: r.text(), PrivateKey: tag == jksPrivateKey}
	e.Created = time.UnixMilli(int64(r.number(8))).UTC()
	switch tag {
	case jksPrivateKey:
		e.encrypted = r.block()
		for count := r.number(4); count > 0 && r.err == nil; count-- {
			e.Certificates = append(e.Certificates, r.certificate(version))
		}
	case jksCertificate:
		e.Certificates = [][]byte{r.certificate(version)}
	case jksSecretKey:
		if r.err == nil {
			r.err = errors.New("it is a JCEKS file with a secret key, which only Java can read; take that one out with `keytool -delete` first")
		}
	default:
		if r.err == nil {
			r.err = fmt.Errorf("it has an entry of the kind %d, which is not known", tag)
		}
	}
	return e
}

func (r *jksReader) certificate(version uint64) []byte {
	if version == 2 {
		// Java writes the former, other programs also the latter.
		if kind := r.text(); kind != "X.509" && kind != "X509" && r.err == nil {
			r.err = fmt.Errorf("it holds a certificate of the kind %q, which is not known", kind)
		}
	}
	return r.block()
}

// modifiedUTF8 decodes what Java's DataInput.readUTF reads: UTF-8 of UTF-16
// units, with zero as two octets. Damaged octets become U+FFFD.
func modifiedUTF8(b []byte) string {
	var units []uint16
	for i := 0; i < len(b); {
		c := uint16(b[i])
		switch {
		case c < 0x80:
			units, i = append(units, c), i+1
		case c>>5 == 6 && i+1 < len(b):
			units, i = append(units, c&0x1f<<6|uint16(b[i+1]&0x3f)), i+2
		case c>>4 == 14 && i+2 < len(b):
			units, i = append(units, c&0x0f<<12|uint16(b[i+1]&0x3f)<<6|uint16(b[i+2]&0x3f)), i+3
		default:
			units, i = append(units, 0xfffd), i+1
		}
	}
	return string(utf16.Decode(units))
}

// appendModifiedUTF8 encodes what Java's DataOutput.writeUTF writes.
func appendModifiedUTF8(out []byte, text string) []byte {
	for _, u := range utf16.Encode([]rune(text)) {
		switch {
		case u > 0 && u < 0x80:
			out = append(out, byte(u))
		case u < 0x800:
			out = append(out, 0xc0|byte(u>>6), 0x80|byte(u&0x3f))
		default:
			out = append(out, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f))
		}
	}
	return out
}

// utf16Password is a password as Java hashes it.
func utf16Password(password []byte) []byte {
	var out []byte
	for _, u := range utf16.Encode(bytes.Runes(password)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// jksDigest is the digest at the end of a file.
func jksDigest(password, body []byte) []byte {
	h := sha1.New()
	h.Write(utf16Password(password))
	h.Write([]byte(jksWhitener))
	h.Write(body)
	return h.Sum(nil)
}

// unprotect decrypts the EncryptedPrivateKeyInfo of a JKS entry.
func unprotect(data, password []byte) ([]byte, error) {
	e, err := der.ParseTag(data, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	a, err := r.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ParseAlgorithmIdentifier(a.Raw)
	if err != nil {
		return nil, err
	}
	octets, err := r.Take(der.OctetString)
	if err != nil {
		return nil, err
	}
	switch algorithm.ID {
	case jksProtector:
	case jceksProtector:
		return unprotectJCEKS(algorithm.Parameters, octets.Content, password)
	default:
		return key.UnwrapPKCS8(data, password)
	}
	if len(octets.Content) < 2*sha1.Size {
		return nil, errJKSCut
	}
	salt, rest := octets.Content[:sha1.Size], octets.Content[sha1.Size:]
	encrypted, digest := rest[:len(rest)-sha1.Size], rest[len(rest)-sha1.Size:]
	plain := jksStream(encrypted, salt, password)
	if subtle.ConstantTimeCompare(jksKeyDigest(plain, password), digest) != 1 {
		return nil, ErrPassphrase
	}
	return plain, nil
}

// jksStream encrypts or decrypts with the key stream of JKS.
func jksStream(data, salt, password []byte) []byte {
	encoded := utf16Password(password)
	out := make([]byte, len(data))
	block := salt
	for i := range data {
		if i%sha1.Size == 0 {
			h := sha1.New()
			h.Write(encoded)
			h.Write(block)
			block = h.Sum(nil)
		}
		out[i] = data[i] ^ block[i%sha1.Size]
	}
	return out
}

func jksKeyDigest(plain, password []byte) []byte {
	h := sha1.New()
	h.Write(utf16Password(password))
	h.Write(plain)
	return h.Sum(nil)
}
