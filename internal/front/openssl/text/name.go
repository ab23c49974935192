// Package text prints names, keys, requests, certificates and revocation
// lists as OpenSSL 3.0 prints them, octet for octet.
package text

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// NameFlags say how a name is printed; see openssl-namedisplay-options(1).
type NameFlags uint32

// The flags. Their names are those of the -nameopt option.
const (
	Esc2253           NameFlags = 1 << iota // special characters of RFC 2253
	EscCtrl                                 // control characters as \XX
	EscMSB                                  // octets above 127 as \XX
	UseQuote                                // quotes around the value instead of backslashes
	UTF8                                    // convert to UTF-8 first
	IgnoreType                              // every value is one octet a character
	ShowType                                // the string type first
	DumpAll                                 // values in hexadecimal
	DumpNoString                            // values that are no character string in hexadecimal
	DumpDER                                 // hexadecimal of the whole encoding, not the content
	Esc2254                                 // special characters of RFC 2254
	SepCommaPlus                            // "," and "+"
	SepCommaPlusSpace                       // ", " and " + "
	SepSemiPlusSpace                        // "; " and " + "
	SepMultiline                            // a line each, and " + "
	Reverse                                 // last part first
	LongNames                               // commonName
	OIDs                                    // 2.5.4.3
	NoNames                                 // the value alone
	Align                                   // pad names to a column
	SpaceEqual                              // " = "
	DumpUnknownFields                       // values of unknown attributes in hexadecimal
	Compat                                  // the form before OpenSSL 0.9.4
	Oneline2253       = Esc2253 | EscCtrl | EscMSB | UTF8 | DumpNoString | DumpDER
	RFC2253           = Oneline2253 | SepCommaPlus | Reverse | DumpUnknownFields
	Oneline           = Oneline2253 | UseQuote | SepCommaPlusSpace | SpaceEqual
	Multiline         = EscCtrl | EscMSB | SepMultiline | SpaceEqual | LongNames | Align
)

const (
	separators = SepCommaPlus | SepCommaPlusSpace | SepSemiPlusSpace | SepMultiline
	fieldNames = LongNames | OIDs | NoNames
	escapes    = Esc2253 | EscCtrl | EscMSB | UseQuote | Esc2254
)

type nameOption struct {
	word string
	set  NameFlags
	mask NameFlags // cleared before set
}

var nameOptions = []nameOption{
	{"esc_2253", Esc2253, 0}, {"esc_2254", Esc2254, 0}, {"esc_ctrl", EscCtrl, 0}, {"esc_msb", EscMSB, 0},
	{"use_quote", UseQuote, 0}, {"utf8", UTF8, 0}, {"ignore_type", IgnoreType, 0}, {"show_type", ShowType, 0},
	{"dump_all", DumpAll, 0}, {"dump_nostr", DumpNoString, 0}, {"dump_der", DumpDER, 0},
	{"compat", Compat, ^NameFlags(0)},
	{"sep_comma_plus", SepCommaPlus, separators}, {"sep_comma_plus_space", SepCommaPlusSpace, separators},
	{"sep_semi_plus_space", SepSemiPlusSpace, separators}, {"sep_multiline", SepMultiline, separators},
	{"dn_rev", Reverse, 0}, {"nofname", NoNames, fieldNames}, {"sname", 0, fieldNames}, {"lname", LongNames, fieldNames},
	{"align", Align, 0}, {"oid", OIDs, fieldNames}, {"space_eq", SpaceEqual, 0}, {"dump_unknown", DumpUnknownFields, 0},
	{"RFC2253", RFC2253, ^NameFlags(0)}, {"oneline", Oneline, ^NameFlags(0)}, {"multiline", Multiline, ^NameFlags(0)},
	{"ca_default", Multiline, ^NameFlags(0)},
}

// ParseNameOptions reads the words of -nameopt, with commas between them; a
// word with a minus in front takes a flag away.
func ParseNameOptions(words string) (NameFlags, error) {
	var flags NameFlags
	for word := range strings.SplitSeq(words, ",") {
		word = strings.TrimSpace(word)
		bare, minus := strings.CutPrefix(word, "-")
		if !minus {
			bare = strings.TrimPrefix(word, "+")
		}
		known := false
		for _, o := range nameOptions {
			if !strings.EqualFold(o.word, bare) {
				continue
			}
			known = true
			flags &^= o.mask | Compat
			if minus {
				flags &^= o.set
			} else {
				flags |= o.set
			}
		}
		if !known && words != "" {
			return 0, fmt.Errorf("%q is not an option for names", word)
		}
	}
	switch {
	case flags&^Compat == 0:
		flags = Compat
	case flags&separators == 0:
		flags |= SepCommaPlusSpace
	}
	return flags, nil
}

