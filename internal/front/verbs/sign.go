package verbs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// termFlags are the terms a certificate is asked for under.
type termFlags struct {
	profile, requester, subject   string
	validity, notBefore, notAfter string
	days                          int
	names                         []string
	given                         *pflag.FlagSet // the flags as they were given
}

func (p *program) termFlags(f *pflag.FlagSet, t *termFlags) {
	t.given = f
	f.StringVar(&t.profile, "profile", "", "profile to judge by (default: the configured one, else server)")
	f.StringVar(&p.ca, "ca", "", "authority that signs (default: the only one that issues)")
	f.IntVar(&t.days, "days", 0, "days of validity")
	f.StringVar(&t.validity, "validity", "", "length of validity: 12h, 90d, 6mo, 1y")
	f.StringVar(&t.notBefore, "not-before", "", "begin of validity, as 2027-01-31 or 2027-01-31T10:00:00Z")
	f.StringVar(&t.notAfter, "not-after", "", "end of validity")
	f.StringArrayVar(&t.names, "san", nil, "names to certify instead of the request's (repeat for more)")
	f.StringVar(&t.subject, "subject", "", "subject to certify instead of the request's")
	f.StringVar(&t.requester, "requester", "", "who asks for it (default: you)")
}

// asked turns the flags into what is asked for besides the request.
func (t *termFlags) asked() (issuance.Asked, error) {
	var a issuance.Asked
	var err error
	if t.notBefore != "" {
		if a.NotBefore, err = parseTime("not-before", t.notBefore); err != nil {
			return a, err
		}
	}
	if t.notAfter != "" {
		if a.NotAfter, err = parseTime("not-after", t.notAfter); err != nil {
			return a, err
		}
	}
	switch {
	case t.validity != "" && t.days != 0, t.notAfter != "" && (t.validity != "" || t.days != 0):
		return a, front.Usage("keep one of them", "--days, --validity and --not-after exclude each other")
	case t.given != nil && t.given.Changed("days") && (t.days < 1 || t.days > mostDays):
		return a, front.Usage("write a number of days from 1 to "+itoa(mostDays), "--days: %d is not a length of time for a certificate", t.days)
	case t.days > 0:
		a.Validity = time.Duration(t.days) * 24 * time.Hour
	case t.validity != "":
		p, err := parsePeriod("validity", t.validity)
		if err != nil {
			return a, err
		}
		a = a.For(p)
	}
	if len(t.names) > 0 {
		if a.Names, err = parseNames("san", t.names); err != nil {
			return a, err
		}
	}
	if t.subject != "" {
		subject, err := parseSubject("subject", t.subject)
		if err != nil {
			return a, err
		}
		a.Subject = &subject
	}
	return a, nil
}

type signFlags struct {
	termFlags
	out, idempotency, report, outDir, batchName string
	dryRun, batch, printing                     bool
	jobs                                        int
	proofs                                      proofFlags
}

func (p *program) signCommand() *cobra.Command {
	var s signFlags
	c := &cobra.Command{
		Use: "sign CSR…", Short: "Sign certificate signing requests", Args: takes(1, -1, "at least one request file"),
		Long: `Have requests judged under a profile, and certificates signed for those that pass.

For X.csr the certificate goes to X.crt in the current folder, followed by its chain without
the root; the root goes to root.crt where there is none yet. What of the request is not in
the certificate, or otherwise, is told with the reason. A refused request is recorded, and
the exit code is 1. Where the profile asks for a review, the request is held: its ticket is
printed, and "certwright review" carries on.

Requests are PKCS#10, CRMF or SPKAC. For a key that cannot sign, X.encrypted.pem is written: the
certificate encrypted to the key, or a challenge. It counts once the applicant has answered it
with "certwright request confirm", and is revoked if nobody does.

--batch signs thousands: of files, and of folders with .csr, .req, .p10, .crmf, .spkac, .pem and .der files.
Each X.crt goes beside its X.csr, or into --out-dir. A batch that was stopped or crashed is
carried on by the same command, and signs nothing twice.`,
		Example: `certwright sign server.csr
certwright sign server.csr --profile client --days 30 --out -
certwright sign server.csr --dry-run
certwright sign --batch requests/ --profile device --report report.jsonl`,
		RunE: func(c *cobra.Command, args []string) error {
			if s.printing {
				return p.printSign(c.Context(), args, &s)
			}
			if s.batch {
				return p.signBatch(c.Context(), args, &s)
			}
			return p.signFiles(c.Context(), args, &s)
		},
	}
	f := c.Flags()
	p.termFlags(f, &s.termFlags)
	f.StringVar(&s.out, "out", "", "file for the certificates (default: X.crt for X.csr)")
	f.BoolVar(&s.dryRun, "dry-run", false, "judge only: sign nothing and record nothing")
	f.StringVar(&s.idempotency, "idempotency-key", "", "the same key gives the same ticket, however often it is sent")
	s.proofs.add(f)
	f.BoolVar(&s.batch, "batch", false, "sign many requests at once, of files and folders")
	f.IntVar(&s.jobs, "jobs", 2048, "with --batch: how many requests are under way at once")
	f.StringVar(&s.outDir, "out-dir", "", "with --batch: folder for the certificates (default: beside each request)")
	f.StringVar(&s.report, "report", "", "with --batch: file for a line of JSON a request")
	f.StringVar(&s.batchName, "batch-name", "", "with --batch: name of a new batch, for requests that were signed in another")
	printFlag(f, &s.printing)
	return c
}

