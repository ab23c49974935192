package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// oneKey is the key of every authority.
type oneKey struct{ signer crypto.Signer }

func (k oneKey) Signer(context.Context, string) (crypto.Signer, error) { return k.signer, nil }
func (k oneKey) Forget(string) error                                   { return nil }

func (k oneKey) Create(context.Context, string, string) (string, crypto.Signer, error) {
	return "memory", k.signer, nil
}

func newKey(b *testing.B) *key.Private {
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return k
}

// requests are DER of requests of different keys.
func requests(b *testing.B, n int) [][]byte {
	out := make([][]byte, n)
	var group sync.WaitGroup
	for worker := range runtime.NumCPU() {
		group.Go(func() {
			for i := worker; i < n; i += runtime.NumCPU() {
				out[i] = newRequest(b, newKey(b), fmt.Sprintf("host-%d.example.org", i))
			}
		})
	}
	group.Wait()
	return out
}

func newRequest(b *testing.B, k *key.Private, host string) []byte {
	name, err1 := ext.ParseGeneralName("dns:" + host)
	subject, err2 := dn.ParseText("CN=" + host)
	algorithm, err3 := key.ChooseSignatureAlgorithm(k.Public, "", false)
	p, err4 := pkcs10.Create(pkcs10.Template{Subject: subject, Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{name}, false)}}, k, algorithm)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		b.Error(err)
		return nil
	}
	return p.Raw
}

// newAuthority is an authority over a store; its key is that of every CA.
func newAuthority(b *testing.B, s authority.Store, k *key.Private) *authority.Authority {
	profiles := map[string]*issuance.Profile{}
	for _, name := range []string{"root", "server", "ocsp"} {
		profiles[name], _ = issuance.BuiltInProfile(name)
	}
	a, err := authority.New(authority.Config{Store: s, Keys: oneKey{k.Signer},
		Wait:     func(context.Context, time.Duration) error { return nil }, // lists come out right after each other
		Profiles: func(name string) (*issuance.Profile, error) { return profiles[name], nil }})
	if err != nil {
		b.Fatal(err)
	}
	return a
}

func openAuthority(b *testing.B, s authority.Store, k *key.Private) *authority.Authority {
	a := newAuthority(b, s, k)
	name := fmt.Sprint("bench-", time.Now().UnixNano())
	subject, err := dn.ParseText("CN=" + name)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := a.CreateCA(b.Context(), authority.NewCA{Name: name, Subject: subject, PathLen: -1, By: "bench"}); err != nil {
		b.Fatal(err)
	}
	if os.Getenv("STORE_PATH") != "" {
		retireOthers(b, a, s, name)
	}
	return a
}

// retireOthers leaves one authority that issues, in a store used before.
func retireOthers(b *testing.B, a *authority.Authority, s authority.Store, keep string) {
	list, err := s.CAs(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, ca := range list {
		if ca.Name == keep {
			continue
		}
		if _, err := a.UpdateCA(b.Context(), ca.Name, func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "bench"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSubmit takes requests from DER to durable certificates, as a batch
// does.
func BenchmarkSubmit(b *testing.B) {
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			list := requests(b, b.N)
			a := openAuthority(b, openStore(b), newKey(b))
			var group sync.WaitGroup
			before := processorTime()
			b.ResetTimer()
			for caller := range callers {
				group.Go(func() {
					for i := caller; i < b.N; i += callers {
						submit(b, a, list[i])
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certificates/s")
			b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

func submit(b *testing.B, a *authority.Authority, der []byte) {
	parsed, err := request.Parse(der)
	if err != nil {
		b.Error(err)
		return
	}
	fingerprint := parsed[0].Fingerprint()
	out, err := a.Submit(context.Background(), authority.Submission{Request: parsed[0], Origin: evidence.Origin{Door: "cli", Requester: "bench"},
		IdempotencyKey: fmt.Sprintf("batch:%x", fingerprint)})
	if err != nil || out.Certificate == nil {
		b.Errorf("%v: %+v", err, out)
	}
}
