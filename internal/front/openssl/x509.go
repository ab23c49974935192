package openssl

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

func x509Command() command {
	return command{name: "x509", run: x509, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"in", inFile, "File of a certificate, or of a request with -req (default: standard input)", ""},
		{"passin", str, "Where the passphrase of keys and files comes from", ""},
		{"new", flag, "Make a certificate of nothing but options", ""},
		{"x509toreq", flag, "Make a request of the certificate", ""},
		{"req", flag, "The input is a request", ""},
		{"copy_extensions", str, "Extensions taken over from a request, or into one: none, copy, copyall", ""},
		{"inform", anyFormat, "Format of the input", ""},
		{"vfyopt", str, "A parameter of the request's verification, NAME:VALUE", ""},
		{"key", str, "Private key to sign with; the certificate becomes self-signed", ""},
		{"signkey", str, "The same as -key", ""},
		{"keyform", keyFormat, "Format of the key", ""},
		{"out", outFile, "File for the output", ""},
		{"outform", anyFormat, "Format of the output", ""},
		{"nocert", flag, "Write no certificate", ""},
		{"noout", flag, "Write nothing that is not asked for", ""},
	}, x509PrintOptions(), []option{
		title("Certificate output options"),
		{"set_serial", str, "Serial number", ""},
		{"next_serial", flag, "Print the number after the serial number", ""},
		{"days", number, "Days that the certificate is valid (default: 30)", ""},
		{"preserve_dates", flag, "Keep the dates of the certificate", ""},
		{"subj", str, "Subject, as /C=UK/O=Example/CN=name", ""},
		{"force_pubkey", inFile, "File of the public key that the certificate is for", ""},
		{"clrext", flag, "Take no extensions over", ""},
		{"extfile", inFile, "Configuration file of extensions to add", ""},
		{"extensions", str, "Section of it (default: the unnamed section)", ""},
		{"sigopt", str, "A parameter of the signature, NAME:VALUE", ""},
		{"badsig", flag, "Damage the signature", ""},
		{"", anyDigest, "Digest to sign and print with", ""},
		title("Micro-CA options"),
		{"CA", inFile, "Certificate of the issuer", ""},
		{"CAform", anyFormat, "Format of the issuer's certificate; found out", ""},
		{"CAkey", str, "Private key of the issuer (default: in the file of -CA)", ""},
		{"CAkeyform", keyFormat, "Format of the issuer's key", ""},
		{"CAserial", str, "File of serial numbers", ""},
		{"CAcreateserial", flag, "Make the file of serial numbers where there is none", ""},
		title("Certificate trust output options"),
		{"trustout", flag, "Write a TRUSTED CERTIFICATE", ""},
		{"setalias", str, "Set the alias", ""},
		{"clrtrust", flag, "Take away all uses that it is trusted for", ""},
		{"addtrust", str, "Trust it for a use", ""},
		{"clrreject", flag, "Take away all uses that it is rejected for", ""},
		{"addreject", str, "Reject it for a use", ""},
	}, randomOptions(), []option{engineOption()}, providerOptions())}
}

func x509PrintOptions() []option {
	return []option{
		title("Certificate printing options"),
		{"text", flag, "Print the certificate", ""},
		{"dateopt", str, "How -startdate and -enddate are printed: rfc_822 or iso_8601", ""},
		{"certopt", str, "How -text prints", ""},
		{"fingerprint", flag, "Print the digest of the certificate", ""},
		{"alias", flag, "Print the alias", ""},
		{"serial", flag, "Print the serial number", ""},
		{"startdate", flag, "Print notBefore", ""},
		{"enddate", flag, "Print notAfter", ""},
		{"dates", flag, "Print both", ""},
		{"subject", flag, "Print the subject", ""},
		{"issuer", flag, "Print the issuer", ""},
		{"nameopt", str, "How names are printed", ""},
		{"email", flag, "Print the e-mail addresses", ""},
		{"hash", flag, "The same as -subject_hash", ""},
		{"subject_hash", flag, "Print the hash of the subject", ""},
		{"subject_hash_old", flag, "Print the old hash of the subject", ""},
		{"issuer_hash", flag, "Print the hash of the issuer", ""},
		{"issuer_hash_old", flag, "Print the old hash of the issuer", ""},
		{"ext", str, "Print these extensions", ""},
		{"ocspid", flag, "Print the hashes that OCSP names it by", ""},
		{"ocsp_uri", flag, "Print where its OCSP responders are", ""},
		{"purpose", flag, "Print what it may be used for", ""},
		{"pubkey", flag, "Print the public key", ""},
		{"modulus", flag, "Print the modulus of an RSA key", ""},
		title("Certificate checking options"),
		{"checkend", moment, "Does it expire within so many seconds? Exit 1 if so", ""},
		{"checkhost", str, "Is it for this host?", ""},
		{"checkemail", str, "Is it for this e-mail address?", ""},
		{"checkip", str, "Is it for this IP address?", ""},
	}
}

