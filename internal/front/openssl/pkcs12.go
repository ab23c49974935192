package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
)

func pkcs12Command() command {
	refused := func(name string, k kind, about, why string) option { return option{name, k, about, why} }
	return command{name: "pkcs12", run: pkcs12, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"in", inFile, "File to read", ""},
		{"out", outFile, "File for the output", ""},
		{"passin", str, "Where the passphrase of the input comes from", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
		{"password", str, "Where the passphrase of the PKCS #12 file comes from", ""},
		refused("twopass", flag, "Another passphrase for the MAC", "the MAC and the content of a file have one passphrase"),
		{"nokeys", flag, "Write no private keys", ""},
		{"nocerts", flag, "Write no certificates", ""},
		{"noout", flag, "Write nothing", ""},
		{"legacy", flag, "Encrypt with triple DES and SHA-1; all that is old is read anyway", ""},
		engineOption(),
	}, providerOptions(), randomOptions(), []option{
		title("PKCS#12 import (parsing PKCS#12) options"),
		{"info", flag, "Tell how the file is encrypted", ""},
		refused("nomacver", flag, "Do not verify the MAC", "the MAC is always verified"),
		{"clcerts", flag, "Only certificates that have a key", ""},
		{"cacerts", flag, "Only certificates that have no key", ""},
		{"", anyCipher, "Encrypt the private keys with this cipher", ""},
		{"noenc", flag, "Do not encrypt the private keys", ""},
		{"nodes", flag, "The same (deprecated)", ""},
		title("PKCS#12 output (export) options"),
		{"export", flag, "Make a PKCS #12 file", ""},
		{"inkey", str, "File of the private key, else that of -in", ""},
		{"certfile", inFile, "File of more certificates", ""},
		refused("passcerts", str, "Where the passphrase of -certfile comes from", "-certfile is read as PEM, which has no passphrase"),
		refused("chain", flag, "Add the chain of the certificate", noChain),
		refused("untrusted", inFile, "Certificates to build the chain of", noChain),
		refused("CAfile", inFile, "Certificates to build the chain of", noChain),
		refused("CApath", folder, "Folder of certificates to build the chain of", noChain),
		refused("CAstore", uri, "Store of certificates to build the chain of", noChain),
		{"no-CAfile", flag, "No certificates of the system, as is always so", ""},
		{"no-CApath", flag, "No certificates of the system, as is always so", ""},
		{"no-CAstore", flag, "No certificates of the system, as is always so", ""},
		{"name", str, "Friendly name of the key and its certificate", ""},
		{"caname", str, "Friendly names of the other certificates, in order", ""},
		refused("CSP", str, "Name of a Microsoft CSP", noMicrosoft),
		refused("LMK", flag, "Mark for the store of the local machine", noMicrosoft),
		refused("keyex", flag, "Mark the key for key exchange", noMicrosoft),
		refused("keysig", flag, "Mark the key for signatures", noMicrosoft),
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

const (
	noChain     = "no chain is built; give its certificates with -certfile"
	noMicrosoft = "attributes of Microsoft are not written"
)

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
	if c.has("export") {
		return c.exportPKCS12(passin, passout)
	}
	if only := []string{"inkey", "certfile", "name", "caname", "keypbe", "certpbe", "descert", "macalg", "iter", "noiter", "nomaciter", "nomac"}; c.hasAny(only...) {
		return complain("pkcs12: one of the options -%s was given, which goes with -export only", strings.Join(only, ", -"))
	}
	return c.importPKCS12(cipher, passin, passout)
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
	if passin == nil {
		if passin, err = c.ask("Enter Import Password:"); err != nil {
			return complain("Can't read Password")
		}
	}
	if c.has("info") {
		c.tellPKCS12(description)
	}
	contents, err := keystore.ReadPKCS12(data, passin)
	if errors.Is(err, keystore.ErrPassphrase) {
		return complain("Mac verify error: invalid password?")
	}
	if err != nil {
		return because("Error outputting keys and certificates", err)
	}
	if c.has("noout") {
		return nil
	}
	if cipher == "" && !c.hasAny("nodes", "noenc") {
		cipher = "AES-256-CBC"
	}
	var out bytes.Buffer
	if err := c.writeContents(&out, contents, keySink{format: formatPEM, cipher: cipher, secret: passout}); err != nil {
		return err
	}
	return c.writeFile(c.text("out"), out.Bytes(), true)
}

// tellPKCS12 does what -info asks.
func (c *call) tellPKCS12(d *keystore.PKCS12Description) {
	if d.MAC != "" {
		name := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(d.MAC, "HMAC-"), "-", ""))
		fmt.Fprintf(c.Stderr, "MAC: %s, Iteration %d\nMAC salt length: %d\n", name, d.MACIterations, d.MACSalt)
	}
	for _, part := range d.Parts {
		if part.Encryption != "" {
			fmt.Fprintf(c.Stderr, "PKCS7 Encrypted data: %s\n", part.Encryption)
			continue
		}
		fmt.Fprintln(c.Stderr, "PKCS7 Data")
		for _, bag := range part.Bags {
			fmt.Fprintf(c.Stderr, "%s: %s\n", bag.Kind, bag.Encryption)
		}
	}
}

