package opensslconf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/internal/specimen"
)

func TestCASettings(t *testing.T) {
	f := parse(t, `dir = /d
email_in_dn = no
[ca]
default_ca = mine
RANDFILE = /r
preserve = Yes
msie_hack = y
[mine]
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/ca.pem
private_key = $dir/ca.key
serial = $dir/serial
crlnumber = $dir/crlnumber
default_days = 30 # days
default_crl_hours = 12h
default_startdate = 20200101000000Z
default_enddate = 20300101000000Z
default_md = sha384
unique_subject = No
x509_extensions = usr
crl_extensions = crl_ext
preserve = no
msie_hack = no
policy = pol
name_opt = multiline
cert_opt =
copy_extensions = CopyAll
string_mask = nombstr
utf8 = yes
rand_serial = anything
[other]
copy_extensions = some
[third]
string_mask = any
`)
	c, err := f.CA("")
	if err != nil {
		t.Fatal(err)
	}
	want := CA{Section: "mine", Database: "/d/index.txt", NewCertsDir: "/d/newcerts", Certificate: "/d/ca.pem", PrivateKey: "/d/ca.key", RandFile: "/r",
		Serial: "/d/serial", RandSerial: true, CRLNumber: "/d/crlnumber", DefaultDays: 30, DefaultCRLHours: 12, DefaultStartDate: "20200101000000Z",
		DefaultEndDate: "20300101000000Z", DefaultMD: "sha384", HasUniqueSubject: true, X509Extensions: "usr", CRLExtensions: "crl_ext", Preserve: true,
		MSIEHack: true, Policy: "pol", NameOpt: "multiline", HasNameOpt: true, HasCertOpt: true, CopyExtensions: CopyAll, Names: c.Names}
	if c != want || !c.Names.UTF8 || c.Names.Mask.value() != ^uint32(maskBMP|maskUTF8) {
		t.Errorf("got %+v\nwant %+v", c, want)
	}
	for section, want := range map[string]string{
		"other": "copy_extensions = some in section other: it is none, copy or copyall",
		"third": `string_mask = any in section third: the string mask "any" is none of default, pkix, utf8only, nombstr and MASK:NUMBER`,
	} {
		var fault *SettingError
		if _, err := f.CA(section); !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("%s: %v, want %s", section, err, want)
		}
	}
	if _, err := parse(t, "").CA(""); err == nil || err.Error() != "the configuration has no default_ca in section ca" {
		t.Error(err)
	}
}

func TestPolicyRuleErrors(t *testing.T) {
	f := parse(t, "[a]\nnosuch = match\n[b]\nCN = Match\n")
	for section, want := range map[string]string{
		"a": "nosuch in section a: it is not the name of an object",
		"b": "CN = Match in section b: it is match, supplied or optional",
		"c": "section c: there is no such section, and a policy is wanted from it",
	} {
		if _, err := f.PolicyRules(section); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", section, err, want)
		}
	}
}

