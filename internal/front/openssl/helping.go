package openssl

import (
	"fmt"
	"io"
)

func helpCommand() command {
	return command{name: "help", usage: "[options] [command]", run: help, options: []option{
		title("General options"),
		helpOption(),
		title("Parameters"),
		{"command", parameters, "Command to show the options of", ""},
	}}
}

func help(c *call) error {
	if len(c.args) > 1 {
		return c.misuse("")
	}
	if len(c.args) == 1 {
		command, ok := find(c.args[0])
		if !ok {
			return complain("Invalid command '%s'; type \"help\" for a list.", c.args[0])
		}
		command.writeHelp(c.Stderr)
		return nil
	}
	fmt.Fprint(c.Stderr, "help:\n\nStandard commands\n")
	var names []string
	for _, command := range commands() {
		names = append(names, command.name)
	}
	writeColumns(c.Stderr, names, 18)
	fmt.Fprint(c.Stderr, "\n")
	return nil
}

// writeColumns prints names in columns of a width, as many as 80 characters
// hold.
func writeColumns(w io.Writer, names []string, width int) {
	columns := max(1, 79/width)
	for i, name := range names {
		fmt.Fprintf(w, "%-*s", width, name)
		if (i+1)%columns == 0 || i == len(names)-1 {
			fmt.Fprintln(w)
		}
	}
}
