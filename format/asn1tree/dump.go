package asn1tree

const (
	lowerDigits = "0123456789abcdef"
	perLine     = 16 // octets
)

// hexDump ends the line, and prints as many octets as the limit lets.
func (p *printer) hexDump(content []byte) {
	p.buf = append(p.buf, '\n')
	if p.limit > 0 && p.limit < len(content) {
		content = content[:p.limit]
	}
	p.dumpLines("      ", content)
}

// dumpLines prints lines of sixteen octets, in hexadecimal and as text.
func (p *printer) dumpLines(indent string, content []byte) {
	for at := 0; at < len(content); at += perLine {
		p.dumpLine(indent, at, content[at:min(at+perLine, len(content))])
		p.flush(bufferSize)
	}
}

func (p *printer) dumpLine(indent string, at int, octets []byte) {
	p.buf = append(p.buf, indent...)
	digits := 4
	for at>>(4*digits) != 0 {
		digits++
	}
	for i := digits - 1; i >= 0; i-- {
		p.buf = append(p.buf, lowerDigits[at>>(4*i)&15])
	}
	p.buf = append(p.buf, " - "...)
	for i := range perLine {
		if i >= len(octets) {
			p.buf = append(p.buf, "   "...)
			continue
		}
		separator := byte(' ')
		if i == 7 {
			separator = '-'
		}
		p.buf = append(p.buf, lowerDigits[octets[i]>>4], lowerDigits[octets[i]&15], separator)
	}
	p.buf = append(p.buf, "  "...)
	for _, c := range octets {
		if c < ' ' || c > '~' {
			c = '.'
		}
		p.buf = append(p.buf, c)
	}
	p.buf = append(p.buf, '\n')
}
