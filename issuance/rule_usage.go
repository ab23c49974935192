package issuance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// asks finds an extension of the request and applies the profile's word on
// it: ok only where its value may count.
func (c *judging) asks(id oid.OID, word policyWord, path string) (e ext.Extension, ok bool) {
	e, present := ext.Find(c.request.Extensions, id)
	switch word {
	case "allow":
		return e, present
	case "require":
		if !present {
			c.refuseBy(path, request.BadExtension, path, fmt.Sprintf("the request has no %s extension; the profile requires it", lint.ExtensionName(id)), "add it to the request")
		}
		return e, present
	case "refuse":
		if present {
			c.refuseBy(path, request.BadExtension, path, fmt.Sprintf("the request has the extension %s, which the profile refuses", lint.ExtensionName(id)), "leave it out of the request")
		}
	}
	return e, false
}

// ignored reports whether the request has an extension whose value does not
// count, so that the difference is told.
func (c *judging) ignored(id oid.OID, word policyWord) (ext.Extension, bool) {
	if word == "allow" || word == "require" {
		return ext.Extension{}, false
	}
	return ext.Find(c.request.Extensions, id)
}

func draftKeyUsage(c *judging) {
	const path = "extensions.keyUsage"
	p := &c.profile.extensions.usage
	can := abilityOf(c.request.PublicKey)
	usage := p.preset & can.bits()
	if e, ok := c.asks(oid.KeyUsage, p.request, path); ok {
		asked, err := ext.ParseKeyUsage(e.Value)
		if err != nil {
			c.refuse(request.BadExtension, path, fmt.Sprintf("the key usage cannot be read: %v", err), "make the request anew")
			return
		}
		if granted := c.grantUsage(asked, can); granted != 0 {
			usage = granted
		}
		c.compareUsage(asked, usage, "trims the key usage to what it allows and the key can do")
	} else if e, ok := c.ignored(oid.KeyUsage, p.request); ok {
		if asked, err := ext.ParseKeyUsage(e.Value); err == nil {
			c.compareUsage(asked, usage, "sets the key usage itself")
		}
	}
	c.plan.usage = usage
	if usage == 0 {
		// Leaving the extension out would allow every usage (RFC 5280, Section 4.2.1.3).
		if p.preset|p.allowed != 0 {
			c.refuse(request.BadExtension, path, fmt.Sprintf("no usage is left that the profile allows and a key of kind %v can do", c.request.PublicKey),
				"make a key of another kind")
		}
		return
	}
	if usage == p.preset&can.bits() {
		c.plan.add(p.made[can])
		return
	}
	c.plan.add(sealedUsage(usage, p.critical))
}

func (c *judging) grantUsage(asked ext.KeyUsage, can ability) ext.KeyUsage {
	p := &c.profile.extensions.usage
	excess := asked &^ p.allowed
	if excess != 0 && p.excess == "refuse" {
		c.refuseBy("extensions.keyUsage.allowed", request.BadExtension, "extensions.keyUsage",
			fmt.Sprintf("the request asks for %s; the profile allows %s", usageList(excess), usageList(p.allowed)), "leave it out of the request")
	}
	granted := asked & p.allowed & can.bits()
	if c.profile.ca && granted&ext.KeyCertSign == 0 {
		granted |= ext.KeyCertSign & p.allowed
	}
	return granted
}

func (c *judging) compareUsage(asked, issued ext.KeyUsage, why string) {
	if asked != issued {
		c.change("extensions.keyUsage", "replaced", usageList(asked), usageList(issued), c.profile.by("%s", why))
	}
}

func usageList(u ext.KeyUsage) string {
	if u == 0 {
		return "nothing"
	}
	return strings.Join(ext.KeyUsageNames(u), ", ")
}

func draftExtKeyUsage(c *judging) {
	const path = "extensions.extKeyUsage"
	p := &c.profile.extensions.purposes
	purposes := p.preset
	if e, ok := c.asks(oid.ExtKeyUsage, p.request, path); ok {
		asked, err := ext.ParseExtKeyUsage(e.Value)
		if err != nil {
			c.refuse(request.BadExtension, path, fmt.Sprintf("the extended key usage cannot be read: %v", err), "make the request anew")
			return
		}
		if granted := c.grantPurposes(asked); len(granted) > 0 {
			purposes = granted
		}
		c.comparePurposes(asked, purposes, "trims the extended key usage to what it allows")
	} else if e, ok := c.ignored(oid.ExtKeyUsage, p.request); ok {
		if asked, err := ext.ParseExtKeyUsage(e.Value); err == nil {
			c.comparePurposes(asked, purposes, "sets the extended key usage itself")
		}
	}
	c.plan.purposes = purposes
	if len(purposes) == 0 {
		if len(p.allowed) > 0 {
			// An empty list is no extension at all, which would allow every purpose.
			c.refuse(request.BadExtension, path, "no purpose is left that the profile allows", "ask for one of: "+purposeList(p.allowed))
		}
		return
	}
	if slices.Equal(purposes, p.preset) {
		c.plan.add(p.made)
		return
	}
	c.plan.add(ext.NewExtKeyUsage(purposes, p.critical))
}

func (c *judging) grantPurposes(asked []oid.OID) []oid.OID {
	p := &c.profile.extensions.purposes
	var granted []oid.OID
	for _, id := range asked {
		switch {
		case slices.Contains(granted, id):
		case slices.Contains(p.allowed, id):
			granted = append(granted, id)
		case p.excess == "refuse":
			c.refuseBy("extensions.extKeyUsage.allowed", request.BadExtension, "extensions.extKeyUsage",
				fmt.Sprintf("the request asks for %s; the profile allows %s", id.Short(), purposeList(p.allowed)), "leave it out of the request")
		}
	}
	return granted
}

func (c *judging) comparePurposes(asked, issued []oid.OID, why string) {
	if !slices.Equal(asked, issued) {
		c.change("extensions.extKeyUsage", "replaced", purposeList(asked), purposeList(issued), c.profile.by("%s", why))
	}
}

func purposeList(ids []oid.OID) string {
	if len(ids) == 0 {
		return "nothing"
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.Short()
	}
	return strings.Join(names, ", ")
}
