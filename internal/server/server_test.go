package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/task"
)

// transcript is a log that tests read while it is written.
type transcript struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// world is what a test server is made from.
type world struct {
	home     config.Home
	now      time.Time
	mutex    sync.Mutex
	log      transcript
	settings config.Config
	fresh    func() (config.Config, error) // what a reload reads; nil: settings
}

func (w *world) clock() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{home: config.Home{Folder: t.TempDir()}, now: time.Now(), settings: config.Default()}
	w.settings.Server.Listen, w.settings.Server.PlainListen = "127.0.0.1:0", "127.0.0.1:0"
	if err := w.home.Make(); err != nil {
		t.Fatal(err)
	}
	return w
}

// open makes a server over the home, as it would be after a restart.
func (w *world) open(t *testing.T) (*Server, error) {
	t.Helper()
	log, level, err := NewLog(&w.log, w.settings.Log)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMeasures("test", w.clock())
	none := func() ([]byte, error) { return nil, nil }
	o, err := task.Open(t.Context(), task.Setup{Home: w.home, New: none, Now: w.clock, Observe: m.Observe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	read := func() (config.Config, error) {
		if w.fresh != nil {
			return w.fresh()
		}
		return w.settings, nil
	}
	return New(t.Context(), Config{Settings: w.settings, Read: read, Getenv: func(string) string { return "" }, Office: o, Host: "ca.example", By: "ann", Log: log, Level: level, Measures: m})
}

func (w *world) server(t *testing.T) *Server {
	t.Helper()
	s, err := w.open(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	return s
}

// run runs a server until the test or the returned function ends it.
func run(t *testing.T, s *Server) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- s.Run(ctx, func() error { close(up); return nil }, nil) }()
	<-up
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return stop
}

// client trusts the root of a server, whatever time it is there.
func client(t *testing.T, w *world, s *Server) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	text, err := os.ReadFile(s.Told().Root)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal("no root:", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Time: w.clock}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// bare is a server without anything behind it.
func bare(t *testing.T) *Server {
	t.Helper()
	log, level, err := NewLog(io.Discard, config.Log{Level: "debug"})
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{tracing: &tracing{}, config: Config{Settings: config.Default(), Log: log, Level: level, Measures: NewMeasures("test", time.Now())}}
	s.now.Store(&regime{settings: config.Default(), proxies: &proxies{}})
	return s
}

// employ adds a door to a server that does not run yet.
func (s *Server) employ(d door) {
	r := s.now.Load()
	r.parts = append(r.parts, &part{name: d.name, doors: []door{d}})
}

func TestFirstStartAndSecond(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	first := s.Told()
	if !first.Created || !strings.HasPrefix(first.Token, "cwt_") || !strings.HasPrefix(first.URL, "https://127.0.0.1:") || len(first.Fingerprint) != 32 {
		t.Fatalf("%+v", first)
	}
	shown := s.now.Load().identity.current.Load()
	s.close()
	s = w.server(t)
	if told := s.Told(); told.Created || told.Token != "" || !bytes.Equal(told.Fingerprint, first.Fingerprint) {
		t.Errorf("the second start: %+v", told)
	}
	if !bytes.Equal(s.now.Load().identity.current.Load().Leaf.Raw, shown.Leaf.Raw) {
		t.Error("the second start has another certificate")
	}
	if info, err := os.Stat(ownFile(w.home)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the server's key: %v, %v", info, err)
	}
}

func TestOwnCertificateIsRenewed(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	i := s.now.Load().identity
	ctx := t.Context()
	serial := func() string { return i.current.Load().Leaf.SerialNumber.String() }
	first := serial()
	load := func() string {
		t.Helper()
		if err := i.load(ctx); err != nil {
			t.Fatal(err)
		}
		return serial()
	}
	w.pass(59 * 24 * time.Hour)
	if load() != first {
		t.Error("renewed before two thirds of its life")
	}
	if p := i.pause(); p != longestPause {
		t.Errorf("a day before the renewal the pause is %v", p)
	}
	w.pass(2 * 24 * time.Hour)
	if p := i.pause(); p != shortestPause {
		t.Errorf("after the time of the renewal the pause is %v", p)
	}
	second := load()
	if second == first {
		t.Fatal("not renewed after two thirds of its life")
	}
	for _, name := range []string{"ca.example", "localhost", "127.0.0.1", "::1"} {
		if err := i.current.Load().Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.config.Office.Authority.Revoke(ctx, authority.RevocationOrder{CA: "issuing", Serial: i.current.Load().Leaf.SerialNumber.Bytes(), By: "ann"}); err != nil {
		t.Fatal(err)
	}
	third := load()
	if third == second {
		t.Error("a revoked certificate is shown")
	}
	i.names = append(i.names, "new.example")
	if load() == third {
		t.Error("the certificate is not for the new name")
	}
	if err := os.WriteFile(ownFile(w.home), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	load()
	if !strings.Contains(w.log.String(), "the server's own certificate cannot be used, and a new one is made") {
		t.Error("nothing is said of the damaged file")
	}
}

func TestOwnCertificateRefused(t *testing.T) {
	for profile, want := range map[string]string{
		"person": "the server's own certificate is refused: ",
		"subca":  "the server's own certificate is refused: ",
		"hold":   "the server's own certificate awaits an officer's decision: ticket ",
		"none":   "the configuration: the value of \"server.profile\": there is no profile \"none\"",
	} {
		w := newWorld(t)
		w.settings.Server.Profile = profile
		text, err := os.ReadFile("../../issuance/profiles/server.yaml")
		if err != nil {
			t.Fatal(err)
		}
		held := strings.Replace(string(text), "name: server", "name: hold\nissuance: review", 1)
		if err := os.WriteFile(filepath.Join(w.home.Profiles(), "hold.yaml"), []byte(held), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = w.open(t); err == nil || !strings.HasPrefix(err.Error(), want) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", profile, err)
		}
	}
}

func TestReload(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	s.Reload(t.Context())
	changed := w.settings
	changed.Log.Level, changed.Server.Listen, changed.Limits.Header, changed.Log.Format = "debug", ":1", 2048, "json"
	w.fresh = func() (config.Config, error) { return changed, nil }
	s.Reload(t.Context())
	if s.config.Level.Level() != slog.LevelDebug {
		t.Error("the level of the log did not change")
	}
	if !strings.Contains(w.log.String(), `msg="these settings were changed, and hold after a restart" keys="[server.listen limits.header log.format]"`) {
		t.Error(w.log.String())
	}
	broken := filepath.Join(w.home.Profiles(), "own.yaml")
	if err := os.WriteFile(broken, []byte("name: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.fresh = func() (config.Config, error) { return config.Config{}, errors.New("broken file") }
	s.Reload(t.Context())
	for _, want := range []string{`msg="the configuration cannot be used, and stays as it was" cause="broken file"`, `msg="the profiles cannot be used, and stay as they were"`, `result="kept as it was"`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("no %s in\n%s", want, w.log.String())
		}
	}
	if _, err := s.config.Office.Profiles.Get("own"); err == nil {
		t.Error("a profile that came after the last good reload is there")
	}
	if _, err := s.config.Office.Profiles.Get("server"); err != nil {
		t.Error(err)
	}
}

func TestForeignCertificateIsReadAgain(t *testing.T) {
	w := newWorld(t)
	own := w.server(t)
	copied := filepath.Join(t.TempDir(), "tls.pem")
	put := func() {
		t.Helper()
		text, err := os.ReadFile(ownFile(w.home))
		if err == nil {
			err = os.WriteFile(copied, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put()
	w.settings.Server.Certificate, w.settings.Server.Key = copied, copied
	s := w.server(t)
	first := s.now.Load().identity.current.Load()
	if err := own.now.Load().identity.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	put()
	s.Reload(t.Context())
	if second := s.now.Load().identity.current.Load(); bytes.Equal(first.Leaf.Raw, second.Leaf.Raw) {
		t.Error("the new certificate is not shown")
	}
	if err := os.WriteFile(copied, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Reload(t.Context())
	if !strings.Contains(w.log.String(), "the certificate of the server stays as it was") || s.now.Load().identity.current.Load() == nil {
		t.Error(w.log.String())
	}
}

func TestStopFinishesWhatIsUnderWay(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	arrived, goOn, shutting := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.plainHTTP.RegisterOnShutdown(func() { close(shutting) })
	inner := s.plainHTTP.Handler
	s.plainHTTP.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/slow" {
			inner.ServeHTTP(rw, r)
			return
		}
		close(arrived)
		<-goOn
		fmt.Fprint(rw, "done")
	})
	worked := false
	s.employ(door{name: "worker", run: func(ctx context.Context) error { <-ctx.Done(); worked = true; return ctx.Err() }})
	stop := run(t, s)
	answers := make(chan string, 1)
	go func() {
		answer, err := http.Get(s.Told().PlainURL + "/slow")
		if err != nil {
			answers <- err.Error()
			return
		}
		body, _ := io.ReadAll(answer.Body)
		answers <- string(body)
	}()
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-shutting
	close(goOn)
	if got := <-answers; got != "done" {
		t.Errorf("the request under way was answered %q", got)
	}
	if err := <-stopped; err != nil || !worked {
		t.Errorf("stopping: %v, worker ended: %v", err, worked)
	}
	if _, ready := s.readiness(t.Context()); ready {
		t.Error("a stopped server calls itself ready")
	}
}

func TestFailingWorkerEndsTheServer(t *testing.T) {
	s := newWorld(t).server(t)
	s.employ(door{name: "worker", run: func(context.Context) error { return errors.New("lost") }})
	if err := s.Run(t.Context(), func() error { return nil }, nil); err == nil || err.Error() != "worker: lost" {
		t.Error(err)
	}
}

// TestNoSecretsInTheLog sends secrets wherever clients put them.
func TestNoSecretsInTheLog(t *testing.T) {
	w := newWorld(t)
	w.settings.Log.Level = "debug"
	s := w.server(t)
	run(t, s)
	c := client(t, w, s)
	token := s.Told().Token
	for _, header := range []string{"Bearer " + token, "Bearer " + token + "x", "Basic " + token, token} {
		for _, path := range []string{"/metrics", "/api/v1/tokens", "/debug/pprof/cmdline", "/nothing?token=" + token, "/nothing/" + token} {
			get(t, c, s.Told().URL+path, "Authorization", header, "Cookie", "session="+token)
		}
	}
	log := s.config.Log
	log.Error("careless", "token", token, "cause", errors.New("dialing postgres://ann:hunter2@db: Bearer "+token), "url", "https://u:hunter2@x/", "passphrase", "hunter2")
	log.With("secret", "hunter2").WithGroup("g").Info("careless " + "line")
	text := w.log.String()
	secret := token[strings.LastIndex(token, "_")+1:]
	for _, hidden := range []string{token, secret, "hunter2"} {
		if strings.Contains(text, hidden) {
			t.Errorf("the log has %s:\n%s", hidden, text)
		}
	}
	if !strings.Contains(text, "path=/nothing status=404") || !strings.Contains(text, "token=(hidden)") {
		t.Error(text)
	}
}

func TestMeasures(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	c := client(t, w, s)
	if answer, body := get(t, c, s.Told().URL+"/metrics"); answer.StatusCode != http.StatusUnauthorized || strings.Contains(body, "certwright_") {
		t.Error(answer.Status, body)
	}
	get(t, c, s.Told().URL+"/nothing")
	answer, err := http.Post(s.Told().PlainURL+"/ocsp", "application/ocsp-request", strings.NewReader("no question"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	_, body := get(t, c, s.Told().URL+"/metrics", "Authorization", "Bearer "+s.Told().Token)
	for _, want := range []string{
		`certwright_http_requests_total{door="none",method="GET",code="404"} 1`, `certwright_certificates_issued_total{ca="issuing",profile="server"} 1`,
		`certwright_tickets_total{ca="root",profile="root",state="issued"} 1`, `certwright_connections{state="active"} `, `certwright_build_info{version="test",`,
		`certwright_server_certificate_end_seconds `, `certwright_ocsp_answers_total{status="malformedRequest",standing=""} 1`, `certwright_audit_events_total `,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	m := s.config.Measures
	m.count(&authority.Change{PutTicket: &authority.TicketWrite{Ticket: &authority.Ticket{CA: "made-up", Profile: "made-up", State: authority.StateRefused}}})
	var b strings.Builder
	m.WriteTo(&b)
	if strings.Contains(b.String(), "made-up") {
		t.Error("names that clients make up are labels")
	}
}

// TestNumbersAndProfilesAreNotForEverybody tries /metrics and /debug/pprof/ with
// a token of each role.
func TestNumbersAndProfilesAreNotForEverybody(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	c := client(t, w, s)
	for role, want := range map[access.Role][2]int{
		access.Applicant: {http.StatusForbidden, http.StatusForbidden}, access.Officer: {http.StatusForbidden, http.StatusForbidden},
		access.Auditor: {http.StatusOK, http.StatusForbidden}, access.Administrator: {http.StatusOK, http.StatusOK},
	} {
		_, token, err := s.tokens.New(t.Context(), access.Token{Name: "some " + string(role), Roles: []access.Role{role}, By: "ann"})
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range []string{"/metrics", "/debug/pprof/heap"} {
			if answer, _ := get(t, c, s.Told().URL+path, "Authorization", "Bearer "+token); answer.StatusCode != want[i] {
				t.Errorf("%s as %s: %s", path, role, answer.Status)
			}
			if answer, _ := get(t, http.DefaultClient, s.Told().PlainURL+path, "Authorization", "Bearer "+token); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s without TLS: %s", path, answer.Status)
			}
		}
	}
}

func TestMetricsForEveryone(t *testing.T) {
	for setting, want := range map[string]int{"open": http.StatusOK, "off": http.StatusNotFound} {
		w := newWorld(t)
		w.settings.Server.Metrics = setting
		s := w.server(t)
		answer := httptest.NewRecorder()
		s.secureServer.Handler.ServeHTTP(answer, httptest.NewRequest("GET", "https://ca.example/metrics", nil))
		if answer.Code != want {
			t.Errorf("%s: %d", setting, answer.Code)
		}
	}
}

func TestRequestIdentifiers(t *testing.T) {
	s := bare(t)
	h := s.front(http.HandlerFunc(nothing))
	for given, kept := range map[string]bool{"": false, "from-proxy-1": true, "short": false, strings.Repeat("a", 65): false, "with blank and \n": false} {
		r, answer := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.Header.Set("X-Request-Id", given)
		h.ServeHTTP(answer, r)
		id := answer.Header().Get("X-Request-Id")
		if (id == given) != kept || len(id) < 8 || !strings.Contains(answer.Body.String(), `"request":"`+id+`"`) {
			t.Errorf("%q became %q: %s", given, id, answer.Body)
		}
	}
}

func TestPanicIsAnswered(t *testing.T) {
	var log transcript
	s := bare(t)
	s.config.Log, s.config.Level, _ = NewLog(&log, config.Log{Level: "info", Format: "json"})
	answer := httptest.NewRecorder()
	s.front(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })).ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "oops") || !strings.Contains(answer.Body.String(), `"code":"internal"`) {
		t.Error(answer.Code, answer.Body)
	}
	if !strings.Contains(log.String(), `"cause":"oops"`) || !strings.Contains(log.String(), `"request":"`+answer.Header().Get("X-Request-Id")) {
		t.Error(log.String())
	}
}

func TestAddresses(t *testing.T) {
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := fmt.Sprint(portOf(l))
	for asked, want := range map[string]string{":0": "ca.example:", "0.0.0.0:0": "ca.example:", "[::]:0": "ca.example:", "10.0.0.1:0": "10.0.0.1:", "[::1]:0": "[::1]:", "x.example:0": "x.example:"} {
		if got := addressOf("https", asked, l, "ca.example"); got != "https://"+want+port {
			t.Errorf("%s: %s", asked, got)
		}
	}
	if _, err := listen(l.Addr().String()); err == nil || err.Error() != "cannot listen on "+l.Addr().String()+": address already in use" {
		t.Error(err)
	}
}
