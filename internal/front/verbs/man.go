package verbs

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/internal/front"
)

// writeManual writes a page for a command and for each below it.
func (p *program) writeManual(c *cobra.Command, folder string) error {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	if err := p.shell.Write(filepath.Join(folder, name+".1"), []byte(manualPage(c, name)), front.PublicFile, true); err != nil {
		return err
	}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			if err := p.writeManual(child, folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// manualPage is the manual page of one command, in the man macros.
func manualPage(c *cobra.Command, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"certwright\" \"User commands\"\n", strings.ToUpper(name))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(usageLine(c)))
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s", paragraphs(text))
	if c.HasAvailableSubCommands() {
		b.WriteString(".SH VERBS\n")
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(name+"-"+child.Name()), roff(child.Short))
			}
		}
	}
	manualFlags(&b, "OPTIONS", c.LocalNonPersistentFlags())
	manualFlags(&b, "OPTIONS OF EVERY VERB", persistent(c))
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.TrimSpace(c.Example)))
	}
	b.WriteString(".SH EXIT STATUS\n0 done; 1 the answer is no; 2 wrong usage; 3 could not do it.\n")
	return b.String()
}

// paragraphs keeps indented lines as they are and fills the others.
func paragraphs(text string) string {
	var b strings.Builder
	kept := false
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if in := strings.HasPrefix(line, " "); in != kept && line != "" {
			b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[in])
			kept = in
		}
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roff(line) + "\n")
	}
	if kept {
		b.WriteString(".fi\n")
	}
	return b.String()
}

func manualFlags(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(flagUsage(f)), roff(flagText(f)))
	})
}

// roff protects what the man macros would take for their own.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
