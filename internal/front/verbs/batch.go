package verbs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// label is where a request of a batch comes from.
type label struct {
	file string
	n    int // in a file of several, from 1; 0 in a file of one
}

type item = task.BatchItem[label]

// batchRun is one run of sign --batch.
type batchRun struct {
	p      *program
	flags  *signFlags
	named  []string // files and folders, as arguments
	files  []string
	report *reportFile

	issuer, chainPEM []byte // of the last certificate written

	mutex   sync.Mutex // of what follows
	tally   tally
	total   int             // requests, as far as is known
	folders map[string]bool // that outputs were written to
	fault   error           // the first output or report that could not be written
}

// tally counts what a batch came to.
type tally struct {
	Requests    int     `json:"requests"`
	Issued      int     `json:"issued"`
	Already     int     `json:"alreadyIssued"`
	Held        int     `json:"held"`
	Unconfirmed int     `json:"unconfirmed"`
	Refused     int     `json:"refused"`
	Failed      int     `json:"failed"`
	Seconds     float64 `json:"seconds"`
}

func (p *program) signBatch(ctx context.Context, args []string, s *signFlags) error {
	if s.out != "" || s.dryRun || s.idempotency != "" {
		return front.Usage("use --out-dir for the folder of certificates, --batch-name to sign again", "--out, --dry-run and --idempotency-key do not go with --batch")
	}
	if s.jobs < 1 {
		return front.Usage("write a number from 1 on", "--jobs: %d requests cannot be under way at once", s.jobs)
	}
	asked, err := s.asked()
	if err != nil {
		return err
	}
	known, err := p.proofs(&s.proofs)
	if err != nil {
		return err
	}
	files, err := batchFiles(args, func(folder string, inner int) {
		p.shell.Warn("%s in %s: not looked into; name each to sign what is in it", plural(inner, "folder"), folder)
	})
	if err != nil {
		return err
	}
	if err := p.distinctOutputs(s.outDir, files); err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := p.knownProfile(ctx, o, s.profile); err != nil {
		return err
	}
	if s.outDir != "" {
		if err := os.MkdirAll(s.outDir, 0o755); err != nil {
			return err
		}
	}
	if err := p.foldersWritable(s.outDir, files); err != nil {
		return err
	}
	report, err := p.openReport(s.report)
	if err != nil {
		return err
	}
	run := &batchRun{p: p, flags: s, named: args, files: files, report: report, folders: map[string]bool{}, total: len(files)}
	ctx, stop := untilSignal(ctx)
	defer stop()
	// What a batch allocates is gone with each request, and what stays is
	// little: collecting more seldom costs some megabytes and saves a tenth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	started := time.Now()
	bar := p.startProgress(run.counts)
	from := known.on(authority.Submission{Origin: p.origin(s.requester)})
	err = run.work(ctx, o, task.BatchSpec{
		CA: p.signer(), Profile: p.profileOr(s.profile), Name: s.batchName, Origin: from.Origin, Witness: from.Witness, Asked: asked, Workers: s.jobs,
	})
	bar.stop()
	run.tally.Seconds = time.Since(started).Seconds()
	return run.finish(err)
}

// work submits the requests by many workers, and writes what comes of them by
// one: the names in a folder are changed by one at a time anyway.
func (b *batchRun) work(ctx context.Context, o *task.Office, spec task.BatchSpec) error {
	results := make(chan task.BatchResult[label], 256)
	var writer sync.WaitGroup
	writer.Go(func() {
		for r := range results {
			if b.stopped() == nil {
				b.result(r)
			}
		}
	})
	err := task.Batch(ctx, o, spec, b.items(), func(r task.BatchResult[label]) { results <- r })
	close(results)
	writer.Wait()
	return err
}

// batchFiles lists the request files that arguments name, folders opened.
// Folders in those are passed by, and told.
func batchFiles(args []string, passed func(folder string, inner int)) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		before, skipped := len(files), 0
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				skipped++
			}
			switch strings.ToLower(filepath.Ext(e.Name())) {
			case ".csr", ".req", ".p10", ".crmf", ".spkac", ".pem", ".der":
				if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasSuffix(e.Name(), sealedSuffix) {
					files = append(files, filepath.Join(arg, e.Name()))
				}
			}
		}
		if skipped > 0 {
			passed(arg, skipped)
		}
		if len(files) == before {
			return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there are no request files in " + arg,
				Fix: "requests end in .csr, .req, .p10, .crmf, .spkac, .pem or .der; name others one by one"}
		}
	}
	return files, nil
}

