package verbs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

const exportFormats = "pem, der, chain, fullchain, pkcs7, pkcs12, jks"

type exportFlags struct {
	format, reader, key, out, source, newSource, name string
	withRoot, asDER, force                            bool
}

func (p *program) exportCommand() *cobra.Command {
	var e exportFlags
	c := &cobra.Command{
		Use: "export SERIAL|FILE", Short: "Write a certificate in the form another program wants", Args: takes(1, 1, "a serial number, certificate file, ticket or name"),
		Long: `Write a certificate in the form another program wants:

  pem        the certificate                    der   the same in DER
  chain      its issuers without the root       fullchain   the certificate and those
  pkcs7      the certificate and its chain      pkcs12, jks   key, certificate and chain

p7b stands for pkcs7, and p12 and pfx for pkcs12.
--with-root adds the root. pkcs12 and jks take the private key with --key and a passphrase
with --new-passphrase; without a key they are trust stores with the issuers. --for chooses
ciphers that the reader knows: modern (AES-256), java8, windows-2016, macos and legacy (3DES).`,
		Example: `certwright export server.crt --format fullchain --out fullchain.pem
certwright export server.crt --format pkcs12 --key server.key --out server.p12
certwright export 4b1d… --format jks --key server.key --new-passphrase env:STOREPASS --out server.jks`,
		RunE: func(c *cobra.Command, args []string) error { return p.export(c.Context(), args[0], &e) },
	}
	f := c.Flags()
	f.StringVar(&e.format, "format", "fullchain", "one of "+exportFormats)
	f.StringVar(&e.reader, "for", "modern", "who reads a pkcs12 file: "+task.Readers)
	f.StringVar(&e.key, "key", "", "file of the private key, for pkcs12 and jks")
	secretFlag(f, &e.source, "passphrase", "passin", "passphrase of that key")
	secretFlag(f, &e.newSource, "new-passphrase", "passout", "passphrase of the container")
	f.StringVar(&e.name, "name", "", "alias of the key in a pkcs12 or jks file (default: from the file or the serial number)")
	f.BoolVar(&e.withRoot, "with-root", false, "add the root to the chain")
	f.BoolVar(&e.asDER, "der", false, "write pkcs7 in DER instead of PEM")
	f.StringVar(&e.out, "out", "-", "file to write")
	f.BoolVar(&e.force, "force", false, "overwrite an existing file, whatever it holds")
	f.StringVar(&p.ca, "ca", "", "authority that issued it")
	return c
}

func (p *program) export(ctx context.Context, word string, e *exportFlags) error {
	e.format = usualFormat(e.format)
	container := e.format == "pkcs12" || e.format == "jks"
	if e.key != "" && !container {
		return front.Usage("use --format pkcs12 or jks", "the format %q does not take a key", e.format)
	}
	if e.format == "pkcs12" {
		if _, err := task.Preset(e.reader); err != nil {
			return front.Usage(front.Explain(err).Fix, "--for: there is no reader %q", e.reader)
		}
	}
	list, err := p.wholeChain(ctx, word)
	if err != nil {
		return err
	}
	short := task.WithoutRoot(list)
	if e.withRoot {
		short = list
	}
	switch e.format {
	case "pem":
		return p.writeExport(e, task.EncodeCertificates(list[0]))
	case "der":
		return p.writeExport(e, list[0])
	case "fullchain":
		return p.writeExport(e, task.EncodeCertificates(short...))
	case "chain":
		if len(short) < 2 {
			return &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the chain has nothing between the certificate and the root", Fix: "add the root with --with-root, or use --format fullchain"}
		}
		return p.writeExport(e, task.EncodeCertificates(short[1:]...))
	case "pkcs7":
		data := cms.CertsOnly(short, nil)
		if !e.asDER {
			data = pem.Encode("PKCS7", data)
		}
		return p.writeExport(e, data)
	case "pkcs12", "jks":
		if e.key != "" && len(short) > 0 { // a trust store is nothing without its root
			list = short
		}
		return p.exportContainer(word, list, e)
	}
	fix := "the formats are " + exportFormats
	if near := spelling.Nearest(e.format, strings.Split(exportFormats, ", ")); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	return front.Usage(fix, "--format: there is no format %q", e.format)
}

// usualFormat is the format that a suffix of files stands for.
func usualFormat(name string) string {
	switch strings.ToLower(name) {
	case "p12", "pfx":
		return "pkcs12"
	case "p7b", "p7c":
		return "pkcs7"
	}
	return name
}

// writeExport writes certificates: over others of their kind, and with --force
// over anything that is not read here.
func (p *program) writeExport(e *exportFlags, data []byte) error {
	if !e.force {
		return p.shell.Replace(e.out, data, front.PublicFile)
	}
	if err := p.shell.NotRead(e.out); err != nil {
		return err
	}
	return p.shell.Write(e.out, data, front.PublicFile, true)
}

func (p *program) exportContainer(word string, list [][]byte, e *exportFlags) error {
	bundle := task.Bundle{Chain: list, Name: e.name, At: p.shell.Now()}
	if bundle.Name == "" {
		bundle.Name = strings.ToLower(strings.TrimSuffix(filepath.Base(word), filepath.Ext(word)))
	}
	mode := front.PublicFile
	if e.key != "" {
		k, err := p.readKey(e.key, e.source, "passphrase")
		if err != nil {
			return err
		}
		bundle.Key, mode = k, front.SecretFile
	}
	passphrase, err := p.shell.NewSecret(e.newSource, "the "+e.format+" file", false)
	if err != nil {
		return err
	}
	if passphrase == nil {
		return front.Usage("give it with --new-passphrase "+front.SourceHelp, "a %s file needs a passphrase, and there is no terminal to ask for it", e.format)
	}
	var data []byte
	if e.format == "pkcs12" {
		data, err = task.EncodePKCS12(bundle, e.reader, passphrase)
	} else {
		data, err = task.EncodeJKS(bundle, passphrase)
	}
	if err != nil {
		return err
	}
	if err := p.shell.NotRead(e.out); err != nil {
		return err
	}
	return p.shell.Write(e.out, data, mode, e.force)
}

// wholeChain is a certificate with its issuers: as the home knows them, or as
// the file holds them.
func (p *program) wholeChain(ctx context.Context, word string) ([][]byte, error) {
	if !p.atWork() && isFile(word) {
		return p.chainInFile(word, nil)
	}
	o, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	record, err := p.target(ctx, o, word)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Reason == request.UnknownCertificate && isFile(word) {
		return p.chainInFile(word, err)
	}
	if err != nil {
		return nil, err
	}
	if record.Status == authority.StatusUnconfirmed {
		return nil, &request.Refusal{Reason: request.WrongState, Field: "serial", Detail: fmt.Sprintf("certificate %x is unconfirmed: only its holder may have it yet, encrypted to its key", record.Serial),
			Fix: "have the applicant confirm it: certwright request confirm"}
	}
	issuer, err := task.Authority(ctx, o, record.CA)
	if err != nil {
		return nil, err
	}
	return append([][]byte{record.DER}, issuer.Chain...), nil
}

// chainInFile takes the chain from the file itself; otherwise is the error
// where it holds a certificate alone.
func (p *program) chainInFile(file string, otherwise error) ([][]byte, error) {
	found, err := p.readCertificates(file)
	if err != nil {
		return nil, err
	}
	if len(found) == 1 && otherwise != nil && !found[0].SelfIssued() {
		return nil, otherwise
	}
	list, err := task.OrderChain(found)
	return list, inFile(file, err)
}
