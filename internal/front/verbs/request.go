package verbs

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func (p *program) requestCommand() *cobra.Command {
	return group("request", "Make and check certificate signing requests",
		`Make a certificate signing request (PKCS#10, CRMF or SPKAC), check one before it is sent, make
one anew in another format, or show that you hold a key that cannot sign.`,
		p.requestNewCommand(), p.requestCheckCommand(), p.requestConvertCommand(), p.requestConfirmCommand())
}

// requestFlags are what "request new" says of the request.
type requestFlags struct {
	key, newKey, keyOut                           string
	passphrase, newPassphrase                     string
	subject                                       string
	country, state, locality, organization, unit  string
	commonName, email                             string
	names, usages, purposes, attributes, extended []string
	challenge, hash, out, format, use, proof      string
	mustStaple, pss, noCopy, asDER, force, plain  bool
	printing                                      bool
}

func (p *program) requestNewCommand() *cobra.Command {
	var r requestFlags
	c := &cobra.Command{
		Use: "new", Short: "Make a certificate signing request", Args: nothing,
		Long: `Make a certificate signing request and sign it with a private key.

The key is an existing one (--key), or is made on the way (--new-key, --key-out). Without --subject,
its parts and --san, the subject is asked for at a terminal. A common name that is a host
name or address is copied to the subject alternative name, which is what clients look at.

--format crmf makes a certificate request message (RFC 4211), for keys that cannot sign, too:
X25519 ones, and others with --use agreement or --use encipherment. Their certificate comes
encrypted, and counts once "certwright request confirm" has shown that you hold the key.
--format spkac makes what browsers made; it has room for a subject and a challenge only.`,
		Example: `certwright request new --key server.key --san www.example.com --out server.csr
certwright request new --new-key rsa-3072 --key-out server.key --subject "CN=www.example.com,O=Example,C=GB" \
  --san dns:www.example.com --san ip:192.0.2.1 --out server.csr
certwright request new --key ann.key --cn "Ann Smith" --email ann@example.com --eku emailProtection
certwright request new --new-key x25519 --key-out mail.key --cn "Ann Smith" --email ann@example.com --out mail.crmf`,
		RunE: func(c *cobra.Command, _ []string) error { return p.requestNew(&r) },
	}
	f := c.Flags()
	f.StringVar(&r.key, "key", "", "file of the private key that signs")
	f.StringVar(&r.newKey, "new-key", "", "make a key of this kind: "+allKinds)
	f.StringVar(&r.keyOut, "key-out", "", "file to write the new key to (alone: an ecdsa-p256 key)")
	secretFlag(f, &r.passphrase, "passphrase", "passin", "passphrase of the key")
	secretFlag(f, &r.newPassphrase, "new-passphrase", "passout", "encrypt the new key with a passphrase from")
	f.BoolVar(&r.plain, "no-passphrase", false, "do not encrypt the new key, and do not ask")
	subjectFlags(f, &r)
	f.StringArrayVar(&r.names, "san", nil, "subject alternative name: dns: ip: email: uri: upn: dir: rid: (repeat for more)")
	f.BoolVar(&r.noCopy, "no-copy", false, "do not copy the common name to the subject alternative name")
	f.StringSliceVar(&r.usages, "usage", nil, "key usages: digitalSignature, keyEncipherment, keyAgreement …")
	f.StringSliceVar(&r.purposes, "eku", nil, "extended key usages: serverAuth, clientAuth, emailProtection, codeSigning … or OIDs")
	f.BoolVar(&r.mustStaple, "must-staple", false, "ask for a certificate that demands OCSP stapling")
	f.StringVar(&r.challenge, "challenge", "", "challenge password of 8 characters or more, by which the holder can revoke: "+front.SourceHelp)
	f.StringArrayVar(&r.attributes, "attribute", nil, "attribute as OID=text or OID=hex:DER")
	f.StringArrayVar(&r.extended, "extension", nil, "extension as OID=hex:DER, with \",critical\" after the OID where it is")
	f.StringVar(&r.format, "format", "", "format: "+task.RequestFormats+" (default: pkcs10, or crmf for keys that cannot sign)")
	f.StringVar(&r.use, "use", "", "what the key is for, where it is not for signing: agreement or encipherment")
	f.StringVar(&r.proof, "proof", "", "how such a key proves possession: certificate (it comes encrypted) or challenge (one comes first)")
	f.StringVar(&r.hash, "hash", "", "sha256, sha384, sha512, sha3-256 … (default: what suits the key)")
	f.BoolVar(&r.pss, "pss", false, "sign with RSASSA-PSS")
	f.StringVar(&r.out, "out", "-", "file to write")
	f.BoolVar(&r.asDER, "der", false, "write DER instead of PEM")
	f.BoolVar(&r.force, "force", false, "overwrite existing files")
	printFlag(f, &r.printing)
	return c
}

