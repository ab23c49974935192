package opensslconf

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func (m *maker) policies(b *der.Builder, value string) error {
	items, err := splitList(value)
	if err != nil {
		return err
	}
	mark := b.Begin(der.Sequence)
	ia5 := false
	for _, i := range items {
		switch section, is := strings.CutPrefix(i.name, "@"); {
		case i.has:
			return fmt.Errorf("%q is no policy; write its identifier, or @ and a section", clip(i.name+":"+i.value))
		case i.name == "ia5org":
			ia5 = true
		case is:
			lines, err := m.section(section)
			if err != nil {
				return err
			}
			if err := m.policy(b, lines, ia5); err != nil {
				return fmt.Errorf("section %s: %w", section, err)
			}
		default:
			id, err := m.sections.Object(i.name)
			if err != nil {
				return err
			}
			one := b.Begin(der.Sequence)
			b.OID(string(id))
			b.End(one)
		}
	}
	b.End(mark)
	return nil
}

// policy writes one PolicyInformation of the lines of its section (RFC 5280, Section 4.2.1.4).
func (m *maker) policy(b *der.Builder, lines []item, ia5 bool) error {
	var id oid.OID
	qualifiers := der.NewBuilder(nil)
	for _, i := range lines {
		var err error
		switch {
		case i.name == "policyIdentifier":
			id, err = m.sections.Object(i.value)
		case isNamed(i.name, "CPS"):
			one := qualifiers.Begin(der.Sequence)
			qualifiers.OID(string(oid.QualifierCPS))
			qualifiers.AddString(der.IA5String, i.value)
			qualifiers.End(one)
		case isNamed(i.name, "userNotice"):
			err = m.userNotice(qualifiers, i.value, ia5)
		default:
			return unknownItem(i)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", i.name, err)
		}
	}
	if id == "" {
		return errors.New("it has no policyIdentifier")
	}
	mark := b.Begin(der.Sequence)
	b.OID(string(id))
	if qualifiers.Len() > 0 {
		b.Add(der.Sequence, qualifiers.Bytes())
	}
	b.End(mark)
	return nil
}

// notice is a UserNotice on its way.
type notice struct {
	text         []byte // explicitText, a whole element
	organization []byte
	numbers      []byte
}

func (m *maker) userNotice(b *der.Builder, value string, ia5 bool) error {
	section, ok := strings.CutPrefix(value, "@")
	if !ok {
		return fmt.Errorf("%q does not name a section; write @ before it", clip(value))
	}
	lines, err := m.section(section)
	if err != nil {
		return err
	}
	var n notice
	for _, i := range lines {
		if err := n.read(i, ia5); err != nil {
			return fmt.Errorf("section %s: %w", section, err)
		}
	}
	if n.organization == nil && n.numbers != nil {
		return fmt.Errorf("section %s: noticeNumbers stand with an organization or not at all", section)
	}
	if n.numbers == nil {
		n.numbers = []byte{byte(der.Sequence), 0}
	}
	mark := b.Begin(der.Sequence)
	b.OID(string(oid.QualifierUserNotice))
	inner := b.Begin(der.Sequence)
	if n.organization != nil {
		reference := b.Begin(der.Sequence)
		b.Raw(n.organization, n.numbers)
		b.End(reference)
	}
	b.Raw(n.text)
	b.End(inner)
	b.End(mark)
	return nil
}

func (n *notice) read(i item, ia5 bool) error {
	b := der.NewBuilder(nil)
	switch i.name {
	case "explicitText":
		tag, text := displayText(i.value)
		b.AddString(tag, text)
		n.text = b.Bytes()
	case "organization":
		tag := der.VisibleString
		if ia5 {
			tag = der.IA5String
		}
		b.AddString(tag, i.value)
		n.organization = b.Bytes()
	case "noticeNumbers":
		items, err := splitList(i.value)
		if err != nil {
			return err
		}
		mark := b.Begin(der.Sequence)
		for _, number := range items {
			if err := integer(b, der.Integer, number.name); err != nil {
				return err
			}
		}
		b.End(mark)
		n.numbers = b.Bytes()
	default:
		return unknownItem(i)
	}
	return nil
}

// displayText takes the string type off the front of a text: "UTF8:text".
func displayText(text string) (der.Tag, string) {
	word, rest, ok := strings.Cut(text, ":")
	if ok {
		switch word {
		case "UTF8", "UTF8String":
			return der.UTF8String, rest
		case "BMP", "BMPString":
			return der.BMPString, rest
		case "VISIBLE", "VISIBLEString":
			return der.VisibleString, rest
		}
	}
	return der.VisibleString, text
}

// Languages of a proxy certificate's policy that leave no room for one (RFC
// 3820, Section 3.8.2).
const (
	inheritAll  oid.OID = "\x2b\x06\x01\x05\x05\x07\x15\x01" // 1.3.6.1.5.5.7.21.1
	independent oid.OID = "\x2b\x06\x01\x05\x05\x07\x15\x02" // 1.3.6.1.5.5.7.21.2
)

// proxy is a ProxyCertInfo on its way (RFC 3820, Section 3.8).
type proxy struct {
	language oid.OID
	pathLen  string
	policy   []byte
	given    bool // a policy is
}

func (m *maker) proxyCertInfo(b *der.Builder, value string) error {
	items, err := splitList(value)
	if err != nil {
		return err
	}
	var p proxy
	for _, i := range items {
		lines := []item{i}
		if section, ok := strings.CutPrefix(i.name, "@"); ok {
			if lines, err = m.section(section); err != nil {
				return err
			}
		} else if !i.has {
			return fmt.Errorf("%q has no value", clip(i.name))
		}
		for _, line := range lines {
			if err := p.read(m.sections, line); err != nil {
				return err
			}
		}
	}
	if p.language == "" {
		return errors.New("it has no language")
	}
	if p.given && (p.language == inheritAll || p.language == independent) {
		return errors.New("its language leaves no room for a policy")
	}
	mark := b.Begin(der.Sequence)
	if p.pathLen != "" {
		if err := integer(b, der.Integer, p.pathLen); err != nil {
			return err
		}
	}
	inner := b.Begin(der.Sequence)
	b.OID(string(p.language))
	if p.given {
		b.Add(der.OctetString, p.policy)
	}
	b.End(inner)
	b.End(mark)
	return nil
}

func (p *proxy) read(objects *File, i item) error {
	var err error
	switch i.name {
	case "language":
		if p.language != "" {
			return errors.New("its language is given twice")
		}
		p.language, err = objects.Object(i.value)
	case "pathlen":
		if p.pathLen != "" {
			return errors.New("its pathlen is given twice")
		}
		_, err = parseInteger(i.value)
		p.pathLen = i.value
	case "policy":
		p.given = true
		if digits, ok := strings.CutPrefix(i.value, "hex:"); ok {
			var octets []byte
			octets, err = parseHex(digits)
			p.policy = append(p.policy, octets...)
		} else if text, ok := strings.CutPrefix(i.value, "text:"); ok {
			p.policy = append(p.policy, text...)
		} else {
			return fmt.Errorf("the policy %q begins neither with hex: nor with text:", clip(i.value))
		}
	}
	return err
}
