package verbs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

func (p *program) quickstartCommand() *cobra.Command {
	var profile string
	c := &cobra.Command{
		Use: "quickstart [CSR…]", Short: "A CA, and a certificate for each request: all in one command",
		Long: `Make a certification authority where there is none, sign requests, and verify the result.
It asks nothing.

In an empty home it makes a root and an issuing authority. Then it signs the given requests,
or makes a key and a request for this machine first. For X.csr it writes X.crt, which is the
certificate and then its chain, and root.crt, both in the current folder. In a home that has
an authority it uses that one.`,
		Example: `certwright quickstart
certwright quickstart server.csr mail.csr`,
		RunE: func(c *cobra.Command, args []string) error { return p.quickstart(c.Context(), args, profile) },
	}
	c.Flags().StringVar(&profile, "profile", "", "profile to judge by (default: the configured one, else server)")
	return c
}

// quickstartJSON is what quickstart tells.
type quickstartJSON struct {
	Home         string            `json:"home"`
	Created      bool              `json:"created"` // the authority was made now
	Root         *caJSON           `json:"root,omitempty"`
	Issuing      *caJSON           `json:"issuing,omitempty"`
	Key          string            `json:"key,omitempty"`     // file of the key made now
	Request      string            `json:"request,omitempty"` // file of the request made now
	Certificates []quickstartEntry `json:"certificates"`
	Next         []string          `json:"next"`
}

type quickstartEntry struct {
	outcomeJSON
	Verified bool `json:"verified"`
}

// quickstartRun is one run of quickstart.
type quickstartRun struct {
	p    *program
	o    *task.Office
	told quickstartJSON
	sign signRun
}

func (p *program) quickstart(ctx context.Context, files []string, profile string) error {
	if err := p.distinct("", files); err != nil {
		return err
	}
	outputs := files
	if len(files) == 0 {
		outputs = []string{hostName() + ".csr"}
	}
	if err := p.outputsWritable("", outputs); err != nil {
		return err
	}
	if err := p.knownBefore(ctx, profile); err != nil {
		return err
	}
	o, err := p.openOrMake(ctx)
	if err != nil {
		return err
	}
	run := &quickstartRun{p: p, o: o, told: quickstartJSON{Home: o.Home.Folder, Certificates: []quickstartEntry{}}}
	run.sign = signRun{p: p, o: o, flags: &signFlags{termFlags: termFlags{profile: profile}}}
	if err := run.authority(ctx); err != nil {
		return err
	}
	if len(files) == 0 {
		file, err := run.request()
		if err != nil {
			return err
		}
		files = []string{file}
	}
	for _, file := range files {
		if err := run.file(ctx, file); err != nil {
			if len(files) == 1 && !p.shell.JSON {
				return err
			}
			run.refusedFile(file, explain(err))
		}
	}
	return run.finish()
}

// authority finds the authority that signs, or makes one. Only one process at
// a time looks, so that two that start at once do not make two.
func (r *quickstartRun) authority(ctx context.Context) error {
	unlock, err := r.o.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	all, err := r.o.Store.CAs(ctx)
	if err != nil {
		return err
	}
	for _, ca := range all {
		if ca.State == "active" {
			return nil
		}
	}
	h, err := task.HostHierarchy(hostName(), "ecdsa-p256", r.p.decider())
	if err != nil {
		return err
	}
	root, issuing, err := task.CreateHierarchy(ctx, r.o, h)
	if err != nil {
		return err
	}
	rootTold, issuingTold := caToJSON(root), caToJSON(issuing)
	r.told.Created, r.told.Root, r.told.Issuing = true, &rootTold, &issuingTold
	if r.p.shell.JSON {
		return nil
	}
	r.p.shell.Print("Made a certification authority in %s", r.o.Home.Folder)
	r.p.shell.Print("  root      %s, valid to %s", rootTold.Subject, day(rootTold.notAfter))
	r.p.shell.Print("  issuing   %s, valid to %s", issuingTold.Subject, day(issuingTold.notAfter))
	if encrypted, err := r.o.Keys.Encrypted(root.Key); err == nil && !encrypted {
		r.p.shell.Print("  keys      in %s, not encrypted", r.o.Home.Keys())
	}
	return nil
}

// request makes a key and a request for this machine, or finds the ones that
// an earlier run made.
func (r *quickstartRun) request() (string, error) {
	host := hostName()
	keyFile, requestFile := host+".key", host+".csr"
	if _, err := os.Stat(requestFile); err == nil {
		return requestFile, nil
	}
	k, err := r.key(keyFile)
	if err != nil {
		return "", err
	}
	names, err := hostNames(host)
	if err != nil {
		return "", err
	}
	subject, err := dn.NewAttribute(oid.CommonName, host)
	if err != nil {
		return "", err
	}
	made, _, err := task.NewRequest(task.RequestSpec{Subject: dn.Build(dn.RDN{subject}), Names: names}, k)
	if err != nil {
		return "", err
	}
	r.told.Request = requestFile
	if !r.p.shell.JSON {
		r.p.shell.Print("Made a request: %s, for %s", requestFile, host)
	}
	return requestFile, r.p.shell.Write(requestFile, pem.Encode("CERTIFICATE REQUEST", made.Raw), front.PublicFile, false)
}

