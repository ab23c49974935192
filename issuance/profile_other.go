package issuance

import (
	"slices"
	"sort"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// governed are the extensions that the issuer writes itself; their value in a
// request is never taken as it is, whatever a profile says.
var governed = [...]struct {
	id  oid.OID
	key string // of the profile that governs it
}{
	{oid.SubjectAltName, "names"},
	{oid.KeyUsage, "extensions.keyUsage"},
	{oid.ExtKeyUsage, "extensions.extKeyUsage"},
	{oid.BasicConstraints, "ca and extensions.basicConstraints"},
	{oid.NameConstraints, "extensions.nameConstraints"},
	{oid.CertificatePolicies, "extensions.certificatePolicies"},
	{oid.TLSFeature, "extensions.tlsFeature"},
	{oid.SubjectKeyIdentifier, "extensions.subjectKeyIdentifier"},
	{oid.AuthorityKeyIdentifier, ""},
	{oid.CRLDistributionPoints, "extensions.crlDistributionPoints"},
	{oid.FreshestCRL, "extensions.freshestCRL"},
	{oid.AuthorityInfoAccess, "extensions.authorityInfoAccess"},
	{oid.OCSPNoCheck, "extensions.ocspNoCheck"},
	{oid.NoRevAvail, "extensions.noRevAvail"},
}

func governor(id oid.OID) (key string, ok bool) {
	for i := range governed {
		if governed[i].id == id {
			return governed[i].key, true
		}
	}
	return "", false
}

func (c *compiler) others(list map[string]otherText) []otherPolicy {
	var out []otherPolicy
	for name, t := range list {
		path := "extensions.other." + name
		id, err := parseIdentifier(name)
		if err != nil {
			c.fail(path, "unknown extension; write its object identifier, such as 1.3.6.1.4.1.311.21.7")
			continue
		}
		if key, ok := governor(id); ok {
			c.fail(path, "this extension is the issuer's to write; %s", governedBy(key))
			continue
		}
		if slices.ContainsFunc(out, func(o otherPolicy) bool { return o.id == id }) {
			c.fail(path, "this extension is listed twice under different names")
			continue
		}
		out = append(out, c.other(&t, id, name, path))
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

func governedBy(key string) string {
	if key == "" {
		return "it is always made from the issuer's key"
	}
	return "use the key " + key
}

func (c *compiler) other(t *otherText, id oid.OID, name, path string) otherPolicy {
	p := otherPolicy{
		id: id, name: name, path: path, request: orWord(t.Request, "drop"), value: t.Value,
		max: t.Max, critical: orWord(t.Critical, "false"),
	}
	for _, h := range t.Equal {
		p.equal = append(p.equal, h)
	}
	for _, h := range t.Prefix {
		p.prefix = append(p.prefix, h)
	}
	if p.max == 0 {
		p.max = 4096
	}
	if p.request == "override" && p.value == nil {
		c.fail(path, "an override needs a value")
	}
	if p.value != nil {
		if err := der.Strict(p.value); err != nil {
			c.fail(path+".value", "the value is not DER: %v", err)
		}
		if wrong := p.wrong(p.value); wrong != "" {
			c.fail(path+".value", "the value is %s", wrong)
		}
	}
	return p
}

// sealed encodes an extension once, so that it is copied afterwards.
func sealed(e ext.Extension) ext.Extension {
	b := der.NewBuilder(make([]byte, 0, len(e.ID)+len(e.Value)+18))
	mark := b.Begin(der.Sequence)
	b.OID(string(e.ID))
	if e.Critical {
		b.Bool(true)
	}
	b.Add(der.OctetString, e.Value)
	b.End(mark)
	e.Raw = b.Bytes()
	return e
}