// folder makes a folder for openssl's ca command, around a configuration.
func folder(t *testing.T, b *bench, conf string) (f *File, path string, a *authority) {
	for name, text := range map[string]string{"index.txt": "", "index.txt.attr": "unique_subject = no\n", "serial": "01\n"} {
		b.write(t, name, text)
	}
	conf = header + conf + fmt.Sprintf("[ca]\ndefault_ca = mine\n[mine]\ndir = %s\ndatabase = $dir/index.txt\nserial = $dir/serial\nnew_certs_dir = $dir\ndefault_md = sha256\ndefault_days = 9\ndefault_crl_days = 9\npolicy = pol0\n", b.dir)
	path = b.write(t, "ca.cnf", conf)
	a = &authority{files: b, path: filepath.Join(b.dir, "ca.pem")}
	if _, talk, ok := specimen.OpenSSL(t, nil, "req", "-x509", "-new", "-key", b.priv, "-config", path, "-subj", "/C=DE/O=a/O=b/CN=ca", "-addext", "subjectAltName=DNS:ca.example", "-out", a.path); !ok {
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
	return parse(t, conf), path, a
}

func TestApplyPolicy(t *testing.T) {
	b, r := newBench(t), seed(t)
	types := []string{"C", "ST", "O", "OU", "CN", "emailAddress"}
	var conf strings.Builder
	for n := range 20 {
		fmt.Fprintf(&conf, "[pol%d]\n", n)
		for _, i := range r.Perm(len(types))[:1+r.IntN(4)] {
			fmt.Fprintf(&conf, "%s = %s\n", types[i], []string{"match", "supplied", "optional", "optional"}[r.IntN(4)])
		}
	}
	f, path, a := folder(t, b, conf.String())
	messages := map[PolicyFault]string{PolicyNotSupplied: "field needed to be supplied and was missing", PolicyNotThere: "The mandatory ",
		PolicyNotInCA: "field does not exist in the CA certificate", PolicyDiffers: "field is different between"}
	for n := range 20 {
		subject := ""
		for range 1 + r.IntN(6) {
			subject += []string{"/C=DE", "/C=US", "/O=a", "/O=b", "/O=c", "/OU=x", "/CN=y", "/CN=z+O=a", "/emailAddress=a@b"}[r.IntN(9)]
		}
		request := filepath.Join(b.dir, "in.csr")
		if _, talk, ok := specimen.OpenSSL(t, nil, "req", "-new", "-key", b.priv, "-config", path, "-subj", subject, "-out", request); !ok {
			t.Fatal(talk)
		}
		out := filepath.Join(b.dir, "out.pem")
		os.Remove(out)
		section := fmt.Sprintf("pol%d", n)
		_, talk, _ := specimen.OpenSSL(t, nil, "ca", "-batch", "-config", path, "-policy", section, "-in", request, "-out", out, "-cert", a.path, "-keyfile", b.priv, "-notext")
		name, _, err := f.ParseSubject(subject, NameOptions{}, true)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := f.PolicyRules(section)
		if err != nil {
			t.Fatal(err)
		}
		name, err = ApplyPolicy(rules, name, a.cert.Subject)
		comparePolicy(t, fmt.Sprintf("%s under %v", subject, rules), out, talk, messages, name, err)
	}
}

func comparePolicy(t *testing.T, what, out, talk string, messages map[PolicyFault]string, name dn.Name, err error) {
	t.Helper()
	var fault *PolicyError
	if errors.As(err, &fault) {
		if !strings.Contains(talk, messages[fault.Kind]) || !strings.Contains(fault.Error(), fault.Name) {
			t.Errorf("%s: we: %v; openssl:\n%s", what, err, talk)
		}
		return
	}
	if name.IsEmpty() {
		return // openssl refuses to sign for nobody, which is no matter of the policy
	}
	der, talk2, ok := specimen.OpenSSL(t, nil, "x509", "-in", out, "-outform", "DER")
	if !ok {
		t.Errorf("%s: we: %s; openssl:\n%s%s", what, name, talk, talk2)
		return
	}
	c, err := cert.Parse([]byte(der))
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Subject.Raw) != string(name.Raw) {
		t.Errorf("%s:\n got %s\nwant %s", what, name, c.Subject)
	}
}

func TestExtensionsOfLists(t *testing.T) {
	b, r := newBench(t), seed(t)
	var conf strings.Builder
	conf.WriteString("[pol0]\n" + sections)
	lines := []string{"authorityKeyIdentifier = keyid:always", "authorityKeyIdentifier = keyid,issuer:always", "authorityKeyIdentifier = issuer", "issuerAltName = issuer:copy", "issuerAltName = issuer:copy,DNS:x",
		"issuingDistributionPoint = critical,@idp", "issuingDistributionPoint = @idp2", "freshestCRL = crldp", "crlNumber = ASN1:INTEGER:7", "deltaCRL = 5", "1.2.3 = DER:0500", "subjectAltName = email:copy", "subjectKeyIdentifier = hash", "authorityInfoAccess = caIssuers;URI:x",
		"authorityKeyIdentifier = none", "2.5.29.28 = ASN1:NULL"}
	for n := range 20 {
		fmt.Fprintf(&conf, "[ext%d]\n", n)
		for range 1 + r.IntN(3) {
			conf.WriteString(lines[r.IntN(len(lines))] + "\n")
		}
	}
	f, path, a := folder(t, b, conf.String())
	for n := range 20 {
		section := fmt.Sprintf("ext%d", n)
		out := filepath.Join(b.dir, "crl.pem")
		_, talk, ok := specimen.OpenSSL(t, nil, "ca", "-gencrl", "-config", path, "-crlexts", section, "-out", out, "-cert", a.path, "-keyfile", b.priv)
		ours, err := f.Extensions(section, Context{Issuer: a.cert, CRL: true})
		pairs, _ := f.Section(section)
		if (err == nil) != ok {
			t.Errorf("%v: openssl takes it: %v, we: %v\n%s", pairs, ok, err, talk)
		}
		if err != nil || !ok {
			continue
		}
		der, talk, ok := specimen.OpenSSL(t, nil, "crl", "-in", out, "-outform", "DER")
		if !ok {
			t.Fatal(talk)
		}
		list, err := crl.Parse([]byte(der))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := dump(ours), dump(list.Extensions); got != want {
			t.Errorf("%v:\n got %s\nwant %s", pairs, got, want)
		}
	}
}
