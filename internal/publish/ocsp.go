package publish

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/certwright/certwright/authority/responder"
	"github.com/certwright/certwright/format/ocsp"
)

// ocsp answers questions by POST, and by GET with the question in the path
// (RFC 6960, Appendix A). What is wrong with a question is told in the
// protocol, with the HTTP status 200.
func (s *Server) ocsp(w http.ResponseWriter, r *http.Request) {
	var question []byte
	var err error
	switch r.Method {
	case http.MethodPost:
		question, err = s.questionOf(w, r)
	case http.MethodGet, http.MethodHead:
		question, err = questionIn(r.URL)
	default:
		notAllowed(w, "GET, HEAD, POST", "ask the OCSP responder with POST, or with GET and the request in the path")
		return
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.answer(w, r, http.StatusRequestEntityTooLarge, &responder.Answer{DER: ocsp.Refusal(ocsp.MalformedRequest), Status: ocsp.MalformedRequest})
	case err != nil:
		s.answer(w, r, http.StatusOK, &responder.Answer{DER: ocsp.Refusal(ocsp.MalformedRequest), Status: ocsp.MalformedRequest})
	default:
		s.answer(w, r, http.StatusOK, s.responder.Respond(r.Context(), question))
	}
}

// questionOf reads the body of a request.
func (s *Server) questionOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > s.config.MaxRequest {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, s.config.MaxRequest))
	}
	question := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, question)
	return question, err
}

// questionIn takes the request out of a path: base64, in which slashes and
// plus signs may or may not be escaped, and whose padding some leave away.
func questionIn(u *url.URL) ([]byte, error) {
	text, err := url.PathUnescape(strings.TrimPrefix(u.EscapedPath(), "/ocsp"))
	if err != nil {
		return nil, fmt.Errorf("reading the path: %w", err)
	}
	text = strings.TrimRight(strings.TrimLeft(text, "/"), "=")
	return base64.RawStdEncoding.DecodeString(text)
}

// answer writes an answer. Only those to GET that hold for everybody may be
// kept by caches (RFC 5019, Section 6.2).
func (s *Server) answer(w http.ResponseWriter, r *http.Request, code int, a *responder.Answer) {
	if s.config.Answered != nil {
		s.config.Answered(a.Status.String(), string(a.Standing))
	}
	h := w.Header()
	if a.NextUpdate.IsZero() || r.Method == http.MethodPost {
		h["Content-Type"], h["Cache-Control"] = s.headers.answer, s.headers.noStore
		h["Content-Length"] = []string{strconv.Itoa(len(a.DER))}
		w.WriteHeader(code)
		if r.Method != http.MethodHead {
			w.Write(a.DER)
		}
		return
	}
	o := object{kind: ocsp.ResponseType, tag: fmt.Sprintf(`"%x"`, sha256.Sum256(a.DER)), modified: s.settled(a.ThisUpdate), ends: a.NextUpdate,
		keep: min(a.Renewed.Sub(s.now()), s.config.MaxAge), rules: ", no-transform, must-revalidate"}
	if !o.head(w, r) {
		o.serve(w, r, a.DER)
	}
}
