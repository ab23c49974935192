package issuance

import (
	"bytes"
	"fmt"
	"strings"
)

// yamlMistakes are what the reader of YAML says, and what people make of it.
var yamlMistakes = [...]struct{ said, plain string }{
	{"found character that cannot start any token", "a value cannot begin with this character; put it in quotes"},
	{"mapping values are not allowed in this context", "there is a colon where none belongs; put the text in quotes, or indent the line as its neighbours are"},
	{"did not find expected key", "a key with a colon belongs here; indent the line as its neighbours are, and close what is open"},
	{"did not find expected '-' indicator", "an item of a list belongs here; begin it with \"- \", and indent it as its neighbours are"},
	{"could not find expected ':'", "there is a key without a colon; write key: value"},
	{"did not find expected ',' or ']'", "a list is not closed; write [a, b]"},
	{"did not find expected ',' or '}'", "a brace is not closed; write { key: value, other: value }"},
	{"did not find expected node content", "a value is missing; write it out, or close what is open"},
	{"found unexpected end of stream", "a quotation mark is not closed"},
	{"found unexpected document indicator", "a quotation mark is not closed"},
	{"control characters are not allowed", "there is a control character; write the file as plain text"},
	{"invalid leading UTF-8 octet", "the text is not UTF-8; save the file as UTF-8"},
	{"invalid trailing UTF-8 octet", "the text is not UTF-8; save the file as UTF-8"},
}

// PlainYAML says where a text is no YAML, and what to do.
func PlainYAML(err error, text []byte) string {
	for i, line := range bytes.Split(text, []byte("\n")) {
		if blank := len(line) - len(bytes.TrimLeft(line, " \t")); blank < len(line) && bytes.IndexByte(line[:blank], '\t') >= 0 {
			return fmt.Sprintf("line %d: the line is indented by a tab; use blanks", i+1)
		}
	}
	said := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n  ")
	if !strings.HasPrefix(said, "line ") {
		said = "line 1: " + said // the reader leaves the first line out
	}
	where, _, _ := strings.Cut(said, ": ")
	for _, m := range yamlMistakes {
		if strings.Contains(said, m.said) {
			return where + ": " + m.plain
		}
	}
	return said
}
