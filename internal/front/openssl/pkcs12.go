package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/oid"
)

func pkcs12Command() command {
	return command{name: "pkcs12", run: pkcs12, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"in", inFile, "File to read", ""},
		{"out", outFile, "File for the output", ""},
		{"passin", str, "Where the passphrase of the input comes from", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
		{"password", str, "Where the passphrase of the PKCS #12 file comes from", ""},
		{"twopass", flag, "Ask for another passphrase for the MAC", ""},
		{"nokeys", flag, "Write no private keys", ""},
		{"nocerts", flag, "Write no certificates", ""},
		{"noout", flag, "Write nothing", ""},
		{"legacy", flag, "Encrypt keys with triple DES and certificates with RC2 of 40 bits; all that is old is read anyway", ""},
		engineOption(),
	}, providerOptions(), randomOptions(), []option{
		title("PKCS#12 import (parsing PKCS#12) options"),
		{"info", flag, "Tell how the file is encrypted", ""},
		{"nomacver", flag, "Do not verify the MAC", ""},
		{"clcerts", flag, "Only certificates that have a key", ""},
		{"cacerts", flag, "Only certificates that have no key", ""},
		{"", anyCipher, "Encrypt the private keys with this cipher", ""},
		{"noenc", flag, "Do not encrypt the private keys", ""},
		{"nodes", flag, "The same (deprecated)", ""},
		title("PKCS#12 output (export) options"),
		{"export", flag, "Make a PKCS #12 file", ""},
		{"inkey", str, "File of the private key, else that of -in", ""},
		{"certfile", inFile, "File of more certificates", ""},
		{"passcerts", str, "Where the passphrase of -certfile comes from", ""},
		{"chain", flag, "Add the chain of the certificate", ""},
		{"untrusted", inFile, "Intermediate certificates to build the chain of", ""},
		{"CAfile", inFile, "Trusted certificates to build the chain of", ""},
		{"CApath", folder, "Folder of trusted certificates to build the chain of", ""},
		{"CAstore", uri, "Store of trusted certificates to build the chain of", ""},
		{"no-CAfile", flag, "Leave out the file of certificates that systems have", ""},
		{"no-CApath", flag, "Leave out the folder of certificates that systems have", ""},
		{"no-CAstore", flag, "Leave out the store of certificates that systems have", ""},
		{"name", str, "Friendly name of the key and its certificate", ""},
		{"caname", str, "Friendly names of the other certificates, in order", ""},
		{"CSP", str, "Name of a Microsoft CSP (refused with -export)", ""},
		{"LMK", flag, "Mark for the store of the local machine (refused with -export)", ""},
		{"keyex", flag, "Mark the key for key exchange (refused with -export)", ""},
		{"keysig", flag, "Mark the key for signatures (refused with -export)", ""},
		{"keypbe", str, "How the key is encrypted: AES-256-CBC, PBE-SHA1-3DES, another cipher, or NONE", ""},
		{"certpbe", str, "How the certificates are encrypted, in the same words", ""},
		{"descert", flag, "Encrypt the certificates with triple DES", ""},
		{"macalg", str, "Digest of the MAC (default SHA256)", ""},
		{"iter", positive, "Number of iterations (default 2048)", ""},
		{"noiter", flag, "One iteration for the encryption", ""},
		{"nomaciter", flag, "One iteration for the MAC", ""},
		{"maciter", flag, "Unused, as in OpenSSL", ""},
		{"nomac", flag, "No MAC", ""},
	})}
}

const noMicrosoft = "attributes of Microsoft are not written"

