package oid

// DN attribute types (RFC 5280, Section 4.1.2.4 and Appendix A; RFC 4519).
const (
	CommonName             OID = "\x55\x04\x03"                                 // 2.5.4.3
	Surname                OID = "\x55\x04\x04"                                 // 2.5.4.4
	SerialNumber           OID = "\x55\x04\x05"                                 // 2.5.4.5
	Country                OID = "\x55\x04\x06"                                 // 2.5.4.6
	Locality               OID = "\x55\x04\x07"                                 // 2.5.4.7
	StateOrProvince        OID = "\x55\x04\x08"                                 // 2.5.4.8
	StreetAddress          OID = "\x55\x04\x09"                                 // 2.5.4.9
	Organization           OID = "\x55\x04\x0a"                                 // 2.5.4.10
	OrganizationalUnit     OID = "\x55\x04\x0b"                                 // 2.5.4.11
	Title                  OID = "\x55\x04\x0c"                                 // 2.5.4.12
	Description            OID = "\x55\x04\x0d"                                 // 2.5.4.13
	BusinessCategory       OID = "\x55\x04\x0f"                                 // 2.5.4.15
	PostalCode             OID = "\x55\x04\x11"                                 // 2.5.4.17
	Name                   OID = "\x55\x04\x29"                                 // 2.5.4.41
	GivenName              OID = "\x55\x04\x2a"                                 // 2.5.4.42
	Initials               OID = "\x55\x04\x2b"                                 // 2.5.4.43
	GenerationQualifier    OID = "\x55\x04\x2c"                                 // 2.5.4.44
	DNQualifier            OID = "\x55\x04\x2e"                                 // 2.5.4.46
	Pseudonym              OID = "\x55\x04\x41"                                 // 2.5.4.65
	OrganizationIdentifier OID = "\x55\x04\x61"                                 // 2.5.4.97
	DomainComponent        OID = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"     // 0.9.2342.19200300.100.1.25
	UserID                 OID = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"     // 0.9.2342.19200300.100.1.1
	EmailAddress           OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"         // 1.2.840.113549.1.9.1
	JurisdictionLocality   OID = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01" // 1.3.6.1.4.1.311.60.2.1.1
	JurisdictionState      OID = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02" // 1.3.6.1.4.1.311.60.2.1.2
	JurisdictionCountry    OID = "\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03" // 1.3.6.1.4.1.311.60.2.1.3
)

// Attributes of requests (RFC 2985) and other PKCS #9 types.
const (
	UnstructuredName    OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"     // 1.2.840.113549.1.9.2
	ContentType         OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"     // 1.2.840.113549.1.9.3
	MessageDigest       OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"     // 1.2.840.113549.1.9.4
	SigningTime         OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05"     // 1.2.840.113549.1.9.5
	ChallengePassword   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07"     // 1.2.840.113549.1.9.7
	UnstructuredAddress OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x08"     // 1.2.840.113549.1.9.8
	ExtensionRequest    OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"     // 1.2.840.113549.1.9.14
	SMIMECapabilities   OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f"     // 1.2.840.113549.1.9.15
	FriendlyName        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"     // 1.2.840.113549.1.9.20
	LocalKeyID          OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15"     // 1.2.840.113549.1.9.21
	MSExtensionRequest  OID = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e" // 1.3.6.1.4.1.311.2.1.14
	MSOSVersion         OID = "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x03" // 1.3.6.1.4.1.311.13.2.3
	MSEnrollmentCSP     OID = "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x02" // 1.3.6.1.4.1.311.13.2.2
	MSRequestClientInfo OID = "\x2b\x06\x01\x04\x01\x82\x37\x15\x14"     // 1.3.6.1.4.1.311.21.20
	MSNameValuePair     OID = "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x01" // 1.3.6.1.4.1.311.13.2.1
)

