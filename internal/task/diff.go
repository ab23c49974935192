package task

import (
	"context"
	"errors"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/request"
)

// Side is a request or a certificate that is compared.
type Side struct {
	Request     *request.Request
	Certificate *cert.Certificate
}

// ParseSide reads the first certificate or else the first request in data.
func ParseSide(data []byte) (Side, error) {
	if certificates, err := ParseCertificates(data); err == nil && len(certificates) > 0 {
		return Side{Certificate: certificates[0]}, nil
	}
	requests, err := request.Parse(data)
	if err != nil {
		return Side{}, err
	}
	return Side{Request: requests[0]}, nil
}

// Compare compares two requests, two certificates, or a request with a
// certificate, whichever comes first.
func Compare(a, b Side, reasons []inspect.Reason) inspect.Diff {
	switch {
	case a.Request != nil && b.Request != nil:
		return inspect.DiffRequests(a.Request, b.Request)
	case a.Certificate != nil && b.Certificate != nil:
		return inspect.DiffCertificates(a.Certificate, b.Certificate)
	case a.Request != nil:
		return inspect.DiffRequest(a.Request, b.Certificate, reasons)
	}
	return inspect.DiffRequest(b.Request, a.Certificate, reasons)
}

// Reasons are why a certificate on record differs from its request; none for
// one that is not on record.
func Reasons(ctx context.Context, o *Office, c *cert.Certificate) ([]inspect.Reason, error) {
	record, err := FindRecord(ctx, o, c)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ticket, err := o.Store.Ticket(ctx, record.Ticket)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []inspect.Reason
	for _, change := range ChangesOf(ticket) {
		out = append(out, inspect.Reason{Field: change.Field, Why: change.Why})
	}
	return out, nil
}
