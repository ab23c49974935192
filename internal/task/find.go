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
// it takes the newest that is neither revoked nor expired. A part of a subject
// stands for that subject, and of several subjects for none.
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
		if q.Subject != "" {
			if found, err = ofOneSubject(o, text, found); err != nil {
				return nil, err
			}
		}
		if len(found) > 0 {
			return newest(o, found), nil
		}
	}
	return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: fmt.Sprintf("no certificate is found by %q", text),
		Fix: "give a serial number, a certificate file, a ticket or a name; see: certwright list"}
}

// ofOneSubject refuses certificates of several subjects. Those that are revoked
// or expired are left out where there are others, and so are those that have
// the text as a part of an attribute where others have it as a whole one.
func ofOneSubject(o *Office, text string, found []*authority.Certificate) ([]*authority.Certificate, error) {
	for _, keep := range []func(*authority.Certificate) bool{
		func(c *authority.Certificate) bool { return inUse(o, c) },
		func(c *authority.Certificate) bool { return hasWhole(c.Subject, text) },
	} {
		if kept := slices.DeleteFunc(slices.Clone(found), func(c *authority.Certificate) bool { return !keep(c) }); len(kept) > 0 {
			found = kept
		}
	}
	var subjects []string
	for _, c := range found {
		if !slices.Contains(subjects, c.Subject) {
			subjects = append(subjects, c.Subject)
		}
	}
	if len(subjects) <= 1 {
		return found, nil
	}
	const told = 5
	list := strings.Join(subjects[:min(told, len(subjects))], "; ")
	if len(subjects) > told {
		list += fmt.Sprintf("; and %d more", len(subjects)-told)
	}
	return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: fmt.Sprintf("%q is a part of the subjects of several certificates: %s", text, list),
		Fix: "give the serial number, the file of the certificate, or the whole name; see: certwright list"}
}

// hasWhole reports whether a subject, as written in RFC 4514, is the text, or
// has an attribute that is.
func hasWhole(subject, text string) bool {
	subject, text = strings.ToLower(subject), strings.ToLower(text)
	return subject == text || strings.Contains(subject+",", "="+text+",") || strings.Contains(subject+",", "="+text+"+")
}

func inUse(o *Office, c *authority.Certificate) bool {
	return c.Status == authority.StatusValid && c.NotAfter.After(o.Now())
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
	for _, c := range slices.Backward(found) {
		if inUse(o, c) {
			return c
		}
	}
	return found[len(found)-1]
}