// Certificate and CRL extensions (RFC 5280, Section 4.2 and 5.2).
const (
	SubjectDirectoryAttributes OID = "\x55\x1d\x09"                             // 2.5.29.9
	SubjectKeyIdentifier       OID = "\x55\x1d\x0e"                             // 2.5.29.14
	KeyUsage                   OID = "\x55\x1d\x0f"                             // 2.5.29.15
	PrivateKeyUsagePeriod      OID = "\x55\x1d\x10"                             // 2.5.29.16
	SubjectAltName             OID = "\x55\x1d\x11"                             // 2.5.29.17
	IssuerAltName              OID = "\x55\x1d\x12"                             // 2.5.29.18
	BasicConstraints           OID = "\x55\x1d\x13"                             // 2.5.29.19
	CRLNumber                  OID = "\x55\x1d\x14"                             // 2.5.29.20
	ReasonCode                 OID = "\x55\x1d\x15"                             // 2.5.29.21
	HoldInstructionCode        OID = "\x55\x1d\x17"                             // 2.5.29.23
	InvalidityDate             OID = "\x55\x1d\x18"                             // 2.5.29.24
	DeltaCRLIndicator          OID = "\x55\x1d\x1b"                             // 2.5.29.27
	IssuingDistributionPoint   OID = "\x55\x1d\x1c"                             // 2.5.29.28
	CertificateIssuer          OID = "\x55\x1d\x1d"                             // 2.5.29.29
	NameConstraints            OID = "\x55\x1d\x1e"                             // 2.5.29.30
	CRLDistributionPoints      OID = "\x55\x1d\x1f"                             // 2.5.29.31
	CertificatePolicies        OID = "\x55\x1d\x20"                             // 2.5.29.32
	AnyPolicy                  OID = "\x55\x1d\x20\x00"                         // 2.5.29.32.0
	PolicyMappings             OID = "\x55\x1d\x21"                             // 2.5.29.33
	AuthorityKeyIdentifier     OID = "\x55\x1d\x23"                             // 2.5.29.35
	PolicyConstraints          OID = "\x55\x1d\x24"                             // 2.5.29.36
	ExtKeyUsage                OID = "\x55\x1d\x25"                             // 2.5.29.37
	FreshestCRL                OID = "\x55\x1d\x2e"                             // 2.5.29.46
	InhibitAnyPolicy           OID = "\x55\x1d\x36"                             // 2.5.29.54
	NoRevAvail                 OID = "\x55\x1d\x38"                             // 2.5.29.56
	AuthorityInfoAccess        OID = "\x2b\x06\x01\x05\x05\x07\x01\x01"         // 1.3.6.1.5.5.7.1.1
	SubjectInfoAccess          OID = "\x2b\x06\x01\x05\x05\x07\x01\x0b"         // 1.3.6.1.5.5.7.1.11
	TLSFeature                 OID = "\x2b\x06\x01\x05\x05\x07\x01\x18"         // 1.3.6.1.5.5.7.1.24
	QCStatements               OID = "\x2b\x06\x01\x05\x05\x07\x01\x03"         // 1.3.6.1.5.5.7.1.3
	SCTList                    OID = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02" // 1.3.6.1.4.1.11129.2.4.2
	CTPoison                   OID = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03" // 1.3.6.1.4.1.11129.2.4.3
	OCSPNoCheck                OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"     // 1.3.6.1.5.5.7.48.1.5
	MSCertType                 OID = "\x2b\x06\x01\x04\x01\x82\x37\x14\x02"     // 1.3.6.1.4.1.311.20.2
	MSCertTemplate             OID = "\x2b\x06\x01\x04\x01\x82\x37\x15\x07"     // 1.3.6.1.4.1.311.21.7
	MSAppPolicies              OID = "\x2b\x06\x01\x04\x01\x82\x37\x15\x0a"     // 1.3.6.1.4.1.311.21.10
	MSCAVersion                OID = "\x2b\x06\x01\x04\x01\x82\x37\x15\x01"     // 1.3.6.1.4.1.311.21.1
	NTDSCASecurity             OID = "\x2b\x06\x01\x04\x01\x82\x37\x19\x02"     // 1.3.6.1.4.1.311.25.2
	NTDSObjectSID              OID = "\x2b\x06\x01\x04\x01\x82\x37\x19\x02\x01" // 1.3.6.1.4.1.311.25.2.1
	NetscapeCertType           OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x01"     // 2.16.840.1.113730.1.1
	NetscapeComment            OID = "\x60\x86\x48\x01\x86\xf8\x42\x01\x0d"     // 2.16.840.1.113730.1.13
)

