package openssl

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func rsaCommand() command {
	return command{name: "rsa", run: runRSA, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"check", flag, "Check that the numbers of the key belong together", ""},
		{"", anyCipher, "Encrypt the key with this cipher", ""},
		engineOption(),
		title("Input options"),
		{"in", str, "File of the key", ""},
		{"inform", anyFormat, "Format of the file: DER, PEM, P12, MSBLOB or PVK", ""},
		{"pubin", flag, "The file holds a public key", ""},
		{"RSAPublicKey_in", flag, "The file holds a public key as in PKCS #1", ""},
		{"passin", str, "Where the passphrase of the file comes from", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", anyFormat, "Format of the output: DER, PEM, MSBLOB or PVK", ""},
		{"pubout", flag, "Write the public key", ""},
		{"RSAPublicKey_out", flag, "Write the public key as in PKCS #1", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
		{"noout", flag, "Write no key", ""},
		{"text", flag, "Print the numbers of the key", ""},
		{"modulus", flag, "Print the modulus", ""},
		{"traditional", flag, "Write PKCS #1 instead of PKCS #8", ""},
		title("PVK options"),
		{"pvk-strong", flag, "Encrypt PVK with 128 bits (the default)", ""},
		{"pvk-weak", flag, "Encrypt PVK with 40 bits", ""},
		{"pvk-none", flag, "Do not encrypt PVK", ""},
	}, providerOptions())}
}

func runRSA(c *call) error {
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
	publicIn, publicOut := c.hasAny("pubin", "RSAPublicKey_in"), c.hasAny("pubout", "RSAPublicKey_out")
	if c.has("check") && publicIn {
		return complain("Only private keys can be checked")
	}
	private, public, err := c.loadPair(keySource{file: c.text("in"), format: c.text("inform"), secret: passin}, publicIn, "private key", "public key")
	if err != nil {
		return err
	}
	if public.Type != "RSA" && public.Type != "RSA-PSS" {
		return complain("Not an RSA key")
	}
	var out bytes.Buffer
	if err := c.describeRSA(&out, private, public); err != nil {
		return err
	}
	if !c.has("noout") {
		fmt.Fprintln(c.Stderr, "writing RSA key")
		if publicOut || publicIn {
			err = c.appendRSAPublic(&out, public)
		} else {
			sink := keySink{cipher: cipher, secret: passout, traditional: c.has("traditional"), prompt: "Enter pass phrase:"}
			if sink.traditional {
				sink.prompt = "Enter pass phrase for PEM:"
			}
			err = c.appendPrivate(&out, private, sink)
		}
		if err != nil {
			return err
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), c.has("text") || !publicOut && !publicIn)
}

// describeRSA does what -text, -modulus and -check ask.
func (c *call) describeRSA(out *bytes.Buffer, private *key.Private, public *key.Public) error {
	if c.has("text") {
		if err := printKey(out, private, public); err != nil {
			return err
		}
	}
	if c.has("modulus") {
		modulus, err := modulusOf(public)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "Modulus=%s\n", modulus)
	}
	if c.has("check") && private != nil {
		// A damaged key is no failure of the command in OpenSSL.
		if private.Key == nil {
			fmt.Fprintf(c.Stderr, "RSA key not ok\n%v\n", private.Problem)
			return nil
		}
		out.WriteString("RSA key ok\n")
	}
	return nil
}

// printKey prints the private key, or the public one where there is no other.
func printKey(out *bytes.Buffer, private *key.Private, public *key.Public) error {
	w := text.NewWriter(out, nil)
	if private != nil {
		if err := text.PrivateAs(w, private, public); err != nil {
			return err
		}
	} else if !text.Public(w, public, 0) {
		return errors.New("the key cannot be printed")
	}
	return w.Flush()
}

func modulusOf(public *key.Public) (string, error) {
	switch k := public.Key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("%X", k.N), nil
	case *key.RSAPublicKey:
		return fmt.Sprintf("%X", k.N), nil
	}
	return "", errors.New("the key has no modulus")
}

func (c *call) appendRSAPublic(out *bytes.Buffer, public *key.Public) error {
	if c.format("outform", formatPEM) == formatMSBLOB {
		blob, err := blobOf(nil, public)
		if err != nil {
			return because("unable to write key", err)
		}
		out.Write(blob)
		return nil
	}
	label, octets := "PUBLIC KEY", public.Raw
	if c.hasAny("RSAPublicKey_out") {
		label, octets = "RSA PUBLIC KEY", public.Bits
	}
	return c.appendEncoded(out, label, octets)
}

// appendEncoded writes an object in the format of -outform.
func (c *call) appendEncoded(out *bytes.Buffer, label string, octets []byte) error {
	switch c.format("outform", formatPEM) {
	case formatPEM:
		out.Write(pem.Encode(label, octets))
	case formatDER:
		out.Write(octets)
	default:
		return complain("bad output format specified for outfile")
	}
	return nil
}

// appendPrivate writes a private key in the format of -outform.
func (c *call) appendPrivate(out *bytes.Buffer, p *key.Private, s keySink) error {
	s.format = c.format("outform", formatPEM)
	switch s.format {
	case formatPEM, formatDER:
	case formatPVK, formatMSBLOB:
		data, err := c.encodeMicrosoft(p, s)
		if err != nil {
			return because("unable to write key", err)
		}
		out.Write(data)
		return nil
	default:
		return c.appendEncoded(out, "", nil)
	}
	data, err := c.encodePrivate(p, s)
	out.Write(data)
	return err
}

// loadPair reads a private key with its public half, or a public key alone.
func (c *call) loadPair(s keySource, publicOnly bool, privateName, publicName string) (*key.Private, *key.Public, error) {
	if publicOnly {
		s.what = publicName
		public, err := c.loadPublic(s)
		return nil, public, err
	}
	s.what, s.damaged = privateName, true
	private, err := c.loadPrivate(s)
	if err != nil {
		return nil, nil, err
	}
	if private, err = asRead(private); err != nil {
		return nil, nil, err
	}
	return private, private.Public, nil
}
