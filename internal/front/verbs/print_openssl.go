package verbs

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/opensslcmd"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// printFlag adds --print-openssl to a verb.
func printFlag(f *pflag.FlagSet, target *bool) {
	f.BoolVar(target, "print-openssl", false, "do nothing but print the openssl commands that do the same")
}

// printCommands writes openssl's commands, or says why there are none.
func (p *program) printCommands(commands string, err error) error {
	var no *opensslcmd.Unable
	if errors.As(err, &no) {
		return &front.Failure{Exit: front.ExitNo, Code: front.CodeNoOpenSSL, Detail: err.Error(), Fix: "leave --print-openssl out, and certwright does it", Err: err}
	}
	if err != nil {
		return err
	}
	if p.shell.JSON {
		return p.shell.Object(struct {
			OpenSSL string `json:"openssl"`
		}{commands})
	}
	_, err = p.shell.Out.Write([]byte(commands))
	return err
}

// form is how the key is written, for OpenSSL's commands: encrypted where there
// is a source of a passphrase, or a terminal to ask at.
func (w keyWriting) form(p *program) (opensslcmd.KeyForm, error) {
	if w.plain && w.source != "" {
		return opensslcmd.KeyForm{}, front.Usage("leave one of the two out", "--%s and --no-passphrase exclude each other", w.secret())
	}
	encrypt := !w.plain && (w.source != "" || p.shell.Interactive())
	return opensslcmd.KeyForm{File: w.out, Container: w.container, DER: w.asDER, Encrypt: encrypt, Secret: opensslcmd.Secret(w.source)}, nil
}

func (p *program) printNewKey(flag, kind string, w keyWriting) error {
	canonical, err := keyKind(flag, kind)
	if err != nil {
		return err
	}
	form, err := w.form(p)
	if err != nil {
		return err
	}
	return p.printCommands(opensslcmd.NewKey(canonical, form))
}

func (p *program) printConvertKey(file, source string, w keyWriting) error {
	form, err := w.form(p)
	if err != nil {
		return err
	}
	kind := ""
	data, err := p.shell.Read(file)
	if err != nil {
		return err
	}
	if k, err := key.ReadPrivate(data, nil); err == nil {
		if err := readable(data); err != nil {
			return p.printCommands("", err)
		}
		kind = kindName(k.Public)
	}
	return p.printCommands(opensslcmd.ConvertKey(opensslcmd.KeyFile{Name: file, Secret: opensslcmd.Secret(source)}, kind, form))
}

// readable refuses the forms of keys that openssl does not read.
func readable(data []byte) error {
	switch text := bytes.TrimSpace(data); {
	case bytes.HasPrefix(text, []byte("{")):
		return &opensslcmd.Unable{Why: "it reads no JWK"}
	case bytes.Contains(data, []byte("BEGIN OPENSSH PRIVATE KEY")):
		return &opensslcmd.Unable{Why: "it reads no keys in the form of OpenSSH"}
	}
	return nil
}

// kindName is the name of a kind of key as flags have it.
func kindName(k *key.Public) string {
	switch k.Type {
	case "RSA":
		return "rsa-" + itoa(k.Size)
	case "EC":
		return "ecdsa-" + strings.ToLower(strings.ReplaceAll(k.Curve, "-", ""))
	case "ML-DSA":
		return "ml-dsa-" + k.Curve
	}
	return strings.ToLower(k.Type)
}

func (p *program) printPublicKey(file, source, form, out string, asDER bool) error {
	data, err := p.shell.Read(file)
	if err != nil {
		return err
	}
	holds, public, err := task.KindAndKey(data, func() ([]byte, error) { return nil, key.ErrPassphrase })
	if err != nil {
		holds = "private key"
	}
	if public != nil && public.Type == "ML-DSA" {
		return p.printCommands("", &opensslcmd.Unable{Why: "it knows no keys of the kind " + kindName(public)})
	}
	if err := readable(data); err != nil {
		return p.printCommands("", err)
	}
	return p.printCommands(opensslcmd.PublicKey(opensslcmd.KeyFile{Name: file, Secret: opensslcmd.Secret(source)}, holds, form, out, asDER))
}

