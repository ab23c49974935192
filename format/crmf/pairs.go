package crmf

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Pair is one name and value of utf8Pairs.
type Pair struct{ Name, Value string }

// ParsePairs reads the text of utf8Pairs, "name?value%name?value%": a percent
// sign ends a value, and one with two hexadecimal digits stands for an octet
// (RFC 4211, Section 7.1).
//
// The two uses can look alike, as in "city?Bonn%address?…". Between two
// question marks a percent sign that begins no escape is the end of the value;
// where there is none it is the last one.
func ParsePairs(text string) ([]Pair, error) {
	if text == "" {
		return nil, errors.New("there is no pair in it")
	}
	rest := strings.TrimSuffix(text, "%")
	name, rest, ok := strings.Cut(rest, "?")
	if !ok {
		return nil, fmt.Errorf("%q has no question mark between name and value", name)
	}
	var list []Pair
	for {
		if len(list) == maxControls {
			return nil, fmt.Errorf("there are more than %d pairs", maxControls)
		}
		segment, after, more := strings.Cut(rest, "?")
		value, next := segment, ""
		if more {
			at, err := valueEnd(segment)
			if err != nil {
				return nil, err
			}
			value, next = segment[:at], segment[at+1:]
		}
		p, err := pair(name, value)
		if err != nil {
			return nil, err
		}
		if list = append(list, p); !more {
			return list, nil
		}
		name, rest = next, after
	}
}

// valueEnd finds the percent sign between a value and the name after it.
func valueEnd(segment string) (int, error) {
	end := -1
	for i := range len(segment) {
		if segment[i] != '%' || escape(segment[i:]) {
			continue
		}
		if end >= 0 {
			return 0, fmt.Errorf("%q has more than one end of a value", segment)
		}
		end = i
	}
	if end < 0 {
		end = strings.LastIndexByte(segment, '%')
	}
	if end < 0 {
		return 0, fmt.Errorf("%q has no percent sign at the end of the value", segment)
	}
	return end, nil
}

// escape reports whether s begins with a percent sign and two digits.
func escape(s string) bool { return len(s) > 2 && digit(s[1]) >= 0 && digit(s[2]) >= 0 }

// digit returns the value of a hexadecimal digit, -1 for other octets.
func digit(c byte) int {
	at := strings.IndexByte("0123456789abcdefABCDEF", c)
	if at > 15 {
		at -= 6
	}
	return at
}

func pair(name, value string) (Pair, error) {
	n, err := unescape(name)
	if err != nil {
		return Pair{}, err
	}
	if n == "" {
		return Pair{}, errors.New("a pair has no name")
	}
	v, err := unescape(value)
	return Pair{n, v}, err
}

func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if !escape(s[i:]) {
			return "", fmt.Errorf("%q has a percent sign that is neither an escape nor the end of a value", s)
		}
		b.WriteByte(byte(digit(s[i+1])<<4 | digit(s[i+2])))
		i += 2
	}
	if !utf8.ValidString(b.String()) {
		return "", fmt.Errorf("%q is not valid UTF-8 once its escapes are read", s)
	}
	return b.String(), nil
}

// FormatPairs writes the text of utf8Pairs. Where a name begins with two
// hexadecimal digits its first octet is escaped, so that nobody reads an
// escape where a value ends.
func FormatPairs(list []Pair) string {
	reserved := strings.NewReplacer("%", "%25", "?", "%3F")
	var b strings.Builder
	for _, p := range list {
		name := reserved.Replace(p.Name)
		if escape("%" + name) {
			name = fmt.Sprintf("%%%02X", name[0]) + name[1:]
		}
		b.WriteString(name + "?" + reserved.Replace(p.Value) + "%")
	}
	return b.String()
}
