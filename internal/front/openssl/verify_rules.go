package openssl

import (
	"crypto"
	"slices"
	"strings"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// knownCritical are the extensions that verification takes into account.
func knownCritical() []oid.OID {
	return []oid.OID{
		oid.KeyUsage, oid.SubjectAltName, oid.BasicConstraints, oid.CertificatePolicies, oid.CRLDistributionPoints, oid.ExtKeyUsage,
		oid.PolicyConstraints, oid.NameConstraints, oid.PolicyMappings, oid.InhibitAnyPolicy, oid.OCSPNoCheck, netscapeType,
		oid.AuthorityKeyIdentifier, oid.SubjectKeyIdentifier, proxyInformation,
	}
}

const (
	netscapeType     oid.OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"
	proxyInformation oid.OID = "\x2b\x06\x01\x05\x05\x07\x01\x0e"
)

// checkExtensions looks at what each certificate may be used for, and how
// many may stand below it.
func (p *path) checkExtensions() {
	intermediates, proxies := 0, 0
	for depth, l := range p.chain {
		if !p.checkOne(depth, l) {
			return
		}
		limit := pathLimit(l.Certificate)
		if depth > 0 && limit >= 0 && intermediates > limit+proxies && !p.fault(pathLength, depth) {
			return
		}
		if depth > 0 && !l.SelfIssued() {
			intermediates++
		}
		var goesOn bool
		if proxies, goesOn = p.countProxies(depth, proxies, l); !goesOn {
			return
		}
	}
}

func pathLimit(c *cert.Certificate) int {
	if e, ok := ext.Find(c.Extensions, oid.BasicConstraints); ok {
		if b, err := ext.ParseBasicConstraints(e.Value); err == nil && b.CA {
			return b.PathLen
		}
	}
	return -1
}

// checkOne is false where verification ends.
func (p *path) checkOne(depth int, l link) bool {
	if !p.has("ignore_critical") && slices.ContainsFunc(l.Extensions, func(e ext.Extension) bool { return e.Critical && !slices.Contains(knownCritical(), e.ID) }) {
		if !p.fault(unknownCritical, depth) {
			return false
		}
	}
	if proxy(l.Certificate) && !p.has("allow_proxy_certs") {
		return p.fault(proxyNotAllowed, depth)
	}
	strict, authority := p.has("x509_strict"), l.shown.Authority()
	switch {
	case authority < 0:
		if !p.fault(badExtension, depth) {
			return false
		}
	case p.issuedByHolder(depth):
		if authority != 0 && !p.fault(invalidHolder, depth) {
			return false
		}
	case depth > 0 && (authority == 0 || (strict || depth+1 < len(p.chain)) && authority != 1), depth == 0 && strict && authority > 1:
		if !p.fault(invalidAuthority, depth) {
			return false
		}
	}
	if len(p.chain) > 1 && l.PublicKey.Type == "EC" && l.PublicKey.Curve == "explicit" && !p.fault(explicitCurve, depth) {
		return false
	}
	if strict && len(p.chain) > 1 && !p.checkStrict(depth, l, authority) {
		return false
	}
	return p.checkPurpose(depth, l)
}

// checkStrict looks for what RFC 5280 asks of certificates.
func (p *path) checkStrict(depth int, l link, authority int) bool {
	has := func(id oid.OID) bool { _, ok := ext.Find(l.Extensions, id); return ok }
	basic, _ := ext.Find(l.Extensions, oid.BasicConstraints)
	length := -1
	if b, err := ext.ParseBasicConstraints(basic.Value); err == nil {
		length = b.PathLen
	}
	var usage ext.KeyUsage
	if e, ok := ext.Find(l.Extensions, oid.KeyUsage); ok {
		usage, _ = ext.ParseKeyUsage(e.Value)
	}
	isCA := authority == 1
	for _, rule := range []struct {
		broken bool
		fault  fault
	}{
		{length >= 0 && !isCA, pathLengthNonCA},
		{length >= 0 && isCA && has(oid.KeyUsage) && usage&ext.KeyCertSign == 0, pathLengthNoSign},
		{isCA && basic.Value != nil && !basic.Critical, notCriticalCA},
		{isCA && !has(oid.KeyUsage), noKeyUsageCA},
		{!isCA && usage&ext.KeyCertSign != 0, certSignNonCA},
		{(depth+1 < len(p.chain) || !l.SelfIssued()) && !has(oid.AuthorityKeyIdentifier), noAuthorityKeyID},
		{isCA && !has(oid.SubjectKeyIdentifier), noSubjectKeyID},
	} {
		if rule.broken && l.Version >= 3 && !p.fault(rule.fault, depth) {
			return false
		}
	}
	return true
}

func (p *path) checkPurpose(depth int, l link) bool {
	if p.purpose == "" {
		return true
	}
	if depth >= p.untrustedCount && l.trust != nil && l.trust.Uses != nil && p.trust(l) == trusted {
		return true
	}
	answer, _ := l.shown.Purpose(p.purpose, depth > 0 && !p.issuedByHolder(depth))
	if answer == 1 || answer > 1 && !p.has("x509_strict") || answer < 0 {
		return true
	}
	return p.fault(unsuitablePurpose, depth)
}

// levelBits are the bits of security that -auth_level asks for.
func (p *path) levelBits() int {
	bits := [...]int{0, 80, 112, 128, 192, 256}
	return bits[max(0, min(p.level, len(bits)-1))]
}

func (p *path) checkLeafKey() {
	if p.level > 0 && keyBits(p.chain[0].PublicKey) < p.levelBits() {
		p.fault(weakLeafKey, 0)
	}
}

// checkStrength looks at the keys of authorities, and at all signatures but
// that of the root.
func (p *path) checkStrength() {
	for depth, l := range p.chain {
		if depth > 0 && p.level > 0 && keyBits(l.PublicKey) < p.levelBits() && !p.fault(weakAuthorityKey, depth) {
			return
		}
		algorithm := key.ParseSignatureAlgorithm(l.SignatureAlgorithm)
		if depth < len(p.chain)-1 && p.level > 0 && digestBits(algorithm) < p.levelBits() && !p.fault(weakDigest, depth) {
			return
		}
	}
}

// keyBits are the bits of security of a key (NIST SP 800-57, Table 2).
func keyBits(k *key.Public) int {
	if k == nil {
		return 0
	}
	switch k.Type {
	case "RSA", "RSA-PSS", "RSA-OAEP", "DSA", "DH":
		for _, step := range [...][2]int{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}} {
			if k.Size >= step[0] {
				return step[1]
			}
		}
		return 0
	case "EC":
		return k.Size / 2
	case "Ed448":
		return 224
	}
	return 128
}

