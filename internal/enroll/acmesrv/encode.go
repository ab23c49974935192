package acmesrv

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// After how many seconds clients may ask again.
const (
	checkRetry   = "1"     // for a validation that runs
	heldRetry    = "15"    // for an order that waits for a person
	renewalRetry = "21600" // for renewal information (RFC 9773, Section 4.3.1)
)

func (s *Server) accountURL(id string) string { return s.base + "/acct/" + id }
func (s *Server) orderURL(id string) string   { return s.base + "/order/" + id }
func (s *Server) authorizationURL(id string, n int) string {
	return s.base + "/authz/" + id + "/" + strconv.Itoa(n)
}
func (s *Server) accountHashPrefix() string { return s.base + "/account-hash/" }

// certificateURL is that of a chain; 0 is the authority's own.
func (s *Server) certificateURL(id string, chain int) string {
	if chain == 0 {
		return s.base + "/cert/" + id
	}
	return s.base + "/cert/" + id + "/" + strconv.Itoa(chain)
}

func link(w http.ResponseWriter, url, relation string) {
	w.Header().Add("Link", "<"+url+`>;rel="`+relation+`"`)
}

// linkIndex points to the directory (RFC 8555, Section 7.1), before any other
// link, of
// each answer once.
func (s *Server) linkIndex(w http.ResponseWriter) {
	if len(w.Header().Values("Link")) == 0 {
		link(w, s.base+"/directory", "index")
	}
}

func write(w http.ResponseWriter, status int, v any) error {
	return writeAs(w, status, "application/json", v)
}

func writeAs(w http.ResponseWriter, status int, contentType string, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding an answer: %w", err)
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	w.Write(encoded) // an error means that the client is gone
	return nil
}

func writeChain(w http.ResponseWriter, chain [][]byte) error {
	var out bytes.Buffer
	for _, der := range chain {
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return fmt.Errorf("encoding a chain: %w", err)
		}
	}
	w.Header().Set("Content-Type", acme.ChainContentType)
	w.Write(out.Bytes()) // an error means that the client is gone
	return nil
}

func (s *Server) encodeAccount(a *acmeorder.Account) acme.Account {
	return acme.Account{Status: a.Status, Contact: a.Contact, TermsOfServiceAgreed: a.Agreed, Orders: s.accountURL(a.ID) + "/orders"}
}

func (s *Server) encodeOrder(o *acmeorder.Order) acme.Order {
	out := acme.Order{
		Status: o.Status, Expires: &o.Expires, Identifiers: o.Identifiers, NotBefore: o.NotBefore, NotAfter: o.NotAfter,
		Profile: o.Profile, Replaces: o.Replaces, Error: o.Error, Finalize: s.orderURL(o.ID) + "/finalize",
	}
	for n, z := range o.Authorizations {
		at := acmeorder.Place{Order: o.ID, N: n}
		if z.Of != (acmeorder.Place{}) {
			at = z.Of
		}
		out.Authorizations = append(out.Authorizations, s.authorizationURL(at.Order, at.N))
	}
	if o.Status == acme.StatusValid {
		out.Certificate = s.certificateURL(o.ID, 0)
	}
	return out
}

func (s *Server) encodeAuthorization(o *acmeorder.Order, n int) acme.Authorization {
	z := &o.Authorizations[n]
	out := acme.Authorization{Status: s.orders.Standing(z), Expires: &z.Expires, Identifier: z.Identifier, Wildcard: z.Wildcard, Challenges: []acme.Challenge{}}
	for _, method := range z.Methods {
		// Once one was tried, the others are gone (RFC 8555, Section 7.1.4).
		if c, ok := s.encodeChallenge(o, n, method); ok && (z.Tried == "" || z.Tried == method) {
			out.Challenges = append(out.Challenges, c)
		}
	}
	return out
}

// encodeChallenge shows one challenge; ok is false where there is none of this
// method.
func (s *Server) encodeChallenge(o *acmeorder.Order, n int, method string) (c acme.Challenge, ok bool) {
	z := &o.Authorizations[n]
	for _, m := range z.Methods {
		ok = ok || m == method
	}
	c = acme.Challenge{Type: method, URL: s.base + "/chall/" + o.ID + "/" + strconv.Itoa(n) + "/" + method, Status: acme.StatusPending, Token: z.Token}
	if method == acme.DNSPersist01 {
		c.Token, c.IssuerDomainNames = "", s.config.Checks.PersistNames
	}
	if z.Tried != method {
		return c, ok
	}
	switch z.Status {
	case acme.StatusProcessing, acme.StatusValid, acme.StatusInvalid:
		c.Status = z.Status
	case acme.StatusDeactivated:
		c.Status = acme.StatusInvalid
	}
	if !z.Validated.IsZero() {
		validated := z.Validated.Truncate(time.Second)
		c.Status, c.Validated = acme.StatusValid, &validated
	}
	c.Error = z.Error
	return c, ok
}
