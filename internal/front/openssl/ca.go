package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

func caCommand() command {
	return command{name: "ca", usage: "[options] [certreq...]", run: ca, options: slices.Concat(
		caGeneralOptions(), caCertificateOptions(), caRevocationOptions(), randomOptions(), providerOptions(), []option{
			title("Parameters"),
			{"certreq", parameters, "Requests to sign (optional)", ""},
		})}
}

func caGeneralOptions() []option {
	return []option{
		title("General options"),
		helpOption(),
		{"verbose", flag, "Tell what is being done", ""},
		{"outdir", folder, "Folder for new certificates", ""},
		{"in", inFile, "File of the request", ""},
		{"inform", derOrPEM, "Format of the request: DER or PEM; PEM unless said", ""},
		{"infiles", flag, "The last option: requests follow", ""},
		{"out", outFile, "File for the certificates or the revocation list", ""},
		{"dateopt", str, "How dates are printed: rfc_822 or iso_8601", ""},
		{"notext", flag, "Do not print new certificates", ""},
		{"batch", flag, "Ask nothing", ""},
		{"msie_hack", flag, "Rewrite UniversalStrings (refused)", "no program of today asks for UniversalStrings to be rewritten"},
		{"ss_cert", inFile, "Self-signed certificate to sign", ""},
		{"spkac", inFile, "File of a subject and a signed public key and challenge", ""},
		engineOption(),
		title("Configuration options"),
		{"config", str, "Configuration file", ""},
		{"name", str, "Section of the authority in the configuration file", ""},
		{"section", str, "The same as -name", ""},
		{"policy", str, "Section of the policy", ""},
	}
}

func caCertificateOptions() []option {
	return []option{
		title("Certificate options"),
		{"subj", str, "Subject in place of the request's", ""},
		{"utf8", flag, "What is typed is UTF-8", ""},
		{"create_serial", flag, "Begin with a random serial number where none can be read", ""},
		{"rand_serial", flag, "Draw each serial number, and store none", ""},
		{"multivalue-rdn", flag, "Without effect: parts of several values are always read", ""},
		{"startdate", str, "Start of validity, YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ", ""},
		{"enddate", str, "End of validity, in place of -days", ""},
		{"days", positive, "Days of validity", ""},
		{"extensions", str, "Section of extensions", ""},
		{"extfile", inFile, "Configuration file with extensions", ""},
		{"preserveDN", flag, "Leave the subject in the order of the request", ""},
		{"noemailDN", flag, "Leave the address for e-mail out of the subject", ""},
		title("Signing options"),
		{"md", str, "Digest", ""},
		{"keyfile", str, "File of the authority's private key", ""},
		{"keyform", keyFormat, "Format of the key file", ""},
		{"passin", str, "Where the passphrase of the key comes from", ""},
		{"key", str, "Passphrase of the key; -passin keeps it out of sight", ""},
		{"cert", inFile, "File of the authority's certificate", ""},
		{"certform", derOrPEM, "Format of the certificate; it is found out", ""},
		{"selfsign", flag, "Sign with the key of the request", ""},
		{"sigopt", str, "Parameter of the signature, NAME:VALUE", ""},
		{"vfyopt", str, "Parameter of verification, NAME:VALUE", ""},
	}
}

func caRevocationOptions() []option {
	return []option{
		title("Revocation options"),
		{"gencrl", flag, "Make a revocation list", ""},
		{"valid", str, "Certificate to enter as valid", ""},
		{"status", str, "Serial number to show the status of", ""},
		{"updatedb", flag, "Mark certificates that expired", ""},
		{"crlexts", str, "Section of extensions for the revocation list", ""},
		{"crl_reason", str, "Reason of a revocation", ""},
		{"crl_hold", str, "Hold instruction of a revocation, an object identifier", ""},
		{"crl_compromise", str, "When the key was compromised, YYYYMMDDHHMMSSZ", ""},
		{"crl_CA_compromise", str, "When the authority's key was compromised, YYYYMMDDHHMMSSZ", ""},
		{"crl_lastupdate", str, "Date of the revocation list", ""},
		{"crl_nextupdate", str, "Date of the next revocation list", ""},
		{"crldays", positive, "Days to the next revocation list", ""},
		{"crlhours", positive, "Hours to the next revocation list", ""},
		{"crlsec", positive, "Seconds to the next revocation list", ""},
		{"revoke", inFile, "Certificate to revoke", ""},
	}
}

