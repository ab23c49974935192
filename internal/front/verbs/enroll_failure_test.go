package verbs

import (
	"testing"

	"github.com/certwright/certwright/protocol/cmp"
)

func TestAnOfficersRefusalSaysNothingOfSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"an officer refused the request: not ours":  "ask the officers of the authority, or send another request",
		"the secret was used as often as it may be": fixOf(cmp.NotAuthorized),
	} {
		if got := refusalFix(cmp.StatusInfo{Failure: cmp.NotAuthorized, Text: []string{text}}); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}
