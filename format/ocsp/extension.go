package ocsp

import (
	"bytes"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// maxNonce is the greatest length of a nonce in octets (RFC 9654, Section 2.1).
const maxNonce = 128

// NewNonce makes the extension that binds an answer to a request (RFC 9654,
// Section 2.1): 1 to 128 octets; clients take 32.
func NewNonce(nonce []byte) (ext.Extension, error) {
	if len(nonce) == 0 || len(nonce) > maxNonce {
		return ext.Extension{}, ErrNonce
	}
	b := der.NewBuilder(make([]byte, 0, len(nonce)+4))
	b.Add(der.OctetString, nonce)
	return ext.Extension{ID: oid.OCSPNonce, Value: b.Bytes()}, nil
}

// Nonce returns the nonce among these extensions, nil where there is none. One
// that is not allowed is ErrNonce, and so are two (RFC 5280, Section 4.2).
func Nonce(list []ext.Extension) ([]byte, error) {
	e, ok := ext.Find(list, oid.OCSPNonce)
	if !ok {
		return nil, nil
	}
	count := 0
	for i := range list {
		if list[i].ID == oid.OCSPNonce {
			count++
		}
	}
	value, err := der.ParseTag(e.Value, der.OctetString)
	if err != nil || count > 1 || len(value.Content) == 0 || len(value.Content) > maxNonce {
		return nil, ErrNonce
	}
	return value.Content, nil
}

// NewArchiveCutoff makes the extension of a single response that says how far
// back revocations of expired certificates are remembered (RFC 6960, Section
// 4.4.4).
func NewArchiveCutoff(t time.Time) ext.Extension {
	var b der.Builder
	b.GeneralizedTime(t)
	return ext.Extension{ID: oid.OCSPArchiveCutoff, Value: b.Bytes()}
}

// ArchiveCutoff returns the time in that extension, zero where there is none.
func ArchiveCutoff(list []ext.Extension) (time.Time, error) {
	e, ok := ext.Find(list, oid.OCSPArchiveCutoff)
	if !ok {
		return time.Time{}, nil
	}
	value, err := der.ParseTag(e.Value, der.GeneralizedTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("archive cutoff: %w", err)
	}
	t, err := strictTime(value)
	if err != nil {
		return t, fmt.Errorf("archive cutoff: %w", err)
	}
	return t, nil
}

// NewExtendedRevoke makes the extension of an answer that says that the
// responder calls certificates revoked that were never issued (RFC 6960,
// Section 4.4.8).
func NewExtendedRevoke() ext.Extension {
	return ext.Extension{ID: oid.OCSPExtendedRevoke, Value: []byte{byte(der.Null), 0}}
}

// NewAcceptableResponses makes the extension of a request that names the types
// of answers that are understood (RFC 6960, Section 4.4.3).
func NewAcceptableResponses(types []oid.OID) ext.Extension {
	var b der.Builder
	all := b.Begin(der.Sequence)
	for _, t := range types {
		b.OID(string(t))
	}
	b.End(all)
	return ext.Extension{ID: oid.OCSPResponse, Value: b.Bytes()}
}

// AcceptsBasic reports whether a request takes the basic answer, the only one
// there is: it does where it does not say otherwise.
func (r *Request) AcceptsBasic() bool {
	e, ok := ext.Find(r.Extensions, oid.OCSPResponse)
	if !ok {
		return true
	}
	list, err := der.ParseTag(e.Value, der.Sequence)
	if err != nil {
		return false
	}
	for in := list.Children(); !in.Empty(); {
		id, err := in.Take(der.ObjectIdentifier)
		if err != nil {
			return false
		}
		if bytes.Equal(id.Content, []byte(oid.BasicOCSPResponse)) {
			return true
		}
	}
	return false
}

// UnknownCritical returns the first critical extension that is not understood
// here, among those of the request and of what it asks.
func (r *Request) UnknownCritical() (oid.OID, bool) {
	for _, e := range r.Extensions {
		if e.Critical && e.ID != oid.OCSPNonce && e.ID != oid.OCSPResponse {
			return e.ID, true
		}
	}
	for _, s := range r.Requests {
		for _, e := range s.Extensions {
			if e.Critical {
				return e.ID, true
			}
		}
	}
	return "", false
}
