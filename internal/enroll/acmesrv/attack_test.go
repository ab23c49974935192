package acmesrv

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/protocol/acme"
)

// send posts a message signed as told.
func send(t *testing.T, c *acme.Client, h acme.Header, to string, payload string) error {
	t.Helper()
	if h.Nonce == "" {
		nonce, err := c.Nonce(t.Context())
		check(t, err)
		h.Nonce = nonce
	}
	if h.URL == "" {
		h.URL = to
	}
	signed, err := acme.Sign(c.Private, h, []byte(payload))
	check(t, err)
	_, _, err = c.Send(t.Context(), to, signed)
	return err
}

func TestForgedMessages(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	orders, account := w.url+"/acme/new-order", c.AccountURL
	order := `{"identifiers":[{"type":"dns","value":"a.test"}]}`

	is(t, send(t, c, acme.Header{KeyID: account, Nonce: "AAAA"}, orders, order), acme.BadNonce, 400, "the nonce was not given here")
	is(t, send(t, c, acme.Header{KeyID: account, Nonce: "no base64!"}, orders, order), acme.Malformed, 400, "the nonce is not base64url")
	nonce, err := c.Nonce(t.Context())
	check(t, err)
	check(t, send(t, c, acme.Header{KeyID: account, Nonce: nonce}, orders, order))
	is(t, send(t, c, acme.Header{KeyID: account, Nonce: nonce}, orders, order), acme.BadNonce, 400, "was used already")

	is(t, send(t, c, acme.Header{KeyID: account, URL: w.url + "/acme/new-account"}, orders, order), acme.Unauthorized, 403, "signed for another URL")
	is(t, send(t, c, acme.Header{KeyID: account, URL: "https://elsewhere/acme/new-order"}, orders, order), acme.Unauthorized, 403, "signed for another URL")
	is(t, send(t, c, acme.Header{KeyID: account, URL: orders}, orders+"?x=1", order), acme.Unauthorized, 403, "signed for another URL")
}

