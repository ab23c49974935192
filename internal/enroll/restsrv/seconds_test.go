package restsrv

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
)

// A length of time is a number of seconds, and its name says so, in what is
// answered and in the description.
func TestLengthsOfTimeAreInSeconds(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.office.Authority.UpdateCA(t.Context(), "issuing", func(_ *authority.CA, s *authority.CASettings) {
		s.CRLValidity, s.DeltaValidity, s.KeepExpired, s.OCSPValidity = 36*time.Hour, time.Hour, -1, 90*time.Minute
	}, "tester")
	if err != nil {
		t.Fatal(err)
	}
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, By: "tester"})
	_, _, text := w.raw("GET", "/api/v1/cas/issuing", token, nil)
	for _, want := range []string{`"crlValiditySeconds":129600,`, `"deltaValiditySeconds":3600,`, `"keepExpiredSeconds":-1,`, `"ocspValiditySeconds":5400,`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for name, schema := range w.described().Components.Schemas {
		properties, _ := schema["properties"].(map[string]any)
		for field, one := range properties {
			kind := fmt.Sprint(one.(map[string]any)["type"])
			if strings.Contains(strings.ToLower(field), "validity") && !strings.HasSuffix(field, "Seconds") && !strings.HasSuffix(field, "Months") || strings.HasSuffix(field, "Seconds") && kind != "integer" {
				t.Errorf("%s.%s is a length of time (%s), and does not say its unit", name, field, kind)
			}
		}
	}
}
