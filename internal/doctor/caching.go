package doctor

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keptFor is how long caches may keep an answer (RFC 9111, Section 4.2.1), the
// longest of what they are told; false where they are not to keep it, or nothing
// says for how long.
func keptFor(h http.Header, now time.Time) (time.Duration, bool) {
	var longest time.Duration
	told := false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch {
		case name == "no-store", name == "no-cache" && value == "":
			return 0, false
		case name == "max-age", name == "s-maxage":
			longest, told = max(longest, seconds(strings.Trim(value, `"`))), true
		}
	}
	if told {
		return max(0, longest-seconds(h.Get("Age"))), true
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	return expires.Sub(now), err == nil
}

// seconds reads a number of them; one that is no number is none, and one that
// is too large is as many as there can be.
func seconds(text string) time.Duration {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil && n == 0:
		return 0
	case n > uint64(math.MaxInt64/time.Second):
		return math.MaxInt64
	}
	return time.Duration(n) * time.Second
}
