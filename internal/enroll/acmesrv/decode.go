package acmesrv

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// maxBody bounds a message, in octets: a request of a hundred names and a
// post-quantum key is well below it.
const maxBody = 128 << 10

// signer says whose key a message must be signed by.
type signer int

const (
	byAccount signer = iota // kid
	byKey                   // jwk
	byEither
)

// exchange is one signed request and its answer.
type exchange struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	url     string             // that the message was signed for
	account *acmeorder.Account // nil where the message has its key in it
	key     *acme.Key
	payload []byte
}

// signed answers requests whose message is verified.
func (s *Server) signed(by signer, handle func(*exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{server: s, w: w, r: r, url: s.config.BaseURL + r.URL.RequestURI()}
		s.linkIndex(w)
		w.Header().Set("Cache-Control", "no-store")
		err := s.giveNonce(w, r)
		if err == nil {
			err = x.open(by)
		}
		if err == nil {
			err = handle(x)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// open reads the message and verifies it (RFC 8555, Sections 6.2 to 6.5).
func (x *exchange) open(by signer) error {
	if t, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || t != acme.ContentType {
		return withStatus(acme.NewProblem(acme.Malformed, "the Content-Type is not "+acme.ContentType), http.StatusUnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return withStatus(acme.NewProblem(acme.Malformed, "the message is longer than 128 KiB"), http.StatusRequestEntityTooLarge)
	}
	if err != nil {
		return acme.NewProblem(acme.Malformed, "the message broke off; send it again")
	}
	m, err := acme.ParseMessage(body)
	if err != nil {
		return unreadable(err)
	}
	h := m.Header
	if h.URL != x.url {
		return acme.NewProblem(acme.Unauthorized, "the message was signed for another URL than it was sent to; use the URLs of the directory as they are")
	}
	if _, err := base64.RawURLEncoding.DecodeString(h.Nonce); err != nil {
		return acme.NewProblem(acme.Malformed, "the nonce is not base64url without padding")
	}
	if err := x.server.nonces.Spend(x.r.Context(), h.Nonce); err != nil {
		return err
	}
	if (h.Key == nil) == (h.KeyID == "") {
		return acme.NewProblem(acme.Malformed, "the protected header must have exactly one of jwk and kid")
	}
	if by == byAccount && h.KeyID == "" || by == byKey && h.Key == nil {
		return acme.NewProblem(acme.Malformed, "the protected header has jwk where kid is wanted, or kid where jwk is: kid, the account's URL, is for everything but making accounts and revoking by a certificate's key")
	}
	if err := x.identify(&h); err != nil {
		return err
	}
	if x.payload, err = m.Verify(x.key); err != nil {
		return unreadable(err)
	}
	return nil
}

// identify finds the key that a message must verify by.
func (x *exchange) identify(h *acme.Header) error {
	if x.key = h.Key; x.key != nil {
		return nil
	}
	id, ours := strings.CutPrefix(h.KeyID, x.server.accountURL(""))
	unknown := acme.NewProblem(acme.AccountDoesNotExist, "there is no account of this kid; make one, or find its URL by newAccount with onlyReturnExisting")
	if !ours || id == "" {
		return unknown
	}
	a, err := x.server.orders.Account(x.r.Context(), id)
	if err != nil {
		return err
	}
	if a == nil {
		return unknown
	}
	if a.Status != acme.StatusValid {
		return notValid(a)
	}
	x.account, x.key = a, &a.Key
	return nil
}

// unreadable is the problem of a message that cannot be read or verified.
func unreadable(err error) *acme.Problem {
	var algorithm *acme.AlgorithmError
	if errors.As(err, &algorithm) {
		p := acme.NewProblem(acme.BadSignatureAlgorithm, algorithm.Error())
		p.Algorithms = acme.Algorithms()
		return p
	}
	var key *acme.KeyError
	if errors.As(err, &key) {
		return acme.NewProblem(acme.BadPublicKey, key.Error())
	}
	return acme.NewProblem(acme.Malformed, err.Error())
}

// asGet reports whether a message only asks for the resource (RFC 8555,
// Section 6.3).
func (x *exchange) asGet() bool { return len(x.payload) == 0 }

// read reads the payload.
func (x *exchange) read(into any) error {
	if err := acme.Unmarshal(x.payload, into); err != nil {
		return acme.NewProblem(acme.Malformed, "the payload is not the JSON object that is wanted here, its members spelled as RFC 8555 spells them, and nothing behind it")
	}
	return nil
}

// mine refuses an account that asks for another's.
func (x *exchange) mine() error {
	if x.r.PathValue("id") != x.account.ID {
		return acme.NewProblem(acme.Unauthorized, "the message is signed by another account than the one it asks for")
	}
	return nil
}

// address is that of the client.
func (x *exchange) address() string {
	host, _, err := net.SplitHostPort(x.r.RemoteAddr)
	if err != nil {
		return x.r.RemoteAddr
	}
	return host
}

func decodeBase64(name, text string) ([]byte, error) {
	der, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, acme.NewProblem(acme.Malformed, name+" is not base64url without padding")
	}
	return der, nil
}
