package authority_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

func TestRevoke(t *testing.T) {
	w := newWorld(t)
	out := w.issue(t, "a.example.org")
	serial := out.Certificate.Serial
	order := func(reason crl.Reason) error {
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: serial, Reason: reason, By: "otto"})
		return err
	}
	refused(t, order(crl.RemoveFromCRL), request.BadFormat, "is no reason to revoke")
	refused(t, order(crl.Reason(7)), request.BadFormat, "is no reason to revoke")
	_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: []byte{1}, By: "otto"})
	refused(t, err, request.UnknownCertificate, "has no certificate with the serial number 01")
	_, err = w.Release(t.Context(), "issuing", serial, "otto")
	refused(t, err, request.NotRevoked, "is not on hold")

	check(t, order(crl.CertificateHold))
	refused(t, order(crl.CertificateHold), request.AlreadyRevoked, "is on hold already")
	_, err = w.Release(t.Context(), "", serial, "")
	refused(t, err, request.NotAuthorized, "needs the name of the officer")
	c, err := w.Release(t.Context(), "", append([]byte{0}, serial...), "otto")
	check(t, err)
	if c.Status != authority.StatusValid || !c.Revoked.IsZero() {
		t.Errorf("released: %+v", c)
	}
	check(t, order(crl.CertificateHold))
	check(t, order(crl.Superseded))
	refused(t, order(crl.Superseded), request.AlreadyRevoked, "reason superseded")
	check(t, order(crl.KeyCompromise))
	if c, err = w.store.Certificate(t.Context(), "issuing", serial); err != nil || c.Reason != int(crl.KeyCompromise) || c.Status != authority.StatusRevoked {
		t.Errorf("a key found to be compromised later: %+v, %v", c, err)
	}
	refused(t, order(crl.KeyCompromise), request.AlreadyRevoked, "reason keyCompromise")
	refused(t, order(crl.Superseded), request.AlreadyRevoked, "was revoked on 2026-03-01T10:00:00Z, reason keyCompromise")
	_, err = w.Release(t.Context(), "issuing", serial, "otto")
	refused(t, err, request.NotRevoked, "was revoked for good, reason keyCompromise")
	actions := w.sound(t)
	if got := strings.Join(actions[len(actions)-5:], " "); got != "certificate.held certificate.released certificate.held certificate.revoked certificate.revoked" {
		t.Errorf("audit %s", got)
	}
}

func TestRevokeByHolder(t *testing.T) {
	w := newWorld(t)
	a := newApplicant(t)
	order := func(with func(*authority.RevocationOrder), host, secret string) error {
		t.Helper()
		r := a.request(t, host)
		if secret != "" {
			r = a.request(t, host, password(t, secret))
		}
		out := w.granted(t, submission(r))
		o := authority.RevocationOrder{CA: "issuing", Serial: out.Certificate.Serial, Reason: crl.Superseded}
		with(&o)
		c, err := w.Revoke(t.Context(), o)
		if err == nil && c.Status != authority.StatusRevoked {
			t.Errorf("status %s", c.Status)
		}
		return err
	}
	sign := func(message func(o *authority.RevocationOrder) []byte) func(o *authority.RevocationOrder) {
		return func(o *authority.RevocationOrder) {
			algorithm, err := key.ChooseSignatureAlgorithm(a.private.Public, "", false)
			check(t, err)
			o.Proof, err = key.Sign(a.private.Signer, algorithm, message(o))
			check(t, err)
		}
	}
	secret := func(text string) func(*authority.RevocationOrder) {
		return func(o *authority.RevocationOrder) { o.Password = text }
	}
	right := sign(func(o *authority.RevocationOrder) []byte { return authority.ProofMessage(o.CA, o.Serial, o.Reason) })
	wrong := sign(func(o *authority.RevocationOrder) []byte {
		return authority.ProofMessage(o.CA, o.Serial, crl.KeyCompromise)
	})
	check(t, order(secret("open sesame"), "a.example.org", "open sesame"))
	check(t, order(right, "b.example.org", ""))
	refused(t, order(secret("Open sesame"), "c.example.org", "open sesame"), request.NotAuthorized, "is not the challenge password")
	refused(t, order(secret("sesame"), "d.example.org", ""), request.NotAuthorized, "has no challenge password")
	refused(t, order(wrong, "e.example.org", ""), request.NotAuthorized, "the signature is not of the certificate's key")
	refused(t, order(func(*authority.RevocationOrder) {}, "f.example.org", ""), request.NotAuthorized, "nothing shows that the order comes from")
}

// list reads a revocation list as others do.
func list(t *testing.T, c *authority.CRL, issuer []byte) *x509.RevocationList {
	t.Helper()
	parsed, err := x509.ParseRevocationList(c.DER)
	check(t, err)
	by, err := x509.ParseCertificate(issuer)
	check(t, err)
	check(t, parsed.CheckSignatureFrom(by))
	if parsed.Number.Int64() != c.Number || int64(len(parsed.RevokedCertificateEntries)) != c.Entries {
		t.Errorf("number %v with %d entries, recorded as %d with %d", parsed.Number, len(parsed.RevokedCertificateEntries), c.Number, c.Entries)
	}
	return parsed
}

