package opensslconf

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/specimen"
)

// sections are what the values of specimens name.
const sections = `
[dir]
C = UK
O = My Organization
1.OU = Unit one
2.OU = Unit two
CN = Näme
+emailAddress = a@b.example
[rel]
CN = point
+OU = more
[two]
CN = a
OU = b
[names]
DNS.1 = a.example
DNS.2 = b.example, with comma
email = who@example.com
URI.x = ldap://h/CN=foo,OU=bar
IP.1 = 192.0.2.1
IP.2 = 2001:db8::1
RID = 1.2.3.4
dirName = dir
otherName.1 = 1.2.3.4;UTF8:some other, identifier
otherName.2 = msUPN;FORMAT:UTF8,UTF8String:jürgen@example
[bc]
CA = true
pathlen = 0x10
[ku]
digitalSignature = x
keyAgreement =
[eku]
a = serverAuth
1.b = 1.2.3.4
[crldp]
fullname = URI:http://a.example/crl,DNS:b.example
CRLissuer = dirName:dir
reasons = keyCompromise, CACompromise
[crldp2]
relativename = rel
unknown = let pass
[crldp3]
relativename = two
[crldp4]
fullname = @names
reasons = AACompromise
[crldp5]
fullname = URI:a
relativename = rel
[crldp6]
reasons = unused
[crldp7]
CRLissuer = @names
[idp]
fullname = URI:http://a.example/crl
indirectCRL = TRUE
onlysomereasons = keyCompromise, superseded
[idp2]
onlyuser = yes
onlyCA = n
onlyAA = Y
[idp3]
onlysomething = TRUE
[pol]
policyIdentifier = 1.3.5.8
CPS.1 = http://my.host.example/
CPS.2 = http://my.other.example/
userNotice.1 = @notice
userNotice.2 = @notice2
userNotice.3 = @notice3
[notice]
explicitText = Explicit Text Here
organization = Organisation Name
noticeNumbers = 1,2,3,-4
[notice2]
explicitText = UTF8:Grüße
[notice3]
explicitText = FOO:bar
[pol2]
CPS = http://no.id.example/
[pol3]
policyIdentifier = anyPolicy
userNotice = @notice4
[notice4]
organization = x
[pol5]
policyIdentifier = 1.2.3
userNotice = @notice6
[notice6]
explicitText = BMP:abcd
organization = UTF8:Org
noticeNumbers = 0x1f
[nc]
permitted;DNS.1 = a.example
permitted;DNS.2 = .b.example
excluded;IP = 10.0.0.0/255.0.0.0
excluded;IP.2 = 2001:db8::/ffff:ffff::
permitted;email = .c.example
excluded;dirName = dir
permitted;URI = .d.example
[seq]
a = INTEGER:5
b = UTF8:x
c = SET:set
[set]
z = OCT:zz
y = INT:1
[pci]
language = id-ppl-anyLanguage
pathlen = 3
policy = text:abc
policy = text:AB
[empty]
`

