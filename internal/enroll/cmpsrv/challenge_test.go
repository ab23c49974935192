package cmpsrv

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// challenged asks for a certificate of a key that proves itself by answering a
// challenge.
func (w *world) challenged(k *key.Private) cmp.Request {
	return w.request(cmp.InitializationRequest, k, func(s *crmf.Spec) {
		var err error
		s.Proof, err = crmf.DeferredProof(k.Public)
		s.Subsequent = crmf.ChallengeResponse
		check(w.t, err)
	})
}

// Keys that cannot sign can show that they are held before anything is issued.
func TestChallenge(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	w.profiles["plant"] = "name: plant\nversion: 1\nkeys: { x25519: true, ec: [P-256], rsa: { min: 2048 } }\nvalidity: { default: 30d }\nsubject: { unlisted: keep }\nextensions: { keyUsage: { default: [keyAgreement, keyEncipherment] } }\n"
	for n, kind := range []string{"rsa-2048", "ecdsa-p256", "x25519"} {
		k := w.key(kind)
		c := w.client()
		c.Implicit = n == 0
		out, err := c.Enroll(t.Context(), w.challenged(k))
		if err != nil {
			t.Errorf("%s: %v\n%s", kind, err, w.log)
			continue
		}
		if !key.Equal(out.Certificate.PublicKey, k.Public) || w.issued(authority.StatusValid) != n+1 {
			t.Errorf("%s: %d certificates are valid", kind, w.issued(authority.StatusValid))
		}
	}
}

// A wrong answer gets nothing; the right one, sent again, gets the same again.
func TestChallengeAnswers(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	k := w.key("rsa-2048")
	begin := func() (*talk, *big.Int) {
		t.Helper()
		x := w.talk()
		x.header.Version = cmp.Version3
		body := x.say(w.challenged(k).Body, nil)
		all, err := body.Challenges()
		check(t, err)
		if len(all) != 1 || len(all[0].Witness) != 32 || w.issued(authority.StatusUnconfirmed) != 0 {
			t.Fatalf("%+v", all)
		}
		n, err := all[0].Solve(k.Key)
		check(t, err)
		return x, n
	}
	x, n := begin()
	if r := x.status(x.say(cmp.NewChallengeAnswers(n.Add(n, big.NewInt(1))), nil)); r.Status.Failure != cmp.BadPOP || r.Pair != nil {
		t.Errorf("%+v", r)
	}
	x, n = begin()
	x.fails(x.say(cmp.NewChallengeAnswers(n, n), nil), cmp.BadDataFormat, "2 numbers answer one challenge")
	x, n = begin()
	first := x.say(cmp.NewChallengeAnswers(n), nil)
	if x.status(first).Pair == nil {
		t.Fatalf("%+v", x.status(first))
	}
	if again := x.send(x.sent); !bytes.Equal(again.Raw, first.Raw) {
		t.Error("the retry gets another answer")
	}
	if body := x.say(conf(t, x.status(first)), nil); body.Kind != cmp.Confirmation || w.issued(authority.StatusValid) != 1 {
		t.Errorf("%v", body.Kind)
	}
	y := w.talk()
	y.status(y.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), nil))
	y.fails(y.say(cmp.NewChallengeAnswers(n), nil), cmp.BadRequest, "no challenge waits to be answered")
	w.Server.config.Several = true
	z := w.talk()
	two, err := w.challenged(k).Body.Requests()
	check(t, err)
	z.fails(z.say(cmp.NewRequests(cmp.InitializationRequest, two.List[0], w.message(w.key("ecdsa-p256"), func(s *crmf.Spec) { s.ID = 1 })), nil), cmp.BadRequest, "send it by itself")
}

// Clients of version 2 get an EncryptedValue, which OpenSSL 3.0 reads.
func TestEncryptedCertificatesOfVersion2(t *testing.T) {
	w := newWorld(t)
	w.keys()
	w.secret(secret.Secret{})
	w.sh("openssl genrsa -out rsa.key 2048")
	if out, ok := w.openssl("-cmd ir -newkey rsa.key -subject /CN=pump -popo 2" + shared); !ok {
		t.Errorf("%s\n%s", out, w.log)
	}
	k := w.key("rsa-2048")
	c := w.client()
	c.Version = cmp.Version2
	out, err := c.Enroll(t.Context(), w.request(cmp.CertificationRequest, k, func(s *crmf.Spec) { s.Proof = crmf.ProofKeyEncipherment }))
	if err != nil || !key.Equal(out.Certificate.PublicKey, k.Public) {
		t.Errorf("%v\n%s", err, w.log)
	}
	if w.issued(authority.StatusValid) != 2 || w.issued(authority.StatusUnconfirmed) != 0 {
		t.Errorf("%d valid", w.issued(authority.StatusValid))
	}
}
