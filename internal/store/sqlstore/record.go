package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
)

const recordColumns = "kind, id, revision, owner, name, state, due, body"

var (
	insertRecord = insert("record", recordColumns, "", 1, authority.ErrConflict)
	updateRecord = update("record", recordColumns, "kind = ? AND id = ? AND revision = ?", authority.ErrConflict)
	deleteRecord = &statement{sql: "DELETE FROM record WHERE kind = ? AND id = ? AND revision = ?"}
)

// PutRecords stores all of these or none, in the company of other changes.
func (s *Store) PutRecords(ctx context.Context, r ...*authority.Record) error {
	return authority.CommitOne(ctx, s, &authority.Change{PutRecords: r})
}

// DeleteRecords removes all of these or none.
func (s *Store) DeleteRecords(ctx context.Context, r ...*authority.Record) error {
	return authority.CommitOne(ctx, s, &authority.Change{DeleteRecords: r})
}

func (b *batch) putRecords(list []*authority.Record) error {
	for _, r := range list {
		if err := b.putRecord(r); err != nil {
			return fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
		}
	}
	return nil
}

func (b *batch) putRecord(r *authority.Record) error {
	args := append(make([]any, 0, 12), r.Kind, r.ID, r.Revision+1, none(r.Owner), none(r.Name), none(r.State), due(r.Due), r.Body)
	if r.Revision == 0 {
		_, err := b.run(insertRecord, args...)
		return err
	}
	n, err := b.run(updateRecord, append(args, r.Kind, r.ID, r.Revision)...)
	if err == nil && n == 0 {
		err = authority.ErrConflict
	}
	return err
}

func (b *batch) deleteRecords(list []*authority.Record) error {
	for _, r := range list {
		n, err := b.run(deleteRecord, r.Kind, r.ID, r.Revision)
		if err == nil && n == 0 {
			err = authority.ErrConflict
		}
		if err != nil {
			return fmt.Errorf("record %s %s: %w", r.Kind, r.ID, err)
		}
	}
	return nil
}

// due turns no time into NULL, which indexes leave out.
func due(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return millis(t)
}

// Record returns the record of a kind and ID.
func (s *Store) Record(ctx context.Context, kind, id string) (*authority.Record, error) {
	a := s.arguments()
	text := "SELECT " + recordColumns + " FROM record WHERE kind = " + a.add(kind) + " AND id = " + a.add(id)
	return known(scanRecord(s.row(ctx, text, a)))
}

// RecordNamed returns the record of a kind and name.
func (s *Store) RecordNamed(ctx context.Context, kind, name string) (*authority.Record, error) {
	a := s.arguments()
	text := "SELECT " + recordColumns + " FROM record WHERE kind = " + a.add(kind) + " AND name = " + a.add(name)
	return known(scanRecord(s.row(ctx, text, a)))
}

// FindRecords returns records of a kind by ID.
func (s *Store) FindRecords(ctx context.Context, q authority.RecordQuery) ([]*authority.Record, error) {
	a, id := s.arguments(), "id"
	if !q.DueBefore.IsZero() {
		// So that the engine goes by when they are due, which few are, and
		// not by ID to be spared the sorting.
		id = "id || ''"
	}
	terms := []string{"kind = " + a.add(q.Kind), id + " > " + a.add(q.After)}
	if q.Owner != "" {
		terms = append(terms, "owner = "+a.add(q.Owner))
	}
	if q.State != "" {
		terms = append(terms, "state = "+a.add(q.State))
	}
	if !q.DueBefore.IsZero() {
		terms = append(terms, "due < "+a.add(millis(q.DueBefore)))
	}
	text := "SELECT " + recordColumns + " FROM record WHERE " + strings.Join(terms, " AND ") + " ORDER BY " + id
	if q.Limit > 0 {
		text += limit(q.Limit)
	}
	var list []*authority.Record
	err := s.each(ctx, text, a, func(row scanner) error {
		r, err := scanRecord(row)
		list = append(list, r)
		return err
	})
	return list, err
}

func scanRecord(row scanner) (*authority.Record, error) {
	r := &authority.Record{}
	var owner, name, state *string
	var due *int64
	if err := row.Scan(&r.Kind, &r.ID, &r.Revision, &owner, &name, &state, &due, &r.Body); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	r.Owner, r.Name, r.State = text(owner), text(name), text(state)
	if due != nil {
		r.Due = moment(*due)
	}
	return r, nil
}
