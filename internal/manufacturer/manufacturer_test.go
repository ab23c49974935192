package manufacturer

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/specimen"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parsed(t testing.TB, c *x509.Certificate) *cert.Certificate {
	t.Helper()
	out, err := cert.Parse(c.Raw)
	check(t, err)
	return out
}

func file(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(name, data, 0o600))
	return name
}

func inPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// acme is a manufacturer and the rule for it.
func acme(t testing.TB, now time.Time) (*specimen.Maker, config.Manufacturer) {
	t.Helper()
	m, err := specimen.NewMaker("Acme", now)
	check(t, err)
	return m, config.Manufacturer{Name: "acme", Roots: file(t, inPEM(m.Root)), Profile: "device", Same: []string{"serialNumber"}}
}

func TestDevicesOfAManufacturer(t *testing.T) {
	now := time.Now()
	m, rule := acme(t, now)
	other, err := specimen.NewMaker("Other", now)
	check(t, err)
	lost, _, err := m.Device("SN-9", nil)
	check(t, err)
	lists, err := m.Lists(now, lost)
	check(t, err)
	listed := rule
	listed.CRLs = []string{file(t, lists)}
	old, err := m.Lists(now.AddDate(0, 0, -3))
	check(t, err)
	outdated := rule
	outdated.CRLs = []string{file(t, old)}
	none, err := other.Lists(now)
	check(t, err)
	foreign := rule
	foreign.CRLs = []string{file(t, none)}
	make := func(from *specimen.Maker, change func(*x509.Certificate)) *x509.Certificate {
		c, _, err := from.Device("SN-7", change)
		check(t, err)
		return c
	}
	good := make(m, nil)
	for _, c := range []struct {
		name    string
		rule    config.Manufacturer
		device  *x509.Certificate
		others  []*x509.Certificate
		detail  string // of the distrust; empty where there is none
		revoked bool
	}{
		{"good", rule, good, []*x509.Certificate{m.Sub}, "", false},
		{"good, with the root", rule, good, []*x509.Certificate{m.Sub, m.Root}, "", false},
		{"good by the lists", listed, good, []*x509.Certificate{m.Sub}, "", false},
		{"revoked", listed, lost, []*x509.Certificate{m.Sub}, "the certificate was revoked on", true},
		{"another's root", rule, make(other, nil), []*x509.Certificate{other.Sub, other.Root}, "leads to no root of a manufacturer that is known here: the certificate of CN=Other Root,O=Other", false},
		{"missing chain", rule, good, nil, "the certificate of CN=Acme Devices,O=Acme is none of them, and is not among the extraCerts", false},
		{"expired", rule, make(m, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }), []*x509.Certificate{m.Sub}, "expired 1 minute ago", false},
		{"not yet valid", rule, make(m, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }), []*x509.Certificate{m.Sub}, "is not valid before", false},
		{"an authority", rule, m.Sub, []*x509.Certificate{m.Root}, "that of an authority", false},
		{"lists that are out of date", outdated, good, []*x509.Certificate{m.Sub}, "is not known", false},
		{"lists of others", foreign, good, []*x509.Certificate{m.Sub}, "is not known", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			known, err := Read([]config.Manufacturer{c.rule})
			check(t, err)
			var others []*cert.Certificate
			for _, o := range c.others {
				others = append(others, parsed(t, o))
			}
			found, err := known.Of(parsed(t, c.device), others, now)
			var why *Distrust
			switch errors.As(err, &why); {
			case c.detail == "" && (err != nil || len(found) != 1 || found[0].Manufacturer.Name != "acme"):
				t.Errorf("%v, %v", found, err)
			case c.detail != "" && (why == nil || !strings.Contains(why.Error(), c.detail) || why.Revoked != c.revoked):
				t.Errorf("%v, want %q", err, c.detail)
			}
		})
	}
}

// Of two rules for one manufacturer, that of the profile asked for holds.
func TestRulesOfOneManufacturer(t *testing.T) {
	now := time.Now()
	m, rule := acme(t, now)
	second := rule
	second.Name, second.Profile = "acme-vpn", "vpn"
	known, err := Read([]config.Manufacturer{rule, second})
	check(t, err)
	device, _, err := m.Device("SN-7", nil)
	check(t, err)
	found, err := known.Of(parsed(t, device), []*cert.Certificate{parsed(t, m.Sub)}, now)
	check(t, err)
	for asked, want := range map[string]string{"": "acme", "vpn": "acme-vpn", "device": "acme", "server": "acme"} {
		if got := Choose(found, asked).Manufacturer.Name; got != want {
			t.Errorf("%q: %s, want %s", asked, got, want)
		}
	}
}

