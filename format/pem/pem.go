// Package pem finds encoded objects in what people paste, mail and save: PEM
// (RFC 7468) with any label, text around it, stray blanks and line ends, bare
// base64, and plain DER.
package pem

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
)

// Block is one encoded object found in a text.
type Block struct {
	Label   string            // "CERTIFICATE REQUEST"; empty for bare base64 and DER
	Headers map[string]string // RFC 1421 headers such as DEK-Info; nil where there are none
	Bytes   []byte            // the object, decoded
	Line    int               // the line of the text where it starts, from 1
}

// ErrNothing is wrapped by the errors of Find for data in which there is
// nothing encoded at all, broken or whole.
var ErrNothing = errors.New("no PEM, base64 or DER is in it")

// Find returns every block of data in order. Data that are DER give one block
// with no label (a run of several elements gives one for each), shared with
// data. It never fails halfway: an error says what the text looked like and
// comes with no blocks, or names the line of the one block that is broken.
//
// What is undone on the way: byte order marks and UTF-16; several blocks and
// their text on one line; blanks of every kind, mail's quotation marks and
// written-out \n in the base64; missing padding; the alphabet of base64url;
// dashes that a word processor joined; labels in small letters; base64 around
// a whole PEM text. A label in another language stands in Label as it was
// written, with both its words for begin and end unknown: the block is then
// told by its content, and so should consumers do.
func Find(data []byte) ([]Block, error) {
	if blocks := findDER(data); blocks != nil {
		return blocks, nil
	}
	return findText(toUTF8(data), 0)
}

// findText finds blocks in text; nested counts the layers of base64 around it.
func findText(text []byte, nested int) ([]Block, error) {
	blocks, err := findPEM(text)
	if err != nil || len(blocks) > 0 {
		return blocks, err
	}
	if blocks := findBare(text, nested); blocks != nil {
		return blocks, nil
	}
	return nil, fmt.Errorf("%w: it looks like %s", ErrNothing, Describe(text))
}

// findDER returns nil unless data are SEQUENCEs from first to last octet, but
// for line ends that an editor put after them.
func findDER(data []byte) []Block {
	if len(data) < 2 || data[0] != byte(der.Sequence) {
		return nil
	}
	if data[1] == 0x80 {
		// Indefinite lengths end inside, where only a reader of BER sees it.
		return []Block{{Bytes: data, Line: 1}}
	}
	var blocks []Block
	for r := der.Reader(data); !r.Empty(); {
		e, err := r.Take(der.Sequence)
		if err != nil {
			if len(blocks) > 0 && strings.Trim(string(r), "\r\n") == "" {
				break
			}
			return nil
		}
		blocks = append(blocks, Block{Bytes: e.Raw, Line: 1})
	}
	return blocks
}

// Encode returns the object in PEM, 64 columns, with a final newline (RFC
// 7468, Section 2).
func Encode(label string, der []byte) []byte {
	return Block{Label: label, Bytes: der}.Encode()
}

const columns = 64

// Encode returns the block in PEM, its headers first (RFC 1421, Section 4.4):
// Proc-Type, then the others by name.
func (b Block) Encode() []byte {
	size := base64.StdEncoding.EncodedLen(len(b.Bytes))
	out := make([]byte, 0, size+size/columns+2*len(b.Label)+40+80*len(b.Headers))
	out = append(append(append(out, "-----BEGIN "...), b.Label...), "-----\n"...)
	if len(b.Headers) > 0 {
		names := slices.SortedFunc(maps.Keys(b.Headers), func(a, b string) int {
			if first := "Proc-Type"; a != b && (a == first || b == first) {
				if a == first {
					return -1
				}
				return 1
			}
			return strings.Compare(a, b)
		})
		for _, name := range names {
			out = append(append(append(append(out, name...), ": "...), b.Headers[name]...), '\n')
		}
		out = append(out, '\n')
	}
	const octets = columns / 4 * 3
	for rest := b.Bytes; len(rest) > 0; {
		n := min(octets, len(rest))
		out = base64.StdEncoding.AppendEncode(out, rest[:n])
		out = append(out, '\n')
		rest = rest[n:]
	}
	return append(append(append(out, "-----END "...), b.Label...), "-----\n"...)
}