// distinctOutputs is distinct for one folder, or for each request's own.
func (p *program) distinctOutputs(folder string, files []string) error {
	if folder != "" {
		return p.distinct(folder, files)
	}
	beside := map[string][]string{}
	for _, file := range files {
		beside[filepath.Dir(file)] = append(beside[filepath.Dir(file)], file)
	}
	for own, list := range beside {
		if err := p.distinct(own, list); err != nil {
			return err
		}
	}
	return nil
}

// items reads the requests of all files, one after the other.
func (b *batchRun) items() iter.Seq[item] {
	return func(yield func(item) bool) {
		for _, file := range b.files {
			if b.stopped() != nil {
				return
			}
			requests, err := b.read(file)
			if err != nil {
				if !yield(item{Label: label{file: file}, Err: err}) {
					return
				}
				continue
			}
			b.more(len(requests) - 1)
			seen := map[[sha256.Size]byte]int{}
			for n, r := range requests {
				sum := r.Fingerprint()
				same := seen[sum]
				seen[sum]++
				if !yield(item{Label: label{file, ordinal(n, len(requests))}, Request: r, Ordinal: same}) {
					return
				}
			}
		}
	}
}

// read reads the requests of a file. What was found in a folder and is a pipe,
// say, is not waited for.
func (b *batchRun) read(file string) ([]*request.Request, error) {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() && !slices.Contains(b.named, file) {
		err = &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: file + " is not a regular file", Fix: "name it by itself to have it read all the same"}
	}
	if err != nil {
		return nil, err
	}
	return readRequests(b.p.shell, file)
}

func readRequests(s *front.Shell, file string) ([]*request.Request, error) {
	data, err := s.Read(file)
	if err != nil {
		return nil, err
	}
	return task.ParseRequests(data)
}

// result writes the certificate of one request, and then reports on it.
func (b *batchRun) result(r task.BatchResult[label]) {
	line := batchLine{File: r.Label.file, Number: r.Label.n, Repeated: r.Repeated}
	if r.Err != nil {
		line.State = "failed"
		line.Error = explain(r.Err)
	} else {
		line.fill(r.Outcome)
		if r.Outcome.Certificate != nil || r.Outcome.Encrypted != nil {
			var err error
			if line.Output, err = b.release(r); err != nil {
				b.fail(err)
				return
			}
		}
	}
	b.count(line)
	if err := b.report.add(line); err != nil {
		b.fail(err)
	}
}

// release writes the certificate and its chain where they are not already.
// The record is durable and writes them again after a crash, so that the
// files are synced together at the end instead of one by one.
func (b *batchRun) release(r task.BatchResult[label]) (string, error) {
	out := r.Outcome
	folder := b.flags.outDir
	if folder == "" {
		folder = filepath.Dir(r.Label.file)
	}
	name, text := outputName(folder, r.Label.file, r.Label.n), []byte(nil)
	if out.Certificate == nil {
		name, text = sealedName(name), task.EncodeSealed(out)
	} else {
		text = append(task.EncodeCertificates(out.Certificate.DER), b.issuers(out.Chain)...)
	}
	if r.Repeated {
		if there, err := os.ReadFile(name); err == nil && bytes.Equal(there, text) {
			return name, nil
		}
	}
	temp, err := front.WriteTemp(name, text, front.PublicFile, false)
	if err != nil {
		return "", err
	}
	b.folders[folder] = true
	return name, front.PlaceCertificate(temp, name)
}

// issuers is the chain without its root in PEM, encoded once for all that
// have the same.
func (b *batchRun) issuers(chain [][]byte) []byte {
	if len(chain) == 0 {
		return nil
	}
	if !bytes.Equal(b.issuer, chain[0]) {
		b.issuer, b.chainPEM = chain[0], task.EncodeCertificates(task.WithoutRoot(chain)...)
	}
	return b.chainPEM
}

