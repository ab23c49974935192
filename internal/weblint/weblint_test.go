package weblint

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// TestMain lets the test program stand for the helper.
func TestMain(m *testing.M) {
	if os.Getenv("WEBLINT_STAND_IN") != "" {
		standIn()
		return
	}
	os.Exit(m.Run())
}

// standIn answers as the helper does: by what the "certificate" says.
func standIn() {
	in := bufio.NewReader(os.Stdin)
	for n := 1; ; n++ {
		var length uint32
		if binary.Read(in, binary.BigEndian, &length) != nil {
			return
		}
		der := make([]byte, length)
		if _, err := io.ReadFull(in, der); err != nil {
			return
		}
		switch string(der) {
		case "die":
			os.Exit(1)
		case "babble":
			fmt.Println("no JSON")
		case "broken":
			fmt.Println(`{"error":"it is no certificate"}`)
		default:
			fmt.Printf("{\"findings\":[{\"rule\":\"r%d\",\"citation\":\"BR\",\"severity\":%q,\"detail\":\"d\"}]}\n", n, der)
		}
	}
}

func TestLint(t *testing.T) {
	t.Setenv("WEBLINT_STAND_IN", "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := New(self)
	ctx := context.Background()
	for i, c := range []struct {
		say, rule string
		severity  issuance.Severity
		reason    request.Reason
	}{{"error", "web/r1", issuance.Error, request.LintFailed}, {"info", "web/r2", issuance.Info, ""}, {"odd", "web/r3", issuance.Warning, ""}} {
		got, err := l.Lint(ctx, []byte(c.say))
		if err != nil || len(got) != 1 || got[0].Rule != c.rule || got[0].Severity != c.severity || got[0].Fix == "" || got[0].Reason != c.reason {
			t.Errorf("%d: %+v, %v", i, got, err)
		}
	}
	for _, c := range [][2]string{{"broken", "could not examine the certificate: it is no certificate"}, {"babble", "is not as agreed"}, {"die", "asking certwright-lint"}} {
		if _, err := l.Lint(ctx, []byte(c[0])); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", c[0], err)
		}
	}
	if got, err := l.Lint(ctx, []byte("info")); err != nil || got[0].Rule != "web/r1" {
		t.Errorf("after it died it is not started again: %+v, %v", got, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestMissing(t *testing.T) {
	_, err := New("/nowhere/certwright-lint").Lint(context.Background(), nil)
	var refusal *request.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != request.LintFailed || !strings.Contains(refusal.Fix, "make build") {
		t.Fatalf("got %v", err)
	}
}
