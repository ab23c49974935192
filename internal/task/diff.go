package task

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/issuance"
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
	if _, err := key.ReadPrivate(data, nil); err == nil {
		return Side{}, &request.Refusal{Reason: request.BadFormat, Detail: "this is a private key, and nothing that could be compared field by field",
			Fix: "to see what belongs to a key: certwright match"}
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
	ticket, err := o.Desk().Ticket(ctx, record.Ticket)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return reasonsOf(ticket), nil
}

// reasonsOf are the reasons on record, and after them, for what is not, that
// the profile has it so.
func reasonsOf(t *authority.Ticket) []inspect.Reason {
	var out []inspect.Reason
	for _, change := range ChangesOf(t) {
		out = append(out, inspect.Reason{Field: change.Field, Value: valueOf(change), Why: change.Why})
	}
	validity := "profile " + t.Profile + " sets the validity"
	var asked issuance.Asked
	if json.Unmarshal(t.Asked, &asked) == nil && (!asked.NotBefore.IsZero() || !asked.NotAfter.IsZero() || asked.Validity != 0 || asked.Months != 0) {
		validity = "the validity was asked for beside the request, and profile " + t.Profile + " allows it"
	}
	return append(out,
		inspect.Reason{Field: "notBefore", Why: validity}, inspect.Reason{Field: "notAfter", Why: validity},
		inspect.Reason{Field: "subject", Why: "profile " + t.Profile + " sets the subject so"},
		inspect.Reason{Field: "subjectAltName", Why: "profile " + t.Profile + " sets the names so"},
		inspect.Reason{Field: "extension", Why: "profile " + t.Profile + " sets this extension"})
}

// valueOf is the one value that a change is about, where its field may have
// several.
func valueOf(c issuance.Change) string {
	if c.Field != "subjectAltName" && !strings.HasPrefix(c.Field, "subject.") {
		return ""
	}
	switch c.Action {
	case "dropped":
		return c.Requested
	case "added":
		return c.Issued
	}
	return ""
}
