package openssl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const namesFile = "1.2.3.4.6 fileOne file long name\n1.2.3.4.7 fileTwo\n2.5.4.3 taken taken too\n1.2.3.4.8 never never\n"

const namesConfig = `HEAD
[init]
oid_section = oids
[oids]
shortOne = 1.2.3.4.1
shortTwo = A long name, 1.2.3.4.2
shortThree = ,1.2.3.4.3
[plain]
shortOne = 1.2.3.4.1
shortTwo = 1.2.3.4.2
[req]
distinguished_name = dn
req_extensions = ext
attributes = at
prompt = no
[dn]
CN = x
shortOne = one
shortTwo = two
fileOne = three
[at]
unstructuredName = zzzzzz
challengePassword = secret
shortTwo = attr
[ext]
shortOne = ASN1:UTF8:hello
1.2.3.4.2 = ASN1:OID:shortTwo
extendedKeyUsage = serverAuth,shortOne,1.2.3.4.77
certificatePolicies = shortTwo,1.2.3.4.1
subjectAltName = otherName:shortOne;UTF8:foo,RID:shortTwo,dirName:dn
authorityInfoAccess = shortOne;URI:http://x
[ca]
default_ca = d
[d]
database = index.txt
rand_serial = yes
new_certs_dir = .
certificate = root.pem
private_key = k.pem
default_md = sha256
default_days = 30
policy = policy
copy_extensions = copy
[policy]
commonName = supplied
shortOne = optional
shortTwo = optional
fileOne = optional
`

// TestNamesOfConfigurationsArePrinted gives object identifiers names by
// oid_section, of the library's section and of the file's own, and by oid_file.
func TestNamesOfConfigurationsArePrinted(t *testing.T) {
	w := newTwin(t)
	w.put(t, "oids.txt", []byte(namesFile))
	for name, head := range map[string]string{"library.cnf": "openssl_conf = init", "plain.cnf": "oid_section = plain"} {
		w.put(t, name, []byte(strings.Replace(namesConfig, "HEAD", head+"\noid_file = oids.txt", 1)))
	}
	for _, conf := range []string{"plain.cnf", "library.cnf"} {
		w.compare(t, "", "req -config "+conf+" -new -key k.pem -text -reqopt ext_parse")
		made, talk, code := reference(t, w.theirs, "", "req", "-config", conf, "-new", "-key", "k.pem")
		if code != 0 {
			t.Fatal(talk)
		}
		w.put(t, "named.csr", []byte(made))
		for _, names := range []string{"multiline", "oneline", "compat", "RFC2253"} {
			w.compare(t, "", "req -config "+conf+" -in named.csr -noout -text -subject -nameopt "+names)
			w.compare(t, "", "req -in named.csr -noout -text -subject -nameopt "+names)
		}
		w.compare(t, "", "asn1parse -i -in named.csr -oid oids.txt")
	}
	w.compare(t, "", "ca -config plain.cnf -in named.csr -batch -notext -preserveDN -startdate 260101000000Z -enddate 270101000000Z -out out.crt")
	for _, dir := range []string{w.ours, w.theirs} {
		if index, err := os.ReadFile(filepath.Join(dir, "index.txt")); err != nil || !strings.Contains(string(index), "/shortOne=one/shortTwo=two/fileOne=three\n") {
			t.Errorf("the index has %q, %v", index, err)
		}
	}
	made, talk, code := reference(t, w.theirs, "", strings.Fields("x509 -req -in named.csr -signkey k.pem -copy_extensions copy")...)
	if code != 0 {
		t.Fatal(talk)
	}
	w.put(t, "named.crt", []byte(made))
	for _, line := range []string{
		"x509 -in named.crt -noout -text", "x509 -in named.crt -noout -text -certopt ext_parse -nameopt lname,align,sep_multiline", "x509 -in named.crt -text -subject -nameopt compat",
		"x509 -in named.crt -ext shortOne,extendedKeyUsage -noout", "x509 -in named.crt -addtrust shortOne -text", "x509 -in l.pem -addtrust nosuch",
		"asn1parse -i -in named.crt", "asn1parse -genstr OID:shortTwo", "verify named.crt",
	} {
		w.compareUnder(t, "library.cnf", line)
	}
}

