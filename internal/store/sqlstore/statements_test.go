package sqlstore

import (
	"strconv"
	"testing"
)

func TestText(t *testing.T) {
	numbered := func(n int) string { return "$" + strconv.Itoa(n) }
	marks := func(int) string { return "?" }
	two := insertMany("t", "a, b", " ON CONFLICT (a) DO NOTHING", nil).by[1]
	for want, got := range map[string]string{
		"INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT (a) DO NOTHING":     two.text(&Dialect{Placeholder: numbered}),
		"INSERT OR FAIL INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT (a) DO NOTHING": two.text(&Dialect{Placeholder: marks, InsertMany: "INSERT OR FAIL"}),
		"INSERT INTO t (a) VALUES (?)":             insert("t", "a", "", 1, nil).text(&Dialect{Placeholder: marks, InsertMany: "INSERT OR FAIL"}),
		"UPDATE t SET a = $1, b = $2 WHERE c = $3": update("t", "a, b", "c = ?", nil).text(&Dialect{Placeholder: numbered}),
	} {
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
