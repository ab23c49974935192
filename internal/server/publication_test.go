package server

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/task"
)

func TestBase(t *testing.T) {
	for want, s := range map[string]config.Server{
		"http://pki.test": {PlainURL: "http://pki.test", PlainListen: config.PlainOff},
		"http://told":     {PlainListen: ":8080"},
		"":                {PlainListen: "127.0.0.1:0"},
	} {
		if got := base(&s, "http://told"); got != want {
			t.Errorf("%+v: %q, and not %q", s, got, want)
		}
	}
}

func TestSettleBase(t *testing.T) {
	w := newWorld(t)
	o, err := task.Open(t.Context(), task.Setup{Home: w.home, New: func() ([]byte, error) { return nil, nil }, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	if _, err := firstAuthority(t.Context(), o, "host", "", "ann"); err != nil {
		t.Fatal(err)
	}
	if err := settleBase(t.Context(), o, "", "ann", log); err != nil || !strings.Contains(out.String(), "certwright ca set issuing --base http://HOST") {
		t.Errorf("%v: %s", err, out.String())
	}
	if _, err := o.Authority.UpdateCA(t.Context(), "root", func(_ *authority.CA, c *authority.CASettings) { c.CRL = []string{"http://elsewhere.test/root.crl"} }, "ann"); err != nil {
		t.Fatal(err)
	}
	if err := settleBase(t.Context(), o, "http://pki.test", "ann", log); err != nil {
		t.Fatal(err)
	}
	for ca, want := range map[string]string{"root": "", "issuing": "http://pki.test"} {
		if _, settings, err := o.Authority.CA(t.Context(), ca); err != nil || settings.Base != want {
			t.Errorf("%s publishes at %q, %v", ca, settings.Base, err)
		}
	}
}