// specimens are extensions that both read, or both refuse.
var specimens = []struct{ name, value string }{
	{"basicConstraints", "CA:TRUE"}, {"basicConstraints", "critical,CA:FALSE"}, {"basicConstraints", "critical, CA:true, pathlen:1"},
	{"basicConstraints", "critical , CA:true"}, {"basicConstraints", "CA:True"}, {"basicConstraints", "CA"}, {"basicConstraints", "pathlen:-5"},
	{"basicConstraints", "CA:FALSE,pathlen:0"}, {"basicConstraints", "@bc"}, {"basicConstraints", "critical,@bc"}, {"basicConstraints", "ca:TRUE"},
	{"basicConstraints", "CA:TRUE,"}, {"basicConstraints", ""}, {"basicConstraints", "CA:TRUE,CA:FALSE"}, {"basicConstraints", "@nosuch"}, {"basicConstraints", "@empty"},
	{"basicConstraints", "CA:TRUE,pathlen:300"}, {"basicConstraints", "CA:TRUE,pathlen:"}, {"basicConstraints", "CA:TRUE,pathlen:1x"},
	{"keyUsage", "digitalSignature, nonRepudiation"}, {"keyUsage", "critical, keyCertSign"}, {"keyUsage", "decipherOnly"}, {"keyUsage", "CRL Sign, Certificate Sign"},
	{"keyUsage", "cRLSign,bogus"}, {"keyUsage", "@ku"}, {"keyUsage", "digitalSignature:1"}, {"keyUsage", "@empty"}, {"keyUsage", "DigitalSignature"},
	{"extendedKeyUsage", "critical, codeSigning, 1.2.3.4"}, {"extendedKeyUsage", "serverAuth,clientAuth"}, {"extendedKeyUsage", "TLS Web Server Authentication"},
	{"extendedKeyUsage", "@eku"}, {"extendedKeyUsage", "nosuch"}, {"extendedKeyUsage", "1"}, {"extendedKeyUsage", "1.2."}, {"extendedKeyUsage", "anyExtendedKeyUsage,a:OCSPSigning"},
	{"extendedKeyUsage", "3.1"}, {"extendedKeyUsage", "1.40"}, {"extendedKeyUsage", "2.999.123456789012345678901234567890"}, {"extendedKeyUsage", "serverauth"}, {"extendedKeyUsage", "newoid"},
	{"subjectKeyIdentifier", "hash"}, {"subjectKeyIdentifier", "none"}, {"subjectKeyIdentifier", "01:02:aF"}, {"subjectKeyIdentifier", "0102aF"}, {"subjectKeyIdentifier", "123"},
	{"subjectKeyIdentifier", "xx"}, {"subjectKeyIdentifier", ""}, {"subjectKeyIdentifier", "hash "}, {"subjectKeyIdentifier", "critical,hash"}, {"subjectKeyIdentifier", "0:1"},
	{"authorityKeyIdentifier", "keyid"}, {"authorityKeyIdentifier", "none"}, {"authorityKeyIdentifier", "keyid:sometimes"},
	{"subjectAltName", "email:copy, email:my@example.com, URI:http://my.example.com/"}, {"subjectAltName", "email:move"}, {"subjectAltName", "IP:192.168.7.1"},
	{"subjectAltName", "IP:13::17"}, {"subjectAltName", "IP:::ffff:1.2.3.4"}, {"subjectAltName", "IP:1.2.3"}, {"subjectAltName", "IP:1.2.3.256"}, {"subjectAltName", "IP:1.2.3.04"},
	{"subjectAltName", "IP:1::2::3"}, {"subjectAltName", "IP:::"}, {"subjectAltName", "IP:1:2:3:4:5:6:7:8"}, {"subjectAltName", "IP:1:2:3:4:5:6:7"}, {"subjectAltName", "IP:fe80::1%eth0"},
	{"subjectAltName", "IP:1:2:3:4:5:6:1.2.3.4"}, {"subjectAltName", "IP:12345::"}, {"subjectAltName", "IP:1:2:3:4:5:6:7::"},
	{"subjectAltName", "email:my@example.com, RID:1.2.3.4"}, {"subjectAltName", "otherName:1.2.3.4;UTF8:some other identifier"}, {"subjectAltName", "dirName:dir"},
	{"subjectAltName", "dirName:nosuch"}, {"subjectAltName", "@names"}, {"subjectAltName", "critical,@names"}, {"subjectAltName", "DNS:Grüße"}, {"subjectAltName", "DNS:"},
	{"subjectAltName", "DNS"}, {"subjectAltName", "DNS.7:a"}, {"subjectAltName", "DNSx:a"}, {"subjectAltName", "otherName:1.2.3.4"}, {"subjectAltName", "otherName:nosuch;UTF8:a"},
	{"subjectAltName", "otherName:1.2.3.4;SEQUENCE:seq"}, {"subjectAltName", "email:"}, {"subjectAltName", "@empty"}, {"subjectAltName", "DNS:a,,DNS:b"}, {"subjectAltName", "RID:foo"},
	{"issuerAltName", "DNS:a"}, {"issuerAltName", "email:copy"}, {"issuerAltName", "issuer:copy"},
	{"authorityInfoAccess", "OCSP;URI:http://ocsp.example.com/,caIssuers;URI:http://myca.example.com/ca.cer"}, {"authorityInfoAccess", "1.2.3;email:a@b"},
	{"authorityInfoAccess", "URI:x"}, {"authorityInfoAccess", "nosuch;URI:x"}, {"subjectInfoAccess", "caRepository;URI:http://r.example/"}, {"subjectInfoAccess", "ad_timestamping;dirName:dir"},
	{"authorityInfoAccess", "OCSP;URI"}, {"authorityInfoAccess", "OCSP;URI.1:a,OCSP;IP:1.2.3.4"},
	{"crlDistributionPoints", "URI:http://example.com/myca.crl"}, {"crlDistributionPoints", "URI:http://a, URI:http://b"}, {"crlDistributionPoints", "crldp"}, {"crlDistributionPoints", "crldp,URI:x"},
	{"crlDistributionPoints", "crldp2"}, {"crlDistributionPoints", "crldp3"}, {"crlDistributionPoints", "crldp4"}, {"crlDistributionPoints", "crldp5"}, {"crlDistributionPoints", "crldp6"},
	{"crlDistributionPoints", "crldp7"}, {"crlDistributionPoints", "nosuch"}, {"crlDistributionPoints", "empty"}, {"crlDistributionPoints", "@names"}, {"freshestCRL", "crldp"},
	{"issuingDistributionPoint", "@idp"}, {"issuingDistributionPoint", "critical, @idp2"}, {"issuingDistributionPoint", "@idp3"}, {"issuingDistributionPoint", "onlyCA:TRUE,fullname:URI"},
	{"issuingDistributionPoint", "@empty"},
	{"certificatePolicies", "1.2.4.5, 1.1.3.4"}, {"certificatePolicies", "1.2.4.5,@pol"}, {"certificatePolicies", "ia5org,1.2.3.4,@pol"}, {"certificatePolicies", "@pol2"}, {"certificatePolicies", "@pol3"},
	{"certificatePolicies", "@pol5"}, {"certificatePolicies", "ia5org,@pol5"}, {"certificatePolicies", "1.2:3"}, {"certificatePolicies", "anyPolicy"}, {"certificatePolicies", "ia5org"},
	{"certificatePolicies", "@nosuch"}, {"certificatePolicies", "X509v3 Any Policy"},
	{"policyMappings", "1.2.3:1.2.4"}, {"policyMappings", "1.2.3:1.2.4,1.2.5:anyPolicy"}, {"policyMappings", "1.2.3"},
	{"policyConstraints", "requireExplicitPolicy:3"}, {"policyConstraints", "inhibitPolicyMapping:0, requireExplicitPolicy:200"}, {"policyConstraints", "foo:1"}, {"policyConstraints", "@empty"},
	{"inhibitAnyPolicy", "2"}, {"inhibitAnyPolicy", "0x80"}, {"inhibitAnyPolicy", "-1"}, {"inhibitAnyPolicy", "x"}, {"inhibitAnyPolicy", ""}, {"inhibitAnyPolicy", "-0"},
	{"nameConstraints", "permitted;IP:192.168.0.0/255.255.0.0"}, {"nameConstraints", "permitted;email:.example.com"}, {"nameConstraints", "excluded;email:.com,permitted;DNS:a"}, {"nameConstraints", "@nc"},
	{"nameConstraints", "DNS:a"}, {"nameConstraints", "permitted;IP:1.2.3.4"}, {"nameConstraints", "permitted"}, {"nameConstraints", "permitted;IP:1.2.3.4/ffff::"}, {"nameConstraints", "permittedxDNS:a"},
	{"tlsfeature", "status_request"}, {"tlsfeature", "5,17,STATUS_REQUEST_V2, 65535"}, {"tlsfeature", "65536"}, {"tlsfeature", "-1"}, {"tlsfeature", "x"}, {"tlsfeature", "a:5"}, {"tlsfeature", "+5"},
	{"noCheck", "ignored"}, {"noCheck", ""}, {"noCheck", "critical,yes"}, {"acceptableResponses", "basicOCSPResponse"}, {"acceptableResponses", "nosuch"},
	{"nsCertType", "client, email, objCA"}, {"nsCertType", "SSL Client"}, {"nsCertType", "x"}, {"nsComment", "some, text: here"}, {"nsComment", ""}, {"nsBaseUrl", "http://a"}, {"nsRevocationUrl", "b"},
	{"nsCaRevocationUrl", "c"}, {"nsRenewalUrl", "d"}, {"nsCaPolicyUrl", "e"}, {"nsSslServerName", "Grüße"}, {"nsComment", "critical,x"},
	{"crlNumber", "5"}, {"deltaCRL", "5"}, {"CRLReason", "keyCompromise"}, {"invalidityDate", "20200101000000Z"}, {"holdInstructionCode", "holdInstructionNone"}, {"certificateIssuer", "DNS:a"},
	{"privateKeyUsagePeriod", "x"}, {"SMIME-CAPS", "x"}, {"nosuch", "x"}, {"1.2.3", "x"}, {"keyusage", "cRLSign"}, {"newoid", "x"}, {"commonName", "x"}, {"CN", "x"},
	{"1.2.3.4", "critical,ASN1:UTF8String:Some random data"}, {"1.2.3.4.1", "DER:01:02:03:04"}, {"1.2.3", "DER:0"}, {"1.2.3", "DER: 01 02"}, {"1.2.3", "DER:"}, {"newoid", "ASN1:SEQUENCE:seq"},
	{"basicConstraints", "critical, DER:30:03:01:01:FF"}, {"SMIME-CAPS", "ASN1:SEQUENCE:seq"}, {"1.2.3", "ASN1:nonsense"}, {"nosuch", "DER:00"}, {"commonName", "DER:00"}, {"1.2.3", "ASN1: NULL"},
	{"proxyCertInfo", "critical,language:id-ppl-anyLanguage,pathlen:3,policy:foo"}, {"proxyCertInfo", "language:id-ppl-anyLanguage,pathlen:3,policy:text:foo"}, {"proxyCertInfo", "@pci"},
	{"proxyCertInfo", "language:id-ppl-inheritAll"}, {"proxyCertInfo", "language:id-ppl-inheritAll,policy:text:x"}, {"proxyCertInfo", "pathlen:1"}, {"proxyCertInfo", "language:1.2.3,policy:hex:01:02,policy:text:x"},
	{"proxyCertInfo", "language:1.2.3,foo:bar"},
	{"sbgp-ipAddrBlock", "IPv4:10.0.0.0/8"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.0-10.0.0.255,IPv4:10.0.1.0"}, {"sbgp-ipAddrBlock", "IPv4:inherit,IPv6:2001:db8::/32"}, {"sbgp-ipAddrBlock", "IPv6-SAFI:1:2001::/16,IPv4-SAFI:2:inherit"},
	{"sbgp-ipAddrBlock", "IPv4:10.128.0.0/9,IPv4:10.0.0.0/9"}, {"sbgp-ipAddrBlock", "critical,IPv4:10.0.0.1 - 10.0.2.3"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.0/8,IPv4:10.0.0.0/9"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.5/8"},
	{"sbgp-ipAddrBlock", "IPv4:0.0.0.0/0"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.0/33"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.9-10.0.0.1"}, {"sbgp-ipAddrBlock", "IPv4:::1"}, {"sbgp-ipAddrBlock", "IPv6:::/0,IPv4:1.2.3.4"}, {"sbgp-ipAddrBlock", "IPv5:1.2.3.4"},
	{"sbgp-ipAddrBlock", "IPv4:inherit,IPv4:1.2.3.4"}, {"sbgp-ipAddrBlock", "IPv4:0.0.0.0-255.255.255.254"}, {"sbgp-ipAddrBlock", "IPv4:10.0.0.0-10.0.0.191"}, {"sbgp-ipAddrBlock", "IPv4:inherit,IPv4:inherit"}, {"sbgp-ipAddrBlock", "IPv4-SAFI:256:1.2.3.4"},
	{"sbgp-autonomousSysNum", "AS:1-3,AS:5,RDI:inherit"}, {"sbgp-autonomousSysNum", "AS:4,AS:1-3"}, {"sbgp-autonomousSysNum", "AS:1,AS:1"}, {"sbgp-autonomousSysNum", "AS:5-5,AS:70000"}, {"sbgp-autonomousSysNum", "AS:5-4"}, {"sbgp-autonomousSysNum", "AS:x"},
	{"sbgp-autonomousSysNum", "critical, AS:inherit"}, {"sbgp-autonomousSysNum", "AS:inherit,AS:1"}, {"sbgp-autonomousSysNum", "FOO:1"}, {"sbgp-autonomousSysNum", "RDI:1 - 2"},
	{"SXNetID", "1:abc,2:0x"}, {"SXNetID", "1:a,1:b"}, {"SXNetID", "x:a"}, {"SXNetID", "-5:a"}, {"SXNetID", "1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
	{"subjectSignTool", "Инструмент"}, {"issuerSignTool", "signTool:a,cATool:b,signToolCert:c,cAToolCert:d"}, {"issuerSignTool", "x:y"}, {"issuerSignTool", "signTool:a"},
}

const header = `oid_section = oids
[oids]
newoid = 1.2.3.99.1
[req]
distinguished_name = dn
[dn]
`

// seed makes every run try other cases, and prints how to try them again.
func seed(t *testing.T) *rand.Rand {
	n := uint64(time.Now().UnixNano())
	t.Logf("seed %d", n)
	return rand.New(rand.NewPCG(n, 1))
}

// bench is a key, a folder and a configuration for the openssl command.
type bench struct {
	dir  string
	priv string
	pub  *key.Public
}

func newBench(t *testing.T) *bench {
	b := &bench{dir: t.TempDir()}
	b.priv = filepath.Join(b.dir, "key.pem")
	if _, talk, ok := specimen.OpenSSL(t, nil, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", b.priv); !ok {
		t.Fatal(talk)
	}
	out, talk, ok := specimen.OpenSSL(t, nil, "pkey", "-in", b.priv, "-pubout", "-outform", "DER")
	if !ok {
		t.Fatal(talk)
	}
	var err error
	if b.pub, err = key.ParsePublic([]byte(out)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("t.cnf", []byte(text), Source{Getenv: os.LookupEnv, ReadFile: os.ReadFile})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.LoadObjects(); err != nil {
		t.Fatal(err)
	}
	return f
}

const subject = "/C=DE/O=a+OU=b/CN=c/emailAddress=x@y.example/emailAddress=z@y.example"

// checkRequest has a section of extensions made by both, for a request.
func (b *bench) checkRequest(t *testing.T, f *File, path, section string) {
	t.Helper()
	out, talk, ok := specimen.OpenSSL(t, nil, "req", "-new", "-key", b.priv, "-config", path, "-reqexts", section, "-subj", subject, "-outform", "DER", "-sha256")
	name, _, err := f.ParseSubject(subject, NameOptions{}, true)
	if err != nil {
		t.Fatal(err)
	}
	pairs, _ := f.Section(section)
	ours, err := f.Extensions(section, Context{Subject: &name, PublicKey: b.pub})
	if (err == nil) != ok {
		t.Errorf("%v: openssl takes it: %v, we: %v\n%s", pairs, ok, err, talk)
		return
	}
	if err != nil {
		return
	}
	r, err := pkcs10.Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := r.Extensions()
	if err != nil {
		t.Errorf("%v: openssl's are not read: %v", pairs, err)
		return
	}
	if got, want := dump(ours), dump(theirs); got != want {
		t.Errorf("%v:\n got %s\nwant %s", pairs, got, want)
	}
	if !bytes.Equal(name.Raw, r.Subject.Raw) {
		t.Errorf("%v: subject\n got %x\nwant %x", pairs, name.Raw, r.Subject.Raw)
	}
}

// TestExtensionsTogether puts random specimens into sections of several, for
// certificates that are signed by another or by themselves.
func TestExtensionsTogether(t *testing.T) {
	b, r := newBench(t), seed(t)
	f, path, sections := randomSections(t, b, r)
	other := newAuthority(t, b, path)
	for n, section := range sections {
		if n%5 == 0 {
			b.checkRequest(t, f, path, section)
		}
		b.checkCertificate(t, f, path, section, nil)
		b.checkCertificate(t, f, path, section, other)
		if n%5 == 1 {
			b.checkSigned(t, f, path, section, nil)
			b.checkSigned(t, f, path, section, other)
		}
	}
}

// randomSections writes sections of those specimens that stand alone.
func randomSections(t *testing.T, b *bench, r *rand.Rand) (*File, string, []string) {
	good := parse(t, header+sections)
	var names []string
	var text strings.Builder
	text.WriteString(header + sections)
	for n := range 25 {
		name := fmt.Sprintf("ext%d", n)
		names = append(names, name)
		fmt.Fprintf(&text, "[%s]\n", name)
		for range r.IntN(8) {
			s := specimens[r.IntN(len(specimens))]
			if _, err := good.Extension(Context{SyntaxOnly: true}, s.name, s.value); err == nil {
				fmt.Fprintf(&text, "%s = %s\n", s.name, s.value)
			}
		}
		if r.IntN(4) == 0 {
			text.WriteString("2.5.29.15 = ASN1:NULL\n")
		}
		if r.IntN(3) > 0 {
			values := []string{"keyid", "keyid:always", "issuer", "issuer:always", "keyid,issuer", "keyid:always,issuer:always", "none", "issuer,keyid:always", "keyid,keyid", "keyid:x,issuer:y", "none,keyid", "none:x", "other", "issuer:always,issuer"}
			fmt.Fprintf(&text, "authorityKeyIdentifier = %s\n", values[r.IntN(len(values))])
		}
		if r.IntN(3) == 0 {
			fmt.Fprintf(&text, "subjectKeyIdentifier = %s\n", []string{"hash", "none", "0102"}[r.IntN(3)])
		}
	}
	return parse(t, text.String()), b.write(t, "random.cnf", text.String()), names
}

// authority is a certificate that signs others, and its key.
type authority struct {
	files *bench
	cert  *cert.Certificate
	path  string
}

func newAuthority(t *testing.T, b *bench, config string) *authority {
	a := &authority{files: newBench(t)}
	a.path = filepath.Join(a.files.dir, "ca.pem")
	args := []string{"req", "-x509", "-new", "-key", a.files.priv, "-config", config, "-subj", "/CN=ca", "-addext", "subjectAltName=DNS:ca.example,email:ca@example", "-days", "9"}
	if _, talk, ok := specimen.OpenSSL(t, nil, append(args, "-out", a.path)...); !ok {
		t.Fatal(talk)
	}
	out, talk, ok := specimen.OpenSSL(t, nil, "x509", "-in", a.path, "-outform", "DER")
	if !ok {
		t.Fatal(talk)
	}
	var err error
	if a.cert, err = cert.Parse([]byte(out)); err != nil {
		t.Fatal(err)
	}
	return a
}

// checkCertificate has a section made by both, for a certificate by another or,
// where that is nil, by itself.
func (b *bench) checkCertificate(t *testing.T, f *File, path, section string, by *authority) {
	t.Helper()
	args := []string{"req", "-x509", "-new", "-key", b.priv, "-config", path, "-extensions", section, "-subj", subject, "-outform", "DER", "-sha256", "-set_serial", "0x81"}
	name, _, err := f.ParseSubject(subject, NameOptions{}, true)
	if err != nil {
		t.Fatal(err)
	}
	c := Context{Subject: &name, PublicKey: b.pub, SelfIssued: true, Serial: []byte{0, 0x81}, IssuerKey: b.pub}
	if by != nil {
		args = append(args, "-CA", by.path, "-CAkey", by.files.priv)
		c = Context{Subject: &name, PublicKey: b.pub, Issuer: by.cert, IssuerKey: by.files.pub}
	}
	out, talk, ok := specimen.OpenSSL(t, nil, args...)
	compareCertificate(t, f, section, c, out, talk, ok)
}

// checkSigned is checkCertificate for the command x509, which makes
// certificates of requests.
func (b *bench) checkSigned(t *testing.T, f *File, path, section string, by *authority) {
	t.Helper()
	if pairs, _ := f.Section(section); strings.Contains(fmt.Sprint(pairs), "newoid") {
		return // x509 reads no oid_section of the file of extensions
	}
	request := filepath.Join(b.dir, "request.pem")
	if _, talk, ok := specimen.OpenSSL(t, nil, "req", "-new", "-key", b.priv, "-config", path, "-subj", subject, "-out", request); !ok {
		t.Fatal(talk)
	}
	name, _, err := f.ParseSubject(subject, NameOptions{}, true)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"x509", "-req", "-in", request, "-extfile", path, "-extensions", section, "-set_serial", "0x81", "-outform", "DER"}
	c := Context{Subject: &name, PublicKey: b.pub, SelfIssued: true, Serial: []byte{0, 0x81}, IssuerKey: b.pub}
	if by != nil {
		args = append(args, "-CA", by.path, "-CAkey", by.files.priv)
		c = Context{Subject: &name, PublicKey: b.pub, Issuer: by.cert, IssuerKey: by.files.pub}
	} else {
		args = append(args, "-signkey", b.priv)
	}
	out, talk, ok := specimen.OpenSSL(t, nil, args...)
	compareCertificate(t, f, section, c, out, talk, ok)
}

// compareCertificate holds the extensions of a certificate that openssl made
// against ours. The subject of c may have lost its addresses to "email:move".
func compareCertificate(t *testing.T, f *File, section string, c Context, out, talk string, ok bool) {
	t.Helper()
	ours, err := f.Extensions(section, c)
	if err == nil {
		ours, err = KeyIdentifiers(ours, c)
	}
	pairs, _ := f.Section(section)
	if (err == nil) != ok {
		t.Errorf("%v: openssl takes it: %v, we: %v\n%s", pairs, ok, err, talk)
		return
	}
	if err != nil {
		return
	}
	made, err := cert.Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := dump(ours), dump(made.Extensions); got != want {
		t.Errorf("%v:\n got %s\nwant %s", pairs, got, want)
	}
	if !bytes.Equal(c.Subject.Raw, made.Subject.Raw) {
		t.Errorf("%v: subject\n got %x\nwant %x", pairs, c.Subject.Raw, made.Subject.Raw)
	}
}

func dump(list []ext.Extension) string {
	var out strings.Builder
	for _, e := range list {
		fmt.Fprintf(&out, "%s %v %s; ", e.ID, e.Critical, hex.EncodeToString(e.Value))
	}
	return out.String()
}

func TestExtensionsOfRequests(t *testing.T) {
	b := newBench(t)
	var text strings.Builder
	text.WriteString(header + sections)
	for n, s := range specimens {
		fmt.Fprintf(&text, "[ext%d]\n%s = %s\n", n, s.name, s.value)
	}
	f := parse(t, text.String())
	path := b.write(t, "req.cnf", text.String())
	for n := range specimens {
		b.checkRequest(t, f, path, fmt.Sprintf("ext%d", n))
	}
}

// TestIdentifiersOfSelfSigned holds every pair of the two key identifiers of a
// self-signed certificate against openssl, in both orders.
func TestIdentifiersOfSelfSigned(t *testing.T) {
	b := newBench(t)
	var text strings.Builder
	var names []string
	text.WriteString(header)
	for _, subject := range []string{"none", "hash", "0102", "010203"} {
		for _, authority := range []string{"keyid", "keyid,issuer", "keyid:always", "keyid:always,issuer", "issuer:always", "keyid:always,issuer:always"} {
			lines := []string{"subjectKeyIdentifier = " + subject, "authorityKeyIdentifier = " + authority}
			for range 2 {
				slices.Reverse(lines)
				name := fmt.Sprintf("pair%d", len(names))
				names = append(names, name)
				fmt.Fprintf(&text, "[%s]\n%s\n", name, strings.Join(lines, "\n"))
			}
		}
	}
	f, path := parse(t, text.String()), b.write(t, "pairs.cnf", text.String())
	for _, name := range names {
		b.checkCertificate(t, f, path, name, nil)
	}
}
