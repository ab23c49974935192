package manufacturer

import (
	"fmt"
	"strings"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
)

// pattern is one of names, in which {serialNumber} stands for that attribute of
// the subject of the device's certificate.
type pattern struct {
	parts []string // text and, at the odd places, types of attributes
}

// parsePattern reads "dns:{serialNumber}.plant.example".
func parsePattern(text string) (pattern, error) {
	kind, rest, ok := strings.Cut(text, ":")
	if !ok || kind == "" || rest == "" || strings.ContainsAny(kind, "{}*") {
		return pattern{}, fmt.Errorf("the pattern %q has no kind of name", text)
	}
	var p pattern
	for rest = text; ; {
		before, after, ok := strings.Cut(rest, "{")
		if !ok {
			p.parts = append(p.parts, rest)
			return p, nil
		}
		kind, behind, ok := strings.Cut(after, "}")
		if !ok {
			return pattern{}, fmt.Errorf("the pattern %q has a brace that does not end", text)
		}
		if _, known := dn.TypeByName(kind); !known {
			return pattern{}, fmt.Errorf("the pattern %q: there is no attribute %q", text, kind)
		}
		p.parts, rest = append(p.parts, before, kind), behind
	}
}

// binds reports whether the pattern is of whole subjects, and says which device
// they are for.
func (p pattern) binds() bool {
	return len(p.parts) > 1 && strings.HasPrefix(strings.ToLower(p.parts[0]), evidence.SubjectKind+":")
}

// of is the pattern with the values of a device in it.
func (p pattern) of(d *Device) (string, error) {
	var b strings.Builder
	for i, part := range p.parts {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		values, err := d.values(part)
		if err != nil {
			return "", err
		}
		if len(values) != 1 {
			return "", fmt.Errorf("the certificate of the device has %d attributes %s in its subject, and names are made of one", len(values), part)
		}
		value := values[0].Text()
		if value == "" || strings.Contains(value, "*") {
			return "", fmt.Errorf("the %s in the subject of the certificate of the device is %q, of which no names can be made", part, value)
		}
		if p.binds() {
			_, value, _ = strings.Cut(values[0].String(), "=") // as subjects are compared
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// values are those of an attribute in the subject of the device's certificate:
// one at least.
func (d *Device) values(name string) ([]dn.Attribute, error) {
	kind, _ := dn.TypeByName(name)
	var found []dn.Attribute
	for _, a := range d.certificate.Subject.All() {
		if a.Type == kind {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("the subject of the certificate of the device has no %s, which the certificate asked for has to have in common with it", name)
	}
	return found, nil
}
