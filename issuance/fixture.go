package issuance

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/request"
)

// Fixtures are the cases that a profile is tested with: requests, and what
// has to become of them. File names are for the caller to resolve.
type Fixtures struct {
	Profile string // name of a built-in profile, or a file
	Issuer  string // file with the issuer's certificate; empty for TestIssuer
	Now     time.Time
	Cases   []Fixture
}

// Fixture is one case.
type Fixture struct {
	Name     string
	Request  string // file
	Line     int    // of the text
	Origin   evidence.Origin
	Controls []evidence.Control
	Asked    Asked
	Expect   Expectation
}

// Expectation is what has to become of a request. What is empty is not
// looked at.
type Expectation struct {
	Verdict  Verdict
	Findings []string // rules that have to find something
	Absent   []string // rules that must not
	Changes  []string // fields that have to change
	Subject  *string  // RFC 4514
	Names    []string // all of them, in order
	NotAfter time.Time
}

// FixtureResult is what became of one case. It passed if Failures is empty.
type FixtureResult struct {
	Name      string    `json:"name"`
	Line      int       `json:"line"`
	Judgement Judgement `json:"judgement"`
	Failures  []string  `json:"failures,omitempty"`
}

type fixturesText struct {
	Profile string        `yaml:"profile"`
	Issuer  string        `yaml:"issuer"`
	Now     timeText      `yaml:"now"`
	Cases   []fixtureText `yaml:"cases"`
}

type fixtureText struct {
	Name     string          `yaml:"name"`
	Request  string          `yaml:"request"`
	Origin   originText      `yaml:"origin"`
	Controls []controlText   `yaml:"controls"`
	Asked    askedText       `yaml:"asked"`
	Expect   expectationText `yaml:"expect"`
}

type originText struct {
	Door      string `yaml:"door"`
	Requester string `yaml:"requester"`
	Method    string `yaml:"method"`
	Address   string `yaml:"address"`
}

type controlText struct {
	Name   string   `yaml:"name"`
	Method string   `yaml:"method"`
	At     timeText `yaml:"at"`
}

type askedText struct {
	NotBefore timeText `yaml:"notBefore"`
	NotAfter  timeText `yaml:"notAfter"`
	Validity  Period   `yaml:"validity"`
	Subject   string   `yaml:"subject"`
	Names     []string `yaml:"names"`
}

type expectationText struct {
	Verdict  outcomeWord `yaml:"verdict"`
	Findings []string    `yaml:"findings"`
	Absent   []string    `yaml:"absent"`
	Changes  []string    `yaml:"changes"`
	Subject  *string     `yaml:"subject"`
	Names    []string    `yaml:"names"`
	NotAfter timeText    `yaml:"notAfter"`
}

type outcomeWord string

func (w *outcomeWord) fromText(s string) error { return fromWord(w, s, "accepted", "held", "refused") }

type timeText time.Time

func (t *timeText) fromText(s string) error {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("got %q, want a time such as 2026-11-21T12:00:00Z", s)
	}
	*t = timeText(at.UTC())
	return nil
}

// ParseFixtures reads fixtures from YAML, as strictly as profiles are read.
func ParseFixtures(text []byte) (*Fixtures, error) {
	var t fixturesText
	c, err := decodeText("fixture file", text, &t)
	if err != nil {
		return nil, err
	}
	f := &Fixtures{Profile: t.Profile, Issuer: t.Issuer, Now: time.Time(t.Now)}
	if t.Profile == "" {
		c.fail("profile", "name the profile that is tested: a built-in one, or a file")
	}
	if f.Now.IsZero() {
		c.fail("now", "give the time of the test, such as 2026-11-21T12:00:00Z; results must not depend on the day")
	}
	for i := range t.Cases {
		f.Cases = append(f.Cases, c.fixture(&t.Cases[i], fmt.Sprintf("cases[%d]", i)))
	}
	if len(f.Cases) == 0 {
		c.fail("cases", "there is no case")
	}
	if err := c.mistakes(); err != nil {
		return nil, err
	}
	return f, nil
}

func (c *compiler) fixture(t *fixtureText, path string) Fixture {
	f := Fixture{
		Name: t.Name, Request: t.Request, Line: c.line(path),
		Origin: evidence.Origin{Door: t.Origin.Door, Requester: t.Origin.Requester, Method: t.Origin.Method, Address: t.Origin.Address, Entitled: evidence.Operator()},
		Asked:  Asked{NotBefore: time.Time(t.Asked.NotBefore), NotAfter: time.Time(t.Asked.NotAfter), Validity: t.Asked.Validity.Rest, Months: t.Asked.Validity.Months},
		Expect: Expectation{
			Verdict: Verdict(t.Expect.Verdict), Findings: t.Expect.Findings, Absent: t.Expect.Absent, Changes: t.Expect.Changes,
			Subject: t.Expect.Subject, Names: t.Expect.Names, NotAfter: time.Time(t.Expect.NotAfter),
		},
	}
	for _, k := range t.Controls {
		f.Controls = append(f.Controls, evidence.Control{Name: k.Name, Method: k.Method, At: time.Time(k.At)})
	}
	if t.Request == "" {
		c.fail(path, "a case needs a request: the name of a file")
	}
	if t.Expect.Verdict == "" {
		c.fail(path, "a case needs expect: verdict: accepted, held or refused")
	}
	if f.Name == "" {
		f.Name = t.Request
	}
	if t.Asked.Subject != "" {
		name, err := dn.ParseText(t.Asked.Subject)
		if err != nil {
			c.fail(path+".asked.subject", "got %q: %v", t.Asked.Subject, err)
		}
		f.Asked.Subject = &name
	}
	for i, text := range t.Asked.Names {
		name, err := ext.ParseGeneralName(text)
		if err != nil {
			c.fail(fmt.Sprintf("%s.asked.names[%d]", path, i), "got %q: %v", text, err)
			continue
		}
		f.Asked.Names = append(f.Asked.Names, name)
	}
	return f
}

