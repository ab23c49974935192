package pem

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// toUTF8 takes byte order marks off and turns UTF-16, which Windows saves as
// "Unicode", into UTF-8. Other data come back as they are.
func toUTF8(data []byte) []byte {
	if rest, ok := bytes.CutPrefix(data, []byte("\xef\xbb\xbf")); ok {
		return rest
	}
	if len(data) < 4 || len(data)%2 != 0 {
		return data
	}
	switch {
	case data[0] == 0xff && data[1] == 0xfe:
		return fromUTF16(data[2:], 0)
	case data[0] == 0xfe && data[1] == 0xff:
		return fromUTF16(data[2:], 1)
	case isText(data[0]) && data[1] == 0 && isText(data[2]) && data[3] == 0:
		return fromUTF16(data, 0)
	case data[0] == 0 && isText(data[1]) && data[2] == 0 && isText(data[3]):
		return fromUTF16(data, 1)
	}
	return data
}

func isText(c byte) bool { return c >= ' ' && c <= '~' || c == '\n' || c == '\r' || c == '\t' }

// fromUTF16 decodes pairs whose low octet is at index low.
func fromUTF16(data []byte, low int) []byte {
	out := make([]byte, 0, len(data)/2)
	for i := 0; i+1 < len(data); i += 2 {
		unit := func(at int) rune { return rune(data[at+low]) | rune(data[at+1-low])<<8 }
		c := unit(i)
		if utf16.IsSurrogate(c) && i+3 < len(data) {
			if pair := utf16.DecodeRune(c, unit(i+2)); pair != utf8.RuneError {
				c = pair
				i += 2
			}
		}
		out = utf8.AppendRune(out, c)
	}
	return out
}
