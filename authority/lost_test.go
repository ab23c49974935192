package authority_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

var (
	lostDay = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)
	lostEnd = lostDay.AddDate(90, 0, 0)
)

// threeLost are lines of an index, of which two are of one number.
func threeLost() []authority.Lost {
	return []authority.Lost{
		{Serial: []byte{9}, NotAfter: lostEnd, Status: authority.StatusValid, Line: "V 9"},
		{Serial: []byte{2}, NotAfter: lostEnd, Status: authority.StatusRevoked, Revoked: lostDay, Reason: int(crl.KeyCompromise), Line: "R 2"},
		{Serial: []byte{2}, NotAfter: lostEnd, Status: authority.StatusValid, Line: "V 2"},
		{Serial: []byte{1, 0}, NotAfter: lostEnd, Status: authority.StatusHold, Revoked: lostDay, Reason: int(crl.CertificateHold), Line: "R 0100"},
	}
}

// imported is a world with an authority "old" that worked elsewhere before.
func imported(t *testing.T) *world {
	t.Helper()
	first := emptyWorld(t)
	first.create(t, authority.NewCA{Name: "old", Subject: name(t, "CN=Old Root"), PathLen: -1})
	ca, err := first.store.CA(t.Context(), "old")
	check(t, err)
	signer, err := first.keys.Signer(t.Context(), ca.Key)
	check(t, err)
	w := emptyWorld(t)
	w.keys.Put("memory:old", signer)
	_, err = w.ImportCA(t.Context(), "old", "memory:old", ca.Chain, authority.CASettings{}, "operator")
	check(t, err)
	return w
}

// knows checks what lists, answers and exports say of the lost.
func (w *world) knows(t *testing.T) {
	t.Helper()
	for number, want := range map[string]authority.Standing{"\x09": authority.StandingGood, "\x02": authority.StandingRevoked, "\x00\x01\x00": authority.StandingHold, "\x04": authority.StandingUnknown} {
		standing, c, err := w.Standing(t.Context(), "old", []byte(number))
		check(t, err)
		if standing != want || want == authority.StandingRevoked && (!c.Revoked.Equal(lostDay) || c.Reason != int(crl.KeyCompromise)) {
			t.Errorf("certificate %x is %s, %+v; want %s", number, standing, c, want)
		}
	}
	for range 2 {
		lists, err := w.PublishCRL(t.Context(), "old", authority.FullCRL, -1, "operator")
		check(t, err)
		if lists[0].Entries != 2 {
			t.Errorf("the list has %d entries, want 2", lists[0].Entries)
		}
	}
	if got := w.lines(t); !slices.Equal(got, []string{"V 9", "R 2", "V 2", "R 0100"}) {
		t.Errorf("lines %v", got)
	}
	ca, err := w.store.CA(t.Context(), "old")
	check(t, err)
	if bytes.Contains(ca.Settings, []byte("lost")) {
		t.Errorf("the settings have them: %s", ca.Settings)
	}
}

func (w *world) lines(t *testing.T) []string {
	t.Helper()
	list, err := w.Lost(t.Context(), "old")
	check(t, err)
	var lines []string
	for _, l := range list {
		lines = append(lines, l.Line)
	}
	return lines
}

// Lists and answers tell what an index said of certificates that nobody has any
// more.
func TestLostCertificatesKeepTheirStatus(t *testing.T) {
	w := imported(t)
	check(t, w.ImportLost(t.Context(), "old", threeLost(), "operator"))
	w.knows(t)
	before := len(w.sound(t))
	check(t, w.ImportLost(t.Context(), "old", threeLost(), "operator"))
	if after := len(w.sound(t)); after != before {
		t.Errorf("%d events for nothing new", after-before)
	}
	// Those whose files are found are lost no more.
	check(t, w.ImportLost(t.Context(), "old", threeLost()[:1], "operator"))
	if got := w.lines(t); !slices.Equal(got, []string{"V 9"}) {
		t.Errorf("lines %v", got)
	}
}

// asBefore writes what was lost into the settings, as was done once.
func (w *world) asBefore(t *testing.T, lost []authority.Lost) {
	t.Helper()
	ca, err := w.store.CA(t.Context(), "old")
	check(t, err)
	settings := map[string]any{}
	check(t, json.Unmarshal(ca.Settings, &settings))
	settings["lost"], settings["keepExpired"] = lost, -1
	ca.Settings, err = json.Marshal(settings)
	check(t, err)
	check(t, authority.CommitOne(t.Context(), w.store, &authority.Change{PutCA: &authority.CAWrite{CA: ca, From: ca.Revision}}))
}

// An older home has them in the settings of the authority, and is moved over by
// itself, whatever it is used for first.
func TestLostCertificatesMoveOutOfTheSettings(t *testing.T) {
	for what, use := range map[string]func(w *world){
		"a question": func(w *world) {
			_, _, err := w.Standing(t.Context(), "old", []byte{9})
			check(t, err)
		},
		"a setting": func(w *world) {
			_, err := w.UpdateCA(t.Context(), "old", func(_ *authority.CA, s *authority.CASettings) { s.CRLValidity = time.Hour }, "otto")
			check(t, err)
		},
		"an export": func(w *world) { w.lines(t) },
		"a list": func(w *world) {
			_, err := w.PublishCRL(t.Context(), "old", authority.FullCRL, -1, "operator")
			check(t, err)
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := imported(t)
			w.asBefore(t, threeLost())
			w.Authority = w.another(t, nil)
			use(w)
			w.knows(t)
			_, settings, err := w.CA(t.Context(), "old")
			check(t, err)
			if settings.KeepExpired != -1 {
				t.Error("other settings went")
			}
			w.sound(t)
		})
	}
}

// A move that was broken off is gone on with.
func TestMovesOfTheLostAreRepeated(t *testing.T) {
	w := imported(t)
	check(t, w.ImportLost(t.Context(), "old", threeLost()[1:2], "operator"))
	w.asBefore(t, threeLost())
	w.Authority = w.another(t, nil)
	w.knows(t)
}

// Many make neither the settings nor the audit chain large.
func TestManyLost(t *testing.T) {
	w := imported(t)
	var list []authority.Lost
	for i := range 3000 {
		list = append(list, authority.Lost{Serial: []byte{1, byte(i >> 8), byte(i)}, NotAfter: lostEnd, Status: authority.StatusRevoked, Revoked: lostDay, Line: fmt.Sprintf("R %06X", 1<<16|i)})
	}
	check(t, w.ImportLost(t.Context(), "old", list, "operator"))
	lists, err := w.PublishCRL(t.Context(), "old", authority.FullCRL, -1, "operator")
	check(t, err)
	if lists[0].Entries != 3000 {
		t.Errorf("the list has %d entries", lists[0].Entries)
	}
	size := 0
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		size += len(e.Detail)
	}
	ca, err := w.store.CA(t.Context(), "old")
	check(t, err)
	if len(ca.Settings) > 1000 || size > 5000 {
		t.Errorf("%d octets of settings, %d of events", len(ca.Settings), size)
	}
}
