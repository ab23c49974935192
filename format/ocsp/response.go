package ocsp

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// ParseResponse reads one response in strict DER. The result shares the
// memory of raw.
func ParseResponse(raw []byte) (*Response, error) {
	r := &Response{}
	if err := r.read(raw); err != nil {
		return nil, fmt.Errorf("reading an OCSP response: %w", err)
	}
	return r, nil
}

func (r *Response) read(raw []byte) error {
	outer, err := strictSequence(raw)
	if err != nil {
		return err
	}
	r.Raw = outer.Raw
	in := outer.Children()
	status, err := in.Take(der.Enumerated)
	if err != nil {
		return describe("responseStatus", err)
	}
	n, err := status.Int()
	if err != nil {
		return describe("responseStatus", err)
	}
	r.Status = Status(n)
	wrapped, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return describe("responseBytes", err)
	}
	switch {
	case ok && r.Status != Successful:
		return fmt.Errorf("there is an answer beside the status %v", r.Status)
	case !ok && r.Status == Successful:
		return errors.New("the status is successful, and there is no answer")
	case ok:
		if err := r.readBytes(wrapped); err != nil {
			return describe("responseBytes", err)
		}
	}
	return in.End()
}

func (r *Response) readBytes(wrapped der.Element) error {
	e, err := der.ParseTag(wrapped.Content, der.Sequence)
	if err != nil {
		return err
	}
	in := e.Children()
	id, err := in.Take(der.ObjectIdentifier)
	if err != nil {
		return describe("responseType", err)
	}
	if r.Type, err = oid.ParseContent(id.Content); err != nil {
		return describe("responseType", err)
	}
	octets, err := in.Take(der.OctetString)
	if err != nil {
		return describe("response", err)
	}
	r.Bytes = octets.Content
	if r.Type == oid.BasicOCSPResponse {
		r.Basic = &Basic{}
		if err := r.Basic.read(r.Bytes); err != nil {
			return err
		}
	}
	return in.End()
}

func (b *Basic) read(raw []byte) error {
	outer, err := strictSequence(raw)
	if err != nil {
		return err
	}
	b.Raw = outer.Raw
	in := outer.Children()
	tbs, err := in.Take(der.Sequence)
	if err != nil {
		return describe("tbsResponseData", err)
	}
	b.RawTBS = tbs.Raw
	if err := b.readTBS(tbs.Children()); err != nil {
		return describe("tbsResponseData", err)
	}
	if b.SignatureAlgorithm, b.SignatureValue, b.ragged, err = takeSigned(&in); err != nil {
		return err
	}
	if b.Certificates, err = takeCertificates(&in); err != nil {
		return err
	}
	return in.End()
}

func (b *Basic) readTBS(in der.Reader) error {
	written, err := takeVersion(&in)
	if err != nil {
		return err
	}
	if written {
		b.Deviations = append(b.Deviations, "version 1 is written out; it is the default and should be left away")
	}
	if err := b.readResponder(&in); err != nil {
		return describe("responderID", err)
	}
	if b.ProducedAt, err = takeTime(&in); err != nil {
		return describe("producedAt", err)
	}
	list, err := in.Take(der.Sequence)
	if err != nil {
		return describe("responses", err)
	}
	for responses := list.Children(); !responses.Empty(); {
		one, err := takeSingleResponse(&responses)
		if err != nil {
			return fmt.Errorf("response %d: %w", len(b.Responses)+1, err)
		}
		b.Responses = append(b.Responses, one)
	}
	if b.Extensions, err = takeExtensions(&in, 1); err != nil {
		return describe("responseExtensions", err)
	}
	return in.End()
}

func (b *Basic) readResponder(in *der.Reader) error {
	e, err := in.Next()
	if err != nil {
		return err
	}
	switch e.Tag {
	case der.ContextConstructed(1):
		name, err := dn.Parse(e.Content)
		if err != nil {
			return err
		}
		b.ResponderName = &name
	case der.ContextConstructed(2):
		hash, err := der.ParseTag(e.Content, der.OctetString)
		if err != nil {
			return err
		}
		b.ResponderKey = hash.Content
	default:
		return fmt.Errorf("found %v where a name or a key hash belongs", e.Tag)
	}
	return nil
}

func takeSingleResponse(in *der.Reader) (s SingleResponse, err error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return s, err
	}
	s.Raw = e.Raw
	fields := e.Children()
	id, err := fields.Take(der.Sequence)
	if err != nil {
		return s, describe("certID", err)
	}
	if s.CertID, err = certIDOf(id); err != nil {
		return s, err
	}
	if err := s.readStatus(&fields); err != nil {
		return s, describe("certStatus", err)
	}
	if s.ThisUpdate, err = takeTime(&fields); err != nil {
		return s, describe("thisUpdate", err)
	}
	if next, ok, err := fields.Optional(der.ContextConstructed(0)); err != nil {
		return s, describe("nextUpdate", err)
	} else if ok {
		wrapped := der.Reader(next.Content)
		if s.NextUpdate, err = takeTime(&wrapped); err == nil {
			err = wrapped.End()
		}
		if err != nil {
			return s, describe("nextUpdate", err)
		}
	}
	if s.Extensions, err = takeExtensions(&fields, 1); err != nil {
		return s, describe("singleExtensions", err)
	}
	return s, fields.End()
}

func (s *SingleResponse) readStatus(in *der.Reader) error {
	e, err := in.Next()
	if err != nil {
		return err
	}
	switch e.Tag {
	case der.Context(0), der.Context(2):
		if s.Status = Good; e.Tag == der.Context(2) {
			s.Status = Unknown
		}
		if len(e.Content) != 0 {
			return errors.New("there is something in a status that is empty")
		}
		return nil
	case der.ContextConstructed(1):
		s.Status = Revoked
		return s.readRevoked(e.Children())
	}
	return fmt.Errorf("found %v where a status belongs", e.Tag)
}

func (s *SingleResponse) readRevoked(in der.Reader) (err error) {
	if s.RevokedAt, err = takeTime(&in); err != nil {
		return describe("revocationTime", err)
	}
	wrapped, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return describe("revocationReason", err)
	}
	if ok {
		e, err := der.ParseTag(wrapped.Content, der.Enumerated)
		if err != nil {
			return describe("revocationReason", err)
		}
		n, err := e.Int()
		if err != nil {
			return describe("revocationReason", err)
		}
		s.Reason = crl.Reason(n)
	}
	return in.End()
}

func takeTime(in *der.Reader) (time.Time, error) {
	e, err := in.Take(der.GeneralizedTime)
	if err != nil {
		return time.Time{}, err
	}
	return strictTime(e)
}

// strictTime reads a time as DER and RFC 5280, Section 4.1.2.5.2, have it:
// YYYYMMDDHHMMSSZ.
func strictTime(e der.Element) (time.Time, error) {
	if n := len(e.Content); n != len("YYYYMMDDHHMMSSZ") || e.Content[n-1] != 'Z' {
		return time.Time{}, fmt.Errorf("%q is not a time in seconds and UTC", e.Content)
	}
	return e.Time()
}
