package openssl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOptionsThatAreIgnoredAreNamed compares what pkcs12 says of options that
// go with -export alone, or only without it.
func TestOptionsThatAreIgnoredAreNamed(t *testing.T) {
	dir := keysAndRequests(t)
	reference(t, dir, "", strings.Fields("pkcs12 -export -inkey r.key -in c.pem -passout pass:a -out p")...)
	for _, options := range []string{
		"-chain", "-untrusted c.pem", "-CAfile c.pem", "-CApath .", "-CAstore c.pem", "-no-CAfile", "-no-CApath", "-no-CAstore", "-name x", "-caname x", "-CSP x", "-LMK",
		"-keyex", "-keysig", "-keypbe NONE", "-certpbe NONE", "-certpbe PBE-SHA1-3DES", "-descert", "-macalg sha1", "-iter 4", "-iter 1", "-nomac -noiter", "-iter 2048", "-macalg sha256", "-noiter", "-nomaciter", "-maciter", "-nomac",
		"-inkey r.key", "-certfile c.pem", "-passcerts pass:x", "-nomac -chain -name x -keysig -keyex -iter 3 -inkey k -descert",
	} {
		args := append(strings.Fields("pkcs12 -in p -passin pass:a -noout"), strings.Fields(options)...)
		_, want, code := reference(t, dir, "", args...)
		_, got, ours := run(dir, "", args...)
		if got != want || code != ours {
			t.Errorf("%s: exit code %d, want %d\n%s\nwant\n%s", options, ours, code, got, want)
		}
	}
	for _, options := range []string{"-info", "-nodes", "-noenc", "-clcerts", "-cacerts", "-nomacver", "-aes256", "-cacerts -info -nomacver -clcerts -aes128"} {
		args := append(strings.Fields("pkcs12 -export -inkey r.key -in c.pem -passout pass:a -out q"), strings.Fields(options)...)
		_, want, code := reference(t, dir, "", args...)
		_, got, ours := run(dir, "", args...)
		if got != want || code != ours {
			t.Errorf("-export %s: exit code %d, want %d\n%s\nwant\n%s", options, ours, code, got, want)
		}
	}
}

// TestWordsOfSettings compares what is said of configurations.
func TestWordsOfSettings(t *testing.T) {
	dir := keysAndRequests(t)
	for name, text := range map[string]string{
		"empty": "[req]\nprompt=no\ndistinguished_name=d\n[d]\n",
		"mask":  "[req]\nprompt=no\nstring_mask=MASK:foo\ndistinguished_name=d\n[d]\nCN=x\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{"req -new -key r.key -config empty", "req -new -key r.key -config mask", "genpkey -config empty -algorithm ED25519 -out g"} {
		_, want, code := reference(t, dir, "", strings.Fields(line)...)
		_, got, ours := run(dir, "", strings.Fields(line)...)
		if got != withoutErrorQueue(want) || code != ours {
			t.Errorf("%s: exit code %d, want %d\n%s\nwant\n%s", line, ours, code, got, want)
		}
	}
}

// TestIsThereACommand asks by no-NAME.
func TestIsThereACommand(t *testing.T) {
	for _, line := range []string{"no-nosuch", "no-x509", "no-sha256", "no-", "no-nosuch foo"} {
		want, _, code := reference(t, "", "", strings.Fields(line)...)
		got, _, ours := run("", "", strings.Fields(line)...)
		if got != want || code != ours {
			t.Errorf("%s: %q, exit code %d; want %q, %d", line, got, ours, want, code)
		}
	}
}

// TestSPKACIsWrittenByItsName ignores -spkac where an SPKAC is made.
func TestSPKACIsWrittenByItsName(t *testing.T) {
	dir := keysAndRequests(t)
	reference(t, dir, "", "genrsa", "-out", "k", "1024")
	want, _, _ := reference(t, dir, "", "spkac", "-key", "k", "-spkac", "foo")
	if got, talk, _ := run(dir, "", "spkac", "-key", "k", "-spkac", "foo"); got != want {
		t.Errorf("got %s%s, want %s", got, talk, want)
	}
}

// asked runs a command whose questions are answered, and returns standard
// output and standard error as one, as at a terminal.
func asked(dir string, answers []string, args ...string) string {
	var all bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &all, Stderr: &all, Getenv: func(string) string { return "" }, Dir: dir, Now: time.Now}
	env.ReadPassword = func(prompt string) ([]byte, error) {
		all.WriteString(prompt + "\n")
		answer := answers[0]
		answers = answers[1:]
		return []byte(answer), nil
	}
	Run(env, args)
	return all.String()
}

// TestOrderAtATerminal has passphrases typed that differ.
func TestOrderAtATerminal(t *testing.T) {
	dir := keysAndRequests(t)
	reference(t, dir, "", strings.Fields("pkcs12 -export -inkey r.key -in c.pem -passout pass:a -out p")...)
	for line, want := range map[string]string{
		"pkcs12 -export -inkey r.key -in c.pem -out q":          "Enter Export Password:\nVerifying - Enter Export Password:\nVerify failure\nCan't read Password\n",
		"pkcs12 -export -inkey r.key -in c.pem -out q -twopass": "Enter MAC Password:\nVerifying - Enter MAC Password:\nVerify failure\nCan't read Password\n",
		"pkcs8 -topk8 -in r.key":                                "Enter Encryption Password:\nVerifying - Enter Encryption Password:\nVerify failure\n",
	} {
		if got := asked(dir, []string{"aaaa", "bbbb"}, strings.Fields(line)...); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	got := asked(dir, []string{"aaaa", "aaaa"}, strings.Fields("pkcs12 -in p -passin pass:a")...)
	certificate, question := strings.Index(got, "-----END CERTIFICATE-----"), strings.Index(got, "Enter PEM pass phrase:")
	if key := strings.Index(got, "-----BEGIN ENCRYPTED PRIVATE KEY-----"); certificate < 0 || question < certificate || key < question {
		t.Errorf("the order is not certificates, question, key:\n%s", got)
	}
}
