package verbs

import (
	"context"
	"net/http"
	"time"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/doctor"
	"github.com/certwright/certwright/internal/front"
)

// onlineTimeout is how long verify waits for each answer.
const onlineTimeout = 15 * time.Second

// readAnswers reads files of OCSP answers, in DER or PEM.
func (p *program) readAnswers(files []string) ([]*ocsp.Response, error) {
	var out []*ocsp.Response
	for _, file := range files {
		data, err := p.shell.Read(file)
		if err != nil {
			return nil, err
		}
		if blocks, err := pem.Find(data); err == nil && len(blocks) > 0 {
			data = blocks[0].Bytes
		}
		r, err := ocsp.ParseResponse(data)
		if err != nil {
			return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there is no OCSP answer in " + nameOf(file), Fix: "see what it is: certwright inspect " + file, Err: err}
		}
		out = append(out, r)
	}
	return out, nil
}

// fetch adds to the options what the certificates of a path point to, and
// tells what could not be had.
func (r *verifyRun) fetch(ctx context.Context, path []*cert.Certificate, o *chain.Options) []chain.Check {
	if r.doctor == nil {
		r.doctor = doctor.New(doctor.Config{Client: &http.Client{Timeout: onlineTimeout}, Now: r.p.shell.Now})
	}
	var told []chain.Check
	for depth := range max(len(path)-1, 0) {
		c := path[depth]
		lists, answers, findings := r.doctor.Revocation(ctx, c, path[depth+1])
		o.CRLs, o.OCSP = append(o.CRLs[:len(o.CRLs):len(o.CRLs)], lists...), append(o.OCSP[:len(o.OCSP):len(o.OCSP)], answers...)
		for _, f := range findings {
			told = append(told, chain.Check{Name: "online", Verdict: chain.Warn, Subject: c.Subject.String(), Depth: depth, Detail: f.What + " at " + f.URL + ": " + f.Detail, Fix: f.Fix})
		}
	}
	return told
}
