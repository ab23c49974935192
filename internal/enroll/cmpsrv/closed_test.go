package cmpsrv

import (
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// A secret that names no profile is none for certificates that make authorities
// or speak for one, whatever the authority's default is; one that names it is,
// and the certificate that comes of it does not bring another by itself.
func TestClosedProfiles(t *testing.T) {
	for _, closed := range []string{"subca", "ocsp", "cmp"} {
		w := newWorld(t, func(c *Config) { c.Profile = "" })
		_, err := w.authority.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) { s.DefaultProfile = closed }, "operator")
		check(t, err)
		w.secret(secret.Secret{})
		_, err = w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, w.key("ecdsa-p256"), nil))
		refusedFor(t, err, cmp.NotAuthorized, "certificates of profile "+closed+" ")
		if n := w.issued(authority.StatusValid) + w.issued(authority.StatusUnconfirmed); n != 0 {
			t.Errorf("%s: %d certificates", closed, n)
		}
	}
	w := newWorld(t)
	w.secret(secret.Secret{Profile: "ocsp"})
	k := w.key("ecdsa-p256")
	out, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	if _, ok := ext.Find(out.Certificate.Extensions, oid.OCSPNoCheck); !ok {
		t.Error("the secret names the profile, and the certificate is of another")
	}
	by := w.clientOf(out.Certificate, k)
	_, err = by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, w.key("ecdsa-p256"), nil))
	refusedFor(t, err, cmp.NotAuthorized, "certificates of profile ocsp ")
}

// What the root signs is for those whose secret names it, or for all where the
// settings do.
func TestClosedAuthority(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.CA = "" })
	w.secret(secret.Secret{CA: "root"})
	k := w.key("ecdsa-p256")
	out, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	if out.Certificate.Issuer.String() != "CN=Test Root" {
		t.Errorf("issued by %s", out.Certificate.Issuer)
	}
	by := w.clientOf(out.Certificate, k)
	_, err = by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, w.key("ecdsa-p256"), nil))
	refusedFor(t, err, cmp.NotAuthorized, "the authority root stands above others")
	w.Server.config.CA = "root"
	_, err = by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, w.key("ecdsa-p256"), nil))
	check(t, err)
}
