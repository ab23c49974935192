package client

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestProblemsSayWhenToTryAgain(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "soon": 0, "-1": 0, "99999999999": maxRetryAfter,
		"Sun, 22 Nov 2026 10:02:00 GMT": 2 * time.Minute, "Sun, 22 Nov 2026 09:00:00 GMT": 0,
	} {
		for _, kind := range []string{"application/problem+json", "text/html"} {
			_, err := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", kind)
				w.Header().Set("Date", "Sun, 22 Nov 2026 10:00:00 GMT")
				if header != "" {
					w.Header().Set("Retry-After", header)
				}
				w.WriteHeader(503)
				fmt.Fprint(w, `{"code":"database","detail":"later"}`)
			}).Whoami(t.Context())
			var p *Problem
			if !errors.As(err, &p) || p.RetryAfter != want {
				t.Errorf("%s, %s: %+v", header, kind, err)
			}
		}
	}
}

func TestDecisionsOnWhatWasSeen(t *testing.T) {
	var got []string
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v1/")+" "+r.Header.Get("If-Match"))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"abc.1"`)
		fmt.Fprint(w, `{}`)
	})
	ctx := t.Context()
	seen, err := c.Request(ctx, "T")
	if err != nil || seen.ETag != `"abc.1"` {
		t.Fatal(seen, err)
	}
	held, err := c.Certificate(ctx, "", "01")
	if err != nil || held.ETag != `"abc.1"` {
		t.Fatal(held, err)
	}
	match := IfMatch(seen.ETag)
	c.Approve(ctx, "T", "", match)
	c.Refuse(ctx, "T", "no", match)
	c.Ask(ctx, "T", "why", match)
	c.Answer(ctx, "T", "so", match)
	c.Withdraw(ctx, "T", match)
	c.Revoke(ctx, "", "01", Revocation{}, match)
	want := `GET requests/T |GET certificates/01 |POST requests/T/approve "abc.1"|POST requests/T/refuse "abc.1"|POST requests/T/ask "abc.1"|POST requests/T/answer "abc.1"|POST requests/T/withdraw "abc.1"|POST certificates/01/revoke "abc.1"`
	if strings.Join(got, "|") != want {
		t.Error(got)
	}
}

// An answer of somebody else, such as the page of a portal, is no success.
func TestAnswersOfOthersAreErrors(t *testing.T) {
	for _, answer := range []struct{ kind, body string }{{"text/html", "<html>welcome</html>"}, {"text/html", "{}"}, {"application/json", "{}"}} {
		c := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", answer.kind)
			fmt.Fprint(w, answer.body)
		})
		ctx := t.Context()
		_, fetched := c.Fetch(ctx, "", "01", FormPEM)
		errs := map[string]error{"EndACMEAccount": c.EndACMEAccount(ctx, "x"), "RevokeExternalAccount": c.RevokeExternalAccount(ctx, "x"), "Fetch": fetched}
		if answer.kind == "text/html" {
			_, errs["Whoami"] = c.Whoami(ctx)
			_, errs["Withdraw"] = c.Withdraw(ctx, "x")
		}
		for what, err := range errs {
			if err == nil || !strings.Contains(err.Error(), "is not what was expected") || !strings.Contains(err.Error(), answer.kind) {
				t.Errorf("%s of %s: %v", what, answer.kind, err)
			}
		}
	}
	c := server(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if err := c.EndACMEAccount(t.Context(), "x"); err != nil {
		t.Error(err)
	}
}

func TestTokensOfFiles(t *testing.T) {
	if c, err := New(Config{URL: "https://ca.example", Token: "abc\n"}); err != nil || c.token != "abc" {
		t.Error(c, err)
	}
	for _, token := range []string{"a\nb", "a b", "ä", "a\x00"} {
		if _, err := New(Config{URL: "https://ca.example", Token: token}); err == nil || err.Error() != "the token has characters that no token has; give the text that was told when it was made" || strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// The manual shows the example that is tested.
func TestTheManualShowsTheExample(t *testing.T) {
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(example), "// Obtain asks")
	shown, _, _ = strings.Cut(shown, "\nfunc Example()")
	if !strings.Contains(string(manual), "```go\n// Obtain asks"+strings.TrimRight(shown, "\n")+"\n```") {
		t.Error("docs/rest.md has another example than example_test.go")
	}
}
