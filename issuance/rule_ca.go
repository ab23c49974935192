package issuance

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// draftBasicConstraints writes whether this is a CA: by the profile alone. Of
// the request only a path length counts, and only to make it shorter.
func draftBasicConstraints(c *judging) {
	const path = "extensions.basicConstraints"
	p := &c.profile.extensions.basic
	c.plan.ca, c.plan.pathLen = c.profile.ca, -1
	e, present := ext.Find(c.request.Extensions, oid.BasicConstraints)
	asked := ext.BasicConstraints{PathLen: -1}
	if present {
		if p.request == "refuse" {
			c.refuseBy(path+".request", request.BadExtension, path, "the request has the extension basicConstraints, which the profile refuses", "leave it out of the request")
		}
		var err error
		if asked, err = ext.ParseBasicConstraints(e.Value); err != nil {
			c.warn(path, fmt.Sprintf("the basic constraints of the request cannot be read, and do not count: %v", err), "make the request anew")
			asked = ext.BasicConstraints{PathLen: -1}
		}
	}
	if !c.profile.ca {
		if asked.CA {
			c.warn(path, "the request asks to be a certification authority; the profile issues none", "use a CA profile such as subca if that is meant")
			c.change(path, "replaced", basicText(asked), basicText(ext.BasicConstraints{PathLen: -1}), c.profile.by("issues no CA certificates"))
		}
		c.plan.add(p.made)
		return
	}
	c.plan.pathLen = c.pathLength(asked)
	is := ext.BasicConstraints{CA: true, PathLen: c.plan.pathLen}
	if present && asked != is {
		c.change(path, "replaced", basicText(asked), basicText(is), c.profile.by("limits the path length"))
	}
	c.plan.add(ext.NewBasicConstraints(is, p.critical))
}

// pathLength is the least of what is asked for (or the default), what the
// profile allows, and what the issuer leaves.
func (c *judging) pathLength(asked ext.BasicConstraints) int {
	p := c.profile.path
	n := p.preset
	if asked.CA && asked.PathLen >= 0 {
		n = asked.PathLen
	}
	if p.maximum >= 0 && (n < 0 || n > p.maximum) {
		n = p.maximum
	}
	if left := c.issuer.pathLen - 1; c.issuer.pathLen > 0 && (n < 0 || n > left) {
		n = left
	}
	return n
}

func basicText(b ext.BasicConstraints) string {
	text := "CA:" + map[bool]string{true: "TRUE", false: "FALSE"}[b.CA]
	if b.PathLen >= 0 {
		text += ", pathlen:" + strconv.Itoa(b.PathLen)
	}
	return text
}

// draftNameConstraints takes the constraints of the profile, and those of the
// request where the profile lets it narrow itself.
func draftNameConstraints(c *judging) {
	const path = "extensions.nameConstraints"
	p := &c.profile.extensions.constraints
	bound := &p.bound
	if e, ok := c.asks(oid.NameConstraints, p.request, path); ok {
		asked, err := ext.ParseNameConstraints(e.Value)
		if err == nil {
			err = der.Strict(e.Value) // names in it are copied
		}
		if err != nil {
			c.refuse(request.BadExtension, path, fmt.Sprintf("the name constraints cannot be read: %v", err), "make the request anew")
			return
		}
		narrowed := c.narrowed(asked)
		bound = &narrowed
	} else if _, ok := c.ignored(oid.NameConstraints, p.request); ok {
		why := c.profile.by("does not take name constraints from requests")
		if !c.profile.ca {
			why = "name constraints belong to CA certificates only"
		}
		c.change(path, "dropped", "name constraints", "", why)
	}
	if len(bound.Permitted)+len(bound.Excluded) == 0 {
		return
	}
	c.plan.bound = bound
	c.plan.add(ext.NewNameConstraints(*bound))
}

// narrowed joins the request's constraints to the profile's: its permitted
// names have to lie within those of the profile, and what the profile
// excludes stays excluded.
func (c *judging) narrowed(asked ext.NameConstraints) ext.NameConstraints {
	const path = "extensions.nameConstraints"
	bound := c.profile.extensions.constraints.bound
	out := ext.NameConstraints{Excluded: slices.Concat(bound.Excluded, asked.Excluded)}
	for _, n := range asked.Permitted {
		if !within(bound.Permitted, &n) {
			c.refuseBy(path+".permitted", request.BadExtension, path,
				fmt.Sprintf("the request asks for the permitted names %s, which the profile does not permit", subtreeText(&n)),
				"ask for names within the profile's")
			continue
		}
		out.Permitted = append(out.Permitted, n)
	}
	for _, n := range bound.Permitted {
		// A kind the request does not narrow keeps the profile's bound: without
		// it, every name of that kind would be permitted.
		if !slices.ContainsFunc(asked.Permitted, func(a ext.GeneralName) bool { return a.Kind == n.Kind }) {
			out.Permitted = append(out.Permitted, n)
		}
	}
	return out
}

func issuerPathLength(c *judging) {
	if c.profile.ca && c.issuer.pathLen == 0 {
		c.refuse(request.IssuerRefused, "extensions.basicConstraints",
			"the issuer's path length is 0, so it may not sign certificates of certification authorities", "ask another issuer")
	}
}
