package authority_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

func serialOf(t *testing.T, der []byte) []byte {
	t.Helper()
	c, err := cert.Parse(der)
	check(t, err)
	return c.Serial.Bytes()
}

// TestRevokedIssuer revokes the certificate of an authority, or of the one
// above it, as the records of the root hold it.
func TestRevokedIssuer(t *testing.T) {
	for _, c := range []struct {
		name   string
		depth  int
		reason crl.Reason
		state  string
		want   string
	}{
		{"its own", 0, crl.CACompromise, "revoked", `the certificate of authority "issuing" was revoked on 2026-03-01T10:00:00Z, reason cACompromise`},
		{"the one above", 1, crl.Superseded, "revoked", "CN=Test Root,O=Test, above authority \"issuing\", was revoked on"},
		{"its own, on hold", 0, crl.CertificateHold, "hold", `the certificate of authority "issuing" is on hold since`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.issue(t, "a.example.org")
			ca, _, err := w.CA(t.Context(), "issuing")
			check(t, err)
			serial := serialOf(t, ca.Chain[c.depth])
			_, err = w.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: serial, Reason: c.reason, By: "otto"})
			check(t, err)
			out, err := w.Submit(t.Context(), submission(newApplicant(t).request(t, "b.example.org")))
			check(t, err)
			if out.Certificate != nil || out.Refusal == nil {
				t.Fatal("a revoked authority signed")
			}
			refused(t, out.Refusal, request.IssuerRefused, c.want)
			_, err = w.CreateCA(t.Context(), authority.NewCA{Name: "sub", Subject: name(t, "CN=Sub"), Parent: "issuing", KeyKind: "ecdsa-p256", PathLen: -1})
			refused(t, err, request.IssuerRefused, c.want)
			state, err := w.State(t.Context(), "issuing")
			check(t, err)
			if state != c.state {
				t.Errorf("state %s, want %s", state, c.state)
			}
			_, err = w.PublishCRL(t.Context(), "issuing", authority.FullCRL, -1, "otto")
			check(t, err)
			if c.state == "hold" {
				_, err = w.Release(t.Context(), "root", serial, "otto")
				check(t, err)
				w.issue(t, "c.example.org")
			}
		})
	}
}

func TestExpiredIssuer(t *testing.T) {
	w := newWorld(t)
	w.pass(50 * 365 * 24 * time.Hour)
	out, err := w.Submit(t.Context(), submission(newApplicant(t).request(t, "b.example.org")))
	check(t, err)
	if out.Refusal == nil {
		t.Fatal("an expired authority signed")
	}
	refused(t, out.Refusal, request.IssuerRefused, `the certificate of authority "issuing" expired on`)
	state, err := w.State(t.Context(), "issuing")
	check(t, err)
	if state != "expired" {
		t.Errorf("state %s", state)
	}
}

// TestRevokedIsNotRenewed asks for a certificate of the same key in place of
// one that was revoked.
func TestRevokedIsNotRenewed(t *testing.T) {
	w := newWorld(t)
	a := newApplicant(t)
	old := w.granted(t, submission(a.request(t, "a.example.org"))).Certificate
	again := func(by *applicant) *authority.Outcome {
		t.Helper()
		s := submission(by.request(t, "a.example.org"))
		s.Replaces = old
		out, err := w.Submit(t.Context(), s)
		check(t, err)
		return out
	}
	refuses := func(detail string) {
		t.Helper()
		out := again(a)
		if out.Refusal == nil {
			t.Fatal("it was renewed")
		}
		refused(t, out.Refusal, request.AlreadyRevoked, detail)
	}
	revoke := func(reason crl.Reason) {
		t.Helper()
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: old.Serial, Reason: reason, By: "otto"})
		check(t, err)
	}
	revoke(crl.CertificateHold)
	refuses("is on hold since")
	_, err := w.Release(t.Context(), "", old.Serial, "otto")
	check(t, err)
	if out := again(a); out.Refusal != nil {
		t.Fatalf("refused: %+v", out.Refusal)
	}
	revoke(crl.PrivilegeWithdrawn)
	refuses("was revoked on 2026-03-01T10:00:00Z, reason privilegeWithdrawn")
	if out := again(newApplicant(t)); out.Refusal != nil {
		t.Fatalf("a new key was refused: %+v", out.Refusal)
	}
}

func TestInstallNeedsTheParent(t *testing.T) {
	above, below := emptyWorld(t), emptyWorld(t)
	above.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Root"), PathLen: -1})
	ca := below.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Issuing"), Offline: true, PathLen: -1})
	list, err := request.Parse(ca.Request)
	check(t, err)
	signed := above.granted(t, authority.Submission{CA: "root", Profile: "subca", Origin: operator(), Request: list[0]})
	damaged := slices.Clone(signed.Certificate.DER)
	damaged[len(damaged)-1] ^= 1
	for _, der := range [][]byte{damaged, signed.Certificate.DER} {
		_, err = below.InstallCA(t.Context(), "issuing", [][]byte{der}, "otto")
		refused(t, err, request.IssuerRefused, "nothing here shows that CN=Root signed the certificate of CN=Issuing")
	}
	_, err = below.InstallCA(t.Context(), "issuing", append([][]byte{damaged}, signed.Chain...), "otto")
	refused(t, err, request.IssuerRefused, "is not signed by CN=Root")
	_, err = below.InstallCA(t.Context(), "issuing", append([][]byte{signed.Certificate.DER}, signed.Chain...), "otto")
	check(t, err)
	// From now on the records hold the parent.
	ca, err = below.InstallCA(t.Context(), "issuing", [][]byte{signed.Certificate.DER}, "otto")
	check(t, err)
	if len(ca.Chain) != 2 {
		t.Errorf("%d certificates in the chain", len(ca.Chain))
	}
	_, err = below.InstallCA(t.Context(), "issuing", [][]byte{damaged}, "otto")
	refused(t, err, request.IssuerRefused, "nothing here shows")
}

