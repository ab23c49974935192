// Package acmesrv serves ACME over HTTP (RFC 8555): it reads signed messages,
// has acmeorder do what they ask, and writes what became of it.
package acmesrv

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// Config is what a Server is made from.
type Config struct {
	Authority    *authority.Authority
	Store        authority.Store
	Secrets      acmeorder.Sealer // of the keys of external accounts
	BaseURL      string           // as clients write it, without a slash at the end; the paths below begin with /acme/
	Checks       acmecheck.Settings
	Orders       acmeorder.Settings
	Website      string            // URL, for people
	SharedNonces bool              // nonces of one process are good at all that share the store
	Nonces       *Nonces           // where they are not shared; nil: new ones
	Checker      acmeorder.Checker // nil: one made of Checks
	Now          func() time.Time  // nil: the system's clock
	Log          *slog.Logger      // nil: nowhere
}

// Server is the handler of everything below /acme/.
type Server struct {
	config Config
	base   string // BaseURL with /acme
	orders *acmeorder.Orders
	nonces nonces
	mux    *http.ServeMux
}

// New checks the configuration and makes a server. Run must be called beside
// serving.
func New(c Config) (*Server, error) {
	if u, err := url.Parse(c.BaseURL); err != nil || u.Scheme == "" || u.Host == "" || strings.HasSuffix(c.BaseURL, "/") {
		return nil, fmt.Errorf("ACME needs the base URL that clients use, such as https://ca.example:8443, not %q", c.BaseURL)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{config: c, base: c.BaseURL + "/acme"}
	if c.Checks.PersistNames == nil {
		c.Checks.PersistNames = c.Checks.CAAIdentities
	}
	c.Checks.PersistPrefix = s.accountHashPrefix()
	s.config.Checks = c.Checks
	if c.Checker == nil {
		checker, err := acmecheck.New(c.Checks, c.Now)
		if err != nil {
			return nil, err
		}
		c.Checker = checker
	}
	c.Orders.CAAIdentities = c.Checks.CAAIdentities
	var err error
	s.orders, err = acmeorder.New(acmeorder.Config{
		Authority: c.Authority, Store: c.Store, Checker: c.Checker, Secrets: c.Secrets, AccountURL: s.accountURL, Settings: c.Orders, Now: c.Now,
		Log: func(format string, args ...any) { c.Log.Error(fmt.Sprintf(format, args...)) },
	})
	if err != nil {
		return nil, err
	}
	s.config.Orders = s.orders.Settings()
	for _, method := range s.config.Orders.Challenges {
		if method == acme.DNSPersist01 && len(c.Checks.PersistNames) == 0 {
			return nil, errors.New("dns-persist-01 needs the names that this authority is known by: set caaIdentities")
		}
	}
	switch {
	case c.SharedNonces:
		s.nonces = &sharedNonces{records: c.Store, now: c.Now}
	case c.Nonces != nil:
		s.nonces = c.Nonces
	default:
		s.nonces = NewNonces()
	}
	s.mux = s.routes()
	return s, nil
}

// Run does the work of the background until the context ends.
func (s *Server) Run(ctx context.Context) error { return s.orders.Run(ctx) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, at := range []string{"", "/p/{profile}", "/ca/{ca}", "/ca/{ca}/p/{profile}"} {
		mux.HandleFunc("GET /acme"+at+"/directory", s.directory)
		mux.HandleFunc("POST /acme"+at+"/directory", s.signed(byAccount, func(x *exchange) error { s.directory(x.w, x.r); return nil }))
		mux.HandleFunc("POST /acme"+at+"/new-order", s.signed(byAccount, s.newOrder))
	}
	mux.HandleFunc("GET /acme/new-nonce", s.newNonce) // HEAD, too
	mux.HandleFunc("POST /acme/new-nonce", s.signed(byAccount, func(x *exchange) error { s.newNonce(x.w, x.r); return nil }))
	mux.HandleFunc("POST /acme/new-account", s.signed(byKey, s.newAccount))
	if !s.config.Orders.ProveEachOrder {
		mux.HandleFunc("POST /acme/new-authz", s.signed(byAccount, s.newAuthorization))
	}
	mux.HandleFunc("POST /acme/key-change", s.signed(byAccount, s.keyChange))
	mux.HandleFunc("POST /acme/revoke-cert", s.signed(byEither, s.revoke))
	mux.HandleFunc("POST /acme/acct/{id}", s.signed(byAccount, s.account))
	mux.HandleFunc("POST /acme/acct/{id}/orders", s.signed(byAccount, s.orderList))
	mux.HandleFunc("POST /acme/order/{id}", s.signed(byAccount, s.order))
	mux.HandleFunc("POST /acme/order/{id}/finalize", s.signed(byAccount, s.finalize))
	mux.HandleFunc("POST /acme/authz/{id}/{n}", s.signed(byAccount, s.authorization))
	mux.HandleFunc("POST /acme/chall/{id}/{n}/{method}", s.signed(byAccount, s.challenge))
	mux.HandleFunc("POST /acme/cert/{id}", s.signed(byAccount, s.certificate))
	mux.HandleFunc("POST /acme/cert/{id}/{alternate}", s.signed(byAccount, s.certificate))
	mux.HandleFunc("GET /acme/renewal-info/{id}", s.renewalInfo)
	mux.HandleFunc("/acme/", s.nothing)
	return mux
}

// nothing answers what no other handler takes.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	if methods := s.methods(r); len(methods) > 0 {
		w.Header().Set("Allow", strings.Join(methods, ", "))
		s.fail(w, r, withStatus(acme.NewProblem(acme.Malformed, "there is nothing here for this method; resources of ACME are fetched by POST-as-GET (RFC 8555, Section 6.3), beginning at the directory"), http.StatusMethodNotAllowed))
		return
	}
	s.fail(w, r, notFound())
}

