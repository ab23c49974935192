package opensslconf

import "strings"

// CA is the section of a certification authority, as openssl-ca(1) describes
// it. Texts are empty where the section does not have them.
type CA struct {
	Section          string
	OIDFile          string
	OIDSection       string
	NewCertsDir      string
	Certificate      string
	PrivateKey       string
	RandFile         string
	Database         string
	Serial           string
	RandSerial       bool // rand_serial is there, whatever its value
	CRLNumber        string
	DefaultDays      int // 0 where it is missing
	DefaultStartDate string
	DefaultEndDate   string
	DefaultCRLDays   int
	DefaultCRLHours  int
	DefaultMD        string
	UniqueSubject    bool // true where it is missing
	HasUniqueSubject bool
	X509Extensions   string
	CRLExtensions    string
	Preserve         bool
	EmailInDN        bool // true where it is missing
	MSIEHack         bool
	Policy           string // the section of the policy
	NameOpt          string
	HasNameOpt       bool
	CertOpt          string
	HasCertOpt       bool
	CopyExtensions   CopyExtensions
	Names            NameOptions // string_mask and utf8
}

// CopyExtensions says which extensions of a request go into its certificate.
type CopyExtensions int

// The choices of copy_extensions.
const (
	CopyNone    CopyExtensions = iota
	CopyMissing                // "copy": those the certificate does not have yet
	CopyAll                    // "copyall": all, in place of what is there
)

// ParseCopyExtensions reads none, copy or copyall; case makes no difference.
func ParseCopyExtensions(text string) (CopyExtensions, bool) {
	switch strings.ToLower(text) {
	case "none":
		return CopyNone, true
	case "copy":
		return CopyMissing, true
	case "copyall":
		return CopyAll, true
	}
	return CopyNone, false
}

// CA reads the section of an authority; an empty name stands for the one that
// default_ca of the section ca names. Names that only some commands need are
// not missed here. RANDFILE, preserve and msie_hack are read where OpenSSL reads
// them: in the section ca itself. The error is a *SettingError.
func (f *File) CA(section string) (CA, error) {
	if section == "" {
		name, ok := f.Value("ca", "default_ca")
		if !ok {
			return CA{}, &SettingError{Section: "ca", Name: "default_ca", Missing: true}
		}
		section = name
	}
	text := func(name string) string { return f.text(section, name) }
	c := CA{
		Section: section, OIDFile: f.text(defaultSection, "oid_file"), OIDSection: f.text(defaultSection, "oid_section"),
		NewCertsDir: text("new_certs_dir"), Certificate: text("certificate"), PrivateKey: text("private_key"),
		RandFile: f.text("ca", "RANDFILE"), Database: text("database"), Serial: text("serial"), CRLNumber: text("crlnumber"),
		DefaultStartDate: text("default_startdate"), DefaultEndDate: text("default_enddate"), DefaultMD: text("default_md"),
		X509Extensions: text("x509_extensions"), CRLExtensions: text("crl_extensions"), Policy: text("policy"),
		Preserve:  strings.HasPrefix(strings.ToLower(f.text("ca", "preserve")), "y"),
		MSIEHack:  strings.HasPrefix(strings.ToLower(f.text("ca", "msie_hack")), "y"),
		EmailInDN: text("email_in_dn") != "no",
	}
	c.NameOpt, c.HasNameOpt = f.Value(section, "name_opt")
	c.CertOpt, c.HasCertOpt = f.Value(section, "cert_opt")
	_, c.RandSerial = f.Value(section, "rand_serial")
	for name, n := range map[string]*int{"default_days": &c.DefaultDays, "default_crl_days": &c.DefaultCRLDays, "default_crl_hours": &c.DefaultCRLHours} {
		if value, ok := f.Number(section, name); ok {
			*n = int(value)
		}
	}
	unique, ok := f.Value(section, "unique_subject")
	c.UniqueSubject, c.HasUniqueSubject = YesNo(unique, true), ok
	if copying, ok := f.Value(section, "copy_extensions"); ok {
		if c.CopyExtensions, ok = ParseCopyExtensions(copying); !ok {
			return c, &SettingError{Section: section, Name: "copy_extensions", Value: copying, Detail: "it is none, copy or copyall"}
		}
	}
	c.Names.UTF8 = text("utf8") == "yes"
	return c, f.stringMask(section, &c.Names.Mask)
}

// YesNo reads a value such as unique_subject has, by its first letter: f, n
// and 0 are no, t, y and 1 are yes, all others are otherwise.
func YesNo(text string, otherwise bool) bool {
	if text == "" {
		return otherwise
	}
	switch text[0] {
	case 'f', 'F', 'n', 'N', '0':
		return false
	case 't', 'T', 'y', 'Y', '1':
		return true
	}
	return otherwise
}
