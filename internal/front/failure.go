package front

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"syscall"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/store/postgres"
	"github.com/certwright/certwright/request"
)

// The exit codes.
const (
	ExitDone   = 0
	ExitNo     = 1 // refused, invalid, does not match
	ExitUsage  = 2
	ExitFailed = 3 // file, network, key
)

// The stable codes of failures.
const (
	CodeUsage      = "usage"
	CodeRefused    = "refused"    // with the request's Reason
	CodeInvalid    = "invalid"    // what was examined does not hold
	CodeMismatch   = "mismatch"   // two things do not belong together, or differ
	CodeNotFound   = "not-found"  // no such certificate, ticket, authority
	CodeConflict   = "conflict"   // somebody else was quicker
	CodeDeclined   = "declined"   // the person said no
	CodeExists     = "exists"     // a file that is not overwritten
	CodeFile       = "file"       // a file cannot be read or written
	CodeNetwork    = "network"    // a host cannot be reached
	CodeDatabase   = "database"   // the database of the records cannot be used
	CodePassphrase = "passphrase" // missing or wrong
	CodeKey        = "key"        // a key cannot be used
	CodeTerminal   = "terminal"   // a question could not be asked
	CodeStopped    = "stopped"    // interrupted
	CodeNoOpenSSL  = "no-openssl" // OpenSSL has no command for it
	CodeInternal   = "internal"   // anything else

	CodeUnauthenticated = "unauthenticated" // a server does not know who asks
	CodeForbidden       = "forbidden"       // the token is not for that
	CodeRateLimited     = "rate-limited"    // too many requests
	CodeTooLarge        = "too-large"       // more than a server takes
)

// Codes returns them all, so that their descriptions can be proved complete.
func Codes() []string {
	return []string{
		CodeUsage, CodeRefused, CodeInvalid, CodeMismatch, CodeNotFound, CodeConflict, CodeDeclined, CodeExists,
		CodeFile, CodeNetwork, CodeDatabase, CodePassphrase, CodeKey, CodeTerminal, CodeStopped, CodeNoOpenSSL, CodeInternal,
		CodeUnauthenticated, CodeForbidden, CodeRateLimited, CodeTooLarge,
	}
}

// Failure is why a command did not do what it was asked, as it is told.
type Failure struct {
	Exit   int            `json:"-"`
	Code   string         `json:"code"`
	Reason request.Reason `json:"reason,omitempty"`
	Field  string         `json:"field,omitempty"`
	Rule   string         `json:"rule,omitempty"`
	Detail string         `json:"detail"`
	Fix    string         `json:"fix,omitempty"`
	More   []*Failure     `json:"more,omitempty"` // what else is wrong
	Lines  []string       `json:"-"`              // Detail line by line, where it has several
	Told   bool           `json:"-"`              // the result has said it already: only the exit code is left
	Err    error          `json:"-"`
}

// Error returns the cause.
func (f *Failure) Error() string { return f.Detail }

// Unwrap returns what lies below.
func (f *Failure) Unwrap() error { return f.Err }

// Usage is a failure of the kind that a look at the help repairs.
func Usage(fix, format string, args ...any) *Failure {
	return &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: fmt.Sprintf(format, args...), Fix: fix}
}

// No is an answer of no that has been told as the result.
func No(code string) *Failure {
	return &Failure{Exit: ExitNo, Code: code, Told: true, Detail: "the answer is no"}
}