// methods are those that a path is for; none where there is nothing at it.
func (s *Server) methods(r *http.Request) []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		if _, pattern := s.mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host}); pattern != "/acme/" && pattern != "" {
			out = append(out, method)
		}
	}
	return out
}

func (s *Server) directory(w http.ResponseWriter, r *http.Request) {
	orders := s.base
	if ca := r.PathValue("ca"); ca != "" {
		if err := s.known(r); err != nil {
			s.fail(w, r, err)
			return
		}
		orders += "/ca/" + url.PathEscape(ca)
	}
	if profile := r.PathValue("profile"); profile != "" {
		if _, offered := s.config.Orders.Profiles[profile]; !offered && profile != s.config.Orders.DefaultProfile {
			s.fail(w, r, notFound())
			return
		}
		orders += "/p/" + url.PathEscape(profile)
	}
	d := acme.Directory{
		NewNonce: s.base + "/new-nonce", NewAccount: s.base + "/new-account", NewOrder: orders + "/new-order",
		RevokeCert: s.base + "/revoke-cert", KeyChange: s.base + "/key-change", RenewalInfo: s.base + "/renewal-info",
		Meta: acme.Meta{
			TermsOfService: s.config.Orders.TermsOfService, Website: s.config.Website, CAAIdentities: s.config.Checks.CAAIdentities,
			ExternalAccountRequired: s.config.Orders.RequireBinding,
		},
	}
	if !s.config.Orders.ProveEachOrder {
		d.NewAuthz = s.base + "/new-authz"
	}
	if r.PathValue("profile") == "" {
		d.Meta.Profiles = described(s.config.Orders.Profiles)
		if preset := s.config.Orders.DefaultProfile; d.Meta.Profiles[preset] == "" {
			d.Meta.Profiles[preset] = "data:text/plain;charset=utf-8," + url.PathEscape("that of orders which name none")
		}
	}
	for _, method := range s.config.Orders.Challenges {
		if method == acme.DNSPersist01 {
			d.Meta.IssuerDomainNames, d.Meta.AccountHashPrefix = s.config.Checks.PersistNames, s.accountHashPrefix()
		}
	}
	w.Header().Set("Cache-Control", "public, max-age=60")
	write(w, http.StatusOK, d)
}

