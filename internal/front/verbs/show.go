package verbs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// target finds the certificate that a word of the command line stands for: a
// file, a serial number, a fingerprint, a ticket or a name.
func (p *program) target(ctx context.Context, o *task.Office, word string) (*authority.Certificate, error) {
	return p.targetOf(ctx, o, p.ca, word)
}

// targetOf is target among the certificates of one authority, or of all.
func (p *program) targetOf(ctx context.Context, o *task.Office, ca, word string) (*authority.Certificate, error) {
	if isFile(word) {
		found, err := p.readCertificates(word)
		if err != nil {
			return nil, err
		}
		c, err := task.FindRecord(ctx, o, found[0])
		return c, inFile(word, err)
	}
	serial, _ := parseSerial(word)
	c, err := task.FindOne(ctx, o, ca, word, serial)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Reason == request.UnknownCertificate && namesFile(word) {
		return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there is no file " + word + ", and no certificate is found by that name", Fix: "check the name and the folder you are in; see: certwright list", Err: err}
	}
	return c, err
}

// namesFile reports whether a word looks like the name of a file.
func namesFile(word string) bool {
	switch strings.ToLower(filepath.Ext(word)) {
	case ".crt", ".cer", ".pem", ".der", ".p7b", ".p12", ".pfx", ".csr", ".key":
		return true
	}
	return strings.ContainsRune(word, '/')
}

func isFile(word string) bool {
	info, err := os.Stat(word)
	return word == "-" || err == nil && !info.IsDir()
}

// showJSON is a certificate with everything that is recorded of it.
type showJSON struct {
	certificateJSON
	Findings []issuance.Finding  `json:"findings"`
	Changes  []issuance.Change   `json:"changes"`
	Messages []authority.Message `json:"messages"`
	Decider  string              `json:"decider,omitempty"`
	PEM      string              `json:"pem"`
	Request  string              `json:"request,omitempty"`
}

func (p *program) showCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show SERIAL|FILE|TICKET|NAME", Short: "Show a certificate and its record", Args: takes(1, 1, "a serial number, certificate file, ticket or name"),
		Long: `Show what is recorded of a certificate: its status, who asked and who decided, and how it
differs from its request. A ticket without a certificate is shown as "certwright review show"
does. "certwright inspect" shows every field of the certificate itself.`,
		Example: `certwright show server.crt
certwright show www.example.com
certwright show 4b1d… --output json`,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			record, err := p.target(c.Context(), o, args[0])
			if err == nil {
				return p.show(c.Context(), o, record)
			}
			if ticket, missing := o.Desk().Ticket(c.Context(), strings.ToUpper(args[0])); missing == nil {
				return p.tellTicket(c.Context(), o, ticket)
			}
			return err
		},
	}
	c.Flags().StringVar(&p.ca, "ca", "", "authority that issued it")
	return c
}

func (p *program) show(ctx context.Context, o *task.Office, record *authority.Certificate) error {
	told := showJSON{
		certificateJSON: certificateToJSON(record, certificateIssuer(record.DER), p.shell.Now()),
		Findings:        []issuance.Finding{}, Changes: []issuance.Change{}, Messages: []authority.Message{},
		PEM: string(task.EncodeCertificates(record.DER)),
	}
	if record.Status == authority.StatusUnconfirmed {
		told.PEM = ""
	}
	ticket, err := o.Desk().Ticket(ctx, record.Ticket)
	if err != nil && !errors.Is(err, authority.ErrNotFound) {
		return err
	}
	if err == nil {
		told.Findings, told.Changes, told.Decider = task.FindingsOf(ticket), task.ChangesOf(ticket), ticket.Decider
		told.Messages = append(told.Messages, ticket.Messages...)
		told.Request = string(task.EncodeRequest(request.Format(ticket.Format), ticket.Request))
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	p.showText(told)
	return nil
}

func (p *program) showText(t showJSON) {
	status := t.Status
	if t.Reason != "" {
		status += " since " + t.Revoked + " (" + t.Reason + ")"
	}
	for _, line := range [][2]string{
		{"Subject", t.Subject}, {"Names", joinOr(t.SANs, "")}, {"Status", status}, {"Serial", t.Serial},
		{"Valid", t.NotBefore + " to " + t.NotAfter}, {"Issuer", t.Issuer}, {"Authority", t.CA}, {"Profile", versioned(t.Profile, t.ProfileVersion)},
		{"Requester", t.Requester}, {"Decided by", t.Decider}, {"Ticket", t.Ticket}, {"Replaces", t.Replaces}, {"Key suspect since", t.InvalidSince},
		{"Fingerprint", t.Fingerprint}, {"Key fingerprint", t.KeyFingerprint},
	} {
		if line[1] != "" {
			p.shell.Print("%-19s%s", line[0], line[1])
		}
	}
	for _, m := range t.Messages {
		p.shell.Print("%-19s%s, %s: %s", "Said", moment(m.At), m.From, m.Text)
	}
	p.printFindings(t.Findings, issuance.Warning, issuance.Info)
	p.printChanges(t.Changes)
}
