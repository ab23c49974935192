package opensslconf

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/specimen"
)

// lines are fragments of configurations; random ones are put together to files.
var lines = []string{
	"a = 1", "b = $a", "c = ${a}x", "d = $(a)y", "e = ${s::a}", "f = $s::a-z", "g = \"quoted # $a\" tail", "h = 'it\\'s' \"a\\\"b\" `c`", "i = a\\tb\\nc\\rd\\be", "j = one \\\ntwo \\\n three", "k = two\\\\\nl = next",
	"[s]", "[ s ]", "[ s t ]", "[t]# comment", "[t] anything", "[$a]", "[s\\]]", "[s", "# comment", "   # comment", "m = x # comment", "n = x\\# y", "o = trail  \t ", "p =", " q=1", "=nameless", "noequal", "two words = x",
	"s::a = other", "::b = none", "t :: c = x", "a!b%c&d*e+f,g-h.i/j;k?l@m^n|o~p_q = punct", "é = x", "r = é", "u = ${a", "v = $a}", "w = $nosuch", "x = ${ENV::HOME}", "y = $ENV::NOSUCHVARIABLE", "z = $", "A = $$a", "B = a$",
	"C = \\$a", "D = '$a'", "E = \"a\\", "F = 'open", "G = \\\\", "H = a\\", "I = \\\\\\", "a = again", ".include inc.cnf", ".include = inc.cnf", ".include nosuch.cnf", ".includes = x", ".include", ".include=$a", ".include dir", ".include \"inc.cnf\"",
	".pragma dollarid:on", ".pragma dollarid:off", ".pragma = dollarid : TRUE", ".pragma dollarid:", ".pragma dollarid", ".pragma foo:bar", ".pragma dollarid:maybe", ".pragma:x", "J$K = dollar", "L = ${J$K}", "M = $J$K", "\\a = escaped name",
	"N = a  b", "O = \"\"", "P = a'b'c", "ENV::Q = mine", "R = $ENV::Q", "S = $(s::a}", "T = ${ a }", "default::U = x", "V = $U", "\ufeffW = bom", "X = a\r", "Y = \"a\\nb\"", ".pragma abspath:on", ".pragma includedir:sub", "Z = ${a}${b}$c",
	"\t[v]\t", "[]", "aa = @x;y", "bb = <>{}()", "[a=b]", "name\\ x = y", "cc = \\", "", "dd = 1=2=3", "ee == x", "[[s]]",
}

// printed finds what openssl says was the faulty line.
var printed = regexp.MustCompile(`Error on line (\d+) of config file`)

func TestParseAsOpenSSL(t *testing.T) {
	dir, r := t.TempDir(), seed(t)
	t.Chdir(dir)
	for _, d := range []string{"dir", "sub"} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"inc.cnf": "included = yes\na = from inc\n\n[s]\nb = $a\n", "dir/a.cnf": "k = v", "dir/b.txt": "bad line", "sub/inc.cnf": "included = sub\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 250 {
		var text strings.Builder
		if n < len(lines) {
			text.WriteString("a = 1\n" + lines[n] + "\n")
		} else {
			for range 2 + r.IntN(12) {
				text.WriteString(lines[r.IntN(len(lines))] + "\n")
			}
		}
		compareConf(t, text.String())
	}
}

// compareConf has a file read by both, and every value of it compared. openssl
// tells values by writing them as ASN.1 strings.
func compareConf(t *testing.T, text string) {
	t.Helper()
	f, err := Parse("a.cnf", []byte(text), files())
	full := text
	if err == nil {
		full += "\n.pragma dollarid:off\n[outvalues]\n"
		for _, section := range f.Sections() {
			pairs, _ := f.Section(section)
			for _, p := range pairs {
				if strings.Trim(section+p.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
					full += fmt.Sprintf("x%d = UTF8:${%s::%s}\n", len(full), section, p.Name)
				}
			}
		}
		if f, err = Parse("a.cnf", []byte(full), files()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("a.cnf", []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove("out.der")
	_, talk, ok := specimen.OpenSSL(t, nil, "asn1parse", "-genconf", "a.cnf", "-genstr", "SEQUENCE:outvalues", "-noout", "-out", "out.der")
	if err != nil {
		found := printed.FindStringSubmatch(talk)
		if ok || found == nil {
			t.Errorf("%q: openssl reads it, we: %v\n%s", text, err, talk)
		} else if got := fmt.Sprint(err.(*Error).Reported); got != found[1] {
			t.Errorf("%q: the fault is on line %s, we: %s", text, found[1], got)
		}
		return
	}
	theirs, _ := os.ReadFile("out.der")
	ours, err := Generate(f, "SEQUENCE:outvalues")
	if err != nil || !ok || string(ours) != string(theirs) {
		t.Errorf("%q: %v\n got %q\nwant %q\n%s", full, err, ours, theirs, talk)
	}
}

func files() Source {
	return Source{Getenv: os.LookupEnv, ReadFile: os.ReadFile, ReadDir: func(name string) ([]string, error) {
		entries, err := os.ReadDir(name)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names, err
	}}
}
