package inspect

import (
	"encoding/hex"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ocsp"
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
	RequestorName string          `json:"requestorName,omitempty"`
	Requests      []CertIDView    `json:"requests"`
	Extensions    []ExtensionView `json:"extensions"`
	Signature     *SignatureView  `json:"signature,omitempty"`
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

	Extensions []ExtensionView `json:"extensions,omitempty"`
}

func viewCertID(id *ocsp.CertID) CertIDView {
	return CertIDView{HashAlgorithm: id.HashAlgorithm.ID.Name(), IssuerNameHash: hex.EncodeToString(id.IssuerNameHash),
		IssuerKeyHash: hex.EncodeToString(id.IssuerKeyHash), SerialNumber: serialText(serialContent(id))}
}

// serialContent is the content of the INTEGER.
func serialContent(id *ocsp.CertID) []byte {
	var b der.Builder
	b.BigInt(id.SerialNumber())
	e, _ := der.Parse(b.Bytes())
	return e.Content
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
	r, err := ocsp.ParseRequest(raw)
	if err != nil {
		return Object{}, err
	}
	v := &OCSPRequestView{Requests: []CertIDView{}, Extensions: viewExtensions(r.Extensions)}
	for i := range r.Requests {
		v.Requests = append(v.Requests, viewCertID(&r.Requests[i].CertID))
	}
	object := Object{Kind: OCSPRequest, Title: titles[OCSPRequest], Detail: v}
	object.Fields = []Field{{Name: "asks about", Value: count(len(v.Requests), "certificate")}}
	if r.RequestorName != nil {
		v.RequestorName = r.RequestorName.String()
		object.Fields = append(object.Fields, Field{Name: "asked by", Value: v.RequestorName})
	}
	if r.Signature != nil {
		s := signature(r.Signature.Algorithm, r.Signature.Value)
		v.Signature = &s
		object.Fields = append(object.Fields, Field{Name: "signature", Value: s.Algorithm + ", by who asks"})
	}
	for _, id := range v.Requests {
		object.Fields = append(object.Fields, id.field())
	}
	object.Fields = append(object.Fields, nonEmpty([]Field{extensionFields(v.Extensions)})...)
	if _, err := ocsp.Nonce(r.Extensions); err != nil {
		object.noteOn("requestExtensions", err.Error())
	}
	for _, d := range r.Deviations {
		object.noteOn("encoding", d)
	}
	return object, nil
}

func ocspResponse(raw []byte, o Options) (Object, error) {
	r, err := ocsp.ParseResponse(raw)
	if err != nil {
		return Object{}, err
	}
	v := &OCSPResponseView{Status: r.Status.String(), Responses: []OCSPSingleView{}, Extensions: []ExtensionView{}, Certs: []*CertificateView{}}
	object := Object{Kind: OCSPResponse, Title: titles[OCSPResponse], Detail: v}
	switch {
	case r.Status != ocsp.Successful:
		object.noteOn("responseStatus", "the responder gave no answer: "+v.Status)
	case r.Basic == nil:
		object.noteOn("responseType", "the answer is of the type "+r.Type.Name()+", which is not shown")
	default:
		v.take(r.Basic, o)
		for _, d := range r.Basic.Deviations {
			object.noteOn("encoding", d)
		}
		for _, s := range r.Basic.Responses {
			if !s.NextUpdate.IsZero() && !o.Now.IsZero() && o.Now.After(s.NextUpdate) {
				object.noteOn("nextUpdate", "the answer is out of date since "+clockOf(stamp(s.NextUpdate)))
				break
			}
		}
	}
	object.Fields = v.fields()
	return object, nil
}

// take takes over what a basic answer says.
func (v *OCSPResponseView) take(b *ocsp.Basic, o Options) {
	s := signature(b.SignatureAlgorithm, b.SignatureValue)
	v.Signature, v.ProducedAt, v.Extensions = &s, stamp(b.ProducedAt), viewExtensions(b.Extensions)
	if v.ResponderID = "key " + hex.EncodeToString(b.ResponderKey); b.ResponderName != nil {
		v.ResponderID = b.ResponderName.String()
	}
	for _, c := range b.Certificates {
		if object, err := certificate(c.Raw, o); err == nil {
			v.Certs = append(v.Certs, object.Detail.(*CertificateView))
		}
	}
	for i := range b.Responses {
		r := &b.Responses[i]
		single := OCSPSingleView{CertIDView: viewCertID(&r.CertID), Status: r.Status.String(), ThisUpdate: stamp(r.ThisUpdate), Extensions: viewExtensions(r.Extensions)}
		if !r.NextUpdate.IsZero() {
			single.NextUpdate = stamp(r.NextUpdate)
		}
		if r.Status == ocsp.Revoked {
			single.RevokedAt = stamp(r.RevokedAt)
			if r.Reason != crl.Unspecified {
				single.Reason = r.Reason.String()
			}
		}
		v.Responses = append(v.Responses, single)
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
		f.Children = append(f.Children, nonEmpty([]Field{extensionFields(s.Extensions)})...)
		fields = append(fields, f)
	}
	fields = append(fields, nonEmpty([]Field{extensionFields(v.Extensions)})...)
	return fields
}
