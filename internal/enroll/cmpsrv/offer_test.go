package cmpsrv

import (
	"slices"
	"testing"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// Every curve that a profile can take is told, those too that keys are only
// made on elsewhere.
func TestGenmTellsEveryCurve(t *testing.T) {
	w := asks(t)
	w.profiles["plant"] = "name: plant\nversion: 1\nkeys: { ec: [P-224, P-256, P-384, P-521, secp256k1, brainpoolP256r1, brainpoolP384r1, brainpoolP512r1] }\nvalidity: { default: 30d, maximum: 60d }\n"
	want := []oid.OID{oid.P256, oid.P384, oid.P521, oid.P224, oid.Secp256k1, oid.BrainpoolP256r1, oid.BrainpoolP384r1, oid.BrainpoolP512r1}
	signing, err := w.ask(cmp.Info{Type: cmp.InfoSignKeyPairTypes}).Algorithms()
	check(t, err)
	template, err := w.ask(cmp.Info{Type: cmp.InfoCertReqTemplate}).RequestTemplate()
	check(t, err)
	for _, all := range [][]key.AlgorithmIdentifier{signing, template.Algorithms} {
		var got []oid.OID
		for _, a := range all {
			if len(a.Parameters) > 2 {
				got = append(got, oid.OID(a.Parameters[2:]))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
	}
}
