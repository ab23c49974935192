package openssl

import (
	"regexp"
	"strings"
	"testing"
)

// TestDotsAreShownWhileKeysAreMade looks for a line of dots where OpenSSL has
// some, and for none where it has none.
func TestDotsAreShownWhileKeysAreMade(t *testing.T) {
	dir := t.TempDir()
	dots := regexp.MustCompile(`(?m)^[.+*]+\n`)
	for line, want := range map[string]string{
		"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out k":        "DOTS\n",
		"genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -out k":    "DOTS\n",
		"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out k -quiet": "",
		"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k":      "",
		"genrsa -out k 1024":                                       "",
		"genrsa -verbose -out k 1024":                              "Generating RSA key with 1024 bits\nDOTS\ne is 65537 (0x010001)\n",
		"req -newkey rsa:1024 -nodes -subj /CN=x -keyout k -out r": "DOTS\n-----\n",
		"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout k -out r": "-----\n",
	} {
		_, ours, code := run(dir, "", strings.Fields(line)...)
		_, theirs, _ := reference(t, dir, "", strings.Fields(line)...)
		short := func(s string) string {
			return strings.ReplaceAll(dots.ReplaceAllString(s, "DOTS\n"), "DOTS\nDOTS\n", "DOTS\n")
		}
		if code != 0 || short(ours) != want || short(theirs) != want {
			t.Errorf("%s: exit code %d, %q; openssl %q", line, code, ours, theirs)
		}
	}
}
