package notice

import (
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
)

// What another authority issued takes the place of a certificate where it was
// asked for as its renewal, and not by its names alone.
func TestRelativesOfOtherAuthorities(t *testing.T) {
	of := func(ca, profile string, replaces ...byte) func(*authority.Certificate) {
		return func(c *authority.Certificate) { c.CA, c.Profile, c.Replaces = ca, profile, replaces }
	}
	revoked := func(c *authority.Certificate) {
		of("new", "server", 1)(c)
		c.Status = authority.StatusRevoked
	}
	for name, c := range map[string]struct {
		add     func(s *memstore.Store)
		renewed bool
	}{
		"none":                    {add: func(*memstore.Store) {}},
		"renewed by another":      {add: func(s *memstore.Store) { certificate(t, s, 9, "a.example", day(80), 90, of("new", "other", 1)) }, renewed: true},
		"that one was revoked":    {add: func(s *memstore.Store) { certificate(t, s, 9, "a.example", day(80), 90, revoked) }},
		"same names only":         {add: func(s *memstore.Store) { certificate(t, s, 9, "a.example", day(80), 90, of("new", "server")) }},
		"earlier with same names": {add: func(s *memstore.Store) { certificate(t, s, 9, "a.example", start, 30, of("new", "server")) }},
		"renewal of the other's own": {add: func(s *memstore.Store) {
			certificate(t, s, 1, "a.example", start, 90, func(c *authority.Certificate) { c.CA, c.DER, c.Fingerprint = "new", []byte{7}, []byte{7} })
			certificate(t, s, 9, "a.example", day(80), 90, of("new", "server", 1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := memstore.New()
			certificate(t, s, 1, "a.example", start, 90, nil)
			c.add(s)
			old, err := s.Certificate(t.Context(), "ca", []byte{1})
			if err != nil {
				t.Fatal(err)
			}
			if renewed, habit, err := Relatives(t.Context(), s, old); renewed != c.renewed || habit || err != nil {
				t.Errorf("renewed %v, habit %v, %v", renewed, habit, err)
			}
		})
	}
}
