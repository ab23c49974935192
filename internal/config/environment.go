package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
)

const prefix = "CERTWRIGHT_"

// Variable is the environment variable that sets the field.
func (f Field) Variable() string {
	return prefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(f.Key))
}

// overlay sets what environment variables say.
func (c *Config) overlay(getenv func(string) string, places *Places) error {
	var faults []error
	for _, f := range c.Fields() {
		text := getenv(f.Variable())
		if text == "" {
			continue
		}
		places.variables[f.Key] = f.Variable()
		err := f.Set(text)
		if err != nil && len(FaultsOf(err)) == 0 {
			err = &Fault{File: "the environment variable " + f.Variable(), Detail: err.Error(), Fix: "unset it, or give it another value"}
		}
		faults = append(faults, err)
	}
	return AllOf(faults...)
}

// maps reports whether the field is a list of maps.
func (f Field) maps() bool {
	return f.value.Kind() == reflect.Slice && f.value.Type().Elem().Kind() == reflect.Struct
}

// setMaps gives a list of maps what YAML says, of which JSON is a part.
func (f Field) setMaps(text string) error {
	const fix = `write JSON or YAML: [{"name": "value"}]`
	wrong := func(line int, detail string) error {
		if !strings.Contains(strings.TrimSpace(text), "\n") {
			line = 0 // there is only one
		}
		return &Fault{File: "the environment variable " + f.Variable(), Line: line, Key: f.Key, Detail: detail, Fix: fix}
	}
	var doc, more yaml.Node
	documents := yaml.NewDecoder(strings.NewReader(text))
	if err := documents.Decode(&doc); errors.Is(err, io.EOF) {
		return wrong(0, "there is nothing in it")
	} else if err != nil {
		return wrong(0, "this is neither YAML nor JSON: "+issuance.PlainYAML(err, []byte(text)))
	}
	if err := documents.Decode(&more); !errors.Is(err, io.EOF) {
		return wrong(more.Line, "a second document begins here")
	}
	d := &decoder{places: &Places{lines: map[string]int{}}}
	read := reflect.New(f.value.Type()).Elem()
	d.list(doc.Content[0], read, f.Key)
	if len(d.faults) > 0 {
		var faults []error
		for _, found := range FaultsOf(d.faults...) {
			again := wrong(found.Line, found.Detail).(*Fault)
			if found.Fix != "" {
				again.Fix = found.Fix
			}
			faults = append(faults, again)
		}
		return AllOf(faults...)
	}
	f.value.Set(read)
	return nil
}

// mapsText writes a list of maps as JSON, without secrets.
func (f Field) mapsText() string {
	n, err := valueNode(f.value, f.Secret, false)
	if err != nil {
		return ""
	}
	inline(n)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	if err := e.Encode(n); err != nil || e.Close() != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// inline has YAML be written as JSON.
func inline(n *yaml.Node) {
	for i, one := range n.Content {
		if one.Kind == yaml.ScalarNode && (n.Kind == yaml.MappingNode && i%2 == 0 || one.Tag == "" || one.Tag == "!!str") {
			one.Style = yaml.DoubleQuotedStyle
		}
		inline(one)
	}
	if n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
}

// UnknownVariable is an environment variable that looks as if it set
// something, and sets nothing.
type UnknownVariable struct{ Variable, Nearest string }

// Hint names the variable that was meant, if one is near.
func (u UnknownVariable) Hint() string {
	if u.Nearest == "" {
		return ""
	}
	return ": did you mean " + u.Nearest + "?"
}

// Unknown finds the variables of an environment ("NAME=value") that begin like
// ours and set nothing. They are no mistake of the configuration: container
// platforms make such names by themselves.
func (c *Config) Unknown(environment []string) []UnknownVariable {
	known, lists := []string{"HOME", "PASSPHRASE", "TOKEN"}, []string{}
	for _, f := range c.Fields() {
		name := strings.TrimPrefix(f.Variable(), prefix)
		known = append(known, name)
		if f.maps() {
			lists = append(lists, name)
		}
	}
	var out []UnknownVariable
	for _, pair := range environment {
		variable, _, _ := strings.Cut(pair, "=")
		name, ours := strings.CutPrefix(variable, prefix)
		if !ours || slices.Contains(known, name) {
			continue
		}
		near := spelling.Nearest(name, known)
		for _, list := range lists {
			if strings.HasPrefix(name, list+"_") { // an entry of it, or what is in one
				near = list
			}
		}
		if near != "" {
			near = prefix + near
		}
		out = append(out, UnknownVariable{variable, near})
	}
	return out
}
