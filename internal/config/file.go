package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
)

// Fault is a mistake in a file, at a line.
type Fault struct {
	File   string
	Line   int
	Key    string // of the value that cannot be; empty where it is about none
	Detail string
	More   []string // what else is wrong with the file
	Fix    string
	Err    error // what lies below, if anything
}

// Unwrap returns what lies below.
func (f *Fault) Unwrap() error { return f.Err }

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
// mistake is a *Fault, and more are Faults; an unknown key names the nearest one.
func Load(h Home, getenv func(string) string) (Config, error) { return Read(h.File(), getenv) }

// Read is Load of a file by its name.
func Read(file string, getenv func(string) string) (Config, error) {
	c, _, err := ReadPlaced(file, getenv)
	return c, err
}

// ReadPlaced is Read, and tells where values were given.
func ReadPlaced(file string, getenv func(string) string) (Config, *Places, error) {
	c, places := Default(), &Places{file: file, lines: map[string]int{}, variables: map[string]string{}}
	data, err := os.ReadFile(file)
	var read, set error
	switch {
	case missing(err):
	case err != nil:
		return c, places, fmt.Errorf("reading the configuration: %w", err)
	default:
		if read = parse(data, &c, places); errors.Is(read, ErrUnreadable) {
			return c, places, AllOf(read)
		}
	}
	set = c.overlay(getenv, places)
	return c, places, c.whole(places, read, set)
}

// whole adds what else is wrong to the mistakes of reading and of setting.
func (c *Config) whole(places *Places, read, set error) error {
	checked := slices.DeleteFunc(FaultsOf(places.Locate(c.Check(places.file))), func(f *Fault) bool { return f.follows(FaultsOf(read)) })
	return AllOf(read, set, checked)
}

// follows reports whether a value may be wrong only because it, or something in
// it, could not be read.
func (f *Fault) follows(read Faults) bool {
	return slices.ContainsFunc(read, func(other *Fault) bool { return other.Key == f.Key || strings.HasPrefix(other.Key, f.Key+".") })
}

// ErrUnreadable is a file of which nothing is known.
var ErrUnreadable = errors.New("this is not YAML")

// parse reads the text of a configuration file into c, as far as that can be.
func parse(data []byte, c *Config, places *Places) error {
	var doc, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(data))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return &Fault{File: places.file, Detail: ErrUnreadable.Error() + ": " + issuance.PlainYAML(err, data), Fix: "write lines like \"profile: server\"", Err: ErrUnreadable}
	}
	d := &decoder{places: places}
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		d.faults = append(d.faults, &Fault{File: places.file, Line: more.Line, Detail: "a second document begins here", Fix: "take out the line \"---\": a configuration is one document"})
	}
	if len(doc.Content) > 0 {
		d.section(doc.Content[0], reflect.ValueOf(c).Elem(), "")
	}
	return AllOf(d.faults...)
}

// decoder puts YAML into structs, and knows what every mistake is called.
type decoder struct {
	places *Places
	faults []error
}

// fault notes a mistake in what belongs to a key.
func (d *decoder) fault(n *yaml.Node, key, fix, format string, args ...any) {
	d.faults = append(d.faults, &Fault{File: d.places.file, Line: n.Line, Key: key, Detail: fmt.Sprintf(format, args...), Fix: fix})
}

// section reads a mapping into a struct; path is its key, empty for the file.
func (d *decoder) section(n *yaml.Node, into reflect.Value, path string) {
	if empty(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			d.fault(n, path, "write lines like \"profile: server\"", "the file is not a list of keys and values")
			return
		}
		d.fault(n, path, "write its keys below it, each on a line of its own, indented", "the value of %q is not a list of keys and values", path)
		return
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
			d.unknown(k, path, known)
			continue
		case seen[k.Value]:
			d.fault(k, join(path, k.Value), "keep one of the two", "the key %q stands here twice", join(path, k.Value))
			continue
		}
		seen[k.Value] = true
		if at := join(path, k.Value); d.places.lines[at] == 0 {
			d.places.lines[at] = k.Line
		}
		d.value(v, field, join(path, k.Value))
	}
}

func (d *decoder) unknown(k *yaml.Node, path string, known []string) {
	fix := "known are " + strings.Join(known[:len(known)-1], ", ") + " and " + known[len(known)-1]
	if near := spelling.Nearest(k.Value, known); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	where := ""
	if path != "" {
		where = fmt.Sprintf(" in %q", path)
	}
	d.fault(k, join(path, k.Value), fix, "the key %q is not known%s", k.Value, where)
}

// value reads one value of any kind.
func (d *decoder) value(n *yaml.Node, into reflect.Value, path string) {
	switch {
	case into.Kind() == reflect.Struct:
		d.section(n, into, path)
		return
	case into.Kind() == reflect.Slice:
		d.list(n, into, path)
		return
	case n.Kind != yaml.ScalarNode:
		d.fault(n, path, "", "the value of %q is not a single word", path)
		return
	}
	text := n.Value
	if n.Tag == "!!null" {
		text = ""
	}
	if err := setScalar(into, text); err != nil {
		d.fault(n, path, "", "the value of %q: %v", path, err)
	}
}

// list reads a list; one word stands for a list of it.
func (d *decoder) list(n *yaml.Node, into reflect.Value, path string) {
	items := n.Content
	switch {
	case empty(n):
		items = nil
	case n.Kind == yaml.ScalarNode:
		items = []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode:
		d.fault(n, path, "begin each entry with a dash", "the value of %q is not a list", path)
		return
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		d.value(item, out.Index(i), path)
	}
	into.Set(out)
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
