package opensslconf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/oid"
)

// Object is an object identifier with the names that a configuration gives it.
type Object struct {
	ID          oid.OID
	Short, Long string
}

// Objects returns the objects that were added to the file's own, in order.
func (f *File) Objects() []Object {
	if f == nil {
		return nil
	}
	return append([]Object(nil), f.objects...)
}

// Object reads an object identifier: the short or the long name of one that
// OpenSSL or the configuration knows, letter for letter, or numbers with dots.
// f may be nil.
func (f *File) Object(text string) (oid.OID, error) {
	if id, ok := f.named(text); ok {
		return id, nil
	}
	return numbers(text)
}

// known is Object for those places where only objects with a name will do:
// numbers are taken if what they stand for has one.
func (f *File) known(text string) (oid.OID, bool) {
	id, err := f.Object(text)
	if err != nil {
		return "", false
	}
	if _, _, ok := oid.OpenSSLNames(id); ok {
		return id, true
	}
	for _, o := range f.Objects() {
		if o.ID == id {
			return id, true
		}
	}
	return "", false
}

func (f *File) named(text string) (oid.OID, bool) {
	if id, ok := oid.ByName(text); ok {
		if short, long, ok := oid.OpenSSLNames(id); ok && (short == text || long == text) {
			return id, true
		}
	}
	for _, o := range f.Objects() {
		if o.Short == text || o.Long == text {
			return o.ID, true
		}
	}
	return "", false
}

// numbers reads the dotted form; blanks for dots, a last dot, and nothing for
// a zero are let pass, as OpenSSL does.
func numbers(text string) (oid.OID, error) {
	if text == "" || text[0] < '0' || text[0] > '9' {
		return "", fmt.Errorf("%q is neither the name of an object nor its number, such as 2.5.4.3", clip(text))
	}
	arcs := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, " ", "."), "."), ".")
	for i, arc := range arcs {
		if arc == "" {
			arcs[i] = "0"
		}
	}
	id, err := oid.Parse(strings.Join(arcs, "."))
	if err != nil {
		return "", fmt.Errorf("%q: %w", clip(text), err)
	}
	return id, nil
}

// AddObject gives an object identifier a short and a long name. Names and
// identifiers that are known already are errors.
func (f *File) AddObject(short, long, dotted string) error {
	id, err := numbers(strings.TrimSpace(dotted))
	if err != nil {
		return err
	}
	for _, name := range []string{short, long} {
		if _, taken := f.named(name); taken {
			return fmt.Errorf("there is an object of the name %s already", name)
		}
	}
	if _, taken := f.known(id.String()); taken {
		return fmt.Errorf("the object identifier %s has a name already", id)
	}
	f.objects = append(f.objects, Object{id, short, long})
	return nil
}

// AddObjectSection adds the objects of a section: "name = 1.2.3" or
// "name = long name, 1.2.3".
func (f *File) AddObjectSection(section string) error {
	pairs, ok := f.Section(section)
	if !ok {
		return fmt.Errorf("there is no section %s of object identifiers", section)
	}
	for _, p := range pairs {
		long, dotted := p.Name, p.Value
		if at := strings.LastIndexByte(p.Value, ','); at >= 0 {
			long, dotted = strings.TrimSpace(p.Value[:at]), p.Value[at+1:]
		}
		if err := f.AddObject(p.Name, long, dotted); err != nil {
			return &Error{File: p.File, Line: p.Line, Reported: p.Line, Detail: fmt.Sprintf("object %s = %s: %v", p.Name, p.Value, err)}
		}
	}
	return nil
}

// AddObjectFile adds the objects of a file as oid_file names it: a line each,
// its number, its short name and its long name.
func (f *File) AddObjectFile(text []byte) error {
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] < '0' || line[0] > '9' {
			return nil // the list ends at the first line that does not begin with a number
		}
		dotted, rest, _ := strings.Cut(line, " ")
		if at := strings.IndexAny(line, " \t"); at >= 0 {
			dotted, rest = line[:at], strings.TrimSpace(line[at:])
		}
		short, long := rest, rest
		if at := strings.IndexAny(rest, " \t"); at >= 0 {
			short, long = rest[:at], strings.TrimSpace(rest[at:])
		}
		if short == "" {
			return fmt.Errorf("line %d of the object identifiers has no name after its number", i+1)
		}
		if err := f.AddObject(short, long, dotted); err != nil {
			return fmt.Errorf("line %d of the object identifiers: %w", i+1, err)
		}
	}
	return nil
}

// LoadObjects adds what the library section (openssl_conf) and then the
// default section name as oid_section. A section that both name is added once.
func (f *File) LoadObjects() error {
	sections := f.librarySections()
	if section, ok := f.Value(defaultSection, "oid_section"); ok {
		sections = append(sections, section)
	}
	return f.addSections(sections)
}

// LoadLibraryObjects adds what the library section alone names, which is what
// commands know that have no configuration of their own.
func (f *File) LoadLibraryObjects() error { return f.addSections(f.librarySections()) }

func (f *File) librarySections() (sections []string) {
	library, ok := f.Value(defaultSection, "openssl_conf")
	if !ok {
		return nil
	}
	pairs, _ := f.Section(library)
	for _, p := range pairs {
		if p.Name == "oid_section" {
			sections = append(sections, p.Value)
		}
	}
	return sections
}

func (f *File) addSections(sections []string) error {
	seen := map[string]bool{}
	var faults []error
	for _, section := range sections {
		if !seen[section] {
			seen[section] = true
			faults = append(faults, f.AddObjectSection(section))
		}
	}
	return errors.Join(faults...)
}
