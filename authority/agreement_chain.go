package authority

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/certwright/certwright/format/crl"
)

// saying is what the audit chain says of a ticket or certificate.
type saying struct {
	seq              int64 // of the event that made it
	certificate      bool
	ca               string
	state            string // State or Status
	what             [16]byte
	print            [16]byte // the beginning of the certificate's fingerprint
	sealed           bool     // it was given out encrypted, and its fingerprint is not told yet
	reason           int
	revoked, invalid int64 // milliseconds since 1970, as ends
	ends             int64 // of the certificate; of a request that was closed, when that was
	seen, listed     bool  // in the records
}

// gone reports whether revocation lists are to name a certificate.
func (s *saying) gone() bool {
	return s.certificate && (s.state == string(StatusRevoked) || s.state == string(StatusHold))
}

// pastKeeping reports whether it may have been removed.
func (s *saying) pastKeeping(t tidyAccount) bool {
	if !s.certificate && (s.state == string(StateRefused) || s.state == string(StateWithdrawn)) {
		return s.ends < milliseconds(t.TicketsClosedBefore)
	}
	return t.CertificatesExpiredBefore != nil && s.ends < milliseconds(*t.CertificatesExpiredBefore)
}

func ticketDigest(request []byte, requester string, serial []byte) [16]byte {
	return digestOf(hex.EncodeToString(request), orUnknown(requester), hex.EncodeToString(serial))
}

func certificateDigest(c *Certificate) [16]byte {
	return digestOf(c.Ticket, c.Profile, c.ProfileVersion, orUnknown(c.Requester), hex.EncodeToString(c.Replaces))
}

// heard are the details of events that speak of tickets and certificates.
type heard struct {
	account
	State   string    `json:"state"`
	To      Status    `json:"to"`
	Reason  string    `json:"reason"`
	Revoked time.Time `json:"revoked"`
	Invalid time.Time `json:"invalid"`
	tidyAccount
}

func readHeard(e *Event) (*heard, bool) {
	h := &heard{}
	return h, json.Unmarshal(e.Detail, h) == nil
}

// hear takes in an event.
func (g *agreement) hear(e *Event) {
	kind, name, _ := strings.Cut(e.Object, ":")
	if kind != "ticket" && kind != "certificate" && e.Action != "records.tidied" {
		return
	}
	h, ok := readHeard(e)
	switch {
	case !ok:
	case kind == "ticket":
		g.hearTicket(e, name, h)
	case kind == "certificate":
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			g.hearCertificate(e, name[:i], name[i+1:], h)
		}
	default:
		g.tidied[name] = h.tidyAccount.or(g.tidied[name])
	}
}

// or takes over from another what it has removed more of.
func (t tidyAccount) or(other tidyAccount) tidyAccount {
	if other.TicketsClosedBefore.After(t.TicketsClosedBefore) {
		t.TicketsClosedBefore = other.TicketsClosedBefore
	}
	if o := other.CertificatesExpiredBefore; o != nil && (t.CertificatesExpiredBefore == nil || o.After(*t.CertificatesExpiredBefore)) {
		t.CertificatesExpiredBefore = o
	}
	return t
}

// stateAfter is the state that an event leaves a ticket in, empty where it
// says none.
func stateAfter(e *Event, h *heard) State {
	switch {
	case h.Verdict != "":
		return State(h.Verdict)
	case h.State != "":
		return State(h.State)
	}
	switch e.Action {
	case "request.confirmed":
		return StateIssued
	case "request.refused":
		return StateRefused
	case "request.withdrawn":
		return StateWithdrawn
	}
	return ""
}

func (g *agreement) hearTicket(e *Event, id string, h *heard) {
	state := stateAfter(e, h)
	if state == "" {
		return
	}
	serial, _ := hex.DecodeString(h.Serial)
	requester := h.Requester
	if requester == "" {
		requester = e.Actor
	}
	if key := ticketThing(id); g.mine(key) {
		s := g.about(key, e)
		s.state = string(state)
		if h.Request != "" {
			s.what, s.ca = digestOf(h.Request, orUnknown(requester), h.Serial), h.CA
		}
		if h.NotAfter != nil {
			s.ends = milliseconds(*h.NotAfter)
		} else if state == StateRefused || state == StateWithdrawn {
			s.ends = milliseconds(e.At)
		}
	}
	key := certificateThing(h.CA, serial)
	if h.Serial == "" || !g.mine(key) {
		return
	}
	s := g.about(key, e)
	s.certificate = true
	if h.Request != "" {
		s.ca, s.state, s.sealed = h.CA, string(StatusValid), state == StateUnconfirmed
		if s.sealed {
			s.state = string(StatusUnconfirmed)
		}
		s.what = digestOf(id, h.Profile, h.Version, orUnknown(requester), h.Replaces)
		if h.NotAfter != nil {
			s.ends = milliseconds(*h.NotAfter)
		}
	} else if s.state == string(StatusUnconfirmed) { // its holder has answered, or did not
		s.state = string(StatusValid)
		if state != StateIssued {
			s.state, s.revoked = string(StatusRevoked), milliseconds(e.At)
		}
	}
	s.fingerprint(h.Certificate)
}

func (g *agreement) hearCertificate(e *Event, ca, serial string, h *heard) {
	octets, err := hex.DecodeString(serial)
	key := certificateThing(ca, octets)
	if err != nil || !g.mine(key) {
		return
	}
	switch e.Action {
	case "certificate.imported":
		s := g.about(key, e)
		s.certificate, s.ca, s.state = true, ca, string(StatusValid)
		s.what = certificateDigest(&Certificate{Profile: importedProfile})
		if h.NotAfter != nil {
			s.ends = milliseconds(*h.NotAfter)
		}
		s.fingerprint(h.Certificate)
	case "certificate.revoked", "certificate.held", "certificate.released":
		s := g.about(key, e)
		s.certificate, s.ca, s.state, s.reason, s.revoked, s.invalid = true, ca, string(h.To), 0, 0, 0
		if reason, err := crl.ParseReason(h.Reason); err == nil && h.To != StatusValid {
			s.reason, s.revoked, s.invalid = int(reason), milliseconds(h.Revoked), milliseconds(h.Invalid)
		}
	}
}

// about returns what is said of a thing so far.
func (g *agreement) about(key thing, e *Event) *saying {
	s := g.said[key]
	if s == nil {
		s = &saying{seq: e.Seq}
		g.said[key] = s
	}
	return s
}

func (s *saying) fingerprint(text string) {
	if sum, err := hex.DecodeString(text); err == nil && len(sum) == 32 {
		s.print, s.sealed = [16]byte(sum), false
	}
}
