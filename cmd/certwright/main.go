// Command certwright carries a certificate signing request from key to
// certificate, and the certificate from issue to its end.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/front/openssl"
	"github.com/certwright/certwright/internal/front/verbs"
)

// version is set by the build.
var version string

// main chooses the command line by the name it was called by, and by its first
// word: OpenSSL's options are not for the parser of the verbs to see.
func main() {
	shell, args := front.Process(), os.Args[1:]
	runOpenSSL := func(args []string) int { return openssl.Run(openssl.Process(shell, version), args) }
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	switch {
	case name == "openssl":
		os.Exit(runOpenSSL(args))
	case len(args) > 0 && args[0] == "openssl":
		os.Exit(runOpenSSL(args[1:]))
	}
	os.Exit(verbs.Run(shell, version, runOpenSSL, args))
}
