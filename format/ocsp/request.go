package ocsp

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// ParseRequest reads one request in strict DER. The result shares the memory
// of raw.
func ParseRequest(raw []byte) (*Request, error) {
	r := &Request{}
	if err := r.read(raw); err != nil {
		return nil, fmt.Errorf("reading an OCSP request: %w", err)
	}
	return r, nil
}

// strictSequence reads a SEQUENCE that is DER throughout.
func strictSequence(raw []byte) (der.Element, error) {
	if err := der.Strict(raw); err != nil {
		return der.Element{}, err
	}
	return der.ParseTag(raw, der.Sequence)
}

func (r *Request) read(raw []byte) error {
	outer, err := strictSequence(raw)
	if err != nil {
		return err
	}
	r.Raw = outer.Raw
	in := outer.Children()
	tbs, err := in.Take(der.Sequence)
	if err != nil {
		return describe("tbsRequest", err)
	}
	r.RawTBS = tbs.Raw
	if err := r.readTBS(tbs.Children()); err != nil {
		return describe("tbsRequest", err)
	}
	wrapped, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return describe("optionalSignature", err)
	}
	if ok {
		if r.Signature, err = readSignature(wrapped); err != nil {
			return describe("optionalSignature", err)
		}
	}
	return in.End()
}

func (r *Request) readTBS(in der.Reader) error {
	written, err := takeVersion(&in)
	if err != nil {
		return err
	}
	if written {
		r.Deviations = append(r.Deviations, "version 1 is written out; it is the default and should be left away")
	}
	name, ok, err := in.Optional(der.ContextConstructed(1))
	if err != nil {
		return describe("requestorName", err)
	}
	if ok {
		if r.RequestorName, err = oneGeneralName(name.Content); err != nil {
			return describe("requestorName", err)
		}
	}
	list, err := in.Take(der.Sequence)
	if err != nil {
		return describe("requestList", err)
	}
	for requests := list.Children(); !requests.Empty(); {
		one, err := takeSingle(&requests)
		if err != nil {
			return fmt.Errorf("request %d: %w", len(r.Requests)+1, err)
		}
		r.Requests = append(r.Requests, one)
	}
	if r.Extensions, err = takeExtensions(&in, 2); err != nil {
		return describe("requestExtensions", err)
	}
	return in.End()
}

// takeVersion takes [0] EXPLICIT INTEGER DEFAULT v1, the only version.
func takeVersion(in *der.Reader) (written bool, err error) {
	e, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil || !ok {
		return false, describe("version", err)
	}
	value, err := der.ParseTag(e.Content, der.Integer)
	if err != nil {
		return true, describe("version", err)
	}
	n, err := value.Int()
	if err != nil {
		return true, describe("version", err)
	}
	if n != 0 {
		return true, fmt.Errorf("version: there is no version %d of OCSP", n+1)
	}
	return true, nil
}

// oneGeneralName reads one GeneralName: a list of one is what there is a
// reader for.
func oneGeneralName(raw []byte) (*ext.GeneralName, error) {
	var b der.Builder
	b.Add(der.Sequence, raw)
	names, err := ext.ParseGeneralNames(b.Bytes())
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, errors.New("it is not one name")
	}
	return &names[0], nil
}

func takeSingle(in *der.Reader) (s Single, err error) {
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
	if s.Extensions, err = takeExtensions(&fields, 0); err != nil {
		return s, describe("singleRequestExtensions", err)
	}
	return s, fields.End()
}

// takeExtensions takes [n] EXPLICIT Extensions, if they are there.
func takeExtensions(in *der.Reader, n uint8) ([]ext.Extension, error) {
	e, ok, err := in.Optional(der.ContextConstructed(n))
	if err != nil || !ok {
		return nil, err
	}
	return ext.Parse(e.Content)
}

func readSignature(wrapped der.Element) (*Signature, error) {
	e, err := der.ParseTag(wrapped.Content, der.Sequence)
	if err != nil {
		return nil, err
	}
	in := e.Children()
	s := &Signature{}
	if s.Algorithm, s.Value, _, err = takeSigned(&in); err != nil {
		return nil, err
	}
	if s.Certificates, err = takeCertificates(&in); err != nil {
		return nil, err
	}
	return s, in.End()
}

// takeSigned takes a signature algorithm and the signature.
func takeSigned(in *der.Reader) (a key.AlgorithmIdentifier, value []byte, ragged bool, err error) {
	algorithm, err := in.Take(der.Sequence)
	if err != nil {
		return a, nil, false, describe("signatureAlgorithm", err)
	}
	if a, err = key.ParseAlgorithmIdentifier(algorithm.Raw); err != nil {
		return a, nil, false, describe("signatureAlgorithm", err)
	}
	bits, err := in.Take(der.BitString)
	if err != nil {
		return a, nil, false, describe("signature", err)
	}
	value, unused, err := bits.Bits()
	return a, value, unused != 0, describe("signature", err)
}

// takeCertificates takes [0] EXPLICIT SEQUENCE OF Certificate, if it is there.
func takeCertificates(in *der.Reader) ([]*cert.Certificate, error) {
	wrapped, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil || !ok {
		return nil, describe("certs", err)
	}
	list, err := der.ParseTag(wrapped.Content, der.Sequence)
	if err != nil {
		return nil, describe("certs", err)
	}
	var out []*cert.Certificate
	for r := list.Children(); !r.Empty(); {
		e, err := r.Take(der.Sequence)
		if err != nil {
			return nil, describe("certs", err)
		}
		if len(out) == maxCertificates {
			return nil, fmt.Errorf("certs: there are more than %d certificates", maxCertificates)
		}
		c, err := cert.Parse(e.Raw)
		if err != nil {
			return nil, describe("certs", err)
		}
		out = append(out, c)
	}
	return out, nil
}
