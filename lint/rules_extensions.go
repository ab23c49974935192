package lint

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func extensionRepeated(c *Contents, r *report) {
	for _, id := range c.repeated {
		r.add("extensions", "have it issued anew", "the extension %s is there twice", ExtensionName(id))
	}
}

func extensionReadable(c *Contents, r *report) {
	for _, u := range c.unreadable {
		r.add("extensions."+ExtensionName(u.id), "have it issued anew", "the extension %s cannot be read: %v", ExtensionName(u.id), u.err)
	}
}

func extensionCriticalUnknown(c *Contents, r *report) {
	for _, id := range c.unknown {
		r.add("extensions."+ExtensionName(id), "make it not critical, or use it only where every relying party knows it",
			"the extension %s is critical and not one that relying parties commonly know; they refuse the certificate", ExtensionName(id))
	}
}

func extensionNeverCritical(c *Contents, r *report) {
	for _, k := range [...]known{authorityKeyID, subjectKeyID, freshestCRL, authorityAccess, subjectAccess, directoryAttributes} {
		if c.critical(k) {
			id := c.Extensions[c.at[k]-1].ID
			r.add("extensions."+ExtensionName(id), "make it not critical", "the extension %s is critical, which it must not be", ExtensionName(id))
		}
	}
}

func extensionAlwaysCritical(c *Contents, r *report) {
	for _, k := range [...]known{nameConstraints, policyConstraints, inhibitAnyPolicy} {
		if c.has(k) && !c.critical(k) {
			id := c.Extensions[c.at[k]-1].ID
			r.add("extensions."+ExtensionName(id), "make it critical", "the extension %s is not critical, which it must be", ExtensionName(id))
		}
	}
}

func extensionOfCA(c *Contents, r *report) {
	if c.Basic.CA {
		return
	}
	for _, k := range [...]known{nameConstraints, policyMappings, policyConstraints, inhibitAnyPolicy} {
		if c.has(k) {
			id := c.Extensions[c.at[k]-1].ID
			r.add("extensions."+ExtensionName(id), "leave it out", "the extension %s belongs to certificates of authorities", ExtensionName(id))
		}
	}
}

func basicConstraintsCA(c *Contents, r *report) {
	if c.Basic.CA && !c.critical(basicConstraints) {
		r.add("extensions.basicConstraints", "make them critical", "the basic constraints of an authority are not critical")
	}
	if c.has(keyUsage) && c.Usage&ext.KeyCertSign != 0 && !c.Basic.CA {
		r.add("extensions.keyUsage", "leave keyCertSign out, or make it an authority's", "the key usage has keyCertSign, but the certificate is no authority's")
	}
}

func pathLength(c *Contents, r *report) {
	if c.Basic.PathLen >= 0 && c.has(basicConstraints) && !c.Basic.CA {
		r.add("extensions.basicConstraints", "leave the path length out", "there is a path length, but the certificate is no authority's")
	}
}

func keyUsageCA(c *Contents, r *report) {
	if c.Basic.CA && c.Usage&ext.KeyCertSign == 0 {
		r.add("extensions.keyUsage", "add keyCertSign", "the certificate is an authority's, but its key usage does not have keyCertSign")
	}
}

func keyUsageCritical(c *Contents, r *report) {
	if c.has(keyUsage) && !c.critical(keyUsage) {
		r.add("extensions.keyUsage", "make it critical", "the key usage is not critical, so that some ignore it")
	}
}

func keyUsageEmpty(c *Contents, r *report) {
	if c.has(keyUsage) && c.Usage == 0 {
		r.add("extensions.keyUsage", "name at least one usage, or leave the extension out", "the key usage is there but names no usage")
	}
}

const (
	signing   = ext.DigitalSignature | ext.NonRepudiation | ext.KeyCertSign | ext.CRLSign
	agreement = ext.KeyAgreement | ext.EncipherOnly | ext.DecipherOnly
)

// usable are the usages that keys of this kind can have; all where the kind
// says nothing.
func usable(k *key.Public) ext.KeyUsage {
	switch k.Type {
	case "RSA":
		return signing | ext.KeyEncipherment | ext.DataEncipherment
	case "EC":
		return signing | agreement
	case "Ed25519", "Ed448", "ML-DSA", "DSA", "RSA-PSS":
		return signing
	case "X25519", "X448", "DH":
		return agreement
	}
	return 1<<9 - 1
}

func keyUsageKey(c *Contents, r *report) {
	if c.PublicKey == nil {
		return
	}
	if excess := c.Usage &^ usable(c.PublicKey); excess != 0 {
		r.add("extensions.keyUsage", "leave it out", "a key of kind %v cannot be used for %v", c.PublicKey, ext.KeyUsageNames(excess))
	}
}

func keyUsageOnly(c *Contents, r *report) {
	if c.Usage&(ext.EncipherOnly|ext.DecipherOnly) != 0 && c.Usage&ext.KeyAgreement == 0 {
		r.add("extensions.keyUsage", "add keyAgreement, or leave them out", "encipherOnly and decipherOnly mean nothing without keyAgreement")
	}
}

