package authority

import (
	"bytes"
	"context"
	"fmt"

	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// closedTo is what a decision has against the sender asking this authority:
// one that stands above others signs for authorities, and for those alone who
// were given it by name.
func (a *Authority) closedTo(d *decision) []issuance.Finding {
	o, name := &d.evidence.Origin, d.signatory.ca.Name
	if o.Entitled.CA(name) || !a.standsAbove(name) {
		return nil
	}
	return []issuance.Finding{{
		Rule: "closed-authority", Severity: issuance.Error, Reason: request.NotAuthorized, Field: "ca",
		Detail: fmt.Sprintf("the authority %s stands above others, and signs for those alone who were given it by name", name),
		Fix:    "ask the authority below it that is for you, or " + issuance.GiveByName(o.Door, "ca", name),
	}}
}

// standsAbove reports whether an authority of these records is above another one.
func (a *Authority) standsAbove(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.above[name]
}

// Reserved reports whether an authority is closed to those who were not given
// it by name.
func (a *Authority) Reserved(ctx context.Context, name string) (bool, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return false, err
	}
	return a.standsAbove(s.ca.Name), nil
}

// higher are those authorities that another one was made under, or that stand
// in the chain of another one.
func higher(known map[string]*signatory) map[string]bool {
	out := map[string]bool{}
	for _, s := range known {
		if s.ca.Parent != "" && known[s.ca.Parent] != nil {
			out[s.ca.Parent] = true
		}
		for _, above := range s.above {
			for name, other := range known {
				if name != s.ca.Name && other.certificate != nil && bytes.Equal(other.certificate.PublicKey.Raw, above.PublicKey.Raw) &&
					!bytes.Equal(other.certificate.PublicKey.Raw, s.certificate.PublicKey.Raw) {
					out[name] = true
				}
			}
		}
	}
	return out
}
