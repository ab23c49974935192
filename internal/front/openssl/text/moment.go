package text

import (
	"strconv"
	"time"

	"github.com/certwright/certwright/format/der"
)

var months = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// moment is a UTCTime or GeneralizedTime as OpenSSL reads it.
type moment struct {
	time.Time
	fraction string // with its point, as written
}

// readMoment follows OpenSSL in what it takes for a time: seconds may be
// missing, an offset may stand for Z, a GeneralizedTime may have a fraction.
func readMoment(e der.Element) (m moment, ok bool) {
	s, pairs := e.Content, 6
	shortest := 11
	if e.Tag == der.GeneralizedTime {
		pairs, shortest = 7, 13
	} else if e.Tag != der.UTCTime {
		return m, false
	}
	if len(s) < shortest {
		return m, false
	}
	var value [7]int // century, year, month, day, hour, minute, second
	at := 0
	for i := 7 - pairs; i < 7; i++ {
		if i == 6 && (s[at] == 'Z' || s[at] == '+' || s[at] == '-') {
			break
		}
		n, ok := twoDigits(s[at:])
		// A time may not end before its zone.
		if !ok || at+2 >= len(s) || !inRange(n, i) {
			return m, false
		}
		value[i] = n
		at += 2
	}
	year := value[0]*100 + value[1]
	if e.Tag == der.UTCTime {
		year = 1900 + value[1]
		if value[1] < 50 {
			year += 100
		}
	}
	m.Time = time.Date(year, time.Month(value[2]), value[3], value[4], value[5], value[6], 0, time.UTC)
	if m.Day() != value[3] {
		return m, false
	}
	if e.Tag == der.GeneralizedTime && s[at] == '.' {
		from := at
		for at++; at < len(s) && s[at] >= '0' && s[at] <= '9'; at++ {
		}
		if at == from+1 || at == len(s) {
			return m, false
		}
		if from == 14 && len(s) > 15 {
			m.fraction = string(s[from:at])
		}
	}
	ok = m.zone(s[at:])
	return m, ok
}

func (m *moment) zone(s []byte) bool {
	if len(s) == 1 && s[0] == 'Z' {
		return true
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return false
	}
	hours, ok := twoDigits(s[1:])
	minutes, ok2 := twoDigits(s[3:])
	if !ok || !ok2 || hours > 12 || minutes > 59 {
		return false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '+' {
		offset = -offset
	}
	if offset != 0 {
		m.Time = m.Add(offset)
		return m.Year() >= 1900 && m.Year() <= 9999
	}
	return true
}

func twoDigits(s []byte) (int, bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// inRange bounds the parts of a time: century, year, month, day, hour, minute, second.
func inRange(n, part int) bool {
	low := [...]int{0, 0, 1, 1, 0, 0, 0}
	high := [...]int{99, 99, 12, 31, 23, 59, 59}
	return n >= low[part] && n <= high[part]
}

// writeTime writes "Jan  2 15:04:05 2006 GMT".
func writeTime(w *Writer, e der.Element) bool {
	m, ok := readMoment(e)
	if !ok {
		w.WriteString("Bad time value")
		return false
	}
	var buf [64]byte
	out := append(buf[:0], months[m.Month()-1]...)
	out = append(out, ' ')
	if m.Day() < 10 {
		out = append(out, ' ')
	}
	out = strconv.AppendInt(out, int64(m.Day()), 10)
	for i, n := range [...]int{m.Hour(), m.Minute(), m.Second()} {
		out = append(out, " ::"[i], byte('0'+n/10), byte('0'+n%10))
	}
	out = append(out, m.fraction...)
	out = append(out, ' ')
	out = strconv.AppendInt(out, int64(m.Year()), 10)
	w.Write(append(out, " GMT"...))
	return true
}

// TitledISOTime writes "notBefore=" and a time as ISO 8601 has it.
func TitledISOTime(w *Writer, title string, e der.Element) {
	w.WriteString(title)
	if m, ok := readMoment(e); ok {
		w.WriteString(m.Format("2006-01-02 15:04:05"))
		w.WriteString(m.fraction)
		w.WriteString("Z")
	} else {
		w.WriteString("Bad time value")
	}
	w.WriteByte('\n')
}

// unixStamp writes seconds since 1970 as a GeneralizedTime does, without its zone.
func unixStamp(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("20060102150405")
}
