package openssl

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/protocol/cmp"
)

// cmpShop is a folder with an authority, its CMP server, a device and a
// request.
func cmpShop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"server.ext": "keyUsage=digitalSignature\nsubjectKeyIdentifier=hash\n", "empty": "", "cmp.cnf": cmpConf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ec := "ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
	for _, line := range []string{
		"req -config /dev/null -x509 -newkey " + ec + " -days 3650 -keyout root.key -out root.crt -subj /CN=root",
		"req -config /dev/null -x509 -newkey " + ec + " -days 3650 -keyout other.key -out other.crt -subj /CN=other",
		"req -config /dev/null -new -newkey " + ec + " -keyout server.key -out server.csr -subj /CN=server",
		"x509 -req -in server.csr -CA root.crt -CAkey root.key -days 3650 -set_serial 2 -out server.crt -extfile server.ext",
		"req -config /dev/null -new -newkey " + ec + " -keyout device.key -out device.csr -subj /O=Example/CN=device -addext subjectAltName=DNS:device.example",
		"x509 -req -in device.csr -CA root.crt -CAkey root.key -days 3650 -set_serial 3 -out device.crt -copy_extensions copy",
		"pkey -in device.key -pubout -out device.pub",
		"pkcs12 -export -in device.crt -inkey device.key -passout pass:12345 -out device.p12",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	return dir
}

const cmpConf = `newkey = device.key
[default]
secret = pass:test
[device]
subject = /CN=configured
ref = 1234
certout = out.pem
days = 3
cmd = cr
[again]
subject =
cmd = ir
popo = 1
[wrong]
popo = 7
[extended]
reqexts = extensions
[extensions]
keyUsage = digitalSignature
subjectAltName = DNS:a.example
[mocked]
port = 0
[mock]
srv_ref = 1
`

const (
	cmpBySecret    = " -ref 1234 -secret pass:test"
	cmpBySignature = " -cert device.crt -key device.p12 -keypass pass:12345 -trusted root.crt"
	cmpNew         = " -newkey device.key -subject /CN=leaf -certout out.pem"
	cmpOuts        = " -extracertsout extra.pem -cacertsout pubs.pem -chainout chain.pem"
	cmpMock        = " -use_mock_srv -srv_cert server.crt -srv_key server.key -srv_trusted root.crt -srv_secret pass:test -srv_ref 1234 -rsp_cert device.crt -rsp_extracerts root.crt -rsp_capubs root.crt"
)

