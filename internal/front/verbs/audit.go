package verbs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
)

func (p *program) auditCommand() *cobra.Command {
	return group("audit", "Show and verify the record of decisions",
		`Show and verify the audit chain: every decision and every use of a key, each entry bound to
the one before by its hash.`,
		p.auditShowCommand(), p.auditVerifyCommand())
}

// eventJSON is how an entry of the audit chain is told.
type eventJSON struct {
	Seq      int64           `json:"seq"`
	At       string          `json:"at"`
	Actor    string          `json:"actor"`
	Action   string          `json:"action"`
	Object   string          `json:"object"`
	Detail   json.RawMessage `json:"detail,omitempty"`
	Previous string          `json:"previous"`
	Hash     string          `json:"hash"`
}

type auditFlags struct {
	from                  int64
	limit                 int
	actor, action, object string
}

func (p *program) auditShowCommand() *cobra.Command {
	var a auditFlags
	c := &cobra.Command{
		Use: "show", Short: "Show the entries of the audit chain", Args: nothing,
		Long: "Show the entries of the audit chain, oldest first; with --output json one object a line.",
		Example: `certwright audit show --actor ann
certwright audit show --object 01JD2Q4Z8V3K5M7N9P1R3S5T7V`,
		RunE: func(c *cobra.Command, _ []string) error { return p.auditShow(c.Context(), &a) },
	}
	f := c.Flags()
	f.Int64Var(&a.from, "from", 1, "first entry, by number")
	f.IntVar(&a.limit, "limit", 0, "at most so many (0: all)")
	f.StringVar(&a.actor, "actor", "", "who")
	f.StringVar(&a.action, "action", "", "what was done, or the beginning of it: certificate, request.refused …")
	f.StringVar(&a.object, "object", "", "to what: part of a ticket, serial number or name")
	return c
}

func (p *program) auditShow(ctx context.Context, a *auditFlags) error {
	limit, err := parseCount("limit", a.limit)
	if err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	n := 0
	for e, err := range o.Desk().Events(ctx, a.from) {
		if err != nil {
			return fmt.Errorf("reading the records: %w", err)
		}
		if !a.selects(e) {
			continue
		}
		if err := p.tellEvent(e); err != nil {
			return err
		}
		if n++; n == limit {
			break
		}
	}
	return nil
}

func (a *auditFlags) selects(e *authority.Event) bool {
	return (a.actor == "" || e.Actor == a.actor) && strings.HasPrefix(e.Action, a.action) &&
		strings.Contains(strings.ToLower(e.Object), strings.ToLower(a.object))
}

func (p *program) tellEvent(e *authority.Event) error {
	if p.shell.JSON {
		t := eventJSON{Seq: e.Seq, At: stamp(e.At), Actor: e.Actor, Action: e.Action, Object: e.Object, Previous: hexOf(e.Previous), Hash: hexOf(e.Hash)}
		if json.Valid(e.Detail) {
			t.Detail = e.Detail
		}
		return p.shell.Line(t)
	}
	p.shell.Print("%6d  %s  %-12s  %-22s  %s", e.Seq, stamp(e.At), e.Actor, e.Action, e.Object)
	if d := detailText(e.Detail); d != "" && d != "null" {
		p.shell.Print("        %s", d)
	}
	return nil
}

// auditJSON is the outcome of verifying the chain.
type auditJSON struct {
	Whole  bool        `json:"whole"`
	Events int64       `json:"events"`
	Head   string      `json:"head"`
	Faults []faultJSON `json:"faults"`
}

type faultJSON struct {
	Seq    int64  `json:"seq"`
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

func (p *program) auditVerifyCommand() *cobra.Command {
	var head string
	c := &cobra.Command{
		Use: "verify", Short: "Verify the audit chain", Args: nothing,
		Long: `Verify the audit chain from its first entry to its last: an entry that was changed, removed or
put elsewhere is found and named. Where the chain is whole, the tickets, certificates and
revocations beside it are held against it: one that was changed, removed or added without an
entry is found and named, too. Keep the head that is printed at another place: --head shows
that the chain still holds what it held then.`,
		Example: `certwright audit verify
certwright audit verify --head 5f0c…`,
		RunE: func(c *cobra.Command, _ []string) error { return p.auditVerify(c.Context(), head) },
	}
	c.Flags().StringVar(&head, "head", "", "hash that was the head earlier")
	return c
}

func (p *program) auditVerify(ctx context.Context, head string) error {
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	faults, events, last, err := o.Desk().VerifyAudit(ctx)
	if err != nil {
		return err
	}
	told := auditJSON{Whole: len(faults) == 0, Events: events, Head: hexOf(last), Faults: []faultJSON{}}
	for _, f := range faults {
		told.Faults = append(told.Faults, faultJSON{f.Seq, f.Kind, f.Detail})
	}
	if head != "" {
		want, ok := parseHex(head)
		if !ok {
			return front.Usage("write it as \"audit verify\" printed it", "--head: %q is not a hash", head)
		}
		found := false
		for e, err := range o.Desk().Events(ctx, 1) {
			if err != nil {
				return fmt.Errorf("reading the records: %w", err)
			}
			found = found || bytes.Equal(e.Hash, want)
		}
		if !found {
			told.Whole = false
			told.Faults = append(told.Faults, faultJSON{Kind: "head", Detail: "the entry that was the head earlier is not in the chain: entries were removed or the chain was written anew"})
		}
	}
	return p.tellAudit(told)
}

func (p *program) tellAudit(t auditJSON) error {
	if p.shell.JSON {
		if err := p.shell.Object(t); err != nil {
			return err
		}
	} else if t.Whole {
		p.shell.Print("The audit chain is whole: %d entries, head %s", t.Events, t.Head)
		p.shell.Print("Tickets, certificates and revocations are what it says.")
	}
	if t.Whole {
		return nil
	}
	for i, f := range t.Faults {
		what := "the audit chain does not hold"
		if f.Kind == "record" {
			what = "the records are not what the audit chain says"
		}
		told := &front.Failure{Detail: what + ": " + f.Detail}
		if f.Seq > 0 {
			told.Detail = fmt.Sprintf("%s: entry %d: %s", what, f.Seq, f.Detail)
		}
		if i == len(t.Faults)-1 {
			told.Fix = "leave this home as it is, and compare it with a backup: certwright restore FILE --home OTHER"
		}
		p.shell.TellLines("error", told)
	}
	return front.No(front.CodeInvalid)
}
