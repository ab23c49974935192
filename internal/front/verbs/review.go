package verbs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func (p *program) reviewCommand() *cobra.Command {
	c := group("review", "Decide on requests that wait for a person",
		`Decide on the requests that a profile holds for a person.

An officer looks at a ticket, may ask its applicant for more, and approves or refuses it. An
approved request is judged anew and signed at once. A requester cannot approve what they
asked for.`,
		p.reviewListCommand(), p.reviewShowCommand(), p.reviewAskCommand(), p.reviewAnswerCommand(), p.reviewApproveCommand(),
		p.reviewRefuseCommand(), p.reviewWithdrawCommand())
	c.PersistentFlags().StringVar(&p.officer, "officer", "", "officer who decides (default: the configured one, else you)")
	return c
}

// ticketJSON is how a ticket is told.
type ticketJSON struct {
	Ticket         string              `json:"ticket"`
	State          string              `json:"state"`
	CA             string              `json:"ca"`
	Profile        string              `json:"profile"`
	ProfileVersion string              `json:"profileVersion"`
	Subject        string              `json:"subject"`
	Requester      string              `json:"requester"`
	KeyFingerprint string              `json:"keyFingerprint"`
	Created        string              `json:"created"`
	Decided        string              `json:"decided,omitempty"`
	Decider        string              `json:"decider,omitempty"`
	Serial         string              `json:"serial,omitempty"`
	Findings       []issuance.Finding  `json:"findings"`
	Changes        []issuance.Change   `json:"changes"`
	Messages       []authority.Message `json:"messages"`
	Controls       []evidence.Control  `json:"controls,omitempty"` // the names that were proven, how and when
	Request        string              `json:"request"`
	Asks           *requestJSON        `json:"asks,omitempty"`    // what is in the request
	Planned        *plannedJSON        `json:"planned,omitempty"` // what an approval would issue
	Error          *front.Failure      `json:"error,omitempty"`   // why an approval would be in vain
}

func ticketToJSON(t *authority.Ticket) ticketJSON {
	out := ticketJSON{
		Ticket: t.ID, State: string(t.State), CA: t.CA, Profile: t.Profile, ProfileVersion: t.ProfileVersion, Subject: t.Subject, Requester: t.Requester,
		KeyFingerprint: hexOf(t.KeyFingerprint), Created: stamp(t.Created), Decided: stamp(t.Decided), Decider: t.Decider, Serial: hexOf(t.Serial),
		Findings: task.FindingsOf(t), Changes: task.ChangesOf(t), Messages: t.Messages, Request: string(task.EncodeRequest(request.Format(t.Format), t.Request)),
	}
	if out.Messages == nil {
		out.Messages = []authority.Message{}
	}
	out.Controls = task.ControlsOf(t)
	return out
}

func (p *program) reviewListCommand() *cobra.Command {
	var all bool
	var state, requester string
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List the tickets that wait", Args: nothing,
		Long: "List the tickets that wait for an officer or for an answer; with --all those that were decided, too. Nobody decides on\ncertificates that their holders are to confirm: --state unconfirmed lists these.",
		Example: `certwright review list
certwright review list --all --requester ann
certwright review list --state refused`,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.reviewList(c.Context(), authority.TicketQuery{State: authority.State(state), Requester: requester}, all || state != "", limit)
		},
	}
	f := c.Flags()
	f.BoolVar(&all, "all", false, "those that were decided, and those that are to be confirmed, too")
	f.StringVar(&state, "state", "", "held, asked, unconfirmed, issued, refused or withdrawn")
	f.StringVar(&requester, "requester", "", "who asked")
	f.StringVar(&p.ca, "ca", "", "authority that would sign")
	f.IntVar(&limit, "limit", 0, "at most so many (0: all)")
	return c
}

func (p *program) reviewList(ctx context.Context, q authority.TicketQuery, closed bool, limit int) error {
	switch q.State {
	case "", authority.StateHeld, authority.StateAsked, authority.StateUnconfirmed, authority.StateIssued, authority.StateRefused, authority.StateWithdrawn:
	default:
		return front.Usage("the states are held, asked, unconfirmed, issued, refused and withdrawn", "--state: there is no state %q", q.State)
	}
	limit, err := parseCount("limit", limit)
	if err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	q.CA = p.ca
	q.Limit = limit
	states := []authority.State{q.State}
	if !closed { // asked for one by one, as those that were decided are many
		states = []authority.State{authority.StateHeld, authority.StateAsked}
	}
	told := []ticketJSON{}
	for _, q.State = range states {
		for t, err := range o.Desk().Tickets(ctx, q) {
			if err != nil {
				return fmt.Errorf("reading the records: %w", err)
			}
			told = append(told, ticketToJSON(t))
		}
	}
	slices.SortStableFunc(told, func(a, b ticketJSON) int { return strings.Compare(a.Ticket, b.Ticket) })
	if limit > 0 {
		told = told[:min(limit, len(told))]
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	if len(told) == 0 {
		p.shell.Say("No ticket waits.")
		return nil
	}
	w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "TICKET\tSTATE\tSINCE\tPROFILE\tREQUESTER\tSUBJECT")
	for _, t := range told {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Ticket, t.State, strings.Replace(t.Created[:16], "T", " ", 1), t.Profile, front.Visible(t.Requester), front.Visible(orDash(t.Subject)))
	}
	return w.Flush()
}