// cmpLines are the options of cmp, and behind a bar those of the mock server
// whose answers both clients then get.
func cmpLines() []string {
	return []string{
		"-cmd ir" + cmpNew + cmpBySecret,
		"-cmd ir" + cmpNew + cmpBySignature,
		"-cmd ir" + cmpNew + cmpOuts + cmpBySignature,
		"-cmd ir" + cmpNew + cmpOuts + " -certform DER -out_trusted root.crt" + cmpBySignature,
		"-cmd ir" + cmpNew + " -out_trusted other.crt -disable_confirm" + cmpBySecret,
		"-cmd cr" + cmpNew + " -implicit_confirm" + cmpBySecret + "| -grant_implicitconf",
		"-cmd cr" + cmpNew + " -disable_confirm" + cmpBySecret,
		"-cmd cr" + cmpNew + " -popo 0" + cmpBySecret + "| -accept_raverified",
		"-cmd cr" + cmpNew + " -newkey other.key" + cmpBySecret,
		"-cmd cr" + cmpNew + cmpBySecret + "| -poll_count 1 -check_after 0",
		"-cmd cr" + cmpNew + cmpBySecret + " -total_timeout 4 | -poll_count 1 -check_after 1",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 2 -failurebits 67108865 -statusstring no",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 2",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 1 -statusstring changed",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 4",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 5",
		"-cmd cr" + cmpNew + cmpBySecret + "| -pkistatus 6",
		"-cmd cr" + cmpNew + cmpBySecret + "| -send_error -pkistatus 2 -failure 3",
		"-cmd cr" + cmpNew + cmpBySecret + "| -send_unprotected",
		"-cmd cr" + cmpNew + cmpBySecret + " -unprotected_errors | -send_unprot_err -pkistatus 2",
		"-cmd cr" + cmpNew + cmpBySecret + " -unprotected_errors | -send_unprot_err -send_error",
		"-cmd cr" + cmpNew + " -ref 1234 -secret pass:wrong",
		"-cmd cr" + cmpNew + " -ref 1234 -secret test" + " -unprotected_errors | -srv_secret pass:other -send_error",
		"-cmd cr" + cmpNew + " -cert device.crt -key device.key -srvcert server.crt -trusted root.crt",
		"-cmd cr" + cmpNew + " -cert device.crt -key device.key -srvcert other.crt -expect_sender /CN=server",
		"-cmd cr" + cmpNew + " -expect_sender /CN=x" + cmpBySignature,
		"-cmd cr" + cmpNew + " -cert device.crt -key other.key -trusted root.crt",
		"-cmd kur -newkey device.key -oldcert device.crt -certout out.pem" + cmpBySignature,
		"-cmd kur -newkey device.key -subject /CN=other -certout out.pem" + cmpBySignature,
		"-cmd p10cr -csr device.csr -certout out.pem -newkey other.key -days 3 -popo 1 -subject /CN=x" + cmpBySignature,
		"-cmd ir -csr device.csr -newkey device.key -certout out.pem" + cmpBySecret,
		"-cmd rr -oldcert device.crt -revreason 4" + cmpBySignature,
		"-cmd rr -oldcert device.crt -csr device.csr" + cmpBySignature + "| -pkistatus 2 -failure 4",
		"-cmd rr -oldcert device.crt" + cmpBySignature + "| -pkistatus 5",
		"-cmd rr -csr device.csr" + cmpBySecret,
		"-cmd genm -infotype caCerts" + cmpBySignature,
		"-cmd genm -geninfo 1.2.3:int:987 -csr device.csr -oldcert device.crt" + cmpBySecret,
		"-cmd genm -digest sha512 -mac hmacWithSHA256" + cmpBySecret,
		// What is wrong before anything is sent.
		"-cmd genm -infotype nothing" + cmpBySecret, "-cmd genm -digest sha513" + cmpBySecret, "-cmd genm -mac x" + cmpBySecret, "-cmd x" + cmpBySecret,
		"-cmd rr" + cmpBySecret, "-cmd kur" + cmpBySecret, "-cmd ir" + cmpBySecret, "-cmd p10cr" + cmpBySecret, "-cmd ir -newkey device.key" + cmpBySecret,
		"-cmd ir -newkey device.key -certout out.pem", "-cmd ir -newkey device.key -certout out.pem -secret pass:test", cmpBySecret,
		"-cmd ir -csr device.csr -certout out.pem -key device.key" + cmpBySecret,
		"-cmd ir" + cmpNew + " -key device.key", "-cmd ir" + cmpNew + " -newkey device.pub" + cmpBySecret,
		"-cmd ir" + cmpNew + " -subject CN=x" + cmpBySecret, "-cmd ir" + cmpNew + " -subject /CN=x/XX=1" + cmpBySecret,
		"-cmd ir" + cmpNew + " -recipient /CN=x//" + cmpBySecret, "-cmd ir" + cmpNew + " -expect_sender /x" + cmpBySecret,
		"-cmd ir" + cmpNew + " -policies a -policy_oids 1.2" + cmpBySecret,
		"-cmd ir" + cmpNew + " -trusted none" + cmpBySecret, "-cmd ir" + cmpNew + " -untrusted empty" + cmpBySecret, "-cmd ir" + cmpNew + " -extracerts none" + cmpBySecret,
		"-cmd ir" + cmpNew + " -own_trusted root.crt" + cmpBySecret, "-cmd ir" + cmpNew + " -own_trusted root.crt" + cmpBySignature,
		"-cmd ir" + cmpNew + " -tls_cert x -certform X" + cmpBySecret, "-cmd ir" + cmpNew + " -keyform Z" + cmpBySecret,
		"-cmd ir" + cmpNew + " -msg_timeout 9 -total_timeout 5" + cmpBySecret,
		"-cmd ir" + cmpNew + " -popo 3" + cmpBySecret, "-cmd ir" + cmpNew + " -revreason 7" + cmpBySecret, "-cmd ir" + cmpNew + " -keep_alive 3" + cmpBySecret,
		"-cmd ir" + cmpNew + " -verbosity 9" + cmpBySecret, "-cmd ir" + cmpNew + " -verbosity 3" + cmpBySecret, "-cmd ir" + cmpNew + " -repeat 0" + cmpBySecret,
		"-cmd ir" + cmpNew + " -geninfo 1.2" + cmpBySecret, "-cmd ir" + cmpNew + " -geninfo 1.2:x" + cmpBySecret, "-cmd ir" + cmpNew + " -geninfo 1.2:int:x" + cmpBySecret,
		"-cmd ir" + cmpNew + " -policy_oids 1.2 -policy_oids_critical -sans critical,a.example -san_nodefault" + cmpBySecret,
		"-cmd ir" + cmpNew + " -policy_oids CN" + cmpBySecret, "-cmd ir" + cmpNew + " -srvcert none" + cmpBySecret, "-cmd ir" + cmpNew + " -oldcert empty" + cmpBySecret,
		"-cmd p10cr -csr none -certout out.pem" + cmpBySecret, "-cmd ir" + cmpNew + " -ref - -secret pass:test",
		"-cmd ir" + cmpNew + " -nothing" + cmpBySecret, "-cmd ir -revreason 99999999999" + cmpBySecret,
		// The configuration.
		"-config cmp.cnf -section device", "-config cmp.cnf -section device,again -oldcert device.crt", "-config cmp.cnf -section again,device",
		"-config cmp.cnf -section device,none", "-config cmp.cnf", "-config none", "-config cmp.cnf -section device,extended",
		"-config cmp.cnf -section device,extended -sans b.example", "-config cmp.cnf -section device,mock",
	}
}

