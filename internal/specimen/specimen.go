// Package specimen holds requests, certificates, revocation lists and keys
// that tests of several packages read: good, odd and broken ones.
package specimen

import (
	"embed"
	"encoding/pem"
	"strings"
	"testing"
)

//go:embed testdata README.md
var files embed.FS

// File returns the bytes of the specimen with this name, such as
// "wikipedia.csr".
func File(t testing.TB, name string) []byte {
	t.Helper()
	data, err := files.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatalf("there is no specimen %q", name)
	}
	return data
}

// DER returns the object in a specimen that holds one PEM block, or is DER.
func DER(t testing.TB, name string) []byte {
	t.Helper()
	data := File(t, name)
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes
	}
	return data
}

// Names returns the names of the specimens that end in one of these suffixes
// (".csr"), or of all without a suffix, in order.
func Names(t testing.TB, suffixes ...string) []string {
	t.Helper()
	entries, err := files.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		wanted := len(suffixes) == 0
		for _, s := range suffixes {
			wanted = wanted || strings.HasSuffix(e.Name(), s)
		}
		if wanted {
			names = append(names, e.Name())
		}
	}
	return names
}
