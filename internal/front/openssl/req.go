package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

func reqCommand() command {
	return command{name: "req", run: req, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		{"keygen_engine", str, "Name of an engine (refused: engines are not loaded)", noEngines},
		{"in", inFile, "File of a request (default: standard input)", ""},
		{"inform", derOrPEM, "Format of the input", ""},
		{"verify", flag, "Verify the signature of the request by its own key", ""},
		title("Certificate options"),
		{"new", flag, "Make a request", ""},
		{"config", inFile, "Configuration file", ""},
		{"section", str, "Section of the configuration (default: req)", ""},
		{"utf8", flag, "Texts are UTF-8 (default: Latin-1)", ""},
		{"nameopt", str, "How names are printed", ""},
		{"reqopt", str, "How the request is printed", ""},
		{"text", flag, "Print the request or certificate", ""},
		{"x509", flag, "Make a certificate instead of a request", ""},
		{"CA", inFile, "Certificate of the issuer; makes a certificate", ""},
		{"CAkey", str, "Private key of the issuer (default: in the file of -CA)", ""},
		{"subj", str, "Subject, as /C=UK/O=Example/CN=name", ""},
		{"subject", flag, "Print the subject", ""},
		{"multivalue-rdn", flag, "Parts of several attributes; always on", ""},
		{"days", positive, "Days that the certificate is valid", ""},
		{"set_serial", str, "Serial number of the certificate", ""},
		{"copy_extensions", str, "Extensions taken from the request with -x509: none, copy, copyall", ""},
		{"addext", str, "An extension, as name=value; may be given again", ""},
		{"extensions", str, "Section of the certificate's extensions", ""},
		{"reqexts", str, "Section of the request's extensions", ""},
		{"precert", flag, "Add the poison of Certificate Transparency", ""},
		title("Keys and Signing options"),
		{"key", str, "Private key to sign with", ""},
		{"keyform", keyFormat, "Format of the key", ""},
		{"pubkey", flag, "Print the public key", ""},
		{"keyout", outFile, "File for the new private key", ""},
		{"passin", str, "Where the passphrase of the key comes from", ""},
		{"passout", str, "Where the passphrase of the new key comes from", ""},
		{"newkey", str, "Make a key: rsa:BITS, ALGORITHM, ALGORITHM:FILE or param:FILE", ""},
		{"pkeyopt", str, "An option of the new key, NAME:VALUE", ""},
		{"sigopt", str, "A parameter of the signature, NAME:VALUE", ""},
		{"vfyopt", str, "A parameter of verification, NAME:VALUE", ""},
		{"", anyDigest, "Digest to sign with", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"batch", flag, "Ask nothing", ""},
		{"verbose", flag, "Tell what is being done", ""},
		{"noenc", flag, "Do not encrypt the new key", ""},
		{"nodes", flag, "The same as -noenc (deprecated)", ""},
		{"noout", flag, "Write no request", ""},
		{"newhdr", flag, "Write NEW in the header line", ""},
		{"modulus", flag, "Print the modulus of an RSA key", ""},
	}, randomOptions(), providerOptions())}
}

// requesting is one run of req.
type requesting struct {
	*call
	asNew, asCertificate bool
	conf                 *opensslconf.File
	settings             opensslconf.Req
	added                *opensslconf.File // of -addext; nil where there are none
	copying              opensslconf.CopyExtensions
	extensions           string // section; empty where there is none
	how                  signing
	flags                text.NameFlags
	print                text.Options

	key    *key.Private
	ca     *cert.Certificate
	caKey  *key.Private
	keyOut string          // where a new key went
	in     *pkcs10.Request // read or made
	made   []byte          // the certificate, where one is made
	order  []oid.OID       // of the attributes of a new request, as they were given
}

