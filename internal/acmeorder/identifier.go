package acmeorder

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/certwright/certwright/protocol/acme"
)

// checkNames brings the identifiers of an order to their one spelling, drops
// repetitions, and refuses those that no certificate is made for.
func (o *Orders) checkNames(asked []acme.Identifier) ([]acme.Identifier, error) {
	if len(asked) == 0 {
		return nil, acme.NewProblem(acme.Malformed, "the order has no identifiers; name at least one")
	}
	if len(asked) > o.settings.MaxNames {
		return nil, acme.NewProblem(acme.Malformed, fmt.Sprintf("the order has %d identifiers; place orders of no more than %d", len(asked), o.settings.MaxNames))
	}
	var out []acme.Identifier
	var bad []acme.Problem
	for _, i := range asked {
		normal, problem := checkName(i)
		if problem != nil {
			bad = append(bad, *problem.Of(acme.Identifier{Type: visible(i.Type), Value: visible(i.Value)}))
		} else if !slices.Contains(out, normal) {
			out = append(out, normal)
		}
	}
	return out, together(bad)
}

// visible is a client's text without what could not be shown again.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return '.'
		}
		return r
	}, s[:min(len(s), 255)])
}

// together makes one problem of several (RFC 8555, Section 6.7.1).
func together(list []acme.Problem) error {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &list[0]
	}
	of := &acme.Problem{Type: list[0].Type, Detail: fmt.Sprintf("%d names are not taken; see the subproblems", len(list)), Subproblems: list}
	for _, p := range list {
		if p.Type != of.Type {
			of.Type = acme.NewProblem(acme.Compound, "").Type
		}
	}
	return of
}

// rejected is a refusal of these names for one reason; nil without names.
func rejected(names []acme.Identifier, why string) error {
	var list []acme.Problem
	for _, n := range names {
		list = append(list, *acme.NewProblem(acme.RejectedIdentifier, why).Of(n))
	}
	return together(list)
}

func checkName(i acme.Identifier) (acme.Identifier, *acme.Problem) {
	switch i.Type {
	case acme.DNS:
		name, why := checkDNS(i.Value)
		if why != "" {
			return i, acme.NewProblem(acme.RejectedIdentifier, why)
		}
		return acme.Identifier{Type: acme.DNS, Value: name}, nil
	case acme.IP:
		a, err := netip.ParseAddr(i.Value)
		if err != nil || a.Zone() != "" || a.String() != i.Value || a.Is4In6() {
			return i, acme.NewProblem(acme.Malformed, "the value is no IP address in its usual form, such as 192.0.2.1 or 2001:db8::1 (RFC 8738, Section 3)")
		}
		if a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return i, acme.NewProblem(acme.RejectedIdentifier, "the address is not one that a host can have")
		}
		return i, nil
	}
	return i, acme.NewProblem(acme.UnsupportedIdentifier, "identifiers are of the type dns or ip here")
}

// checkDNS returns a name in lower case, or why it is not taken. A wildcard
// stands for the first label alone (RFC 8555, Section 7.1.3).
func checkDNS(value string) (name, why string) {
	name = strings.ToLower(value)
	base := strings.TrimPrefix(name, "*.")
	switch {
	case base == "" || len(base) > 253:
		return "", "a domain name has 1 to 253 characters"
	case strings.HasSuffix(base, "."):
		return "", "the domain name ends with a dot; leave it out"
	case strings.Contains(base, "*"):
		return "", "a wildcard can only be the whole first label, as in *.example.org"
	}
	if _, err := netip.ParseAddr(base); err == nil {
		return "", "the value is an IP address; order it as an identifier of the type ip"
	}
	labels := strings.Split(base, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return "", "a label of the domain name is empty, longer than 63 characters, or has others than letters, digits and inner hyphens; write international names as xn--…"
		}
		if strings.HasPrefix(label, "xn--") {
			if _, err := idna.Lookup.ToUnicode(label); err != nil {
				return "", "a label that begins with xn-- does not stand for an international name"
			}
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return "", "the last label of a domain name is not a number"
	}
	return name, ""
}

func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
