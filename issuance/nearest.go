package issuance

import (
	"fmt"
	"sort"
	"strings"
)

// suggestion names the known word that is nearest to a wrong one, or all that
// are known where none is near.
func suggestion(wrong string, known []string) string {
	if best := nearest(wrong, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	sorted := append([]string(nil), known...)
	sort.Strings(sorted)
	return "; known are " + strings.Join(sorted, ", ")
}

// nearest is the known word that was meant; empty where none is near.
func nearest(wrong string, known []string) string {
	best, least := "", max(2, len(wrong)/3)+1
	for _, k := range known {
		if n := distance(strings.ToLower(wrong), strings.ToLower(k)); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance counts the insertions, deletions and replacements of letters, and
// swaps of neighbours, that make a of b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 16
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	before, previous, row := rows[0], rows[1], rows[2]
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, previous[j]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous, row = previous, row, before
	}
	return previous[len(b)]
}
