package text

import (
	"errors"
	"strconv"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// Parts says what is left out when a certificate, request or list is printed
// (the no_ words of -certopt and -reqopt).
type Parts uint16

// The parts.
const (
	NoHeader Parts = 1 << iota
	NoVersion
	NoSerial
	NoSignatureName
	NoIssuer
	NoValidity
	NoSubject
	NoPublicKey
	NoExtensions
	NoSignature
	NoTrust // what a TRUSTED CERTIFICATE adds
	NoAttributes
	NoIdentifiers // the unique identifiers
)

// Options say how a certificate, request or list is printed.
type Options struct {
	Names    NameFlags
	Without  Parts
	Fallback Fallback
}

// Certificate is a certificate as OpenSSL reads it: times that are none and
// versions that do not exist are no reason to refuse it.
type Certificate struct {
	Raw                []byte
	Serial             integer
	Issuer             dn.Name
	Subject            dn.Name
	NotBefore          der.Element
	NotAfter           der.Element
	Key                PublicKey
	version            integer
	inner              algorithm // inside what is signed
	outer              algorithm
	signature          []byte
	issuerID           []byte
	subjectID          []byte
	hasIssuerID, hasID bool
	extensions         []extension
}

var errCertificate = errors.New("it is not a certificate that can be read")

// ReadCertificate reads a certificate in DER; what follows it is ignored.
func ReadCertificate(raw []byte) (*Certificate, error) {
	return readAny(raw, readCertificate, errCertificate)
}

// readAny reads what may be in BER, and says wrong of what cannot be read.
func readAny[T any](raw []byte, read func([]byte) (*T, bool), wrong error) (*T, error) {
	if v, ok := read(raw); ok {
		return v, nil
	}
	// Lengths left open are rare, so that only what cannot be read is tried again.
	if again, err := cms.Normalize(raw); err == nil {
		if v, ok := read(again); ok {
			return v, nil
		}
	}
	return nil, wrong
}

func readCertificate(raw []byte) (*Certificate, bool) {
	outer := fields{rest: raw}
	e := outer.take(der.Sequence)
	in := sub(e)
	c := &Certificate{Raw: e.Raw}
	body := sub(in.take(der.Sequence))
	c.outer = in.algorithm()
	c.signature = in.bits(der.BitString)
	c.readBody(&body)
	if outer.bad || !in.ok() || !body.ok() {
		return nil, false
	}
	return c, true
}

func (c *Certificate) readBody(in *fields) {
	c.version = integer{magnitude: []byte{0}}
	if e, ok := in.explicit(0, der.Integer); ok {
		n, ok := readInteger(e.Content)
		if c.version = n; !ok {
			in.fail()
		}
	}
	c.Serial = in.integer(der.Integer)
	c.inner = in.algorithm()
	c.Issuer = in.distinguishedName()
	validity := sub(in.take(der.Sequence))
	c.NotBefore, c.NotAfter = validity.moment(), validity.moment()
	if !validity.ok() {
		in.fail()
	}
	c.Subject = in.distinguishedName()
	c.Key = in.publicKey()
	if c.hasIssuerID = in.rest.Peek() == der.Context(1); c.hasIssuerID {
		c.issuerID = in.bits(der.Context(1))
	}
	if c.hasID = in.rest.Peek() == der.Context(2); c.hasID {
		c.subjectID = in.bits(der.Context(2))
	}
	if e, ok := in.explicit(3, der.Sequence); ok {
		if c.extensions, ok = readExtensions(sub(e)); !ok {
			in.fail()
		}
	}
}

var errName = errors.New("a name holds what is no character")

// nameStart is what stands between "Issuer:" and the name.
func nameStart(w *Writer, n dn.Name, flags NameFlags) error {
	indent := 0
	switch {
	case flags&Compat != 0:
		w.WriteByte(' ')
	case flags&SepMultiline != 0:
		w.WriteByte('\n')
		indent = 12
	default:
		w.WriteByte(' ')
	}
	if !Name(w, n, indent, flags) {
		return errName
	}
	w.WriteByte('\n')
	return nil
}

// Write prints the certificate. It stops short, with an error, where OpenSSL
// does.
func (c *Certificate) Write(w *Writer, o Options) error {
	without := func(p Parts) bool { return o.Without&p != 0 }
	if !without(NoHeader) {
		w.WriteString("Certificate:\n    Data:\n")
	}
	if !without(NoVersion) {
		writeVersion(w, "        Version: ", c.version, 2)
	}
	if !without(NoSerial) {
		w.WriteString("        Serial Number:")
		serial(w, c.Serial)
	}
	if !without(NoSignatureName) {
		w.WriteString("    ")
		signatureAlgorithm(w, c.inner)
	}
	if !without(NoIssuer) {
		w.WriteString("        Issuer:")
		if err := nameStart(w, c.Issuer, o.Names); err != nil {
			return err
		}
	}
	if !without(NoValidity) {
		w.WriteString("        Validity\n            Not Before: ")
		writeTime(w, c.NotBefore)
		w.WriteString("\n            Not After : ")
		writeTime(w, c.NotAfter)
		w.WriteByte('\n')
	}
	if !without(NoSubject) {
		w.WriteString("        Subject:")
		if err := nameStart(w, c.Subject, o.Names); err != nil {
			return err
		}
	}
	if !without(NoPublicKey) {
		c.Key.writeInfo(w)
	}
	c.writeTail(w, o)
	return nil
}

func (c *Certificate) writeTail(w *Writer, o Options) {
	if o.Without&NoIdentifiers == 0 {
		if c.hasIssuerID {
			w.WriteString("        Issuer Unique ID: ")
			colonLines(w, c.issuerID, 12, 18)
		}
		if c.hasID {
			w.WriteString("        Subject Unique ID: ")
			colonLines(w, c.subjectID, 12, 18)
		}
	}
	if o.Without&NoExtensions == 0 {
		extensions(w, "X509v3 extensions", c.extensions, 8, o.Fallback)
	}
	if o.Without&NoSignature == 0 {
		signature(w, c.outer, c.signature)
	}
}

func writeVersion(w *Writer, label string, version integer, highest int64) {
	w.WriteString(label)
	v, ok := version.small()
	if !ok {
		v = -1
	}
	if v < 0 || v > highest {
		w.WriteString("Unknown (")
		w.WriteString(strconv.FormatInt(v, 10))
		w.WriteString(")\n")
		return
	}
	w.WriteByte(byte('1' + v))
	w.WriteString(" (0x")
	w.WriteByte(byte('0' + v))
	w.WriteString(")\n")
}

// serial writes a serial number of up to 63 bits in decimal and hexadecimal
// on the same line, a longer one in octets on the next.
func serial(w *Writer, n integer) {
	if v, ok := n.small(); ok && v != -1 {
		u := uint64(v)
		if v < 0 {
			u = -u
		}
		w.WriteByte(' ')
		w.WriteString(n.sign())
		w.WriteString(strconv.FormatUint(u, 10))
		w.WriteString(" (")
		w.WriteString(n.sign())
		w.WriteString("0x")
		w.WriteString(strconv.FormatUint(u, 16))
		w.WriteString(")\n")
		return
	}
	w.WriteString("\n            ")
	if n.negative {
		w.WriteString(" (Negative)")
	}
	for i, c := range n.magnitude {
		w.WriteByte(lowerDigits[c>>4])
		w.WriteByte(lowerDigits[c&15])
		if i+1 < len(n.magnitude) {
			w.WriteByte(':')
		}
	}
	w.WriteByte('\n')
}
