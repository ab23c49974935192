// Command certwright carries a certificate signing request from key to
// certificate, and the certificate from issue to its end.
package main

import (
	"os"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/front/verbs"
)

// version is set by the build.
var version string

func main() { os.Exit(verbs.Run(front.Process(), version, os.Args[1:])) }
