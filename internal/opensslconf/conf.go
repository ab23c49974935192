// Package opensslconf reads openssl.cnf files: sections, variables, includes,
// and the words in them that describe extensions and names (config(5)).
package opensslconf

import (
	"fmt"
	"slices"
)

// File is a configuration: sections of names and values, in the order written.
type File struct {
	sections map[string]*section
	order    []string
	env      func(string) (string, bool)
	objects  []Object
	missing  []string
}

type section struct {
	pairs []Pair
	index map[string]int
}

// Pair is a name and its value, variables replaced.
type Pair struct {
	Name, Value string
	File        string // where it was read
	Line        int    // in that file, from 1
}

func (p Pair) fault(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{File: p.File, Line: p.Line, Reported: p.Line, Detail: p.Name + ": " + err.Error(), err: err}
}

// Source gives a parser the world outside the text. A nil function knows nothing.
type Source struct {
	Getenv   func(name string) (string, bool)
	ReadFile func(name string) ([]byte, error)
	ReadDir  func(name string) (files []string, err error) // nil files and no error: not a folder
}

// Parse reads a configuration file. name is what errors call it, and what
// relative includes are looked up beside when they are not found as written.
func Parse(name string, text []byte, s Source) (*File, error) {
	f := &File{sections: map[string]*section{}, env: s.Getenv}
	if f.env == nil {
		f.env = func(string) (string, bool) { return "", false }
	}
	f.open(defaultSection)
	p := &parser{file: f, source: s, group: defaultSection}
	if err := p.read(name, text, 0); err != nil {
		return nil, err
	}
	return f, nil
}

// Value returns a value of a section, else of the default section; values of
// the section ENV are the environment's.
func (f *File) Value(group, name string) (string, bool) {
	if s := f.sections[group]; s != nil {
		if i, ok := s.index[name]; ok {
			return s.pairs[i].Value, true
		}
	}
	if group == envSection {
		if v, ok := f.env(name); ok {
			return v, true
		}
	}
	s := f.sections[defaultSection]
	if i, ok := s.index[name]; ok {
		return s.pairs[i].Value, true
	}
	return "", false
}

// Section returns the pairs of a section in order; false if there is none.
func (f *File) Section(group string) ([]Pair, bool) {
	s := f.sections[group]
	if s == nil {
		return nil, false
	}
	return slices.Clone(s.pairs), true
}

// Missing returns the included files that could not be read, which OpenSSL
// passes over in silence.
func (f *File) Missing() []string { return slices.Clone(f.missing) }

// Sections returns the names of the sections, in the order they were opened.
func (f *File) Sections() []string { return slices.Clone(f.order) }

func (f *File) open(group string) *section {
	s := f.sections[group]
	if s == nil {
		s = &section{index: map[string]int{}}
		f.sections[group] = s
		f.order = append(f.order, group)
	}
	return s
}

// set gives a name its value; a later line takes the place of an earlier one.
func (s *section) set(p Pair) {
	if i, ok := s.index[p.Name]; ok {
		s.pairs = slices.Delete(s.pairs, i, i+1)
		for name, at := range s.index {
			if at > i {
				s.index[name] = at - 1
			}
		}
	}
	s.index[p.Name] = len(s.pairs)
	s.pairs = append(s.pairs, p)
}
