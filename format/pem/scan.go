package pem

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// boundary is one line such as -----BEGIN CERTIFICATE-----, which may stand
// anywhere in a line.
type boundary struct {
	start, end int // of the dashes, in the text
	kind       boundaryKind
	label      string // without BEGIN or END
}

type boundaryKind int

const (
	foreign boundaryKind = iota // neither BEGIN nor END, as far as we can read
	begin
	end
)

// maxLabel bounds the octets between the dashes.
const maxLabel = 200

// scanner walks through the boundaries of a text once.
type scanner struct {
	text    []byte
	at      int
	line    int // of counted
	counted int
	wide    bool // whether there are octets that dashes outside ASCII begin with
}

func newScanner(text []byte) scanner {
	return scanner{text: text, line: 1, wide: bytes.IndexByte(text, 0xe2) >= 0}
}

// lineAt returns the line of an offset, which must not go backwards between calls.
func (s *scanner) lineAt(offset int) int {
	if offset > s.counted {
		s.line += bytes.Count(s.text[s.counted:offset], []byte{'\n'})
		s.counted = offset
	}
	return s.line
}

// next finds the next boundary.
func (s *scanner) next() (boundary, bool) {
	for s.at < len(s.text) {
		if s.text[s.at] != '-' && s.text[s.at] != 0xe2 {
			s.skip()
			continue
		}
		open, ok := dashes(s.text[s.at:])
		if !ok {
			s.at += max(1, open)
			continue
		}
		start := s.at
		s.at += open
		b, ok := s.label(start)
		if ok {
			return b, true
		}
	}
	return boundary{}, false
}

// skip goes on to the next octet that a dash can begin with.
func (s *scanner) skip() {
	if s.wide {
		s.at++
		return
	}
	if i := bytes.IndexByte(s.text[s.at:], '-'); i >= 0 {
		s.at += i
	} else {
		s.at = len(s.text)
	}
}

// dashes measures the run of dashes at the front of text, and reports whether
// it is long enough for a boundary: five, where those that a word processor
// joined count for as many as they stand for.
func dashes(text []byte) (length int, ok bool) {
	weight := 0
	for length < len(text) {
		if text[length] == '-' {
			length, weight = length+1, weight+1
			continue
		}
		c, size := utf8.DecodeRune(text[length:])
		switch c {
		case '\u2010', '\u2011', '\u2012', '\u2212':
			weight++
		case '\u2013':
			weight += 2
		case '\u2014', '\u2015':
			weight += 3
		default:
			return length, weight >= 5
		}
		length += size
	}
	return length, weight >= 5
}

// label reads what follows the opening dashes, up to and with the closing
// ones. Where there are none, the opening dashes are no boundary.
func (s *scanner) label(start int) (boundary, bool) {
	limit := min(len(s.text), s.at+maxLabel)
	for i := s.at; i < limit; i++ {
		c := s.text[i]
		if c == '\n' || c == '\r' {
			return boundary{}, false
		}
		if c != '-' && c != 0xe2 {
			continue
		}
		length, ok := dashes(s.text[i:])
		if !ok {
			i += max(0, length-1)
			continue
		}
		kind, label := readLabel(s.text[s.at:i])
		if label == "" {
			return boundary{}, false
		}
		// Ten dashes are the end of one boundary and the start of the next.
		if length >= 10 && bytes.HasPrefix(s.text[i:], []byte("----------")) {
			length = 5
		}
		s.at = i + length
		return boundary{start: start, end: s.at, kind: kind, label: label}, true
	}
	return boundary{}, false
}

