package verbs

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/doctor"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

type verifyFlags struct {
	roots, chain, crls, ocsp        []string
	host, email, purpose, at        string
	requireCRL, all, system, online bool
}

func (p *program) verifyCommand() *cobra.Command {
	var v verifyFlags
	c := &cobra.Command{
		Use: "verify FILE…", Short: "Does it hold? Certificates and requests, with the reason and the fix", Args: takes(1, -1, "at least one file"),
		Long: `Verify certificates: the chain to a trusted root, signatures, times, names, purpose and
revocation. The first certificate of a file is verified; others in it are taken as its
issuers. Of a request the proof of possession is verified.

Trusted are the roots of --root; without it those of the home's authorities, and root.crt in
the current folder. What the home knows to be revoked is told, too. Exit code 1 says that
something does not hold; every reason is told, with what to do.`,
		Example: `certwright verify server.crt --root root.crt --host www.example.com
certwright verify server.crt --crl issuing.crl --require-crl
certwright verify server.crt --online
certwright verify server.csr`,
		RunE: func(c *cobra.Command, args []string) error { return p.verify(c.Context(), args, &v) },
	}
	f := c.Flags()
	f.StringArrayVar(&v.roots, "root", nil, "file of trusted certificates (repeat for more)")
	f.BoolVar(&v.system, "system", false, "trust the roots of this machine, too")
	f.StringArrayVar(&v.chain, "chain", nil, "file of further issuers")
	f.StringArrayVar(&v.crls, "crl", nil, "file of revocation lists")
	f.StringArrayVar(&v.ocsp, "ocsp", nil, "file of an OCSP answer")
	f.BoolVar(&v.online, "online", false, "fetch the lists and OCSP answers that the certificates point to; without a usable one they do not hold")
	f.BoolVar(&v.requireCRL, "require-crl", false, "a certificate without a usable revocation list or OCSP answer does not hold")
	f.StringVar(&v.host, "host", "", "host name or address it must be for")
	f.StringVar(&v.email, "email", "", "e-mail address it must be for")
	f.StringVar(&v.purpose, "purpose", "", "server, client, email, code, timestamp or ocsp")
	f.StringVar(&v.at, "at", "", "day or time to verify for (default: now)")
	f.BoolVar(&v.all, "all", false, "print every check, those that hold too")
	return c
}

// verifyJSON is the outcome of verifying one file.
type verifyJSON struct {
	File    string        `json:"file"`
	Kind    string        `json:"kind"` // certificate, certificationRequest
	Valid   bool          `json:"valid"`
	Subject string        `json:"subject"`
	Path    []string      `json:"path"` // subjects, from the certificate to the root
	Checks  []chain.Check `json:"checks"`
}

func (p *program) verify(ctx context.Context, files []string, v *verifyFlags) error {
	options, err := p.verifyOptions(v)
	if err != nil {
		return err
	}
	run := verifyRun{p: p, flags: v, options: options}
	if run.options.CRLs, err = p.readCRLs(v.crls); err != nil {
		return err
	}
	if run.options.OCSP, err = p.readAnswers(v.ocsp); err != nil {
		return err
	}
	if run.issuers, err = p.readMany(v.chain); err != nil {
		return err
	}
	told := []any{}
	outcome := several{p: p, count: len(files)}
	for _, file := range files {
		results, err := run.file(ctx, file)
		if err != nil {
			f, err := outcome.failed(err)
			if err != nil {
				return err
			}
			told = append(told, failedJSON{file, f})
			continue
		}
		for _, r := range results {
			if !r.Valid {
				outcome.keep(front.No(front.CodeInvalid))
			}
			told = append(told, r)
			if !p.shell.JSON {
				p.printVerdict(r, v.all)
			}
		}
	}
	if p.shell.JSON {
		if err := p.shell.Object(told); err != nil {
			return err
		}
	}
	return outcome.end()
}