// Run judges every case and compares. read gives the content of the file of a
// request.
func (f *Fixtures) Run(p *Profile, i *Issuer, read func(file string) ([]byte, error)) []FixtureResult {
	out := make([]FixtureResult, 0, len(f.Cases))
	for k := range f.Cases {
		out = append(out, f.Cases[k].run(p, i, f.Now, read))
	}
	return out
}

func (f *Fixture) run(p *Profile, i *Issuer, now time.Time, read func(string) ([]byte, error)) FixtureResult {
	result := FixtureResult{Name: f.Name, Line: f.Line}
	text, err := read(f.Request)
	if err != nil {
		result.fail("the request %s cannot be read: %v", f.Request, err)
		return result
	}
	requests, err := request.Parse(text)
	switch {
	case err != nil:
		result.fail("%s is no request: %v", f.Request, err)
		return result
	case len(requests) != 1:
		result.fail("%s holds %d requests, want one", f.Request, len(requests))
		return result
	}
	result.Judgement = p.Judge(requests[0], evidence.Of(requests[0], f.Origin, f.Controls), i, f.Asked, now)
	result.compare(&f.Expect)
	return result
}

func (r *FixtureResult) fail(format string, args ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, args...))
}

func (r *FixtureResult) compare(want *Expectation) {
	j := r.Judgement
	if j.Verdict() != want.Verdict {
		why := ""
		for _, f := range j.Findings() {
			if f.Severity == Error || f.Severity == Hold {
				why += "; " + f.Rule + ": " + f.Detail
			}
		}
		r.fail("verdict: got %s, want %s%s", j.Verdict(), want.Verdict, why)
	}
	found := map[string]bool{}
	for _, f := range j.Findings() {
		found[f.Rule] = true
	}
	for _, name := range want.Findings {
		if !found[name] {
			r.fail("the rule %s found nothing", name)
		}
	}
	for _, name := range want.Absent {
		if found[name] {
			r.fail("the rule %s found something", name)
		}
	}
	for _, field := range want.Changes {
		if !slices.ContainsFunc(j.Changes(), func(c Change) bool { return c.Field == field }) {
			r.fail("the field %s did not change", field)
		}
	}
	r.comparePlanned(want)
}

func (r *FixtureResult) comparePlanned(want *Expectation) {
	planned := r.Judgement.Planned()
	if want.Subject != nil && planned.Subject != *want.Subject {
		r.fail("subject: got %q, want %q", planned.Subject, *want.Subject)
	}
	if want.Names != nil && !slices.Equal(planned.Names, want.Names) {
		r.fail("names: got %s, want %s", strings.Join(planned.Names, ", "), strings.Join(want.Names, ", "))
	}
	if !want.NotAfter.IsZero() && !planned.NotAfter.Equal(want.NotAfter) {
		r.fail("notAfter: got %s, want %s", stamp(planned.NotAfter), stamp(want.NotAfter))
	}
}

// TestIssuer returns an issuer to judge with where none is at hand: a root
// without constraints, valid at this time, that cannot sign.
func TestIssuer(now time.Time) (*Issuer, error) {
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a test issuer: %w", err)
	}
	root, err := testRoot(k, now)
	if err != nil {
		return nil, fmt.Errorf("making a test issuer: %w", err)
	}
	return NewIssuer(IssuerConfig{
		Certificate: root,
		CRL:         []string{"http://pki.example/crl"}, OCSP: []string{"http://pki.example/ocsp"}, CAIssuers: []string{"http://pki.example/ca"},
	})
}

func testRoot(k *key.Private, now time.Time) (*cert.Certificate, error) {
	name, err := dn.ParseText("CN=Test Issuer")
	if err != nil {
		return nil, err
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return nil, err
	}
	p, err := pkcs10.Create(pkcs10.Template{Subject: name}, k, alg)
	if err != nil {
		return nil, err
	}
	r, err := request.FromPKCS10(p)
	if err != nil {
		return nil, err
	}
	self, err := NewSelfIssuer(r, IssuerConfig{Signer: k.Signer})
	if err != nil {
		return nil, err
	}
	profile, _ := BuiltInProfile("root")
	a, err := profile.Judge(r, evidence.Of(r, evidence.Origin{Door: "test", Entitled: evidence.Operator()}, nil), self, Asked{}, now).Approve()
	if err != nil {
		return nil, err
	}
	issued, err := self.Sign(a, previewSerial[:])
	if err != nil {
		return nil, err
	}
	return cert.Parse(issued.DER)
}
