package authority_test

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/certwright/certwright/authority"
)

func TestVerifyAudit(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage string
		want   string
	}{
		{"nothing", "", ""},
		{"a changed actor", "UPDATE event SET actor = 'nobody' WHERE seq = 4", "4 changed"},
		{"a changed time", "UPDATE event SET at = at + 1 WHERE seq = 1", "1 changed"},
		{"a changed detail", "UPDATE event SET detail = '{}' WHERE seq = 8", "8 changed"},
		{"a removed row", "DELETE FROM event WHERE seq = 3", "3 removed"},
		{"two removed rows", "DELETE FROM event WHERE seq IN (3, 4)", "3 removed"},
		{"the first removed", "DELETE FROM event WHERE seq = 1", "1 removed"},
		{"a cut tail", "DELETE FROM event WHERE seq > 6", "7 removed"},
		{"all removed", "DELETE FROM event", "1 removed"},
		{"two rows exchanged", "UPDATE event SET seq = -1 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 5; UPDATE event SET seq = 5 WHERE seq = -1",
			"3 reordered, 5 reordered"},
		{"a tail cut, and the head set back", "DELETE FROM event WHERE seq > 6; UPDATE head SET event_seq = 6", "6 head"},
		{"no head", "DELETE FROM head", "8 head"},
		{"the head set to the beginning", "UPDATE head SET event_seq = 0, event_hash = x''", "1 head"},
		{"the head of another hash", "UPDATE head SET event_hash = x'00'", "8 head"},
		{"a row removed, and the rest numbered anew", "DELETE FROM event WHERE seq = 3; UPDATE event SET seq = -seq WHERE seq > 3; UPDATE event SET seq = -seq - 1 WHERE seq < 0",
			"3 reordered, 8 removed"},
		{"a row removed, the rest numbered anew, the head set back", "DELETE FROM event WHERE seq = 3; UPDATE event SET seq = -seq WHERE seq > 3; UPDATE event SET seq = -seq - 1 WHERE seq < 0; UPDATE head SET event_seq = 7",
			"3 reordered"},
		{"neighbours changed", "UPDATE event SET actor = 'nobody' WHERE seq BETWEEN 3 AND 6", "3 changed"},
		{"neighbours exchanged", "UPDATE event SET seq = -1 WHERE seq = 3; UPDATE event SET seq = 3 WHERE seq = 4; UPDATE event SET seq = 4 WHERE seq = -1",
			"3 reordered, 4 reordered"},
		{"a time that is text", "UPDATE event SET at = 'abc' WHERE seq = 4", "4 changed"},
		{"a time that is a fraction, and others", "UPDATE event SET at = 1.5 WHERE seq = 3; UPDATE event SET detail = 7 WHERE seq = 5; UPDATE event SET hash = 'x' WHERE seq = 7; DELETE FROM event WHERE seq = 8",
			"3 changed, 5 changed, 7 changed, 8 removed"},
		{"a head that is text", "UPDATE head SET event_seq = 'abc'", "8 head"},
		{"a row written anew", "UPDATE event SET previous = hash WHERE seq = 5", "5 changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 4 {
				w.issue(t, fmt.Sprintf("h%d.example.org", i))
			}
			if c.damage != "" {
				db, err := sql.Open("sqlite", w.path)
				check(t, err)
				_, err = db.Exec(c.damage)
				check(t, err)
				check(t, db.Close())
			}
			faults, events, head, err := w.VerifyAudit(t.Context())
			check(t, err)
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprint(f.Seq, " ", f.Kind))
				if f.Detail == "" {
					t.Error("a fault without a word")
				}
				if m := regexp.MustCompile(`events (\d+) to (\d+)`).FindStringSubmatch(f.Detail); m != nil && m[1] == m[2] {
					t.Errorf("one event told as several: %s", f.Detail)
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %v, want %s", faults, c.want)
			}
			if c.damage == "" && (events != 8 || len(head) != 32) {
				t.Errorf("%d events, head %x", events, head)
			}
		})
	}
}

// TestDamagedHead submits where the head of the audit chain does not go with
// its events.
func TestDamagedHead(t *testing.T) {
	for _, damage := range []string{"DELETE FROM head", "UPDATE head SET event_hash = x''", "UPDATE head SET event_seq = 0, event_hash = zeroblob(32)"} {
		w := newWorld(t)
		db, err := sql.Open("sqlite", w.path)
		check(t, err)
		_, err = db.Exec(damage)
		check(t, err)
		check(t, db.Close())
		_, err = w.Submit(t.Context(), submission(newApplicant(t).request(t, "a.example.org")))
		if !errors.Is(err, authority.ErrHead) || !strings.HasSuffix(err.Error(), "the records are damaged: the head of the audit chain, which says where it ends, is missing or was changed") {
			t.Errorf("%s: got %v", damage, err)
		}
	}
}

func TestNewWantsWhatItNeeds(t *testing.T) {
	for _, c := range []authority.Config{{}, {Store: newWorld(t).store}, {Store: newWorld(t).store, Keys: newWorld(t).keys}} {
		if _, err := authority.New(c); err == nil || !strings.HasPrefix(err.Error(), "an authority needs") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := newWorld(t).Submit(t.Context(), authority.Submission{}); err == nil {
		t.Error("a submission of nothing was taken")
	}
}
