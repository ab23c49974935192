package verbs

import (
	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/front"
)

const rootLong = `certwright carries a certificate signing request from key to certificate, and the
certificate from issue to its end.

The quickest way to a certificate is "certwright quickstart server.csr": it makes a
certification authority where there is none, and writes server.crt. Nothing needs a
configuration file.

Results go to standard output, talk to standard error. "-" is standard input or output.
Exit codes: 0 done; 1 the answer is no (refused, invalid, does not match); 2 wrong usage;
3 could not do it (file, network, key).`

// Groups of verbs in the help.
const (
	groupStart = "start"
	groupLook  = "look"
	groupCA    = "ca"
	groupServe = "serve"
	groupCare  = "care"
)

// root makes the whole command tree.
func (p *program) root() *cobra.Command {
	var version bool
	c := &cobra.Command{
		Use: "certwright", Short: "From certificate signing request to certificate", Long: rootLong,
		Args: cobra.ArbitraryArgs, SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case version:
				return p.tellVersion()
			case len(args) == 0:
				return c.Help()
			}
			return unknownVerb(c, args[0])
		},
		PersistentPreRunE: p.prepare,
	}
	c.SetOut(p.shell.Out)
	c.SetErr(p.shell.Err)
	c.SetIn(p.shell.In)
	c.SetHelpFunc(help)
	c.PersistentFlags().BoolP("help", "h", false, "this help")
	c.Flags().BoolVar(&version, "version", false, "the version of this program")
	c.SetFlagErrorFunc(flagError)
	c.CompletionOptions.DisableDefaultCmd = true
	c.SetHelpCommand(helpCommand())
	p.globalFlags(c)
	c.AddGroup(&cobra.Group{ID: groupStart, Title: "From key to certificate"}, &cobra.Group{ID: groupLook, Title: "Look"},
		&cobra.Group{ID: groupCA, Title: "The certification authority"}, &cobra.Group{ID: groupServe, Title: "The server"}, &cobra.Group{ID: groupCare, Title: "Upkeep"})
	for _, v := range p.asked() {
		child := v.command()
		child.GroupID = v.group
		c.AddCommand(child)
	}
	cobra.EnableCommandSorting = false
	return c
}

// verb is a command of the root.
type verb struct {
	group, name string
	command     func() *cobra.Command
	all         bool // needs the others, too
}

func (p *program) verbs() []verb {
	return []verb{
		{groupStart, "quickstart", p.quickstartCommand, false},
		{groupStart, "key", p.keyCommand, false},
		{groupStart, "request", p.requestCommand, false},
		{groupStart, "sign", p.signCommand, false},
		{groupStart, "enroll", p.enrollCommand, false},
		{groupLook, "inspect", p.inspectCommand, false},
		{groupLook, "asn1", p.asn1Command, false},
		{groupLook, "verify", p.verifyCommand, false},
		{groupLook, "doctor", p.doctorCommand, false},
		{groupLook, "match", p.matchCommand, false},
		{groupLook, "diff", p.diffCommand, false},
		{groupCA, "list", p.listCommand, false},
		{groupCA, "show", p.showCommand, false},
		{groupCA, "renew", p.renewCommand, false},
		{groupCA, "rekey", p.rekeyCommand, false},
		{groupCA, "reissue", p.reissueCommand, false},
		{groupCA, "revoke", p.revokeCommand, false},
		{groupCA, "export", p.exportCommand, false},
		{groupCA, "review", p.reviewCommand, false},
		{groupCA, "ca", p.caCommand, false},
		{groupCA, "crl", p.crlCommand, false},
		{groupCA, "profile", p.profileCommand, false},
		{groupServe, "serve", p.serveCommand, false},
		{groupServe, "acme", p.acmeCommand, false},
		{groupServe, "config", p.configCommand, false},
		{groupServe, "token", p.tokenCommand, false},
		{groupServe, "secret", p.secretCommand, false},
		{groupCare, "audit", p.auditCommand, false},
		{groupCare, "backup", p.backupCommand, false},
		{groupCare, "restore", p.restoreCommand, false},
		{groupCare, "completion", completionCommand, true},
		{groupCare, "version", p.versionCommand, false},
		{groupCare, "openssl", p.opensslCommand, false},
		{"", "man", p.manCommand, true},
	}
}

// asked is the one verb that the first argument names: to make them all takes
// longer than what many of them do. It is all of them where that is not plain.
func (p *program) asked() []verb {
	verbs := p.verbs()
	if len(p.args) == 0 {
		return verbs
	}
	for i, v := range verbs {
		if v.name == p.args[0] && !v.all {
			return verbs[i : i+1]
		}
	}
	return verbs
}

func (p *program) globalFlags(c *cobra.Command) {
	f := c.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&p.homeFlag, "home", "", "folder of the authority (default $CERTWRIGHT_HOME, else certwright in the user's data folder)")
	f.StringVar(&p.databaseFlag, "database", "", "postgres://USER@HOST/NAME of the records (default $CERTWRIGHT_DATABASE, else the configured one, else a file in the home)")
	f.StringVar(&p.server.url, "server", "", "URL of the server to work at, instead of the authority of the home")
	f.StringVar(&p.server.token, "token", "", "where the token that the server is shown comes from: "+front.SourceHelp+" (default $CERTWRIGHT_TOKEN)")
	f.StringVar(&p.server.root, "server-root", "", "root that the server's certificate is under (default: those this machine trusts)")
	f.BoolVar(&p.server.clear, "token-in-clear", false, "send the token to an http:// address of another machine, too, for all on the way to read")
	f.StringVar(&p.server.certificate, "client-certificate", "", "certificate to show the server instead of a token, with its chain if it has one")
	f.StringVar(&p.server.key, "client-key", "", "private key of that certificate")
	f.StringVar(&p.server.passphrase, "client-passphrase", "", "passphrase of that key: "+front.SourceHelp)
	f.StringVar(&p.output, "output", "text", "how results are printed: text or json")
	f.StringVar(&p.caPassphrase, "ca-passphrase", "", "where the passphrase of the authority's keys comes from: "+front.SourceHelp+" (default $CERTWRIGHT_PASSPHRASE)")
	f.BoolVarP(&p.shell.Quiet, "quiet", "q", false, "say nothing on standard error but errors")
	f.BoolVarP(&p.shell.Yes, "yes", "y", false, "answer every question with yes")
}

// prepare checks the flags that every verb has.
func (p *program) prepare(c *cobra.Command, _ []string) error {
	switch {
	case p.output == "text":
	case p.output == "json":
		p.shell.JSON = true
	case p.output == "csv" && c.Name() == "list" && c.Parent() == c.Root():
	default:
		fix := "write --output text or --output json"
		if c.Name() == "list" && c.Parent() == c.Root() {
			fix = "write --output text, --output json or --output csv"
		}
		return front.Usage(fix, "%s cannot print as %q", c.CommandPath(), p.output)
	}
	return p.checkServer(c)
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [VERB…]", Short: "The help of a verb", Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			found, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownVerb(found, append(rest, "")[0])
			}
			return found.Help()
		},
	}
}
