package memstore

import (
	"bytes"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
)

// A store hands out and takes in records as their text would be: nothing is
// shared with the caller, and times are what the database keeps.

func copyCA(c *authority.CA) *authority.CA {
	out := *c
	out.Request, out.Settings = bytes.Clone(c.Request), bytes.Clone(c.Settings)
	out.Chain = nil
	for _, der := range c.Chain {
		out.Chain = append(out.Chain, bytes.Clone(der))
	}
	out.Created = moment(c.Created)
	return &out
}

func copyTicket(t *authority.Ticket) *authority.Ticket {
	out := *t
	for _, field := range []*[]byte{
		&out.Request, &out.Fingerprint, &out.KeyFingerprint, &out.Asked, &out.Evidence,
		&out.Findings, &out.Changes, &out.Serial, &out.Replaces,
	} {
		*field = bytes.Clone(*field)
	}
	out.Messages = slices.Clone(t.Messages)
	for i := range out.Messages {
		out.Messages[i].At = moment(out.Messages[i].At)
	}
	out.Created, out.Decided = moment(t.Created), moment(t.Decided)
	return &out
}

func copyCertificate(c *authority.Certificate) *authority.Certificate {
	out := *c
	for _, field := range []*[]byte{&out.Serial, &out.DER, &out.Fingerprint, &out.KeyFingerprint, &out.SubjectKey, &out.Replaces} {
		*field = bytes.Clone(*field)
	}
	out.Names = slices.Clone(c.Names)
	for _, field := range []*time.Time{&out.NotBefore, &out.NotAfter, &out.Revoked, &out.Invalid, &out.Issued} {
		*field = moment(*field)
	}
	return &out
}

func copyCRL(c *authority.CRL) *authority.CRL {
	out := *c
	out.DER = bytes.Clone(c.DER)
	out.ThisUpdate, out.NextUpdate = moment(c.ThisUpdate), moment(c.NextUpdate)
	return &out
}

func copyEvent(e *authority.Event) *authority.Event {
	out := *e
	out.Detail, out.Previous, out.Hash = bytes.Clone(e.Detail), bytes.Clone(e.Previous), bytes.Clone(e.Hash)
	return &out
}

func moment(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}
