package openssl

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/opensslconf"
	"github.com/certwright/certwright/protocol/cmp"
)

func cmpCommand() command { return command{name: "cmp", run: manage, options: cmpOptions()} }

// managing is one run of cmp.
type managing struct {
	*call
	conf  *opensslconf.File // nil without a configuration
	level int               // of what is told

	fromConfig int // how many of the given options are of the configuration

	client   *cmp.Client
	wire     *wire
	command  string // of -cmd
	question cmp.Info

	secret              []byte
	key                 *key.Private      // of -key
	cert, old           *cert.Certificate // of -cert and -oldcert
	own                 [][]byte          // cert, and those above it
	csr                 *pkcs10.Request   // of -csr
	newKey              *key.Private      // of -newkey, where it is private
	newPublic           *key.Public       // of -newkey
	pinned              *cert.Certificate // of -srvcert
	sender              *dn.Name          // that answers must come from
	subject, issuer     *dn.Name          // of -subject and -issuer
	asked               []ext.Extension   // of the template
	untrusted           []*cert.Certificate
	trusted, outTrusted *truststore // nil where the option was not given
	validated           *cert.Certificate
	total               time.Duration // 0 is any
	deadline            time.Time
	last                *cmp.Message // the last answer but pollRep and pkiConf
	chain               [][]byte     // above the new certificate
	unfit               trouble      // why no message can be protected
	overlooked          trouble      // what is wrong with a protection that does not count
}

// The levels of what is told.
const (
	levelError   = 3
	levelWarning = 4
	levelInfo    = 6
	levelDebug   = 7
	levelMost    = 8
)

// tell writes a line of the log to standard output, as OpenSSL does for all
// that happens between client and server, errors too.
func (m *managing) tell(level int, format string, args ...any) {
	if level > m.level {
		return
	}
	name := map[int]string{levelError: "error", levelWarning: "warning", levelInfo: "info", levelDebug: "DEBUG"}[level]
	fmt.Fprintf(m.Stdout, "CMP %s: %s\n", name, fmt.Sprintf(format, args...))
}

func (m *managing) warn(format string, args ...any) { m.tell(levelWarning, format, args...) }

// fail writes an error to standard error, where those of options go, and
// returns one that has been told.
func (m *managing) fail(format string, args ...any) error {
	if m.level >= levelError {
		fmt.Fprintf(m.Stderr, "CMP error: %s\n", fmt.Sprintf(format, args...))
	}
	return complaint{}
}

func manage(c *call) error {
	m := &managing{call: c, level: levelInfo}
	if len(c.given) == 0 && len(c.args) == 0 {
		c.command.writeHelp(c.Stderr)
		return complaint{}
	}
	for _, step := range []func() error{m.configure, m.checkOptions, c.noArguments, c.checkShared} {
		if err := step(); err != nil {
			return err
		}
	}
	if m.has("batch") {
		m.ReadPassword = func(string) ([]byte, error) { return nil, errNoSecret }
	}
	if err := m.prepare(); err != nil {
		m.report(err)
		return m.fail("cannot set up CMP context")
	}
	for range m.count("repeat", 1) {
		if err := m.perform(); err != nil {
			return err
		}
	}
	return nil
}

// checkOptions looks at the values of options that have bounds.
func (m *managing) checkOptions() error {
	for _, g := range m.given[m.fromConfig:] {
		o, _ := m.call.command.option(g.name)
		switch {
		case o.kind != str || g.name == "config" || g.name == "section":
		case g.value == "":
			m.warn("-%s option argument is empty string, resetting option", g.name)
		case g.value[0] == '-':
			m.warn("-%s option argument starts with hyphen", g.name)
		}
	}
	for _, g := range m.given {
		bad := ""
		switch {
		case g.name == "verbosity" && g.n > levelMost:
			bad = fmt.Sprintf("Logging verbosity level %d out of range (0 .. 8)", g.n)
		case g.name == "keep_alive" && g.n > 2:
			bad = "-keep_alive argument must be 0, 1, or 2"
		case g.name == "popo" && (g.n < -1 || g.n > 2):
			bad = "invalid popo spec. Valid values are -1 .. 2"
		case g.name == "revreason" && (g.n < -1 || g.n > 10 || g.n == 7):
			bad = "invalid revreason. Valid values are -1 .. 6, 8 .. 10"
		}
		if bad != "" {
			m.fail("%s", bad)
			return complaint{usage: g.name != "verbosity"}
		}
	}
	return nil
}

// prepare makes the client that the options ask for.
func (m *managing) prepare() error {
	m.warnOfTLS()
	if m.text("rspin") == "" && m.text("server") == "" {
		return m.fail("missing -server or -use_mock_srv or -rspin option")
	}
	m.client = &cmp.Client{Random: m.random(), Now: m.Now, Verify: m.verifyAnswer, Unprotected: m.takesUnprotected, Wait: m.wait}
	for _, step := range []func() error{
		m.prepareServer, m.checkCommand, m.prepareTrust, m.prepareTimes, m.prepareWire, m.prepareTLS, m.prepareProtection, m.prepareRequest,
		m.prepareNames, m.prepareInfo,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if m.text("rspin") != "" {
		m.tell(levelInfo, "will contact %s only if -rspin argument gives too few filenames", m.wire.described())
	} else {
		m.tell(levelInfo, "will contact %s", m.wire.described())
	}
	return nil
}

// checkCommand looks at -cmd, and at the formats.
func (m *managing) checkCommand() error {
	m.command = m.text("cmd")
	switch {
	case m.command == "":
		return m.fail("no cmp command to execute")
	case !slices.Contains([]string{"ir", "cr", "kur", "p10cr", "rr", "genm"}, m.command):
		return m.fail("unknown cmp command '%s'", m.command)
	}
	if f := m.text("keyform"); f != "" {
		if strings.EqualFold(f, "engine") {
			return complain("cmp: option -keyform is not supported by certwright openssl with %s: %s", f, noEngines)
		}
		if _, ok := parseFormat(f, keyFormat); !ok {
			fmt.Fprintf(m.Stderr, "cmp: Bad format \"%s\"\n", f)
			return m.fail("unknown option given for key loading format")
		}
	}
	if f := m.text("certform"); f != "" {
		if _, ok := parseFormat(f, derOrPEM); !ok {
			fmt.Fprintf(m.Stderr, "cmp: Bad format \"%s\"\n", f)
			return m.fail("unknown option given for certificate storing format")
		}
	}
	if name := m.text("infotype"); name != "" {
		var ok bool
		if m.question, ok = cmp.InfoNamed(name); !ok {
			return m.fail("unknown OID name in -infotype option")
		}
	}
	return nil
}

// prepareTimes looks at the options about time.
func (m *managing) prepareTimes() error {
	perMessage, all := m.count("msg_timeout", 0), m.count("total_timeout", 0)
	if all > 0 && perMessage > 0 && all < perMessage {
		return m.fail("-total_timeout argument = %d must not be < %d (-msg_timeout)", all, perMessage)
	}
	m.total = time.Duration(all) * time.Second
	return nil
}

// enrols reports whether a certificate is asked for by a CRMF request.
func (m *managing) enrols() bool { return m.command == "ir" || m.command == "cr" || m.command == "kur" }

// reference is the certificate that subject and names are taken from.
func (m *managing) reference() *cert.Certificate {
	if m.old != nil {
		return m.old
	}
	return m.cert
}
