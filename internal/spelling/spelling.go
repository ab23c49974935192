// Package spelling finds the known word that is nearest to one that is not
// known, so that a mistyped name is answered with the right one.
package spelling

import "strings"

// Nearest returns the word of known that word was most likely meant to be, or
// the empty string where none is near. Case makes no difference.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, found := limit(word)+1, ""
	for _, k := range known {
		lower := strings.ToLower(k)
		d := distance(word, lower)
		if strings.HasPrefix(lower, word) && len(word) > 1 {
			d = min(d, 1)
		}
		if d < best {
			best, found = d, k
		}
	}
	return found
}

// limit is how many letters may differ before two words are strangers.
func limit(word string) int { return max(1, (len(word)+1)/3) }

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return len(a) + len(b)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
