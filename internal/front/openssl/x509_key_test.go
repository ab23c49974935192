package openssl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keysAndRequests makes what the tests below certify: the keys r, e, f and ca,
// the request r.csr of r, the certificates c.pem of r and ca.pem of ca.
func keysAndRequests(t *testing.T) string {
	dir := t.TempDir()
	for _, k := range []string{"r", "e", "f", "ca"} {
		reference(t, dir, "", "ecparam", "-name", "P-256", "-genkey", "-noout", "-out", k+".key")
	}
	for _, line := range []string{
		"pkey -in f.key -pubout -out f.pub", "req -new -key r.key -subj /CN=x/emailAddress=a@b.c -out r.csr",
		"req -x509 -key ca.key -subj /CN=CA/emailAddress=ca@b.c -out ca.pem", "req -x509 -key r.key -subj /CN=leaf -out c.pem",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	extensions := "subjectKeyIdentifier=hash\nsubjectAltName=email:move\nauthorityKeyIdentifier=keyid,issuer\n"
	for name, text := range map[string]string{
		"ext":  "[default]\n" + extensions,
		"conf": "[req]\nprompt=no\ndistinguished_name=d\nx509_extensions=x\n[d]\nCN=x\nemailAddress=a@b.c\n[x]\n" + extensions,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compareMade runs a line here and with openssl, and compares what the
// certificates or requests say.
func compareMade(t *testing.T, dir string, show []string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		args := append(strings.Fields(line), "-out")
		_, wantTalk, want := reference(t, dir, "", append(args, "theirs")...)
		_, talk, code := run(dir, "", append(args, "ours")...)
		if code != want || talk != withoutErrorQueue(wantTalk) {
			t.Errorf("%s: exit code %d, want %d\n%s\nwant\n%s", line, code, want, talk, wantTalk)
		}
		if want != 0 {
			continue
		}
		theirs, _, _ := reference(t, dir, "", append(show, "-in", "theirs")...)
		ours, talk, code := reference(t, dir, "", append(show, "-in", "ours")...)
		if ours != theirs || code != 0 {
			t.Errorf("%s: got\n%s%s\nwant\n%s", line, ours, talk, theirs)
		}
	}
}

// TestTheKeyThatSignsIsCertified has x509 make certificates of other keys than
// the request's or the certificate's.
func TestTheKeyThatSignsIsCertified(t *testing.T) {
	dir := keysAndRequests(t)
	compareMade(t, dir, []string{"x509", "-noout", "-pubkey", "-subject", "-issuer", "-ext", "subjectKeyIdentifier,authorityKeyIdentifier"},
		"x509 -req -in r.csr -signkey r.key -set_serial 5", "x509 -req -in r.csr -signkey e.key -set_serial 5", "x509 -req -in r.csr -key e.key -set_serial 5 -extfile ext",
		"x509 -req -in r.csr -key e.key -force_pubkey f.pub -set_serial 5", "x509 -in c.pem -signkey e.key", "x509 -in c.pem -signkey e.key -force_pubkey f.pub",
		"x509 -req -in r.csr -CA ca.pem -CAkey ca.key -force_pubkey f.pub -set_serial 5", "x509 -in c.pem -CA ca.pem -CAkey ca.key -force_pubkey f.pub -set_serial 5",
		"x509 -new -subj /CN=n -key e.key -set_serial 5", "x509 -new -subj /CN=n -key e.key -force_pubkey f.pub -set_serial 5")
	compareMade(t, dir, []string{"req", "-noout", "-pubkey", "-subject"},
		"x509 -x509toreq -in c.pem -signkey e.key", "x509 -x509toreq -in c.pem -key e.key -force_pubkey f.pub", "x509 -x509toreq -req -in r.csr -key e.key",
		"x509 -x509toreq -in c.pem -key e.key -subj /CN=Y", "x509 -x509toreq -new -subj /CN=n -key e.key")
	if _, talk, code := run(dir, "", "x509", "-req", "-in", "r.csr", "-signkey", "e.key", "-out", "self"); code != 0 {
		t.Fatal(talk)
	}
	if _, talk, code := reference(t, dir, "", "verify", "-check_ss_sig", "-CAfile", "self", "self"); code != 0 {
		t.Errorf("the certificate is not signed by its key: %s", talk)
	}
}

// TestAddressesMoveOutOfTheSubject compares subjects and extensions after
// subjectAltName = email:move.
func TestAddressesMoveOutOfTheSubject(t *testing.T) {
	dir := keysAndRequests(t)
	compareMade(t, dir, []string{"x509", "-noout", "-subject", "-issuer", "-ext", "subjectAltName,authorityKeyIdentifier"},
		"x509 -req -in r.csr -signkey r.key -extfile ext -set_serial 7", "x509 -req -in r.csr -CA ca.pem -CAkey ca.key -extfile ext -set_serial 7",
		"x509 -req -in r.csr -signkey r.key -extfile ext -set_serial 7 -subj /CN=q/emailAddress=q@q.q", "x509 -new -subj /CN=q/emailAddress=q@q.q -key e.key -extfile ext -set_serial 7",
		"req -x509 -new -key r.key -config conf -set_serial 7", "req -x509 -in r.csr -key r.key -config conf -set_serial 7",
		"req -x509 -new -key r.key -config conf -CA ca.pem -CAkey ca.key -set_serial 7",
		"req -x509 -new -key r.key -subj /CN=s/emailAddress=s@s.s -addext subjectAltName=email:move -set_serial 7")
}
