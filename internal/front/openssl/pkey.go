package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func pkeyCommand() command {
	return command{name: "pkey", run: pkey, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
	}, providerOptions(), []option{
		{"check", flag, "Check the key", ""},
		{"pubcheck", flag, "Check the public key", ""},
		title("Input options"),
		{"in", str, "File of the key", ""},
		{"inform", anyFormat, "Format of the file: DER, PEM or P12", ""},
		{"passin", str, "Where the passphrase of the file comes from", ""},
		{"pubin", flag, "The file holds a public key", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"", anyCipher, "Encrypt the key with this cipher", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
		{"traditional", flag, "Write the form from before PKCS #8", ""},
		{"pubout", flag, "Write the public key", ""},
		{"noout", flag, "Write no key", ""},
		{"text", flag, "Print the key", ""},
		{"text_pub", flag, "Print the public key", ""},
		{"ec_conv_form", str, "How points are written: uncompressed, compressed or hybrid", ""},
		{"ec_param_enc", str, "How curves are written: named_curve or explicit", ""},
	})}
}

func pkey(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	form, err := c.ecForm("ec_conv_form", "ec_param_enc")
	if err != nil {
		return err
	}
	cipher, err := c.cipher()
	if err != nil {
		return err
	}
	if c.has("text") && c.has("text_pub") {
		fmt.Fprintln(c.Stderr, "Warning: The -text option is ignored with -text_pub")
	}
	if c.has("traditional") && (c.has("noout") || c.format("outform", formatPEM) != formatPEM) {
		fmt.Fprintln(c.Stderr, "Warning: The -traditional is ignored since there is no PEM output")
	}
	asPublic := c.hasAny("pubin", "pubout")
	if cipher != "" && (c.has("noout") || asPublic || c.format("outform", formatPEM) != formatPEM) {
		return complain("Error: Cipher options are supported only for PEM output")
	}
	passin, passout, err := c.secrets("passin", "passout")
	if err != nil {
		return err
	}
	private, public, err := c.loadPair(keySource{file: c.text("in"), format: c.text("inform"), secret: passin}, c.has("pubin"), "key", "key of Public Key")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := c.checkKey(&out, private, public); err != nil {
		return err
	}
	sink := keySink{cipher: cipher, secret: passout, traditional: c.has("traditional"), form: form}
	if c.hasAny("text", "text_pub") && !c.has("noout") && c.format("outform", formatPEM) == formatDER {
		if err := c.writeFile(c.text("out"), out.Bytes(), !asPublic); err != nil {
			return err
		}
		return complain("Error: Text output cannot be combined with DER output")
	}
	if err := c.appendKey(&out, private, public, sink, asPublic); err != nil {
		return err
	}
	if public, err = form.shown(public); err != nil {
		return err
	}
	if asPublic {
		private = nil // -pubout hides the private numbers from -text, too
	}
	if err := c.appendText(&out, private, public); err != nil {
		return err
	}
	return c.writeFile(c.text("out"), out.Bytes(), !asPublic)
}

// checkKey does what -check and -pubcheck ask. Private keys but those of RSA that
// do not belong together were refused when they were read.
func (c *call) checkKey(out *bytes.Buffer, private *key.Private, public *key.Public) error {
	if !c.hasAny("check", "pubcheck") {
		return nil
	}
	if uncheckable(public) {
		return complain("%s: the key cannot be checked: %v", c.command.name, public.Problem)
	}
	problem := pointProblem(public)
	if public.Type == "RSA" && public.Size > largestBits {
		problem = fmt.Errorf("the modulus has more than %d bits", largestBits)
	}
	if c.has("check") && private != nil && public.Type == "RSA" && private.Key == nil {
		problem = private.Problem // it is damaged
	}
	if problem != nil && (public.Type == "EC" && public.Key == nil || public.Type == "RSA") {
		return because("Key is invalid\nDetailed error: "+problem.Error(), nil)
	}
	out.WriteString("Key is valid\n")
	return nil
}

// uncheckable reports whether a key is on a curve that nothing is computed on.
func uncheckable(public *key.Public) bool {
	name := public.Curve
	if public.SameAs != "" {
		name = public.SameAs
	}
	return public.Type == "EC" && public.Key == nil && curveNamed(name) == nil && !isNameless(public)
}

// isNameless reports whether a key is on a curve over a prime field that is
// spelled out and that nobody named.
func isNameless(public *key.Public) bool {
	if public.Type != "EC" || public.Curve != "explicit" || public.SameAs != "" {
		return false
	}
	_, err := text.ReadGroup(public.Algorithm.Parameters)
	return err == nil
}

// pointProblem says what is wrong with a public key, on nameless curves too.
func pointProblem(public *key.Public) error {
	if !isNameless(public) {
		return public.Problem
	}
	g, err := text.ReadGroup(public.Algorithm.Parameters)
	if err == nil && !g.CheckPoint(public.Bits) {
		err = errors.New("the curve is none, or the point is not one of its order")
	}
	return err
}

func (c *call) appendKey(out *bytes.Buffer, private *key.Private, public *key.Public, s keySink, asPublic bool) error {
	if c.has("noout") {
		return nil
	}
	if asPublic {
		converted, err := s.form.convertPublic(public)
		if err != nil {
			return err
		}
		return c.appendEncoded(out, "PUBLIC KEY", converted.Raw)
	}
	if c.format("outform", formatPEM) == formatDER {
		// DER is of the traditional kind where there is one, asked for or not.
		s.traditional = true
	} else if s.traditional {
		if _, _, err := traditional(private, s.form); err != nil {
			return err
		}
	}
	return c.appendPrivate(out, private, s)
}

func (c *call) appendText(out *bytes.Buffer, private *key.Private, public *key.Public) error {
	switch {
	case c.has("text_pub"), c.has("text") && private == nil:
		return printKey(out, nil, public)
	case c.has("text"):
		return printKey(out, private, public)
	}
	return nil
}