// readLabel reads the words between two runs of dashes.
func readLabel(text []byte) (boundaryKind, string) {
	// What programs write needs no tidying.
	if rest, ok := bytes.CutPrefix(text, []byte("BEGIN ")); ok && isTidy(rest) {
		return begin, string(rest)
	}
	if rest, ok := bytes.CutPrefix(text, []byte("END ")); ok && isTidy(rest) {
		return end, string(rest)
	}
	words := strings.FieldsFunc(string(text), isBlank)
	plain := strings.Join(words, " ")
	if len(words) < 2 {
		return foreign, plain
	}
	upper := strings.ToUpper(strings.Join(words[1:], " "))
	switch strings.ToUpper(words[0]) {
	case "BEGIN":
		return begin, upper
	case "END":
		return end, upper
	}
	return foreign, plain
}

// isTidy reports capital letters and digits with single blanks between words.
func isTidy(label []byte) bool {
	blank := true
	for _, c := range label {
		if c == ' ' && blank || c != ' ' && !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
		blank = c == ' '
	}
	return !blank
}

// isBlank reports white space, and characters of no width that come along
// when text is copied from a page.
func isBlank(c rune) bool {
	switch c {
	case '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\u2060', '\ufeff', '\u00ad':
		return true
	}
	return unicode.IsSpace(c)
}

// findPEM returns the blocks between boundaries.
func findPEM(text []byte) ([]Block, error) {
	s := newScanner(text)
	var blocks []Block
	for {
		b, ok := s.next()
		if !ok {
			return blocks, nil
		}
		line := s.lineAt(b.start)
		switch b.kind {
		case end:
			return nil, fmt.Errorf("line %d: the end of a block %q stands without its begin; the line -----BEGIN %s----- is missing or damaged", line, b.label, b.label)
		case begin:
			if s.prose(b) {
				continue
			}
			block, err := s.block(b, line)
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, block)
		case foreign:
			if block, ok := s.foreign(b, line); ok {
				blocks = append(blocks, block)
			}
		}
	}
}

// prose steps over a sentence that names both lines, as instructions do:
// "paste from -----BEGIN X----- to -----END X-----".
func (s *scanner) prose(b boundary) bool {
	const shortest = 24 // characters; no object has so few
	ahead := *s
	closing, ok := ahead.next()
	if !ok || closing.kind != end {
		return false
	}
	between := bytes.TrimFunc(s.text[b.end:closing.start], isBlank)
	if len(between) == 0 || len(between) >= shortest || bytes.IndexByte(s.text[b.end:closing.start], '\n') >= 0 {
		return false
	}
	s.at = ahead.at
	return true
}

// block reads from a BEGIN to its END.
func (s *scanner) block(b boundary, line int) (Block, error) {
	if strings.HasPrefix(b.label, "PGP ") {
		return Block{}, fmt.Errorf("line %d: this is an OpenPGP block (%s), which holds no X.509 object", line, b.label)
	}
	closing, ok := s.next()
	if !ok || closing.kind == begin {
		return Block{}, fmt.Errorf("line %d: the block %q has no end; the text is cut short, or the line -----END %s----- is damaged", line, b.label, b.label)
	}
	if closing.kind != end || closing.label != b.label {
		return Block{}, fmt.Errorf("line %d: the block that begins on line %d as %q ends here as %q; make both labels the same, or look for a lost line between them",
			s.lineAt(closing.start), line, b.label, closing.label)
	}
	headers, decoded, err := decodeBody(s.text[b.end:closing.start], s.lineAt(b.end))
	if err != nil {
		return Block{}, fmt.Errorf("%w (in the block %q that begins on line %d)", err, b.label, line)
	}
	return Block{Label: b.label, Headers: headers, Bytes: decoded, Line: line}, nil
}

// foreign reads a block whose boundaries are in another language: two of them
// with the base64 of DER between. Anything else between dashes is text.
func (s *scanner) foreign(b boundary, line int) (Block, bool) {
	ahead := *s
	closing, ok := ahead.next()
	if !ok || closing.kind != foreign {
		return Block{}, false
	}
	decoded, ok := decodeDER(s.text[b.end:closing.start])
	if !ok {
		return Block{}, false
	}
	s.at = closing.end
	return Block{Label: b.label, Bytes: decoded, Line: line}, true
}