func TestForgedKeys(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered(t), w.registered(t)
	orders := w.url + "/acme/new-order"
	order := `{"identifiers":[{"type":"dns","value":"a.test"}]}`
	forged := &acme.Client{DirectoryURL: c.DirectoryURL, Private: other.Private}
	is(t, send(t, forged, acme.Header{KeyID: c.AccountURL}, orders, order), acme.Malformed, 400, "the signature does not verify by the key")
	is(t, send(t, c, acme.Header{KeyID: w.url + "/acme/acct/06h00qnyyv4vnx6nc6n5vcenem"}, orders, order), acme.AccountDoesNotExist, 400, "there is no account of this kid")
	is(t, send(t, c, acme.Header{KeyID: "https://elsewhere/acme/acct/1"}, orders, order), acme.AccountDoesNotExist, 400, "")
	is(t, send(t, c, acme.Header{}, orders, order), acme.Malformed, 400, "jwk where kid is wanted")
	is(t, send(t, c, acme.Header{KeyID: c.AccountURL}, w.url+"/acme/new-account", "{}"), acme.Malformed, 400, "kid where jwk is")
	public, err := acme.NewKey(c.Private.Public())
	check(t, err)
	is(t, send(t, c, acme.Header{KeyID: c.AccountURL, Key: public}, orders, order), acme.Malformed, 400, "exactly one of jwk and kid")

	small, err := rsa.GenerateKey(rand.Reader, 1024)
	check(t, err)
	weak := &acme.Client{DirectoryURL: c.DirectoryURL, Private: small}
	_, err = weak.Register(t.Context(), acme.NewAccount{})
	is(t, err, acme.BadPublicKey, 400, "the RSA key has 1024 bits")
	for _, kind := range []string{"P-384", "P-521", "Ed25519", "RSA"} {
		accepted, err := &acme.Client{DirectoryURL: c.DirectoryURL}, error(nil)
		switch kind {
		case "P-384":
			accepted.Private = curveKey(t, elliptic.P384())
		case "P-521":
			accepted.Private = curveKey(t, elliptic.P521())
		case "Ed25519":
			_, accepted.Private, err = ed25519.GenerateKey(rand.Reader)
		case "RSA":
			accepted.Private, err = rsa.GenerateKey(rand.Reader, 2048)
		}
		check(t, err)
		if _, err := accepted.Register(t.Context(), acme.NewAccount{}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// raw makes a message of a header and a payload as they are.
func raw(header, payload string, rest string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return `{"protected":"` + b64([]byte(header)) + `","payload":"` + b64([]byte(payload)) + `","signature":"AAAA"` + rest + `}`
}

func TestMessagesThatAreNone(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	to := w.url + "/acme/new-order"
	for _, test := range []struct {
		message string
		of      acme.ProblemType
		detail  string
	}{
		{"", acme.Malformed, "no JSON object"},
		{"[]", acme.Malformed, "no JSON object"},
		{`{"payload":"","signature":""}`, acme.Malformed, `no text called "protected"`},
		{`{"protected":7,"payload":"","signature":""}`, acme.Malformed, `no text called "protected"`},
		{raw(`{"alg":"ES256"}`, "{}", `,"header":{"kid":"x"}`), acme.Malformed, `the message has "header"`},
		{raw(`{"alg":"ES256"}`, "{}", `,"signatures":[]`), acme.Malformed, `the message has "signatures"`},
		{`{"protected":"e30=","payload":"","signature":""}`, acme.Malformed, "no JWS that can be read"},
		{raw(`{"alg":"none","url":"`+to+`"}`, "{}", ""), acme.BadSignatureAlgorithm, `"none" is not taken`},
		{raw(`{"alg":"HS256","url":"`+to+`","kid":"`+c.AccountURL+`"}`, "{}", ""), acme.BadSignatureAlgorithm, `"HS256" is not taken`},
		{raw(`{"alg":"ES256","crit":["x"],"x":1,"url":"`+to+`"}`, "{}", ""), acme.Malformed, "has crit or b64"},
		{raw(`{"alg":"ES256","b64":false,"url":"`+to+`"}`, "{}", ""), acme.Malformed, "has crit or b64"},
		{raw(`{"alg":"ES256","jwk":{"kty":"oct","k":"AAAA"},"url":"`+to+`"}`, "{}", ""), acme.BadPublicKey, "the JWK has private parts"},
		{raw(`{"alg":"ES256K","jwk":{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"},"url":"`+to+`"}`, "{}", ""), acme.BadSignatureAlgorithm, `"ES256K" is not taken`},
		{raw(`{"alg":"ES256","jwk":7,"url":"`+to+`"}`, "{}", ""), acme.BadPublicKey, "the JWK is no JSON object"},
	} {
		_, _, err := c.Send(t.Context(), to, []byte(test.message))
		is(t, err, test.of, 400, test.detail)
		var p *acme.Problem
		if errors.As(err, &p) && p.Has(acme.BadSignatureAlgorithm) != (len(p.Algorithms) > 0) {
			t.Errorf("%s: %+v", test.message, p)
		}
	}
}

func TestBodiesAndTypes(t *testing.T) {
	w := newWorld(t)
	to := w.url + "/acme/new-order"
	for _, contentType := range []string{"", "application/json", "text/plain", "application/jose+json-x"} {
		request, err := http.NewRequest(http.MethodPost, to, strings.NewReader("{}"))
		check(t, err)
		request.Header.Set("Content-Type", contentType)
		is(t, exchanged(t, request), acme.Malformed, http.StatusUnsupportedMediaType, "Content-Type is not application/jose+json")
	}
	// A gigabyte is announced, and endless bytes are sent without a length.
	request, err := http.NewRequest(http.MethodPost, to, io.LimitReader(endless{}, 1<<30))
	check(t, err)
	request.Header.Set("Content-Type", acme.ContentType)
	response, err := http.DefaultClient.Do(request)
	if err == nil { // else the server hung up before all was sent, which is right, too
		response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a body of a gigabyte: %s", response.Status)
		}
	}
	request, err = http.NewRequest(http.MethodPost, to, bytes.NewReader(bytes.Repeat([]byte("x"), maxBody+1)))
	check(t, err)
	request.Header.Set("Content-Type", acme.ContentType)
	is(t, exchanged(t, request), acme.Malformed, http.StatusRequestEntityTooLarge, "longer than 128 KiB")
	request, err = http.NewRequest(http.MethodGet, w.url+"/acme/order/x", nil)
	check(t, err)
	is(t, exchanged(t, request), acme.Malformed, http.StatusMethodNotAllowed, "POST-as-GET")
	request, err = http.NewRequest(http.MethodPost, w.url+"/acme/elsewhere", nil)
	check(t, err)
	is(t, exchanged(t, request), acme.Malformed, http.StatusNotFound, "there is no such resource")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// exchanged is the problem that a request is answered with.
func exchanged(t *testing.T, r *http.Request) error {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	check(t, err)
	defer response.Body.Close()
	if got := response.Header.Get("Content-Type"); got != acme.ProblemContentType {
		t.Errorf("%s is answered as %q", r.URL, got)
	}
	var p acme.Problem
	check(t, json.NewDecoder(response.Body).Decode(&p))
	if p.Status != response.StatusCode {
		t.Errorf("%s: the problem says %d, the status is %d", r.URL, p.Status, response.StatusCode)
	}
	return &p
}

func TestAccountsDoNotSeeEachOther(t *testing.T) {
	w := newWorld(t)
	c, thief := w.registered(t), w.registered(t)
	o, orderURL, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	done, _, _ := w.issue(t, c, names("b.test"), acme.HTTP01)
	all := []string{orderURL, o.Authorizations[0], z.Challenges[0].URL, o.Authorizations[0] + "9", strings.TrimSuffix(o.Authorizations[0], "0") + "00", strings.TrimSuffix(o.Authorizations[0], "0") + "-1"}
	all = append(all, strings.Replace(orderURL, "/order/", "/cert/", 1))
	for _, url := range all {
		_, err := thief.Post(t.Context(), url, nil, nil)
		is(t, err, acme.Malformed, 404, "not this account's")
	}
	_, err = thief.Accept(t.Context(), z.Challenges[0].URL)
	is(t, err, acme.Malformed, 404, "")
	_, err = thief.Post(t.Context(), o.Authorizations[0], acme.AccountUpdate{Status: acme.StatusDeactivated}, nil)
	is(t, err, acme.Malformed, 404, "")
	_, err = thief.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
	is(t, err, acme.Malformed, 404, "")
	_, err = thief.Post(t.Context(), c.AccountURL, nil, nil)
	is(t, err, acme.Unauthorized, 403, "signed by another account")
	_, err = thief.Post(t.Context(), c.AccountURL, acme.AccountUpdate{Status: acme.StatusDeactivated}, nil)
	is(t, err, acme.Unauthorized, 403, "")
	_, err = thief.Post(t.Context(), c.AccountURL+"/orders", nil, nil)
	is(t, err, acme.Unauthorized, 403, "")
	is(t, thief.Revoke(t.Context(), done.Raw, 0, nil), acme.Unauthorized, 403, "was not issued to this account")
	is(t, thief.Revoke(t.Context(), done.Raw, 0, newKey(t)), acme.Unauthorized, 403, "not signed by the key of the certificate")
}

func TestFinalizeTakesOnlyWhatWasOrdered(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test", "b.test"))
	check(t, err)
	_, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test", "b.test"))
	is(t, err, acme.OrderNotReady, 403, "the order is pending; fulfil its authorizations first")
	w.fulfil(t, c, o, acme.HTTP01)
	k := newKey(t)
	ca, err := asn1.Marshal(struct{ CA bool }{true})
	check(t, err)
	both := []string{"a.test", "b.test"}
	for _, test := range []struct {
		request []byte
		detail  string
	}{
		{csr(t, k, "a.test"), "lacks the name b.test"},
		{csr(t, k, "a.test", "b.test", "c.test"), `has the name "c.test"`},
		{csr(t, k, "a.test", "b.test", "192.0.2.1"), `has the name "192.0.2.1"`},
		{csr(t, k, "*.a.test", "b.test"), `has the name "*.a.test"`},
		{csrOf(t, k, &x509.CertificateRequest{DNSNames: both, Subject: pkix.Name{CommonName: "www.bank.example"}}), `has the name "www.bank.example"`},
		{csrOf(t, k, &x509.CertificateRequest{DNSNames: both, EmailAddresses: []string{"a@b.test"}}), "neither a domain name nor an address"},
		{csrOf(t, k, &x509.CertificateRequest{DNSNames: both, URIs: []*url_{{Scheme: "https", Host: "x"}}}), "neither a domain name nor an address"},
		{csrOf(t, k, &x509.CertificateRequest{DNSNames: both, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Value: ca}}}), "asks for the certificate of an authority (CA:TRUE)"},
		{csr(t, c.Private, both...), "the key of the request is or was the key of the account"},
		{[]byte("nonsense"), "not the base64url of a PKCS#10 request"},
	} {
		_, err := c.Finalize(t.Context(), o, test.request)
		is(t, err, acme.BadCSR, 400, test.detail)
	}
	_, err = c.Post(t.Context(), o.Finalize, acme.Finalize{CSR: "A=="}, nil)
	is(t, err, acme.Malformed, 400, "csr is not base64url without padding")
	// None of that has spoiled the order, and what nobody has looked at does
	// not get into the certificate.
	done, err := c.Finalize(t.Context(), o, csrOf(t, k, &x509.CertificateRequest{DNSNames: both, Subject: pkix.Name{CommonName: "A.test", Organization: []string{"Bank"}}}))
	check(t, err)
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	if got := leaf(t, chain); got.IsCA || got.Subject.String() != "CN=A.test" {
		t.Errorf("the certificate is for %s, CA: %v", got.Subject, got.IsCA)
	}
	if o, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusValid {
		t.Errorf("%+v, %v", o, err)
	}
}

type url_ = url.URL

// TestGuards has http-01 led to where it must not go.
func TestGuards(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Checks.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
		c.Orders.Challenges = []string{acme.HTTP01, acme.TLSALPN01}
	})
	c := w.registered(t)
	w.set("A", "inside.test", "10.0.0.7")
	w.set("A", "metadata.test", "169.254.169.254")
	w.set("A", "loop.test", "127.0.0.2")
	w.set("AAAA", "six.test", "::1")
	w.set("A", "six.test")
	w.set("AAAA", "mapped.test", "::ffff:10.0.0.1")
	w.set("A", "mapped.test")
	w.set("AAAA", "nat.test", "64:ff9b::a00:1")
	w.set("A", "nat.test")
	w.set("A", "none.test")
	w.set("A", "broken.test", "SERVFAIL")
	w.set("AAAA", "broken.test", "SERVFAIL")
	for _, method := range []string{acme.HTTP01, acme.TLSALPN01} {
		for name, detail := range map[string]string{
			"inside.test": "inside.test is at 10.0.0.7, an address of a private or special network", "metadata.test": "at 169.254.169.254", "loop.test": "at 127.0.0.2",
			"six.test": "at ::1", "mapped.test": "at 10.0.0.1", "nat.test": "at 64:ff9b::a00:1", "10.1.2.3": "10.1.2.3 is at", "::1": "::1 is at",
		} {
			is(t, w.refusal(t, c, name, method), acme.Connection, 0, detail)
		}
		is(t, w.refusal(t, c, "none.test", method), acme.DNSProblem, 0, "there are none")
		is(t, w.refusal(t, c, "broken.test", method), acme.DNSProblem, 0, "the resolver answered SERVFAIL")
	}
}

