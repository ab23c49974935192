package verbs

import (
	"slices"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/front"
)

func TestParseSpan(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"90": 90 * day, "90d": 90 * day, "4w": 28 * day, "1y": 365 * day, "6mo": 180 * day, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute} {
		if got, err := parseSpan("validity", text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1d", "soon", "d", "1000000y", "-5h"} {
		if _, err := parseSpan("validity", text); err == nil || front.Explain(err).Exit != front.ExitUsage {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"2027-01-31", "2027-01-31T00:00:00Z", "2027-01-31T01:00:00+01:00", "2027-01-31 00:00:00", "2027-01-31 00:00", "20270131000000Z"} {
		if got, err := parseTime("at", text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := parseTime("at", "31.1.2027"); err == nil {
		t.Error("a day that is read otherwise elsewhere is taken")
	}
}

func TestParseSerial(t *testing.T) {
	for text, want := range map[string]string{"0A:bc": "0abc", "0xabc": "0abc", "00ff": "ff", "00": "00"} {
		if got, ok := parseSerial(text); !ok || hexOf(got) != want {
			t.Errorf("%s: %x", text, got)
		}
	}
	if _, ok := parseSerial("server.crt"); ok {
		t.Error("a file name is taken for a serial number")
	}
}

func TestSplitNames(t *testing.T) {
	for text, want := range map[string][]string{
		"dns:a,DNS:b": {"dns:a", "DNS:b"}, "a.example,b.example": {"a.example", "b.example"}, "dir:CN=x,O=y": {"dir:CN=x,O=y"},
		"uri:https://a/?x=1,2,dns:b": {"uri:https://a/?x=1,2", "dns:b"}, "DNS:a, IP:192.0.2.1": {"DNS:a", "IP:192.0.2.1"}, "": {""},
	} {
		if got := splitNames(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestOutputName(t *testing.T) {
	for in, want := range map[string]string{"a.csr": "a.crt", "dir/b.PEM": "b.crt", "c": "c.crt", "d.tar.req": "d.tar.crt", "e.crt": "e.crt.crt"} {
		if got := outputName("", in, 0); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := outputName("out", "x/a.csr", 2); got != "out/a-2.crt" {
		t.Errorf("the second of a file: %s", got)
	}
}

func TestBarLine(t *testing.T) {
	got := barLine(tally{Requests: 500, Refused: 3}, 1000, 10*time.Second)
	if want := "[############............] 500 of 1000, 50 a second, 10s left, 3 refused"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90*24*time.Hour - time.Second: "90 days", 24 * time.Hour: "24 hours", 12*time.Hour + time.Second: "12 hours", time.Minute: "1 minute", time.Second: "1 minute",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// TestVersioned names profiles of tickets that were judged, and of one that was refused before.
func TestVersioned(t *testing.T) {
	if got := versioned("server", "1+ab"); got != "server, version 1+ab" {
		t.Errorf("got %q", got)
	}
	if got := versioned("rv", ""); got != "rv" {
		t.Errorf("got %q", got)
	}
}
