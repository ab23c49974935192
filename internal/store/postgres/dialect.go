package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/certwright/certwright/internal/store/sqlstore"
)

func dialect(begin string) sqlstore.Dialect {
	return sqlstore.Dialect{
		Begin:       begin,
		Script:      true,
		Lock:        " FOR UPDATE",
		Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
		Position:    "strpos",
		Text:        storable,
		Send:        send,
		Again:       again,
		Lost:        lost,
		Taken:       func(err error) bool { return code(err) == "23505" },
		Explain:     explain,
	}
}

// storable puts U+FFFD in the place of what a text of PostgreSQL cannot hold:
// NUL, and octets that are no UTF-8.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// send carries out statements without waiting for the answer to each: the way
// to the database and back may take longer than all of them.
func send(conn *sql.Conn, list []sqlstore.Statement) (done int, err error) {
	batch := &pgx.Batch{}
	for _, st := range list {
		batch.Queue(st.Text, st.Args...)
	}
	err = conn.Raw(func(driver any) error {
		answers := driver.(*stdlib.Conn).Conn().SendBatch(context.Background(), batch)
		for done < len(list) {
			if _, err := answers.Exec(); err != nil {
				return errors.Join(err, answers.Close())
			}
			done++
		}
		return answers.Close()
	})
	return done, err
}
