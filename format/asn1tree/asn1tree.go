// Package asn1tree prints the tree of elements in BER or DER data, byte for
// byte as `openssl asn1parse` prints it.
package asn1tree

import (
	"io"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Options says what to print; the zero value prints the whole of the data
// without indentation.
type Options struct {
	Indent bool // two-dimensional: each level one blank further right (-i)
	Offset int  // octets to skip first (-offset)
	Length int  // octets to print; 0 is all (-length)

	// StrParse digs: at each of these offsets, the element there is opened and
	// its content taken as the data to go on with (-strparse, repeated).
	StrParse []int
	// Skipped, where set, is told each offset of StrParse that lies outside
	// the data and is passed over.
	Skipped func(offset int)

	// Long, where set, gives the names of object identifiers that OpenSSL does
	// not know.
	Long func(oid.OID) (name string, known bool)

	Dump      bool // show unprintable content as a dump of octets (-dump)
	DumpLimit int  // show at most so many octets of each; 0 is all of them, if Dump is set (-dlimit)
}

// maxDepth is the deepest level that is printed.
const maxDepth = 128

// Write prints the tree of data to w. What can be read before an error is
// printed before it is returned: an *Error where the data are to blame,
// otherwise what w said.
func Write(w io.Writer, data []byte, o Options) error { return dialect{}.write(w, data, o) }

func (d dialect) write(w io.Writer, data []byte, o Options) error {
	data, err := d.window(data, o)
	if err != nil {
		return err
	}
	p := printer{w: w, data: data, dialect: d, indent: o.Indent, dump: o.Dump || o.DumpLimit > 0, limit: o.DumpLimit, long: o.Long}
	p.buf = make([]byte, 0, bufferSize+1024)
	_, _, err = p.elements(0, len(data), 0)
	p.flush(0)
	if p.err != nil {
		return p.err
	}
	return err
}

const bufferSize = 32 << 10

// printer prints one window of data. Lines are gathered in buf.
type printer struct {
	dialect
	w      io.Writer
	err    error // of w
	data   []byte
	buf    []byte
	indent bool
	dump   bool
	limit  int
	long   func(oid.OID) (string, bool)
}

// flush hands what was gathered to the writer if there is more of it than keep.
func (p *printer) flush(keep int) {
	if len(p.buf) <= keep {
		return
	}
	if p.err == nil {
		_, p.err = p.w.Write(p.buf)
	}
	p.buf = p.buf[:0]
}

// elements prints the elements of data[at:end], up to and with the first
// end-of-contents, and returns the offset after the last one printed.
func (p *printer) elements(at, end, depth int) (next int, endOfContents bool, err error) {
	if depth > maxDepth {
		p.buf = append(p.buf, "BAD RECURSION DEPTH\n"...)
		return at, false, &Error{Kind: TooDeep, Offset: at}
	}
	for at < end && p.err == nil {
		h, cause := p.header(p.data[at:end])
		if cause != "" {
			p.buf = append(p.buf, "Error in encoding\n"...)
			return at, false, &Error{Kind: BadEncoding, Offset: at, Cause: cause}
		}
		p.line(at, depth, h)
		content := at + h.size
		switch {
		case h.indefinite:
			p.buf = append(p.buf, '\n')
			at, _, err = p.elements(content, end, depth+1)
		case h.constructed:
			p.buf = append(p.buf, '\n')
			at = content
			for at < content+h.length && err == nil && p.err == nil {
				at, _, err = p.elements(at, content+h.length, depth+1)
			}
		default:
			at = content + h.length
			p.value(h, p.data[content:at:at])
			endOfContents = h.class == 0 && h.tag == 0
		}
		p.flush(bufferSize)
		if err != nil || endOfContents {
			return at, endOfContents, err
		}
	}
	return at, false, nil
}

const blanks = "                                                                " +
	"                                                                "

// line prints what stands before the value.
func (p *printer) line(at, depth int, h header) {
	p.number(at, 5)
	p.buf = append(p.buf, ":d="...)
	from := len(p.buf)
	p.buf = strconv.AppendInt(p.buf, int64(depth), 10)
	p.pad(from, 2)
	p.buf = append(p.buf, " hl="...)
	p.buf = strconv.AppendInt(p.buf, int64(h.size), 10)
	p.buf = append(p.buf, " l="...)
	if h.indefinite {
		p.buf = append(p.buf, "inf  "...)
	} else {
		p.number(h.length, 4)
		p.buf = append(p.buf, ' ')
	}
	if h.constructed {
		p.buf = append(p.buf, "cons: "...)
	} else {
		p.buf = append(p.buf, "prim: "...)
	}
	if p.indent {
		p.buf = append(p.buf, blanks[:depth]...)
	}
	from = len(p.buf)
	p.tag(h)
	p.pad(from, 18)
}

// number appends n, right-aligned in this many columns.
func (p *printer) number(n, columns int) {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], int64(n), 10)
	if len(text) < columns {
		p.buf = append(p.buf, blanks[:columns-len(text)]...)
	}
	p.buf = append(p.buf, text...)
}

// pad fills up with blanks what was appended since from.
func (p *printer) pad(from, columns int) {
	if n := len(p.buf) - from; n < columns {
		p.buf = append(p.buf, blanks[:columns-n]...)
	}
}

