package text

import (
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func policyConstraints(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	explicit, hasExplicit := in.optionalInteger(der.Context(0))
	inhibit, hasInhibit := in.optionalInteger(der.Context(1))
	if !in.ok() {
		return unreadable
	}
	var list values
	if hasExplicit {
		list = append(list, "Require Explicit Policy:"+explicit.String())
	}
	if hasInhibit {
		list = append(list, "Inhibit Policy Mapping:"+inhibit.String())
	}
	return list.writeSome(w, indent)
}

func policyMappings(w *Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		one := sub(in.take(der.Sequence))
		issuer, subject := one.object(), one.object()
		if !one.ok() {
			return unreadable
		}
		list = append(list, w.Objects.shortened(issuer, 79)+":"+w.Objects.shortened(subject, 79))
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

// certificatePolicies writes each policy with its qualifiers.
func certificatePolicies(w *Writer, value []byte, indent int) state {
	if !readablePolicies(value) {
		return unreadable
	}
	in := openList(value)
	for i := 0; in.more(); i++ {
		one := sub(in.take(der.Sequence))
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent)
		w.WriteString("Policy: ")
		w.WriteString(w.Objects.Long(one.object()))
		if list, ok := one.optional(der.Sequence); ok {
			w.WriteByte('\n')
			qualifiers(w, sub(list), indent+2)
		}
	}
	return printed
}

const (
	practiceStatement oid.OID = "\x2b\x06\x01\x05\x05\x07\x02\x01" // 1.3.6.1.5.5.7.2.1
	userNotice        oid.OID = "\x2b\x06\x01\x05\x05\x07\x02\x02" // 1.3.6.1.5.5.7.2.2
)

func readablePolicies(value []byte) bool {
	in := openList(value)
	for in.more() {
		one := sub(in.take(der.Sequence))
		one.object()
		list, _ := one.optional(der.Sequence)
		for quals := sub(list); quals.more(); {
			q := sub(quals.take(der.Sequence))
			id := q.object()
			e := q.any()
			switch {
			case !q.ok() || quals.bad:
				return false
			case id == practiceStatement && e.Tag != der.IA5String:
				return false
			case id == userNotice && !readableNotice(e):
				return false
			}
		}
		if !one.ok() {
			return false
		}
	}
	return in.ok()
}

func isDisplayText(tag der.Tag) bool {
	return tag == der.UTF8String || tag == der.IA5String || tag == der.BMPString || tag == der.VisibleString
}

func readableNotice(e der.Element) bool {
	in := sub(e)
	if ref, ok := in.optional(der.Sequence); ok {
		r := sub(ref)
		if organization := r.any(); !isDisplayText(organization.Tag) {
			return false
		}
		numbers := sub(r.take(der.Sequence))
		for numbers.more() {
			numbers.integer(der.Integer)
		}
		if !r.ok() || !numbers.ok() {
			return false
		}
	}
	if in.more() && !isDisplayText(in.any().Tag) {
		return false
	}
	return in.ok() && e.Tag == der.Sequence
}

func qualifiers(w *Writer, in fields, indent int) {
	for i := 0; in.more(); i++ {
		if i > 0 {
			w.WriteByte('\n')
		}
		q := sub(in.take(der.Sequence))
		id := q.object()
		e := q.next()
		switch id {
		case practiceStatement:
			spaces(w, indent)
			w.WriteString("CPS: ")
			w.WriteString(untilZero(string(e.Content)))
		case userNotice:
			spaces(w, indent)
			w.WriteString("User Notice:\n")
			notice(w, sub(e), indent+2)
		default:
			spaces(w, indent+2)
			w.WriteString("Unknown Qualifier: ")
			w.WriteString(w.Objects.Long(id))
		}
	}
}

func notice(w *Writer, in fields, indent int) {
	ref, hasRef := in.optional(der.Sequence)
	if hasRef {
		r := sub(ref)
		spaces(w, indent)
		w.WriteString("Organization: ")
		w.WriteString(untilZero(string(r.next().Content)))
		w.WriteByte('\n')
		var numbers []string
		for list := sub(r.take(der.Sequence)); list.more(); {
			numbers = append(numbers, list.integer(der.Integer).String())
		}
		spaces(w, indent)
		w.WriteString("Number")
		if len(numbers) > 1 {
			w.WriteByte('s')
		}
		w.WriteString(": ")
		w.WriteString(strings.Join(numbers, ", "))
		if in.more() {
			w.WriteByte('\n')
		}
	}
	if in.more() {
		spaces(w, indent)
		w.WriteString("Explicit Text: ")
		w.WriteString(untilZero(string(in.next().Content)))
	}
}
