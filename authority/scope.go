package authority

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// scopeKind is of the records that keep the scope of the newest full list of
// each shard, so that large lists need not be read for it.
const scopeKind = "crl-scope"

// listScope is such a record.
type listScope struct {
	Number int64  `json:"number"` // of the full list
	Scope  []byte `json:"scope"`
}

// scopeOf tells full lists apart that a delta list cannot go with: its issuer,
// its key and its issuing distribution point have to be the same to the octet
// (RFC 5280, Sections 5.2.4 and 6.3.3).
func scopeOf(issuer dn.Name, extensions []ext.Extension) []byte {
	text := bytes.Clone(issuer.Raw)
	for _, id := range []oid.OID{oid.AuthorityKeyIdentifier, oid.IssuingDistributionPoint} {
		if e, ok := ext.Find(extensions, id); ok {
			text = append(text, ext.Marshal([]ext.Extension{{ID: e.ID, Critical: e.Critical, Value: e.Value}})...)
		}
	}
	return sha(text)
}

// scope is that which the lists of a shard have now.
func (s *signatory) scope(shard int) ([]byte, error) {
	extensions, err := listExtensions(s, &CRL{CA: s.ca.Name, Kind: FullCRL, Shard: shard})
	if err != nil {
		return nil, err
	}
	return scopeOf(s.certificate.Subject, extensions), nil
}

// InScope reports whether the newest full list of a shard is for what the lists
// of that shard are for now, so that delta lists can go with it; false where
// there is none.
func (a *Authority) InScope(ctx context.Context, ca string, shard int) (bool, error) {
	s, err := a.signatory(ctx, ca)
	if err != nil {
		return false, err
	}
	if err := mayPublish(s, FullCRL, shard); err != nil {
		return false, err
	}
	full, err := a.config.Store.NewestCRL(ctx, ca, FullCRL, shard)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the revocation lists of authority %q: %w", ca, err)
	}
	return a.inScope(ctx, s, full)
}

// inScope is InScope of the newest full list, which needs no DER.
func (a *Authority) inScope(ctx context.Context, s *signatory, full *CRL) (bool, error) {
	now, err := s.scope(full.Shard)
	if err != nil {
		return false, err
	}
	record, kept, err := a.keptScope(ctx, full)
	if err != nil {
		return false, err
	}
	if kept.Number == full.Number {
		return bytes.Equal(kept.Scope, now), nil
	}
	whole, err := a.config.Store.LatestCRL(ctx, full.CA, FullCRL, full.Shard)
	if err != nil {
		return false, fmt.Errorf("reading revocation list %d of authority %q: %w", full.Number, full.CA, err)
	}
	if whole.Number != full.Number {
		return a.inScope(ctx, s, whole) // which came out meanwhile
	}
	read, err := crl.Parse(whole.DER)
	if err != nil {
		return false, fmt.Errorf("revocation list %d of authority %q: %w", full.Number, full.CA, err)
	}
	then := scopeOf(read.Issuer, read.Extensions)
	if err := record.hold(&listScope{full.Number, then}); err != nil {
		return false, err
	}
	if err := a.config.Store.PutRecords(ctx, record); err != nil && !errors.Is(err, ErrConflict) {
		a.config.Log("keeping the scope of revocation list %d of authority %q: %v", full.Number, full.CA, err)
	}
	return bytes.Equal(then, now), nil
}

// keptScope is what is kept of the scope of a shard's full lists, which may be
// of an earlier one or nothing yet.
func (a *Authority) keptScope(ctx context.Context, l *CRL) (*Record, *listScope, error) {
	id := fmt.Sprintf("%s/%d", l.CA, l.Shard)
	record, err := a.config.Store.Record(ctx, scopeKind, id)
	if errors.Is(err, ErrNotFound) {
		return &Record{Kind: scopeKind, ID: id, Owner: l.CA}, &listScope{}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the scope of the revocation lists of authority %q: %w", l.CA, err)
	}
	kept, err := Body[listScope](record)
	return record, kept, err
}

// hold sets what a record holds.
func (r *Record) hold(body any) (err error) {
	if r.Body, err = json.Marshal(body); err != nil {
		return fmt.Errorf("encoding the record %s %s: %w", r.Kind, r.ID, err)
	}
	return nil
}

// hasBase reports whether there is a full list that a delta list can go with.
// Without, the lists begin anew: their scope has changed. That there never was a
// list is a *request.Refusal.
func (a *Authority) hasBase(ctx context.Context, s *signatory, last *lastLists) (bool, error) {
	switch {
	case last.number == 0 || last.full == nil && len(last.times) == 0 && s.settings.Shards <= 1:
		return false, &request.Refusal{Reason: request.PolicyRefused, Field: "kind", Detail: "there is no full list yet that a delta list could go with", Fix: "publish a full list first"}
	case last.full == nil:
		return false, nil
	}
	return a.inScope(ctx, s, last.full)
}
