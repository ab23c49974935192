package openssl

import (
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/opensslconf"
	"github.com/certwright/certwright/protocol/cmp"
)

// The methods of -popo.
const (
	popoNone       = -1
	popoRAVerified = 0
	popoSignature  = 1
	popoEncryption = 2
)

// certified is the key that is to be certified; private is nil where only the
// public key is known.
func (m *managing) certified() (public *key.Public, private *key.Private) {
	switch {
	case m.newPublic != nil:
		return m.newPublic, m.newKey
	case m.csr != nil:
		return m.csr.PublicKey, nil
	case m.key != nil:
		return m.key.Public, m.key
	case m.reference() != nil:
		return m.reference().PublicKey, nil
	}
	return nil, nil
}

// extensions are those of the template.
func (m *managing) extensions() (list []ext.Extension, err error) {
	if m.csr != nil {
		if list, err = m.csr.Extensions(); err != nil {
			return nil, because("CMP error: error creating certreq", err)
		}
	}
	c := opensslconf.Context{Request: m.csr}
	for _, o := range []struct{ name, what string }{{"reqexts", "certificate request extension"}, {"policies", "policy cert request extension"}} {
		section := m.text(o.name)
		if section == "" {
			continue
		}
		conf := m.conf
		if conf == nil {
			conf = &opensslconf.File{}
		}
		made, err := conf.Extensions(section, c)
		if err != nil {
			m.report(because("cmp: Error in the section "+section, err))
			return nil, m.fail("cannot load %s section '%s'", o.what, section)
		}
		list = opensslconf.Replace(list, made)
	}
	if list, err = m.addNames(list); err != nil {
		return nil, err
	}
	return m.addPolicies(list)
}

// addNames adds the alternative names of -sans, or else of the reference.
func (m *managing) addNames(list []ext.Extension) ([]ext.Extension, error) {
	_, has := ext.Find(list, oid.SubjectAltName)
	given := m.text("sans")
	if given == "" {
		if m.has("san_nodefault") || has || m.reference() == nil {
			return list, nil
		}
		if names := m.reference().SubjectAltNames(); len(names) > 0 {
			list = append(list, ext.NewSubjectAltName(names, m.subjectOf() == nil))
		}
		return list, nil
	}
	if has && m.text("reqexts") != "" {
		return nil, m.fail("cannot have Subject Alternative Names both via -reqexts and via -sans")
	}
	if m.has("san_nodefault") {
		m.warn("-opt_san_nodefault has no effect when -sans is used")
	}
	var names []ext.GeneralName
	critical := m.subjectOf() == nil
	for _, item := range items(given) {
		address, err := netip.ParseAddr(item)
		switch {
		case item == "critical":
			critical = true
		case err == nil:
			names = append(names, ext.NewIP(address))
		case strings.Contains(item, ":"):
			names = append(names, ext.NewGeneralName(ext.URI, []byte(item)))
		default:
			names = append(names, ext.NewGeneralName(ext.DNS, []byte(item)))
		}
	}
	return opensslconf.Replace(list, []ext.Extension{ext.NewSubjectAltName(names, critical)}), nil
}

// addPolicies adds -policy_oids.
func (m *managing) addPolicies(list []ext.Extension) ([]ext.Extension, error) {
	given := m.text("policy_oids")
	if given == "" {
		if m.has("policy_oids_critical") {
			m.warn("-opt_policy_oids_critical has no effect unless -policy_oids is given")
		}
		return list, nil
	}
	var policies []ext.Policy
	for _, item := range items(given) {
		id, err := oid.Parse(item)
		if err != nil {
			return nil, m.fail("unknown policy OID '%s'", item)
		}
		policies = append(policies, ext.Policy{ID: id})
	}
	e := ext.NewPolicies(oid.CertificatePolicies, policies, m.has("policy_oids_critical"))
	return opensslconf.Replace(list, []ext.Extension{e}), nil
}

