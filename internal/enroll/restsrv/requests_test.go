package restsrv

import (
	"crypto/x509"
	stdpem "encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
)

func TestSubmitIssues(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	out, err := ann.Submit(t.Context(), client.Submission{Request: csr(t, "a.example")})
	if err != nil {
		t.Fatal(problem(err))
	}
	if out.State != client.Issued || out.CA != "issuing" || out.Profile != "server" || out.Serial != out.Certificate.Serial || out.Certificate.Requester != "ann" || out.Repeated {
		t.Errorf("%+v", out)
	}
	block, _ := stdpem.Decode([]byte(out.PEM))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil || !slices.Equal(c.DNSNames, []string{"a.example"}) {
		t.Fatal(c, err)
	}
	if strings.Count(out.PEM, "BEGIN CERTIFICATE") != 2 {
		t.Error("the chain is not the certificate and its issuer")
	}
	r, err := ann.Request(t.Context(), out.Ticket)
	if err != nil || r.State != client.Issued || r.Decider != "profile" || r.Requester != "ann" || r.Serial != out.Serial || len(r.DER) == 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestSubmitInEveryForm(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	for _, kind := range []string{"application/pkcs10", "application/x-pem-file", "text/plain", "application/octet-stream; x=y"} {
		text := csr(t, "a.example")
		body := text
		if kind == "application/pkcs10" {
			block, _ := stdpem.Decode([]byte(text))
			body = string(block.Bytes)
		}
		status, header, answer := w.raw("POST", "/api/v1/requests?profile=server&ca=issuing", token, strings.NewReader(body), "Content-Type", kind)
		if status != 201 || !strings.Contains(answer, `"state":"issued"`) || !strings.HasPrefix(header.Get("Location"), "/api/v1/requests/") {
			t.Errorf("%s: %d %s", kind, status, answer)
		}
	}
	for _, c := range []struct{ kind, body, want string }{
		{"application/xml", "<x/>", `"code":"usage","detail":"the content type \"application/xml\" is not known"`},
		{"application/json", `{"request":`, `"detail":"the body is no JSON object"`},
		{"application/json", `[]`, `"detail":"the body is no JSON object"`},
		{"application/json", `{"request":"x"}{}`, `"detail":"the body is no JSON object"`},
		{"application/json", `{"request":7}`, `"detail":"the value of \"request\" is of another kind than expected"`},
		{"application/json", `{"requst":"x"}`, `"detail":"the field \"requst\" is not known","fix":"did you mean \"request\"?"`},
		{"application/json", `{}`, `"code":"refused","reason":"bad-format","field":"request","detail":"there is no request"`},
		{"text/plain", csr(t, "a.example") + csr(t, "b.example"), `"detail":"these are 2 requests"`},
		{"text/plain", "hello", `"reason":"bad-format"`},
	} {
		status, header, answer := w.raw("POST", "/api/v1/requests", token, strings.NewReader(c.body), "Content-Type", c.kind)
		if status != 400 && status != 415 || !strings.Contains(answer, c.want) || header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.30q: %d %s", c.kind, c.body, status, answer)
		}
	}
}

func TestRefusalIsToldWithItsTicket(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	_, err := ann.Submit(t.Context(), client.Submission{Request: csr(t, "a.example"), Validity: 50 * 365 * 24 * 3600})
	p, ok := err.(*client.Problem)
	if !ok || p.Status != 422 || p.Code != "refused" || p.Reason != "bad-validity" || p.Ticket == "" || len(p.Findings) == 0 || p.Fix == "" {
		t.Fatalf("%+v", err)
	}
	r, err := ann.Request(t.Context(), p.Ticket)
	if err != nil || r.State != client.Refused {
		t.Errorf("%+v %v", r, err)
	}
	for _, c := range []struct {
		s    client.Submission
		want string
	}{
		{client.Submission{Request: csr(t, "a.example"), Profile: "nosuch"}, "not-found/unknown-profile: "},
		{client.Submission{Request: csr(t, "a.example"), CA: "nosuch"}, "not-found/unknown-issuer: "},
		{client.Submission{Request: csr(t, "a.example"), Validity: -1}, "refused/bad-validity: the validity is negative, or longer than a hundred years"},
		{client.Submission{Request: csr(t, "a.example"), SANs: []string{"dns:b.example"}}, "refused/not-authorized: only an officer may put another subject or other names in place of the request's"},
	} {
		if _, err := ann.Submit(t.Context(), c.s); !strings.HasPrefix(problem(err), c.want) {
			t.Errorf("%s: %s", c.want, problem(err))
		}
	}
}

