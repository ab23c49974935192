package authority_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
)

// An authority that stands above others signs for those alone who were given
// it by name; one that stands alone signs for everybody.
func TestAuthoritiesAboveOthersAreClosed(t *testing.T) {
	w := emptyWorld(t)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Test Root"), PathLen: -1})
	asks := func(ca string, e evidence.Entitlement) *authority.Outcome {
		out, err := w.Submit(t.Context(), authority.Submission{CA: ca, Request: newApplicant(t).request(t, "a.example.org"),
			Origin: evidence.Origin{Door: "rest", Requester: "mallory", Entitled: e}})
		check(t, err)
		return out
	}
	if out := asks("", evidence.Entitlement{}); out.Certificate == nil {
		t.Errorf("a root alone: %v", out.Refusal)
	}
	w.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Test Issuing"), Parent: "root", PathLen: -1})
	for _, e := range []evidence.Entitlement{{}, {Profiles: []string{"server"}}, {CAs: []string{"issuing"}}} {
		out := asks("root", e)
		if r := out.Refusal; r == nil || r.Rule != "closed-authority" || r.Field != "ca" || !strings.Contains(r.Detail, "the authority root stands above others") ||
			!strings.Contains(r.Fix, "certwright token new NAME --role applicant --ca root") {
			t.Errorf("%+v: %+v", e, out.Refusal)
		}
		if out.Certificate != nil || out.Ticket.State != authority.StateRefused {
			t.Errorf("%+v: %s", e, out.Ticket.State)
		}
	}
	for _, e := range []evidence.Entitlement{evidence.Operator(), {CAs: []string{"issuing", "root"}}} {
		if out := asks("root", e); out.Certificate == nil {
			t.Errorf("%+v: %v", e, out.Refusal)
		}
	}
	if out := asks("issuing", evidence.Entitlement{}); out.Certificate == nil {
		t.Error(out.Refusal)
	}
}

// What was given by name when a request was made counts when it is approved, and
// an officer cannot give it.
func TestOfficersDoNotOpenWhatIsClosed(t *testing.T) {
	w := newWorld(t)
	w.profiles["below"] = "name: below\nversion: 1\nissuance: review\nca: true\nsubject: { unlisted: keep }\nnames: { kinds: [dns] }\nkeys: { ec: [P-256] }\nvalidity: { default: 30d }\nextensions: { keyUsage: { default: [keyCertSign, cRLSign] } }\n"
	for _, c := range []struct {
		given evidence.Entitlement
		state authority.State
	}{
		{evidence.Entitlement{}, authority.StateRefused},
		{evidence.Entitlement{Profiles: []string{"below"}, CAs: []string{"root"}}, authority.StateHeld},
	} {
		out, err := w.Submit(t.Context(), authority.Submission{CA: "root", Profile: "below", Request: newApplicant(t).request(t, "a.example.org"),
			Origin: evidence.Origin{Door: "rest", Requester: "mallory", Entitled: c.given}})
		check(t, err)
		if out.Ticket.State != c.state {
			t.Fatalf("%+v: %s, %v", c.given, out.Ticket.State, out.Refusal)
		}
		if c.state != authority.StateHeld {
			continue
		}
		out, err = w.Approve(t.Context(), out.Ticket.ID, "officer", "")
		check(t, err)
		if out.Certificate == nil {
			t.Error(out.Refusal)
		}
	}
}
