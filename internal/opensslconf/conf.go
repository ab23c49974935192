// Package opensslconf reads openssl.cnf files: sections, variables, includes,
// and the words in them that describe extensions and names (config(5)).
package opensslconf

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// File is a configuration: sections of names and values, in the order written.
type File struct {
	sections map[string]*section
	order    []string
	env      func(string) (string, bool)
}

type section struct {
	pairs []Pair
	index map[string]int
}

// Pair is a name and its value, variables replaced.
type Pair struct {
	Name, Value string
	Line        int
}

// Source gives a parser the world outside the text. A nil function knows nothing.
type Source struct {
	Getenv   func(name string) (string, bool)
	ReadFile func(name string) ([]byte, error)
	ReadDir  func(name string) (files []string, err error) // nil files and no error: not a folder
}

// Error is a fault in a configuration file.
type Error struct {
	File   string
	Line   int
	Detail string
}

// Error returns "FILE:LINE: DETAIL".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Detail) }

const (
	defaultSection = "default"
	envSection     = "ENV"
	maxValue       = 65536
	maxDepth       = 16
)

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

type parser struct {
	file    *File
	source  Source
	group   string // the section being filled; includes take it over and hand it on
	dollars bool // ".pragma dollarid:on": a dollar sign is an ordinary character of names
	absPath string
}

func (p *parser) read(name string, text []byte, depth int) error {
	if depth > maxDepth {
		return &Error{name, 1, fmt.Sprintf("files include each other more than %d deep", maxDepth)}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := lines[i]
		for continued(line) && i+1 < len(lines) {
			i++
			line = line[:len(line)-1] + lines[i]
		}
		line = strings.TrimSpace(withoutComment(line))
		if line == "" {
			continue
		}
		if err := p.line(name, at, line, depth); err != nil {
			return err
		}
	}
	return nil
}

// line takes one logical line.
func (p *parser) line(file string, at int, line string, depth int) error {
	fault := func(format string, args ...any) error { return &Error{file, at, fmt.Sprintf(format, args...)} }
	if line[0] == '[' {
		end := strings.IndexByte(line, ']')
		if end < 0 {
			return fault("the section name has no closing bracket")
		}
		group, err := p.expand(strings.TrimSpace(line[1:end]), defaultSection)
		if err != nil {
			return fault("%v", err)
		}
		p.file.open(group)
		p.group = group
		return nil
	}
	if rest, ok := directive(line, ".include"); ok {
		path, err := p.expand(rest, p.group)
		if err != nil {
			return fault("%v", err)
		}
		return p.include(file, at, path, depth)
	}
	if rest, ok := directive(line, ".pragma"); ok {
		return p.pragma(rest, fault)
	}
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		return fault("the line has no equal sign")
	}
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	group := p.group
	if before, after, ok := strings.Cut(name, "::"); ok {
		group, name = before, after
	}
	if name == "" {
		return fault("the line has no name before its equal sign")
	}
	expanded, err := p.expand(value, group)
	if err != nil {
		return fault("%v", err)
	}
	p.file.open(group).set(Pair{Name: name, Value: expanded, Line: at})
	return nil
}

func directive(line, word string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(line, word)
	if !ok || rest == "" || !strings.ContainsRune(" \t=", rune(rest[0])) {
		return "", false
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), "=")), true
}

func (p *parser) pragma(text string, fault func(string, ...any) error) error {
	name, value, ok := strings.Cut(text, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || value == "" {
		return fault("a .pragma is written NAME:VALUE")
	}
	switch strings.ToLower(name) {
	case "dollarid":
		switch value {
		case "on", "true":
			p.dollars = true
		case "off", "false":
			p.dollars = false
		default:
			return fault("the .pragma dollarid is on or off, not %q", value)
		}
	case "abspath", "includedir":
		if name == "includedir" {
			p.absPath = value
		}
	}
	return nil // others are for other readers of the file
}

func (p *parser) include(file string, at int, path string, depth int) error {
	if p.source.ReadFile == nil {
		return &Error{file, at, "includes are not read here"}
	}
	if p.absPath != "" && !filepath.IsAbs(path) {
		path = filepath.Join(p.absPath, path)
	}
	if p.source.ReadDir != nil {
		files, err := p.source.ReadDir(path)
		if err == nil && files != nil {
			slices.Sort(files)
			for _, f := range files {
				if ext := strings.ToLower(filepath.Ext(f)); ext != ".cnf" && ext != ".conf" {
					continue
				}
				if err := p.includeFile(file, at, filepath.Join(path, f), depth); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return p.includeFile(file, at, path, depth)
}

func (p *parser) includeFile(file string, at int, path string, depth int) error {
	text, err := p.source.ReadFile(path)
	if err != nil {
		return &Error{file, at, fmt.Sprintf("the included file %s cannot be read", path)}
	}
	return p.read(path, text, depth+1)
}

// continued reports whether a line goes on in the next: it ends in a
// backslash that is not itself escaped.
func continued(line string) bool {
	n := 0
	for n < len(line) && line[len(line)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// withoutComment cuts a line at the first # that is neither quoted nor escaped.
func withoutComment(line string) string {
	var quote byte
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quote = c
		case c == '#':
			return line[:i]
		}
	}
	return line
}

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
		default:
			out.WriteByte(c)
			i++
		}
		if out.Len() > maxValue {
			return "", fmt.Errorf("the value is longer than %d octets once its variables are in", maxValue)
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
	for i < len(text) && wordByte(text[i]) {
		i++
	}
	name := text[start:i]
	if strings.HasPrefix(text[i:], "::") {
		group = name
		i += 2
		start = i
		for i < len(text) && wordByte(text[i]) {
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

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
