package lint

import (
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

func requestNamesReadable(q *request.Request, r *report) {
	if e, ok := ext.Find(q.Extensions, oid.SubjectAltName); ok {
		if _, err := ext.ParseSubjectAltName(e.Value); err != nil {
			r.add("subjectAltName", again, "the subject alternative names cannot be read: %v", err)
		}
	}
}

func requestNamesEmpty(q *request.Request, r *report) {
	if e, ok := ext.Find(q.Extensions, oid.SubjectAltName); ok {
		if names, err := ext.ParseSubjectAltName(e.Value); err == nil && len(names) == 0 {
			r.add("subjectAltName", "name at least one, or leave the extension out", "the subjectAltName extension is there but holds no name")
		}
	}
}

func requestNamesCritical(q *request.Request, r *report) {
	if e, ok := ext.Find(q.Extensions, oid.SubjectAltName); ok && e.Critical != q.Subject.IsEmpty() {
		if e.Critical {
			r.add("subjectAltName", "make it not critical", "the subject alternative names are critical although there is a subject; the issuer will change that")
			return
		}
		r.add("subjectAltName", "make it critical", "the subject is empty, but the subject alternative names are not critical; the issuer will change that")
	}
}

func requestNamesValid(q *request.Request, r *report)    { validNames(q.SubjectAltNames(), r) }
func requestNamesRepeated(q *request.Request, r *report) { repeatedNames(q.SubjectAltNames(), r) }
func requestNamesWildcard(q *request.Request, r *report) { wildcards(q.SubjectAltNames(), r) }

// hosts visits the dNSNames of a request.
func hosts(q *request.Request, visit func(host string)) {
	for _, n := range q.SubjectAltNames() {
		if n.Kind == ext.DNS {
			visit(string(n.Content))
		}
	}
}

func requestNamesUnderscore(q *request.Request, r *report) {
	hosts(q, func(host string) {
		if strings.Contains(host, "_") {
			r.add("subjectAltName", "name the host without it", "the host name %s has an underscore, which no host may have", quoteShort(host))
		}
	})
}

func requestNamesInternal(q *request.Request, r *report) {
	hosts(q, func(host string) {
		lower := strings.ToLower(strings.TrimPrefix(host, "*."))
		internal := !strings.Contains(lower, ".")
		for _, end := range []string{".local", ".internal", ".lan", ".localhost", ".home.arpa", ".corp", ".test", ".example", ".invalid", ".onion"} {
			internal = internal || strings.HasSuffix(lower, end)
		}
		if internal {
			r.add("subjectAltName", "ask a private authority", "the host name %s is internal: no public authority certifies it", quoteShort(host))
		}
	})
}

func addresses(q *request.Request, visit func(netip.Addr)) {
	for _, n := range q.SubjectAltNames() {
		if n.Kind != ext.IP {
			continue
		}
		if a, ok := netip.AddrFromSlice(n.Content); ok {
			visit(a)
		}
	}
}

func requestNamesPrivate(q *request.Request, r *report) {
	addresses(q, func(a netip.Addr) {
		if u := a.Unmap(); u.IsPrivate() || u.IsLoopback() || u.IsLinkLocalUnicast() || u.IsUnspecified() {
			r.add("subjectAltName", "ask a private authority", "the address %v is private: no public authority certifies it", a)
		}
	})
}

func requestNamesMapped(q *request.Request, r *report) {
	addresses(q, func(a netip.Addr) {
		if a.Is4In6() {
			r.add("subjectAltName", "write ip:"+a.Unmap().String(), "the address %v is an IPv4 address in IPv6 form, which clients do not match", a)
		}
	})
}

func requestNamesMany(q *request.Request, r *report) {
	if n := len(q.SubjectAltNames()); n > 100 {
		r.add("subjectAltName", "make several requests", "the request has %d subject alternative names; many authorities take 100", n)
	}
}

func requestNamesLong(q *request.Request, r *report) {
	for _, n := range q.SubjectAltNames() {
		if len(n.Content) > 253 {
			r.add("subjectAltName", "shorten it", "the name %s has %d octets; a host name has at most 253", quoteShort(n.String()), len(n.Content))
		}
	}
}

func requestExtensionRepeated(q *request.Request, r *report) {
	list := q.Extensions[:min(len(q.Extensions), 200)]
	for i := range list {
		for k := range i {
			if list[i].ID == list[k].ID {
				r.add("extensions", "leave one", "the request asks for the extension %s twice", ExtensionName(list[i].ID))
				break
			}
		}
	}
}

func requestTwoKinds(q *request.Request, r *report) {
	if hasAttribute(q, oid.ExtensionRequest) && hasAttribute(q, oid.MSExtensionRequest) {
		r.add("attributes", "leave Microsoft's out", "the request asks for extensions by two attributes, the standard's and Microsoft's; some authorities read one only")
	}
}

func hasAttribute(q *request.Request, id oid.OID) bool {
	if q.PKCS10 == nil {
		return false
	}
	for i := range q.PKCS10.Attributes {
		if q.PKCS10.Attributes[i].ID == id {
			return true
		}
	}
	return false
}

func requestExtensionEmpty(q *request.Request, r *report) {
	if len(q.Extensions) == 0 && (hasAttribute(q, oid.ExtensionRequest) || hasAttribute(q, oid.MSExtensionRequest)) {
		r.add("attributes.extensionRequest", "leave the attribute out", "the request has an attribute that asks for extensions, and asks for none")
	}
}

func requestExtensionIssuer(q *request.Request, r *report) {
	for _, e := range q.Extensions {
		switch e.ID {
		case oid.AuthorityKeyIdentifier, oid.CRLDistributionPoints, oid.AuthorityInfoAccess, oid.FreshestCRL, oid.SCTList, oid.CTPoison:
			r.add("extensions."+ExtensionName(e.ID), "leave it out", "the extension %s is the issuer's to write; what the request says of it is ignored", ExtensionName(e.ID))
		}
	}
}

func requestAttributeUnknown(q *request.Request, r *report) {
	if q.PKCS10 == nil {
		return
	}
	for i := range q.PKCS10.Attributes {
		if _, _, ok := oid.Names(q.PKCS10.Attributes[i].ID); !ok {
			r.add("attributes", "check that the authority wants it", "the attribute %v is not a known one", q.PKCS10.Attributes[i].ID)
		}
	}
}

func singleValued(id oid.OID) bool {
	return id == oid.ChallengePassword || id == oid.ExtensionRequest || id == oid.MSExtensionRequest
}

func requestNameConstraints(q *request.Request, r *report) {
	if _, ok := ext.Find(q.Extensions, oid.NameConstraints); ok && !asksCA(q) {
		r.add("extensions.nameConstraints", "leave them out", "the request has name constraints but does not ask for an authority's certificate")
	}
}

func asksCA(q *request.Request) bool {
	e, ok := ext.Find(q.Extensions, oid.BasicConstraints)
	if !ok {
		return false
	}
	b, err := ext.ParseBasicConstraints(e.Value)
	return err == nil && b.CA
}
