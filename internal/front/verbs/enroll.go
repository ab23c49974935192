package verbs

import (
	"context"
	"encoding/hex"
	"math/big"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// firstFlags are of the first enrolment.
type firstFlags struct {
	enrollFlags
	requestFlags
	csr, out, caOut string
	central         bool
}

func (p *program) enrollCommand() *cobra.Command {
	var f firstFlags
	c := &cobra.Command{
		Use: "enroll URL", Short: "Get certificates from a CMP server", Args: addressOrVerb,
		Long: `Get a certificate from a CMP server (RFC 9810, RFC 9483): certwright's own at
https://HOST/.well-known/cmp, or /.well-known/cmp/p/PROFILE, or another.

Who asks is shown by a shared secret (--secret), which "certwright secret new" makes, or by
a certificate and its key (--signer, --signer-key): an earlier one, or the one that a device
has from its manufacturer, with those above it (--chain). The key of the new certificate is an
existing one (--key) or is made on the way (--new-key, --key-out); --csr sends a request
made before. With --central-key the authority makes the key, where its profile says so, and sends
it encrypted by the secret or to the certificate that shows who asks. Where an officer decides, the command waits, as long as --wait says.

The server is trusted where it answers by the same secret, or by a signature under --root,
which its TLS certificate must be under, too. With --root the certificate must be under it,
and be for the key that was sent, or it is rejected.`,
		Example: `certwright enroll https://ca.example:8443/.well-known/cmp --secret pump-7:file:pump-7.secret --root root.crt \
  --key-out pump.key --cn pump-7 --san pump-7.plant.example --out pump.crt
certwright enroll https://ca.example:8443/.well-known/cmp --signer maker.crt --signer-key maker.key --chain maker-ca.crt \
  --root root.crt --key-out pump.key --subject 'CN=pump-7,serialNumber=SN-7' --out pump.crt
certwright enroll https://ca.example:8443/.well-known/cmp --signer old.crt --signer-key old.key --root root.crt --csr new.csr
certwright enroll renew https://ca.example:8443/.well-known/cmp pump.crt --key pump.key --root root.crt`,
		RunE: func(c *cobra.Command, args []string) error { return p.enrollFirst(c.Context(), args[0], &f) },
	}
	f.secretFlags(c)
	f.connectFlags(c)
	f.waitFlags(c)
	fs := c.Flags()
	fs.StringVar(&f.key, "key", "", "file of the private key of the new certificate")
	fs.StringVar(&f.newKey, "new-key", "", "make a key of this kind: "+allKinds)
	fs.StringVar(&f.keyOut, "key-out", "", "file to write the new key to (alone: an ecdsa-p256 key)")
	secretFlag(fs, &f.passphrase, "passphrase", "passin", "passphrase of the key")
	secretFlag(fs, &f.newPassphrase, "new-passphrase", "passout", "encrypt the new key with a passphrase from")
	fs.BoolVar(&f.plain, "no-passphrase", false, "do not encrypt the new key, and do not ask")
	fs.BoolVar(&f.central, "central-key", false, "have the authority make the key, of the kind of --new-key or its own choice, and write it to --key-out")
	fs.StringVar(&f.csr, "csr", "", "send this request instead, whose key stays elsewhere")
	subjectFlags(fs, &f.requestFlags)
	fs.StringArrayVar(&f.names, "san", nil, "subject alternative name: dns: ip: email: uri: upn: dir: rid: (repeat for more)")
	fs.StringSliceVar(&f.usages, "usage", nil, "key usages to ask for")
	fs.StringSliceVar(&f.purposes, "eku", nil, "extended key usages to ask for")
	fs.StringVar(&f.out, "out", "", "file for the certificate with its chain (default: X.crt for the key X.key or the request X.csr)")
	fs.StringVar(&f.caOut, "ca-out", "", "file for the roots that the server sends")
	fs.BoolVar(&f.force, "force", false, "overwrite an existing key file")
	c.AddCommand(p.enrollRenewCommand(), p.enrollRekeyCommand(), p.enrollRevokeCommand(), p.enrollCACommand(), p.enrollTemplateCommand())
	return c
}

// addressOrVerb checks that there is one argument, an address; a word in its
// place is meant as a verb.
func addressOrVerb(c *cobra.Command, args []string) error {
	if len(args) > 0 && !strings.ContainsAny(args[0], ".:/") {
		return unknownVerb(c, args[0])
	}
	return takes(1, 1, "the address of a CMP server, or one of its verbs")(c, args)
}

func (p *program) enrollFirst(ctx context.Context, address string, f *firstFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	for _, name := range []string{f.target(), f.caOut} {
		if name != "" && name != "-" {
			if err := p.shell.Writable(name); err != nil {
				return err
			}
		}
	}
	e, err := p.connect(address, &f.enrollFlags)
	if err != nil {
		return err
	}
	asked, err := p.enrollRequest(e, f)
	if err != nil {
		return err
	}
	return e.enroll(ctx, asked, enrollOutputs{certificate: f.target(), roots: f.caOut})
}

// check checks what is said of the key and the request.
func (f *firstFlags) check() error {
	if f.csr == "" {
		return f.checkKeys()
	}
	if f.central {
		return front.Usage("leave one of the two out", "--csr and --central-key exclude each other")
	}
	if f.key != "" || f.newKey != "" || f.keyOut != "" {
		return front.Usage("leave one of the two out", "--csr and a key exclude each other")
	}
	if f.subject != "" || f.commonName != "" || len(f.names)+len(f.usages)+len(f.purposes) > 0 {
		return front.Usage("leave it out, or make another request with: certwright request new", "--csr says itself whom the certificate is for")
	}
	return nil
}

// target is the file of the new certificate.
func (f *firstFlags) target() string {
	from := f.key
	switch {
	case f.out != "":
		return f.out
	case f.csr != "":
		from = f.csr
	case f.keyOut != "":
		from = f.keyOut
	}
	return outputName("", strings.TrimSuffix(from, ".key"), 0)
}

// enrollRequest makes what is sent, or reads it.
func (p *program) enrollRequest(e *enroller, f *firstFlags) (cmp.Request, error) {
	kind := cmp.InitializationRequest
	if e.signer != nil && e.ofTheRoots(e.signer) {
		kind = cmp.CertificationRequest
	}
	if f.csr != "" {
		r, err := p.oneRequest(f.csr)
		if err != nil {
			return cmp.Request{}, err
		}
		return e.requestOf(kind, r, nil)
	}
	spec, err := p.requestSpec(&f.requestFlags)
	if err != nil {
		return cmp.Request{}, err
	}
	if f.central {
		return e.centralRequest(kind, spec, f)
	}
	k, err := p.requestKey(&f.requestFlags)
	if err != nil {
		return cmp.Request{}, err
	}
	made, err := task.MakeRequest(request.CRMF, spec, k, f.deferred())
	if err != nil {
		return cmp.Request{}, err
	}
	return e.requestOf(kind, made.Request, k)
}

// ofTheRoots reports whether a certificate is under the roots of the server: one
// more is asked for then, and not the first (RFC 9483, Sections 4.1.1 and 4.1.2).
func (e *enroller) ofTheRoots(c *cert.Certificate) bool {
	return chain.Verify(c, e.known, e.roots, chain.Options{Now: e.p.shell.Now()}).Whole
}

// requestOf wraps a request into the message for it; k is its key where it is
// here.
func (e *enroller) requestOf(kind cmp.BodyKind, r *request.Request, k *key.Private) (cmp.Request, error) {
	out := cmp.Request{Accept: func(c *cert.Certificate) error { return e.accept(c, r.PublicKey) }}
	switch {
	case r.PKCS10 != nil:
		out.Body = cmp.NewBody(cmp.PKCS10Request, r.Raw)
	case r.CRMF != nil:
		out.Body, out.ID = cmp.NewRequests(kind, r.CRMF), new(big.Int).Set(r.CRMF.Request.ID)
	default:
		return out, front.Usage("make it anew with: certwright request new --format pkcs10", "a request of the format %s cannot be sent by CMP", r.Format)
	}
	if k != nil {
		out.Key = k.Key
	}
	if !r.PublicKey.CanSign() {
		e.client.Version = cmp.Version3 // the certificate comes as EnvelopedData
	}
	return out, nil
}

// accept looks at a certificate before it is confirmed.
func (e *enroller) accept(c *cert.Certificate, want *key.Public) error {
	if !key.SameKey(c.PublicKey, want) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeMismatch, Detail: "the certificate that the server sends is for another key, and is rejected", Fix: "see the log of the server"}
	}
	return e.acceptPath(c)
}

