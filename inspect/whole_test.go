package inspect_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/inspect"
)

func shown(t *testing.T, data []byte, o inspect.Options) (text, asJSON string) {
	t.Helper()
	r, err := inspect.Data(data, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), string(out)
}

// strange is a request with values that few have.
func strange(t *testing.T, subject dn.Name) *pkcs10.Request {
	t.Helper()
	k, err := key.Generate("rsa-2048", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	capabilities, err := hex.DecodeString("301b300e06082a864886f70d030202020080300906052b0e030207" + "0500")
	if err != nil {
		t.Fatal(err)
	}
	r, err := pkcs10.Create(pkcs10.Template{Subject: subject, Attributes: []pkcs10.Attribute{
		{ID: oid.SMIMECapabilities, Values: [][]byte{capabilities}},
	}}, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryFieldIsShown(t *testing.T) {
	r := strange(t, name(t, "CN=a.example,C=DE"))
	text, asJSON := shown(t, r.Raw, inspect.Options{MaxEntries: -1})
	joined := strings.Join(strings.Fields(text), "")
	for _, want := range []string{
		"versionv1(0)", hex.EncodeToString(r.Signature), hex.EncodeToString(r.PublicKey.Bits), "commonNamea.example(UTF8String)", "countryNameDE(PrintableString)",
		"rc2-cbc(128)", "des-cbc(#0500)",
	} {
		if !strings.Contains(strings.ToLower(joined), strings.ToLower(want)) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	for _, want := range []string{`"value":"` + hex.EncodeToString(r.Signature), `"value":"` + hex.EncodeToString(r.PublicKey.Bits), `"modulus":"`, `"encoding":"UTF8String"`} {
		if !strings.Contains(asJSON, want) {
			t.Errorf("%s is not in %s", want, asJSON)
		}
	}
	if text, _ := shown(t, r.Raw, inspect.Options{}); strings.Contains(text, "UTF8String") || !strings.Contains(text, "… (256 octets)") {
		t.Errorf("everything is shown unasked:\n%s", text)
	}
}

func TestAttributeWithoutValue(t *testing.T) {
	r := strange(t, name(t, "CN=a.example"))
	b := der.NewBuilder(nil)
	whole := b.Begin(der.Sequence)
	info := b.Begin(der.Sequence)
	b.Int(0)
	b.Raw(r.Subject.Raw, r.PublicKey.Raw)
	attributes := b.Begin(0xa0)
	attribute := b.Begin(der.Sequence)
	b.OID(string(oid.UnstructuredName))
	b.Add(der.Set, nil)
	b.End(attribute)
	b.End(attributes)
	b.End(info)
	b.Raw(r.SignatureAlgorithm.Raw)
	b.Bits(r.Signature)
	b.End(whole)
	if text, _ := shown(t, b.Bytes(), inspect.Options{}); !strings.Contains(text, "unstructuredName  (no value)") {
		t.Errorf("got\n%s", text)
	}
}

func TestNotesOnNames(t *testing.T) {
	for value, want := range map[string]string{
		"a\x00.example":     "the commonName has a NUL character",
		"a\u202egpj.exe":    "the commonName has a character that turns the direction of writing",
		"a\x1b[2Jexample":   "the commonName has a control character",
		"a\u200b.example":   "the commonName has a character that is not seen",
		"a\xff\xfe.example": "the commonName is no valid UTF8String, and is shown in hexadecimal",
	} {
		subject := dn.Build(dn.RDN{{Type: oid.CommonName, Tag: der.UTF8String, Value: []byte(value)}})
		if text, _ := shown(t, strange(t, subject).Raw, inspect.Options{}); !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("%q: got\n%s", value, text)
		}
	}
}
