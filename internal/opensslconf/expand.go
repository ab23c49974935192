package opensslconf

import (
	"fmt"
	"strings"
)

// expand takes quotes and escapes out of a value and puts in its variables.
func (p *parser) expand(value, group string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case c == '\'' || c == '"' || c == '`':
			i = copyQuoted(&out, value, i)
		case c == '\\':
			if i+1 < len(value) {
				out.WriteByte(escaped(value[i+1]))
			}
			i += 2
		case c == '$' && !(p.dollars && !bracketed(value[i+1:])):
			text, n, err := p.variable(value[i:], group)
			if err != nil {
				return "", err
			}
			out.WriteString(text)
			i += n
			if out.Len()+len(value)-i > maxValue {
				return "", fmt.Errorf("the value is longer than %d octets once its variables are in", maxValue)
			}
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String(), nil
}

func bracketed(rest string) bool { return rest != "" && (rest[0] == '{' || rest[0] == '(') }

// copyQuoted copies what stands between the quote at i and its fellow, and
// returns where to go on. A quote that is never closed ends with the line.
func copyQuoted(out *strings.Builder, value string, i int) int {
	quote := value[i]
	for i++; i < len(value) && value[i] != quote; i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			i++
			c = value[i]
		}
		out.WriteByte(c)
	}
	return i + 1
}

func escaped(c byte) byte {
	switch c {
	case 'r':
		return '\r'
	case 'n':
		return '\n'
	case 'b':
		return '\b'
	case 't':
		return '\t'
	}
	return c
}

// variable reads $name, ${name}, $(name), or one of another section, and
// returns its value and how many octets it took.
func (p *parser) variable(text, group string) (value string, n int, err error) {
	i, closing := 1, byte(0)
	if bracketed(text[1:]) {
		closing = map[byte]byte{'{': '}', '(': ')'}[text[1]]
		i++
	}
	start := i
	for i < len(text) && p.variableByte(text[i]) {
		i++
	}
	name := text[start:i]
	if strings.HasPrefix(text[i:], "::") {
		group = name
		i += 2
		start = i
		for i < len(text) && p.variableByte(text[i]) {
			i++
		}
		name = text[start:i]
	}
	if closing != 0 {
		if i >= len(text) || text[i] != closing {
			return "", 0, fmt.Errorf("the variable %s has no closing %c", text[:i], closing)
		}
		i++
	}
	value, ok := p.file.Value(group, name)
	if !ok {
		return "", 0, fmt.Errorf("the variable %s has no value", text[:i])
	}
	return value, i, nil
}

func (p *parser) variableByte(c byte) bool { return wordByte(c) || c == '$' && p.dollars }

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
