package notice

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
)

// ofAuthority makes the certificate of an authority that is valid for days from
// start.
func ofAuthority(t *testing.T, serial int64, name string, days float64) []byte {
	t.Helper()
	k := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: start, NotAfter: day(days), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func putAuthority(t *testing.T, s *memstore.Store, from int64, ca *authority.CA) {
	t.Helper()
	errs, err := s.Commit(t.Context(), &authority.Change{PutCA: &authority.CAWrite{CA: ca, From: from}})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

// An authority whose certificate ends is told of once, as an authority, unless
// it signs no more; and again when the certificate it has got instead ends.
func TestEndingAuthorities(t *testing.T) {
	s := memstore.New()
	e := &Ending{Certificates: s, Authorities: s, Records: s, Targets: []string{"mail"}, Before: 14 * 24 * time.Hour, AuthorityBefore: 90 * 24 * time.Hour, Missed: true}
	issuing, revoked := ofAuthority(t, 2, "Issuing", 900), ofAuthority(t, 5, "Revoked", 900)
	for _, ca := range []*authority.CA{
		{Name: "root", State: authority.CAActive, Chain: [][]byte{ofAuthority(t, 1, "Root", 3650)}},
		{Name: "issuing", State: authority.CAActive, Parent: "root", Chain: [][]byte{issuing}},
		{Name: "old", State: authority.CARetired, Chain: [][]byte{ofAuthority(t, 3, "Old", 900)}},
		{Name: "short", State: authority.CAActive, Chain: [][]byte{ofAuthority(t, 4, "Short", 30)}},
		{Name: "new", State: authority.CAAwaiting},
		{Name: "revoked", State: authority.CAActive, Parent: "root", Chain: [][]byte{revoked}},
	} {
		putAuthority(t, s, 0, ca)
	}
	record := func(serial byte, days float64, der []byte, status authority.Status) {
		certificate(t, s, serial, "x", start, days, func(c *authority.Certificate) {
			sum := sha256.Sum256(der)
			c.CA, c.DER, c.Fingerprint, c.Names, c.Status = "root", der, sum[:], nil, status
		})
	}
	record(2, 900, issuing, authority.StatusValid) // as its parent has it
	record(5, 900, revoked, authority.StatusRevoked)
	var got []string
	for d := range 1000 {
		if d == 895 {
			ca, err := s.CA(t.Context(), "issuing")
			if err != nil {
				t.Fatal(err)
			}
			ca.Chain = [][]byte{ofAuthority(t, 6, "Issuing", 1050)}
			record(6, 1050, ca.Chain[0], authority.StatusValid)
			putAuthority(t, s, ca.Revision, ca)
		}
		if _, err := e.Look(t.Context(), day(float64(d))); err != nil {
			t.Fatal(err)
		}
		if err := e.Tidy(t.Context(), day(float64(d))); err != nil {
			t.Fatal(err)
		}
		for _, r := range left(t, s) {
			var body delivery
			var data EndingData
			if err := errors.Join(json.Unmarshal(r.Body, &body), json.Unmarshal(body.Message.Data, &data), s.DeleteRecords(t.Context(), r)); err != nil {
				t.Fatal(err)
			}
			for _, c := range data.Certificates {
				got = append(got, fmt.Sprintf("day %d: %s %s %s %s", d, c.Alert, c.CA, c.Serial, c.Subject))
			}
		}
	}
	want := "day 20: authority-ends short 04 CN=Short, day 810: authority-ends issuing 02 CN=Issuing, day 960: authority-ends issuing 06 CN=Issuing"
	if got := strings.Join(got, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.AuthorityBefore = 0
	if n, err := e.Look(t.Context(), day(3649)); n != 0 || err != nil {
		t.Errorf("told of %d though nothing is to be told: %v", n, err)
	}
}

func TestMailOfAuthorities(t *testing.T) {
	authorityEnds := EndingCertificate{Alert: kindAuthority, CA: "issuing", Serial: "02", Subject: "CN=Issuing", Ends: start}
	m := &Mail{From: "ca@example.org", To: []string{"a@example.org"}}
	for subject, list := range map[string][]EndingCertificate{
		"Certwright: the certificate of an authority ends soon":  {authorityEnds},
		"Certwright: 2 certificates end soon, 1 of an authority": {authorityEnds, {Alert: kindEnds, Subject: "CN=x", Ends: start}},
	} {
		text, err := m.compose(alert(t, list...))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		want := "* the authority issuing (CN=Issuing): ends Sun, 01 Mar 2026 12:00:00 UTC; what it has signed ends with it, unless it is renewed\r\n  serial 02; to see it: certwright ca show issuing\r\n"
		if err != nil || parsed.Header.Get("Subject") != subject || !strings.Contains(string(body), want) {
			t.Errorf("%v, %q\n%s", err, parsed.Header.Get("Subject"), body)
		}
	}
}
