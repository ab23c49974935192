package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"

	"github.com/certwright/certwright/internal/config"
)

// NewLog makes the log: text or JSON, each line with the identifier of the
// request that it belongs to, and none with a secret.
func NewLog(w io.Writer, c config.Log) (*slog.Logger, *slog.LevelVar, error) {
	level := new(slog.LevelVar)
	if err := SetLevel(level, c.Level); err != nil {
		return nil, nil, err
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: withoutSecrets}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if c.Format == "json" {
		h = slog.NewJSONHandler(w, options)
	}
	return slog.New(withRequest{h}), level, nil
}

// SetLevel sets the level by its name.
func SetLevel(level *slog.LevelVar, name string) error {
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("the log has no level %q: %w", name, err)
	}
	return nil
}

// withRequest adds the identifier of the request.
type withRequest struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	if e := exchangeOf(ctx); e != nil {
		r.AddAttrs(slog.String("request", e.id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h withRequest) WithAttrs(a []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(a)}
}

// WithGroup implements slog.Handler.
func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}

const redacted = "(hidden)"

// secretKeys are attributes whose value is never shown.
var secretKeys = map[string]bool{"authorization": true, "cookie": true, "password": true, "passphrase": true, "secret": true, "token": true, "hmac": true}

// secretText is what secrets look like inside other texts.
var secretText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(bearer|basic)\s+[a-z0-9._~+/=-]{8,}|\bcwt_[a-z0-9_-]+|://[^/\s:@]+:[^/\s@]+@`)
})

// inSecrets has an octet of every secretText; most texts have none of them, and
// are spared the search.
const inSecrets = " \t\n\f\r_@"

// withoutSecrets hides what a careless line would give away.
func withoutSecrets(_ []string, a slog.Attr) slog.Attr {
	if secretKeys[strings.ToLower(a.Key)] {
		return slog.String(a.Key, redacted)
	}
	var text string
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		err, ok := a.Value.Any().(error)
		if !ok {
			return a
		}
		text = err.Error()
	default:
		return a
	}
	if strings.ContainsAny(text, inSecrets) && secretText().MatchString(text) {
		return slog.String(a.Key, secretText().ReplaceAllString(text, redacted))
	}
	return a
}
