package verbs

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/doctor"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

type doctorFlags struct {
	chain   []string
	server  string
	timeout time.Duration
}

func (p *program) doctorCommand() *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use: "doctor [FILE|URL|HOST:PORT]…", Short: "Is all there that certificates point to?", Args: takes(0, -1, "files, URLs or HOST:PORT"),
		Long: `Fetch what certificates point to, as those who rely on them do: revocation lists, OCSP answers
(by POST with a nonce, and by GET) and the issuers' certificates, up to the root. Say what is
wrong in plain words, and what to do. HOST:PORT takes the certificates that a TLS server shows.

Without a file, the newest certificate of each authority of the home is examined. Exit code 1
says that something does not work.`,
		Example: `certwright doctor
certwright doctor server.crt
certwright doctor www.example.com:443 --output json`,
		RunE: func(c *cobra.Command, args []string) error { return p.doctor(c.Context(), args, &f) },
	}
	flags := c.Flags()
	flags.StringArrayVar(&f.chain, "chain", nil, "file of further issuers")
	flags.StringVar(&f.server, "servername", "", "name to ask a TLS server for (default: HOST)")
	flags.DurationVar(&f.timeout, "timeout", 15*time.Second, "how long to wait for each answer")
	return c
}

// doctorJSON is the outcome for one input.
type doctorJSON struct {
	Input        string          `json:"input"` // the file or host, or the authority's name
	Healthy      bool            `json:"healthy"`
	Certificates []doctor.Report `json:"certificates"`
}

// patient is what is examined.
type patient struct {
	name         string
	certificates []*cert.Certificate // the one in question, and those that came along
	more         []doctor.Finding    // what is known without looking
	err          error
}

func (p *program) doctor(ctx context.Context, args []string, f *doctorFlags) error {
	issuers, err := p.readMany(f.chain)
	if err != nil {
		return err
	}
	own, err := p.ownIssuers(ctx)
	if err != nil {
		return err
	}
	var patients []patient
	if len(args) == 0 {
		if patients, err = p.samples(ctx); err != nil {
			return err
		}
	}
	for _, arg := range args {
		patients = append(patients, p.patient(ctx, arg, f))
	}
	d := doctor.New(doctor.Config{Client: &http.Client{Timeout: f.timeout}, Now: p.shell.Now, Issuers: append(issuers, own...)})
	told := []any{}
	run := several{p: p, count: len(patients)}
	for _, one := range patients {
		if one.err != nil {
			failure, err := run.failed(one.err)
			if err != nil {
				return err
			}
			told = append(told, failedJSON{one.name, failure})
			continue
		}
		t := examined(ctx, d, &one)
		if !t.Healthy {
			run.keep(front.No(front.CodeInvalid))
		}
		told = append(told, t)
		if !p.shell.JSON {
			p.printDiagnosis(t)
		}
	}
	if p.shell.JSON {
		if err := p.shell.Object(told); err != nil {
			return err
		}
	}
	return run.end()
}

func examined(ctx context.Context, d *doctor.Doctor, one *patient) doctorJSON {
	t := doctorJSON{Input: one.name, Healthy: true, Certificates: d.Examine(ctx, one.certificates[0], one.certificates[1:])}
	first := &t.Certificates[0]
	first.Findings = append(one.more, first.Findings...)
	for i := range t.Certificates {
		t.Healthy = t.Healthy && t.Certificates[i].Healthy()
	}
	return t
}

// patient reads what an argument names.
func (p *program) patient(ctx context.Context, arg string, f *doctorFlags) patient {
	one := patient{name: nameOf(arg)}
	data, err := p.readAnything(ctx, arg, inspectFlags{server: f.server, timeout: f.timeout})
	if err != nil {
		one.err = err
		return one
	}
	one.certificates, err = task.ParseCertificates(data)
	switch {
	case err != nil:
		one.err = damaged(arg, err)
	case len(one.certificates) == 0:
		one.err = &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: "there is no certificate in " + nameOf(arg), Fix: "see what it is: certwright inspect " + arg}
	}
	return one
}

// samples are a certificate of each authority of the home.
func (p *program) samples(ctx context.Context) ([]patient, error) {
	o, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := task.Samples(ctx, o)
	if err != nil {
		return nil, err
	}
	var out []patient
	for _, s := range all {
		c, err := cert.Parse(s.CA.Chain[0])
		if err != nil {
			return nil, err
		}
		one := patient{name: s.CA.Name, certificates: []*cert.Certificate{c}}
		if s.Certificate != nil {
			one.certificates[0] = s.Certificate
		}
		if settings := &s.Settings; settings.Base == "" && len(settings.CRL)+len(settings.OCSP) == 0 {
			one.more = append(one.more, doctor.Finding{Severity: doctor.Warning, Code: "no-base", What: "authority",
				Detail: "the authority does not say where its lists and answers are to be had, so certificates cannot", Fix: "run certwright serve, and say where: certwright ca set " + s.CA.Name + " --base http://HOST"})
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "no authority of this home is active", Fix: "name certificates to examine: certwright doctor server.crt"}
	}
	return out, nil
}

// ownIssuers are the certificates of the home's authorities, if there is a home.
func (p *program) ownIssuers(ctx context.Context) ([]*cert.Certificate, error) {
	h, err := p.home()
	if err != nil || !h.Exists() {
		return nil, nil
	}
	o, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	all, err := o.Store.CAs(ctx)
	if err != nil {
		return nil, err
	}
	var out []*cert.Certificate
	for _, ca := range all {
		for _, der := range ca.Chain {
			c, err := cert.Parse(der)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func (p *program) printDiagnosis(t doctorJSON) {
	verdict := "something does not work"
	if t.Healthy {
		verdict = "in order"
	}
	p.shell.Print("%s: %s", t.Input, verdict)
	for _, r := range t.Certificates {
		p.shell.Print("  %s", r.Subject)
		for _, f := range r.Findings {
			word := map[doctor.Severity]string{doctor.Fine: "ok", doctor.Warning: "warn", doctor.Failure: "FAIL"}[f.Severity]
			where := ""
			if f.URL != "" {
				where = " at " + f.URL
			}
			p.shell.Print("    %-4s  %s%s: %s", word, f.What, where, f.Detail)
			if f.Fix != "" {
				p.shell.Print("          hint: %s", f.Fix)
			}
		}
	}
}
