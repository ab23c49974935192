package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func newKey(t testing.TB, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func exchangePair(t testing.TB) *key.Private {
	t.Helper()
	k, err := newX25519()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func byName(name string, serial int64) Identifier {
	n, err := dn.ParseText(name)
	if err != nil {
		panic(err)
	}
	return Identifier{Issuer: n, Serial: big.NewInt(serial)}
}

func seal(t testing.TB, content []byte, e Envelope) *EnvelopedData {
	t.Helper()
	info, err := Encrypt(content, e, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(info.DER)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := again.EnvelopedData()
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestX25519(t *testing.T) {
	k := exchangePair(t)
	id := byName("CN=issuer", 7)
	for _, hash := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		e := seal(t, contentForTests(), Envelope{Cipher: oid.AES256CBC, For: []For{{Public: k.Public, Identifier: id, Hash: hash}}})
		got, err := e.Decrypt(Opener{Key: k.Key, Identifiers: []Identifier{id}})
		if err != nil || !bytes.Equal(got, contentForTests()) {
			t.Errorf("%v: %v", hash, err)
		}
		if !strings.HasPrefix(e.Recipients[0].KeyEncryption.ID.String(), "1.2.840.113549.1.9.16.3.") || e.Recipients[0].KeyEncryption.Parameters == nil {
			t.Errorf("the scheme is %s", e.Recipients[0].KeyEncryption.ID)
		}
	}
}

func TestSeveralRecipientsEachOpen(t *testing.T) {
	rsa, ec, x := newKey(t, "rsa-2048"), newKey(t, "ecdsa-p384"), exchangePair(t)
	e := seal(t, nil, Envelope{For: []For{
		{Public: rsa.Public, Identifier: byName("CN=a", 1)},
		{Public: ec.Public, Identifier: byName("CN=a", 2)},
		{Public: x.Public, Identifier: Identifier{KeyIdentifier: []byte{1, 2}}},
		{Password: []byte("secret"), Iterations: 10},
		{KEK: kek(), Identifier: Identifier{KeyIdentifier: []byte("k")}},
	}})
	if !e.Authenticated || len(e.Recipients) != 5 {
		t.Fatalf("authenticated %v, %d recipients", e.Authenticated, len(e.Recipients))
	}
	for i, o := range []Opener{{Key: rsa.Key}, {Key: ec.Key}, {Key: x.Key}, {Password: []byte("secret")}, {KEK: kek()}} {
		if got, err := e.Decrypt(o); err != nil || len(got) != 0 {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// Whatever is wrong about the key, the passphrase or what is encrypted, the
// error is the same value.
func TestFailuresOfDecryptionAreOne(t *testing.T) {
	rsa, other, ec := newKey(t, "rsa-2048"), newKey(t, "rsa-2048"), newKey(t, "ecdsa-p256")
	everyone := []For{
		{Public: rsa.Public, Identifier: byName("CN=a", 1), PKCS1v15: true},
		{Public: ec.Public, Identifier: byName("CN=a", 2)},
		{Password: []byte("secret"), Iterations: 10},
		{KEK: kek(), Identifier: Identifier{KeyIdentifier: []byte("k")}},
	}
	for _, cipher := range []oid.OID{oid.AES256CBC, oid.AES256GCM} {
		whole := Envelope{Cipher: cipher, For: everyone}
		for what, damage := range map[string]func(*EnvelopedData){
			"content":      func(e *EnvelopedData) { e.Encrypted.Content[len(e.Encrypted.Content)-17] ^= 1 },
			"cut":          func(e *EnvelopedData) { e.Encrypted.Content = e.Encrypted.Content[:len(e.Encrypted.Content)-1] },
			"nothing":      func(e *EnvelopedData) { e.Encrypted.Content = e.Encrypted.Content[:0] },
			"keys":         func(e *EnvelopedData) { damageKeys(e, 5) },
			"keys' end":    func(e *EnvelopedData) { damageKeys(e, -1) },
			"short keys":   func(e *EnvelopedData) { eachKey(e, func(k []byte) []byte { return k[:8] }) },
			"empty keys":   func(e *EnvelopedData) { eachKey(e, func([]byte) []byte { return nil }) },
			"long keys":    func(e *EnvelopedData) { eachKey(e, func([]byte) []byte { return make([]byte, 4096) }) },
			"ephemeral":    func(e *EnvelopedData) { e.Encrypted.Content[0] ^= 1; damagePoint(e) },
			"no recipient": func(e *EnvelopedData) { e.Recipients = nil },
		} {
			for i, o := range []Opener{{Key: rsa.Key}, {Key: ec.Key}, {Password: []byte("secret")}, {KEK: kek()}} {
				e := seal(t, bytes.Repeat([]byte{1}, 160), whole)
				damage(e)
				got, err := e.Decrypt(o)
				if err == nil && cipher == oid.AES256CBC {
					continue // a block in the middle of CBC may be anything
				}
				if err != ErrDecrypt || got != nil {
					t.Errorf("%s, %s, opener %d: %v", what, cipher.Name(), i, err)
				}
			}
		}
		e := seal(t, bytes.Repeat([]byte{1}, 160), whole)
		for i, o := range []Opener{{Key: newKey(t, "ecdsa-p384").Key}, {Key: exchangePair(t).Key}, {Key: newKey(t, "ed25519").Key}, {Password: []byte("wrong")}, {KEK: make([]byte, 16)}, {KEK: make([]byte, 32)}, {}, {Key: rsa.Key, Identifiers: []Identifier{byName("CN=a", 9)}}} {
			if _, err := e.Decrypt(o); err != ErrDecrypt {
				t.Errorf("opener %d: %v", i, err)
			}
		}
		if _, err := e.Decrypt(Opener{Key: other.Key}); err != ErrDecrypt && cipher == oid.AES256GCM {
			t.Errorf("another RSA key: %v", err)
		}
	}
}

func eachKey(e *EnvelopedData, f func([]byte) []byte) {
	for _, r := range e.Recipients {
		for i := range r.EncryptedKeys {
			r.EncryptedKeys[i] = f(r.EncryptedKeys[i])
		}
	}
}

func damageKeys(e *EnvelopedData, at int) {
	eachKey(e, func(k []byte) []byte {
		k[(at+len(k))%len(k)] ^= 1
		return k
	})
}

func damagePoint(e *EnvelopedData) {
	for i := range e.Recipients {
		if p := e.Recipients[i].EphemeralKey; len(p) > 0 {
			p[len(p)-1] ^= 1
		}
	}
}

// A key that does not decrypt is replaced by the same one each time.
func TestImplicitRejectionIsRepeatable(t *testing.T) {
	rsa := newKey(t, "rsa-2048")
	e := seal(t, []byte("x"), Envelope{Cipher: oid.AES256CBC, For: []For{{Public: rsa.Public, Identifier: byName("CN=a", 1), PKCS1v15: true}}})
	r := &e.Recipients[0]
	r.EncryptedKeys[0][100] ^= 1
	first, err := openTransport(r, rsa.Key, 32)
	if err != nil || len(first) != 32 {
		t.Fatalf("%x, %v", first, err)
	}
	second, err := openTransport(r, rsa.Key, 32)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("%x and %x, %v", first, second, err)
	}
	r.EncryptedKeys[0][100] ^= 2
	if third, _ := openTransport(r, rsa.Key, 32); bytes.Equal(first, third) {
		t.Error("two encrypted keys are replaced by the same one")
	}
}

func TestWhatCannotBeEncryptedSaysWhy(t *testing.T) {
	id := byName("CN=a", 1)
	ed := newKey(t, "ed25519")
	for want, e := range map[string]Envelope{
		"there is nobody to encrypt it for":                                                {},
		"recipient 1: neither a key nor a passphrase is given":                             {For: []For{{}}},
		"recipient 1: the identifier of the key's certificate is missing":                  {For: []For{{Public: ed.Public}}},
		"recipient 1: no key can be agreed on with this key (Ed25519)":                     {For: []For{{Public: ed.Public, Identifier: id}}},
		"recipient 1: a key of 5 octets cannot wrap others; it must have 16, 24 or 32":     {For: []For{{KEK: make([]byte, 5)}}},
		"recipient 1: 3000000 iterations are asked for; at most 2000000 can be read again": {For: []For{{Password: []byte("x"), Iterations: 3_000_000}}},
		"DES is broken; use AES": {Cipher: oid.DESCBC, For: []For{{Password: []byte("x")}}},
		"the content encryption algorithm rc2-cbc is not known; AES in CBC and GCM mode and triple DES are": {Cipher: oid.RC2CBC, For: []For{{Password: []byte("x")}}},
		"recipient 1: there is no key agreement scheme with SHA3-256":                                       {For: []For{{Public: newKey(t, "ecdsa-p256").Public, Identifier: id, Hash: crypto.SHA3_256}}},
	} {
		if _, err := Encrypt(nil, e, rand.Reader); err == nil || err.Error() != "encrypting a message: "+want {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// A key that cannot do what a message asks for is not a damaged message.
func TestKeysThatDecryptNothingSaySo(t *testing.T) {
	ec := newKey(t, "ecdsa-p256")
	e := seal(t, []byte("x"), Envelope{For: []For{{Public: ec.Public, Identifier: byName("CN=a", 1)}}})
	other, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Opener{
		"keys of the curve P-224 agree on nothing here; those of P-256, P-384, P-521 and X25519 do": {Key: other},
	} {
		if _, err := e.Decrypt(o); err == nil || err.Error() != "decrypting a message: "+want {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// What a message says in the clear and cannot be done is named.
func TestWhatCannotBeDecryptedSaysWhy(t *testing.T) {
	rsa, ec := newKey(t, "rsa-2048"), newKey(t, "ecdsa-p256")
	e := func() *EnvelopedData {
		return seal(t, []byte("x"), Envelope{Cipher: oid.AES128CBC, For: []For{
			{Public: rsa.Public, Identifier: byName("CN=a", 1)}, {Public: ec.Public, Identifier: byName("CN=a", 2)}, {Password: []byte("secret"), Iterations: 10},
		}})
	}
	each := func(kind RecipientKind, f func(*Recipient)) func(*EnvelopedData) {
		return func(e *EnvelopedData) {
			for i := range e.Recipients {
				if e.Recipients[i].Kind == kind {
					f(&e.Recipients[i])
				}
			}
		}
	}
	unknown := key.AlgorithmIdentifier{ID: oid.Data}
	for _, c := range []struct {
		want   string
		damage func(*EnvelopedData)
		open   Opener
	}{
		{"the encrypted content is not in the message (it is detached)", func(e *EnvelopedData) { e.Encrypted.Detached = true }, Opener{}},
		{"the content encryption algorithm pkcs7-data is not known; AES in CBC and GCM mode and triple DES are", func(e *EnvelopedData) { e.Encrypted.Algorithm = unknown }, Opener{}},
		{"parameters of aes-128-cbc: OCTET STRING is missing", func(e *EnvelopedData) { e.Encrypted.Algorithm.Parameters = nil }, Opener{}},
		{"the algorithm aes-128-cbc does not belong there", func(e *EnvelopedData) { e.Authenticated = true }, Opener{}},
		{"the key encryption algorithm pkcs7-data is not known; RSAES-PKCS1-v1_5 and RSAES-OAEP are", each(KeyTransport, func(r *Recipient) { r.KeyEncryption = unknown }), Opener{Key: rsa.Key}},
		{"the key agreement scheme pkcs7-data is not known; ECDH by ephemeral keys is", each(KeyAgreement, func(r *Recipient) { r.KeyEncryption = unknown }), Opener{Key: ec.Key}},
		{"the sender's key is not in the message; only ephemeral keys are known", each(KeyAgreement, func(r *Recipient) { r.EphemeralKey = nil }), Opener{Key: ec.Key}},
		{"the key encryption algorithm pkcs7-data is not known; PWRI-KEK and AES key wrap are", each(Password, func(r *Recipient) { r.KeyEncryption = unknown }), Opener{Password: []byte("secret")}},
		{"the message does not say how a key is derived from the passphrase", each(Password, func(r *Recipient) { r.KeyDerivation = nil }), Opener{Password: []byte("secret")}},
		{"the message asks for 9000000 iterations; at most 2000000 are done", each(Password, func(r *Recipient) { r.KeyDerivation.Raw = pbkdf2([]byte("salt"), 9_000_000) }), Opener{Password: []byte("secret")}},
		{"the message asks for more than 2000000 iterations", func(e *EnvelopedData) {
			each(Password, func(r *Recipient) { r.KeyDerivation.Raw = pbkdf2([]byte("salt"), 1_000) })(e)
			for range 3 {
				e.Recipients = append(e.Recipients, e.Recipients...)
			}
			for i := range e.Recipients {
				if i >= 3 {
					each(Password, func(r *Recipient) {
						d := *r.KeyDerivation
						d.Raw = pbkdf2([]byte("salt"), 1_999_999)
						r.KeyDerivation = &d
					})(&EnvelopedData{Recipients: e.Recipients[i : i+1]})
				}
			}
		}, Opener{Password: []byte("wrong")}},
	} {
		one := e()
		c.damage(one)
		if _, err := one.Decrypt(c.open); err == nil || err.Error() != "decrypting a message: "+c.want {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	many := e()
	for range 6 {
		many.Recipients = append(many.Recipients, many.Recipients...)
	}
	if _, err := many.Decrypt(Opener{Key: newKey(t, "rsa-2048").Key}); err == nil || err.Error() != "decrypting a message: more than 32 recipients could be meant; say which by an identifier" {
		t.Error(err)
	}
}

// RFC 3394, Section 4.1 and 4.6.
func TestKeyWrapVectors(t *testing.T) {
	for _, c := range []struct{ kek, content, wrapped string }{
		{"000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF", "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F", "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"},
	} {
		got, err := wrapAES(unhex(c.kek), unhex(c.content))
		if err != nil || !bytes.Equal(got, unhex(c.wrapped)) {
			t.Errorf("%X, %v", got, err)
		}
		back, err := unwrapAES(unhex(c.kek), got)
		if err != nil || !bytes.Equal(back, unhex(c.content)) {
			t.Errorf("%X, %v", back, err)
		}
	}
	if _, err := wrapAES(kek(), make([]byte, 9)); err == nil || err.Error() != "a key of 9 octets cannot be wrapped" {
		t.Error(err)
	}
	if !errors.Is(func() error { _, err := unwrapAES(kek(), make([]byte, 24)); return err }(), errUnwrap) {
		t.Error("zeros unwrap")
	}
}

func newX25519() (*key.Private, error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return key.NewPrivate(k)
}

// A passphrase can wrap by AES key wrap, too, as CMP has it.
func TestPasswordKeyWrap(t *testing.T) {
	for _, cipher := range []oid.OID{oid.AES128CBC, oid.AES256CBC, oid.AES256GCM} {
		c, err := Encrypt([]byte("content"), Envelope{Cipher: cipher, For: []For{{Password: []byte("secret"), Iterations: 10, KeyWrap: true}}}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		e, err := c.EnvelopedData()
		if err != nil {
			t.Fatal(err)
		}
		if r := e.Recipients[0]; r.KeyEncryption.ID != wrapID(32) && r.KeyEncryption.ID != wrapID(16) || r.KeyEncryption.Parameters != nil {
			t.Errorf("%s: wrapped by %s", cipher.Name(), r.KeyEncryption.ID.Name())
		}
		if got, err := e.Decrypt(Opener{Password: []byte("secret")}); err != nil || string(got) != "content" {
			t.Errorf("%s: %q, %v", cipher.Name(), got, err)
		}
		if _, err := e.Decrypt(Opener{Password: []byte("wrong")}); !errors.Is(err, ErrDecrypt) {
			t.Errorf("%s: another passphrase: %v", cipher.Name(), err)
		}
	}
}
