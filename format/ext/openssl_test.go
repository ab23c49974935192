package ext

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// openssl runs the command, which the tests need.
func openssl(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("the openssl command is missing; install the package openssl")
	}
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

const configuration = `
[req]
distinguished_name = dn
prompt = no
x509_extensions = x
[dn]
CN = a
[x]
basicConstraints = critical,CA:TRUE,pathlen:3
keyUsage = critical,digitalSignature,keyCertSign,cRLSign,decipherOnly
extendedKeyUsage = serverAuth,clientAuth,1.2.3.4
subjectKeyIdentifier = 0102030405
subjectAltName = critical,@names
issuerAltName = email:ca@host.example,URI:https://ca.example/
nameConstraints = critical,permitted;DNS:.a.example,permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:2001:db8::/ffff:ffff::,excluded;email:b.example,excluded;dirName:sub
certificatePolicies = 1.2.3.4,@policy
policyMappings = 1.2.3.4:1.2.3.5
policyConstraints = critical,requireExplicitPolicy:0,inhibitPolicyMapping:200
inhibitAnyPolicy = critical,2
crlDistributionPoints = point1,point2
freshestCRL = URI:http://crl.example/delta.crl
authorityInfoAccess = OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/ca.crt
subjectInfoAccess = caRepository;URI:http://ca.example/,1.2.3.4;RID:1.2.3
noCheck = ignored
tlsfeature = status_request,17
nsCertType = client,server,objCA
nsComment = hello
1.3.6.1.4.1.311.20.2 = ASN1:BMPString:WebServer
1.3.6.1.4.1.311.21.7 = ASN1:SEQUENCE:template
1.3.6.1.4.1.311.21.1 = ASN1:INTEGER:131073
1.3.6.1.4.1.11129.2.4.3 = critical,ASN1:NULL
1.3.6.1.5.5.7.1.3 = ASN1:SEQUENCE:statements
2.5.29.9 = ASN1:SEQUENCE:directory
2.5.29.16 = ASN1:SEQUENCE:period
[names]
DNS.1 = a.example
DNS.2 = *.b.example
IP.1 = 192.0.2.1
IP.2 = 2001:db8::1
email = a@host.example
URI = https://host.example/path
RID = 1.2.3.4
dirName = sub
otherName.1 = 1.3.6.1.4.1.311.20.2.3;UTF8:user@a.example
otherName.2 = 1.3.6.1.5.5.7.8.7;IA5STRING:_imap.host.example
otherName.3 = 1.2.3.4;UTF8:x
otherName.4 = 1.3.6.1.5.2.2;SEQUENCE:principal
otherName.5 = 1.3.6.1.5.5.7.8.4;SEQUENCE:module
[sub]
C = US
O = Example
[principal]
realm = EXP:0,GeneralString:REALM
name = EXP:1,SEQUENCE:principalname
[principalname]
type = EXP:0,INTEGER:1
string = EXP:1,SEQUENCE:strings
[strings]
s = GeneralString:user
[module]
type = OID:1.2.3.4
serial = FORMAT:HEX,OCT:00ff
[policy]
policyIdentifier = 1.2.3.5
CPS.1 = https://ca.example/cps
userNotice.1 = @notice
[notice]
explicitText = UTF8:Text
organization = Org
noticeNumbers = 1,300
[point1]
fullname = URI:http://crl.example/a.crl,URI:ldap://ldap.example/cn=a
CRLissuer = dirName:sub
reasons = keyCompromise,CACompromise,AACompromise
[point2]
relativename = relative
[relative]
CN = point
[template]
id = OID:1.3.6.1.4.1.311.21.8.1.2
major = INTEGER:100
minor = INTEGER:7
[statements]
one = SEQUENCE:compliance
two = SEQUENCE:retention
[compliance]
id = OID:0.4.0.1862.1.1
[retention]
id = OID:0.4.0.1862.1.3
years = INTEGER:10
[directory]
country = SEQUENCE:citizenship
[citizenship]
type = OID:1.3.6.1.5.5.7.9.4
values = SET:countries
[countries]
one = PRINTABLESTRING:US
[period]
from = IMPLICIT:0,GENERALIZEDTIME:20260101000000Z
to = IMPLICIT:1,GENERALIZEDTIME:20270101000000Z
`

