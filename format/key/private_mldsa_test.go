package key

import (
	"bytes"
	"crypto"
	"strings"
	"testing"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func mldsaInfo(id oid.OID, octets []byte) []byte {
	return privateKeyInfo(withoutParameters(id), octets)
}

func tagged(tag der.Tag, content []byte) []byte {
	var b der.Builder
	b.Add(tag, content)
	return b.Bytes()
}

func TestMLDSAForms(t *testing.T) {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	for _, id := range []oid.OID{oid.MLDSA44, oid.MLDSA65, oid.MLDSA87} {
		set := mldsaSetOf(id)
		want, err := mldsa.NewPrivateKey(set.parameters, seed)
		if err != nil {
			t.Fatal(err)
		}
		expanded := set.derive((*[32]byte)(seed))
		both := tagged(der.Sequence, append(tagged(der.OctetString, seed), tagged(der.OctetString, expanded)...))
		for name, octets := range map[string][]byte{
			"seed": tagged(der.Context(0), seed), "bare seed": seed, "both": both,
			"expanded": tagged(der.OctetString, expanded), "bare expanded": expanded,
		} {
			p, err := ReadPrivate(mldsaInfo(id, octets), nil)
			if err != nil {
				t.Fatalf("%s %s: %v", id, name, err)
			}
			if !bytes.Equal(p.Public.Bits, want.PublicKey().Bytes()) {
				t.Errorf("%s %s: another public key", id, name)
			}
			checkSignerWorks(t, p)
			checkMLDSAWrites(t, p, want, both, expanded)
		}
	}
}

func checkMLDSAWrites(t *testing.T, p *Private, want *mldsa.PrivateKey, both, expanded []byte) {
	t.Helper()
	id := p.Public.Algorithm.ID
	info, err := MarshalPKCS8(p)
	if err != nil {
		t.Fatal(err)
	}
	info2, err := MarshalPKCS8Both(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := p.Key.(*ExpandedMLDSA); ok {
		if w := mldsaInfo(id, tagged(der.OctetString, expanded)); !bytes.Equal(info, w) || !bytes.Equal(info2, w) {
			t.Error("the expanded key does not come back")
		}
		if _, err := MarshalJWK(p); err == nil || !strings.Contains(err.Error(), "an ML-DSA key without its seed has no form as JWK") {
			t.Error(err)
		}
		return
	}
	wantInfo, err := mldsax509.MarshalPKCS8PrivateKey(want)
	if err != nil || !bytes.Equal(info, wantInfo) {
		t.Errorf("the seed is written otherwise than by filippo.io/mldsa/x509: %v", err)
	}
	if !bytes.Equal(info2, mldsaInfo(id, both)) {
		t.Error("both forms are not written as they were read")
	}
}

func TestExpandedMLDSASigns(t *testing.T) {
	p, err := Generate("ml-dsa-44", nil)
	if err != nil {
		t.Fatal(err)
	}
	expanded := mldsaSetOf(oid.MLDSA44).derive((*[32]byte)(p.Key.(*mldsa.PrivateKey).Bytes()))
	e, err := ReadPrivate(mldsaInfo(oid.MLDSA44, expanded), nil)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := e.Signer.Sign(nil, []byte("m"), &mldsa.Options{Context: "c"})
	if err != nil || mldsa.Verify(p.Key.(*mldsa.PrivateKey).PublicKey(), []byte("m"), signature, &mldsa.Options{Context: "c"}) != nil {
		t.Errorf("a signature with a context does not verify: %v", err)
	}
	if _, err := e.Signer.Sign(nil, []byte("m"), crypto.SHA256); err == nil || !strings.Contains(err.Error(), "hashed before") {
		t.Error(err)
	}
	if !bytes.Equal(e.Key.(*ExpandedMLDSA).Bytes(), expanded) {
		t.Error("Bytes are not the expanded key")
	}
}

func TestMLDSAThatCannotBe(t *testing.T) {
	set := mldsaSetOf(oid.MLDSA65)
	seed := make([]byte, 32)
	good := set.derive((*[32]byte)(seed))
	changed := func(at int, to byte) []byte {
		c := bytes.Clone(good)
		c[at] ^= to
		return tagged(der.OctetString, c)
	}
	const damaged = "the ML-DSA key does not hold together; the file is damaged"
	for name, c := range map[string]struct {
		octets []byte
		want   string
	}{
		"mismatch":     {tagged(der.Sequence, append(tagged(der.OctetString, bytes.Repeat([]byte{1}, 32)), tagged(der.OctetString, good)...)), "does not give the expanded key beside it"},
		"hash":         {changed(70, 1), damaged},
		"rho":          {changed(0, 1), damaged},
		"s1":           {changed(130, 1), damaged},
		"out of range": {changed(130, 0xff), damaged},
		"t0":           {changed(len(good)-1, 0x80), damaged},
		"short":        {tagged(der.OctetString, good[1:]), damaged},
		"short seed":   {tagged(der.Context(0), seed[1:]), "the seed of the ML-DSA key is 31 octets long, not 32"},
		"other tag":    {tagged(der.UTF8String, seed), damaged},
		"nothing":      {nil, damaged},
		"half of both": {tagged(der.Sequence, tagged(der.OctetString, seed)), damaged},
		"empty both":   {tagged(der.Sequence, nil), damaged},
	} {
		if _, err := ReadPrivate(mldsaInfo(oid.MLDSA65, c.octets), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	info := privateKeyInfo(withParameters(oid.MLDSA65, []byte{5, 0}), tagged(der.Context(0), seed))
	if _, err := ReadPrivate(info, nil); err == nil || !strings.Contains(err.Error(), "has parameters, which RFC 9881 forbids") {
		t.Error(err)
	}
}
