package verbs

import (
	"context"
	"encoding/hex"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/protocol/cmp"
)

func (p *program) enrollCACommand() *cobra.Command {
	var f enrollFlags
	var out string
	c := &cobra.Command{
		Use: "ca URL", Short: "Fetch the certificates of a server's authority", Args: takes(1, 1, "the address of a CMP server"),
		Long: `Fetch the certificates of the authority that a CMP server issues by (genm caCerts), and write
them in PEM.`,
		Example: "certwright enroll ca https://ca.example:8443/.well-known/cmp --secret pump-7:file:pump-7.secret --out ca.pem",
		RunE: func(c *cobra.Command, args []string) error {
			if out != "-" {
				if err := p.shell.Writable(out); err != nil {
					return err
				}
			}
			return p.enrollCA(c.Context(), args[0], &f, out)
		},
	}
	f.secretFlags(c)
	f.connectFlags(c)
	c.Flags().StringVar(&out, "out", "-", "file to write")
	return c
}

// fetchedJSON is a certificate of an authority.
type fetchedJSON struct {
	Subject     string `json:"subject"`
	Issuer      string `json:"issuer"`
	NotAfter    string `json:"notAfter"`
	Fingerprint string `json:"fingerprint"`
	PEM         string `json:"pem"`
}

func (p *program) enrollCA(ctx context.Context, address string, f *enrollFlags, out string) error {
	e, err := p.connect(address, f)
	if err != nil {
		return err
	}
	answer, err := e.ask(ctx, cmp.Info{Type: cmp.InfoCACerts})
	if err != nil {
		return err
	}
	list, err := answer.Sequence()
	if err != nil {
		return e.failure(err)
	}
	told := []fetchedJSON{}
	for _, raw := range list {
		c, err := cert.Parse(raw)
		if err != nil {
			return e.failure(err)
		}
		sum := c.Fingerprint()
		told = append(told, fetchedJSON{c.Subject.String(), c.Issuer.String(), stamp(c.NotAfter), hex.EncodeToString(sum[:]), string(task.EncodeCertificates(raw))})
	}
	if out != "-" || !p.shell.JSON {
		if err := p.shell.Replace(out, task.EncodeCertificates(list...), front.PublicFile); err != nil {
			return err
		}
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	for _, c := range told {
		p.shell.Say("%s, to %s, SHA-256 %s", c.Subject, c.NotAfter[:10], c.Fingerprint)
	}
	return nil
}

// ask asks one question.
func (e *enroller) ask(ctx context.Context, question cmp.Info) (cmp.Info, error) {
	answers, err := e.client.Ask(ctx, question)
	if err != nil {
		return cmp.Info{}, e.failure(err)
	}
	for _, a := range answers {
		if a.Type == question.Type && a.Value != nil {
			return a, nil
		}
	}
	return cmp.Info{}, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the server " + e.host + " does not tell " + question.Name(), Fix: "ask the people who run it"}
}

func (p *program) enrollTemplateCommand() *cobra.Command {
	var f enrollFlags
	c := &cobra.Command{
		Use: "template URL", Short: "Show what a server wants requests to say", Args: takes(1, 1, "the address of a CMP server"),
		Long:    `Show what requests to a CMP server should say (genm certReqTemplate): the parts of the subject, the extensions, and the keys.`,
		Example: "certwright enroll template https://ca.example:8443/.well-known/cmp/p/device --secret pump-7:file:pump-7.secret",
		RunE:    func(c *cobra.Command, args []string) error { return p.enrollTemplate(c.Context(), args[0], &f) },
	}
	f.secretFlags(c)
	f.connectFlags(c)
	return c
}

// templateJSON is what requests should say.
type templateJSON struct {
	Subject    []string `json:"subject"` // attributes; with "=VALUE" where it is given
	Extensions []string `json:"extensions"`
	Keys       []string `json:"keys"`
	RSABits    []int    `json:"rsaBits,omitempty"`
}

func (p *program) enrollTemplate(ctx context.Context, address string, f *enrollFlags) error {
	e, err := p.connect(address, f)
	if err != nil {
		return err
	}
	answer, err := e.ask(ctx, cmp.Info{Type: cmp.InfoCertReqTemplate})
	if err != nil {
		return err
	}
	wanted, err := answer.RequestTemplate()
	if err != nil {
		return e.failure(err)
	}
	t := templateToJSON(wanted)
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	if len(t.Subject)+len(t.Extensions)+len(t.Keys)+len(t.RSABits) == 0 {
		p.shell.Say("The server wants nothing in particular.")
		return nil
	}
	lines := [][2]string{{"Subject", strings.Join(t.Subject, ", ")}, {"Extensions", strings.Join(t.Extensions, ", ")}, {"Keys", strings.Join(t.Keys, ", ")}}
	for i, bits := range t.RSABits {
		label := ""
		if i == 0 {
			label = "RSA keys"
		}
		lines = append(lines, [2]string{label, itoa(bits) + " bits"})
	}
	p.printLines(lines, "")
	return nil
}

func templateToJSON(r cmp.RequestTemplate) templateJSON {
	t := templateJSON{Subject: []string{}, Extensions: []string{}, Keys: []string{}, RSABits: r.RSABits}
	if r.Template.Subject != nil {
		for _, rdn := range r.Template.Subject.RDNs {
			for _, a := range rdn {
				line := a.Type.Short()
				if a.Text() != "" {
					line += "=" + a.Text()
				}
				t.Subject = append(t.Subject, line)
			}
		}
	}
	for _, e := range r.Template.Extensions {
		t.Extensions = append(t.Extensions, extensionLine(e))
	}
	for _, a := range r.Algorithms {
		name := a.ID.Name()
		if curve, err := oid.ParseContent(curveContent(a.Parameters)); err == nil {
			name += " " + curve.Name()
		}
		t.Keys = append(t.Keys, name)
	}
	return t
}

// curveContent is the content of an OBJECT IDENTIFIER in DER.
func curveContent(parameters []byte) []byte {
	if len(parameters) < 3 || parameters[0] != 6 {
		return nil
	}
	return parameters[2:]
}

// extensionLine names an extension, with what it holds where that is short.
func extensionLine(e ext.Extension) string {
	var values []string
	switch e.ID {
	case oid.KeyUsage:
		if u, err := ext.ParseKeyUsage(e.Value); err == nil {
			values = ext.KeyUsageNames(u)
		}
	case oid.ExtKeyUsage:
		if all, err := ext.ParseExtKeyUsage(e.Value); err == nil {
			for _, id := range all {
				values = append(values, id.Name())
			}
		}
	}
	if len(values) == 0 {
		return e.ID.Name()
	}
	return e.ID.Name() + " (" + strings.Join(values, ", ") + ")"
}
