package restsrv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/request"
)

func readInto(t *testing.T, text string, out any) bool {
	t.Helper()
	return json.Unmarshal([]byte(text), out) == nil
}

func TestEveryReasonHasAStatus(t *testing.T) {
	for _, r := range request.Reasons() {
		if statusOf(r) == 0 {
			t.Errorf("%s has no status", r)
		}
	}
}

// endless is a body that never ends, and counts what is taken of it.
type endless struct{ left, taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'A'
	}
	e.left -= int64(len(p))
	e.taken += int64(len(p))
	return len(p), nil
}

func TestHugeBodiesAreRefusedWithoutMemory(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant, access.Administrator}})
	const gigabyte = 1 << 30
	for _, c := range []struct{ path, kind string }{
		{"/api/v1/requests", "application/json"}, {"/api/v1/requests", "application/pkcs10"}, {"/api/v1/requests/check", "text/plain"}, {"/api/v1/tokens", "application/json"},
		{"/api/v1/certificates/01/renew", "application/json"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		body := &endless{left: gigabyte}
		status, answer := w.direct(c.path, token, c.kind, body)
		runtime.ReadMemStats(&after)
		if status != 413 || !strings.Contains(answer, `"code":"too-large","detail":"the body is too large"`) {
			t.Errorf("%s: %d %s", c.path, status, answer)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s: %d octets were allocated", c.path, used)
		}
		if body.taken > 64<<20 {
			t.Errorf("%s: %d octets were taken", c.path, body.taken)
		}
	}
}

// direct posts a body without end to the handler itself, as a client would be
// cut off before it has read the answer.
func (w *world) direct(path, token, kind string, body io.Reader) (int, string) {
	w.t.Helper()
	r := httptest.NewRequest("POST", path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", kind)
	answer := httptest.NewRecorder()
	w.server.Config.Handler.ServeHTTP(answer, r)
	return answer.Code, answer.Body.String()
}

func TestNothingWithoutAToken(t *testing.T) {
	w := newWorld(t, nil)
	var spec struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	_, _, text := w.raw("GET", "/openapi.json", "", nil)
	if !readInto(t, text, &spec) || len(spec.Paths) < 20 {
		t.Fatalf("%d paths", len(spec.Paths))
	}
	for path, methods := range spec.Paths {
		for method := range methods {
			status, header, body := w.raw(strings.ToUpper(method), strings.NewReplacer("{", "", "}", "").Replace(path), "cwt_0000000000000000_wrong", nil)
			if status != 401 && status != 429 || header.Get("Content-Type") != "application/problem+json" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %d %s", method, path, status, body)
			}
		}
	}
}

func TestRolesOfEveryOperation(t *testing.T) {
	w := newWorld(t, nil)
	tokens := map[access.Role]string{}
	for _, r := range access.Roles() {
		tokens[r], _ = w.tokenFor(access.Token{Name: "one " + string(r), Roles: []access.Role{r}})
	}
	for _, c := range []struct {
		method, path string
		may          string // first letters of the roles
	}{
		{"POST", "/requests", "ao"}, {"POST", "/requests/check", "ao"}, {"GET", "/requests", "aou"}, {"GET", "/requests/X", "aou"},
		{"POST", "/requests/X/answer", "ao"}, {"POST", "/requests/X/withdraw", "ao"}, {"POST", "/requests/X/confirm", "ao"}, {"POST", "/requests/X/ask", "o"}, {"POST", "/requests/X/approve", "o"}, {"POST", "/requests/X/refuse", "o"},
		{"GET", "/certificates", "aou"}, {"GET", "/certificates/01", "aou"}, {"GET", "/certificates/01/pem", "aou"}, {"POST", "/certificates/01/renew", "ao"},
		{"POST", "/certificates/01/revoke", "ao"}, {"POST", "/certificates/01/release", "o"}, {"GET", "/whoami", "aodu"}, {"GET", "/cas", "aodu"}, {"GET", "/cas/root", "aodu"},
		{"GET", "/profiles", "aodu"}, {"GET", "/profiles/server", "aodu"}, {"POST", "/tokens", "d"}, {"GET", "/tokens", "d"}, {"DELETE", "/tokens/X", "d"},
		{"POST", "/secrets", "d"}, {"GET", "/secrets", "d"}, {"GET", "/secrets/X", "d"}, {"DELETE", "/secrets/X", "d"}, {"POST", "/acme/eab", "d"}, {"GET", "/acme/eab", "d"}, {"DELETE", "/acme/eab/X", "d"}, {"GET", "/acme/accounts", "d"}, {"DELETE", "/acme/accounts/X", "d"},
		{"GET", "/audit", "u"}, {"GET", "/audit/verify", "u"},
	} {
		for role, letter := range map[access.Role]string{access.Applicant: "a", access.Officer: "o", access.Administrator: "d", access.Auditor: "u"} {
			status, _, body := w.raw(c.method, "/api/v1"+c.path, tokens[role], strings.NewReader("{}"), "Content-Type", "application/json")
			if may := strings.Contains(c.may, letter); may == strings.Contains(body, `"code":"forbidden"`) {
				t.Errorf("%s %s as %s: %d %s", c.method, c.path, role, status, body)
			}
		}
	}
}

