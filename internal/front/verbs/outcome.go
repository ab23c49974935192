package verbs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strconv"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// outcomeJSON is what became of one request.
type outcomeJSON struct {
	File        string             `json:"file,omitempty"`
	Number      int                `json:"number,omitempty"` // of the request in a file of several
	State       string             `json:"state"`            // issued, held, asked, refused, withdrawn; accepted in a dry run
	DryRun      bool               `json:"dryRun,omitempty"`
	Ticket      string             `json:"ticket,omitempty"`
	Profile     string             `json:"profile,omitempty"`
	CA          string             `json:"ca,omitempty"`
	Output      string             `json:"output,omitempty"`
	Serial      string             `json:"serial,omitempty"`
	Certificate *certificateJSON   `json:"certificate,omitempty"`
	PEM         string             `json:"pem,omitempty"`       // the certificate and its chain without the root
	Encrypted   string             `json:"encrypted,omitempty"` // what the applicant must decrypt and confirm, in PEM
	Holds       string             `json:"holds,omitempty"`     // what Encrypted is: certificate or challenge
	Until       string             `json:"until,omitempty"`     // when it must be confirmed
	Findings    []issuance.Finding `json:"findings"`
	Changes     []issuance.Change  `json:"changes"`
	Error       *front.Failure     `json:"error,omitempty"`
}

// served is a certificate with its chain without the root, in PEM: what a
// server sends.
func served(out *authority.Outcome) []byte {
	return task.EncodeCertificates(append([][]byte{out.Certificate.DER}, task.WithoutRoot(out.Chain)...)...)
}

// checkToJSON tells what a dry run came to, or with err that there was nothing
// to judge by.
func checkToJSON(file string, n int, c task.Check, err error) (outcomeJSON, error) {
	if err != nil && !errors.As(err, &c.Refusal) {
		return outcomeJSON{}, err
	}
	if err != nil {
		c.Verdict, c.Findings, c.Changes = issuance.Refused, []issuance.Finding{}, []issuance.Change{}
	}
	t := outcomeJSON{File: file, Number: n, DryRun: true, State: string(c.Verdict), CA: c.CA, Profile: c.Profile, Findings: c.Findings, Changes: c.Changes}
	if c.Verdict == issuance.Refused {
		t.Error = refusalOf(c.Refusal, c.Findings)
	}
	return t, nil
}

func outcomeToJSON(file string, n int, out *authority.Outcome) outcomeJSON {
	t := outcomeJSON{File: file, Number: n, Ticket: out.Ticket.ID, Profile: out.Ticket.Profile, CA: out.Ticket.CA, State: string(out.Ticket.State),
		Findings: task.FindingsOf(out.Ticket), Changes: task.ChangesOf(out.Ticket)}
	if out.Certificate != nil {
		c := certificateToJSON(out.Certificate, certificateIssuer(out.Certificate.DER), out.Certificate.Issued)
		t.Certificate, t.Serial, t.PEM = &c, c.Serial, string(served(out))
	}
	if out.Encrypted != nil {
		t.Encrypted, t.Holds, t.Until = string(task.EncodeSealed(out)), string(out.Holds), stamp(out.Until)
	}
	if t.State == string(authority.StateRefused) || t.State == string(authority.StateWithdrawn) {
		t.Error = refusalOf(out.Refusal, t.Findings)
	}
	return t
}

func refusalOf(refusal *request.Refusal, findings []issuance.Finding) *front.Failure {
	if refusal != nil {
		return front.Refused(refusal)
	}
	for _, f := range findings {
		if f.Severity == issuance.Error {
			return front.Refused(&request.Refusal{Reason: f.Reason, Field: f.Field, Rule: f.Rule, Detail: f.Detail, Fix: f.Fix})
		}
	}
	return front.Refused(&request.Refusal{Reason: request.RefusedByOfficer, Detail: "the request was refused"})
}

// tellRefusal tells every reason for a refusal on standard error.
func (p *program) tellRefusal(t outcomeJSON) {
	where := t.place()
	p.shell.TellLines("error", &front.Failure{Detail: where + "refused: " + t.Error.Detail, Fix: t.Error.Fix})
	for _, f := range t.Findings {
		if f.Severity == issuance.Error && f.Detail != t.Error.Detail {
			p.shell.TellLines("error", &front.Failure{Detail: where + "also: " + f.Detail, Fix: f.Fix})
		}
	}
	if t.Ticket != "" && !t.DryRun {
		p.shell.Say("%sThe refusal is recorded as ticket %s.", where, t.Ticket)
	}
}

