package memstore

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
)

// recordKey is a kind with an ID or a name.
type recordKey struct{ kind, text string }

func keyOf(r *authority.Record) recordKey { return recordKey{r.Kind, r.ID} }

// checkRecords goes through the records of a change as if those before were
// written already.
func (s *Store) checkRecords(c *authority.Change) error {
	type standing struct {
		revision int64
		name     string
	}
	now := map[recordKey]standing{}
	read := func(key recordKey) standing {
		if at, changed := now[key]; changed {
			return at
		}
		if old := s.records[key]; old != nil {
			return standing{old.Revision, old.Name}
		}
		return standing{}
	}
	taken := func(r *authority.Record) bool {
		if id, known := s.recordByName[recordKey{r.Kind, r.Name}]; known && id != r.ID && read(recordKey{r.Kind, id}).name == r.Name {
			return true
		}
		for key, at := range now {
			if key.kind == r.Kind && key.text != r.ID && at.name == r.Name {
				return true
			}
		}
		return false
	}
	for _, r := range c.PutRecords {
		if read(keyOf(r)).revision != r.Revision || r.Name != "" && taken(r) {
			return authority.ErrConflict
		}
		now[keyOf(r)] = standing{r.Revision + 1, r.Name}
	}
	for _, r := range c.DeleteRecords {
		if r.Revision == 0 || read(keyOf(r)).revision != r.Revision {
			return authority.ErrConflict
		}
		now[keyOf(r)] = standing{}
	}
	return nil
}

// checkGrounds holds the records that a change rests on against those stored.
func (s *Store) checkGrounds(grounds []*authority.Record) error {
	for _, r := range grounds {
		if stored := s.records[keyOf(r)]; stored == nil || stored.Revision != r.Revision {
			return authority.ErrGrounds
		}
	}
	return nil
}

func (s *Store) putRecords(c *authority.Change) {
	c.Stored()
	for _, r := range c.PutRecords {
		s.forgetRecord(keyOf(r))
		s.records[keyOf(r)] = copyRecord(r)
		if r.Name != "" {
			s.recordByName[recordKey{r.Kind, r.Name}] = r.ID
		}
	}
	for _, r := range c.DeleteRecords {
		s.forgetRecord(keyOf(r))
	}
}

func (s *Store) forgetRecord(key recordKey) {
	if old := s.records[key]; old != nil {
		delete(s.records, key)
		delete(s.recordByName, recordKey{old.Kind, old.Name})
	}
}

// PutRecords stores all of these or none.
func (s *Store) PutRecords(ctx context.Context, r ...*authority.Record) error {
	return authority.CommitOne(ctx, s, &authority.Change{PutRecords: r})
}

// DeleteRecords removes all of these or none.
func (s *Store) DeleteRecords(ctx context.Context, r ...*authority.Record) error {
	return authority.CommitOne(ctx, s, &authority.Change{DeleteRecords: r})
}

// Record returns the record of a kind and ID.
func (s *Store) Record(ctx context.Context, kind, id string) (*authority.Record, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if r := s.records[recordKey{kind, id}]; r != nil {
		return copyRecord(r), nil
	}
	return nil, authority.ErrNotFound
}

// RecordNamed returns the record of a kind and name.
func (s *Store) RecordNamed(ctx context.Context, kind, name string) (*authority.Record, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if id, known := s.recordByName[recordKey{kind, name}]; known {
		return copyRecord(s.records[recordKey{kind, id}]), nil
	}
	return nil, authority.ErrNotFound
}

// FindRecords returns records of a kind by ID.
func (s *Store) FindRecords(ctx context.Context, q authority.RecordQuery) ([]*authority.Record, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []*authority.Record
	for _, r := range s.records {
		if q.Matches(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *authority.Record) int { return strings.Compare(a.ID, b.ID) })
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	for i, r := range out {
		out[i] = copyRecord(r)
	}
	return out, nil
}

func copyRecord(r *authority.Record) *authority.Record {
	out := *r
	out.Due, out.Body = moment(r.Due), bytes.Clone(r.Body)
	return &out
}