func TestOfficerMayPutOtherNames(t *testing.T) {
	w := newWorld(t, nil)
	olga := w.as("olga", access.Officer)
	subject := "CN=b.example"
	out, err := olga.Submit(t.Context(), client.Submission{Request: csr(t, "a.example"), Subject: &subject, SANs: []string{"dns:b.example"}})
	if err != nil || !slices.Equal(out.Certificate.SANs, []string{"dns:b.example"}) || out.Certificate.Subject != "CN=b.example" {
		t.Fatalf("%+v %s", out, problem(err))
	}
	bad := "no subject"
	for _, s := range []client.Submission{{Request: csr(t, "a.example"), Subject: &bad}, {Request: csr(t, "a.example"), SANs: []string{"ip:nowhere"}}} {
		if _, err := olga.Submit(t.Context(), s); !strings.HasPrefix(problem(err), "refused/bad-") {
			t.Error(problem(err))
		}
	}
}

func TestCheckRecordsNothing(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	out, err := ann.Check(t.Context(), client.Submission{Request: csr(t, "a.example")})
	if err != nil || out.State != client.Accepted || out.Planned == nil || !slices.Equal(out.Planned.SANs, []string{"dns:a.example"}) || out.Ticket != "" {
		t.Fatalf("%+v %s", out, problem(err))
	}
	out, err = ann.Check(t.Context(), client.Submission{Request: csr(t, "a.example"), Validity: 50 * 365 * 24 * 3600})
	if err != nil || out.State != client.Refused || out.Error == nil || out.Error.Reason != "bad-validity" {
		t.Fatalf("%+v %s", out, problem(err))
	}
	for r, err := range ann.Requests(t.Context(), client.RequestQuery{}) {
		t.Errorf("%+v %v", r, err)
	}
}

