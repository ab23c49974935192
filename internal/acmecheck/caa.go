package acmecheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/protocol/acme"
)

// permitted looks whether CAA records let this authority issue for the name
// (RFC 8659, Section 3), to this account by this method (RFC 8657).
func (c *Checker) permitted(ctx context.Context, r *resolver, t *Task) *acme.Problem {
	at, records, err := r.relevant(ctx, t.Identifier.Value)
	if err != nil {
		return acme.NewProblem(acme.CAA, err.Error()+"; without an answer nothing is issued, so see that the zone's name servers answer for CAA")
	}
	issue, wild := byTag(records, "issue"), byTag(records, "issuewild")
	for _, record := range records {
		if record.Flag&128 != 0 && !slices.Contains([]string{"issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"}, strings.ToLower(record.Tag)) {
			return acme.NewProblem(acme.CAA, fmt.Sprintf("the CAA records at %s have the critical property %s, which is not understood here, so they forbid to issue", at, excerpt(record.Tag)))
		}
	}
	if t.Wildcard && len(wild) > 0 {
		issue = wild
	}
	if len(issue) == 0 {
		return nil
	}
	why := "name other authorities than " + strings.Join(c.settings.CAAIdentities, " or ")
	for _, record := range issue {
		v, err := parseIssueValue(record.Value)
		if domain := domainOf(record.Value); !isOf(c.settings.CAAIdentities, domain) {
			continue
		} else if err != nil {
			why = fmt.Sprintf("name %s with parameters that cannot be read (%v)", strings.ToLower(domain), err)
			continue
		}
		switch {
		case v.has("accounturi") && v.parameters["accounturi"] != t.AccountURL:
			why = "permit another account than " + t.AccountURL
		case v.has("validationmethods") && !slices.Contains(strings.Split(v.parameters["validationmethods"], ","), t.Method):
			why = "do not permit the method " + t.Method
		default:
			return nil
		}
	}
	return acme.NewProblem(acme.CAA, fmt.Sprintf("the CAA records at %s %s; have whoever runs the zone add a record that permits it", at, why))
}

// isOf reports whether a domain name is among those of this authority.
func isOf(names []string, domain string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, domain) })
}

func byTag(records []*dns.CAA, tag string) []*dns.CAA {
	var out []*dns.CAA
	for _, r := range records {
		if strings.EqualFold(r.Tag, tag) {
			out = append(out, r)
		}
	}
	return out
}

// relevant climbs from a name towards the root, to the first name with CAA
// records.
func (r *resolver) relevant(ctx context.Context, name string) (string, []*dns.CAA, error) {
	for labels := strings.Split(name, "."); len(labels) > 0; labels = labels[1:] {
		at := strings.Join(labels, ".")
		answers, err := r.ask(ctx, at, dns.TypeCAA)
		if err != nil {
			return "", nil, err
		}
		var found []*dns.CAA
		for _, answer := range answers {
			if record, ok := answer.(*dns.CAA); ok {
				found = append(found, record)
			}
		}
		if len(found) > 0 {
			return at, found, nil
		}
	}
	return "", nil, nil
}
