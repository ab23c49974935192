package evidence

import "testing"

// TestLimitsOfSubjects holds whole subjects against a pattern; an attribute that
// the pattern does not have is not let in by its "*".
func TestLimitsOfSubjects(t *testing.T) {
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{"subject:CN=pump-*", "subject:CN=pump-1", true},
		{"subject:CN=pump-*", "subject:cn=PUMP-1", true},
		{"subject:CN=pump-*", "subject:CN=pump-1,O=Evil", false},
		{"subject:CN=pump-*", "subject:CN=pump-1+serialNumber=SN-OF-OTHER", false},
		{"subject:CN=pump-*", `subject:CN=pump-1\,O=Evil`, true},
		{"subject:CN=pump-*,O=*", "subject:CN=pump-1,O=Plant", true},
		{"subject:CN=pump-*,O=*", "subject:CN=pump-1+O=Plant", false},
		{"subject:CN=*,O=Plant", "subject:CN=a,O=Evil,O=Plant", false},
		{"subject:*", "subject:CN=a,O=b", true},
		{"subject:*", "dns:a", false},
		{"dns:*.plant.example", "dns:a.b.plant.example", true},
		{"dns:*.plant.example", "subject:CN=a.plant.example", false},
	} {
		o := Origin{Names: []string{c.pattern}}
		if got := o.Covers(c.subject); got != c.want {
			t.Errorf("%s covers %s: %v", c.pattern, c.subject, got)
		}
	}
}