// decided tells the outcome of a step of a review.
func (p *program) decided(out *authority.Outcome, name string) error {
	t := outcomeToJSON("", 0, out)
	if out.Certificate != nil {
		var err error
		if t.Output, err = p.releaseAgain(out, "", name); err != nil {
			return err
		}
	}
	if out.Encrypted != nil {
		if t.Output = name; name == "" {
			t.Output = strings.ToLower(t.Ticket) + ".encrypted.pem"
		}
		if err := p.shell.Replace(t.Output, task.EncodeSealed(out), front.PublicFile); err != nil {
			return err
		}
	}
	if out.Refusal != nil && t.State == string(authority.StateHeld) {
		return p.stillHeld(t, out.Refusal)
	}
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	switch {
	case t.Certificate != nil && name == "-":
	case t.Certificate != nil || t.Encrypted != "":
		p.printOutcome(t)
	case t.Error != nil:
		p.shell.Print("Ticket %s is %s.", t.Ticket, t.State)
		if t.State == string(authority.StateRefused) && out.Ticket.Decider == "profile" {
			p.tellRefusal(t)
			return front.No(front.CodeRefused)
		}
	default:
		p.shell.Print("Ticket %s is %s.", t.Ticket, t.State)
	}
	return nil
}

// stillHeld tells that an approval was in vain.
func (p *program) stillHeld(t outcomeJSON, why *request.Refusal) error {
	t.Error = front.Refused(why)
	if p.shell.JSON {
		if err := p.shell.Object(t); err != nil {
			return err
		}
	}
	p.shell.TellLines("error", &front.Failure{Detail: "ticket " + t.Ticket + " stays held: " + why.Detail, Fix: why.Fix})
	return front.No(front.CodeRefused)
}

func unknownTicket(id string, err error) error {
	f := *explain(err)
	if f.Code == front.CodeNotFound {
		f.Detail = fmt.Sprintf("there is no ticket %q", id)
		f.Fix = "see those that wait: certwright review list"
	}
	return &f
}

// step makes a verb of review that changes a ticket.
func (p *program) step(verb, short, long, example, textFlag, textHelp string, textNeeded bool,
	do func(ctx context.Context, o *task.Office, ticket, text string) (*authority.Outcome, error)) *cobra.Command {
	var text, out string
	c := &cobra.Command{
		Use: verb + " TICKET", Short: short, Long: long, Example: example, Args: takes(1, 1, "a ticket"),
		RunE: func(c *cobra.Command, args []string) error {
			if textNeeded && text == "" {
				return front.Usage("add --"+textFlag+" TEXT", "%s needs --%s", c.CommandPath(), textFlag)
			}
			if verb == "approve" {
				if err := p.shell.Writable(againName("-", out, "serial.crt")); err != nil {
					return err
				}
			}
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			outcome, err := do(c.Context(), o, strings.ToUpper(args[0]), text)
			if err != nil {
				return unknownTicket(args[0], err)
			}
			return p.decided(outcome, out)
		},
	}
	if textFlag != "" {
		c.Flags().StringVar(&text, textFlag, "", textHelp)
	}
	if verb == "approve" {
		c.Flags().StringVar(&out, "out", "", "file for the certificate and its chain (default: SERIAL.crt)")
	}
	return c
}

func (p *program) reviewAskCommand() *cobra.Command {
	return p.step("ask", "Ask the applicant for more", "Ask the applicant of a held request for more; the ticket waits for the answer.",
		`certwright review ask 01JD… --text "Which department is this for?" --officer ann`, "text", "the question", true,
		func(ctx context.Context, o *task.Office, ticket, text string) (*authority.Outcome, error) {
			return o.Desk().Ask(ctx, ticket, p.decider(), text)
		})
}

func (p *program) reviewAnswerCommand() *cobra.Command {
	var from string
	c := p.step("answer", "Answer what an officer asked", "Answer, as the applicant, what an officer asked; the ticket waits for an officer again.",
		`certwright review answer 01JD… --text "For sales."`, "text", "the answer", true,
		func(ctx context.Context, o *task.Office, ticket, text string) (*authority.Outcome, error) {
			return o.Desk().Answer(ctx, ticket, p.origin(from).Requester, text)
		})
	c.Flags().StringVar(&from, "from", "", "who answers (default: you)")
	return c
}

func (p *program) reviewApproveCommand() *cobra.Command {
	return p.step("approve", "Approve a held request, and have it signed",
		"Approve a held request: it is judged anew and signed, and the certificate is written.",
		"certwright review approve 01JD… --officer ann --out server.crt", "note", "why, for the record", false,
		func(ctx context.Context, o *task.Office, ticket, text string) (*authority.Outcome, error) {
			return o.Desk().Approve(ctx, ticket, p.decider(), text)
		})
}

func (p *program) reviewRefuseCommand() *cobra.Command {
	return p.step("refuse", "Refuse a held request", "Refuse a held request, with the reason, which its applicant is told.",
		`certwright review refuse 01JD… --why "not one of our hosts" --officer ann`, "why", "the reason", true,
		func(ctx context.Context, o *task.Office, ticket, text string) (*authority.Outcome, error) {
			return o.Desk().Refuse(ctx, ticket, p.decider(), text)
		})
}

func (p *program) reviewWithdrawCommand() *cobra.Command {
	var from string
	c := p.step("withdraw", "Take a request back", "Take back, as the applicant, a request that is not decided yet.",
		"certwright review withdraw 01JD…", "", "", false,
		func(ctx context.Context, o *task.Office, ticket, _ string) (*authority.Outcome, error) {
			return o.Desk().Withdraw(ctx, ticket, p.origin(from).Requester)
		})
	c.Flags().StringVar(&from, "from", "", "who asks (default: you)")
	return c
}
