package config

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// checkIdentities refuses names of the authority that are not as CAA records
// and those of dns-persist-01 are compared with (draft-ietf-acme-dns-persist-02,
// Section 3.1: A-labels in lower case, no dot at the end, ten of them at most).
func checkIdentities(names []string, wrong report) {
	const key, most = "acme.caa-identities", 10
	if len(names) > most {
		wrong(key, fmt.Sprintf("there are %d names, and clients can be told %d at most", len(names), most), "leave some out")
	}
	for _, name := range names {
		as, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
		switch {
		case err != nil || as == "":
			wrong(key, fmt.Sprintf("%q is not a domain name", name), "write one that is yours, such as ca.example.org")
		case as != name:
			wrong(key, fmt.Sprintf("%q is not spelled as records spell it: in lower case, without a dot at the end", name), "write "+as)
		}
	}
}
