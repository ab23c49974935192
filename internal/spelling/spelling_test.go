package spelling

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"subject", "san", "key", "output", "passphrase", "profile"}
	for word, want := range map[string]string{
		"subjct": "subject", "sna": "san", "ouptut": "output", "passphrse": "passphrase",
		"prof": "profile", "zzz": "", "KEY": "key", "quite-another-thing": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