func TestReview(t *testing.T) {
	w := newWorld(t, nil)
	ann, bert, olga := w.as("ann", access.Applicant), w.as("bert", access.Applicant), w.as("olga", access.Officer)
	held, err := ann.Submit(t.Context(), client.Submission{Request: csr(t, "a.example"), Profile: "reviewed"})
	if err != nil || held.State != client.Held || held.Certificate != nil {
		t.Fatalf("%+v %s", held, problem(err))
	}
	seen, err := olga.Request(t.Context(), held.Ticket)
	if err != nil || seen.Planned == nil || seen.Planned.Subject != "CN=a.example" {
		t.Fatalf("%+v %s", seen, problem(err))
	}
	for _, step := range []struct {
		do   func() (*client.Outcome, error)
		want string
	}{
		{func() (*client.Outcome, error) { return ann.Approve(t.Context(), held.Ticket, "") }, "forbidden: this needs the role officer"},
		{func() (*client.Outcome, error) { return olga.Ask(t.Context(), held.Ticket, " ") }, "usage: a text is needed to ask"},
		{func() (*client.Outcome, error) { return olga.Ask(t.Context(), held.Ticket, "Whose is it?") }, "asked"},
		{func() (*client.Outcome, error) { return olga.Approve(t.Context(), held.Ticket, "") }, "refused/wrong-state: ticket " + held.Ticket + " waits for the applicant's answer"},
		{func() (*client.Outcome, error) { return bert.Answer(t.Context(), held.Ticket, "Mine.") }, "not-found/unknown-request: there is no ticket " + held.Ticket},
		{func() (*client.Outcome, error) { return ann.Answer(t.Context(), held.Ticket, "Mine.") }, "held"},
		{func() (*client.Outcome, error) {
			return olga.Approve(t.Context(), strings.ToLower(held.Ticket), "fine")
		}, "issued"},
		{func() (*client.Outcome, error) { return olga.Refuse(t.Context(), held.Ticket, "too late") }, "refused/wrong-state: ticket " + held.Ticket + " is issued already, by olga"},
	} {
		out, err := step.do()
		got := problem(err)
		if err == nil {
			got = out.State
		}
		if got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
	seen, err = ann.Request(t.Context(), held.Ticket)
	if err != nil || len(seen.Messages) != 3 || seen.Messages[1].Text != "Mine." || seen.Decider != "olga" {
		t.Errorf("%+v %v", seen, err)
	}
}

func TestNobodyApprovesTheirOwn(t *testing.T) {
	w := newWorld(t, nil)
	olga := w.as("olga", access.Officer)
	held, err := olga.Submit(t.Context(), client.Submission{Request: csr(t, "a.example"), Profile: "reviewed"})
	if err != nil {
		t.Fatal(problem(err))
	}
	if _, err := olga.Approve(t.Context(), held.Ticket, ""); !strings.HasPrefix(problem(err), "refused/not-authorized: olga asked for this certificate") {
		t.Error(problem(err))
	}
	other := w.as("OLGA", access.Officer)
	if _, err := other.Approve(t.Context(), held.Ticket, ""); !strings.HasPrefix(problem(err), "refused/not-authorized: ") {
		t.Error(problem(err))
	}
	if out, err := olga.Withdraw(t.Context(), held.Ticket); err != nil || out.State != client.Withdrawn {
		t.Error(out, problem(err))
	}
}

func TestPreconditions(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	token, olga := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}})
	held, err := ann.Submit(t.Context(), client.Submission{Request: csr(t, "a.example"), Profile: "reviewed"})
	if err != nil {
		t.Fatal(problem(err))
	}
	path := "/api/v1/requests/" + held.Ticket
	status, header, _ := w.raw("GET", path, token, nil)
	seen := header.Get("ETag")
	if status != 200 || seen == "" {
		t.Fatal(status, seen)
	}
	if status, _, body := w.raw("GET", path, token, nil, "If-None-Match", seen); status != 304 || body != "" {
		t.Errorf("unchanged: %d %q", status, body)
	}
	if _, err := olga.Ask(t.Context(), held.Ticket, "Whose?"); err != nil {
		t.Fatal(problem(err))
	}
	if _, err := ann.Answer(t.Context(), held.Ticket, "Mine"); err != nil {
		t.Fatal(problem(err))
	}
	approve := func(tag string) (int, string) {
		status, _, body := w.raw("POST", path+"/approve", token, strings.NewReader("{}"), "If-Match", tag, "Content-Type", "application/json")
		return status, body
	}
	if status, body := approve(seen); status != 412 || !strings.Contains(body, `"code":"conflict","detail":"it is not any more what you have seen"`) {
		t.Errorf("changed: %d %s", status, body)
	}
	_, header, _ = w.raw("GET", path, token, nil, "If-None-Match", seen)
	if status, body := approve(`"other", ` + header.Get("ETag")); status != 200 || !strings.Contains(body, `"state":"issued"`) {
		t.Errorf("as seen: %d %s", status, body)
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t, nil)
	ann, bert := w.as("ann", access.Applicant), w.as("bert", access.Applicant)
	asked := client.Submission{Request: csr(t, "a.example"), Profile: "server"}
	first, err := ann.Submit(t.Context(), asked, client.WithKey("k1"))
	if err != nil {
		t.Fatal(problem(err))
	}
	again, err := ann.Submit(t.Context(), asked, client.WithKey("k1"))
	if err != nil || !again.Repeated || again.Serial != first.Serial || again.Ticket != first.Ticket {
		t.Errorf("%+v %s", again, problem(err))
	}
	at := w.now().Add(24 * time.Hour)
	for _, other := range []client.Submission{
		{Request: csr(t, "a.example"), Profile: "server"},
		{Request: asked.Request, Profile: "client"},
		{Request: asked.Request, Profile: "server", Validity: 3600},
		{Request: asked.Request, Profile: "server", NotAfter: &at},
		{Request: asked.Request, Profile: "server", CA: "root"},
	} {
		if _, err := ann.Submit(t.Context(), other, client.WithKey("k1")); !strings.HasPrefix(problem(err), "refused/duplicate: the idempotency key was used for another") {
			t.Errorf("%+v: %s", other, problem(err))
		}
	}
	others, err := bert.Submit(t.Context(), asked, client.WithKey("k1"))
	if err != nil || others.Serial == first.Serial || others.Repeated {
		t.Errorf("another one's key: %+v %s", others, problem(err))
	}
	status, _, body := w.raw("POST", "/api/v1/requests", "", nil, "Idempotency-Key", strings.Repeat("x", 201))
	if status != 401 {
		t.Error(status, body)
	}
}