func pkcs12(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	cipher, err := c.cipher()
	if err != nil {
		return err
	}
	passin, passout, err := c.secrets("passin", "passout")
	if err != nil {
		return err
	}
	if c.has("password") {
		if c.hasAny("passin") && !c.has("export") || c.has("passout") && c.has("export") {
			return complain("pkcs12: -password and another option for the same passphrase were given")
		}
		secret, err := c.secret("password")
		if err != nil {
			return err
		}
		if c.has("export") {
			passout = secret
		} else {
			passin = secret
		}
	}
	if err := c.checkTwo(passin, passout); err != nil {
		return err
	}
	if c.has("export") {
		if given := c.lastGiven("CSP", "LMK", "keyex", "keysig"); given != "" {
			return complain("pkcs12: option -%s is not supported by certwright openssl: %s", given, noMicrosoft)
		}
		c.warnOfImportOptions()
		return c.exportPKCS12(passin, passout)
	}
	c.warnOfExportOptions()
	return c.importPKCS12(cipher, passin, passout)
}

// checkTwo refuses a passphrase for two that are asked for.
func (c *call) checkTwo(passin, passout []byte) error {
	given, names := passin, "-passin or -password"
	if c.has("export") {
		given, names = passout, "-passout or -password"
	}
	if c.has("twopass") && given != nil {
		return complain("Option -twopass cannot be used with %s", names)
	}
	return nil
}

func (c *call) importPKCS12(cipher string, passin, passout []byte) error {
	data, err := c.open(c.text("in"))
	if err != nil {
		return err
	}
	description, err := keystore.DescribePKCS12(data)
	if err != nil {
		return err
	}
	passwords := keystore.PKCS12Passwords{Content: passin, AnyMAC: c.has("nomacver")}
	if c.has("twopass") {
		if passwords.MAC, err = c.ask("Enter MAC Password:"); err != nil {
			return complain("Can't read Password")
		}
	}
	if passin == nil {
		if passwords.Content, err = c.ask("Enter Import Password:"); err != nil {
			return complain("Can't read Password")
		}
	}
	if !c.has("twopass") {
		passwords.MAC = passwords.Content
	}
	if c.has("info") {
		c.tellPKCS12(description)
	}
	if description.MAC == "" && !passwords.AnyMAC {
		fmt.Fprintln(c.Stderr, "Warning: MAC is absent!")
	}
	file, err := keystore.OpenPKCS12(data, passwords)
	if file == nil && errors.Is(err, keystore.ErrPassphrase) {
		return complain("Mac verify error: invalid password?")
	}
	if file == nil {
		return because("Error outputting keys and certificates", err)
	}
	if cipher == "" && !c.hasAny("nodes", "noenc") {
		cipher = "AES-256-CBC"
	}
	p := &bagPrinter{call: c, file: file, sink: keySink{format: formatPEM, cipher: cipher, secret: passout}}
	if failed := p.safes(); failed != nil {
		err = failed
	}
	if c.text("out") == "" || err == nil {
		if failed := c.writeFile(c.text("out"), p.out.Bytes(), true); failed != nil {
			return failed
		}
	}
	if err != nil {
		return because("Error outputting keys and certificates", err)
	}
	return nil
}

// tellPKCS12 tells of the MAC, as -info asks.
func (c *call) tellPKCS12(d *keystore.PKCS12Description) {
	if d.MAC != "" {
		name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(d.MAC, "HMAC-"), "-", ""))
		fmt.Fprintf(c.Stderr, "MAC: %s, Iteration %d\n", name, d.MACIterations)
		length := ""
		if hash, known := hashes()[digests()[name]]; known {
			length = fmt.Sprintf("length: %d, ", hash.Size())
		}
		fmt.Fprintf(c.Stderr, "MAC %ssalt length: %d\n", length, d.MACSalt)
	}
}