func (p *program) printNewRequest(r *requestFlags) error {
	spec, err := p.requestSpec(r)
	if err != nil {
		return err
	}
	made := opensslcmd.Request{Key: opensslcmd.KeyFile{Name: r.key, Secret: opensslcmd.Secret(r.passphrase)}, Hash: r.hash, PSS: r.pss, Out: r.out, DER: r.asDER}
	before := ""
	if r.key == "" {
		if before, err = p.newKeyCommands(r, &made); err != nil {
			return p.printCommands("", err)
		}
	} else if made.Public, err = p.publicOfKey(r.key); err != nil {
		return p.printCommands("", err)
	}
	format := request.Format(r.format)
	if made.Public != nil && !made.Public.CanSign() || r.deferred() != "" {
		format = request.CRMF
	}
	return p.printRequest(before, format, spec, made)
}

// printRequest prints how a request is made of a format: empty for PKCS#10.
func (p *program) printRequest(before string, format request.Format, spec task.RequestSpec, made opensslcmd.Request) error {
	if format == request.CRMF {
		return p.printCommands("", &opensslcmd.Unable{Why: "it makes no requests of the format CRMF"})
	}
	if format == request.SPKAC {
		made.Challenge, spec.Challenge, spec.NoCopy = spec.Challenge, "", true
	}
	says, notes, err := task.RequestTemplate(spec)
	if err != nil {
		return err
	}
	for _, n := range notes {
		p.shell.Say("%s.", strings.ToUpper(n[:1])+n[1:])
	}
	made.Says = says
	make := opensslcmd.NewRequest
	if format == request.SPKAC {
		make = opensslcmd.NewSPKAC
	}
	commands, err := make(made)
	return p.printCommands(before+commands, err)
}

// printConvertRequest prints how a request is made anew in another format.
func (p *program) printConvertRequest(old *request.Request, to request.Format, f *convertFlags) error {
	spec, lost := task.ConvertedSpec(old, to)
	for _, what := range lost {
		p.shell.Say("Left behind: %s.", what)
	}
	made := opensslcmd.Request{Key: opensslcmd.KeyFile{Name: f.key, Secret: opensslcmd.Secret(f.passphrase)}, Public: old.PublicKey, Out: f.out, DER: f.asDER}
	return p.printRequest("", to, spec, made)
}

// newKeyCommands makes the key of a request.
func (p *program) newKeyCommands(r *requestFlags, made *opensslcmd.Request) (string, error) {
	canonical, err := keyKind("new-key", r.newKey)
	if err != nil {
		return "", err
	}
	w := keyWriting{out: r.keyOut, secretFlag: "new-passphrase", source: r.newPassphrase, plain: r.plain}
	form, err := w.form(p)
	if err != nil {
		return "", err
	}
	commands, err := opensslcmd.NewKey(canonical, form)
	if err != nil {
		return "", err
	}
	made.Key = opensslcmd.KeyFile{Name: r.keyOut, Secret: opensslcmd.Secret(r.newPassphrase)}
	if k, err := task.NewKey(canonical); err == nil {
		made.Public = k.Public // of the same kind, for the digest that suits it
	}
	return commands, nil
}

// publicOfKey is the public half of a key file; nil where it is encrypted.
func (p *program) publicOfKey(file string) (*key.Public, error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return nil, err
	}
	if err := readable(data); err != nil {
		return nil, err
	}
	k, err := key.ReadPrivate(data, func() ([]byte, error) { return nil, key.ErrPassphrase })
	if errors.Is(err, key.ErrPassphrase) {
		return nil, nil
	}
	return k.Public, keyFailure(file, err)
}

func (p *program) printCheckRequests(files []string) error {
	var all strings.Builder
	for _, file := range files {
		requests, isDER, err := p.plainRequest(file)
		if err != nil {
			return p.printCommands("", err)
		}
		if requests.PublicKey.Type == "ML-DSA" {
			return p.printCommands("", &opensslcmd.Unable{Why: "it knows no keys of the kind " + kindName(requests.PublicKey)})
		}
		all.WriteString(opensslcmd.CheckRequest(file, isDER))
	}
	p.shell.Say("OpenSSL verifies the signatures; it has no profiles and no linter.")
	return p.printCommands(all.String(), nil)
}

