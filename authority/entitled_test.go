package authority_test

import (
	"context"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/request"
)

// rights is the record that the right of an applicant rests on.
type rights struct {
	store authority.Store
	asked int
	end   func() // between the question and the record; nil: nothing
}

func (r *rights) entitled(ctx context.Context) ([]*authority.Record, error) {
	r.asked++
	record, err := r.store.Record(ctx, "right", "anna")
	if err != nil {
		return nil, err
	}
	if record.State != "good" {
		return nil, &request.Refusal{Reason: request.NotAuthorized, Detail: "the right was ended", Fix: "ask for it anew"}
	}
	return []*authority.Record{record}, nil
}

func (r *rights) set(t *testing.T, state string) {
	t.Helper()
	record, err := r.store.Record(t.Context(), "right", "anna")
	if err != nil {
		record = &authority.Record{Kind: "right", ID: "anna", Body: []byte("{}")}
	}
	record.State = state
	check(t, r.store.PutRecords(t.Context(), record))
}

// with is what goes on record with an outcome: it is asked for once it is
// decided, before it is recorded.
func (r *rights) with(*authority.Outcome) ([]*authority.Record, error) {
	if end := r.end; end != nil {
		r.end = nil
		end()
	}
	return nil, nil
}

// TestRightsEndMeanwhile ends the right to a certificate after it was looked
// at, and before the certificate is recorded.
func TestRightsEndMeanwhile(t *testing.T) {
	w := newWorld(t)
	r := &rights{store: w.store}
	r.set(t, "good")
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Entitled, s.With = r.entitled, r.with
	s.IdempotencyKey = "a"
	r.end = func() { r.set(t, "good") } // changed, but not ended
	w.granted(t, s)
	if r.asked != 2 {
		t.Errorf("asked %d times of a right that was changed once", r.asked)
	}

	s.Request, s.IdempotencyKey = newApplicant(t).request(t, "b.example.org"), "b"
	r.end = func() { r.set(t, "ended") }
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Certificate != nil || out.Refusal == nil || out.Ticket.State != authority.StateRefused {
		t.Fatalf("%+v", out.Ticket)
	}
	refused(t, out.Refusal, request.NotAuthorized, "the right was ended")
	for c, err := range w.store.Certificates(t.Context(), authority.Query{Name: "b.example.org"}) {
		check(t, err)
		t.Errorf("certificate %x is recorded", c.Serial)
	}
	w.sound(t)
}

// TestRightsEndDuringApproval is the same of a held request.
func TestRightsEndDuringApproval(t *testing.T) {
	w := newWorld(t)
	r := &rights{store: w.store}
	r.set(t, "good")
	a, err := authority.New(authority.Config{Store: w.store, Keys: w.keys, Profiles: w.profile, Now: w.clock, Entitled: func(ctx context.Context, _ *authority.Ticket) ([]*authority.Record, error) {
		grounds, err := r.entitled(ctx)
		_, _ = r.with(nil)
		return grounds, err
	}})
	check(t, err)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile = "review"
	w.profiles["review"] = "name: review\nversion: 1\nvalidity: { default: 30d }\nkeys: { ec: [P-256] }\nsubject: { unlisted: keep }\nnames: { kinds: [dns] }\nissuance: review\n"
	out, err := a.Submit(t.Context(), s)
	check(t, err)
	if out.Ticket.State != authority.StateHeld {
		t.Fatalf("%s: %+v", out.Ticket.State, out.Refusal)
	}
	r.end = func() { r.set(t, "ended") }
	out, err = a.Approve(t.Context(), out.Ticket.ID, "olga", "")
	check(t, err)
	if out.Certificate != nil || out.Ticket.State != authority.StateHeld || r.asked != 2 {
		t.Fatalf("%+v, asked %d times", out.Ticket, r.asked)
	}
	refused(t, out.Refusal, request.NotAuthorized, "the right was ended")
}
