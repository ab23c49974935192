package verbs

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/secret"
)

func (p *program) secretCommand() *cobra.Command {
	return group("secret", "Make and revoke the secrets that devices enrol with",
		`Make and revoke secrets that are shared with devices and others who are to enrol by CMP, EST or
SCEP: each for a profile, for names, for a number of certificates, and for a time. They are kept
encrypted, by a key that is kept with those of the authorities.`,
		p.secretNewCommand(), p.secretListCommand(), p.secretShowCommand(), p.secretRevokeCommand())
}

// secretJSON is how a secret is told.
type secretJSON struct {
	Reference   string   `json:"reference"`
	State       string   `json:"state"` // active, spent, expired, revoked
	Doors       []string `json:"doors"`
	Profile     string   `json:"profile,omitempty"`
	CA          string   `json:"ca,omitempty"`
	Names       []string `json:"names"`
	Uses        int      `json:"uses"`
	Used        int      `json:"used"`
	Description string   `json:"description,omitempty"`
	By          string   `json:"by"`
	Created     string   `json:"created"`
	Expires     string   `json:"expires,omitempty"`
	Revoked     string   `json:"revoked,omitempty"`
	RevokedBy   string   `json:"revokedBy,omitempty"`
	Value       string   `json:"value,omitempty"` // the secret itself, when it is made
}

func (p *program) secretToJSON(s *secret.Secret) secretJSON {
	return secretJSON{Reference: s.Reference, State: s.State(p.shell.Now()), Doors: append([]string{}, s.Doors...), Profile: s.Profile, CA: s.CA, Names: append([]string{}, s.Names...),
		Uses: s.Uses, Used: s.Used, Description: s.Description, By: s.By, Created: stamp(s.Created), Expires: stamp(s.Expires), Revoked: stamp(s.Revoked), RevokedBy: s.RevokedBy}
}

type secretFlags struct {
	doors, names                       []string
	profile, value, expires, describes string
	uses                               int
	forever                            bool
}

func (p *program) secretNewCommand() *cobra.Command {
	var f secretFlags
	c := &cobra.Command{
		Use: "new [REFERENCE]", Short: "Make a secret, and print it this once", Args: takes(0, 1, "one reference, or none to have it made"),
		Long: `Make a secret, and print it: this is the only time it can be had. REFERENCE is what the other
side names it by (a CMP client: -ref). It is good for one certificate and for 30 days, unless
--uses and --expires say something else.`,
		Example: `certwright secret new plant-7 --door cmp --profile device --name 'dns:*.plant.example' --uses 20
certwright secret new --door scep --profile device --expires 1d`,
		RunE: func(c *cobra.Command, args []string) error {
			return p.secretNew(c.Context(), strings.Join(args, ""), &f)
		},
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.doors, "door", nil, "protocol it is for: cmp, est or scep; several times (default: all)")
	flags.StringVar(&f.profile, "profile", "", "profile it is for (default: the authority's default)")
	flags.StringVar(&p.ca, "ca", "", "authority it is for")
	flags.StringArrayVar(&f.names, "name", nil, "name the certificate may bear, in the subject too, with its kind (dns, ip, email …; subject: the whole subject); * matches anything; several times (default: whatever the profile allows)")
	flags.IntVar(&f.uses, "uses", 1, "how many certificates it is good for (0: any number)")
	flags.StringVar(&f.expires, "expires", "30d", "for how long it is good")
	flags.BoolVar(&f.forever, "no-expiry", false, "it does not end by itself")
	flags.StringVar(&f.value, "value", "", "the secret itself, where it is not to be made: "+front.SourceHelp)
	flags.StringVar(&f.describes, "description", "", "what it is for")
	return c
}

func (p *program) secretNew(ctx context.Context, reference string, f *secretFlags) error {
	s := secret.Secret{Reference: reference, Doors: f.doors, Profile: f.profile, CA: p.ca, Names: f.names, Uses: f.uses, Description: f.describes}
	var err error
	if s.Expires, err = p.endOf(f.expires, f.forever); err != nil {
		return err
	}
	var given []byte
	if f.value != "" {
		if given, err = p.shell.Secret(f.value, "the secret", "value"); err != nil {
			return err
		}
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if f.profile != "" {
		if err := p.knownProfile(ctx, o, f.profile); err != nil {
			return err
		}
	}
	s.By = p.decider()
	made, value, err := o.Desk().NewSecret(ctx, s, string(given))
	if err != nil {
		return err
	}
	told := p.secretToJSON(made)
	if f.value == "" {
		told.Value = value
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	if f.value == "" {
		p.shell.Print("%s", value)
	}
	p.shell.Say("This is the secret with the reference %s, for %s, good %s. It cannot be shown again.", made.Reference, certificates(made.Uses), until(made.Expires, p.shell.Now()))
	return nil
}

func certificates(n int) string {
	switch n {
	case 0:
		return "any number of certificates"
	case 1:
		return "1 certificate"
	}
	return itoa(n) + " certificates"
}

func (p *program) secretListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the secrets", Args: nothing, Long: "List the secrets, without their values.", Example: "certwright secret list",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			all, err := o.Desk().Secrets(c.Context())
			if err != nil {
				return err
			}
			told := []secretJSON{}
			for _, s := range all {
				told = append(told, p.secretToJSON(s))
			}
			if p.shell.JSON {
				return p.shell.Object(told)
			}
			if len(told) == 0 {
				p.shell.Say("There is no secret.")
				return nil
			}
			w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "REFERENCE\tSTATE\tDOORS\tPROFILE\tUSED\tEXPIRES\tNAMES")
			for _, s := range told {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", front.Visible(s.Reference), s.State, joinOr(s.Doors, "all"), orDash(s.Profile), useOf(s), dayOr(s.Expires, "never"), front.Visible(joinOr(s.Names, "-")))
			}
			return w.Flush()
		},
	}
}

func useOf(s secretJSON) string {
	if s.Uses == 0 {
		return itoa(s.Used)
	}
	return itoa(s.Used) + " of " + itoa(s.Uses)
}

func (p *program) tellSecret(s *secret.Secret) error {
	t := p.secretToJSON(s)
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	p.printLines([][2]string{{"Reference", t.Reference}, {"State", t.State}, {"Doors", joinOr(t.Doors, "all")}, {"Profile", t.Profile}, {"Authority", t.CA}, {"Names", strings.Join(t.Names, ", ")},
		{"Used", useOf(t)}, {"Expires", t.Expires}, {"Made", t.Created + " by " + t.By}, {"Revoked", t.Revoked}, {"For", t.Description}}, "")
	return nil
}

func (p *program) secretShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show REFERENCE", Short: "Show what is known of a secret", Args: takes(1, 1, "one reference"), Long: "Show what is known of a secret, without its value.",
		Example: "certwright secret show plant-7",
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			s, err := o.Desk().Secret(c.Context(), args[0])
			if err != nil {
				return err
			}
			return p.tellSecret(s)
		},
	}
}

func (p *program) secretRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke REFERENCE", Short: "Revoke a secret", Args: takes(1, 1, "one reference"), Long: "Revoke a secret: nobody enrols with it any more.",
		Example: "certwright secret revoke plant-7",
		RunE: func(c *cobra.Command, args []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			s, err := o.Desk().RevokeSecret(c.Context(), args[0], p.decider())
			if err != nil {
				return err
			}
			return p.tellSecret(s)
		},
	}
}
