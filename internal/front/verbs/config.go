package verbs

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/server"
)

func (p *program) configCommand() *cobra.Command {
	return group("config", "The configuration", `See and check the configuration.

Everything has a value without a file. The file is config.yaml in the home; the environment
variable CERTWRIGHT_SERVER_LISTEN stands over its key server.listen, and so on for every key;
flags stand over both. The elements of a list are parted by commas there, and a list of maps is
YAML, or JSON: CERTWRIGHT_WEBHOOKS='[{"name": "desk", "url": "https://…", "secret": "env:NAME"}]'.`,
		&cobra.Command{
			Use: "check [FILE]", Short: "Check a configuration file", Args: takes(0, 1, "at most one file"),
			Long: "Check the configuration of the home, or another file: unknown keys, values that cannot be,\nprofiles, authorities and files that are not there, and environment variables that set nothing:\nwhat serve refuses, it refuses.",
			Example: `certwright config check
certwright config check new.yaml`,
			RunE: func(c *cobra.Command, args []string) error { return p.configCheck(c.Context(), args) },
		},
		&cobra.Command{
			Use: "print", Short: "Print the configuration in force, each key with what it does", Args: nothing,
			Long:    "Print the configuration that file and environment give, as a file that would give the same.\nSecrets are not in it.",
			Example: "certwright config print > config.yaml",
			RunE:    func(*cobra.Command, []string) error { return p.configPrint() },
		})
}

// configFile is the one that is named, or that of the home.
func (p *program) configFile(args []string) (string, error) {
	if len(args) > 0 {
		_, err := os.Stat(args[0])
		return args[0], err
	}
	h, err := p.home()
	return h.File(), err
}

func (p *program) configCheck(ctx context.Context, args []string) error {
	file, err := p.configFile(args)
	if err != nil {
		return err
	}
	if err := p.configFaults(ctx, file); err != nil {
		return err
	}
	c := config.Default()
	var idle []string
	for _, f := range c.Unknown(os.Environ()) {
		idle = append(idle, f.Variable)
		p.shell.Warn("the environment variable %s sets nothing%s", f.Variable, f.Hint())
	}
	there := true
	if _, err := os.Stat(file); err != nil {
		there = false
	}
	if p.shell.JSON {
		return p.shell.Object(map[string]any{"file": file, "exists": there, "valid": true, "idleVariables": append([]string{}, idle...)})
	}
	if !there {
		p.shell.Print("There is no file %s, and none is needed", file)
		return nil
	}
	p.shell.Print("%s: holds", file)
	return nil
}

// configFaults finds all that is wrong with a file, and with the environment over
// it. Where something could not be read, what is found only because of that is
// left out.
func (p *program) configFaults(ctx context.Context, file string) error {
	c, places, wrong := config.ReadPlaced(file, p.shell.Getenv)
	if wrong != nil && (len(config.FaultsOf(wrong)) == 0 || errors.Is(wrong, config.ErrUnreadable)) {
		return wrong
	}
	works := places.Locate(p.configWorks(ctx, &c))
	if wrong == nil {
		return works
	}
	more := slices.DeleteFunc(config.FaultsOf(works), func(f *config.Fault) bool { return !places.Given(f) })
	return config.AllOf(wrong, more)
}

// configWorks asks what a server asks when it starts: whether the profiles,
// files and authorities that are named are there, and the rules can be used.
func (p *program) configWorks(ctx context.Context, c *config.Config) error {
	h, err := p.home()
	if err != nil {
		return err
	}
	around := server.Surroundings{Profiles: config.NewProfiles(h), Authority: server.FirstAuthority, Now: p.shell.Now}
	if c.Database != "" || h.Exists() {
		p.settings = c
		o, err := p.openAt(ctx, h)
		if err != nil {
			p.shell.Warn("the names of authorities were not looked at: %v", err)
			around.Authority = nil
		} else {
			around = server.Around(o)
		}
	}
	for _, doubt := range server.Doubts(ctx, c, around) {
		p.shell.Warn("%s", doubt)
	}
	return server.Check(ctx, c, around)
}

func (p *program) configPrint() error {
	file, err := p.configFile(nil)
	if err != nil {
		return err
	}
	c, err := config.Read(file, p.shell.Getenv)
	if err != nil {
		return err
	}
	if p.databaseFlag != "" {
		c.Database = p.databaseFlag
		if err := c.Check("the command line"); err != nil {
			return err
		}
	}
	if p.shell.JSON {
		values := map[string]string{}
		for _, f := range c.Fields() {
			values[f.Key] = f.Shown()
		}
		return p.shell.Object(values)
	}
	text, err := c.Print()
	if err != nil {
		return err
	}
	_, err = p.shell.Out.Write([]byte(text))
	return err
}
