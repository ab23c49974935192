//go:build otel

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracing sends a span for each request to a collector, by OTLP over HTTP.
// Where that is, how much is sampled, what the service is called and so on,
// OpenTelemetry's own environment variables say (OTEL_EXPORTER_OTLP_ENDPOINT …).
type tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	incoming propagation.TraceContext
}

func newTracing(ctx context.Context, version string, log *slog.Logger) (*tracing, error) {
	amiss := func(err error) { log.ErrorContext(ctx, "tracing does not work as it should", "cause", err) }
	otel.SetErrorHandler(otel.ErrorHandlerFunc(amiss)) // of the whole process, as OpenTelemetry has it
	otel.SetLogger(logr.FromSlogHandler(log.Handler()))
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", "certwright"), attribute.String("service.version", version)),
		resource.WithFromEnv()) // the last goes before the others
	if errors.Is(err, resource.ErrPartialResource) {
		amiss(err)
	} else if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &tracing{provider: p, tracer: p.Tracer("github.com/certwright/certwright/internal/server")}, nil
}

// around makes a span of each request, below the one that the client names
// (W3C Trace Context).
func (t *tracing) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := t.incoming.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, method(r.Method), trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		answer := &recorder{ResponseWriter: w}
		next.ServeHTTP(answer, r.WithContext(ctx))
		if e := exchangeOf(ctx); e != nil {
			span.SetName(method(r.Method) + " " + e.door)
			span.SetAttributes(attribute.String("certwright.door", e.door), attribute.String("certwright.request", e.id))
		}
		span.SetAttributes(attribute.String("http.request.method", method(r.Method)), attribute.Int("http.response.status_code", answer.code()))
		if answer.code() >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}

func (t *tracing) stop(ctx context.Context) error { return t.provider.Shutdown(ctx) }
