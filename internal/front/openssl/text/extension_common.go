package text

import (
	"bufio"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func subjectKeyIdentifier(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	octets := in.take(der.OctetString).Content
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	colonHex(w, octets)
	return printed
}

func authorityKeyIdentifier(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	id, hasID := in.optional(der.Context(0))
	issuer, hasIssuer := in.optional(der.ContextConstructed(1))
	names := sub(issuer)
	issuers := names.names()
	serial, hasSerial := in.optionalInteger(der.Context(2))
	if !in.ok() || !names.ok() {
		return unreadable
	}
	var list values
	if hasID {
		s := hexString(id.Content)
		if hasIssuer || hasSerial {
			s = "keyid:" + s
		}
		list = append(list, s)
	}
	for _, g := range issuers {
		s, ok := g.short()
		if !ok {
			return unprintable
		}
		list = append(list, untilZero(s))
	}
	if hasSerial {
		list = append(list, "serial:"+hexString(serial.magnitude))
	}
	if len(list) == 0 && !hasIssuer {
		return unprintable
	}
	return list.write(w, indent, true)
}

func hexString(octets []byte) string {
	var out strings.Builder
	colonHex(&out, octets)
	return out.String()
}

func basicConstraints(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	ca := in.boolean(der.Boolean)
	length, limited := in.optionalInteger(der.Integer)
	if !in.ok() {
		return unreadable
	}
	list := values{"CA:FALSE"}
	if ca {
		list[0] = "CA:TRUE"
	}
	if limited {
		list = append(list, "pathlen:"+length.String())
	}
	return list.write(w, indent, false)
}

// namedBits writes the names of the bits that are set.
func namedBits(w *bufio.Writer, value []byte, indent int, names []string) state {
	in := fields{rest: value}
	octets := in.bits(der.BitString)
	if in.bad {
		return unreadable
	}
	var list values
	for i, name := range names {
		if bit(octets, i) {
			list = append(list, name)
		}
	}
	return list.writeSome(w, indent)
}

func keyUsage(w *bufio.Writer, value []byte, indent int) state {
	return namedBits(w, value, indent, []string{
		"Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
		"Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
	})
}

func netscapeCertType(w *bufio.Writer, value []byte, indent int) state {
	return namedBits(w, value, indent, []string{
		"SSL Client", "SSL Server", "S/MIME", "Object Signing", "Unused", "SSL CA", "S/MIME CA", "Object Signing CA",
	})
}

// objects is extKeyUsage: a SEQUENCE OF OBJECT IDENTIFIER.
func objects(w *bufio.Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		list = append(list, shortened(in.object(), 79))
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

func object(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	id := in.object()
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString(objectName(id))
	return printed
}

func integerValue(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	n := in.integer(der.Integer)
	if in.bad {
		return unreadable
	}
	return line(w, indent, n.String())
}

func reasonCode(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	n := in.integer(der.Enumerated)
	if in.bad {
		return unreadable
	}
	if v, ok := n.small(); ok && v >= 0 && v < int64(len(reasonCodes)) && reasonCodes[v] != "" {
		return line(w, indent, reasonCodes[v])
	}
	return line(w, indent, n.String())
}

var reasonCodes = [...]string{
	"Unspecified", "Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation",
	"Certificate Hold", "", "Remove From CRL", "Privilege Withdrawn", "AA Compromise",
}

func ia5String(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	s := in.take(der.IA5String).Content
	switch {
	case in.bad:
		return unreadable
	case len(s) == 0:
		return unprintable
	}
	return line(w, indent, string(s))
}

func generalizedTime(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	e := in.take(der.GeneralizedTime)
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	return stateOf(writeTime(w, e))
}

func privateKeyUsagePeriod(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	from, hasFrom := in.optional(der.Context(0))
	to, hasTo := in.optional(der.Context(1))
	if !in.ok() {
		return unreadable
	}
	spaces(w, indent)
	if hasFrom {
		w.WriteString("Not Before: ")
		from.Tag = der.GeneralizedTime
		writeTime(w, from)
		if hasTo {
			w.WriteString(", ")
		}
	}
	if hasTo {
		w.WriteString("Not After: ")
		to.Tag = der.GeneralizedTime
		writeTime(w, to)
	}
	return printed
}

func tlsFeature(w *bufio.Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		n := in.integer(der.Integer)
		switch v, ok := n.small(); {
		case ok && v == 5:
			list = append(list, "status_request")
		case ok && v == 17:
			list = append(list, "status_request_v2")
		default:
			list = append(list, n.String())
		}
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

// accessDescriptions is authorityInfoAccess and subjectInfoAccess.
func accessDescriptions(w *bufio.Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	unwritable := false
	for in.more() {
		one := sub(in.take(der.Sequence))
		method := one.object()
		location := one.name()
		if !one.ok() {
			return unreadable
		}
		s, ok := location.short()
		unwritable = unwritable || !ok
		list = append(list, shortened(method, 79)+" - "+untilZero(s))
	}
	switch {
	case !in.ok():
		return unreadable
	case unwritable:
		return unprintable
	}
	return list.write(w, indent, true)
}

func poison(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	if e := in.take(der.Null); in.bad || len(e.Content) != 0 {
		return unreadable
	}
	return line(w, indent, "NULL")
}

// noCheck says nothing: that the extension is there is all there is to say.
func noCheck(_ *bufio.Writer, value []byte, _ int) state {
	in := fields{rest: value}
	if e := in.take(der.Null); in.bad || len(e.Content) != 0 {
		return unreadable
	}
	return printed
}

func nonce(w *bufio.Writer, value []byte, indent int) state {
	spaces(w, indent)
	if len(value) == 0 {
		w.WriteByte('0')
	}
	integer{magnitude: value}.hex(w)
	return printed
}

func crlID(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	url, hasURL := in.explicit(0, der.IA5String)
	number, hasNumber := in.explicit(1, der.Integer)
	when, hasTime := in.explicit(2, der.GeneralizedTime)
	n, ok := readInteger(number.Content)
	if !in.ok() || hasNumber && !ok {
		return unreadable
	}
	if hasURL {
		spaces(w, indent)
		w.WriteString("crlUrl: ")
		printable(w, url.Content)
		w.WriteByte('\n')
	}
	if hasNumber {
		spaces(w, indent)
		w.WriteString("crlNum: ")
		n.hex(w)
		w.WriteByte('\n')
	}
	if hasTime {
		spaces(w, indent)
		w.WriteString("crlTime: ")
		if !writeTime(w, when) {
			return unprintable
		}
		w.WriteByte('\n')
	}
	return printed
}

// explicitAny takes an optional [n] EXPLICIT element of any type.
func (f *fields) explicitAny(n uint8) (der.Element, bool) {
	e, ok := f.optional(der.ContextConstructed(n))
	if !ok {
		return der.Element{}, false
	}
	in := sub(e)
	return in.next(), !in.bad
}

// explicit takes an optional [n] EXPLICIT element.
func (f *fields) explicit(n uint8, tag der.Tag) (der.Element, bool) {
	e, ok := f.optional(der.ContextConstructed(n))
	if !ok {
		return der.Element{}, false
	}
	in := sub(e)
	inner := in.take(tag)
	if !in.ok() {
		f.fail()
	}
	return inner, true
}

func serviceLocator(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	issuer := in.distinguishedName()
	locator, ok := in.optional(der.Sequence)
	if !in.ok() || ok && !readableAccess(sub(locator)) {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString("Issuer: ")
	if !Name(w, issuer, 0, Oneline) || len(slices.Concat(issuer.RDNs...)) == 0 {
		return unprintable
	}
	if !ok {
		return printed
	}
	for list := sub(locator); list.more(); {
		one := sub(list.take(der.Sequence))
		method := one.object()
		location := one.name()
		w.WriteByte('\n')
		spaces(w, 2*indent)
		w.WriteString(objectName(method))
		w.WriteString(" - ")
		location.long(w)
	}
	return printed
}

func readableAccess(in fields) bool {
	for in.more() {
		one := sub(in.take(der.Sequence))
		one.object()
		one.name()
		if !one.ok() {
			return false
		}
	}
	return in.ok()
}

func proxyCertInfo(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	length, limited := in.optionalInteger(der.Integer)
	policy := sub(in.take(der.Sequence))
	language := policy.object()
	text, hasText := policy.optional(der.OctetString)
	if !in.ok() || !policy.ok() {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString("Path Length Constraint: ")
	if limited {
		length.hex(w)
	} else {
		w.WriteString("infinite")
	}
	w.WriteByte('\n')
	spaces(w, indent)
	w.WriteString("Policy Language: ")
	w.WriteString(objectName(language))
	if hasText {
		w.WriteByte('\n')
		spaces(w, indent)
		w.WriteString("Policy Text: ")
		w.WriteString(untilZero(string(text.Content)))
	}
	return printed
}

func policyConstraints(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	explicit, hasExplicit := in.optionalInteger(der.Context(0))
	inhibit, hasInhibit := in.optionalInteger(der.Context(1))
	if !in.ok() {
		return unreadable
	}
	var list values
	if hasExplicit {
		list = append(list, "Require Explicit Policy:"+explicit.String())
	}
	if hasInhibit {
		list = append(list, "Inhibit Policy Mapping:"+inhibit.String())
	}
	return list.writeSome(w, indent)
}

func policyMappings(w *bufio.Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		one := sub(in.take(der.Sequence))
		issuer, subject := one.object(), one.object()
		if !one.ok() {
			return unreadable
		}
		list = append(list, shortened(issuer, 79)+":"+shortened(subject, 79))
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

// certificatePolicies writes each policy with its qualifiers.
func certificatePolicies(w *bufio.Writer, value []byte, indent int) state {
	if !readablePolicies(value) {
		return unreadable
	}
	in := openList(value)
	for i := 0; in.more(); i++ {
		one := sub(in.take(der.Sequence))
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent)
		w.WriteString("Policy: ")
		w.WriteString(objectName(one.object()))
		if list, ok := one.optional(der.Sequence); ok {
			w.WriteByte('\n')
			qualifiers(w, sub(list), indent+2)
		}
	}
	return printed
}

const (
	practiceStatement oid.OID = "\x2b\x06\x01\x05\x05\x07\x02\x01" // 1.3.6.1.5.5.7.2.1
	userNotice        oid.OID = "\x2b\x06\x01\x05\x05\x07\x02\x02" // 1.3.6.1.5.5.7.2.2
)

func readablePolicies(value []byte) bool {
	in := openList(value)
	for in.more() {
		one := sub(in.take(der.Sequence))
		one.object()
		list, _ := one.optional(der.Sequence)
		for quals := sub(list); quals.more(); {
			q := sub(quals.take(der.Sequence))
			id := q.object()
			e := q.any()
			switch {
			case !q.ok() || quals.bad:
				return false
			case id == practiceStatement && e.Tag != der.IA5String:
				return false
			case id == userNotice && !readableNotice(e):
				return false
			}
		}
		if !one.ok() {
			return false
		}
	}
	return in.ok()
}

func isDisplayText(tag der.Tag) bool {
	return tag == der.UTF8String || tag == der.IA5String || tag == der.BMPString || tag == der.VisibleString
}

func readableNotice(e der.Element) bool {
	in := sub(e)
	if ref, ok := in.optional(der.Sequence); ok {
		r := sub(ref)
		if organization := r.any(); !isDisplayText(organization.Tag) {
			return false
		}
		numbers := sub(r.take(der.Sequence))
		for numbers.more() {
			numbers.integer(der.Integer)
		}
		if !r.ok() || !numbers.ok() {
			return false
		}
	}
	if in.more() && !isDisplayText(in.any().Tag) {
		return false
	}
	return in.ok() && e.Tag == der.Sequence
}

func qualifiers(w *bufio.Writer, in fields, indent int) {
	for i := 0; in.more(); i++ {
		if i > 0 {
			w.WriteByte('\n')
		}
		q := sub(in.take(der.Sequence))
		id := q.object()
		e := q.next()
		switch id {
		case practiceStatement:
			spaces(w, indent)
			w.WriteString("CPS: ")
			w.WriteString(untilZero(string(e.Content)))
		case userNotice:
			spaces(w, indent)
			w.WriteString("User Notice:\n")
			notice(w, sub(e), indent+2)
		default:
			spaces(w, indent+2)
			w.WriteString("Unknown Qualifier: ")
			w.WriteString(objectName(id))
		}
	}
}

func notice(w *bufio.Writer, in fields, indent int) {
	ref, hasRef := in.optional(der.Sequence)
	if hasRef {
		r := sub(ref)
		spaces(w, indent)
		w.WriteString("Organization: ")
		w.WriteString(untilZero(string(r.next().Content)))
		w.WriteByte('\n')
		var numbers []string
		for list := sub(r.take(der.Sequence)); list.more(); {
			numbers = append(numbers, list.integer(der.Integer).String())
		}
		spaces(w, indent)
		w.WriteString("Number")
		if len(numbers) > 1 {
			w.WriteByte('s')
		}
		w.WriteString(": ")
		w.WriteString(strings.Join(numbers, ", "))
		if in.more() {
			w.WriteByte('\n')
		}
	}
	if in.more() {
		spaces(w, indent)
		w.WriteString("Explicit Text: ")
		w.WriteString(untilZero(string(in.next().Content)))
	}
}

func nameConstraints(w *bufio.Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	var lists [2][]generalName
	var given [2]bool
	for n := range lists {
		e, ok := in.optional(der.ContextConstructed(uint8(n)))
		given[n] = ok
		trees := sub(e)
		for trees.more() {
			one := sub(trees.take(der.Sequence))
			lists[n] = append(lists[n], one.name())
			one.optionalInteger(der.Context(0))
			one.optionalInteger(der.Context(1))
			if !one.ok() {
				return unreadable
			}
		}
		if !trees.ok() {
			return unreadable
		}
	}
	if !in.ok() {
		return unreadable
	}
	subtrees(w, "Permitted", lists[0], indent)
	if given[0] && given[1] {
		w.WriteByte('\n')
	}
	subtrees(w, "Excluded", lists[1], indent)
	return printed
}

func subtrees(w *bufio.Writer, title string, list []generalName, indent int) {
	if len(list) == 0 {
		return
	}
	spaces(w, indent)
	w.WriteString(title)
	w.WriteString(":\n")
	for i, g := range list {
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent+2)
		if g.kind != 7 {
			g.long(w)
			continue
		}
		base := min(len(g.text), 4)
		if len(g.text) >= 16 {
			base = 16
		}
		w.WriteString("IP:")
		w.WriteString(address(g.text[:base]))
		w.WriteByte('/')
		w.WriteString(address(g.text[base:]))
	}
}

// timestamps is the list of signed certificate timestamps (RFC 6962, Section 3.3).
func timestamps(w *bufio.Writer, value []byte, indent int) state {
	in := fields{rest: value}
	list := in.take(der.OctetString).Content
	if in.bad || len(list) < 2 || int(list[0])<<8|int(list[1]) != len(list)-2 {
		return unreadable
	}
	var all []sct
	for list = list[2:]; len(list) > 0; {
		if len(list) < 2 {
			return unreadable
		}
		n := int(list[0])<<8 | int(list[1])
		if n == 0 || n > len(list)-2 {
			return unreadable
		}
		one, ok := readSCT(list[2 : 2+n])
		if !ok {
			return unreadable
		}
		all = append(all, one)
		list = list[2+n:]
	}
	for i, one := range all {
		if i > 0 {
			w.WriteByte('\n')
		}
		one.write(w, indent)
	}
	return printed
}

// sct is a SignedCertificateTimestamp; one of an unknown version has raw alone.
type sct struct {
	raw             []byte
	log             []byte
	milliseconds    uint64
	extensions      []byte
	hash, algorithm byte
	signature       []byte
}

func readSCT(raw []byte) (s sct, ok bool) {
	s.raw = raw
	if raw[0] != 0 {
		return s, true
	}
	const fixed = 1 + 32 + 8 + 2
	if len(raw) < fixed {
		return s, false
	}
	s.log = raw[1:33]
	for _, c := range raw[33:41] {
		s.milliseconds = s.milliseconds<<8 | uint64(c)
	}
	n := int(raw[41])<<8 | int(raw[42])
	rest := raw[fixed:]
	if n > len(rest) {
		return s, false
	}
	s.extensions, rest = rest[:n], rest[n:]
	if len(rest) <= 4 {
		return s, false
	}
	s.hash, s.algorithm = rest[0], rest[1]
	n = int(rest[2])<<8 | int(rest[3])
	if rest = rest[4:]; n > len(rest) {
		return s, false
	}
	s.signature = rest[:n]
	return s, len(rest) == n && s.algorithmName() != ""
}

func (s sct) write(w *bufio.Writer, indent int) {
	field := func(name string) {
		w.WriteByte('\n')
		spaces(w, indent+4)
		w.WriteString(name)
	}
	spaces(w, indent)
	w.WriteString("Signed Certificate Timestamp:")
	field("Version   : ")
	if s.raw[0] != 0 {
		w.WriteString("unknown\n")
		spaces(w, indent+16)
		wrappedHex(w, s.raw, indent+16, 16)
		return
	}
	w.WriteString("v1 (0x0)")
	field("Log ID    : ")
	wrappedHex(w, s.log, indent+16, 16)
	field("Timestamp : ")
	s.writeTime(w)
	field("Extensions: ")
	if len(s.extensions) == 0 {
		w.WriteString("none")
	} else {
		wrappedHex(w, s.extensions, indent+16, 16)
	}
	field("Signature : ")
	w.WriteString(s.algorithmName())
	field("            ")
	wrappedHex(w, s.signature, indent+16, 16)
}

func (s sct) algorithmName() string {
	switch {
	case s.hash == 4 && s.algorithm == 3:
		return "ecdsa-with-SHA256"
	case s.hash == 4 && s.algorithm == 1:
		return "sha256WithRSAEncryption"
	}
	return ""
}

func (s sct) writeTime(w *bufio.Writer) {
	stamp := unixStamp(int64(s.milliseconds / 1000))
	ms := strconv.Itoa(int(1000 + s.milliseconds%1000))[1:]
	if len(stamp) == len("20060102150405") {
		writeTime(w, der.Element{Tag: der.GeneralizedTime, Content: []byte(stamp + "." + ms + "Z")})
	}
}