// TestCMPIsWhatOpenSSLsIs runs both clients on the answers of OpenSSL's mock
// server, and compares what they tell, write, and send.
func TestCMPIsWhatOpenSSLsIs(t *testing.T) {
	dir := cmpShop(t)
	for _, line := range cmpLines() {
		options, server, _ := strings.Cut(line, "|")
		args := append([]string{"cmp"}, strings.Fields(options)...)
		if !slices.Contains(args, "-config") {
			args = append(args, "-config", "")
		}
		args = append(args, "-recipient", "/CN=root")
		if strings.Contains(options, "-recipient") {
			args = args[:len(args)-2]
		}
		for _, name := range cmpAnswers {
			os.Remove(filepath.Join(dir, name))
		}
		reference(t, dir, "", append(append(slices.Clone(args), strings.Fields(cmpMock+server)...), "-rspout", strings.Join(cmpAnswers, ","))...)
		answers := slices.DeleteFunc(slices.Clone(cmpAnswers), func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err != nil })
		if len(answers) == 0 {
			answers = cmpAnswers
		}
		args = append(args, "-rspin", strings.Join(answers, ","), "-reqout", "request")
		wantOut, wantErr, wantCode := reference(t, dir, "", args...)
		want := taken(t, dir)
		out, talk, code := run(dir, "", args...)
		got := taken(t, dir)
		if code != wantCode || cmpLog(out) != cmpLog(wantOut) || cmpLog(talk) != cmpLog(wantErr) {
			t.Errorf("%s\n--- ours: %d\n%s%s--- openssl's: %d\n%s%s", line, code, cmpLog(out), cmpLog(talk), wantCode, cmpLog(wantOut), cmpLog(wantErr))
		}
		for name := range want {
			if name == "request" {
				compareRequests(t, line, got[name], want[name])
			} else if string(got[name]) != string(want[name]) {
				t.Errorf("%s: %s is\n%s\nwant\n%s", line, name, got[name], want[name])
			}
		}
	}
}

var cmpAnswers = []string{"answer1", "answer2", "answer3", "answer4"}

// taken reads the files that were written, and removes them.
func taken(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{"out.pem", "extra.pem", "pubs.pem", "chain.pem", "request"} {
		file := filepath.Join(dir, name)
		if data, err := os.ReadFile(file); err == nil {
			all[name] = data
			os.Remove(file)
		}
	}
	return all
}

// compareRequests compares the bodies, whose proofs differ, and the headers.
func compareRequests(t *testing.T, line string, ours, theirs []byte) {
	t.Helper()
	got, err := cmp.Parse(ours)
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	want, err := cmp.Parse(theirs)
	if err != nil {
		t.Fatal(err)
	}
	g, w := got.Header, want.Header
	if got.Body.Kind != want.Body.Kind || string(g.Sender.Raw) != string(w.Sender.Raw) || string(g.Recipient.Raw) != string(w.Recipient.Raw) ||
		string(g.SenderKID) != string(w.SenderKID) || len(g.Info) != len(w.Info) || len(got.ExtraCerts) != len(want.ExtraCerts) || g.Version != w.Version {
		t.Errorf("%s: the message is\n%+v, %d certificates; want\n%+v, %d", line, g, len(got.ExtraCerts), w, len(want.ExtraCerts))
	}
	ourList, err := got.Body.Requests()
	if err != nil {
		if string(got.Body.Raw) != string(want.Body.Raw) {
			t.Errorf("%s: the body is %x, want %x", line, got.Body.Raw, want.Body.Raw)
		}
		return
	}
	theirList, err := want.Body.Requests()
	if err != nil {
		t.Fatal(err)
	}
	a, b := ourList.List[0], theirList.List[0]
	if len(a.Request.Template.Raw) != len(b.Request.Template.Raw) || len(a.Request.Controls) != len(b.Request.Controls) || (a.Proof == nil) != (b.Proof == nil) ||
		a.Proof != nil && a.Proof.Kind != b.Proof.Kind {
		t.Errorf("%s: the request is %x, want %x", line, a.Raw, b.Raw)
	}
}

// cmpLog leaves of what a client tells that which both tell: not where in its
// source OpenSSL tells it, what its libraries add, or the state that some of
// its versions tell at the end; nor our words on why.
func cmpLog(text string) string {
	place := regexp.MustCompile(`(?m)^[A-Za-z0-9_]+:[^ \n]*\.c:\d+:CMP`)
	text = place.ReplaceAllString(text, "CMP")
	text = strings.ReplaceAll(text, "mock server only", "no server only")
	told := regexp.MustCompile(`^(CMP|cmp|Unable|Could|Can't|Warning|Error|Trying|Invalid|error)`)
	also := regexp.MustCompile(`^CMP (info|server error): received .*PKIStatus|^CMP error: (first num too large|system lib|EVP lib|.*calling |no conf|no value|missing value)`)
	text = strings.ReplaceAll(text, "error validating signature:    certificate", "error validating signature")
	var kept []string
	for l := range strings.SplitSeq(text, "\n") {
		if told.MatchString(l) && !also.MatchString(l) {
			kept = append(kept, l+"\n")
		}
	}
	return strings.Join(kept, "")
}
