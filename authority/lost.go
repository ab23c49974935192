package authority

import (
	"bytes"
	"time"
)

// Lost is a certificate that an authority issued where it worked before, and
// that nobody has any more: what an index said of it is all that is known. Lists
// and answers tell its status; it cannot be shown, and its status stays.
type Lost struct {
	Serial   []byte    `json:"serial"` // magnitude
	NotAfter time.Time `json:"notAfter"`
	Status   Status    `json:"status"` // valid, hold or revoked
	Revoked  time.Time `json:"revoked,omitzero"`
	Reason   int       `json:"reason,omitempty"` // crl.Reason
	Invalid  time.Time `json:"invalid,omitzero"`
	Line     string    `json:"line"` // of the index, as it was
}

// isRevoked reports whether a full list has the certificate.
func (l *Lost) isRevoked() bool { return l.Status == StatusHold || l.Status == StatusRevoked }

// revocation is the certificate as lists have it.
func (l *Lost) revocation() Revocation {
	return Revocation{Serial: l.Serial, At: l.Revoked, Reason: l.Reason, Invalid: l.Invalid}
}

// record is a certificate without its DER, which answers about its status are
// made of.
func (l *Lost) record(ca string) *Certificate {
	return &Certificate{CA: ca, Serial: l.Serial, Status: l.Status, NotAfter: l.NotAfter, Revoked: l.Revoked, Reason: l.Reason, Invalid: l.Invalid}
}

// lost finds a certificate by its number; nil where none was lost with it.
func (s *CASettings) lost(serial []byte) *Lost {
	for i := range s.Lost {
		if bytes.Equal(s.Lost[i].Serial, serial) {
			return &s.Lost[i]
		}
	}
	return nil
}

// lostOf are those revocations of lost certificates that a list holds: full
// lists alone, and of several the first.
func (s *signatory) lostOf(c *CRL, notExpired time.Time) []Revocation {
	if c.Kind != FullCRL || c.Shard > 0 {
		return nil
	}
	var list []Revocation
	for i := range s.settings.Lost {
		if l := &s.settings.Lost[i]; l.isRevoked() && !l.NotAfter.Before(notExpired) {
			list = append(list, l.revocation())
		}
	}
	return list
}
