package front

import "testing"

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
