package postgres

import (
	"strconv"
	"strings"

	"github.com/certwright/certwright/internal/store/sqlstore"
)

func dialect(begin string) sqlstore.Dialect {
	return sqlstore.Dialect{
		Begin:       begin,
		Lock:        " FOR UPDATE",
		Placeholder: func(n int) string { return "$" + strconv.Itoa(n) },
		Position:    "strpos",
		Text:        storable,
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