// authority is one run of the command: an authority's directory, locked.
type authority struct {
	*call
	file     *opensslconf.File
	conf     opensslconf.CA
	key      *key.Private
	cert     *cert.Certificate // nil where requests are signed by their own keys alone
	index    *opensslca.Index
	unique   bool
	how      signing
	flags    text.NameFlags
	printing text.Options
	brief    bool // neither name_opt nor cert_opt is there: the subject alone is printed
	iso      bool

	requests signingRun
}

func ca(c *call) error {
	a := &authority{call: c}
	if err := a.configure(); err != nil {
		return err
	}
	if c.has("status") {
		return a.status(c.text("status"))
	}
	if err := a.loadKeys(); err != nil {
		return err
	}
	if err := a.checkOutput(); err != nil {
		return err
	}
	database, err := a.setting("database", a.conf.Database)
	if err != nil {
		return err
	}
	unlock, err := opensslca.Lock(c.path(database))
	if err != nil {
		return complain("Problem with index file: %s (could not load/parse file)\n%v", database, err)
	}
	defer unlock()
	defer func() { a.index.DropOld() }()
	if folder := a.conf.NewCertsDir; folder != "" {
		opensslca.Tidy(a.path(folder), a.path(database))
	}
	if err := a.loadIndex(database); err != nil {
		return err
	}
	return a.act()
}

// act does what the options ask for, in the order of their effect on the
// index.
func (a *authority) act() error {
	if a.has("updatedb") {
		if err := a.update(); err != nil {
			return err
		}
	}
	if a.has("extfile") {
		if err := a.loadExtensions(); err != nil {
			return err
		}
	}
	if a.signs() || a.has("gencrl") {
		if err := a.chooseDigest(); err != nil {
			return err
		}
	}
	if a.signs() {
		if done, err := a.certify(); err != nil || !done {
			return err
		}
	}
	if a.has("gencrl") {
		if err := a.makeList(); err != nil {
			return err
		}
	}
	if a.hasAny("revoke", "valid") {
		return a.enter()
	}
	return nil
}

// signs reports whether there are requests to sign.
func (a *authority) signs() bool { return a.hasAny("in", "infiles", "ss_cert", "spkac") }

// configure reads the configuration file and the section of the authority.
func (a *authority) configure() error {
	switch a.text("dateopt") {
	case "", "rfc_822":
	case "iso_8601":
		a.iso = true
	default:
		return a.misuse("Invalid date format: %s", a.text("dateopt"))
	}
	var err error
	if a.file, err = a.loadConfig(a.text("config"), true); err != nil {
		return err
	}
	section := a.text("section")
	for _, g := range a.given {
		if g.name == "name" || g.name == "section" {
			section = g.value
		}
	}
	a.conf, err = a.file.CA(section)
	var fault *opensslconf.SettingError
	switch {
	case errors.As(err, &fault) && fault.Missing:
		return lookupFailed(fault.Section, fault.Name)
	case errors.As(err, &fault) && fault.Name == "copy_extensions":
		return because(fmt.Sprintf("Invalid extension copy option: \"%s\"", fault.Value), err)
	case errors.As(err, &fault) && fault.Name == "string_mask":
		return because("Invalid global string mask setting "+fault.Value, err)
	case err != nil:
		return err
	}
	if a.conf.MSIEHack {
		return complain("ca: msie_hack is not supported by certwright openssl: no program of today asks for UniversalStrings to be rewritten")
	}
	a.addObjects(a.file, a.conf.OIDFile)
	a.objects = a.file.Objects()
	if a.has("utf8") {
		a.conf.Names.UTF8 = true
	}
	return a.checkVerification()
}