func subjectFlags(f *pflag.FlagSet, r *requestFlags) {
	f.StringVar(&r.subject, "subject", "", `subject as "CN=a,O=b" or "/O=b/CN=a"; "" for none`)
	f.StringVar(&r.subject, "subj", "", "the same as --subject")
	f.MarkHidden("subj")
	f.StringVar(&r.country, "country", "", "Country Name (C), two letters")
	f.StringVar(&r.state, "state", "", "State or Province Name (ST)")
	f.StringVar(&r.locality, "locality", "", "Locality Name (L)")
	f.StringVar(&r.organization, "organization", "", "Organization Name (O)")
	f.StringVar(&r.unit, "unit", "", "Organizational Unit Name (OU)")
	f.StringVar(&r.commonName, "cn", "", "Common Name (CN)")
	f.StringVar(&r.email, "email", "", "Email Address")
}

func (p *program) requestNew(r *requestFlags) error {
	if err := r.checkKey(); err != nil {
		return err // before a person answers eight questions
	}
	if err := r.checkOut(); err != nil {
		return err
	}
	if err := r.checkFormat(); err != nil {
		return err
	}
	if r.printing {
		return p.printNewRequest(r)
	}
	spec, err := p.requestSpec(r)
	if err != nil {
		return err
	}
	if err := subjectInDER(request.Format(r.format), spec.Subject, r.asDER); err != nil {
		return err
	}
	k, err := p.requestKey(r)
	if err != nil {
		return err
	}
	if spec.Usage == 0 {
		if spec.Usage, err = parseUsages(r.usages); err != nil {
			return err
		}
	}
	made, err := task.MakeRequest(r.formatFor(k.Public), spec, k, r.deferred())
	if err != nil {
		return err
	}
	return p.writeRequest(made, r.out, r.asDER, r.force)
}

// checkKey checks what is said of the key that signs the request.
func (r *requestFlags) checkKey() error {
	switch {
	case r.key != "" && (r.newKey != "" || r.keyOut != ""):
		return front.Usage("leave one of the two out", "--key and a new key exclude each other")
	case r.key != "":
		return nil
	case r.newKey == "" && r.keyOut == "":
		return front.Usage("name an existing key with --key FILE, or have one made with --key-out FILE", "a request needs a private key to sign it")
	case r.keyOut == "":
		return front.Usage("add --key-out FILE", "a new key needs a file to be written to")
	case r.newKey == "":
		r.newKey = "ecdsa-p256"
	}
	if !r.force && isFile(r.keyOut) && r.keyOut != "-" {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeExists, Detail: r.keyOut + " exists already, and is not overwritten",
			Fix: "choose another name with --key-out, sign with that key by --key, or overwrite it with --force"}
	}
	return nil
}

// checkFormat checks what is said of the format and of keys that do not sign.
func (r *requestFlags) checkFormat() error {
	if r.format != "" {
		format, err := requestFormat("format", r.format)
		if err != nil {
			return err
		}
		r.format = string(format)
	}
	switch r.use {
	case "", "signature", "agreement", "encipherment":
	default:
		return front.Usage("the uses are signature, agreement and encipherment", "--use: there is no use %q", r.use)
	}
	switch r.proof {
	case "", "certificate", "challenge":
	default:
		return front.Usage("the proofs are certificate and challenge", "--proof: there is no proof %q", r.proof)
	}
	if r.deferred() != "" && r.format != "" && r.format != string(request.CRMF) {
		return front.Usage("leave --format out, or write --format crmf", "a request of the format %s is signed by its key, which --use and --proof say it is not to do", r.format)
	}
	return nil
}

// deferred is how the key proves possession where it does not sign.
func (r *requestFlags) deferred() evidence.Deferred {
	switch {
	case r.proof != "":
		return evidence.Deferred(r.proof)
	case r.use == "agreement" || r.use == "encipherment":
		return evidence.ByCertificate
	}
	return ""
}