// What a certificate may say follows from the device's own.
func TestLimitsOfADevice(t *testing.T) {
	now := time.Now()
	m, rule := acme(t, now)
	device := func(serialNumber string, change func(*x509.Certificate)) *x509.Certificate {
		c, _, err := m.Device(serialNumber, change)
		check(t, err)
		return c
	}
	named := device("SN-7", func(c *x509.Certificate) { c.DNSNames = []string{"sn-7.acme.example", "*.acme.example"} })
	for _, c := range []struct {
		name          string
		device        *x509.Certificate
		same, pattern []string
		names         []string
		subject       []evidence.SubjectAttribute
		problem       string
	}{
		{"the same serial number", named, []string{"serialNumber"}, nil, []string{"subject:*", "dns:sn-7.acme.example"}, []evidence.SubjectAttribute{{Type: "serialNumber", Value: "SN-7"}}, ""},
		{"names made of it", named, []string{"serialNumber"}, []string{"dns:{serialNumber}.plant.example", "dns:*.lab.example"}, []string{"dns:SN-7.plant.example", "dns:*.lab.example"}, []evidence.SubjectAttribute{{Type: "serialNumber", Value: "SN-7"}}, ""},
		{"a subject made of it", device("a,b=c", nil), nil, []string{"subject:CN=pump-{serialNumber},O={O}"}, []string{`subject:CN=pump-a\,b=c,O=Acme`}, nil, ""},
		{"no such attribute", named, []string{"OU"}, nil, nil, nil, "the subject of the certificate of the device has no OU"},
		{"no such attribute for names", named, []string{"O"}, []string{"dns:{CN}.example"}, nil, nil, "has no CN"},
		{"a star", device("SN*", func(c *x509.Certificate) { c.RawSubject = starred }), []string{"O"}, []string{"dns:{serialNumber}.example"}, nil, nil, `is "*", of which no names can be made`},
		{"two of them", device("", func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"a", "b"} }), []string{"O"}, []string{"dns:{OU}.example"}, nil, nil, "has 2 attributes OU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rule
			r.Same, r.Names = c.same, c.pattern
			known, err := Read([]config.Manufacturer{r})
			check(t, err)
			found, err := known.Of(parsed(t, c.device), []*cert.Certificate{parsed(t, m.Sub)}, now)
			check(t, err)
			var o evidence.Origin
			err = found[0].Limit(&o)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("%v, want %q", err, c.problem)
				}
				return
			}
			if err != nil || !slices.Equal(o.Names, c.names) || !slices.Equal(o.Subject, c.subject) {
				t.Errorf("%v, %q, %v", err, o.Names, o.Subject)
			}
			if s := o.Certificate; s == nil || s.Manufacturer != "acme" || s.Root != "CN=Acme Root,O=Acme" || len(s.Fingerprint) != 64 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// starred is the subject O=Acme with the serial number "*".
var starred = []byte{0x30, 0x1b, 0x31, 0x0d, 0x30, 0x0b, 6, 3, 0x55, 4, 10, 0x0c, 4, 'A', 'c', 'm', 'e', 0x31, 0x0a, 0x30, 8, 6, 3, 0x55, 4, 5, 0x0c, 1, '*'}

func TestRulesThatCannotBeUsed(t *testing.T) {
	now := time.Now()
	_, rule := acme(t, now)
	for _, c := range []struct {
		change func(*config.Manufacturer)
		detail string
	}{
		{func(m *config.Manufacturer) { m.Roots = filepath.Join(t.TempDir(), "nothere") }, "reading the roots of the manufacturer acme"},
		{func(m *config.Manufacturer) { m.Roots = file(t, []byte("no certificate")) }, "the roots of the manufacturer acme: there is no certificate in it"},
		{func(m *config.Manufacturer) { m.Roots = file(t, []byte{0x30, 0}) }, "the roots of the manufacturer acme: line 1:"},
		{func(m *config.Manufacturer) { m.CRLs = []string{filepath.Join(t.TempDir(), "nothere")} }, "reading a revocation list of the manufacturer acme"},
		{func(m *config.Manufacturer) { m.CRLs = []string{m.Roots} }, "the revocation lists of the manufacturer acme: line 1:"},
		{func(m *config.Manufacturer) { m.CRLs = []string{file(t, nil)} }, "there is no revocation list in it"},
		{func(m *config.Manufacturer) { m.Same = []string{"nonsense"} }, `there is no attribute "nonsense"`},
		{func(m *config.Manufacturer) { m.Same = nil }, "any device could have the certificate of another"},
		{func(m *config.Manufacturer) { m.Same, m.Names = nil, []string{"dns:{serialNumber}.example"} }, "any device could have the certificate of another"},
		{func(m *config.Manufacturer) { m.Names = []string{"plant.example"} }, "has no kind of name"},
		{func(m *config.Manufacturer) { m.Names = []string{"dns:{serialNumber.example"} }, "a brace that does not end"},
		{func(m *config.Manufacturer) { m.Names = []string{"dns:{nonsense}.example"} }, `there is no attribute "nonsense"`},
	} {
		r := rule
		c.change(&r)
		if _, err := Read([]config.Manufacturer{r}); err == nil || !strings.Contains(err.Error(), c.detail) {
			t.Errorf("%v, want %q", err, c.detail)
		}
	}
}

// Whether files changed is seen by their content.
func TestSum(t *testing.T) {
	now := time.Now()
	m, rule := acme(t, now)
	sum := func() [32]byte {
		known, err := Read([]config.Manufacturer{rule})
		check(t, err)
		return known.Sum()
	}
	first := sum()
	if sum() != first {
		t.Error("the same files have another sum")
	}
	check(t, os.WriteFile(rule.Roots, append(inPEM(m.Root), inPEM(m.Sub)...), 0o600))
	if sum() == first {
		t.Error("another file has the same sum")
	}
}
