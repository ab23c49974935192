package verbs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/asn1tree"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

type inspectFlags struct {
	passphrase, server string
	secrets, all       bool
	entries            int
	timeout            time.Duration
}

func (p *program) inspectCommand() *cobra.Command {
	var i inspectFlags
	c := &cobra.Command{
		Use: "inspect FILE…|URL|HOST:PORT", Short: "What is this? Any key, request, certificate, list or container", Args: takes(1, -1, "files, a URL or HOST:PORT"),
		Long: `Tell what a file is, and show everything in it: keys, requests, certificates, revocation lists,
OCSP, PKCS#7 and CMS, PKCS#12 and others, in PEM, DER or base64, one or many in a file.

A URL of a file is fetched; https://HOST and HOST:PORT show the certificates that a TLS server
presents, without trusting them. What wants attention is noted. An encrypted key or PKCS#12
file is opened with --passphrase, or one that is asked for at a terminal; elsewhere it stays closed.`,
		Example: `certwright inspect server.csr
certwright inspect www.example.com:443
certwright inspect bundle.p12 --passphrase pass:changeit --output json`,
		RunE: func(c *cobra.Command, args []string) error { return p.inspect(c.Context(), args, i) },
	}
	f := c.Flags()
	secretFlag(f, &i.passphrase, "passphrase", "passin", "passphrase of what is encrypted")
	f.BoolVar(&i.secrets, "secrets", false, "show the values of private keys")
	f.BoolVar(&i.all, "all", false, "show everything: all entries of long lists, long values whole, the types of strings")
	f.StringVar(&i.server, "servername", "", "name to ask a TLS server for (default: HOST)")
	f.DurationVar(&i.timeout, "timeout", 15*time.Second, "how long to wait for a host")
	return c
}

// named is something that was read, with its name.
type named struct {
	name string
	data []byte
	err  error // why it was not read
}

func (p *program) inspect(ctx context.Context, args []string, i inspectFlags) error {
	if i.all {
		i.entries = -1
	}
	var inputs []named
	for _, arg := range args {
		data, err := p.readAnything(ctx, arg, i)
		inputs = append(inputs, named{arg, data, err})
	}
	return p.inspectData(inputs, i)
}

// readAnything reads a file, or where there is no such file, a URL or a host.
func (p *program) readAnything(ctx context.Context, arg string, i inspectFlags) ([]byte, error) {
	if isFile(arg) {
		return p.shell.Read(arg)
	}
	place, ok := front.ParseRemote(arg)
	if !ok {
		return p.shell.Read(arg)
	}
	place.ServerName = i.server
	ctx, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	chain, data, err := place.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	if chain != nil {
		data = task.EncodeCertificates(chain...)
	}
	return data, nil
}

