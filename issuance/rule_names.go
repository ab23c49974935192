package issuance

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// draftNames takes the names asked for, each once.
func draftNames(c *judging) {
	names := c.asked.Names
	if names != nil {
		c.change("subjectAltName", "replaced", joinNames(c.request.SubjectAltNames()), joinNames(names), "an officer gave the names")
		c.changed = true
	} else if e, ok := ext.Find(c.request.Extensions, oid.SubjectAltName); ok {
		var err error
		if names, err = ext.ParseSubjectAltName(e.Value); err != nil {
			c.refuse(request.BadName, "subjectAltName", fmt.Sprintf("the subject alternative names cannot be read: %v", err),
				"make the request anew")
			return
		}
		if len(names) == 0 {
			c.refuse(request.BadName, "subjectAltName", "the subjectAltName extension is there but holds no name",
				"name what the certificate is for, or leave the extension out")
		}
	}
	c.names = c.few[:0]
	for i := range names {
		if len(names) <= maxCompared && c.holds(&names[i]) {
			c.change("subjectAltName", "dropped", names[i].String(), "", "the name stands twice")
			c.changed = true
			continue
		}
		c.names = append(c.names, names[i])
	}
}

// maxCompared bounds the work of looking for names that stand twice; a
// profile that takes more has them found by the lint rules.
const maxCompared = 1000

func (c *judging) holds(n *ext.GeneralName) bool {
	for i := range c.names {
		if sameName(&c.names[i], n) {
			return true
		}
	}
	return false
}

func sameName(a, b *ext.GeneralName) bool {
	if a.Kind != b.Kind || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind == ext.DNS {
		return bytes.EqualFold(a.Content, b.Content)
	}
	return bytes.Equal(a.Content, b.Content)
}

func countNames(n int) string {
	switch n {
	case 0:
		return "no subject alternative name"
	case 1:
		return "1 subject alternative name"
	}
	return fmt.Sprintf("%d subject alternative names", n)
}

func joinNames(names []ext.GeneralName) string {
	texts := make([]string, len(names))
	for i := range names {
		texts[i] = names[i].String()
	}
	return strings.Join(texts, ", ")
}

// namesFromCommonName copies a common name that is a host name or an address
// to the names, of the right kind: clients look nowhere else.
func namesFromCommonName(c *judging) {
	if !c.profile.names.fromCommonName {
		return
	}
	each(c.plan.subject, oid.CommonName, func(a *dn.Attribute) {
		if c.holdsHost(a.Value) {
			return
		}
		n, ok := hostName(a.Text())
		if !ok || !c.profile.names.kinds[kindOfName(&n)] || c.holds(&n) {
			return
		}
		c.names, c.changed = append(c.names, n), true
		c.change("subjectAltName", "added", "", n.String(), c.profile.by("copies a common name that is a host to the subject alternative names"))
	})
}

// holdsHost reports whether a host name in ASCII is among the names already.
func (c *judging) holdsHost(text []byte) bool {
	for i := range c.names {
		if c.names[i].Kind == ext.DNS && bytes.EqualFold(c.names[i].Content, text) {
			return true
		}
	}
	return false
}

// hostName makes the general name of a common name that is a host.
func hostName(text string) (ext.GeneralName, bool) {
	if len(text) == 0 || len(text) > 253 {
		return ext.GeneralName{}, false
	}
	if c := text[0]; c >= '0' && c <= '9' || strings.IndexByte(text, ':') >= 0 {
		if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
			return generalName(ext.IP, address.Unmap().AsSlice()), true
		}
	}
	if looksLikeHost(text) {
		return generalName(ext.DNS, []byte(text)), true
	}
	return ext.GeneralName{}, false
}

// namesFromEmail copies the emailAddress of the subject to the names.
func namesFromEmail(c *judging) {
	if !c.profile.names.fromEmail || !c.profile.names.kinds[kindEmail] {
		return
	}
	each(c.plan.subject, oid.EmailAddress, func(a *dn.Attribute) {
		n := generalName(ext.Email, []byte(a.Text()))
		if c.holds(&n) {
			return
		}
		c.names, c.changed = append(c.names, n), true
		c.change("subjectAltName", "added", "", n.String(), c.profile.by("copies the e-mail address of the subject to the subject alternative names"))
	})
}

func each(n dn.Name, kind oid.OID, visit func(*dn.Attribute)) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			if n.RDNs[i][k].Type == kind {
				visit(&n.RDNs[i][k])
			}
		}
	}
}

// namesKinds holds every name against the kinds the profile takes.
func namesKinds(c *judging) {
	kept := c.names[:0]
	for i := range c.names {
		n := c.names[i]
		if kind := kindOfName(&n); !c.profile.names.kinds[kind] {
			if c.profile.names.unlisted == "drop" {
				c.change("subjectAltName", "dropped", n.String(), "", c.profile.by("does not take names of this kind"))
				c.changed = true
				continue
			}
			c.refuseBy("names.kinds", request.BadName, "subjectAltName",
				fmt.Sprintf("the name %s is of a kind the profile does not take; it takes %s", n, c.profile.names.kindList()),
				"leave it out of the request")
		}
		kept = append(kept, n)
	}
	c.names = kept
	c.plan.names = kept
}

