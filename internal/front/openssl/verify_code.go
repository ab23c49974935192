package openssl

// A fault is a reason why a path is refused, with the number that OpenSSL
// gives it.
type fault int

const (
	unspecified       fault = 1
	noIssuer          fault = 2
	noList            fault = 3
	badSignature      fault = 7
	badListSignature  fault = 8
	notYetValid       fault = 9
	expired           fault = 10
	listNotYetValid   fault = 11
	listExpired       fault = 12
	selfSignedLeaf    fault = 18
	selfSignedInPath  fault = 19
	noLocalIssuer     fault = 20
	firstUnverified   fault = 21
	tooLong           fault = 22
	revoked           fault = 23
	pathLength        fault = 25
	unsuitablePurpose fault = 26
	notTrusted        fault = 27
	rejected          fault = 28
	noCertSign        fault = 32
	noListIssuer      fault = 33
	unknownCritical   fault = 34
	noListSign        fault = 35
	unknownListPart   fault = 36
	invalidHolder     fault = 37
	proxyPathLength   fault = 38
	proxyNotAllowed   fault = 40
	badExtension      fault = 41
	badPolicy         fault = 42
	noPolicy          fault = 43
	differentScope    fault = 44
	notPermitted      fault = 47
	excluded          fault = 48
	wrongHost         fault = 62
	wrongEmail        fault = 63
	wrongAddress      fault = 64
	weakLeafKey       fault = 66
	weakAuthorityKey  fault = 67
	weakDigest        fault = 68
	proxyName         fault = 72
	invalidAuthority  fault = 79
	pathLengthNonCA   fault = 80
	pathLengthNoSign  fault = 81
	certSignNonCA     fault = 82
	noAuthorityKeyID  fault = 85
	noSubjectKeyID    fault = 86
	notCriticalCA     fault = 89
	noKeyUsageCA      fault = 92
	explicitCurve     fault = 94
)

// words are what OpenSSL says of a fault; scripts look for them.
func (f fault) words() string {
	return map[fault]string{
		unspecified:       "unspecified certificate verification error",
		explicitCurve:     "Certificate public key has explicit ECC parameters",
		badPolicy:         "invalid or inconsistent certificate policy extension",
		noIssuer:          "unable to get issuer certificate",
		noList:            "unable to get certificate CRL",
		badSignature:      "certificate signature failure",
		badListSignature:  "CRL signature failure",
		notYetValid:       "certificate is not yet valid",
		expired:           "certificate has expired",
		listNotYetValid:   "CRL is not yet valid",
		listExpired:       "CRL has expired",
		selfSignedLeaf:    "self-signed certificate",
		selfSignedInPath:  "self-signed certificate in certificate chain",
		noLocalIssuer:     "unable to get local issuer certificate",
		firstUnverified:   "unable to verify the first certificate",
		tooLong:           "certificate chain too long",
		revoked:           "certificate revoked",
		invalidAuthority:  "invalid CA certificate",
		pathLength:        "path length constraint exceeded",
		unsuitablePurpose: "unsuitable certificate purpose",
		notTrusted:        "certificate not trusted",
		rejected:          "certificate rejected",
		noCertSign:        "key usage does not include certificate signing",
		noListIssuer:      "unable to get CRL issuer certificate",
		unknownCritical:   "unhandled critical extension",
		noListSign:        "key usage does not include CRL signing",
		unknownListPart:   "unhandled critical CRL extension",
		proxyNotAllowed:   "proxy certificates not allowed, please set the appropriate flag",
		invalidHolder:     "invalid non-CA certificate (has CA markings)",
		proxyPathLength:   "proxy path length constraint exceeded",
		proxyName:         "proxy subject name violation",
		badExtension:      "invalid or inconsistent certificate extension",
		noPolicy:          "no explicit policy",
		differentScope:    "different CRL scope",
		notPermitted:      "permitted subtree violation",
		excluded:          "excluded subtree violation",
		wrongHost:         "hostname mismatch",
		wrongEmail:        "email address mismatch",
		wrongAddress:      "IP address mismatch",
		weakLeafKey:       "EE certificate key too weak",
		weakAuthorityKey:  "CA certificate key too weak",
		weakDigest:        "CA signature digest algorithm too weak",
		pathLengthNonCA:   "Path length invalid for non-CA cert",
		pathLengthNoSign:  "Path length given without key usage keyCertSign",
		certSignNonCA:     "Key usage keyCertSign invalid for non-CA cert",
		noAuthorityKeyID:  "Missing Authority Key Identifier",
		noSubjectKeyID:    "Missing Subject Key Identifier",
		notCriticalCA:     "Basic Constraints of CA cert not marked critical",
		noKeyUsageCA:      "CA cert does not include key usage extension",
	}[f]
}

// goesOn reports whether the command looks for more faults after this one.
func (f fault) goesOn() bool {
	switch f {
	case expired, selfSignedLeaf, invalidAuthority, pathLength, listExpired, listNotYetValid, unknownCritical, noPolicy,
		pathLengthNonCA, pathLengthNoSign, certSignNonCA, noAuthorityKeyID, noSubjectKeyID, notCriticalCA, noKeyUsageCA:
		return true
	}
	return false
}
