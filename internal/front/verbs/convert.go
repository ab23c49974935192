package verbs

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

type convertFlags struct {
	to, key, passphrase, out string
	asDER, force, printing   bool
}

func (p *program) requestConvertCommand() *cobra.Command {
	var f convertFlags
	c := &cobra.Command{
		Use: "convert CSR", Short: "Make a request anew in another format", Args: takes(1, 1, "a request file"),
		Long: `Make a request anew in another format: subject, names, extensions and challenge password go
along, and the key signs again. What the other format has no room for is named. From CRMF to
CRMF every field, control and item of regInfo goes along, and the proof of possession is new.`,
		Example: `certwright request convert server.csr --to crmf --key server.key --out server.crmf
certwright request convert browser.spkac --to pkcs10 --key browser.key --out browser.csr`,
		RunE: func(_ *cobra.Command, args []string) error { return p.requestConvert(args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.to, "to", "", "format: "+task.RequestFormats)
	flags.StringVar(&f.key, "key", "", "file of the private key of the request")
	secretFlag(flags, &f.passphrase, "passphrase", "passin", "passphrase of the key")
	flags.StringVar(&f.out, "out", "-", "file to write")
	flags.BoolVar(&f.asDER, "der", false, "write DER instead of PEM, or of the lines of an SPKAC")
	flags.BoolVar(&f.force, "force", false, "overwrite an existing file")
	printFlag(flags, &f.printing)
	return c
}

func (p *program) requestConvert(file string, f *convertFlags) error {
	to, err := requestFormat("to", f.to)
	if err != nil {
		return err
	}
	if f.key == "" {
		return front.Usage("name the private key of the request with --key FILE", "a request is made anew with its key")
	}
	old, err := p.oneRequest(file)
	if err != nil {
		return err
	}
	if err := subjectInDER(to, old.Subject, f.asDER); err != nil {
		return err
	}
	if f.printing {
		return p.printConvertRequest(old, to, f)
	}
	k, err := p.readKey(f.key, f.passphrase, "passphrase")
	if err != nil {
		return err
	}
	made, err := task.ConvertRequest(old, to, k)
	if err != nil {
		return err
	}
	return p.writeRequest(made, f.out, f.asDER, f.force)
}

// subjectInDER refuses to write an SPKAC without the subject that was asked for.
func subjectInDER(format request.Format, subject dn.Name, asDER bool) error {
	if format != request.SPKAC || !asDER || subject.IsEmpty() {
		return nil
	}
	return front.Usage("leave --der out, and the file has a line for each part of the subject; or choose another format: --format crmf",
		"an SPKAC in DER has no room for the subject %s", subject)
}

// requestFormat checks the name of a format.
func requestFormat(flag, name string) (request.Format, error) {
	switch format := request.Format(strings.ToLower(strings.ReplaceAll(name, "#", ""))); format {
	case request.PKCS10, request.CRMF, request.SPKAC:
		return format, nil
	}
	fix := "the formats are " + task.RequestFormats
	if near := spelling.Nearest(name, strings.Split(task.RequestFormats, ", ")); near != "" {
		fix = "did you mean \"" + near + "\"?"
	}
	if name == "" {
		return "", front.Usage("add --"+flag+" with one of "+task.RequestFormats, "the format is missing")
	}
	return "", front.Usage(fix, "--%s: there is no format %q", flag, name)
}

// writeRequest writes a request that was made, and tells what is to be known
// of it.
func (p *program) writeRequest(made *task.MadeRequest, out string, asDER, force bool) error {
	for _, n := range made.Notes {
		p.shell.Say("%s.", strings.ToUpper(n[:1])+n[1:])
	}
	data := made.Encode(asDER)
	if err := p.shell.NotRead(out); err != nil {
		return err
	}
	if out != "-" || !p.shell.JSON {
		if err := p.shell.Write(out, data, front.PublicFile, force); err != nil || out == "-" {
			return err
		}
	}
	if p.shell.JSON {
		return p.shell.Object(madeJSON(out, made, data, asDER))
	}
	p.shell.Say("Wrote %s: a request for %s, %s.", out, subjectOrNames(made.Request), made.PublicKey)
	return nil
}

// madeJSON tells of a new request, with the request where no file took it.
func madeJSON(out string, made *task.MadeRequest, data []byte, asDER bool) requestJSON {
	if out != "-" {
		return requestToJSON(out, made.Request)
	}
	told := requestToJSON("", made.Request)
	if asDER {
		told.DER = data
	} else {
		told.PEM = string(data)
	}
	return told
}
