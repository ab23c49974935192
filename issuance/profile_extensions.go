package issuance

import (
	"slices"
	"strconv"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

type extensionPolicy struct {
	unlisted    unlistedWord
	usage       keyUsagePolicy
	purposes    purposePolicy
	basic       basicPolicy
	constraints constraintPolicy
	policies    certPoliciesPolicy
	features    featurePolicy
	keyID       bool
	crl         bool
	freshest    bool
	ocsp        bool
	caIssuers   bool
	fixed       []ext.Extension // OCSP no check, no revocation available
	other       []otherPolicy   // by identifier
}

type keyUsagePolicy struct {
	request         policyWord
	preset, allowed ext.KeyUsage
	excess          excessWord
	critical        bool
	made            [abilities]ext.Extension // the preset, by what the key can do
}

type purposePolicy struct {
	request         policyWord
	preset, allowed []oid.OID
	excess          excessWord
	critical        bool
	made            ext.Extension
}

type basicPolicy struct {
	include  bool
	critical bool
	request  policyWord // drop or refuse
	made     ext.Extension
}

type constraintPolicy struct {
	request policyWord
	bound   ext.NameConstraints
	set     bool
}

type certPoliciesPolicy struct {
	request         policyWord
	preset, allowed []oid.OID
	max             int
	made            ext.Extension
}

type featurePolicy struct {
	request         policyWord
	preset, allowed []int
	made            ext.Extension
}

type otherPolicy struct {
	id       oid.OID
	name     string
	path     string
	request  policyWord
	value    []byte
	equal    [][]byte
	prefix   [][]byte
	max      int
	critical criticalWord
}

func (c *compiler) extensions(t *extensionsText, ca bool) extensionPolicy {
	p := extensionPolicy{
		unlisted: orWord(t.Unlisted, "drop"), keyID: isTrue(t.SubjectKeyIdentifier, true),
		crl: isTrue(t.CRLDistributionPoints, true), freshest: t.FreshestCRL,
		ocsp: isTrue(t.AuthorityInfoAccess.OCSP, true), caIssuers: isTrue(t.AuthorityInfoAccess.CAIssuers, true),
	}
	if p.unlisted == "keep" {
		c.fail("extensions.unlisted", "got \"keep\", want drop or refuse; to let an extension through, list it under other")
	}
	p.usage = c.keyUsage(&t.KeyUsage, ca)
	p.purposes = c.purposes(&t.ExtKeyUsage)
	p.basic = c.basicConstraints(&t.BasicConstraints, ca)
	p.constraints = c.nameConstraints(&t.NameConstraints, ca)
	p.policies = c.policies(&t.CertificatePolicies)
	p.features = c.features(&t.TLSFeature)
	if t.OCSPNoCheck {
		p.fixed = append(p.fixed, sealed(ext.Extension{ID: oid.OCSPNoCheck, Value: []byte{5, 0}}))
	}
	if t.NoRevAvail {
		if ca {
			c.fail("extensions.noRevAvail", "CA certificates must not say that there is no revocation (RFC 9608, Section 2)")
		}
		p.fixed = append(p.fixed, sealed(ext.Extension{ID: oid.NoRevAvail, Value: []byte{5, 0}}))
		// RFC 9608, Section 2: no pointer to revocation beside it.
		p.crl, p.freshest, p.ocsp = false, false, false
	}
	p.other = c.others(t.Other)
	return p
}

func (c *compiler) keyUsage(t *usageText, ca bool) keyUsagePolicy {
	const path = "extensions.keyUsage"
	p := keyUsagePolicy{request: orWord(t.Request, "drop"), excess: orWord(t.Excess, "trim"), critical: isTrue(t.Critical, true)}
	p.preset = c.usageBits(path+".default", t.Default)
	p.allowed = c.usageBits(path+".allowed", t.Allowed) | p.preset
	if ca {
		if p.preset&ext.KeyCertSign == 0 {
			c.fail(path+".default", "a CA profile needs keyCertSign (RFC 5280, Section 4.2.1.3)")
		}
	} else if p.allowed&ext.KeyCertSign != 0 {
		c.fail(path, "keyCertSign belongs to CA certificates only; set ca: true or leave it out")
	}
	for a := range abilities {
		if bits := p.preset & a.bits(); bits != 0 {
			p.made[a] = sealedUsage(bits, p.critical)
		}
	}
	return p
}

func sealedUsage(bits ext.KeyUsage, critical bool) ext.Extension {
	e := ext.NewKeyUsage(bits)
	e.Critical = critical
	return sealed(e)
}

func (c *compiler) usageBits(path string, names []string) ext.KeyUsage {
	known := ext.KeyUsageNames(1<<9 - 1)
	c.each(path, names, known)
	var bits ext.KeyUsage
	for _, n := range names {
		if i := slices.Index(known, n); i >= 0 {
			bits |= 1 << i
		}
	}
	return bits
}

func (c *compiler) purposes(t *usageText) purposePolicy {
	const path = "extensions.extKeyUsage"
	p := purposePolicy{request: orWord(t.Request, "drop"), excess: orWord(t.Excess, "trim"), critical: isTrue(t.Critical, false)}
	p.preset = c.identifiers(path+".default", t.Default)
	p.allowed = c.identifiers(path+".allowed", t.Allowed)
	for _, id := range p.preset {
		if !slices.Contains(p.allowed, id) {
			p.allowed = append(p.allowed, id)
		}
	}
	if len(p.preset) > 0 {
		p.made = sealed(ext.NewExtKeyUsage(p.preset, p.critical))
	}
	return p
}

func (c *compiler) identifiers(path string, names []string) []oid.OID {
	if names != nil && len(names) == 0 {
		c.fail(path, "an empty list; leave it out, or name what it holds")
	}
	var out []oid.OID
	for i, n := range names {
		id, err := parseIdentifier(n)
		if err != nil {
			c.fail(path+"["+strconv.Itoa(i)+"]", "got %q: %v", n, err)
			continue
		}
		if slices.Contains(out, id) {
			c.fail(path+"["+strconv.Itoa(i)+"]", "%q stands twice", n)
			continue
		}
		out = append(out, id)
	}
	return out
}

func parseIdentifier(name string) (oid.OID, error) {
	if id, ok := oid.ByName(name); ok {
		return id, nil
	}
	return oid.Parse(name)
}

func (c *compiler) basicConstraints(t *constraintsText, ca bool) basicPolicy {
	p := basicPolicy{include: isTrue(t.Include, true), critical: isTrue(t.Critical, true), request: orWord(t.Request, "drop")}
	if p.request != "drop" && p.request != "refuse" {
		c.fail("extensions.basicConstraints.request", "got %q, want drop or refuse; whether a certificate is a CA's is for ca: alone to say", p.request)
	}
	if ca && (!p.include || !p.critical) {
		c.fail("extensions.basicConstraints", "a CA certificate needs them, critical (RFC 5280, Section 4.2.1.9)")
	}
	if !ca && p.include {
		p.made = sealed(ext.NewBasicConstraints(ext.BasicConstraints{PathLen: -1}, p.critical))
	}
	return p
}

func (c *compiler) nameConstraints(t *nameConstraintsText, ca bool) constraintPolicy {
	const path = "extensions.nameConstraints"
	p := constraintPolicy{request: orWord(t.Request, "drop")}
	p.bound.Permitted = c.subtrees(path+".permitted", t.Permitted)
	p.bound.Excluded = c.subtrees(path+".excluded", t.Excluded)
	p.set = len(p.bound.Permitted)+len(p.bound.Excluded) > 0
	if !ca && (p.set || p.request == "allow" || p.request == "require" || p.request == "override") {
		c.fail(path, "name constraints belong to CA certificates only (RFC 5280, Section 4.2.1.10)")
	}
	if p.request == "override" && !p.set {
		c.fail(path, "an override needs permitted or excluded names")
	}
	return p
}

func (c *compiler) subtrees(path string, texts []string) []ext.GeneralName {
	var out []ext.GeneralName
	for i, text := range texts {
		n, err := parseSubtree(text)
		if err != nil {
			c.fail(path+"["+strconv.Itoa(i)+"]", "got %q: %v", text, err)
			continue
		}
		out = append(out, n)
	}
	return out
}

func (c *compiler) policies(t *policiesText) certPoliciesPolicy {
	const path = "extensions.certificatePolicies"
	p := certPoliciesPolicy{request: orWord(t.Request, "drop"), max: t.Max}
	p.preset = c.identifiers(path+".default", t.Default)
	p.allowed = c.identifiers(path+".allowed", t.Allowed)
	if p.max == 0 {
		p.max = 10
	}
	if len(p.preset) > 0 {
		p.made = sealed(ext.NewCertificatePolicies(p.preset))
	}
	return p
}

func (c *compiler) features(t *featureText) featurePolicy {
	p := featurePolicy{request: orWord(t.Request, "drop"), preset: t.Default, allowed: append(t.Allowed, t.Default...)}
	for i, f := range p.allowed {
		if f > 0xffff {
			c.fail("extensions.tlsFeature.allowed["+strconv.Itoa(i)+"]", "got %d, want the number of a TLS extension, at most 65535", f)
		}
	}
	if len(p.preset) > 0 {
		p.made = sealed(ext.NewTLSFeature(p.preset))
	}
	return p
}

func isTrue(b *bool, otherwise bool) bool {
	if b == nil {
		return otherwise
	}
	return *b
}
