package inspect_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/request"
)

func name(t *testing.T, text string) dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sans(t *testing.T, texts ...string) ext.Extension {
	t.Helper()
	var names []ext.GeneralName
	for _, text := range texts {
		n, err := ext.ParseGeneralName(text)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	return ext.NewSubjectAltName(names, false)
}

// made is a request and the certificate that was made of it, with changes.
func made(t *testing.T) (*request.Request, *cert.Certificate) {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	password, err := pkcs10.NewTextAttribute(oid.ChallengePassword, "hush")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pkcs10.Create(pkcs10.Template{
		Subject: name(t, "CN=a.example,OU=Web,O=Wrong,C=DE"), Attributes: []pkcs10.Attribute{password},
		Extensions: []ext.Extension{
			sans(t, "dns:a.example", "dns:internal"), ext.NewKeyUsage(ext.DigitalSignature | ext.KeyCertSign),
			ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true),
		},
	}, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.FromPKCS10(p)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	tbs := cert.AppendTBS(nil, &cert.TBS{
		Serial: []byte{0x12}, Signature: alg.Identifier.Raw, Issuer: name(t, "CN=Issuing").Raw, Subject: name(t, "CN=a.example,O=Example,C=DE").Raw,
		PublicKey: k.Public.Raw, NotBefore: day, NotAfter: day.AddDate(0, 0, 90),
		Extensions: []ext.Extension{sans(t, "dns:a.example", "dns:www.a.example"), ext.NewKeyUsage(ext.DigitalSignature), ext.NewExtKeyUsage([]oid.OID{oid.ServerAuth}, false)},
	})
	signature, err := key.Sign(k.Signer, alg, tbs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(cert.Assemble(nil, tbs, alg.Identifier.Raw, signature))
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

func TestDiffRequest(t *testing.T) {
	r, c := made(t)
	d := inspect.DiffRequest(r, c, []inspect.Reason{
		{Field: "subject.O", Why: "the profile sets it"}, {Field: "subject", Why: "the profile knows this field not"},
		{Field: "extensions.keyUsage", Why: "the profile sets the key usage"},
		{Field: "subjectAltName", Value: "dns:www.a.example", Why: "the profile adds this name"},
		{Field: "subjectAltName", Value: "dns:internal", Why: "internal names are dropped"},
		{Field: "extension", Why: "set by the profile"},
	})
	const want = `~ subject.organizationName: Wrong
    now: Example
    why: the profile sets it
- subject.organizationalUnitName: Web
    why: the profile knows this field not
- subjectAltName: dns:internal
    why: internal names are dropped
+ subjectAltName: dns:www.a.example
    why: the profile adds this name
- attribute.challengePassword: (not shown)
    why: the attributes of a request are for the authority, and stand in no certificate
+ issuer: CN=Issuing
    why: the authority that signs names itself
+ serialNumber: 12
    why: the authority numbers its certificates
+ notBefore: 2026-12-01 00:00:00 UTC
    why: the authority sets the validity
+ notAfter: 2027-03-01 00:00:00 UTC
    why: the authority sets the validity
+ signatureAlgorithm: ecdsa-with-SHA256
    why: the certificate is signed with the authority's key
~ extension.keyUsage: digitalSignature, keyCertSign (critical)
    now: digitalSignature (critical)
    why: the profile sets the key usage
- extension.basicConstraints: certification authority (critical)
    why: set by the profile
+ extension.extKeyUsage: serverAuth (1.3.6.1.5.5.7.3.1)
    why: set by the profile
= the same: subject.countryName, subject.commonName, subjectAltName, publicKey
`
	var got bytes.Buffer
	if err := d.WriteText(&got); err != nil || got.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got.String(), want)
	}
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Changed bool
		Fields  []inspect.Difference
	}
	if err := json.Unmarshal(out, &read); err != nil || !read.Changed || len(read.Fields) != len(d.Fields) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestDiffOfTheSame(t *testing.T) {
	r, c := made(t)
	for _, d := range []inspect.Diff{inspect.DiffRequests(r, r), inspect.DiffCertificates(c, c)} {
		var got bytes.Buffer
		if err := d.WriteText(&got); err != nil || d.Changed() || !bytes.HasPrefix(got.Bytes(), []byte("nothing differs\n= the same: subject.countryName")) {
			t.Errorf("%v: %s", err, got.String())
		}
	}
}

func TestDiffCertificates(t *testing.T) {
	_, a := made(t)
	_, b := made(t)
	d := inspect.DiffCertificates(a, b)
	var changed []string
	for _, f := range d.Fields {
		if f.Action != inspect.Kept {
			changed = append(changed, f.Field)
		}
	}
	if len(changed) != 1 || changed[0] != "publicKey" {
		t.Errorf("%v", changed)
	}
}

func TestDiffOfOrder(t *testing.T) {
	r, _ := made(t)
	other := *r
	other.Subject = dn.Build(r.Subject.RDNs[1], r.Subject.RDNs[0], r.Subject.RDNs[2], r.Subject.RDNs[3])
	d := inspect.DiffRequests(r, &other)
	if !d.Changed() || d.Fields[4].Field != "subject.order" || d.Fields[4].Action != inspect.Replaced {
		t.Errorf("%+v", d.Fields)
	}
}