// place names the request in front of what is said of it.
func (t outcomeJSON) place() string {
	if t.File == "" {
		return ""
	}
	name := nameOf(t.File)
	if t.Number > 0 {
		name += ", request " + itoa(t.Number)
	}
	return name + ": "
}

// printOutcome prints what became of a request that was not refused.
func (p *program) printOutcome(t outcomeJSON) {
	switch {
	case t.DryRun:
		p.shell.Print("%swould be %s under the profile %s", t.place(), map[string]string{"accepted": "issued", "held": "held for review"}[t.State], t.Profile)
		p.printFindings(t.Findings, issuance.Hold, issuance.Warning)
		p.printChanges(t.Changes)
	case t.Certificate != nil:
		if t.Output != "" {
			p.shell.Print("%s", t.Output)
		}
		p.printIssued(*t.Certificate)
		p.printFindings(t.Findings, issuance.Warning)
		p.printChanges(t.Changes)
	default:
		p.printWaiting(t)
	}
}

func (p *program) printIssued(c certificateJSON) {
	p.shell.Print("  %s", c.who())
	p.shell.Print("  serial    %s", c.Serial)
	p.shell.Print("  valid     %s to %s (%s)", day(c.notBefore), day(c.notAfter), span(c.notAfter.Sub(c.notBefore)))
	p.shell.Print("  profile   %s, signed by %s", c.Profile, c.CA)
}

func (p *program) printFindings(findings []issuance.Finding, which ...issuance.Severity) {
	for _, f := range findings {
		for _, s := range which {
			if f.Severity == s {
				p.shell.Print("  %-8s  %s", f.Severity, f.Detail)
			}
		}
	}
}

func (p *program) printWaiting(t outcomeJSON) {
	if t.Encrypted != "" {
		p.printSealed(t)
		return
	}
	waits := "an officer must approve or refuse it"
	if t.State == string(authority.StateAsked) {
		waits = "the applicant must answer a question"
	}
	p.shell.Print("%s%s as ticket %s: %s", t.place(), t.State, t.Ticket, waits)
	p.printFindings(t.Findings, issuance.Hold, issuance.Warning)
	p.shell.Print("  next      certwright review show %s", t.Ticket)
}

// printSealed tells of a certificate or challenge that was encrypted to the
// key of the request.
func (p *program) printSealed(t outcomeJSON) {
	if t.Output != "" {
		p.shell.Print("%s", t.Output)
	}
	what := "the certificate, encrypted to the key of the request"
	if t.Holds == string(evidence.ByChallenge) {
		what = "a challenge, encrypted to the key of the request; nothing is issued before it is answered"
	}
	p.shell.Print("%s%s as ticket %s: %s", t.place(), t.State, t.Ticket, what)
	p.shell.Print("  until     %s", t.Until)
	p.printFindings(t.Findings, issuance.Warning)
	p.printChanges(t.Changes)
	p.shell.Print("  next      certwright request confirm %s --key KEY", orFile(t.Output))
}

func orFile(name string) string {
	if name == "" || name == "-" {
		return "FILE"
	}
	return name
}

// writeRoot puts the root of a chain into root.crt in the current folder, or
// where that is another root, into a file named by its fingerprint. It returns
// the name; none where the chain does not reach a root.
func (p *program) writeRoot(chain [][]byte) (string, error) {
	root := task.Root(chain)
	if root == nil {
		return "", nil
	}
	text := task.EncodeCertificates(root)
	sum := sha256.Sum256(root)
	for _, name := range []string{rootFile, "root-" + hexOf(sum[:4]) + ".crt"} {
		there, err := os.ReadFile(name)
		switch {
		case err == nil && bytes.Equal(there, text):
			return name, nil
		case err == nil && name == rootFile:
			p.shell.Warn("root.crt here is another root, and was left as it is; this one is root-%s.crt", hexOf(sum[:4]))
			continue
		}
		return name, p.shell.Replace(name, text, front.PublicFile)
	}
	return "", nil
}

const rootFile = "root.crt"

func itoa(n int) string { return strconv.Itoa(n) }

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func joinOr(texts []string, none string) string {
	if len(texts) == 0 {
		return none
	}
	return strings.Join(texts, ", ")
}