func (p *program) verifyOptions(v *verifyFlags) (chain.Options, error) {
	o := chain.Options{Now: p.shell.Now(), Host: v.host, Email: v.email, RequireRevocation: v.requireCRL || v.online, Purpose: chain.Purpose(v.purpose)}
	switch o.Purpose {
	case chain.Any, chain.Server, chain.Client, chain.Email, chain.Code, chain.TimeStamping, chain.OCSP:
	default:
		return o, front.Usage("the purposes are server, client, email, code, timestamp and ocsp", "--purpose: there is no purpose %q", v.purpose)
	}
	if v.host != "" && o.Purpose == chain.Any {
		o.Purpose = chain.Server
	}
	if v.at != "" {
		at, err := parseTime("at", v.at)
		if err != nil {
			return o, err
		}
		o.Now = at
	}
	return o, nil
}

func (p *program) readCRLs(files []string) ([]*crl.List, error) {
	var out []*crl.List
	for _, file := range files {
		data, err := p.shell.Read(file)
		if err != nil {
			return nil, err
		}
		lists, err := task.ParseCRLs(data)
		if err != nil {
			return nil, inFile(file, err)
		}
		if len(lists) == 0 {
			return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there is no revocation list in " + nameOf(file), Fix: "see what it is: certwright inspect " + file}
		}
		out = append(out, lists...)
	}
	return out, nil
}

func (p *program) readMany(files []string) ([]*cert.Certificate, error) {
	var out []*cert.Certificate
	for _, file := range files {
		found, err := p.readCertificates(file)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// verifyRun is one run of verify over several files.
type verifyRun struct {
	p       *program
	flags   *verifyFlags
	options chain.Options
	issuers []*cert.Certificate
	roots   []*cert.Certificate
	office  *task.Office
	doctor  *doctor.Doctor // who fetches, with --online
	ready   bool
}

func (r *verifyRun) file(ctx context.Context, file string) ([]verifyJSON, error) {
	data, err := r.p.shell.Read(file)
	if err != nil {
		return nil, err
	}
	certificates, err := task.ParseCertificates(data)
	if err == nil && len(certificates) > 0 {
		one, err := r.certificate(ctx, file, certificates)
		return []verifyJSON{one}, err
	}
	requests, refusal := request.Parse(data)
	if refusal == nil {
		return r.requests(file, requests), nil
	}
	fix := "see what it is: certwright inspect " + file
	if what := task.OtherKind(data); what != "" {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: nameOf(file) + " is no certificate and no request, but " + what, Fix: fix}
	}
	if blocks, finding := pem.Find(data); finding == nil && len(blocks) > 0 && err != nil {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: nameOf(file) + ": " + err.Error(), Fix: fix, Err: err}
	}
	return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: nameOf(file) + " holds no certificate and no request", Fix: fix}
}

func (r *verifyRun) requests(file string, requests []*request.Request) []verifyJSON {
	var out []verifyJSON
	for _, q := range requests {
		possession := task.Possession(q)
		check := chain.Check{Name: "possession", Verdict: chain.Pass, Subject: q.Subject.String(),
			Detail: "the request is signed by the key in it (" + possession.Algorithm + ")"}
		switch {
		case possession.Proven:
		case possession.Deferred != "":
			check.Verdict, check.Detail = chain.Warn, possession.Detail
		default:
			check.Verdict, check.Detail = chain.Fail, possession.Detail
			check.Fix = "make the request anew with the private key; if it was copied, check that it is whole"
		}
		checks := []chain.Check{check}
		if possession.Broken != "" {
			checks = append(checks, chain.Check{Name: "algorithm", Verdict: chain.Fail, Subject: check.Subject, Detail: possession.Broken, Fix: "sign the request with SHA-256 or better"})
		}
		out = append(out, verifyJSON{File: file, Kind: "certificationRequest", Valid: (possession.Proven || possession.Deferred != "") && possession.Broken == "", Subject: subjectOrNames(q), Path: []string{}, Checks: checks})
	}
	return out
}

