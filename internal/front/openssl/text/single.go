package text

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// TitledName writes "subject=" and a name on a line, or on lines below.
func TitledName(w *Writer, title string, n dn.Name, flags NameFlags) bool {
	w.WriteString(title)
	if flags&Compat != 0 {
		w.WriteString(w.Objects.Slash(n))
		w.WriteByte('\n')
		return true
	}
	indent := 0
	if flags&SepMultiline != 0 {
		w.WriteByte('\n')
		indent = 4
	}
	ok := Name(w, n, indent, flags)
	w.WriteByte('\n')
	return ok
}

// TitledTime writes "notBefore=" and a time.
func TitledTime(w *Writer, title string, e der.Element) {
	w.WriteString(title)
	writeTime(w, e)
	w.WriteByte('\n')
}

// SerialNumber writes "serial=" and the number in hexadecimal.
func (c *Certificate) SerialNumber(w *Writer) {
	w.WriteString("serial=")
	c.Serial.hex(w)
	w.WriteByte('\n')
}

// NextSerial writes the number after the serial number in hexadecimal.
func (c *Certificate) NextSerial(w *Writer) {
	n := new(big.Int).SetBytes(c.Serial.magnitude)
	if c.Serial.negative {
		n.Neg(n)
	}
	n.Add(n, big.NewInt(1))
	next := integer{negative: n.Sign() < 0, magnitude: n.Bytes()}
	if n.Sign() == 0 {
		next.magnitude = []byte{0}
	}
	next.hex(w)
	w.WriteByte('\n')
}

// Fingerprint writes a digest under the name that the digest was asked for by.
func Fingerprint(w *Writer, name string, digest []byte) {
	w.WriteString(name)
	w.WriteString(" Fingerprint=")
	colonHex(w, digest)
	w.WriteByte('\n')
}

// Modulus writes "Modulus=" and the modulus of the certificate's RSA key, or
// the number itself of a DSA key.
func (c *Certificate) Modulus(w *Writer) {
	w.WriteString("Modulus=")
	switch c.Key.algorithm.id {
	case oid.RSAEncryption, oid.RSASSAPSS:
		n, _, _ := c.Key.rsa()
		hexNumber(w, n)
	case oid.DSA:
		numbers, _ := c.Key.dsa()
		hexNumber(w, numbers[0])
	default:
		w.WriteString("No modulus for this public key type")
	}
	w.WriteByte('\n')
}

// Modulus writes "Modulus=" and the modulus of the request's RSA key.
func (r *Request) Modulus(w *Writer) {
	w.WriteString("Modulus=")
	switch r.Key.algorithm.id {
	case oid.RSAEncryption, oid.RSASSAPSS:
		n, _, _ := r.Key.rsa()
		hexNumber(w, n)
	default:
		w.WriteString("Wrong Algorithm type")
	}
	w.WriteByte('\n')
}

func hexNumber(w *Writer, n integer) {
	text := strings.ToUpper(new(big.Int).SetBytes(n.magnitude).Text(16))
	w.WriteString(n.sign())
	w.WriteString(text)
}

// CRLNumber writes "crlNumber=" and the number of a list in hexadecimal.
func (l *List) CRLNumber(w *Writer) {
	w.WriteString("crlNumber=")
	for _, x := range l.extensions {
		in := fields{rest: x.value}
		if x.id != "\x55\x1d\x14" {
			continue
		}
		if n := in.integer(der.Integer); !in.bad {
			w.WriteString("0x")
			if digits := len(new(big.Int).SetBytes(n.magnitude).Text(16)); digits%2 == 1 && !n.negative {
				w.WriteByte('0')
			}
			hexNumber(w, n)
			w.WriteByte('\n')
			return
		}
	}
	w.WriteString("<NONE>\n")
}

// NameHash is the hash that folders of certificates are looked up by: of the
// canonical form of a name.
func NameHash(n dn.Name) string {
	sum := sha1.Sum(canonical(n))
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:]))
}

// OldNameHash is the hash of names before OpenSSL 1.0.0.
func OldNameHash(n dn.Name) string {
	sum := md5.Sum(n.Raw)
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:]))
}

