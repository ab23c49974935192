package lint

import "github.com/certwright/certwright/request"

type requestRule struct {
	name     string
	citation string
	severity Severity
	check    func(*request.Request, *report)
}

// Request runs the rules on a request. Its findings say what an authority may
// object to; those of severity Error every authority should.
func Request(q *request.Request) []Finding {
	var r report
	for i := range requestRules {
		rule := &requestRules[i]
		r.begin(rule.name, rule.citation, rule.severity)
		rule.check(q, &r)
	}
	Sort(r.findings)
	return r.findings
}

var requestRules = [...]requestRule{
	{"request-encoding", "RFC 2986, Section 4; X.690, Section 10", Warning, requestEncoding},
	{"request-version", "RFC 2986, Section 4.1", Warning, requestVersion},
	{"request-size", "", Warning, requestSize},
	{"request-signature-broken", "RFC 6151; RFC 9155", Error, requestSignatureBroken},
	{"request-signature-unknown", "RFC 2986, Section 4.2", Warning, requestSignatureUnknown},
	{"request-signature-key", "RFC 2986, Section 3", Error, requestSignatureKey},
	{"request-key-size", "NIST SP 800-131A", Error, requestKeySize},
	{"request-key-weak", "", Error, requestKeyWeak},
	{"request-key-unusable", "RFC 5280, Section 4.1.2.7", Warning, requestKeyUnusable},
	{"request-key-large", "", Info, requestKeyLarge},
	{"request-key-curve", "CA/Browser Forum Baseline Requirements, Section 6.1.5", Info, requestKeyCurve},
	{"request-key-parameters", "RFC 3279, Section 2.3; RFC 5480; RFC 8410; RFC 9881", Warning, requestKeyParameters},
	{"request-subject-empty", "RFC 5280, Section 4.1.2.6", Warning, requestSubjectEmpty},
	{"request-subject-string-type", "RFC 5280, Appendix A.1", Warning, requestStringType},
	{"request-subject-string-old", "RFC 5280, Section 4.1.2.4", Warning, requestStringOld},
	{"request-subject-length", "RFC 5280, Appendix A.1", Error, requestLength},
	{"request-subject-value-empty", "RFC 5280, Appendix A.1", Warning, requestValueEmpty},
	{"request-subject-readable", "X.680, Section 41", Error, requestValueReadable},
	{"request-subject-control", "RFC 5280, Section 4.1.2.4", Error, requestValueControl},
	{"request-subject-blank", "RFC 5280, Section 7.1", Warning, requestValueBlank},
	{"request-subject-country", "RFC 5280, Appendix A.1; ISO 3166", Warning, requestCountry},
	{"request-subject-repeated", "X.520, Section 6", Warning, requestRepeated},
	{"request-subject-placeholder", "", Warning, requestPlaceholder},
	{"request-subject-email", "RFC 5280, Section 4.1.2.6", Info, requestSubjectEmail},
	{"request-common-name-host", "RFC 9525, Section 2", Warning, requestHostsMissing},
	{"request-common-name-url", "RFC 9525, Section 6.3", Warning, requestCommonNameURL},
	{"request-names-readable", "RFC 5280, Section 4.2.1.6", Error, requestNamesReadable},
	{"request-names-empty", "RFC 5280, Section 4.2.1.6", Error, requestNamesEmpty},
	{"request-names-critical", "RFC 5280, Section 4.2.1.6", Info, requestNamesCritical},
	{"request-names-valid", "RFC 5280, Section 4.2.1.6", Error, requestNamesValid},
	{"request-names-repeated", "RFC 5280, Section 4.2.1.6", Warning, requestNamesRepeated},
	{"request-names-wildcard", "RFC 9525, Section 6.3", Error, requestNamesWildcard},
	{"request-names-underscore", "RFC 1123, Section 2.1", Warning, requestNamesUnderscore},
	{"request-names-internal", "RFC 6762; RFC 6761; RFC 8375", Info, requestNamesInternal},
	{"request-names-private-address", "RFC 1918; RFC 4193", Info, requestNamesPrivate},
	{"request-names-mapped-address", "RFC 4291, Section 2.5.5", Warning, requestNamesMapped},
	{"request-names-many", "", Warning, requestNamesMany},
	{"request-names-long", "RFC 1035, Section 2.3.4", Warning, requestNamesLong},
	{"request-extension-repeated", "RFC 5280, Section 4.2", Error, requestExtensionRepeated},
	{"request-extension-two-kinds", "RFC 2985, Section 5.4.2", Warning, requestTwoKinds},
	{"request-extension-empty", "RFC 2985, Section 5.4.2", Info, requestExtensionEmpty},
	{"request-extension-readable", "RFC 5280, Section 4.2.1", Error, requestExtensionReadable},
	{"request-extension-issuer", "RFC 5280, Section 4.2.1", Info, requestExtensionIssuer},
	{"request-ca", "RFC 5280, Section 4.2.1.9", Warning, requestCA},
	{"request-path-length", "RFC 5280, Section 4.2.1.9", Warning, requestPathLength},
	{"request-key-usage-key", "RFC 3279; RFC 5480; RFC 8410; RFC 9881, Section 5", Warning, requestKeyUsageKey},
	{"request-key-usage-ca", "RFC 5280, Section 4.2.1.3", Warning, requestKeyUsageCA},
	{"request-ext-key-usage-any", "RFC 5280, Section 4.2.1.12", Warning, requestExtKeyUsageAny},
	{"request-ext-key-usage-empty", "RFC 5280, Section 4.2.1.12", Error, requestExtKeyUsageEmpty},
	{"request-name-constraints", "RFC 5280, Section 4.2.1.10", Warning, requestNameConstraints},
	{"request-challenge-password", "RFC 2985, Section 5.4.1", Warning, requestChallengePassword},
	{"request-attribute-repeated", "RFC 2986, Section 4.1", Warning, requestAttributeRepeated},
	{"request-attribute-values", "RFC 2985, Section 5.4", Warning, requestAttributeValues},
	{"request-attribute-unknown", "RFC 2985", Info, requestAttributeUnknown},
}