func (p *namePolicy) kindList() string {
	var out []string
	for k := range kinds {
		if p.kinds[k] {
			out = append(out, k.String())
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// namesValid refuses names that are not what their kind asks for.
func namesValid(c *judging) {
	for i := range c.names {
		if err := c.names[i].Problem(); err != nil {
			c.refuse(request.BadName, "subjectAltName", fmt.Sprintf("the name %s is not valid: %v", c.names[i], err), "correct it in the request")
		}
	}
}

// namesWildcards lets a wildcard stand for one whole label, the first, and
// only where the profile says so.
func namesWildcards(c *judging) {
	for i := range c.names {
		if c.names[i].Kind != ext.DNS || bytes.IndexByte(c.names[i].Content, '*') < 0 {
			continue
		}
		name := string(c.names[i].Content)
		rest, ok := strings.CutPrefix(name, "*.")
		switch {
		case !c.profile.names.wildcards:
			c.refuseBy("names.wildcards", request.BadName, "subjectAltName",
				fmt.Sprintf("the name %s is a wildcard, which the profile does not take", name), "name each host in the request")
		case !ok || strings.Contains(rest, "*"):
			c.refuse(request.BadName, "subjectAltName",
				fmt.Sprintf("the name %s has a wildcard that is not the whole first label", name), "write *.example.org, or name each host")
		case !strings.Contains(rest, "."):
			c.refuse(request.BadName, "subjectAltName",
				fmt.Sprintf("the wildcard %s stands for every name of a top-level domain", name), "put at least two labels behind the wildcard")
		}
	}
}

// namesLists holds every name against the lists of the profile, and a common
// name that a client would take for a host too.
func namesLists(c *judging) {
	if !c.profile.names.lists {
		return
	}
	for i := range c.names {
		c.listed(&c.names[i], "subjectAltName")
	}
	each(c.plan.subject, oid.CommonName, func(a *dn.Attribute) {
		if n, ok := hostName(a.Text()); ok && !c.holds(&n) {
			c.listed(&n, "subject.CN")
		}
	})
	each(c.plan.subject, oid.EmailAddress, func(a *dn.Attribute) {
		if n := generalName(ext.Email, []byte(a.Text())); !c.holds(&n) {
			c.listed(&n, "subject.emailAddress")
		}
	})
}

func (c *judging) listed(n *ext.GeneralName, field string) {
	p, kind := &c.profile.names, kindOfName(n)
	if len(p.allow[kind])+len(p.deny[kind]) == 0 {
		return
	}
	text := n.Text()
	if denied(p.deny[kind], kind, text) {
		c.refuseBy("names.deny."+kind.String(), request.BadName, field,
			fmt.Sprintf("the name %s is on the profile's list of names that are refused", n), "leave it out of the request")
	}
	if len(p.allow[kind]) > 0 && !allowed(p.allow[kind], kind, text) {
		var list []string
		for _, a := range p.allow[kind] {
			if a.text == "" || kind == kindIP {
				list = append(list, a.network.String())
				continue
			}
			list = append(list, a.text)
		}
		c.refuseBy("names.allow."+kind.String(), request.BadName, field,
			fmt.Sprintf("the name %s is not on the profile's list: %s", n, strings.Join(list, ", ")), "leave it out of the request, or ask for another profile")
	}
}

// namesCount holds the number of names, and which kinds there must be.
func namesCount(c *judging) {
	p := &c.profile.names
	if n := len(c.names); n < p.min {
		c.refuseBy("names.min", request.BadName, "subjectAltName",
			fmt.Sprintf("the request has %s; the profile requires at least %d", countNames(n), p.min),
			"add a subject alternative name ("+p.kindList()+") to the request")
	} else if n > p.max {
		c.refuseBy("names.max", request.BadName, "subjectAltName",
			fmt.Sprintf("the request has %d subject alternative names; the profile takes at most %d", n, p.max),
			"make several requests")
	}
	for _, kind := range p.required {
		found := false
		for i := range c.names {
			found = found || kindOfName(&c.names[i]) == kind
		}
		if !found {
			c.refuseBy("names.required", request.BadName, "subjectAltName",
				fmt.Sprintf("no subject alternative name is of the kind %s, which the profile requires", kind),
				"add one to the request")
		}
	}
}

// commonNameAmong wants each common name to be among the names, so that no
// client is told more by the subject than by the names.
func commonNameAmong(c *judging) {
	if !c.profile.names.commonNameAmong {
		return
	}
	each(c.plan.subject, oid.CommonName, func(a *dn.Attribute) {
		text := a.Text()
		for i := range c.names {
			if strings.EqualFold(c.names[i].Text(), text) {
				return
			}
		}
		c.refuseBy("names.commonNameAmong", request.BadName, "subject.CN",
			fmt.Sprintf("the common name %q is not among the subject alternative names", text),
			"add it as a subject alternative name, or leave the common name out")
	})
}
