package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/certwright/certwright/authority"
)

const attempts = 40 // of a transaction that loses races; with the waits between, about a minute

// writer owns the one connection that writes, and its statements.
type writer struct {
	*Store
	conn  *sql.Conn
	stmts map[*statement]*sql.Stmt
	texts map[*statement]string // of those that are sent together

	together int // jobs of the last group

	readsHead *statement
	plains    map[string]*statement // by their texts
	unsent
	direct direct
}

// unsent is what waits to be sent together.
type unsent struct {
	statements []*statement
	list       []Statement
}

// write carries out jobs until there will be no more.
func (s *Store) write() {
	defer close(s.stopped)
	w := &writer{Store: s, texts: map[*statement]string{}, plains: map[string]*statement{},
		readsHead: &statement{sql: "SELECT event_seq, event_hash, row_seq, change_seq FROM head WHERE id = 1" + s.config.Dialect.Lock}}
	for j := range s.jobs {
		group := w.gather(j)
		err := w.carryOut(group)
		for _, j := range group {
			j.err = err
			close(j.done)
		}
	}
	w.disconnect()
}

// carryOut writes a group in one transaction, again while it loses races.
func (w *writer) carryOut(group []*job) error {
	if len(group) == 0 {
		return nil
	}
	wait := time.Millisecond
	for attempt := 1; ; attempt++ {
		err := w.attempt(group)
		if err == nil {
			return nil
		}
		if w.lost(err) {
			w.forget()
		}
		if errors.Is(err, authority.ErrUncertain) {
			return fmt.Errorf("writing to the store: %w: %w", authority.ErrUncertain, w.config.Dialect.Explain(err))
		}
		if attempt == attempts || !w.config.Dialect.Again(err) && !w.lost(err) {
			return fmt.Errorf("writing to the store: %w", w.config.Dialect.Explain(err))
		}
		time.Sleep(wait/2 + rand.N(wait))
		wait = min(2*wait, 2*time.Second)
	}
}

// attempt writes a group: at first as if nothing in it could fail, and if
// something does, change by change, so that one that fails does so alone.
func (w *writer) attempt(group []*job) error {
	w.config.Lock.Lock()
	defer w.config.Lock.Unlock()
	err := w.transaction(group, false)
	if refused(err) {
		err = w.transaction(group, true)
	}
	return err
}

func changesOf(group []*job) (n int) {
	for _, j := range group {
		n += len(j.changes)
	}
	return n
}

// refused reports whether an error is about one change, not the store.
func refused(err error) bool {
	return errors.Is(err, authority.ErrExists) || errors.Is(err, authority.ErrConflict) || errors.Is(err, authority.ErrNotFound) ||
		errors.Is(err, authority.ErrKey) || errors.Is(err, authority.ErrGrounds)
}

func (w *writer) transaction(group []*job, careful bool) (err error) {
	if err := w.connect(); err != nil {
		return err
	}
	if err := w.plain(w.config.Dialect.Begin); err != nil {
		if !w.config.Dialect.Again(err) {
			w.disconnect()
		}
		return err
	}
	defer func() {
		if err != nil {
			w.unsent = unsent{}
			if w.plain("ROLLBACK") != nil {
				w.disconnect()
			}
		}
	}()
	b := &batch{writer: w}
	if err := b.readHead(); err != nil {
		return err
	}
	if err := b.readyFilters(changesOf(group)); err != nil {
		return err
	}
	for _, j := range group {
		for i, c := range j.changes {
			if careful {
				j.errs[i], err = b.alone(c)
			} else {
				j.errs[i], err = nil, b.apply(c)
			}
			if err != nil {
				return err
			}
		}
	}
	if err := b.settle(); err != nil {
		return err
	}
	if err := b.writeHead(); err != nil {
		return err
	}
	if err = w.plain("COMMIT"); w.lost(err) && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, driver.ErrBadConn) {
		err = fmt.Errorf("%w (%w)", authority.ErrUncertain, err)
	}
	return err
}

func (s *Store) lost(err error) bool {
	return err != nil && s.config.Dialect.Lost != nil && s.config.Dialect.Lost(err)
}

// alone applies one change inside the transaction; one that is refused leaves
// nothing behind.
func (b *batch) alone(c *authority.Change) (refusal, err error) {
	before := b.head
	if err := b.plain("SAVEPOINT one"); err != nil {
		return nil, err
	}
	if err = b.apply(c); err == nil {
		err = b.settle()
	}
	if refused(err) {
		b.head, b.waiting, b.unsent = before, entries{}, unsent{}
		refusal = err
		if err := b.plain("ROLLBACK TO SAVEPOINT one"); err != nil {
			return nil, err
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return refusal, b.plain("RELEASE SAVEPOINT one")
}

func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.config.Write.Conn(context.Background())
	if err != nil {
		return fmt.Errorf("connecting to the database: %w", err)
	}
	w.conn, w.stmts = conn, map[*statement]*sql.Stmt{}
	return nil
}

// disconnect gives up the connection, whatever state it is in.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	for _, stmt := range w.stmts {
		stmt.Close()
	}
	w.direct.close()
	w.conn.Close()
	w.conn, w.stmts = nil, nil
}

// plain executes a text without arguments.
func (w *writer) plain(text string) error {
	if w.config.Dialect.Script {
		_, err := w.conn.ExecContext(context.Background(), text)
		return err
	}
	st := w.plains[text]
	if st == nil {
		st = &statement{sql: text}
		w.plains[text] = st
	}
	_, err := w.run(st)
	return err
}

// prepared returns the statement, prepared on first use.
func (w *writer) prepared(st *statement) (*sql.Stmt, error) {
	if stmt := w.stmts[st]; stmt != nil {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), st.text(&w.config.Dialect))
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	w.stmts[st] = stmt
	return stmt, nil
}

// put executes a statement whose outcome nothing depends on before send.
func (w *writer) put(st *statement, args ...any) error {
	if w.config.Dialect.Send == nil {
		_, err := w.run(st, args...)
		return err
	}
	text := w.texts[st]
	if text == "" {
		text = st.text(&w.config.Dialect)
		w.texts[st] = text
	}
	w.config.Dialect.makeStorable(args)
	w.statements, w.list = append(w.statements, st), append(w.list, Statement{text, args})
	return nil
}

// send executes what was put.
func (w *writer) send() error {
	if len(w.list) == 0 {
		return nil
	}
	done, err := w.config.Dialect.Send(w.conn, w.list)
	if err != nil && done < len(w.statements) && w.config.Dialect.Taken(err) && w.statements[done].taken != nil {
		err = w.statements[done].taken
	}
	w.unsent = unsent{}
	return err
}

// run executes a statement and returns the number of rows it touched; a unique
// constraint that does not hold is the statement's own error for that.
func (w *writer) run(st *statement, args ...any) (int64, error) {
	w.config.Dialect.makeStorable(args)
	n, err := w.exec(st, args)
	if err != nil && st.taken != nil && w.config.Dialect.Taken(err) {
		return 0, st.taken
	}
	return n, err
}

func (w *writer) exec(st *statement, args []any) (n int64, err error) {
	if w.config.Dialect.Direct {
		err = w.conn.Raw(func(conn any) (err error) {
			n, err = w.direct.run(conn, st, &w.config.Dialect, args)
			return err
		})
		return n, err
	}
	stmt, err := w.prepared(st)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
