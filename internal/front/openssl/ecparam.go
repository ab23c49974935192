package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func ecparamCommand() command {
	return command{name: "ecparam", run: ecparam, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		{"list_curves", flag, "List the curves that keys are made on", ""},
		engineOption(),
		{"genkey", flag, "Make a key too", ""},
		{"in", inFile, "File of the parameters", ""},
		{"inform", derOrPEM, "Format of the file", ""},
		{"out", outFile, "File for the output", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		title("Output options"),
		{"text", flag, "Print the parameters", ""},
		{"noout", flag, "Write no parameters", ""},
		{"param_enc", str, "How the curve is written: named_curve or explicit", ""},
		title("Parameter options"),
		{"check", flag, "Check the parameters", ""},
		{"check_named", flag, "Check that the parameters are those of a curve with a name", ""},
		{"no_seed", flag, "Write no seed", ""},
		{"name", str, "The curve, by its short name", ""},
		{"conv_form", str, "How points are written: uncompressed, compressed or hybrid", ""},
	}, randomOptions(), providerOptions())}
}

func ecparam(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	form, err := c.ecForm("conv_form", "param_enc")
	if err != nil {
		return err
	}
	if c.has("list_curves") {
		return c.listCurves()
	}
	raw, curve, err := c.curveParameters()
	if err != nil {
		return err
	}
	if raw = c.rewritten(raw, curve, form); raw == nil {
		return because("unable to write elliptic curve parameters", errors.New("the curve has no name, and cannot be written by it"))
	}
	var out bytes.Buffer
	if c.has("text") {
		if err := printCurve(&out, raw, form.point); err != nil {
			return err
		}
	}
	if err := c.checkCurve(raw, curve); err != nil {
		return err
	}
	if !c.has("noout") {
		if err := c.appendEncoded(&out, "EC PARAMETERS", raw); err != nil {
			return err
		}
	}
	if c.has("genkey") {
		if err := c.appendNewKey(&out, curve, raw, form); err != nil {
			return err
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), c.has("genkey"))
}

// checkCurve does what -check and -check_named ask.
func (c *call) checkCurve(raw []byte, curve *key.Curve) error {
	if !c.hasAny("check", "check_named") {
		return nil
	}
	if curve == nil {
		g, err := text.ReadGroup(raw)
		if err != nil || c.has("check_named") || !g.Check() {
			return complain("checking elliptic curve parameters: failed")
		}
	}
	fmt.Fprint(c.Stderr, "checking elliptic curve parameters: ok\n")
	return nil
}

func (c *call) appendNewKey(out *bytes.Buffer, curve *key.Curve, raw []byte, form ecForm) error {
	if curve == nil {
		return because("unable to generate key", errors.New("keys are made on curves with names alone"))
	}
	p, err := c.generateEC(curve, der.Tag(raw[0]) == der.Sequence)
	if err != nil {
		return because("unable to generate key", err)
	}
	// Parameters that are spelled out keep being so.
	form.explicit = ""
	return c.appendPrivate(out, p, keySink{traditional: true, form: form})
}

func (c *call) listCurves() error {
	var out bytes.Buffer
	for _, n := range curveNames() {
		fmt.Fprintf(&out, "  %-10s: %s\n", n.short, n.about)
	}
	return c.writeFile(c.text("out"), out.Bytes(), false)
}

// curveParameters are those of -name, or of the file.
func (c *call) curveParameters() ([]byte, *key.Curve, error) {
	if name := c.text("name"); name != "" {
		if name == "secp192r1" || name == "secp256r1" {
			fmt.Fprintf(c.Stderr, "using curve name prime%sv1 instead of %s\n", name[4:7], name)
		}
		curve := findCurve(name)
		if curve == nil {
			return nil, nil, because("unable to generate key", fmt.Errorf("the curve %s is not known here; -list_curves lists those that are", name))
		}
		return namedParameters(curve), curve, nil
	}
	file := c.text("in")
	unable := "Unable to load parameters from " + file
	if file == "" {
		unable = "Unable to load parameters from <NULL>"
	}
	data, err := c.read(file)
	if err != nil {
		return nil, nil, because(unable, errors.New(reason(err)))
	}
	raw, curve, err := readParameters(data, c.text("inform"))
	if err != nil {
		return nil, nil, because(unable, err)
	}
	return raw, curve, nil
}

// readParameters reads the parameters of an elliptic curve, in PEM or DER.
func readParameters(data []byte, format string) ([]byte, *key.Curve, error) {
	if err := checkParameterFormat(data, format); err != nil {
		return nil, nil, err
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range blocks {
		if b.Label != "EC PARAMETERS" && b.Label != "" {
			continue
		}
		return known(b.Bytes)
	}
	return nil, nil, errors.New("there are no parameters of an elliptic curve in it")
}

func checkParameterFormat(data []byte, format string) error {
	binary := len(data) > 0 && (data[0] == 0x30 || data[0] == 0x06)
	switch {
	case format == formatPEM && binary:
		return errors.New("the input is not PEM but DER")
	case format == formatDER && !binary:
		return errors.New("the input is not DER")
	}
	return nil
}

// rewritten returns the parameters in the form asked for; nil where a curve that
// nobody named is to be written by its name.
func (c *call) rewritten(raw []byte, curve *key.Curve, form ecForm) []byte {
	if form.explicit == "named_curve" {
		if curve == nil {
			return nil
		}
		return namedParameters(curve)
	}
	g, err := text.ReadGroup(raw)
	switch {
	case err == nil:
	case form.explicit == "explicit":
		g = text.GroupOf(curve)
	default:
		return raw
	}
	if c.has("no_seed") {
		g.WithoutSeed()
	}
	return g.Marshal(form.point)
}

// known returns parameters as OpenSSL keeps them, and their curve; nil for one
// that is spelled out and that nobody named.
func known(raw []byte) ([]byte, *key.Curve, error) {
	if len(raw) > 0 && der.Tag(raw[0]) == der.Sequence {
		g, err := text.ReadGroup(raw)
		if err != nil {
			return nil, nil, err
		}
		return g.Marshal(""), g.Named, nil
	}
	curve, err := curveOfParameters(raw)
	return raw, curve, err
}

// curveOfParameters finds the curve that parameters name or spell out.
func curveOfParameters(raw []byte) (*key.Curve, error) {
	var b der.Builder
	all := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(oid.ECPublicKey))
	b.Raw(raw)
	b.End(algorithm)
	b.Bits([]byte{4})
	b.End(all)
	seen, err := key.ParsePublic(b.Bytes())
	if err != nil {
		return nil, err
	}
	name := seen.Curve
	if seen.SameAs != "" {
		name = seen.SameAs
	}
	if curve := curveNamed(name); curve != nil {
		return curve, nil
	}
	return nil, errors.New("the curve is none that is known here")
}
