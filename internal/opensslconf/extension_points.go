package opensslconf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
)

func (m *maker) distributionPoints(b *der.Builder, items []item) error {
	mark := b.Begin(der.Sequence)
	for _, i := range items {
		var p point
		if i.has {
			n, err := m.generalName(i, false)
			if err != nil {
				return err
			}
			p.name.full, p.name.set = []ext.GeneralName{n}, true
		} else {
			lines, err := m.section(i.name)
			if err != nil {
				return err
			}
			if err := m.readPoint(&p, lines); err != nil {
				return fmt.Errorf("section %s: %w", i.name, err)
			}
		}
		p.append(b)
	}
	b.End(mark)
	return nil
}

// point is a DistributionPoint on its way (RFC 5280, Section 4.2.1.13).
type point struct {
	name    pointName
	reasons uint32
	some    bool // reasons are given
	issuer  []ext.GeneralName
}

type pointName struct {
	set      bool
	full     []ext.GeneralName
	relative dn.RDN
}

func (m *maker) readPoint(p *point, lines []item) error {
	for _, i := range lines {
		taken, err := m.pointName(&p.name, i)
		switch {
		case err != nil:
			return err
		case taken:
		case i.name == "reasons":
			if err := p.setReasons(i.value); err != nil {
				return err
			}
		case i.name == "CRLissuer":
			if p.issuer, err = m.namesOf(i.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// pointName reads fullname or relativename; false where the line is neither.
func (m *maker) pointName(p *pointName, i item) (bool, error) {
	var n pointName
	var err error
	switch i.name {
	case "fullname":
		n.full, err = m.namesOf(i.value)
	case "relativename":
		n.relative, err = m.relativeName(i.value)
	default:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if p.set {
		return false, errors.New("the distribution point has a name already: give it fullname or relativename, once")
	}
	n.set = true
	*p = n
	return true, nil
}

func (m *maker) relativeName(section string) (dn.RDN, error) {
	name, err := m.directoryName(section)
	if err != nil {
		return nil, err
	}
	if len(name.RDNs) != 1 {
		return nil, fmt.Errorf("the section %s has %d parts, and a relative name has one; write + before the names of the others", section, len(name.RDNs))
	}
	return name.RDNs[0], nil
}

// namesOf reads a list of general names, or the section that "@section" names.
func (m *maker) namesOf(value string) ([]ext.GeneralName, error) {
	var items []item
	var err error
	if section, ok := strings.CutPrefix(value, "@"); ok {
		items, err = m.section(section)
	} else {
		items, err = splitList(value)
	}
	if err != nil {
		return nil, err
	}
	return m.generalNames(items)
}

func (p *point) setReasons(value string) error {
	if p.some {
		return errors.New("its reasons are given twice")
	}
	items, err := splitList(value)
	if err != nil {
		return err
	}
	names := []string{"unused", "keyCompromise", "CACompromise", "affiliationChanged", "superseded",
		"cessationOfOperation", "certificateHold", "privilegeWithdrawn", "AACompromise"}
	for _, i := range items {
		bit := slices.Index(names, i.name)
		if bit < 0 {
			return fmt.Errorf("%q is no reason; it is one of %s", clip(i.name), strings.Join(names[1:], ", "))
		}
		p.reasons |= 1 << bit
	}
	p.some = true
	return nil
}

func (p *point) append(b *der.Builder) {
	mark := b.Begin(der.Sequence)
	p.name.append(b)
	if p.some {
		b.NamedBits(der.Context(1), p.reasons)
	}
	if p.issuer != nil {
		names(b, der.ContextConstructed(2), p.issuer)
	}
	b.End(mark)
}

func names(b *der.Builder, tag der.Tag, list []ext.GeneralName) {
	mark := b.Begin(tag)
	for _, n := range list {
		b.Raw(n.Raw)
	}
	b.End(mark)
}

func (n *pointName) append(b *der.Builder) {
	if !n.set {
		return
	}
	outer := b.Begin(der.ContextConstructed(0))
	if n.relative == nil {
		names(b, der.ContextConstructed(0), n.full)
	} else {
		mark := b.Begin(der.ContextConstructed(1))
		encodings := make([][]byte, len(n.relative))
		for i, a := range n.relative {
			encodings[i] = a.Raw
		}
		slices.SortFunc(encodings, bytes.Compare)
		b.Raw(encodings...)
		b.End(mark)
	}
	b.End(outer)
}

func (m *maker) issuingDistributionPoint(b *der.Builder, items []item) error {
	var p point
	var flags [6]bool // by context tag
	for _, i := range items {
		taken, err := m.pointName(&p.name, i)
		if err != nil {
			return err
		}
		if taken {
			continue
		}
		tag := map[string]int{"onlyuser": 1, "onlyCA": 2, "onlysomereasons": 3, "indirectCRL": 4, "onlyAA": 5}[i.name]
		switch tag {
		case 0:
			return unknownItem(i)
		case 3:
			err = p.setReasons(i.value)
		default:
			flags[tag], err = parseBool(i.value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
	}
	mark := b.Begin(der.Sequence)
	p.name.append(b)
	for tag := range flags {
		switch {
		case tag == 3 && p.some:
			b.NamedBits(der.Context(3), p.reasons)
		case flags[tag]:
			b.Add(der.Context(uint8(tag)), []byte{0xff})
		}
	}
	b.End(mark)
	return nil
}
