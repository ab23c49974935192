package cmp

import (
	"fmt"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
)

// Revocation is a RevDetails: the certificate by its issuer and serial number
// at least, and the extensions its entry in the list should have (RFC 9810,
// Section 5.3.9).
type Revocation struct {
	Template   crmf.Template
	Extensions []ext.Extension
}

// Revocations reads an rr.
func (b Body) Revocations() ([]Revocation, error) {
	if err := b.want(RevocationRequest); err != nil {
		return nil, err
	}
	var all []Revocation
	err := each(b.Content, maxList, func(e der.Element) (err error) {
		r, in := Revocation{}, e.Children()
		template, err := in.Take(der.Sequence)
		if err == nil {
			r.Template, _, err = crmf.ParseTemplate(template.Raw)
		}
		if err != nil {
			return fmt.Errorf("certDetails: %w", err)
		}
		extensions, ok, err := in.Optional(der.Sequence)
		if err == nil && ok {
			r.Extensions, err = ext.Parse(extensions.Raw)
		}
		if err != nil {
			return fmt.Errorf("crlEntryDetails: %w", err)
		}
		all = append(all, r)
		return in.End()
	})
	if err != nil {
		return nil, fmt.Errorf("rr: %w", err)
	}
	return all, nil
}

// NewRevocations makes an rr.
func NewRevocations(all ...Revocation) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, r := range all {
		one := b.Begin(der.Sequence)
		b.Raw(crmf.MarshalTemplate(r.Template))
		if len(r.Extensions) > 0 {
			b.Raw(ext.Marshal(r.Extensions))
		}
		b.End(one)
	}
	b.End(outer)
	return NewBody(RevocationRequest, b.Bytes())
}

// RevocationReply is a RevRepContent (RFC 9810, Section 5.3.10).
type RevocationReply struct {
	Statuses     []StatusInfo // in the order of the request
	Certificates []crmf.CertID
	CRLs         [][]byte
}

// RevocationReply reads an rp.
func (b Body) RevocationReply() (*RevocationReply, error) {
	if err := b.want(RevocationResponse); err != nil {
		return nil, err
	}
	r, err := parseRevocationReply(b.Content)
	if err != nil {
		return nil, fmt.Errorf("rp: %w", err)
	}
	return r, nil
}

func parseRevocationReply(raw []byte) (*RevocationReply, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, err
	}
	r, in := &RevocationReply{}, outer.Children()
	statuses, err := in.Take(der.Sequence)
	if err == nil {
		err = each(statuses.Raw, maxList, func(e der.Element) error {
			s, err := parseStatus(e)
			r.Statuses = append(r.Statuses, s)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("status: %w", err)
	}
	certs, ok, err := explicit(&in, 0, der.Sequence)
	if err == nil && ok {
		err = each(certs.Raw, maxList, func(e der.Element) error {
			id, err := crmf.ParseCertID(e.Raw)
			r.Certificates = append(r.Certificates, id)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("revCerts: %w", err)
	}
	lists, ok, err := explicit(&in, 1, der.Sequence)
	if err == nil && ok {
		r.CRLs, err = sequenceOf(lists.Raw, maxList)
	}
	if err != nil {
		return nil, fmt.Errorf("crls: %w", err)
	}
	return r, in.End()
}

// NewRevocationReply makes an rp.
func NewRevocationReply(r RevocationReply) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	statuses := b.Begin(der.Sequence)
	for _, s := range r.Statuses {
		s.append(&b)
	}
	b.End(statuses)
	if len(r.Certificates) > 0 {
		mark := b.Begin(der.ContextConstructed(0))
		list := b.Begin(der.Sequence)
		for _, c := range r.Certificates {
			one := b.Begin(der.Sequence)
			b.Raw(c.Issuer.Raw)
			b.BigInt(c.Serial)
			b.End(one)
		}
		b.End(list)
		b.End(mark)
	}
	if len(r.CRLs) > 0 {
		b.Add(der.ContextConstructed(1), listOf(r.CRLs...))
	}
	b.End(outer)
	return NewBody(RevocationResponse, b.Bytes())
}

// ErrorContent is an ErrorMsgContent (RFC 9810, Section 5.3.21).
type ErrorContent struct {
	Status  StatusInfo
	Code    *int // nil where absent
	Details []string
}

// Error reads an error body.
func (b Body) Error() (*ErrorContent, error) {
	if err := b.want(ErrorMessage); err != nil {
		return nil, err
	}
	c, err := parseError(b.Content)
	if err != nil {
		return nil, fmt.Errorf("error: %w", err)
	}
	return c, nil
}

func parseError(raw []byte) (*ErrorContent, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, err
	}
	c, in := &ErrorContent{}, outer.Children()
	status, err := in.Next()
	if err == nil {
		c.Status, err = parseStatus(status)
	}
	if err != nil {
		return nil, fmt.Errorf("pKIStatusInfo: %w", err)
	}
	code, ok, err := in.Optional(der.Integer)
	if err == nil && ok {
		var n int
		n, err = code.Int()
		c.Code = &n
	}
	if err != nil {
		return nil, fmt.Errorf("errorCode: %w", err)
	}
	details, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		c.Details, err = parseFreeText(details.Raw)
	}
	if err != nil {
		return nil, fmt.Errorf("errorDetails: %w", err)
	}
	return c, in.End()
}

// NewError makes an error body.
func NewError(c ErrorContent) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	c.Status.append(&b)
	if c.Code != nil {
		b.Int(int64(*c.Code))
	}
	if len(c.Details) > 0 {
		b.Raw(freeText(c.Details))
	}
	b.End(outer)
	return NewBody(ErrorMessage, b.Bytes())
}

// Nested reads a nested body: whole messages, each with a protection of its
// own (RFC 9810, Section 5.1.3.4).
func (b Body) Nested() ([]*Message, error) {
	if err := b.want(NestedMessage); err != nil {
		return nil, err
	}
	all, err := parseMessages(b.Content)
	if err != nil {
		return nil, fmt.Errorf("nested: %w", err)
	}
	return all, nil
}

func parseMessages(raw []byte) ([]*Message, error) {
	var all []*Message
	err := each(raw, maxNested, func(e der.Element) error {
		m, err := parseMessage(e.Raw)
		all = append(all, m)
		return err
	})
	return all, err
}

// NewNested makes a nested body.
func NewNested(all ...*Message) Body { return NewBody(NestedMessage, nest(all)) }

func nest(all []*Message) []byte {
	var raw [][]byte
	for _, m := range all {
		raw = append(raw, m.Raw)
	}
	return listOf(raw...)
}
