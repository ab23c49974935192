package issuance

import (
	"fmt"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// templateAsked takes from the template of a CRMF the validity that it asks
// for, and tells what else of the request the authority does not follow. What
// was asked for besides the request goes before it.
func templateAsked(c *judging) {
	m := c.request.CRMF
	if m == nil {
		return
	}
	t := &m.Request.Template
	c.templateValidity(t.Validity)
	if t.Serial != nil {
		c.change("serialNumber", "dropped", fmt.Sprintf("%x", t.Serial), "", "the authority numbers its certificates itself")
	}
	if t.SigningAlgorithm != nil {
		c.change("signatureAlgorithm", "dropped", t.SigningAlgorithm.ID.Name(), "", "the authority signs by its own algorithm")
	}
	if t.Issuer != nil && !sameIssuer(t.Issuer, c.issuer) {
		c.change("issuer", "replaced", t.Issuer.String(), c.issuer.name.String(), "the request was judged for this authority")
	}
	if t.IssuerUID != nil || t.SubjectUID != nil {
		c.change("uniqueIdentifiers", "dropped", "", "", "RFC 5280, Section 4.1.2.8 forbids them")
	}
	for _, control := range m.Request.Controls {
		c.control(control)
	}
	for _, info := range m.RegInfo {
		c.change("regInfo."+info.Name(), "dropped", "", "", "it is for the registration authority, and certificates do not have it")
	}
}

func sameIssuer(n *dn.Name, i *Issuer) bool { return n.Equal(i.name) }

func (c *judging) templateValidity(v *crmf.Validity) {
	if v == nil || !c.asked.NotBefore.IsZero() || !c.asked.NotAfter.IsZero() || c.asked.Validity != 0 || c.asked.Months != 0 {
		return
	}
	c.asked.NotAfter = v.NotAfter
	switch {
	case v.NotBefore.IsZero():
	case c.profile.validity.explicitStart:
		c.asked.NotBefore = v.NotBefore
	default:
		c.change("notBefore", "replaced", stamp(v.NotBefore), stamp(c.now.Add(-c.profile.validity.backdate).Truncate(time.Second)), c.profile.by("sets the start itself"))
	}
}

// control tells what became of a control, whose values may be secret.
func (c *judging) control(a crmf.Attribute) {
	field := "controls." + a.Name()
	why := "no control of this kind is known"
	switch a.ID {
	case crmf.Authenticator:
		return // it tells who the sender is, as a challenge password does
	case crmf.RegToken:
		why = "the authority gives out no registration tokens, and nobody has looked at this one"
	case crmf.OldCertID:
		why = "to replace a certificate is asked for besides the request"
	case crmf.Publication:
		why = "the authority decides what it publishes"
	case crmf.Archive:
		why = "the authority keeps no private keys of others"
	case crmf.ProtocolEncrKey:
		why = "what is encrypted to the applicant is encrypted to the key of the request"
	case crmf.UTF8Pairs, oid.OID(crmf.CertReq):
		why = "it belongs into regInfo"
	}
	c.change(field, "dropped", "", "", why)
}
