package crmf

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ErrIndefinite says that messages are written in BER with lengths left open.
// What was signed is then ambiguous, so that they are not read at all.
var ErrIndefinite = errors.New("the request uses BER indefinite lengths, which a certificate request message may not: write it again in DER")

// Parse reads a CertReqMessages (RFC 4211, Section 3), or one CertReqMsg by
// itself. What is irregular and yet understood is listed in Deviations. The
// result shares the memory of raw.
func Parse(raw []byte) (*Messages, error) {
	m, err := parse(raw)
	if errors.Is(err, der.ErrIndefinite) {
		return nil, ErrIndefinite
	}
	if err != nil {
		return nil, fmt.Errorf("reading certificate request messages: %w", err)
	}
	return m, nil
}

// Is reports whether data begin as a CertReqMessages or a CertReqMsg does, and
// as no other kind of request.
func Is(raw []byte) bool {
	rest := der.Reader(raw)
	outer, err := rest.Take(der.Sequence)
	if err != nil {
		return false
	}
	return isMessage(outer.Raw) || isMessage(outer.Content)
}

// isMessage looks for a CertReqMsg at the front of data.
func isMessage(data []byte) bool {
	rest := der.Reader(data)
	message, err := rest.Take(der.Sequence)
	if err != nil {
		return false
	}
	in := message.Children()
	request, err := in.Take(der.Sequence)
	if err != nil {
		return false
	}
	if in.Peek().Class() == 2 {
		if _, err := in.Next(); err != nil {
			return false
		}
	}
	// A CertificationRequest without a subject differs in what follows only.
	if _, _, err := in.Optional(der.Sequence); err != nil || !in.Empty() {
		return false
	}
	fields := request.Children()
	if _, err := fields.Take(der.Integer); err != nil {
		return false
	}
	template, err := fields.Take(der.Sequence)
	if err != nil {
		return false
	}
	tag := template.Children().Peek()
	return tag == 0 || tag.Class() == 2
}

func parse(raw []byte) (*Messages, error) {
	if len(raw) > MaxSize {
		return nil, fmt.Errorf("they are %d bytes long; at most %d are read", len(raw), MaxSize)
	}
	rest := der.Reader(raw)
	outer, err := rest.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	m := &Messages{Raw: outer.Raw, Trailing: rest}
	if len(rest) > 0 {
		m.deviate("%d bytes follow the request", len(rest))
	}
	if err := shallow(outer.Content, 1); err != nil {
		return nil, err
	}
	if err := der.Strict(outer.Raw); errors.Is(err, der.ErrIndefinite) {
		return nil, err
	} else if err != nil {
		m.deviate("the encoding is not DER: %v", err)
	}
	in := outer.Children()
	if isMessage(outer.Raw) {
		m.deviate("one CertReqMsg stands by itself; it should be inside a CertReqMessages")
		in = der.Reader(outer.Raw)
	}
	return m, m.readAll(in)
}

