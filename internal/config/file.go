package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
)

// Fault is a mistake in a file, at a line.
type Fault struct {
	File   string
	Line   int
	Detail string
	More   []string // what else is wrong with the file
	Fix    string
}

// Lines are what is wrong, each with the file.
func (f *Fault) Lines() []string {
	where := f.File
	if f.Line != 0 {
		where = fmt.Sprintf("%s, line %d", f.File, f.Line)
	}
	lines := []string{where + ": " + f.Detail}
	for _, more := range f.More {
		lines = append(lines, f.File+": "+more)
	}
	return lines
}

// FaultOf is the fault of a file in which one or more mistakes were found.
func FaultOf(file string, err error, fix string) *Fault {
	fault := &Fault{File: file, Detail: err.Error(), Fix: fix}
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		fault.Detail = several.Unwrap()[0].Error()
		for _, more := range several.Unwrap()[1:] {
			fault.More = append(fault.More, more.Error())
		}
	}
	return fault
}

// Error says where and what.
func (f *Fault) Error() string {
	return strings.Join(f.Lines(), "\n")
}

// Load reads the configuration of a home: what holds where nothing is said,
// under the file, under the environment. A home without a file is fine. A
// mistake is a *Fault; an unknown key names the nearest one.
func Load(h Home, getenv func(string) string) (Config, error) { return Read(h.File(), getenv) }

// Read is Load of a file by its name.
func Read(file string, getenv func(string) string) (Config, error) {
	c := Default()
	data, err := os.ReadFile(file)
	switch {
	case missing(err):
	case err != nil:
		return c, fmt.Errorf("reading the configuration: %w", err)
	default:
		if err := parse(file, data, &c); err != nil {
			return c, err
		}
	}
	if err := c.overlay(getenv); err != nil {
		return c, err
	}
	return c, c.blame(c.Check(file), getenv)
}

// blame names the environment variable where that, and not the file, gave a
// value that cannot be.
func (c *Config) blame(err error, getenv func(string) string) error {
	var fault *Fault
	if !errors.As(err, &fault) {
		return err
	}
	for _, f := range c.Fields() {
		if getenv(f.Variable()) != "" && strings.HasPrefix(fault.Detail, fmt.Sprintf("the value of %q:", f.Key)) {
			fault.File = "the environment variable " + f.Variable()
		}
	}
	return fault
}

// overlay sets what environment variables say.
func (c *Config) overlay(getenv func(string) string) error {
	for _, f := range c.Fields() {
		text := getenv(f.Variable())
		if text == "" {
			continue
		}
		if err := f.Set(text); err != nil {
			return &Fault{File: "the environment variable " + f.Variable(), Detail: err.Error(), Fix: "unset it, or give it another value"}
		}
	}
	return nil
}

// parse reads the text of a configuration file into c.
func parse(name string, data []byte, c *Config) error {
	var doc, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return &Fault{File: name, Detail: "this is not YAML: " + issuance.PlainYAML(err, data), Fix: "write lines like \"profile: server\""}
	}
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		return &Fault{File: name, Line: more.Line, Detail: "a second document begins here", Fix: "take out the line \"---\": a configuration is one document"}
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return (&decoder{name}).section(doc.Content[0], reflect.ValueOf(c).Elem(), "")
}

// decoder puts YAML into structs, and knows what every mistake is called.
type decoder struct{ file string }

func (d *decoder) fault(n *yaml.Node, fix, format string, args ...any) error {
	return &Fault{File: d.file, Line: n.Line, Detail: fmt.Sprintf(format, args...), Fix: fix}
}

// section reads a mapping into a struct; path is its key, empty for the file.
func (d *decoder) section(n *yaml.Node, into reflect.Value, path string) error {
	if empty(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			return d.fault(n, "write lines like \"profile: server\"", "the file is not a list of keys and values")
		}
		return d.fault(n, "write its keys below it, each on a line of its own, indented", "the value of %q is not a list of keys and values", path)
	}
	fields, known := map[string]reflect.Value{}, []string{}
	for i := range into.NumField() {
		key := into.Type().Field(i).Tag.Get("yaml")
		fields[key], known = into.Field(i), append(known, key)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		field, ok := fields[k.Value]
		switch {
		case !ok:
			return d.unknown(k, path, known)
		case seen[k.Value]:
			return d.fault(k, "keep one of the two", "the key %q stands here twice", join(path, k.Value))
		}
		seen[k.Value] = true
		if err := d.value(v, field, join(path, k.Value)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) unknown(k *yaml.Node, path string, known []string) error {
	fix := "known are " + strings.Join(known[:len(known)-1], ", ") + " and " + known[len(known)-1]
	if near := spelling.Nearest(k.Value, known); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	where := ""
	if path != "" {
		where = fmt.Sprintf(" in %q", path)
	}
	return d.fault(k, fix, "the key %q is not known%s", k.Value, where)
}

// value reads one value of any kind.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) error {
	switch {
	case into.Kind() == reflect.Struct:
		return d.section(n, into, path)
	case into.Kind() == reflect.Slice:
		return d.list(n, into, path)
	case n.Kind != yaml.ScalarNode:
		return d.fault(n, "", "the value of %q is not a single word", path)
	}
	text := n.Value
	if n.Tag == "!!null" {
		text = ""
	}
	if err := setScalar(into, text); err != nil {
		return d.fault(n, "", "the value of %q: %v", path, err)
	}
	return nil
}

// list reads a list; one word stands for a list of it.
func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) error {
	items := n.Content
	switch {
	case empty(n):
		items = nil
	case n.Kind == yaml.ScalarNode:
		items = []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode:
		return d.fault(n, "begin each entry with a dash", "the value of %q is not a list", path)
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		if err := d.value(item, out.Index(i), path); err != nil {
			return err
		}
	}
	into.Set(out)
	return nil
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
