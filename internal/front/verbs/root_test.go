package verbs

import (
	"testing"

	"github.com/certwright/certwright/internal/front"
)

// TestVerbsAreNamed checks that the names by which one verb alone is made are
// those of the commands, and that nothing is left out where all are wanted.
func TestVerbsAreNamed(t *testing.T) {
	p := &program{shell: &front.Shell{Getenv: func(string) string { return "" }}}
	for _, v := range p.verbs() {
		if got := v.command().Name(); got != v.name {
			t.Errorf("the command %s is listed as %s", got, v.name)
		}
	}
	for first, want := range map[string]int{"asn1": 1, "help": len(p.verbs()), "man": len(p.verbs()), "--quiet": len(p.verbs()), "sing": len(p.verbs())} {
		p.args = []string{first, "sign"}
		if got := len(p.asked()); got != want {
			t.Errorf("%s: %d commands are made, not %d", first, got, want)
		}
	}
}