// certifying is one run of x509.
type certifying struct {
	*call
	flags   text.NameFlags
	print   text.Options
	copying opensslconf.CopyExtensions
	isoTime bool
	passin  []byte

	extensions *opensslconf.File // of -extfile; nil where there is none
	section    string
	how        signing

	key    *key.Private // -key
	ca     *cert.Certificate
	caKey  *key.Private
	public *key.Public // -force_pubkey
	in     *pkcs10.Request
	raw    []byte      // the certificate, read or made
	trust  *text.Trust // nil where there is none
	asAux  bool        // written as TRUSTED CERTIFICATE
}

func x509(c *call) error {
	x := &certifying{call: c}
	if !x.has("noout") || x.hasAny("text", "next_serial") {
		x.objects = append(x.objects, opensslconf.Object{ID: "\x86\x8d\x6f\x03", Short: "SET.ex3", Long: "SET x509v3 extension 3"}) // 2.99999.3
	}
	for _, step := range []func() error{x.readOptions, x.loadKeys, x.loadExtensions, x.loadInput, x.loadCA, x.sign, x.setTrust} {
		if err := step(); err != nil {
			return err
		}
	}
	return x.write()
}

func (x *certifying) readOptions() error {
	var err error
	if x.flags, x.print, err = x.printing("certopt"); err != nil {
		return err
	}
	if err = x.noArguments(); err != nil {
		return err
	}
	if v := x.text("copy_extensions"); v != "" {
		var ok bool
		if x.copying, ok = opensslconf.ParseCopyExtensions(v); !ok {
			return complaint{text: fmt.Sprintf("Invalid extension copy option: %s", v), usage: true}
		}
	}
	if x.isoTime, err = x.dateOption(); err != nil {
		return err
	}
	if x.count("days", 0) < -1 {
		return complain("x509: -days parameter arg must be >= -1")
	}
	if err := x.checkCombination(); err != nil {
		return err
	}
	if x.passin, err = x.secret("passin"); err != nil {
		return err
	}
	return x.checkVerification()
}

// dateOption reports whether -dateopt asks for ISO 8601.
func (c *call) dateOption() (iso bool, err error) {
	switch v := c.text("dateopt"); v {
	case "", "rfc_822":
		return false, nil
	case "iso_8601":
		return true, nil
	default:
		return false, complain("Invalid date format: %s", v)
	}
}

// checkCombination refuses options that contradict each other.
func (x *certifying) checkCombination() error {
	signed := x.hasAny("key", "signkey")
	switch {
	case x.has("preserve_dates") && x.has("days"):
		return complain("Cannot use -preserve_dates with -days option")
	case x.has("new") && x.has("in"):
		return complain("The -in option cannot be used with -new")
	case x.has("new") && x.has("req"):
		return complain("The -req option cannot be used with -new")
	case x.has("new") && x.has("preserve_dates"):
		return complain("The -preserve_dates option cannot be used with -new")
	case x.has("new") && !x.has("subj"):
		return complain("The -new option requires a subject to be set using -subj")
	case x.has("new") && !signed && !x.has("force_pubkey"):
		return complain("The -new option requires using the -key or -force_pubkey option")
	case x.has("CA") && signed:
		return complain("Cannot use both -key/-signkey and -CA option")
	}
	if !x.has("CA") {
		for _, name := range []string{"CAkey", "CAserial", "CAcreateserial"} {
			if x.has(name) {
				fmt.Fprintf(x.Stderr, "Warning: ignoring -%s option since -CA option is not given\n", name)
			}
		}
	}
	return nil
}

func (x *certifying) loadKeys() error {
	file := x.lastOf("key", "signkey")
	var err error
	if file != "" {
		if x.key, err = x.loadPrivate(keySource{file: file, format: x.text("keyform"), secret: x.passin, what: "private key"}); err != nil {
			return err
		}
	}
	if x.has("force_pubkey") {
		x.public, err = x.loadPublic(keySource{file: x.text("force_pubkey"), what: "explicitly set public key"})
	}
	return err
}

// lastOf returns the last value of several options of one meaning.
func (c *call) lastOf(names ...string) string {
	for _, g := range slices.Backward(c.given) {
		if slices.Contains(names, g.name) {
			return g.value
		}
	}
	return ""
}

