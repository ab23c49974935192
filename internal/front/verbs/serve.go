package verbs

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/server"
	"github.com/certwright/certwright/internal/systemd"
)

// serveFlags are the settings that have a flag, too.
type serveFlags struct {
	listen, plainListen, url, plainURL, readyFile string
	names                                         []string
}

func (p *program) serveCommand() *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: nothing,
		Long: `Serve requests and what is published, until it is told to stop (SIGTERM, Ctrl-C).

In an empty home it makes a root and an issuing authority first, and issues its own
certificate, which it renews by itself. SIGHUP has it read configuration, profiles and
certificates again. Nothing needs a configuration file; "certwright config print" shows what
can be set.`,
		Example: `certwright serve
certwright serve --listen :443 --plain-listen :80 --name ca.example.org
certwright serve --listen 127.0.0.1:0 --plain-listen off --ready-file ready.json`,
		RunE: func(c *cobra.Command, _ []string) error { return p.serve(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", "", "address of the HTTPS listener, HOST:PORT (default: the configured one, else :8443)")
	flags.StringVar(&f.plainListen, "plain-listen", "", "address of the plain HTTP listener, or off (default: the configured one, else :8080)")
	flags.StringArrayVar(&f.names, "name", nil, "host name or address in the server's own certificate; several times (default: this host's name, localhost and the loopback addresses)")
	flags.StringVar(&f.url, "url", "", "address that clients reach the server at, if that is another one")
	flags.StringVar(&f.plainURL, "plain-url", "", "address that relying parties reach the plain listener at, if that is another one")
	flags.StringVar(&p.ca, "ca", "", "authority that signs the server's own certificate")
	flags.StringVar(&f.readyFile, "ready-file", "", "file that is written when the server is ready: where it is reached, as JSON")
	return c
}

// over puts the flags over what is configured.
func (f *serveFlags) over(c *config.Config, p *program) error {
	for _, one := range []struct {
		flag   string
		target *string
	}{
		{f.listen, &c.Server.Listen}, {f.plainListen, &c.Server.PlainListen}, {f.url, &c.Server.URL},
		{f.plainURL, &c.Server.PlainURL}, {p.databaseFlag, &c.Database}, {p.ca, &c.Server.CA},
	} {
		if one.flag != "" {
			*one.target = one.flag
		}
	}
	if len(f.names) > 0 {
		c.Server.Names = f.names
	}
	return c.Check("the command line")
}

func (p *program) serve(ctx context.Context, f *serveFlags) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	s, err := p.newServer(ctx, f)
	if err != nil {
		return err
	}
	reload := make(chan struct{})
	go relay(ctx, hangup, reload)
	up := func() error { return p.tellServing(s.Told(), f.readyFile) }
	return s.Run(ctx, up, reload)
}

// untilSignal ends a context at the first signal to stop. A second one ends
// the process as it would without a handler.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// relay passes each hangup on.
func relay(ctx context.Context, hangup <-chan os.Signal, reload chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			select {
			case reload <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}
}

// newServer opens the home, or makes it, and the server over it.
func (p *program) newServer(ctx context.Context, f *serveFlags) (*server.Server, error) {
	h, err := p.home()
	if err != nil {
		return nil, err
	}
	if err := h.Make(); err != nil {
		return nil, err
	}
	readPlaced := func() (config.Config, *config.Places, error) {
		c, places, err := config.ReadPlaced(h.File(), p.shell.Getenv)
		if err != nil {
			return c, places, err
		}
		return c, places, f.over(&c, p)
	}
	read := func() (config.Config, error) {
		c, _, err := readPlaced()
		return c, err
	}
	settings, places, err := readPlaced()
	if err != nil {
		return nil, err
	}
	log, level, err := server.NewLog(p.shell.Err, settings.Log)
	if err != nil {
		return nil, err
	}
	version := versionOf(p.version)
	measures := server.NewMeasures(version, p.shell.Now())
	if p.shell.Getenv("GOGC") == "" {
		server.ClearAway(ctx, settings.Limits.Garbage, int64(settings.Limits.Heap))
	}
	p.settings, p.log, p.observe = &settings, log, measures.Observe
	o, err := p.openAt(ctx, h)
	if err != nil {
		return nil, err
	}
	s, err := server.New(ctx, server.Config{Settings: settings, Read: read, Getenv: p.shell.Getenv, Office: o, Host: hostName(), By: p.decider(), Log: log, Level: level, Measures: measures, Version: version,
		Service: systemd.New(p.shell.Getenv, os.Getpid())})
	return s, places.Locate(err)
}

// servingJSON is what serve tells, and what is in the ready file.
type servingJSON struct {
	server.Told
	Home        string `json:"home"`
	Fingerprint string `json:"rootFingerprint"`     // SHA-256
	TokenFile   string `json:"tokenFile,omitempty"` // of the first administrator's token, where it was made now
	Process     int    `json:"process"`
}

// tellServing says where everything is.
func (p *program) tellServing(t server.Told, readyFile string) error {
	told := servingJSON{Told: t, Home: p.office.Home.Folder, Fingerprint: hex.EncodeToString(t.Fingerprint), Process: os.Getpid()}
	var err error
	if told.TokenFile, err = p.keepToken(t.Token); err != nil {
		return err
	}
	if p.shell.JSON {
		if err := p.shell.Line(told); err != nil {
			return err
		}
	} else {
		p.printServing(&told)
	}
	if readyFile == "" {
		return nil
	}
	text, err := json.Marshal(told)
	if err != nil {
		return err
	}
	return p.shell.Write(readyFile, append(text, '\n'), front.PublicFile, true)
}

func (p *program) printServing(t *servingJSON) {
	s := p.shell
	if t.Created {
		s.Print("Made a certification authority in %s", t.Home)
	} else {
		s.Print("The certification authority in %s", t.Home)
	}
	s.Print("  server    %s", t.URL)
	if t.ACME != "" {
		s.Print("  ACME      %s", t.ACME)
	}
	s.Print("  REST      %s", t.REST)
	if t.PlainURL != "" {
		s.Print("  published %s", t.PlainURL)
	}
	s.Print("  root      %s", t.Root)
	s.Print("            SHA-256 %s", colons(t.Fingerprint))
	switch {
	case t.TokenFile != "":
		s.Print("  token     in %s: move it to a safe place, it may do everything", t.TokenFile)
	case t.Token != "":
		s.Print("  token     %s", t.Token)
		s.Print("            it may do everything, and is not shown again")
	}
}

// keepToken writes the first token to a file of the home, unless a person at a
// terminal gets to see it: what a server prints is kept in logs.
func (p *program) keepToken(token string) (file string, err error) {
	if token == "" || !p.shell.JSON && p.shell.Watched() {
		return "", nil
	}
	file = filepath.Join(p.office.Home.Folder, "first-token")
	return file, p.shell.Write(file, []byte(token+"\n"), front.SecretFile, true)
}

// colons writes hexadecimal as fingerprints are compared: AB:CD:….
func colons(hexadecimal string) string {
	var b strings.Builder
	for i := 0; i+1 < len(hexadecimal); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hexadecimal[i : i+2]))
	}
	return b.String()
}
