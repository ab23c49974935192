package inspect_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/specimen"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// golden compares with the file of this name in testdata/golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: write it with: go test ./inspect -update", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// inputs are what the golden files show: specimens, and the files in
// testdata/input.
func inputs(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range []string{
		"wikipedia.csr", "microsoft.csr", "bad-san.csr", "multi-valued-rdn.csr", "bad-extensions.csr", "indefinite.csr", "unknown-key.csr", "empty-subject.csr",
		"leaf.crt", "root.crt", "repeated-extension.crt", "negative-serial.crt", "forever.crt", "v1.crt",
		"full.crl", "delta.crl", "indirect.crl", "bad-entry.crl", "no-next-update.crl", "many.csr",
	} {
		all[name] = specimen.File(t, name)
	}
	files, err := filepath.Glob("testdata/input/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(file)] = data
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, data := range inputs(t) {
		r, err := inspect.Data(data, inspect.Options{Now: now})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		golden(t, name+".txt", []byte(render(t, name, r)))
		out, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		golden(t, name+".json", append(out, '\n'))
	}
}
