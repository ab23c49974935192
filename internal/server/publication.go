package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/publish"
	"github.com/certwright/certwright/internal/task"
)

// publication is the door of relying parties.
func (s *Server) publication(r *regime) ([]door, error) {
	c, o := &r.settings.Publish, s.config.Office
	p, err := publish.New(publish.Config{
		Authority: o.Authority, Store: o.Store, Records: o.Store, Keys: o.Keys, Log: s.config.Log, Now: o.Now,
		MaxAge: time.Duration(c.MaxAge), Memory: int(c.Memory), Ahead: c.Ahead, IgnoreNonce: c.IgnoreNonce, Prompt: c.Prompt,
		Answered: func(status, standing string) { s.config.Measures.answers.Add(1, status, standing) },
	})
	if err != nil {
		return nil, fmt.Errorf("publishing lists and answers: %w", err)
	}
	return []door{{name: "publish", patterns: publish.Patterns(), plain: true, handler: p, run: p.Run, takes: publish.Takes}}, nil
}

// base is the address that is written into certificates: the one configured,
// else that of the plain listener if it has a port of its own choice. Empty
// says that there is none to rely on.
func base(settings *config.Server, listening string) string {
	if settings.PlainURL != "" {
		return settings.PlainURL
	}
	if _, port, err := net.SplitHostPort(settings.PlainListen); err != nil || port == "0" {
		return ""
	}
	return listening
}

// settleBase gives authorities that say nothing of where their lists are
// fetched the address that is configured; without one, it says so in the log.
func settleBase(ctx context.Context, o *task.Office, base, by string, log *slog.Logger) error {
	all, err := o.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range all {
		settings, err := task.SettingsOf(ca)
		if err != nil {
			return err
		}
		if ca.State == authority.CARetired || !silent(&settings) {
			continue
		}
		if base == "" {
			log.WarnContext(ctx, "certificates of an authority do not say where lists and answers are fetched", "ca", ca.Name, "fix", "certwright ca set "+ca.Name+" --base http://HOST")
			continue
		}
		_, err = o.Authority.UpdateCA(ctx, ca.Name, func(_ *authority.CA, c *authority.CASettings) {
			if silent(c) {
				c.Base = base
			}
		}, by)
		if err != nil {
			return fmt.Errorf("setting where authority %q publishes: %w", ca.Name, err)
		}
	}
	return nil
}

// silent reports whether settings say nothing of where to fetch anything.
func silent(c *authority.CASettings) bool {
	return c.Base == "" && len(c.CRL)+len(c.FreshestCRL)+len(c.OCSP)+len(c.CAIssuers) == 0
}
