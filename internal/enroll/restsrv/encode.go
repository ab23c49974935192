package restsrv

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

// issuer is what is said of an authority with every certificate it issues.
type issuer struct {
	der  []byte // its certificate
	name string
	pem  string // its chain without the root
}

// chained is a certificate that it issued in PEM, with its own behind.
func (i *issuer) chained(der []byte) string {
	first := pem.Encode("CERTIFICATE", der)
	var text strings.Builder
	text.Grow(len(first) + len(i.pem))
	text.Write(first)
	text.WriteString(i.pem)
	return text.String()
}

// issuerOf returns the issuer with this chain, from memory where it is the
// one it was.
func (s *server) issuerOf(ca string, chain [][]byte) *issuer {
	if len(chain) == 0 {
		return &issuer{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.issuers[ca]; known != nil && bytes.Equal(known.der, chain[0]) {
		return known
	}
	made := &issuer{der: chain[0], pem: string(task.EncodeCertificates(task.WithoutRoot(chain)...))}
	if c, err := cert.Parse(chain[0]); err == nil {
		made.name = c.Subject.String()
	}
	s.issuers[ca] = made
	return made
}

// outcome tells what became of a request that was not refused.
func (s *server) outcome(out *authority.Outcome) *client.Outcome {
	t := out.Ticket
	told := &client.Outcome{State: string(t.State), Ticket: t.ID, CA: t.CA, Profile: t.Profile, ProfileVersion: t.ProfileVersion, Repeated: out.Repeated,
		Findings: findings(task.FindingsOf(t)), Changes: changes(task.ChangesOf(t))}
	if out.Certificate != nil {
		by := s.issuerOf(out.Certificate.CA, out.Chain)
		c := s.certificate(out.Certificate, by.name)
		told.Certificate, told.Serial = &c, c.Serial
		told.PEM = by.chained(out.Certificate.DER)
	}
	if out.Encrypted != nil {
		told.Encrypted, told.Holds, told.Until = out.Encrypted, string(out.Holds), out.Until
	}
	return told
}

// refusal is the problem of a request that was refused, with its record.
func refusal(out *authority.Outcome) *failure {
	f := refused(out.Refusal)
	t := out.Ticket
	f.Ticket, f.CA, f.Profile, f.Repeated = t.ID, t.CA, t.Profile, out.Repeated
	f.Findings, f.Changes = findings(task.FindingsOf(t)), changes(task.ChangesOf(t))
	return f
}

// checked tells what a dry run came to.
func checked(out *authority.Outcome, c task.Check) *client.Outcome {
	told := &client.Outcome{State: string(c.Verdict), Profile: c.Profile, Findings: findings(c.Findings), Changes: changes(c.Changes)}
	if out.Ticket != nil {
		told.CA, told.ProfileVersion = out.Ticket.CA, out.Ticket.ProfileVersion
	}
	if planned := out.Judgement.Planned(); c.Verdict != issuance.Refused && planned.PublicKey != "" {
		told.Planned = plan(&planned)
	}
	if out.Refusal != nil {
		told.Error = refused(out.Refusal).Problem
	}
	return told
}

func findings(list []issuance.Finding) []client.Finding {
	out := make([]client.Finding, len(list))
	for i, f := range list {
		out[i] = client.Finding{Rule: f.Rule, Citation: f.Citation, Severity: string(f.Severity), Reason: string(f.Reason), Field: f.Field, Detail: f.Detail, Fix: f.Fix}
	}
	return out
}

func changes(list []issuance.Change) []client.Change {
	out := make([]client.Change, len(list))
	for i, c := range list {
		out[i] = client.Change{Field: c.Field, Action: c.Action, Requested: c.Requested, Issued: c.Issued, Why: c.Why}
	}
	return out
}

func plan(p *issuance.Planned) *client.Planned {
	out := &client.Planned{Subject: p.Subject, SANs: append([]string{}, p.Names...), NotBefore: p.NotBefore.UTC(), NotAfter: p.NotAfter.UTC(), Issuer: p.Issuer, Key: p.PublicKey, Extensions: []client.Extension{}}
	for _, e := range p.Extensions {
		out.Extensions = append(out.Extensions, client.Extension{OID: e.ID, Name: e.Name, Critical: e.Critical, Value: hex.EncodeToString(e.Value)})
	}
	return out
}

func (s *server) certificate(c *authority.Certificate, issuerName string) client.Certificate {
	out := client.Certificate{
		Serial: hex.EncodeToString(c.Serial), CA: c.CA, Issuer: issuerName, Subject: c.Subject, SANs: c.Names, NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		Status: string(c.Status), Profile: c.Profile, ProfileVersion: c.ProfileVersion, Requester: c.Requester, Ticket: c.Ticket, Replaces: hex.EncodeToString(c.Replaces),
		Issued: c.Issued.UTC(), Fingerprint: hex.EncodeToString(c.Fingerprint), KeyFingerprint: hex.EncodeToString(c.KeyFingerprint), DER: c.DER,
	}
	if out.SANs == nil {
		out.SANs = []string{}
	}
	switch {
	case c.Status == authority.StatusUnconfirmed:
		out.DER, out.Fingerprint = nil, "" // only its holder may have it yet, encrypted, and who knows its hash can confirm it
	case c.Status != authority.StatusValid:
		out.Revoked, out.Reason, out.InvalidSince = c.Revoked, crl.Reason(c.Reason).String(), c.Invalid
	case s.Now().After(c.NotAfter):
		out.Status = "expired"
	}
	return out
}

// certificateAlone is certificate with the issuer's name read from it.
func (s *server) certificateAlone(c *authority.Certificate) client.Certificate {
	name := ""
	if parsed, err := cert.Parse(c.DER); err == nil {
		name = parsed.Issuer.String()
	}
	return s.certificate(c, name)
}

func ticket(t *authority.Ticket) client.Request {
	out := client.Request{
		Ticket: t.ID, State: string(t.State), CA: t.CA, Profile: t.Profile, ProfileVersion: t.ProfileVersion, Format: t.Format, Subject: t.Subject, Requester: t.Requester,
		Fingerprint: hex.EncodeToString(t.Fingerprint), KeyFingerprint: hex.EncodeToString(t.KeyFingerprint), Created: t.Created, Decided: t.Decided, Decider: t.Decider,
		Serial: hex.EncodeToString(t.Serial), Replaces: hex.EncodeToString(t.Replaces), Findings: findings(task.FindingsOf(t)), Changes: changes(task.ChangesOf(t)),
		Messages: []client.Message{}, DER: t.Request,
	}
	for _, m := range t.Messages {
		out.Messages = append(out.Messages, client.Message{At: m.At, From: m.From, Kind: m.Kind, Text: m.Text})
	}
	return out
}
