package acmesrv

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/certwright/certwright/protocol/acme"
)

// responder is the certificate that tls-alpn-01 wants to see.
func responder(t testing.TB, i acme.Identifier, answer string) *tls.Certificate {
	t.Helper()
	sum := sha256.Sum256([]byte(answer))
	value, err := asn1.Marshal(sum[:])
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "challenge"}, NotAfter: time.Now().Add(time.Hour),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}, Critical: true, Value: value}},
	}
	if i.Type == acme.IP {
		template.IPAddresses = []net.IP{net.ParseIP(i.Value)}
	} else {
		template.DNSNames = []string{i.Value}
	}
	k := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	check(t, err)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: crypto.Signer(k)}
}

func TestEveryChallenge(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Orders.Challenges = []string{acme.HTTP01, acme.DNS01, acme.TLSALPN01, acme.DNSAccount01, acme.DNSPersist01}
		c.Checks.CAAIdentities = []string{"ca.test"}
		c.Orders.ProveEachOrder = true // one of the names comes twice
	})
	c := w.registered(t)
	for _, test := range []struct{ method, name string }{
		{acme.HTTP01, "a.test"}, {acme.DNS01, "b.test"}, {acme.TLSALPN01, "c.test"}, {acme.DNSAccount01, "d.test"}, {acme.DNSPersist01, "e.test"},
		{acme.DNS01, "*.f.test"}, {acme.DNSAccount01, "*.g.test"}, {acme.DNSPersist01, "*.h.test"},
		{acme.HTTP01, "127.0.0.1"}, {acme.TLSALPN01, "127.0.0.1"},
	} {
		got, _, k := w.issue(t, c, names(test.name), test.method)
		if !k.PublicKey.Equal(got.PublicKey) {
			t.Errorf("%s of %s: another key is certified", test.method, test.name)
		}
		if err := got.VerifyHostname(test.name); err != nil && test.name[0] != '*' {
			t.Errorf("%s of %s: %v", test.method, test.name, err)
		}
		out, err := w.store.Ticket(t.Context(), w.ticketOf(t, got))
		check(t, err)
		if !bytes.Contains(out.Evidence, []byte(`"method":"`+test.method+`"`)) || !bytes.Contains(out.Evidence, []byte(test.name)) {
			t.Errorf("%s of %s: the evidence is %s", test.method, test.name, out.Evidence)
		}
	}
}

// ticketOf is the ID of a certificate's ticket.
func (w *world) ticketOf(t testing.TB, c *x509.Certificate) string {
	t.Helper()
	record, err := w.store.Certificate(t.Context(), "issuing", c.SerialNumber.Bytes())
	check(t, err)
	return record.Ticket
}

func TestSeveralNamesAndTheChain(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test", "B.test", "127.0.0.1", "a.test"))
	check(t, err)
	if len(o.Authorizations) != 3 || o.Status != acme.StatusPending || o.Profile != "server" {
		t.Fatalf("%+v", o)
	}
	w.fulfil(t, c, o, acme.HTTP01)
	o, err = c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	request := csr(t, newKey(t), "a.test", "b.test", "127.0.0.1")
	done, err := c.Finalize(t.Context(), o, request)
	check(t, err)
	again, err := c.Finalize(t.Context(), o, request)
	check(t, err)
	if done.Certificate == "" || again.Certificate != done.Certificate {
		t.Fatalf("%+v, and the second time %+v", done, again)
	}
	chain, alternates, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	var found []*x509.Certificate
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParseCertificate(block.Bytes)
		check(t, err)
		found = append(found, parsed)
	}
	if len(found) != 2 || found[1].Subject.CommonName != "Test Issuing" || len(alternates) != 0 {
		t.Fatalf("%d certificates, %d alternates", len(found), len(alternates))
	}
	check(t, found[0].CheckSignatureFrom(found[1]))
	_, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test", "b.test", "127.0.0.1"))
	is(t, err, acme.OrderNotReady, 403, "the order is valid, by another request than this one")
}
