package crmf

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/internal/specimen"
)

func element(tag der.Tag, parts ...string) string {
	var b der.Builder
	b.AddString(tag, strings.Join(parts, ""))
	return string(b.Bytes())
}

func seq(parts ...string) string { return element(der.Sequence, parts...) }

func tagged(n uint8, parts ...string) string { return element(der.ContextConstructed(n), parts...) }

// one is a batch of one message with this template, and what follows it.
func one(template string, after ...string) string {
	return seq(seq(seq("\x02\x01\x00", seq(template)), strings.Join(after, "")))
}

const cn = "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01a"

func control(id string, value ...string) string {
	return seq(seq("\x02\x01\x00", seq(), seq(seq(element(der.ObjectIdentifier, id), strings.Join(value, "")))))
}

func withControl(id string, value ...string) string { return seq(control(id, value...)) }

func TestDeviations(t *testing.T) {
	san := seq("\x06\x03\x55\x1d\x11", "\x04\x02\x30\x00")
	for _, test := range []struct{ want, raw string }{
		{"", one(tagged(5, cn))},
		{"", one("")},
		{"2 bytes follow the request", one("") + "\x05\x00"},
		{"the encoding is not DER: INTEGER is empty or padded", seq(seq(seq("\x02\x02\x00\x01", seq())))},
		{"one CertReqMsg stands by itself; it should be inside a CertReqMessages", seq(seq("\x02\x01\x00", seq()))},
		{"more than one message has the certReqId 0", seq(seq(seq("\x02\x01\x00", seq())), seq(seq("\x02\x01\x00", seq())))},
		{"the version is 1; if one is given it must be 2", one("\x80\x01\x01")},
		{"the encoding of the version is not DER: INTEGER is empty or padded", one("\x80\x02\x00\x02")},
		{"the encoding of the serial number is not DER: INTEGER is empty or padded", one("\x81\x02\x00\x02")},
		{"the subject is tagged implicitly; the tag of a Name must be explicit", one("\xa5" + cn[1:])},
		{"the issuer cannot be read: ", one(tagged(3, "\x05\x00"))},
		{"the subject cannot be read: ", one(tagged(5, "\x05\x00"))},
		{"the validity has neither of its times", one(tagged(4))},
		{"the public key cannot be read: ", one(tagged(6))},
		{"the extensions cannot be read: ", one(tagged(9, "\x05\x00"))},
		{"the extensions are there and empty; they should be left away", one(tagged(9))},
		{"the extension X509v3 Subject Alternative Name is asked for more than once", one(tagged(9, san, san))},
		{"the extension X509v3 Subject Alternative Name says that it is not critical; DER leaves the default away", one(tagged(9, seq("\x06\x03\x55\x1d\x11", "\x01\x01\x00", "\x04\x02\x30\x00")))},
		{"the template holds [12], which no field has", one("\x8c\x00")},
		{"the field version of the template is not in its place", one(tagged(5, cn) + "\x80\x01\x02")},
		{"raVerified is not written as the tag [0] and nothing in it", one("", "\xa0\x02\x05\x00")},
		{"subsequentMessage is 5, which means nothing", one("", "\xa2\x03\x81\x01\x05")},
		{"the encoding of the subsequentMessage is not DER: INTEGER is empty or padded", one("", "\xa2\x04\x81\x02\x00\x01")},
		{"the template lacks the subject or the public key, and yet there is no poposkInput", one("", tagged(1, seq("\x06\x01\x2a"), "\x03\x02\x00\x01"))},
		{"the signature does not end on a whole octet", one("", tagged(1, seq("\x06\x01\x2a"), "\x03\x02\x01\x02"))},
		{"regInfo is there and empty; it should be left away", one("", seq())},
		{"2 bytes follow at the end of the message", one("", "\x80\x00", "\x05\x00")},
		{"2 bytes follow at the end of certReq", seq(seq(seq("\x02\x01\x00", seq(), "\x05\x00")))},
		{"the value of regToken cannot be read: found INTEGER where UTF8String belongs", withControl(string(RegToken), "\x02\x01\x00")},
		{"the value of pkiPublicationInfo cannot be read: action: INTEGER is missing", withControl(string(Publication), seq())},
		{"the value of pkiPublicationInfo cannot be read: pubInfos: pubMethod: INTEGER is missing", withControl(string(Publication), seq("\x02\x01\x00", seq(seq())))},
		{"the value of pkiPublicationInfo cannot be read: pubInfos: pubLocation: ", withControl(string(Publication), seq("\x02\x01\x00", seq(seq("\x02\x01\x00", "\x86\x01a\x86\x01b"))))},
		{"the value of pkiArchiveOptions cannot be read: there is no alternative with the tag [7]", withControl(string(Archive), "\x87\x00")},
		{"the value of pkiArchiveOptions cannot be read: encrypted key: found NULL where", withControl(string(Archive), tagged(0, "\x05\x00"))},
		{"the value of pkiArchiveOptions cannot be read: encrypted value: encValue: BIT STRING is missing", withControl(string(Archive), tagged(0, seq()))},
		{"the value of oldCertID cannot be read: issuer: the data end", withControl(string(OldCertID), seq())},
		{"the value of oldCertID cannot be read: serialNumber: INTEGER is missing", withControl(string(OldCertID), seq("\x86\x01a"))},
		{"the value of protocolEncrKey cannot be read: ", withControl(string(ProtocolEncrKey), "\x05\x00")},
		{"the value of utf8Pairs cannot be read: there is no pair in it", withControl(string(UTF8Pairs), "\x0c\x00")},
		{"the value of certReq cannot be read: reading a certificate request: certReqId: INTEGER is missing", withControl(string(CertReq), seq())},
	} {
		all, err := Parse([]byte(test.raw))
		if err != nil {
			t.Errorf("%q: %v", test.want, err)
			continue
		}
		got := strings.Join(slices.Concat(all.Deviations, all.List[0].Deviations), "; ")
		if !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("deviations %q, want %q", got, test.want)
		}
		if strings.HasPrefix(test.want, "more than one") != (all.Duplicate() != nil) {
			t.Errorf("%q: duplicate %v", test.want, all.Duplicate())
		}
		if err := all.List[0].CheckPossession([]byte("x")); err == nil {
			t.Errorf("%q: possession is proven", test.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	deep := ""
	for range 70 {
		deep = seq(deep)
	}
	many := strings.Repeat(seq(seq("\x02\x01\x00", seq())), MaxMessages+1)
	alg := seq("\x06\x01\x2a")
	for _, test := range []struct{ want, raw string }{
		{"SEQUENCE is missing", ""},
		{"found NULL where SEQUENCE belongs", "\x05\x00"},
		{"there is no message in it", seq()},
		{"there are more than 1000 messages", seq(many)},
		{"elements are nested more than 64 deep", deep},
		{"they are 16777217 bytes long; at most 16777216 are read", strings.Repeat("\x00", MaxSize+1)},
		{"message 1: certReq: SEQUENCE is missing", seq(seq())},
		{"message 1: certReq: certReqId: INTEGER is missing", seq(seq(seq()))},
		{"message 1: certReq: certReqId: the number has 65 octets; at most 64 are read", seq(seq(seq(element(der.Integer, strings.Repeat("\x01", 65)), seq())))},
		{"message 1: certReq: certTemplate: SEQUENCE is missing", seq(seq(seq("\x02\x01\x00")))},
		{"certTemplate: version: its tag says the wrong of constructed and primitive", one("\xa0\x03\x02\x01\x02")},
		{"certTemplate: subject: it is there twice", one(tagged(5, cn) + tagged(5, cn))},
		{"certTemplate: signingAlg: ", one(tagged(2))},
		{"certTemplate: validity: found NULL where a time belongs", one(tagged(4, tagged(0, "\x05\x00")))},
		{"certTemplate: issuerUID: BIT STRING has no valid count of unused bits", one("\x87\x00")},
		{"certTemplate: subjectUID: BIT STRING has no valid count of unused bits", one("\x88\x00")},
		{"certTemplate: the data end before the element does", one("\x88")},
		{"controls: there are more than 100", seq(seq(seq("\x02\x01\x00", seq(), seq(strings.Repeat(seq("\x06\x01\x2a", "\x05\x00"), 101)))))},
		{"controls: type: OBJECT IDENTIFIER is missing", seq(seq(seq("\x02\x01\x00", seq(), seq(seq()))))},
		{"controls: value of regToken: the data end", withControl(string(RegToken))},
		{"regInfo: found NULL where SEQUENCE belongs", one("", seq("\x05\x00"))},
		{"popo: there is no proof of possession with the tag [9] in this form", one("", "\x89\x00")},
		{"popo: signature: algorithmIdentifier: SEQUENCE is missing", one("", tagged(1))},
		{"popo: signature: signature: BIT STRING is missing", one("", tagged(1, alg))},
		{"popo: signature: signature: BIT STRING has no valid", one("", tagged(1, alg, "\x03\x00"))},
		{"popo: signature: 2 bytes too many", one("", tagged(1, alg, "\x03\x01\x00", "\x05\x00"))},
		{"poposkInput: sender: ", one("", tagged(1, tagged(0, tagged(0)), alg))},
		{"poposkInput: publicKeyMAC: SEQUENCE is missing", one("", tagged(1, tagged(0), alg))},
		{"poposkInput: publicKeyMAC: algId: SEQUENCE is missing", one("", tagged(1, tagged(0, seq()), alg))},
		{"poposkInput: publicKeyMAC: value: the BIT STRING does not end on a whole octet", one("", tagged(1, tagged(0, seq(alg, "\x03\x02\x01\x02")), alg))},
		{"poposkInput: publicKey: SEQUENCE is missing", one("", tagged(1, tagged(0, tagged(0, "\x86\x01a")), alg))},
		{"popo: keyAgreement: there is no way to prove possession with the tag [7] in this form", one("", tagged(3, "\x87\x00"))},
		{"popo: keyEncipherment: thisMessage: BIT STRING has no valid", one("", tagged(2, "\x80\x00"))},
		{"popo: keyEncipherment: the data end", one("", tagged(2))},
		{"popo: keyAgreement: agreeMAC: algId: SEQUENCE is missing", one("", tagged(3, tagged(3)))},
	} {
		_, err := Parse([]byte(test.raw))
		if err == nil || !strings.HasPrefix(err.Error(), "reading certificate request messages: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	if _, err := Parse([]byte("\x30\x80\x30\x00\x00\x00")); !errors.Is(err, ErrIndefinite) {
		t.Error(err)
	}
	if _, err := Parse([]byte(seq("\x30\x80\x00\x00"))); !errors.Is(err, ErrIndefinite) {
		t.Error(err)
	}
	for _, raw := range []string{"", "\x05\x00"} {
		if _, _, err := ParseTemplate([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "reading a certificate template: ") {
			t.Error(err)
		}
	}
}

func TestIsTellsFormatsApart(t *testing.T) {
	for _, name := range specimen.Names(t, ".csr", ".crt", ".crl") {
		if b := specimen.File(t, name); bytes.Count(b, []byte("-----BEGIN")) == 1 && Is(specimen.DER(t, name)) {
			t.Errorf("%s is taken for a certificate request message", name)
		}
	}
	for raw, want := range map[string]bool{"": false, seq(): false, one(""): true, seq(seq("\x02\x01\x00", seq())): true} {
		if Is([]byte(raw)) != want {
			t.Errorf("%x: %v", raw, !want)
		}
	}
}

func TestProofsOfOtherKinds(t *testing.T) {
	value := seq(tagged(0, "\x06\x01\x2a"), tagged(1, "\x06\x01\x2a"), "\x82\x02\x00k", tagged(3, "\x06\x01\x2a"), "\x84\x01h", "\x03\x02\x00v")
	mac := seq(seq("\x06\x01\x2a"), "\x03\x02\x00m")
	for _, test := range []struct {
		raw  string
		want Method
	}{
		{tagged(2, element(der.Context(0), "\x00", value)), ThisMessage},
		{tagged(3, element(der.Context(2), "\x00m")), DHMAC},
		{tagged(3, "\xa3"+mac[1:]), AgreeMAC},
		{tagged(2, tagged(4, "\x02\x01\x00")), EncryptedKeyProof},
	} {
		all, err := Parse([]byte(one("", test.raw)))
		if err != nil {
			t.Fatal(err)
		}
		m := all.List[0]
		if k := m.Proof.PrivateKey; k.Method != test.want || len(m.Deviations) > 0 || !bytes.Equal(rebuild(t, m), m.Raw) {
			t.Errorf("%+v, %q", k, m.Deviations)
		}
		if test.want != ThisMessage {
			continue
		}
		v, err := ParseEncryptedValue(m.Proof.PrivateKey.Bits)
		if err != nil || v.IntendedAlgorithm == nil || v.SymmetricAlgorithm == nil || string(v.EncryptedKey) != "k" || v.KeyAlgorithm == nil || string(v.ValueHint) != "h" || string(v.Value) != "v" {
			t.Errorf("%+v, %v", v, err)
		}
	}
	a, err := ParseArchiveOptions([]byte("\x81\x01p"))
	if err != nil || string(a.KeyGeneration) != "p" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = ParseArchiveOptions([]byte(tagged(0, tagged(0, "\x02\x01\x00"))))
	if err != nil || a.EncryptedKey == nil || string(a.EncryptedKey.Enveloped) != seq("\x02\x01\x00") {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestArchiveOptionsAreWrittenAsRead(t *testing.T) {
	for _, raw := range []string{"\x82\x01\xff", "\x82\x01\x00", "\x81\x01p", tagged(0, tagged(0, "\x02\x01\x00")), tagged(0, seq("\x03\x02\x00v"))} {
		a, err := ParseArchiveOptions([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if made, err := NewArchiveOptions(a); err != nil || string(made.Value) != raw || made.ID != Archive {
			t.Errorf("%x: %x, %v", raw, made.Value, err)
		}
	}
	if _, err := NewArchiveOptions(ArchiveOptions{}); err == nil || err.Error() != "the archive options say nothing" {
		t.Error(err)
	}
}

func TestEnvelopedKey(t *testing.T) {
	dir := workshop(t)
	in := specimen.DER(t, "p256.csr")
	out, _, ok := specimen.OpenSSL(t, in, "cms", "-encrypt", "-binary", "-outform", "DER", "-aes256", dir+"/ca.crt")
	if !ok {
		t.Fatal("openssl cms fails")
	}
	info := der.Reader(out)
	e, err := info.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	fields := e.Children()
	if _, err := fields.Next(); err != nil {
		t.Fatal(err)
	}
	content, err := fields.Next()
	if err != nil {
		t.Fatal(err)
	}
	all, err := Parse([]byte(one("", tagged(3, "\xa4"+string(content.Content[1:])))))
	if err != nil {
		t.Fatal(err)
	}
	data, err := ParseEnveloped(all.List[0].Proof.PrivateKey.Enveloped)
	if err != nil || len(data.Recipients) != 1 {
		t.Errorf("%+v, %v", data, err)
	}
	if _, err := ParseEnveloped(nil); err == nil {
		t.Error("nothing was taken for an EnvelopedData")
	}
}

func TestEncKeyWithID(t *testing.T) {
	for _, test := range []struct{ raw, text, name string }{
		{seq(seq()), "", ""},
		{seq(seq(), "\x0c\x02me"), "me", ""},
		{seq(seq(), "\x82\x01a"), "", "a"},
	} {
		k, err := ParseEncKeyWithID([]byte(test.raw))
		if err != nil || string(k.PrivateKey) != seq() || k.Text != test.text || (k.Name != nil) != (test.name != "") || k.Name != nil && k.Name.Text() != test.name {
			t.Errorf("%+v, %v", k, err)
		}
	}
	for _, raw := range []string{"", seq(), seq(seq(), "\x0c"), seq(seq(), "\x05\x00"), seq(seq(), "\x0c\x00\x05\x00")} {
		if _, err := ParseEncKeyWithID([]byte(raw)); err == nil || !strings.HasPrefix(err.Error(), "private key with identifier: ") {
			t.Errorf("%x: %v", raw, err)
		}
	}
}

func TestPairs(t *testing.T) {
	for _, test := range []struct {
		text string
		want []Pair
	}{
		{"version?1%", []Pair{{"version", "1"}}},
		{"version?1", []Pair{{"version", "1"}}},
		{"version?1%corp_company?Example, Inc.%org_unit?%", []Pair{{"version", "1"}, {"corp_company", "Example, Inc."}, {"org_unit", ""}}},
		{"a?50%25 off%3F%b?x%", []Pair{{"a", "50% off?"}, {"b", "x"}}},
		{"city?K%C3%B6ln%address?x%", []Pair{{"city", "Köln"}, {"address", "x"}}},
		{"a?b%3fc%zip?1%", []Pair{{"a", "b?c"}, {"zip", "1"}}},
	} {
		got, err := ParsePairs(test.text)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, %v", test.text, got, err)
		}
		if again, err := ParsePairs(FormatPairs(test.want)); err != nil || !slices.Equal(again, test.want) {
			t.Errorf("%q: written %q, read %q, %v", test.text, FormatPairs(test.want), again, err)
		}
	}
	for text, want := range map[string]string{
		"":                                    "there is no pair in it",
		"a":                                   `"a" has no question mark between name and value`,
		"?b%":                                 "a pair has no name",
		"a?b?c%":                              `"b" has no percent sign at the end of the value`,
		"a?b%%c?d%":                           `"b%%c" has more than one end of a value`,
		"a?b%x%":                              `"b%x" has a percent sign that is neither an escape nor the end of a value`,
		"a?%FF%":                              `"%FF" is not valid UTF-8 once its escapes are read`,
		"a?b%" + strings.Repeat("xy?b%", 100): "there are more than 100 pairs",
	} {
		if _, err := ParsePairs(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// seeds are batches of every kind of message.
func seeds(t testing.TB) [][]byte {
	m, err := Create(full(t))
	if err != nil {
		t.Fatal(err)
	}
	list := [][]byte{Marshal(m), Marshal(m, signed(t, ""), signed(t, "secret")), m.Raw}
	for _, proof := range []string{"\x80\x00", "\xa2\x03\x81\x01\x00", "\xa3\x03\x81\x01\x01", tagged(3, tagged(3, seq("\x06\x01\x2a"), "\x03\x02\x00m")), tagged(2, tagged(4, "\x02\x01\x00")), tagged(2, element(der.Context(0), "\x00", seq("\x03\x02\x00v")))} {
		list = append(list, []byte(one(tagged(5, cn), proof)))
	}
	return append(list, []byte(withControl(string(CertReq), seq("\x02\x01\x00", seq(tagged(5, cn))))))
}

func examine(t testing.TB, raw []byte) {
	Is(raw)
	all, err := Parse(raw)
	if err != nil {
		return
	}
	if !bytes.Equal(slices.Concat(all.Raw, all.Trailing), raw) {
		t.Fatal("bytes were lost")
	}
	for _, m := range all.List {
		_ = m.CheckPossession([]byte("secret"))
		if p := m.Proof; p != nil && p.PrivateKey != nil {
			_, _ = ParseEncryptedValue(p.PrivateKey.Bits)
			_, _ = ParseEnveloped(p.PrivateKey.Enveloped)
		}
		if len(all.Deviations)+len(m.Deviations) == 0 && !bytes.Equal(rebuild(t, m), m.Raw) {
			t.Fatalf("rebuilt from its parts it is %x, it was %x", rebuild(t, m), m.Raw)
		}
	}
}

func TestMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 211))
	list := seeds(t)
	for i := range 10_000 {
		raw := bytes.Clone(list[i%len(list)])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(raw))
			switch random.IntN(3) {
			case 0:
				raw[at] = byte(random.Uint32())
			case 1:
				raw[at] ^= 1 << random.IntN(8)
			case 2:
				raw = slices.Delete(raw, at, min(len(raw), at+1+random.IntN(4)))
			}
			if len(raw) == 0 {
				break
			}
		}
		examine(t, raw)
	}
}

func FuzzParse(f *testing.F) {
	for _, raw := range seeds(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { examine(t, raw) })
}