func (p *program) signFiles(ctx context.Context, files []string, s *signFlags) error {
	if s.idempotency != "" && len(files) > 1 {
		return front.Usage("sign one request at a time", "--idempotency-key is for one request")
	}
	if s.report != "" || s.outDir != "" || s.batchName != "" {
		return front.Usage("add --batch", "--report, --out-dir and --batch-name are for batches")
	}
	asked, err := s.asked()
	if err != nil {
		return err
	}
	known, err := p.proofs(&s.proofs)
	if err != nil {
		return err
	}
	if s.out == "" {
		if err := p.distinct("", files); err != nil {
			return err
		}
	}
	if !s.dryRun {
		if err := p.outputsWritable(s.out, files); err != nil {
			return err
		}
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := p.knownProfile(ctx, o, s.profile); err != nil {
		return err
	}
	r := signRun{p: p, o: o, flags: s, asked: asked, proofs: known}
	for _, file := range files {
		if err := r.file(ctx, file); err != nil {
			if len(files) == 1 {
				return err
			}
			r.keep(explain(err))
		}
	}
	return r.finish()
}

// signRun is one run of sign over several files.
type signRun struct {
	p      *program
	o      *task.Office
	flags  *signFlags
	asked  issuance.Asked
	proofs proofs
	parts  [][]byte      // of --out, which takes all certificates
	held   []outcomeJSON // told once --out is written
	failed *front.Failure
	root   string // file of the root of the last chain; empty where it is not known
}

// keep tells a failure of one file and goes on; the worst is the exit code.
func (r *signRun) keep(f *front.Failure) {
	r.p.shell.Tell(f)
	if r.failed == nil || f.Exit > r.failed.Exit {
		r.failed = &front.Failure{Exit: f.Exit, Code: f.Code, Told: true}
	}
}

func (r *signRun) finish() error {
	if len(r.parts) > 0 {
		var serials []string
		for _, t := range r.held {
			serials = append(serials, t.Serial)
		}
		if err := r.p.shell.Replace(r.flags.out, bytes.Join(r.parts, nil), front.PublicFile); err != nil {
			return onRecord(err, serials...)
		}
	}
	for _, t := range r.held {
		if err := r.tell(t); err != nil {
			return err
		}
	}
	if r.failed != nil {
		return r.failed
	}
	return nil
}

func (r *signRun) file(ctx context.Context, file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return front.Usage("sign all in it with --batch", "%s is a folder", file)
	}
	data, err := r.p.shell.Read(file)
	if err != nil {
		return err
	}
	requests, err := task.ParseRequests(data)
	if err != nil {
		return inFile(file, err)
	}
	if r.flags.idempotency != "" && len(requests) > 1 {
		return front.Usage("split the file", "%s holds %d requests, and --idempotency-key is for one", file, len(requests))
	}
	for n, one := range requests {
		if err := r.one(ctx, file, ordinal(n, len(requests)), one); err != nil {
			return inFile(file, err)
		}
	}
	return nil
}