func req(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	r := &requesting{call: c, asCertificate: c.hasAny("x509", "CA", "precert"), asNew: c.hasAny("new", "precert")}
	// A key to be made says that there is something to be made with it.
	r.asNew = r.asNew || c.has("newkey") || r.asCertificate && !c.has("in")
	for _, step := range []func() error{r.readOptions, r.configure, r.checkExtensions, r.loadKey, r.newKey, r.load, r.loadCA, r.make, r.changeSubject, r.verify} {
		if err := step(); err != nil {
			return err
		}
	}
	return r.write()
}

func (r *requesting) readOptions() error {
	var err error
	if r.flags, r.print, err = r.printing("reqopt"); err != nil {
		return err
	}
	if v := r.text("copy_extensions"); v != "" {
		var ok bool
		if r.copying, ok = opensslconf.ParseCopyExtensions(v); !ok {
			return complaint{text: fmt.Sprintf("Invalid extension copy option: \"%s\"", v), usage: true}
		}
	}
	if r.added, err = r.addedExtensions(); err != nil {
		return err
	}
	if !r.asCertificate {
		if r.has("days") {
			fmt.Fprintln(r.Stderr, "Ignoring -days without -x509; not generating a certificate")
		}
	}
	return r.checkVerification()
}

// printing reads -nameopt and the option of parts, such as -certopt.
func (c *call) printing(parts string) (text.NameFlags, text.Options, error) {
	flags := text.Oneline
	for _, words := range c.all("nameopt") {
		var err error
		if flags, err = text.ParseNameOptions(words); err != nil {
			return 0, text.Options{}, c.misuse("")
		}
	}
	o := text.Options{Names: flags}
	for _, words := range c.all(parts) {
		if err := o.ParsePrintOptions(words); err != nil {
			return 0, text.Options{}, c.misuse("")
		}
	}
	return flags, o, nil
}

func (r *requesting) configure() error {
	var err error
	if r.has("config") && r.text("config") == "" {
		r.conf, err = opensslconf.Parse("", nil, r.source())
	} else {
		r.conf, err = r.loadConfig(r.text("config"), r.has("verbose"))
	}
	if err != nil {
		return err
	}
	section := r.text("section")
	if section == "" {
		section = "req"
	}
	var fault *opensslconf.SettingError
	if r.settings, err = r.conf.Req(section); errors.As(err, &fault) && fault.Name == "string_mask" {
		return complain("Invalid global string mask setting %s", fault.Value)
	}
	if err != nil {
		return because("Error reading the section "+section+" of the configuration", err)
	}
	if r.has("utf8") {
		r.settings.Names.UTF8 = true
	}
	r.addObjects(r.conf, r.settings.OIDFile)
	r.objects = r.conf.Objects()
	r.how, err = r.signing(r.settings.MD)
	return err
}

// checkExtensions tells early what cannot be made later.
func (r *requesting) checkExtensions() error {
	check := opensslconf.Context{SyntaxOnly: true, Mask: r.settings.Names.Mask}
	forCertificate, forRequest := r.text("extensions"), r.text("reqexts")
	if forCertificate == "" {
		forCertificate = r.settings.X509Extensions
	}
	if forRequest == "" {
		forRequest = r.settings.ReqExtensions
	}
	// Both sections are looked at, whichever is made use of.
	if forCertificate != "" {
		if _, err := r.conf.Extensions(forCertificate, check); err != nil {
			return because("Error checking x509 extension section "+forCertificate, err)
		}
	}
	if r.added != nil {
		if _, err := r.addedOnes(check); err != nil {
			return because("Error checking extensions defined using -addext", err)
		}
	}
	if forRequest != "" {
		if _, err := r.conf.Extensions(forRequest, check); err != nil {
			return because("Error checking request extension section "+forRequest, err)
		}
	}
	if r.extensions = forRequest; r.asCertificate {
		r.extensions = forCertificate
	}
	return nil
}

// addedOnes makes the extensions of -addext.
func (r *requesting) addedOnes(c opensslconf.Context) ([]ext.Extension, error) {
	if r.added == nil {
		return nil, nil
	}
	c.Sections = r.conf
	return r.added.Extensions("default", c)
}