func (r *verifyRun) certificate(ctx context.Context, file string, certificates []*cert.Certificate) (verifyJSON, error) {
	if err := r.prepare(ctx); err != nil {
		return verifyJSON{}, err
	}
	leaf := certificates[0]
	others := append(certificates[1:len(certificates):len(certificates)], r.issuers...)
	options, fetching := r.options, []chain.Check(nil)
	if r.flags.online {
		fetching = r.fetch(ctx, chain.Verify(leaf, others, r.roots, options).Path, &options)
	}
	result := chain.Verify(leaf, others, r.roots, options)
	result.Checks = append(result.Checks, fetching...)
	told := verifyJSON{File: file, Kind: "certificate", Valid: result.Valid, Subject: whose(leaf.Subject, leaf.SubjectAltNames()), Path: []string{}, Checks: result.Checks}
	for _, c := range result.Path {
		told.Path = append(told.Path, c.Subject.String())
	}
	for i := range told.Checks {
		if c := &told.Checks[i]; c.Name == "revocation" && c.Fix != "" && !c.Revoked {
			c.Fix += ": --crl FILE, or fetch all that is needed: --online"
		}
	}
	path := result.Path
	if len(path) == 0 {
		path = []*cert.Certificate{leaf}
	}
	for depth, c := range path {
		check, found, err := r.recorded(ctx, c, depth)
		if err != nil {
			return told, err
		}
		revoked := slices.ContainsFunc(result.Checks, func(of chain.Check) bool { return of.Revoked && of.Depth == depth })
		if found && !revoked { // what a list says already needs no second saying
			told.Checks = append(told.Checks, check)
			told.Valid = told.Valid && check.Verdict != chain.Fail
		}
	}
	return told, nil
}

// recorded says what the home knows of the status of a certificate, at this
// place of the path.
func (r *verifyRun) recorded(ctx context.Context, c *cert.Certificate, depth int) (chain.Check, bool, error) {
	if r.office == nil {
		return chain.Check{}, false, nil
	}
	record, err := task.FindRecord(ctx, r.office, c)
	if err != nil {
		var refusal *request.Refusal
		if errors.As(err, &refusal) {
			err = nil
		}
		return chain.Check{}, false, err
	}
	check := chain.Check{Name: "record", Verdict: chain.Pass, Subject: record.Subject, Depth: depth, Detail: "the authority's records hold it as valid"}
	if record.Status != authority.StatusValid {
		word := "revoked"
		check.Fix = "get a new certificate, with a new key if the old one may be known to others"
		if record.Status == authority.StatusHold {
			word, check.Fix = "put on hold", "ask the authority to release it"
		}
		check.Verdict = chain.Fail
		if record.Status == authority.StatusUnconfirmed {
			check.Detail, check.Fix = "the certificate is unconfirmed: its holder has not shown yet to have the key", "confirm it: certwright request confirm"
			return check, true, nil
		}
		of := ""
		if depth > 0 {
			of = " of its issuer " + record.Subject
			check.Fix = "get a new certificate from another authority"
		}
		check.Detail = "the certificate" + of + " was " + word + " on " + moment(record.Revoked) + " (" + crl.Reason(record.Reason).String() + ")"
	}
	return check, true, nil
}

// prepare reads the roots, once: those of the flag, or those of the home and
// root.crt here.
func (r *verifyRun) prepare(ctx context.Context) error {
	if r.ready {
		return nil
	}
	r.ready = true
	var err error
	if r.roots, err = r.p.readMany(r.flags.roots); err != nil {
		return err
	}
	if r.p.atWork() {
		if r.office, err = r.p.open(ctx); err != nil {
			return err
		}
		if err := r.addAuthorities(ctx); err != nil {
			return err
		}
	}
	if len(r.flags.roots) == 0 && isFile(rootFile) {
		here, err := r.p.readCertificates(rootFile)
		if err != nil {
			return err
		}
		r.roots = append(r.roots, here...)
	}
	if r.flags.system {
		system, err := task.SystemRoots()
		if err != nil {
			return err
		}
		r.roots = append(r.roots, system...)
	}
	if len(r.roots) == 0 {
		return front.Usage("name one with --root FILE, or trust this machine's with --system", "there is no trusted root to verify against")
	}
	return nil
}

