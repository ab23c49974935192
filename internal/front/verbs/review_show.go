package verbs

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

// plannedJSON is a certificate that an approval would have signed.
type plannedJSON struct {
	Subject    string             `json:"subject"`
	SANs       []string           `json:"sans"`
	NotBefore  string             `json:"notBefore"`
	NotAfter   string             `json:"notAfter"`
	Issuer     string             `json:"issuer"`
	Key        string             `json:"key"`
	Extensions []plannedExtension `json:"extensions"`
}

type plannedExtension struct {
	OID      string `json:"oid"`
	Name     string `json:"name"`
	Critical bool   `json:"critical"`
	Value    string `json:"value"` // hexadecimal
}

func plannedToJSON(p *issuance.Planned) *plannedJSON {
	out := &plannedJSON{Subject: p.Subject, SANs: append([]string{}, p.Names...), NotBefore: stamp(p.NotBefore), NotAfter: stamp(p.NotAfter),
		Issuer: p.Issuer, Key: p.PublicKey, Extensions: []plannedExtension{}}
	for _, e := range p.Extensions {
		out.Extensions = append(out.Extensions, plannedExtension{OID: e.ID, Name: e.Name, Critical: e.Critical, Value: hexOf(e.Value)})
	}
	return out
}

// versioned names a profile with its version, if there is one: a request that
// was refused before it was judged was judged under none.
func versioned(profile, version string) string {
	if version == "" {
		return profile
	}
	return profile + ", version " + version
}

func (p *program) reviewShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show TICKET", Short: "Show a ticket: the request, the findings, what would be issued", Args: takes(1, 1, "a ticket"),
		Long: `Show a ticket: who asks for what, what the rules find today, the certificate that an approval
would issue, how it would differ from the request, and what was said. Nothing is decided.`,
		Example: "certwright review show 01JD2Q4Z8V3K5M7N9P1R3S5T7V",
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			t, err := o.Desk().Ticket(c.Context(), strings.ToUpper(args[0]))
			if err != nil {
				return unknownTicket(args[0], err)
			}
			return p.tellTicket(c.Context(), o, t)
		},
	}
}

func (p *program) tellTicket(ctx context.Context, o *task.Office, t *authority.Ticket) error {
	view, err := o.Desk().View(ctx, t)
	if err != nil {
		return err
	}
	told := ticketToJSON(t)
	told.Findings, told.Changes = view.Check.Findings, view.Check.Changes
	if view.Request != nil {
		asks := requestToJSON("", view.Request)
		told.Asks = &asks
	}
	if view.Planned != nil {
		told.Planned = plannedToJSON(view.Planned)
	}
	if view.Refusal != nil {
		told.Error = front.Refused(view.Refusal)
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	p.printTicket(told)
	return nil
}

func (p *program) printTicket(t ticketJSON) {
	p.printLines([][2]string{
		{"Ticket", t.Ticket}, {"State", t.State}, {"Requester", t.Requester}, {"Profile", versioned(t.Profile, t.ProfileVersion)},
		{"Authority", t.CA}, {"Asked", t.Created}, {"Decided", decision(t)}, {"Serial", t.Serial},
	}, "")
	if t.Asks != nil {
		p.shell.Print("Request")
		p.printLines([][2]string{{"Subject", orDash(t.Asks.Subject)}, {"Names", joinOr(t.Asks.SANs, "-")}, {"Key", t.Asks.Key}, {"Key SHA-256", t.Asks.KeyFingerprint}}, "  ")
	}
	for _, c := range t.Controls {
		p.shell.Print("  proven     %s by %s, %s", c.Name, c.Method, moment(c.At))
	}
	p.printPlanned(t)
	for _, f := range t.Findings {
		p.shell.Print("  %s", findingLine(f))
	}
	p.printChanges(t.Changes)
	for _, m := range t.Messages {
		p.shell.Print("%-11s%s, %s: %s", m.Kind, moment(m.At), m.From, m.Text)
	}
	switch t.State {
	case string(authority.StateHeld):
		p.shell.Print("Next\n  certwright review approve %s --officer NAME\n  certwright review refuse %s --officer NAME --why TEXT", t.Ticket, t.Ticket)
	case string(authority.StateAsked):
		p.shell.Print("Next\n  certwright review answer %s --text TEXT", t.Ticket)
	}
}

func decision(t ticketJSON) string {
	if t.Decided == "" {
		return ""
	}
	return t.Decided + " by " + t.Decider
}

func (p *program) printPlanned(t ticketJSON) {
	if t.Error != nil {
		p.shell.Print("An approval would be in vain: %s", t.Error.Detail)
		if t.Error.Fix != "" {
			p.shell.Print("  hint: %s", t.Error.Fix)
		}
	}
	if t.Planned == nil {
		return
	}
	c := t.Planned
	var extensions []string
	for _, e := range c.Extensions {
		name := e.Name
		if e.Critical {
			name += " (critical)"
		}
		extensions = append(extensions, name)
	}
	p.shell.Print("An approval would issue")
	p.printLines([][2]string{{"Subject", orDash(c.Subject)}, {"Names", joinOr(c.SANs, "-")}, {"Valid", c.NotBefore + " to " + c.NotAfter}, {"Issuer", c.Issuer},
		{"Key", c.Key}, {"Extensions", joinOr(extensions, "-")}}, "  ")
}

// printLines prints what has a value, each with its label.
func (p *program) printLines(lines [][2]string, indent string) {
	for _, line := range lines {
		if line[1] != "" {
			p.shell.Print("%s%-*s %s", indent, 12-len(indent), line[0], line[1])
		}
	}
}
