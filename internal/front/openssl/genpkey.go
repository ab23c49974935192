package openssl

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func genpkeyCommand() command {
	return command{name: "genpkey", run: genpkey, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		{"paramfile", inFile, "File of the parameters of a curve", ""},
		{"algorithm", str, "RSA, RSA-PSS, EC, ED25519, ED448, X25519, X448, or ML-DSA-44, -65, -87", ""},
		{"quiet", flag, "Tell nothing of what is being done", ""},
		{"pkeyopt", str, "An option of the algorithm, NAME:VALUE", ""},
		{"config", inFile, "A configuration file; nothing in it bears on this command", ""},
		title("Output options"),
		{"out", outFile, "File for the key", ""},
		{"outform", derOrPEM, "Format of the output", ""},
		{"pass", str, "Where the passphrase of the key comes from", ""},
		{"genparam", flag, "Make parameters, no key", ""},
		{"text", flag, "Print the key", ""},
		{"", anyCipher, "Encrypt the key with this cipher", ""},
	}, providerOptions(), []option{title("Order of options may be important!  See the documentation.")})}
}

// keyPlan is what the options of genpkey amount to.
type keyPlan struct {
	algorithm    string // upper case
	bits         int
	primes       int
	exponent     int
	curve        *key.Curve
	explicit     bool
	restrictions *pssPlan // of an RSA-PSS key; nil where there are none
}

func genpkey(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	if c.has("config") {
		if _, err := c.loadConfig(c.text("config"), true); err != nil {
			return err
		}
	}
	plan, err := c.plan()
	if err != nil {
		return err
	}
	cipher, err := c.cipher()
	if err != nil {
		return err
	}
	if c.has("genparam") && cipher != "" {
		return c.misuse("Cannot use cipher with -genparam option")
	}
	secret, err := c.secret("pass")
	if err != nil {
		return err
	}
	if c.has("genparam") {
		return c.writeParameters(plan)
	}
	p, err := c.generate(plan)
	if err != nil {
		return because(fmt.Sprintf("genpkey: Error generating %s key", plan.algorithm), err)
	}
	var out bytes.Buffer
	sink := keySink{cipher: cipher, secret: secret}
	if err := c.appendPrivate(&out, p, sink); err != nil {
		return err
	}
	if c.has("text") {
		if err := printKey(&out, p, p.Public); err != nil {
			return err
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), true)
}

// plan reads the options in their order: those of the algorithm come behind it.
func (c *call) plan() (*keyPlan, error) {
	var plan *keyPlan
	for _, g := range c.given {
		switch g.name {
		case "algorithm":
			if plan != nil {
				return nil, complain("Algorithm already set!")
			}
			if plan = newPlan(g.value); plan == nil {
				return nil, because(fmt.Sprintf("Error initializing %s context", g.value),
					errors.New("keys of this algorithm are not made by certwright openssl"))
			}
		case "paramfile":
			var err error
			if plan != nil {
				return nil, complain("Parameters already set!")
			}
			if plan, err = c.planOfFile(g.value); err != nil {
				return nil, err
			}
		case "pkeyopt":
			if plan == nil {
				return nil, c.misuse("No keytype specified")
			}
			if err := plan.set(g.value, c.has("genparam")); err != nil {
				return nil, because(fmt.Sprintf("genpkey: Error setting %s parameter:", g.value), err)
			}
		}
	}
	if plan == nil {
		return nil, c.misuse("")
	}
	if c.has("genparam") && plan.algorithm != "EC" {
		return nil, because(fmt.Sprintf("Error initializing %s context", plan.algorithm), errors.New("keys of this algorithm have no parameters that are made here"))
	}
	return plan, nil
}

func newPlan(algorithm string) *keyPlan {
	plan := &keyPlan{algorithm: strings.ToUpper(algorithm), bits: defaultBits, primes: 2, exponent: 65537}
	switch plan.algorithm {
	case "RSA", "RSA-PSS", "RSASSA-PSS", "EC", "ED25519", "ED448", "X25519", "X448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87":
		return plan
	case "MLDSA44", "MLDSA65", "MLDSA87":
		plan.algorithm = "ML-DSA-" + plan.algorithm[5:]
		return plan
	case "RSAENCRYPTION":
		plan.algorithm = "RSA"
		return plan
	case "ID-ECPUBLICKEY":
		plan.algorithm = "EC"
		return plan
	}
	return nil
}

// planOfFile reads the parameters of a curve.
func (c *call) planOfFile(name string) (*keyPlan, error) {
	data, err := c.open(name)
	if err != nil {
		return nil, err
	}
	raw, curve, err := readParameters(data, "")
	if err != nil {
		return nil, because("Error reading parameter file "+name, err)
	}
	plan := newPlan("EC")
	plan.curve, plan.explicit = curve, len(raw) > 0 && der.Tag(raw[0]) == der.Sequence
	return plan, nil
}

