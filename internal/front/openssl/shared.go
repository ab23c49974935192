package openssl

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
)

// checkShared looks at the options that every command has, in the order of
// their harm.
func (c *call) checkShared() error {
	for _, name := range c.all("provider") {
		switch name {
		case "default", "base", "legacy":
		default:
			return complain("%s: unable to load provider %s\nHint: certwright openssl has default, base and legacy built in, and loads no others.", c.command.name, name)
		}
	}
	if q := c.text("propquery"); !answers(q) {
		return complain("%s: option -propquery is not supported by certwright openssl with %q: there is only what provider=default answers to", c.command.name, q)
	}
	for _, names := range c.all("rand") {
		for name := range strings.SplitSeq(names, ":") {
			f, err := os.Open(c.path(name))
			if err != nil {
				return because(fmt.Sprintf("Can't load %s into RNG", name), err)
			}
			f.Close()
		}
	}
	return nil
}

// answers reports whether a property query finds what the default provider
// offers.
func answers(query string) bool {
	for part := range strings.SplitSeq(query, ",") {
		part = strings.ReplaceAll(strings.TrimSpace(part), " ", "")
		switch {
		case part == "", part[0] == '?', part[0] == '-':
		case part == "provider=default", part == "fips=no", part == "provider!=fips", part == "fips!=yes":
		default:
			return false
		}
	}
	return true
}

// saveRandom does what -writerand asks.
func (c *call) saveRandom() error {
	name := c.text("writerand")
	if name == "" {
		return nil
	}
	octets := make([]byte, 1024)
	if _, err := io.ReadFull(c.random(), octets); err != nil {
		return fmt.Errorf("reading random octets: %w", err)
	}
	return c.writeFile(name, octets, true)
}

// random is the source of salts, IVs and keys.
func (e Env) random() io.Reader {
	if e.Random == nil {
		return rand.Reader
	}
	return e.Random
}
