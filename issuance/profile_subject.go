package issuance

import (
	"regexp"
	"sort"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

const maxPattern = 1000 // bytes of a regular expression

type subjectPolicy struct {
	unlisted   unlistedWord
	empty      bool
	attributes []attributePolicy // in the order of the text
}

type attributePolicy struct {
	kind     oid.OID
	name     string // as the text writes it
	path     string // of the text
	presence presenceWord
	preset   *dn.Attribute
	override *dn.Attribute
	allowed  []string
	pattern  *regexp.Regexp
	max      int // characters; 0: no limit
	multiple bool
}

func (p *subjectPolicy) find(kind oid.OID) *attributePolicy {
	for i := range p.attributes {
		if p.attributes[i].kind == kind {
			return &p.attributes[i]
		}
	}
	return nil
}

func (c *compiler) subject(t *subjectText) subjectPolicy {
	p := subjectPolicy{unlisted: orWord(t.Unlisted, "drop"), empty: t.Empty == nil || *t.Empty}
	for name, a := range t.Attributes {
		path := "subject.attributes." + name
		kind, err := attributeType(name)
		if err != nil {
			c.fail(path, "%v", err)
			continue
		}
		if p.find(kind) != nil {
			c.fail(path, "this attribute is listed twice under different names")
			continue
		}
		p.attributes = append(p.attributes, c.attribute(&a, kind, name, path))
	}
	sort.Slice(p.attributes, func(i, j int) bool {
		return c.line(p.attributes[i].path) < c.line(p.attributes[j].path) ||
			c.line(p.attributes[i].path) == c.line(p.attributes[j].path) && p.attributes[i].name < p.attributes[j].name
	})
	return p
}

func (c *compiler) attribute(t *attributeText, kind oid.OID, name, path string) attributePolicy {
	p := attributePolicy{
		kind: kind, name: name, path: path, presence: orWord(t.Presence, "optional"),
		allowed: t.Allowed, max: t.Max,
		multiple: t.Multiple == nil && kind != oid.CommonName && kind != oid.Country || t.Multiple != nil && *t.Multiple,
	}
	if len(t.Pattern) > maxPattern {
		c.fail(path+".pattern", "the pattern is %d bytes long, more than %d", len(t.Pattern), maxPattern)
	} else if t.Pattern != "" {
		// Anchored, so that a pattern describes the value and not a part of it.
		r, err := regexp.Compile(`^(?:` + t.Pattern + `)$`)
		if err != nil {
			c.fail(path+".pattern", "got %q, which is no regular expression: %v", t.Pattern, err)
		}
		p.pattern = r
	}
	p.preset = c.fixed(t.Default, &p, path+".default")
	p.override = c.fixed(t.Override, &p, path+".override")
	if (p.presence == "forbidden" || p.presence == "dropped") && (p.preset != nil || p.override != nil) {
		c.fail(path, "an attribute that is %s cannot have a default or an override", p.presence)
	}
	return p
}

// fixed makes the attribute of a value the profile itself gives, which has to
// meet the profile's own constraint.
func (c *compiler) fixed(value string, p *attributePolicy, path string) *dn.Attribute {
	if value == "" {
		return nil
	}
	a, err := dn.NewAttribute(p.kind, value)
	if err != nil {
		c.fail(path, "got %q: %v", value, err)
		return nil
	}
	if wrong := p.wrong(value); wrong != "" {
		c.fail(path, "got %q, want %s", value, wrong)
	}
	return &a
}

// attributeType finds an attribute type by name or dotted identifier.
func attributeType(name string) (oid.OID, error) {
	if id, ok := oid.ByName(name); ok {
		return id, nil
	}
	id, err := oid.Parse(name)
	if err != nil {
		return "", errUnknownAttribute(name)
	}
	return id, nil
}

type errUnknownAttribute string

func (e errUnknownAttribute) Error() string {
	known := []string{"CN", "O", "OU", "C", "ST", "L", "street", "postalCode", "serialNumber", "emailAddress", "DC", "UID", "GN", "SN", "title", "dnQualifier", "pseudonym", "organizationIdentifier"}
	return "unknown attribute" + suggestion(string(e), known)
}

func orWord[T ~string](w, otherwise T) T {
	if w == "" {
		return otherwise
	}
	return w
}
