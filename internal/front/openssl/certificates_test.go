package openssl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// twin is a folder for each of two commands, with the same files in it.
type twin struct{ ours, theirs string }

// newTwin makes keys, a root, a request and a certificate with the installed
// openssl.
func newTwin(t *testing.T) twin {
	t.Helper()
	w := twin{t.TempDir(), t.TempDir()}
	for name, content := range map[string]string{
		"empty.cnf": "[req]\n", "noprompt.cnf": "[req]\nprompt=no\n", "nodn.cnf": "[req]\ndistinguished_name=dn\n", "broken.cnf": "[req\n",
		"ca.cnf": "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\nprivate_key=k.pem\n" +
			"certificate=root.pem\ndefault_crl_days=30\n",
		"index.txt": "", "crlnumber": "01\n",
		"leaf.ext": "basicConstraints=CA:FALSE\nsubjectAltName=@a\nkeyUsage=critical,digitalSignature\n[a]\nDNS.1=x.y\nDNS.2=z\n",
		"two.ext":  "[e]\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer:always\n",
	} {
		w.write(t, name, content)
	}
	for _, line := range []string{
		"genrsa -out k.pem 2048", "genrsa -out l.key 2048", "ecparam -name P-256 -genkey -noout -out ec.pem", "ec -in ec.pem -pubout -out ecpub.pem",
		"req -x509 -new -key k.pem -subj /CN=root -days 40 -out root.pem", "req -new -key l.key -subj /CN=leaf -out l.csr",
		"req -new -key l.key -subj /CN=leaf -addext subjectAltName=DNS:q -out san.csr", "req -in l.csr -subj /CN=y -out broken.csr",
		"x509 -req -in l.csr -CA root.pem -CAkey k.pem -days 40 -out l.pem",
		"req -x509 -new -key k.pem -subj /CN=foo/emailAddress=a@b.c -addext subjectAltName=DNS:a.b,DNS:*.x.com,IP:1.2.3.4,email:q@r.s -out named.pem",
		"x509 -in l.pem -addtrust serverAuth -setalias foo -out trusted.pem", "ca -config ca.cnf -gencrl -out root.crl",
	} {
		if _, talk, code := reference(t, w.theirs, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	entries, err := os.ReadDir(w.theirs)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(w.theirs, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(w.ours, e.Name()), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w twin) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.theirs, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// compare runs a line with both commands. What openssl writes to standard
// error must stand in ours, which may give reasons besides. Certificates made
// in two different seconds are made again.
func (w twin) compare(t *testing.T, stdin, line string) {
	t.Helper()
	var want, wantTalk, got, talk string
	var code, ours int
	for range 3 {
		want, wantTalk, code = reference(t, w.theirs, stdin, strings.Fields(line)...)
		got, talk, ours = run(w.ours, stdin, strings.Fields(line)...)
		if got == want {
			break
		}
	}
	if got != want || ours != code {
		t.Errorf("%s: exit code %d, want %d (%s)\n%s\nwant\n%s", line, ours, code, talk, got, want)
	}
	for said := range strings.SplitSeq(strings.TrimSpace(withoutErrorQueue(wantTalk)), "\n") {
		if !strings.Contains(talk, said) {
			t.Errorf("%s: standard error lacks %q:\n%s", line, said, talk)
		}
	}
}

func TestRequestsAreMadeAsOpenSSLMakesThem(t *testing.T) {
	w := newTwin(t)
	const answers = "US\n\n.\n\n\n\n\n\n\n"
	w.compare(t, answers, "req -new -key k.pem")
	w.compare(t, "USA\nUS\n\n.\n\nä\nxx\n\n\npassw\n\n", "req -new -key k.pem -utf8")
	for _, line := range []string{
		"req -new -key k.pem -subj /CN=leaf", "req -in l.csr -text -subject -modulus -pubkey", "req -in l.csr -verify -noout",
		"req -in broken.csr -verify -text", "req -x509 -new -key k.pem -subj /CN=root -set_serial 5 -text", "req -new -key k.pem -batch",
		"req -new -subj foo -key k.pem", "req -new -subj /XX=1/CN=/CN=b -key k.pem -noout",
		"req -new -key k.pem -config noprompt.cnf -subj /CN=x -noout", "req -new -key k.pem -config noprompt.cnf -noout",
		"req -new -key k.pem -config empty.cnf -noout", "req -new -key k.pem -config nodn.cnf -noout -subj /CN=x",
		"req -new -key k.pem -config nosuch -noout", "req -new -key k.pem -config broken.cnf -noout -subj /CN=x",
		"req -in l.csr -x509 -key k.pem -noout", "req -x509 -in l.csr -noout", "req -x509 -new -key k.pem -addext foo=bar -subj /CN=x -noout",
		"req -x509 -new -key k.pem -extensions nope -subj /CN=x -noout", "req -new -key k.pem -reqexts nope -subj /CN=x -noout",
		"req -new -key k.pem -addext subjectAltName=DNS:a -addext subjectAltName=DNS:b -subj /CN=x -noout",
		"req -new -key k.pem -addext subjectAltName=DNS:a -addext keyUsage=critical,digitalSignature -subj /CN=x -text",
		"req -in l.csr -subj /CN=y -verbose", "req -new -newkey foo:1 -nodes -noout -subj /CN=x", "req -new -newkey rsa:100 -nodes -noout -subj /CN=x",
		"req -new -newkey ec:nosuch -nodes -noout -subj /CN=x", "req -new -key nosuch.pem", "req -new -foo", "req extra", "req -in nosuch", "req -in k.pem",
		"req -x509 -new -key k.pem -days 0 -subj /CN=x -noout", "req -x509 -new -key k.pem -subj /CN=x -CA root.pem -CAkey l.key",
		"req -x509 -in l.csr -CA root.pem -CAkey k.pem -set_serial 9 -days 7 -text", "req -x509 -new -key k.pem -subj /CN=x -copy_extensions foo -noout",
		"req -x509 -in san.csr -key l.key -set_serial 9 -copy_extensions copyall", "req -x509 -key k.pem -subj /CN=x -set_serial 1 -outform DER",
		"req -new -key k.pem -subj /CN=x -newhdr -subject -nameopt multiline", "req -new -key k.pem -subj /CN=x+O=y/OU=z -noout -subject -nameopt RFC2253",
		`req -new -key k.pem -subj /CN=x\+O=y/OU=z\/ -noout -subject -text -reqopt no_pubkey,no_sigdump`, "req -in l.csr -noout -text -reqopt foo",
	} {
		w.compare(t, "", line)
	}
}

func TestCertificatesAreMadeAsOpenSSLMakesThem(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{
		"x509 -in root.pem -text", "x509 -req -in broken.csr -signkey k.pem -noout", "x509 -req -in l.csr -noout",
		"x509 -req -in l.csr -CA root.pem -CAkey ec.pem -noout", "x509 -req -in l.csr -CA root.pem -CAkey l.pem",
		"x509 -in root.pem -x509toreq -signkey k.pem -copy_extensions copyall -subject", "x509 -in l.pem -x509toreq",
		"x509 -in root.pem -signkey k.pem -clrext -set_serial 4 -text", "x509 -in l.pem -signkey l.key -set_serial 4 -text",
		"x509 -req -in san.csr -signkey l.key -copy_extensions copy -ext keyUsage -set_serial 5 -text", "x509 -req -in san.csr -signkey l.key -copy_extensions copyall -ext subjectAltName,keyUsage -set_serial 5",
		"x509 -in named.pem -x509toreq -signkey k.pem -copy_extensions copy -ext subjectAltName", "x509 -in named.pem -x509toreq -signkey k.pem -copy_extensions copy -extfile leaf.ext -noout",
		"x509 -in l.pem -checkend 0", "x509 -in l.pem -noout -checkend 99999999", "x509 -in named.pem -noout -checkhost a.b -checkemail x@y -checkip 1.2.3.4",
		"x509 -in named.pem -noout -checkhost a.x.com -checkemail q@r.s -checkip 1.2.3.5", "x509 -in named.pem -noout -checkhost foo -email",
		"x509 -in l.pem -noout -serial -dates -subject -serial -alias -email -hash -fingerprint -sha256", "x509 -in l.pem -noout -fingerprint",
		"x509 -in l.pem -noout -ext subjectAltName,foo", "x509 -in named.pem -noout -ext basicConstraints,subjectKeyIdentifier",
		"x509 -in trusted.pem -noout -alias -text", "x509 -in trusted.pem -trustout", "x509 -in trusted.pem",
		"x509 -in trusted.pem -clrtrust -addreject emailProtection -text", "x509 -in trusted.pem -outform DER -trustout", "x509 -in l.pem -addtrust nope",
		"x509 -new -key k.pem -subj /CN=new -set_serial 44", "x509 -new -key k.pem", "x509 -new -subj /CN=a", "x509 -new -key k.pem -subj /CN=a -in l.pem",
		"x509 -in l.pem -CA root.pem -CAkey k.pem -days 10 -noout", "x509 -in root.pem -CA root.pem -CAkey k.pem -days 10 -text -set_serial 99",
		"x509 -in l.pem -days 3 -noout", "x509 -in l.pem -signkey l.key -days -3 -noout", "x509 -in l.pem -signkey l.key -text",
		"x509 -req -in l.csr -signkey l.key -extfile nosuch", "x509 -req -in l.csr -signkey l.key -set_serial 1 -extensions foo",
		"x509 -req -in l.csr -CA root.pem -CAkey k.pem -CAserial foo.srl", "x509 -req -in l.csr -CA root.pem -CAkey k.pem -signkey k.pem -noout",
		"x509 -in l.pem -CAkey k.pem -noout", "x509 -req -in l.csr -force_pubkey ecpub.pem -signkey k.pem -text -set_serial 4", "x509 -in l.pem extra",
		"x509 -req -in l.csr -CA root.pem -CAkey k.pem -preserve_dates -days 3 -noout", "x509 -in l.pem -next_serial -ocspid -ocsp_uri -noout",
		"x509 -in l.pem -startdate -dateopt iso_8601 -noout", "x509 -in l.pem -startdate -dateopt foo -noout", "x509 -in l.pem -purpose -pubkey -modulus -nocert",
		"x509 -in l.pem -checkend abc", "x509 -in l.pem -noout -nameopt foo", "x509 -in l.pem -issuer_hash -issuer -issuer_hash_old -subject_hash_old -noout",
		"x509 -in nosuch", "x509 -in k.pem", "x509 -req -in root.pem -signkey k.pem", "x509 -in l.csr", "x509 -in l.pem -badsig",
		"x509 -req -in l.csr -CA root.pem -CAkey k.pem -set_serial 8 -extfile leaf.ext -days 100 -sha384 -text",
		"x509 -req -in l.csr -CA root.pem -CAkey k.pem -set_serial 8 -extfile two.ext -extensions e -text",
		"x509 -req -in san.csr -CA root.pem -CAkey k.pem -set_serial 8 -copy_extensions copy -text",
		"x509 -req -in san.csr -CA root.pem -CAkey k.pem -set_serial 8 -subj /CN=other/O=ä -text", "x509 -in l.pem -outform http",
	} {
		w.compare(t, "", line)
	}
}

func TestListsAndPathsAreVerifiedAsOpenSSLVerifiesThem(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{
		"crl -in root.crl -text -issuer -lastupdate -hash -crlnumber -fingerprint -nextupdate", "crl -in root.crl -CAfile root.pem -noout",
		"crl -in root.crl -CAfile l.pem -noout", "crl -in root.crl -hash -noout", "crl -in root.crl -badsig", "crl -in root.crl x",
		"crl -in root.crl -CAfile nosuch", "crl -in root.crl -lastupdate -dateopt iso_8601 -noout -hash_old", "crl -in root.crl -inform DER", "crl -in nosuch", "crl -in k.pem",
		"verify nosuch", "verify k.pem", "verify -CAfile nosuch l.pem", "verify -CAfile root.pem l.pem root.pem", "verify l.pem root.pem",
		"verify -untrusted nosuch l.pem", "verify -show_chain -CAfile root.pem l.pem", "verify -CAfile root.pem -crl_check l.pem",
		"verify -CAfile root.pem -crl_check -CRLfile root.crl l.pem", "verify -CAfile root.pem -crl_check_all -CRLfile root.crl -attime 100 l.pem",
		"verify -CAfile root.pem -attime 4000000000 l.pem", "verify -CAfile root.pem -no_check_time l.pem", "verify -CAfile root.pem -purpose sslserver -verify_hostname leaf l.pem",
		"verify -CAfile root.pem -verify_hostname foo l.pem", "verify -CAfile root.pem -verify_email foo@x l.pem", "verify -CAfile root.pem -verify_ip 1.2.3.4 l.pem",
		"verify -CAfile root.pem -verify_ip 1.2 l.pem", "verify -CAfile root.pem -purpose foo l.pem", "verify -CAfile root.pem -x509_strict l.pem",
		"verify -CAfile root.pem -x509_strict root.pem", "verify -CAfile root.pem -auth_level 3 l.pem", "verify -trusted l.pem l.pem",
		"verify -partial_chain -trusted l.pem l.pem", "verify -policy foo root.pem", "verify -verify_name foo l.pem", "verify -CAfile root.pem -purpose crlsign l.pem",
	} {
		w.compare(t, "", line)
	}
}

// TestSerialNumbersGoOn takes numbers from a file by turns.
func TestSerialNumbersGoOn(t *testing.T) {
	w := newTwin(t)
	const line = "x509 -req -in l.csr -CA root.pem -CAkey k.pem -CAserial s.srl -noout -serial"
	if _, talk, code := run(w.ours, "", strings.Fields(line+" -CAcreateserial")...); code != 0 {
		t.Fatal(talk)
	}
	data, err := os.ReadFile(filepath.Join(w.ours, "s.srl"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "s.srl", string(data))
	w.compare(t, "", line)
	w.compare(t, "", line)
}

// TestBrokenDigests signs with what OpenSSL signs with, and warns.
func TestBrokenDigests(t *testing.T) {
	w := newTwin(t)
	for _, digest := range []string{"sha1", "md5"} {
		out, talk, code := run(w.ours, "", strings.Fields("x509 -req -in l.csr -CA root.pem -CAkey k.pem -text -"+digest)...)
		if code != 0 || !strings.Contains(out, "Signature Algorithm: "+digest+"WithRSAEncryption") {
			t.Errorf("%s: exit code %d\n%s", digest, code, out)
		}
		if want := "Warning: what is signed with " + strings.ToUpper(digest) + " can be forged; -sha256 is sound\n"; !strings.Contains(talk, want) {
			t.Errorf("%s: %s", digest, talk)
		}
	}
}

// TestDeltaLists makes the difference of two lists.
func TestDeltaLists(t *testing.T) {
	w := newTwin(t)
	for _, dir := range []string{w.ours, w.theirs} {
		lines := "R\t400101000000Z\t251102000000Z,keyCompromise\t06\tunknown\t/CN=y\nR\t400101000000Z\t251103000000Z\t07\tunknown\t/CN=z\n"
		if err := os.WriteFile(filepath.Join(dir, "index.txt"), []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reference(t, w.theirs, "", strings.Fields("ca -config ca.cnf -gencrl -out new.crl")...)
	list, err := os.ReadFile(filepath.Join(w.theirs, "new.crl"))
	if err == nil {
		err = os.WriteFile(filepath.Join(w.ours, "new.crl"), list, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"crl -in root.crl -gendelta new.crl -key k.pem -sha256 -text", "crl -in root.crl -gendelta new.crl -noout", "crl -in new.crl -gendelta root.crl -key k.pem -noout",
		"crl -in root.crl -gendelta new.crl -key l.key -noout", "crl -in root.crl -gendelta nosuch -key k.pem -noout", "crl -in root.crl -gendelta new.crl -key nosuch -noout",
	} {
		w.compare(t, "", line)
	}
}

// TestSerialsOfParallelRuns signs from one file of serial numbers at once.
func TestSerialsOfParallelRuns(t *testing.T) {
	w := newTwin(t)
	var wait sync.WaitGroup
	serials := make([]string, 12)
	for i := range serials {
		wait.Go(func() {
			serials[i], _, _ = run(w.ours, "", strings.Fields("x509 -req -in l.csr -CA root.pem -CAkey k.pem -CAserial numbers -CAcreateserial -noout -serial")...)
		})
	}
	wait.Wait()
	slices.Sort(serials)
	if len(slices.Compact(serials)) != 12 || serials[0] == "" {
		t.Errorf("the numbers are %q", serials)
	}
}

// TestProofIsNeeded refuses to certify a request that was changed.
func TestProofIsNeeded(t *testing.T) {
	w := newTwin(t)
	for line, want := range map[string]string{
		"x509 -req -in broken.csr -CA root.pem -CAkey k.pem": "Certificate request self-signature did not match the contents",
		"req -x509 -in broken.csr -CA root.pem -CAkey k.pem": "the request does not prove that its sender holds the private key",
		"verify -suiteB_128 l.pem":                           "option -suiteB_128 is not supported by certwright openssl",
	} {
		if out, talk, code := run(w.ours, "", strings.Fields(line)...); code != 1 || out != "" || !strings.Contains(talk, want) {
			t.Errorf("%s: exit code %d, %s%s", line, code, out, talk)
		}
	}
}
