package issuance

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// maxDuration keeps sums of two durations within an int64.
const maxDuration = 100 * 365 * day

const maxMonths = 100 * 12

// Period is a length of time: whole months of the calendar, and what comes on
// top of them.
type Period struct {
	Months int
	Rest   time.Duration
}

// From is the time that a period after another ends at. The last day of a
// month is that of a shorter one.
func (p Period) From(t time.Time) time.Time {
	end := t.AddDate(0, p.Months, 0)
	if end.Day() != t.Day() && p.Months != 0 {
		end = end.AddDate(0, 0, -end.Day())
	}
	return end.Add(p.Rest)
}

// For returns what is asked for with this validity.
func (a Asked) For(p Period) Asked {
	a.Months, a.Validity = p.Months, p.Rest
	return a
}

// IsZero reports whether it is no time at all.
func (p Period) IsZero() bool { return p == Period{} }

// exceeds reports whether it can be longer than another: a year may have a
// leap day.
func (p Period) exceeds(other Period) bool {
	leap := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return p.From(leap).After(other.From(leap))
}

// ParsePeriod reads numbers with units and nothing between: "90d", "12h",
// "1d12h", "2w", "5m", "1y", "6mo". Years and months are those of the calendar.
func ParsePeriod(text string) (Period, error) {
	wrong := fmt.Errorf("got %q, want a length of time such as 90d, 12h, 30m, 45s, 6mo or 10y, at most 100y", text)
	var p Period
	for rest := text; rest != "" || text == ""; {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		letters := len(rest) - digits - len(strings.TrimLeft(rest[digits:], "smohdwy"))
		if digits == 0 || digits > 9 {
			return p, wrong
		}
		n, _ := strconv.ParseInt(rest[:digits], 10, 64)
		if !p.add(n, rest[digits:digits+letters]) {
			return p, wrong
		}
		rest = rest[digits+letters:]
	}
	return p, nil
}

func (p *Period) add(n int64, unit string) bool {
	if months := map[string]int64{"y": 12, "mo": 1}[unit]; months > 0 {
		if n > maxMonths/months {
			return false
		}
		p.Months += int(n * months)
		return p.Months <= maxMonths
	}
	size := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": 7 * day}[unit]
	if size == 0 || n > int64(maxDuration/size) {
		return false
	}
	p.Rest += time.Duration(n) * size
	return p.Rest <= maxDuration
}

// String writes it as ParsePeriod reads it, in the largest units that measure
// it whole.
func (p Period) String() string {
	text := ""
	switch {
	case p.Months > 0 && p.Months%12 == 0:
		text = strconv.Itoa(p.Months/12) + "y"
	case p.Months > 0:
		text = strconv.Itoa(p.Months) + "mo"
	}
	if p.Rest == 0 && text != "" {
		return text
	}
	return text + duration(p.Rest).String()
}

func (p *Period) fromText(s string) (err error) {
	*p, err = ParsePeriod(s)
	return err
}
