package issuance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// issuerValid wants an issuer whose own certificate is valid now.
func issuerValid(c *judging) {
	i := c.issuer
	if i.self {
		return
	}
	if c.now.After(i.notAfter) {
		c.refuse(request.IssuerRefused, "issuer", fmt.Sprintf("the issuer's certificate expired on %s", stamp(i.notAfter)), "ask another issuer, or have the issuer's certificate renewed")
	}
	if c.now.Before(i.notBefore) {
		c.refuse(request.IssuerRefused, "issuer", fmt.Sprintf("the issuer's certificate is not valid before %s", stamp(i.notBefore)), "wait, or set the clock")
	}
}

// issuerKey names the issuer, and wants a new root to be its own.
func issuerKey(c *judging) {
	i := c.issuer
	c.plan.issuer = i.name
	if !i.self {
		return
	}
	// A root's issuer is its subject, whatever the profile made of the subject.
	c.plan.issuer = c.plan.subject
	if !c.profile.ca {
		c.refuse(request.IssuerRefused, "issuer", fmt.Sprintf("only a certification authority issues for itself; the profile %s issues no CA certificates", c.profile.Name), "use a CA profile such as root")
	}
	if string(i.public.Raw) != string(c.request.PublicKey.Raw) {
		c.refuse(request.IssuerRefused, "publicKey", "a new root can sign a certificate for its own key only", "have the request signed by another issuer")
	}
}

// issuerPurposes keeps the extended key usage within the issuer's, which
// relying parties take as a bound (RFC 5280 leaves it open; browsers and
// OpenSSL do it).
func issuerPurposes(c *judging) {
	for _, b := range c.issuer.bounds {
		if len(b.purposes) == 0 || slices.Contains(b.purposes, oid.AnyExtKeyUsage) {
			continue
		}
		whose := "the issuer's"
		if b.above != "" {
			whose = "those of " + b.above + ", above the issuer"
		}
		for _, id := range c.plan.purposes {
			if !slices.Contains(b.purposes, id) {
				c.refuse(request.IssuerRefused, "extensions.extKeyUsage",
					fmt.Sprintf("the purpose %s is outside %s: %s", id.Short(), whose, purposeList(b.purposes)), "ask another issuer, or for another profile")
			}
		}
	}
}

// issuerNames keeps subject and names within the name constraints of the
// issuer and of those above it.
func issuerNames(c *judging) {
	for i := range c.issuer.bounds {
		if b := &c.issuer.bounds[i]; b.names != nil {
			c.namesWithin(b)
		}
	}
}

func (c *judging) namesWithin(b *bound) {
	for i := range c.names {
		c.within(b, &c.names[i], "subjectAltName")
	}
	if !c.plan.subject.IsEmpty() {
		if n, err := directoryName(c.plan.subject); err != nil {
			c.refuse(request.BadSubject, "subject", fmt.Sprintf("the subject cannot be held against the issuer's name constraints: %v", err), "make the request anew")
		} else {
			c.within(b, &n, "subject")
		}
	}
	each(c.plan.subject, oid.EmailAddress, func(a *dn.Attribute) {
		n := generalName(ext.Email, []byte(a.Text()))
		c.within(b, &n, "subject.emailAddress")
	})
	each(c.plan.subject, oid.CommonName, func(a *dn.Attribute) {
		// Clients that still read the common name take it for a host.
		if n, ok := hostName(a.Text()); ok && !c.profile.ca {
			c.within(b, &n, "subject.CN")
		}
	})
}

func (c *judging) within(b *bound, n *ext.GeneralName, field string) {
	if err := b.names.Allows(*n); err != nil {
		whose := "the issuer's name constraints"
		if b.above != "" {
			whose = "the name constraints of " + b.above + ", above the issuer,"
		}
		c.refuse(request.IssuerRefused, field, fmt.Sprintf("%s do not let %s stand: %v", whose, n, err), "leave it out of the request, or ask another issuer")
	}
}

func reviewed(c *judging) {
	if c.profile.Review {
		c.found(Hold, "", c.profile.at("issuance"), "", "the profile has every request reviewed by a person", "")
	}
}

func accessIndex(ocsp, caIssuers bool) int {
	i := 0
	if ocsp {
		i |= 1
	}
	if caIssuers {
		i |= 2
	}
	return i
}

func subtreeName(n *ext.GeneralName) (dn.Name, error) {
	raw := n.Content
	if !strings.HasPrefix(string(raw), "\x30") {
		raw = n.Raw
	}
	return dn.Parse(raw)
}
