package issuance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/issuance"
)

func TestPeriods(t *testing.T) {
	for _, c := range []struct{ text, from, to string }{
		{"1y", "2027-03-01", "2028-03-01"},
		{"20y", "2026-11-22", "2046-11-22"},
		{"1y", "2028-02-29", "2029-02-28"},
		{"1mo", "2027-01-31", "2027-02-28"},
		{"6mo", "2027-08-31", "2028-02-29"},
		{"1y6mo2d", "2026-01-01", "2027-07-03"},
		{"90d", "2026-01-01", "2026-04-01"},
		{"2w", "2026-01-01", "2026-01-15"},
		{"24h", "2026-01-01", "2026-01-02"},
		{"100y", "2026-01-01", "2126-01-01"},
	} {
		p, err := issuance.ParsePeriod(c.text)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.Parse(time.DateOnly, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.From(from).Format(time.DateOnly); got != c.to {
			t.Errorf("%s from %s: %s, want %s", c.text, c.from, got, c.to)
		}
		again, err := issuance.ParsePeriod(p.String())
		if err != nil || again != p {
			t.Errorf("%s is written %s, and read %v, %v", c.text, p, again, err)
		}
	}
	for _, text := range []string{"", "y", "1", "1x", "-1d", "101y", "1201mo", "99999d", "1 d", "1yo", "1234567890s"} {
		if p, err := issuance.ParsePeriod(text); err == nil {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

// TestValidityOfTheCalendar asks for years over leap days.
func TestValidityOfTheCalendar(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a")
	p := parseProfile(t, strings.Replace(base, "validity: { default: 90d, maximum: 200d }", "validity: { default: 1y, maximum: 2y, backdate: 0s }", 1)+"\nsubject: { unlisted: keep }")
	for _, c := range []struct {
		now, end string // days; the end is the second before it
		asked    issuance.Asked
		verdict  issuance.Verdict
	}{
		{"2027-06-01", "2028-06-01", issuance.Asked{}, issuance.Accepted},
		{"2029-06-01", "2030-06-01", issuance.Asked{}, issuance.Accepted},
		{"2027-06-01", "2029-06-01", issuance.Asked{Months: 24}, issuance.Accepted},
		{"2027-06-01", "2029-06-01", issuance.Asked{Validity: 731 * 24 * time.Hour}, issuance.Accepted},
		{"2028-06-01", "2030-06-02", issuance.Asked{Validity: 731 * 24 * time.Hour}, issuance.Refused},
		{"2028-06-01", "2030-07-01", issuance.Asked{Months: 25}, issuance.Refused},
		{"2028-06-01", "2028-06-01", issuance.Asked{Months: -1}, issuance.Refused},
	} {
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		j := p.Judge(r, proven(r), root.issuer, c.asked, now)
		if j.Verdict() != c.verdict {
			t.Errorf("%+v: %s: %+v", c, j.Verdict(), j.Findings())
		}
		if end := j.Planned().NotAfter.Add(time.Second).Format(time.DateOnly); c.asked.Months >= 0 && end != c.end {
			t.Errorf("%+v: ends %s", c, end)
		}
	}
}
