package issuance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// subjectReadable chooses the subject that is asked for.
func subjectReadable(c *judging) {
	c.subject = c.request.Subject
	if c.asked.Subject != nil {
		c.subject = *c.asked.Subject
		if !c.subject.Equal(c.request.Subject) {
			c.change("subject", "replaced", c.request.Subject.String(), c.subject.String(), "an officer gave the subject")
		}
	}
	if len(c.subject.Raw) == 0 {
		c.subject = dn.Empty()
	}
	if c.asked.Subject == nil && c.isDER() || der.Strict(c.subject.Raw) == nil {
		return
	}
	written := c.subject
	c.subject = dn.Build(fresh(written)...)
	if err := der.Strict(c.subject.Raw); err != nil {
		c.refuse(request.BadSubject, "subject", fmt.Sprintf("the subject is not DER: %v", err), "make the request anew")
		return
	}
	c.change("subject", "replaced", written.String(), c.subject.String(), "the subject was not written in DER, and is written anew")
}

// fresh are the parts of a name without the bytes they were read from.
func fresh(n dn.Name) []dn.RDN {
	out := make([]dn.RDN, len(n.RDNs))
	for i, rdn := range n.RDNs {
		for _, a := range rdn {
			out[i] = append(out[i], dn.Attribute{Type: a.Type, Tag: a.Tag, Value: a.Value})
		}
	}
	return out
}

// isDER reports whether reading the request found nothing that DER forbids.
func (c *judging) isDER() bool {
	return (c.request.PKCS10 != nil || c.request.CRMF != nil || c.request.SPKAC != nil) && len(c.request.Deviations()) == 0
}

// draftSubject drops, keeps and fills in attributes. A name that nothing
// changes keeps its bytes.
func draftSubject(c *judging) {
	p := &c.profile.subject
	changed := false
	for i := range c.subject.RDNs {
		for k := range c.subject.RDNs[i] {
			if !c.keeps(&c.subject.RDNs[i][k]) {
				changed = true
			}
		}
	}
	for i := range p.attributes {
		if a := &p.attributes[i]; a.override != nil || a.preset != nil && !has(c.subject, a.kind) {
			changed = true
		}
	}
	if !changed {
		c.plan.subject = c.subject
		return
	}
	c.plan.subject = dn.Build(c.rebuilt()...)
}

// keeps reports whether an attribute asked for stays, and tells what happens
// to one that does not.
func (c *judging) keeps(a *dn.Attribute) bool {
	rule := c.profile.subject.find(a.Type)
	if rule == nil {
		switch c.profile.subject.unlisted {
		case "keep":
			return true
		case "refuse":
			c.refuseBy("subject.unlisted", request.BadSubject, "subject."+a.Type.Short(),
				fmt.Sprintf("the subject has the attribute %s, which the profile does not list", a.Type.Name()),
				"leave it out of the request")
			return true
		}
		c.change("subject."+a.Type.Short(), "dropped", a.Text(), "", c.profile.by("does not list this attribute"))
		return false
	}
	switch {
	case rule.presence == "forbidden":
		c.refuseBy(rule.path, request.BadSubject, "subject."+rule.name,
			fmt.Sprintf("the subject has the attribute %s, which the profile forbids", a.Type.Name()),
			"leave it out of the request")
		return true
	case rule.presence == "dropped":
		c.change("subject."+rule.name, "dropped", a.Text(), "", c.profile.by("drops this attribute"))
		return false
	case rule.override != nil:
		if a.Text() != rule.override.Text() {
			c.change("subject."+rule.name, "replaced", a.Text(), rule.override.Text(), c.profile.by("fixes this attribute"))
		}
		return false
	}
	return true
}

// stays is keeps without telling.
func (p *subjectPolicy) stays(a *dn.Attribute) bool {
	rule := p.find(a.Type)
	if rule == nil {
		return p.unlisted != "drop"
	}
	return rule.presence != "dropped" && rule.override == nil
}

