package config

import (
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
)

// File is the configuration file: defaults for what is not given by flags.
// Every key is optional.
type File struct {
	CA         string // "ca": the authority that signs where none is named
	Profile    string // "profile": the profile where none is named
	Officer    string // "officer": the name that decisions are made under; the local user's where empty
	Passphrase string // "ca-passphrase": where the passphrase of the authorities' keys comes from (env:NAME, file:PATH …)
	Linter     string // "linter": the linter program; certwright-lint where empty
}

// Fault is a mistake in a file, at a line.
type Fault struct {
	File   string
	Line   int
	Detail string
	Fix    string
}

// Error says where and what.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Detail)
	}
	return fmt.Sprintf("%s, line %d: %s", f.File, f.Line, f.Detail)
}

// Load reads the configuration file of a home; a home without one has the
// zero configuration. An unknown key is a *Fault that names the nearest one.
func Load(h Home) (File, error) {
	data, err := os.ReadFile(h.File())
	if missing(err) {
		return File{}, nil
	}
	if err != nil {
		return File{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return parse(h.File(), data)
}

func parse(name string, data []byte) (File, error) {
	var f File
	fields := map[string]*string{"ca": &f.CA, "profile": &f.Profile, "officer": &f.Officer, "ca-passphrase": &f.Passphrase, "linter": &f.Linter}
	known := []string{"ca", "profile", "officer", "ca-passphrase", "linter"}

	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return f, &Fault{File: name, Detail: "this is not YAML: " + issuance.PlainYAML(err, data), Fix: "write lines like \"profile: server\""}
	}
	if len(doc.Content) == 0 {
		return f, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return f, &Fault{File: name, Line: root.Line, Detail: "the file is not a list of keys and values", Fix: "write lines like \"profile: server\""}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		target, ok := fields[k.Value]
		switch {
		case !ok:
			return f, unknownKey(name, k, known)
		case seen[k.Value]:
			return f, &Fault{File: name, Line: k.Line, Detail: fmt.Sprintf("the key %q stands here twice", k.Value), Fix: "keep one of the two"}
		case v.Kind != yaml.ScalarNode:
			return f, &Fault{File: name, Line: v.Line, Detail: fmt.Sprintf("the value of %q is not a single word", k.Value)}
		}
		seen[k.Value] = true
		*target = v.Value
	}
	return f, nil
}

func unknownKey(name string, k *yaml.Node, known []string) error {
	fault := &Fault{File: name, Line: k.Line, Detail: fmt.Sprintf("the key %q is not known", k.Value)}
	if near := spelling.Nearest(k.Value, known); near != "" {
		fault.Fix = fmt.Sprintf("did you mean %q?", near)
	} else {
		fault.Fix = "known are ca, profile, officer, ca-passphrase and linter"
	}
	return fault
}
