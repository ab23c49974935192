package text

import (
	"bytes"
	"io"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// usage is what the extensions of a certificate allow it for.
type usage struct {
	invalid             bool
	first               bool // version 1
	selfSigned          bool
	constrained, ca     bool
	hasKey, hasExtended bool
	key                 uint16 // bit 0 is digitalSignature
	extended            uint16
	extendedCritical    bool
	netscape            byte
	hasNetscape         bool
}

// Bits of usage.key (RFC 5280, Section 4.2.1.3).
const (
	digitalSignature = 1 << iota
	nonRepudiation
	keyEncipherment
	dataEncipherment
	keyAgreement
	keyCertSign
	cRLSign
)

// Bits of usage.extended.
const (
	forServer = 1 << iota
	forClient
	forMail
	forCode
	forGatedCryptography
	forOCSP
	forTimestamp
	forDVCS
	forAny
)

// Bits of usage.netscape.
const (
	netscapeClient   = 0x80
	netscapeServer   = 0x40
	netscapeMail     = 0x20
	netscapeSSLCA    = 0x04
	netscapeMailCA   = 0x02
	netscapeObjectCA = 0x01
	netscapeAnyCA    = netscapeSSLCA | netscapeMailCA | netscapeObjectCA
)

// Purposes writes what the certificate may be used for.
func (c *Certificate) Purposes(w *Writer) {
	u := c.usage()
	w.WriteString("Certificate purposes:\n")
	for _, p := range [...]struct {
		name  string
		check func(ca bool) int
	}{
		{"SSL client", u.client}, {"SSL server", u.server}, {"Netscape SSL server", u.netscapeSSLServer},
		{"S/MIME signing", u.mailSigning}, {"S/MIME encryption", u.mailEncryption}, {"CRL signing", u.listSigning},
		{"Any Purpose", func(bool) int { return 1 }}, {"OCSP helper", u.responder}, {"Time Stamp signing", u.timestamping},
	} {
		for _, ca := range [...]bool{false, true} {
			w.WriteString(p.name)
			if ca {
				w.WriteString(" CA")
			}
			code := -1
			if !u.invalid {
				code = p.check(ca)
			}
			switch code {
			case 0:
				w.WriteString(" : No\n")
			case 1:
				w.WriteString(" : Yes\n")
			default:
				w.WriteString(" : Yes (WARNING code=")
				w.WriteString(strconv.Itoa(code))
				w.WriteString(")\n")
			}
		}
	}
}

func (c *Certificate) usage() usage {
	version, ok := c.version.small()
	u := usage{first: ok && version == 0}
	u.readConstraints(c)
	u.readKeyUsage(c)
	u.readExtended(c)
	if value, ok := u.only(c, "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"); ok {
		in := fields{rest: value}
		octets := in.bits(der.BitString)
		u.hasNetscape, u.invalid = true, u.invalid || in.bad
		if len(octets) > 0 {
			u.netscape = octets[0]
		}
	}
	u.checkOthers(c)
	if bytes.Equal(canonical(c.Subject), canonical(c.Issuer)) {
		u.selfSigned = c.identifiesItself() && !u.lacks(keyCertSign)
	}
	return u
}

// only returns the value of an extension, which may be there once.
func (u *usage) only(c *Certificate, id oid.OID) (value []byte, ok bool) {
	for _, x := range c.extensions {
		if x.id != id {
			continue
		}
		if ok {
			u.invalid = true
		}
		value, ok = x.value, true
	}
	return value, ok
}

func (u *usage) readConstraints(c *Certificate) {
	value, ok := u.only(c, oid.BasicConstraints)
	if !ok {
		return
	}
	in := open(value, der.Sequence)
	u.constrained, u.ca = true, in.boolean(der.Boolean)
	if length, limited := in.optionalInteger(der.Integer); limited && length.negative {
		u.invalid = true
	}
	u.invalid = u.invalid || !in.ok()
}

func (u *usage) readKeyUsage(c *Certificate) {
	value, ok := u.only(c, oid.KeyUsage)
	if !ok {
		return
	}
	in := fields{rest: value}
	octets := in.bits(der.BitString)
	u.hasKey = true
	for i := range 16 {
		if bit(octets, i) {
			u.key |= 1 << i
		}
	}
	u.invalid = u.invalid || in.bad || u.key == 0
}

func (u *usage) readExtended(c *Certificate) {
	value, ok := u.only(c, oid.ExtKeyUsage)
	if !ok {
		return
	}
	in := open(value, der.Sequence)
	u.hasExtended = true
	for in.more() {
		switch in.object() {
		case oid.ServerAuth:
			u.extended |= forServer
		case oid.ClientAuth:
			u.extended |= forClient
		case "\x2b\x06\x01\x05\x05\x07\x03\x04":
			u.extended |= forMail
		case "\x2b\x06\x01\x05\x05\x07\x03\x03":
			u.extended |= forCode
		case "\x2b\x06\x01\x04\x01\x82\x37\x0a\x03\x03", "\x60\x86\x48\x01\x86\xf8\x42\x04\x01":
			u.extended |= forGatedCryptography
		case "\x2b\x06\x01\x05\x05\x07\x03\x09":
			u.extended |= forOCSP
		case "\x2b\x06\x01\x05\x05\x07\x03\x08":
			u.extended |= forTimestamp
		case "\x2b\x06\x01\x05\x05\x07\x03\x0a":
			u.extended |= forDVCS
		case "\x55\x1d\x25\x00":
			u.extended |= forAny
		}
	}
	u.invalid = u.invalid || !in.ok()
	for _, x := range c.extensions {
		if x.id == oid.ExtKeyUsage {
			u.extendedCritical = x.critical
		}
	}
}

// checkOthers refuses extensions that cannot be read, of those that are read
// whatever the purpose.
func (u *usage) checkOthers(c *Certificate) {
	w := NewWriter(io.Discard, nil)
	for _, id := range [...]oid.OID{
		oid.SubjectKeyIdentifier, oid.AuthorityKeyIdentifier, oid.SubjectAltName, "\x55\x1d\x1e", oid.CRLDistributionPoints,
		"\x2b\x06\x01\x05\x05\x07\x01\x0e",
		"\x2b\x06\x01\x05\x05\x07\x01\x07", "\x2b\x06\x01\x05\x05\x07\x01\x08",
	} {
		value, ok := u.only(c, id)
		if !ok {
			continue
		}
		print, _ := kindOf(id)
		if print != nil && print(w, value, 0) == unreadable {
			u.invalid = true
		}
	}
	if value, ok := c.value(oid.CRLDistributionPoints); ok {
		list, _ := readPoints(value)
		for _, p := range list {
			u.invalid = u.invalid || !p.name.present && len(p.issuer) == 0
		}
	}
	if _, proxy := u.only(c, "\x2b\x06\x01\x05\x05\x07\x01\x0e"); proxy {
		_, subject := c.value(oid.SubjectAltName)
		_, issuer := c.value(oid.IssuerAltName)
		u.invalid = u.invalid || u.ca || subject || issuer
	}
}

// identifiesItself reports whether the authority key identifier, if any, is
// that of the certificate, and its key of the kind that signed it.
func (c *Certificate) identifiesItself() bool {
	if value, ok := c.value(oid.AuthorityKeyIdentifier); ok {
		in := open(value, der.Sequence)
		id, hasID := in.optional(der.Context(0))
		issuer, _ := in.optional(der.ContextConstructed(1))
		serial, hasSerial := in.optionalInteger(der.Context(2))
		own, hasOwn := c.value(oid.SubjectKeyIdentifier)
		mine := fields{rest: own}
		if hasID && hasOwn && !bytes.Equal(mine.take(der.OctetString).Content, id.Content) {
			return false
		}
		if hasSerial && (serial.negative != c.Serial.negative || !bytes.Equal(serial.magnitude, c.Serial.magnitude)) {
			return false
		}
		for names := sub(issuer); names.more(); {
			if g := names.name(); g.kind == 4 {
				return bytes.Equal(canonical(g.name), canonical(c.Issuer))
			}
		}
	}
	return c.signedByItsKind()
}

// signedByItsKind reports whether the signature is of the kind that the key
// makes.
func (c *Certificate) signedByItsKind() bool {
	if !c.Key.Write(NewWriter(io.Discard, nil), 0) {
		return false
	}
	const nist = "\x60\x86\x48\x01\x65\x03\x04\x03" // 2.16.840.1.101.3.4.3
	id := string(c.inner.id)
	_, _, known := oid.OpenSSLNames(c.inner.id)
	arc := byte(0)
	if len(id) == len(nist)+1 && id[:len(nist)] == nist {
		arc = id[len(nist)]
	}
	starts := func(prefix string) bool { return known && len(id) > len(prefix) && id[:len(prefix)] == prefix }
	switch c.Key.algorithm.id {
	case oid.RSAEncryption, "\x55\x08\x01\x01": // 2.5.8.1.1
		return starts("\x2a\x86\x48\x86\xf7\x0d\x01\x01") || arc >= 13 && arc <= 16
	case oid.ECPublicKey:
		return starts("\x2a\x86\x48\xce\x3d\x04") || arc >= 9 && arc <= 12
	case oid.DSA:
		return isDSA(c.inner.id)
	}
	return c.inner.id == c.Key.algorithm.id
}

// lacks reports whether there are key usages, and none of these.
func (u usage) lacks(bits uint16) bool { return u.hasKey && u.key&bits == 0 }

func (u usage) lacksExtended(bits uint16) bool { return u.hasExtended && u.extended&bits == 0 }

func (u usage) lacksNetscape(bits byte) bool { return u.hasNetscape && u.netscape&bits == 0 }

// authority says how sure it is that this is a CA: 0 not, 1 sure, above that
// for old habits.
func (u usage) authority() int {
	switch {
	case u.lacks(keyCertSign):
		return 0
	case u.constrained && u.ca:
		return 1
	case u.constrained:
		return 0
	case u.first && u.selfSigned:
		return 3
	case u.hasKey:
		return 4
	case u.hasNetscape && u.netscape&netscapeAnyCA != 0:
		return 5
	}
	return 0
}

func allowed(ok bool) int {
	if ok {
		return 1
	}
	return 0
}

func (u usage) authorityOfSSL() int {
	code := u.authority()
	return allowed(code != 0 && (code != 5 || u.netscape&netscapeSSLCA != 0))
}

func (u usage) client(ca bool) int {
	switch {
	case u.lacksExtended(forClient):
		return 0
	case ca:
		return u.authorityOfSSL()
	}
	return allowed(!u.lacks(digitalSignature|keyAgreement) && !u.lacksNetscape(netscapeClient))
}

func (u usage) server(ca bool) int {
	switch {
	case u.lacksExtended(forServer | forGatedCryptography):
		return 0
	case ca:
		return u.authorityOfSSL()
	}
	return allowed(!u.lacksNetscape(netscapeServer) && !u.lacks(digitalSignature|keyEncipherment|keyAgreement))
}

func (u usage) netscapeSSLServer(ca bool) int {
	code := u.server(ca)
	if code == 0 || ca {
		return code
	}
	return allowed(!u.lacks(keyEncipherment))
}

func (u usage) mail(ca bool) int {
	if u.lacksExtended(forMail) {
		return 0
	}
	if ca {
		if code := u.authority(); code != 5 || u.netscape&netscapeMailCA != 0 {
			return code
		}
		return 0
	}
	switch {
	case !u.hasNetscape || u.netscape&netscapeMail != 0:
		return 1
	case u.netscape&netscapeClient != 0:
		return 2
	}
	return 0
}

func (u usage) mailSigning(ca bool) int {
	code := u.mail(ca)
	if !ca && u.lacks(digitalSignature|nonRepudiation) {
		return 0
	}
	return code
}

func (u usage) mailEncryption(ca bool) int {
	code := u.mail(ca)
	if !ca && u.lacks(keyEncipherment) {
		return 0
	}
	return code
}

func (u usage) listSigning(ca bool) int {
	if ca {
		return u.authority()
	}
	return allowed(!u.lacks(cRLSign))
}

func (u usage) responder(ca bool) int {
	if ca {
		return u.authority()
	}
	return 1
}

func (u usage) timestamping(ca bool) int {
	if ca {
		return u.authority()
	}
	const signing = digitalSignature | nonRepudiation
	if u.hasKey && (u.key&^signing != 0 || u.key&signing == 0) {
		return 0
	}
	return allowed(u.hasExtended && u.extended == forTimestamp && u.extendedCritical)
}
