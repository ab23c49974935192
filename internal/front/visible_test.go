package front

import (
	"os/exec"
	"testing"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"münchen.de 例え":          "münchen.de 例え",
		"x\x1b[2J\nx.csr: good":  `x\x1B[2J\nx.csr: good`,
		"a\u202eb\u2066c\u2028d": `a\u202Eb\u2066c\u2028d`,
		"bad \xff and \x9b":      `bad \xFF and \x9B`,
		"csi \u009b":             `csi \x9B`,
		"\U000e0041 tag":         `\U000E0041 tag`,
		"a replacement \ufffd":   "a replacement \ufffd",
		`C:\x`:                   `C:\x`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWord(t *testing.T) {
	for text, want := range map[string]string{
		"": "''", "ca.crt": "ca.crt", "/home/a/.local/share/certwright": "/home/a/.local/share/certwright", "my home": "'my home'",
		"it's": `'it'\''s'`, "$(x)": "'$(x)'", "~": "'~'", "a*": "'a*'",
	} {
		if got := Word(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
		out, err := exec.Command("sh", "-c", "printf %s "+Word(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q: the shell reads %q, %v", text, out, err)
		}
	}
}
