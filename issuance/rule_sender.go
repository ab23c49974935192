package issuance

import (
	"fmt"
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
	whose := o.NamesOf
	if whose == "" {
		whose = "what shows who the sender is"
	}
	c.refuse(request.NotAuthorized, field, fmt.Sprintf("%s is not for the name %s", whose, name), "ask for names like "+strings.Join(o.Names, ", "))
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
