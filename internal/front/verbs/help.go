package verbs

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/spelling"
)

// group makes a command that only holds others.
func group(use, short, long string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.ArbitraryArgs, RunE: needsVerb}
	c.AddCommand(children...)
	return c
}

func needsVerb(c *cobra.Command, args []string) error {
	names := verbsOf(c)
	help := c.CommandPath() + " --help"
	if len(args) == 0 {
		return front.Usage("see: "+help, "%s needs one of its verbs: %s", c.CommandPath(), strings.Join(names, ", "))
	}
	return unknownVerb(c, args[0])
}

func unknownVerb(c *cobra.Command, word string) error {
	fix := "see: " + c.CommandPath() + " --help"
	if near := spelling.Nearest(word, verbsOf(c)); near != "" {
		fix = fmt.Sprintf("did you mean \"%s %s\"?", c.CommandPath(), near)
	}
	return front.Usage(fix, "%s has no verb %q", c.CommandPath(), word)
}

// unknownWithHelp refuses to help with a verb that there is not.
func unknownWithHelp(root *cobra.Command, args []string) error {
	c, rest, err := root.Find(args)
	if err != nil || !c.HasAvailableSubCommands() || len(rest) < 2 || strings.HasPrefix(rest[0], "-") {
		return nil
	}
	if c.HasParent() && c.LocalNonPersistentFlags().HasFlags() {
		return nil // it does something by itself
	}
	if slices.Contains(rest, "--help") || slices.Contains(rest, "-h") {
		return unknownVerb(c, rest[0])
	}
	return nil
}

func verbsOf(c *cobra.Command) []string {
	var names []string
	for _, child := range c.Commands() {
		if !child.Hidden && child.Name() != "help" {
			names = append(names, child.Name())
		}
	}
	return names
}

// takes checks the number of arguments; most is -1 for any number.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return front.Usage("see: "+c.CommandPath()+" --help", "%s needs %s", c.CommandPath(), what)
		case most >= 0 && len(args) > most:
			return front.Usage("see: "+c.CommandPath()+" --help", "%s does not take %q: it takes %s", c.CommandPath(), args[most], what)
		}
		return nil
	}
}

// nothing checks that there are no arguments.
func nothing(c *cobra.Command, args []string) error { return takes(0, 0, "no arguments")(c, args) }

// flagError tells what is wrong with a flag, and the flag that was meant.
func flagError(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if errors.As(err, &missing) {
		word := missing.GetSpecifiedName()
		dashes := "--"
		if cluster := missing.GetSpecifiedShortnames(); cluster != "" {
			word, dashes = cluster, "-"
		}
		fix := "see: " + c.CommandPath() + " --help"
		if near := spelling.Nearest(word, flagsOf(c)); near != "" {
			fix = fmt.Sprintf("did you mean --%s?", near)
		}
		if known := fromElsewhere(c, word); known != "" {
			fix = known
		}
		return front.Usage(fix, "%s has no flag %s%s", c.CommandPath(), dashes, word)
	}
	var empty *pflag.ValueRequiredError
	if errors.As(err, &empty) {
		return front.Usage("see: "+c.CommandPath()+" --help", "the flag --%s needs a value", empty.GetSpecifiedName())
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		return front.Usage("see: "+c.CommandPath()+" --help", "%q is not a value for --%s, which takes %s", invalid.GetValue(), invalid.GetFlag().Name, article(invalid.GetFlag().Value.Type()))
	}
	return front.Usage("see: "+c.CommandPath()+" --help", "%v", err)
}

// fromElsewhere is what is meant by a flag of other programs; empty where that
// is not known.
func fromElsewhere(c *cobra.Command, word string) string {
	for _, known := range []struct{ word, flag, fix string }{
		{"v", "", "the version of this program is told by: certwright version"},
		{"V", "", "the version of this program is told by: certwright version"},
		{"CAfile", "root", "did you mean --root?"},
		{"trusted", "root", "did you mean --root?"},
		{"untrusted", "chain", "did you mean --chain?"},
		{"CRLfile", "crl", "did you mean --crl?"},
		{"bits", "type", "the size is a part of the kind: --type rsa-3072"},
		{"bits", "new-key", "the size is a part of the kind: --new-key rsa-3072"},
		{"nodes", "no-passphrase", "did you mean --no-passphrase?"},
		{"noenc", "no-passphrase", "did you mean --no-passphrase?"},
		{"addext", "extension", "names have --san, usages --usage and --eku; others have --extension"},
		{"in", "", "name the file by itself: " + usageLine(c)},
		{"n", "no-indent", "name the file by itself: " + usageLine(c)},
	} {
		if known.word == word && (known.flag == "" || c.Flags().Lookup(known.flag) != nil) {
			return known.fix
		}
	}
	return ""
}

