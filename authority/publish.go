package authority

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"runtime/debug"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// PublishCRL signs and records the next revocation list of this kind: of one
// shard, or of all with shard -1. Numbers grow over kinds and shards, and so do
// the times of the lists of a shard: of several in a second each waits for one
// of its own. A delta list whose full list is for something else than lists are
// now comes with a new full one before it. A certificate that expired leaves
// the full list after it was on one that came out after its end (RFC 5280,
// Section 3.3).
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
	p := &publication{signatory: s, by: by}
	if p.signer, err = s.key(ctx); err != nil {
		return nil, err
	}
	first, last := shard, shard
	if shard < 0 {
		first, last = 0, max(s.settings.Shards, 1)-1
	}
	var out []*CRL
	for n := first; n <= last; n++ {
		lists, err := a.publishShard(ctx, p, kind, n)
		if out = append(out, lists...); err != nil {
			return out, err
		}
	}
	return out, nil
}

// publication is what the lists that come out together have in common.
type publication struct {
	signatory *signatory
	signer    crypto.Signer
	by        string
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

// publishShard signs and records the next list of a shard; before a delta list
// a full one, if it needs that.
func (a *Authority) publishShard(ctx context.Context, p *publication, kind CRLKind, shard int) (out []*CRL, err error) {
	s := p.signatory
	for range 10 * attempts {
		last, err := a.lastLists(ctx, s, shard)
		if err != nil {
			return out, err
		}
		if kind == DeltaCRL {
			has, err := a.hasBase(ctx, s, last)
			if err != nil {
				return out, err
			}
			if !has {
				full, err := a.publishShard(ctx, p, FullCRL, shard)
				if out = append(out, full...); err != nil {
					return out, err
				}
				continue
			}
		}
		c, err := a.publishAfter(ctx, p, last, kind, shard)
		if err == nil {
			return append(out, c), nil
		}
		if !errors.Is(err, ErrConflict) {
			return out, err
		}
	}
	return out, fmt.Errorf("publishing a revocation list of authority %q: others take every number", s.ca.Name)
}

// publishAfter signs and records the list after others; ErrConflict where
// another came out meanwhile.
func (a *Authority) publishAfter(ctx context.Context, p *publication, last *lastLists, kind CRLKind, shard int) (*CRL, error) {
	at := issueTime(a.now(), last.times)
	if early := at.Sub(a.now()); early > 0 {
		if err := a.config.Wait(ctx, early); err != nil {
			return nil, fmt.Errorf("waiting for the second after the last revocation list: %w", err)
		}
	}
	c, q := p.signatory.nextList(last, kind, shard, at)
	if err := a.signList(ctx, p, c, q); err != nil {
		return nil, fmt.Errorf("revocation list %d of authority %q: %w", c.Number, c.CA, err)
	}
	change, err := a.recordList(ctx, p, c)
	if err != nil {
		return nil, err
	}
	return c, a.commitOne(ctx, change)
}

// nextList describes the list that comes after others of its shard, and what is
// on it. A delta list goes with the newest full one.
func (s *signatory) nextList(last *lastLists, kind CRLKind, shard int, at time.Time) (*CRL, RevocationQuery) {
	c := &CRL{CA: s.ca.Name, Kind: kind, Shard: shard, Number: max(last.number+1, s.settings.FirstCRL), ThisUpdate: at}
	c.NextUpdate = at.Add(s.settings.crlValidity())
	q := RevocationQuery{CA: c.CA, Shard: shard}
	if s.settings.Shards <= 1 {
		q.Shard = -1
	}
	if before := last.full; before != nil {
		q.NotExpired, q.Changed, c.Mark = before.ThisUpdate, before.Mark, before.Mark
		if kind == DeltaCRL {
			q.Delta, c.Base, c.NextUpdate = true, before.Number, at.Add(s.settings.DeltaValidity)
		}
	}
	return c, q
}

// recordList is the change that records a list which was signed, with its scope
// where it is a full one.
func (a *Authority) recordList(ctx context.Context, p *publication, c *CRL) (*Change, error) {
	e, err := NewEvent(a.now(), p.by, "crl.published", fmt.Sprintf("crl:%s/%d", c.CA, c.Number), listAccount{
		Kind: c.Kind, Shard: c.Shard, Base: c.Base, Entries: c.Entries, NextUpdate: c.NextUpdate, Key: p.signatory.ca.Key, List: fmt.Sprintf("%x", sha(c.DER))})
	if err != nil {
		return nil, err
	}
	change := &Change{AddCRL: c, Events: []*Event{e}}
	if c.Kind == DeltaCRL {
		return change, nil
	}
	record, kept, err := a.keptScope(ctx, c)
	if err != nil {
		return nil, err
	}
	kept.Number = c.Number
	if kept.Scope, err = p.signatory.scope(c.Shard); err != nil {
		return nil, err
	}
	change.PutRecords = []*Record{record}
	return change, record.hold(kept)
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
	number int64       // the highest in use, of all shards and authorities of this name
	full   *CRL        // the newest full one, without DER
	times  []time.Time // when those of both kinds were issued
}

func (a *Authority) lastLists(ctx context.Context, s *signatory, shard int) (*lastLists, error) {
	same, err := a.CAsNamed(ctx, s.certificate.Subject)
	if err != nil {
		return nil, err
	}
	l := &lastLists{}
	for _, ca := range same {
		for c, err := range a.config.Store.CRLs(ctx, ca.Name) {
			if err != nil {
				return nil, fmt.Errorf("reading the revocation lists of authority %q: %w", ca.Name, err)
			}
			if l.number = max(l.number, c.Number); ca.Name == s.ca.Name && c.Shard == shard {
				l.add(c)
			}
		}
	}
	return l, nil
}

func (l *lastLists) add(c *CRL) {
	l.times = append(l.times, c.ThisUpdate)
	if c.Kind == FullCRL {
		l.full = c
	}
}

// largeList is from how many octets on memory is worth some milliseconds.
const largeList = 8 << 20

// signList fills in the DER, the number of entries and the mark of a list.
func (a *Authority) signList(ctx context.Context, p *publication, c *CRL, q RevocationQuery) error {
	s := p.signatory
	algorithm, err := key.ChooseSignatureAlgorithm(s.certificate.PublicKey, s.settings.Hash, s.settings.PSS)
	if err != nil {
		return err
	}
	header := crl.Header{Issuer: s.certificate.Subject, ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate, Algorithm: algorithm}
	if header.Extensions, err = listExtensions(s, c); err != nil {
		return err
	}
	w := &listWriter{list: c}
	if err := crl.Write(w, header, a.entries(ctx, c, q), p.signer); err != nil {
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
func (a *Authority) entries(ctx context.Context, c *CRL, q RevocationQuery) iter.Seq2[crl.Entry, error] {
	return func(yield func(crl.Entry, error) bool) {
		for r, err := range a.config.Store.Revocations(ctx, q) {
			c.Entries++
			c.Mark = max(c.Mark, r.Change)
			if !yield(entryOf(r, c.ThisUpdate), err) {
				return
			}
		}
		for r, err := range a.lostOf(ctx, c, q.NotExpired) {
			c.Entries++
			if !yield(entryOf(r, c.ThisUpdate), err) {
				return
			}
		}
	}
}

func entryOf(r Revocation, thisUpdate time.Time) crl.Entry {
	return crl.Entry{Serial: r.Serial, Revoked: revokedBy(r.At, thisUpdate), Reason: crl.Reason(r.Reason), InvalidityDate: r.Invalid}
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
