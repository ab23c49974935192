package authority

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"runtime/debug"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// PublishCRL signs and records the next revocation list of this kind: of one
// shard, or of all with shard -1. Numbers grow over kinds and shards. A
// certificate that expired leaves the full list after it was on one that came
// out after its end (RFC 5280, Section 3.3).
func (a *Authority) PublishCRL(ctx context.Context, ca string, kind CRLKind, shard int, by string) ([]*CRL, error) {
	s, err := a.signatory(ctx, ca)
	if err != nil {
		return nil, err
	}
	if err := mayPublish(s, kind, shard); err != nil {
		return nil, err
	}
	if _, err := a.Lapse(ctx); err != nil {
		return nil, err
	}
	signer, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	first, last := shard, shard
	if shard < 0 {
		first, last = 0, max(s.settings.Shards, 1)-1
	}
	var out []*CRL
	for n := first; n <= last; n++ {
		c, err := a.publishShard(ctx, s, signer, kind, n, by)
		if err != nil {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

func mayPublish(s *signatory, kind CRLKind, shard int) error {
	refuse := func(field, detail, fix string) error {
		return &request.Refusal{Reason: request.PolicyRefused, Field: field, Detail: detail, Fix: fix}
	}
	switch {
	case s.certificate == nil:
		return refuse("ca", fmt.Sprintf("authority %q has no certificate yet", s.ca.Name), "bring its certificate in with `certwright ca install`")
	case shard >= max(s.settings.Shards, 1) || shard < -1:
		return refuse("shard", fmt.Sprintf("authority %q has %d revocation lists, and none has the number %d", s.ca.Name, max(s.settings.Shards, 1), shard), "numbers start at 0; -1 stands for all")
	case kind == DeltaCRL && s.settings.DeltaValidity <= 0:
		return refuse("kind", fmt.Sprintf("authority %q publishes no delta lists", s.ca.Name), fmt.Sprintf("let it publish them: certwright ca set %s --delta-validity 1d", s.ca.Name))
	case kind != FullCRL && kind != DeltaCRL:
		return refuse("kind", fmt.Sprintf("%q is no kind of revocation list", kind), "use full or delta")
	}
	if e, ok := ext.Find(s.certificate.Extensions, oid.KeyUsage); ok {
		if usage, err := ext.ParseKeyUsage(e.Value); err != nil || usage&ext.CRLSign == 0 {
			return refuse("ca", fmt.Sprintf("the certificate of authority %q does not let it sign revocation lists", s.ca.Name), "have one issued with the key usage cRLSign")
		}
	}
	return nil
}

func (a *Authority) publishShard(ctx context.Context, s *signatory, signer crypto.Signer, kind CRLKind, shard int, by string) (*CRL, error) {
	for range 10 * attempts {
		last, err := a.lastLists(ctx, s.ca.Name, kind, shard)
		if err != nil {
			return nil, err
		}
		before := last.full
		c := &CRL{CA: s.ca.Name, Kind: kind, Shard: shard, Number: max(last.number+1, s.settings.FirstCRL), ThisUpdate: last.free(a.now().Truncate(time.Second), kind == FullCRL && s.settings.DeltaValidity > 0)}
		q := RevocationQuery{CA: s.ca.Name, Shard: shard}
		if shard == 0 && s.settings.Shards <= 1 {
			q.Shard = -1
		}
		c.NextUpdate = c.ThisUpdate.Add(s.settings.crlValidity())
		if before != nil {
			q.NotExpired, q.Changed, c.Mark = before.ThisUpdate, before.Mark, before.Mark
		}
		if kind == DeltaCRL {
			if before == nil {
				return nil, &request.Refusal{Reason: request.PolicyRefused, Field: "kind", Detail: "there is no full list yet that a delta list could go with", Fix: "publish a full list first"}
			}
			q.Delta, c.Base, c.NextUpdate = true, before.Number, c.ThisUpdate.Add(s.settings.DeltaValidity)
		}
		if err := a.signList(ctx, s, signer, c, q); err != nil {
			return nil, fmt.Errorf("revocation list %d of authority %q: %w", c.Number, c.CA, err)
		}
		e, err := NewEvent(a.now(), by, "crl.published", fmt.Sprintf("crl:%s/%d", c.CA, c.Number), listAccount{
			Kind: kind, Shard: shard, Base: c.Base, Entries: c.Entries, NextUpdate: c.NextUpdate, Key: s.ca.Key, List: fmt.Sprintf("%x", sha(c.DER))})
		if err != nil {
			return nil, err
		}
		err = a.commitOne(ctx, &Change{AddCRL: c, Events: []*Event{e}})
		if !errors.Is(err, ErrConflict) {
			return c, err
		}
	}
	return nil, fmt.Errorf("publishing a revocation list of authority %q: others take every number", s.ca.Name)
}

// listAccount is what the audit chain keeps of a revocation list.
type listAccount struct {
	Kind       CRLKind   `json:"kind"`
	Shard      int       `json:"shard"`
	Base       int64     `json:"base,omitempty"`
	Entries    int64     `json:"entries"`
	NextUpdate time.Time `json:"nextUpdate"`
	Key        string    `json:"keyUsed"`
	List       string    `json:"list"` // SHA-256 of its DER
}

// lastLists are the lists of a shard that the next one comes after.
type lastLists struct {
	number int64                  // the highest in use
	full   *CRL                   // the newest full one, without DER
	others map[time.Time]struct{} // when those of the other kind were issued
}

func (a *Authority) lastLists(ctx context.Context, ca string, kind CRLKind, shard int) (*lastLists, error) {
	l := &lastLists{others: map[time.Time]struct{}{}}
	for c, err := range a.config.Store.CRLs(ctx, ca) {
		if err != nil {
			return nil, fmt.Errorf("reading the revocation lists of authority %q: %w", ca, err)
		}
		l.number = c.Number
		if c.Shard != shard {
			continue
		}
		if c.Kind == FullCRL {
			l.full = c
		}
		if c.Kind != kind {
			l.others[c.ThisUpdate.UTC()] = struct{}{}
		}
	}
	return l, nil
}

// free returns when a list is issued: now, or the second before, which leaves
// this one to a delta list that follows at once. A full list and a delta list
// of one time would have to have one number (RFC 5280, Section 5.2.3).
func (l *lastLists) free(now time.Time, early bool) time.Time {
	candidates := []time.Time{now, now.Add(-time.Second)}
	if early {
		slices.Reverse(candidates)
	}
	for _, t := range candidates {
		if _, taken := l.others[t.UTC()]; !taken {
			return t
		}
	}
	at := now.Add(-2 * time.Second)
	for _, taken := l.others[at.UTC()]; taken; _, taken = l.others[at.UTC()] {
		at = at.Add(-time.Second)
	}
	return at
}

// largeList is from how many octets on memory is worth some milliseconds.
const largeList = 8 << 20

// signList fills in the DER, the number of entries and the mark of a list.
func (a *Authority) signList(ctx context.Context, s *signatory, signer crypto.Signer, c *CRL, q RevocationQuery) error {
	algorithm, err := key.ChooseSignatureAlgorithm(s.certificate.PublicKey, s.settings.Hash, s.settings.PSS)
	if err != nil {
		return err
	}
	header := crl.Header{Issuer: s.certificate.Subject, ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate, Algorithm: algorithm}
	if header.Extensions, err = listExtensions(s, c); err != nil {
		return err
	}
	w := &listWriter{list: c}
	if err := crl.Write(w, header, a.entries(ctx, s, c, q), signer); err != nil {
		return err
	}
	c.DER = w.der
	if len(c.DER) > largeList {
		// What the list was put together from is as large as the list, and
		// recording it takes as much again.
		debug.FreeOSMemory()
	}
	written, err := crl.Parse(c.DER)
	if err != nil {
		return fmt.Errorf("reading the list just signed: %w", err)
	}
	if err := written.CheckSignature(s.certificate.PublicKey); err != nil {
		return fmt.Errorf("checking the signature just made: %w", err)
	}
	return nil
}

// entries yields what goes into a list, and counts it.
func (a *Authority) entries(ctx context.Context, s *signatory, c *CRL, q RevocationQuery) iter.Seq2[crl.Entry, error] {
	return func(yield func(crl.Entry, error) bool) {
		for r, err := range a.config.Store.Revocations(ctx, q) {
			c.Entries++
			c.Mark = max(c.Mark, r.Change)
			if !yield(entryOf(r), err) {
				return
			}
		}
		for _, r := range s.lostOf(c, q.NotExpired) {
			c.Entries++
			if !yield(entryOf(r), nil) {
				return
			}
		}
	}
}

func entryOf(r Revocation) crl.Entry {
	return crl.Entry{Serial: r.Serial, Revoked: r.At, Reason: crl.Reason(r.Reason), InvalidityDate: r.Invalid}
}

// listWriter collects a list in memory of about its size, once.
type listWriter struct {
	list *CRL
	der  []byte
}

func (w *listWriter) Write(p []byte) (int, error) {
	if w.der == nil {
		const perEntry, besides = 52, 4096
		w.der = make([]byte, 0, w.list.Entries*perEntry+besides)
	}
	w.der = append(w.der, p...)
	return len(p), nil
}

func listExtensions(s *signatory, c *CRL) ([]ext.Extension, error) {
	id, err := keyIdentifier(s.certificate)
	if err != nil {
		return nil, err
	}
	list := []ext.Extension{ext.NewAuthorityKeyIdentifier(id), ext.NewCRLNumber(big.NewInt(c.Number))}
	if c.Kind == DeltaCRL {
		list = append(list, ext.NewDeltaCRLIndicator(big.NewInt(c.Base)))
	}
	if s.settings.Shards > 1 {
		point, err := ext.NewIssuingDistributionPoint(ext.IssuingDistributionPoint{FullName: uriNames(s.settings.scope(c.CA, c.Shard))})
		if err != nil {
			return nil, err
		}
		list = append(list, point)
	}
	if freshest := s.settings.points(c.CA, c.Shard).freshest; c.Kind == FullCRL && len(freshest) > 0 {
		list = append(list, ext.NewFreshestCRL(freshest))
	}
	return list, nil
}

func uriNames(uris []string) []ext.GeneralName {
	names := make([]ext.GeneralName, len(uris))
	for i, uri := range uris {
		names[i] = ext.NewGeneralName(ext.URI, []byte(uri))
	}
	return names
}

// keyIdentifier is the subject key identifier of an authority's certificate,
// or the one its key would have.
func keyIdentifier(c *cert.Certificate) ([]byte, error) {
	e, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier)
	if !ok {
		return c.PublicKey.Identifier(), nil
	}
	id, err := ext.ParseSubjectKeyIdentifier(e.Value)
	if err != nil {
		return nil, fmt.Errorf("subject key identifier of the authority's certificate: %w", err)
	}
	return id, nil
}
