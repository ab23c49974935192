package opensslca

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/format/crl"
)

// Status is the flag that a line of an index begins with.
type Status byte

// The flags of an index.
const (
	Valid   Status = 'V'
	Revoked Status = 'R'
	Expired Status = 'E'
)

// Entry is one line of an index: one certificate.
type Entry struct {
	Status     Status
	Expiry     string // UTCTime or GeneralizedTime
	Revocation string // date, then a reason and what belongs to it, between commas; empty unless revoked
	Serial     string // hexadecimal digits, an even number of them
	File       string // "unknown"; where the certificate is, in what other programs write
	Subject    string // /C=…/CN=…
}

const columns = 6

// Line is the entry as it stands in an index, without the end of the line.
func (e Entry) Line() string { return strings.TrimSuffix(string(e.append(nil)), "\n") }

// append writes an entry as a line. A tab inside a value gets a backslash.
func (e *Entry) append(line []byte) []byte {
	line = append(line, byte(e.Status))
	for _, value := range [...]string{e.Expiry, e.Revocation, e.Serial, e.File, e.Subject} {
		line = append(line, '\t')
		for i := range len(value) {
			if value[i] == '\t' {
				line = append(line, '\\')
			}
			line = append(line, value[i])
		}
	}
	return append(line, '\n')
}

// split cuts a line at the tabs that have no backslash before them, and
// returns how many columns there are.
func split(line []byte) (fields [columns][]byte, n int) {
	start := 0
	for from := 0; ; {
		at := bytes.IndexByte(line[from:], '\t')
		if at < 0 {
			break
		}
		at += from
		from = at + 1
		if at > start && line[at-1] == '\\' {
			continue
		}
		if n < columns {
			fields[n] = line[start:at]
		}
		n++
		start = at + 1
	}
	if n < columns {
		fields[n] = line[start:]
	}
	return fields, n + 1
}

func plain(value []byte) string {
	if bytes.IndexByte(value, '\t') < 0 {
		return string(value)
	}
	return strings.ReplaceAll(string(value), "\\\t", "\t")
}

func entryOf(fields [columns][]byte) Entry {
	e := Entry{
		Expiry: plain(fields[1]), Revocation: plain(fields[2]), Serial: plain(fields[3]),
		File: plain(fields[4]), Subject: plain(fields[5]),
	}
	if len(fields[0]) > 0 {
		e.Status = Status(fields[0][0])
	}
	return e
}

// Time reads a UTCTime or GeneralizedTime in seconds and UTC: YYMMDDHHMMSSZ or
// YYYYMMDDHHMMSSZ. Years of two digits are those from 1950 to 2049.
func Time(text string) (time.Time, error) {
	digits, ok := strings.CutSuffix(text, "Z")
	layout := "060102150405"
	if len(digits) == 14 {
		layout = "20060102150405"
	}
	t, err := time.Parse(layout, digits)
	if !ok || err != nil || len(digits) != len(layout) {
		return time.Time{}, fmt.Errorf("%q is no time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ", text)
	}
	if len(layout) == 12 && t.Year() >= 2050 {
		t = t.AddDate(-100, 0, 0)
	}
	return t, nil
}

// FormatTime writes a time as certificates have it: of two digits for the year
// up to 2049, of four from 2050 on.
func FormatTime(t time.Time) string {
	t = t.UTC()
	if y := t.Year(); y >= 1950 && y < 2050 {
		return t.Format("060102150405Z")
	}
	return t.Format("20060102150405Z")
}

// Revocation is what the third column of a revoked entry says.
type Revocation struct {
	At     time.Time
	Reason crl.Reason
	// Named says that there is a reason, be it "unspecified".
	Named bool
	// Hold is the hold instruction, by name or number; empty where there is none.
	Hold string
	// Compromised is when the key was; zero where it is not known.
	Compromised time.Time
}

// The words for reasons in an index that do not stand in a list as they are.
const (
	holdWord      = "holdInstruction"
	keyTimeWord   = "keyTime"
	caKeyTimeWord = "CAkeyTime"
)

// ParseReason reads a reason as the option -crl_reason and an index have it:
// case makes no difference.
func ParseReason(word string) (crl.Reason, bool) {
	if strings.EqualFold(word, "CACompromise") {
		return crl.CACompromise, true
	}
	for r := crl.Unspecified; r <= crl.RemoveFromCRL; r++ {
		if r.Valid() && strings.EqualFold(r.String(), word) {
			return r, true
		}
	}
	return 0, false
}

// ReasonWord is the word for a reason in an index. Reasons that OpenSSL 3.0
// has no word for are unspecified.
func ReasonWord(r crl.Reason) string {
	switch {
	case r == crl.CACompromise:
		return "CACompromise"
	case r > crl.RemoveFromCRL || !r.Valid():
		return crl.Unspecified.String()
	}
	return r.String()
}

// ParseRevocation reads the third column of a revoked entry.
func ParseRevocation(text string) (Revocation, error) {
	date, rest, _ := strings.Cut(text, ",")
	word, extra, hasExtra := strings.Cut(rest, ",")
	var r Revocation
	var err error
	if r.At, err = Time(date); err != nil {
		return r, fmt.Errorf("reading the date of revocation: %w", err)
	}
	if word == "" {
		return r, nil
	}
	r.Named = true
	switch {
	case strings.EqualFold(word, holdWord):
		r.Reason, r.Hold = crl.CertificateHold, extra
		if !hasExtra {
			return r, fmt.Errorf("the reason %s has no instruction after it", word)
		}
		return r, nil
	case strings.EqualFold(word, keyTimeWord), strings.EqualFold(word, caKeyTimeWord):
		r.Reason = crl.KeyCompromise
		if strings.EqualFold(word, caKeyTimeWord) {
			r.Reason = crl.CACompromise
		}
		if r.Compromised, err = Time(extra); err != nil {
			return r, fmt.Errorf("reading when the key was compromised: %w", err)
		}
		return r, nil
	}
	var ok bool
	if r.Reason, ok = ParseReason(word); !ok {
		return r, fmt.Errorf("%q is no reason for revocation", word)
	}
	return r, nil
}

// String writes the third column of a revoked entry.
func (r Revocation) String() string {
	text := FormatTime(r.At)
	switch {
	case r.Hold != "":
		return text + "," + holdWord + "," + r.Hold
	case !r.Compromised.IsZero() && r.Reason == crl.KeyCompromise:
		return text + "," + keyTimeWord + "," + r.Compromised.UTC().Format("20060102150405Z")
	case !r.Compromised.IsZero() && r.Reason == crl.CACompromise:
		return text + "," + caKeyTimeWord + "," + r.Compromised.UTC().Format("20060102150405Z")
	case r.Named || r.Reason != crl.Unspecified:
		return text + "," + ReasonWord(r.Reason)
	}
	return text
}
