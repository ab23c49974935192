package bench

import (
	"crypto"
	"crypto/rand"
	"math/big"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/responder"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
)

// BenchmarkOCSP answers questions that have a nonce each, so that every answer
// is signed on demand; BenchmarkOCSPAhead such that have none.
func BenchmarkOCSP(b *testing.B) { answer(b, true) }

// BenchmarkOCSPAhead answers from what was signed before.
func BenchmarkOCSPAhead(b *testing.B) { answer(b, false) }

func answer(b *testing.B, nonced bool) {
	s := openStore(b)
	k := newKey(b)
	a := openAuthority(b, s, k)
	r, err := responder.New(responder.Config{Authority: a, Store: s, Records: s, Keys: oneKey{k.Signer}})
	check(b, err)
	for _, der := range requests(b, 100) {
		submit(b, a, der)
	}
	ca, _, err := a.CA(b.Context(), "")
	check(b, err)
	issuer, err := cert.Parse(ca.Chain[0])
	check(b, err)
	var questions [][]byte
	for c, err := range s.Certificates(b.Context(), authority.Query{CA: ca.Name, Profile: "server", Limit: 100}) {
		check(b, err)
		questions = append(questions, question(b, issuer, c.Serial, nonced))
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if got := r.Respond(b.Context(), questions[i%len(questions)]); got.Status != ocsp.Successful || got.Standing != authority.StandingGood {
				b.Fatalf("%v %s", got.Status, got.Standing)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

func question(b *testing.B, issuer *cert.Certificate, serial []byte, nonced bool) []byte {
	id, err := ocsp.NewCertID(crypto.SHA1, issuer, new(big.Int).SetBytes(serial))
	check(b, err)
	t := ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: id}}}
	if nonced {
		nonce := make([]byte, 32)
		rand.Read(nonce)
		e, err := ocsp.NewNonce(nonce)
		check(b, err)
		t.Extensions = []ext.Extension{e}
	}
	raw, err := ocsp.CreateRequest(t)
	check(b, err)
	return raw
}
