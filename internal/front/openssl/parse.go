package openssl

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/internal/opensslconf"
)

// given is an option as it stood on the command line.
type given struct {
	name  string
	value string
	n     int64 // of numbers
}

// call is one run of a command.
type call struct {
	Env
	command command
	given   []given  // in order
	unknown []string // names of options that may be those of a cipher or digest, in order
	args    []string // what follows the options

	stdin     []byte // standard input, once read whole
	stdinRead bool

	objects     []opensslconf.Object // that the configuration of the command names
	library     []opensslconf.Object // that the default configuration names for every command
	libraryRead bool

	streams map[string]*lines // files that passphrases are read from, a line each
}

// parse reads options up to the first argument that is none.
func (c *call) parse(args []string) error {
	for len(args) > 0 {
		arg := args[0]
		if arg == "" || arg[0] != '-' || arg == "-" {
			break
		}
		args = args[1:]
		if arg == "--" {
			break
		}
		name := arg[1:]
		if name[0] == '-' {
			name = name[1:]
		}
		name, value, inline := strings.Cut(name, "=")
		o, known := c.command.option(name)
		if !known {
			if err := c.takeUnknown(name); err != nil {
				return err
			}
			continue
		}
		if o.kind == flag {
			if inline {
				return c.misuse("Option -%s does not take a value", name)
			}
		} else if !inline {
			if len(args) == 0 {
				return c.misuse("Option -%s needs a value", name)
			}
			value, args = args[0], args[1:]
		}
		if err := c.take(o, value); err != nil {
			return err
		}
		if name == "help" {
			return nil
		}
	}
	c.args = args
	return nil
}

func (c *call) takeUnknown(name string) error {
	if c.command.takesUnknown() == 0 {
		return c.misuse("Unknown option: -%s", name)
	}
	c.unknown = append(c.unknown, name)
	return nil
}

// take checks a value and keeps it.
func (c *call) take(o option, value string) error {
	g := given{name: o.name, value: value}
	if o.refused != "" {
		return complain("%s: option -%s is not supported by certwright openssl: %s", c.command.name, o.name, o.refused)
	}
	switch o.kind {
	case folder:
		if info, err := os.Stat(c.path(value)); err != nil || !info.IsDir() {
			return c.misuse("Not a directory: %s", value)
		}
	case number, positive, count, moment:
		n, err := c.number(value)
		if err != nil {
			return err
		}
		if o.kind == positive && n <= 0 {
			return c.misuse("Non-positive number \"%s\" for option -%s", value, o.name)
		}
		if o.kind == count && n < 0 {
			return c.misuse("Negative number \"%s\" for option -%s", value, o.name)
		}
		if o.kind != moment && n != int64(int32(n)) {
			return c.misuse("Value \"%s\" outside integer range", value)
		}
		g.n = n
	case derOrPEM, anyFormat, keyFormat:
		format, ok := parseFormat(value, o.kind)
		if !ok {
			return complaint{usage: true, text: fmt.Sprintf("%s: Bad format \"%s\"\n%s: Invalid format \"%s\" for option -%s",
				c.command.name, value, c.command.name, value, o.name)}
		}
		g.value = format
	}
	c.given = append(c.given, g)
	return nil
}

// number reads decimal, octal and hexadecimal numbers, as strtol(3) does.
func (c *call) number(value string) (int64, error) {
	n, err := strconv.ParseInt(strings.ReplaceAll(value, "_", " "), 0, 64)
	if err == nil {
		return n, nil
	}
	what := "a number"
	bare := strings.TrimLeft(value, "+-")
	switch {
	case strings.HasPrefix(bare, "0x"), strings.HasPrefix(bare, "0X"):
		what = "a hexadecimal number"
	case len(bare) > 1 && bare[0] == '0':
		what = "an octal number"
	}
	return 0, c.misuse("Can't parse \"%s\" as %s", value, what)
}

// The formats that options name; parseFormat returns these.
const (
	formatPEM    = "PEM"
	formatDER    = "DER"
	formatP12    = "P12"
	formatPVK    = "PVK"
	formatMSBLOB = "MSBLOB"
	formatHTTP   = "HTTP" // known, and taken by none
)

// parseFormat reads the value of -inform and the like; OpenSSL looks at the
// first letter of most of them.
func parseFormat(value string, k kind) (string, bool) {
	lower := strings.ToLower(value)
	switch lower {
	case "pem", "p":
		return formatPEM, true
	case "der", "d", "asn1", "a":
		return formatDER, true
	}
	if k == derOrPEM {
		return "", false
	}
	switch lower {
	case "p12", "pkcs12", "1":
		return formatP12, true
	case "http":
		return formatHTTP, k == anyFormat
	case "pvk":
		return formatPVK, k == anyFormat
	case "msblob", "m":
		return formatMSBLOB, k == anyFormat
	}
	return "", false
}

// has reports whether an option was given.
func (c *call) has(name string) bool {
	return slices.ContainsFunc(c.given, func(g given) bool { return g.name == name })
}

// hasAny reports whether one of several options was given.
func (c *call) hasAny(names ...string) bool { return slices.ContainsFunc(names, c.has) }

// text returns the last value of an option, "" where it was not given.
func (c *call) text(name string) string {
	for _, g := range slices.Backward(c.given) {
		if g.name == name {
			return g.value
		}
	}
	return ""
}

// all returns every value of an option, in order.
func (c *call) all(name string) []string {
	var values []string
	for _, g := range c.given {
		if g.name == name {
			values = append(values, g.value)
		}
	}
	return values
}

// count returns the last value of an option that is a number, or the preset.
func (c *call) count(name string, preset int) int {
	for _, g := range slices.Backward(c.given) {
		if g.name == name {
			return int(g.n)
		}
	}
	return preset
}

// format returns the last value of an option that is a format, or the preset.
func (c *call) format(name, preset string) string {
	if v := c.text(name); v != "" {
		return v
	}
	return preset
}

// noArguments refuses what stands behind the options.
func (c *call) noArguments() error {
	if len(c.args) > 0 {
		return c.misuse("")
	}
	return nil
}
