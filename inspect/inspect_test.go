package inspect_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/specimen"
)

var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// TestSpecimens reads every specimen as what its name says, and renders it.
func TestSpecimens(t *testing.T) {
	kinds := map[string]inspect.Kind{
		".csr": inspect.CertificationRequest, ".crt": inspect.Certificate, ".crl": inspect.CertificateList, ".key": inspect.PrivateKey,
	}
	for suffix, kind := range kinds {
		for _, name := range specimen.Names(t, suffix) {
			r, err := inspect.Data(specimen.File(t, name), inspect.Options{Now: now})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, o := range r.Objects {
				if o.Kind != kind && name != "many.csr" || len(o.Raw) == 0 || o.Line < 1 {
					t.Errorf("%s: kind %s, %d octets, line %d", name, o.Kind, len(o.Raw), o.Line)
				}
			}
			render(t, name, r)
		}
	}
}

func render(t *testing.T, name string, r *inspect.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, line := range strings.Split(text.String(), "\n") {
		if len([]rune(line)) > 110 {
			t.Errorf("%s: a line of %d columns: %s", name, len([]rune(line)), line)
		}
	}
	out, err := json.Marshal(r)
	if err != nil || !json.Valid(out) {
		t.Errorf("%s: %v", name, err)
	}
	return text.String()
}
