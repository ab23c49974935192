package opensslconf

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	defaultSection = "default"
	envSection     = "ENV"
	maxValue       = 65536   // octets of a value once a variable is in
	maxTotal       = 8 << 20 // octets of all values of a file and what it includes
	maxDepth       = 16      // files inside files
)

type parser struct {
	file       *File
	source     Source
	group      string // the section being filled; includes take it over and hand it on
	dollars    bool   // ".pragma dollarid:on": a dollar sign is an ordinary character of names
	absolute   bool   // ".pragma abspath:on": relative includes are faults
	includeDir string
	lines      int // read so far, of all files
	total      int // octets of values so far
}

func (p *parser) read(name string, text []byte, depth int) error {
	if depth > maxDepth {
		return &Error{File: name, Line: 1, Reported: p.lines + 1, Detail: fmt.Sprintf("files include each other more than %d deep", maxDepth)}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(text) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		at := i + 1
		line := strings.TrimRight(lines[i], "\r")
		p.lines++
		for continued(line) && i+1 < len(lines) {
			i++
			p.lines++
			line = line[:len(line)-1] + strings.TrimRight(lines[i], "\r")
		}
		if continued(line) {
			line = line[:len(line)-1]
		}
		line = strings.TrimLeft(withoutComment(line), space)
		if line == "" {
			continue
		}
		if err := p.line(place{name, at, p.lines}, line, depth); err != nil {
			return err
		}
	}
	return nil
}

// place is where a logical line stands.
type place struct {
	file     string
	line     int
	reported int
}

func (at place) fault(format string, args ...any) error {
	return &Error{File: at.file, Line: at.line, Reported: at.reported, Detail: fmt.Sprintf(format, args...)}
}

const space = " \t\r\n"

// line takes one logical line.
func (p *parser) line(at place, line string, depth int) error {
	if line[0] == '[' {
		return p.section(at, strings.TrimLeft(line[1:], space))
	}
	group, end := p.group, p.word(line)
	name := line[:end]
	if strings.HasPrefix(line[end:], "::") {
		line = line[end+2:]
		end = p.word(line)
		group, name = name, line[:end]
	}
	rest := strings.TrimLeft(line[end:], space)
	if text, ok := directive(line, rest, ".pragma"); ok {
		return p.pragma(at, text)
	}
	if text, ok := directive(line, rest, ".include"); ok {
		path, err := p.expand(text, group)
		if err != nil {
			return at.fault("%v", err)
		}
		return p.include(at, path, depth)
	}
	value, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return at.fault("the line has no equal sign")
	}
	value, err := p.expand(strings.Trim(value, space), group)
	if err != nil {
		return at.fault("%v", err)
	}
	if p.total += len(value) + len(name); p.total > maxTotal {
		return at.fault("the values are longer than %d octets together", maxTotal)
	}
	p.file.open(group).set(Pair{Name: name, Value: value, File: at.file, Line: at.line})
	return nil
}

// section opens the section whose name begins text: words, with blanks
// between them, up to the closing bracket.
func (p *parser) section(at place, text string) error {
	for end := 0; ; {
		end += p.word(text[end:])
		next := len(text) - len(strings.TrimLeft(text[end:], space))
		if next < len(text) && text[next] == ']' {
			group, err := p.expand(text[:end], defaultSection)
			if err != nil {
				return at.fault("%v", err)
			}
			p.file.open(group)
			p.group = group
			return nil
		}
		if next == len(text) || next == end && p.word(text[next:]) == 0 {
			return at.fault("the section name has no closing bracket")
		}
		end = next
	}
}

// word returns how many octets at the front of text may be in a name; a
// backslash takes the next octet along.
func (p *parser) word(text string) int {
	i := 0
	for i < len(text) {
		switch c := text[i]; {
		case c == '\\':
			i = min(i+2, len(text))
		case wordByte(c) || strings.IndexByte("!%&*+,-./;?@^|~", c) >= 0 || c == '$' && p.dollars:
			i++
		default:
			return i
		}
	}
	return i
}

// directive returns what follows the word of a line that begins with it; one
// written together with what follows it needs an equal sign.
func directive(line, rest, word string) (text string, ok bool) {
	if !strings.HasPrefix(line, word) {
		return "", false
	}
	after, equal := strings.CutPrefix(rest, "=")
	if !equal && len(line)-len(rest) == len(word) {
		return "", false
	}
	return strings.Trim(after, space), true
}

func (p *parser) pragma(at place, text string) error {
	name, value, ok := strings.Cut(text, ":")
	if !ok || name == "" || value == "" {
		return at.fault("a .pragma is written NAME:VALUE")
	}
	name, value = strings.TrimRight(name, space), strings.TrimLeft(value, space)
	switch name {
	case "dollarid":
		return p.flag(at, name, value, &p.dollars)
	case "abspath":
		return p.flag(at, name, value, &p.absolute)
	case "includedir":
		p.includeDir = value
	}
	return nil // others are for other readers of the file
}

func (p *parser) flag(at place, name, value string, flag *bool) error {
	switch strings.ToLower(value) {
	case "on", "true":
		*flag = true
	case "off", "false":
		*flag = false
	default:
		return at.fault("the .pragma %s is on or off, not %q", name, clip(value))
	}
	return nil
}

// include reads a file, or the files of a folder that end in .cnf or .conf. What is
// not there is passed over, as OpenSSL does.
func (p *parser) include(at place, path string, depth int) error {
	if p.source.ReadFile == nil {
		return at.fault("includes are not read here")
	}
	dir, ok := p.file.env("OPENSSL_CONF_INCLUDE")
	if !ok {
		dir = p.includeDir
	}
	if dir != "" && !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if p.absolute && !filepath.IsAbs(path) {
		return at.fault("the .pragma abspath wants includes with absolute paths, not %s", path)
	}
	if p.source.ReadDir != nil {
		if files, err := p.source.ReadDir(path); err == nil && files != nil {
			return p.includeFolder(path, files, depth)
		}
	}
	return p.includeFile(path, depth)
}

func (p *parser) includeFolder(path string, files []string, depth int) error {
	files = slices.Sorted(slices.Values(files))
	for _, f := range files {
		if ext := strings.ToLower(filepath.Ext(f)); ext != ".cnf" && ext != ".conf" {
			continue
		}
		if err := p.includeFile(filepath.Join(path, f), depth); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) includeFile(path string, depth int) error {
	text, err := p.source.ReadFile(path)
	if err != nil {
		p.file.missing = append(p.file.missing, path)
		return nil
	}
	return p.read(path, text, depth+1)
}

// continued reports whether a line goes on in the next: it ends in a
// backslash, and not in two.
func continued(line string) bool {
	return strings.HasSuffix(line, `\`) && !strings.HasSuffix(line, `\\`)
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
