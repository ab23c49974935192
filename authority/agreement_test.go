package authority_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

// TestRecordsBesideTheChain changes the records behind the back of the audit
// chain, which stays whole.
func TestRecordsBesideTheChain(t *testing.T) {
	const one = "id = (SELECT MIN(id) FROM certificate WHERE status = 'valid' AND names LIKE '%h1.example%')"
	for _, c := range []struct {
		name, damage string
		want         []string
	}{
		{"nothing", "", nil},
		{"a certificate removed", "DELETE FROM certificate WHERE " + one, []string{"is not in the records any more: it was removed beside the chain"}},
		{"another certificate", "UPDATE certificate_der SET der = (SELECT der FROM certificate_der AS o WHERE o.id = (SELECT MAX(id) FROM certificate)) WHERE " + one,
			[]string{"is not the one that the chain recorded"}},
		{"another subject", "UPDATE certificate SET subject = 'CN=x' WHERE " + one, []string{"the subject of certificate"}},
		{"another name", "UPDATE certificate SET names = '[\"dns:x\"]' WHERE " + one, []string{"the names of certificate"}},
		{"another end", "UPDATE certificate SET not_after = not_after + 1000 WHERE " + one, []string{"the validity of certificate"}},
		{"another requester", "UPDATE certificate SET requester = 'x' WHERE " + one, []string{"the ticket, profile, requester or predecessor of certificate"}},
		{"revoked", "UPDATE certificate SET status = 'revoked', revoked = 1, reason = 1 WHERE " + one, []string{"is revoked in the records, and valid by the chain"}},
		{"a revocation undone", "UPDATE certificate SET status = 'valid', revoked = 0, reason = 0 WHERE status = 'revoked'", []string{"is valid in the records, and revoked by the chain"}},
		{"a revocation left off the lists", "DELETE FROM revocation", []string{"is revoked, and missing from the revocations: lists would not name it", "is revoked, and missing"}},
		{"another reason", "UPDATE revocation SET reason = 4 WHERE reason = 1", []string{"(superseded, 2026-03-01T10:00:00Z) is not what the chain recorded"}},
		{"a ticket removed", "DELETE FROM ticket WHERE state = 'refused'", []string{"ticket "}},
		{"a refusal undone", "UPDATE ticket SET state = 'held' WHERE state = 'refused'", []string{"is held in the records, and refused by the chain"}},
		{"another request", "UPDATE ticket SET request = x'3000' WHERE state = 'refused'", []string{"the request, requester or serial number of ticket"}},
		{"an end that is text", "UPDATE certificate SET not_after = 'abc' WHERE " + one, []string{"cannot be read: a value of it was changed to one of another kind"}},
		{"names that are no list", "UPDATE certificate SET names = 'abc' WHERE " + one + " OR status = 'revoked'", []string{"cannot be read", "cannot be read"}},
		{"a decision at a fraction", "UPDATE ticket SET decided = 1.5 WHERE state = 'refused'", []string{"cannot be read: a value of it was changed"}},
		{"a revocation at a word", "UPDATE revocation SET at = 'now' WHERE reason = 1", []string{"the revocation of certificate"}},
		{"a ticket added", "INSERT INTO ticket SELECT id + 100000, 'X' || substr(ticket, 2), state, ca, profile, profile_version, format, requester, NULL, fingerprint, key_fingerprint, subject, serial, replaces, created, decided, decider, request, asked, evidence, findings, changes, messages FROM ticket WHERE state = 'refused'",
			[]string{"and no entry of the chain tells of it: it was added beside the chain"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := lived(t)
			if c.damage != "" {
				db, err := sql.Open("sqlite", w.path)
				check(t, err)
				result, err := db.Exec(c.damage)
				check(t, err)
				if n, err := result.RowsAffected(); err != nil || n == 0 {
					t.Fatalf("nothing was damaged: %v", err)
				}
				check(t, db.Close())
			}
			faults, _, _, err := w.VerifyAudit(t.Context())
			check(t, err)
			if len(faults) != len(c.want) {
				t.Fatalf("got %+v, want %q", faults, c.want)
			}
			parts, err := w.Disagreements(t.Context(), 5_000_000)
			check(t, err)
			if len(parts) != len(faults) {
				t.Errorf("in parts: %+v, at once: %+v", parts, faults)
			}
			for i, f := range faults {
				if f.Kind != "record" || !strings.Contains(f.Detail, c.want[i]) {
					t.Errorf("got %+v, want %q", f, c.want[i])
				}
			}
		})
	}
}

// lived is a world in which everything has happened once.
func lived(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	var made []*authority.Certificate
	for i := range 5 {
		made = append(made, w.issue(t, fmt.Sprintf("h%d.example.org", i)).Certificate)
	}
	wrong := submission(newApplicant(t).request(t, "h9.example.org"))
	wrong.Profile = "nosuch"
	out, err := w.Submit(t.Context(), wrong)
	check(t, err)
	if out.Refusal == nil {
		t.Fatal("the request was to be refused")
	}
	for i, reason := range []crl.Reason{crl.KeyCompromise, crl.CertificateHold, crl.CertificateHold} {
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: made[2+i].CA, Serial: made[2+i].Serial, Reason: reason, By: "otto", Invalid: w.clock().Add(-time.Hour)})
		check(t, err)
	}
	_, err = w.Release(t.Context(), made[4].CA, made[4].Serial, "otto")
	check(t, err)
	return w
}

// TestTidyingAgreesWithTheChain removes what is past keeping, which is no fault.
func TestTidyingAgreesWithTheChain(t *testing.T) {
	w := lived(t)
	before := 0
	for range w.store.Certificates(t.Context(), authority.Query{CA: "issuing"}) {
		before++
	}
	w.pass(9 * 365 * 24 * time.Hour)
	check(t, w.Tidy(t.Context()))
	for _, err := range w.store.Certificates(t.Context(), authority.Query{CA: "issuing"}) {
		check(t, err)
		before--
	}
	if before <= 0 {
		t.Fatal("nothing was tidied")
	}
	w.sound(t)
	_, err := w.Submit(t.Context(), submission(newApplicant(t).request(t, "late.example.org")))
	check(t, err)
	w.sound(t)
}