// ordinal numbers the requests of a file that holds several, from 1; 0 means
// that there is only one.
func ordinal(n, of int) int {
	if of == 1 {
		return 0
	}
	return n + 1
}

func (r *signRun) one(ctx context.Context, file string, n int, req *request.Request) error {
	submission := r.proofs.on(authority.Submission{
		CA: r.p.signer(), Profile: r.p.profileOr(r.flags.profile), Request: req, Origin: r.p.origin(r.flags.requester), Asked: r.asked,
		IdempotencyKey: r.flags.idempotency,
	})
	if r.flags.dryRun {
		check, err := r.o.Desk().Check(ctx, submission)
		told, err := checkToJSON(file, n, check, err)
		if err != nil {
			return err
		}
		return r.tell(told)
	}
	out, err := task.SubmitOnce(ctx, r.o, submission)
	if err != nil {
		return err
	}
	told := outcomeToJSON(file, n, out)
	if told.State == string(authority.StateIssued) {
		if told.Output, err = r.release(file, n, out); err != nil {
			return onRecord(err, told.Serial)
		}
	}
	if out.Encrypted != nil {
		if told.Output, err = r.releaseSealed(file, n, out); err != nil {
			return err
		}
	}
	if len(r.parts) > 0 && told.Output == r.flags.out && told.Output != "-" {
		r.held = append(r.held, told)
		return nil
	}
	return r.tell(told)
}

// release writes the certificate and its chain to where they belong.
func (r *signRun) release(file string, n int, out *authority.Outcome) (string, error) {
	text := served(out)
	toStream := r.flags.out == "-" || r.flags.out == "" && file == "-"
	switch {
	case toStream && r.p.shell.JSON:
		return "", nil
	case r.flags.out != "":
		r.parts = append(r.parts, text)
		return r.flags.out, nil
	case toStream:
		return "-", r.p.shell.Write("-", text, front.PublicFile, true)
	}
	name := outputName("", file, n)
	if err := r.p.shell.Replace(name, text, front.PublicFile); err != nil {
		return "", err
	}
	root, err := r.p.writeRoot(out.Chain)
	if err != nil {
		return "", err
	}
	r.root = root
	return name, nil
}

// releaseSealed writes what the applicant has to decrypt.
func (r *signRun) releaseSealed(file string, n int, out *authority.Outcome) (string, error) {
	text := task.EncodeSealed(out)
	toStream := r.flags.out == "-" || r.flags.out == "" && file == "-"
	switch {
	case toStream && r.p.shell.JSON:
		return "", nil
	case toStream:
		return "-", r.p.shell.Write("-", text, front.PublicFile, true)
	case r.flags.out != "":
		return r.flags.out, r.p.shell.Replace(r.flags.out, text, front.PublicFile)
	}
	name := sealedName(outputName("", file, n))
	return name, r.p.shell.Replace(name, text, front.PublicFile)
}

// sealedName is where what is encrypted goes in place of X.crt.
func sealedName(name string) string { return strings.TrimSuffix(name, ".crt") + sealedSuffix }

const sealedSuffix = ".encrypted.pem"

// outputName is where the certificate of a request file goes: X.crt for X.csr,
// in a folder, or in the current one where folder is empty.
func outputName(folder, file string, n int) string {
	base := filepath.Base(file)
	switch ext := strings.ToLower(filepath.Ext(base)); ext {
	case ".csr", ".req", ".p10", ".crmf", ".spkac", ".pem", ".der", ".txt":
		base = base[:len(base)-len(ext)]
	}
	if n > 0 {
		base += "-" + itoa(n)
	}
	return filepath.Join(folder, base+".crt")
}

// tell prints what became of one request.
func (r *signRun) tell(t outcomeJSON) error {
	s := r.p.shell
	if t.Error != nil {
		f := *t.Error
		f.Told = true
		f.Exit = front.ExitNo
		r.keep(&f)
	}
	if s.JSON {
		if err := s.Line(t); err != nil {
			return err
		}
	}
	if t.Error != nil {
		r.p.tellRefusal(t)
		return nil
	}
	if !s.JSON && t.Output != "-" && r.flags.out != "-" {
		r.p.printOutcome(t)
	}
	return nil
}
