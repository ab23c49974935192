package inspect

import (
	"strconv"
	"strings"
	"time"
)

// clock writes a time for people.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// clockOf writes a time for people that stands in a view.
func clockOf(stamp string) string {
	return strings.NewReplacer("T", " ", "Z", " UTC").Replace(stamp)
}

// count is a number with its noun: "1 day", "3 days".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// span writes a duration in the unit that fits it.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return span(-d)
	case d < time.Minute:
		return count(int(d/time.Second), "second")
	case d < 2*time.Hour:
		return count(int(d/time.Minute), "minute")
	case d < 2*day:
		return count(int(d/time.Hour), "hour")
	case d < 731*day:
		return count(int(d/day), "day")
	}
	return count(int(d/(365*day)), "year")
}

// validity says where now stands between two times; empty for no now.
func validity(notBefore, notAfter, now time.Time) (text string, wrong bool) {
	switch {
	case now.IsZero():
		return "", false
	case notAfter.Before(notBefore):
		return "ends before it begins", true
	case now.Before(notBefore):
		return "begins in " + span(notBefore.Sub(now)), true
	case now.After(notAfter):
		return "expired " + span(now.Sub(notAfter)) + " ago", true
	}
	return "expires in " + span(notAfter.Sub(now)), false
}