func (w *world) publish(t *testing.T, kind authority.CRLKind) []*authority.CRL {
	t.Helper()
	out, err := w.PublishCRL(t.Context(), "issuing", kind, -1, "otto")
	check(t, err)
	return out
}

func (w *world) set(t *testing.T, change func(*authority.CASettings)) {
	t.Helper()
	_, err := w.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) { change(s) }, "otto")
	check(t, err)
}

func (w *world) issuer(t *testing.T) []byte {
	t.Helper()
	ca, _, err := w.CA(t.Context(), "issuing")
	check(t, err)
	return ca.Chain[0]
}

func TestPublishFullAndDelta(t *testing.T) {
	w := newWorld(t)
	_, err := w.PublishCRL(t.Context(), "issuing", authority.DeltaCRL, -1, "otto")
	refused(t, err, request.PolicyRefused, "publishes no delta lists")
	w.set(t, func(s *authority.CASettings) {
		s.DeltaValidity, s.FreshestCRL = 24*time.Hour, []string{"http://crl.test/{ca}-delta.crl"}
	})
	_, err = w.PublishCRL(t.Context(), "issuing", authority.DeltaCRL, -1, "otto")
	refused(t, err, request.PolicyRefused, "no full list yet")
	_, err = w.PublishCRL(t.Context(), "issuing", authority.FullCRL, 3, "otto")
	refused(t, err, request.PolicyRefused, "none has the number 3")

	first, held := w.issue(t, "a.example.org"), w.issue(t, "b.example.org")
	for i, c := range []*authority.Outcome{first, held} {
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: c.Certificate.Serial, Reason: []crl.Reason{crl.KeyCompromise, crl.CertificateHold}[i], By: "otto", Invalid: w.now.Add(-time.Hour)})
		check(t, err)
	}
	full := list(t, w.publish(t, authority.FullCRL)[0], w.issuer(t))
	if len(full.RevokedCertificateEntries) != 2 || full.NextUpdate.Sub(full.ThisUpdate) != 7*24*time.Hour {
		t.Errorf("%d entries until %v", len(full.RevokedCertificateEntries), full.NextUpdate)
	}
	w.pass(time.Hour)
	_, err = w.Release(t.Context(), "issuing", held.Certificate.Serial, "otto")
	check(t, err)
	third := w.issue(t, "c.example.org")
	_, err = w.Revoke(t.Context(), authority.RevocationOrder{Serial: third.Certificate.Serial, Reason: crl.Superseded, By: "otto"})
	check(t, err)
	delta := w.publish(t, authority.DeltaCRL)[0]
	if delta.Base != full.Number.Int64() {
		t.Errorf("base %d, want %v", delta.Base, full.Number)
	}
	read, err := crl.Parse(delta.DER)
	check(t, err)
	if read.DeltaBase() == nil || read.DeltaBase().Int64() != delta.Base {
		t.Errorf("delta indicator %v", read.DeltaBase())
	}
	reasons := map[string]crl.Reason{}
	for e, err := range read.Entries() {
		check(t, err)
		reasons[string(e.Serial)] = e.Reason
	}
	if len(reasons) != 2 || reasons[string(held.Certificate.Serial)] != crl.RemoveFromCRL || reasons[string(third.Certificate.Serial)] != crl.Superseded {
		t.Errorf("delta entries %v", reasons)
	}
	full = list(t, w.publish(t, authority.FullCRL)[0], w.issuer(t))
	if full.Number.Int64() != 3 || len(full.RevokedCertificateEntries) != 2 {
		t.Errorf("number %v with %d entries", full.Number, len(full.RevokedCertificateEntries))
	}
	if delta := list(t, w.publish(t, authority.DeltaCRL)[0], w.issuer(t)); len(delta.RevokedCertificateEntries) != 0 {
		t.Errorf("%d entries in a delta of nothing", len(delta.RevokedCertificateEntries))
	}
	w.sound(t)
}

func TestExpiredLeaveAfterOneList(t *testing.T) {
	w := newWorld(t)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	s.Asked.Validity = 48 * time.Hour
	out := w.granted(t, s)
	entries := func() int {
		t.Helper()
		return len(list(t, w.publish(t, authority.FullCRL)[0], w.issuer(t)).RevokedCertificateEntries)
	}
	var got []int
	got = append(got, entries())
	_, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: out.Certificate.Serial, Reason: crl.Superseded, By: "otto"})
	check(t, err)
	got = append(got, entries())
	w.pass(72 * time.Hour)
	got = append(got, entries()) // the first after its end
	w.pass(time.Hour)
	got = append(got, entries())
	if !slices.Equal(got, []int{0, 1, 1, 0}) {
		t.Errorf("entries of list after list: %v", got)
	}
}

