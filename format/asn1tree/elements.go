package asn1tree

import (
	"bytes"
	"encoding/hex"
)

// Element is one line of the tree.
type Element struct {
	Offset       int    `json:"offset"`
	Depth        int    `json:"depth"`
	HeaderLength int    `json:"headerLength"`
	Length       int    `json:"length"` // of the content; -1 where it is indefinite
	Constructed  bool   `json:"constructed"`
	Tag          string `json:"tag"`               // as Write names it: "SEQUENCE", "cont [ 0 ]"
	Value        string `json:"value,omitempty"`   // as Write prints it, where it is no dump
	Content      string `json:"content,omitempty"` // hexadecimal; of primitive elements
}

// Elements returns the lines of the tree of data as values, in order: those
// before an error, too. Errors are as those of Write; how lines look is not
// heeded.
func Elements(data []byte, o Options) ([]Element, error) {
	var d dialect
	data, err := d.window(data, o)
	if err != nil {
		return nil, err
	}
	l := lister{printer: printer{data: data, dialect: d, long: o.Long}}
	_, _, err = l.elements(0, len(data), 0)
	return l.list, err
}

// lister keeps what a printer would print.
type lister struct {
	printer
	list []Element
}

func (l *lister) elements(at, end, depth int) (next int, endOfContents bool, err error) {
	if depth > maxDepth {
		return at, false, &Error{Kind: TooDeep, Offset: at}
	}
	for at < end {
		h, cause := l.header(l.data[at:end])
		if cause != "" {
			return at, false, &Error{Kind: BadEncoding, Offset: at, Cause: cause}
		}
		content := at + h.size
		l.add(at, depth, h)
		switch {
		case h.indefinite:
			at, _, err = l.elements(content, end, depth+1)
		case h.constructed:
			at = content
			for at < content+h.length && err == nil {
				at, _, err = l.elements(at, content+h.length, depth+1)
			}
		default:
			at = content + h.length
			endOfContents = h.class == 0 && h.tag == 0
		}
		if err != nil || endOfContents {
			return at, endOfContents, err
		}
	}
	return at, false, nil
}

func (l *lister) add(at, depth int, h header) {
	l.buf = l.buf[:0]
	l.tag(h)
	e := Element{Offset: at, Depth: depth, HeaderLength: h.size, Length: h.length, Constructed: h.constructed, Tag: string(bytes.TrimSpace(l.buf))}
	switch {
	case h.indefinite:
		e.Length = -1
	case !h.constructed:
		content := l.data[at+h.size:][:h.length]
		l.buf = l.buf[:0]
		l.value(h, content)
		if value, ok := bytes.CutPrefix(l.buf, []byte(":")); ok {
			e.Value = string(bytes.TrimSuffix(value, []byte("\n")))
		}
		e.Content = hex.EncodeToString(content)
	}
	l.list = append(l.list, e)
}
