package restsrv

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/request"
)

// statusOf is the HTTP status that says a Reason; 0 for one that is not known.
func statusOf(r request.Reason) int {
	switch r {
	case request.BadFormat:
		return http.StatusBadRequest
	case request.BadPossession, request.BadAlgorithm, request.BadKey, request.BadSubject, request.BadName, request.BadExtension, request.BadValidity,
		request.BadEvidence, request.PolicyRefused, request.LintFailed, request.IssuerRefused, request.RefusedByOfficer, request.Withdrawn:
		return http.StatusUnprocessableEntity
	case request.UnknownProfile, request.UnknownIssuer, request.UnknownRequest, request.UnknownCertificate:
		return http.StatusNotFound
	case request.AlreadyRevoked, request.NotRevoked, request.Duplicate, request.WrongState:
		return http.StatusConflict
	case request.NotAuthorized:
		return http.StatusForbidden
	}
	return 0
}

// failure is a problem on its way to the client.
type failure struct {
	*client.Problem
	header http.Header
}

// GetStatus returns the HTTP status.
func (f *failure) GetStatus() int { return f.Status }

// GetHeaders returns what is to be in the header of the answer.
func (f *failure) GetHeaders() http.Header { return f.header }

// ContentType makes JSON problem details.
func (f *failure) ContentType(string) string { return "application/problem+json" }

func failed(status int, code, detail, fix string) *failure {
	return &failure{Problem: &client.Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Fix: fix}}
}

func usage(fix, format string, args ...any) *failure {
	return failed(http.StatusBadRequest, client.CodeUsage, fmt.Sprintf(format, args...), fix)
}

// mistake is usage in one field or parameter.
func mistake(field, fix, format string, args ...any) *failure {
	f := usage(fix, format, args...)
	f.Field = field
	return f
}

func tooOften(wait time.Duration) *failure { return turnedAway(access.TooOften(wait)) }

// turnedAway is the problem that a failure to get in is.
func turnedAway(f *access.Failure) *failure {
	out := failed(f.Status, f.Code, f.Detail, f.Fix)
	out.header = f.Header()
	return out
}

func tooLarge() *failure {
	return failed(http.StatusRequestEntityTooLarge, client.CodeTooLarge, "the body is too large", "send one request at a time, and nothing else")
}

// away tells that the records cannot be reached now.
func away() *failure {
	f := failed(http.StatusServiceUnavailable, client.CodeDatabase, "the server cannot reach its records now", "send it again in a while")
	f.header = http.Header{"Retry-After": {"30"}}
	return f
}

// lacking tells that a key is in another home, and which.
func lacking(err error) *failure {
	what := "a key of its records"
	var missing *keystore.MissingError
	if errors.As(err, &missing) {
		what = "the key " + filepath.Base(missing.File)
	}
	f := failed(http.StatusServiceUnavailable, client.CodeKey, "this server lacks "+what+", which was made at another one", "tell its administrator to copy it from the home where it was made")
	f.header = http.Header{"Retry-After": {"30"}}
	return f
}

// refused is the problem that a refusal is.
func refused(r *request.Refusal) *failure {
	code := client.CodeRefused
	status := statusOf(r.Reason)
	if status == http.StatusNotFound {
		code = client.CodeNotFound
	}
	f := failed(status, code, r.Detail, r.Fix)
	f.Reason, f.Field, f.Rule = string(r.Reason), r.Field, r.Rule
	return f
}

// failure makes a problem of any error. What is our own mistake is logged
// whole, and told by a reference only.
func (s *server) failure(ctx context.Context, err error) *failure {
	var known *failure
	var turned *access.Failure
	var refusal *request.Refusal
	var wait *authority.WaitError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &wait):
		f := tooOften(wait.Wait)
		f.Detail, f.Fix = err.Error(), "wait "+wait.Wait.String()+"; or ask an officer"
		return f
	case errors.As(err, &turned):
		return turnedAway(turned)
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.Is(err, authority.ErrNotFound):
		return failed(http.StatusNotFound, client.CodeNotFound, "there is no such thing", "look for it in the list of its kind")
	case errors.Is(err, authority.ErrConflict):
		return failed(http.StatusConflict, client.CodeConflict, "it was changed by somebody else meanwhile", "look at it again, and repeat the order")
	case errors.Is(err, authority.ErrAway) && !errors.Is(err, authority.ErrUncertain):
		s.Log.ErrorContext(ctx, "a request over REST was not carried out", "cause", err.Error())
		return away()
	case errors.Is(err, authority.ErrFull):
		s.Log.ErrorContext(ctx, "a request over REST was not carried out", "cause", err.Error())
		return failed(http.StatusInsufficientStorage, client.CodeDatabase, "the server has no room left for its records", "tell its administrator to make room, and send it again then")
	case errors.Is(err, authority.ErrNoKey):
		s.Log.ErrorContext(ctx, "a request over REST was not carried out", "cause", err.Error())
		return lacking(err)
	case errors.Is(err, context.Canceled):
		return failed(http.StatusServiceUnavailable, client.CodeInternal, "the request was broken off", "send it again")
	}
	random := make([]byte, 8)
	rand.Read(random)
	f := failed(http.StatusInternalServerError, client.CodeInternal, "the server made a mistake, or its machine did", "tell its administrator the reference in \"instance\"")
	f.Instance = hex.EncodeToString(random)
	s.Log.ErrorContext(ctx, "a request over REST was not carried out", "cause", err.Error(), "instance", f.Instance)
	return f
}

func writeFailure(w http.ResponseWriter, f *failure) {
	for k, v := range f.header {
		w.Header()[k] = v
	}
	writeProblem(w, f.Problem)
}

func writeProblem(w http.ResponseWriter, p *client.Problem) {
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(p)
}
