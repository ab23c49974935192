package task

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/request"
)

// Find collects the certificates that a query selects.
func Find(ctx context.Context, o *Office, q authority.Query) ([]*authority.Certificate, error) {
	var out []*authority.Certificate
	for c, err := range o.Desk().Certificates(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("reading the records: %w", err)
		}
		out = append(out, c)
	}
	return out, nil
}

// FindRecord returns the record of a certificate that was read from a file.
func FindRecord(ctx context.Context, o *Office, c *cert.Certificate) (*authority.Certificate, error) {
	sum := c.Fingerprint()
	found, err := Find(ctx, o, authority.Query{Fingerprint: sum[:], Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: "this certificate was not issued here: its fingerprint is not in the records",
			Fix: "name the home it was issued in with --home"}
	}
	return found[0], nil
}

// FindOne returns the one certificate that a serial number, the identifier of
// a ticket, a fingerprint, or a name stands for. Of several with the same name
// it takes the newest that is neither revoked nor expired.
func FindOne(ctx context.Context, o *Office, ca, text string, serial []byte) (*authority.Certificate, error) {
	if strings.TrimSpace(text) == "" {
		return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: "no certificate is named: the argument is empty",
			Fix: "give a serial number, a certificate file, a ticket or a name; see: certwright list"}
	}
	for _, q := range queries(ca, text, serial) {
		found, err := Find(ctx, o, q)
		if err != nil {
			return nil, err
		}
		if strings.Contains(q.Name, "*") {
			found = slices.DeleteFunc(found, func(c *authority.Certificate) bool { return !hasName(c, text) })
		}
		if len(found) > 0 {
			return newest(o, found), nil
		}
	}
	return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: fmt.Sprintf("no certificate is found by %q", text),
		Fix: "give a serial number, a certificate file, a ticket or a name; see: certwright list"}
}

// hasName reports whether a certificate has this name itself, with or without
// its kind: a query takes a wildcard for all names that it stands for.
func hasName(c *authority.Certificate, text string) bool {
	return slices.ContainsFunc(c.Names, func(name string) bool {
		_, value, _ := strings.Cut(name, ":")
		return strings.EqualFold(name, text) || strings.EqualFold(value, text)
	})
}

func queries(ca, text string, serial []byte) []authority.Query {
	var out []authority.Query
	if len(serial) > 0 {
		out = append(out, authority.Query{CA: ca, Serial: serial, Limit: 2})
		if len(serial) == 32 {
			out = append(out, authority.Query{CA: ca, Fingerprint: serial, Limit: 2})
		}
	}
	if len(text) == 26 {
		out = append(out, authority.Query{CA: ca, Ticket: strings.ToUpper(text), Limit: 2})
	}
	return append(out, authority.Query{CA: ca, Name: text}, authority.Query{CA: ca, Subject: text})
}

func newest(o *Office, found []*authority.Certificate) *authority.Certificate {
	best := found[len(found)-1]
	now := o.Now()
	for i := len(found) - 1; i >= 0; i-- {
		if c := found[i]; c.Status == authority.StatusValid && c.NotAfter.After(now) {
			return c
		}
	}
	return best
}
