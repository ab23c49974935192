package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

type confirmFlags struct {
	key, passphrase, out, answer, ticket, from, reject string
	force                                              bool
}

func (p *program) requestConfirmCommand() *cobra.Command {
	var f confirmFlags
	c := &cobra.Command{
		Use: "confirm FILE", Short: "Show that you hold a key that cannot sign", Args: takes(1, 1, "the file that came encrypted, or the answer made of it"),
		Long: `Show that you hold the private key of a request that could not be signed: decrypt what the
authority encrypted to it, and answer. Once the authority has the answer, the certificate
counts; without one it is revoked after a day, or the time its profile gives.

With the authority in the home, one command does both: it decrypts with --key, and confirms.
Elsewhere --answer FILE writes the answer, and the authority's operator gives that file to
this command, without --key.`,
		Example: `certwright request confirm mail.encrypted.pem --key mail.key --out mail.crt
certwright request confirm mail.encrypted.pem --key mail.key --out mail.crt --answer mail.answer
certwright request confirm mail.answer`,
		RunE: func(c *cobra.Command, args []string) error { return p.requestConfirm(c.Context(), args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.key, "key", "", "file of the private key of the request")
	secretFlag(flags, &f.passphrase, "passphrase", "passin", "passphrase of the key")
	flags.StringVar(&f.out, "out", "", "file for the certificate (default: it is not written)")
	flags.StringVar(&f.answer, "answer", "", "file to write the answer to, for the authority, instead of confirming here")
	flags.StringVar(&f.ticket, "ticket", "", "ticket that the answer is for (default: the one the file names)")
	flags.StringVar(&f.from, "from", "", "who answers (default: whoever asked for the certificate)")
	flags.StringVar(&f.reject, "reject", "", "why the certificate is not wanted: it is revoked")
	flags.BoolVar(&f.force, "force", false, "overwrite existing files")
	return c
}

func (p *program) requestConfirm(ctx context.Context, file string, f *confirmFlags) error {
	data, err := p.shell.Read(file)
	if err != nil {
		return err
	}
	c, err := task.ReadToConfirm(data)
	if err != nil {
		return inFile(file, err)
	}
	if f.ticket != "" {
		c.Ticket = f.ticket
	}
	if c.Answer != nil {
		return p.confirm(ctx, c.Ticket, f, *c.Answer)
	}
	if f.key == "" {
		return front.Usage("name the private key of the request with --key FILE", "%s is encrypted", nameOf(file))
	}
	k, err := p.readKey(f.key, f.passphrase, "passphrase")
	if err != nil {
		return err
	}
	opened, err := c.Open(k)
	if err != nil {
		return inFile(file, err)
	}
	if f.out != "" && opened.Certificate != nil {
		if err := p.shell.Write(f.out, task.EncodeCertificates(opened.Certificate.Raw), front.PublicFile, f.force); err != nil {
			return err
		}
	}
	if f.answer == "" {
		return p.confirm(ctx, c.Ticket, f, opened.Answer)
	}
	answer, err := task.EncodeAnswer(c.Ticket, opened.Answer)
	if err != nil {
		return err
	}
	if err := p.shell.Write(f.answer, answer, front.PublicFile, f.force); err != nil {
		return err
	}
	if f.answer != "-" {
		p.shell.Say("Wrote %s: send it to the authority, which takes it with certwright request confirm %s.", f.answer, f.answer)
	}
	return nil
}

// confirm hands an answer to the authority of the home.
func (p *program) confirm(ctx context.Context, ticket string, f *confirmFlags, answer crmf.Answer) error {
	if ticket == "" {
		return front.Usage("name it with --ticket", "the file does not name the ticket that it is for")
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	confirmation := task.ConfirmationOf(ticket, f.from, answer)
	confirmation.Rejected = f.reject
	out, err := o.Desk().Confirm(ctx, confirmation)
	if err != nil {
		return unknownTicket(ticket, err)
	}
	name := f.out
	if name == "" && out.Holds == "" && answer.Number == nil {
		name = "-" // the applicant has decrypted it already
	}
	return p.confirmed(out, name)
}

func (p *program) confirmed(out *authority.Outcome, name string) error {
	t := outcomeToJSON("", 0, out)
	if out.Certificate != nil && name != "-" {
		if err := p.shell.Replace(againName("-", name, t.Serial+".crt"), served(out), front.PublicFile); err != nil {
			return onRecord(err, t.Serial)
		}
	}
	switch {
	case p.shell.JSON:
		if err := p.shell.Object(t); err != nil {
			return err
		}
	case out.Certificate != nil:
		p.shell.Print("Ticket %s is confirmed: the certificate is valid.", t.Ticket)
		p.printIssued(*t.Certificate)
	case t.Error == nil:
		p.printWaiting(t)
	}
	if t.Error == nil {
		return nil
	}
	if out.Ticket.State == authority.StateWithdrawn {
		if !p.shell.JSON {
			p.shell.Print("Ticket %s is withdrawn.", t.Ticket)
		}
		return nil
	}
	p.tellRefusal(t)
	return front.No(front.CodeRefused)
}
