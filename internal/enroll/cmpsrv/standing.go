package cmpsrv

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
)

// standings keeps for a moment how certificates stand whose holders send
// messages: a transaction is made of several, and a registration authority
// sends them for many. What this process changes is known at once.
type standings struct {
	authority *authority.Authority
	now       func() time.Time

	mu      sync.Mutex
	changes int64
	known   map[string]standing // by authority and serial number
}

type standing struct {
	record *authority.Certificate
	until  time.Time
}

const (
	moment       = time.Second
	maxStandings = 4096
)

func newStandings(a *authority.Authority, now func() time.Time) *standings {
	s := &standings{authority: a, now: now, known: map[string]standing{}}
	a.OnStatus(s.forget)
	return s
}

func standingKey(ca string, serial []byte) string {
	return ca + "/" + string(bytes.TrimLeft(serial, "\x00"))
}

func (s *standings) forget(ca string, serial []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.known, standingKey(ca, serial))
}

// of is authority.Standing, as it was a moment ago at most.
func (s *standings) of(ctx context.Context, ca string, serial []byte) (authority.Standing, *authority.Certificate, error) {
	key := standingKey(ca, serial)
	s.mu.Lock()
	have, ok := s.known[key]
	since := s.changes
	s.mu.Unlock()
	if ok && time.Now().Before(have.until) {
		return have.record.Standing(s.now()), have.record, nil
	}
	value, record, err := s.authority.Standing(ctx, ca, serial)
	if err != nil || value != authority.StandingGood {
		return value, record, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == since {
		if len(s.known) >= maxStandings {
			clear(s.known)
		}
		s.known[key] = standing{record, time.Now().Add(moment)}
	}
	return value, record, nil
}
