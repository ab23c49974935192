package verbs

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) diffCommand() *cobra.Command {
	var code bool
	c := &cobra.Command{
		Use: "diff A B", Short: "How do two differ, field by field, and why?", Args: takes(2, 2, "two files: requests or certificates"),
		Long: `Compare a request with the certificate that was issued for it, or two requests, or two
certificates, field by field. Where the home issued the certificate, the reason for every
change is told.`,
		Example: `certwright diff server.csr server.crt
certwright diff old.crt new.crt --exit-code`,
		RunE: func(c *cobra.Command, args []string) error { return p.diff(c.Context(), args[0], args[1], code) },
	}
	c.Flags().BoolVar(&code, "exit-code", false, "exit with 1 where they differ")
	return c
}

func (p *program) diff(ctx context.Context, a, b string, code bool) error {
	left, err := p.side(a)
	right, wrong := p.side(b)
	switch {
	case err != nil && wrong != nil: // both are told
		p.shell.TellLines("error", explain(err))
		return wrong
	case err != nil || wrong != nil:
		return cmp.Or(err, wrong)
	}
	reasons, err := p.reasons(ctx, left, right)
	if err != nil {
		return err
	}
	d := task.Compare(left, right, reasons)
	if p.shell.JSON {
		err = p.shell.Object(d)
	} else {
		err = d.WriteText(p.shell.Out)
	}
	if err != nil {
		return err
	}
	if code && d.Changed() {
		return front.No(front.CodeMismatch)
	}
	return nil
}

func (p *program) side(file string) (task.Side, error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return task.Side{}, err
	}
	s, err := task.ParseSide(data)
	return s, inFile(file, err)
}

// reasons are told where one of two is a request and the home knows the other.
func (p *program) reasons(ctx context.Context, a, b task.Side) ([]inspect.Reason, error) {
	var c *cert.Certificate
	switch {
	case a.Request != nil && b.Certificate != nil:
		c = b.Certificate
	case b.Request != nil && a.Certificate != nil:
		c = a.Certificate
	default:
		return nil, nil
	}
	if !p.atWork() {
		return nil, nil
	}
	o, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	return task.Reasons(ctx, o, c)
}
