package ocsp

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// RequestTemplate is what a request is made from.
type RequestTemplate struct {
	Requests      []Single // Raw is not looked at
	RequestorName *ext.GeneralName
	Extensions    []ext.Extension

	Signer       crypto.Signer // nil: not signed
	Algorithm    key.SignatureAlgorithm
	Certificates [][]byte // DER, beside the signature
}

// CreateRequest writes a request. One that is signed needs the name of who
// asks (RFC 6960, Section 4.1.2).
func CreateRequest(t RequestTemplate) ([]byte, error) {
	switch {
	case len(t.Requests) == 0:
		return nil, errors.New("an OCSP request that asks about no certificate")
	case t.Signer != nil && t.RequestorName == nil:
		return nil, errors.New("a signed OCSP request without the name of who asks")
	}
	tbs := t.tbs()
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Raw(tbs)
	if t.Signer != nil {
		signature, err := key.Sign(t.Signer, t.Algorithm, tbs)
		if err != nil {
			return nil, err
		}
		wrapped := b.Begin(der.ContextConstructed(0))
		one := b.Begin(der.Sequence)
		b.Raw(t.Algorithm.Identifier.Raw)
		b.Bits(signature)
		appendCertificates(&b, t.Certificates)
		b.End(one)
		b.End(wrapped)
	}
	b.End(all)
	return b.Bytes(), nil
}

func (t *RequestTemplate) tbs() []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	if t.RequestorName != nil {
		b.Add(der.ContextConstructed(1), t.RequestorName.Raw)
	}
	list := b.Begin(der.Sequence)
	for _, s := range t.Requests {
		one := b.Begin(der.Sequence)
		b.Raw(s.CertID.Raw)
		appendExtensions(&b, 0, s.Extensions)
		b.End(one)
	}
	b.End(list)
	appendExtensions(&b, 2, t.Extensions)
	b.End(all)
	return b.Bytes()
}

func appendExtensions(b *der.Builder, n uint8, list []ext.Extension) {
	if len(list) == 0 {
		return
	}
	wrapped := b.Begin(der.ContextConstructed(n))
	ext.Append(b, list)
	b.End(wrapped)
}

func appendCertificates(b *der.Builder, list [][]byte) {
	if len(list) == 0 {
		return
	}
	wrapped := b.Begin(der.ContextConstructed(0))
	all := b.Begin(der.Sequence)
	b.Raw(list...)
	b.End(all)
	b.End(wrapped)
}

// ResponseTemplate is what an answer is made from.
type ResponseTemplate struct {
	ResponderName *dn.Name // nil: the responder is named by ResponderKey
	ResponderKey  []byte   // SHA-1 of its public key: key.Public.Identifier
	ProducedAt    time.Time
	Responses     []SingleResponse // Raw is not looked at
	Extensions    []ext.Extension
}

// CreateResponse signs an answer. Certificates, in DER, are those that lead
// from the responder to the issuer of what is asked about; none where the
// issuer signs itself.
func CreateResponse(t ResponseTemplate, signer crypto.Signer, algorithm key.SignatureAlgorithm, certificates [][]byte) ([]byte, error) {
	tbs, err := t.TBS()
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(signer, algorithm, tbs)
	if err != nil {
		return nil, err
	}
	return Assemble(tbs, algorithm.Identifier.Raw, signature, certificates), nil
}

// TBS writes what is signed, a ResponseData.
func (t *ResponseTemplate) TBS() ([]byte, error) {
	if len(t.Responses) == 0 {
		return nil, errors.New("an OCSP answer about no certificate")
	}
	b := der.NewBuilder(make([]byte, 0, 160+160*len(t.Responses)))
	all := b.Begin(der.Sequence)
	if t.ResponderName != nil {
		b.Add(der.ContextConstructed(1), t.ResponderName.Raw)
	} else {
		wrapped := b.Begin(der.ContextConstructed(2))
		b.Add(der.OctetString, t.ResponderKey)
		b.End(wrapped)
	}
	b.GeneralizedTime(t.ProducedAt)
	list := b.Begin(der.Sequence)
	for i := range t.Responses {
		if err := t.Responses[i].append(b); err != nil {
			return nil, fmt.Errorf("answer about certificate %d: %w", i+1, err)
		}
	}
	b.End(list)
	appendExtensions(b, 1, t.Extensions)
	b.End(all)
	return b.Bytes(), nil
}

func (s *SingleResponse) append(b *der.Builder) error {
	one := b.Begin(der.Sequence)
	b.Raw(s.CertID.Raw)
	switch s.Status {
	case Good:
		b.Add(der.Context(0), nil)
	case Unknown:
		b.Add(der.Context(2), nil)
	case Revoked:
		revoked := b.Begin(der.ContextConstructed(1))
		b.GeneralizedTime(s.RevokedAt)
		if s.Reason != crl.Unspecified {
			wrapped := b.Begin(der.ContextConstructed(0))
			b.IntTag(der.Enumerated, int64(s.Reason))
			b.End(wrapped)
		}
		b.End(revoked)
	default:
		return fmt.Errorf("there is no status %d of a certificate", int(s.Status))
	}
	b.GeneralizedTime(s.ThisUpdate)
	if !s.NextUpdate.IsZero() {
		wrapped := b.Begin(der.ContextConstructed(0))
		b.GeneralizedTime(s.NextUpdate)
		b.End(wrapped)
	}
	appendExtensions(b, 1, s.Extensions)
	b.End(one)
	return nil
}

// Assemble puts an answer together from what was signed, the signature
// algorithm's identifier, the signature and certificates in DER.
func Assemble(tbs, algorithm, signature []byte, certificates [][]byte) []byte {
	size := len(tbs) + len(algorithm) + len(signature) + 64
	for _, c := range certificates {
		size += len(c)
	}
	b := der.NewBuilder(make([]byte, 0, size))
	all := b.Begin(der.Sequence)
	b.IntTag(der.Enumerated, int64(Successful))
	wrapped := b.Begin(der.ContextConstructed(0))
	typed := b.Begin(der.Sequence)
	b.OID(string(oid.BasicOCSPResponse))
	octets := b.Begin(der.OctetString)
	basic := b.Begin(der.Sequence)
	b.Raw(tbs, algorithm)
	b.Bits(signature)
	appendCertificates(b, certificates)
	b.End(basic)
	b.End(octets)
	b.End(typed)
	b.End(wrapped)
	b.End(all)
	return b.Bytes()
}

// Refusal writes a response without an answer, of any status but Successful.
func Refusal(s Status) []byte {
	return []byte{byte(der.Sequence), 3, byte(der.Enumerated), 1, byte(s)}
}
