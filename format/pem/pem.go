// Package pem finds encoded objects in what people paste, mail and save: PEM
// (RFC 7468) with any label, text around it, stray blanks and line ends, bare
// base64, and plain DER.
package pem

// Block is one encoded object found in a text.
type Block struct {
	Label   string            // "CERTIFICATE REQUEST"; empty for bare base64 and DER
	Headers map[string]string // RFC 1421 headers such as DEK-Info; nil where there are none
	Bytes   []byte            // the object, decoded
	Line    int               // the line of the text where it starts, from 1
}

// Find returns every block of data in order. Data that are DER give one block
// with no label. It never fails halfway: an error says what the text looked
// like and comes with no blocks, or names the line of the one block that is
// broken.
func Find(data []byte) ([]Block, error) { panic("unwritten") }

// Encode returns the object in PEM, 64 columns, with a final newline.
func Encode(label string, der []byte) []byte { panic("unwritten") }
