package verbs

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// digestDigits is the length of a SHA-256 in hexadecimal, of which people need
// the beginning only.
const digestDigits = 64

// detailText writes the detail of an audit entry for people: "ca issuing,
// reason superseded". What is no object is written as it is.
func detailText(detail []byte) string {
	d := json.NewDecoder(bytes.NewReader(detail))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return string(detail)
	}
	var parts []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return string(detail)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return string(detail)
		}
		parts = append(parts, name.(string)+" "+detailValue(value))
	}
	return strings.Join(parts, ", ")
}

// detailValue is a text without its quotes where it is one plain word, and
// otherwise as JSON has it, in which nothing can disturb a terminal.
func detailValue(value json.RawMessage) string {
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return string(value)
	}
	if text == "" || strings.ContainsAny(text, " ,\"") || strconv.Quote(text) != `"`+text+`"` {
		return strconv.Quote(text)
	}
	if len(text) == digestDigits && strings.Trim(text, "0123456789abcdef") == "" {
		return text[:16] + "…"
	}
	return text
}
