package acmesrv

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/protocol/acme"
)

// answerOf posts a message, signed with its key in it, and returns the answer
// whatever that says.
func (w *world) answerOf(t *testing.T, c *acme.Client, to, payload string) *http.Response {
	t.Helper()
	nonce, err := c.Nonce(t.Context())
	check(t, err)
	signed, err := acme.Sign(c.Private, acme.Header{Nonce: nonce, URL: to}, []byte(payload))
	check(t, err)
	answer, err := http.Post(to, acme.ContentType, bytes.NewReader(signed))
	check(t, err)
	check(t, answer.Body.Close())
	return answer
}

// ready is an order of these names that can be finalized.
func (w *world) ready(t *testing.T, c *acme.Client, list ...string) (*acme.Order, string) {
	t.Helper()
	o, url, err := c.Order(t.Context(), names(list...))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	o, err = c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if o.Status != acme.StatusReady {
		t.Fatalf("the order is %s", o.Status)
	}
	return o, url
}

// TestBadRequestsLeaveTheOrderReady: what is wrong with a request says nothing
// against the order (RFC 8555, Section 7.4).
func TestBadRequestsLeaveTheOrderReady(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, url := w.ready(t, c, "a.test")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	check(t, err)
	forged := csr(t, newKey(t), "a.test")
	forged[len(forged)-1] ^= 1
	for _, test := range []struct {
		request []byte
		detail  string
	}{
		{csr(t, small, "a.test"), "the modulus has 1024 bits"},
		{csr(t, curveKey(t, elliptic.P224()), "a.test"), "a field of 224 bits"},
		{forged, "the signature does not verify"},
	} {
		for range 2 {
			_, err := c.Finalize(t.Context(), o, test.request)
			is(t, err, acme.BadCSR, 400, test.detail)
		}
		if got, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || got.Status != acme.StatusReady || got.Error != nil {
			t.Fatalf("after %q: %+v, %v", test.detail, got, err)
		}
	}
	done, err := c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Errorf("%+v", done)
	}
}

// TestAllNamesAreInTheCertificate: a request with several common names and no
// subjectAltName would lose all but the first.
func TestAllNamesAreInTheCertificate(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, _ := w.ready(t, c, "a.test", "b.test")
	subject := pkix.Name{Organization: []string{"Bank"}, ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "a.test"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "b.test"},
	}}
	_, err := c.Finalize(t.Context(), o, csrOf(t, newKey(t), &x509.CertificateRequest{Subject: subject}))
	is(t, err, acme.BadCSR, 400, "put all of them into subjectAltName")
	done, err := c.Finalize(t.Context(), o, csrOf(t, newKey(t), &x509.CertificateRequest{Subject: subject, DNSNames: []string{"a.test", "b.test"}}))
	check(t, err)
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	if got := leaf(t, chain); strings.Join(got.DNSNames, " ") != "a.test b.test" || got.Subject.String() != "CN=a.test" {
		t.Errorf("%s, %s", got.Subject, got.DNSNames)
	}
}

// TestUpperCaseNames in a request are those of the order.
func TestUpperCaseNames(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered(t), w.registered(t)
	o, _ := w.ready(t, c, "up.test")
	done, err := c.Finalize(t.Context(), o, csr(t, newKey(t), "UP.TEST"))
	check(t, err)
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	got := leaf(t, chain)
	again := names("up.test")
	again.Replaces = acme.CertID(got.AuthorityKeyId, got.SerialNumber)
	second, _, _ := w.issue(t, c, again, acme.HTTP01)
	record, err := w.store.Certificate(t.Context(), "issuing", second.SerialNumber.Bytes())
	check(t, err)
	if string(record.Replaces) != string(got.SerialNumber.Bytes()) {
		t.Errorf("the certificate replaces %x", record.Replaces)
	}
	w.ready(t, other, "up.test")
	check(t, other.Revoke(t.Context(), got.Raw, int(crl.Superseded), nil))
}

