package server

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// exchange is one request on its way through the server.
type exchange struct {
	id     string
	door   string // which one answered; empty: none
	secure bool   // the client came over TLS
	proxy  string // the address of the proxy that it came by; empty: none
}

type exchangeKey struct{}

// exchangeOf returns the exchange that a context belongs to, nil for none.
func exchangeOf(ctx context.Context) *exchange {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	return e
}

// named notes which door answers a request.
func named(door string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e := exchangeOf(r.Context()); e != nil {
			e.door = door
		}
		next.ServeHTTP(w, r)
	})
}

// front is what every request passes first: it gets an identifier, its body a
// limit, and its end a line in the log.
func (s *Server) front(next http.Handler) http.Handler {
	traced := s.tracing.around(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := &exchange{id: requestID(r.Header.Get("X-Request-Id")), secure: r.TLS != nil}
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))
		now := s.now.Load()
		answering := traced
		if !s.introduce(now.proxies, r, e) {
			answering = http.HandlerFunc(misled)
		}
		answer := &recorder{ResponseWriter: w}
		answer.Header().Set("X-Request-Id", e.id)
		answer.Header().Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(answer, r.Body, int64(now.settings.Limits.Body))
		begin := time.Now()
		defer func() {
			panicked := recover()
			if panicked != nil && panicked != http.ErrAbortHandler {
				s.config.Log.ErrorContext(r.Context(), "a request was not answered because of a mistake in the program", "cause", panicked, "stack", string(debug.Stack()))
				if answer.status == 0 {
					problem(answer, r, http.StatusInternalServerError, "internal", "the server made a mistake, which its log has under this request's identifier")
				}
			}
			s.note(r, e, answer, time.Since(begin))
			if panicked != nil && answer.status == 0 {
				panic(http.ErrAbortHandler)
			}
		}()
		answering.ServeHTTP(answer, r)
	})
}

// note writes the line of a request into the log: never its headers, query or
// body, which may hold secrets.
func (s *Server) note(r *http.Request, e *exchange, answer *recorder, took time.Duration) {
	s.config.Measures.requests.Add(1, e.door, method(r.Method), strconv.Itoa(answer.code()))
	s.config.Measures.seconds.Observe(took.Seconds(), e.door)
	level := slog.LevelInfo
	if e.door == "health" || e.door == "metrics" || e.door == "publish" {
		level = slog.LevelDebug
	}
	log := s.config.Log.Handler()
	if !log.Enabled(r.Context(), level) {
		return
	}
	line := slog.NewRecord(time.Now(), level, "request", 0) // wherever in the program it is written
	line.AddAttrs(slog.String("door", e.door), slog.String("method", r.Method), slog.String("path", short(r.URL.Path)),
		slog.Int("status", answer.code()), slog.Int64("octets", answer.octets), slog.String("took", took.Round(time.Microsecond).String()), slog.String("from", r.RemoteAddr))
	if e.proxy != "" {
		line.AddAttrs(slog.String("proxy", e.proxy))
	}
	log.Handle(r.Context(), line)
}

// method is a method of HTTP, or "other": a client may make up any word.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

const longestPath = 300 // in the log

// short keeps a path from filling the log.
func short(path string) string {
	if len(path) > longestPath {
		return path[:longestPath] + "…"
	}
	return path
}

// requestID takes the identifier that a proxy has given if it is one, else
// draws one.
func requestID(given string) string {
	if 8 <= len(given) && len(given) <= 64 && strings.Trim(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" {
		return given
	}
	random := make([]byte, 10)
	rand.Read(random)
	return lowerBase32.EncodeToString(random)
}

// lowerBase32 is base32 (RFC 4648, Section 6) in lower case.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	octets int64
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader remembers the status.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write counts the octets.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.octets += int64(n)
	return n, err
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// problem answers with an error of the server itself (RFC 9457).
func problem(w http.ResponseWriter, r *http.Request, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body := map[string]any{"title": http.StatusText(status), "status": status, "code": code, "detail": detail}
	if e := exchangeOf(r.Context()); e != nil {
		body["request"] = e.id
	}
	json.NewEncoder(w).Encode(body)
}