func TestScopesOfTokens(t *testing.T) {
	w := newWorld(t, nil)
	_, narrow := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, Profiles: []string{"reviewed"}, CAs: []string{"issuing"}})
	out, err := narrow.Submit(t.Context(), client.Submission{Request: csr(t, "a.example")})
	if err != nil || out.Profile != "reviewed" {
		t.Fatalf("%+v %s", out, problem(err))
	}
	for _, s := range []client.Submission{{Request: csr(t, "a.example"), Profile: "server"}, {Request: csr(t, "a.example"), CA: "root"}} {
		if _, err := narrow.Submit(t.Context(), s); !strings.HasPrefix(problem(err), "refused/not-authorized: you may not use the ") {
			t.Error(problem(err))
		}
		if _, err := narrow.Check(t.Context(), s); !strings.HasPrefix(problem(err), "refused/not-authorized: you may not use the ") {
			t.Error(problem(err))
		}
	}
	mine := w.issue(w.as("ann", access.Applicant), "b.example")
	if _, err := narrow.Renew(t.Context(), "", mine.Serial, client.Renewal{}); !client.IsNotFound(err) {
		t.Error(problem(err))
	}
	_, officer := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}, CAs: []string{"root"}})
	if _, err := officer.Refuse(t.Context(), out.Ticket, "no"); !client.IsNotFound(err) {
		t.Error(problem(err))
	}
	if _, err := officer.Revoke(t.Context(), "", mine.Serial, client.Revocation{}); !client.IsNotFound(err) {
		t.Error(problem(err))
	}
}

