package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// Identifiers of otherName that OpenSSL prints in words.
const (
	smtpUTF8Mailbox oid.OID = "\x2b\x06\x01\x05\x05\x07\x08\x09"         // 1.3.6.1.5.5.7.8.9
	xmppAddress     oid.OID = "\x2b\x06\x01\x05\x05\x07\x08\x05"         // 1.3.6.1.5.5.7.8.5
	srvName         oid.OID = "\x2b\x06\x01\x05\x05\x07\x08\x07"         // 1.3.6.1.5.5.7.8.7
	naiRealm        oid.OID = "\x2b\x06\x01\x05\x05\x07\x08\x08"         // 1.3.6.1.5.5.7.8.8
	userPrincipal   oid.OID = "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03" // 1.3.6.1.4.1.311.20.2.3
)

// generalName is a GeneralName as far as printing goes.
type generalName struct {
	kind  uint8 // the tag number
	text  []byte
	name  dn.Name
	id    oid.OID     // of otherName and registeredID
	value der.Element // of otherName
}

// readName takes one GeneralName.
func (f *fields) name() (g generalName) {
	e := f.next()
	if f.bad || e.Tag.Class() != 2 {
		f.fail()
		return g
	}
	g.kind, g.text = uint8(e.Number), e.Content
	primitive := e.Tag == der.Context(g.kind)
	inner := sub(e)
	switch g.kind {
	case 0:
		g.id = inner.object()
		explicit := sub(inner.take(der.ContextConstructed(0)))
		g.value = explicit.any()
		if !inner.ok() || !explicit.ok() || primitive {
			f.fail()
		}
	case 1, 2, 6, 7:
		if !primitive {
			f.fail()
		}
	case 3:
		if primitive {
			f.fail()
		}
	case 4:
		g.name = inner.distinguishedName()
		if !inner.ok() || primitive {
			f.fail()
		}
	case 5:
		if inner.rest.Peek() == der.ContextConstructed(0) {
			inner.directoryString(0)
		}
		inner.directoryString(1)
		if !inner.ok() || primitive {
			f.fail()
		}
	case 8:
		id, err := oid.ParseContent(e.Content)
		if g.id = id; err != nil || !primitive {
			f.fail()
		}
	default:
		f.fail()
	}
	return g
}

// directoryString takes a DirectoryString in [n].
func (f *fields) directoryString(n uint8) {
	in := sub(f.take(der.ContextConstructed(n)))
	switch in.next().Tag {
	case der.PrintableString, der.T61String, der.BMPString, der.UniversalString, der.UTF8String:
	default:
		f.fail()
	}
	if !in.ok() {
		f.fail()
	}
}

// distinguishedName takes a Name.
func (f *fields) distinguishedName() dn.Name {
	e := f.take(der.Sequence)
	if f.bad {
		return dn.Name{}
	}
	n, err := dn.Parse(e.Raw)
	if err != nil || !areValues(n) || !isText(n) {
		f.fail()
	}
	return n
}

// areValues reports whether every value is of a type, and in a form, that
// OpenSSL takes into a name.
func areValues(n dn.Name) bool {
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			ok := true
			switch a.Tag {
			case der.UTF8String, der.NumericString, der.PrintableString, der.T61String, der.IA5String, der.Sequence:
			case der.BMPString:
				ok = len(a.Value)%2 == 0
			case der.UniversalString:
				ok = len(a.Value)%4 == 0
			case der.BitString:
				_, ok = readBits(a.Value)
			default:
				// Tags that X.680 keeps for later or that no name uses pass as unknown.
				ok = a.Tag >= 7 && a.Tag <= 15 || a.Tag == 29
			}
			if !ok {
				return false
			}
		}
	}
	return true
}

// isText reports whether every value is text in the type it claims, which
// OpenSSL asks for because it makes a form to compare names by.
func isText(n dn.Name) bool {
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			var out strings.Builder
			switch a.Tag {
			case der.UTF8String:
				if !utf8.Valid(a.Value) {
					return false
				}
			case der.BMPString, der.UniversalString:
				if _, ok := escapeAll(&out, a.Value, width(a.Tag), true, 0); !ok {
					return false
				}
			}
		}
	}
	return true
}

func (f *fields) names() (list []generalName) {
	for f.more() {
		list = append(list, f.name())
	}
	return list
}

