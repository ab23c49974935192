package authority_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func TestSubmitIssues(t *testing.T) {
	w := newWorld(t)
	out := w.issue(t, "a.example.org")
	leaf, err := x509.ParseCertificate(out.Certificate.DER)
	check(t, err)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for i, der := range out.Chain {
		c, err := x509.ParseCertificate(der)
		check(t, err)
		if i == len(out.Chain)-1 {
			roots.AddCert(c)
		} else {
			between.AddCert(c)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: "a.example.org", CurrentTime: w.now}); err != nil {
		t.Fatal(err)
	}
	if n := leaf.SerialNumber; n.Sign() <= 0 || n.BitLen() < 121 || n.BitLen() > 127 {
		t.Errorf("serial number %x", n)
	}
	stored, err := w.store.Certificate(t.Context(), "issuing", out.Certificate.Serial)
	check(t, err)
	if !bytes.Equal(stored.DER, leaf.Raw) || stored.Ticket != out.Ticket.ID || stored.Requester != "anna" || len(stored.Names) != 1 || stored.Names[0] != "dns:a.example.org" {
		t.Errorf("record %+v", stored)
	}
	again, err := w.Ticket(t.Context(), out.Ticket.ID)
	check(t, err)
	if !bytes.Equal(again.Certificate.DER, leaf.Raw) || len(again.Chain) != 2 {
		t.Errorf("ticket %+v", again)
	}
	if actions := fmt.Sprint(w.sound(t)); actions != "[request.issued ca.certified request.issued ca.certified request.issued]" {
		t.Errorf("audit %s", actions)
	}
	_, err = w.Ticket(t.Context(), "none")
	refused(t, err, request.UnknownRequest, "there is no ticket none")
}

