package text

import (
	"io"
)

const (
	lowerDigits = "0123456789abcdef"
	upperDigits = "0123456789ABCDEF"
	blanks      = "                                                                "
)

func spaces(w *Writer, n int) {
	for n > len(blanks) {
		w.WriteString(blanks)
		n -= len(blanks)
	}
	if n > 0 {
		w.WriteString(blanks[:n])
	}
}

// colonLines writes octets in hexadecimal with colons between them, perLine
// of them on a line, each line indented, and ends the last line.
func colonLines(w *Writer, octets []byte, indent, perLine int) {
	for i, c := range octets {
		if i%perLine == 0 {
			if i > 0 {
				w.WriteByte('\n')
			}
			spaces(w, indent)
		}
		w.WriteByte(lowerDigits[c>>4])
		w.WriteByte(lowerDigits[c&15])
		if i+1 < len(octets) {
			w.WriteByte(':')
		}
	}
	w.WriteByte('\n')
}

// colonHex writes octets as "AB:CD".
func colonHex(w io.ByteWriter, octets []byte) {
	for i, c := range octets {
		if i > 0 {
			w.WriteByte(':')
		}
		w.WriteByte(upperDigits[c>>4])
		w.WriteByte(upperDigits[c&15])
	}
}

// wrappedHex is colonHex in lines of perLine, those after the first indented
// and each but the last ended by a colon.
func wrappedHex(w *Writer, octets []byte, indent, perLine int) {
	for i, c := range octets {
		if i > 0 && i%perLine == 0 {
			w.WriteByte('\n')
			spaces(w, indent)
		}
		w.WriteByte(upperDigits[c>>4])
		w.WriteByte(upperDigits[c&15])
		if i+1 < len(octets) {
			w.WriteByte(':')
		}
	}
}

// bareHex writes octets as "ABCD".
func bareHex(w io.ByteWriter, octets []byte) {
	for _, c := range octets {
		w.WriteByte(upperDigits[c>>4])
		w.WriteByte(upperDigits[c&15])
	}
}

// printable writes text with a dot for each octet that is neither printable
// ASCII nor a line end.
func printable(w *Writer, text []byte) {
	for _, c := range text {
		if c > '~' || c < ' ' && c != '\n' && c != '\r' {
			c = '.'
		}
		w.WriteByte(c)
	}
}

// dump writes octets in lines of hexadecimal and text, with their offsets.
func dump(w *Writer, octets []byte, indent int) {
	indent = min(indent, 64)
	perLine := 16
	if indent > 6 {
		perLine -= (indent - 6 + 3) / 4
	}
	for at := 0; at < len(octets); at += perLine {
		line := octets[at:min(at+perLine, len(octets))]
		spaces(w, indent)
		digits := 4
		for at>>(4*digits) != 0 {
			digits++
		}
		for i := digits - 1; i >= 0; i-- {
			w.WriteByte(lowerDigits[at>>(4*i)&15])
		}
		w.WriteString(" - ")
		for i := range perLine {
			if i >= len(line) {
				w.WriteString("   ")
				continue
			}
			w.WriteByte(lowerDigits[line[i]>>4])
			w.WriteByte(lowerDigits[line[i]&15])
			if i == 7 {
				w.WriteByte('-')
			} else {
				w.WriteByte(' ')
			}
		}
		w.WriteString("  ")
		for _, c := range line {
			if c < ' ' || c > '~' {
				c = '.'
			}
			w.WriteByte(c)
		}
		w.WriteByte('\n')
	}
}
