package asn1tree

import "strconv"

// Kind is what an Error is about.
type Kind int

// The kinds of Error.
const (
	BadEncoding  Kind = iota // identifier or length octets cannot be read
	TooDeep                  // elements are nested more than 128 deep
	OutOfRange               // the offset asked for lies outside the data
	BadStructure             // there is no readable element where StrParse points
	NotOpenable              // the element where StrParse points is a BOOLEAN, NULL or OBJECT IDENTIFIER
)

// Error says why a tree was not printed to its end.
type Error struct {
	Kind   Kind
	Offset int    // of the element: in what is printed, for StrParse in what is opened
	Cause  string // BadEncoding: what is wrong; NotOpenable: the type, as OpenSSL names it
}

// Error returns the cause in plain words.
func (e *Error) Error() string {
	offset := strconv.Itoa(e.Offset)
	at := " (at offset " + offset + ")"
	switch e.Kind {
	case BadEncoding:
		return "the encoding is broken: " + e.Cause + at
	case TooDeep:
		return "the elements are nested more than " + strconv.Itoa(maxDepth) + " deep" + at
	case OutOfRange:
		return "offset " + offset + " lies outside the data"
	case NotOpenable:
		return "a " + e.Cause + " holds no other elements" + at
	default:
		return "there is no readable element to open" + at
	}
}
