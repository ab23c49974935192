package text

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
)

// pointName is a DistributionPointName.
type pointName struct {
	full     []generalName
	relative dn.Name
	isFull   bool
	present  bool
}

// pointName takes an optional [0] DistributionPointName.
func (f *fields) pointName() (p pointName) {
	e, ok := f.optional(der.ContextConstructed(0))
	if !ok {
		return p
	}
	in := sub(e)
	p.present = true
	if full, ok := in.optionalList(0); ok {
		p.isFull = true
		names := sub(full)
		p.full = names.names()
		if !names.ok() {
			f.fail()
		}
	} else {
		p.relative = relativeName(in.take(der.ContextConstructed(1)))
		if !areValues(p.relative) {
			in.fail()
		}
	}
	if !in.ok() || !p.isFull && len(p.relative.RDNs) == 0 {
		f.fail()
	}
	return p
}

// relativeName reads a RelativeDistinguishedName under another tag.
func relativeName(e der.Element) dn.Name {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Add(der.Set, e.Content)
	b.End(outer)
	n, err := dn.Parse(b.Bytes())
	if err != nil {
		return dn.Name{}
	}
	return n
}

func (p pointName) write(w *Writer, indent int) {
	if !p.present {
		return
	}
	spaces(w, indent)
	if p.isFull {
		w.WriteString("Full Name:\n")
		nameLines(w, p.full, indent)
		return
	}
	w.WriteString("Relative Name:\n")
	spaces(w, indent+2)
	Name(w, p.relative, 0, Oneline)
	w.WriteByte('\n')
}

func nameLines(w *Writer, list []generalName, indent int) {
	for i, g := range list {
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent+2)
		g.long(w)
	}
}

func pointReasons(w *Writer, title string, octets []byte, indent int) {
	spaces(w, indent)
	w.WriteString(title)
	w.WriteString(":\n")
	spaces(w, indent+2)
	none := true
	for i, name := range [...]string{
		"Unused", "Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation",
		"Certificate Hold", "Privilege Withdrawn", "AA Compromise",
	} {
		if !bit(octets, i) {
			continue
		}
		if !none {
			w.WriteString(", ")
		}
		none = false
		w.WriteString(name)
	}
	if none {
		w.WriteString("<EMPTY>")
	}
	w.WriteByte('\n')
}

type distributionPoint struct {
	name      pointName
	reasons   []byte
	hasReason bool
	issuer    []generalName
	hasIssuer bool
}

// readPoints reads the value of cRLDistributionPoints.
func readPoints(value []byte) (list []distributionPoint, ok bool) {
	in := openList(value)
	for in.more() {
		one := sub(in.take(der.Sequence))
		var p distributionPoint
		p.name = one.pointName()
		if one.more() && one.rest.Peek() == der.Context(1) {
			p.reasons, p.hasReason = one.bits(der.Context(1)), true
		}
		if e, ok := one.optionalList(2); ok {
			names := sub(e)
			p.issuer, p.hasIssuer = names.names(), true
			if !names.ok() {
				one.fail()
			}
		}
		if !one.ok() {
			return nil, false
		}
		list = append(list, p)
	}
	return list, in.ok()
}

// distributionPoints is cRLDistributionPoints and freshestCRL.
func distributionPoints(w *Writer, value []byte, indent int) state {
	list, ok := readPoints(value)
	if !ok {
		return unreadable
	}
	for i, p := range list {
		if i > 0 {
			w.WriteByte('\n')
		}
		p.name.write(w, indent)
		if p.hasReason {
			pointReasons(w, "Reasons", p.reasons, indent)
		}
		if p.hasIssuer {
			spaces(w, indent)
			w.WriteString("CRL Issuer:\n")
			nameLines(w, p.issuer, indent)
		}
	}
	return printed
}

func issuingDistributionPoint(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	name := in.pointName()
	user := in.boolean(der.Context(1))
	ca := in.boolean(der.Context(2))
	var reasons []byte
	hasReasons := in.more() && in.rest.Peek() == der.Context(3)
	if hasReasons {
		reasons = in.bits(der.Context(3))
	}
	indirect := in.boolean(der.Context(4))
	attribute := in.boolean(der.Context(5))
	if !in.ok() {
		return unreadable
	}
	name.write(w, indent)
	flag := func(set bool, words string) {
		if set {
			spaces(w, indent)
			w.WriteString(words)
			w.WriteByte('\n')
		}
	}
	flag(user, "Only User Certificates")
	flag(ca, "Only CA Certificates")
	flag(indirect, "Indirect CRL")
	if hasReasons {
		pointReasons(w, "Only Some Reasons", reasons, indent)
	}
	flag(attribute, "Only Attribute Certificates")
	flag(!name.present && !user && !ca && !indirect && !hasReasons && !attribute, "<EMPTY>")
	return printed
}
