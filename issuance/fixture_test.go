package issuance_test

import (
	"os"
	"strings"
	"testing"

	"github.com/certwright/certwright/issuance"
)

func TestFixtures(t *testing.T) {
	f, err := issuance.ParseFixtures([]byte(`
profile: server
now: 2026-11-21T12:00:00Z
cases:
  - name: a server
    request: good.csr
    origin: { door: rest, requester: ada }
    asked: { validity: 30d }
    expect:
      verdict: accepted
      changes: [subjectAltName]
      names: ["dns:www.example.org"]
      subject: CN=www.example.org
      notAfter: 2026-12-21T11:54:59Z
      absent: [names-count]
  - request: nameless.csr
    expect: { verdict: refused, findings: [names-count] }
  - name: wrong about everything
    request: nameless.csr
    expect: { verdict: accepted, findings: [names-lists], absent: [names-count], changes: [notAfter], subject: "CN=x", names: ["dns:x"], notAfter: 2026-12-21T11:54:59Z }
  - request: missing.csr
    expect: { verdict: refused }
  - request: garbage.csr
    expect: { verdict: refused }
`))
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := issuance.TestIssuer(f.Now)
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(t, "ecdsa-p256")
	files := map[string][]byte{
		"good.csr": newRequest(t, k, "CN=www.example.org").Raw, "nameless.csr": newRequest(t, k, "CN=nobody").Raw, "garbage.csr": []byte("garbage"),
	}
	results := f.Run(profile(t, f.Profile), issuer, func(file string) ([]byte, error) {
		if text, ok := files[file]; ok {
			return text, nil
		}
		return nil, os.ErrNotExist
	})
	if len(results) != 5 {
		t.Fatalf("got %d results", len(results))
	}
	for i, want := range []int{0, 0, 7, 1, 1} {
		if got := results[i].Failures; len(got) != want {
			t.Errorf("%s (line %d): got %d failures, want %d:\n%s", results[i].Name, results[i].Line, len(got), want, strings.Join(got, "\n"))
		}
	}
	if got := results[2].Failures[0]; !strings.HasPrefix(got, "verdict: got refused, want accepted; names-count: the request has no subject alternative name") {
		t.Errorf("got %s", got)
	}
	if results[1].Name != "nameless.csr" || results[0].Line != 5 {
		t.Errorf("got %+v", results[1])
	}
}

func TestWrongFixturesSayWhereAndWhat(t *testing.T) {
	const head = "profile: server\nnow: 2026-11-21T12:00:00Z\n"
	for _, c := range []struct{ text, want string }{
		{"", "the fixture file is empty"},
		{"now: 2026-11-21T12:00:00Z\ncases: [{ request: a, expect: { verdict: held } }]", "name the profile that is tested"},
		{"profile: server\ncases: [{ request: a, expect: { verdict: held } }]", "give the time of the test"},
		{"profile: server\nnow: today", `line 2: now: got "today", want a time such as 2026-11-21T12:00:00Z`},
		{head, "there is no case"},
		{head + "cases: [{ expect: { verdict: held } }]", "line 3: cases[0]: a case needs a request: the name of a file"},
		{head + "cases: [{ request: a }]", "a case needs expect: verdict: accepted, held or refused"},
		{head + "cases: [{ request: a, expect: { verdict: refuse } }]", `got "refuse", want one of accepted, held, refused; did you mean "refused"?`},
		{head + "cases: [{ request: a, expects: {} }]", `unknown key "expects"; did you mean "expect"?`},
		{head + "cases: [{ request: a, asked: { subject: '=' }, expect: { verdict: held } }]", `cases[0].asked.subject: got "="`},
		{head + "cases: [{ request: a, asked: { names: ['ip:x'] }, expect: { verdict: held } }]", `cases[0].asked.names[0]: got "ip:x"`},
	} {
		_, err := issuance.ParseFixtures([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}
