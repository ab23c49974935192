package restsrv

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
)

// held submits a request that waits for an officer, and returns its path.
func (w *world) held(c *client.Client, host string) (path string) {
	w.t.Helper()
	out, err := c.Submit(w.t.Context(), client.Submission{Request: csr(w.t, host), Profile: "reviewed"})
	if err != nil || out.State != client.Held {
		w.t.Fatal(out, problem(err))
	}
	return "/api/v1/requests/" + out.Ticket
}

// What somebody decides on is what they saw: all of it, as the profile of then
// would have it, and by a strong tag.
func TestDecisionsAreMadeOnWhatWasSeen(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	token, _ := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}, By: "tester"})
	approve := func(path, tag string) int {
		status, _, _ := w.raw("POST", path+"/approve", token, strings.NewReader("{}"), "If-Match", tag, "Content-Type", "application/json")
		return status
	}
	look := func(path, had string) (int, string, string) {
		status, header, body := w.raw("GET", path, token, nil, "If-None-Match", had)
		return status, header.Get("ETag"), body
	}
	path := w.held(ann, "a.example")
	_, before, first := look(path, "")
	w.pass(2 * time.Second)
	status, later, second := look(path, before)
	if status != 200 || before == later || first == second {
		t.Errorf("%d: what is planned has moved, and the tag %s has not", status, later)
	}
	if status, _, _ := look(path, "W/"+later); status != 304 {
		t.Errorf("If-None-Match compares weakly, and gave %d", status)
	}

	text := string(reviewedProfile(t))
	text = strings.Replace(text, "default: 90d", "default: 30d", 1)
	if err := os.WriteFile(filepath.Join(w.home.Profiles(), "reviewed.yaml"), []byte(strings.Replace(text, "version: 1", "version: 2", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.office.Profiles.Reload(); err != nil {
		t.Fatal(err)
	}
	if status, now, body := look(path, later); status != 200 || now == later || body == second {
		t.Errorf("%d: the profile has changed, and the tag has not", status)
	}
	for _, tag := range []string{before, later, `"other"`, `"x.zzzzzzzzzzzzzzzz"`} {
		if status := approve(path, tag); status != 412 {
			t.Errorf("approved by %s, which was of another profile: %d", tag, status)
		}
	}
	_, now, _ := look(path, "")
	if status := approve(path, "W/"+now); status != 412 {
		t.Errorf("If-Match compares strongly (RFC 9110, Section 13.1.1), and gave %d", status)
	}
	w.pass(10 * time.Minute)
	if status := approve(path, `"other", `+now); status != 200 {
		t.Errorf("what was seen is still so, and gave %d", status)
	}
}

// The tag of a certificate is of all that is told of it: that it has expired, too.
func TestTagsOfCertificatesThatExpired(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, By: "tester"})
	path := "/api/v1/certificates/" + w.issue(ann, "a.example").Serial
	_, header, _ := w.raw("GET", path, token, nil)
	if status, _, _ := w.raw("GET", path, token, nil, "If-None-Match", header.Get("ETag")); status != 304 {
		t.Errorf("%d", status)
	}
	w.pass(100 * 24 * time.Hour)
	if status, _, body := w.raw("GET", path, token, nil, "If-None-Match", header.Get("ETag")); status != 200 || !strings.Contains(body, `"status":"expired"`) {
		t.Errorf("%d %s", status, body)
	}
}

// Pages of open requests have each once, whatever becomes of them meanwhile.
func TestPagesOfOpenRequests(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	token, olga := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Officer}, By: "tester"})
	var want []string
	for i := range 7 {
		path := w.held(ann, fmt.Sprintf("h%d.example", i))
		want = append(want, path[strings.LastIndex(path, "/")+1:])
		w.pass(time.Millisecond)
	}
	step := func(_ *client.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(problem(err))
		}
	}
	step(olga.Ask(t.Context(), want[4], "who are you?"))
	step(olga.Ask(t.Context(), want[6], "who are you?"))
	var got []string
	cursor := ""
	for page := 0; ; page++ {
		status, _, body := w.raw("GET", "/api/v1/requests?open=true&limit=3&cursor="+cursor, token, nil)
		var p client.Page[client.Request]
		if status != 200 || !readInto(t, body, &p) {
			t.Fatal(status, body)
		}
		for _, one := range p.Items {
			got = append(got, one.Ticket)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
		switch page {
		case 0: // one that was told waits for something else now, and one that was not
			step(olga.Ask(t.Context(), want[1], "who are you?"))
			step(ann.Answer(t.Context(), want[4], "ann"))
		case 1:
			step(ann.Answer(t.Context(), want[1], "ann"))
			step(ann.Answer(t.Context(), want[6], "ann"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if status, _, body := w.raw("GET", "/api/v1/requests?open=true&state=issued", token, nil); status != 400 || !strings.Contains(body, "open and state exclude each other") {
		t.Errorf("%d %s", status, body)
	}
}