// known refuses the path of an authority that there is not, or that is not
// offered: where the settings name none, that is one that stands above others.
func (s *Server) known(r *http.Request) error {
	ca, settings := r.PathValue("ca"), &s.config.Orders
	if ca == "" {
		return nil
	}
	unknown := withStatus(acme.NewProblem(acme.Malformed, "no authority of this name signs for clients of ACME here; use the directory at "+s.base+"/directory"), http.StatusNotFound)
	_, err := s.config.Store.CA(r.Context(), ca)
	switch {
	case errors.Is(err, authority.ErrNotFound):
		return unknown
	case err != nil || ca == settings.DefaultCA || slices.Contains(settings.Authorities, ca):
		return err
	case len(settings.Authorities) > 0:
		return unknown
	}
	reserved, err := s.config.Authority.Reserved(r.Context(), ca)
	if reserved {
		return unknown
	}
	return err
}

// described gives each profile a URL that describes it: one with the text in
// it, where it is not a URL already.
func described(profiles map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range profiles {
		if !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
			text = "data:text/plain;charset=utf-8," + url.PathEscape(text)
		}
		out[name] = text
	}
	return out
}

// newNonce gives a nonce (RFC 8555, Section 7.2).
func (s *Server) newNonce(w http.ResponseWriter, r *http.Request) {
	if err := s.giveNonce(w, r); err != nil {
		s.fail(w, r, err)
		return
	}
	s.linkIndex(w)
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodGet {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) giveNonce(w http.ResponseWriter, r *http.Request) error {
	if w.Header().Get("Replay-Nonce") != "" {
		return nil
	}
	nonce, err := s.nonces.Give(r.Context())
	if err == nil {
		w.Header().Set("Replay-Nonce", nonce)
	}
	return err
}

func (s *Server) newAccount(x *exchange) error {
	var n acme.NewAccount
	if err := x.read(&n); err != nil {
		return err
	}
	a, created, err := s.orders.Register(x.r.Context(), acmeorder.Registration{
		Key: x.key, Contact: n.Contact, Agreed: n.TermsOfServiceAgreed, Only: n.OnlyReturnExisting,
		Binding: n.ExternalAccountBinding, URL: x.url, Address: x.address(),
	})
	if err != nil {
		return err
	}
	if a.Status != acme.StatusValid {
		return notValid(a)
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		s.config.Log.Info("acme account made", "account", a.ID, "binding", a.Binding, "address", x.address())
	}
	x.w.Header().Set("Location", s.accountURL(a.ID))
	return write(x.w, status, s.encodeAccount(a))
}

// account shows an account, or changes it.
func (s *Server) account(x *exchange) error {
	if err := x.mine(); err != nil {
		return err
	}
	a := x.account
	if !x.asGet() {
		var u acme.AccountUpdate
		err := x.read(&u)
		if err != nil {
			return err
		}
		if a, err = s.orders.Update(x.r.Context(), a, u); err != nil {
			return err
		}
	}
	return write(x.w, http.StatusOK, s.encodeAccount(a))
}

func (s *Server) orderList(x *exchange) error {
	if err := x.mine(); err != nil {
		return err
	}
	const page = 100
	ids, last, err := s.orders.List(x.r.Context(), x.account, x.r.URL.Query().Get("after"), page)
	if err != nil {
		return err
	}
	if last != "" {
		link(x.w, s.accountURL(x.account.ID)+"/orders?after="+last, "next")
	}
	list := acme.OrderList{Orders: []string{}}
	for _, id := range ids {
		list.Orders = append(list.Orders, s.orderURL(id))
	}
	return write(x.w, http.StatusOK, list)
}

// keyChange changes the key of an account (RFC 8555, Section 7.3.5).
func (s *Server) keyChange(x *exchange) error {
	inner, err := acme.ParseMessage(x.payload)
	if err != nil {
		return unreadable(err)
	}
	if inner.Header.Key == nil || inner.Header.KeyID != "" || inner.Header.URL != x.url || inner.HasNonce() {
		return acme.NewProblem(acme.Malformed, "the inner message must have jwk, the new key, and the url of the outer one in its protected header, and no kid or nonce")
	}
	payload, err := inner.Verify(inner.Header.Key)
	if err != nil {
		return unreadable(err)
	}
	var change acme.KeyChange
	if err := acme.Unmarshal(payload, &change); err != nil {
		return acme.NewProblem(acme.Malformed, "the payload of the inner message is no JSON object with account and oldKey")
	}
	if change.Account != s.accountURL(x.account.ID) || change.OldKey.Thumbprint() != x.account.Thumbprint {
		return acme.NewProblem(acme.Malformed, "account and oldKey of the inner message are not those of the account that signs the outer one")
	}
	a, err := s.orders.RollOver(x.r.Context(), x.account, inner.Header.Key)
	var taken *acmeorder.KeyTaken
	if errors.As(err, &taken) {
		x.w.Header().Set("Location", s.accountURL(taken.Account))
		return withStatus(acme.NewProblem(acme.Malformed, taken.Error()), http.StatusConflict)
	}
	if err != nil {
		return err
	}
	s.config.Log.Info("acme account has another key", "account", a.ID, "address", x.address())
	return write(x.w, http.StatusOK, s.encodeAccount(a))
}

func (s *Server) newOrder(x *exchange) error {
	p := acmeorder.Placement{CA: x.r.PathValue("ca")}
	if err := s.known(x.r); err != nil {
		return err
	}
	if err := x.read(&p.NewOrder); err != nil {
		return err
	}
	if fixed := x.r.PathValue("profile"); fixed != "" {
		if p.Profile != "" && p.Profile != fixed {
			return acme.NewProblem(acme.InvalidProfile, "this directory is for the profile "+fixed+" alone; leave the profile out, or use another directory")
		}
		p.Profile = fixed
	}
	o, err := s.orders.Place(x.r.Context(), x.account, p)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", s.orderURL(o.ID))
	return write(x.w, http.StatusCreated, s.encodeOrder(o))
}

func (s *Server) order(x *exchange) error {
	o, err := s.orders.Order(x.r.Context(), x.account, x.r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.answerOrder(x, o)
}

func (s *Server) answerOrder(x *exchange, o *acmeorder.Order) error {
	if o == nil {
		return notFound()
	}
	x.w.Header().Set("Location", s.orderURL(o.ID))
	if o.Status == acme.StatusProcessing {
		x.w.Header().Set("Retry-After", heldRetry)
	}
	return write(x.w, http.StatusOK, s.encodeOrder(o))
}

func (s *Server) finalize(x *exchange) error {
	var f acme.Finalize
	if err := x.read(&f); err != nil {
		return err
	}
	csr, err := decodeBase64("csr", f.CSR)
	if err != nil {
		return err
	}
	o, err := s.orders.Finalize(x.r.Context(), x.account, x.r.PathValue("id"), csr, x.address())
	if err != nil {
		return err
	}
	return s.answerOrder(x, o)
}

// newAuthorization makes an authorization ahead of an order (RFC 8555, Section
// 7.4.1).
func (s *Server) newAuthorization(x *exchange) error {
	var n acme.NewAuthorization
	if err := x.read(&n); err != nil {
		return err
	}
	o, err := s.orders.Authorize(x.r.Context(), x.account, n.Identifier)
	if err != nil {
		return err
	}
	x.w.Header().Set("Location", s.authorizationURL(o.ID, 0))
	return write(x.w, http.StatusCreated, s.encodeAuthorization(o, 0))
}

// part is the number of an authorization in the path; -1 where it is none.
func (x *exchange) part() int {
	text := x.r.PathValue("n")
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text {
		return -1
	}
	return n
}

func (s *Server) authorization(x *exchange) error {
	ctx, id, n := x.r.Context(), x.r.PathValue("id"), x.part()
	var o *acmeorder.Order
	var err error
	if x.asGet() {
		o, err = s.orders.Around(ctx, x.account, id)
	} else {
		var u acme.AccountUpdate
		if err := x.read(&u); err != nil {
			return err
		}
		if u.Status != acme.StatusDeactivated {
			return acme.NewProblem(acme.Malformed, "the status of an authorization can only be set to deactivated")
		}
		o, err = s.orders.Withdraw(ctx, x.account, id, n)
	}
	if err != nil {
		return err
	}
	if o == nil || n < 0 || n >= len(o.Authorizations) {
		return notFound()
	}
	if o.Authorizations[n].Status == acme.StatusProcessing {
		x.w.Header().Set("Retry-After", checkRetry)
	}
	return write(x.w, http.StatusOK, s.encodeAuthorization(o, n))
}

func (s *Server) challenge(x *exchange) error {
	ctx, id, n, method := x.r.Context(), x.r.PathValue("id"), x.part(), x.r.PathValue("method")
	var o *acmeorder.Order
	var err error
	if x.asGet() {
		o, err = s.orders.Around(ctx, x.account, id)
	} else {
		var response struct{}
		if err := x.read(&response); err != nil {
			return err
		}
		o, err = s.orders.Respond(ctx, x.account, id, n, method, x.address())
	}
	if err != nil {
		return err
	}
	if o == nil || n < 0 || n >= len(o.Authorizations) {
		return notFound()
	}
	c, ok := s.encodeChallenge(o, n, method)
	if !ok {
		return notFound()
	}
	if c.Status == acme.StatusProcessing {
		x.w.Header().Set("Retry-After", checkRetry)
	}
	link(x.w, s.authorizationURL(id, n), "up")
	return write(x.w, http.StatusOK, c)
}

func (s *Server) certificate(x *exchange) error {
	o, err := s.orders.Order(x.r.Context(), x.account, x.r.PathValue("id"))
	if err != nil {
		return err
	}
	if o == nil {
		return notFound()
	}
	chains, err := s.orders.Chains(x.r.Context(), o)
	if err != nil {
		return err
	}
	which := 0
	if text := x.r.PathValue("alternate"); text != "" {
		if which, err = strconv.Atoi(text); err != nil || which < 1 {
			return notFound()
		}
	}
	if which >= len(chains) {
		return notFound()
	}
	for i := range chains {
		if i != which {
			link(x.w, s.certificateURL(o.ID, i), "alternate")
		}
	}
	return writeChain(x.w, chains[which])
}

// revoke revokes a certificate (RFC 8555, Section 7.6).
func (s *Server) revoke(x *exchange) error {
	var r acme.Revocation
	if err := x.read(&r); err != nil {
		return err
	}
	der, err := decodeBase64("certificate", r.Certificate)
	if err != nil {
		return err
	}
	revocation := acmeorder.Revocation{DER: der, Account: x.account, Key: x.key}
	if r.Reason != nil {
		revocation.Reason = *r.Reason
	}
	if err := s.orders.Revoke(x.r.Context(), revocation); err != nil {
		return err
	}
	x.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) renewalInfo(w http.ResponseWriter, r *http.Request) {
	info, err := s.orders.Renewal(r.Context(), r.PathValue("id"))
	if err == nil && info == nil {
		err = withStatus(acme.NewProblem(acme.Malformed, "there is no certificate of this name here"), http.StatusNotFound)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.linkIndex(w)
	w.Header().Set("Retry-After", renewalRetry)
	write(w, http.StatusOK, info)
}
