// Package archtest holds the layers of the program as one text, and fails
// where an import goes against them.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/certwright/certwright"

// layers lists every package, lowest line first. A package imports packages of
// earlier lines only: never of its own line, never of a later one.
const layers = `
internal/specimen internal/spelling internal/systemd internal/metrics internal/disk internal/p256 client
format/der format/oid
format/pem format/dn format/asn1tree format/pbe
format/key
format/ext
format/cert
format/cms
format/pkcs10 format/spkac format/crl format/keystore
format/crmf format/ocsp
request
lint evidence protocol/acme protocol/cmp
inspect chain
issuance
authority
authority/delegate
authority/memkeys authority/memstore authority/storetest authority/responder internal/config internal/keystore internal/weblint internal/opensslconf internal/acmecheck internal/notice
internal/store/sqlstore internal/store/walfile internal/opensslca internal/opensslcmd internal/access internal/secret internal/manufacturer
internal/store/sqlite internal/store/postgres internal/store/postgrestest internal/acmeorder
internal/enroll/acmesrv internal/enroll/cmpsrv internal/publish
internal/task internal/doctor
internal/enroll/restsrv internal/remote
internal/server
internal/front
internal/front/openssl/text
internal/front/verbs internal/front/openssl
cmd/certwright
`

// anywhere may import any package and be imported by none.
var anywhere = []string{"bench", "interop", "internal/archtest", "internal/gen"}

// rules name what only some folders may import.
var rules = []struct {
	forbidden string
	allowed   []string // folders that may import it all the same
	why       string
}{
	{"database/sql", []string{"internal/store"}, "SQL stays in the stores"},
	{"net/http", []string{"client", "protocol", "internal", "cmd", "bench", "interop"}, "the pure packages know no network"},
	{"os", []string{"internal", "cmd", "bench", "interop"}, "the pure packages know no files"},
	{"os/exec", []string{"internal", "cmd", "bench", "interop"}, "the pure packages start no programs"},
	{"unsafe", []string{"internal/store/walfile"}, "no line here is worth it, but for those that write the log of SQLite (docs/decisions/0013)"},
}

// clockless are the packages that get the time as an argument.
var clockless = []string{"format", "request", "evidence", "issuance", "inspect", "lint", "chain"}

type source struct {
	file    string
	folder  string
	imports []string
	text    string
}

func TestImportsFollowTheLayers(t *testing.T) {
	rank := map[string]int{}
	for i, line := range strings.Split(strings.TrimSpace(layers), "\n") {
		for _, folder := range strings.Fields(line) {
			rank[folder] = i
		}
	}
	for _, s := range sources(t) {
		if under(s.folder, anywhere) {
			continue
		}
		mine, known := rank[s.folder]
		if !known {
			t.Errorf("%s: the folder %s is in no layer; give it a line", s.file, s.folder)
			continue
		}
		for _, imported := range s.imports {
			folder, ours := strings.CutPrefix(imported, module+"/")
			if !ours || folder == s.folder {
				continue
			}
			theirs, known := rank[folder]
			if !known || theirs >= mine {
				t.Errorf("%s: %s imports %s, which is not in an earlier layer", s.file, s.folder, folder)
			}
		}
	}
}

func TestLayersNameOnlyFoldersThatExist(t *testing.T) {
	for _, folder := range strings.Fields(layers) {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(folder))); err != nil {
			t.Errorf("the layer text names %s, which is not there", folder)
		}
	}
}

func TestForbiddenImports(t *testing.T) {
	for _, s := range sources(t) {
		for _, rule := range rules {
			if slices.Contains(s.imports, rule.forbidden) && !under(s.folder, rule.allowed) {
				t.Errorf("%s: imports %s: %s", s.file, rule.forbidden, rule.why)
			}
		}
		if under(s.folder, clockless) && strings.Contains(s.text, "time.Now(") {
			t.Errorf("%s: calls time.Now: the pure packages get the time as an argument", s.file)
		}
	}
}

func TestNoInitAndNoShapelessNames(t *testing.T) {
	for _, s := range sources(t) {
		if strings.Contains(s.text, "\nfunc init()") {
			t.Errorf("%s: has an init function", s.file)
		}
		switch path.Base(s.folder) {
		case "util", "utils", "common", "core", "helpers", "pkg", "misc":
			t.Errorf("%s: a package is named for what it does, not for its shape", s.file)
		}
	}
}

const root = "../.."

func under(folder string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return folder == p || strings.HasPrefix(folder, p+"/") })
}

// sources parses the imports of every Go file that is not a test, in this
// process: a test that asks another program is answered from the test cache.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules" || hasModule(name)) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		s := source{file: filepath.ToSlash(rel), folder: path.Dir(filepath.ToSlash(rel)), text: string(text)}
		for _, i := range file.Imports {
			s.imports = append(s.imports, strings.Trim(i.Path.Value, `"`))
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatal("no source files found: the test looks in the wrong place")
	}
	return out
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
