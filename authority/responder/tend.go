package responder

import (
	"context"
	"crypto"
	"errors"
	"math/big"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/ocsp"
)

// every is how often the responder is tended.
const every = time.Minute

// Run replaces responder certificates in time and signs ahead, until the
// context ends.
func (r *Responder) Run(ctx context.Context) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := r.Tend(ctx); err != nil && ctx.Err() == nil {
			r.config.Log.ErrorContext(ctx, "tending the OCSP responder", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Tend does once what is to be done now: responder certificates that are due
// are replaced, and answers that are due and were asked for signed again.
func (r *Responder) Tend(ctx context.Context) error {
	known, err := r.authorities(ctx)
	if err != nil {
		return err
	}
	var failed error
	byName := map[string]*issuer{}
	for _, by := range known.list {
		if r.now().After(by.certificate.NotAfter) {
			continue
		}
		failed = errors.Join(failed, r.catchUp(ctx, by))
		if _, err := r.signer(ctx, by); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		byName[by.name] = by
	}
	for _, e := range r.cache.due(r.now()) {
		by := byName[e.ca]
		if by == nil {
			continue
		}
		id, err := ocsp.ParseCertID([]byte(e.id))
		if err == nil {
			_, err = r.signAhead(ctx, by, &id)
		}
		if failed = errors.Join(failed, err); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if r.config.Ahead {
		for _, by := range byName {
			failed = errors.Join(failed, r.ahead(ctx, by))
		}
	}
	return failed
}

// ahead signs answers about all valid certificates, by the hash that clients
// name them by (RFC 5019, Section 2.1.1), while there is room.
func (r *Responder) ahead(ctx context.Context, by *issuer) error {
	for c, err := range r.config.Store.Certificates(ctx, authority.Query{CA: by.name, ExpiresAfter: r.now()}) {
		if err != nil {
			return err
		}
		if r.cache.full() {
			return nil
		}
		if c.Status == authority.StatusUnconfirmed {
			continue
		}
		id, err := ocsp.NewCertID(crypto.SHA1, by.certificate, new(big.Int).SetBytes(c.Serial))
		if err != nil {
			return err
		}
		if r.cache.get(id.Raw, r.now()) != nil {
			continue
		}
		if _, err := r.signAhead(ctx, by, &id); err != nil {
			return err
		}
	}
	return nil
}

// Kept is the number of answers that are kept.
func (r *Responder) Kept() int { return r.cache.len() }
