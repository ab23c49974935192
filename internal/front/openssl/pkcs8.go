package openssl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
)

func pkcs8Command() command {
	return command{name: "pkcs8", run: pkcs8, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		{"v1", str, "Encrypt as before PBES2: PBE-SHA1-3DES", ""},
		{"v2", str, "Encrypt by PBES2 with this cipher", ""},
		{"v2prf", str, "The pseudorandom function of PBKDF2, such as hmacWithSHA512", ""},
		title("Input options"),
		{"in", inFile, "File of the key", ""},
		{"inform", derOrPEM, "Format of the file", ""},
		{"passin", str, "Where the passphrase of the file comes from", ""},
		{"nocrypt", flag, "The PKCS #8 that is read or written is not encrypted", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"topk8", flag, "Write PKCS #8", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
		{"traditional", flag, "Write the form from before PKCS #8", ""},
		{"iter", positive, "Number of iterations", ""},
		{"noiter", flag, "One iteration", ""},
		title("Scrypt options"),
		{"scrypt", flag, "Derive the key by scrypt", ""},
		{"scrypt_N", str, "Cost of scrypt", ""},
		{"scrypt_r", str, "Block size of scrypt", ""},
		{"scrypt_p", str, "Parallelization of scrypt", ""},
	}, randomOptions(), providerOptions())}
}

func pkcs8(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	options, err := c.encryption()
	if err != nil {
		return err
	}
	passin, passout, err := c.secrets("passin", "passout")
	if err != nil {
		return err
	}
	if c.has("topk8") {
		return c.toPKCS8(options, passin, passout)
	}
	return c.fromPKCS8(passin)
}

// encryption reads the options that say how a key is encrypted.
func (c *call) encryption() (o key.EncryptOptions, err error) {
	o.Iterations = c.count("iter", iterations)
	if c.has("noiter") {
		o.Iterations = 1
	}
	o.Cipher = "AES-256-CBC"
	for _, g := range c.given {
		switch g.name {
		case "v1":
			if o.Scheme, err = c.oldScheme(g.value); err != nil {
				return o, err
			}
		case "v2":
			if lower := strings.ToLower(g.value); strings.HasSuffix(lower, "-gcm") || strings.HasSuffix(lower, "-ccm") || strings.HasSuffix(lower, "-ocb") {
				return o, c.misuse("AEAD ciphers not supported")
			}
			if o.Cipher, err = c.cipherNamed(g.value); err != nil {
				return o, err
			}
			o.Scheme = ""
		case "v2prf":
			if o.PRF, err = c.pseudorandomFunction(g.value); err != nil {
				return o, err
			}
		case "scrypt", "scrypt_N", "scrypt_r", "scrypt_p":
			if err = c.setScrypt(&o, g); err != nil {
				return o, err
			}
		}
	}
	return o, nil
}

func (c *call) setScrypt(o *key.EncryptOptions, g given) error {
	o.Scheme, o.KDF = "", "scrypt"
	if o.N == 0 {
		o.N, o.R, o.P = 16384, 8, 1
	}
	if g.name == "scrypt" {
		return nil
	}
	n, err := c.number(g.value)
	if err != nil {
		return err
	}
	if n <= 0 || n > 1<<30 {
		return c.misuse("")
	}
	switch g.name {
	case "scrypt_N":
		o.N = int(n)
	case "scrypt_r":
		o.R = int(n)
	case "scrypt_p":
		o.P = int(n)
	}
	return nil
}

// oldScheme finds the scheme of a name that -v1 takes.
func (c *call) oldScheme(name string) (string, error) {
	switch strings.ToUpper(name) {
	case "PBE-SHA1-3DES", "PBEWITHSHA1AND3-KEYTRIPLEDES-CBC":
		return "pbe-sha1-3des", nil
	case "PBE-MD2-DES", "PBE-MD5-DES", "PBE-SHA1-DES", "PBE-MD2-RC2-64", "PBE-MD5-RC2-64", "PBE-SHA1-RC2-64",
		"PBE-SHA1-RC4-128", "PBE-SHA1-RC4-40", "PBE-SHA1-2DES", "PBE-SHA1-RC2-128", "PBE-SHA1-RC2-40":
		return "", complain("pkcs8: option -v1 is not supported by certwright openssl with %s: new keys are encrypted by PBE-SHA1-3DES at the least; use -v2 aes256", name)
	}
	return "", c.misuse("Unknown PBE algorithm %s", name)
}

func (c *call) pseudorandomFunction(name string) (string, error) {
	lower := strings.ToLower(name)
	for openssl, ours := range map[string]string{
		"hmacwithsha1": "sha1", "hmacwithsha224": "sha224", "hmacwithsha256": "sha256", "hmacwithsha384": "sha384",
		"hmacwithsha512": "sha512", "hmacwithsha512-224": "sha512-224", "hmacwithsha512-256": "sha512-256",
		"id-hmacwithsha3-224": "sha3-224", "id-hmacwithsha3-256": "sha3-256", "id-hmacwithsha3-384": "sha3-384", "id-hmacwithsha3-512": "sha3-512",
	} {
		if lower == openssl {
			return ours, nil
		}
	}
	return "", c.misuse("Unknown PRF algorithm %s", name)
}

// toPKCS8 reads a key of any form and writes PKCS #8.
func (c *call) toPKCS8(o key.EncryptOptions, passin, passout []byte) error {
	if _, err := c.open(c.text("in")); err != nil {
		return err
	}
	p, err := c.loadPrivate(keySource{file: c.text("in"), format: c.text("inform"), secret: passin, what: "key"})
	if err != nil {
		return err
	}
	if p, err = asRead(p); err != nil {
		return err
	}
	sink := keySink{file: c.text("out"), format: c.format("outform", formatPEM), options: o, secret: passout, prompt: "Enter Encryption Password:"}
	if !c.has("nocrypt") {
		sink.cipher = o.Cipher
	}
	data, err := c.encodePrivate(p, sink)
	var said complaint
	if errors.Is(err, errNoSecret) || errors.As(err, &said) && said.text == "" {
		return complaint{}
	}
	if err != nil {
		return because("Error setting PBE algorithm", err)
	}
	return c.writeFile(sink.file, data, true)
}

// fromPKCS8 reads PKCS #8 and writes the key as it is inside.
func (c *call) fromPKCS8(passin []byte) error {
	data, err := c.open(c.text("in"))
	if err != nil {
		return err
	}
	label, failed := "ENCRYPTED PRIVATE KEY", "Error reading key"
	if c.has("nocrypt") {
		label, failed = "PRIVATE KEY", "Error decrypting key"
	}
	raw := data
	if c.format("inform", formatPEM) == formatPEM {
		if raw, err = labelled(data, label); err != nil {
			return because(failed, err)
		}
	}
	if !c.has("nocrypt") {
		if passin == nil {
			if passin, err = c.ask("Enter Password:"); err != nil {
				return complain("Can't read Password")
			}
		}
		if raw, err = key.UnwrapPKCS8(raw, passin); err != nil {
			return because("Error decrypting key", err)
		}
	}
	p, err := key.ReadPrivate(raw, nil)
	if err != nil {
		return because("Error converting key", err)
	}
	format := c.format("outform", formatPEM)
	return c.savePrivate(p, keySink{file: c.text("out"), format: format, traditional: c.has("traditional") || format == formatDER})
}

// labelled returns the first block of PEM with a label.
func labelled(data []byte, labels ...string) ([]byte, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		if slices.Contains(labels, b.Label) {
			return b.Bytes, nil
		}
	}
	return nil, fmt.Errorf("there is no PEM with the label %s in it", labels[0])
}
