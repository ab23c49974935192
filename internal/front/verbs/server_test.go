package verbs

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/front"
)

// TestEveryVerbAtAServer has the page on REST say of each verb whether it works
// at a server, or why it does not.
func TestEveryVerbAtAServer(t *testing.T) {
	text, err := os.ReadFile("../../../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "These verbs work at a server:")
	section, _, _ = strings.Cut(section, "\n## ")
	works, others, found := strings.Cut(section, "The others refuse")
	if !found {
		t.Fatal("the page has no list of the verbs that do not work at a server")
	}
	p := &program{shell: &front.Shell{Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.HasSubCommands() {
			for _, sub := range c.Commands() {
				walk(sub)
			}
			return
		}
		path := strings.TrimPrefix(c.CommandPath(), "certwright ")
		top, _, _ := strings.Cut(path, " ")
		where, other := works, others
		if !slices.Contains(servedVerbs(), path) {
			where, other = others, works
			if len(unservedVerb(path).verbs) == 0 {
				t.Errorf("nothing says why %q does not work at a server", path)
			}
		} else if len(unservedVerb(path).verbs) > 0 {
			t.Errorf("%q works at a server, and has a reason why it does not", path)
		}
		if !strings.Contains(where, "`"+path+"`") && !strings.Contains(where, "`"+top+"`") || strings.Contains(other, "`"+path+"`") {
			t.Errorf("docs/rest.md does not say, or says wrongly, whether %q works at a server", path)
		}
	}
	for _, c := range p.root().Commands() {
		if !c.Hidden && c.Name() != "help" {
			walk(c)
		}
	}
}

// TestEveryServedVerbIsInASession finds each verb that works at a server in a
// session that has it work there.
func TestEveryServedVerbIsInASession(t *testing.T) {
	scripts, err := filepath.Glob("../../../cmd/certwright/testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no sessions are found:", err)
	}
	var all strings.Builder
	for _, name := range scripts {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for _, verb := range servedVerbs() {
		if !regexp.MustCompile(`(?m)^(! )?certwright ` + verb + ` .*--server `).MatchString(all.String()) {
			t.Errorf("no session has %q work at a server", verb)
		}
	}
}
