package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// post is a target that keeps what it gets, or refuses it.
type post struct {
	refuse error
	got    []*Message
}

func (p *post) send(_ context.Context, m *Message) error {
	if p.refuse == nil {
		p.got = append(p.got, m)
	}
	return p.refuse
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func put(t *testing.T, s *memstore.Store, target, id string) {
	t.Helper()
	r, err := record(target, &Message{ID: id, Type: "request.issued", Timestamp: start, Data: json.RawMessage(`{}`)}, start)
	if err == nil {
		err = s.PutRecords(t.Context(), r)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func left(t *testing.T, s *memstore.Store) []*authority.Record {
	t.Helper()
	found, err := s.FindRecords(t.Context(), authority.RecordQuery{Kind: deliveryKind})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestDeliveryIsTriedAgainAndGivenUp(t *testing.T) {
	s, now := memstore.New(), start
	p := &post{refuse: errors.New("closed")}
	var results []string
	q := &Queue{Records: s, Targets: []Target{{Name: "chat", Send: p.send}}, Now: func() time.Time { return now }, Log: quiet(), Result: func(_, r string) { results = append(results, r) }}
	put(t, s, "chat", "a")
	tries := 0
	for range 100 {
		now = now.Add(time.Hour)
		before := len(results)
		if err := q.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		tries += len(results) - before
	}
	if r := left(t, s); tries != mostTries || len(r) != 1 || r[0].State != failed || !strings.Contains(string(r[0].Body), `"error":"closed"`) {
		t.Fatalf("%d tries, left %+v", tries, r)
	}
	now = now.Add(2 * keepFailed)
	if err := q.Deliver(t.Context()); err != nil || len(left(t, s)) != 0 {
		t.Fatalf("what was given up stays for ever: %v", err)
	}

	put(t, s, "chat", "b")
	put(t, s, "gone", "c") // a target that is not configured any more
	now, p.refuse = now.Add(time.Hour), nil
	if err := q.Deliver(t.Context()); err != nil || len(p.got) != 1 || p.got[0].ID != "b" || len(left(t, s)) != 1 {
		t.Fatalf("%v, got %v", err, p.got)
	}
}

func TestDeliveryIsTakenByOneProcess(t *testing.T) {
	s, now := memstore.New(), start.Add(time.Second)
	put(t, s, "chat", "a")
	other := &post{}
	clock := func() time.Time { return now }
	second := &Queue{Records: s, Targets: []Target{{Name: "chat", Send: other.send}}, Now: clock, Log: quiet()}
	first := &Queue{Records: s, Now: clock, Log: quiet(), Targets: []Target{{Name: "chat", Send: func(ctx context.Context, _ *Message) error {
		return second.Deliver(ctx) // while the first is at it
	}}}}
	if err := first.Deliver(t.Context()); err != nil || len(other.got) != 0 || len(left(t, s)) != 0 {
		t.Fatalf("%v, the other got %v", err, other.got)
	}
	// One that ended while it was at it loses nothing.
	put(t, s, "chat", "b")
	ended, end := context.WithCancel(t.Context())
	first.Targets[0].Send = func(context.Context, *Message) error { end(); return ended.Err() }
	if err := first.Deliver(ended); err != nil {
		t.Fatal(err)
	}
	now = now.Add(timeout + spare + time.Second)
	if err := second.Deliver(t.Context()); err != nil || len(other.got) != 1 {
		t.Fatalf("%v, the other got %v", err, other.got)
	}
}

// What reached some is tried again for the others, and what nobody is left for
// not at all.
func TestDeliveryToSome(t *testing.T) {
	s, now := memstore.New(), start
	var tries []string
	answers := []*Undelivered{{Left: []string{"b", "c"}, Some: true, Cause: errors.New("b and c are busy")}, {Cause: errors.New("b and c are gone")}}
	var log strings.Builder
	q := &Queue{Records: s, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil)), Targets: []Target{{Name: "mail", Send: func(_ context.Context, m *Message) error {
		tries = append(tries, m.ID+":"+strings.Join(m.Left, " "))
		if m.ID != "a" {
			return nil
		}
		answer := answers[0]
		answers = answers[1:]
		return answer
	}}}}
	put(t, s, "mail", "a")
	put(t, s, "mail", "b")
	for range 5 {
		now = now.Add(time.Hour)
		if err := q.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`msg="a message was not delivered to all" to=mail message=a type=request.issued attempt=1 given-up=false cause="b and c are busy"`,
		`msg="a message was not delivered" to=mail message=a type=request.issued attempt=2 given-up=true cause="b and c are gone"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in\n%s", want, &log)
		}
	}
	if got := strings.Join(tries, ", "); got != "a:, b:, a:b c" {
		t.Errorf("tried %s", got)
	}
	if r := left(t, s); len(r) != 1 || r[0].State != failed || !strings.Contains(string(r[0].Body), `"error":"b and c are gone"`) {
		t.Errorf("left %+v", r)
	}
}

// A target has as long for a try as it says, and is left to whom has taken a
// message for longer than that.
func TestTargetsThatTakeTheirTime(t *testing.T) {
	for _, c := range []struct{ patience, want time.Duration }{{0, timeout}, {PatienceOfMail, PatienceOfMail}} {
		s, now, before, tries := memstore.New(), start.Add(time.Second), time.Now(), 0
		put(t, s, "mail", "a")
		send := func(ctx context.Context, _ *Message) error {
			tries++
			end, ok := ctx.Deadline()
			if !ok || end.Before(before.Add(c.want)) || end.After(time.Now().Add(c.want)) {
				t.Errorf("a try ends %v after it began, and not %v", end.Sub(before), c.want)
			}
			if r := left(t, s); len(r) != 1 || !r[0].Due.After(now.Add(c.want)) {
				t.Errorf("%v: another process may take it before the try has ended: %+v", c.want, r)
			}
			return nil
		}
		q := &Queue{Records: s, Now: func() time.Time { return now }, Log: quiet(), Targets: []Target{{Name: "mail", Send: send, Patience: c.patience}}}
		if err := q.Deliver(t.Context()); err != nil || tries != 1 {
			t.Fatal(tries, err)
		}
	}
}

func TestGap(t *testing.T) {
	for attempts, want := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second, 14: longestGap, 99: longestGap} {
		if got := gap(attempts); got != want {
			t.Errorf("after %d tries %v, want %v", attempts, got, want)
		}
	}
}

func event(t *testing.T, s *memstore.Store, actions ...string) {
	t.Helper()
	for _, a := range actions {
		errs, err := s.Commit(t.Context(), &authority.Change{Events: []*authority.Event{{At: start, Actor: "ann", Action: a, Object: "ticket:1", Detail: []byte(`{"x":1}`)}}})
		if err := errors.Join(append(errs, err)...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDecisionsAreToldOnce(t *testing.T) {
	s := memstore.New()
	d := &Decisions{Events: s, Records: s, Target: "webhook:chat"}
	event(t, s, "request.issued")
	for range 2 { // what was before is not told
		if err := d.Read(t.Context(), start); err != nil || len(left(t, s)) != 0 {
			t.Fatal(err, left(t, s))
		}
	}
	event(t, s, "request.held", "crl.published", "certificate.revoked")
	for range 2 {
		if err := d.Read(t.Context(), start); err != nil {
			t.Fatal(err)
		}
	}
	r := left(t, s)
	if len(r) != 2 || r[0].ID != "webhook:chat/audit-2" || r[1].ID != "webhook:chat/audit-4" {
		t.Fatalf("%+v", r)
	}
	var body delivery
	if err := json.Unmarshal(r[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(body.Message)
	if want := `{"id":"audit-2","type":"request.held","timestamp":"2026-03-01T12:00:00Z","data":{"seq":2,"actor":"ann","object":"ticket:1","detail":{"x":1}}}`; string(text) != want {
		t.Errorf("got %s", text)
	}
}

func TestManyDecisions(t *testing.T) {
	s := memstore.New()
	d := &Decisions{Events: s, Records: s, Target: "x", Actions: []string{"request.issued"}}
	if err := d.Read(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	for range entriesAtOnce + 5 {
		event(t, s, "request.issued", "request.held")
	}
	if err := d.Read(t.Context(), start); err != nil || len(left(t, s)) != entriesAtOnce+5 {
		t.Fatalf("%v, %d messages", err, len(left(t, s)))
	}
}

// certificate adds one that is valid for days from begin.
func certificate(t *testing.T, s *memstore.Store, serial byte, name string, begin time.Time, days float64, more func(*authority.Certificate)) {
	t.Helper()
	c := &authority.Certificate{CA: "ca", Serial: []byte{serial}, DER: []byte{serial}, Fingerprint: []byte{serial}, KeyFingerprint: []byte{serial}, Subject: "CN=" + name,
		Names: []string{"dns:" + name}, NotBefore: begin, NotAfter: begin.Add(time.Duration(days * 24 * float64(time.Hour))), Profile: "server", Requester: "ann", Status: authority.StatusValid, Issued: begin}
	if more != nil {
		more(c)
	}
	errs, err := s.Commit(t.Context(), &authority.Change{AddCertificate: c})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

func day(n float64) time.Time { return start.Add(time.Duration(n * 24 * float64(time.Hour))) }

func TestEnding(t *testing.T) {
	s := memstore.New()
	e := &Ending{Certificates: s, Authorities: s, Records: s, Targets: []string{"mail"}, Before: 14 * 24 * time.Hour, Missed: true}
	certificate(t, s, 1, "a.example", start, 90, nil)
	certificate(t, s, 2, "b.example", start, 90, nil)
	certificate(t, s, 3, "B.example", day(60), 90, func(c *authority.Certificate) { c.Replaces = []byte{2} })
	certificate(t, s, 4, "c.example", start, 80, nil)
	certificate(t, s, 5, "c.example", start, 90, nil) // takes the place of 4, and has no successor
	certificate(t, s, 6, "d.example", start, 90, func(c *authority.Certificate) { c.Status = authority.StatusRevoked })
	certificate(t, s, 7, "e.example", day(75), 12, nil) // a short life: not at once
	var told []string
	for hour := range 24 * 92 {
		before := len(left(t, s))
		n, err := e.Look(t.Context(), start.Add(time.Duration(hour)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Tidy(t.Context(), start.Add(time.Duration(hour)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			continue
		}
		r := left(t, s)
		if len(r) != before+1 {
			t.Fatalf("%d messages of one look", len(r)-before)
		}
		for _, one := range r {
			var d delivery
			var data EndingData
			if err := errors.Join(json.Unmarshal(one.Body, &d), json.Unmarshal(d.Message.Data, &data)); err != nil {
				t.Fatal(err)
			}
			if d.Message.Timestamp.Equal(start.Add(time.Duration(hour) * time.Hour)) {
				for _, c := range data.Certificates {
					told = append(told, fmt.Sprintf("day %.1f: %s %s", float64(hour)/24, c.Serial, c.Alert))
				}
			}
		}
	}
	want := "day 76.0: 01 ends, day 76.0: 05 ends, day 81.0: 05 missed-renewal, day 83.0: 07 ends"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if alerts, err := s.FindRecords(t.Context(), authority.RecordQuery{Kind: alertKind}); err != nil || len(alerts) != 0 {
		t.Errorf("alerts of what has ended stay: %v, %v", alerts, err)
	}
}

func TestEndingManyAtOnce(t *testing.T) {
	s := memstore.New()
	e := &Ending{Certificates: s, Authorities: s, Records: s, Targets: []string{"mail", "chat"}, Before: 14 * 24 * time.Hour}
	for i := range 250 {
		certificate(t, s, byte(i), fmt.Sprintf("h%d.example", i), start, 90, nil)
	}
	n, err := e.Look(t.Context(), day(80))
	if err != nil || n != 250 || len(left(t, s)) != 4 {
		t.Fatalf("%d, %v, %d messages", n, err, len(left(t, s)))
	}
	if n, err = e.Look(t.Context(), day(81)); err != nil || n != 0 {
		t.Fatalf("told twice: %d, %v", n, err)
	}
}

func TestSign(t *testing.T) {
	// The example of the documentation of Standard Webhooks.
	got := Sign([]byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWebhook(t *testing.T) {
	status := http.StatusNoContent
	var seen *http.Request
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	secret := func() ([]byte, error) { return []byte("hush"), nil }
	w := &Webhook{URL: srv.URL + "/x?key=hidden", Secret: secret, Client: srv.Client(), Now: func() time.Time { return start }}
	m := &Message{ID: "m1", Type: "request.issued", Timestamp: start, Data: json.RawMessage(`{"seq":1}`)}
	if err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got, want := seen.Header.Get("Webhook-Signature"), Sign([]byte("hush"), "m1", seen.Header.Get("Webhook-Timestamp"), body); got != want || seen.Header.Get("Webhook-Id") != "m1" {
		t.Errorf("signature %s, want %s", got, want)
	}
	status = http.StatusTeapot
	if err := w.Send(t.Context(), m); err == nil || err.Error() != "posting: the answer is 418 I'm a teapot" {
		t.Error(err)
	}
	srv.Close()
	if err := w.Send(t.Context(), m); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
	w.Secret = func() ([]byte, error) { return nil, errors.New("no secret") }
	if err := w.Send(t.Context(), m); err == nil || err.Error() != "no secret" {
		t.Error(err)
	}
}