// addAuthorities takes the home's certificates as issuers, and its roots as
// trusted unless a flag names others.
func (r *verifyRun) addAuthorities(ctx context.Context) error {
	all, err := r.office.Desk().CAs(ctx)
	if err != nil {
		return err
	}
	for _, ca := range all {
		for _, der := range ca.Chain {
			c, err := cert.Parse(der)
			if err != nil {
				return err
			}
			switch {
			case !c.SelfIssued():
				r.issuers = append(r.issuers, c)
			case len(r.flags.roots) == 0:
				r.roots = append(r.roots, c)
			}
		}
	}
	return nil
}

func (p *program) printVerdict(r verifyJSON, all bool) {
	verdict := "does not hold"
	if r.Valid {
		verdict = "holds"
	}
	p.shell.Print("%s: %s: %s", nameOf(r.File), verdict, orDash(r.Subject))
	for i, name := range r.Path {
		if i > 0 {
			p.shell.Print("  issued by %s", name)
		}
	}
	for _, c := range r.Checks {
		switch {
		case c.Verdict == chain.Fail:
			p.shell.Print("  FAIL  %s: %s", c.Name, c.Detail)
		case c.Verdict == chain.Warn:
			p.shell.Print("  warn  %s: %s", c.Name, c.Detail)
		case all || c.Verdict == chain.Pass && r.Kind != "certificate":
			p.shell.Print("  %-4s  %s: %s", map[chain.Verdict]string{chain.Pass: "ok", chain.Skipped: "-"}[c.Verdict], c.Name, c.Detail)
			continue
		default:
			continue
		}
		if c.Fix != "" {
			p.shell.Print("        hint: %s", c.Fix)
		}
	}
}

func (p *program) matchCommand() *cobra.Command {
	var source string
	c := &cobra.Command{
		Use: "match FILE…", Short: "Do key, request and certificate belong together?", Args: takes(2, -1, "at least two files"),
		Long: `Tell whether private keys, public keys, requests and certificates have the same public key.
Exit code 1 says that they have not.`,
		Example: "certwright match server.key server.csr server.crt",
		RunE:    func(_ *cobra.Command, args []string) error { return p.match(args, source) },
	}
	secretFlag(c.Flags(), &source, "passphrase", "passin", "passphrase of an encrypted key")
	return c
}

// matchJSON is how files belong together.
type matchJSON struct {
	Match  bool          `json:"match"`
	Groups []chain.Group `json:"groups"`
	Failed []failedJSON  `json:"failed,omitempty"` // files that could not be read
}

func (p *program) match(files []string, source string) error {
	var items []chain.Item
	var told matchJSON
	run := several{p: p, count: len(files)}
	for _, file := range files {
		item, err := p.keyOf(file, source)
		if err == nil {
			items = append(items, item)
			continue
		}
		f, err := run.failed(err)
		if err != nil {
			return err
		}
		told.Failed = append(told.Failed, failedJSON{file, f})
	}
	told.Groups = chain.Match(items...)
	told.Match = len(told.Groups) == 1 && len(told.Failed) == 0
	if p.shell.JSON {
		if err := p.shell.Object(told); err != nil {
			return err
		}
	} else if len(items) > 1 {
		p.printMatch(told.Groups)
	}
	if len(told.Groups) > 1 {
		run.keep(front.No(front.CodeMismatch))
	}
	return run.end()
}

// keyOf reads the public key that a file is about.
func (p *program) keyOf(file, source string) (chain.Item, error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return chain.Item{}, err
	}
	item := chain.Item{Name: nameOf(file)}
	err = p.unlock(source, func() error {
		var err error
		item.Kind, item.Public, err = task.KindAndKey(data, func() ([]byte, error) { return p.shell.Secret(source, "the key "+file, "passphrase") })
		return err
	})
	if err != nil {
		return item, keyFailure(file, err)
	}
	return item, nil
}

func (p *program) printMatch(groups []chain.Group) {
	if len(groups) == 1 {
		p.shell.Print("They belong together: %s, fingerprint %s", groups[0].Key, groups[0].Fingerprint)
	} else {
		p.shell.Print("They do not belong together:")
	}
	for _, g := range groups {
		if len(groups) > 1 {
			p.shell.Print("%s, fingerprint %s", g.Key, g.Fingerprint)
		}
		for _, item := range g.Items {
			p.shell.Print("  %-12s  %s", item.Kind, item.Name)
		}
	}
}
