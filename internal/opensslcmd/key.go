package opensslcmd

import (
	"strings"
)

// Rounds are the iterations of PBKDF2 that new keys are encrypted with.
const Rounds = "600000"

// Secret says where a passphrase comes from, as OpenSSL's -passin has it; empty
// to be asked for.
type Secret string

// KeyFile is a file that a private key is read from.
type KeyFile struct {
	Name   string
	Secret Secret
}

// KeyForm is how a private key is written.
type KeyForm struct {
	File      string // "-" for standard output
	Container string // of task.KeyContainers
	DER       bool
	Encrypt   bool
	Secret    Secret
}

// NewKey makes a key of a kind in the spelling of key.CanonicalKind.
func NewKey(kind string, form KeyForm) (string, error) {
	make, err := generate(kind)
	if err != nil {
		return "", err
	}
	if form.pkcs8() && !form.Encrypt {
		if form.DER {
			make.add("-outform", "DER")
		}
		return make.file("-out", form.File).text(), nil
	}
	convert, err := form.convert(kind)
	if err != nil {
		return "", err
	}
	return pipe(make, convert.file("-out", form.File)), nil
}

func generate(kind string) (*command, error) {
	algorithm, size, _ := strings.Cut(kind, "-")
	switch algorithm {
	case "rsa":
		return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:"+size), nil
	case "ecdsa":
		curve := "P-" + strings.TrimPrefix(size, "p")
		return openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+curve, "-pkeyopt", "ec_param_enc:named_curve"), nil
	case "ed25519", "x25519":
		return openssl("genpkey", "-algorithm", strings.ToUpper(algorithm)), nil
	}
	return nil, unable("it makes no keys of the kind %s", kind)
}

func (f KeyForm) pkcs8() bool { return f.Container == "pkcs8" || f.Container == "" }

// convert is the command that writes a key in the form; kind may be empty where
// it is not known.
func (f KeyForm) convert(kind string) (*command, error) {
	switch f.Container {
	case "pkcs8", "":
		c := openssl("pkcs8", "-topk8")
		if f.Encrypt {
			c.add("-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-iter", Rounds).option("-passout", string(f.Secret))
		} else {
			c.add("-nocrypt")
		}
		return c.der(f.DER), nil
	case "traditional", "pkcs1", "sec1":
		if kind == "ed25519" || kind == "x25519" {
			return nil, unable("keys of the kind %s have no traditional form", kind)
		}
		c := openssl("pkey", "-traditional")
		if f.Encrypt {
			c.add("-aes256").option("-passout", string(f.Secret))
		}
		return c.der(f.DER), nil
	}
	return nil, unable("it writes no private keys in the form %s", f.Container)
}

func (c *command) der(yes bool) *command {
	if yes {
		c.add("-outform", "DER")
	}
	return c
}

// ConvertKey writes a key in another form. kind is that of the key where it is
// known.
func ConvertKey(from KeyFile, kind string, form KeyForm) (string, error) {
	if _, err := generate(kind); kind != "" && err != nil {
		return "", unable("it knows no keys of the kind %s", kind)
	}
	c, err := form.convert(kind)
	if err != nil {
		return "", err
	}
	return c.file("-in", from.Name).option("-passin", string(from.Secret)).file("-out", form.File).text(), nil
}

// PublicKey takes the public key out of what a file holds: "private key",
// "public key", "certificate" or "request".
func PublicKey(from KeyFile, holds, form, out string, asDER bool) (string, error) {
	if form != "spki" && form != "" {
		return "", unable("it writes no public keys in the form %s", form)
	}
	c := openssl("pkey", "-pubout").der(asDER)
	switch holds {
	case "certificate", "request":
		name := map[string]string{"certificate": "x509", "request": "req"}[holds]
		read := openssl(name, "-noout", "-pubkey").file("-in", from.Name)
		if !asDER {
			return read.file("-out", out).text(), nil
		}
		return pipe(read, c.add("-pubin").file("-out", out)), nil
	case "public key":
		c.add("-pubin")
	}
	return c.file("-in", from.Name).option("-passin", string(from.Secret)).file("-out", out).text(), nil
}