func extKeyUsageEmpty(c *Contents, r *report) {
	if c.has(extKeyUsage) && len(c.Purposes) == 0 && len(c.unreadable) == 0 {
		r.add("extensions.extKeyUsage", "name at least one purpose, or leave the extension out", "the extended key usage is there but names no purpose")
	}
}

func extKeyUsageRepeated(c *Contents, r *report) {
	for i, id := range c.Purposes {
		if slices.Contains(c.Purposes[:i], id) {
			r.add("extensions.extKeyUsage", "leave one", "the purpose %s is there twice", id.Short())
		}
	}
}

func extKeyUsageAny(c *Contents, r *report) {
	if slices.Contains(c.Purposes, oid.AnyExtKeyUsage) {
		r.add("extensions.extKeyUsage", "name the purposes that are meant", "the extended key usage lets the key be used for any purpose")
	}
}

func extKeyUsageKeyUsage(c *Contents, r *report) {
	if !c.has(keyUsage) || c.Basic.CA { // an authority's purposes bound those it signs
		return
	}
	for _, id := range c.Purposes {
		var want ext.KeyUsage
		switch id {
		case oid.ServerAuth:
			want = ext.DigitalSignature | ext.KeyEncipherment | ext.KeyAgreement
		case oid.ClientAuth:
			want = ext.DigitalSignature | ext.KeyAgreement
		case oid.CodeSigning:
			want = ext.DigitalSignature
		case oid.EmailProtection:
			want = ext.DigitalSignature | ext.NonRepudiation | ext.KeyEncipherment | ext.KeyAgreement
		case oid.TimeStamping, oid.OCSPSigning:
			want = ext.DigitalSignature | ext.NonRepudiation
		default:
			continue
		}
		if c.Usage&want == 0 {
			r.add("extensions.keyUsage", "add one of them, or leave the purpose out", "the purpose %s needs one of the usages %v, and has none", id.Short(), ext.KeyUsageNames(want))
		}
	}
}

func timeStamping(c *Contents, r *report) {
	if !slices.Contains(c.Purposes, oid.TimeStamping) || c.Basic.CA {
		return
	}
	if !c.critical(extKeyUsage) {
		r.add("extensions.extKeyUsage", "make it critical", "the extended key usage of a time-stamping authority is not critical")
	}
	if len(c.Purposes) > 1 {
		r.add("extensions.extKeyUsage", "leave the other purposes out", "a time-stamping authority has other purposes too")
	}
}

func ocspSigner(c *Contents, r *report) {
	if slices.Contains(c.Purposes, oid.OCSPSigning) && !c.Basic.CA && !c.has(ocspNoCheck) && !c.has(crlPoints) {
		r.add("extensions", "add OCSP no check, or a CRL distribution point", "nothing says how the responder's own certificate is checked for revocation")
	}
}

func subjectKeyIdentifier(c *Contents, r *report) {
	if c.Basic.CA && !c.has(subjectKeyID) {
		r.add("extensions.subjectKeyIdentifier", "add it", "the certificate of an authority has no subject key identifier")
	}
}

func authorityKeyIdentifier(c *Contents, r *report) {
	if c.SelfSigned {
		return
	}
	value := c.value(authorityKeyID)
	switch {
	case value == nil:
		r.add("extensions.authorityKeyIdentifier", "add it", "the certificate has no authority key identifier")
	case !bytes.Contains(value, []byte{0x80}):
		r.add("extensions.authorityKeyIdentifier", "add the key identifier", "the authority key identifier does not name the key")
	}
}

func nameConstraintsEmpty(c *Contents, r *report) {
	if c.has(nameConstraints) && len(c.Constraints.Permitted)+len(c.Constraints.Excluded) == 0 && len(c.unreadable) == 0 {
		r.add("extensions.nameConstraints", "name what is permitted or excluded, or leave the extension out", "the name constraints constrain nothing")
	}
}

func freshestAlone(c *Contents, r *report) {
	if c.has(freshestCRL) && !c.has(crlPoints) {
		r.add("extensions.freshestCRL", "add CRL distribution points", "a delta list is pointed to, but no full list")
	}
}

func revocationNone(c *Contents, r *report) {
	if !c.has(noRevAvail) {
		return
	}
	if c.Basic.CA {
		r.add("extensions.noRevAvail", "leave it out", "the certificate of an authority says that there is no revocation")
	}
	ocsp := bytes.Contains(c.value(authorityAccess), []byte(oid.AccessOCSP))
	if c.has(crlPoints) || c.has(freshestCRL) || ocsp {
		r.add("extensions.noRevAvail", "leave the pointers out", "the certificate says that there is no revocation, and points to it")
	}
}

func poison(c *Contents, r *report) {
	if c.has(ctPoison) {
		r.add("extensions", "have the final certificate issued", "this is a precertificate: nobody accepts it")
	}
}

func privateKeyUsagePeriod(c *Contents, r *report) {
	if c.has(usagePeriod) {
		r.add("extensions.privateKeyUsagePeriod", "leave it out unless someone reads it", "the private key usage period is not part of the profile of RFC 5280 any more")
	}
}