// digestBits are the bits of security of the digest of a signature.
func digestBits(a key.SignatureAlgorithm) int {
	switch {
	case a.Hash == crypto.MD5:
		return 39
	case a.Hash == crypto.SHA1:
		return 63
	case a.Hash != 0:
		return a.Hash.Size() * 4
	case strings.Contains(strings.ToLower(a.Name), "md5"):
		return 39
	}
	return 128
}

// checkIdentity compares with the host and addresses asked for.
func (p *path) checkIdentity() {
	leaf := p.chain[0].Certificate
	for _, asked := range []struct {
		option string
		holds  func(*cert.Certificate, string) bool
		fault  fault
	}{{"verify_hostname", isForHost, wrongHost}, {"verify_email", isForEmail, wrongEmail}, {"verify_ip", isForAddress, wrongAddress}} {
		if p.has(asked.option) && !asked.holds(leaf, p.text(asked.option)) && !p.fault(asked.fault, 0) {
			return
		}
	}
}

// checkSignatures verifies signatures and times from the root down.
func (p *path) checkSignatures() {
	for depth := len(p.chain) - 1; depth >= 0; depth-- {
		l := p.chain[depth]
		if depth < len(p.chain)-1 {
			issuer := p.chain[depth+1]
			if !proxy(l.Certificate) && !issuer.shown.CertificateSigner() && !p.fault(noCertSign, depth+1) {
				return
			}
			if l.CheckSignature(issuer.PublicKey) != nil && !p.fault(badSignature, depth) {
				return
			}
		} else if p.has("check_ss_sig") && l.shown.SignsItself() && l.CheckSignature(l.PublicKey) != nil && !p.fault(badSignature, depth) {
			return
		} else if depth == 0 && !l.shown.SignsItself() && !p.has("partial_chain") && !p.fault(firstUnverified, depth) {
			return
		}
		if !p.checkTimes(depth) {
			return
		}
	}
}

