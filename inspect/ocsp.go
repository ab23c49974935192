package inspect

import (
	"encoding/hex"
	"fmt"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// CertIDView names a certificate the way of OCSP (RFC 6960, Section 4.1.1).
type CertIDView struct {
	HashAlgorithm  string `json:"hashAlgorithm"`
	IssuerNameHash string `json:"issuerNameHash"`
	IssuerKeyHash  string `json:"issuerKeyHash"`
	SerialNumber   string `json:"serialNumber"`
}

// OCSPRequestView is the JSON view of an OCSP request.
type OCSPRequestView struct {
	Requests   []CertIDView    `json:"requests"`
	Extensions []ExtensionView `json:"extensions"`
}

// OCSPResponseView is the JSON view of an OCSP response.
type OCSPResponseView struct {
	Status      string             `json:"status"` // "successful", "tryLater" …
	ProducedAt  string             `json:"producedAt,omitempty"`
	ResponderID string             `json:"responderID,omitempty"`
	Responses   []OCSPSingleView   `json:"responses"`
	Extensions  []ExtensionView    `json:"extensions"`
	Signature   *SignatureView     `json:"signature,omitempty"`
	Certs       []*CertificateView `json:"certificates"`
}

// OCSPSingleView is what a response says of one certificate.
type OCSPSingleView struct {
	CertIDView
	Status     string `json:"status"` // "good", "revoked", "unknown"
	RevokedAt  string `json:"revokedAt,omitempty"`
	Reason     string `json:"reason,omitempty"`
	ThisUpdate string `json:"thisUpdate"`
	NextUpdate string `json:"nextUpdate,omitempty"`
}

func takeCertID(in *der.Reader) (v CertIDView, err error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return v, fmt.Errorf("reading a certificate identifier: %w", err)
	}
	fields := e.Children()
	for _, step := range []struct {
		tag der.Tag
		set func(der.Element) error
	}{
		{der.Sequence, func(e der.Element) error {
			id, err := key.ParseAlgorithmIdentifier(e.Raw)
			v.HashAlgorithm = id.ID.Name()
			return err
		}},
		{der.OctetString, func(e der.Element) error { v.IssuerNameHash = hex.EncodeToString(e.Content); return nil }},
		{der.OctetString, func(e der.Element) error { v.IssuerKeyHash = hex.EncodeToString(e.Content); return nil }},
		{der.Integer, func(e der.Element) error { v.SerialNumber = serialText(e.Content); return nil }},
	} {
		part, err := fields.Take(step.tag)
		if err == nil {
			err = step.set(part)
		}
		if err != nil {
			return v, fmt.Errorf("reading a certificate identifier: %w", err)
		}
	}
	return v, nil
}

func (v CertIDView) field() Field {
	f := Field{Name: "certificate"}
	f.add("serial number", v.SerialNumber)
	f.add("issuer name hash", v.IssuerNameHash)
	f.add("issuer key hash", v.IssuerKeyHash)
	f.add("hash", v.HashAlgorithm)
	return f
}

func ocspRequest(raw []byte) (Object, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Object{}, err
	}
	in := outer.Children()
	tbs, err := in.Take(der.Sequence)
	if err != nil {
		return Object{}, err
	}
	v := &OCSPRequestView{Requests: []CertIDView{}, Extensions: []ExtensionView{}}
	for in = tbs.Children(); !in.Empty(); {
		e, err := in.Next()
		switch {
		case err != nil:
			return Object{}, err
		case e.Tag == der.Sequence:
			err = v.readRequests(e.Children())
		case e.Tag == der.ContextConstructed(2):
			var list []ext.Extension
			list, err = ext.Parse(e.Content)
			v.Extensions = viewExtensions(list)
		}
		if err != nil {
			return Object{}, err
		}
	}
	object := Object{Kind: OCSPRequest, Title: titles[OCSPRequest], Detail: v}
	object.Fields = []Field{{Name: "asks about", Value: count(len(v.Requests), "certificate")}}
	for _, id := range v.Requests {
		object.Fields = append(object.Fields, id.field())
	}
	object.Fields = append(object.Fields, nonEmpty([]Field{extensionFields(v.Extensions)})...)
	return object, nil
}

func (v *OCSPRequestView) readRequests(in der.Reader) error {
	for !in.Empty() {
		e, err := in.Take(der.Sequence)
		if err != nil {
			return err
		}
		fields := e.Children()
		id, err := takeCertID(&fields)
		if err != nil {
			return err
		}
		v.Requests = append(v.Requests, id)
	}
	return nil
}

// ocspStatusNames are the names of OCSPResponseStatus (RFC 6960, Section 4.2.1).
var ocspStatusNames = [...]string{"successful", "malformedRequest", "internalError", "tryLater", "4", "sigRequired", "unauthorized"}

func ocspResponse(raw []byte, o Options) (Object, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Object{}, err
	}
	in := outer.Children()
	status, err := in.Take(der.Enumerated)
	if err != nil {
		return Object{}, err
	}
	n, err := status.Int()
	if err != nil {
		return Object{}, err
	}
	v := &OCSPResponseView{Status: itoa(n), Responses: []OCSPSingleView{}, Extensions: []ExtensionView{}, Certs: []*CertificateView{}}
	if n >= 0 && n < len(ocspStatusNames) {
		v.Status = ocspStatusNames[n]
	}
	if !in.Empty() {
		if err := v.readBytes(in, o); err != nil {
			return Object{}, fmt.Errorf("reading the response: %w", err)
		}
	}
	object := Object{Kind: OCSPResponse, Title: titles[OCSPResponse], Detail: v}
	if v.Status != "successful" {
		object.noteOn("responseStatus", "the responder gave no answer: "+v.Status)
	}
	object.Fields = v.fields()
	return object, nil
}