// refusal is the problem of a challenge that cannot be fulfilled.
func (w *world) refusal(t *testing.T, c *acme.Client, name, method string) error {
	t.Helper()
	o, url, err := c.Order(t.Context(), names(name))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	_, err = c.Accept(t.Context(), pick(t, z, method).URL)
	check(t, err)
	settled, err := c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if settled.Status != acme.StatusInvalid {
		t.Fatalf("%s of %s is %s", method, name, settled.Status)
	}
	if z, err = c.Authorization(t.Context(), o.Authorizations[0]); err != nil || z.Status != acme.StatusInvalid || len(z.Challenges) != 1 || z.Challenges[0].Status != acme.StatusInvalid {
		t.Fatalf("%+v, %v", z, err)
	}
	if settled.Error == nil || z.Challenges[0].Error == nil || z.Challenges[0].Error.Identifier.Value != strings.TrimPrefix(name, "*.") {
		t.Fatalf("no error is told: %+v", z.Challenges[0])
	}
	return settled.Error
}

func TestRedirects(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Checks.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	c := w.registered(t)
	w.set("A", "secret.test", "10.0.0.7")
	for to, detail := range map[string]string{
		"http://secret.test/":              "secret.test is at 10.0.0.7",
		"http://169.254.169.254/latest":    "169.254.169.254 is at 169.254.169.254",
		"http://[::1]/":                    "::1 is at ::1",
		"http://127.0.0.2/":                "127.0.0.2 is at",
		"file:///etc/passwd":               "neither http nor https",
		"gopher://a.test/":                 "neither http nor https",
		"http://a.test:22/":                "the redirect is to port 22",
		"http://user:secret@a.test/":       "with a user name in it",
		"https://secret.test/":             "secret.test is at 10.0.0.7",
		"//secret.test/":                   "secret.test is at 10.0.0.7",
		"http://[::ffff:169.254.169.254]/": "is at 169.254.169.254",
		"http://[::ffff:a00:7]/":           "is at 10.0.0.7",
		"http://[64:ff9b::a9fe:a9fe]/":     "is at 64:ff9b::a9fe:a9fe",
		"http://[fe80::1%25eth0]/":         "is at fe80::1",
		"http://0.0.0.0/":                  "0.0.0.0 is at",
		"/.well-known/acme-challenge/loop": "more than 5 redirects",
	} {
		w.mu.Lock()
		w.handler = func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, to, http.StatusFound) }
		w.mu.Unlock()
		is(t, w.refusal(t, c, "a.test", acme.HTTP01), acme.Connection, 0, detail)
	}
	// A redirect to another name that may be asked is followed.
	w.mu.Lock()
	w.handler = func(out http.ResponseWriter, r *http.Request) {
		if r.Host == "a.test" {
			http.Redirect(out, r, "http://b.test"+r.URL.Path, http.StatusMovedPermanently)
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		io.WriteString(out, w.files[r.URL.Path]+"\r\n")
	}
	w.mu.Unlock()
	w.issue(t, c, names("a.test"), acme.HTTP01)
}

