package acmesrv

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// statuses are the HTTP statuses of problems; 400 is that of all others.
var statuses = map[acme.ProblemType]int{
	acme.AlreadyReplaced: http.StatusConflict,
	acme.RateLimited:     http.StatusTooManyRequests,
	acme.ServerInternal:  http.StatusInternalServerError,

	acme.CAA:                     http.StatusForbidden,
	acme.ExternalAccountRequired: http.StatusForbidden,
	acme.IncorrectResponse:       http.StatusForbidden,
	acme.OrderNotReady:           http.StatusForbidden,
	acme.Unauthorized:            http.StatusForbidden,
	acme.UserActionRequired:      http.StatusForbidden,
}

func statusOf(p *acme.Problem) int {
	if p.Status != 0 {
		return p.Status
	}
	for t, status := range statuses {
		if p.Has(t) {
			return status
		}
	}
	return http.StatusBadRequest
}

func withStatus(p *acme.Problem, status int) *acme.Problem {
	p.Status = status
	return p
}

func notFound() *acme.Problem {
	return withStatus(acme.NewProblem(acme.Malformed, "there is no such resource, or it is not this account's"), http.StatusNotFound)
}

// notValid refuses an account that was ended (RFC 8555, Section 7.3.6).
func notValid(a *acmeorder.Account) *acme.Problem {
	return withStatus(acme.NewProblem(acme.Unauthorized, "the account is "+a.Status+"; make another, with another key"), http.StatusUnauthorized)
}

// fail answers with a problem. An error of ours is logged whole and told as a
// reference alone.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.linkIndex(w)
	if s.giveNonce(w, r) != nil {
		w.Header().Del("Replay-Nonce")
	}
	var limited *acmeorder.Limited
	if errors.As(err, &limited) {
		seconds := math.Ceil(limited.Wait.Seconds())
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		err = acmeorder.RefusalProblem(refusal)
	}
	var found *acme.Problem
	if !errors.As(err, &found) {
		reference := rand.Text()[:12]
		level := slog.LevelError
		if r.Context().Err() != nil {
			level = slog.LevelDebug // the client went away, and with it what was done for it
		}
		s.config.Log.Log(r.Context(), level, "acme request failed", "reference", reference, "method", r.Method, "path", r.URL.Path, "error", err)
		found = ours(err, reference)
		w.Header().Set("Retry-After", strconv.Itoa(int(time.Minute.Seconds())))
	}
	p := *found // the same problem may be shown elsewhere without the status
	p.Status = statusOf(found)
	if p.Has(acme.UserActionRequired) && p.Instance != "" {
		link(w, p.Instance, "terms-of-service")
	}
	w.Header().Del("Content-Length")
	answer(w, &p)
}

// ours is the problem that an error of ours is told as, by the reference that the
// log has.
func ours(err error, reference string) *acme.Problem {
	switch {
	case errors.Is(err, authority.ErrAway) && !errors.Is(err, authority.ErrUncertain):
		return withStatus(acme.NewProblem(acme.ServerInternal, "the server cannot reach its records now; try again in a while"), http.StatusServiceUnavailable)
	case errors.Is(err, authority.ErrNoKey):
		return withStatus(acme.NewProblem(acme.ServerInternal, "this server lacks a key, which its log names and another server may have; tell its operator, and try again later"), http.StatusServiceUnavailable)
	case errors.Is(err, authority.ErrFull):
		return withStatus(acme.NewProblem(acme.ServerInternal, "the server has no room left for its records; tell its operator, and try again later"), http.StatusInsufficientStorage)
	}
	return acme.NewProblem(acme.ServerInternal, "something went wrong here, not with the request; tell the operator the reference "+reference)
}

func answer(w http.ResponseWriter, p *acme.Problem) {
	w.Header().Set("Cache-Control", "no-store")
	writeAs(w, p.Status, acme.ProblemContentType, p)
}