// TestReplacedOnce has a certificate replaced by the first of two orders that
// would, and then by no other, however it is named (RFC 9773, Section 5).
func TestReplacedOnce(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	old, _, _ := w.issue(t, c, names("a.test"), acme.HTTP01)
	n := names("a.test")
	n.Replaces = acme.CertID(old.AuthorityKeyId, old.SerialNumber)
	first, _, err := c.Order(t.Context(), n)
	check(t, err)
	_, _, err = c.Order(t.Context(), n)
	check(t, err)
	done, err := c.Finalize(t.Context(), first, csr(t, newKey(t), "a.test"))
	check(t, err)
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	record, err := w.store.Certificate(t.Context(), "issuing", leaf(t, chain).SerialNumber.Bytes())
	check(t, err)
	if string(record.Replaces) != string(old.SerialNumber.Bytes()) {
		t.Errorf("the certificate replaces %x", record.Replaces)
	}
	_, _, err = c.Order(t.Context(), n)
	is(t, err, acme.AlreadyReplaced, 409, "was replaced already")
	octets := append([]byte{0, 0}, old.SerialNumber.Bytes()...)
	issuer, _, _ := strings.Cut(n.Replaces, ".")
	n.Replaces = issuer + "." + base64.RawURLEncoding.EncodeToString(octets)
	_, _, err = c.Order(t.Context(), n)
	is(t, err, acme.Malformed, 400, "the name of a certificate is")
}

// shows has the host show a certificate for tls-alpn-01 with this
// subjectAltName.
func (w *world) shows(t *testing.T, answer string, names []byte) {
	t.Helper()
	sum := sha256.Sum256([]byte(answer))
	value, err := asn1.Marshal(sum[:])
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "challenge"}, NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}, Critical: true, Value: value}, {Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}},
	}
	k := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	check(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shown = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: crypto.Signer(k)}
}

// TestResponderNamesOneNameAlone (RFC 8737, Section 3; RFC 8738, Section 6).
func TestResponderNamesOneNameAlone(t *testing.T) {
	w := newWorld(t)
	dns := asn1.RawValue{Class: 2, Tag: 2, Bytes: []byte("a.test")}
	for kind, test := range map[string]struct {
		name string
		list []asn1.RawValue
		good bool
	}{
		"alone":         {"a.test", []asn1.RawValue{dns}, true},
		"twice":         {"a.test", []asn1.RawValue{dns, dns}, false},
		"registeredID":  {"a.test", []asn1.RawValue{dns, {Class: 2, Tag: 8, Bytes: []byte{0x2a, 3}}}, false},
		"directoryName": {"a.test", []asn1.RawValue{dns, {Class: 2, Tag: 4, IsCompound: true, Bytes: []byte{0x30, 0}}}, false},
		"otherName":     {"a.test", []asn1.RawValue{dns, {Class: 2, Tag: 0, IsCompound: true, Bytes: []byte{6, 2, 0x2a, 3, 0xa0, 2, 5, 0}}}, false},
		"IPv4":          {"127.0.0.1", []asn1.RawValue{{Class: 2, Tag: 7, Bytes: []byte{127, 0, 0, 1}}}, true},
		"mapped":        {"127.0.0.1", []asn1.RawValue{{Class: 2, Tag: 7, Bytes: []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}}}, false},
	} {
		value, err := asn1.Marshal(test.list)
		check(t, err)
		owner := w.registered(t)
		o, _, err := owner.Order(t.Context(), names(test.name))
		check(t, err)
		z, err := owner.Authorization(t.Context(), o.Authorizations[0])
		check(t, err)
		ch := pick(t, z, acme.TLSALPN01)
		w.shows(t, acme.KeyAuthorization(ch.Token, thumbprint(t, owner)), value)
		_, err = owner.Accept(t.Context(), ch.URL)
		check(t, err)
		z = w.settled(t, owner, o.Authorizations[0])
		if good := z.Status == acme.StatusValid; good != test.good {
			t.Errorf("%s: the authorization is %s: %v", kind, z.Status, z.Challenges[0].Error)
		}
	}
}

// TestValidityThatCannotBe is refused when it is ordered (RFC 8555, Section
// 7.4).
func TestValidityThatCannotBe(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	now := w.clock()
	at := func(d time.Duration) *time.Time {
		end := now.Add(d).Truncate(time.Second)
		return &end
	}
	never := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, test := range []struct {
		notBefore, notAfter *time.Time
		detail              string // empty: is taken
	}{
		{at(time.Hour), nil, "the profile sets the start itself"},
		{nil, at(10 * 365 * 24 * time.Hour), "want at most 397d; ask for an earlier end"},
		{nil, &never, "the validity would be more than 73000d, want at most 397d"},
		{nil, at(30 * time.Second), "want at least 1h; ask for a later end"},
		{nil, at(-time.Hour), "notAfter of the order is over already"},
		{nil, at(30 * 24 * time.Hour), ""},
	} {
		n := names("a.test")
		n.NotBefore, n.NotAfter = test.notBefore, test.notAfter
		_, _, err := c.Order(t.Context(), n)
		if test.detail == "" {
			check(t, err)
			continue
		}
		is(t, err, acme.Malformed, 400, test.detail)
	}
}