// TestRebinding has a name lead elsewhere from one look to the next: what was
// looked at is what is connected to, and each connection is looked at anew.
func TestRebinding(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Checks.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	c := w.registered(t)
	lead := func(name string, first, then []string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.zone["A "+name], w.next["A "+name] = first, then
	}
	inside, here := []string{"10.0.0.7"}, []string{"127.0.0.1"}
	lead("a.test", here, inside)
	w.issue(t, c, names("a.test"), acme.HTTP01)
	lead("b.test", inside, here)
	is(t, w.refusal(t, c, "b.test", acme.HTTP01), acme.Connection, 0, "b.test is at 10.0.0.7")
	w.set("A", "both.test", "10.0.0.7", "127.0.0.1")
	w.issue(t, c, names("both.test"), acme.HTTP01)
	// The name leads inside from its first answer on, which is a redirect to
	// itself.
	lead("c.test", here, inside)
	w.mu.Lock()
	w.handler = func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, "/again", http.StatusFound) }
	w.mu.Unlock()
	is(t, w.refusal(t, c, "c.test", acme.HTTP01), acme.Connection, 0, "c.test is at 10.0.0.7")
}

func TestWrongAnswers(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	for detail, handler := range map[string]http.HandlerFunc{
		"answered with status 404":                      http.NotFound,
		`answered 10 octets, not the key authorization`: func(out http.ResponseWriter, _ *http.Request) { io.WriteString(out, "nonsense\x00\n") },
		"answered 4096 octets, not the key authorization": func(out http.ResponseWriter, _ *http.Request) {
			for range 1 << 10 {
				if _, err := out.Write(make([]byte, 1<<20)); err != nil {
					return // the server hung up
				}
			}
		},
	} {
		w.mu.Lock()
		w.handler = handler
		w.mu.Unlock()
		is(t, w.refusal(t, c, "a.test", acme.HTTP01), acme.Unauthorized, 0, detail)
	}
	w.set("TXT", "_acme-challenge.a.test", "wrong")
	is(t, w.refusal(t, c, "a.test", acme.DNS01), acme.Unauthorized, 0, "there is another: publish")
	w.set("TXT", "_acme-challenge.a.test", "wrong", acme.DNSValue("old"))
	is(t, w.refusal(t, c, "a.test", acme.DNS01), acme.Unauthorized, 0, `there is "`+acme.DNSValue("old")+`"`)
	w.set("TXT", "_acme-challenge.a.test")
	is(t, w.refusal(t, c, "*.a.test", acme.DNS01), acme.Unauthorized, 0, "there is no TXT record at _acme-challenge.a.test; publish one that says")
	w.set("TXT", "_acme-challenge.a.test", "SERVFAIL")
	is(t, w.refusal(t, c, "a.test", acme.DNS01), acme.DNSProblem, 0, "looking up the TXT records of _acme-challenge.a.test: the resolver answered SERVFAIL")

	is(t, w.refusal(t, c, "a.test", acme.TLSALPN01), acme.TLS, 0, "did not succeed")
	w.shown = responder(t, acme.Identifier{Type: acme.DNS, Value: "b.test"}, "x")
	is(t, w.refusal(t, c, "a.test", acme.TLSALPN01), acme.Unauthorized, 0, "is not for a.test alone")
	w.mu.Lock()
	w.shown = responder(t, acme.Identifier{Type: acme.DNS, Value: "a.test"}, "x")
	w.mu.Unlock()
	is(t, w.refusal(t, c, "a.test", acme.TLSALPN01), acme.Unauthorized, 0, "another acmeIdentifier than this challenge wants")
	is(t, w.refusal(t, c, "127.0.0.1", acme.TLSALPN01), acme.Unauthorized, 0, "is not for 127.0.0.1 alone")
}