func TestImportOnce(t *testing.T) {
	from, to := newWorld(t), emptyWorld(t)
	ca, _, err := from.CA(t.Context(), "issuing")
	check(t, err)
	signer, err := from.keys.Signer(t.Context(), ca.Key)
	check(t, err)
	to.keys.Put("file:one", signer)
	to.keys.Put("file:two", signer)
	_, err = to.ImportCA(t.Context(), "one", "file:one", ca.Chain, authority.CASettings{}, "otto")
	check(t, err)
	_, err = to.ImportCA(t.Context(), "two", "file:two", ca.Chain, authority.CASettings{}, "otto")
	refused(t, err, request.Duplicate, `authority "one" has this key already`)
}

func TestNoKeyIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	before := w.keys.Len()
	for _, n := range []authority.NewCA{
		{Name: "x", Subject: name(t, "CN=X"), Parent: "issuing", PathLen: -1},
		{Name: "y", Subject: name(t, "CN=Y"), Parent: "root", Profile: "nobody", PathLen: -1},
	} {
		n.KeyKind = "ecdsa-p256"
		if _, err := w.CreateCA(t.Context(), n); err == nil {
			t.Fatalf("%s was made", n.Name)
		}
	}
	if w.keys.Len() != before {
		t.Errorf("%d keys, %d before", w.keys.Len(), before)
	}
	w.create(t, authority.NewCA{Name: "z", Subject: name(t, "CN=Z"), Parent: "root", PathLen: -1})
	if _, err := w.keys.Signer(t.Context(), "memory:z"); err != nil {
		t.Error("the key of an authority is gone", err)
	}
}

func TestOfficersByAnySpelling(t *testing.T) {
	w := newWorld(t)
	w.profiles["careful"] = "name: careful\nversion: 1\nissuance: review\nvalidity: { default: 90d }\nkeys: { ec: [P-256] }\nsubject: { unlisted: keep }\nnames: { kinds: [dns], min: 1 }\n"
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Profile, s.Origin.Requester = "careful", "Ann Lee"
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Ticket.State != authority.StateHeld {
		t.Fatalf("state %s, %+v", out.Ticket.State, out.Refusal)
	}
	for officer, detail := range map[string]string{
		"   ": "needs the name of the officer", "\t": "needs the name of the officer",
		"ann lee": "cannot approve what they asked for", "ANN LEE": "cannot approve what they asked for", " Ann  Lee ": "cannot approve what they asked for",
	} {
		_, err := w.Approve(t.Context(), out.Ticket.ID, officer, "")
		refused(t, err, request.NotAuthorized, detail)
	}
	_, err = w.Ask(t.Context(), out.Ticket.ID, " ", "why?")
	refused(t, err, request.NotAuthorized, "needs the name of the officer")
	_, err = w.Refuse(t.Context(), out.Ticket.ID, " ", "no")
	refused(t, err, request.NotAuthorized, "needs the name of the officer")
	done, err := w.Approve(t.Context(), out.Ticket.ID, " otto ", "")
	check(t, err)
	if done.Ticket.Decider != "otto" {
		t.Errorf("decided by %q", done.Ticket.Decider)
	}
	_, err = w.Revoke(t.Context(), authority.RevocationOrder{Serial: done.Certificate.Serial, Reason: crl.Superseded, By: "  "})
	refused(t, err, request.NotAuthorized, "nothing shows that the order comes from")
	_, err = w.Release(t.Context(), "", done.Certificate.Serial, "  ")
	refused(t, err, request.NotAuthorized, "needs the name of the officer")
}

// TestRefusedRevocationsAreRecorded has holders fail to show that they are.
func TestRefusedRevocationsAreRecorded(t *testing.T) {
	w := newWorld(t)
	a := newApplicant(t)
	out := w.granted(t, submission(a.request(t, "a.example.org", password(t, "open sesame"))))
	made, err := key.Generate("ecdsa-p256", rand.Reader)
	check(t, err)
	algorithm, err := key.ChooseSignatureAlgorithm(made.Public, "", false)
	check(t, err)
	o := authority.RevocationOrder{CA: "issuing", Serial: out.Certificate.Serial, Reason: crl.Superseded}
	proof, err := key.Sign(made.Signer, algorithm, authority.ProofMessage(o.CA, o.Serial, o.Reason))
	check(t, err)
	o.Password = "wrong"
	_, err = w.Revoke(t.Context(), o)
	refused(t, err, request.NotAuthorized, "is not the challenge password")
	o.Password, o.Proof = "", proof
	_, err = w.Revoke(t.Context(), o)
	refused(t, err, request.NotAuthorized, "is not of the certificate's key")
	actions := w.sound(t)
	if got := strings.Join(actions[len(actions)-2:], " "); got != "revocation.refused revocation.refused" {
		t.Errorf("audit %s", got)
	}
	for e, err := range w.store.Events(t.Context(), int64(len(actions)-1)) {
		check(t, err)
		if !strings.HasPrefix(e.Object, "certificate:issuing/") || e.Actor != "holder" || strings.Contains(string(e.Detail), "wrong") {
			t.Errorf("%s %s %s", e.Actor, e.Object, e.Detail)
		}
	}
}
