package restsrv

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
)

// What is beyond the profiles and authorities of a token is not there for it,
// whatever its role: it is not seen, decided on, revoked or released.
func TestLimitsHoldForEveryRole(t *testing.T) {
	w := newWorld(t, nil)
	held, err := w.as("bob", access.Applicant).Submit(t.Context(), client.Submission{Request: csr(t, "b.example"), Profile: "reviewed"})
	if err != nil || held.State != client.Held {
		t.Fatalf("%+v %s", held, problem(err))
	}
	foreign := w.issue(w.as("bob", access.Applicant), "c.example")
	everybody := []access.Role{access.Applicant, access.Officer, access.Auditor}
	for _, limited := range []access.Token{
		{Name: "olga", Roles: everybody, Profiles: []string{"client"}}, {Name: "olga", Roles: everybody, CAs: []string{"root"}},
		{Name: "bob", Roles: []access.Role{access.Applicant}, Profiles: []string{"client"}},
	} {
		_, c := w.tokenFor(limited)
		name := fmt.Sprint(limited.Name, limited.Profiles, limited.CAs)
		for what, do := range map[string]func() error{
			"show":        func() error { _, err := c.Request(t.Context(), held.Ticket); return err },
			"approve":     func() error { _, err := c.Approve(t.Context(), held.Ticket, ""); return err },
			"refuse":      func() error { _, err := c.Refuse(t.Context(), held.Ticket, "no"); return err },
			"withdraw":    func() error { _, err := c.Withdraw(t.Context(), held.Ticket); return err },
			"certificate": func() error { _, err := c.Certificate(t.Context(), "", foreign.Serial); return err },
			"fetch":       func() error { _, err := c.Fetch(t.Context(), "", foreign.Serial, client.FormPEM); return err },
			"renew":       func() error { _, err := c.Renew(t.Context(), "", foreign.Serial, client.Renewal{}); return err },
			"revoke":      func() error { _, err := c.Revoke(t.Context(), "", foreign.Serial, client.Revocation{}); return err },
			"release":     func() error { _, err := c.Release(t.Context(), "", foreign.Serial); return err },
		} {
			if err := do(); !client.IsNotFound(err) && !strings.HasPrefix(problem(err), "forbidden: ") {
				t.Errorf("%s %s: %s", name, what, problem(err))
			}
		}
		for r, err := range c.Requests(t.Context(), client.RequestQuery{CA: "issuing"}) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
		for r, err := range c.Certificates(t.Context(), client.CertificateQuery{CA: "issuing"}) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	_, within := w.tokenFor(access.Token{Name: "otto", Roles: everybody, Profiles: []string{"reviewed", "server"}, CAs: []string{"issuing"}})
	if out, err := within.Approve(t.Context(), held.Ticket, ""); err != nil || out.State != client.Issued {
		t.Errorf("%+v %s", out, problem(err))
	}
	if _, err := within.Revoke(t.Context(), "", foreign.Serial, client.Revocation{}); err != nil {
		t.Error(problem(err))
	}
	_, auditor := w.tokenFor(access.Token{Name: "uwe", Roles: []access.Role{access.Auditor}, Profiles: []string{"server"}})
	for _, err := range auditor.Events(t.Context(), 1, 1) {
		if problem(err) != "refused/not-authorized: the audit chain is of all profiles and authorities, and you are limited to some" {
			t.Error(problem(err))
		}
	}
}

// A limited administrator gives, sees and takes what is within its limits; the rest
// is not there.
func TestLimitsOfAdministrators(t *testing.T) {
	w := newWorld(t, nil)
	all := w.as("root", access.Administrator)
	_, lim := w.tokenFor(access.Token{Name: "lim", Roles: []access.Role{access.Administrator}, Profiles: []string{"server", "reviewed"}})
	wide, err := all.NewToken(t.Context(), client.Token{Name: "uwe", Roles: []string{"auditor"}})
	if err != nil {
		t.Fatal(problem(err))
	}
	wider, err := all.NewToken(t.Context(), client.Token{Name: "ann", Roles: []string{"applicant"}, Profiles: []string{"server", "client"}})
	if err != nil {
		t.Fatal(problem(err))
	}
	own, err := lim.NewToken(t.Context(), client.Token{Name: "ann", Roles: []string{"applicant"}, Profiles: []string{"server"}})
	if err != nil {
		t.Fatal(problem(err))
	}
	for _, id := range []string{wide.ID, wider.ID} {
		if _, err := lim.RevokeToken(t.Context(), id); problem(err) != fmt.Sprintf("not-found/unknown-request: there is no token %q", id) {
			t.Error(problem(err))
		}
	}
	names := ""
	for one, err := range lim.Tokens(t.Context(), "") {
		if err != nil {
			t.Fatal(problem(err))
		}
		names += one.Name + " "
	}
	if len(strings.Fields(names)) != 2 || !strings.Contains(names, "ann") || !strings.Contains(names, "lim") {
		t.Error(names)
	}
	if _, err := lim.RevokeToken(t.Context(), own.ID); err != nil {
		t.Error(problem(err))
	}
	for _, s := range []client.Secret{{Reference: "other", Profile: "client"}, {Reference: "any"}, {Reference: "mine", Profile: "server"}} {
		if _, err := all.NewSecret(t.Context(), s); err != nil {
			t.Fatal(problem(err))
		}
	}
	for _, reference := range []string{"other", "any", "none"} {
		want := fmt.Sprintf("not-found/unknown-request: there is no secret %q", reference)
		if _, err := lim.Secret(t.Context(), reference); problem(err) != want {
			t.Error(problem(err))
		}
		if _, err := lim.RevokeSecret(t.Context(), reference); problem(err) != want {
			t.Error(problem(err))
		}
	}
	references := ""
	for one, err := range lim.Secrets(t.Context()) {
		if err != nil {
			t.Fatal(problem(err))
		}
		references += one.Reference + " "
	}
	if references != "mine " {
		t.Error(references)
	}
	if _, err := lim.RevokeSecret(t.Context(), "mine"); err != nil {
		t.Error(problem(err))
	}
	const acme = "refused/not-authorized: what has to do with ACME is of all profiles and authorities, and you are limited to some"
	for _, err := range lim.ACMEAccounts(t.Context()) {
		if problem(err) != acme {
			t.Error(problem(err))
		}
	}
	if err := lim.RevokeExternalAccount(t.Context(), "x"); problem(err) != acme {
		t.Error(problem(err))
	}
	if err := lim.EndACMEAccount(t.Context(), "x"); problem(err) != acme {
		t.Error(problem(err))
	}
}

// A token ends after 90 days unless it is said how it is to end.
func TestTokensEndByThemselves(t *testing.T) {
	w := newWorld(t, nil)
	root := w.as("root", access.Administrator)
	at := w.now().Add(time.Hour)
	for _, c := range []struct {
		asked client.Token
		want  time.Time
	}{
		{client.Token{}, w.now().Add(90 * 24 * time.Hour)}, {client.Token{Expires: at}, at}, {client.Token{NoExpiry: true}, time.Time{}},
	} {
		c.asked.Name, c.asked.Roles = "ann", []string{"applicant"}
		made, err := root.NewToken(t.Context(), c.asked)
		if err != nil || !made.Expires.Equal(c.want) {
			t.Errorf("%+v %s", made, problem(err))
		}
	}
	_, err := root.NewToken(t.Context(), client.Token{Name: "ann", Roles: []string{"applicant"}, NoExpiry: true, Expires: at})
	if problem(err) != "usage: expires and noExpiry exclude each other" {
		t.Error(problem(err))
	}
}

// Pages of what is within limits go on over what is not.
func TestPagesWithinLimits(t *testing.T) {
	w := newWorld(t, nil)
	token, lim := w.tokenFor(access.Token{Name: "lim", Roles: []access.Role{access.Administrator}, Profiles: []string{"server"}})
	all := w.as("root", access.Administrator)
	for n := range 9 {
		s := client.Secret{Reference: fmt.Sprint("s", n)}
		if n%4 == 3 {
			s.Profile = "server"
		}
		if _, err := all.NewSecret(t.Context(), s); err != nil {
			t.Fatal(problem(err))
		}
	}
	status, _, text := w.raw("GET", "/api/v1/secrets?limit=1", token, nil)
	if status != 200 || !strings.Contains(text, `"reference":"s3"`) || !strings.Contains(text, `"next":"`+cursor("s3")+`"`) {
		t.Error(status, text)
	}
	if _, _, text := w.raw("GET", "/api/v1/secrets?limit=1&cursor="+cursor("s3"), token, nil); !strings.Contains(text, `"reference":"s7"`) || strings.Contains(text, `"next"`) {
		t.Error(text)
	}
	n := 0
	for range lim.Secrets(t.Context()) {
		n++
	}
	if n != 2 {
		t.Error(n)
	}
}