// formatFor is the format that was asked for, or the one that goes with a key.
func (r *requestFlags) formatFor(k *key.Public) request.Format {
	switch {
	case r.format != "":
		return request.Format(r.format)
	case r.deferred() != "" || !k.CanSign():
		return request.CRMF
	}
	return request.PKCS10
}

// checkOut checks the name of the file for the request.
func (r *requestFlags) checkOut() error {
	if r.out == "-" {
		return nil
	}
	if r.out == r.keyOut {
		return front.Usage("choose another name with --out", "the key and the request would both go to %s", r.out)
	}
	if !r.force && isFile(r.out) {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeExists, Detail: r.out + " exists already, and is not overwritten",
			Fix: "choose another name with --out, or overwrite it with --force"}
	}
	return nil
}

// requestKey opens or makes the key that signs the request.
func (p *program) requestKey(r *requestFlags) (*key.Private, error) {
	if r.key != "" {
		k, err := p.readKey(r.key, r.passphrase, "passphrase")
		if err != nil {
			return nil, err
		}
		return k, r.checkAlgorithm(k.Public)
	}
	k, err := newKey("new-key", r.newKey)
	if err != nil {
		return nil, err
	}
	if err := r.checkAlgorithm(k.Public); err != nil {
		return nil, err
	}
	return k, p.writeNewKey(k, keyWriting{out: r.keyOut, secretFlag: "new-passphrase", outFlag: "key-out", container: "pkcs8", source: r.newPassphrase, force: r.force, plain: r.plain})
}

// checkAlgorithm checks that the key can sign, and as the flags say.
func (r *requestFlags) checkAlgorithm(k *key.Public) error {
	if r.formatFor(k) == request.CRMF && (r.deferred() != "" || !k.CanSign()) {
		return r.checkUse(k)
	}
	if _, err := key.ChooseSignatureAlgorithm(k, "", false); err != nil {
		if _, deferring := crmf.DeferredProof(k); deferring == nil && !k.CanSign() {
			return &front.Failure{Exit: front.ExitFailed, Code: front.CodeKey, Detail: err.Error(), Fix: "make it in the format that has other proofs: --format crmf; or sign with another key", Err: err}
		}
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeKey, Detail: err.Error(), Fix: "sign with another key; one is made with --key-out FILE", Err: err}
	}
	if _, err := key.ChooseSignatureAlgorithm(k, "", r.pss); err != nil {
		return front.Usage("leave --pss out, or use an RSA key", "--pss: RSASSA-PSS is for RSA keys, and this one is %v", k)
	}
	if _, err := key.ChooseSignatureAlgorithm(k, r.hash, r.pss); err != nil {
		return front.Usage("leave --hash out, and the one that suits the key is used", "--hash: %v", err)
	}
	return nil
}

// checkUse checks that a key can be used for what --use says, and that
// something can be decrypted with it.
func (r *requestFlags) checkUse(k *key.Public) error {
	kind, err := crmf.DeferredProof(k)
	if err != nil {
		return front.Usage("leave --use and --proof out, or use an RSA, EC or X25519 key", "--use: %v", err)
	}
	if r.use == "agreement" && kind != crmf.ProofKeyAgreement || r.use == "encipherment" && kind != crmf.ProofKeyEncipherment {
		return front.Usage("RSA keys are for encipherment, EC and X25519 ones for agreement", "--use: a key of type %s is not for %s", k.Type, r.use)
	}
	if len(r.usages) == 0 && r.use != "" {
		r.usages = map[string][]string{"agreement": {"keyAgreement"}, "encipherment": {"keyEncipherment"}}[r.use]
	}
	if r.use == "agreement" || r.use == "encipherment" || !k.CanSign() {
		return r.checkUsages(kind)
	}
	return nil
}

// checkUsages checks that what a key that does not sign is for is among the
// usages.
func (r *requestFlags) checkUsages(kind crmf.ProofKind) error {
	usages, err := parseUsages(r.usages)
	if err != nil || usages == 0 {
		return err
	}
	if kind == crmf.ProofKeyAgreement && usages&ext.KeyAgreement == 0 {
		return front.Usage("add keyAgreement, or leave --use out for a key that signs", "--usage: the key is for agreement, and %s says that it is not", strings.Join(r.usages, ","))
	}
	if kind == crmf.ProofKeyEncipherment && usages&(ext.KeyEncipherment|ext.DataEncipherment) == 0 {
		return front.Usage("add keyEncipherment, or leave --use out for a key that signs", "--usage: the key is for encipherment, and %s says that it is not", strings.Join(r.usages, ","))
	}
	return nil
}

