package chain

import (
	"maps"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// policyState is what RFC 5280, Section 6.1.2 carries from certificate to
// certificate. Instead of the tree it keeps, for every policy that is valid
// so far, the policies of the first certificate's domain that it stands for:
// the outcome is the same, and its size is bounded.
type policyState struct {
	valid    map[oid.OID]map[oid.OID]bool
	any      bool // anyPolicy is valid so far
	explicit int
	mapping  int
	inhibit  int
}

func checkPolicies(p *path) []Check {
	if len(p.certs) == 0 || !p.whole {
		return skip("without a whole path there are no policies to check")
	}
	n := len(p.certs) - 1 // the anchor takes no part
	s := policyState{valid: map[oid.OID]map[oid.OID]bool{}, any: true, explicit: n + 1, mapping: n + 1, inhibit: n + 1}
	if len(p.o.Policies) > 0 {
		s.explicit = 0
	}
	for i := n - 1; i >= 0; i-- {
		s.enter(p.certs[i], i == 0)
		if s.explicit == 0 && len(s.valid) == 0 && !s.any {
			return []Check{p.fail(i, "no certificate policy is valid for the whole path, and one is required",
				"have the certificate issued under a policy that its issuers have, too")}
		}
		if i > 0 {
			s.leave(p.certs[i])
		}
	}
	// Section 6.1.5, a and b.
	if s.explicit > 1 && !requiresNow(p.certs[0]) {
		return nil
	}
	return p.checkAcceptable(&s)
}

// requiresNow reports whether the certificate itself demands a policy at once.
func requiresNow(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.PolicyConstraints)
	if !ok {
		return false
	}
	constraints, err := ext.ParsePolicyConstraints(e.Value)
	return err == nil && constraints.RequireExplicitPolicy == 0
}

// checkAcceptable intersects what is valid with what is asked for.
func (p *path) checkAcceptable(s *policyState) []Check {
	if s.any {
		return nil
	}
	there := map[oid.OID]bool{}
	for _, domain := range s.valid {
		maps.Copy(there, domain)
	}
	for _, want := range p.o.Policies {
		if want == oid.AnyPolicy || there[want] {
			return nil
		}
	}
	if len(p.o.Policies) == 0 && len(there) > 0 {
		return nil
	}
	var have []string
	for id := range there {
		have = append(have, id.String())
	}
	detail := "the path is valid under none of the policies asked for"
	if len(have) == 1 {
		detail += ", but under " + strings.Join(have, ", ")
	}
	return []Check{p.fail(0, detail, "have the certificate issued under one of the policies asked for")}
}

// enter takes the policies of a certificate into account (Section 6.1.3, d to f).
func (s *policyState) enter(c *cert.Certificate, last bool) {
	e, ok := ext.Find(c.Extensions, oid.CertificatePolicies)
	list, err := ext.ParseCertificatePolicies(e.Value)
	if !ok || err != nil {
		s.valid, s.any = nil, false
		return
	}
	next := map[oid.OID]map[oid.OID]bool{}
	anyHere := false
	for _, policy := range list {
		switch {
		case policy.ID == oid.AnyPolicy:
			anyHere = s.inhibit > 0 || !last && c.SelfIssued()
		case s.valid[policy.ID] != nil:
			next[policy.ID] = s.valid[policy.ID]
		case s.any:
			next[policy.ID] = map[oid.OID]bool{policy.ID: true}
		}
	}
	if anyHere {
		for id, domain := range s.valid {
			if next[id] == nil {
				next[id] = domain
			}
		}
	}
	s.valid, s.any = next, s.any && anyHere
}

// leave prepares for the next certificate (Section 6.1.4).
func (s *policyState) leave(c *cert.Certificate) {
	if e, ok := ext.Find(c.Extensions, oid.PolicyMappings); ok {
		if list, err := ext.ParsePolicyMappings(e.Value); err == nil {
			s.translate(list)
		}
	}
	if !c.SelfIssued() {
		for _, counter := range []*int{&s.explicit, &s.mapping, &s.inhibit} {
			*counter = max(0, *counter-1)
		}
	}
	if e, ok := ext.Find(c.Extensions, oid.PolicyConstraints); ok {
		if constraints, err := ext.ParsePolicyConstraints(e.Value); err == nil {
			lower(&s.explicit, constraints.RequireExplicitPolicy)
			lower(&s.mapping, constraints.InhibitPolicyMapping)
		}
	}
	if e, ok := ext.Find(c.Extensions, oid.InhibitAnyPolicy); ok {
		if skip, err := ext.ParseInhibitAnyPolicy(e.Value); err == nil {
			lower(&s.inhibit, skip)
		}
	}
}

func lower(counter *int, to int) {
	if to >= 0 && to < *counter {
		*counter = to
	}
}

// translate puts the subject's policies in the place of the issuer's.
func (s *policyState) translate(list []ext.PolicyMapping) {
	mapped := map[oid.OID]map[oid.OID]bool{}
	gone := map[oid.OID]bool{}
	for _, m := range list {
		from := m.IssuerDomainPolicy
		gone[from] = true
		if s.mapping == 0 {
			continue
		}
		domain := s.valid[from]
		if domain == nil && s.any {
			domain = map[oid.OID]bool{from: true}
		}
		if domain == nil {
			continue
		}
		if mapped[m.SubjectDomainPolicy] == nil {
			mapped[m.SubjectDomainPolicy] = map[oid.OID]bool{}
		}
		maps.Copy(mapped[m.SubjectDomainPolicy], domain)
	}
	for id, domain := range s.valid {
		if !gone[id] {
			if mapped[id] == nil {
				mapped[id] = map[oid.OID]bool{}
			}
			maps.Copy(mapped[id], domain)
		}
	}
	s.valid = mapped
}
