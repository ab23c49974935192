package authority_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// based is a world whose issuing authority publishes below a base.
func based(t *testing.T, settings authority.CASettings) *world {
	t.Helper()
	w := emptyWorld(t)
	settings.Base = "http://pki.test/x/"
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Test Root"), PathLen: -1, Settings: settings})
	return w
}

func uris(t *testing.T, names []ext.GeneralName) string {
	t.Helper()
	var out []string
	for _, n := range names {
		out = append(out, n.Text())
	}
	return strings.Join(out, " ")
}

func points(t *testing.T, extensions []ext.Extension, id oid.OID) string {
	t.Helper()
	e, ok := ext.Find(extensions, id)
	if !ok {
		return ""
	}
	list, err := ext.ParseDistributionPoints(e.Value)
	check(t, err)
	return uris(t, list[0].FullName)
}

func TestURIsFollowFromTheBase(t *testing.T) {
	w := based(t, authority.CASettings{})
	c, err := cert.Parse(w.issue(t, "a.test").Certificate.DER)
	check(t, err)
	if got := points(t, c.Extensions, oid.CRLDistributionPoints); got != "http://pki.test/x/crl/root.crl" {
		t.Errorf("CRL at %s", got)
	}
	if got := points(t, c.Extensions, oid.FreshestCRL); got != "" {
		t.Errorf("there are no delta lists, and one is at %s", got)
	}
	e, _ := ext.Find(c.Extensions, oid.AuthorityInfoAccess)
	access, err := ext.ParseAccess(e.Value)
	check(t, err)
	got := map[oid.OID]string{}
	for _, a := range access {
		got[a.Method] = a.Location.Text()
	}
	if got[oid.AccessOCSP] != "http://pki.test/x/ocsp" || got[oid.AccessCAIssuers] != "http://pki.test/x/ca/root.crt" {
		t.Errorf("access %v", got)
	}
}

func TestShardsBelowTheBase(t *testing.T) {
	w := based(t, authority.CASettings{Shards: 4, DeltaValidity: 3600e9, OCSP: []string{"http://other.test/"}})
	out := w.issue(t, "a.test")
	c, err := cert.Parse(out.Certificate.DER)
	check(t, err)
	shard := string(rune('0' + out.Certificate.Shard))
	if got := points(t, c.Extensions, oid.CRLDistributionPoints); got != "http://pki.test/x/crl/root/"+shard+".crl" {
		t.Errorf("CRL at %s", got)
	}
	lists, err := w.PublishCRL(t.Context(), "root", authority.FullCRL, -1, "operator")
	check(t, err)
	for i, want := range []string{"http://pki.test/x/crl/root/0.crl http://pki.test/x/crl/root.crl", "http://pki.test/x/crl/root/1.crl"} {
		l, err := crl.Parse(lists[i].DER)
		check(t, err)
		if got := points(t, l.Extensions, oid.FreshestCRL); got != "http://pki.test/x/crl/root/"+string(rune('0'+i))+"/delta.crl" {
			t.Errorf("delta list at %s", got)
		}
		e, _ := ext.Find(l.Extensions, oid.IssuingDistributionPoint)
		scope, err := ext.ParseIssuingDistributionPoint(e.Value)
		check(t, err)
		if got := uris(t, scope.FullName); got != want {
			t.Errorf("list %d is for %s", i, got)
		}
	}
}

func TestSettingsOfPublication(t *testing.T) {
	w := emptyWorld(t)
	for base, text := range map[string]string{"https://pki.test": "not where lists", "pki.test": "not where lists", "http://": "not where lists", "http://a/?b": "not where lists"} {
		_, err := w.CreateCA(t.Context(), authority.NewCA{Name: "root", Subject: name(t, "CN=R"), KeyKind: "ecdsa-p256", PathLen: -1, Settings: authority.CASettings{Base: base}})
		refused(t, err, request.PolicyRefused, text)
	}
	_, err := w.CreateCA(t.Context(), authority.NewCA{Name: "root", Subject: name(t, "CN=R"), KeyKind: "ecdsa-p256", PathLen: -1, Settings: authority.CASettings{OCSPValidity: 1000 * 3600 * 1e9}})
	refused(t, err, request.PolicyRefused, "OCSP answers cannot be valid")
}