// Name writes a name without a line end. Multiline names are indented. It
// stops, and returns false, at a value that cannot be written.
func Name(w *Writer, n dn.Name, indent int, flags NameFlags) bool {
	if flags&Compat != 0 {
		w.WriteString(w.Objects.compatName(n))
		return true
	}
	spaces(w, indent)
	between, joint := ", ", " + "
	switch {
	case flags&SepMultiline != 0:
		between = "\n"
	case flags&SepCommaPlus != 0:
		between, joint, indent = ",", "+", 0
	case flags&SepSemiPlusSpace != 0:
		between, indent = "; ", 0
	default:
		indent = 0
	}
	equal := "="
	if flags&SpaceEqual != 0 {
		equal = " = "
	}
	started := false
	for i := range n.RDNs {
		rdn := n.RDNs[i]
		if flags&Reverse != 0 {
			rdn = n.RDNs[len(n.RDNs)-1-i]
		}
		if started && len(rdn) > 0 {
			w.WriteString(between)
			spaces(w, indent)
		}
		started = started || len(rdn) > 0
		for j := range rdn {
			a := rdn[j]
			if flags&Reverse != 0 {
				a = rdn[len(rdn)-1-j]
			}
			if j > 0 {
				w.WriteString(joint)
			}
			if !attribute(w, a, flags, equal) {
				return false
			}
		}
	}
	return true
}

func attribute(w *Writer, a dn.Attribute, flags NameFlags, equal string) bool {
	short, long, known := w.Objects.Names(a.Type)
	if flags&NoNames == 0 {
		name, width := short, 10
		switch {
		case flags&OIDs != 0 || !known:
			name, width = a.Type.String(), 0
		case flags&LongNames != 0:
			name, width = long, 25
		}
		w.WriteString(name)
		if flags&Align != 0 {
			spaces(w, width-len(name))
		}
		w.WriteString(equal)
	}
	if !known && flags&DumpUnknownFields != 0 {
		flags |= DumpAll
	}
	return String(w, a.Tag, a.Value, flags)
}

// width of a character of each universal string type in octets: 0 for UTF-8,
// -1 for types that are not read as characters.
func width(tag der.Tag) int {
	switch tag {
	case der.UTF8String:
		return 0
	case der.NumericString, der.PrintableString, der.T61String, der.IA5String, der.UTCTime, der.GeneralizedTime, der.VisibleString:
		return 1
	case der.BMPString:
		return 2
	case der.UniversalString:
		return 4
	}
	return -1
}

// String writes one value under the flags of a name; false where it holds what
// is no character, and nothing of it was written.
func String(w *Writer, tag der.Tag, content []byte, flags NameFlags) bool {
	if flags&ShowType != 0 {
		w.WriteString(typeName(tag))
		w.WriteByte(':')
	}
	size := width(tag)
	switch {
	case flags&DumpAll != 0:
		size = -1
	case flags&IgnoreType != 0:
		size = 1
	case size < 0 && flags&DumpNoString == 0:
		size = 1
	}
	if size < 0 {
		dumpString(w, tag, content, flags)
		return true
	}
	convert := flags&UTF8 != 0
	if convert && size == 0 {
		size, convert = 1, false // octets of UTF-8 go out as they are
	}
	var out strings.Builder
	quoted, ok := escapeAll(&out, content, size, convert, flags)
	if !ok {
		return false
	}
	if quoted {
		w.WriteByte('"')
	}
	w.WriteString(out.String())
	if quoted {
		w.WriteByte('"')
	}
	return true
}

func dumpString(w *Writer, tag der.Tag, content []byte, flags NameFlags) {
	w.WriteByte('#')
	if flags&DumpDER != 0 {
		var b der.Builder
		b.Add(tag, content)
		content = b.Bytes()
	}
	fmt.Fprintf(w, "%X", content)
}

// escapeAll writes the characters with their escapes, and reports whether any
// of them wants the value quoted, and whether all of them are characters.
func escapeAll(out *strings.Builder, content []byte, size int, convert bool, flags NameFlags) (quoted, ok bool) {
	for i := 0; i < len(content); {
		c, n := rune(content[i]), 1
		switch size {
		case 0:
			if c, n = utf8.DecodeRune(content[i:]); c == utf8.RuneError && n <= 1 {
				return quoted, false
			}
		case 2:
			if i+1 >= len(content) {
				return quoted, false
			}
			c, n = rune(content[i])<<8|rune(content[i+1]), 2
		case 4:
			if i+3 >= len(content) {
				return quoted, false
			}
			c, n = rune(content[i])<<24|rune(content[i+1])<<16|rune(content[i+2])<<8|rune(content[i+3]), 4
		}
		edge := charClass(0)
		switch {
		case flags&Esc2253 == 0:
		case i+n >= len(content):
			edge = last // a character that is also the first counts as the last
		case i == 0:
			edge = first
		}
		i += n
		if !convert {
			quoted = escape(out, c, flags, edge) || quoted
			continue
		}
		if !utf8.ValidRune(c) {
			return quoted, false
		}
		for _, b := range []byte(string(c)) {
			quoted = escape(out, rune(b), flags, edge) || quoted
		}
	}
	return quoted, true
}

type charClass uint8

// What a character of ASCII is special for.
const (
	special charClass = 1 << iota // anywhere, in RFC 2253
	control
	quotable // a quote around the value will do instead of a backslash
	first    // at the start
	last     // at the end
	filter   // in RFC 2254
)