// exportPKCS12 makes a file of a key and its certificates.
func (c *call) exportPKCS12(passin, passout []byte) error {
	f := pkcs12File{name: c.text("name")}
	if err := c.protection(&f); err != nil {
		return err
	}
	certs, err := c.certificateData(c.text("in"), "", "certs of certificates from -in file", passin)
	if err != nil {
		return err
	}
	if certs, err = c.addOwn(&f, certs, passin); err != nil {
		return err
	}
	if c.has("certfile") {
		secret, err := c.secret("passcerts")
		if err != nil {
			return err
		}
		more, err := c.certificateData(c.text("certfile"), "", "certs of extra certificates from -certfile", secret)
		if err != nil {
			return err
		}
		certs = append(certs, more...)
	}
	if certs, err = c.addChain(&f, certs); err != nil {
		return err
	}
	f.addOthers(certs, c.all("caname"))
	if c.has("nocerts") {
		f.certs = nil
	}
	if c.has("twopass") {
		if f.macPassword, err = c.askNew("Enter MAC Password:"); err != nil {
			return noPassword(err)
		}
	}
	if f.password = passout; passout == nil {
		if f.password, err = c.askNew("Enter Export Password:"); err != nil {
			return noPassword(err)
		}
	}
	if !c.has("twopass") {
		f.macPassword = f.password
	}
	data, err := f.encode(c.random())
	if err != nil {
		return err
	}
	return c.writeFile(c.text("out"), data, true)
}

// addOwn reads the key, unless none is wanted, and puts its certificate first;
// it returns the other certificates.
func (c *call) addOwn(f *pkcs12File, certs [][]byte, passin []byte) ([][]byte, error) {
	if c.has("nokeys") {
		return certs, nil
	}
	source := keySource{file: c.text("in"), secret: passin, what: "private key from -in file"}
	if c.has("inkey") {
		source.file, source.what = c.text("inkey"), "private key from -inkey file"
	}
	p, err := c.loadPrivate(source)
	if err != nil {
		return nil, err
	}
	f.key = p
	own := slices.IndexFunc(certs, func(raw []byte) bool { return certifies(raw, p.Public) })
	if own < 0 {
		if c.has("nocerts") {
			return certs, nil
		}
		return nil, complain("No cert in -in file '%s' matches private key", c.text("in"))
	}
	f.certs = append(f.certs, pkcs12Certificate{raw: certs[own], name: f.name, own: true})
	return slices.Delete(certs, own, own+1), nil
}

// addChain builds the chain of the first certificate, and adds what is not
// there yet.
func (c *call) addChain(f *pkcs12File, certs [][]byte) ([][]byte, error) {
	if !c.has("chain") {
		return certs, nil
	}
	var leaf []byte
	switch {
	case len(f.certs) > 0:
		leaf = f.certs[0].raw
	case len(certs) > 0:
		leaf = certs[0]
	default:
		return nil, complain("No end entity certificate to build a chain of")
	}
	chain, err := c.chainOf(leaf)
	if err != nil {
		return nil, err
	}
	for _, raw := range chain {
		if !slices.ContainsFunc(certs, func(have []byte) bool { return bytes.Equal(have, raw) }) {
			certs = append(certs, raw)
		}
	}
	return certs, nil
}

// chainOf verifies a certificate by what the options trust, and returns the
// certificates above it.
func (c *call) chainOf(leaf []byte) ([][]byte, error) {
	quiet := *c
	quiet.Stderr = io.Discard
	v := &verifier{call: &quiet, depth: defaultDepth, now: c.Now(), trustID: oid.AnyExtKeyUsage}
	var err error
	if v.store, err = c.store(); err != nil {
		return nil, err
	}
	if err := v.loadUntrusted(); err != nil {
		return nil, err
	}
	a, ok := newAnchor(leaf)
	if !ok {
		return nil, complain("Error getting chain: the certificate cannot be read")
	}
	p := &path{verifier: v, chain: []link{v.link(a)}}
	p.verify()
	if p.failed {
		return nil, complain("Error getting chain: %s", p.first.words())
	}
	var above [][]byte
	for _, l := range p.chain[1:] {
		above = append(above, l.Raw)
	}
	return above, nil
}

// addOthers adds the certificates that are not the key's, with names in order.
func (f *pkcs12File) addOthers(certs [][]byte, names []string) {
	for i, raw := range certs {
		one := pkcs12Certificate{raw: raw}
		if i < len(names) {
			one.name = names[i]
		}
		f.certs = append(f.certs, one)
	}
}

// certifies reports whether a certificate is one of a key.
func certifies(raw []byte, public *key.Public) bool {
	theirs, err := publicOf(raw)
	return err == nil && key.SameKey(theirs, public)
}
