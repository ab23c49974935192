package authority_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/store/sqlite"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// world is an authority over a real store, with a clock that stands still
// until it is set.
type world struct {
	*authority.Authority
	store    authority.Store
	keys     *memkeys.Keys
	path     string
	mu       sync.Mutex
	now      time.Time
	profiles map[string]string // texts of more profiles
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) profile(name string) (*issuance.Profile, error) {
	if text, ok := w.profiles[name]; ok {
		return issuance.ParseProfile([]byte(text))
	}
	if p, ok := issuance.BuiltInProfile(name); ok {
		return p, nil
	}
	return nil, &request.Refusal{Reason: request.UnknownProfile, Detail: fmt.Sprintf("there is no profile called %q", name)}
}

// wait lets the clock go on.
func (w *world) wait(_ context.Context, d time.Duration) error {
	w.pass(d)
	return nil
}

// newWorld has a root and an issuing authority below it.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Test Root,O=Test"), PathLen: -1})
	w.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Test Issuing,O=Test"), Parent: "root", PathLen: -1})
	return w
}

func emptyWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		keys: memkeys.New(), path: filepath.Join(t.TempDir(), "store.db"),
		now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), profiles: map[string]string{},
	}
	store, err := sqlite.Open(t.Context(), w.path)
	check(t, err)
	t.Cleanup(func() { store.Close() })
	w.store = store
	w.Authority = w.another(t, nil)
	return w
}

// another is one more authority over the same store, as another process
// would be.
func (w *world) another(t *testing.T, linters map[string]authority.Linter) *authority.Authority {
	t.Helper()
	a, err := authority.New(authority.Config{Store: w.store, Keys: w.keys, Profiles: w.profile, Linters: linters, Now: w.clock, Wait: w.wait})
	check(t, err)
	return a
}

func (w *world) create(t *testing.T, n authority.NewCA) *authority.CA {
	t.Helper()
	n.KeyKind, n.By = "ecdsa-p256", "operator"
	ca, err := w.CreateCA(t.Context(), n)
	check(t, err)
	return ca
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is a refusal for this reason whose detail has
// this text in it.
func refused(t *testing.T, err error, reason request.Reason, detail string) {
	t.Helper()
	var r *request.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if r.Reason != reason || !strings.Contains(r.Detail, detail) || r.Fix == "" {
		t.Fatalf("got %s: %q (fix %q), want %s: %q", r.Reason, r.Detail, r.Fix, reason, detail)
	}
}

func name(t *testing.T, text string) dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	check(t, err)
	return n
}

// operator is the origin of what the operator asks for.
func operator() evidence.Origin {
	return evidence.Origin{Door: "cli", Requester: "operator", Method: "local-user", Entitled: evidence.Operator()}
}

// applicant is a key and what it signs.
type applicant struct {
	private *key.Private
}

func newApplicant(t *testing.T) *applicant {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	check(t, err)
	return &applicant{k}
}

func (a *applicant) request(t *testing.T, host string, attributes ...pkcs10.Attribute) *request.Request {
	t.Helper()
	general, err := ext.ParseGeneralName("dns:" + host)
	check(t, err)
	algorithm, err := key.ChooseSignatureAlgorithm(a.private.Public, "", false)
	check(t, err)
	p, err := pkcs10.Create(pkcs10.Template{
		Subject: name(t, "CN="+host), Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{general}, false)}, Attributes: attributes,
	}, a.private, algorithm)
	check(t, err)
	r, err := request.FromPKCS10(p)
	check(t, err)
	return r
}

func password(t *testing.T, text string) pkcs10.Attribute {
	t.Helper()
	a, err := pkcs10.NewTextAttribute(oid.ChallengePassword, text)
	check(t, err)
	return a
}

func submission(r *request.Request) authority.Submission {
	return authority.Submission{Request: r, Origin: evidence.Origin{Door: "cli", Requester: "anna", Method: "local-user"}}
}

// issue submits a request for a host that has to be granted.
func (w *world) issue(t *testing.T, host string) *authority.Outcome {
	t.Helper()
	return w.granted(t, submission(newApplicant(t).request(t, host)))
}

func (w *world) granted(t *testing.T, s authority.Submission) *authority.Outcome {
	t.Helper()
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Ticket.State != authority.StateIssued || out.Certificate == nil || out.Refusal != nil {
		t.Fatalf("state %s, refusal %+v", out.Ticket.State, out.Refusal)
	}
	return out
}

// sound checks that the audit chain holds, and returns its actions.
func (w *world) sound(t *testing.T) []string {
	t.Helper()
	faults, _, _, err := w.VerifyAudit(t.Context())
	check(t, err)
	if len(faults) > 0 {
		t.Fatalf("audit chain: %+v", faults)
	}
	var actions []string
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		actions = append(actions, e.Action)
	}
	return actions
}
