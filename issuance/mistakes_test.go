package issuance_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/issuance"
)

// TestAllMistakesAreTold has mistakes of writing and of meaning in one text.
func TestAllMistakesAreTold(t *testing.T) {
	_, err := issuance.ParseProfile([]byte(`name: bad
version: 1
validty: { default: 30d }
keys: { rsa: { min: some } }
names: { kinds: [dns, dsn] }
extensions: { keyUsage: { request: maybe, default: [digitalSigning] }, extKeyUsage: { request: allow, default: [serverOath] } }
rules:
  - { name: x, when: request.subject.CN == "a", verdict: warn, message: hi }
  - { name: y, when: nothing > 3, verdict: wran, message: hi }
`))
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	for _, want := range []string{
		`line 3: unknown key "validty"; did you mean "validity"?`, `line 4: keys.rsa.min: got "some"`, `line 5: names.kinds[1]: got "dsn"`, `line 6: extensions.keyUsage.request: got "maybe"`,
		`line 6: extensions.keyUsage.default`, `line 6: extensions.extKeyUsage.default`, `line 8: rules[0].when`, `line 9: rules[1].when: the expression is wrong at column 1 of its line 1: there is no nothing`, `line 9: rules[1].verdict`,
		`== stands between a list of texts and a text; compare what is of one kind, such as "a" in LIST`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in\n%v", want, err)
		}
	}
	for _, follows := range []string{"line 1: validity", "a rule needs a verdict", "mismatched"} {
		if strings.Contains(err.Error(), follows) {
			t.Errorf("%s is told, which follows from another mistake:\n%v", follows, err)
		}
	}
}

func TestMistakesInYAML(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nkeys:\n\trsa: 1": "the profile is not YAML: line 3: the line is indented by a tab; use blanks",
		"\tname: a":                "the profile is not YAML: line 1: the line is indented by a tab; use blanks",
		"@name: a":                 "the profile is not YAML: line 1: a value cannot begin with this character; put it in quotes",
		"name: a: b":               "the profile is not YAML: line 1: there is a colon where none belongs; put the text in quotes",
		"name: [a\nb: c":           "the profile is not YAML: line",
	} {
		if _, err := issuance.ParseProfile([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "token") {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