func TestListsOfRequests(t *testing.T) {
	w := newWorld(t, nil)
	ann, bert, olga := w.as("ann", access.Applicant), w.as("bert", access.Applicant), w.as("olga", access.Officer)
	for n := range 5 {
		profile := "server"
		if n%2 == 1 {
			profile = "reviewed"
		}
		for _, c := range []*client.Client{ann, bert} {
			if _, err := c.Submit(t.Context(), client.Submission{Request: csr(t, fmt.Sprintf("h%d.example", n)), Profile: profile}); err != nil {
				t.Fatal(problem(err))
			}
		}
	}
	list := func(c *client.Client, q client.RequestQuery) string {
		var out []string
		for r, err := range c.Requests(t.Context(), q) {
			if err != nil {
				t.Fatal(problem(err))
			}
			out = append(out, r.Requester+r.Subject[4:5])
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		who  *client.Client
		q    client.RequestQuery
		want string
	}{
		{ann, client.RequestQuery{}, "ann0 ann1 ann2 ann3 ann4"},
		{ann, client.RequestQuery{Requester: "bert"}, ""},
		{ann, client.RequestQuery{Open: true}, "ann1 ann3"},
		{olga, client.RequestQuery{Open: true, Limit: 3}, "ann1 bert1 ann3"},
		{olga, client.RequestQuery{Requester: "bert", State: "issued"}, "bert0 bert2 bert4"},
		{olga, client.RequestQuery{CA: "root", Requester: "ann"}, ""},
	} {
		if got := list(c.who, c.q); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.q, got, c.want)
		}
	}
}

func TestNothingThere(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	if _, err := ann.Request(t.Context(), "01JD2Q4Z8V3K5M7N9P1R3S5T7V"); !client.IsNotFound(err) {
		t.Error(problem(err))
	}
	if status, header, body := w.raw("GET", "/api/v1/nosuch", token, nil); status != http.StatusNotFound || !strings.Contains(body, `"there is nothing at GET /api/v1/nosuch"`) || header.Get("Content-Type") != "application/problem+json" {
		t.Error(status, body)
	}
	for _, cursor := range []string{"!", "bm9wZQ", "aGVsZApub3BlCg"} {
		if status, _, body := w.raw("GET", "/api/v1/requests?cursor="+cursor, token, nil); status != 400 || !strings.Contains(body, "the cursor is not known") {
			t.Error(cursor, status, body)
		}
	}
	for path, want := range map[string]string{
		"/api/v1/requests?limit=0":          `"field":"limit","detail":"this is not what is expected: limit: expected number \u003e= 1"`,
		"/api/v1/requests?state=nosuch":     `"field":"state"`,
		"/api/v1/requests?fingerprint=xyz":  `fingerprint: \"xyz\" is not a number in hexadecimal digits`,
		"/api/v1/certificates?limit=100000": `"field":"limit"`,
	} {
		if status, _, body := w.raw("GET", path, token, nil); status/100 != 4 || !strings.Contains(strings.ReplaceAll(body, ">", `\u003e`), want) || !strings.Contains(body, `"code":"usage"`) {
			t.Error(path, status, body)
		}
	}
}
