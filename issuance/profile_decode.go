package issuance

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/internal/spelling"
)

const (
	maxProfileText  = 1 << 20
	maxProfileDepth = 16
	maxMistakes     = 50 // that are told of one text
)

// textual is a value that is written as one word or phrase; the error of
// fromText says what is wanted.
type textual interface{ fromText(text string) error }

// decoder fills structures from YAML, strictly: it reports every unknown key,
// every wrong value and every repeated key, each with its line.
type decoder struct {
	errs  []error
	lines map[string]int // of each key, by its path: "subject.attributes.O"
	wrong []string       // paths whose values are not what was written
}

// decodeText reads one YAML document, which what names for messages, into
// text. The compiler that it returns has the mistakes found so far; the error
// is for what is no document at all.
func decodeText(what string, data []byte, text any) (*compiler, error) {
	if len(data) > maxProfileText {
		return nil, fmt.Errorf("the %s is %d bytes long, more than the %d that are read", what, len(data), maxProfileText)
	}
	reader := yaml.NewDecoder(strings.NewReader(string(data)))
	var document yaml.Node
	switch err := reader.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("the %s is empty", what)
	case err != nil:
		return nil, fmt.Errorf("the %s is not YAML: %s", what, PlainYAML(err, data))
	}
	var second yaml.Node
	if !errors.Is(reader.Decode(&second), io.EOF) {
		return nil, fmt.Errorf("line %d: a second document begins here; write one %s a file", second.Line, what)
	}
	d := &decoder{lines: map[string]int{}}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, fmt.Errorf("the %s is empty", what)
	}
	d.value(document.Content[0], reflect.ValueOf(text).Elem(), "", 0)
	return &compiler{lines: d.lines, errs: d.errs, wrong: d.wrong}, nil
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	if len(d.errs) == maxMistakes {
		d.errs = append(d.errs, errors.New("and more that is wrong"))
	}
	if len(d.errs) > maxMistakes {
		return
	}
	where := fmt.Sprintf("line %d: ", n.Line)
	if path != "" {
		where += path + ": "
		d.wrong = append(d.wrong, path)
	}
	d.errs = append(d.errs, errors.New(where+fmt.Sprintf(format, args...)))
}

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, depth int) {
	if depth > maxProfileDepth {
		d.fail(n, path, "nested more than %d deep", maxProfileDepth)
		return
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.fail(n, path, "anchors and aliases (& and *) are not read here; write the value out")
		return
	}
	d.lines[path] = n.Line
	if t, ok := v.Addr().Interface().(textual); ok {
		d.text(n, t, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path, depth)
	case reflect.Struct:
		d.structure(n, v, path, depth)
	case reflect.Map:
		d.table(n, v, path, depth)
	case reflect.Slice:
		d.list(n, v, path, depth)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) text(n *yaml.Node, t textual, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "found %s where a word belongs", kindOf(n))
		return
	}
	if err := t.fromText(n.Value); err != nil {
		d.fail(n, path, "%v", err)
	}
}

// pairs visits the keys of a mapping, each once.
func (d *decoder) pairs(n *yaml.Node, path string, visit func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "found %s where keys with values belong", kindOf(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			d.fail(key, path, "found %s where a key belongs", kindOf(key))
			continue
		}
		if line, again := first[key.Value]; again {
			d.fail(key, path, "the key %q stands twice, first on line %d", key.Value, line)
			continue
		}
		first[key.Value] = key.Line
		visit(key, n.Content[i+1], join(path, key.Value))
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string, depth int) {
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("yaml")
		fields[name] = i
		known = append(known, name)
	}
	d.pairs(n, path, func(key, value *yaml.Node, at string) {
		i, ok := fields[key.Value]
		if !ok {
			wrong := len(d.wrong)
			d.fail(key, path, "unknown key %q%s", key.Value, suggestion(key.Value, known))
			d.wrong = d.wrong[:wrong] // its neighbours stand
			if meant := spelling.Nearest(key.Value, known); meant != "" {
				d.wrong = append(d.wrong, join(path, meant))
			}
			return
		}
		d.value(value, v.Field(i), at, depth+1)
		d.lines[at] = key.Line
	})
}

func (d *decoder) table(n *yaml.Node, v reflect.Value, path string, depth int) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, path, func(key, value *yaml.Node, at string) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(value, item, at, depth+1)
		d.lines[at] = key.Line
		v.SetMapIndex(reflect.ValueOf(key.Value), item)
	})
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "found %s where a list belongs; write [a, b]", kindOf(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), path+"["+strconv.Itoa(i)+"]", depth+1)
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, path, "found %s where one value belongs", kindOf(n))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.Value)
	case reflect.Bool:
		if n.Value != "true" && n.Value != "false" {
			d.fail(n, path, "got %q, want true or false", n.Value)
			return
		}
		v.SetBool(n.Value == "true")
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil || i < 0 || i > 1<<30 {
			d.fail(n, path, "got %q, want a whole number from 0 on", n.Value)
			return
		}
		v.SetInt(int64(i))
	}
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
