package text

import (
	"bytes"
	"math/rand/v2"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// generator makes objects that no two runs have in common: every extension,
// string type, time form and key type, regular and odd.
type generator struct {
	*rand.Rand
	keys      [][]byte // SubjectPublicKeyInfos to choose from
	mutations int      // per cent of the extensions that are damaged
}

func tlv(tag der.Tag, parts ...[]byte) []byte {
	var b der.Builder
	m := b.Begin(tag)
	b.Raw(parts...)
	b.End(m)
	return b.Bytes()
}

func seq(parts ...[]byte) []byte { return tlv(der.Sequence, parts...) }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

func (g *generator) octets(most int) []byte {
	b := make([]byte, g.IntN(most+1))
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

// some concatenates up to most results of f.
func (g *generator) some(most int, f func() []byte) []byte {
	var out []byte
	for range g.IntN(most + 1) {
		out = append(out, f()...)
	}
	return out
}

func (g *generator) maybe(percent int, f func() []byte) []byte {
	if g.chance(percent) {
		return f()
	}
	return nil
}

func (g *generator) text(most int) []byte {
	const odd = "\x00\x01\n\r\t\"#+,;<>\\=/()* \x7f\x80\xc3\xa9\xff"
	b := make([]byte, g.IntN(most+1))
	for i := range b {
		b[i] = byte(' ' + g.IntN(95))
		if g.chance(10) {
			b[i] = odd[g.IntN(len(odd))]
		}
	}
	return b
}

func (g *generator) plain(most int) []byte {
	b := make([]byte, g.IntN(most+1))
	for i := range b {
		b[i] = byte(' ' + g.IntN(95))
	}
	return b
}

func (g *generator) object() []byte {
	ids := []oid.OID{oid.CommonName, oid.ServerAuth, oid.EmailAddress, "\x2a\x03\x04", "\x55\x1d\x20\x00", "\x2b\x06\x01\x05\x05\x07\x02\x01", "\x88\x37\x03",
		"\x2a\x83\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x2b\x06\x01\x05\x05\x07\x30\x01", "\x2b\x06\x01\x05\x05\x07\x30\x02", "\x2b\x06\x01\x05\x05\x07\x03\x02"}
	if g.chance(3) {
		long := make([]byte, 60)
		for i := range long {
			long[i] = byte(g.IntN(128))
		}
		return tlv(der.ObjectIdentifier, append([]byte{42}, long...))
	}
	return tlv(der.ObjectIdentifier, []byte(pick(g, ids...)))
}

func (g *generator) integerContent() []byte {
	switch g.IntN(8) {
	case 0:
		return []byte{byte(g.Uint32())}
	case 1:
		return []byte{byte(g.IntN(20))}
	case 2:
		return append([]byte{byte(1 + g.IntN(0x7f))}, g.octets(7)...)
	case 3:
		return append([]byte{0, 0x80 | byte(g.Uint32())}, g.octets(20)...)
	case 4:
		return append([]byte{0xff, byte(g.IntN(0x80))}, g.octets(9)...)
	case 5:
		return append([]byte{0x80 | byte(g.IntN(0x70))}, g.octets(40)...)
	case 6:
		return []byte{0}
	}
	return append([]byte{byte(1 + g.IntN(0x7f))}, g.octets(40)...)
}

func (g *generator) integer() []byte { return tlv(der.Integer, g.integerContent()) }

func (g *generator) boolean() []byte {
	return tlv(der.Boolean, []byte{pick[byte](g, 0, 0xff, 0xff, 1)})
}

func (g *generator) bits(most int) []byte { return tlv(der.BitString, g.bitsContent(most)) }

func (g *generator) bitsContent(most int) []byte {
	b := g.octets(most)
	if len(b) == 0 {
		return []byte{0}
	}
	return append([]byte{byte(g.IntN(8))}, b...)
}

func (g *generator) time() []byte {
	two := func(n int) []byte { v := g.IntN(n); return []byte{byte('0' + v/10), byte('0' + v%10)} }
	tag := pick(g, der.UTCTime, der.GeneralizedTime)
	var s []byte
	if tag == der.GeneralizedTime {
		s = append(s, pick(g, "19", "20", "21", "00", "99")...)
	}
	s = append(s, two(100)...)
	limits := []int{13, 31, 24, 60, 60}
	if g.chance(10) {
		limits = []int{14, 33, 26, 62, 62}
	}
	if g.chance(10) {
		limits = limits[:4]
	}
	for _, n := range limits {
		s = append(s, two(n)...)
	}
	if g.chance(10) {
		s = append(s, pick(g, ".", ".5", ".123", ",1", ".00000")...)
	}
	s = append(s, pick(g, "Z", "Z", "Z", "Z", "Z", "+0130", "-1100", "-2000", "", "z", "+01")...)
	if g.chance(3) && len(s) > 0 {
		s[g.IntN(len(s))] = byte(g.Uint32())
	}
	return tlv(tag, s)
}

func (g *generator) stringValue() []byte {
	tag := pick(g, der.UTF8String, der.UTF8String, der.PrintableString, der.PrintableString, der.IA5String, der.T61String, der.BMPString, der.UniversalString, der.NumericString)
	switch tag {
	case der.UTF8String:
		s := g.text(12)
		for i := range s {
			s[i] &= 0x7f
		}
		if g.chance(40) {
			s = append(s, pick(g, "é", "日本", "😀", "ÿ")...)
		}
		return tlv(tag, s)
	case der.BMPString:
		s := g.octets(20)
		if g.chance(80) {
			for i := 0; i+1 < len(s); i += 2 {
				s[i] = pick[byte](g, 0, 0, 0, 1, 0x30)
			}
		}
		return tlv(tag, s[:len(s)&^1])
	case der.UniversalString:
		s := g.octets(24)
		for i := 0; i+3 < len(s); i += 4 {
			s[i], s[i+1], s[i+2] = 0, pick[byte](g, 0, 0, 1), pick[byte](g, 0, 0, 3)
		}
		return tlv(tag, s[:len(s)&^3])
	}
	return tlv(tag, g.text(14))
}

func (g *generator) attribute() []byte {
	ids := []oid.OID{oid.CommonName, oid.Country, oid.Organization, oid.OrganizationalUnit, oid.EmailAddress, oid.DomainComponent, oid.UserID, "\x2a\x03\x04", oid.JurisdictionCountry}
	return seq(tlv(der.ObjectIdentifier, []byte(pick(g, ids...))), g.stringValue())
}

func (g *generator) name() []byte {
	return seq(g.some(4, func() []byte {
		if g.chance(15) {
			return tlv(der.Set, g.attribute(), g.attribute())
		}
		return tlv(der.Set, g.attribute())
	}))
}

func (g *generator) generalName() []byte {
	switch g.IntN(12) {
	case 0:
		id := pick(g, smtpUTF8Mailbox, xmppAddress, srvName, naiRealm, userPrincipal, "\x2a\x03\x04", "\x55\x04\x03")
		value := pick(g, tlv(der.UTF8String, g.plain(9)), tlv(der.IA5String, g.plain(9)), tlv(der.PrintableString, g.plain(9)), g.integer(), seq(g.integer()), tlv(der.UTF8String, g.text(9)))
		return tlv(der.ContextConstructed(0), tlv(der.ObjectIdentifier, []byte(id)), tlv(der.ContextConstructed(0), value))
	case 1:
		return tlv(der.Context(1), g.text(12))
	case 2, 3:
		return tlv(der.Context(2), g.plain(12))
	case 4, 5:
		return tlv(der.ContextConstructed(4), g.name())
	case 6:
		return tlv(der.ContextConstructed(5), tlv(der.ContextConstructed(1), tlv(der.UTF8String, g.plain(5))))
	case 7:
		return tlv(der.Context(6), g.plain(30))
	case 8:
		return tlv(der.Context(7), g.octets(5))
	case 9:
		return tlv(der.Context(7), pick(g, []byte{192, 0, 2, 1}, []byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 1}))
	case 10:
		e, _ := der.Parse(g.object())
		return tlv(der.Context(8), e.Content)
	}
	return tlv(der.Context(6), g.text(30))
}

func (g *generator) names() []byte { return g.some(4, g.generalName) }

func (g *generator) pointName() []byte {
	if g.chance(70) {
		return tlv(der.ContextConstructed(0), tlv(der.ContextConstructed(0), g.names()))
	}
	return tlv(der.ContextConstructed(0), tlv(der.ContextConstructed(1), g.attribute(), g.maybe(20, g.attribute)))
}

func (g *generator) point() []byte {
	return seq(g.maybe(80, g.pointName),
		g.maybe(40, func() []byte { return tlv(der.Context(1), g.bitsContent(2)) }),
		g.maybe(40, func() []byte { return tlv(der.ContextConstructed(2), g.names()) }))
}

func (g *generator) flag(n uint8) []byte {
	return g.maybe(30, func() []byte { return tlv(der.Context(n), []byte{pick[byte](g, 0xff, 0)}) })
}

func (g *generator) access() []byte { return seq(g.object(), g.generalName()) }

func (g *generator) displayText() []byte {
	return tlv(pick(g, der.UTF8String, der.IA5String, der.VisibleString, der.BMPString), append(g.text(6), "xy"...)[:2])
}

func (g *generator) qualifier() []byte {
	switch g.IntN(3) {
	case 0:
		return seq(tlv(der.ObjectIdentifier, []byte(practiceStatement)), tlv(der.IA5String, g.text(20)))
	case 1:
		return seq(tlv(der.ObjectIdentifier, []byte(userNotice)), seq(
			g.maybe(60, func() []byte { return seq(g.displayText(), seq(g.some(3, g.integer))) }),
			g.maybe(60, g.displayText)))
	}
	return seq(g.object(), g.stringValue())
}

func (g *generator) policy() []byte {
	return seq(g.object(), g.maybe(60, func() []byte { return seq(g.some(3, g.qualifier)) }))
}

func (g *generator) subtree() []byte {
	base := g.generalName()
	if g.chance(30) {
		base = tlv(der.Context(7), pick(g, g.octets(33), []byte{10, 0, 0, 0, 255, 0, 0, 0}, append(g.octets(0), make([]byte, 32)...)))
	}
	return seq(base, g.maybe(20, func() []byte { return tlv(der.Context(0), g.integerContent()) }), g.maybe(20, func() []byte { return tlv(der.Context(1), g.integerContent()) }))
}

func (g *generator) sct() []byte {
	sized := func(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
	one := []byte{pick[byte](g, 0, 0, 0, 0, 1)}
	for range 32 {
		one = append(one, byte(g.Uint32()))
	}
	one = append(one, 0, 0, pick[byte](g, 1, 1, 1, 2, 0x10), byte(g.Uint32()), byte(g.Uint32()), byte(g.Uint32()), byte(g.Uint32()), byte(g.Uint32()))
	one = append(one, sized(g.maybe(20, func() []byte { return g.octets(40) }))...)
	one = append(one, pick[byte](g, 4, 4, 4, 5, 2), pick[byte](g, 3, 3, 1, 2))
	one = append(one, sized(g.octets(72))...)
	return sized(one)
}

// value makes the value of an extension that is printed in words.
func (g *generator) value(id oid.OID) []byte {
	switch id {
	case oid.SubjectKeyIdentifier:
		return tlv(der.OctetString, g.octets(25))
	case oid.AuthorityKeyIdentifier:
		return seq(g.maybe(60, func() []byte { return tlv(der.Context(0), g.octets(22)) }),
			g.maybe(40, func() []byte { return tlv(der.ContextConstructed(1), g.names()) }),
			g.maybe(40, func() []byte { return tlv(der.Context(2), g.integerContent()) }))
	case oid.BasicConstraints:
		return seq(g.maybe(60, g.boolean), g.maybe(50, g.integer))
	case oid.KeyUsage, "\x60\x86\x48\x01\x86\xf8\x42\x01\x01":
		return g.bits(3)
	case oid.ExtKeyUsage:
		return seq(g.some(4, g.object))
	case oid.SubjectAltName, oid.IssuerAltName, "\x55\x1d\x1d":
		return seq(g.names())
	case oid.CRLDistributionPoints, "\x55\x1d\x2e":
		return seq(g.some(3, g.point))
	case "\x2b\x06\x01\x05\x05\x07\x01\x01", "\x2b\x06\x01\x05\x05\x07\x01\x0b":
		return seq(g.some(3, g.access))
	case "\x55\x1d\x20":
		return seq(g.some(3, g.policy))
	case "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02", "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x05":
		list := g.some(3, g.sct)
		return tlv(der.OctetString, append([]byte{byte(len(list) >> 8), byte(len(list))}, list...))
	case "\x55\x1d\x14", "\x55\x1d\x1b", "\x55\x1d\x36":
		return g.integer()
	case "\x55\x1d\x15":
		return tlv(der.Enumerated, g.integerContent())
	case "\x55\x1d\x17":
		return g.object()
	case "\x55\x1d\x18", "\x2b\x06\x01\x05\x05\x07\x30\x01\x06":
		return g.time()
	}
	return g.rareValue(id)
}

func (g *generator) rareValue(id oid.OID) []byte {
	retag := func(tag der.Tag, of []byte) []byte { e, _ := der.Parse(of); return tlv(tag, e.Content) }
	switch id {
	case "\x55\x1d\x1c":
		return seq(g.maybe(60, g.pointName), g.flag(1), g.flag(2), g.maybe(30, func() []byte { return tlv(der.Context(3), g.bitsContent(2)) }), g.flag(4), g.flag(5))
	case "\x55\x1d\x1e":
		trees := func(n uint8) []byte {
			return g.maybe(70, func() []byte { return tlv(der.ContextConstructed(n), g.some(3, g.subtree)) })
		}
		return seq(trees(0), trees(1))
	case "\x55\x1d\x21":
		return seq(g.some(3, func() []byte { return seq(g.object(), g.object()) }))
	case "\x55\x1d\x24":
		return seq(g.maybe(60, func() []byte { return tlv(der.Context(0), g.integerContent()) }), g.maybe(60, func() []byte { return tlv(der.Context(1), g.integerContent()) }))
	case "\x55\x1d\x10":
		return seq(g.maybe(60, func() []byte { return retag(der.Context(0), g.time()) }), g.maybe(60, func() []byte { return retag(der.Context(1), g.time()) }))
	case "\x2b\x06\x01\x05\x05\x07\x01\x0e":
		return seq(g.maybe(50, g.integer), seq(g.object(), g.maybe(50, func() []byte { return tlv(der.OctetString, g.text(20)) })))
	case "\x2b\x06\x01\x05\x05\x07\x01\x18":
		return seq(g.some(4, func() []byte { return pick(g, tlv(der.Integer, []byte{5}), tlv(der.Integer, []byte{17}), g.integer()) }))
	case "\x2b\x06\x01\x05\x05\x07\x30\x01\x02":
		return g.octets(20)
	case "\x2b\x06\x01\x05\x05\x07\x30\x01\x03":
		return seq(g.maybe(60, func() []byte { return tlv(der.ContextConstructed(0), tlv(der.IA5String, g.text(9))) }),
			g.maybe(60, func() []byte { return tlv(der.ContextConstructed(1), g.integer()) }), g.maybe(60, func() []byte { return tlv(der.ContextConstructed(2), g.time()) }))
	case "\x2b\x06\x01\x05\x05\x07\x30\x01\x07":
		return seq(g.name(), g.maybe(60, func() []byte { return seq(g.some(2, g.access)) }))
	case "\x2b\x06\x01\x05\x05\x07\x30\x01\x04":
		return seq(g.some(4, g.object))
	case "\x2b\x24\x08\x03\x03":
		return seq(g.maybe(40, g.generalName), seq(g.some(2, g.admission)))
	case "\x2b\x65\x01\x04\x01":
		return seq(g.integer(), seq(g.some(3, func() []byte { return seq(g.integer(), tlv(der.OctetString, g.text(9))) })))
	case "\x2a\x85\x03\x64\x6f":
		return tlv(der.UTF8String, g.text(9))
	case "\x2a\x85\x03\x64\x70":
		s := func() []byte { return tlv(der.UTF8String, g.text(9)) }
		return seq(s(), s(), s(), s())
	case "\x2b\x06\x01\x05\x05\x07\x01\x07":
		return seq(g.some(3, g.ipFamily))
	case "\x2b\x06\x01\x05\x05\x07\x01\x08":
		choice := func(n uint8) []byte {
			return tlv(der.ContextConstructed(n), pick(g, tlv(der.Null), seq(g.some(3, func() []byte { return pick(g, g.integer(), seq(g.integer(), g.integer())) }))))
		}
		return seq(g.maybe(60, func() []byte { return choice(0) }), g.maybe(60, func() []byte { return choice(1) }))
	case "\x2b\x06\x01\x05\x05\x07\x30\x01\x05", "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03":
		return tlv(der.Null)
	}
	return tlv(pick(g, der.IA5String, der.IA5String, der.IA5String, der.UTF8String, der.Sequence), g.text(20))
}

func (g *generator) directoryString() []byte {
	return tlv(pick(g, der.UTF8String, der.PrintableString, der.T61String), g.plain(9))
}

func (g *generator) naming(n uint8) []byte {
	return g.maybe(60, func() []byte {
		return tlv(der.ContextConstructed(n), seq(g.maybe(60, g.object), g.maybe(60, func() []byte { return tlv(der.IA5String, g.text(9)) }), g.maybe(70, g.directoryString)))
	})
}

func (g *generator) admission() []byte {
	return seq(g.maybe(40, func() []byte { return tlv(der.ContextConstructed(0), g.generalName()) }), g.naming(1), seq(g.some(3, func() []byte {
		return seq(g.naming(0), seq(g.some(3, g.directoryString)), g.maybe(50, func() []byte { return seq(g.some(3, g.object)) }),
			g.maybe(50, func() []byte { return tlv(der.PrintableString, g.text(9)) }), g.maybe(30, func() []byte { return tlv(der.OctetString, g.octets(4)) }))
	})))
}

func (g *generator) ipFamily() []byte {
	family := pick(g, []byte{0, 1}, []byte{0, 2}, []byte{0, 1, 1}, []byte{0, 2, 128}, []byte{0, 2, 77}, []byte{0, 5}, []byte{1})
	size := 3
	if len(family) > 1 && family[1] == 2 {
		size = 16
	}
	return seq(tlv(der.OctetString, family), pick(g, tlv(der.Null), seq(g.some(3, func() []byte {
		return pick(g, g.bits(size), seq(g.bits(size), g.bits(size)))
	}))))
}

func (g *generator) extension() []byte {
	id := kinds[g.IntN(len(kinds))].id
	if g.chance(4) {
		id = pick(g, oid.OID("\x2a\x03\x04\x05"), "\x55\x1d\x09", "\x2b\x06\x01\x04\x01\x82\x37\x14\x02", "\x2b\x06\x01\x04\x01\x82\x37\x15\x0a")
	}
	value := g.value(id)
	if g.chance(g.mutations) {
		value = g.mutate(value)
	}
	return seq(tlv(der.ObjectIdentifier, []byte(id)), g.maybe(30, func() []byte { return tlv(der.Boolean, []byte{0xff}) }), tlv(der.OctetString, value))
}

// mutate changes one element somewhere inside, and keeps the lengths around it right.
func (g *generator) mutate(value []byte) []byte {
	e, err := der.Parse(value)
	if err != nil || g.chance(25) {
		if m := g.damage(value); regular(value, m) {
			return m
		}
		return value
	}
	if !e.Tag.Constructed() {
		return tlv(e.Tag, g.damage(e.Content))
	}
	var children [][]byte
	for r := e.Children(); !r.Empty(); {
		c, err := r.Next()
		if err != nil {
			return g.damage(value)
		}
		children = append(children, c.Raw)
	}
	if len(children) == 0 {
		return tlv(e.Tag, g.octets(2))
	}
	at := g.IntN(len(children))
	switch g.IntN(6) {
	case 0:
		children = append(children[:at:at], children[at+1:]...)
	case 1:
		children = append(children, children[at])
	default:
		children[at] = g.mutate(children[at])
	}
	return tlv(e.Tag, children...)
}

// damage changes an octet, or the length. It keeps off what DER forbids and
// OpenSSL takes all the same: a SEQUENCE OF marked as primitive, tag numbers in
// long form, lengths left open.
func (g *generator) damage(b []byte) []byte {
	b = append([]byte(nil), b...)
	if len(b) == 0 {
		return g.octets(1)
	}
	at := g.IntN(len(b))
	switch g.IntN(4) {
	case 0:
		b[at] ^= 1 << g.IntN(8)
	case 1:
		b[at] = byte(g.Uint32())
	case 2:
		b = append(b, byte(g.Uint32()))
	default:
		b = b[:len(b)-1]
	}
	return b
}

// regular reports whether what a mutation made keeps off what damage names,
// wherever elements can be told.
func regular(old, b []byte) bool {
	if len(b) < 2 {
		return true
	}
	if b[0]&0x1f == 0x1f || b[1] == 0x80 || len(old) > 0 && b[0]^old[0] == 0x20 || b[0] == 0x10 {
		return false
	}
	if b[0]&0x20 == 0 {
		return true
	}
	e, err := der.Parse(b)
	if err != nil {
		return true
	}
	for r := e.Children(); len(r) > 0; {
		rest := []byte(r)
		if !regular(nil, rest) || rest[0] == 0x10 || rest[0] == 0x11 {
			return false
		}
		if _, err := r.Next(); err != nil {
			return true
		}
	}
	return true
}

func (g *generator) extensions(most int) []byte {
	return seq(g.some(most, g.extension))
}

func (g *generator) algorithm() []byte {
	switch g.IntN(8) {
	case 0:
		return seq(tlv(der.ObjectIdentifier, []byte(oid.ECDSAWithSHA256)))
	case 1:
		return seq(tlv(der.ObjectIdentifier, []byte(oid.Ed25519)))
	case 2:
		return seq(tlv(der.ObjectIdentifier, []byte("\x60\x86\x48\x01\x65\x03\x04\x03\x02")))
	case 3:
		return seq(tlv(der.ObjectIdentifier, []byte("\x2a\x03\x04")))
	case 4, 5:
		return seq(tlv(der.ObjectIdentifier, []byte(oid.RSASSAPSS)), g.maybe(90, g.pssParameters))
	}
	return seq(tlv(der.ObjectIdentifier, []byte("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b")), tlv(der.Null))
}

func (g *generator) digest() []byte {
	return seq(tlv(der.ObjectIdentifier, []byte(pick(g, oid.SHA1, oid.SHA256, oid.SHA512, oid.SHA3_256, "\x2a\x03"))), g.maybe(60, func() []byte { return tlv(der.Null) }))
}

func (g *generator) pssParameters() []byte {
	p := seq(g.maybe(60, func() []byte { return tlv(der.ContextConstructed(0), g.digest()) }),
		g.maybe(60, func() []byte {
			return tlv(der.ContextConstructed(1), seq(tlv(der.ObjectIdentifier, []byte(pick(g, oid.MGF1, oid.MGF1, oid.MGF1, oid.SHA1))), g.maybe(90, g.digest)))
		}),
		g.maybe(60, func() []byte { return tlv(der.ContextConstructed(2), g.integer()) }),
		g.maybe(30, func() []byte { return tlv(der.ContextConstructed(3), g.integer()) }))
	if g.chance(15) {
		p = g.mutate(p)
	}
	return p
}

func (g *generator) signature() []byte {
	if g.chance(40) {
		return tlv(der.BitString, append([]byte{0}, seq(g.integer(), g.integer())...))
	}
	return g.bits(80)
}

func (g *generator) key() []byte {
	k := g.keys[g.IntN(len(g.keys))]
	if g.chance(15) && !bytes.Contains(k, []byte(oid.PrimeField[:6])) && !bytes.Contains(k, []byte("\x2b\x81\x04\x00\x01")) {
		if m := g.mutate(k); len(m) > 2 {
			if _, err := der.ParseTag(m, der.Sequence); err == nil {
				return m
			}
		}
	}
	return k
}

func (g *generator) certificate() []byte {
	inner := g.algorithm()
	body := seq(
		g.maybe(90, func() []byte {
			return tlv(der.ContextConstructed(0), pick(g, tlv(der.Integer, []byte{2}), tlv(der.Integer, []byte{2}), tlv(der.Integer, []byte{1}), g.integer()))
		}),
		g.integer(), inner, g.name(), seq(g.time(), g.time()), g.name(), g.key(),
		g.maybe(10, func() []byte { return tlv(der.Context(1), g.bitsContent(30)) }),
		g.maybe(10, func() []byte { return tlv(der.Context(2), g.bitsContent(30)) }),
		g.maybe(90, func() []byte { return tlv(der.ContextConstructed(3), g.extensions(5)) }))
	return seq(body, pick(g, inner, g.algorithm()), g.signature())
}

func (g *generator) list() []byte {
	inner := g.algorithm()
	body := seq(g.maybe(90, func() []byte { return pick(g, tlv(der.Integer, []byte{1}), tlv(der.Integer, []byte{1}), g.integer()) }),
		inner, g.name(), g.time(), g.maybe(80, g.time),
		g.maybe(80, func() []byte {
			return seq(g.some(4, func() []byte {
				return seq(g.integer(), g.time(), g.maybe(60, func() []byte { return g.extensions(2) }))
			}))
		}),
		g.maybe(80, func() []byte { return tlv(der.ContextConstructed(0), g.extensions(4)) }))
	return seq(body, pick(g, inner, g.algorithm()), g.signature())
}

func (g *generator) requestAttribute() []byte {
	switch g.IntN(5) {
	case 0:
		return seq(tlv(der.ObjectIdentifier, []byte(oid.ExtensionRequest)), tlv(der.Set, g.extensions(3)))
	case 1:
		return seq(tlv(der.ObjectIdentifier, []byte(pick(g, oid.MSExtensionRequest, oid.ExtensionRequest))), tlv(der.Set, g.some(2, func() []byte { return pick(g, g.extensions(2), g.stringValue()) })))
	}
	id := pick(g, oid.ChallengePassword, oid.UnstructuredName, oid.MSOSVersion, "\x2a\x03\x04", oid.SMIMECapabilities)
	return seq(tlv(der.ObjectIdentifier, []byte(id)), tlv(der.Set, g.stringValue(), g.some(2, func() []byte {
		return pick(g, g.stringValue(), g.integer(), g.boolean(), seq(g.integer()), tlv(der.Null), g.bits(4), g.time())
	})))
}

func (g *generator) request() []byte {
	body := seq(pick(g, tlv(der.Integer, []byte{0}), tlv(der.Integer, []byte{0}), tlv(der.Integer, []byte{0}), g.integer()), g.name(), g.key(),
		g.maybe(90, func() []byte { return tlv(der.ContextConstructed(0), g.some(3, g.requestAttribute)) }))
	return seq(body, g.algorithm(), g.signature())
}