// canonical writes the parts of a name with every value as UTF-8 in small
// letters and single blanks.
func canonical(n dn.Name) []byte {
	var out []byte
	for _, rdn := range n.RDNs {
		if len(rdn) == 0 {
			continue
		}
		parts := make([][]byte, len(rdn))
		for i, a := range rdn {
			var b der.Builder
			m := b.Begin(der.Sequence)
			b.OID(string(a.Type))
			if folded, ok := fold(a); ok {
				b.Add(der.UTF8String, folded)
			} else {
				b.Add(a.Tag, a.Value)
			}
			b.End(m)
			parts[i] = b.Bytes()
		}
		slices.SortFunc(parts, bytes.Compare)
		var b der.Builder
		m := b.Begin(der.Set)
		b.Raw(parts...)
		b.End(m)
		out = append(out, b.Bytes()...)
	}
	return out
}

// fold is the value in small letters, its blanks trimmed and made single;
// false for types that are not text.
func fold(a dn.Attribute) ([]byte, bool) {
	switch a.Tag {
	case der.UTF8String, der.BMPString, der.UniversalString, der.PrintableString, der.T61String, der.IA5String, der.VisibleString:
	default:
		return nil, false
	}
	var utf strings.Builder
	if size := width(a.Tag); size == 0 {
		utf.Write(a.Value)
	} else {
		escapeAll(&utf, a.Value, size, true, 0)
	}
	blank := func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' }
	fields := strings.FieldsFunc(utf.String(), blank)
	out := []byte(strings.Join(fields, " "))
	for i, c := range out {
		if c >= 'A' && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out, true
}

// OCSPIdentifiers writes the two hashes by which OCSP names a certificate.
func (c *Certificate) OCSPIdentifiers(w *Writer) {
	name, key := sha1.Sum(c.Subject.Raw), sha1.Sum(c.Key.bits)
	w.WriteString("        Subject OCSP hash: ")
	bareHex(w, name[:])
	w.WriteString("\n        Public key OCSP hash: ")
	bareHex(w, key[:])
	w.WriteByte('\n')
}

func (c *Certificate) value(id oid.OID) (value []byte, ok bool) {
	for _, x := range c.extensions {
		if x.id == id {
			return x.value, true
		}
	}
	return nil, false
}

// EmailAddresses returns those of the subject and of its alternative names,
// each once.
func (c *Certificate) EmailAddresses() []string {
	value, _ := c.value(oid.SubjectAltName)
	return emailAddresses(c.Subject, value)
}

func emailAddresses(subject dn.Name, alternatives []byte) (list []string) {
	for _, rdn := range subject.RDNs {
		for _, a := range rdn {
			if a.Type == oid.EmailAddress && a.Tag == der.IA5String {
				list = appendOnce(list, a.Value)
			}
		}
	}
	in := open(alternatives, der.Sequence)
	names := in.names()
	if !in.ok() {
		return list
	}
	for _, g := range names {
		if g.kind == 1 {
			list = appendOnce(list, g.text)
		}
	}
	return list
}

func appendOnce(list []string, s []byte) []string {
	if len(s) == 0 || hasZero(s) || slices.Contains(list, string(s)) {
		return list
	}
	return append(list, string(s))
}

// OCSPAddresses returns where the certificate says its OCSP responders are.
func (c *Certificate) OCSPAddresses() (list []string) {
	value, _ := c.value("\x2b\x06\x01\x05\x05\x07\x01\x01")
	for in := open(value, der.Sequence); in.more(); {
		one := sub(in.take(der.Sequence))
		method := one.object()
		if g := one.name(); one.ok() && method == "\x2b\x06\x01\x05\x05\x07\x30\x01" && g.kind == 6 {
			list = appendOnce(list, g.text)
		}
	}
	return list
}

// SetSerial gives the certificate that is printed another serial number, of
// these content octets.
func (c *Certificate) SetSerial(content []byte) { c.Serial, _ = readInteger(content) }

// SetFirstVersion gives the certificate that is printed version 1.
func (c *Certificate) SetFirstVersion() { c.version = integer{magnitude: []byte{0}} }

// KeepExtensions takes all others out of what is printed.
func (c *Certificate) KeepExtensions(keep func(oid.OID) bool) {
	c.extensions = slices.DeleteFunc(c.extensions, func(x extension) bool { return !keep(x.id) })
}

// SelectedExtensions writes the extensions with these short names, in the
// order of the certificate; found is false, and nothing written, where there
// are none.
func (c *Certificate) SelectedExtensions(w *Writer, names []string, fallback Fallback) (found bool) {
	var list []extension
	for _, x := range c.extensions {
		if short, _, ok := w.Objects.Names(x.id); ok && slices.Contains(names, short) {
			list = append(list, x)
		}
	}
	extensions(w, "", list, 0, fallback)
	return len(list) > 0
}

// HasExtensions reports whether there are any.
func (c *Certificate) HasExtensions() bool { return len(c.extensions) > 0 }