func (x *certifying) loadExtensions() error {
	if !x.has("extfile") {
		if x.has("extensions") {
			fmt.Fprintln(x.Stderr, "Warning: ignoring -extensions option without -extfile")
		}
		return nil
	}
	var err error
	if x.extensions, err = x.loadConfig(x.text("extfile"), false); err != nil {
		return err
	}
	if x.section = x.text("extensions"); x.section == "" {
		if v, ok := x.extensions.Value("default", "extensions"); ok {
			x.section = v
		} else {
			x.section = "default"
		}
	}
	if _, ok := x.extensions.Section(x.section); !ok && x.section == "default" {
		x.section = ""
		return nil
	}
	if _, err := x.extensions.Extensions(x.section, opensslconf.Context{SyntaxOnly: true}); err != nil {
		return because("Error checking extension section "+x.section, err)
	}
	return nil
}

func (x *certifying) loadInput() error {
	switch {
	case x.has("new"):
		return nil
	case x.has("req"):
		return x.loadCSR()
	}
	raw, err := x.loadCertificate(x.text("in"), x.text("inform"), "certificate", x.passin)
	if err != nil {
		return complain("%s\nUnable to load certificate", err)
	}
	x.raw = withoutTrust(raw)
	if len(raw) > len(x.raw) {
		if _, trust, err := text.ReadTrusted(raw); err == nil {
			x.trust = trust
		}
	}
	if _, err := text.ReadCertificate(x.raw); err != nil {
		return complain("%s\nUnable to load certificate", x.unread("certificate", x.text("in"), err))
	}
	return nil
}

// loadCSR reads the request, and takes it only with its proof of possession.
func (x *certifying) loadCSR() error {
	var err error
	if x.in, err = x.loadRequest(x.text("in"), x.text("inform"), "certificate request input"); err != nil {
		return err
	}
	if x.in.PublicKey == nil || x.in.PublicKey.Problem != nil && x.in.PublicKey.Key == nil {
		return complain("Error unpacking public key from CSR")
	}
	if err := x.in.CheckSignature(); err != nil {
		return because("Certificate request self-signature did not match the contents", err)
	}
	fmt.Fprintln(x.Stderr, "Certificate request self-signature ok")
	w := text.NewWriter(x.Stderr, x.names)
	text.TitledName(w, "subject=", x.in.Subject, x.flags)
	return w.Flush()
}

func (x *certifying) loadCA() error {
	if !x.has("CA") {
		if x.has("req") && x.key == nil {
			return complain("We need a private key to sign with, use -key or -CAkey or -CA with private key")
		}
		return nil
	}
	var err error
	if x.ca, err = x.loadIssuer(x.text("CA"), "CA certificate", x.passin); err != nil {
		return err
	}
	file := x.text("CAkey")
	if file == "" {
		file = x.text("CA")
	}
	if x.caKey, err = x.loadPrivate(keySource{file: file, format: x.text("CAkeyform"), secret: x.passin, what: "CA private key"}); err != nil {
		return err
	}
	if !matches(x.caKey, x.ca.PublicKey) {
		return complain("CA certificate and CA private key do not match")
	}
	return nil
}

// write prints what is asked for, and the certificate or request.
func (x *certifying) write() error {
	var out bytes.Buffer
	if x.has("x509toreq") {
		if err := x.toRequest(&out); err != nil {
			return err
		}
	}
	if x.raw == nil {
		// The request was made of no certificate: there is none to print.
		return x.writeFile(x.text("out"), out.Bytes(), false)
	}
	if x.has("badsig") {
		x.raw = damaged(x.raw)
	}
	if err := x.describe(&out); err != nil {
		return err
	}
	verdict, done, err := x.check(&out)
	if err != nil {
		return err
	}
	if !done && !x.hasAny("noout", "nocert", "x509toreq") {
		if err := x.appendCertificate(&out); err != nil {
			return err
		}
	}
	if err := x.writeFile(x.text("out"), out.Bytes(), false); err != nil {
		return err
	}
	return verdict
}

func (x *certifying) appendCertificate(out *bytes.Buffer) error {
	raw, label := x.raw, "CERTIFICATE"
	if x.asAux {
		label = "TRUSTED CERTIFICATE"
		if x.trust != nil && x.format("outform", formatPEM) == formatPEM {
			raw = slices.Concat(raw, x.trust.Marshal())
		}
	}
	switch x.format("outform", formatPEM) {
	case formatPEM:
		out.Write(pem.Encode(label, raw))
	case formatDER:
		out.Write(raw)
	default:
		return complain("Bad output format specified for outfile")
	}
	return nil
}

// damaged changes the last octet of a signature, which is the last of the
// whole.
func damaged(raw []byte) []byte {
	raw = slices.Clone(raw)
	raw[len(raw)-1] ^= 1
	return raw
}

// extensionsOf are those of a certificate that was read.
func extensionsOf(c *cert.Certificate) []ext.Extension { return slices.Clone(c.Extensions) }