func article(kind string) string {
	switch kind {
	case "int", "int64":
		return "a whole number"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

func flagsOf(c *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	}
	c.Flags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	return names
}

// help writes the help of a command: the task first, then how to say it, then
// examples, then every flag.
func help(c *cobra.Command, _ []string) {
	w := c.OutOrStdout()
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(w, "%s\n\nUsage\n  %s\n", strings.TrimSpace(text), usageLine(c))
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples\n%s\n", indent(strings.TrimSpace(c.Example)))
	}
	if c.HasAvailableSubCommands() {
		helpVerbs(w, c)
	}
	helpFlags(w, "Flags", c.LocalNonPersistentFlags())
	helpFlags(w, "Flags of every verb", persistent(c))
}

func usageLine(c *cobra.Command) string {
	if c.HasAvailableSubCommands() {
		return c.CommandPath() + " VERB …"
	}
	_, args, _ := strings.Cut(c.Use, " ")
	return strings.TrimSpace(c.CommandPath() + " [flags] " + args)
}

func helpVerbs(w io.Writer, c *cobra.Command) {
	wide := 0
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			wide = max(wide, len(child.Name()))
		}
	}
	last := "-"
	for _, child := range c.Commands() {
		if !child.IsAvailableCommand() {
			continue
		}
		if child.GroupID != last {
			last = child.GroupID
			fmt.Fprintf(w, "\n%s\n", groupTitle(c, last))
		}
		fmt.Fprintf(w, "  %-*s  %s\n", wide, child.Name(), child.Short)
	}
}

func groupTitle(c *cobra.Command, id string) string {
	for _, g := range c.Groups() {
		if g.ID == id {
			return g.Title
		}
	}
	return "Verbs"
}

func persistent(c *cobra.Command) *pflag.FlagSet {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.AddFlagSet(c.PersistentFlags())
	all.AddFlagSet(c.InheritedFlags())
	return all
}

func helpFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		left := flagUsage(f)
		for i, line := range wrap(flagText(f), 64) {
			if i > 0 || len(left) > 30 {
				if i == 0 {
					fmt.Fprintf(w, "  %s\n", left)
				}
				left = ""
			}
			fmt.Fprintf(w, "  %-30s  %s\n", left, line)
		}
	})
}

// flagUsage is how a flag is written: "-q, --quiet", "--out FILE".
func flagUsage(f *pflag.Flag) string {
	text := "--" + f.Name
	if f.Shorthand != "" {
		text = "-" + f.Shorthand + ", " + text
	}
	if value := placeholder(f); value != "" {
		text += " " + value
	}
	return text
}

// flagText is what a flag does, and what holds without it.
func flagText(f *pflag.Flag) string {
	switch {
	case strings.Contains(f.Usage, "(default"), f.DefValue == "", f.DefValue == "false", f.DefValue == "true", f.DefValue == "0", f.DefValue == "-1", f.DefValue == "[]":
		return f.Usage
	case f.DefValue == "-":
		return f.Usage + " (default: standard output)"
	}
	return f.Usage + " (default " + f.DefValue + ")"
}

// placeholder stands for the value of a flag.
func placeholder(f *pflag.Flag) string {
	known := map[string]string{
		"home": "DIR", "out-dir": "DIR", "output": "FORM", "ca-passphrase": "SOURCE", "passphrase": "SOURCE", "new-passphrase": "SOURCE", "challenge": "SOURCE",
		"out": "FILE", "key": "FILE", "key-out": "FILE", "csr": "FILE", "report": "FILE", "proof-key": "FILE", "root": "FILE", "chain": "FILE", "crl": "FILE",
		"profile": "NAME", "ca": "NAME", "officer": "NAME", "requester": "NAME", "parent": "NAME", "san": "NAME", "type": "KIND", "new-key": "KIND",
		"subject": "NAME", "validity": "TIME", "expires-within": "TIME", "keep": "TIME", "timeout": "TIME", "crl-validity": "TIME", "delta-validity": "TIME",
		"not-before": "DATE", "not-after": "DATE", "expires-before": "DATE", "issued-after": "DATE", "invalid-since": "DATE", "at": "DATE",
		"listen": "ADDRESS", "plain-listen": "ADDRESS", "url": "URL", "plain-url": "URL", "name": "NAME", "ready-file": "FILE", "database": "URL",
		"server": "URL", "server-root": "FILE", "token": "SOURCE", "client-certificate": "FILE", "client-key": "FILE", "client-passphrase": "SOURCE",
		"ocsp": "URI", "ca-issuers": "URI", "freshest-crl": "URI", "serial": "HEX", "head": "HEX", "format": "FORM", "inform": "FORM", "reason": "REASON", "revoke": "REASON",
	}
	switch f.Value.Type() {
	case "bool":
		return ""
	case "int", "int64", "intSlice":
		return "N"
	case "stringSlice":
		return "LIST"
	}
	if f.Name == "crl" && strings.Contains(f.Usage, "URI") {
		return "URI"
	}
	if p, ok := known[f.Name]; ok {
		return p
	}
	return "TEXT"
}

// wrap breaks a text at blanks into lines of at most so many characters.
func wrap(text string, most int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > most {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
