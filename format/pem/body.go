package pem

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
)

// decodeBody reads what stands between two boundaries; line is the line on
// which it starts.
func decodeBody(body []byte, line int) (map[string]string, []byte, error) {
	headers, rest := readHeaders(body)
	line += bytes.Count(body, []byte{'\n'}) - bytes.Count(rest, []byte{'\n'})
	decoded, err := decodeBase64(rest, line)
	if err != nil {
		return nil, nil, err
	}
	if len(decoded) == 0 {
		return nil, nil, fmt.Errorf("line %d: there is no base64 between begin and end", line)
	}
	return headers, decoded, nil
}

// maxHeader bounds the octets of a header that goes on over several lines.
const maxHeader = 1024

// readHeaders takes RFC 1421 headers off the front of a body: lines with a
// colon, which base64 does not have, and those that continue one.
func readHeaders(body []byte) (map[string]string, []byte) {
	if bytes.IndexByte(body, ':') < 0 {
		return nil, body
	}
	if bytes.IndexByte(bytes.TrimSpace(body), '\n') < 0 {
		return flatHeaders(body)
	}
	headers, last := map[string]string{}, ""
	for rest := body; ; {
		line, after, more := bytes.Cut(rest, []byte{'\n'})
		text := strings.TrimFunc(string(line), isBlank)
		name, value, found := strings.Cut(text, ":")
		switch {
		case found:
			last = strings.TrimSpace(name)
			headers[last] = strings.TrimSpace(value)
		case text == "" && last == "" && more:
			// The rest of the BEGIN line.
		case text != "" && strings.HasSuffix(headers[last], ",") && len(headers[last]) < maxHeader:
			headers[last] += text
		default:
			return headers, rest
		}
		rest = after
		if !more {
			return headers, rest
		}
	}
}

// flatHeaders takes headers off a body that is one line with its base64.
func flatHeaders(body []byte) (map[string]string, []byte) {
	headers := map[string]string{}
	words := bytes.FieldsFunc(body, isBlank)
	for len(words) > 0 {
		name, value, found := strings.Cut(string(words[0]), ":")
		if !found {
			break
		}
		words = words[1:]
		if value == "" && len(words) > 0 {
			value, words = string(words[0]), words[1:]
		}
		headers[name] = value
	}
	return headers, bytes.Join(words, []byte{' '})
}

// decodeBase64 decodes text of either alphabet, with or without padding,
// whatever blanks are in it. line is the line on which it starts.
func decodeBase64(text []byte, line int) ([]byte, error) {
	// What programs write needs no tidying.
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	if n, err := base64.StdEncoding.Decode(decoded, text); err == nil {
		return decoded[:n:n], nil
	}
	return decodeUntidy(text, line)
}

func decodeUntidy(text []byte, line int) ([]byte, error) {
	compact := make([]byte, 0, len(text))
	padding := 0
	lineStart := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line++
			lineStart = true
			i++
			continue
		case c == ' ' || c == '\r' || c == '\t':
			i++
			continue
		case c == '>' && lineStart:
			// A mark of quotation, which mail puts before each line.
			i++
			continue
		case c == '\\' && i+1 < len(text) && strings.IndexByte("nrt", text[i+1]) >= 0:
			i += 2
			continue
		case c == '=':
			padding++
			i++
			continue
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		case !isBase64(c):
			r, size := utf8.DecodeRune(text[i:])
			if !isBlank(r) {
				return nil, fmt.Errorf("line %d: the character %q does not belong in base64; take it out, or get the text again", line, r)
			}
			i += size
			continue
		}
		if padding > 0 {
			return nil, fmt.Errorf("line %d: the base64 goes on after its end, the equals sign; two texts may have run into each other", line)
		}
		lineStart = false
		compact = append(compact, c)
		i++
	}
	if padding > 2 || len(compact)%4 == 1 {
		return nil, fmt.Errorf("line %d: the base64 has %d characters, which cannot be; some were lost or added", line, len(compact))
	}
	n, err := base64.RawStdEncoding.Decode(compact, compact)
	if err != nil {
		return nil, fmt.Errorf("line %d: the base64 cannot be decoded", line)
	}
	return compact[:n:n], nil
}

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/'
}

// decodeDER decodes base64 whose content is one element, whole.
func decodeDER(text []byte) ([]byte, bool) {
	decoded, err := decodeBase64(text, 1)
	if err != nil || len(decoded) < 2 || decoded[0] != byte(der.Sequence) {
		return nil, false
	}
	if decoded[1] == 0x80 {
		return decoded, true
	}
	_, err = der.Parse(decoded)
	return decoded, err == nil
}
