package openssl

import (
	"bufio"
	"io"
	"strings"
)

const widestOption = 30

// writeHelp prints the table of a command as `-help` does.
func (cmd command) writeHelp(to io.Writer) {
	w := bufio.NewWriter(to)
	defer w.Flush()
	usage := cmd.usage
	if usage == "" {
		usage = "[options]"
	}
	w.WriteString("Usage: " + cmd.name + " " + usage + "\n")
	width := 5
	for _, o := range cmd.options {
		if o.kind != heading {
			width = max(width, min(len(o.label()), widestOption))
		}
	}
	for _, o := range cmd.options {
		if o.kind == heading {
			w.WriteString("\n" + o.help + ":\n")
			continue
		}
		label := " " + o.label()
		if len(label) > widestOption+1 {
			w.WriteString(label + "\n")
			label = ""
		}
		w.WriteString(label + strings.Repeat(" ", width+2-len(label)) + " " + o.help)
		if o.refused != "" && !strings.Contains(o.help, "refused") {
			w.WriteString(" (not supported)")
		}
		w.WriteByte('\n')
	}
}

// label is what the help shows of an option: -in infile.
func (o option) label() string {
	switch o.kind {
	case flag:
		return "-" + o.name
	case parameters:
		return o.name
	case anyCipher, anyDigest:
		return "-*"
	}
	return "-" + o.name + " " + o.kind.word()
}

// word names the value of an option.
func (k kind) word() string {
	switch k {
	case inFile:
		return "infile"
	case outFile:
		return "outfile"
	case folder:
		return "dir"
	case uri:
		return "uri"
	case number:
		return "int"
	case positive:
		return "+int"
	case count:
		return "nonneg"
	case moment:
		return "intmax"
	case derOrPEM:
		return "PEM|DER"
	case anyFormat:
		return "format"
	case keyFormat:
		return "format"
	}
	return "val"
}
