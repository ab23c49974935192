package openssl

import (
	"errors"
	"fmt"
	"slices"
)

// warnOfExportOptions tells which options mean nothing where a file is read,
// in the order in which OpenSSL tells them.
func (c *call) warnOfExportOptions() {
	ignored := func(what string) { fmt.Fprintf(c.Stderr, "Warning: %s option ignored without -export\n", what) }
	for _, name := range []string{"inkey", "certfile", "passcerts", "chain", "untrusted", "CAfile", "CApath", "CAstore", "no-CAfile", "no-CApath", "no-CAstore", "name", "caname", "CSP", "LMK"} {
		if c.has(name) {
			ignored("-" + name)
		}
	}
	if marked := c.lastGiven("keyex", "keysig"); marked != "" {
		ignored("-" + marked)
	}
	if c.has("keypbe") {
		ignored("-keypbe")
	}
	if how := c.lastGiven("certpbe", "descert"); how == "descert" || how == "certpbe" && c.text("certpbe") != "NONE" {
		ignored("-certpbe and -descert")
	}
	if c.has("macalg") {
		ignored("-macalg")
	}
	if c.hasAny("iter", "noiter") {
		ignored("-iter and -noiter")
	}
	// -iter sets the iterations of the MAC, too.
	switch mac := c.lastGiven("iter", "nomaciter", "nomac"); {
	case mac == "iter" && c.count("iter", iterations) == 1:
		ignored("-nomaciter")
	case mac == "nomaciter" || mac == "nomac":
		ignored("-" + mac)
	}
}

// warnOfImportOptions tells which options mean nothing where a file is made.
func (c *call) warnOfImportOptions() {
	for _, name := range []string{"info", "nomacver", "clcerts", "cacerts"} {
		if !c.has(name) {
			continue
		}
		fmt.Fprintf(c.Stderr, "Warning: -%s option ignored with -export\n", name)
	}
	how := c.lastGiven("nodes", "noenc")
	if len(c.unknown) > 0 {
		how = c.unknown[len(c.unknown)-1]
	}
	if how != "" {
		fmt.Fprintf(c.Stderr, "Warning: output encryption option -%s ignored with -export\n", how)
	}
}

// lastGiven returns that of some options which was given last; "" for none.
func (c *call) lastGiven(names ...string) string {
	for _, g := range slices.Backward(c.given) {
		if slices.Contains(names, g.name) {
			return g.name
		}
	}
	return ""
}

// noPassword says that no passphrase was typed, or not twice the same, which
// was told when it was seen.
func noPassword(cause error) error {
	var said complaint
	if errors.As(cause, &said) && said.text == "" {
		return complain("Can't read Password")
	}
	return alsoSay(complain("Can't read Password"), cause.Error())
}
