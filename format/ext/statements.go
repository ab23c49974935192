package ext

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// QCStatement is one statement of qcStatements (RFC 3739, Section 3.2.6;
// ETSI EN 319 412-5).
type QCStatement struct {
	ID   oid.OID
	Info []byte // DER; nil where absent
}

// ParseQCStatements reads the value of qcStatements.
func ParseQCStatements(value []byte) ([]QCStatement, error) {
	r, err := sequence(value, "qcStatements")
	if err != nil {
		return nil, err
	}
	var list []QCStatement
	for !r.Empty() {
		var s QCStatement
		e, err := r.Take(der.Sequence)
		fields := e.Children()
		if err == nil {
			s.ID, err = takeOID(&fields)
		}
		if err == nil && !fields.Empty() {
			var info der.Element
			info, err = fields.Next()
			s.Info = info.Raw
		}
		if err == nil {
			err = fields.End()
		}
		if err != nil {
			return nil, fmt.Errorf("qcStatements: statement %d: %w", len(list)+1, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// NewQCStatements makes qcStatements (RFC 3739, Section 3.2.6).
func NewQCStatements(list []QCStatement, critical bool) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for _, s := range list {
		one := b.Begin(der.Sequence)
		b.OID(string(s.ID))
		b.Raw(s.Info)
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: oid.QCStatements, Critical: critical, Value: b.Bytes()}
}

// DirectoryAttribute is one attribute of subjectDirectoryAttributes, each
// value as whole DER (RFC 5280, Section 4.2.1.8).
type DirectoryAttribute struct {
	ID     oid.OID
	Values [][]byte
}

// ParseSubjectDirectoryAttributes reads the value of subjectDirectoryAttributes.
func ParseSubjectDirectoryAttributes(value []byte) ([]DirectoryAttribute, error) {
	r, err := sequence(value, "subjectDirectoryAttributes")
	if err != nil {
		return nil, err
	}
	var list []DirectoryAttribute
	for !r.Empty() {
		a, err := readDirectoryAttribute(&r)
		if err != nil {
			return nil, fmt.Errorf("subjectDirectoryAttributes: attribute %d: %w", len(list)+1, err)
		}
		list = append(list, a)
	}
	return list, nil
}

func readDirectoryAttribute(r *der.Reader) (DirectoryAttribute, error) {
	var a DirectoryAttribute
	e, err := r.Take(der.Sequence)
	if err != nil {
		return a, err
	}
	fields := e.Children()
	if a.ID, err = takeOID(&fields); err != nil {
		return a, err
	}
	set, err := fields.Take(der.Set)
	if err != nil {
		return a, err
	}
	for values := set.Children(); !values.Empty(); {
		v, err := values.Next()
		if err != nil {
			return a, err
		}
		a.Values = append(a.Values, v.Raw)
	}
	return a, fields.End()
}

// NewSubjectDirectoryAttributes makes subjectDirectoryAttributes, never
// critical. Values of one attribute are written in the order given.
func NewSubjectDirectoryAttributes(list []DirectoryAttribute) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for _, a := range list {
		one := b.Begin(der.Sequence)
		b.OID(string(a.ID))
		set := b.Begin(der.Set)
		b.Raw(a.Values...)
		b.End(set)
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: oid.SubjectDirectoryAttributes, Value: b.Bytes()}
}
