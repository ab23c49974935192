//go:build otel

package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTracing(t *testing.T) {
	sent := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent <- r.URL.Path + string(body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	w := newWorld(t)
	s := w.server(t)
	stop := run(t, s)
	get(t, client(t, w, s), s.Told().URL+"/healthz", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got := <-sent
	for _, want := range []string{"/v1/traces", "GET health", "certwright", "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// TestTracingByTheEnvironment has OpenTelemetry's own variables say what the
// service is called.
func TestTracingByTheEnvironment(t *testing.T) {
	sent := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent <- string(body)
	}))
	defer collector.Close()
	for _, c := range []struct{ name, attributes, want, not string }{
		{"pki-prod", "deployment.environment.name=prod,service.namespace=pki", "pki-prod", "\x0acertwright"},
		{"", "service.name=by-attribute", "by-attribute", "\x0acertwright"},
		{"", "", "certwright", "unknown_service"},
		{"", "without a value", "certwright", "unknown_service"},
	} {
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
		t.Setenv("OTEL_SERVICE_NAME", c.name)
		t.Setenv("OTEL_RESOURCE_ATTRIBUTES", c.attributes)
		w := newWorld(t)
		s := w.server(t)
		stop := run(t, s)
		get(t, client(t, w, s), s.Told().URL+"/healthz")
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		got := <-sent
		for _, want := range []string{"service.name\x12", c.want, "service.version", "telemetry.sdk.name"} {
			if !strings.Contains(got, want) {
				t.Errorf("%+v: no %q in %q", c, want, got)
			}
		}
		if strings.Contains(got, c.not) || strings.Contains(c.attributes, "prod") && !strings.Contains(got, "deployment.environment.name") {
			t.Errorf("%+v: %q", c, got)
		}
		if wrong := strings.Contains(w.log.String(), `msg="tracing does not work as it should"`); wrong != (c.attributes == "without a value") {
			t.Errorf("%+v: %s", c, w.log.String())
		}
	}
}

// TestTracingThatIsNotTaken has the log say so, in its own form.
func TestTracingThatIsNotTaken(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	w := newWorld(t)
	s := w.server(t)
	stop := run(t, s)
	get(t, client(t, w, s), s.Told().URL+"/healthz")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.log.String(), `level=ERROR msg="tracing does not work as it should" cause="traces export: `) {
		t.Error(w.log.String())
	}
}