// writeContents writes what -nokeys, -nocerts, -clcerts and -cacerts leave.
func (c *call) writeContents(out *bytes.Buffer, contents *keystore.Contents, s keySink) error {
	if !c.has("nocerts") {
		for _, e := range contents.Entries {
			if e.Certificate != nil && !c.has("cacerts") {
				if err := c.writeBagCertificate(out, e.Certificate, e.Alias); err != nil {
					return err
				}
			}
		}
		for _, raw := range otherCertificates(contents) {
			if c.has("clcerts") {
				break
			}
			if err := c.writeBagCertificate(out, raw.Raw, raw.Alias); err != nil {
				return err
			}
		}
	}
	if c.has("nokeys") {
		return nil
	}
	for _, e := range contents.Entries {
		if e.Key == nil {
			continue
		}
		writeBag(out, e.Alias)
		out.WriteString("Key Attributes: <No Attributes>\n")
		data, err := c.encodePrivate(e.Key, s)
		if err != nil {
			return err
		}
		out.Write(data)
	}
	return nil
}

// otherCertificates are those of chains, each once, and those that stand alone.
func otherCertificates(contents *keystore.Contents) []keystore.Certificate {
	var all []keystore.Certificate
	add := func(one keystore.Certificate) {
		if !slices.ContainsFunc(all, func(have keystore.Certificate) bool { return bytes.Equal(have.Raw, one.Raw) }) {
			all = append(all, one)
		}
	}
	for _, e := range contents.Entries {
		for _, raw := range e.Chain {
			add(keystore.Certificate{Raw: raw})
		}
	}
	for _, one := range contents.Certificates {
		add(one)
	}
	return all
}

func writeBag(out *bytes.Buffer, alias string) {
	if alias == "" {
		out.WriteString("Bag Attributes: <Empty Attributes>\n")
		return
	}
	fmt.Fprintf(out, "Bag Attributes\n    friendlyName: %s\n", alias)
}

func (c *call) writeBagCertificate(out *bytes.Buffer, raw []byte, alias string) error {
	writeBag(out, alias)
	return c.writeNamedCertificate(out, raw)
}

// exportPKCS12 makes a file of a key and its certificates.
func (c *call) exportPKCS12(passin, passout []byte) error {
	f := pkcs12File{name: c.text("name")}
	if err := c.protection(&f); err != nil {
		return err
	}
	file := c.text("in")
	certs, err := c.certificatesIn(file)
	if err != nil {
		return err
	}
	if !c.has("nokeys") {
		if certs, err = c.addKey(&f, certs, passin); err != nil {
			return err
		}
	}
	if c.has("certfile") {
		more, err := c.certificatesIn(c.text("certfile"))
		if err != nil {
			return err
		}
		certs = append(certs, more...)
	}
	f.addOthers(certs, c.all("caname"))
	if c.has("nocerts") {
		f.certs = nil
	}
	if f.password = passout; passout == nil {
		if f.password, err = c.askNew("Enter Export Password:"); err != nil {
			return alsoSay(complain("Can't read Password"), err.Error())
		}
	}
	data, err := f.encode(c.random())
	if err != nil {
		return err
	}
	return c.writeFile(c.text("out"), data, true)
}

// addKey reads the key and puts its certificate first; it returns the other
// certificates.
func (c *call) addKey(f *pkcs12File, certs [][]byte, passin []byte) ([][]byte, error) {
	source := keySource{file: c.text("in"), secret: passin, what: "private key"}
	if c.has("inkey") {
		source.file = c.text("inkey")
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