// subjectOf is the subject of the template; nil for none.
func (m *managing) subjectOf() *dn.Name {
	switch {
	case m.subject != nil:
		if len(m.subject.RDNs) == 0 {
			return nil
		}
		return m.subject
	case m.csr != nil:
		return &m.csr.Subject
	case m.reference() != nil && (m.command == "kur" || !m.asksNames()):
		return &m.reference().Subject
	}
	return nil
}

// asksNames reports whether alternative names were given by options.
func (m *managing) asksNames() bool {
	if m.text("sans") != "" {
		return true
	}
	if section := m.text("reqexts"); section != "" && m.conf != nil {
		pairs, _ := m.conf.Section(section)
		return slices.ContainsFunc(pairs, func(p opensslconf.Pair) bool { return p.Name == "subjectAltName" })
	}
	return false
}

// template is what a certificate should say.
func (m *managing) template(public *key.Public) crmf.Template {
	t := crmf.Template{Subject: m.subjectOf(), Issuer: m.issuer, PublicKey: public, Extensions: m.asked}
	if t.Subject == nil {
		empty := dn.Empty() // without it the request itself could not be signed
		t.Subject = &empty
	}
	if t.Issuer == nil && m.reference() != nil {
		t.Issuer = &m.reference().Issuer
	}
	if days := m.count("days", 0); days > 0 {
		now := m.Now().UTC().Truncate(time.Second)
		t.Validity = &crmf.Validity{NotBefore: now, NotAfter: now.AddDate(0, 0, days)}
	}
	return t
}

// enrolment is the message that asks for a certificate.
func (m *managing) enrolment() (cmp.Request, error) {
	r := cmp.Request{Accept: m.accept}
	if m.command == "p10cr" {
		r.Body = cmp.NewBody(cmp.PKCS10Request, m.csr.Raw)
		return r, nil
	}
	public, private := m.certified()
	spec := crmf.Spec{Template: m.template(public), Key: private}
	if old := m.reference(); m.command == "kur" && old != nil {
		id, err := crmf.NewOldCertID(crmf.CertID{Issuer: ext.NewDirectoryName(old.Issuer), Serial: old.Serial})
		if err != nil {
			return r, err
		}
		spec.Controls = []crmf.Attribute{id}
	}
	if err := m.prove(&spec, public, private); err != nil {
		return r, err
	}
	made, err := crmf.Create(spec)
	if err != nil {
		return r, err
	}
	if private != nil {
		r.Key = private.Key
	}
	kinds := map[string]cmp.BodyKind{"ir": cmp.InitializationRequest, "cr": cmp.CertificationRequest, "kur": cmp.KeyUpdateRequest}
	r.Body, r.ID = cmp.NewRequests(kinds[m.command], made), new(big.Int)
	return r, nil
}

// prove chooses how possession of the key is proven.
func (m *managing) prove(spec *crmf.Spec, public *key.Public, private *key.Private) (err error) {
	switch m.count("popo", popoSignature) {
	case popoRAVerified:
		spec.Proof = crmf.ProofRAVerified
	case popoSignature:
		if private == nil {
			return trouble{"missing private key for popo", "error creating certreq"}
		}
		spec.Proof = crmf.ProofSignature
		spec.Algorithm, err = m.signature(public)
	case popoEncryption:
		if private == nil {
			return trouble{"missing private key for popo", "error creating certreq"}
		}
		spec.Proof, err = crmf.DeferredProof(public)
		spec.Subsequent = crmf.EncryptedCertificate
		m.client.Version = cmp.Version3 // the certificate comes as EnvelopedData
	}
	return err
}

// revocation is what a certificate is revoked by.
func (m *managing) revocation() cmp.Revocation {
	var r cmp.Revocation
	if m.old != nil {
		r.Template = crmf.Template{Issuer: &m.old.Issuer, Serial: m.old.Serial}
	} else {
		r.Template = crmf.Template{Subject: &m.csr.Subject, PublicKey: m.csr.PublicKey}
	}
	if reason := m.count("revreason", -1); reason >= 0 {
		r.Extensions = []ext.Extension{ext.NewReasonCode(reason)}
	}
	return r
}