func classOf(c rune) charClass {
	switch {
	case c == 0:
		return control | filter
	case c < ' ' || c == 0x7f:
		return control
	case c == ' ':
		return quotable | first | last
	case c == '#':
		return quotable | first
	case c == '"':
		return special
	case c == '\\':
		return special | filter
	case strings.ContainsRune("+,;<>", c):
		return special | quotable
	case strings.ContainsRune("()*", c):
		return filter
	}
	return 0
}

func escape(out *strings.Builder, c rune, flags NameFlags, edge charClass) (quoted bool) {
	if c < 0 || c > 0xffff {
		fmt.Fprintf(out, `\W%08X`, uint32(c))
		return false
	}
	if c > 0xff {
		fmt.Fprintf(out, `\U%04X`, c)
		return false
	}
	class := charClass(0)
	if c <= 0x7f {
		class = classOf(c)
	}
	backslash := class&edge&(first|last) != 0 || class&special != 0 && flags&Esc2253 != 0
	switch {
	case backslash && class&quotable != 0 && flags&UseQuote != 0:
		out.WriteByte(byte(c))
		return true
	case backslash:
		out.WriteByte('\\')
		out.WriteByte(byte(c))
	case c > 0x7f && flags&EscMSB != 0, class&control != 0 && flags&EscCtrl != 0, class&filter != 0 && flags&Esc2254 != 0:
		fmt.Fprintf(out, `\%02X`, c)
	case c == '\\' && flags&escapes != 0:
		out.WriteString(`\\`)
	default:
		out.WriteByte(byte(c))
	}
	return false
}

var typeNames = [...]string{
	"EOC", "BOOLEAN", "INTEGER", "BIT STRING", "OCTET STRING", "NULL", "OBJECT", "OBJECT DESCRIPTOR", "EXTERNAL", "REAL",
	"ENUMERATED", "<ASN1 11>", "UTF8STRING", "<ASN1 13>", "<ASN1 14>", "<ASN1 15>", "SEQUENCE", "SET", "NUMERICSTRING", "PRINTABLESTRING",
	"T61STRING", "VIDEOTEXSTRING", "IA5STRING", "UTCTIME", "GENERALIZEDTIME", "GRAPHICSTRING", "VISIBLESTRING", "GENERALSTRING",
	"UNIVERSALSTRING", "<ASN1 29>", "BMPSTRING",
}

func typeName(tag der.Tag) string {
	if n := int(tag & 0x1f); n < len(typeNames) {
		return typeNames[n]
	}
	return "(unknown)"
}

// compatName is the form before OpenSSL 0.9.4: "C=US, CN=a".
func (more Objects) compatName(n dn.Name) string {
	s := more.Slash(n)
	if s == "" {
		return ""
	}
	var out strings.Builder
	s = s[1:]
	for i := 0; i < len(s); i++ {
		if s[i] == '/' && startsField(s[i+1:]) {
			out.WriteString(", ")
			continue
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// startsField reports whether an attribute name of one or two capitals and an
// equal sign stand here.
func startsField(s string) bool {
	capital := func(i int) bool { return i < len(s) && s[i] >= 'A' && s[i] <= 'Z' }
	return capital(0) && (len(s) > 1 && s[1] == '=' || capital(1) && len(s) > 2 && s[2] == '=')
}

// Slash writes a name as X509_NAME_oneline does: "/C=US/CN=a".
func (more Objects) Slash(n dn.Name) string { return more.SlashWithin(n, math.MaxInt) }

// SlashWithin is Slash in at most size octets: the first attribute that does
// not fit is left out, and so is what follows it.
func (more Objects) SlashWithin(n dn.Name, size int) string {
	var out strings.Builder
	for _, rdn := range n.RDNs {
		for i, a := range rdn {
			before := out.Len()
			out.WriteByte("/+"[min(i, 1)])
			out.WriteString(more.Short(a.Type))
			out.WriteByte('=')
			slashValue(&out, a)
			if out.Len() > size {
				return out.String()[:before]
			}
		}
	}
	return out.String()
}

func slashValue(out *strings.Builder, a dn.Attribute) {
	keep := [4]bool{true, true, true, true}
	if a.Tag == der.GeneralString && len(a.Value)%4 == 0 {
		keep = [4]bool{}
		for i, c := range a.Value {
			if c != 0 {
				keep[i&3] = true
			}
		}
		if !keep[0] && !keep[1] && !keep[2] {
			keep = [4]bool{false, false, false, true}
		} else {
			keep = [4]bool{true, true, true, true}
		}
	}
	for i, c := range a.Value {
		if !keep[i&3] {
			continue
		}
		if c < ' ' || c > '~' {
			fmt.Fprintf(out, `\x%02X`, c)
			continue
		}
		if c == '/' || c == '+' {
			out.WriteByte('\\')
		}
		out.WriteByte(c)
	}
}

// Slash is Objects.Slash with the names that everybody knows.
func Slash(n dn.Name) string { return Objects(nil).Slash(n) }