func TestSubmitRecordsRefusals(t *testing.T) {
	w := newWorld(t)
	broken := newApplicant(t).request(t, "a.example.org")
	broken.PKCS10.Signature = append([]byte(nil), broken.PKCS10.Signature...)
	broken.PKCS10.Signature[len(broken.PKCS10.Signature)-1] ^= 1
	fine := newApplicant(t).request(t, "b.example.org")
	for _, c := range []struct {
		name   string
		s      authority.Submission
		reason request.Reason
		detail string
	}{
		{"possession", submission(broken), request.BadPossession, ""},
		{"profile", authority.Submission{Request: fine, Profile: "nothing"}, request.UnknownProfile, "nothing"},
		{"issuer", authority.Submission{Request: fine, CA: "nobody"}, request.UnknownIssuer, `there is no authority called "nobody"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := w.Submit(t.Context(), c.s)
			check(t, err)
			if out.Ticket.State != authority.StateRefused || out.Refusal == nil || out.Refusal.Reason != c.reason || !strings.Contains(out.Refusal.Detail, c.detail) || out.Certificate != nil {
				t.Fatalf("state %s, refusal %+v", out.Ticket.State, out.Refusal)
			}
			stored, err := w.Ticket(t.Context(), out.Ticket.ID)
			check(t, err)
			if stored.Refusal == nil || stored.Refusal.Reason != c.reason || stored.Refusal.Detail != out.Refusal.Detail {
				t.Fatalf("recorded refusal %+v, want %+v", stored.Refusal, out.Refusal)
			}
		})
	}
	actions := w.sound(t)
	if got := strings.Join(actions[len(actions)-3:], " "); got != "request.refused request.refused request.refused" {
		t.Errorf("audit %s", got)
	}
}

func TestDryRunRecordsNothing(t *testing.T) {
	w := newWorld(t)
	before := len(w.sound(t))
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.DryRun = true
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Judgement.Verdict() != issuance.Accepted || out.Certificate != nil || out.Ticket.ID != "" {
		t.Errorf("got %+v", out)
	}
	if after := len(w.sound(t)); after != before {
		t.Errorf("%d events more", after-before)
	}
}

func TestSubmitOnceForAKey(t *testing.T) {
	w := newWorld(t)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.IdempotencyKey = "one"
	var group sync.WaitGroup
	outcomes := make([]*authority.Outcome, 12)
	others := []*authority.Authority{w.another(t, nil), w.another(t, nil), w.another(t, nil)}
	for i := range outcomes {
		group.Go(func() {
			var err error
			if outcomes[i], err = others[i%len(others)].Submit(t.Context(), s); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for _, out := range outcomes {
		if out.Ticket.ID != outcomes[0].Ticket.ID || !bytes.Equal(out.Certificate.DER, outcomes[0].Certificate.DER) {
			t.Fatalf("ticket %s and %s of one submission", out.Ticket.ID, outcomes[0].Ticket.ID)
		}
	}
	n := 0
	for _, err := range w.store.Certificates(t.Context(), authority.Query{KeyFingerprint: outcomes[0].Certificate.KeyFingerprint}) {
		check(t, err)
		n++
	}
	if n != 1 {
		t.Fatalf("%d certificates of one submission", n)
	}
	s.Request = newApplicant(t).request(t, "b.example.org")
	_, err := w.Submit(t.Context(), s)
	refused(t, err, request.Duplicate, "was used for another request")
	w.sound(t)
}

const reviewed = `
name: reviewed
version: 1
issuance: review
validity: { default: 30d }
names: { kinds: [dns], min: 1 }
keys: { ec: [P-256] }
`

func TestUniqueKey(t *testing.T) {
	w := newWorld(t)
	w.profiles["unique"] = strings.NewReplacer("reviewed", "unique", "issuance: review", "uniqueKey: true").Replace(reviewed)
	a := newApplicant(t)
	s := submission(a.request(t, "a.example.org"))
	s.Profile = "unique"
	w.granted(t, s)
	s.Request = a.request(t, "b.example.org")
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Refusal == nil || out.Refusal.Reason != request.Duplicate || !strings.Contains(out.Refusal.Detail, "the key is certified already") {
		t.Errorf("got %+v", out.Refusal)
	}
}

func TestCompromisedKey(t *testing.T) {
	w := newWorld(t)
	a := newApplicant(t)
	for i, reason := range []crl.Reason{crl.Superseded, crl.KeyCompromise} {
		out := w.granted(t, submission(a.request(t, fmt.Sprint(i, ".example.org"))))
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: out.Certificate.Serial, Reason: reason, By: "officer"})
		check(t, err)
	}
	out, err := w.Submit(t.Context(), submission(a.request(t, "c.example.org")))
	check(t, err)
	if out.Refusal == nil || out.Refusal.Reason != request.BadKey || !strings.Contains(out.Refusal.Detail, "reported as compromised") {
		t.Errorf("got %+v", out.Refusal)
	}
}

type linter struct {
	findings []issuance.Finding
	err      error
}

func (l linter) Lint(_ context.Context, der []byte) ([]issuance.Finding, error) {
	if _, err := x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("the preview is no certificate: %w", err)
	}
	return l.findings, l.err
}

func TestLinters(t *testing.T) {
	w := newWorld(t)
	w.profiles["linted"] = strings.NewReplacer("reviewed", "linted", "issuance: review", "lint: { set: web }").Replace(reviewed)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile = "linted"
	for _, c := range []struct {
		name   string
		linter authority.Linter
		state  authority.State
		detail string
	}{
		{"missing", nil, authority.StateRefused, "wants the linter zlint, which is not installed here"},
		{"error", linter{findings: []issuance.Finding{{Rule: "e_x", Severity: issuance.Error, Detail: "x is wrong"}}}, authority.StateRefused, "x is wrong"},
		{"hold", linter{findings: []issuance.Finding{{Rule: "h_x", Severity: issuance.Hold, Detail: "x is odd"}}}, authority.StateHeld, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			linters := map[string]authority.Linter{}
			if c.linter != nil {
				linters["zlint"] = c.linter
			}
			out, err := w.another(t, linters).Submit(t.Context(), s)
			check(t, err)
			if out.Ticket.State != c.state || c.detail != "" && !strings.Contains(out.Refusal.Detail, c.detail) {
				t.Errorf("state %s, refusal %+v", out.Ticket.State, out.Refusal)
			}
		})
	}
	failing := w.another(t, map[string]authority.Linter{"zlint": linter{err: errors.New("broken")}})
	if _, err := failing.Submit(t.Context(), s); err == nil || !strings.Contains(err.Error(), "running the linter zlint") {
		t.Errorf("got %v", err)
	}
}

func TestReview(t *testing.T) {
	w := newWorld(t)
	w.profiles["reviewed"] = reviewed
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile, s.Asked.Validity = "reviewed", 48*time.Hour
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	id := out.Ticket.ID
	if out.Ticket.State != authority.StateHeld || out.Refusal != nil || out.Certificate != nil {
		t.Fatalf("got %+v", out)
	}
	_, err = w.Approve(t.Context(), id, "anna", "")
	refused(t, err, request.NotAuthorized, "a requester cannot approve what they asked for")
	_, err = w.Approve(t.Context(), id, "", "")
	refused(t, err, request.NotAuthorized, "needs the name of the officer")
	_, err = w.Answer(t.Context(), id, "anna", "early")
	refused(t, err, request.WrongState, "waits for an officer")
	out, err = w.Ask(t.Context(), id, "otto", "whose is it?")
	check(t, err)
	if out.Ticket.State != authority.StateAsked {
		t.Fatalf("state %s", out.Ticket.State)
	}
	_, err = w.Approve(t.Context(), id, "otto", "")
	refused(t, err, request.WrongState, "waits for the applicant's answer")
	_, err = w.Answer(t.Context(), id, "bert", "mine")
	refused(t, err, request.NotAuthorized, "is anna's, not bert's")
	_, err = w.Answer(t.Context(), id, "anna", "mine")
	check(t, err)
	judgement, err := w.Preview(t.Context(), id)
	check(t, err)
	if judgement.Verdict() != issuance.Held {
		t.Errorf("preview %s", judgement.Verdict())
	}
	w.pass(time.Hour)
	out, err = w.Approve(t.Context(), id, "otto", "fine")
	check(t, err)
	if out.Ticket.State != authority.StateIssued || out.Ticket.Decider != "otto" || out.Certificate == nil {
		t.Fatalf("got %+v", out.Ticket)
	}
	if left := out.Certificate.NotAfter.Sub(w.now); left < 47*time.Hour || left > 49*time.Hour {
		t.Errorf("valid for %v", left)
	}
	if m := out.Ticket.Messages; len(m) != 3 || m[0].Kind != "ask" || m[1].Kind != "answer" || m[2].Kind != "approve" || m[2].Text != "fine" {
		t.Errorf("messages %+v", m)
	}
	for _, decide := range []func() (*authority.Outcome, error){
		func() (*authority.Outcome, error) { return w.Approve(t.Context(), id, "otto", "") },
		func() (*authority.Outcome, error) { return w.Refuse(t.Context(), id, "otto", "") },
		func() (*authority.Outcome, error) { return w.Withdraw(t.Context(), id, "anna") },
	} {
		_, err := decide()
		refused(t, err, request.WrongState, "is issued already, by otto")
	}
	actions := w.sound(t)
	if got := strings.Join(actions[len(actions)-4:], " "); got != "request.held request.asked request.answered request.approved" {
		t.Errorf("audit %s", got)
	}
}

func TestRefuseAndWithdraw(t *testing.T) {
	w := newWorld(t)
	w.profiles["reviewed"] = reviewed
	for name, decide := range map[string]func(id string) (*authority.Outcome, error){
		"an officer refused the request: no": func(id string) (*authority.Outcome, error) { return w.Refuse(t.Context(), id, "otto", "no") },
		"the request was withdrawn":          func(id string) (*authority.Outcome, error) { return w.Withdraw(t.Context(), id, "anna") },
	} {
		s := submission(newApplicant(t).request(t, "a.example.org"))
		s.Profile = "reviewed"
		out, err := w.Submit(t.Context(), s)
		check(t, err)
		out, err = decide(out.Ticket.ID)
		check(t, err)
		if out.Refusal == nil || out.Refusal.Detail != name {
			t.Errorf("got %+v", out.Refusal)
		}
	}
}

func TestApprovalJudgesByTodaysProfile(t *testing.T) {
	w := newWorld(t)
	w.profiles["reviewed"] = reviewed
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile = "reviewed"
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	w.profiles["reviewed"] = strings.Replace(reviewed, "kinds: [dns]", "kinds: [dns], deny: { dns: [\"*.example.org\"] }", 1)
	out, err = w.Approve(t.Context(), out.Ticket.ID, "otto", "")
	check(t, err)
	if out.Ticket.State != authority.StateHeld || out.Refusal == nil || out.Refusal.Reason != request.BadName || out.Certificate != nil {
		t.Fatalf("state %s, refusal %+v", out.Ticket.State, out.Refusal)
	}
	w.profiles["reviewed"] = reviewed
	out, err = w.Approve(t.Context(), out.Ticket.ID, "otto", "")
	check(t, err)
	if out.Ticket.State != authority.StateIssued {
		t.Fatalf("state %s", out.Ticket.State)
	}
}

func TestTwoOfficers(t *testing.T) {
	w := newWorld(t)
	w.profiles["reviewed"] = reviewed
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile = "reviewed"
	held, err := w.Submit(t.Context(), s)
	check(t, err)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			if i%2 == 0 {
				_, errs[i] = w.Approve(t.Context(), held.Ticket.ID, fmt.Sprint("officer ", i), "")
			} else {
				_, errs[i] = w.Refuse(t.Context(), held.Ticket.ID, fmt.Sprint("officer ", i), "no")
			}
		})
	}
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, err, request.WrongState, "already, by officer")
	}
	if won != 1 {
		t.Fatalf("%d officers decided", won)
	}
}

// What a front door remembers of an answer goes on record with what is
// answered, or neither does.
func TestRecordsWithTheOutcome(t *testing.T) {
	w := newWorld(t)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	told := 0
	s.IdempotencyKey = "one"
	s.With = func(out *authority.Outcome) ([]*authority.Record, error) {
		told++
		return []*authority.Record{{Kind: "answer", ID: out.Ticket.ID, Body: out.Certificate.DER}}, nil
	}
	for range 2 {
		out, err := w.Submit(t.Context(), s)
		check(t, err)
		r, err := w.store.Record(t.Context(), "answer", out.Ticket.ID)
		check(t, err)
		if told != 1 || !bytes.Equal(r.Body, out.Certificate.DER) {
			t.Errorf("told %d times", told)
		}
	}
	s.IdempotencyKey, s.DryRun = "two", true
	if _, err := w.Submit(t.Context(), s); err != nil || told != 1 {
		t.Errorf("a dry run told: %d, %v", told, err)
	}
	s.DryRun = false
	s.With = func(*authority.Outcome) ([]*authority.Record, error) {
		return []*authority.Record{{Kind: "answer", ID: "taken", Revision: 7}}, nil
	}
	if _, err := w.Submit(t.Context(), s); !errors.Is(err, authority.ErrConflict) {
		t.Errorf("%v", err)
	}
	if used, err := w.Submitted(t.Context(), []string{"two"}); err != nil || used["two"] {
		t.Errorf("the ticket is on record without what belongs to it: %v", err)
	}
	w.sound(t)
}
