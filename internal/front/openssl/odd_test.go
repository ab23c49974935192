package openssl

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// put gives both commands the same file.
func (w twin) put(t *testing.T, name string, content []byte) {
	t.Helper()
	for _, dir := range []string{w.ours, w.theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTimesThatCannotBeRead shows lists and certificates whose times say
// nothing that can be read.
func TestTimesThatCannotBeRead(t *testing.T) {
	w := newTwin(t)
	list, talk, code := reference(t, w.theirs, "", strings.Fields("crl -in root.crl -outform DER")...)
	if code != 0 {
		t.Fatal(talk)
	}
	leaf, talk, code := reference(t, w.theirs, "", strings.Fields("x509 -in l.pem -outform DER")...)
	if code != 0 {
		t.Fatal(talk)
	}
	stamp := regexp.MustCompile(`\x17\x0d[0-9]{12}Z`)
	spoil := func(raw string, n int, with string) []byte {
		at := stamp.FindAllStringIndex(raw, -1)[n]
		return bytes.Replace([]byte(raw), []byte(raw[at[0]:at[1]]), []byte("\x17\x0d"+with), 1)
	}
	for _, with := range []string{"261322010203Z", "26010100+0100", "260101010260Z"} {
		for n := range 2 {
			w.put(t, "odd.crl", spoil(list, n, with))
			for _, line := range []string{"crl -in odd.crl -noout -lastupdate -nextupdate", "crl -in odd.crl -CAfile root.pem", "crl -in odd.crl -noout -text"} {
				w.compare(t, "", line)
			}
		}
		w.put(t, "odd.pem", spoil(leaf, 0, with))
		w.compare(t, "", "x509 -in odd.pem -noout -checkend 0")
		w.compare(t, "", "x509 -in odd.pem -noout -checkend 99999999 -dates")
	}
	w.put(t, "odd.pem", spoil(leaf, 1, "261322010203Z"))
	w.compare(t, "", "x509 -in odd.pem -noout -checkend 0")
}

// TestSpoiltSignaturesAreShown prints what -badsig made of a signature.
func TestSpoiltSignaturesAreShown(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{
		"x509 -in root.pem -badsig -text", "x509 -in trusted.pem -badsig -text -noout", "x509 -in root.pem -badsig -fingerprint -noout", "crl -in root.crl -badsig -text",
		"crl -in root.crl -badsig -noout -fingerprint -sha256", "crl -in root.crl -badsig -CAfile root.pem -noout",
	} {
		w.compare(t, "", line)
	}
}

// TestAllSectionsOfExtensionsAreChecked looks at those of certificates where a
// request is made, and the other way round.
func TestAllSectionsOfExtensionsAreChecked(t *testing.T) {
	w := newTwin(t)
	const names = "[dn]\n[bad]\nfoo=bar\n[good]\nkeyUsage=digitalSignature\n"
	w.put(t, "cert.cnf", []byte("[req]\ndistinguished_name=dn\nx509_extensions=bad\n"+names))
	w.put(t, "request.cnf", []byte("[req]\ndistinguished_name=dn\nreq_extensions=bad\n"+names))
	for _, line := range []string{
		"req -new -key k.pem -config cert.cnf -subj /CN=x", "req -in l.csr -config cert.cnf", "req -in l.csr -config request.cnf",
		"req -x509 -new -key k.pem -config request.cnf -subj /CN=x -set_serial 1", "req -new -key k.pem -config request.cnf -subj /CN=x -extensions bad",
		"req -new -key k.pem -config request.cnf -subj /CN=x -extensions good -reqexts good", "req -new -key k.pem -config cert.cnf -subj /CN=x -extensions good",
	} {
		w.compare(t, "", line)
	}
}

// TestKeysAreShownInTheFormAskedFor prints points and curves as they are to be
// written, and keys of other kinds.
func TestKeysAreShownInTheFormAskedFor(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{"genpkey -algorithm ED25519 -out ed.pem", "ecparam -name P-384 -genkey -noout -param_enc explicit -out explicit.pem"} {
		reference(t, w.theirs, "", strings.Fields(line)...)
		name := line[strings.LastIndexByte(line, ' ')+1:]
		data, err := os.ReadFile(filepath.Join(w.theirs, name))
		if err != nil {
			t.Fatal(err)
		}
		w.put(t, name, data)
	}
	for _, line := range []string{
		"pkey -in ec.pem -text -outform DER", "pkey -in ec.pem -text_pub -outform DER -check", "pkey -in k.pem -text -pubout -outform DER", "pkey -in ec.pem -text -outform DER -noout",
		"ec -in ec.pem -conv_form compressed -text", "ec -in ec.pem -conv_form hybrid -text -pubout",
		"ec -pubin -in ecpub.pem -conv_form compressed -text", "ec -in explicit.pem -text -conv_form hybrid -noout",
		"ec -in explicit.pem -text -param_enc named_curve -noout", "pkey -in ec.pem -ec_conv_form compressed -text",
		"ec -in k.pem -text -noout", "ec -in k.pem -check -text", "ec -in k.pem -param_out", "ec -in k.pem -pubout", "ec -in k.pem -conv_form compressed -text", "ec -in ed.pem -text", "ec -in ed.pem -text -noout",
		"ec -in ed.pem -pubout -text", "ec -in ed.pem -param_enc explicit -noout", "ec -in ed.pem -param_out",
	} {
		w.compare(t, "", line)
	}
}

// TestMessagesOfNamesAndFiles compares what stands on standard error where a
// name, a file or an option is not what it should be.
func TestMessagesOfNamesAndFiles(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{
		"req -new -key k.pem -subj /CN=a/O", "req -new -key k.pem -subj /C=USA", "x509 -new -key k.pem -subj /CN=a+O", `req -new -key k.pem -subj /CN=a\`,
		"req -new -key k.pem -subj /CN=a -out nosuch/x", "x509 -in l.pem -out nosuch/x", "crl -in root.crl -out nosuch/x", "pkey -in k.pem -out nosuch/x", "genrsa -out nosuch/x 512",
		"req -newkey rsa:abc -nodes -subj /CN=a", "req -newkey rsa: -nodes -subj /CN=a", "req -newkey rsa:12x -nodes -subj /CN=a",
		"req -new -key k.pem -subj /CN=a -addext bad", "req -new -key k.pem -subj /CN=a -addext =bad", "req -new -key k.pem -subj /CN=a -addext bad=",
		"pkcs12 -export -in k.pem -passout pass:x", "pkcs12 -export -in l.pem -inkey l.key -certfile k.pem -passout pass:x", "pkcs12 -export -in nosuch -inkey k.pem -passout pass:x",
		"req -x509 -new -key k.pem -subj /CN=a -CA k.pem", "req -x509 -new -key k.pem -subj /CN=a -CA nosuch -CAkey k.pem", "x509 -in l.pem -CA k.pem", "x509 -in l.pem -CA nosuch -CAkey k.pem",
	} {
		w.compare(t, "", line)
		if _, ours, _ := run(w.ours, "", strings.Fields(line)...); strings.Contains(line, "/x") && !strings.HasPrefix(line, "pkey") && !strings.HasPrefix(line, "genrsa") && !strings.HasPrefix(ours, "Can't") {
			t.Errorf("%s: %s", line, ours)
		}
	}
	for _, line := range []string{"x509 -req -in l.csr -signkey l.key -days 99999999 -noout", "req -x509 -new -key k.pem -subj /CN=x -days 99999999 -noout"} {
		if _, talk, code := run(w.ours, "", strings.Fields(line)...); code != 1 || !strings.Contains(talk, "and dates can be written up to 9999; ask for fewer days\n") {
			t.Errorf("%s: exit code %d, %s", line, code, talk)
		}
	}
}
