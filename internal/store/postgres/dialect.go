package postgres

import (
	"strconv"

	"github.com/certwright/certwright/internal/store/sqlstore"
)

func dialect(begin string) sqlstore.Dialect {
	return sqlstore.Dialect{
		Begin:       begin,
		Lock:        " FOR UPDATE",
		Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
		Position:    "strpos",
		Again:       again,
		Lost:        lost,
		Taken:       func(err error) bool { return code(err) == "23505" },
		Explain:     explain,
	}
}
