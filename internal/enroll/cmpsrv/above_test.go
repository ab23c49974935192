package cmpsrv

import (
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/protocol/cmp"
)

// A certificate is as good as the authorities above it (RFC 5280, Section 6.1.3).
func TestCertificatesUnderARevokedAuthorityProtectNothing(t *testing.T) {
	for _, reason := range []crl.Reason{crl.CACompromise, crl.CertificateHold} {
		d := newDesk(t)
		x := d.signed()
		if body := x.say(d.genm(), nil); body.Kind != cmp.GeneralResponse {
			t.Fatalf("%v", body.Kind)
		}
		ca, err := d.store.CA(t.Context(), "issuing")
		check(t, err)
		c, err := cert.Parse(ca.Chain[0])
		check(t, err)
		_, err = d.authority.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: c.SerialBytes, Reason: reason, By: "operator"})
		check(t, err)
		_, err = d.authority.UpdateCA(t.Context(), "issuing", func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "operator")
		check(t, err)
		x = d.signed()
		refuses(x, x.say(d.genm(), nil), cmp.SignerNotTrusted, "an authority above the certificate of the protection is revoked")
	}
}