// set takes one -pkeyopt.
func (p *keyPlan) set(text string, parameters bool) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return errors.New("it has no value: write NAME:VALUE")
	}
	isRSA := strings.HasPrefix(p.algorithm, "RSA")
	switch {
	case p.algorithm == "EC" && (name == "ec_paramgen_curve" || name == "group"):
		// An unknown curve is told when the key is made.
		p.curve = findCurve(value)
		return nil
	case p.algorithm == "EC" && name == "ec_param_enc" && (value == "explicit" || value == "named_curve"):
		p.explicit = value == "explicit"
		return nil
	case isRSA && !parameters && (name == "rsa_keygen_bits" || name == "bits"):
		return p.setNumber(&p.bits, value, smallestBits, largestBits)
	case isRSA && !parameters && (name == "rsa_keygen_primes" || name == "primes"):
		return p.setNumber(&p.primes, value, 2, 5)
	case isRSA && !parameters && (name == "rsa_keygen_pubexp" || name == "e"):
		if err := p.setNumber(&p.exponent, value, 3, 1<<31-1); err != nil || p.exponent%2 == 1 {
			return err
		}
		return fmt.Errorf("the public exponent %d is even", p.exponent)
	case strings.HasPrefix(name, "rsa_pss_keygen_") && p.algorithm != "RSA" && isRSA:
		return p.setPSS(strings.TrimPrefix(name, "rsa_pss_keygen_"), value)
	}
	return fmt.Errorf("%s has no option %q here", p.algorithm, name)
}

func (p *keyPlan) setNumber(to *int, value string, least, most int) error {
	n, err := strconv.ParseInt(value, 0, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", value)
	}
	if n < int64(least) || n > int64(most) {
		return fmt.Errorf("key size too small or number out of range: %d is not within %d and %d", n, least, most)
	}
	*to = int(n)
	return nil
}

func (c *call) generate(p *keyPlan) (*key.Private, error) {
	switch p.algorithm {
	case "RSA":
		return c.generateRSA(p.bits, p.primes, p.exponent)
	case "RSA-PSS", "RSASSA-PSS":
		k, err := c.generateRSA(p.bits, p.primes, p.exponent)
		if err != nil {
			return nil, err
		}
		return asPSS(k, p.restrictions.encode())
	case "EC":
		if p.curve == nil {
			return nil, errors.New("no curve was given, or one that keys are not made on here; give one with -pkeyopt ec_paramgen_curve:P-256")
		}
		return c.generateEC(p.curve, p.explicit)
	case "ED448":
		_, k, err := ed448.GenerateKey(c.random())
		if err != nil {
			return nil, fmt.Errorf("making an Ed448 key: %w", err)
		}
		return key.NewPrivate(k)
	case "X25519":
		k, err := ecdh.X25519().GenerateKey(c.random())
		if err != nil {
			return nil, fmt.Errorf("making an X25519 key: %w", err)
		}
		return key.NewPrivate(k)
	case "X448":
		return key.GenerateX448(c.random())
	}
	return key.Generate(strings.ToLower(p.algorithm), c.random())
}

// asPSS marks an RSA key as one for RSASSA-PSS alone (RFC 4055, Section 1.2).
func asPSS(k *key.Private, parameters []byte) (*key.Private, error) {
	if _, ok := k.Key.(*rsa.PrivateKey); !ok {
		return nil, errors.New("it is not an RSA key")
	}
	_, octets, err := key.MarshalTraditional(k)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(0)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(oid.RSASSAPSS))
	b.Raw(parameters)
	b.End(algorithm)
	b.Add(der.OctetString, octets)
	b.End(all)
	return key.ReadPrivate(b.Bytes(), nil)
}

func (c *call) writeParameters(p *keyPlan) error {
	if p.curve == nil {
		return because("genpkey: Error generating EC parameters", errors.New("no curve was given, or one that keys are not made on here"))
	}
	raw := namedParameters(p.curve)
	if p.explicit {
		raw = text.GroupOf(p.curve).Marshal("")
	}
	var out bytes.Buffer
	if c.format("outform", formatPEM) == formatDER {
		out.Write(raw)
	} else {
		out.Write(pem.Encode("EC PARAMETERS", raw))
	}
	if c.has("text") {
		if err := printCurve(&out, raw, ""); err != nil {
			return err
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), true)
}

func printCurve(out *bytes.Buffer, raw []byte, form string) error {
	w := text.NewWriter(out, nil)
	if err := text.CurveParameters(w, raw, form); err != nil {
		return err
	}
	return w.Flush()
}
