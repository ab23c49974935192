package ext

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

func TestParseOddExtensions(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"3000", ""},
		{"31", "extensions: found SET where SEQUENCE belongs"},
		{"30023003", "extension 1: the data end before the element does"},
		{"30023000", "extension 1: OBJECT IDENTIFIER is missing"},
		{"300b30090603551d110101ff04", "extension 1: X509v3 Subject Alternative Name: value: OCTET STRING: the data end before the element does"},
		{"300a30080603551d110101ff", "extension 1: X509v3 Subject Alternative Name: value: OCTET STRING is missing"},
		{"300a30080603551d11010200ff", "extensions: 1 bytes too many at the end"},
		{"300b30090603551d11010200ff", "extension 1: X509v3 Subject Alternative Name: criticality: BOOLEAN is not one octet long"},
		{"300b30090603551d1104000500", "extension 1: X509v3 Subject Alternative Name: 2 bytes too many at the end"},
	} {
		raw, _ := hex.DecodeString(strings.ReplaceAll(c.raw, " ", ""))
		got := ""
		if _, err := Parse(raw); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("Parse(%s): %s, want %s", c.raw, got, c.want)
		}
	}
	// A criticality of FALSE that is written out, and a repeated extension, are kept.
	raw, _ := hex.DecodeString("3018" + "300a0603551d11010100" + "0400" + "300a0603551d110101ff0400")
	list, err := Parse(raw)
	if err != nil || len(list) != 2 || list[0].Critical || !list[1].Critical || !bytes.Equal(Marshal(list), raw) {
		t.Errorf("%v, %v", list, err)
	}
}

// made are extensions that the openssl command cannot be asked for here.
func made(t *testing.T) []Extension {
	t.Helper()
	relative, err := dn.ParseText("CN=a+OU=b")
	if err != nil {
		t.Fatal(err)
	}
	list := []Extension{
		NewCRLNumber(new(big.Int).Lsh(big.NewInt(1), 150)),
		NewDeltaCRLIndicator(big.NewInt(0)),
		NewReasonCode(9),
		NewInvalidityDate(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)),
		NewHoldInstruction(HoldInstructionReject),
		NewCertificateIssuer(mustNames(t, "dir:CN=a")),
		NewNoRevAvail(),
		NewAuthorityKeyIdentifier([]byte{1, 2}),
		NewFullAuthorityKeyIdentifier(AuthorityKeyIdentifier{KeyID: []byte{1}, Issuer: mustNames(t, "dir:CN=a"), Serial: big.NewInt(200)}),
		NewApplicationPolicies([]oid.OID{oid.ServerAuth}),
		NewCertificatePolicies([]oid.OID{oid.AnyPolicy}),
		NewCRLDistributionPoints([]string{"http://a.example/1", "http://a.example/2"}),
		NewTemplate(Template{ID: oid.ServerAuth, Major: -1, Minor: -1}),
		NewBasicConstraints(BasicConstraints{PathLen: 4}, false),
	}
	for _, p := range []IssuingDistributionPoint{
		{FullName: mustNames(t, "uri:http://a.example/"), OnlyUserCerts: true},
		{RelativeName: relative.RDNs[0], OnlyCACerts: true, OnlyReasons: 1 << 1, Indirect: true},
		{OnlyAttributeCerts: true},
	} {
		x, err := NewIssuingDistributionPoint(p)
		list = append(list, mustMake(t, x, err))
		back, err := ParseIssuingDistributionPoint(x.Value)
		if err != nil || back.OnlyUserCerts != p.OnlyUserCerts || back.OnlyCACerts != p.OnlyCACerts || back.OnlyAttributeCerts != p.OnlyAttributeCerts ||
			back.Indirect != p.Indirect || back.OnlyReasons != p.OnlyReasons || !reflect.DeepEqual(back.FullName, p.FullName) || len(back.RelativeName) != len(p.RelativeName) {
			t.Errorf("%+v comes back as %+v, %v", p, back, err)
		}
	}
	x, err := NewObjectSID("S-1-5-21-1004336348-1177238915-682003330-512")
	list = append(list, mustMake(t, x, err))
	sct, _ := hex.DecodeString("00" + strings.Repeat("ab", 32) + "0000019000000000" + "0002beef" + "0403" + "0003010203")
	x, err = NewSCTList([][]byte{sct, {1, 2, 3}})
	return append(list, mustMake(t, x, err))
}

func TestMadeValuesComeBack(t *testing.T) {
	for _, x := range made(t) {
		again, err := remake(x)
		if err != nil || !bytes.Equal(again.Value, x.Value) {
			t.Errorf("%s: %x comes back as %x, %v", x.ID.Name(), x.Value, again.Value, err)
		}
		if err := der.Strict(x.Value); err != nil {
			t.Errorf("%s: %v", x.ID.Name(), err)
		}
	}
}