func (r *quickstartRun) key(file string) (*key.Private, error) {
	k, err := r.p.readKey(file, "", "passphrase")
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = task.NewKey("ecdsa-p256"); err != nil {
		return nil, err
	}
	text, err := task.EncodeKey(k, task.KeyForm{})
	if err != nil {
		return nil, err
	}
	r.told.Key = file
	if !r.p.shell.JSON {
		r.p.shell.Print("Made a key: %s, %s, not encrypted", file, k.Public)
	}
	return k, r.p.shell.Write(file, text, front.SecretFile, false)
}

// hostName is the name of this machine as a certificate can hold it, or
// "localhost".
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := ext.ParseGeneralName("dns:" + host); err != nil || host != filepath.Base(host) || strings.HasPrefix(host, ".") {
		return "localhost"
	}
	return host
}

func hostNames(host string) ([]ext.GeneralName, error) {
	texts := []string{"dns:" + host}
	if host != "localhost" {
		texts = append(texts, "dns:localhost")
	}
	return parseNames("san", texts)
}

// file signs the requests of one file.
func (r *quickstartRun) file(ctx context.Context, file string) error {
	requests, err := readRequests(r.p.shell, file)
	if err != nil {
		return inFile(file, err)
	}
	for n, one := range requests {
		out, err := r.o.Authority.Submit(ctx, authority.Submission{CA: r.p.signer(), Profile: r.p.profileOr(r.sign.flags.profile), Request: one, Origin: r.p.origin("")})
		if err != nil {
			return inFile(file, err)
		}
		if err := r.outcome(file, ordinal(n, len(requests)), out); err != nil {
			return inFile(file, err)
		}
	}
	return nil
}

func (r *quickstartRun) outcome(file string, n int, out *authority.Outcome) error {
	entry := quickstartEntry{outcomeJSON: outcomeToJSON(file, n, out)}
	var verification error
	if out.Certificate != nil {
		var err error
		if entry.Output, err = r.sign.release(file, n, out); err != nil {
			return onRecord(err, entry.Serial)
		}
		verification = task.VerifyIssued(out.Certificate.DER, out.Chain, r.p.shell.Now())
		entry.Verified = verification == nil
	}
	if out.Encrypted != nil {
		var err error
		if entry.Output, err = r.sign.releaseSealed(file, n, out); err != nil {
			return err
		}
	}
	r.told.Certificates = append(r.told.Certificates, entry)
	switch {
	case entry.Error != nil:
		r.p.tellRefusal(entry.outcomeJSON)
		r.sign.failed = &front.Failure{Exit: front.ExitNo, Code: entry.Error.Code, Told: true}
		return nil
	case verification != nil:
		return &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: "the certificate just signed does not verify: " + verification.Error()}
	case r.p.shell.JSON:
		return nil
	case out.Certificate == nil:
		r.p.printWaiting(entry.outcomeJSON)
		return nil
	}
	r.printSigned(entry)
	return nil
}

func (r *quickstartRun) printSigned(e quickstartEntry) {
	s := r.p.shell
	where := "its root"
	if r.sign.root != "" {
		where = "the root in " + r.sign.root
	}
	s.Print("Signed %s: %s, and its chain; verified to %s", e.File, e.Output, where)
	r.p.printIssued(*e.Certificate)
	r.p.printFindings(e.Findings, issuance.Warning)
	r.p.printChanges(e.Changes)
}

// refusedFile keeps a file that could not be signed, and goes on.
func (r *quickstartRun) refusedFile(file string, f *front.Failure) {
	r.p.shell.TellLines("error", f)
	r.told.Certificates = append(r.told.Certificates, quickstartEntry{outcomeJSON: outcomeJSON{File: file, State: "failed", Error: f,
		Findings: []issuance.Finding{}, Changes: []issuance.Change{}}})
	if r.sign.failed == nil || f.Exit > r.sign.failed.Exit {
		r.sign.failed = &front.Failure{Exit: f.Exit, Code: f.Code, Told: true}
	}
}

func (r *quickstartRun) finish() error {
	r.told.Next = r.next()
	if r.p.shell.JSON {
		if err := r.p.shell.Object(r.told); err != nil {
			return err
		}
	} else if len(r.told.Next) > 0 {
		r.p.shell.Print("Next")
		for _, line := range r.told.Next {
			r.p.shell.Print("  %s", line)
		}
	}
	if r.sign.failed != nil {
		return r.sign.failed
	}
	return nil
}

// next are the commands that are likely to come now.
func (r *quickstartRun) next() []string {
	next := []string{}
	home := ""
	if h, err := config.DefaultHome(r.p.shell.Getenv); err != nil || h.Folder != r.o.Home.Folder {
		home = " --home " + front.Word(r.o.Home.Folder)
	}
	for _, e := range r.told.Certificates {
		if e.Output == "" {
			continue
		}
		next = append(next, "certwright inspect "+front.Word(e.Output))
		if r.sign.root != "" {
			next = append(next, "certwright verify "+front.Word(e.Output)+" --root "+front.Word(r.sign.root))
		}
		next = append(next, "certwright renew"+home+" "+front.Word(e.Output), "certwright revoke"+home+" "+front.Word(e.Output)+" --reason superseded")
		break
	}
	if len(next) > 0 {
		return append(next, "certwright list"+home)
	}
	for _, e := range r.told.Certificates {
		if e.State == "refused" {
			next = append(next, "certwright request check"+home+" "+front.Word(e.File))
		}
	}
	return next
}