// Access methods, other names, policy qualifiers.
const (
	AccessOCSP          OID = "\x2b\x06\x01\x05\x05\x07\x30\x01"         // 1.3.6.1.5.5.7.48.1
	AccessCAIssuers     OID = "\x2b\x06\x01\x05\x05\x07\x30\x02"         // 1.3.6.1.5.5.7.48.2
	AccessTimeStamping  OID = "\x2b\x06\x01\x05\x05\x07\x30\x03"         // 1.3.6.1.5.5.7.48.3
	AccessCARepository  OID = "\x2b\x06\x01\x05\x05\x07\x30\x05"         // 1.3.6.1.5.5.7.48.5
	UPN                 OID = "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03" // 1.3.6.1.4.1.311.20.2.3
	SmtpUTF8Mailbox     OID = "\x2b\x06\x01\x05\x05\x07\x08\x09"         // 1.3.6.1.5.5.7.8.9
	XmppAddr            OID = "\x2b\x06\x01\x05\x05\x07\x08\x05"         // 1.3.6.1.5.5.7.8.5
	DNSSRV              OID = "\x2b\x06\x01\x05\x05\x07\x08\x07"         // 1.3.6.1.5.5.7.8.7
	PermanentIdentifier OID = "\x2b\x06\x01\x05\x05\x07\x08\x03"         // 1.3.6.1.5.5.7.8.3
	HardwareModuleName  OID = "\x2b\x06\x01\x05\x05\x07\x08\x04"         // 1.3.6.1.5.5.7.8.4
	KerberosPrincipal   OID = "\x2b\x06\x01\x05\x02\x02"                 // 1.3.6.1.5.2.2
	QualifierCPS        OID = "\x2b\x06\x01\x05\x05\x07\x02\x01"         // 1.3.6.1.5.5.7.2.1
	QualifierUserNotice OID = "\x2b\x06\x01\x05\x05\x07\x02\x02"         // 1.3.6.1.5.5.7.2.2
)

// Extended key usages (RFC 5280, Section 4.2.1.12).
const (
	AnyExtKeyUsage  OID = "\x55\x1d\x25\x00"                         // 2.5.29.37.0
	ServerAuth      OID = "\x2b\x06\x01\x05\x05\x07\x03\x01"         // 1.3.6.1.5.5.7.3.1
	ClientAuth      OID = "\x2b\x06\x01\x05\x05\x07\x03\x02"         // 1.3.6.1.5.5.7.3.2
	CodeSigning     OID = "\x2b\x06\x01\x05\x05\x07\x03\x03"         // 1.3.6.1.5.5.7.3.3
	EmailProtection OID = "\x2b\x06\x01\x05\x05\x07\x03\x04"         // 1.3.6.1.5.5.7.3.4
	TimeStamping    OID = "\x2b\x06\x01\x05\x05\x07\x03\x08"         // 1.3.6.1.5.5.7.3.8
	OCSPSigning     OID = "\x2b\x06\x01\x05\x05\x07\x03\x09"         // 1.3.6.1.5.5.7.3.9
	CMCCA           OID = "\x2b\x06\x01\x05\x05\x07\x03\x1b"         // 1.3.6.1.5.5.7.3.27
	CMCRA           OID = "\x2b\x06\x01\x05\x05\x07\x03\x1c"         // 1.3.6.1.5.5.7.3.28
	CMKGA           OID = "\x2b\x06\x01\x05\x05\x07\x03\x20"         // 1.3.6.1.5.5.7.3.32
	SmartcardLogon  OID = "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x02" // 1.3.6.1.4.1.311.20.2.2
	DocumentSigning OID = "\x2b\x06\x01\x05\x05\x07\x03\x24"         // 1.3.6.1.5.5.7.3.36
)

