package access

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
)

// standing puts an authority into the records, with the certificates of its chain.
func (w *world) standing(name string, status authority.Status, chain ...*x509.Certificate) {
	w.t.Helper()
	ca := &authority.CA{Name: name, State: authority.CAActive, Settings: []byte("{}"), Created: w.now}
	for _, c := range chain {
		ca.Chain = append(ca.Chain, c.Raw)
	}
	errs, err := w.store.Commit(w.t.Context(), &authority.Change{PutCA: &authority.CAWrite{CA: ca}})
	if err != nil || errs[0] != nil {
		w.t.Fatal(errs, err)
	}
	recorded(w.t, w.store, chain[0], status)
}

// A certificate is as good as those above it (RFC 5280, Section 6.1.3).
func TestAuthoritiesAboveAClientAreLookedAt(t *testing.T) {
	const above = "unauthenticated: an authority above the client certificate was revoked, or has expired"
	for _, c := range []struct {
		what       string
		root, next authority.Status
		later      time.Duration
		want       string
	}{
		{"good", authority.StatusValid, authority.StatusValid, 0, ""},
		{"the issuer revoked", authority.StatusValid, authority.StatusRevoked, 0, above},
		{"the issuer on hold", authority.StatusValid, authority.StatusHold, 0, above},
		{"the root revoked", authority.StatusRevoked, authority.StatusValid, 0, above},
		{"the issuer expired", authority.StatusValid, authority.StatusValid, 30 * time.Minute, above},
	} {
		w := newWorld(t)
		m := newMaker(t, w.now)
		w.standing("root", c.root, m.root)
		m.now = w.now.Add(-40 * time.Minute) // so that it ends before the others
		issuing := m.make(&x509.Certificate{Subject: pkix.Name{CommonName: "Issuing"}, IsCA: true, BasicConstraintsValid: true}, m.root)
		m.now = w.now
		w.standing("issuing", c.next, issuing, m.root)
		client := m.make(&x509.Certificate{DNSNames: []string{"a.agents.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, issuing)
		recorded(t, w.store, client, authority.StatusValid)
		rules := []Rule{{Match: "dns:*.agents.example", Roles: []Role{Applicant}}}
		x, err := NewCertificates(CertificateConfig{Issued: w.store, Rules: rules, Now: func() time.Time { return w.now.Add(c.later) }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Principal(t.Context(), []*x509.Certificate{client}); detailOf(err) != c.want {
			t.Errorf("%s: %v", c.what, err)
		}
		// The same authorities recognized as roots from elsewhere.
		roots := x509.NewCertPool()
		roots.AddCert(m.root)
		other := m.make(&x509.Certificate{DNSNames: []string{"b.agents.example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, issuing)
		if x, err = NewCertificates(CertificateConfig{Issued: w.store, Roots: roots, Rules: rules, Now: func() time.Time { return w.now.Add(c.later) }}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Principal(t.Context(), []*x509.Certificate{other, issuing}); (err == nil) != (c.want == "") {
			t.Errorf("%s, from elsewhere: %v", c.what, err)
		}
	}
}

func (m *maker) list(issuer *x509.Certificate, next time.Time, serials ...*big.Int) *x509.RevocationList {
	m.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: m.now.Add(-time.Hour), NextUpdate: next}
	for _, s := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: s, RevocationTime: m.now})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, issuer, m.key)
	if err != nil {
		m.t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		m.t.Fatal(err)
	}
	return list
}

// Certificates from elsewhere are held against the revocation lists from there.
func TestListsOfOtherRoots(t *testing.T) {
	w := newWorld(t)
	m := newMaker(t, w.now)
	authorityOf := func(cn string) *x509.Certificate {
		return m.make(&x509.Certificate{Subject: pkix.Name{CommonName: cn}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageCertSign}, nil)
	}
	root := authorityOf("Elsewhere")
	stranger := &x509.Certificate{Subject: pkix.Name{CommonName: "Between"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign}
	between := m.make(&x509.Certificate{Subject: pkix.Name{CommonName: "Between"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageCertSign}, root)
	client := m.make(&x509.Certificate{Subject: pkix.Name{CommonName: "f"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, between)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	soon, past := w.now.Add(time.Hour), w.now.Add(-time.Minute)
	newer := func(l *x509.RevocationList) *x509.RevocationList { l.ThisUpdate = w.now; return l }
	f := newMaker(t, w.now)
	forged := f.list(f.make(stranger, nil), soon, client.SerialNumber)
	const revoked = "unauthenticated: the client certificate, or one above it, was revoked by its authority"
	for _, c := range []struct {
		what  string
		lists []*x509.RevocationList
		want  string
	}{
		{"no list", nil, ""},
		{"not on it", []*x509.RevocationList{m.list(between, soon, big.NewInt(7)), m.list(root, soon)}, ""},
		{"on it", []*x509.RevocationList{m.list(root, soon), m.list(between, soon, client.SerialNumber)}, revoked},
		{"the authority on it", []*x509.RevocationList{m.list(root, soon, between.SerialNumber)}, revoked},
		{"ran out", []*x509.RevocationList{m.list(between, past)}, "unauthenticated: the revocation list of CN=Between has run out, so nobody can tell whether the client certificate was revoked"},
		{"the newest counts", []*x509.RevocationList{newer(m.list(between, soon)), m.list(between, past, client.SerialNumber)}, ""},
		{"of another key", []*x509.RevocationList{forged}, ""},
	} {
		x, err := NewCertificates(CertificateConfig{Roots: roots, Rules: []Rule{{Match: "cn:f", Roles: []Role{Officer}}}, Now: func() time.Time { return w.now },
			Lists: func() []*x509.RevocationList { return c.lists }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = x.Principal(t.Context(), []*x509.Certificate{client, between})
		if detailOf(err) != c.want {
			t.Errorf("%s: %v", c.what, err)
		}
		var f *Failure
		if strings.Contains(c.want, "run out") && (!errors.As(err, &f) || f.Fix != "have an administrator put a newer one in its place") {
			t.Errorf("%s: %+v", c.what, f)
		}
	}
}