func lookupFailed(section, name string) error {
	return complain("variable lookup failed for %s::%s", section, name)
}

// setting refuses a name that the section has to have.
func (a *authority) setting(name, value string) (string, error) {
	if value == "" {
		return "", lookupFailed(a.conf.Section, name)
	}
	return value, nil
}

// loadKeys reads the authority's private key and its certificate.
func (a *authority) loadKeys() error {
	name := a.text("keyfile")
	if name == "" {
		var err error
		if name, err = a.setting("private_key", a.conf.PrivateKey); err != nil {
			return err
		}
	}
	secret, err := a.secret("passin")
	if err != nil {
		return err
	}
	if a.has("key") {
		secret = []byte(a.text("key"))
	}
	if a.key, err = a.loadPrivate(keySource{file: name, format: a.text("keyform"), secret: secret, what: "CA private key"}); err != nil {
		return err
	}
	if a.selfSigns() && !a.has("gencrl") {
		return nil
	}
	if name = a.text("cert"); name == "" {
		if name, err = a.setting("certificate", a.conf.Certificate); err != nil {
			return err
		}
	}
	if a.cert, err = a.loadIssuer(name, "CA certificate", secret); err != nil {
		return complain("%v\nUnable to load CA certificate", err)
	}
	if !matches(a.key, a.cert.PublicKey) {
		return complain("CA certificate and CA private key do not match")
	}
	return nil
}

// selfSigns reports whether requests are signed by their own keys.
func (a *authority) selfSigns() bool { return a.has("selfsign") && !a.hasAny("ss_cert", "spkac") }

// checkOutput reads how certificates are printed and where they go.
func (a *authority) checkOutput() error {
	a.brief = !a.conf.HasNameOpt && !a.conf.HasCertOpt
	a.flags = text.Oneline
	if a.conf.HasNameOpt {
		flags, err := text.ParseNameOptions(a.conf.NameOpt)
		if err != nil {
			return because(fmt.Sprintf("Invalid name options: \"%s\"", a.conf.NameOpt), err)
		}
		a.flags = flags
	}
	a.printing = text.Options{Names: a.flags}
	if a.conf.HasCertOpt {
		if err := a.printing.ParsePrintOptions(a.conf.CertOpt); err != nil {
			return because(fmt.Sprintf("Invalid certificate options: \"%s\"", a.conf.CertOpt), err)
		}
	}
	a.printing.Without |= text.NoSignatureName | text.NoSignature
	if !a.signs() {
		return nil
	}
	a.requests.folder = a.text("outdir")
	if a.requests.folder == "" {
		a.requests.folder = a.conf.NewCertsDir
	}
	if a.requests.folder == "" {
		return complain("there needs to be defined a directory for new certificate to be placed in")
	}
	return nil
}

// loadExtensions reads the file of -extfile.
func (a *authority) loadExtensions() error {
	name := a.text("extfile")
	data, err := a.open(name)
	if err != nil {
		return err
	}
	if a.requests.extensions, err = opensslconf.Parse(name, data, a.source()); err != nil {
		return because(fmt.Sprintf("%s: Error on config file \"%s\"", a.command.name, name), err)
	}
	if a.has("verbose") {
		fmt.Fprintf(a.Stderr, "Successfully loaded extensions file %s\n", name)
	}
	return nil
}

// chooseDigest settles on the digest of signatures.
func (a *authority) chooseDigest() error {
	digest := a.text("md")
	if digest == "" {
		digest = a.conf.DefaultMD
	}
	if digest == "" && a.how.hashFor(a.key.Public) != "" {
		return lookupFailed(a.conf.Section, "default_md")
	}
	var err error
	if a.how, err = a.signing(digest); err != nil {
		return err
	}
	if a.has("verbose") && a.signs() {
		fmt.Fprintf(a.Stderr, "message digest is %s\n", a.how.hashFor(a.key.Public))
	}
	return nil
}

// writeOut writes to the file of -out.
func (a *authority) writeOut(out *bytes.Buffer) error {
	return a.writeFile(a.text("out"), out.Bytes(), false)
}