// TestFaultsInFilesOfNames says what stands in the way, and goes on.
func TestFaultsInFilesOfNames(t *testing.T) {
	w := newTwin(t)
	w.put(t, "oids.txt", []byte(namesFile))
	w.put(t, "gone.cnf", []byte("oid_file = nosuch\n[req]\ndistinguished_name = dn\n[dn]\n"))
	w.put(t, "taken.cnf", []byte("oid_file = oids.txt\n[req]\ndistinguished_name = dn\n[dn]\n"))
	for _, c := range []struct{ line, says string }{
		{"req -config gone.cnf -in l.csr -noout", "problems opening nosuch for extra oid's\nNo such file or directory\n"},
		{"req -config taken.cnf -in l.csr -noout", "oids.txt: line 3 of the object identifiers: the object identifier 2.5.4.3 has a name already; it and what follows it is left out\n"},
		{"asn1parse -in l.csr -oid oids.txt", "oids.txt: line 3 of the object identifiers: the object identifier 2.5.4.3 has a name already; it and what follows it is left out\n"},
	} {
		w.compare(t, "", c.line)
		if _, talk, code := run(w.ours, "", strings.Fields(c.line)...); code != 0 || !strings.Contains(talk, c.says) {
			t.Errorf("%s: exit code %d, %q", c.line, code, talk)
		}
	}
}

// TestOptionsThatChangeWhatIsPrinted prints certificates with other parts than
// they have.
func TestOptionsThatChangeWhatIsPrinted(t *testing.T) {
	w := newTwin(t)
	for _, how := range []string{
		"-ext subjectAltName", "-ext XsubjectAltName", "-ext subjectAltName,basicConstraints -certopt ext_parse", "-clrext", "-clrext -ext subjectAltName", "-ext UNDEF", "-ext foo,",
		"-subj /CN=new -set_serial 5", "-days 3 -subj /CN=new",
	} {
		for _, what := range []string{
			"x509 -in named.pem", "x509 -in named.pem -text -noout -serial", "x509 -in named.pem -x509toreq -key k.pem -text", "x509 -in named.pem -x509toreq -key l.key -noout -text -issuer",
			"x509 -in named.pem -x509toreq -key k.pem -copy_extensions copy -text",
		} {
			w.compare(t, "", what+" "+how)
		}
	}
	w.compare(t, "", "x509 -in named.pem -force_pubkey ecpub.pem -text -noout")
	w.compare(t, "", "x509 -in named.pem -x509toreq -key k.pem -text -noout -preserve_dates")
	w.compare(t, "", "x509 -req -in san.csr -signkey l.key -copy_extensions copy -clrext")
	w.compare(t, "", "x509 -req -in san.csr -signkey l.key -copy_extensions copy -ext subjectAltName -set_serial 3 -text")
	w.compare(t, "", "x509 -in named.pem -signkey k.pem -ext keyUsage -set_serial 3 -text")
}

// compareUnder is compare with a configuration for every command.
func (w twin) compareUnder(t *testing.T, conf, line string) {
	t.Helper()
	t.Setenv("OPENSSL_CONF", filepath.Join(w.theirs, conf))
	want, talk, code := reference(t, w.theirs, "", strings.Fields(line)...)
	var out, said bytes.Buffer
	got := Run(Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Dir: w.ours, Now: time.Now, Getenv: func(name string) string {
		if name == "OPENSSL_CONF" {
			return filepath.Join(w.ours, conf)
		}
		return ""
	}}, strings.Fields(line))
	if out.String() != want || got != code {
		t.Errorf("%s: exit code %d, want %d (%s, %s)\n%s\nwant\n%s", line, got, code, &said, talk, &out, want)
	}
}