// newKey makes a key of the kind that a flag names.
func newKey(flag, kind string) (*key.Private, error) {
	canonical, err := keyKind(flag, kind)
	if err != nil {
		return nil, err
	}
	return task.NewKey(canonical)
}

// keyKind checks the kind of key that a flag names.
func keyKind(flag, kind string) (string, error) {
	canonical, err := key.CanonicalKind(kind)
	if err != nil {
		fix := "the kinds are " + allKinds
		if near := spelling.Nearest(kind, append(key.Kinds(), key.AgreementKind)); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		return "", front.Usage(fix, "--%s: there is no kind of key %q", flag, kind)
	}
	return canonical, nil
}

// signingKind is keyKind for keys that must be able to sign.
func signingKind(flag, kind string) (string, error) {
	canonical, err := keyKind(flag, kind)
	if err == nil && canonical == key.AgreementKind {
		return "", front.Usage("the kinds are "+keyKinds, "--%s: a key of the kind %s cannot sign", flag, kind)
	}
	return canonical, err
}

// writeNewKey is writeKey without a result of its own.
func (p *program) writeNewKey(k *key.Private, w keyWriting) error {
	asJSON := p.shell.JSON
	p.shell.JSON = false
	defer func() { p.shell.JSON = asJSON }()
	return p.writeKey(k, w)
}

// requestJSON is how a request is told in JSON where it is made or named.
type requestJSON struct {
	File           string   `json:"file,omitempty"`
	Subject        string   `json:"subject"`
	SANs           []string `json:"sans"`
	Key            string   `json:"key"`
	KeyFingerprint string   `json:"keyFingerprint"`
	Fingerprint    string   `json:"fingerprint"`
	encoded
}

func requestToJSON(file string, r *request.Request) requestJSON {
	keySum, sum := r.PublicKey.Fingerprint(), r.Fingerprint()
	out := requestJSON{File: file, Subject: r.Subject.String(), SANs: []string{}, Key: r.PublicKey.String(),
		KeyFingerprint: hex.EncodeToString(keySum[:]), Fingerprint: hex.EncodeToString(sum[:])}
	for _, n := range r.SubjectAltNames() {
		out.SANs = append(out.SANs, n.String())
	}
	return out
}

func subjectOrNames(r *request.Request) string { return whose(r.Subject, r.SubjectAltNames()) }

// whose names the holder of a request or a certificate: the subject, or the
// names where that is empty.
func whose(subject dn.Name, sans []ext.GeneralName) string {
	if !subject.IsEmpty() {
		return subject.String()
	}
	var names []string
	for _, n := range sans {
		names = append(names, n.String())
	}
	if len(names) == 0 {
		return "nobody (no subject and no names)"
	}
	return strings.Join(names, ", ")
}

func (p *program) requestCheckCommand() *cobra.Command {
	var profile string
	var proof proofFlags
	var printing bool
	c := &cobra.Command{
		Use: "check FILE…", Short: "Check a request before it is sent", Args: takes(1, -1, "at least one request file"),
		Long: `Check requests: whether the signature proves possession of the key, what a linter has to
say, and what certificate each would become under a profile. Nothing is signed and nothing
is recorded. Without an authority in the home, the profile judges as a new one would.`,
		Example: `certwright request check server.csr
certwright request check *.csr --profile client`,
		RunE: func(c *cobra.Command, args []string) error {
			if printing {
				return p.printCheckRequests(args)
			}
			known, err := p.proofs(&proof)
			if err != nil {
				return err
			}
			return p.requestCheck(c.Context(), args, checking{profile, known})
		},
	}
	f := c.Flags()
	f.StringVar(&profile, "profile", "", "profile to judge by (default: the configured one, else server)")
	f.StringVar(&p.ca, "ca", "", "authority that would sign")
	proof.add(f)
	printFlag(f, &printing)
	return c
}

// checking is what requests are checked by.
type checking struct {
	profile string
	proofs  proofs
}

// checkJSON is the outcome of checking one request.
type checkJSON struct {
	requestJSON
	Verdict  string             `json:"verdict"`
	Profile  string             `json:"profile"`
	Findings []issuance.Finding `json:"findings"`
	Changes  []issuance.Change  `json:"changes"`
}

