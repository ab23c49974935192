package inspect

import (
	"unicode"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// noteName tells what in a distinguished name is no text, or reads otherwise
// than it is written.
func noteName(o *Object, field string, n dn.Name) {
	for _, a := range n.All() {
		where := field + "." + a.Type.Name()
		text, err := der.Element{Tag: a.Tag, Content: a.Value}.Text()
		if err != nil {
			o.noteOn(where, "the "+a.Type.Name()+" is no valid "+a.Tag.String()+", and is shown in hexadecimal: "+err.Error())
			continue
		}
		if hidden := misleading(text); hidden != "" {
			o.noteOn(where, "the "+a.Type.Name()+" has "+hidden+" in it")
		}
	}
}

// misleading names the first character of text that nobody sees, or that
// makes others be seen elsewhere than they stand.
func misleading(text string) string {
	for _, r := range text {
		switch {
		case r == 0:
			return "a NUL character (some programs take the text to end there)"
		case unicode.IsControl(r):
			return "a control character"
		case unicode.Is(unicode.Bidi_Control, r):
			return "a character that turns the direction of writing (what is read is not what is written)"
		case unicode.Is(unicode.Cf, r):
			return "a character that is not seen"
		}
	}
	return ""
}
