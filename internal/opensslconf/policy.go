package opensslconf

import (
	"fmt"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// PolicyRule is what a policy asks of one attribute type of a subject.
type PolicyRule struct {
	Name string // as the policy has it
	Type oid.OID
	Need PolicyNeed
}

// PolicyNeed is how much a policy asks.
type PolicyNeed int

// The needs of a policy.
const (
	PolicyOptional PolicyNeed = iota
	PolicySupplied            // it must be there
	PolicyMatch               // it must be there, and the same as in the authority's name
)

// PolicyRules reads the section of a policy. The error is a *SettingError: of a
// missing section (Name is empty), of a name that is no object, or of a value
// that is none of match, supplied and optional (Value is not empty).
func (f *File) PolicyRules(section string) ([]PolicyRule, error) {
	pairs, ok := f.Section(section)
	if !ok {
		return nil, &SettingError{Section: section, Detail: "there is no such section, and a policy is wanted from it"}
	}
	var rules []PolicyRule
	for _, p := range pairs {
		id, ok := f.known(p.Name)
		if !ok {
			return nil, &SettingError{Section: section, Name: p.Name, Detail: "it is not the name of an object"}
		}
		need, ok := map[string]PolicyNeed{"optional": PolicyOptional, "supplied": PolicySupplied, "match": PolicyMatch}[p.Value]
		if !ok {
			return nil, &SettingError{Section: section, Name: p.Name, Value: p.Value, Detail: "it is match, supplied or optional"}
		}
		rules = append(rules, PolicyRule{p.Name, id, need})
	}
	return rules, nil
}

// PolicyError is a subject that a policy does not let pass.
type PolicyError struct {
	Kind    PolicyFault
	Name    string // as the policy has it
	CA      []byte // value in the authority's name that was compared last, for PolicyDiffers
	Request []byte // value in the request, for PolicyDiffers
}

// PolicyFault tells what a policy misses.
type PolicyFault int

// The faults of a subject under a policy.
const (
	PolicyNotSupplied PolicyFault = iota + 1 // "supplied" is missing from the request
	PolicyNotThere                           // "match" is missing from the request
	PolicyNotInCA                            // "match" is missing from the authority's name
	PolicyDiffers                            // "match" is not the same
)

// Error says what is missing or different.
func (e *PolicyError) Error() string {
	switch e.Kind {
	case PolicyNotInCA:
		return fmt.Sprintf("the policy wants %s to match, and the authority's name has none", e.Name)
	case PolicyDiffers:
		return fmt.Sprintf("the policy wants %s to match: the authority's is %q, that of the request %q", e.Name, e.CA, e.Request)
	}
	return fmt.Sprintf("the policy wants %s, and the request has none", e.Name)
}

// ApplyPolicy makes the subject of a certificate: of the request's attributes
// those that the policy names, in the policy's order, each a part of its own.
// The error is a *PolicyError.
func ApplyPolicy(rules []PolicyRule, request, authority dn.Name) (dn.Name, error) {
	var parts []dn.RDN
	for _, r := range rules {
		found := attributesOf(request, r.Type)
		if len(found) == 0 && r.Need != PolicyOptional {
			kind := PolicyNotSupplied
			if r.Need == PolicyMatch {
				kind = PolicyNotThere
			}
			return dn.Name{}, &PolicyError{Kind: kind, Name: r.Name}
		}
		for _, a := range found {
			if r.Need == PolicyMatch {
				if err := r.match(a, attributesOf(authority, r.Type)); err != nil {
					return dn.Name{}, err
				}
			}
			parts = append(parts, dn.RDN{a})
		}
	}
	return dn.Build(parts...), nil
}

func (r PolicyRule) match(a dn.Attribute, theirs []dn.Attribute) error {
	if len(theirs) == 0 {
		return &PolicyError{Kind: PolicyNotInCA, Name: r.Name}
	}
	for _, t := range theirs {
		if t.Tag == a.Tag && string(t.Value) == string(a.Value) {
			return nil
		}
	}
	return &PolicyError{Kind: PolicyDiffers, Name: r.Name, CA: theirs[len(theirs)-1].Value, Request: a.Value}
}

func attributesOf(n dn.Name, id oid.OID) []dn.Attribute {
	var out []dn.Attribute
	for _, a := range n.All() {
		if a.Type == id {
			out = append(out, a)
		}
	}
	return out
}
