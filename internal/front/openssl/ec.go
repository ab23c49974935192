package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/key"
)

func ecCommand() command {
	return command{name: "ec", run: runEC, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		title("Input options"),
		{"in", str, "File of the key", ""},
		{"inform", anyFormat, "Format of the file: DER, PEM or P12", ""},
		{"pubin", flag, "The file holds a public key", ""},
		{"passin", str, "Where the passphrase of the file comes from", ""},
		{"check", flag, "Check the key", ""},
		{"", anyCipher, "Encrypt the key with this cipher", ""},
		{"param_enc", str, "How the curve is written: named_curve or explicit", ""},
		{"conv_form", str, "How the point is written: uncompressed, compressed or hybrid", ""},
		title("Output options"),
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"noout", flag, "Write no key", ""},
		{"text", flag, "Print the key", ""},
		{"param_out", flag, "Write the parameters of the curve", ""},
		{"pubout", flag, "Write the public key", ""},
		{"no_public", flag, "Leave the public key out of the private", ""},
		{"passout", str, "Where the passphrase of the output comes from", ""},
	}, providerOptions())}
}

func runEC(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	form, err := c.ecForm("conv_form", "param_enc")
	if err != nil {
		return err
	}
	form.bare = c.has("no_public")
	cipher, err := c.cipher()
	if err != nil {
		return err
	}
	passin, passout, err := c.secrets("passin", "passout")
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Stderr, "read EC key")
	private, public, err := c.loadPair(keySource{file: c.text("in"), format: c.text("inform"), secret: passin}, c.has("pubin"), "private key", "public key")
	if err != nil {
		return alsoSay(err, "unable to load Key")
	}
	var out bytes.Buffer
	if c.has("text") {
		shown, err := form.shown(public)
		if err != nil {
			return err
		}
		if err := printKey(&out, private, shown); err != nil {
			return err
		}
	}
	if c.has("check") {
		if uncheckable(public) {
			return complain("ec: the key cannot be checked: %v", public.Problem)
		}
		if problem := pointProblem(public); problem != nil {
			// It is no failure of the command in OpenSSL.
			fmt.Fprintf(c.Stderr, "EC Key Invalid!\n%v\n", problem)
		} else {
			fmt.Fprintln(c.Stderr, "EC Key valid.")
		}
	}
	asPublic := c.hasAny("pubout", "pubin")
	if form.explicit == "named_curve" && isNameless(public) && !c.has("noout") {
		return because("writing EC key\nunable to write EC key", errors.New("the curve has no name, and cannot be written by it"))
	}
	if !c.has("noout") {
		fmt.Fprintln(c.Stderr, "writing EC key")
		sink := keySink{cipher: cipher, secret: passout, traditional: true, form: form, prompt: "Enter pass phrase for PEM:"}
		text := out.Len()
		if err := c.appendEC(&out, private, public, sink, asPublic); err != nil {
			// What was asked for besides the key is written all the same.
			out.Truncate(text)
			return errors.Join(c.writeFile(c.text("out"), out.Bytes(), true), err)
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), c.has("text") || !asPublic && !c.has("param_out"))
}

func (c *call) appendEC(out *bytes.Buffer, private *key.Private, public *key.Public, s keySink, asPublic bool) error {
	switch {
	case public.Type != "EC" && (c.has("param_out") || !asPublic && public.Type != "RSA"):
		return complain("unable to write EC key\nit is a key of another kind: %s", public)
	case c.has("param_out"):
		parameters, err := s.form.parameters(public)
		if err != nil {
			return because("unable to write EC key", err)
		}
		return c.appendEncoded(out, "EC PARAMETERS", parameters)
	case asPublic:
		converted, err := s.form.convertPublic(public)
		if err != nil {
			return because("unable to write EC key", err)
		}
		return c.appendEncoded(out, "PUBLIC KEY", converted.Raw)
	}
	return c.appendPrivate(out, private, s)
}

// alsoSay puts a line below what a complaint says.
func alsoSay(err error, line string) error {
	var said complaint
	if errors.As(err, &said) {
		said.text += "\n" + line
		return said
	}
	return err
}