func (c *judging) rebuilt() []dn.RDN {
	p := &c.profile.subject
	var out []dn.RDN
	for _, rdn := range c.subject.RDNs {
		var kept dn.RDN
		for k := range rdn {
			if p.stays(&rdn[k]) {
				kept = append(kept, rdn[k])
			}
		}
		if len(kept) > 0 {
			out = append(out, kept)
		}
	}
	for i := range p.attributes {
		a := &p.attributes[i]
		switch {
		case a.override != nil:
			out = append(out, dn.RDN{*a.override})
			if !has(c.subject, a.kind) {
				c.change("subject."+a.name, "added", "", a.override.Text(), c.profile.by("fixes this attribute"))
			}
		case a.preset != nil && !has(c.subject, a.kind):
			out = append(out, dn.RDN{*a.preset})
			c.change("subject."+a.name, "added", "", a.preset.Text(), c.profile.by("gives this attribute where it is missing"))
		}
	}
	return out
}

func has(n dn.Name, kind oid.OID) bool {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			if n.RDNs[i][k].Type == kind {
				return true
			}
		}
	}
	return false
}

// subjectValues holds every value against the profile.
func subjectValues(c *judging) {
	for i := range c.plan.subject.RDNs {
		for k := range c.plan.subject.RDNs[i] {
			a := &c.plan.subject.RDNs[i][k]
			rule := c.profile.subject.find(a.Type)
			if rule == nil || rule.free(a) {
				continue
			}
			text := a.Text()
			if wrong := rule.wrong(text); wrong != "" {
				c.refuseBy(rule.path, request.BadSubject, "subject."+rule.name,
					fmt.Sprintf("%s is %q, want %s", a.Type.Name(), text, wrong), "change it in the request")
			}
		}
	}
}

// free reports whether a value needs no closer look: there is no constraint,
// or only one on its length, and it has no more octets than that.
func (p *attributePolicy) free(a *dn.Attribute) bool {
	return p.allowed == nil && p.pattern == nil && (p.max == 0 || len(a.Value) <= p.max)
}

// wrong says what is wanted of a value that is not it; empty where it is.
func (p *attributePolicy) wrong(text string) string {
	switch {
	case p.max > 0 && utf8.RuneCountInString(text) > p.max:
		return "at most " + strconv.Itoa(p.max) + " characters"
	case p.allowed != nil && !slices.Contains(p.allowed, text):
		return "one of " + strings.Join(p.allowed, ", ")
	case p.pattern != nil && !p.pattern.MatchString(text):
		source := p.pattern.String()
		return "a value of the form " + source[4:len(source)-2]
	}
	return ""
}

// subjectRequired looks for what is missing, and for what is there twice.
func subjectRequired(c *judging) {
	for i := range c.profile.subject.attributes {
		a := &c.profile.subject.attributes[i]
		n := 0
		for r := range c.plan.subject.RDNs {
			for k := range c.plan.subject.RDNs[r] {
				if c.plan.subject.RDNs[r][k].Type == a.kind {
					n++
				}
			}
		}
		if n == 0 && a.presence == "required" {
			c.refuseBy(a.path, request.BadSubject, "subject."+a.name,
				fmt.Sprintf("the subject has no %s; the profile requires it", a.kind.Name()),
				"add it to the subject of the request")
		}
		if n > 1 && !a.multiple {
			c.refuseBy(a.path, request.BadSubject, "subject."+a.name,
				fmt.Sprintf("the subject has %s %d times; the profile takes it once", a.kind.Name(), n),
				"leave one in the request")
		}
	}
}

// subjectEmpty sees to it that somebody is named at all.
func subjectEmpty(c *judging) {
	if !c.plan.subject.IsEmpty() {
		return
	}
	if c.profile.ca {
		c.refuse(request.BadSubject, "subject", "a certification authority needs a subject", "give the request a subject, such as a common name")
		return
	}
	if !c.profile.subject.empty {
		c.refuseBy("subject.empty", request.BadSubject, "subject", "the subject is empty; the profile requires one", "give the request a subject")
		return
	}
	if len(c.names) == 0 {
		c.refuse(request.BadSubject, "subject", "neither the subject nor a subject alternative name says who the certificate is for",
			"give the request a subject alternative name")
	}
}