func (p *path) checkTimes(depth int) bool {
	if p.has("no_check_time") && !p.has("attime") {
		return true
	}
	l := p.chain[depth]
	switch {
	case p.now.Before(l.NotBefore):
		return p.fault(notYetValid, depth)
	case p.now.After(l.NotAfter):
		return p.fault(expired, depth)
	}
	return true
}

// checkNames holds every certificate against the name constraints above it.
func (p *path) checkNames() {
	for depth := len(p.chain) - 1; depth >= 0; depth-- {
		l := p.chain[depth]
		if depth > 0 && l.SelfIssued() {
			continue
		}
		if proxy(l.Certificate) && !proxyNamed(l.Certificate) && !p.fault(proxyName, depth) {
			return
		}
		for above := len(p.chain) - 1; above > depth; above-- {
			e, ok := ext.Find(p.chain[above].Extensions, oid.NameConstraints)
			if !ok {
				continue
			}
			bound, err := ext.ParseNameConstraints(e.Value)
			if err != nil {
				p.fault(badExtension, above)
				return
			}
			if tooMany(l.Certificate, bound) {
				p.fault(unspecified, depth)
				return
			}
			names := slices.Concat(l.SubjectAltNames(), hostsOfCommonNames(l.Certificate, depth))
			if bound.AllowsAll(l.Subject, names) == nil {
				continue
			}
			f := notPermitted
			if (ext.NameConstraints{Excluded: bound.Excluded}).AllowsAll(l.Subject, names) != nil {
				f = excluded
			}
			if !p.fault(f, depth) {
				return
			}
		}
	}
}

// mostComparisons bounds how many names are held against how many constraints.
const mostComparisons = 1 << 20

func tooMany(c *cert.Certificate, bound ext.NameConstraints) bool {
	names := len(c.Subject.RDNs) + len(c.SubjectAltNames())
	return names*(len(bound.Permitted)+len(bound.Excluded)) > mostComparisons
}

// hostsOfCommonNames are the common names that stand for hosts: those of a
// certificate without host names of its own.
func hostsOfCommonNames(c *cert.Certificate, depth int) (names []ext.GeneralName) {
	if depth > 0 || slices.ContainsFunc(c.SubjectAltNames(), func(n ext.GeneralName) bool { return n.Kind == ext.DNS }) {
		return nil
	}
	for _, common := range c.Subject.Values(oid.CommonName) {
		if n, err := ext.ParseGeneralName("dns:" + common); err == nil && strings.Contains(common, ".") {
			names = append(names, n)
		}
	}
	return names
}

// checkPolicies asks for one of the policies that are accepted.
func (p *path) checkPolicies() {
	if !p.hasAny("policy_check", "explicit_policy", "policy") || !p.has("explicit_policy") {
		return
	}
	if depth := slices.IndexFunc(p.chain, func(l link) bool { return hasBadPolicies(l.Certificate) }); depth >= 0 {
		p.fault(badPolicy, depth)
		return
	}
	o := chain.Options{Now: p.now, Policies: p.policies}
	if len(o.Policies) == 0 {
		o.Policies = []oid.OID{oid.AnyPolicy}
	}
	var above, roots []*cert.Certificate
	for _, l := range p.chain[1:] {
		above = append(above, l.Certificate)
	}
	roots = append(roots, p.chain[len(p.chain)-1].Certificate)
	for _, check := range chain.Verify(p.chain[0].Certificate, above, roots, o).Checks {
		if check.Name == "policies" && check.Verdict == chain.Fail {
			p.fault(noPolicy, 0)
			return
		}
	}
}

// hasBadPolicies reports whether the policies cannot be read, or one is there
// twice.
func hasBadPolicies(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.CertificatePolicies)
	if !ok {
		return false
	}
	list, err := ext.ParseCertificatePolicies(e.Value)
	seen := map[oid.OID]bool{}
	for _, policy := range list {
		if seen[policy.ID] {
			return true
		}
		seen[policy.ID] = true
	}
	return err != nil
}
