package evidence

import "slices"

// Entitlement says what a sender may have of what is closed to those to whom
// nobody gave it by name: certificates that make authorities or speak in the
// stead of one, and what an authority above others signs. The zero value opens
// nothing.
type Entitlement struct {
	All      bool     `json:"all,omitempty"`      // the operator, and the program itself
	Profiles []string `json:"profiles,omitempty"` // that were given by name
	CAs      []string `json:"cas,omitempty"`      // likewise
}

// Profile reports whether a profile that is closed to others is open.
func (e *Entitlement) Profile(name string) bool { return e.All || slices.Contains(e.Profiles, name) }

// CA reports whether an authority that is closed to others is open.
func (e *Entitlement) CA(name string) bool { return e.All || slices.Contains(e.CAs, name) }

// Operator is the entitlement of who runs the authority: everything is open.
func Operator() Entitlement { return Entitlement{All: true} }
