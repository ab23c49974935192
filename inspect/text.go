package inspect

import (
	"io"
	"strings"
	"unicode/utf8"
)

const (
	columns     = 100
	widestLabel = 36
)

// WriteText writes the report for people, in at most 100 columns where the
// values can be broken.
func (r *Report) WriteText(w io.Writer) error {
	var t textWriter
	for i := range r.Objects {
		if i > 0 {
			t.line("")
		}
		t.object(&r.Objects[i])
	}
	if len(r.Notes) > 0 {
		t.line("")
		t.notes("", r.Notes)
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

type textWriter struct{ b strings.Builder }

// line writes one line, and takes out what no line should have in it,
// wherever it came from.
func (t *textWriter) line(s string) {
	t.b.WriteString(strings.TrimRight(printable(s), " "))
	t.b.WriteByte('\n')
}

func (t *textWriter) object(o *Object) {
	t.line(o.Title + "  (" + o.place() + ")")
	facts := len(o.Fields)
	for i, f := range o.Fields {
		if len(f.Children) > 0 {
			facts = i
			break
		}
	}
	t.fields("  ", o.Fields[:facts])
	t.notes("  ", o.Notes)
	for _, group := range o.Fields[facts:] {
		t.line("")
		t.fields("  ", []Field{group})
	}
}

// place says where the object stood: "PEM, line 7".
func (o *Object) place() string {
	place := o.Encoding
	if o.Line > 1 {
		place += ", line " + itoa(o.Line)
	}
	return place + ", " + count(len(o.Raw), "octet")
}

func (t *textWriter) notes(indent string, notes []Note) {
	for _, n := range notes {
		t.wrapped(indent+"! ", indent+"  ", n.Text)
	}
}

// fields writes fields that stand together, their values in one column.
func (t *textWriter) fields(indent string, list []Field) {
	width := 0
	for _, f := range list {
		if n := utf8.RuneCountInString(f.Name); len(f.Children) == 0 && n <= widestLabel {
			width = max(width, n)
		}
	}
	for _, f := range list {
		if len(f.Children) > 0 {
			t.line(indent + f.Name + noteSuffix(f))
			t.fields(indent+"  ", f.Children)
			continue
		}
		hang := indent + strings.Repeat(" ", width+2)
		first := indent + f.Name + strings.Repeat(" ", max(2, width+2-utf8.RuneCountInString(f.Name)))
		if f.Value == "" {
			t.wrapped(first, hang, strings.TrimLeft(noteSuffix(f), " "))
			continue
		}
		for i, value := range strings.Split(f.Value, "\n") {
			if i == 0 {
				value += noteSuffix(f)
			}
			t.wrapped(first, hang, value)
			first = hang
		}
	}
}

func noteSuffix(f Field) string {
	if f.Note == "" {
		return ""
	}
	return "  (" + f.Note + ")"
}

// wrapped writes one text, broken at blanks, or anywhere in a word too long
// for a line.
func (t *textWriter) wrapped(first, hang, text string) {
	room := max(30, columns-utf8.RuneCountInString(hang))
	for prefix := first; ; prefix = hang {
		runes := []rune(text)
		if len(runes) <= room {
			t.line(prefix + text)
			return
		}
		cut := room
		for i := room; i > room/3; i-- {
			if runes[i] == ' ' {
				cut = i
				break
			}
		}
		t.line(prefix + string(runes[:cut]))
		text = strings.TrimLeft(string(runes[cut:]), " ")
	}
}

// printable takes control characters out of what an object says, so that no
// name can move the cursor of who reads it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '\ufffd'
		}
		return r
	}, s)
}

// oneLine keeps a value that an object gives from looking like several.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "\ufffd") }
