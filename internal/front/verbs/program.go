// Package verbs is the command line of certwright's own words.
package verbs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/internal/server"
	"github.com/certwright/certwright/internal/task"
)

// program is one run of the command line.
type program struct {
	shell   *front.Shell
	version string
	openssl func(args []string) int
	args    []string // as they were given
	exit    int      // what openssl returned

	homeFlag     string
	server       serverFlags
	databaseFlag string
	output       string // text, json, csv
	caPassphrase string
	ca           string
	officer      string

	askNewKeys bool                                  // new authority keys: ask for a passphrase at a terminal
	settings   *config.Config                        // what file is, where it was read before the office is opened
	log        *slog.Logger                          // of the server; nil for other verbs
	observe    func(authority.Store) authority.Store // likewise
	file       config.Config
	office     *task.Office
}

// Run runs the command line with these arguments, without the program's name,
// and returns the exit code. openssl runs what follows the verb of that name.
func Run(shell *front.Shell, version string, openssl func(args []string) int, args []string) int {
	p := &program{shell: shell, version: version, openssl: openssl, args: args}
	root := p.root()
	root.SetArgs(args)
	shell.JSON = wantsJSON(args)
	err := unknownWithHelp(root, args)
	if err == nil {
		err = root.ExecuteContext(context.Background())
	}
	if p.office != nil {
		err = errors.Join(err, p.office.Close())
	}
	if err == nil {
		return p.exit
	}
	failure := explain(err)
	shell.Tell(failure)
	return failure.Exit
}

// wantsJSON finds --output json before the flags are parsed, so that an error
// in the flags is told as JSON too.
func wantsJSON(args []string) bool {
	for i, a := range args {
		if a == "--output=json" || a == "--output" && i+1 < len(args) && args[i+1] == "json" {
			return true
		}
	}
	return false
}

// explain makes a failure of an error, with what only this front knows.
func explain(err error) *front.Failure {
	var several config.Faults
	if errors.As(err, &several) && len(several) > 0 {
		f := explain(several[0])
		for _, more := range several[1:] {
			f.More = append(f.More, explain(more))
		}
		return f
	}
	var fault *config.Fault
	if errors.As(err, &fault) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: fault.Error(), Lines: fault.Lines(), Fix: fault.Fix, Err: err}
	}
	var listening *server.ListenError
	if errors.As(err, &listening) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeNetwork, Detail: listening.Error(), Fix: "name another address with --listen or --plain-listen, or end what listens there", Err: err}
	}
	var explained *front.Failure
	var missing *keystore.MissingError
	if !errors.As(err, &explained) && errors.As(err, &missing) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeKey, Detail: missing.Error(),
			Fix: "copy it from the home where it was made, or restore it from a backup; homes that share a database need the same keys", Err: err}
	}
	var locked *keystore.OpenError
	if !errors.As(err, &explained) && errors.As(err, &locked) && errors.Is(err, key.ErrPassphrase) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodePassphrase, Detail: "the passphrase of the authority's key " + locked.File + " is wrong, or the file is damaged",
			Fix: "give the right one with --ca-passphrase or CERTWRIGHT_PASSPHRASE", Err: err}
	}
	if f := explainServer(err); f != nil && !errors.As(err, &explained) {
		return f
	}
	return front.Explain(err)
}

func (p *program) home() (config.Home, error) {
	if p.homeFlag != "" {
		return config.Home{Folder: p.homeFlag}, nil
	}
	h, err := config.DefaultHome(p.shell.Getenv)
	if err != nil {
		return h, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: err.Error(), Fix: "name the folder with --home DIR"}
	}
	return h, nil
}

// open opens the authority of the home, which must have one, or that of the
// server that a flag names. The authority that --ca names must be there.
func (p *program) open(ctx context.Context) (*task.Office, error) {
	o, err := p.openOffice(ctx)
	if err != nil {
		return nil, err
	}
	return o, p.knownCA(ctx, o)
}

func (p *program) openOffice(ctx context.Context) (*task.Office, error) {
	if p.server.url != "" {
		return p.openServer()
	}
	h, err := p.home()
	if err != nil {
		return nil, err
	}
	settings, wrong := p.configured(h)
	if wrong == nil && settings.Database != "" {
		return p.openAt(ctx, h)
	}
	if err := h.Reach(); err != nil {
		f := *explain(err)
		f.Detail = "cannot open the home " + h.Folder + strings.TrimPrefix(f.Detail, "cannot find "+h.Database())
		if f.Fix == "" {
			f.Fix = "name another folder with --home DIR"
		}
		return nil, &f
	}
	if wrong != nil {
		return nil, wrong
	}
	if !h.Exists() {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound,
			Detail: "there is no certification authority in " + h.Folder + " yet",
			Fix:    "make one with \"certwright quickstart\" or \"certwright ca init\", or name another folder with --home DIR"}
	}
	return p.openAt(ctx, h)
}

