package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f, err := parse("c.yaml", []byte("ca: issuing\nprofile: client\nofficer: ann\nca-passphrase: env:P\nlinter: /opt/lint\n"))
	want := File{CA: "issuing", Profile: "client", Officer: "ann", Passphrase: "env:P", Linter: "/opt/lint"}
	if err != nil || f != want {
		t.Fatalf("got %+v, %v", f, err)
	}
	if f, err := parse("c.yaml", nil); err != nil || f != (File{}) {
		t.Fatalf("an empty file: %+v, %v", f, err)
	}
}

func TestParseFaults(t *testing.T) {
	for text, want := range map[string]string{
		"ca: a\nprofle: b\n":  `c.yaml, line 2: the key "profle" is not known | did you mean "profile"?`,
		"zzzzzz: b\n":         `c.yaml, line 1: the key "zzzzzz" is not known | known are ca,`,
		"ca: a\nca: b\n":      `c.yaml: this is not YAML`,
		"ca: [a]\n":           `c.yaml, line 1: the value of "ca" is not a single word`,
		"- a\n":               `c.yaml, line 1: the file is not a list of keys and values`,
		"ca: \"unfinished\nx": `c.yaml: this is not YAML: line 2: a quotation mark is not closed`,
		"\tca: a\n":           `c.yaml: this is not YAML: line 1: the line is indented by a tab; use blanks`,
	} {
		_, err := parse("c.yaml", []byte(text))
		fault, ok := err.(*Fault)
		if !ok {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := fault.Error() + " | " + fault.Fix
		if !strings.HasPrefix(got, want) && text != "ca: a\nca: b\n" {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestDefaultHome(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"CERTWRIGHT_HOME": "/h", "HOME": "/u"}, "/h"},
		{map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/u"}, "/x/certwright"},
		{map[string]string{"XDG_DATA_HOME": "relative", "HOME": "/u"}, "/u/.local/share/certwright"},
		{map[string]string{}, ""},
	} {
		h, err := DefaultHome(func(k string) string { return c.env[k] })
		if h.Folder != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%v: %q, %v", c.env, h.Folder, err)
		}
	}
}

func TestLoad(t *testing.T) {
	h := Home{t.TempDir()}
	if f, err := Load(h); err != nil || f != (File{}) {
		t.Fatalf("without a file: %+v, %v", f, err)
	}
	if err := os.WriteFile(h.File(), []byte("ca: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := Load(h); err != nil || f.CA != "x" {
		t.Fatalf("%+v, %v", f, err)
	}
	if err := h.Make(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(h.Folder, "keys")); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("keys: %v, %v", info, err)
	}
}
