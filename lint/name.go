package lint

import "github.com/certwright/certwright/format/oid"

// ExtensionName names an extension as RFC 5280 and the keys of profiles do:
// keyUsage, extKeyUsage, tlsFeature; dotted where there is no name.
func ExtensionName(id oid.OID) string {
	switch id {
	case oid.ExtKeyUsage:
		return "extKeyUsage"
	case oid.TLSFeature:
		return "tlsFeature"
	case oid.OCSPNoCheck:
		return "ocspNoCheck"
	}
	return id.Short()
}
