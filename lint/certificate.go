package lint

import (
	"slices"

	"github.com/certwright/certwright/format/cert"
)

type certificateRule struct {
	name     string
	citation string
	severity Severity
	check    func(*Contents, *report)
}

// Certificate runs the rules on a certificate as it is written.
func Certificate(w *cert.Certificate, o Options) []Finding { return run(contents(w), o) }

// Plan runs the rules on a certificate that is still to be signed. What only
// its encoding could get wrong is not looked at.
func Plan(c *Contents, o Options) []Finding {
	c.index()
	return run(c, o)
}

func run(c *Contents, o Options) []Finding {
	r := &c.report
	for i := range certificateRules {
		rule := &certificateRules[i]
		if o.Only != nil && !slices.Contains(o.Only, rule.name) {
			continue
		}
		r.begin(rule.name, rule.citation, rule.severity)
		rule.check(c, r)
		if len(r.findings) > r.before && slices.Contains(o.Ignore, rule.name) {
			r.findings = r.findings[:r.before]
		}
	}
	Sort(r.findings)
	return r.findings
}

var certificateRules = [...]certificateRule{
	{"certificate-encoding", "X.690, Section 10", Error, certificateEncoding},
	{"certificate-version", "RFC 5280, Section 4.1.2.1", Error, certificateVersion},
	{"serial-positive", "RFC 5280, Section 4.1.2.2", Error, serialPositive},
	{"serial-length", "RFC 5280, Section 4.1.2.2", Error, serialLength},
	{"serial-random", "CA/Browser Forum Baseline Requirements, Section 7.1", Warning, serialRandom},
	{"signature-twice", "RFC 5280, Section 4.1.1.2", Error, signatureTwice},
	{"signature-broken", "RFC 6151; RFC 9155", Error, signatureBroken},
	{"unique-identifier", "RFC 5280, Section 4.1.2.8", Warning, uniqueIdentifier},
	{"issuer-empty", "RFC 5280, Section 4.1.2.4", Error, issuerEmpty},
	{"subject-empty-ca", "RFC 5280, Section 4.1.2.6", Error, subjectEmptyCA},
	{"subject-string-type", "RFC 5280, Appendix A.1", Error, subjectStringType},
	{"subject-string-old", "RFC 5280, Section 4.1.2.4", Warning, subjectStringOld},
	{"subject-length", "RFC 5280, Appendix A.1", Error, subjectLength},
	{"subject-value-empty", "RFC 5280, Appendix A.1", Error, subjectValueEmpty},
	{"subject-value-readable", "X.680, Section 41", Error, subjectValueReadable},
	{"subject-value-control", "RFC 5280, Section 4.1.2.4", Error, subjectValueControl},
	{"subject-value-blank", "RFC 5280, Section 7.1", Warning, subjectValueBlank},
	{"subject-country", "RFC 5280, Appendix A.1; ISO 3166", Error, subjectCountry},
	{"subject-repeated", "X.520, Section 6", Warning, subjectRepeated},
	{"validity-order", "RFC 5280, Section 4.1.2.5", Error, validityOrder},
	{"validity-encoding", "RFC 5280, Section 4.1.2.5", Error, validityEncoding},
	{"validity-form", "RFC 5280, Section 4.1.2.5.1", Error, validityForm},
	{"key-usable", "RFC 5280, Section 4.1.2.7", Warning, keyUsable},
	{"key-size", "NIST SP 800-131A", Error, keySize},
	{"key-parameters", "RFC 3279, Section 2.3; RFC 5480; RFC 8410; RFC 9881", Error, keyParameters},
	{"extension-repeated", "RFC 5280, Section 4.2", Error, extensionRepeated},
	{"extension-readable", "RFC 5280, Section 4.2", Error, extensionReadable},
	{"extension-critical-unknown", "RFC 5280, Section 4.2", Warning, extensionCriticalUnknown},
	{"extension-never-critical", "RFC 5280, Section 4.2.1 and 4.2.2", Error, extensionNeverCritical},
	{"extension-always-critical", "RFC 5280, Section 4.2.1", Error, extensionAlwaysCritical},
	{"extension-of-ca", "RFC 5280, Section 4.2.1", Error, extensionOfCA},
	{"basic-constraints-ca", "RFC 5280, Section 4.2.1.9", Error, basicConstraintsCA},
	{"path-length", "RFC 5280, Section 4.2.1.9", Error, pathLength},
	{"key-usage-ca", "RFC 5280, Section 4.2.1.3", Error, keyUsageCA},
	{"key-usage-critical", "RFC 5280, Section 4.2.1.3", Warning, keyUsageCritical},
	{"key-usage-empty", "RFC 5280, Section 4.2.1.3", Error, keyUsageEmpty},
	{"key-usage-key", "RFC 3279; RFC 5480; RFC 8410; RFC 9881, Section 5", Error, keyUsageKey},
	{"key-usage-only", "RFC 5280, Section 4.2.1.3", Error, keyUsageOnly},
	{"ext-key-usage-empty", "RFC 5280, Section 4.2.1.12", Error, extKeyUsageEmpty},
	{"ext-key-usage-repeated", "RFC 5280, Section 4.2.1.12", Warning, extKeyUsageRepeated},
	{"ext-key-usage-any", "RFC 5280, Section 4.2.1.12", Warning, extKeyUsageAny},
	{"ext-key-usage-key-usage", "RFC 5280, Section 4.2.1.12", Error, extKeyUsageKeyUsage},
	{"time-stamping", "RFC 3161, Section 2.3", Error, timeStamping},
	{"ocsp-no-check", "RFC 6960, Section 4.2.2.2.1", Warning, ocspSigner},
	{"subject-key-identifier", "RFC 5280, Section 4.2.1.2", Error, subjectKeyIdentifier},
	{"authority-key-identifier", "RFC 5280, Section 4.2.1.1", Error, authorityKeyIdentifier},
	{"names-empty", "RFC 5280, Section 4.2.1.6", Error, namesEmpty},
	{"names-critical", "RFC 5280, Section 4.2.1.6", Error, namesCritical},
	{"names-valid", "RFC 5280, Section 4.2.1.6", Error, namesValid},
	{"names-repeated", "RFC 5280, Section 4.2.1.6", Warning, namesRepeated},
	{"names-server", "RFC 9525, Section 2", Warning, namesServer},
	{"names-wildcard", "RFC 9525, Section 6.3", Error, namesWildcard},
	{"common-name-host", "RFC 9525, Section 2", Warning, commonNameHost},
	{"name-constraints-empty", "RFC 5280, Section 4.2.1.10", Error, nameConstraintsEmpty},
	{"freshest-crl", "RFC 5280, Section 4.2.1.15", Warning, freshestAlone},
	{"revocation-none", "RFC 9608, Section 2", Error, revocationNone},
	{"ct-poison", "RFC 6962, Section 3.1", Warning, poison},
	{"private-key-usage-period", "RFC 5280, Section 4.2", Info, privateKeyUsagePeriod},
}
