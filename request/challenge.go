package request

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The challenge passwords that revoke have at least so many characters (more
// where all are digits), and so many different ones among them.
const (
	shortestChallenge = 8
	shortestNumber    = 12
	fewestDifferent   = 5
)

// ChallengeWeakness says why a challenge password is soon guessed, and does not
// revoke; empty of one that is not.
func ChallengeWeakness(password string) string {
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	n := utf8.RuneCountInString(password)
	switch {
	case n < shortestChallenge:
		return fmt.Sprintf("it has fewer than %d characters", shortestChallenge)
	case n < shortestNumber && strings.Trim(password, "0123456789") == "":
		return fmt.Sprintf("it has digits alone, and fewer than %d", shortestNumber)
	case len(different) < fewestDifferent:
		return fmt.Sprintf("it has fewer than %d different characters", fewestDifferent)
	}
	return ""
}
