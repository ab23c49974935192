package cms

import (
	"bytes"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"runtime"
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// damageBench is what damaged messages are opened with.
type damageBench struct {
	ec     *key.Private
	signer *cert.Certificate
	seeds  [][]byte
}

func newDamageBench(t testing.TB) damageBench {
	t.Helper()
	b := damageBench{ec: newKey(t, "ecdsa-p256")}
	b.signer = certificateFor(t, b.ec)
	everyone := []For{
		{Public: b.ec.Public, Identifier: NameOf(b.signer)}, {Password: []byte("secret"), Iterations: 10},
		{KEK: kek(), Identifier: Identifier{KeyIdentifier: []byte("k")}}, {Public: exchangePair(t).Public, Identifier: KeyOf(b.signer)},
		{Public: newKey(t, "rsa-2048").Public, Identifier: byName("CN=y", 3)},
	}
	for _, cipher := range []oid.OID{oid.AES128CBC, oid.AES256GCM} {
		info, err := Encrypt(contentForTests(), Envelope{Cipher: cipher, For: everyone, Certificates: [][]byte{b.signer.Raw}}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		b.seeds = append(b.seeds, info.DER)
	}
	for _, bare := range []bool{true, false} {
		info, err := Sign(contentForTests(), Letter{Certificates: [][]byte{b.signer.Raw}, Signers: []Signer{{Key: b.ec.Signer, Public: b.ec.Public, Identifier: NameOf(b.signer), NoAttributes: bare}}})
		if err != nil {
			t.Fatal(err)
		}
		b.seeds = append(b.seeds, info.DER)
	}
	return b
}

// read does with a message all that can be done; what comes out must be the
// content or nothing.
func (b damageBench) read(t *testing.T, data []byte) (accepted bool) {
	info, err := Parse(data)
	if err != nil {
		return false
	}
	if s, err := info.SignedData(); err == nil {
		if _, err := s.Verify(nil, b.signer); err == nil {
			accepted = true
			if !bytes.Equal(s.Content, contentForTests()) {
				t.Fatalf("another content verifies: %x", data)
			}
		}
	}
	e, err := info.EnvelopedData()
	if err != nil {
		return accepted
	}
	for _, o := range []Opener{{Key: b.ec.Key}, {Password: []byte("secret")}, {KEK: kek()}} {
		got, err := e.Decrypt(o)
		if err == nil {
			accepted = true
			if e.Authenticated && !bytes.Equal(got, contentForTests()) {
				t.Fatalf("another content decrypts: %x", data)
			}
		} else if got != nil {
			t.Fatalf("content beside an error: %v", err)
		}
	}
	return accepted
}

func TestMutatedMessages(t *testing.T) {
	b := newDamageBench(t)
	random := mathrand.New(mathrand.NewPCG(1, 2))
	var before, after runtime.MemStats
	accepted, refused := 0, 0
	for n := range 10_000 {
		data := bytes.Clone(b.seeds[n%len(b.seeds)])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(data))
			switch random.IntN(6) {
			case 0:
				data = append(data[:at], data[min(len(data), at+1+random.IntN(8)):]...)
			case 1:
				data = append(data[:at], append(bytes.Repeat([]byte{byte(random.IntN(256))}, random.IntN(9)), data[at:]...)...)
			default:
				data[at] ^= 1 << random.IntN(8)
			}
			if len(data) == 0 {
				data = []byte{0}
			}
		}
		runtime.ReadMemStats(&before)
		ok := b.read(t, data)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 4<<20 {
			t.Errorf("%d octets take %d octets of memory: %x", len(data), spent, data)
		}
		if ok {
			accepted++
		} else {
			refused++
		}
	}
	if accepted == 0 || refused == 0 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
}

func FuzzOpen(f *testing.F) {
	b := newDamageBench(f)
	for _, s := range b.seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := Parse(data)
		if err != nil {
			return
		}
		if s, err := info.SignedData(); err == nil {
			_, err = s.Verify(nil, b.signer)
			if len(s.Signers) == 0 && !errors.Is(err, ErrNoSigner) {
				t.Fatal(err)
			}
		}
		if e, err := info.EnvelopedData(); err == nil {
			for _, o := range []Opener{{Key: b.ec.Key}, {KEK: kek()}} {
				if got, err := e.Decrypt(o); err != nil && got != nil {
					t.Fatal("content beside an error")
				}
			}
		}
	})
}
