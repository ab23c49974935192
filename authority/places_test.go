package authority_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// scopes are the places that each list says it is for.
func (w *world) scopes(t *testing.T) (all [][]string, serials []string) {
	t.Helper()
	lists, err := w.PublishCRL(t.Context(), "root", authority.FullCRL, -1, "operator")
	check(t, err)
	for _, one := range lists {
		l, err := crl.Parse(one.DER)
		check(t, err)
		var names, revoked []string
		if e, ok := ext.Find(l.Extensions, oid.IssuingDistributionPoint); ok {
			p, err := ext.ParseIssuingDistributionPoint(e.Value)
			check(t, err)
			names = strings.Fields(uris(t, p.FullName))
		}
		for e, err := range l.Entries() {
			check(t, err)
			revoked = append(revoked, string(e.Serial))
		}
		all, serials = append(all, names), append(serials, strings.Join(revoked, " "))
	}
	return all, serials
}

// A list of a shard is believed by those certificates only that name one of
// its places, so it names those of every time.
func TestListsNameThePlacesOfFormerTimes(t *testing.T) {
	w := emptyWorld(t)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Test Root"), PathLen: -1, Settings: authority.CASettings{CRL: []string{"http://h.test/{ca}.crl"}}})
	change := func(f func(*authority.CASettings)) {
		t.Helper()
		_, err := w.UpdateCA(t.Context(), "root", func(_ *authority.CA, s *authority.CASettings) { f(s) }, "operator")
		check(t, err)
	}
	var issued []*authority.Certificate
	for _, step := range []func(*authority.CASettings){
		func(*authority.CASettings) {},
		func(s *authority.CASettings) { s.CRL = []string{"http://moved.test/{ca}.crl"} },
		func(s *authority.CASettings) { s.CRL, s.Shards = []string{"http://h.test/{ca}-{shard}.crl"}, 2 },
		func(s *authority.CASettings) { s.Shards = 4 },
		func(s *authority.CASettings) { s.CRL, s.Base = nil, "http://base.test" },
		func(s *authority.CASettings) { s.Base = "http://other.test" },
		func(s *authority.CASettings) { s.CRLValidity = time.Hour },
	} {
		change(step)
		for range 6 {
			issued = append(issued, w.issue(t, "a.test").Certificate)
		}
	}
	for _, c := range issued {
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: c.Serial, Reason: crl.Superseded, By: "otto"})
		check(t, err)
	}
	scopes, serials := w.scopes(t)
	for i, c := range issued {
		read, err := cert.Parse(c.DER)
		check(t, err)
		place := points(t, read.Extensions, oid.CRLDistributionPoints)
		if !slices.Contains(scopes[c.Shard], place) {
			t.Errorf("certificate %d names %s, and its list is for %v", i, place, scopes[c.Shard])
		}
		if !strings.Contains(serials[c.Shard], string(c.Serial)) {
			t.Errorf("certificate %d is not on list %d", i, c.Shard)
		}
		for shard, scope := range scopes {
			if shard != c.Shard && slices.Contains(scope, place) {
				t.Errorf("list %d says that it is for %s, too", shard, place)
			}
		}
	}
}

// A place that certificates of another list point to is refused.
func TestPlacesOfOtherListsAreRefused(t *testing.T) {
	w := emptyWorld(t)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Test Root"), PathLen: -1, Settings: authority.CASettings{CRL: []string{"http://h.test/root-2.crl"}}})
	w.issue(t, "a.test")
	_, err := w.UpdateCA(t.Context(), "root", func(_ *authority.CA, s *authority.CASettings) {
		s.CRL, s.Shards = []string{"http://h.test/{ca}-{shard}.crl"}, 4
	}, "operator")
	refused(t, err, request.PolicyRefused, "list 0 and list 2 would both be at http://h.test/root-2.crl")
}

func TestEveryListNeedsAPlaceOfItsOwn(t *testing.T) {
	w := emptyWorld(t)
	for text, s := range map[string]authority.CASettings{
		"CRL URI http://h.test/{ca}.crl has no {shard}":     {Base: "http://b.test", CRL: []string{"http://h.test/{ca}.crl"}, Shards: 4},
		"CRL URI http://i.test/{ca}.crl has no {shard}":     {CRL: []string{"http://h.test/{ca}-{shard}.crl", "http://i.test/{ca}.crl"}, Shards: 4},
		"and no CRL URI has {shard} in it":                  {Shards: 4},
		"their URI http://h.test/d.crl has no {shard}":      {Base: "http://b.test", FreshestCRL: []string{"http://h.test/d.crl"}, Shards: 4},
		"{shard} is filled in where revocation lists are":   {OCSP: []string{"http://h.test/{shard}"}},
		"valid for less than 2m0s cannot be replaced":       {CRLValidity: time.Second},
		"valid for longer than full lists, which are for 1": {CRLValidity: 24 * time.Hour, DeltaValidity: 48 * time.Hour},
		"answers cannot be valid for less than 1m0s":        {OCSPValidity: time.Second},
	} {
		_, err := w.CreateCA(t.Context(), authority.NewCA{Name: "root", Subject: name(t, "CN=R"), KeyKind: "ecdsa-p256", PathLen: -1, Settings: s})
		refused(t, err, request.PolicyRefused, text)
	}
}
