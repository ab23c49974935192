package cms

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestNormalize(t *testing.T) {
	for name, c := range map[string]struct{ in, want, err string }{
		"DER":                    {"30 03 02 01 05", "30 03 02 01 05", ""},
		"indefinite":             {"30 80 02 01 05 00 00", "30 03 02 01 05", ""},
		"nested":                 {"30 80 30 80 05 00 00 00 00 00", "30 04 30 02 05 00", ""},
		"inside definite":        {"30 08 30 80 02 01 05 00 00 00", "", "reading BER: the data end before the element does"},
		"definite outside":       {"30 07 30 80 02 01 05 00 00", "30 05 30 03 02 01 05", ""},
		"octet string":           {"24 80 04 02 01 02 04 01 03 00 00", "04 03 01 02 03", ""},
		"definite octet string":  {"24 04 04 02 01 02", "04 02 01 02", ""},
		"octet string in two":    {"24 80 24 80 04 01 01 00 00 04 01 02 00 00", "04 02 01 02", ""},
		"empty octet string":     {"24 80 00 00", "04 00", ""},
		"bit string":             {"23 80 03 02 00 ff 03 02 04 f0 00 00", "03 03 04 ff f0", ""},
		"empty bit string":       {"23 80 00 00", "03 01 00", ""},
		"UTF8String":             {"2c 80 04 01 61 0c 01 62 00 00", "0c 02 61 62", ""},
		"long length kept":       {"30 81 03 02 01 05", "30 81 03 02 01 05", ""},
		"long length beside BER": {"30 80 30 81 00 00 00", "30 03 30 81 00", ""},
		"context kept":           {"a0 80 04 01 01 00 00", "a0 03 04 01 01", ""},
		"high tag":               {"bf 81 01 80 05 00 00 00", "bf 81 01 02 05 00", ""},
		"empty content":          {"30 80 00 00", "30 00", ""},
		"nothing":                {"", "", "reading BER: the data end before the element does"},
		"no end":                 {"30 80 05 00", "", "reading BER: the data end before the element does"},
		"cut in two":             {"30 80 05 00 00", "", "reading BER: the data end before the element does"},
		"trailing":               {"05 00 00", "", "reading BER: 1 bytes too many at the end"},
		"primitive":              {"04 80 00 00", "", "reading BER: a primitive element has an indefinite length"},
		"mixed string":           {"24 80 02 01 05 00 00", "", "reading BER: a constructed OCTET STRING holds INTEGER"},
		"mixed bits":             {"23 80 04 01 05 00 00", "", "reading BER: a constructed BIT STRING holds OCTET STRING"},
		"unused bits":            {"23 80 03 02 04 f0 03 02 00 ff 00 00", "", "reading BER: a segment of a BIT STRING that is not the last has unused bits"},
		"long":                   {"30 88 ff ff ff ff ff ff ff ff", "", "reading BER: the data end before the element does"},
		"short of length":        {"30 82 01", "", "reading BER: the data end before the element does"},
		"long tag":               {"1f ff ff ff ff ff ff ff 7f 00", "", "reading BER: the data end before the element does"},
		"deep":                   {strings.Repeat("3080", 70) + strings.Repeat("0000", 70), "", "reading BER: elements are nested more than 64 deep"},
	} {
		got, err := Normalize(unhex(c.in))
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %x, %v; want %q", name, got, err, c.err)
			}
			continue
		}
		if err != nil || !bytes.Equal(got, unhex(c.want)) {
			t.Errorf("%s: %x, %v; want %s", name, got, err, c.want)
		}
	}
}

// A definite element around an indefinite one of 256 to 65535 octets keeps its
// length when the inside is written anew.
func TestNormalizeWhereLengthsAgree(t *testing.T) {
	var inner der.Builder
	inner.Add(der.OctetString, make([]byte, 300))
	indefinite := append(append([]byte{0x30, 0x80}, inner.Bytes()...), 0, 0)
	var outer der.Builder
	outer.Add(der.Sequence, indefinite)
	got, err := Normalize(outer.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := der.Strict(got); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	dir := workshop(f)
	for _, command := range []string{
		sign + "-nodetach -binary -stream",
		"openssl cms -encrypt -in rsa.crt -binary -outform DER -aes256 ec.crt",
		"openssl cms -encrypt -in rsa.crt -binary -stream -outform DER -aes-256-gcm rsa.crt",
		"openssl cms -EncryptedData_encrypt -aes128 -secretkey 000102030405060708090A0B0C0D0E0F -in ec.crt -outform DER",
		"openssl crl2pkcs7 -in ec.crl -certfile rsa.crt -outform DER",
	} {
		f.Add(run(f, dir, command))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := Parse(data)
		if err != nil {
			return
		}
		again, err := Normalize(info.DER)
		if err != nil || !bytes.Equal(again, info.DER) {
			t.Fatalf("what was normalized is not normal: %v", err)
		}
		if s, err := info.SignedData(); err == nil && len(s.Signers) == 0 && s.ContentType == "" {
			t.Fatal("a SignedData without a content type is accepted")
		}
		_, _ = info.EnvelopedData()
		_, _ = info.EncryptedData()
	})
}