// tag appends the name of a tag.
func (p *printer) tag(h header) {
	switch {
	case h.class != 0:
		p.buf = append(p.buf, classNames[h.class]...)
		p.buf = append(p.buf, " [ "...)
		p.buf = strconv.AppendInt(p.buf, int64(h.tag), 10)
		p.buf = append(p.buf, " ]"...)
		if h.class == private {
			p.buf = append(p.buf, ' ')
		}
	case h.tag < len(tagNames) && tagNames[h.tag] != "":
		p.buf = append(p.buf, tagNames[h.tag]...)
	default:
		p.buf = append(p.buf, "<ASN1 "...)
		p.buf = strconv.AppendInt(p.buf, int64(h.tag), 10)
		p.buf = append(p.buf, '>')
	}
}

// private is the class behind whose name OpenSSL puts a blank more.
const private = 3

var classNames = [4]string{"", "appl", "cont", "priv"}

// tagNames are the words OpenSSL has for the universal tags.
var tagNames = [31]string{
	0: "EOC", 1: "BOOLEAN", 2: "INTEGER", 3: "BIT STRING", 4: "OCTET STRING", 5: "NULL", 6: "OBJECT",
	7: "OBJECT DESCRIPTOR", 8: "EXTERNAL", 9: "REAL", 10: "ENUMERATED", 12: "UTF8STRING",
	16: "SEQUENCE", 17: "SET", 18: "NUMERICSTRING", 19: "PRINTABLESTRING", 20: "T61STRING",
	21: "VIDEOTEXSTRING", 22: "IA5STRING", 23: "UTCTIME", 24: "GENERALIZEDTIME", 25: "GRAPHICSTRING",
	26: "VISIBLESTRING", 27: "GENERALSTRING", 28: "UNIVERSALSTRING", 30: "BMPSTRING",
}

// universal is the universal type of this number; one that is none for numbers
// which no type has, however large.
func universal(number int) der.Tag {
	const none = 31
	return der.Tag(min(number, none))
}

// value prints what stands behind the tag of a primitive element.
func (p *printer) value(h header, content []byte) {
	if h.class != 0 {
		p.buf = append(p.buf, '\n')
		return
	}
	switch universal(h.tag) {
	case der.PrintableString, der.T61String, der.IA5String, der.VisibleString, der.NumericString,
		der.UTF8String, der.UTCTime, der.GeneralizedTime:
		p.buf = append(p.buf, ':')
		p.buf = append(p.buf, content...)
	case der.ObjectIdentifier:
		p.objectIdentifier(content)
	case der.Boolean:
		p.boolean(content)
	case der.Integer:
		p.integer("INTEGER", content)
	case der.Enumerated:
		p.integer("ENUMERATED", content)
	case der.OctetString:
		if p.octets(content) {
			return
		}
	case der.BMPString:
	default:
		if len(content) > 0 && p.dump {
			p.hexDump(content)
			return
		}
	}
	p.buf = append(p.buf, '\n')
}

// longestNamed is the most octets of an object identifier that OpenSSL 3.0
// converts to text.
const longestNamed = 586

func (p *printer) objectIdentifier(content []byte) {
	id, err := oid.ParseContent(content)
	if err != nil {
		p.bad("OBJECT", content)
		return
	}
	p.buf = append(p.buf, ':')
	if len(content) > longestNamed {
		p.buf = append(p.buf, "<INVALID>"...)
		p.dumpLines("", content)
		return
	}
	if _, long, ok := oid.OpenSSLNames(id); ok {
		p.buf = append(p.buf, long...)
		return
	}
	if p.long != nil {
		if long, ok := p.long(id); ok {
			p.buf = append(p.buf, long...)
			return
		}
	}
	p.buf = append(p.buf, id.String()...)
}

func (p *printer) boolean(content []byte) {
	if len(content) == 1 {
		p.buf = append(p.buf, ':')
		p.buf = strconv.AppendInt(p.buf, int64(content[0]), 10)
		return
	}
	p.buf = append(p.buf, ":BAD BOOLEAN"...)
	if len(content) > 0 {
		p.buf = append(p.buf, ':')
		p.buf = strconv.AppendInt(p.buf, int64(content[0]), 10)
	}
	p.rest(content)
}

// integer prints sign and magnitude in hexadecimal.
func (p *printer) integer(name string, content []byte) {
	negative, magnitude, ok := signAndMagnitude(content)
	if !ok {
		p.bad(name, content)
		return
	}
	p.buf = append(p.buf, ':')
	if negative {
		p.buf = append(p.buf, '-')
	}
	p.hex(magnitude)
}

func (p *printer) bad(name string, content []byte) {
	p.buf = append(p.buf, ":BAD "...)
	p.buf = append(p.buf, name...)
	p.rest(content)
}

func (p *printer) rest(content []byte) {
	p.buf = append(p.buf, ":["...)
	p.hex(content)
	p.buf = append(p.buf, ']')
}

// octets prints an OCTET STRING, and reports whether it ended its line.
func (p *printer) octets(content []byte) (ended bool) {
	switch {
	case len(content) == 0:
	case printable(content):
		p.buf = append(p.buf, ':')
		p.buf = append(p.buf, content...)
	case p.dump:
		p.hexDump(content)
		return true
	default:
		p.buf = append(p.buf, "[HEX DUMP]:"...)
		p.hex(content)
	}
	return false
}

func printable(content []byte) bool {
	for _, c := range content {
		if (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c > '~' {
			return false
		}
	}
	return true
}

const upperDigits = "0123456789ABCDEF"

func (p *printer) hex(content []byte) {
	for _, c := range content {
		p.buf = append(p.buf, upperDigits[c>>4], upperDigits[c&15])
	}
}