// batchLine is the report on one request.
type batchLine struct {
	File     string         `json:"file"`
	Number   int            `json:"number,omitempty"`
	State    string         `json:"state"`
	Ticket   string         `json:"ticket,omitempty"`
	Serial   string         `json:"serial,omitempty"`
	Status   string         `json:"status,omitempty"`
	Subject  string         `json:"subject,omitempty"`
	NotAfter string         `json:"notAfter,omitempty"`
	Output   string         `json:"output,omitempty"`
	Repeated bool           `json:"repeated,omitempty"`
	Error    *front.Failure `json:"error,omitempty"`
}

func (l *batchLine) fill(out *authority.Outcome) {
	l.State, l.Ticket, l.Subject = string(out.Ticket.State), out.Ticket.ID, out.Ticket.Subject
	if c := out.Certificate; c != nil {
		l.Serial, l.NotAfter, l.Subject, l.Status = hexOf(c.Serial), stamp(c.NotAfter), c.Subject, string(c.Status)
	}
	if out.Ticket.State == authority.StateRefused {
		l.Error = refusalOf(out.Refusal, task.FindingsOf(out.Ticket))
	}
}

func (b *batchRun) count(l batchLine) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.tally.Requests++
	switch {
	case l.State == "failed":
		b.tally.Failed++
	case l.State == string(authority.StateRefused):
		b.tally.Refused++
	case l.State == string(authority.StateIssued) && l.Repeated:
		b.tally.Already++
	case l.State == string(authority.StateIssued):
		b.tally.Issued++
	case l.State == string(authority.StateUnconfirmed):
		b.tally.Unconfirmed++
	default:
		b.tally.Held++
	}
}

func (b *batchRun) counts() (t tally, total int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.tally, b.total
}

func (b *batchRun) more(n int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.total += n
}

func (b *batchRun) fail(err error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.fault == nil {
		b.fault = err
	}
}

func (b *batchRun) stopped() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.fault
}

// finish syncs what was written, prints the tally, and gives the exit code.
func (b *batchRun) finish(err error) error {
	for folder := range b.folders {
		err = errors.Join(err, front.SyncFileSystem(folder))
	}
	err = errors.Join(err, b.fault, b.report.close())
	if err == nil || b.tally.Requests > 0 {
		b.printTally()
	}
	switch {
	case err != nil:
		f := *explain(err)
		if f.Fix == "" {
			f.Fix = "repeat the command to go on: nothing is signed twice"
		}
		return &f
	case b.tally.Failed > 0:
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Told: true}
	case b.tally.Refused > 0:
		return front.No(front.CodeRefused)
	}
	return nil
}

func (b *batchRun) printTally() {
	t := b.tally
	if b.p.shell.JSON {
		return
	}
	text := fmt.Sprintf("%s: %d issued", plural(t.Requests, "request"), t.Issued)
	for _, more := range []struct {
		n    int
		what string
	}{{t.Already, "issued before"}, {t.Unconfirmed, "unconfirmed"}, {t.Held, "held"}, {t.Refused, "refused"}, {t.Failed, "failed"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	b.p.shell.Print("%s; %.1f s, %.0f a second", text, t.Seconds, float64(t.Requests)/max(t.Seconds, 0.001))
}

// reportFile takes a line of JSON for each request: in a file, on standard
// output with --output json, and otherwise as text where something went wrong.
type reportFile struct {
	p    *program
	file *os.File
}

func (p *program) openReport(name string) (*reportFile, error) {
	r := &reportFile{p: p}
	if name == "" {
		return r, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fs.FileMode(front.PublicFile))
	r.file = f
	return r, err
}

func (r *reportFile) add(l batchLine) error {
	if r.file != nil {
		if err := jsonLine(r.file, l); err != nil {
			return err
		}
	}
	if r.p.shell.JSON {
		return r.p.shell.Line(l)
	}
	if l.Error != nil && r.file == nil {
		where := outcomeJSON{File: l.File, Number: l.Number}.place()
		if r.p.shell.Draws() {
			r.p.shell.Draw("")
		}
		r.p.shell.TellLines("error", &front.Failure{Detail: where + l.State + ": " + l.Error.Detail, Fix: l.Error.Fix})
	}
	return nil
}

func (r *reportFile) close() error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.file.Sync(), r.file.Close())
}