// Explain makes any error a failure.
func Explain(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return Refused(refusal)
	}
	if errors.Is(err, context.Canceled) {
		return &Failure{Exit: ExitFailed, Code: CodeStopped, Detail: "stopped before the end", Err: err}
	}
	for _, known := range []struct {
		is   error
		code string
		exit int
		fix  string
	}{
		{authority.ErrNotFound, CodeNotFound, ExitNo, "see what there is with: certwright list, certwright ca list, certwright review list"},
		{authority.ErrDamaged, CodeInvalid, ExitFailed, "see what was changed with: certwright audit verify; then restore a backup: certwright restore FILE --home OTHER"},
		{authority.ErrHead, CodeInvalid, ExitFailed, "see what is left with: certwright audit verify; then restore a backup: certwright restore FILE --home OTHER"},
		{authority.ErrConflict, CodeConflict, ExitFailed, "look at it again and repeat the command"},
		{key.ErrPassphrase, CodePassphrase, ExitFailed, "check the passphrase, and that the file is whole"},
		{authority.ErrExists, CodeExists, ExitNo, "choose another name"},
	} {
		if errors.Is(err, known.is) {
			return &Failure{Exit: known.exit, Code: known.code, Detail: err.Error(), Fix: known.fix, Err: err}
		}
	}
	var database *postgres.Error
	if errors.As(err, &database) {
		return &Failure{Exit: ExitFailed, Code: CodeDatabase, Detail: err.Error(), Fix: database.Fix, Err: err}
	}
	if f := explainSystem(err); f != nil {
		return f
	}
	return &Failure{Exit: ExitFailed, Code: CodeInternal, Detail: err.Error(), Err: err}
}

// Refused is the failure that a refusal is to the command line.
func Refused(r *request.Refusal) *Failure {
	code := CodeRefused
	switch r.Reason {
	case request.UnknownProfile, request.UnknownIssuer, request.UnknownRequest, request.UnknownCertificate:
		code = CodeNotFound
	}
	return &Failure{Exit: ExitNo, Code: code, Reason: r.Reason, Field: r.Field, Rule: r.Rule, Detail: r.Detail, Fix: r.Fix, Err: r}
}

// explainSystem says in plain words what the operating system reports.
func explainSystem(err error) *Failure {
	var path *fs.PathError
	if errors.As(err, &path) {
		cause, fix := systemCause(path.Err)
		doing := map[string]string{"open": "cannot open", "read": "cannot read", "write": "cannot write", "mkdir": "cannot make the folder",
			"stat": "cannot find", "rename": "cannot write", "lstat": "cannot find"}[path.Op]
		if doing == "" {
			doing = "cannot " + path.Op
		}
		return &Failure{Exit: ExitFailed, Code: CodeFile, Detail: doing + " " + path.Path + ": " + cause, Fix: fix, Err: err}
	}
	var missing *exec.Error
	if errors.As(err, &missing) {
		return &Failure{Exit: ExitFailed, Code: CodeFile, Detail: "cannot run " + missing.Name + ": there is no such program", Err: err}
	}
	return nil
}

func systemCause(err error) (cause, fix string) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file", "check the name and the folder you are in"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied", "check who owns it, or run as the user who does"
	case errors.Is(err, fs.ErrExist):
		return "it exists already", ""
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full", "make room and repeat the command"
	case errors.Is(err, syscall.EISDIR):
		return "it is a folder, not a file", ""
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is not a folder", ""
	case errors.Is(err, syscall.EROFS):
		return "the file system is read-only", ""
	}
	return err.Error(), ""
}

// Tell writes a failure: two lines for people on standard error, and with JSON
// an object on standard output, too.
func (s *Shell) Tell(f *Failure) {
	if f.Told {
		return
	}
	if s.JSON {
		s.Object(struct {
			Error *Failure `json:"error"`
		}{f})
	}
	s.TellLines("error", f)
	for _, more := range f.More {
		s.TellLines("error", more)
	}
}

// TellLines writes the lines for people only.
func (s *Shell) TellLines(kind string, f *Failure) {
	lines := f.Lines
	if len(lines) == 0 {
		lines = []string{f.Detail}
	}
	for _, line := range lines {
		fmt.Fprintf(s.Err, "certwright: %s: %s\n", kind, Visible(line))
	}
	if f.Fix != "" {
		fmt.Fprintf(s.Err, "certwright: hint: %s\n", Visible(f.Fix))
	}
}
