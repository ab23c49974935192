package front

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns text as it may be shown: characters that move the cursor,
// begin a line, change colours or the direction of writing, or are no UTF-8,
// stand as escapes such as \x1B and \u202E. What others wrote, such as a
// request, can so not pass for what this program says.
func Visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b strings.Builder
	for i, c := range text {
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02X`, text[i])
		case !hidden(c) || c == utf8.RuneError:
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < 0x100:
			fmt.Fprintf(&b, `\x%02X`, c)
		case c > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, c)
		default:
			fmt.Fprintf(&b, `\u%04X`, c)
		}
	}
	return b.String()
}

func hidden(c rune) bool {
	if c < utf8.RuneSelf {
		return c < ' ' || c == 0x7f
	}
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d' // of Persian and Indic words
	return c == utf8.RuneError || !unicode.IsGraphic(c) && c != zeroWidthNonJoiner && c != zeroWidthJoiner || c == '\u2028' || c == '\u2029'
}

// visible makes every text among the values of a format visible.
func visible(values []any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		switch text := v.(type) {
		case string:
			out[i] = Visible(text)
		case error:
			out[i] = Visible(text.Error())
		case fmt.Stringer:
			out[i] = v
			if reflect.ValueOf(v).Kind() != reflect.Int && reflect.ValueOf(v).Kind() != reflect.Int64 {
				out[i] = Visible(text.String())
			}
		default:
			out[i] = v
		}
	}
	return out
}

// Word returns text as one word of a POSIX shell.
func Word(text string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("@%+=:,./_-", c)
	}
	if text != "" && strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
