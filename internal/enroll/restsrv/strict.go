package restsrv

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/internal/spelling"
)

// onceEach refuses JSON in which an object has a name twice: which of the values
// counts, readers do not agree on (RFC 8259, Section 4).
func onceEach(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type object struct {
		names map[string]bool // nil of an array
		value bool            // the name was read, and its value comes
	}
	var open []*object
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return nil // what is no JSON is told when it is decoded
		}
		if len(open) > 0 && open[len(open)-1].names != nil && token != json.Delim('}') {
			in := open[len(open)-1]
			if !in.value {
				name, _ := token.(string)
				if in.names[name] {
					return mistake(short(name), "send each field once", "the field %q is there twice", short(name))
				}
				in.names[name], in.value = true, true
				continue
			}
			in.value = false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &object{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, &object{})
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// decodeStrictly decodes a body whose objects have each name once, spelled as
// the description has it.
func decodeStrictly(body []byte, out any) error {
	if err := json.Unmarshal(body, out); err != nil {
		return err
	}
	if t := reflect.TypeOf(out); t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		return spelled(body, t.Elem())
	}
	return onceEach(body)
}

// spelled refuses a body that was decoded, if a name is in it twice, or in other
// letters than the description has it: encoding/json does not mind.
func spelled(body []byte, t reflect.Type) error {
	known := fieldsOf(t)
	if plain(body, known) {
		return nil
	}
	if err := onceEach(body); err != nil {
		return err
	}
	var given map[string]json.RawMessage
	if json.Unmarshal(body, &given) != nil {
		return nil
	}
	for _, field := range sorted(given) {
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, field) }); i >= 0 && known[i] != field {
			return mistake(short(field), fmt.Sprintf("did you mean %q?", known[i]), "the field %q is not known", short(field))
		}
	}
	return nil
}

// plain reports whether what is known to be JSON is one object without others in
// it, of known names, each there once. Nearly every body is, and this tells it
// without decoding it again.
func plain(body []byte, known []string) bool {
	seen := make([]bool, len(known))
	depth, name := 0, false
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			if depth > 0 {
				return false
			}
			depth, name = 1, true
		case '[':
			if depth == 0 {
				return false
			}
			depth++
		case ']', '}':
			depth--
		case ',':
			name = depth == 1
		case '"':
			end := i + 1 + endOfString(body[i+1:])
			if name {
				at := slices.Index(known, string(body[i+1:end]))
				if at < 0 || seen[at] {
					return false
				}
				seen[at], name = true, false
			}
			i = end
		}
	}
	return true
}

// endOfString returns where the quotation mark is that ends a string.
func endOfString(text []byte) int {
	for at := 0; ; at++ {
		next := bytes.IndexByte(text[at:], '"')
		if next < 0 {
			return len(text)
		}
		at += next
		escapes := 0
		for escapes < at && text[at-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at
		}
	}
}

// askedRightly refuses parameters that an operation does not know, and those
// that are there twice.
func askedRightly(op *huma.Operation, query url.Values) *failure {
	var known []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			known = append(known, p.Name)
		}
	}
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case slices.Contains(known, name) && len(query[name]) > 1:
			return mistake(name, "give it once", "the parameter %q is there twice", name)
		case slices.Contains(known, name):
			continue
		}
		fix := "this takes no parameters"
		if len(known) > 0 {
			fix = "known are " + strings.Join(known, ", ")
		}
		if near := spelling.Nearest(name, known); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		return mistake(short(name), fix, "the parameter %q is not known", short(name))
	}
	return nil
}

// keyTaken refuses an idempotency key for what is not done once by it.
func keyTaken(op *huma.Operation, key string) *failure {
	takes := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "header" && p.Name == "Idempotency-Key" })
	if key == "" || takes || op.Method == http.MethodGet {
		return nil
	}
	return usage("leave the header out; after a failure look at what became of it, and decide anew", "%s takes no Idempotency-Key", op.OperationID)
}