// readBytes reads ResponseBytes and the BasicOCSPResponse in it.
func (v *OCSPResponseView) readBytes(in der.Reader, o Options) error {
	for _, tag := range []der.Tag{der.ContextConstructed(0), der.Sequence} {
		e, err := in.Take(tag)
		if err != nil {
			return err
		}
		in = e.Children()
	}
	if _, err := in.Take(der.ObjectIdentifier); err != nil {
		return err
	}
	octets, err := in.Take(der.OctetString)
	if err != nil {
		return err
	}
	basic, err := der.ParseTag(octets.Content, der.Sequence)
	if err != nil {
		return err
	}
	in = basic.Children()
	data, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	alg, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	bits, err := in.Take(der.BitString)
	if err != nil {
		return err
	}
	id, err := key.ParseAlgorithmIdentifier(alg.Raw)
	if err != nil {
		return err
	}
	octetsOfSignature, _, err := bits.Bits()
	if err != nil {
		return err
	}
	s := signature(id, octetsOfSignature)
	v.Signature = &s
	if certs, ok, err := in.Optional(der.ContextConstructed(0)); err == nil && ok {
		v.readCerts(certs, o)
	}
	return v.readData(data.Children())
}

// readCerts reads the responder's certificates, as far as they can be read.
func (v *OCSPResponseView) readCerts(wrapped der.Element, o Options) {
	list, err := der.ParseTag(wrapped.Content, der.Sequence)
	if err != nil {
		return
	}
	for in := list.Children(); !in.Empty(); {
		e, err := in.Next()
		if err != nil {
			return
		}
		if object, err := certificate(e.Raw, o); err == nil {
			v.Certs = append(v.Certs, object.Detail.(*CertificateView))
		}
	}
}

// readData reads ResponseData.
func (v *OCSPResponseView) readData(in der.Reader) error {
	if _, _, err := in.Optional(der.ContextConstructed(0)); err != nil {
		return err
	}
	responder, err := in.Next()
	if err != nil {
		return err
	}
	switch responder.Tag {
	case der.ContextConstructed(1):
		name, err := dn.Parse(responder.Content)
		if err != nil {
			return err
		}
		v.ResponderID = name.String()
	case der.ContextConstructed(2):
		hash, err := der.ParseTag(responder.Content, der.OctetString)
		if err != nil {
			return err
		}
		v.ResponderID = "key " + hex.EncodeToString(hash.Content)
	}
	produced, err := in.Take(der.GeneralizedTime)
	if err != nil {
		return err
	}
	at, err := produced.Time()
	if err != nil {
		return err
	}
	v.ProducedAt = stamp(at)
	list, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	for in := list.Children(); !in.Empty(); {
		if err := v.readSingle(&in); err != nil {
			return err
		}
	}
	if e, ok, err := in.Optional(der.ContextConstructed(1)); err == nil && ok {
		list, err := ext.Parse(e.Content)
		if err != nil {
			return err
		}
		v.Extensions = viewExtensions(list)
	}
	return nil
}

func (v *OCSPResponseView) readSingle(in *der.Reader) error {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	fields := e.Children()
	var single OCSPSingleView
	if single.CertIDView, err = takeCertID(&fields); err != nil {
		return err
	}
	status, err := fields.Next()
	if err != nil {
		return err
	}
	switch status.Tag {
	case der.Context(0):
		single.Status = "good"
	case der.Context(2):
		single.Status = "unknown"
	case der.ContextConstructed(1):
		single.Status = "revoked"
		single.readRevoked(status.Children())
	default:
		return fmt.Errorf("found %v where a status belongs", status.Tag)
	}
	this, err := fields.Take(der.GeneralizedTime)
	if err != nil {
		return err
	}
	at, err := this.Time()
	if err != nil {
		return err
	}
	single.ThisUpdate = stamp(at)
	if next, ok, err := fields.Optional(der.ContextConstructed(0)); err == nil && ok {
		if t, err := der.ParseTag(next.Content, der.GeneralizedTime); err == nil {
			if at, err := t.Time(); err == nil {
				single.NextUpdate = stamp(at)
			}
		}
	}
	v.Responses = append(v.Responses, single)
	return nil
}

// readRevoked reads RevokedInfo, as far as it can be read.
func (s *OCSPSingleView) readRevoked(in der.Reader) {
	if t, err := in.Take(der.GeneralizedTime); err == nil {
		if at, err := t.Time(); err == nil {
			s.RevokedAt = stamp(at)
		}
	}
	if wrapped, ok, err := in.Optional(der.ContextConstructed(0)); err == nil && ok {
		if e, err := der.ParseTag(wrapped.Content, der.Enumerated); err == nil {
			if n, err := e.Int(); err == nil {
				s.Reason = crl.Reason(n).String()
			}
		}
	}
}

func (v *OCSPResponseView) fields() []Field {
	var top Field
	top.add("status", v.Status)
	top.add("produced at", clockOf(v.ProducedAt))
	top.add("responder", v.ResponderID)
	if v.Signature != nil {
		top.add("signature", v.Signature.Algorithm+", by the responder")
	}
	for _, c := range v.Certs {
		top.add("certificate in it", c.Subject)
	}
	fields := top.Children
	for _, s := range v.Responses {
		f := s.CertIDView.field()
		status := Field{}
		status.add("status", s.Status)
		status.add("revoked at", clockOf(s.RevokedAt))
		status.add("reason", s.Reason)
		status.add("this update", clockOf(s.ThisUpdate))
		status.add("next update", clockOf(s.NextUpdate))
		f.Children = append(status.Children, f.Children...)
		fields = append(fields, f)
	}
	fields = append(fields, nonEmpty([]Field{extensionFields(v.Extensions)})...)
	return fields
}
