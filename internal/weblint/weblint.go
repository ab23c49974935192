// Package weblint has the certificates about to be signed examined by the
// helper program certwright-lint, which knows the rules of the public web.
//
// The program is started with the first certificate and kept running. Each
// question is four octets of length, most significant first, and the DER; each
// answer is one line of JSON.
package weblint

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Program is the name of the helper.
const Program = "certwright-lint"

// Linter runs the helper. It is safe for concurrent use: one certificate is
// examined at a time.
type Linter struct {
	path string

	mutex sync.Mutex
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
}

// New returns a linter that runs the program at path; where path is empty, the
// one beside this executable or in PATH.
func New(path string) *Linter { return &Linter{path: path} }

type answer struct {
	Findings []finding `json:"findings"`
	Error    string    `json:"error"`
}

type finding struct {
	Rule     string `json:"rule"`
	Citation string `json:"citation"`
	Severity string `json:"severity"`
	Detail   string `json:"detail"`
}

// Lint examines one certificate. Without the helper it is a *request.Refusal
// (LintFailed): a lint that cannot run is not a lint that passed.
func (l *Linter) Lint(ctx context.Context, der []byte) ([]issuance.Finding, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := l.start(); err != nil {
		return nil, err
	}
	line, err := l.ask(der)
	if err != nil {
		l.stop()
		return nil, fmt.Errorf("asking %s: %w", Program, err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		l.stop()
		return nil, fmt.Errorf("the answer of %s is not as agreed: %w", Program, err)
	}
	if a.Error != "" {
		return nil, fmt.Errorf("%s could not examine the certificate: %s", Program, a.Error)
	}
	return findings(a.Findings), nil
}

func findings(in []finding) []issuance.Finding {
	var out []issuance.Finding
	for _, f := range in {
		severity := issuance.Severity(f.Severity)
		var reason request.Reason
		switch severity {
		case issuance.Error:
			reason = request.LintFailed
		case issuance.Info, issuance.Warning, issuance.Hold:
		default:
			severity = issuance.Warning
		}
		out = append(out, issuance.Finding{Rule: "web/" + f.Rule, Citation: f.Citation, Severity: severity, Reason: reason, Detail: f.Detail, Fix: fix})
	}
	return out
}

// fix is the same for every rule: they do not say what they want changed.
const fix = "change the request, or what the profile sets, to what the rule asks for; a profile of certificates that are not for the public web needs no lint: { set: web }"

func (l *Linter) ask(der []byte) ([]byte, error) {
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, len(der)+4), uint32(len(der)))
	if _, err := l.in.Write(append(frame, der...)); err != nil {
		return nil, err
	}
	return l.out.ReadBytes('\n')
}

func (l *Linter) start() error {
	if l.cmd != nil {
		return nil
	}
	path, err := l.find()
	if err != nil {
		return &request.Refusal{Reason: request.LintFailed, Rule: "lint: web",
			Detail: "the profile asks for the web's lint rules, and the program " + Program + " is not installed",
			Fix:    "build it with \"make build\" and put it beside certwright or in PATH, or use a profile without \"lint: { set: web }\""}
	}
	cmd := exec.Command(path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", path, err)
	}
	l.cmd, l.in, l.out = cmd, in, bufio.NewReaderSize(out, 1<<16)
	return nil
}

func (l *Linter) find() (string, error) {
	if l.path != "" {
		return exec.LookPath(l.path)
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), Program)
		if p, err := exec.LookPath(beside); err == nil {
			return p, nil
		}
	}
	return exec.LookPath(Program)
}

func (l *Linter) stop() error {
	if l.cmd == nil {
		return nil
	}
	cmd := l.cmd
	l.cmd = nil
	return errors.Join(l.in.Close(), cmd.Wait())
}

// Close ends the helper, if it was started.
func (l *Linter) Close() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.stop()
}
