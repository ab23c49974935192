package verbs

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/issuance"
)

// parseSpan reads a length of time that is the same whenever it begins: a year
// of it has 365 days.
func parseSpan(flag, text string) (time.Duration, error) {
	p, err := parsePeriod(flag, text)
	return p.Rest + time.Duration(p.Months/12*365+p.Months%12*30)*24*time.Hour, err
}

// parsePeriod reads a length of time, whose years and months are those of the
// calendar. A number alone is one of days.
func parsePeriod(flag, text string) (issuance.Period, error) {
	wrong := front.Usage("write a number and a unit: 12h, 90d, 4w, 6mo or 1y", "--%s: %q is not a length of time", flag, text)
	if _, err := strconv.Atoi(text); err == nil {
		text += "d"
	}
	p, err := issuance.ParsePeriod(text)
	if err != nil || p.IsZero() {
		return p, wrong
	}
	return p, nil
}

// mostDays is the longest span that is taken, of a hundred years.
const mostDays = 36500

// parseTime reads a day or a moment as people write it; without a zone it is
// UTC.
func parseTime(flag, text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04", "20060102150405Z"} {
		if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, front.Usage("write it like 2027-01-31 or 2027-01-31T10:00:00Z", "--%s: %q is not a day or a time", flag, text)
}

// parseHex reads octets as people write serial numbers and fingerprints: with
// colons, blanks, "0x" or "sha256:" or without.
func parseHex(text string) ([]byte, bool) {
	text = strings.ToLower(text)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "sha256:"), "0x")
	text = strings.NewReplacer(":", "", " ", "").Replace(text)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	b, err := hex.DecodeString(text)
	return b, err == nil && len(b) > 0
}

// parseSerial reads a serial number and drops leading zero octets.
func parseSerial(text string) ([]byte, bool) {
	b, ok := parseHex(text)
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	return b, ok
}

// parseNames reads subject alternative names, several to a flag too, as in
// OpenSSL's "DNS:a.example,IP:192.0.2.1".
func parseNames(flag string, texts []string) ([]ext.GeneralName, error) {
	var out []ext.GeneralName
	for _, text := range texts {
		for _, one := range splitNames(text) {
			n, err := ext.ParseGeneralName(lowerKind(one))
			if err != nil {
				return nil, front.Usage("write dns:www.example.com, ip:192.0.2.1, email:a@example.com, uri:https://…, upn:…, dir:CN=… or rid:1.2.3",
					"--%s: %v", flag, err)
			}
			out = append(out, n)
		}
	}
	return out, nil
}

var kinds = [...]string{"dns:", "ip:", "email:", "uri:", "upn:", "dir:", "rid:", "other:", "othername:", "dirname:"}

// splitNames splits at the commas that stand before another kind of name, or
// between names without a kind, and leaves those inside a value.
func splitNames(text string) []string {
	var out []string
	start := 0
	for i := 0; i < len(text); i++ {
		if text[i] == ',' && (kindOf(text[i+1:]) != "" || kindOf(text[start:]) == "" && !strings.Contains(text[start:i], "=")) {
			out = append(out, strings.TrimSpace(text[start:i]))
			start = i + 1
		}
	}
	return append(out, strings.TrimSpace(text[start:]))
}

func kindOf(text string) string {
	lower := strings.ToLower(strings.TrimSpace(text[:min(len(text), 12)]))
	for _, k := range kinds {
		if strings.HasPrefix(lower, k) {
			return k
		}
	}
	return ""
}

func lowerKind(text string) string {
	k := kindOf(text)
	if k == "" {
		return text
	}
	rest := text[len(k):]
	if k == "dirname:" {
		k = "dir:"
	}
	return k + rest
}

func parseSubject(flag, text string) (dn.Name, error) {
	n, err := dn.ParseText(text)
	if err != nil {
		return n, front.Usage(`write it like "CN=www.example.com,O=Example,C=GB" or "/C=GB/O=Example/CN=www.example.com"`, "--%s: %v", flag, err)
	}
	return n, nil
}

// parseCount reads a number of things from 1 on.
func parseCount(flag string, n int) (int, error) {
	if n < 0 {
		return 0, front.Usage("write a number from 1 on, or 0 for all", "--%s: %d is not a number of things", flag, n)
	}
	return n, nil
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// stamp is how JSON tells a time; nothing where there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// span tells a length of time in its largest whole unit.
func span(d time.Duration) string {
	switch {
	case d >= 47*time.Hour:
		return plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
	case d >= 119*time.Minute:
		return plural(int(d.Round(time.Hour)/time.Hour), "hour")
	}
	return plural(max(1, int(d.Round(time.Minute)/time.Minute)), "minute")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