// TestUnknownAuthorityIsOurFault: the client is told a reference, the log what
// is wrong, and the order can be finalized once that is mended.
func TestUnknownAuthorityIsOurFault(t *testing.T) {
	for what, edit := range map[string]func(*Config){
		"authority": func(c *Config) { c.Orders.DefaultCA = "nothere" },
		"profile":   func(c *Config) { c.Orders.DefaultProfile = "nothere" },
	} {
		w := newWorld(t, edit)
		c := w.registered(t)
		o, url := w.ready(t, c, "a.test")
		_, err := c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
		is(t, err, acme.ServerInternal, 500, "something went wrong here, not with the request; tell the operator the reference ")
		if strings.Contains(err.Error(), "issuing") {
			t.Errorf("the client is told %v", err)
		}
		reference := err.Error()[strings.LastIndexByte(err.Error(), ' ')+1:]
		if log := w.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "reference="+reference) || !strings.Contains(log, "nothere") {
			t.Errorf("%s: the log is %s", what, log)
		}
		if o, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusReady {
			t.Errorf("%s: %+v, %v", what, o, err)
		}
	}
}

// TestMethods of resources are named where another is used (RFC 9110, Section
// 15.5.6); all answers but the directory's link to it.
func TestMethods(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/acme/new-order", 405, "POST"},
		{http.MethodHead, "/acme/new-order", 405, "POST"},
		{http.MethodPut, "/acme/new-nonce", 405, "GET, HEAD, POST"},
		{http.MethodPost, "/acme/renewal-info/AAAA.AQ", 405, "GET, HEAD"},
		{http.MethodGet, "/acme/elsewhere", 404, ""},
		{http.MethodHead, "/acme/elsewhere", 404, ""},
		{http.MethodGet, "/acme/renewal-info/AAAA.AQ", 404, ""},
	} {
		request, err := http.NewRequest(test.method, w.url+test.path, nil)
		check(t, err)
		answer, err := http.DefaultClient.Do(request)
		check(t, err)
		check(t, answer.Body.Close())
		links := answer.Header.Values("Link")
		if answer.StatusCode != test.status || answer.Header.Get("Allow") != test.allow || len(links) != 1 || !strings.HasSuffix(links[0], `/acme/directory>;rel="index"`) {
			t.Errorf("%s %s: %s, allow %q, links %q", test.method, test.path, answer.Status, answer.Header.Get("Allow"), links)
		}
	}
}

// TestNothingBesidesTheMessage is taken.
func TestNothingBesidesTheMessage(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	orders := w.url + "/acme/new-order"
	h := acme.Header{KeyID: c.AccountURL}
	is(t, send(t, c, h, orders, `{"IDENTIFIERS":[{"type":"dns","value":"a.test"}]}`), acme.Malformed, 400, "spelled as RFC 8555 spells them")
	is(t, send(t, c, h, orders, `{"identifiers":[{"type":"dns","value":"a.test"}]} x`), acme.Malformed, 400, "nothing behind it")
	o, _ := w.ready(t, c, "a.test")
	_, err := c.Finalize(t.Context(), o, append(csr(t, newKey(t), "a.test"), 0))
	is(t, err, acme.BadCSR, 400, "and of nothing else")
	_, err = w.client(t).Register(t.Context(), acme.NewAccount{Contact: []string{"MAILTO:ann@a.test"}})
	check(t, err)
	d, err := c.Directory(t.Context())
	check(t, err)
	if d.Meta.Profiles["server"] == "" {
		t.Errorf("the profiles are %v", d.Meta.Profiles)
	}
	// What the order took over has one URL, that of where it was proven.
	second, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	if second.Status != acme.StatusReady {
		t.Fatalf("the order is %s", second.Status)
	}
	_, err = c.Post(t.Context(), strings.Replace(url, "/order/", "/authz/", 1)+"/0", map[string]string{"status": acme.StatusDeactivated}, nil)
	is(t, err, acme.Malformed, 404, "there is no such resource")
	w.later(30 * 24 * time.Hour)
	_, err = c.Post(t.Context(), second.Authorizations[0], map[string]string{"status": acme.StatusDeactivated}, nil)
	is(t, err, acme.Malformed, 400, "the authorization is expired already")
}