// acceptPath looks whether a certificate is valid under the roots, where they are
// known.
func (e *enroller) acceptPath(c *cert.Certificate) error {
	if len(e.roots) == 0 {
		return nil
	}
	checked := chain.Verify(c, e.known, e.roots, chain.Options{Now: e.p.shell.Now().Add(enrollWindow)})
	if problems := checked.Problems(); !checked.Valid && len(problems) > 0 {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeInvalid, Detail: "the certificate that the server sends is not valid under the root, and is rejected: " + problems[0].Detail, Fix: "name the root of the authority with --root FILE"}
	}
	return nil
}

// enrollOutputs are the files that what a server sends goes to.
type enrollOutputs struct {
	certificate, roots string
	again              string // the file that the certificate takes the place of
}

// enrolledJSON is a certificate that a server has issued.
type enrolledJSON struct {
	State       string   `json:"state"` // issued
	Status      string   `json:"status"`
	Note        string   `json:"note,omitempty"` // what the server says with it
	Output      string   `json:"output,omitempty"`
	Serial      string   `json:"serial"`
	Subject     string   `json:"subject"`
	SANs        []string `json:"sans"`
	Issuer      string   `json:"issuer"`
	NotBefore   string   `json:"notBefore"`
	NotAfter    string   `json:"notAfter"`
	Fingerprint string   `json:"fingerprint"`
	PEM         string   `json:"pem"` // the certificate and its chain without the root
	Roots       string   `json:"roots,omitempty"`
}