func TestNoSecretsInTheLog(t *testing.T) {
	w := newWorld(t)
	w.issue(t, w.registered(t), names("a.test"), acme.HTTP01)
	for path := range w.files {
		if token := path[strings.LastIndexByte(path, '/')+1:]; strings.Contains(w.log.String(), token) {
			t.Errorf("the log has a token in it: %s", w.log)
		}
	}
	if !strings.Contains(w.log.String(), "acme account made") {
		t.Errorf("the log is %q", w.log)
	}
}

// An account gets nothing that the root signs, and no certificate of a profile
// that makes authorities or speaks for one, unless the settings name them.
func TestAccountsAreNoAuthorities(t *testing.T) {
	const unknown = "no authority of this name signs for clients of ACME here"
	w := newWorld(t, func(c *Config) { c.Orders.Profiles = map[string]string{"subca": "", "ocsp": ""} })
	c := w.registered(t)
	root := &acme.Client{DirectoryURL: w.url + "/acme/ca/root/directory", Private: c.Private, AccountURL: c.AccountURL}
	_, err := root.Directory(t.Context())
	is(t, err, acme.Malformed, 404, unknown)
	_, err = c.Post(t.Context(), w.url+"/acme/ca/root/new-order", names("a.test"), nil)
	is(t, err, acme.Malformed, 404, unknown)
	for _, profile := range []string{"subca", "ocsp"} {
		n := names("a.test")
		n.Profile = profile
		o, _, err := c.Order(t.Context(), n)
		check(t, err)
		w.fulfil(t, c, o, acme.HTTP01)
		_, err = c.Finalize(t.Context(), o, csrOf(t, newKey(t), &x509.CertificateRequest{Subject: pkix.Name{CommonName: "a.test"}, DNSNames: []string{"a.test"}}))
		is(t, err, acme.Unauthorized, 403, "are for those alone who were given the profile by name")
	}

	listed := newWorld(t, func(c *Config) { c.Orders.Authorities = []string{"root"} })
	c = listed.registered(t)
	root = &acme.Client{DirectoryURL: listed.url + "/acme/ca/root/directory", Private: c.Private, AccountURL: c.AccountURL}
	if got, _, _ := listed.issue(t, root, names("a.test"), acme.HTTP01); got.Issuer.CommonName != "Test Root" {
		t.Errorf("issued by %s", got.Issuer)
	}
	few := newWorld(t, func(c *Config) { c.Orders.DefaultCA, c.Orders.Authorities = "root", []string{"root"} })
	_, err = (&acme.Client{DirectoryURL: few.url + "/acme/ca/issuing/directory", Private: c.Private}).Directory(t.Context())
	is(t, err, acme.Malformed, 404, unknown)

	named := newWorld(t, func(c *Config) { c.Orders.DefaultCA = "root" })
	got, _, _ := named.issue(t, named.registered(t), names("a.test"), acme.HTTP01)
	if got.Issuer.CommonName != "Test Root" {
		t.Errorf("issued by %s", got.Issuer)
	}
}