func TestTokensThatEnd(t *testing.T) {
	w := newWorld(t, nil)
	root := w.as("root", access.Administrator)
	made, err := root.NewToken(t.Context(), client.Token{Name: "ann", Roles: []string{"applicant"}, Expires: w.now().Add(time.Hour)})
	if err != nil || made.Text == "" {
		t.Fatal(made, problem(err))
	}
	ann, err := client.New(client.Config{URL: w.server.URL, Token: made.Text, HTTP: w.server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	who, err := ann.Whoami(t.Context())
	if err != nil || who.Name != "ann" || who.Method != "token" {
		t.Fatal(who, problem(err))
	}
	w.pass(2 * time.Hour)
	if _, err := ann.Whoami(t.Context()); problem(err) != "unauthenticated: the token has expired" {
		t.Error(problem(err))
	}
	second, err := root.NewToken(t.Context(), client.Token{Name: "bert", Roles: []string{"applicant"}})
	if err != nil {
		t.Fatal(problem(err))
	}
	bert, err := client.New(client.Config{URL: w.server.URL, Token: second.Text, HTTP: w.server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bert.Whoami(t.Context()); err != nil {
		t.Fatal(problem(err))
	}
	if gone, err := root.RevokeToken(t.Context(), second.ID); err != nil || gone.RevokedBy != "root" {
		t.Fatal(gone, problem(err))
	}
	if _, err := bert.Whoami(t.Context()); problem(err) != "unauthenticated: the token is not known, or was revoked" {
		t.Error(problem(err))
	}
	names := ""
	for one, err := range root.Tokens(t.Context(), "") {
		if err != nil || one.Text != "" {
			t.Fatal(one, problem(err))
		}
		names += one.Name + " "
	}
	if len(strings.Fields(names)) != 3 {
		t.Error(names)
	}
	for _, c := range []struct {
		token client.Token
		want  string
	}{
		{client.Token{Name: "x", Roles: []string{"king"}}, `refused/bad-format: there is no role "king"`},
		{client.Token{Roles: []string{"officer"}}, "refused/bad-format: the name is empty, too long, or has blanks or signs that do not show"},
	} {
		if _, err := root.NewToken(t.Context(), c.token); problem(err) != c.want {
			t.Error(problem(err))
		}
	}
}

func TestAdministratorsGiveNoMoreThanTheyHave(t *testing.T) {
	w := newWorld(t, nil)
	_, root := w.tokenFor(access.Token{Name: "root", Roles: []access.Role{access.Administrator}, Profiles: []string{"server", "client"}})
	for _, t2 := range []client.Token{{Name: "x", Roles: []string{"applicant"}}, {Name: "x", Roles: []string{"applicant"}, Profiles: []string{"server", "subca"}}} {
		if _, err := root.NewToken(t.Context(), t2); problem(err) != "refused/not-authorized: you may not give more than you have" {
			t.Error(problem(err))
		}
	}
	if _, err := root.NewToken(t.Context(), client.Token{Name: "x", Roles: []string{"applicant"}, Profiles: []string{"server"}}); err != nil {
		t.Error(problem(err))
	}
}

func TestSecrets(t *testing.T) {
	w := newWorld(t, nil)
	root := w.as("root", access.Administrator)
	made, err := root.NewSecret(t.Context(), client.Secret{Reference: "plant", Doors: []string{"cmp"}, Profile: "device", Uses: 2})
	if err != nil || len(made.Value) != 26 || made.State != "active" {
		t.Fatal(made, problem(err))
	}
	if seen, err := root.Secret(t.Context(), "plant"); err != nil || seen.Value != "" || seen.By != "root" {
		t.Error(seen, problem(err))
	}
	if given, err := root.NewSecret(t.Context(), client.Secret{Reference: "own", Value: "chosen by hand"}); err != nil || given.Value != "" {
		t.Error(given, problem(err))
	}
	if _, err := root.NewSecret(t.Context(), client.Secret{Reference: "plant"}); !strings.HasPrefix(problem(err), "refused/duplicate: ") {
		t.Error(problem(err))
	}
	if gone, err := root.RevokeSecret(t.Context(), "plant"); err != nil || gone.State != "revoked" {
		t.Error(gone, problem(err))
	}
	n := 0
	for _, err := range root.Secrets(t.Context()) {
		if err != nil {
			t.Fatal(problem(err))
		}
		n++
	}
	if n != 2 || strings.Contains(w.log.String(), made.Value) {
		t.Error(n)
	}
}

func TestACMEOverREST(t *testing.T) {
	w := newWorld(t, nil)
	root := w.as("root", access.Administrator)
	made, err := root.NewExternalAccount(t.Context(), client.ExternalAccount{Note: "web team", Names: []string{"*.Web.example"}, KeyID: "not mine to say"})
	if err != nil || len(made.Key) != 43 || made.State != "free" || made.By != "root" || made.KeyID == "not mine to say" || made.Names[0] != "*.web.example" {
		t.Fatalf("%+v, %s", made, problem(err))
	}
	for range 2 {
		if _, err := root.NewExternalAccount(t.Context(), client.ExternalAccount{Many: true}); err != nil {
			t.Fatal(problem(err))
		}
	}
	if err := root.RevokeExternalAccount(t.Context(), made.KeyID); err != nil {
		t.Error(problem(err))
	}
	var states []string
	for e, err := range root.ExternalAccounts(t.Context()) {
		if err != nil || e.Key != "" {
			t.Fatal(e, problem(err))
		}
		states = append(states, e.State)
	}
	slices.Sort(states) // those made in one millisecond have no order
	if got := strings.Join(states, " "); got != "free free revoked" {
		t.Error(got)
	}
	if err := root.RevokeExternalAccount(t.Context(), "none"); problem(err) != "not-found/unknown-request: there is no key of an external account none" {
		t.Error(problem(err))
	}
	if err := root.EndACMEAccount(t.Context(), "none"); problem(err) != "not-found/unknown-request: there is no account none" {
		t.Error(problem(err))
	}
	if _, err := root.NewExternalAccount(t.Context(), client.ExternalAccount{Expires: w.now()}); problem(err) != "refused/bad-validity: the key would have expired already" {
		t.Error(problem(err))
	}
	account := &authority.Record{Kind: "acme-account", ID: "06h0", State: "valid", Body: []byte(`{"key":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"contact":["mailto:a@b.example"],"created":"2026-01-01T00:00:00Z"}`)}
	if err := w.office.Store.PutRecords(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if err := root.EndACMEAccount(t.Context(), "06h0"); err != nil {
		t.Error(problem(err))
	}
	for a, err := range root.ACMEAccounts(t.Context()) {
		if err != nil || a.ID != "06h0" || a.Status != "revoked" || len(a.Contact) != 1 {
			t.Errorf("%+v, %s", a, problem(err))
		}
	}
	if strings.Contains(w.log.String(), made.Key) {
		t.Error("the log has the key")
	}
	_, narrow := w.tokenFor(access.Token{Name: "narrow", Roles: []access.Role{access.Administrator}, Profiles: []string{"server"}})
	if _, err := narrow.NewExternalAccount(t.Context(), client.ExternalAccount{}); !strings.Contains(problem(err), "what has to do with ACME is of all profiles and authorities, and you are limited to some") {
		t.Error(problem(err))
	}
}

func TestAuditOverREST(t *testing.T) {
	w := newWorld(t, nil)
	uwe := w.as("uwe", access.Auditor)
	seen := ""
	for e, err := range uwe.Events(t.Context(), 2, 2) {
		if err != nil {
			t.Fatal(problem(err))
		}
		if !json.Valid(e.Detail) || len(e.Hash) != 64 {
			t.Errorf("%+v", e)
		}
		seen += e.Action + " "
	}
	if len(strings.Fields(seen)) != 2 {
		t.Error(seen)
	}
	audit, err := uwe.VerifyAudit(t.Context())
	if err != nil || !audit.Whole || audit.Events < 3 || len(audit.Head) != 64 {
		t.Errorf("%+v %s", audit, problem(err))
	}
}

func TestTooManyRequests(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.PerSecond, c.Burst = 1, 3 })
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	for range 3 {
		if _, err := ann.Whoami(t.Context()); err != nil {
			t.Fatal(problem(err))
		}
	}
	status, header, body := w.raw("GET", "/api/v1/whoami", token, nil)
	if status != 429 || header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"rate-limited","detail":"you send too many requests"`) {
		t.Error(status, header, body)
	}
	if _, err := w.as("bert", access.Applicant).Whoami(t.Context()); err != nil {
		t.Error(problem(err))
	}
	w.pass(time.Second)
	if _, err := ann.Whoami(t.Context()); err != nil {
		t.Error(problem(err))
	}
}

func TestGuessingTokensIsSlow(t *testing.T) {
	w := newWorld(t, nil)
	turned := 0
	for range 50 + 5 {
		if status, _, _ := w.raw("GET", "/api/v1/whoami", "cwt_0123456789abcdef_guess", nil); status == 429 {
			turned++
		}
	}
	if turned != 5 {
		t.Errorf("%d were told to wait", turned)
	}
}

// broken is a store that fails where requests are read.
type broken struct{ authority.Store }

func (b broken) Certificates(context.Context, authority.Query) iter.Seq2[*authority.Certificate, error] {
	return func(yield func(*authority.Certificate, error) bool) { yield(nil, errors.New("the disk is gone")) }
}

// unreachable is a store whose database is away.
type unreachable struct{ authority.Store }

func (u unreachable) Certificates(context.Context, authority.Query) iter.Seq2[*authority.Certificate, error] {
	return func(yield func(*authority.Certificate, error) bool) {
		yield(nil, fmt.Errorf("reading from 10.1.1.1: %w", authority.ErrAway))
	}
}

func TestDatabaseThatIsAwayIsToldToTryAgain(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Store = unreachable{c.Store} })
	_, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	_, err := ann.Certificate(t.Context(), "", "0102")
	p, ok := err.(*client.Problem)
	if !ok || p.Status != 503 || p.Code != "database" || p.Detail != "the server cannot reach its records now" {
		t.Fatalf("%+v", err)
	}
	if f := away(); f.header.Get("Retry-After") != "30" {
		t.Errorf("%v", f.header)
	}
	if log := w.log.String(); !strings.Contains(log, "10.1.1.1") {
		t.Error(log)
	}
}

// full is a store on a disk that is full.
type full struct{ authority.Store }

func (f full) Certificates(context.Context, authority.Query) iter.Seq2[*authority.Certificate, error] {
	return func(yield func(*authority.Certificate, error) bool) {
		yield(nil, fmt.Errorf("writing: %w", authority.ErrFull))
	}
}

func TestFullDiskIsToldAsSuch(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Store = full{c.Store} })
	_, err := w.as("ann", access.Applicant).Certificate(t.Context(), "", "0102")
	if p, ok := err.(*client.Problem); !ok || p.Status != 507 || p.Code != "database" || p.Detail != "the server has no room left for its records" {
		t.Fatalf("%+v", err)
	}
}

func TestOwnMistakesAreLoggedNotTold(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Store = broken{c.Store} })
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	_, err := ann.Certificate(t.Context(), "", "0102")
	p, ok := err.(*client.Problem)
	if !ok || p.Status != 500 || p.Code != "internal" || p.Instance == "" || strings.Contains(p.Detail, "disk") {
		t.Fatalf("%+v", err)
	}
	log := w.log.String()
	if !strings.Contains(log, "the disk is gone") || !strings.Contains(log, p.Instance) || strings.Contains(log, token[21:]) {
		t.Error(log)
	}
}

func TestDescriptionIsOpenAPI(t *testing.T) {
	w := newWorld(t, nil)
	status, header, text := w.raw("GET", "/api/v1/openapi.json", "", nil)
	if status != 200 || header.Get("Content-Type") != "application/openapi+json" {
		t.Fatal(status, header)
	}
	var spec struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]map[string]struct {
			OperationID string
			Description string
			RequestBody struct {
				Content map[string]struct{ Schema map[string]any }
			}
			Responses map[string]any
		}
	}
	if !readInto(t, text, &spec) || spec.OpenAPI != "3.1.0" || spec.Servers[0].URL != "https://ca.example" {
		t.Fatal(text[:200])
	}
	submit := spec.Paths["/api/v1/requests"]["post"]
	if submit.OperationID != "submitRequest" || !strings.Contains(submit.Description, "For the role applicant or officer.") || len(submit.RequestBody.Content) != 5 {
		t.Errorf("%+v", submit)
	}
	if submit.RequestBody.Content["application/json"].Schema["$ref"] != "#/components/schemas/Submission" || submit.Responses["default"] == nil || submit.Responses["201"] == nil {
		t.Errorf("%+v", submit)
	}
	for path, methods := range spec.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Responses["default"] == nil {
				t.Errorf("%s %s: %+v", method, path, op)
			}
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, c := range map[string]Config{
		"the REST interface needs an authority, its records and profiles": {},
	} {
		if _, err := New(c); err == nil || err.Error() != want {
			t.Error(err)
		}
	}
}

// What is given away is for profiles and authorities that there are.
func TestUnknownNamesAreNotGivenAway(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "root", Roles: []access.Role{access.Administrator}, By: "tester"})
	for _, c := range []struct{ path, body, detail, fix string }{
		{"/secrets", `{"profile":"devize"}`, `there is no profile \"devize\"`, `did you mean \"device\"?`},
		{"/secrets", `{"ca":"isuing"}`, `there is no authority \"isuing\"`, `did you mean \"issuing\"?`},
		{"/tokens", `{"name":"ann","roles":["applicant"],"profiles":["devize"]}`, `there is no profile \"devize\"`, `did you mean \"device\"?`},
		{"/tokens", `{"name":"ann","roles":["applicant"],"cas":["issuing","isuing"]}`, `there is no authority \"isuing\"`, `did you mean \"issuing\"?`},
		{"/tokens", `{"name":"ann","roles":["applicant"],"cas":["far away"]}`, `there is no authority \"far away\"`, `the authorities are issuing, root`},
	} {
		status, _, text := w.raw("POST", "/api/v1"+c.path, token, strings.NewReader(c.body), "Content-Type", "application/json")
		if status != 404 || !strings.Contains(text, c.detail) || !strings.Contains(text, c.fix) {
			t.Errorf("%s: %d %s", c.body, status, text)
		}
	}
}
