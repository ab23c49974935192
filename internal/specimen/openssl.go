package specimen

import (
	"bytes"
	"os/exec"
	"testing"
)

// OpenSSL runs the openssl command on stdin and returns what it writes to
// stdout and to stderr, and whether it ended well. A machine without the
// command fails the test.
func OpenSSL(t testing.TB, stdin []byte, args ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("the openssl command is missing; install it (on Debian: apt-get install openssl)")
	}
	var out, talk bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &talk
	err = cmd.Run()
	return out.String(), talk.String(), err == nil
}