// enroll sends a request, and writes the certificate.
func (e *enroller) enroll(ctx context.Context, r cmp.Request, to enrollOutputs) error {
	out, err := e.client.Enroll(ctx, r)
	if err != nil {
		return e.failure(err)
	}
	c := out.Certificate
	sum := c.Fingerprint()
	t := enrolledJSON{State: "issued", Status: out.Status.Status.String(), Note: strings.Join(out.Status.Text, "; "), Serial: hexOf(c.Serial.Bytes()), Subject: c.Subject.String(), SANs: []string{},
		Issuer: c.Issuer.String(), NotBefore: stamp(c.NotBefore), NotAfter: stamp(c.NotAfter), Fingerprint: hex.EncodeToString(sum[:])}
	if !out.Status.Granted() {
		e.p.shell.Warn("the server sends the certificate with a warning: %s", out.Status.Status)
	}
	for _, n := range c.SubjectAltNames() {
		t.SANs = append(t.SANs, n.String())
	}
	for _, raw := range out.CAPubs {
		if one, err := cert.Parse(raw); err == nil && !one.SelfIssued() {
			e.known = append(e.known, one)
		}
	}
	data := task.EncodeCertificates(e.pathOf(c)...)
	t.PEM = string(data)
	if err := e.write(to, data, &t); err != nil {
		return err
	}
	if err := e.writeRoots(to.roots, out.CAPubs, &t); err != nil {
		return err
	}
	return e.tell(t, c)
}

func (e *enroller) write(to enrollOutputs, data []byte, t *enrolledJSON) error {
	if to.certificate == "-" && e.p.shell.JSON {
		return nil
	}
	write := e.p.shell.Replace
	if to.certificate == to.again {
		write = e.p.shell.Renew
	}
	if err := write(to.certificate, data, front.PublicFile); err != nil {
		f := *explain(err)
		f.Detail += "; the certificate is issued, with the serial number " + t.Serial
		f.Fix = "fetch it where the authority is: certwright export " + t.Serial + " --out FILE"
		return &f
	}
	t.Output = to.certificate
	return nil
}

// writeRoots writes what the server vouches for as its roots: by the secret,
// or by a signature under roots that are trusted already.
func (e *enroller) writeRoots(name string, sent [][]byte, t *enrolledJSON) error {
	if name == "" {
		return nil
	}
	if len(sent) == 0 {
		e.p.shell.Warn("the server sends no roots; %s is not written", name)
		return nil
	}
	if err := e.p.shell.Replace(name, task.EncodeCertificates(sent...), front.PublicFile); err != nil {
		return err
	}
	t.Roots = name
	return nil
}

func (e *enroller) tell(t enrolledJSON, c *cert.Certificate) error {
	s := e.p.shell
	if s.JSON {
		return s.Object(t)
	}
	if t.Output == "-" {
		return nil
	}
	s.Print("%s", t.Output)
	s.Print("  %s", whose(c.Subject, c.SubjectAltNames()))
	s.Print("  serial    %s", t.Serial)
	s.Print("  valid     %s to %s (%s)", day(c.NotBefore), day(c.NotAfter), span(c.NotAfter.Sub(c.NotBefore)))
	s.Print("  signed by %s", t.Issuer)
	if t.Note != "" {
		s.Print("  note      %s", t.Note)
	}
	if t.Roots != "" {
		s.Print("%s", t.Roots)
	}
	return nil
}