// Public key algorithms (RFC 3279, 4055, 5480, 8410, 9881).
const (
	RSAEncryption  OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1
	RSASSAPSS      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a" // 1.2.840.113549.1.1.10
	RSAESOAEP      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07" // 1.2.840.113549.1.1.7
	ECPublicKey    OID = "\x2a\x86\x48\xce\x3d\x02\x01"         // 1.2.840.10045.2.1
	ECDH           OID = "\x2b\x81\x04\x01\x0c"                 // 1.3.132.1.12
	X25519         OID = "\x2b\x65\x6e"                         // 1.3.101.110
	X448           OID = "\x2b\x65\x6f"                         // 1.3.101.111
	Ed25519        OID = "\x2b\x65\x70"                         // 1.3.101.112
	Ed448          OID = "\x2b\x65\x71"                         // 1.3.101.113
	DSA            OID = "\x2a\x86\x48\xce\x38\x04\x01"         // 1.2.840.10040.4.1
	DHPublicNumber OID = "\x2a\x86\x48\xce\x3e\x02\x01"         // 1.2.840.10046.2.1
	DHKeyAgreement OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01" // 1.2.840.113549.1.3.1
	MLDSA44        OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x11" // 2.16.840.1.101.3.4.3.17
	MLDSA65        OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x12" // 2.16.840.1.101.3.4.3.18
	MLDSA87        OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x13" // 2.16.840.1.101.3.4.3.19
)

// Elliptic curves (RFC 5480, RFC 5639, SEC 2).
const (
	P192                   OID = "\x2a\x86\x48\xce\x3d\x03\x01\x01"     // 1.2.840.10045.3.1.1
	P224                   OID = "\x2b\x81\x04\x00\x21"                 // 1.3.132.0.33
	P256                   OID = "\x2a\x86\x48\xce\x3d\x03\x01\x07"     // 1.2.840.10045.3.1.7
	P384                   OID = "\x2b\x81\x04\x00\x22"                 // 1.3.132.0.34
	P521                   OID = "\x2b\x81\x04\x00\x23"                 // 1.3.132.0.35
	Secp256k1              OID = "\x2b\x81\x04\x00\x0a"                 // 1.3.132.0.10
	BrainpoolP160r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x01" // 1.3.36.3.3.2.8.1.1.1
	BrainpoolP192r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x03" // 1.3.36.3.3.2.8.1.1.3
	BrainpoolP224r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x05" // 1.3.36.3.3.2.8.1.1.5
	BrainpoolP256r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x07" // 1.3.36.3.3.2.8.1.1.7
	BrainpoolP256t1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x08" // 1.3.36.3.3.2.8.1.1.8
	BrainpoolP320r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x09" // 1.3.36.3.3.2.8.1.1.9
	BrainpoolP384r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b" // 1.3.36.3.3.2.8.1.1.11
	BrainpoolP384t1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x0c" // 1.3.36.3.3.2.8.1.1.12
	BrainpoolP512r1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d" // 1.3.36.3.3.2.8.1.1.13
	BrainpoolP512t1        OID = "\x2b\x24\x03\x03\x02\x08\x01\x01\x0e" // 1.3.36.3.3.2.8.1.1.14
	PrimeField             OID = "\x2a\x86\x48\xce\x3d\x01\x01"         // 1.2.840.10045.1.1
	CharacteristicTwoField OID = "\x2a\x86\x48\xce\x3d\x01\x02"         // 1.2.840.10045.1.2
)

