package verbs

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/front"
)

func (p *program) tokenCommand() *cobra.Command {
	return group("token", "Make and revoke the tokens that clients of the server show",
		`Make and revoke API tokens. A client of the server shows one with each request; it says whose
it is and what they may do:

  applicant       asks for certificates, and looks after their own
  officer         sees all requests and certificates, decides, revokes
  administrator   gives and takes tokens and secrets
  auditor         sees everything, changes nothing`,
		p.tokenNewCommand(), p.tokenListCommand(), p.tokenRevokeCommand())
}

// tokenJSON is how a token is told.
type tokenJSON struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Roles       []string `json:"roles"`
	Profiles    []string `json:"profiles,omitempty"`
	CAs         []string `json:"cas,omitempty"`
	Description string   `json:"description,omitempty"`
	State       string   `json:"state"` // active, expired, revoked
	By          string   `json:"by"`
	Created     string   `json:"created"`
	Expires     string   `json:"expires,omitempty"`
	Revoked     string   `json:"revoked,omitempty"`
	RevokedBy   string   `json:"revokedBy,omitempty"`
	Token       string   `json:"token,omitempty"` // the token itself, when it is made
}

func (p *program) tokenToJSON(t *access.Token) tokenJSON {
	out := tokenJSON{ID: t.ID, Name: t.Name, Roles: []string{}, Profiles: t.Profiles, CAs: t.CAs, Description: t.Description, State: "active", By: t.By,
		Created: stamp(t.Created), Expires: stamp(t.Expires), Revoked: stamp(t.Revoked), RevokedBy: t.RevokedBy}
	for _, r := range t.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	switch {
	case !t.Revoked.IsZero():
		out.State = "revoked"
	case !t.Expires.IsZero() && !p.shell.Now().Before(t.Expires):
		out.State = "expired"
	}
	return out
}

type tokenFlags struct {
	roles, profiles, cas []string
	expires, description string
	forever              bool
}

func (p *program) tokenNewCommand() *cobra.Command {
	var f tokenFlags
	c := &cobra.Command{
		Use: "new NAME", Short: "Make a token, and print it this once", Args: takes(1, 1, "the name of whom it is for"),
		Long: `Make a token for somebody, and print it: this is the only time it can be had. The records keep
its hash. NAME stands in the records for whatever is done with it. It ends after 90 days,
unless --expires says something else.`,
		Example: `certwright token new build --role applicant --profile server
certwright token new ann --role officer --role auditor --expires 1y
certwright token new ann --role officer > ann.token`,
		RunE: func(c *cobra.Command, args []string) error { return p.tokenNew(c.Context(), args[0], &f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.roles, "role", nil, "what they may do: applicant, officer, administrator or auditor; several times")
	flags.StringArrayVar(&f.profiles, "profile", nil, "profile they are limited to, whatever their role; several times (default: none, but what is closed to applicants is not asked for)")
	flags.StringArrayVar(&f.cas, "ca", nil, "authority they are limited to, whatever their role; several times (default: none, but what is closed to applicants is not asked)")
	flags.StringVar(&f.expires, "expires", "90d", "for how long it is good")
	flags.BoolVar(&f.forever, "no-expiry", false, "it does not end by itself")
	flags.StringVar(&f.description, "description", "", "what it is for")
	return c
}

func (p *program) tokenNew(ctx context.Context, name string, f *tokenFlags) error {
	t := access.Token{Name: name, Profiles: f.profiles, CAs: f.cas, Description: f.description, By: p.decider()}
	if len(f.roles) == 0 {
		return front.Usage("add --role applicant, officer, administrator or auditor", "certwright token new needs --role")
	}
	for _, text := range f.roles {
		role, err := access.ParseRole(text)
		if err != nil {
			return front.Usage("the roles are applicant, officer, administrator and auditor", "--role: %v", err)
		}
		t.Roles = append(t.Roles, role)
	}
	var err error
	if t.Expires, err = p.endOf(f.expires, f.forever); err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	t.By = p.decider()
	made, text, err := o.Desk().NewToken(ctx, t)
	if err != nil {
		return err
	}
	told := p.tokenToJSON(made)
	told.Token = text
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	p.shell.Print("%s", text)
	p.shell.Say("This is the token of %s (%s), good %s. It cannot be shown again.", made.Name, strings.Join(told.Roles, ", "), until(made.Expires, p.shell.Now()))
	return nil
}

// endOf is when something ends that is good for a time from now on.
func (p *program) endOf(within string, forever bool) (time.Time, error) {
	if forever {
		return time.Time{}, nil
	}
	d, err := parsePeriod("expires", within)
	return d.From(p.shell.Now().UTC()).Truncate(time.Second), err
}

// until says for how long something is good; to the second where that is not
// for long.
func until(at, now time.Time) string {
	switch {
	case at.IsZero():
		return "until it is revoked"
	case at.Sub(now) < 48*time.Hour:
		return "until " + at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return "until " + day(at)
}

func (p *program) tokenListCommand() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "list", Short: "List the tokens", Args: nothing, Long: "List the tokens: whose they are and what they allow. The tokens themselves are not kept.",
		Example: "certwright token list --name ann",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			all, err := o.Desk().Tokens(c.Context(), name)
			if err != nil {
				return err
			}
			told := []tokenJSON{}
			for _, t := range all {
				told = append(told, p.tokenToJSON(t))
			}
			return p.tellTokens(told)
		},
	}
	c.Flags().StringVar(&name, "name", "", "of whom")
	return c
}

func (p *program) tellTokens(told []tokenJSON) error {
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	if len(told) == 0 {
		p.shell.Say("There is no token.")
		return nil
	}
	w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATE\tNAME\tROLES\tPROFILES\tEXPIRES\tDESCRIPTION")
	for _, t := range told {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.State, front.Visible(t.Name), strings.Join(t.Roles, " "), joinOr(t.Profiles, "all"), dayOr(t.Expires, "never"), front.Visible(orDash(t.Description)))
	}
	return w.Flush()
}

// dayOr is the day of a time stamp.
func dayOr(stamp, none string) string {
	if len(stamp) < 10 {
		return none
	}
	return stamp[:10]
}

func (p *program) tokenRevokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "revoke ID…", Short: "Revoke tokens", Args: takes(1, -1, "the IDs of tokens"),
		Long:    "Revoke tokens: a running server takes them no longer after five seconds at most.",
		Example: "certwright token revoke 0g6k3v9t2m1c8s4d",
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			told := []tokenJSON{}
			for _, id := range args {
				t, err := o.Desk().RevokeToken(c.Context(), id, p.decider())
				if err != nil {
					return err
				}
				told = append(told, p.tokenToJSON(t))
				if !p.shell.JSON {
					p.shell.Print("Revoked the token %s of %s.", t.ID, t.Name)
				}
			}
			if p.shell.JSON {
				return p.shell.Object(told)
			}
			return nil
		},
	}
	return c
}
