package opensslconf

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/specimen"
)

func TestDefaultPath(t *testing.T) {
	env := func(value string, ok bool) func(string) (string, bool) {
		return func(name string) (string, bool) { return value, ok && name == "OPENSSL_CONF" }
	}
	in := func(path string) func(string) bool { return func(p string) bool { return p == path } }
	for _, c := range []struct {
		env    func(string) (string, bool)
		exists func(string) bool
		path   string
		ok     bool
	}{
		{env("/my.cnf", true), in(""), "/my.cnf", true},
		{env("", true), in("/usr/lib/ssl/openssl.cnf"), "", false},
		{env("", false), in("/usr/lib/ssl/openssl.cnf"), "/usr/lib/ssl/openssl.cnf", true},
		{env("", false), in("/etc/pki/tls/openssl.cnf"), "/etc/pki/tls/openssl.cnf", true},
		{env("", false), in(""), "", false},
	} {
		if path, ok := DefaultPath(c.env, c.exists); path != c.path || ok != c.ok {
			t.Errorf("got %q, %v; want %q, %v", path, ok, c.path, c.ok)
		}
	}
}

// TestBuiltinAsInstalled holds the built-in configuration against the one that
// the openssl command came with.
func TestBuiltinAsInstalled(t *testing.T) {
	out, _, ok := specimen.OpenSSL(t, nil, "version", "-d")
	dir := regexp.MustCompile(`"(.*)"`).FindStringSubmatch(out)
	if !ok || dir == nil {
		t.Fatalf("openssl version -d: %q", out)
	}
	text, err := os.ReadFile(filepath.Join(dir[1], "openssl.cnf"))
	if err != nil {
		t.Fatal(err)
	}
	installed, builtin := parse(t, string(text)), parse(t, Builtin())
	for _, ask := range []func(*File) any{
		func(f *File) any { r, err := f.Req("req"); return fmt.Sprintf("%+v %v", r, err) },
		func(f *File) any {
			p, err := f.SubjectPrompts("req_distinguished_name")
			return fmt.Sprintf("%+v %v", p, err)
		},
		func(f *File) any {
			p, err := f.AttributePrompts("req_attributes")
			return fmt.Sprintf("%+v %v", p, err)
		},
		func(f *File) any { c, err := f.CA(""); return fmt.Sprintf("%+v %v", c, err) },
		func(f *File) any { p, err := f.PolicyRules("policy_match"); return fmt.Sprint(p, err) },
		func(f *File) any { p, err := f.PolicyRules("policy_anything"); return fmt.Sprint(p, err) },
		func(f *File) any {
			e, err := f.Extensions("usr_cert", Context{SyntaxOnly: true})
			return fmt.Sprint(dump(e), err)
		},
		func(f *File) any {
			e, err := f.Extensions("v3_ca", Context{SyntaxOnly: true})
			return fmt.Sprint(dump(e), err)
		},
		func(f *File) any { e, err := f.Extensions("v3_req", Context{}); return fmt.Sprint(dump(e), err) },
		func(f *File) any {
			e, err := f.Extensions("crl_ext", Context{SyntaxOnly: true})
			return fmt.Sprint(dump(e), err)
		},
	} {
		got, want := fmt.Sprint(ask(builtin)), fmt.Sprint(ask(installed))
		got, want = strings.ReplaceAll(got, "OIDSection:new_oids", "OIDSection:"), strings.ReplaceAll(want, "OIDSection:new_oids", "OIDSection:")
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if id, err := installed.Object("tsa_policy3"); err != nil || id.String() != "1.2.3.4.5.7" {
		t.Errorf("tsa_policy3 is %s, %v", id, err)
	}
}

func TestObjects(t *testing.T) {
	f, err := Parse("o.cnf", []byte(`openssl_conf = lib
oid_section = more
[lib]
oid_section = oids
[oids]
short = a very long name, 1.2.3.4.77
[more]
same = 1.2.3.4.78
`), Source{})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.LoadObjects(); err != nil {
		t.Fatal(err)
	}
	if err := f.AddObjectFile([]byte("1.2.3.4.79 one\tNumber One\n1.2.3.4.80\ttwo\n\nthe end\n1.1 x\n")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%q", f.Objects()); got != `[{"1.2.3.4.77" "short" "a very long name"} {"1.2.3.4.78" "same" "same"} {"1.2.3.4.79" "one" "Number One"} {"1.2.3.4.80" "two" "two"}]` {
		t.Error(got)
	}
	for _, name := range []string{"short", "a very long name", "two", "commonName", "2.5.4.3", "2 5 4 3", "2.5.4.3."} {
		if _, err := f.Object(name); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []struct{ short, dotted, want string }{
		{"CN", "1.2.3.4.81", "there is an object of the name CN already"},
		{"new", "1.2.3.4.77", "the object identifier 1.2.3.4.77 has a name already"},
		{"new", "x", `"x" is neither the name of an object nor its number, such as 2.5.4.3`},
		{"new", "1", `"1": not an object identifier: want numbers with dots between them, such as 2.5.4.3`},
	} {
		if err := f.AddObject(c.short, c.short, c.dotted); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if err := f.AddObjectFile([]byte("1.2.3")); err == nil || err.Error() != "line 1 of the object identifiers has no name after its number" {
		t.Error(err)
	}
	if err := f.AddObjectSection("oids"); err == nil || err.Error() != "o.cnf:6: object short = a very long name, 1.2.3.4.77: there is an object of the name short already" {
		t.Error(err)
	}
	if err := f.AddObjectSection("none"); err == nil || err.Error() != "there is no section none of object identifiers" {
		t.Error(err)
	}
}
