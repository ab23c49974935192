package task

import (
	"testing"

	"github.com/certwright/certwright/authority"
)

func TestControlsOf(t *testing.T) {
	with := &authority.Ticket{Evidence: []byte(`{"controls":[{"name":"dns:a.test","method":"http-01","at":"2026-11-22T06:00:00Z"}]}`)}
	if c := ControlsOf(with); len(c) != 1 || c[0].Name != "dns:a.test" || c[0].Method != "http-01" || c[0].At.Hour() != 6 {
		t.Errorf("%+v", c)
	}
	for _, text := range []string{"", "{}", "null", "nonsense"} {
		if c := ControlsOf(&authority.Ticket{Evidence: []byte(text)}); len(c) != 0 {
			t.Errorf("%q: %+v", text, c)
		}
	}
}