// openOrMake opens the authority of the home, and makes an empty one where
// there is none.
func (p *program) openOrMake(ctx context.Context) (*task.Office, error) {
	h, err := p.home()
	if err != nil {
		return nil, err
	}
	if err := h.Make(); err != nil {
		return nil, err
	}
	return p.openAt(ctx, h)
}

func (p *program) openAt(ctx context.Context, h config.Home) (*task.Office, error) {
	if p.office != nil {
		return p.office, nil
	}
	settings, err := p.configured(h)
	if err != nil {
		return nil, err
	}
	p.file = *settings
	p.office, err = task.Open(ctx, task.Setup{
		Home:     h,
		Database: p.file.Database,
		Observe:  p.observe,
		Linter:   p.file.Linter,
		ACME:     p.file.ACME,
		Existing: p.existingKeyPassphrase,
		New:      p.newKeyPassphrase,
		Now:      p.shell.Now,
		Log:      p.warn,
	})
	return p.office, err
}

// configured is what the configuration of the home says, and the flag over it.
func (p *program) configured(h config.Home) (*config.Config, error) {
	if p.settings != nil {
		return p.settings, nil
	}
	c, err := config.Load(h, p.shell.Getenv)
	if err != nil {
		return nil, err
	}
	if p.databaseFlag != "" {
		c.Database = p.databaseFlag
	}
	if err := c.Check("the command line"); err != nil {
		return nil, err
	}
	p.settings = &c
	return p.settings, nil
}

// atWork reports whether there is an authority to ask: in the home, or in the
// database that takes the place of its records.
func (p *program) atWork() bool {
	if p.server.url != "" {
		return true
	}
	h, err := p.home()
	if err != nil {
		return false
	}
	c, err := p.configured(h)
	return err != nil || c.Database != "" || h.Exists()
}

// warn tells what went wrong inside: in the log of the server, or on the
// terminal.
func (p *program) warn(format string, args ...any) {
	if p.log != nil {
		p.log.Warn(fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(p.shell.Err, "certwright: warning: "+format+"\n", args...)
}

// signer is the authority that signs where several could: the flag's, or that
// of the configuration file. What was signed is looked for in all of them.
func (p *program) signer() string {
	if p.ca != "" {
		return p.ca
	}
	return p.file.CA
}

// passphraseSource is where the passphrase of the authorities' keys comes
// from: the flag, else the environment, else the configuration file.
func (p *program) passphraseSource() string {
	switch {
	case p.caPassphrase != "":
		return p.caPassphrase
	case p.shell.Getenv("CERTWRIGHT_PASSPHRASE") != "":
		return "env:CERTWRIGHT_PASSPHRASE"
	}
	return p.file.Passphrase
}

func (p *program) existingKeyPassphrase(file string) ([]byte, error) {
	source := p.passphraseSource()
	ask := func() ([]byte, error) { return p.shell.Secret(source, "the authority's key "+file, "ca-passphrase") }
	if source != "" {
		return ask()
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var secret []byte
	err = p.unlock(source, func() error {
		_, err := key.ReadPrivate(data, func() ([]byte, error) {
			var err error
			secret, err = ask()
			return secret, err
		})
		return err
	})
	return secret, err
}

func (p *program) newKeyPassphrase() ([]byte, error) {
	source := p.passphraseSource()
	if source == "" && !p.askNewKeys {
		return nil, nil
	}
	return p.shell.NewSecret(source, "the authority's keys", true)
}

// origin says who asks: the local user, or who the flag names.
func (p *program) origin(requester string) evidence.Origin {
	if requester == "" {
		requester = p.shell.User()
	}
	return evidence.Origin{Door: "cli", Requester: requester, Method: "local-user", Entitled: evidence.Operator()}
}

// decider is the name that officers' decisions are made under.
func (p *program) decider() string {
	if p.officer != "" {
		return p.officer
	}
	if p.file.Officer != "" {
		return p.file.Officer
	}
	return p.shell.User()
}