func TestParsedFields(t *testing.T) {
	list := made(t)
	value := func(id oid.OID) []byte { x, _ := Find(list, id); return x.Value }
	scts, err := ParseSCTList(value(oid.SCTList))
	if err != nil || len(scts) != 2 {
		t.Fatalf("%v, %v", scts, err)
	}
	s := scts[0]
	if s.Version != 0 || s.LogID[31] != 0xab || s.Timestamp.UnixMilli() != 0x19000000000 || !bytes.Equal(s.Extensions, []byte{0xbe, 0xef}) ||
		s.HashAlgorithm != 4 || s.SignatureAlgorithm != 3 || !bytes.Equal(s.Signature, []byte{1, 2, 3}) {
		t.Errorf("%+v", s)
	}
	if scts[1].Version != 1 || !bytes.Equal(scts[1].Raw, []byte{1, 2, 3}) {
		t.Errorf("%+v", scts[1])
	}
	if sid, err := ParseObjectSID(value(oid.NTDSCASecurity)); err != nil || sid != "S-1-5-21-1004336348-1177238915-682003330-512" {
		t.Errorf("%s, %v", sid, err)
	}
	if reason, err := ParseReasonCode(value(oid.ReasonCode)); err != nil || reason != 9 {
		t.Errorf("%d, %v", reason, err)
	}
	if date, err := ParseInvalidityDate(value(oid.InvalidityDate)); err != nil || date.Second() != 6 {
		t.Errorf("%v, %v", date, err)
	}
	if c, err := ParseBasicConstraints(value(oid.BasicConstraints)); err != nil || c != (BasicConstraints{PathLen: -1}) {
		t.Errorf("%v, %v", c, err)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		strings.Join(KeyUsageNames(DigitalSignature|DecipherOnly|1<<9), " "): "digitalSignature decipherOnly bit 9",
		strings.Join(ReasonFlagNames(1<<1|1<<8|1<<9), " "):                   "keyCompromise aACompromise bit 9",
		strings.Join(NetscapeCertTypeNames(1|1<<7|1<<8), " "):                "client objCA bit 8",
		DNS.String() + Unknown.String():                                      "dNSNameunknown",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for text, want := range map[string]KeyUsage{"digitalSignature": DigitalSignature, "key-cert-sign": KeyCertSign, "CRLSIGN": CRLSign, "contentCommitment": NonRepudiation} {
		if got, err := KeyUsageByName(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := KeyUsageByName("x"); err == nil || err.Error() != `"x" is not a key usage; write one of digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly` {
		t.Error(err)
	}
}

func TestMakingRefuses(t *testing.T) {
	second := func(_ Extension, err error) error { return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{second(NewIssuingDistributionPoint(IssuingDistributionPoint{})), "issuingDistributionPoint: nothing is in it; leave the extension out, or say where or what the list is for"},
		{second(NewIssuingDistributionPoint(IssuingDistributionPoint{OnlyCACerts: true, OnlyUserCerts: true})), "issuingDistributionPoint: a list can hold only user, only CA or only attribute certificates; choose one"},
		{second(NewObjectSID("S-1-x")), `object SID: "S-1-x" is not a security identifier; write it like S-1-5-21-1004336348-1177238915-682003330-512`},
		{second(NewNetscapeComment("ü")), `Netscape comment: "ü" has characters outside ASCII; leave them out`},
		{second(NewSCTList([][]byte{make([]byte, 1<<16)})), "SCT list: a timestamp is longer than 65,535 octets"},
		{second(NewSCTList([][]byte{make([]byte, 40000), make([]byte, 40000)})), "SCT list: the timestamps are longer than 65,535 octets; leave some out"},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
}

func TestBrokenValues(t *testing.T) {
	for _, c := range []struct {
		id          oid.OID
		value, want string
	}{
		{oid.BasicConstraints, "05", "basicConstraints: found NULL where SEQUENCE belongs"},
		{oid.BasicConstraints, "30060101ff0201ff", "basicConstraints: pathLenConstraint: -1 is negative"},
		{oid.BasicConstraints, "30020500", "basicConstraints: 2 bytes too many at the end"},
		{oid.KeyUsage, "0300", "keyUsage: BIT STRING has no valid count of unused bits"},
		{oid.ExtKeyUsage, "30020500", "extKeyUsage: purpose 1: found NULL where OBJECT IDENTIFIER belongs"},
		{oid.SubjectKeyIdentifier, "0500", "subjectKeyIdentifier: found NULL where OCTET STRING belongs"},
		{oid.AuthorityKeyIdentifier, "30020500", "authorityKeyIdentifier: 2 bytes too many at the end"},
		{oid.AuthorityKeyIdentifier, "3003a10182", "authorityKeyIdentifier: authorityCertIssuer: general name 1: the data end before the element does"},
		{oid.SubjectAltName, "0500", "general names: found NULL where SEQUENCE belongs"},
		{oid.NameConstraints, "3008a00630048200800101", "nameConstraints: 1 bytes too many at the end"},
		{oid.NameConstraints, "3009a007300582008001" + "01", "nameConstraints: permittedSubtrees: subtree 1: a minimum above 0 is set, which RFC 5280 does not allow"},
		{oid.NameConstraints, "3009a107300582008101" + "01", "nameConstraints: excludedSubtrees: subtree 1: a maximum is set, which RFC 5280 does not allow"},
		{oid.CertificatePolicies, "30020500", "certificatePolicies: policy 1: found NULL where SEQUENCE belongs"},
		{oid.PolicyMappings, "30023000", "policyMappings: mapping 1: OBJECT IDENTIFIER is missing"},
		{oid.PolicyConstraints, "30038001ff", "policyConstraints: [0]: -1 is negative"},
		{oid.InhibitAnyPolicy, "0500", "inhibitAnyPolicy: found NULL where INTEGER belongs"},
		{oid.CRLDistributionPoints, "30020500", "distribution point 1: found NULL where SEQUENCE belongs"},
		{oid.CRLDistributionPoints, "30063004a0020500", "distribution point 1: name: found NULL where fullName or nameRelativeToCRLIssuer belongs"},
		{oid.IssuingDistributionPoint, "3003810200", "issuingDistributionPoint: [1]: the data end before the element does"},
		{oid.AuthorityInfoAccess, "30023000", "information access: description 1: method: OBJECT IDENTIFIER is missing"},
		{oid.TLSFeature, "30020500", "TLS feature: found NULL where INTEGER belongs"},
		{oid.SCTList, "04020001", "SCT list: its length does not match its content"},
		{oid.SCTList, "040400020001", "SCT list: timestamp 1 is cut short"},
		{oid.SCTList, "04050003000100", "SCT list: timestamp 1: it is cut short, or something follows the signature"},
		{oid.SCTList, "040400020000", "SCT list: timestamp 1: it is empty"},
		{oid.CTPoison, "050100", "NULL has content"},
		{oid.PrivateKeyUsagePeriod, "3003800178", `privateKeyUsagePeriod: [0]: "x" is not a time as GeneralizedTime writes it`},
		{oid.MSCertType, "0500", "template name: NULL is not a character string"},
		{oid.MSCertTemplate, "3000", "template: OBJECT IDENTIFIER is missing"},
		{oid.MSCAVersion, "0201ff", "CA version: the number is not of 32 bits"},
		{oid.NTDSCASecurity, "3000", "object SID: the extension names no object"},
		{oid.NetscapeCertType, "0500", "Netscape certificate type: found NULL where BIT STRING belongs"},
		{oid.NetscapeComment, "0500", "Netscape comment: NULL is not a character string"},
		{oid.QCStatements, "30023000", "qcStatements: statement 1: OBJECT IDENTIFIER is missing"},
		{oid.SubjectDirectoryAttributes, "30023000", "subjectDirectoryAttributes: attribute 1: OBJECT IDENTIFIER is missing"},
		{oid.CRLNumber, "0200", "CRL number: INTEGER is empty"},
		{oid.ReasonCode, "020101", "reasonCode: found INTEGER where ENUMERATED belongs"},
		{oid.InvalidityDate, "170130", "invalidityDate: found UTCTime where GeneralizedTime belongs"},
		{oid.HoldInstructionCode, "0500", "holdInstructionCode: found NULL where OBJECT IDENTIFIER belongs"},
	} {
		value, err := hex.DecodeString(c.value)
		if err != nil {
			t.Fatal(err)
		}
		_, err = remake(Extension{ID: c.id, Value: value})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s %s:\n got %v\nwant %s", c.id.Name(), c.value, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x30, 0})
	f.Add([]byte("\x30\x0d\x30\x0b\x06\x03\x55\x1d\x11\x04\x04\x30\x02\x82\x00"))
	for _, x := range []Extension{
		NewBasicConstraints(BasicConstraints{CA: true, PathLen: 1}, true), NewKeyUsage(1), NewExtKeyUsage([]oid.OID{oid.ServerAuth}, false),
		NewCRLDistributionPoints([]string{"http://a"}), NewAuthorityInfoAccess([]string{"http://a"}, nil), NewCertificatePolicies([]oid.OID{oid.AnyPolicy}),
		NewNameConstraints(NameConstraints{Permitted: []GeneralName{NewGeneralName(DNS, []byte("a"))}}), NewTLSFeature([]int{5}), NewCAVersion(CAVersion{1, 2}),
		NewPolicies(oid.CertificatePolicies, []Policy{{ID: oid.AnyPolicy, Qualifiers: []PolicyQualifier{{CPS: "a"}, {Notice: &UserNotice{"o", []int{1}, "t"}}}}}, false),
	} {
		f.Add(Marshal([]Extension{x}))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := Parse(raw)
		if err != nil {
			return
		}
		if out := Marshal(list); der.Strict(raw) == nil && !bytes.Equal(out, raw) {
			t.Fatalf("%x comes back as %x", raw, out)
		}
		for _, x := range list {
			again, err := remake(x)
			if err != nil {
				continue
			}
			if _, err := remake(again); err != nil {
				t.Fatalf("%s: %x is made again as %x, which is not read: %v", x.ID.Name(), x.Value, again.Value, err)
			}
		}
	})
}
