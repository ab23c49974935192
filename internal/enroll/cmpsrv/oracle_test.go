package cmpsrv

import (
	"crypto/rand"
	"testing"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// guessed protects by an algorithm, and any octets.
type guessed struct{ key.AlgorithmIdentifier }

func (g guessed) Algorithm() key.AlgorithmIdentifier { return g.AlgorithmIdentifier }
func (g guessed) Protect([]byte) ([]byte, error)     { return make([]byte, 32), nil }

// pbm is PasswordBasedMAC with any parameters.
func pbm(t *testing.T, salt string, iterations int64) key.AlgorithmIdentifier {
	t.Helper()
	var b der.Builder
	algorithm := func(id oid.OID) {
		mark := b.Begin(der.Sequence)
		b.OID(string(id))
		b.Null()
		b.End(mark)
	}
	outer := b.Begin(der.Sequence)
	b.OID(string(crmf.PasswordBasedMAC))
	parameters := b.Begin(der.Sequence)
	b.Add(der.OctetString, []byte(salt))
	algorithm(oid.SHA256)
	b.Int(iterations)
	algorithm(oid.HMACWithSHA256)
	b.End(parameters)
	b.End(outer)
	id, err := key.ParseAlgorithmIdentifier(b.Bytes())
	check(t, err)
	return id
}

// Whether there is a secret of a reference is not told, however the MAC is
// wrong: by its parameters, or by its value.
func TestReferencesAreNotTold(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	right, err := crmf.NewPBMAC1(rand.Reader)
	check(t, err)
	for _, c := range []struct {
		a    key.AlgorithmIdentifier
		want cmp.FailureInfo
		text string
	}{
		{right.Identifier, cmp.BadMessageCheck, "the reference or the secret is wrong"},
		{pbm(t, "salt of a device", 500), cmp.BadMessageCheck, "the reference or the secret is wrong"},
		{pbm(t, "salt of a device", 100_001), cmp.BadAlg, "the iteration count is 100001"},
		{pbm(t, "salt of a device", 99), cmp.BadAlg, "the iteration count is 99; it must be from 100"},
		{pbm(t, "", 500), cmp.BadAlg, "the salt is empty"},
		{key.AlgorithmIdentifier{ID: crmf.PBMAC1ID, Raw: pbmac1Without(t)}, cmp.BadAlg, "parameters of PBMAC1"},
	} {
		for _, reference := range []string{"device1", "device2"} {
			x := w.talk()
			x.p, x.header.SenderKID = guessed{c.a}, []byte(reference)
			refuses(x, x.say(w.ir(), nil), c.want, c.text)
		}
	}
}

// pbmac1Without is PBMAC1 without parameters.
func pbmac1Without(t *testing.T) []byte {
	t.Helper()
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(crmf.PBMAC1ID))
	b.End(outer)
	return b.Bytes()
}