func mustName(t *testing.T, text string) GeneralName {
	t.Helper()
	n, err := ParseGeneralName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustNames(t *testing.T, texts ...string) []GeneralName {
	t.Helper()
	var names []GeneralName
	for _, text := range texts {
		names = append(names, mustName(t, text))
	}
	return names
}

func mustConstraints(t *testing.T, texts ...string) []GeneralName {
	t.Helper()
	var names []GeneralName
	for _, text := range texts {
		n, err := ParseConstraint(text)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	return names
}

func mustID(t *testing.T, text string) oid.OID {
	t.Helper()
	id, err := oid.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func mustMake(t *testing.T, x Extension, err error) Extension {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// ours makes with our functions what the configuration makes with OpenSSL's.
func ours(t *testing.T) []Extension {
	id := func(s string) oid.OID { return mustID(t, s) }
	uri := func(s string) GeneralName { return NewGeneralName(URI, []byte(s)) }
	sub := mustName(t, "dir:/C=US/O=Example")
	relative, err := dn.ParseText("CN=point")
	if err != nil {
		t.Fatal(err)
	}
	return []Extension{
		NewBasicConstraints(BasicConstraints{CA: true, PathLen: 3}, true),
		NewKeyUsage(DigitalSignature | KeyCertSign | CRLSign | DecipherOnly),
		NewExtKeyUsage([]oid.OID{oid.ServerAuth, oid.ClientAuth, id("1.2.3.4")}, false),
		NewSubjectKeyIdentifier([]byte{1, 2, 3, 4, 5}),
		NewSubjectAltName(mustNames(t, "DNS:a.example", "DNS:*.b.example", "IP:192.0.2.1", "IP:2001:db8::1", "email:a@host.example",
			"URI:https://host.example/path", "RID:1.2.3.4", "dirName:/C=US/O=Example", "upn:user@a.example", "srv:_imap.host.example",
			"otherName:1.2.3.4;UTF8:x", "krb5:user@REALM", "hw:1.2.3.4;00ff"), true),
		NewIssuerAltName(mustNames(t, "email:ca@host.example", "URI:https://ca.example/")),
		NewNameConstraints(NameConstraints{
			Permitted: mustConstraints(t, "dns:.a.example", "ip:10.0.0.0/8", "ip:2001:db8::/32"),
			Excluded:  mustConstraints(t, "email:b.example", "dir:/C=US/O=Example"),
		}),
		NewPolicies(oid.CertificatePolicies, []Policy{{ID: id("1.2.3.4")}, {ID: id("1.2.3.5"), Qualifiers: []PolicyQualifier{
			{CPS: "https://ca.example/cps"},
			{Notice: &UserNotice{Organization: "Org", Numbers: []int{1, 300}, ExplicitText: "Text"}},
		}}}, false),
		{ID: oid.PolicyMappings, Value: NewPolicyMappings([]PolicyMapping{{id("1.2.3.4"), id("1.2.3.5")}}).Value},
		NewPolicyConstraints(PolicyConstraints{0, 200}),
		NewInhibitAnyPolicy(2),
		NewDistributionPoints(oid.CRLDistributionPoints, []DistributionPoint{
			{FullName: []GeneralName{uri("http://crl.example/a.crl"), uri("ldap://ldap.example/cn=a")}, Reasons: 1<<1 | 1<<2 | 1<<8, CRLIssuer: []GeneralName{sub}},
			{RelativeName: relative.RDNs[0]},
		}, false),
		NewFreshestCRL([]string{"http://crl.example/delta.crl"}),
		NewAuthorityInfoAccess([]string{"http://ocsp.example/"}, []string{"http://ca.example/ca.crt"}),
		NewAccess(oid.SubjectInfoAccess, []AccessDescription{{oid.AccessCARepository, uri("http://ca.example/")}, {id("1.2.3.4"), mustName(t, "rid:1.2.3")}}),
		NewTLSFeature([]int{StatusRequest, 17}),
		NewOCSPNoCheck(),
		NewNetscapeCertType(1 | 2 | 1<<7),
		mustNetscapeComment(t, "hello"),
		NewTemplateName("WebServer"),
		NewTemplate(Template{id("1.3.6.1.4.1.311.21.8.1.2"), 100, 7}),
		NewCAVersion(CAVersion{Certificate: 1, Key: 2}),
		NewCTPoison(),
		NewQCStatements([]QCStatement{{ID: id("0.4.0.1862.1.1")}, {ID: id("0.4.0.1862.1.3"), Info: []byte{2, 1, 10}}}, false),
		NewSubjectDirectoryAttributes([]DirectoryAttribute{{id("1.3.6.1.5.5.7.9.4"), [][]byte{{byte(der.PrintableString), 2, 'U', 'S'}}}}),
		NewPrivateKeyUsagePeriod(PrivateKeyUsagePeriod{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}),
	}
}

func mustNetscapeComment(t *testing.T, text string) Extension {
	x, err := NewNetscapeComment(text)
	return mustMake(t, x, err)
}

func opensslExtensions(t *testing.T) []Extension {
	t.Helper()
	dir := t.TempDir()
	config, key, out := filepath.Join(dir, "c"), filepath.Join(dir, "k"), filepath.Join(dir, "o")
	if err := os.WriteFile(config, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
	openssl(t, "req", "-x509", "-config", config, "-key", key, "-days", "1", "-out", out)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return extensionsOf(t, block.Bytes)
}

// extensionsOf takes the extensions out of a certificate.
func extensionsOf(t *testing.T, certificate []byte) []Extension {
	t.Helper()
	tbs, err := within(der.Reader(certificate), der.Sequence, der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	for r := tbs.Children(); !r.Empty(); {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e.Tag != der.ContextConstructed(3) {
			continue
		}
		list, err := Parse(e.Content)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(Marshal(list), e.Content) {
			t.Error("the extensions do not come back the same")
		}
		return list
	}
	t.Fatal("the certificate has no extensions")
	return nil
}

func TestExtensionsAgreeWithOpenSSL(t *testing.T) {
	theirs := opensslExtensions(t)
	made := ours(t)
	if len(made) != len(theirs) {
		t.Errorf("%d extensions, want %d", len(made), len(theirs))
	}
	for _, x := range made {
		want, ok := Find(theirs, x.ID)
		if !ok {
			t.Errorf("%s: openssl made none", x.ID.Name())
			continue
		}
		if x.ID == oid.CertificatePolicies {
			// OpenSSL's VisibleString for the organization is the one difference.
			want.Value = bytes.Replace(want.Value, []byte("\x1a\x03Org"), []byte("\x0c\x03Org"), 1)
			want.Raw = bytes.Replace(want.Raw, []byte("\x1a\x03Org"), []byte("\x0c\x03Org"), 1)
		}
		if !bytes.Equal(x.Value, want.Value) || x.Critical != want.Critical {
			t.Errorf("%s:\n ours %v %x\ntheirs %v %x", x.ID.Name(), x.Critical, x.Value, want.Critical, want.Value)
		}
		whole, err := Parse(Marshal([]Extension{x}))
		if err != nil || !bytes.Equal(whole[0].Raw, want.Raw) {
			t.Errorf("%s: whole %x, want %x", x.ID.Name(), whole[0].Raw, want.Raw)
		}
	}
}

// TestMadeExtensionsAreReadByOthers puts ours into a certificate, for
// crypto/x509 and openssl to read.
func TestMadeExtensionsAreReadByOthers(t *testing.T) {
	list := ours(t)
	for i, x := range list {
		if x.ID == oid.CRLDistributionPoints {
			// crypto/x509 does not read relative names.
			points, err := ParseDistributionPoints(x.Value)
			if err != nil {
				t.Fatal(err)
			}
			list[i] = NewDistributionPoints(x.ID, points[:1], false)
		}
	}
	certificate := selfSigned(t, list)
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{
		"CA":          parsed.IsCA && parsed.MaxPathLen == 3,
		"key usage":   parsed.KeyUsage == x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDecipherOnly,
		"purposes":    len(parsed.ExtKeyUsage) == 2 && len(parsed.UnknownExtKeyUsage) == 1,
		"dns":         strings.Join(parsed.DNSNames, " ") == "a.example *.b.example",
		"ip":          len(parsed.IPAddresses) == 2 && parsed.IPAddresses[1].String() == "2001:db8::1",
		"email":       strings.Join(parsed.EmailAddresses, " ") == "a@host.example",
		"uri":         len(parsed.URIs) == 1 && parsed.URIs[0].String() == "https://host.example/path",
		"permitted":   strings.Join(parsed.PermittedDNSDomains, " ") == ".a.example" && len(parsed.PermittedIPRanges) == 2 && parsed.PermittedIPRanges[0].String() == "10.0.0.0/8",
		"excluded":    strings.Join(parsed.ExcludedEmailAddresses, " ") == "b.example",
		"policies":    len(parsed.Policies) == 2 && parsed.Policies[1].String() == "1.2.3.5",
		"CRLs":        strings.Join(parsed.CRLDistributionPoints, " ") == "http://crl.example/a.crl ldap://ldap.example/cn=a",
		"responder":   strings.Join(parsed.OCSPServer, " ") == "http://ocsp.example/",
		"issuer":      strings.Join(parsed.IssuingCertificateURL, " ") == "http://ca.example/ca.crt",
		"explicit":    parsed.RequireExplicitPolicy == 0 && parsed.RequireExplicitPolicyZero,
		"inhibit":     parsed.InhibitPolicyMapping == 200 && parsed.InhibitAnyPolicy == 2,
		"mappings":    len(parsed.PolicyMappings) == 1,
		"key's own":   bytes.Equal(parsed.SubjectKeyId, []byte{1, 2, 3, 4, 5}),
		"as they are": len(parsed.Extensions) == len(list),
	} {
		if !ok {
			t.Errorf("crypto/x509 reads %s otherwise", name)
		}
	}
	path := filepath.Join(t.TempDir(), "c.der")
	if err := os.WriteFile(path, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	text := openssl(t, "x509", "-inform", "DER", "-in", path, "-noout", "-text")
	for _, want := range []string{
		"CA:TRUE, pathlen:3", "Digital Signature, Certificate Sign, CRL Sign, Decipher Only", "TLS Web Server Authentication, TLS Web Client Authentication, 1.2.3.4",
		"DNS:a.example, DNS:*.b.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:a@host.example, URI:https://host.example/path, Registered ID:1.2.3.4, DirName:/C=US/O=Example, othername: UPN::user@a.example, othername: SRVName::_imap.host.example",
		"IP:10.0.0.0/255.0.0.0", "User Notice:", "Explicit Text: Text", "Numbers: 1, 300", "Require Explicit Policy:0, Inhibit Policy Mapping:200",
		"Key Compromise, CA Compromise, AA Compromise", "OCSP - URI:http://ocsp.example/", "CA Repository - URI:http://ca.example/",
		"status_request, status_request_v2", "SSL Client, SSL Server, Object Signing CA", "Not Before: Jan  1 00:00:00 2026 GMT, Not After: Jan  1 00:00:00 2027 GMT",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not print %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestWhatOpenSSLMadeIsRead reads every value and makes it again.
func TestWhatOpenSSLMadeIsRead(t *testing.T) {
	for _, x := range opensslExtensions(t) {
		again, err := remake(x)
		if err != nil {
			t.Errorf("%s: %v", x.ID.Name(), err)
			continue
		}
		if !bytes.Equal(again.Value, x.Value) && x.ID != oid.CertificatePolicies {
			t.Errorf("%s: %x comes back as %x", x.ID.Name(), x.Value, again.Value)
		}
	}
}

// remake reads the value of an extension and makes it again.
func remake(x Extension) (Extension, error) {
	switch x.ID {
	case oid.BasicConstraints:
		v, err := ParseBasicConstraints(x.Value)
		return NewBasicConstraints(v, x.Critical), err
	case oid.KeyUsage:
		v, err := ParseKeyUsage(x.Value)
		return NewKeyUsage(v), err
	case oid.ExtKeyUsage:
		v, err := ParseExtKeyUsage(x.Value)
		return NewExtKeyUsage(v, x.Critical), err
	case oid.SubjectKeyIdentifier:
		v, err := ParseSubjectKeyIdentifier(x.Value)
		return NewSubjectKeyIdentifier(v), err
	case oid.AuthorityKeyIdentifier:
		v, err := ParseAuthorityKeyIdentifier(x.Value)
		return NewFullAuthorityKeyIdentifier(v), err
	case oid.SubjectAltName, oid.IssuerAltName, oid.CertificateIssuer:
		v, err := ParseGeneralNames(x.Value)
		return NewSubjectAltName(v, x.Critical), err
	case oid.NameConstraints:
		v, err := ParseNameConstraints(x.Value)
		return NewNameConstraints(v), err
	case oid.CertificatePolicies, oid.MSAppPolicies:
		v, err := ParseCertificatePolicies(x.Value)
		return NewPolicies(x.ID, v, x.Critical), err
	case oid.PolicyMappings:
		v, err := ParsePolicyMappings(x.Value)
		return NewPolicyMappings(v), err
	case oid.PolicyConstraints:
		v, err := ParsePolicyConstraints(x.Value)
		return NewPolicyConstraints(v), err
	case oid.InhibitAnyPolicy:
		v, err := ParseInhibitAnyPolicy(x.Value)
		return NewInhibitAnyPolicy(v), err
	case oid.CRLDistributionPoints, oid.FreshestCRL:
		v, err := ParseDistributionPoints(x.Value)
		return NewDistributionPoints(x.ID, v, x.Critical), err
	case oid.AuthorityInfoAccess, oid.SubjectInfoAccess:
		v, err := ParseAccess(x.Value)
		return NewAccess(x.ID, v), err
	case oid.TLSFeature:
		v, err := ParseTLSFeature(x.Value)
		return NewTLSFeature(v), err
	case oid.PrivateKeyUsagePeriod:
		v, err := ParsePrivateKeyUsagePeriod(x.Value)
		return NewPrivateKeyUsagePeriod(v), err
	}
	return remakeOther(x)
}

func remakeOther(x Extension) (Extension, error) {
	switch x.ID {
	case oid.CTPoison, oid.OCSPNoCheck, oid.NoRevAvail:
		return NewCTPoison(), ParseNull(x.Value)
	case oid.NetscapeCertType:
		v, err := ParseNetscapeCertType(x.Value)
		return NewNetscapeCertType(v), err
	case oid.NetscapeComment:
		v, err := ParseNetscapeComment(x.Value)
		if err != nil {
			return Extension{}, err
		}
		return NewNetscapeComment(v)
	case oid.MSCertType:
		v, err := ParseTemplateName(x.Value)
		return NewTemplateName(v), err
	case oid.MSCertTemplate:
		v, err := ParseTemplate(x.Value)
		return NewTemplate(v), err
	case oid.MSCAVersion:
		v, err := ParseCAVersion(x.Value)
		return NewCAVersion(v), err
	case oid.NTDSCASecurity:
		v, err := ParseObjectSID(x.Value)
		if err != nil {
			return Extension{}, err
		}
		return NewObjectSID(v)
	case oid.QCStatements:
		v, err := ParseQCStatements(x.Value)
		return NewQCStatements(v, x.Critical), err
	case oid.SubjectDirectoryAttributes:
		v, err := ParseSubjectDirectoryAttributes(x.Value)
		return NewSubjectDirectoryAttributes(v), err
	case oid.CRLNumber, oid.DeltaCRLIndicator:
		v, err := ParseCRLNumber(x.Value)
		if err != nil {
			return Extension{}, err
		}
		return NewCRLNumber(v), nil
	case oid.ReasonCode:
		v, err := ParseReasonCode(x.Value)
		return NewReasonCode(v), err
	case oid.InvalidityDate:
		v, err := ParseInvalidityDate(x.Value)
		return NewInvalidityDate(v), err
	case oid.HoldInstructionCode:
		v, err := ParseHoldInstruction(x.Value)
		return NewHoldInstruction(v), err
	case oid.IssuingDistributionPoint:
		v, err := ParseIssuingDistributionPoint(x.Value)
		if err != nil {
			return Extension{}, err
		}
		return NewIssuingDistributionPoint(v)
	case oid.SCTList:
		v, err := ParseSCTList(x.Value)
		if err != nil {
			return Extension{}, err
		}
		var raw [][]byte
		for _, s := range v {
			raw = append(raw, s.Raw)
		}
		return NewSCTList(raw)
	}
	return x, nil
}
