package opensslconf

import (
	"io/fs"
	"strings"
	"testing"
)

func source(files map[string]string) Source {
	return Source{
		Getenv: func(name string) (string, bool) { v, ok := map[string]string{"WHO": "env"}[name]; return v, ok },
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := files[name]; ok {
				return []byte(text), nil
			}
			return nil, fs.ErrNotExist
		},
		ReadDir: func(name string) ([]string, error) {
			var out []string
			for f := range files {
				if rest, ok := strings.CutPrefix(f, name+"/"); ok {
					out = append(out, rest)
				}
			}
			return out, nil
		},
	}
}

func TestParse(t *testing.T) {
	f, err := Parse("a.cnf", []byte("\xef\xbb\xbf"+`# a comment
dir = ./ca            # another
cert = $dir/ca.pem
long = one \
two
[ req ]
dn = dn_sect
quoted = "a # b" 'c d' e\#f \$x
tab = a\tb
other = ${default_like}x
same = 1
same = 2
who = $ENV::WHO
from = ${dn_sect::CN}-$(dn_sect::C)
later::name = put elsewhere
.include inc.cnf
[dn_sect]
`), source(map[string]string{"inc.cnf": "included = yes\n[sub]\nx=1\n"}))
	if err == nil || err.Error() != "a.cnf:10: the variable ${default_like} has no value" {
		t.Fatalf("an unset variable: %v, %v", f, err)
	}
	f, err = Parse("a.cnf", []byte(`dir = ./ca            # another
cert = $dir/ca.pem
long = one \
two
[dn_sect]
CN = me
C = DE
[ req ]
quoted = "a # b" 'c d' e\#f \$x
tab = a\tb
same = 1
after = 0
same = 2
who = $ENV::WHO
from = ${dn_sect::CN}-$(dn_sect::C)
later::name = put elsewhere
.include inc.cnf
.include = more
still = here
`), source(map[string]string{"inc.cnf": "included = yes\n[sub]\nx=1\n", "more/a.cnf": "[from_a]\nk=v", "more/skip.txt": "???"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ group, name, want string }{
		{"default", "cert", "./ca/ca.pem"},
		{"req", "cert", "./ca/ca.pem"},
		{"default", "long", "one two"},
		{"req", "quoted", "a # b c d e#f $x"},
		{"req", "tab", "a\tb"},
		{"req", "same", "2"},
		{"req", "who", "env"},
		{"req", "from", "me-DE"},
		{"later", "name", "put elsewhere"},
		{"req", "included", "yes"},
		{"sub", "x", "1"},
		{"from_a", "k", "v"},
		{"from_a", "still", "here"},
	} {
		if got, ok := f.Value(c.group, c.name); !ok || got != c.want {
			t.Errorf("%s::%s = %q, %v; want %q", c.group, c.name, got, ok, c.want)
		}
	}
	pairs, ok := f.Section("req")
	if !ok || pairs[2].Name != "after" || pairs[3].Value != "2" {
		t.Errorf("a later line does not take the place of an earlier one: %v", pairs)
	}
}

func TestParseFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[ req\n", "f:1: the section name has no closing bracket"},
		{"\nno sign\n", "f:2: the line has no equal sign"},
		{"a = ${b\n", "f:1: the variable ${b has no closing }"},
		{".include=\n.pragma abspath:on\n.include gone\n", "f:3: the .pragma abspath wants includes with absolute paths, not gone"},
		{"a b = c\n", "f:1: the line has no equal sign"},
		{"x=1\\\n2\n[a$b]\n", "f:3: the section name has no closing bracket"},
		{".pragma dollarid\n", "f:1: a .pragma is written NAME:VALUE"},
		{".pragma dollarid:maybe\n", "f:1: the .pragma dollarid is on or off, not \"maybe\""},
		{"b = " + strings.Repeat("x", maxValue) + "\na = x$b\n", "f:2: the value is longer than 65536 octets once its variables are in"},
		{".include f\n", "f:1: files include each other more than 16 deep"},
	} {
		_, err := Parse("f", []byte(c.text), source(map[string]string{"f": ".include f\n"}))
		if err == nil || err.Error() != c.want {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a = $b\n[c]\nd='e' \\\nf"))
	f.Add([]byte(".include x\n.pragma dollarid:on\nq = a$b ${c::d}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Parse("f", text, Source{}); err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}
