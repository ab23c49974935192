// Package cmpsrv is the door of CMP: it reads messages, sees whose they are,
// submits what they ask for, and answers in kind (RFC 9810, RFC 9811, RFC 9483).
package cmpsrv

import (
	"context"
	"crypto/cipher"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// Config is what a Server is made from.
type Config struct {
	Authority *authority.Authority
	Store     authority.Store
	Secrets   *secret.Vault
	Keys      authority.Keys   // where the keys are kept that sign answers
	CA        string           // where neither path, secret nor certificate say; empty: the only issuing one
	Profile   string           // likewise; empty: the authority's default
	Profiles  []string         // that may be named besides, by those whose secret or certificate is for none
	Log       *slog.Logger     // nil: nowhere
	Now       func() time.Time // nil: the system's clock

	Window     time.Duration // how far messageTime may be off; 0: five minutes
	CheckAfter time.Duration // when to ask again for what an officer decides; 0: a minute
	NoImplicit bool          // every certificate is to be confirmed
	Several    bool          // a message may ask for several certificates

	Manufacturers *manufacturer.Known // whose devices may have a first certificate; nil: none
}

const (
	presetWindow     = 5 * time.Minute
	presetCheckAfter = time.Minute

	wrongPerSecond = 5  // messages of one address that no shared secret protects rightly
	wrongAtOnce    = 50 // so many at once
)

// Server answers CMP messages. It is safe for concurrent use, by several
// processes over one store too.
type Server struct {
	config     Config
	signers    *signers
	standings  *standings
	protectors protectors
	seal       cipher.AEAD     // of answers that hold keys
	strange    *access.Limiter // of addresses that show wrong secrets
}

// New checks the configuration and returns a server.
func New(c Config) (*Server, error) {
	if c.Authority == nil || c.Store == nil || c.Secrets == nil || c.Keys == nil {
		return nil, errors.New("a CMP server needs the authorities, their store, secrets and keys")
	}
	if c.Window < 0 || c.CheckAfter < 0 {
		return nil, errors.New("the times of a CMP server cannot be below zero")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Window == 0 {
		c.Window = presetWindow
	}
	if c.CheckAfter == 0 {
		c.CheckAfter = presetCheckAfter
	}
	signers, err := newSigners(c)
	if err != nil {
		return nil, err
	}
	seal, err := newSeal()
	if err != nil {
		return nil, err
	}
	return &Server{config: c, seal: seal, strange: access.NewLimiter(wrongPerSecond, wrongAtOnce), signers: signers, standings: newStandings(c.Authority, c.Now)}, nil
}

// ServeHTTP takes messages at /.well-known/cmp, /.well-known/cmp/p/PROFILE and
// /pkix/ (RFC 9811, Section 3.3).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	profile, ok := profileOf(r.URL.Path)
	if !ok {
		http.Error(w, "there is nothing here; CMP messages are taken at /.well-known/cmp and /.well-known/cmp/p/PROFILE", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "CMP messages are posted", http.StatusMethodNotAllowed)
		return
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != cmp.ContentType {
		http.Error(w, "the content type of CMP messages is "+cmp.ContentType, http.StatusUnsupportedMediaType)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, cmp.MaxSize))
	if err != nil {
		http.Error(w, "the message is too large, or did not arrive whole", http.StatusRequestEntityTooLarge)
		return
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	w.Header().Set("Content-Type", cmp.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write(s.Answer(r.Context(), data, profile, address)); err != nil {
		s.config.Log.DebugContext(r.Context(), "an answer was not taken", "address", address, "error", err)
	}
}

// labelled reports whether a part of a path is the label of an operation (RFC
// 9483, Section 6.1). The body of a message says what is asked for, not the label.
func labelled(part string) bool {
	switch part {
	case "initialization", "certification", "keyupdate", "pkcs10", "p10", "revocation", "getcacerts", "getrootupdate", "getcertreqtemplate", "getcrls", "nested":
		return true
	}
	return false
}

// profileOf returns the profile that a path names.
func profileOf(path string) (profile string, ok bool) {
	path = strings.TrimSuffix(path, "/")
	if path == "/.well-known/cmp" || path == "/pkix" {
		return "", true
	}
	rest, ok := strings.CutPrefix(path, "/.well-known/cmp/")
	if ok && labelled(rest) {
		return "", true
	}
	if profile, ok = strings.CutPrefix(rest, "p/"); !ok {
		return "", false
	}
	profile, label, more := strings.Cut(profile, "/")
	return profile, profile != "" && (!more || labelled(label))
}

// Answer answers a message in DER. Whatever is wrong with it is an answer,
// too. Profile is the one of the address, empty where that names none.
func (s *Server) Answer(ctx context.Context, data []byte, profile, address string) []byte {
	m, err := cmp.Parse(data)
	if err != nil {
		return s.unreadable(ctx, err)
	}
	return s.answer(ctx, &call{message: m, profile: profile, address: address})
}

// call is one message on its way.
type call struct {
	message *cmp.Message
	profile string // of the path
	address string
	sender  *sender              // nil before it is known
	ca      string               // empty: the one that the profile's submission finds
	device  *manufacturer.Device // that the sender is, of a profile's manufacturer; nil of others
	infos   []cmp.Info

	transaction *transaction   // nil of what needs none
	update      *update        // that a kur begins; nil of others
	answer      []byte         // once it is on record
	challenge   *cmp.Challenge // that the answer is to be, instead of a certificate
	version     int            // of the answer, where it is not the message's
	told        bool           // what is wrong is told in the response to the request, and not by an error message
	chain       [][]byte       // of the authority that issued, for the extraCerts
}

func (s *Server) answer(ctx context.Context, c *call) []byte {
	body, err := s.handle(ctx, c)
	if err != nil {
		body = s.failed(ctx, c, err)
	}
	if c.answer != nil {
		return c.answer
	}
	answer, err := s.encode(ctx, c, body)
	if err == nil {
		err = s.remember(ctx, c, answer)
	}
	if err == nil {
		return answer.Raw
	}
	c.transaction = nil
	if answer, err = s.encode(ctx, c, s.failed(ctx, c, err)); err == nil {
		return answer.Raw
	}
	s.config.Log.ErrorContext(ctx, "a CMP answer could not be protected", "error", err)
	return s.unprotected(c.message.Header, s.failed(ctx, c, err))
}
