package openssl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const caConfig = `[ca]
default_ca = CA_default
[CA_default]
dir = ./demoCA
database = $dir/index.txt
new_certs_dir = $dir/newcerts
certificate = $dir/cacert.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
private_key = $dir/private/cakey.pem
x509_extensions = usr_cert
default_days = 365
default_crl_days = 30
default_md = sha256
policy = policy_match
copy_extensions = copy
crl_extensions = crl_ext
%s
[policy_match]
countryName = match
organizationName = match
organizationalUnitName = optional
commonName = supplied
emailAddress = optional
[policy_anything]
countryName = optional
commonName = optional
[policy_strange]
foo = match
[policy_maybe]
commonName = maybe
[policy_unit]
organizationalUnitName = match
[usr_cert]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer
[crl_ext]
authorityKeyIdentifier = keyid:always
`

// caFolders makes two folders with the same authority and the same requests.
func caFolders(t *testing.T, more string) (ours, theirs string) {
	t.Helper()
	ours, theirs = t.TempDir(), t.TempDir()
	do := func(line string) {
		if _, talk, code := reference(t, ours, "", strings.Split(line, "|")...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	for _, dir := range []string{"demoCA/newcerts", "demoCA/private"} {
		if err := os.MkdirAll(filepath.Join(ours, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"demoCA/index.txt": "", "demoCA/serial": "1000\n", "demoCA/crlnumber": "01\n", "ca.cnf": fmt.Sprintf(caConfig, more)} {
		if err := os.WriteFile(filepath.Join(ours, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do("genpkey|-algorithm|EC|-pkeyopt|ec_paramgen_curve:P-256|-out|demoCA/private/cakey.pem")
	do("req|-x509|-new|-key|demoCA/private/cakey.pem|-subj|/C=DE/O=Acme/CN=Root|-out|demoCA/cacert.pem")
	do("genpkey|-algorithm|RSA|-pkeyopt|rsa_keygen_bits:2048|-out|a.key")
	do("req|-new|-key|a.key|-subj|/C=DE/O=Acme/OU=X/CN=a.example/emailAddress=a@b.c|-addext|subjectAltName=DNS:a.example|-out|a.csr")
	do("req|-new|-key|a.key|-subj|/C=DE/O=Other/CN=b.example|-out|b.csr")
	do("req|-new|-key|a.key|-subj|/C=DE/O=Acme/CN=c.example|-out|c.csr")
	do("req|-new|-key|a.key|-subj|/C=DE/O=Acme|-out|nameless.csr")
	do("req|-new|-key|a.key|-subj|/|-out|empty.csr")
	do("req|-new|-key|demoCA/private/cakey.pem|-subj|/C=DE/O=Acme/CN=Self|-out|self.csr")
	do("req|-x509|-new|-key|a.key|-subj|/C=DE/O=Acme/CN=selfsigned|-set_serial|77|-out|ss.crt")
	do("spkac|-key|a.key|-challenge|hello|-out|spk")
	spk, err := os.ReadFile(filepath.Join(ours, "spk"))
	if err == nil {
		err = os.WriteFile(filepath.Join(ours, "spk"), append(spk, "C=DE\nO=Acme\nCN=spk\n"...), 0o644)
	}
	if err == nil {
		err = os.CopyFS(theirs, os.DirFS(ours))
	}
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// leveled takes out what differs from run to run: times, random numbers, signatures.
func leveled(text string) string {
	for _, r := range [][2]string{
		{`(?s)-----BEGIN [A-Z0-9 ]+-----.*?-----END [A-Z0-9 ]+-----\n`, ""},
		{`[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} 20\d\d GMT`, "DATE"},
		{`until 20\S+ \S+Z`, "until DATE"}, {`\b2[67]\d{10}Z`, "DATEZ"},
		{`(?m)^ +([0-9a-f]{2}:)+[0-9a-f]{0,2}$`, "HEX"}, {`(HEX\n)+`, "HEX\n"},
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

// holds reports whether all lines of one text stand in another, in order;
// between them there may be more about the cause.
func holds(text, lines string) bool {
	have := strings.Split(text, "\n")
	for line := range strings.SplitSeq(lines, "\n") {
		at := slices.Index(have, line)
		if at < 0 {
			return false
		}
		have = have[at+1:]
	}
	return true
}

type caStep struct{ input, line string }

func compareCA(t *testing.T, ours, theirs string, steps []caStep) {
	t.Helper()
	for _, s := range steps {
		args := append([]string{"ca", "-config", "ca.cnf"}, strings.Fields(s.line)...)
		out, talk, code := run(ours, s.input, args...)
		wantOut, wantTalk, wantCode := reference(t, theirs, s.input, args...)
		if leveled(out) != leveled(wantOut) || code != wantCode {
			t.Errorf("ca %s: exit code %d, want %d (%s)\n%s\nwant\n%s", s.line, code, wantCode, talk, leveled(out), leveled(wantOut))
		}
		if want := leveled(withoutErrorQueue(wantTalk)); !holds(leveled(talk), want) {
			t.Errorf("ca %s: says\n%s\nwant\n%s", s.line, leveled(talk), want)
		}
	}
	for _, name := range []string{"index.txt", "index.txt.attr", "serial", "crlnumber"} {
		if got, want := fileText(t, ours, name), fileText(t, theirs, name); got != want {
			t.Errorf("%s has\n%s\nwant\n%s", name, got, want)
		}
	}
}

func fileText(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "demoCA", name))
	if err != nil {
		t.Fatal(err)
	}
	return leveled(string(text))
}

func TestAuthoritiesAreRunAsOpenSSLRunsThem(t *testing.T) {
	ours, theirs := caFolders(t, "name_opt = ca_default\ncert_opt = ca_default")
	compareCA(t, ours, theirs, []caStep{
		{"", "-batch -in a.csr"}, {"", "-batch -notext -infiles c.csr b.csr"}, {"", "-batch -in a.csr"},
		{"y\nn\n", "-in c.csr -notext"}, {"y\n", "-in c.csr -notext"}, {"n\n", "-in c.csr"}, {"", "-in c.csr"},
		{"y\ny\n", "-notext -verbose -in c.csr -out c.crt"},
		{"", "-batch -in nameless.csr"}, {"", "-batch -in empty.csr -policy policy_anything"},
		{"", "-batch -ss_cert ss.crt -verbose"}, {"", "-batch -spkac spk -out spk.der -verbose"},
		{"", "-batch -in self.csr -selfsign"}, {"", "-batch -in a.csr -selfsign"},
		{"", "-batch -in c.csr -startdate 20270101000000Z -enddate 490101000000Z -subj /C=DE/O=Acme/CN=x1/foo=bar"},
		{"", "-batch -in c.csr -enddate 20550101000000Z -subj /C=DE/O=Acme/CN=x2/emailAddress=a@b.c -noemailDN -preserveDN"},
		{"", "-revoke demoCA/newcerts/1000.pem -crl_reason keyCompromise"}, {"", "-revoke demoCA/newcerts/1000.pem"},
		{"", "-revoke demoCA/newcerts/1001.pem -crl_reason foo"}, {"", "-revoke demoCA/newcerts/1001.pem -crl_hold holdInstructionReject"},
		{"", "-revoke demoCA/newcerts/1002.pem -crl_compromise 20260101000000Z"}, {"", "-revoke demoCA/newcerts/1003.pem -crl_CA_compromise 2026"},
		{"", "-revoke demoCA/newcerts/1003.pem -crl_hold nonsense"}, {"", "-revoke ss.crt"}, {"", "-valid ss.crt"}, {"", "-valid demoCA/cacert.pem"},
		{"", "-status 1000"}, {"", "-status 1003"}, {"", "-status 9"}, {"", "-status xy"}, {"", "-updatedb -verbose"},
		{"", "-gencrl -crl_lastupdate 20260101000000Z -crl_nextupdate 20560101000000Z -verbose -out crl.pem"},
		{"", "-gencrl -crlexts nosuch"}, {"", "-gencrl -crl_lastupdate 2026"}, {"", ""},
		{"", "-name foo -in a.csr"}, {"", "-batch -in a.csr -policy nosuch"}, {"", "-batch -in a.csr -extensions nosuch"},
		{"", "-batch -in a.csr -policy policy_strange"}, {"", "-batch -in a.csr -policy policy_maybe"}, {"", "-batch -in a.csr -policy policy_unit"},
		{"", "-batch -in nosuch"}, {"", "-batch -in ca.cnf"}, {"", "-batch -in a.csr -keyfile a.key"}, {"", "-batch -in a.csr -startdate 2026"},
		{"", "-batch -in a.csr -cert nosuch"}, {"", "-batch -in a.csr -keyfile nosuch"}, {"", "-foo"}, {"", "-days x"}, {"", "-outdir nosuch"},
	})
	_, talk, code := run(ours, "", "ca", "-config", "ca.cnf", "-gencrl", "-crl_lastupdate", "200901123456Z", "-crlsec", "60", "-out", "early.pem")
	if text, _, _ := reference(t, ours, "", "crl", "-in", "early.pem", "-noout", "-nextupdate"); code != 0 || strings.Contains(text, "2020") {
		t.Errorf("the time to the next list counts from now: %s%s", text, talk)
	}
	want, _, _ := reference(t, theirs, "", "crl", "-in", "crl.pem", "-noout", "-text")
	got, _, _ := reference(t, ours, "", "crl", "-in", "crl.pem", "-noout", "-text")
	if leveled(got) != leveled(want) {
		t.Errorf("the revocation list is\n%s\nwant\n%s", got, want)
	}
	if _, talk, code := reference(t, ours, "", "crl", "-in", "crl.pem", "-noout", "-CAfile", "demoCA/cacert.pem"); code != 0 {
		t.Errorf("the revocation list does not verify: %s", talk)
	}
}

func TestSubjectsAreShownInBrief(t *testing.T) {
	ours, theirs := caFolders(t, "")
	compareCA(t, ours, theirs, []caStep{
		{"", "-batch -notext -in a.csr -verbose"},
		{"", "-batch -notext -in c.csr -dateopt iso_8601 -extfile ca.cnf -extensions usr_cert"},
		{"", "-batch -notext -in c.csr -extfile ca.cnf -extensions nosuch"},
	})
}

// TestOrderOfSubjectsIsKept puts preserve where it counts, and where it does
// not; the request has the authority's own key.
func TestOrderOfSubjectsIsKept(t *testing.T) {
	ours, theirs := caFolders(t, "preserve = yes")
	for _, args := range []string{"-new -key demoCA/private/cakey.pem -subj /CN=x/O=Acme/C=DE -out own.csr", "-x509 -key demoCA/private/cakey.pem -subj /CN=y/O=Acme/C=DE -out own.crt"} {
		if _, talk, code := reference(t, theirs, "", append([]string{"req"}, strings.Fields(args)...)...); code != 0 {
			t.Fatal(talk)
		}
	}
	for _, name := range []string{"own.csr", "own.crt"} {
		data, err := os.ReadFile(filepath.Join(theirs, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ours, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, ca := range []string{"", "\npreserve = yes"} {
		for _, dir := range []string{ours, theirs} {
			conf, err := os.ReadFile(filepath.Join(dir, "ca.cnf"))
			if err != nil {
				t.Fatal(err)
			}
			conf = append(conf, []byte("\n[ca]"+ca+"\n[aki]\nauthorityKeyIdentifier = keyid,issuer\n[always]\nauthorityKeyIdentifier = keyid:always,issuer:always\n")...)
			if err := os.WriteFile(filepath.Join(dir, "ca.cnf"), conf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		policy := " -batch -policy policy_anything"
		compareCA(t, ours, theirs, []caStep{
			{"", "-in own.csr" + policy}, {"", "-ss_cert own.crt -extensions aki" + policy}, {"", "-in own.csr -extensions aki -subj /CN=z" + policy},
			{"", "-in own.csr -extensions always -selfsign -subj /CN=zz" + policy},
			{"", "-revoke demoCA/newcerts/1000.pem"}, {"", "-revoke demoCA/newcerts/1001.pem"}, {"", "-revoke demoCA/newcerts/1002.pem"},
		})
	}
}

func TestBrokenIndexesAreNamedByLine(t *testing.T) {
	ours, theirs := caFolders(t, "")
	for _, index := range []string{
		"V\t271121213237Z\t\t10\tunknown\t/CN=a\nX\t271121213237Z\n", "V\t271121213237Z\t271121213237Z\t10\tunknown\t/CN=a\n",
		"V\t2711213237Z\t\t10\tunknown\t/CN=a\n", "V\t271121213237Z\t\t1\tunknown\t/CN=a\n", "V\t271121213237Z\t\t1x\tunknown\t/CN=a\n",
		"V\t271121213237Z\t\t10\tunknown\t/CN=a\nV\t271121213237Z\t\t10\tunknown\t/CN=b\n",
		"V\t271121213237Z\t\t10\tunknown\t/CN=a\nV\t271121213237Z\t\t11\tunknown\t/CN=a\n", "R\t271121213237Z\t\t10\tunknown\t/CN=a\n", "\n",
	} {
		for _, dir := range []string{ours, theirs} {
			if err := os.WriteFile(filepath.Join(dir, "demoCA/index.txt"), []byte(index), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, code := run(ours, "", "ca", "-config", "ca.cnf", "-valid", "ss.crt"); code != 1 {
			t.Errorf("%q: exit code %d", index, code)
		}
		_, talk, _ := run(ours, "", "ca", "-config", "ca.cnf", "-valid", "ss.crt")
		_, want, _ := reference(t, theirs, "", "ca", "-config", "ca.cnf", "-valid", "ss.crt")
		if want = withoutErrorQueue(want); !holds(talk, want) || !strings.Contains(talk, "./demoCA/index.txt, line ") {
			t.Errorf("%q: says\n%s\nwant\n%s", index, talk, want)
		}
	}
}

// TestParallelCallsLoseNothing signs sixteen certificates at once, and lets
// OpenSSL go on with the directory.
func TestParallelCallsLoseNothing(t *testing.T) {
	dir, _ := caFolders(t, "unique_subject = no")
	const calls = 16
	var wait sync.WaitGroup
	for i := range calls {
		wait.Go(func() {
			_, talk, code := run(dir, "", "ca", "-config", "ca.cnf", "-batch", "-notext", "-in", "c.csr", "-subj", fmt.Sprintf("/C=DE/O=Acme/CN=n%d", i), "-out", fmt.Sprintf("%d.crt", i))
			if code != 0 {
				t.Errorf("call %d: %s", i, talk)
			}
		})
	}
	wait.Wait()
	lines := strings.Split(strings.TrimSpace(fileText(t, dir, "index.txt")), "\n")
	serials := map[string]bool{}
	for _, line := range lines {
		serials[strings.Split(line, "\t")[3]] = true
	}
	files, err := os.ReadDir(filepath.Join(dir, "demoCA/newcerts"))
	if err != nil || len(lines) != calls || len(serials) != calls || len(files) != calls || fileText(t, dir, "serial") != "1010\n" {
		t.Errorf("%d lines, %d serial numbers, %d files, next %s, %v", len(lines), len(serials), len(files), fileText(t, dir, "serial"), err)
	}
	for i := range calls {
		if _, talk, code := reference(t, dir, "", "verify", "-CAfile", "demoCA/cacert.pem", fmt.Sprintf("%d.crt", i)); code != 0 {
			t.Errorf("certificate %d: %s", i, talk)
		}
	}
	for _, args := range [][]string{{"-batch", "-in", "a.csr", "-out", "a.crt"}, {"-revoke", "3.crt"}, {"-gencrl", "-out", "crl.pem"}} {
		if _, talk, code := reference(t, dir, "", append([]string{"ca", "-config", "ca.cnf"}, args...)...); code != 0 {
			t.Errorf("openssl ca %v: %s", args, talk)
		}
	}
	if _, talk, code := run(dir, "", "ca", "-config", "ca.cnf", "-batch", "-in", "c.csr", "-out", "c.crt"); code != 0 {
		t.Errorf("going on after openssl: %s", talk)
	}
	if index := fileText(t, dir, "index.txt"); strings.Count(index, "\n") != calls+2 || strings.Count(index, "R\t") != 1 {
		t.Errorf("the index in the end:\n%s", index)
	}
}
