package cms

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func (p party) signer(hash string, pss bool) Signer {
	return Signer{Key: p.private.Signer, Public: p.private.Public, Identifier: p.byName, Hash: hash, PSS: pss, Time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

func TestOurSignaturesVerifyInOpenSSL(t *testing.T) {
	dir := workshop(t)
	all := parties(t, dir)
	content := contentForTests()
	writeFile(t, dir, "content", content)
	run(t, dir, "cat rsa.crt ec256.crt ec384.crt ec521.crt > all.crt")
	crl := certificate(t, dir, "ec.crl")
	for name, signers := range map[string][]Signer{
		"RSA": {all["rsa"].signer("", false)}, "RSA SHA-1": nil, "RSA SHA-512": {all["rsa"].signer("sha512", false)}, "RSA SHA-224": {all["rsa"].signer("sha224", false)},
		"PSS": {all["rsa"].signer("", true)}, "PSS SHA-512": {all["rsa"].signer("sha512", true)},
		"P-256": {all["ec256"].signer("", false)}, "P-256 SHA-512": {all["ec256"].signer("sha512", false)}, "P-384": {all["ec384"].signer("", false)}, "P-521": {all["ec521"].signer("", false)},
		"three": {all["rsa"].signer("sha384", false), all["ec256"].signer("", false), all["rsa"].signer("sha512", true)},
	} {
		for variant := range 16 {
			detached, byKey, bare, plainType := variant&1 != 0, variant&2 != 0, variant&4 != 0, variant&8 == 0
			if signers == nil || bare && !plainType {
				continue
			}
			l := Letter{Detached: detached, Certificates: [][]byte{all["rsa"].raw, all["ec256"].raw, all["ec384"].raw, all["ec521"].raw}, CRLs: [][]byte{crl}}
			if !plainType {
				l.ContentType = oid.OID("\x2a\x03\x04")
			}
			for _, s := range signers {
				if s.NoAttributes = bare; bare {
					s.Time = time.Time{}
				}
				if byKey {
					s.Identifier = all[nameOf(all, s.Public)].byKey
				}
				l.Signers = append(l.Signers, s)
			}
			info, err := Sign(content, l)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := der.Strict(info.DER); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			writeFile(t, dir, "signed", info.DER)
			command := "openssl cms -verify -binary -inform DER -in signed -noverify -certsout got.crt"
			var given []byte
			if detached {
				command += " -content content"
				given = content
			}
			if got := run(t, dir, command); !bytes.Equal(got, content) {
				t.Errorf("%s, variant %d: openssl verifies another content", name, variant)
			}
			checkOurs(t, info.DER, given, content, len(signers))
		}
	}
}

func nameOf(all map[string]party, p *key.Public) string {
	for name, one := range all {
		if key.Equal(one.private.Public, p) {
			return name
		}
	}
	return ""
}

// checkOurs reads a message back and verifies it.
func checkOurs(t *testing.T, message, detached, content []byte, signers int) {
	t.Helper()
	info, err := Parse(message)
	if err != nil {
		t.Fatal(err)
	}
	s, err := info.SignedData()
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.Verify(detached)
	if err != nil || len(who) != signers {
		t.Errorf("%d certificates, %v", len(who), err)
	}
	if detached == nil && !bytes.Equal(s.Content, content) {
		t.Error("the content is another one")
	}
	if len(s.Certificates) != 4 || len(s.CRLs) != 1 {
		t.Errorf("%d certificates, %d lists", len(s.Certificates), len(s.CRLs))
	}
}

func TestOpenSSLsSignaturesVerify(t *testing.T) {
	dir := workshop(t)
	all := parties(t, dir)
	content := contentForTests()
	writeFile(t, dir, "content", content)
	const command = "openssl cms -sign -in content -binary -outform DER "
	for _, c := range []struct{ signers, hash string }{
		{"-signer rsa.crt -inkey rsa.key", "RSA"},
		{"-signer rsa.crt -inkey rsa.key -keyopt rsa_padding_mode:pss", "RSA"},
		{"-signer rsa.crt -inkey rsa.key -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20", "RSA"},
		{"-signer ec256.crt -inkey ec256.key", "EC"},
		{"-signer ec384.crt -inkey ec384.key", "EC"},
		{"-signer ec521.crt -inkey ec521.key", "EC"},
		{"-signer rsa.crt -inkey rsa.key -signer ec384.crt -inkey ec384.key", ""},
	} {
		for _, hash := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
			for _, form := range []string{"", "-nodetach", "-nodetach -stream", "-keyid -nodetach", "-noattr", "-nodetach -nosmimecap -cades", "-nodetach -nocerts", "-econtent_type 1.2.3.4 -nodetach"} {
				if hash != "sha256" && form != "" && form != "-keyid -nodetach" {
					continue
				}
				if strings.Contains(form, "-stream") && strings.Contains(c.signers, "pss") {
					continue // OpenSSL 3.0 cannot stream with RSASSA-PSS
				}
				message := run(t, dir, command+c.signers+" -md "+hash+" "+form)
				info, err := Parse(message)
				if err != nil {
					t.Fatal(err)
				}
				s, err := info.SignedData()
				if err != nil {
					t.Fatal(err)
				}
				var detached []byte
				if s.Detached {
					detached = content
				}
				if _, err := s.Verify(detached, certificatesOf(t, all)...); err != nil {
					t.Errorf("%s, %s, %s: %v", c.signers, hash, form, err)
				}
				s.Content, detached = append(bytes.Clone(s.Content), 1), append(bytes.Clone(detached), 1)
				if _, err := s.Verify(detached, certificatesOf(t, all)...); !errors.Is(err, ErrDigest) && !errors.Is(err, key.ErrSignature) {
					t.Errorf("%s, %s, %s: another content verifies: %v", c.signers, hash, form, err)
				}
			}
		}
	}
}

func certificatesOf(t testing.TB, all map[string]party) []*cert.Certificate {
	t.Helper()
	var list []*cert.Certificate
	for _, name := range []string{"rsa", "ec256", "ec384", "ec521"} {
		c, err := cert.Parse(all[name].raw)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// OpenSSL 3.0 can do nothing with these in CMS.
func TestKeysThatHashByThemselves(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, `openssl req -x509 -newkey ed25519 -nodes -keyout ed.key -out ed.crt -subj "/CN=ed"`)
	ed := readParty(t, dir, "ed")
	content := contentForTests()
	for _, bare := range []bool{false, true} {
		s := ed.signer("", false)
		s.NoAttributes = bare
		info, err := Sign(content, Letter{Certificates: [][]byte{ed.raw}, Signers: []Signer{s}})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := info.SignedData()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signed.Verify(nil); err != nil {
			t.Error(err)
		}
		if signed.Signers[0].DigestAlgorithm.ID != oid.SHA512 || signed.Signers[0].SignatureAlgorithm.ID != oid.Ed25519 || signed.Signers[0].SignatureAlgorithm.Parameters != nil {
			t.Errorf("%+v", signed.Signers[0])
		}
	}
	ml := newKey(t, "ml-dsa-44")
	info, err := Sign(content, Letter{Signers: []Signer{{Key: ml.Signer, Public: ml.Public, Identifier: byName("CN=x", 1), Hash: "sha256"}}})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := info.SignedData()
	if err != nil {
		t.Fatal(err)
	}
	if err := signed.VerifySigner(&signed.Signers[0], ml.Public, nil); err != nil || signed.Signers[0].DigestAlgorithm.ID != oid.SHA256 {
		t.Error(err)
	}
}

func TestWhatCannotBeSignedSaysWhy(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	whole := Signer{Key: k.Signer, Public: k.Public, Identifier: byName("CN=x", 1)}
	with := func(change func(*Signer)) Letter {
		s := whole
		change(&s)
		return Letter{Signers: []Signer{s}}
	}
	typed := with(func(s *Signer) { s.NoAttributes = true })
	typed.ContentType = oid.TSTInfo
	for want, l := range map[string]Letter{
		"there is nobody who signs it; a bundle of certificates needs no signer": {},
		"signer 1: the key is missing":                                           with(func(s *Signer) { s.Key = nil }),
		"signer 1: the identifier of the key's certificate is missing":           with(func(s *Signer) { s.Identifier = Identifier{} }),
		"signer 1: content of the type TSTInfo needs signed attributes":          typed,
	} {
		if _, err := Sign(nil, l); err == nil || err.Error() != "signing a message: "+want {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if _, err := Sign(nil, with(func(s *Signer) { s.Hash = "md6" })); err == nil || !strings.Contains(err.Error(), "md6") {
		t.Error(err)
	}
}

func TestWhatDoesNotVerifySaysWhy(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	fresh := func(attributes ...Attribute) *SignedData {
		info, err := Sign([]byte("content"), Letter{Signers: []Signer{{Key: k.Signer, Public: k.Public, Identifier: byName("CN=x", 1), Attributes: attributes}}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := info.SignedData()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	without := func(t oid.OID) func(*SignedData) {
		return func(s *SignedData) {
			var kept []Attribute
			for _, a := range s.Signers[0].SignedAttributes {
				if a.Type != t {
					kept = append(kept, a)
				}
			}
			s.Signers[0].SignedAttributes = kept
		}
	}
	double := Attribute{Type: oid.MessageDigest, Values: [][]byte{octetString("x")}}
	for want, c := range map[string]struct {
		s      *SignedData
		damage func(*SignedData)
	}{
		"nobody has signed the message":                                                       {fresh(), func(s *SignedData) { s.Signers = nil }},
		"signer 1: the signer's certificate is not there: serial number 2 of CN=x":            {fresh(), func(s *SignedData) { s.Signers[0].Identifier = byName("CN=x", 2) }},
		"signer 1: the content is not what was signed: its digest differs":                    {fresh(), func(s *SignedData) { s.Content = []byte("Content") }},
		"signer 1: the signed attribute contentType is missing":                               {fresh(), without(oid.ContentType)},
		"signer 1: the signed attribute messageDigest is missing":                             {fresh(), without(oid.MessageDigest)},
		"signer 1: the signed attribute messageDigest is there more than once":                {fresh(double), func(*SignedData) {}},
		"signer 1: the content type that was signed is another one":                           {fresh(), func(s *SignedData) { s.ContentType = oid.TSTInfo }},
		"signer 1: content of the type TSTInfo needs signed attributes":                       {fresh(), func(s *SignedData) { s.ContentType, s.Signers[0].RawSignedAttributes = oid.TSTInfo, nil }},
		"signer 1: the digest algorithm is SHA-512, but the signature is made with SHA-256":   {fresh(), func(s *SignedData) { s.Signers[0].DigestAlgorithm.ID = oid.SHA512 }},
		"signer 1: the hash pkcs7-data is not known":                                          {fresh(), func(s *SignedData) { s.Signers[0].DigestAlgorithm.ID = oid.Data }},
		"signer 1: the signature does not verify: it is not one of this key over these bytes": {fresh(), func(s *SignedData) { s.Signers[0].RawSignedAttributes[9] ^= 1 }},
		"signer 1: the content is of the type Data and no OCTET STRING":                       {fresh(), func(s *SignedData) { s.encoded = true }},
		"65 signatures are more than are checked (64)":                                        {fresh(), func(s *SignedData) { s.Signers = make([]SignerInfo, 65) }},
	} {
		c.damage(c.s)
		_, err := c.s.Verify(nil, certificateFor(t, k))
		if err == nil || err.Error() != want {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// certificateFor makes a certificate of k with the name CN=x and number 1.
func certificateFor(t testing.TB, k *key.Private) *cert.Certificate {
	t.Helper()
	name := byName("CN=x", 1).Issuer
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	tbs := cert.AppendTBS(nil, &cert.TBS{Serial: []byte{1}, Signature: algorithm.Identifier.Raw, Issuer: name.Raw, Subject: name.Raw, PublicKey: k.Public.Raw,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)})
	signature, err := key.Sign(k.Signer, algorithm, tbs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(cert.Assemble(nil, tbs, algorithm.Identifier.Raw, signature))
	if err != nil {
		t.Fatal(fmt.Errorf("making a certificate: %w", err))
	}
	return c
}
