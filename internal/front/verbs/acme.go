package verbs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) acmeCommand() *cobra.Command {
	return group("acme", "External accounts and accounts of ACME",
		`Manage who may use ACME: with a server running over the same records or without one, or at a
server that --server names.

An external account (EAB) is a key ID and a key that you hand to somebody; their client makes
its account with it. With "acme.require-eab" in the configuration, nobody else can.`,
		group("eab", "Keys of external accounts", "Hand out keys of external accounts (RFC 8555, Section 7.3.4), list and revoke them.",
			p.eabNewCommand(), p.eabListCommand(), p.eabRevokeCommand()),
		group("account", "Accounts of clients", "List the accounts that clients have made, and end them.",
			p.accountListCommand(), p.accountDeactivateCommand()))
}

// acmeDesk is where ACME is managed: here, or at a server.
func (p *program) acmeDesk(ctx context.Context) (task.ACME, error) {
	o, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return o.Desk(), nil
}

// eabJSON is how a key of an external account is told.
type eabJSON struct {
	KeyID   string   `json:"keyID"`
	Key     string   `json:"key,omitempty"` // base64url; only when it is made
	State   string   `json:"state"`         // free, bound, revoked
	Note    string   `json:"note,omitempty"`
	Names   []string `json:"names,omitempty"`
	Many    bool     `json:"many,omitempty"`
	Account string   `json:"account,omitempty"`
	Created string   `json:"created"`
	Expires string   `json:"expires,omitempty"`
	By      string   `json:"by,omitempty"`
}

func eabToJSON(b *acmeorder.Binding, secret []byte) eabJSON {
	return eabJSON{KeyID: b.KeyID, Key: base64.RawURLEncoding.EncodeToString(secret), State: b.State, Note: b.Note, Names: b.Names, Many: b.Many,
		Account: b.Account, Created: stamp(b.Created), Expires: stamp(b.Expires), By: b.By}
}

func (p *program) eabNewCommand() *cobra.Command {
	var b acmeorder.Binding
	var expires string
	c := &cobra.Command{
		Use: "new", Short: "Make a key of an external account", Args: nothing,
		Long: `Make a key of an external account, and print it: it is not shown again. Give key ID and key to
whoever may make an account with them, once, or as often as they like with --many.`,
		Example: `certwright acme eab new --note 'web team' --for '*.web.example.org'
certwright acme eab new --many --expires-in 90d`,
		RunE: func(c *cobra.Command, _ []string) error { return p.eabNew(c.Context(), &b, expires) },
	}
	f := c.Flags()
	f.StringVar(&b.Note, "note", "", "whom it is for")
	f.StringArrayVar(&b.Names, "for", nil, "a name that its accounts may order, or *.NAME for all below; several times (default: any)")
	f.BoolVar(&b.Many, "many", false, "let more than one account be made with it")
	f.StringVar(&expires, "expires-in", "", "how long accounts can be made with it: 30d (default: no limit)")
	return c
}

func (p *program) eabNew(ctx context.Context, b *acmeorder.Binding, expires string) error {
	if expires != "" {
		span, err := parsePeriod("expires-in", expires)
		if err != nil {
			return err
		}
		b.Expires = span.From(time.Now().UTC()).Truncate(time.Second)
	}
	o, err := p.acmeDesk(ctx)
	if err != nil {
		return err
	}
	b.By = p.decider()
	secret, err := o.NewBinding(ctx, b)
	if err != nil {
		return err
	}
	told := eabToJSON(b, secret)
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	p.shell.Print("key ID  %s", told.KeyID)
	p.shell.Print("key     %s", told.Key)
	p.shell.Say("The key is not shown again.")
	return nil
}

func (p *program) eabListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the keys of external accounts", Args: nothing,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.acmeDesk(c.Context())
			if err != nil {
				return err
			}
			list, err := o.Bindings(c.Context())
			if err != nil {
				return err
			}
			return p.tellBindings(list)
		},
	}
}

func (p *program) tellBindings(list []*acmeorder.Binding) error {
	told := []eabJSON{}
	for _, b := range list {
		told = append(told, eabToJSON(b, nil))
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	if len(told) == 0 {
		p.shell.Say("There are no keys of external accounts.")
		return nil
	}
	w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "KEY ID\tSTATE\tACCOUNT\tNAMES\tNOTE")
	for _, b := range told {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", b.KeyID, b.State, orDash(b.Account), front.Visible(orDash(strings.Join(b.Names, ","))), front.Visible(orDash(b.Note)))
	}
	return w.Flush()
}

func (p *program) eabRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke KEYID", Short: "Make a key of an external account worthless", Args: takes(1, 1, "a key ID"),
		Long: `Make a key of an external account worthless: no account can be made with it any more, and
accounts that were made with it can order nothing more.`,
		Example: `certwright acme eab revoke 06h00qnyyv4vnx6nc6n5vcenem`,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.acmeDesk(c.Context())
			if err != nil {
				return err
			}
			if err := notFound(o.RevokeBinding(c.Context(), args[0], p.decider()), "there is no key of an external account "+args[0], "look for it with: certwright acme eab list"); err != nil {
				return err
			}
			p.shell.Say("Revoked the key %s.", args[0])
			return nil
		},
	}
}

// notFound words what a store says of a record that is not there.
func notFound(err error, detail, fix string) error {
	if errors.Is(err, authority.ErrNotFound) {
		return &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: detail, Fix: fix, Err: err}
	}
	return err
}

// accountJSON is how an account of ACME is told.
type accountJSON struct {
	Account string   `json:"account"`
	Status  string   `json:"status"` // valid, deactivated (by its client), revoked (here)
	Contact []string `json:"contact,omitempty"`
	EAB     string   `json:"eab,omitempty"` // the key ID of its external account
	Created string   `json:"created"`
}

func (p *program) accountListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the accounts of ACME", Args: nothing,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.acmeDesk(c.Context())
			if err != nil {
				return err
			}
			list, err := o.Accounts(c.Context())
			if err != nil {
				return err
			}
			return p.tellAccounts(list)
		},
	}
}

func (p *program) tellAccounts(list []*acmeorder.Account) error {
	told := []accountJSON{}
	for _, a := range list {
		told = append(told, accountJSON{Account: a.ID, Status: a.Status, Contact: a.Contact, EAB: a.Binding, Created: stamp(a.Created)})
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	if len(told) == 0 {
		p.shell.Say("There are no accounts.")
		return nil
	}
	w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "ACCOUNT\tSTATUS\tSINCE\tEAB\tCONTACT")
	for _, a := range told {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.Account, a.Status, strings.Replace(a.Created[:16], "T", " ", 1), orDash(a.EAB), front.Visible(orDash(strings.Join(a.Contact, ","))))
	}
	return w.Flush()
}

func (p *program) accountDeactivateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "deactivate ACCOUNT", Short: "End an account of ACME", Args: takes(1, 1, "an account"),
		Long:    `End an account of ACME for good: its key is not taken any more. Its certificates stay valid.`,
		Example: `certwright acme account deactivate 06h00qnyyv4vnx6nc6n5vcenem`,
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.acmeDesk(c.Context())
			if err != nil {
				return err
			}
			if err := notFound(o.Deactivate(c.Context(), args[0], p.decider()), "there is no account "+args[0], "look for it with: certwright acme account list"); err != nil {
				return err
			}
			p.shell.Say("Ended the account %s.", args[0])
			return nil
		},
	}
}
