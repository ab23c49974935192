package server

import (
	"net/http"
	"strings"
)

// forwarded reads Forwarded (RFC 7239, Section 4). A line that is not of that
// form is one broken hop: where in it the word of the proxy begins, and where
// that of the client ends, nobody knows.
func forwarded(h http.Header) []hop {
	var hops []hop
	for _, line := range h["Forwarded"] {
		hops = append(hops, hopsIn(line)...)
	}
	return hops
}

// hopsIn reads one line.
func hopsIn(line string) []hop {
	var hops []hop
	for rest := line; ; {
		one, given, after, ok := element(rest)
		if !ok {
			return []hop{{broken: true}}
		}
		if given {
			hops = append(hops, one)
		}
		if after == "" {
			return hops
		}
		rest = after[1:] // behind the comma
	}
}

// element reads what one proxy has said, up to a comma or the end, and reports
// whether it has said anything. Blanks around semicolons are taken: proxies
// write them, and they change no meaning.
func element(text string) (one hop, given bool, rest string, ok bool) {
	seen := map[string]bool{}
	for {
		text = strings.TrimLeft(text, " \t")
		if text != "" && text[0] != ';' && text[0] != ',' {
			name, value, after, ok := pair(text)
			if !ok || seen[name] {
				return one, true, "", false
			}
			seen[name] = true
			switch name {
			case "for":
				one.address = value
				_, is := addressIn(value)
				one.broken = !is && !strings.EqualFold(value, "unknown") && !strings.HasPrefix(value, "_")
			case "proto":
				one.proto = value
			}
			text = strings.TrimLeft(after, " \t")
		}
		switch {
		case text == "" || text[0] == ',':
			return one, len(seen) > 0, text, true
		case text[0] != ';':
			return one, true, "", false
		}
		text = text[1:]
	}
}

// pair reads NAME=VALUE; the name comes back in lower case.
func pair(text string) (name, value, rest string, ok bool) {
	name, text = word(text)
	if name == "" || text == "" || text[0] != '=' {
		return "", "", "", false
	}
	text = text[1:]
	if text != "" && text[0] == '"' {
		value, rest, ok = quoted(text[1:])
		return strings.ToLower(name), value, rest, ok
	}
	value, rest = word(text)
	return strings.ToLower(name), value, rest, value != ""
}

// word reads a token (RFC 9110, Section 5.6.2).
func word(text string) (token, rest string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

// quoted reads what follows a quotation mark, up to the next (RFC 9110,
// Section 5.6.4).
func quoted(text string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			c = text[i]
		case c == '\\':
			return "", "", false
		}
		if c != '\t' && c < ' ' || c == 0x7f {
			return "", "", false
		}
		b.WriteByte(c)
	}
	return "", "", false
}
