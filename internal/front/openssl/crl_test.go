package openssl

import "testing"

// TestListsTakeNoUnknownOptions gives crl words that are neither options nor
// digests.
func TestListsTakeNoUnknownOptions(t *testing.T) {
	for _, name := range []string{"bogus", "nocrt", "shafoo"} {
		_, want, code := reference(t, "", "", "crl", "-noout", "-"+name)
		_, got, ours := run("", "", "crl", "-noout", "-"+name)
		if got != withoutErrorQueue(want) || ours != code {
			t.Errorf("crl -%s: exit code %d, %q; want %d, %q", name, ours, got, code, want)
		}
	}
}
