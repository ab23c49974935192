package authority_test

import (
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/request"
)

// elsewhere returns what another authority of the same key and certificate has
// issued, over records of its own.
func elsewhere(t *testing.T, signer crypto.Signer, chain [][]byte) []authority.Imported {
	t.Helper()
	w := emptyWorld(t)
	w.keys.Put("memory:old", signer)
	_, err := w.ImportCA(t.Context(), "old", "memory:old", chain, authority.CASettings{DefaultProfile: "server"}, "operator")
	check(t, err)
	var list []authority.Imported
	for _, host := range []string{"a.example", "b.example", "c.example"} {
		list = append(list, authority.Imported{DER: w.issue(t, host).Certificate.DER})
	}
	return list
}

func TestImportedCertificatesAreRecordedOnce(t *testing.T) {
	first := emptyWorld(t)
	first.create(t, authority.NewCA{Name: "old", Subject: name(t, "CN=Old Root"), PathLen: -1})
	ca, err := first.store.CA(t.Context(), "old")
	check(t, err)
	signer, err := first.keys.Signer(t.Context(), ca.Key)
	check(t, err)
	list := elsewhere(t, signer, ca.Chain)
	day := time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)
	list[1].Status, list[1].Revoked, list[1].Reason, list[1].Invalid = authority.StatusRevoked, day, crl.KeyCompromise, day.AddDate(0, -1, 0)
	list[2].Status, list[2].Revoked, list[2].Reason = authority.StatusHold, day, crl.CertificateHold

	w := emptyWorld(t)
	w.keys.Put("memory:old", signer)
	_, err = w.ImportCA(t.Context(), "old", "memory:old", ca.Chain, authority.CASettings{FirstCRL: 42}, "operator")
	check(t, err)
	for _, want := range []int{3, 0} {
		added, err := w.ImportCertificates(t.Context(), "old", list, "operator")
		check(t, err)
		if added != want {
			t.Errorf("%d certificates were added, not %d", added, want)
		}
	}
	actions := ""
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		actions += e.Action + " "
	}
	if want := strings.Repeat("certificate.imported ", 3) + "certificate.revoked certificate.held "; !strings.HasSuffix(actions, want) {
		t.Errorf("audited: %s", actions)
	}
	lists, err := w.PublishCRL(t.Context(), "old", authority.FullCRL, -1, "operator")
	check(t, err)
	if lists[0].Number != 42 || lists[0].Entries != 2 {
		t.Errorf("the first list has the number %d and %d entries", lists[0].Number, lists[0].Entries)
	}
	lists, err = w.PublishCRL(t.Context(), "old", authority.FullCRL, -1, "operator")
	check(t, err)
	if lists[0].Number != 43 {
		t.Errorf("the second list has the number %d", lists[0].Number)
	}
	for c, err := range w.store.Certificates(t.Context(), authority.Query{CA: "old", Status: authority.StatusRevoked}) {
		check(t, err)
		if !c.Revoked.Equal(day) || c.Reason != int(crl.KeyCompromise) || !c.Invalid.Equal(day.AddDate(0, -1, 0)) || c.Profile != "imported" {
			t.Errorf("revoked: %+v", c)
		}
	}
	if faults, _, _, err := w.VerifyAudit(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the audit chain: %v, %v", faults, err)
	}
}

func TestCertificatesOfOthersAreNotImported(t *testing.T) {
	w := newWorld(t)
	root, err := w.store.CA(t.Context(), "root")
	check(t, err)
	_, err = w.ImportCertificates(t.Context(), "issuing", []authority.Imported{{DER: root.Chain[0]}}, "operator")
	var refusal *request.Refusal
	if !errors.As(err, &refusal) || !strings.HasSuffix(refusal.Detail, `was not signed by authority "issuing"`) {
		t.Errorf("a certificate of another authority: %v", err)
	}
	if _, err = w.ImportCertificates(t.Context(), "issuing", []authority.Imported{{DER: []byte("x")}}, "operator"); !errors.As(err, &refusal) {
		t.Errorf("something else: %v", err)
	}
}
