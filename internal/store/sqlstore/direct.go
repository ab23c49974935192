package sqlstore

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// direct has the writer's statements carried out by the driver itself, past
// database/sql, which copies all arguments of each.
type direct struct {
	prepared map[*statement]driver.StmtExecContext
	values   []driver.NamedValue // of the statement at work
}

// run executes a statement and returns the number of rows it touched.
func (d *direct) run(conn any, st *statement, dialect *Dialect, args []any) (int64, error) {
	stmt, err := d.prepare(conn, st, dialect)
	if err != nil {
		return 0, err
	}
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return 0, fmt.Errorf("argument %d: %w", i+1, err)
		}
		d.values = append(d.values, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	result, err := stmt.ExecContext(context.Background(), d.values)
	clear(d.values)
	d.values = d.values[:0]
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// prepare prepares a statement on first use.
func (d *direct) prepare(conn any, st *statement, dialect *Dialect) (driver.StmtExecContext, error) {
	if stmt := d.prepared[st]; stmt != nil {
		return stmt, nil
	}
	stmt, err := conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), st.text(dialect))
	if err != nil {
		return nil, fmt.Errorf("preparing a statement: %w", err)
	}
	if d.prepared == nil {
		d.prepared = map[*statement]driver.StmtExecContext{}
	}
	d.prepared[st] = stmt.(driver.StmtExecContext)
	return d.prepared[st], nil
}

// close gives up the statements.
func (d *direct) close() {
	for _, stmt := range d.prepared {
		stmt.(driver.Stmt).Close()
	}
	*d = direct{}
}