func (p *program) inspectData(inputs []named, i inspectFlags) error {
	run := several{p: p, count: len(inputs)}
	w := bufio.NewWriter(p.shell.Out)
	shown := false
	for _, in := range inputs {
		report, err := p.report(in, i)
		if err != nil {
			f, err := run.failed(err)
			if err != nil {
				return err
			}
			if err := p.lineOf(w, in.name, f); err != nil {
				return err
			}
			continue
		}
		if isUnknown(report) {
			run.keep(front.No(front.CodeInvalid))
			p.unrecognised(in.name, report)
			if !p.shell.JSON {
				continue
			}
		}
		if p.shell.JSON {
			err = writeReport(w, in.name, len(inputs) > 1, report)
		} else {
			if len(inputs) > 1 {
				w.WriteString(map[bool]string{true: "\n"}[shown] + front.Visible(nameOf(in.name)) + "\n")
			}
			shown = true
			err = report.WriteText(w)
		}
		if err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return run.end()
}

// report is what is known of one input.
func (p *program) report(in named, i inspectFlags) (*inspect.Report, error) {
	if in.err != nil {
		return nil, in.err
	}
	options := inspect.Options{Now: p.shell.Now(), Secrets: i.secrets, MaxEntries: i.entries}
	if i.passphrase != "" || p.shell.Interactive() {
		options.Passphrase = func() ([]byte, error) { return p.shell.Secret(i.passphrase, nameOf(in.name), "passphrase") }
	}
	report, err := inspect.Data(in.data, options)
	return report, keyFailure(in.name, err)
}

// lineOf writes what is wrong with one input of several, as JSON.
func (p *program) lineOf(w *bufio.Writer, name string, f *front.Failure) error {
	if !p.shell.JSON {
		return nil
	}
	text, err := json.Marshal(struct {
		Input string         `json:"input"`
		Error *front.Failure `json:"error"`
	}{name, f})
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// unrecognised says that a file holds nothing that is known.
func (p *program) unrecognised(file string, report *inspect.Report) {
	text := "nothing in it is recognised"
	for _, o := range report.Objects {
		for _, n := range o.Notes {
			text = n.Text
		}
	}
	p.shell.TellLines("error", &front.Failure{Detail: nameOf(file) + ": " + text,
		Fix: "known are keys, requests, certificates, revocation lists, OCSP, CMS and PKCS#12, in PEM, DER or base64"})
}

// isUnknown reports whether nothing in the input was recognised.
func isUnknown(r *inspect.Report) bool {
	for _, o := range r.Objects {
		if o.Kind != inspect.Unknown {
			return false
		}
	}
	return true
}

// writeReport writes a report as JSON; of several inputs each on its own, with
// its name.
func writeReport(w *bufio.Writer, name string, several bool, report *inspect.Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if several {
		quoted, err := json.Marshal(name)
		if err != nil {
			return err
		}
		text = append([]byte(`{"input":`+string(quoted)+`,`), text[1:]...)
		_, err = w.Write(append(text, '\n'))
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

type asn1Flags struct {
	inform         string
	offset, length int
	dig            []int
	flat, indent   bool
	dump           bool
	dumpLimit      int
}

func (p *program) asn1Command() *cobra.Command {
	var a asn1Flags
	c := &cobra.Command{
		Use: "asn1 FILE", Short: "The ASN.1 tree of a file, as openssl asn1parse -i prints it", Args: takes(1, 1, "one file"),
		Long: `Print the tree of BER or DER elements in a file, byte for byte as "openssl asn1parse -i" prints
it: offset, depth, header length, length, and what it is. PEM, DER and base64 are told apart
by themselves. --output json gives the same as values.`,
		Example: `certwright asn1 server.csr
certwright asn1 server.crt --strparse 19`,
		RunE: func(_ *cobra.Command, args []string) error { return p.asn1(args[0], &a) },
	}
	f := c.Flags()
	f.StringVar(&a.inform, "inform", "", "PEM, DER or B64 (default: told by the content)")
	f.IntVar(&a.offset, "offset", 0, "octets to pass over")
	f.IntVar(&a.length, "length", 0, "octets to read (0: all)")
	f.IntSliceVar(&a.dig, "strparse", nil, "open the element at this offset, and take its content (repeat to dig deeper)")
	f.BoolVar(&a.flat, "no-indent", false, "do not indent by depth")
	f.BoolVarP(&a.indent, "indent", "i", true, "indent by depth, which is the default")
	f.MarkHidden("indent")
	f.BoolVar(&a.dump, "dump", false, "show unprintable content in hexadecimal")
	f.IntVar(&a.dumpLimit, "dlimit", 0, "the same, at most so many octets of each")
	return c
}

func (p *program) asn1(file string, a *asn1Flags) error {
	data, err := p.shell.Read(file)
	if err != nil {
		return err
	}
	if data, err = decodeForm(data, a.inform); err != nil {
		return inFile(file, err)
	}
	err = p.writeTree(data, asn1tree.Options{
		Indent: a.indent && !a.flat, Offset: a.offset, Length: a.length, StrParse: a.dig, Dump: a.dump, DumpLimit: a.dumpLimit,
		Skipped: func(offset int) { p.shell.Warn("the offset %d lies outside the data, and was passed over", offset) },
	})
	var broken *asn1tree.Error
	if errors.As(err, &broken) {
		return inFile(file, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: broken.Error(), Fix: asn1Fix(broken)})
	}
	return err
}

func (p *program) writeTree(data []byte, o asn1tree.Options) error {
	if p.shell.JSON {
		list, err := asn1tree.Elements(data, o)
		if err != nil {
			return err
		}
		return p.shell.Object(list)
	}
	w := bufio.NewWriter(p.shell.Out)
	err := asn1tree.Write(w, data, o)
	if flushing := w.Flush(); err == nil {
		err = flushing
	}
	return err
}

func asn1Fix(e *asn1tree.Error) string {
	switch e.Kind {
	case asn1tree.OutOfRange, asn1tree.BadStructure, asn1tree.NotOpenable:
		return "take an offset from the first column of the tree"
	}
	return "this is not BER or DER, or it was cut off; see what it is: certwright inspect"
}

// spkacOctets takes the request out of the lines of its file.
func spkacOctets(text []byte) ([]byte, error) {
	f, err := spkac.ParseFile(text)
	if err != nil {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: "the SPKAC is damaged: " + strings.TrimPrefix(err.Error(), "reading a signed public key and challenge: "),
			Fix: "copy the whole file again", Err: err}
	}
	return append(bytes.Clone(f.Request.Raw), f.Request.Trailing...), nil
}

// decodeForm takes the octets out of PEM, base64 or DER.
func decodeForm(data []byte, inform string) ([]byte, error) {
	switch inform {
	case "DER", "der":
		return data, nil
	case "B64", "b64":
		out := make([]byte, base64.StdEncoding.DecodedLen(len(data)))
		n, err := base64.StdEncoding.Decode(out, bytes.Join(bytes.Fields(data), nil))
		if err != nil {
			return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: "this is not base64", Fix: "leave --inform out"}
		}
		return out[:n], nil
	case "", "PEM", "pem":
		if inform == "" && spkac.IsFile(data) {
			return spkacOctets(data)
		}
		blocks, err := pem.Find(data)
		if err == nil && len(blocks) > 0 && (inform == "" || blocks[0].Label != "") {
			return blocks[0].Bytes, nil
		}
		if inform != "" {
			return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: "there is no PEM in this file", Fix: "leave --inform out"}
		}
		return data, nil
	}
	return nil, front.Usage("write PEM, DER or B64", "--inform: there is no form %q", inform)
}