// plainRequest reads a file that holds one PKCS#10 request, which is all that
// openssl reads.
func (p *program) plainRequest(file string) (r *request.Request, isDER bool, err error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return nil, false, err
	}
	requests, err := task.ParseRequests(data)
	if err != nil {
		return nil, false, inFile(file, err)
	}
	isDER = bytes.Equal(data, requests[0].Raw)
	switch {
	case len(requests) > 1:
		return nil, false, &opensslcmd.Unable{Why: "it reads the first of the requests in " + file + " alone"}
	case requests[0].Format != request.PKCS10:
		return nil, false, &opensslcmd.Unable{Why: file + " is not a PKCS#10 request"}
	case !isDER && !bytes.Contains(data, []byte("CERTIFICATE REQUEST-----")):
		return nil, false, &opensslcmd.Unable{Why: "it reads PEM and DER, and " + file + " is neither"}
	}
	return requests[0], isDER, nil
}

// printSign prints how a certificate is signed like the one that the profile
// would let through now.
func (p *program) printSign(ctx context.Context, files []string, s *signFlags) error {
	asked, err := s.asked()
	if err != nil {
		return err
	}
	if s.batch || s.idempotency != "" {
		return p.printCommands("", &opensslcmd.Unable{Why: "it signs one request at a time, and keeps no records"})
	}
	if p.server.url != "" {
		return p.printCommands("", &opensslcmd.Unable{Why: "the key of the authority is with the server"})
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := p.knownProfile(ctx, o, s.profile); err != nil {
		return err
	}
	var all strings.Builder
	for _, file := range files {
		r, isDER, err := p.plainRequest(file)
		if err != nil {
			return p.printCommands("", err)
		}
		out, err := o.Authority.Submit(ctx, authority.Submission{CA: p.signer(), Profile: p.profileOr(s.profile), Request: r,
			Origin: p.origin(s.requester), Asked: asked, DryRun: true})
		if err != nil {
			return err
		}
		if out.Refusal != nil {
			return inFile(file, front.Refused(out.Refusal))
		}
		commands, err := p.signCommands(ctx, o, out, opensslcmd.Signing{Request: file, RequestDER: isDER, Subject: r.Subject, Out: s.out})
		if err != nil {
			return p.printCommands("", err)
		}
		all.WriteString(commands)
	}
	p.shell.Say("What OpenSSL signs is in nobody's records: it is neither listed nor revoked here.")
	return p.printCommands(all.String(), nil)
}

func (p *program) signCommands(ctx context.Context, o *task.Office, out *authority.Outcome, s opensslcmd.Signing) (string, error) {
	for _, raw := range out.Chain {
		c, err := cert.Parse(raw)
		if err != nil {
			return "", err
		}
		s.Issuers = append(s.Issuers, c)
	}
	var err error
	if s.Planned, err = planned(out.Judgement.TBSPreview([]byte{1})); err != nil {
		return "", err
	}
	i := slices.IndexFunc(s.Issuers, func(c *cert.Certificate) bool { return c.Subject.Equal(s.Planned.Issuer) })
	if i < 0 {
		return "", errors.New("the issuer is not in the chain")
	}
	s.Issuers = s.Issuers[i:]
	ca, _, err := o.Authority.CA(ctx, out.Ticket.CA)
	if err != nil {
		return "", err
	}
	if s.Key.Name, err = o.Keys.File(ca.Key); err != nil {
		return "", &opensslcmd.Unable{Why: "the key of the authority is not in a file"}
	}
	s.Key.Secret, s.IssuerName = opensslcmd.Secret(p.passphraseSource()), ca.Name
	if s.Out == "" {
		s.Out = outputName("", s.Request, 0)
	}
	return opensslcmd.Sign(s)
}

// planned reads what would be signed, as a certificate without a signature.
func planned(tbs []byte) (*cert.Certificate, error) {
	body, err := der.ParseTag(tbs, der.Sequence)
	if err != nil {
		return nil, err
	}
	var algorithm []byte
	for r := body.Children(); algorithm == nil; {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e.Tag == der.Sequence {
			algorithm = e.Raw
		}
	}
	var b der.Builder
	whole := b.Begin(der.Sequence)
	b.Raw(tbs, algorithm)
	b.Bits(nil)
	b.End(whole)
	return cert.Parse(b.Bytes())
}