func (r *requesting) loadKey() error {
	if !r.has("key") {
		return nil
	}
	secret, err := r.inSecret()
	if err != nil {
		return err
	}
	r.key, err = r.loadPrivate(keySource{file: r.text("key"), format: r.text("keyform"), secret: secret, what: "private key"})
	return err
}

// inSecret is the passphrase of keys that are read.
func (r *requesting) inSecret() ([]byte, error) {
	secret, err := r.secret("passin")
	if secret == nil && r.settings.HasInputPassword {
		secret = []byte(r.settings.InputPassword)
	}
	return secret, err
}

func (r *requesting) load() error {
	if r.asNew {
		return nil
	}
	var err error
	r.in, err = r.loadRequest(r.text("in"), r.text("inform"), "X509 request")
	return err
}

func (r *requesting) loadCA() error {
	file, keyFile := r.text("CA"), r.text("CAkey")
	if file == "" {
		if keyFile != "" {
			fmt.Fprintln(r.Stderr, "Warning: Ignoring -CAkey option since no -CA option is given")
		}
		return nil
	}
	if keyFile == "" {
		keyFile = file
	}
	secret, err := r.inSecret()
	if err != nil {
		return err
	}
	if r.caKey, err = r.loadPrivate(keySource{file: keyFile, secret: secret, what: "issuer private key from -CAkey arg"}); err != nil {
		return err
	}
	if r.ca, err = r.loadIssuer(file, "issuer cert from -CA arg", secret); err != nil {
		return err
	}
	if !matches(r.caKey, r.ca.PublicKey) {
		return complain("Issuer CA certificate and key do not match")
	}
	return nil
}

// make makes the request or the certificate.
func (r *requesting) make() error {
	if !r.asNew && !r.asCertificate {
		return nil
	}
	if r.key == nil && r.ca == nil {
		return complain("Must provide a signature key using -key or provide -CA / -CAkey")
	}
	if r.asCertificate {
		return r.makeCertificate()
	}
	return r.makeRequest()
}

func (r *requesting) verify() error {
	if !r.has("verify") || r.in == nil {
		return nil
	}
	public := r.in.PublicKey
	if r.key != nil {
		if public = r.key.Public; !sameKind(public, r.in.PublicKey) {
			return complain("req: the request is signed by a key of the kind %v, and that of -key is of the kind %v", r.in.PublicKey, public)
		}
	}
	if err := r.in.CheckSignatureBy(public); err != nil {
		return r.verified(err)
	}
	fmt.Fprintln(r.Stderr, "Certificate request self-signature verify OK")
	return nil
}

// sameKind reports whether two keys make signatures of the same family, which a
// key of RSA and one of RSA-PSS do.
func sameKind(a, b *key.Public) bool {
	return strings.TrimSuffix(a.Type, "-PSS") == strings.TrimSuffix(b.Type, "-PSS")
}

// verified tells that a request does not verify; that is no failure of the
// command in OpenSSL 3.0.
func (r *requesting) verified(err error) error {
	fmt.Fprintln(r.Stderr, "Certificate request self-signature verify failure")
	fmt.Fprintln(r.Stderr, err)
	return nil
}

// write prints what is asked for, and the request or certificate.
func (r *requesting) write() error {
	var out bytes.Buffer
	if err := r.describe(&out); err != nil {
		return err
	}
	if !r.has("noout") {
		if r.made != nil {
			r.encode(&out, "CERTIFICATE", r.made)
		} else {
			label := "CERTIFICATE REQUEST"
			if r.has("newhdr") {
				label = "NEW " + label
			}
			r.encode(&out, label, r.in.Raw)
		}
	} else if !r.hasAny("text", "modulus", "subject", "pubkey") {
		return nil
	}
	data := out.Bytes()
	if r.keyOut != "" && r.keyOut == r.text("out") {
		before, err := r.read(r.keyOut)
		if err != nil {
			return r.cannotWrite(r.keyOut, true, err)
		}
		data = append(before, data...)
	}
	return r.writeFile(r.text("out"), data, false)
}