// Signature algorithms.
const (
	MD2WithRSA        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02" // 1.2.840.113549.1.1.2
	MD4WithRSA        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x03" // 1.2.840.113549.1.1.3
	MD5WithRSA        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04" // 1.2.840.113549.1.1.4
	SHA1WithRSA       OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05" // 1.2.840.113549.1.1.5
	SHA1WithRSAOIW    OID = "\x2b\x0e\x03\x02\x1d"                 // 1.3.14.3.2.29
	SHA224WithRSA     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e" // 1.2.840.113549.1.1.14
	SHA256WithRSA     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" // 1.2.840.113549.1.1.11
	SHA384WithRSA     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c" // 1.2.840.113549.1.1.12
	SHA512WithRSA     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d" // 1.2.840.113549.1.1.13
	SHA512_224WithRSA OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0f" // 1.2.840.113549.1.1.15
	SHA512_256WithRSA OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x10" // 1.2.840.113549.1.1.16
	SHA3_224WithRSA   OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0d" // 2.16.840.1.101.3.4.3.13
	SHA3_256WithRSA   OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0e" // 2.16.840.1.101.3.4.3.14
	SHA3_384WithRSA   OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0f" // 2.16.840.1.101.3.4.3.15
	SHA3_512WithRSA   OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x10" // 2.16.840.1.101.3.4.3.16
	ECDSAWithSHA1     OID = "\x2a\x86\x48\xce\x3d\x04\x01"         // 1.2.840.10045.4.1
	ECDSAWithSHA224   OID = "\x2a\x86\x48\xce\x3d\x04\x03\x01"     // 1.2.840.10045.4.3.1
	ECDSAWithSHA256   OID = "\x2a\x86\x48\xce\x3d\x04\x03\x02"     // 1.2.840.10045.4.3.2
	ECDSAWithSHA384   OID = "\x2a\x86\x48\xce\x3d\x04\x03\x03"     // 1.2.840.10045.4.3.3
	ECDSAWithSHA512   OID = "\x2a\x86\x48\xce\x3d\x04\x03\x04"     // 1.2.840.10045.4.3.4
	ECDSAWithSHA3_224 OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x09" // 2.16.840.1.101.3.4.3.9
	ECDSAWithSHA3_256 OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0a" // 2.16.840.1.101.3.4.3.10
	ECDSAWithSHA3_384 OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0b" // 2.16.840.1.101.3.4.3.11
	ECDSAWithSHA3_512 OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x0c" // 2.16.840.1.101.3.4.3.12
	DSAWithSHA1       OID = "\x2a\x86\x48\xce\x38\x04\x03"         // 1.2.840.10040.4.3
	DSAWithSHA224     OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x01" // 2.16.840.1.101.3.4.3.1
	DSAWithSHA256     OID = "\x60\x86\x48\x01\x65\x03\x04\x03\x02" // 2.16.840.1.101.3.4.3.2
	MGF1              OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" // 1.2.840.113549.1.1.8
)

// Digests and message authentication.
const (
	MD5                OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x05"     // 1.2.840.113549.2.5
	SHA1               OID = "\x2b\x0e\x03\x02\x1a"                 // 1.3.14.3.2.26
	SHA224             OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x04" // 2.16.840.1.101.3.4.2.4
	SHA256             OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	SHA384             OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	SHA512             OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3
	SHA512_224         OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x05" // 2.16.840.1.101.3.4.2.5
	SHA512_256         OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x06" // 2.16.840.1.101.3.4.2.6
	SHA3_224           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x07" // 2.16.840.1.101.3.4.2.7
	SHA3_256           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x08" // 2.16.840.1.101.3.4.2.8
	SHA3_384           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x09" // 2.16.840.1.101.3.4.2.9
	SHA3_512           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0a" // 2.16.840.1.101.3.4.2.10
	SHAKE128           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0b" // 2.16.840.1.101.3.4.2.11
	SHAKE256           OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x0c" // 2.16.840.1.101.3.4.2.12
	HMACWithSHA1       OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x07"     // 1.2.840.113549.2.7
	HMACWithSHA224     OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x08"     // 1.2.840.113549.2.8
	HMACWithSHA256     OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x09"     // 1.2.840.113549.2.9
	HMACWithSHA384     OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x0a"     // 1.2.840.113549.2.10
	HMACWithSHA512     OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x0b"     // 1.2.840.113549.2.11
	HMACWithSHA512_224 OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x0c"     // 1.2.840.113549.2.12
	HMACWithSHA512_256 OID = "\x2a\x86\x48\x86\xf7\x0d\x02\x0d"     // 1.2.840.113549.2.13
)