func TestShards(t *testing.T) {
	w := newWorld(t)
	_, err := w.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) { s.Shards = 4 }, "otto")
	refused(t, err, request.PolicyRefused, "no CRL URI has {shard} in it")
	w.set(t, func(s *authority.CASettings) { s.Shards, s.CRL = 3, []string{"http://crl.test/{ca}/{shard}.crl"} })
	_, err = w.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) { s.Shards = 2 }, "otto")
	refused(t, err, request.PolicyRefused, "there cannot be fewer")
	where := map[string]int{}
	used := map[int]bool{}
	for i := range 24 {
		out := w.issue(t, fmt.Sprintf("h%d.example.org", i))
		leaf, err := x509.ParseCertificate(out.Certificate.DER)
		check(t, err)
		want := fmt.Sprintf("http://crl.test/issuing/%d.crl", out.Certificate.Shard)
		if len(leaf.CRLDistributionPoints) != 1 || leaf.CRLDistributionPoints[0] != want {
			t.Fatalf("distribution points %v, want %s", leaf.CRLDistributionPoints, want)
		}
		where[leaf.SerialNumber.String()], used[out.Certificate.Shard] = out.Certificate.Shard, true
		_, err = w.Revoke(t.Context(), authority.RevocationOrder{Serial: out.Certificate.Serial, Reason: crl.Superseded, By: "otto"})
		check(t, err)
	}
	lists := w.publish(t, authority.FullCRL)
	if len(lists) != 3 || len(used) != 3 {
		t.Fatalf("%d lists, %d used", len(lists), len(used))
	}
	seen := 0
	for shard, c := range lists {
		parsed := list(t, c, w.issuer(t))
		critical := false
		for _, e := range parsed.Extensions {
			if e.Id.String() == "2.5.29.28" {
				critical = e.Critical && strings.Contains(string(e.Value), fmt.Sprintf("http://crl.test/issuing/%d.crl", shard))
			}
		}
		if !critical {
			t.Errorf("list %d has no critical issuing distribution point", shard)
		}
		for _, e := range parsed.RevokedCertificateEntries {
			seen++
			if where[e.SerialNumber.String()] != shard {
				t.Errorf("%x is on list %d, and belongs on %d", e.SerialNumber, shard, where[e.SerialNumber.String()])
			}
		}
	}
	if seen != 24 {
		t.Errorf("%d entries on all lists", seen)
	}
}

func TestPublishAtOnce(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	var numbers []int64
	for range 6 {
		other := w.another(t, nil)
		group.Go(func() {
			out, err := other.PublishCRL(context.Background(), "issuing", authority.FullCRL, -1, "otto")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			numbers = append(numbers, out[0].Number)
		})
	}
	group.Wait()
	slices.Sort(numbers)
	if !slices.Equal(numbers, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("numbers %v", numbers)
	}
}

func TestTidy(t *testing.T) {
	w := newWorld(t)
	old := w.issue(t, "a.example.org")
	refusedOut, err := w.Submit(t.Context(), authority.Submission{Request: newApplicant(t).request(t, "b.example.org"), CA: "issuing", Profile: "nothing"})
	check(t, err)
	w.publish(t, authority.FullCRL)
	w.publish(t, authority.FullCRL)
	check(t, w.Tidy(t.Context()))
	before := len(w.sound(t))
	w.pass(3 * 365 * 24 * time.Hour)
	w.set(t, func(s *authority.CASettings) { s.KeepExpired = -1 })
	check(t, w.Tidy(t.Context()))
	if _, err := w.Ticket(t.Context(), old.Ticket.ID); err != nil {
		t.Errorf("what is kept for ever is gone: %v", err)
	}
	w.set(t, func(s *authority.CASettings) { s.KeepExpired = 0 })
	check(t, w.Tidy(t.Context()))
	check(t, w.Tidy(t.Context()))
	for _, id := range []string{old.Ticket.ID, refusedOut.Ticket.ID} {
		_, err := w.Ticket(t.Context(), id)
		refused(t, err, request.UnknownRequest, "")
	}
	n := 0
	for _, err := range w.store.CRLs(t.Context(), "issuing") {
		check(t, err)
		n++
	}
	actions := w.sound(t)
	if n != 1 || strings.Join(actions[before:], " ") != "ca.changed records.tidied ca.changed records.tidied" {
		t.Errorf("%d lists, audit %v", n, actions[before:])
	}
}

// TestAuditOfSettings has lengths of time that people can read.
func TestAuditOfSettings(t *testing.T) {
	w := newWorld(t)
	w.set(t, func(s *authority.CASettings) {
		s.CRLValidity, s.DeltaValidity, s.KeepExpired = 7*24*time.Hour, 90*time.Minute, -1
	})
	last := ""
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		if e.Action == "ca.changed" {
			last = string(e.Detail)
		}
	}
	for _, want := range []string{`"crlValidity":"7 days"`, `"deltaValidity":"1h30m0s"`, `"keepExpired":"for ever"`} {
		if !strings.Contains(last, want) || strings.Contains(last, "604800000000000") {
			t.Errorf("%s is not in %s", want, last)
		}
	}
}
