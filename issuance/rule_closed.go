package issuance

import (
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// closedToSender keeps certificates that make authorities, or speak in the stead
// of one, and those of profiles that say so, for whom the profile was given to
// by name. Everything that the certificate would have is looked at, wherever it
// comes from.
func closedToSender(c *judging) {
	o := &c.evidence.Origin
	why := c.closed()
	if why == "" || o.Entitled.Profile(c.profile.Name) {
		return
	}
	c.refuse(request.NotAuthorized, "profile", "certificates of profile "+c.profile.Name+" "+why+", and are for those alone who were given the profile by name", GiveByName(o.Door, "profile", c.profile.Name))
}

// closed says why a certificate as planned is not for everybody; empty where it is.
func (c *judging) closed() string {
	why := authorityBy(c.plan.ca, c.plan.usage, c.plan.purposes)
	if why == "" && c.profile.named {
		why = "are not for everybody (" + c.profile.at("applicants") + ")"
	}
	return why
}

// Authority says what the certificates of a profile let their holder do in the
// stead of an authority, if the request asks for nothing else: "make an authority
// of their holder". It is empty where that is nothing.
func (p *Profile) Authority() string {
	return authorityBy(p.ca, p.extensions.usage.preset, p.extensions.purposes.preset)
}

// AuthorityOf says what a certificate lets its holder do in the stead of an
// authority, as Profile.Authority does; empty where that is nothing.
func AuthorityOf(c *cert.Certificate) string {
	var basic ext.BasicConstraints
	var usage ext.KeyUsage
	var purposes []oid.OID
	for _, e := range c.Extensions {
		var err error
		switch e.ID {
		case oid.BasicConstraints:
			basic, err = ext.ParseBasicConstraints(e.Value)
		case oid.KeyUsage:
			usage, err = ext.ParseKeyUsage(e.Value)
		case oid.ExtKeyUsage:
			purposes, err = ext.ParseExtKeyUsage(e.Value)
		}
		if err != nil {
			return "cannot be read, and may make an authority of their holder"
		}
	}
	return authorityBy(basic.CA, usage, purposes)
}

func authorityBy(ca bool, usage ext.KeyUsage, purposes []oid.OID) string {
	speaks := func(id oid.OID) bool { return slices.Contains(purposes, id) }
	switch {
	case ca, usage&ext.KeyCertSign != 0:
		return "make an authority of their holder"
	case usage&ext.CRLSign != 0:
		return "let their holder sign revocation lists"
	case speaks(oid.OCSPSigning):
		return "let their holder answer in the authority's stead which certificates are revoked (OCSPSigning)"
	case speaks(oid.CMCCA), speaks(oid.CMKGA):
		return "let their holder speak in the authority's stead (cmcCA, cmKGA)"
	case speaks(oid.CMCRA):
		return "make a registration authority of their holder (cmcRA)"
	}
	return ""
}

// GiveByName says how somebody who comes through a door is given by name what
// is closed to others: of a kind that is "profile" or "ca".
func GiveByName(door, kind, name string) string {
	switch door {
	case "acme":
		key := "acme.profiles, for profiles with applicants: named"
		if kind == "ca" {
			key = "acme.authorities"
		}
		return "name it in the configuration of the server (" + key + ") if every account may have such certificates"
	case "cmp":
		return "use a secret that names it: certwright secret new --" + kind + " " + name
	}
	return "have an administrator give you a token that names it: certwright token new NAME --role applicant --" + kind + " " + name
}
