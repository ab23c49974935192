package request

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
)

const anotherProgram = "make the request again with another program"

// FromCRMF makes the common form of each message of a batch. Messages that
// share a certReqId have a Problem: what is answered to them could not be told
// apart.
func FromCRMF(m *crmf.Messages) ([]*Request, error) {
	times := map[string]int{}
	for _, one := range m.List {
		times[one.Request.ID.String()]++
	}
	out := make([]*Request, 0, len(m.List))
	for n, one := range m.List {
		r, err := FromMessage(one)
		if err != nil {
			return nil, at(err, fmt.Sprintf("message %d", n+1), len(m.List))
		}
		if id := one.Request.ID; times[id.String()] > 1 {
			r.Problem = &Refusal{
				Reason: Duplicate, Field: "certReqId",
				Detail: fmt.Sprintf("%d requests of one batch have the certReqId %s", times[id.String()], id),
				Fix:    "number the requests of a batch apart",
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// FromMessage makes the common form of one CertReqMsg (RFC 4211, Section 3).
func FromMessage(m *crmf.Message) (*Request, error) {
	t := &m.Request.Template
	r := &Request{Format: CRMF, Raw: m.Raw, Subject: dn.Empty(), PublicKey: t.PublicKey, Extensions: t.Extensions, CRMF: m}
	switch {
	case t.SubjectProblem != nil:
		return nil, &Refusal{Reason: BadFormat, Field: "subject", Detail: "the subject of the request cannot be read: " + t.SubjectProblem.Error(), Fix: anotherProgram}
	case t.ExtensionsProblem != nil:
		return nil, &Refusal{Reason: BadFormat, Field: "extensions", Detail: t.ExtensionsProblem.Error(), Fix: anotherProgram}
	}
	if t.Subject != nil {
		r.Subject = *t.Subject
	}
	if err := der.Strict(m.Raw); err != nil {
		r.loose = "the encoding is not DER: " + err.Error()
	}
	switch {
	case t.PublicKey == nil:
		r.keyless("the template of the request has no public key")
	case len(t.PublicKey.Bits) == 0:
		r.keyless("the request leaves it to the authority to make the key")
	}
	return r, nil
}

// keyless says that there is no key to be certified.
func (r *Request) keyless(detail string) {
	r.PublicKey = &key.Public{Type: "none", Problem: errors.New(detail)}
	r.Problem = &Refusal{Reason: BadKey, Field: "publicKey", Detail: detail, Fix: "make a key, and a request with its public key"}
}

// Keyless reports whether a request leaves it to the authority to make the
// key (RFC 9483, Section 4.1.6): it has a template without a public key, or with
// an empty one that names its kind, and no proof of possession.
func (r *Request) Keyless() bool {
	if r.CRMF == nil || r.CRMF.Proof != nil {
		return false
	}
	k := r.CRMF.Request.Template.PublicKey
	return k == nil || len(k.Bits) == 0
}

// WithKey returns a keyless request with the key that was made for it.
func (r *Request) WithKey(made *key.Public) *Request {
	out := *r
	out.PublicKey = made
	if r.Keyless() && r.Problem != nil && r.Problem.Reason == BadKey {
		out.Problem = nil
	}
	return &out
}

// messageBody takes the requests out of a CMP message that asks for
// certificates (RFC 9810, Section 5.1.2); nil where it is none.
func messageBody(kind Kind, raw []byte) ([]byte, Kind) {
	if kind != CMPMessage {
		return nil, kind
	}
	in := der.Reader(raw)
	outer, err := in.Take(der.Sequence)
	if err != nil {
		return nil, kind
	}
	fields := outer.Children()
	if _, err := fields.Take(der.Sequence); err != nil {
		return nil, kind
	}
	body, err := fields.Next()
	if err != nil {
		return nil, kind
	}
	switch body.Tag {
	case der.ContextConstructed(0), der.ContextConstructed(2), der.ContextConstructed(7): // ir, cr, kur
		return body.Content, CRMFRequest
	case der.ContextConstructed(4): // p10cr
		return body.Content, PKCS10Request
	}
	return nil, kind
}

// MessageBody takes the requests out of a CMP message that asks for
// certificates: CertReqMessages, or a CertificationRequest. It returns nil
// where the message asks for none.
func MessageBody(raw []byte) (body []byte, kind Kind) { return messageBody(Recognize(raw), raw) }

func parseCRMF(raw []byte) ([]*Request, error) {
	m, err := crmf.Parse(raw)
	if err != nil {
		return nil, damaged(err, "reading certificate request messages: ")
	}
	return FromCRMF(m)
}

// damaged refuses a request that cannot be read.
func damaged(err error, prefix string) *Refusal {
	return &Refusal{
		Reason: BadFormat,
		Detail: "the request is damaged: " + strings.TrimPrefix(err.Error(), prefix),
		Fix:    "copy the whole file again, or make the request again",
	}
}
