package task

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/config"
)

// Looks is how a configuration has names looked at for ACME.
func Looks(a *config.ACME) (acmecheck.Settings, error) {
	s := acmecheck.Settings{Resolvers: a.Resolvers, Agree: a.Agree, HTTPPort: a.HTTPPort, TLSPort: a.TLSPort, CAAIdentities: a.CAAIdentities}
	for _, text := range a.Networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return s, fmt.Errorf("acme.allow-networks: %w", err)
		}
		s.Allow = append(s.Allow, network.Masked())
	}
	return s, nil
}

// Look has names looked at in this way from now on.
func (o *Office) Look(s acmecheck.Settings) { o.looks.Store(&s) }

// entitled says whether who asked for a held certificate may still have it.
func (o *Office) entitled(ctx context.Context, t *authority.Ticket) ([]*authority.Record, error) {
	x := acmeorder.Title{Store: o.Store, Now: o.Now, Checker: func() (acmeorder.Checker, error) { return acmecheck.New(*o.looks.Load(), o.Now) }}
	return x.Entitled(ctx, t)
}
