package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
)

const (
	every     = time.Minute
	claimKind = "crl-publication" // of the records that claim the work
	claimed   = 2 * time.Minute   // how long a claim holds
	tidyEvery = time.Hour
)

// refresh tends the lists until the context ends.
func (s *Server) refresh(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := s.Tend(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.ErrorContext(ctx, "publishing revocation lists", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Tend publishes the lists that are due now: those of which half the time is
// over, those that there are none of yet, those that are for something else than
// the lists of their shard are now, and where so configured those of authorities
// that revoked something since. Then it removes the records that
// are past keeping.
func (s *Server) Tend(ctx context.Context) error {
	s.tending.Lock()
	defer s.tending.Unlock()
	all, err := s.config.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	var failed error
	for _, ca := range all {
		if err := s.tendAuthority(ctx, ca); err != nil {
			failed = errors.Join(failed, fmt.Errorf("authority %q: %w", ca.Name, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if now := s.now(); now.Sub(s.tidied).Abs() >= tidyEvery {
		s.tidied = now
		if err := s.config.Authority.Tidy(ctx); err != nil {
			failed = errors.Join(failed, fmt.Errorf("removing old records: %w", err))
		}
	}
	return failed
}

// publishing returns the settings of an authority that publishes lists; nil
// for one that does not.
func (s *Server) publishing(ca *authority.CA) (*authority.CASettings, error) {
	if len(ca.Chain) == 0 {
		return nil, nil
	}
	c, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return nil, err
	}
	if s.now().After(c.NotAfter) {
		return nil, nil // nobody believes its lists any more
	}
	settings := &authority.CASettings{}
	if len(ca.Settings) > 0 {
		if err := json.Unmarshal(ca.Settings, settings); err != nil {
			return nil, fmt.Errorf("reading its settings: %w", err)
		}
	}
	return settings, nil
}

// kinds are the kinds of list that an authority publishes, the full first.
func kinds(settings *authority.CASettings) []authority.CRLKind {
	if settings.DeltaValidity > 0 {
		return []authority.CRLKind{authority.FullCRL, authority.DeltaCRL}
	}
	return []authority.CRLKind{authority.FullCRL}
}

// tendAuthority publishes the lists of one authority that are due. One that
// cannot be published does not keep the others.
func (s *Server) tendAuthority(ctx context.Context, ca *authority.CA) (failed error) {
	settings, err := s.publishing(ca)
	if err != nil || settings == nil {
		return err
	}
	all := kinds(settings)
	for i, kind := range all { // a delta list waits for the second after that of its full list, which has passed by then
		for shard := range max(settings.Shards, 1) {
			failed = errors.Join(failed, s.tendList(ctx, place{ca.Name, kind, shard}, i == len(all)-1))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return failed
}

// first publishes the lists of a place that has none yet, and returns that
// which was asked for: certificates of a new authority or shard point there.
func (s *Server) first(ctx context.Context, p place) (*authority.CRL, error) {
	ca, err := s.config.Store.CA(ctx, p.ca)
	if err != nil {
		return nil, err
	}
	settings, err := s.publishing(ca)
	if err != nil {
		return nil, err
	}
	if settings == nil || p.shard >= max(settings.Shards, 1) || !slices.Contains(kinds(settings), p.kind) {
		return nil, authority.ErrNotFound
	}
	for _, kind := range kinds(settings) {
		if err := s.tendList(ctx, place{p.ca, kind, p.shard}, false); err != nil {
			return nil, err
		}
	}
	return s.lists.newest(ctx, p)
}

// tendList publishes one list if it is due. last is the kind that revocations
// are on first.
func (s *Server) tendList(ctx context.Context, p place, last bool) error {
	newest, err := s.config.Store.NewestCRL(ctx, p.ca, p.kind, p.shard)
	if err != nil && !errors.Is(err, authority.ErrNotFound) {
		return err
	}
	due, err := s.due(ctx, p, newest, last)
	if err != nil {
		return err
	}
	if !due {
		return nil
	}
	claim, err := s.claim(ctx, p)
	if err != nil || claim == nil {
		return err
	}
	lists, err := s.config.Authority.PublishCRL(ctx, p.ca, p.kind, p.shard, "system")
	if err != nil {
		return fmt.Errorf("publishing its %s revocation list: %w", p.kind, err)
	}
	s.release(ctx, claim)
	for _, l := range lists {
		s.config.Log.InfoContext(ctx, "a revocation list was published", "ca", l.CA, "kind", l.Kind, "shard", l.Shard, "number", l.Number, "entries", l.Entries, "end", l.NextUpdate)
		if s.config.Published != nil {
			s.config.Published(p.ca, l)
		}
	}
	return nil
}

// due reports whether a list is to follow the newest of its place, which is nil
// where there is none.
func (s *Server) due(ctx context.Context, p place, newest *authority.CRL, last bool) (bool, error) {
	if newest == nil || !s.now().Before(renewal(newest)) {
		return true, nil
	}
	if p.kind == authority.FullCRL {
		if fits, err := s.config.Authority.InScope(ctx, p.ca, p.shard); err != nil || !fits {
			return err == nil, err
		}
	} else {
		// One from before the full list says nothing that it does not.
		full, err := s.config.Store.NewestCRL(ctx, p.ca, authority.FullCRL, p.shard)
		if err != nil && !errors.Is(err, authority.ErrNotFound) {
			return false, err
		}
		if full != nil && full.Number > newest.Number {
			return true, nil
		}
	}
	if !last || !s.config.Prompt {
		return false, nil
	}
	return s.changed(ctx, p, newest)
}

// changed reports whether a status changed since a list.
func (s *Server) changed(ctx context.Context, p place, newest *authority.CRL) (bool, error) {
	for _, err := range s.config.Store.Revocations(ctx, authority.RevocationQuery{CA: p.ca, Shard: p.shard, Delta: true, Changed: newest.Mark}) {
		return err == nil, err
	}
	return false, nil
}

// claim takes up the work of publishing a list; nil where another process has,
// or this one failed a moment ago.
func (s *Server) claim(ctx context.Context, p place) (*authority.Record, error) {
	id := fmt.Sprintf("%s/%s/%d", p.ca, p.kind, p.shard)
	record, err := s.config.Records.Record(ctx, claimKind, id)
	switch {
	case errors.Is(err, authority.ErrNotFound):
		record = &authority.Record{Kind: claimKind, ID: id, Owner: p.ca, Body: []byte("{}")}
	case err != nil:
		return nil, fmt.Errorf("claiming the publication: %w", err)
	case s.now().Before(record.Due):
		return nil, nil
	}
	record.Due = s.now().Add(claimed)
	err = s.config.Records.PutRecords(ctx, record)
	if errors.Is(err, authority.ErrConflict) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claiming the publication: %w", err)
	}
	return record, nil
}

// release ends a claim when the work is done. One that is not released ends by
// itself.
func (s *Server) release(ctx context.Context, claim *authority.Record) {
	claim.Due = time.Time{}
	if err := s.config.Records.PutRecords(ctx, claim); err != nil && !errors.Is(err, authority.ErrConflict) {
		s.config.Log.WarnContext(ctx, "ending the claim of a publication", "claim", claim.ID, "error", err)
	}
}