// otherNamePrefix is what stands before the value of an otherName, and
// whether it is one of the types whose value is always printed.
func otherNamePrefix(more Objects, id oid.OID) (prefix string, known bool) {
	switch id {
	case smtpUTF8Mailbox:
		return "othername: SmtpUTF8Mailbox:", true
	case xmppAddress:
		return "othername: XmppAddr:", true
	case srvName:
		return "othername: SRVName:", true
	case userPrincipal:
		return "othername: UPN:", true
	case naiRealm:
		return "othername: NAIRealm:", true
	}
	return "othername: " + more.shortened(id, 255) + ":", false
}

// short writes a name as it stands in a list of names; false where it cannot
// be written.
func (g generalName) short(more Objects) (string, bool) {
	switch g.kind {
	case 0:
		prefix, known := otherNamePrefix(more, g.id)
		tag := g.value.Tag
		switch {
		case known && tag != otherNameTag(g.id):
			return "", false
		case !known && (tag != der.UTF8String && tag != der.IA5String || hasZero(g.value.Content)):
			return prefix + ":<unsupported>", true
		}
		return prefix + ":" + string(g.value.Content), !hasZero(g.value.Content)
	case 1:
		return "email:" + string(g.text), !hasZero(g.text)
	case 2:
		return "DNS:" + string(g.text), !hasZero(g.text)
	case 3:
		return "X400Name:<unsupported>", true
	case 4:
		return "DirName:" + more.SlashWithin(g.name, 255), true
	case 5:
		return "EdiPartyName:<unsupported>", true
	case 6:
		return "URI:" + string(g.text), !hasZero(g.text)
	case 7:
		return "IP Address:" + address(g.text), true
	}
	return "Registered ID:" + more.shortened(g.id, 255), true
}

func otherNameTag(id oid.OID) der.Tag {
	if id == srvName {
		return der.IA5String
	}
	return der.UTF8String
}

func hasZero(b []byte) bool {
	for _, c := range b {
		if c == 0 {
			return true
		}
	}
	return false
}

// address writes 4 octets with dots, 16 in eight groups, and nothing else.
func address(octets []byte) string {
	var out []byte
	switch len(octets) {
	case 4:
		for i, c := range octets {
			if i > 0 {
				out = append(out, '.')
			}
			out = strconv.AppendInt(out, int64(c), 10)
		}
		return string(out)
	case 16:
		for i := 0; i < 16; i += 2 {
			if i > 0 {
				out = append(out, ':')
			}
			out = strconv.AppendInt(out, int64(octets[i])<<8|int64(octets[i+1]), 16)
		}
		return strings.ToUpper(string(out))
	}
	return "<invalid length=" + strconv.Itoa(len(octets)) + ">"
}

// long writes a name as it stands on a line of its own.
func (g generalName) long(w *Writer) {
	switch g.kind {
	case 0:
		g.longOther(w)
	case 1:
		w.WriteString("email:")
		printable(w, g.text)
	case 2:
		w.WriteString("DNS:")
		printable(w, g.text)
	case 3:
		w.WriteString("X400Name:<unsupported>")
	case 4:
		w.WriteString("DirName:")
		Name(w, g.name, 0, Oneline)
	case 5:
		w.WriteString("EdiPartyName:<unsupported>")
	case 6:
		w.WriteString("URI:")
		printable(w, g.text)
	case 7:
		w.WriteString("IP Address:")
		w.WriteString(address(g.text))
	case 8:
		w.WriteString("Registered ID:")
		w.WriteString(w.Objects.Long(g.id))
	}
}

func (g generalName) longOther(w *Writer) {
	prefix, known := otherNamePrefix(w.Objects, g.id)
	if !known || g.value.Tag != otherNameTag(g.id) {
		w.WriteString("othername:<unsupported>")
		return
	}
	w.WriteString(strings.Replace(prefix, ": ", ":", 1))
	w.WriteString(untilZero(string(g.value.Content)))
}

// alternativeNames is subjectAltName, issuerAltName and certificateIssuer.
func alternativeNames(w *Writer, value []byte, indent int) state {
	in := openList(value)
	names := in.names()
	if !in.ok() {
		return unreadable
	}
	list := make(values, len(names))
	for i, g := range names {
		s, ok := g.short(w.Objects)
		if !ok {
			return unprintable
		}
		list[i] = untilZero(s)
	}
	return list.write(w, indent, false)
}