func (p *program) requestCheck(ctx context.Context, files []string, by checking) error {
	if err := p.knownBefore(ctx, by.profile); err != nil {
		return err
	}
	all := []any{}
	run := several{p: p, count: len(files)}
	for _, file := range files {
		checks, err := p.checkFile(ctx, file, by)
		for _, one := range checks {
			if one.Verdict == string(issuance.Refused) {
				run.keep(front.No(front.CodeRefused))
			}
			all = append(all, one)
			if !p.shell.JSON {
				p.printCheck(one)
			}
		}
		if err == nil {
			continue
		}
		f, err := run.failed(err)
		if err != nil {
			return err
		}
		all = append(all, failedJSON{file, f})
	}
	if p.shell.JSON {
		if err := p.shell.Object(all); err != nil {
			return err
		}
	}
	return run.end()
}

func (p *program) checkFile(ctx context.Context, file string, by checking) ([]checkJSON, error) {
	requests, err := readRequests(p.shell, file)
	if err != nil {
		return nil, inFile(file, err)
	}
	var out []checkJSON
	for _, r := range requests {
		check, err := p.judge(ctx, r, by)
		if err != nil {
			return out, inFile(file, err)
		}
		check = check.LintRequest(r)
		out = append(out, checkJSON{requestToJSON(file, r), string(check.Verdict), check.Profile, check.Findings, check.Changes})
	}
	return out, nil
}

// judge is a dry run under the home's authority, or under none.
func (p *program) judge(ctx context.Context, r *request.Request, by checking) (task.Check, error) {
	h, err := p.home()
	if err != nil {
		return task.Check{}, err
	}
	if !p.atWork() {
		trial, err := task.NewTrial(ctx, config.NewProfiles(h).Get, p.shell.Now())
		if err != nil {
			return task.Check{}, err
		}
		return trial.Check(ctx, by.proofs.on(authority.Submission{Profile: by.profile, Request: r, Origin: p.origin("")}))
	}
	o, err := p.open(ctx)
	if err != nil {
		return task.Check{}, err
	}
	return o.Desk().Check(ctx, by.proofs.on(authority.Submission{CA: p.signer(), Profile: p.profileOr(by.profile), Request: r, Origin: p.origin("")}))
}

// profileOr is the profile a flag names, or the configured one, or empty.
func (p *program) profileOr(flag string) string {
	if flag == "" {
		return p.file.Profile
	}
	return flag
}

func (p *program) printCheck(c checkJSON) {
	p.shell.Print("%s: %s, under the profile %s", nameOf(c.File), c.Verdict, c.Profile)
	who := c.Subject
	if who == "" {
		who = strings.Join(c.SANs, ", ")
	}
	if who == "" {
		who = "nobody (no subject and no names)"
	}
	p.shell.Print("  for %s, %s", who, c.Key)
	for _, f := range c.Findings {
		p.shell.Print("  %s", findingLine(f))
		if f.Fix != "" {
			p.shell.Print("    hint: %s", f.Fix)
		}
	}
	p.printChanges(c.Changes)
}

func findingLine(f issuance.Finding) string {
	line := fmt.Sprintf("%s: %s", f.Severity, f.Detail)
	if f.Citation != "" {
		line += " (" + f.Citation + ")"
	}
	return line
}

// printChanges tells what of a request a certificate does not have, or has
// otherwise.
func (p *program) printChanges(changes []issuance.Change) {
	for _, c := range changes {
		switch c.Action {
		case "kept":
			continue
		case "dropped":
			p.shell.Print("  %-8s  %s%s — %s", c.Action, c.Field, value(c.Requested), c.Why)
		case "replaced":
			p.shell.Print("  %-8s  %s: %s → %s — %s", c.Action, c.Field, shorten(orNone(c.Requested)), shorten(c.Issued), c.Why)
		default:
			p.shell.Print("  %-8s  %s%s — %s", c.Action, c.Field, value(c.Issued), c.Why)
		}
	}
}

func value(text string) string {
	if text == "" {
		return ""
	}
	return ": " + shorten(text)
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}

// shorten keeps a value on its line.
func shorten(text string) string {
	runes := []rune(text)
	if len(runes) <= 72 {
		return text
	}
	return string(runes[:69]) + "…"
}
