package opensslconf

import (
	"strings"
	"time"

	"github.com/certwright/certwright/format/der"
)

// timeText reports whether text is a UTCTime or GeneralizedTime as OpenSSL
// takes them: seconds may be missing, and there must be a zone, which is Z or
// an offset of up to twelve hours.
func timeText(kind der.Tag, text string) bool {
	layout := "060102"
	if kind == der.GeneralizedTime {
		layout = "20060102"
	}
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	rest := text[digits:]
	switch digits - len(layout) {
	case 4:
		layout += "1504"
	case 6:
		layout += "150405"
		if fraction, ok := strings.CutPrefix(rest, "."); ok && kind == der.GeneralizedTime {
			rest = strings.TrimLeft(fraction, "0123456789")
			if len(rest) == len(fraction) {
				return false
			}
		}
	default:
		return false
	}
	if _, err := time.Parse(layout, text[:digits]); err != nil {
		return false
	}
	if rest == "Z" {
		return true
	}
	if len(rest) != 5 || rest[0] != '+' && rest[0] != '-' || strings.Trim(rest[1:], "0123456789") != "" {
		return false
	}
	return rest[1:3] <= "12" && rest[3:5] <= "59"
}
