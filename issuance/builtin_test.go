package issuance_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/issuance"
)

func TestBuiltInProfilesAreRead(t *testing.T) {
	for _, name := range issuance.BuiltInNames() {
		text, ok := issuance.BuiltInText(name)
		if !ok {
			t.Errorf("%s: no text", name)
			continue
		}
		p, err := issuance.ParseProfile(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name != name || !strings.HasPrefix(p.Version, "1+") || len(p.Version) != 14 {
			t.Errorf("%s: name %q, version %q", name, p.Name, p.Version)
		}
	}
}
