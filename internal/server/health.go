package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/certwright/certwright/authority"
)

// check is one thing that must be well for the server to be of use.
type check struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Cause string `json:"cause,omitempty"`
}

// health answers /healthz, which says that the process lives, and /readyz,
// which says whether to send requests here. It tells nobody why it is not
// ready but the log: anyone may ask.
func (s *Server) health(*regime) ([]door, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		checks, ready := s.readiness(r.Context())
		w.Header().Set("Content-Type", "application/json")
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		for i, c := range checks {
			if !c.OK {
				msg := "not ready"
				if ready {
					msg = "ready, but not for everything"
				}
				s.config.Log.WarnContext(r.Context(), msg, "check", c.Name, "cause", c.Cause)
			}
			checks[i].Cause = ""
		}
		json.NewEncoder(w).Encode(map[string]any{"ready": ready, "checks": checks})
	})
	return []door{
		{name: "health", patterns: []string{"GET /healthz", "GET /readyz"}, plain: true, handler: mux},
		{name: "none", patterns: []string{"/"}, plain: true, handler: http.HandlerFunc(nothing)},
		{name: "watchdog", run: s.watchdog},
	}, nil
}

// patience is how long a check may take.
const patience = 5 * time.Second

// readiness looks at everything that a request needs.
func (s *Server) readiness(ctx context.Context) (checks []check, ready bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	serving := check{Name: "serving", OK: !s.stopping.Load()}
	if !serving.OK {
		serving.Cause = "the server is stopping"
	}
	records := check{Name: "records", OK: true}
	if err := s.reached(ctx); err != nil {
		records = check{Name: "records", Cause: err.Error()}
	} else if err := s.room(ctx); err != nil {
		records = check{Name: "records", Cause: err.Error()}
	}
	certificate := check{Name: "certificate", OK: s.config.Office.Now().Before(s.now.Load().identity.expires())}
	if !certificate.OK {
		certificate.Cause = "the certificate of the server has expired"
	}
	secrets, keys := s.keys(ctx)
	return []check{serving, records, certificate, secrets, keys}, serving.OK && records.OK && certificate.OK && secrets.OK
}

// reached tells whether the records can be read.
func (s *Server) reached(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _, err := s.config.Office.Store.Head(ctx)
	return err
}

// usual is how many octets are tried to be written: what many certificates
// together take. Where only less fits, one of them is as good as none.
const usual = 512 << 10

// room tries whether something can be written, if that is not known or could not
// be done last time: who sends no requests here because of that would never know.
func (s *Server) room(ctx context.Context) error {
	m := s.config.Measures
	if m == nil || !m.failing.Load() {
		return nil
	}
	const kind, id = "server-room", "probe"
	store := s.config.Office.Store
	probe, err := store.Record(ctx, kind, id)
	if errors.Is(err, authority.ErrNotFound) {
		probe, err = &authority.Record{Kind: kind, ID: id}, nil
	}
	if err != nil {
		return err
	}
	noise := make([]byte, usual/2) // which no store makes smaller
	rand.Read(noise)
	for _, body := range []string{`"` + hex.EncodeToString(noise) + `"`, "{}"} {
		probe.Body = []byte(body)
		err := store.PutRecords(ctx, probe)
		if errors.Is(err, authority.ErrConflict) { // another process had room
			break
		}
		if err != nil {
			return err
		}
	}
	m.failing.Store(false)
	return nil
}

// watchdog tells the service manager that all is well, twice as often as it
// wants to hear it, while the records can be reached: a full disk, or an expired
// certificate, is not mended by a new start.
func (s *Server) watchdog(ctx context.Context) error {
	every := s.config.Service.Watchdog() / 2
	if every == 0 {
		<-ctx.Done()
		return nil
	}
	for wait(ctx, every) {
		if s.reached(ctx) == nil {
			s.say(s.config.Service.Alive())
		}
	}
	return nil
}