// shallow returns an error where elements are nested too deep. Content that
// does not parse is for others to complain about.
func shallow(content []byte, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("elements are nested more than %d deep", maxDepth)
	}
	for in := der.Reader(content); !in.Empty(); {
		e, err := in.Next()
		if err != nil {
			return nil
		}
		if e.Tag.Constructed() {
			if err := shallow(e.Content, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *Messages) deviate(format string, args ...any) {
	m.Deviations = append(m.Deviations, fmt.Sprintf(format, args...))
}

func (m *Messages) readAll(in der.Reader) error {
	if in.Empty() {
		return errors.New("there is no message in it")
	}
	seen := map[string]bool{}
	for !in.Empty() {
		if len(m.List) == MaxMessages {
			return fmt.Errorf("there are more than %d messages", MaxMessages)
		}
		one, err := readMessage(&in)
		if err != nil {
			return fmt.Errorf("message %d: %w", len(m.List)+1, err)
		}
		id := one.Request.ID.String()
		if seen[id] {
			m.deviate("more than one message has the certReqId %s", id)
		}
		seen[id] = true
		m.List = append(m.List, one)
	}
	return nil
}

// Duplicate returns a certReqId that more than one message has, nil where
// there is none. Replies to such messages cannot be told apart.
func (m *Messages) Duplicate() *big.Int {
	seen := map[string]bool{}
	for _, one := range m.List {
		id := one.Request.ID.String()
		if seen[id] {
			return one.Request.ID
		}
		seen[id] = true
	}
	return nil
}

// reader gathers the deviations of one message.
type reader struct{ deviations []string }

func (r *reader) deviate(format string, args ...any) {
	r.deviations = append(r.deviations, fmt.Sprintf(format, args...))
}

func readMessage(in *der.Reader) (*Message, error) {
	outer, err := in.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	m, r := &Message{Raw: outer.Raw}, &reader{}
	fields := outer.Children()
	request, err := fields.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("certReq: %w", err)
	}
	if m.Request, err = r.request(request); err != nil {
		return nil, fmt.Errorf("certReq: %w", err)
	}
	if fields.Peek().Class() == 2 {
		if m.Proof, err = r.proof(&fields); err != nil {
			return nil, fmt.Errorf("popo: %w", err)
		}
		r.checkInput(m)
	}
	info, ok, err := fields.Optional(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("regInfo: %w", err)
	}
	if ok {
		if m.RegInfo, err = r.attributes("regInfo", info); err != nil {
			return nil, fmt.Errorf("regInfo: %w", err)
		}
	}
	if len(fields) > 0 {
		r.deviate("%d bytes follow at the end of the message", len(fields))
	}
	m.Deviations = r.deviations
	return m, nil
}

// ParseRequest reads a CertRequest by itself, as regInfo's certReq holds it,
// and says what is irregular.
func ParseRequest(raw []byte) (Request, []string, error) {
	r := &reader{}
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Request{}, nil, fmt.Errorf("reading a certificate request: %w", err)
	}
	out, err := r.request(e)
	if err != nil {
		return Request{}, nil, fmt.Errorf("reading a certificate request: %w", err)
	}
	return out, r.deviations, nil
}

func (r *reader) request(e der.Element) (Request, error) {
	out, in := Request{Raw: e.Raw}, e.Children()
	id, err := in.Take(der.Integer)
	if err == nil {
		out.ID, err = integer(id)
	}
	if err != nil {
		return out, fmt.Errorf("certReqId: %w", err)
	}
	template, err := in.Take(der.Sequence)
	if err != nil {
		return out, fmt.Errorf("certTemplate: %w", err)
	}
	if out.Template, err = r.template(template); err != nil {
		return out, fmt.Errorf("certTemplate: %w", err)
	}
	controls, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		out.Controls, err = r.attributes("controls", controls)
	}
	if err != nil {
		return out, fmt.Errorf("controls: %w", err)
	}
	if len(in) > 0 {
		r.deviate("%d bytes follow at the end of certReq", len(in))
	}
	return out, nil
}

func integer(e der.Element) (*big.Int, error) {
	if len(e.Content) > maxInteger {
		return nil, fmt.Errorf("the number has %d octets; at most %d are read", len(e.Content), maxInteger)
	}
	return e.BigInt()
}

func (r *reader) attributes(what string, e der.Element) ([]Attribute, error) {
	var list []Attribute
	for in := e.Children(); !in.Empty(); {
		if len(list) == maxControls {
			return nil, fmt.Errorf("there are more than %d", maxControls)
		}
		a, err := attribute(&in)
		if err != nil {
			return nil, err
		}
		if _, twice := find(list, a.ID); twice {
			r.deviate("%s holds %s more than once", what, a.Name())
		}
		if err := a.problem(); err != nil {
			r.deviate("%v", err)
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		r.deviate("%s is there and empty; it should be left away", what)
	}
	return list, nil
}

func attribute(in *der.Reader) (Attribute, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return Attribute{}, err
	}
	a, fields := Attribute{Raw: e.Raw}, e.Children()
	id, err := fields.Take(der.ObjectIdentifier)
	if err == nil {
		a.ID, err = oid.ParseContent(id.Content)
	}
	if err != nil {
		return a, fmt.Errorf("type: %w", err)
	}
	value, err := fields.Next()
	if err == nil {
		err = fields.End()
	}
	if err != nil {
		return a, fmt.Errorf("value of %s: %w", a.Name(), err)
	}
	a.Value = value.Raw
	return a, nil
}