// Private key encryption (RFC 8018, RFC 7914, RFC 7292) and ciphers.
const (
	PBES2                          OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"         // 1.2.840.113549.1.5.13
	PBKDF2                         OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"         // 1.2.840.113549.1.5.12
	Scrypt                         OID = "\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"         // 1.3.6.1.4.1.11591.4.11
	PBEWithMD2AndDESCBC            OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x01"         // 1.2.840.113549.1.5.1
	PBEWithMD5AndDESCBC            OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x03"         // 1.2.840.113549.1.5.3
	PBEWithMD2AndRC2CBC            OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x04"         // 1.2.840.113549.1.5.4
	PBEWithMD5AndRC2CBC            OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x06"         // 1.2.840.113549.1.5.6
	PBEWithSHA1AndDESCBC           OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0a"         // 1.2.840.113549.1.5.10
	PBEWithSHA1AndRC2CBC           OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0b"         // 1.2.840.113549.1.5.11
	PBEWithSHA1And128BitRC4        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x01"     // 1.2.840.113549.1.12.1.1
	PBEWithSHA1And40BitRC4         OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x02"     // 1.2.840.113549.1.12.1.2
	PBEWithSHA1And3KeyTripleDESCBC OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"     // 1.2.840.113549.1.12.1.3
	PBEWithSHA1And2KeyTripleDESCBC OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x04"     // 1.2.840.113549.1.12.1.4
	PBEWithSHA1And128BitRC2CBC     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x05"     // 1.2.840.113549.1.12.1.5
	PBEWithSHA1And40BitRC2CBC      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x06"     // 1.2.840.113549.1.12.1.6
	DESCBC                         OID = "\x2b\x0e\x03\x02\x07"                         // 1.3.14.3.2.7
	DESEDE3CBC                     OID = "\x2a\x86\x48\x86\xf7\x0d\x03\x07"             // 1.2.840.113549.3.7
	RC2CBC                         OID = "\x2a\x86\x48\x86\xf7\x0d\x03\x02"             // 1.2.840.113549.3.2
	AES128CBC                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x02"         // 2.16.840.1.101.3.4.1.2
	AES192CBC                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x16"         // 2.16.840.1.101.3.4.1.22
	AES256CBC                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2a"         // 2.16.840.1.101.3.4.1.42
	AES128GCM                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x06"         // 2.16.840.1.101.3.4.1.6
	AES192GCM                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x1a"         // 2.16.840.1.101.3.4.1.26
	AES256GCM                      OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"         // 2.16.840.1.101.3.4.1.46
	Camellia128CBC                 OID = "\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x02" // 1.2.392.200011.61.1.1.1.2
	Camellia192CBC                 OID = "\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x03" // 1.2.392.200011.61.1.1.1.3
	Camellia256CBC                 OID = "\x2a\x83\x08\x8c\x9a\x4b\x3d\x01\x01\x01\x04" // 1.2.392.200011.61.1.1.1.4
	ARIA256CBC                     OID = "\x2a\x83\x1a\x8c\x9a\x6e\x01\x01\x0c"         // 1.2.410.200046.1.1.12
)

// Content types (RFC 5652, RFC 7292).
const (
	Data              OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"         // 1.2.840.113549.1.7.1
	SignedData        OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"         // 1.2.840.113549.1.7.2
	EnvelopedData     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"         // 1.2.840.113549.1.7.3
	DigestedData      OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x05"         // 1.2.840.113549.1.7.5
	EncryptedData     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06"         // 1.2.840.113549.1.7.6
	AuthEnvelopedData OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17" // 1.2.840.113549.1.9.16.1.23
	CompressedData    OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09" // 1.2.840.113549.1.9.16.1.9
	TSTInfo           OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04" // 1.2.840.113549.1.9.16.1.4
	BasicOCSPResponse OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"         // 1.3.6.1.5.5.7.48.1.1
	OCSPNonce         OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x02"         // 1.3.6.1.5.5.7.48.1.2

	OCSPResponse       OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x04" // 1.3.6.1.5.5.7.48.1.4
	OCSPArchiveCutoff  OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x06" // 1.3.6.1.5.5.7.48.1.6
	OCSPExtendedRevoke OID = "\x2b\x06\x01\x05\x05\x07\x30\x01\x09" // 1.3.6.1.5.5.7.48.1.9
)
