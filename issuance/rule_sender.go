package issuance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// namesOfSender keeps what the certificate would name, after all that the
// profile adds, within what shows who the sender is. A common name and an
// e-mail address of the subject count as the names that programs take them for.
func namesOfSender(c *judging) {
	o := &c.evidence.Origin
	if len(o.Names) == 0 {
		return
	}
	for i := range c.names {
		c.covered(c.names[i].String(), "subjectAltName")
	}
	each(c.plan.subject, oid.CommonName, func(a *dn.Attribute) {
		if name := takenFor(a.Text()); name != "" {
			c.covered(name, "subject.CN")
		}
	})
	each(c.plan.subject, oid.EmailAddress, func(a *dn.Attribute) { c.covered("email:"+a.Text(), "subject.emailAddress") })
	if o.LimitsSubject() && !c.plan.subject.IsEmpty() {
		c.covered(evidence.SubjectKind+":"+c.plan.subject.String(), "subject")
	}
}

func (c *judging) covered(name, field string) {
	o := &c.evidence.Origin
	if o.Covers(name) {
		return
	}
	c.refuse(request.NotAuthorized, field, fmt.Sprintf("%s is not for the name %s", whose(o), name), insteadOf(name, o.Names))
}

// whose is what says which names the sender may have, in words.
func whose(o *evidence.Origin) string {
	if o.NamesOf != "" {
		return o.NamesOf
	}
	return "what shows who the sender is"
}

// insteadOf says which names may be had in place of one.
func insteadOf(name string, patterns []string) string {
	subject := strings.HasPrefix(name, evidence.SubjectKind+":")
	var like []string
	for _, p := range patterns {
		kind, _, _ := strings.Cut(p, ":")
		if strings.EqualFold(kind, evidence.SubjectKind) == subject {
			like = append(like, p)
		}
	}
	if len(like) == 0 {
		return "leave it out"
	}
	return "ask for names like " + strings.Join(like, ", ")
}

// subjectOfSender holds the subject, as the certificate would have it, against
// what the sender's is known to be: letter for letter, whatever string type the
// values have. By the measure of names (RFC 5280, Section 7.1) the devices a9Xk and
// A9xk would be one, and many a program takes them for two.
func subjectOfSender(c *judging) {
	o := &c.evidence.Origin
	if len(o.Subject) == 0 {
		return
	}
	want, got := map[oid.OID][]string{}, map[oid.OID][]string{}
	for _, a := range o.Subject {
		kind, ok := dn.TypeByName(a.Type)
		if !ok {
			c.refuse(request.NotAuthorized, "subject", "the attribute "+a.Type+" that the subject must have is not known", "see the configuration of the server")
			continue
		}
		want[kind] = append(want[kind], a.Value)
	}
	for _, a := range c.plan.subject.All() {
		got[a.Type] = append(got[a.Type], a.Text())
	}
	for _, a := range o.Subject {
		kind, ok := dn.TypeByName(a.Type)
		if !ok || want[kind] == nil {
			continue
		}
		slices.Sort(want[kind])
		slices.Sort(got[kind])
		if !slices.Equal(want[kind], got[kind]) {
			c.refuse(request.NotAuthorized, "subject."+a.Type, fmt.Sprintf("the subject must have the %s of %s: %s", a.Type, whose(o), a.Value), fmt.Sprintf("ask for a subject with %s=%s", a.Type, a.Value))
		}
		delete(want, kind) // of several values one finding tells
	}
}

// takenFor is the name that some program could take a common name for, by a
// wider measure than that of the names a profile copies; empty where it is none:
// "pump 7".
func takenFor(commonName string) string {
	text := strings.TrimSpace(commonName)
	if n, ok := hostName(text); ok {
		return n.String()
	}
	switch {
	case strings.ContainsAny(text, " \t\r\n"):
		return ""
	case strings.Contains(text, "@"):
		return "email:" + text
	case strings.ContainsAny(text, ".*"):
		return "dns:" + strings.TrimSuffix(text, ".")
	}
	return ""
}
