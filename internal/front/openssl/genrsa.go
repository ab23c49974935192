package openssl

import (
	"errors"
	"fmt"
	"slices"
)

func genrsaCommand() command {
	return command{name: "genrsa", usage: "[options] numbits", run: genrsa, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		title("Input options"),
		{"3", flag, "Make a key whose public exponent is 3 (deprecated)", ""},
		{"F4", flag, "Make a key whose public exponent is 65537, as is the default", ""},
		{"f4", flag, "The same as -F4", ""},
		title("Output options"),
		{"out", outFile, "File for the key", ""},
		{"passout", str, "Where the passphrase of the key comes from", ""},
		{"primes", positive, "Number of primes, 2 to 5", ""},
		{"verbose", flag, "Tell what is being done", ""},
		{"traditional", flag, "Write PKCS #1 instead of PKCS #8", ""},
		{"", anyCipher, "Encrypt the key with this cipher", ""},
	}, randomOptions(), providerOptions(), []option{
		title("Parameters"),
		{"numbits", parameters, "Size of the modulus in bits (default 2048)", ""},
	})}
}

const (
	defaultBits = 2048
	largestBits = 16384
)

func genrsa(c *call) error {
	exponent := 65537
	for _, g := range c.given {
		switch g.name {
		case "3":
			exponent = 3
		case "F4", "f4":
			exponent = 65537
		}
	}
	bits := defaultBits
	if len(c.args) > 0 {
		n, err := c.number(c.args[0])
		var said complaint
		if errors.As(err, &said) {
			return complaint{text: said.text}
		}
		bits = int(n)
		if len(c.args) > 1 {
			return complaint{text: "Extra arguments given.", usage: true}
		}
	}
	cipher, err := c.cipher()
	var said complaint
	if errors.As(err, &said) {
		return complaint{text: said.text}
	}
	secret, err := c.secret("passout")
	if err != nil {
		return err
	}
	if bits > largestBits {
		return complain("genrsa: RSA keys of %d bits are not made by certwright openssl; use %d at most", bits, largestBits)
	}
	if c.has("verbose") {
		fmt.Fprintf(c.Stderr, "Generating RSA key with %d bits\n", bits)
	}
	p, err := c.generateRSA(bits, c.count("primes", 2), exponent)
	if err != nil {
		return because("Error setting RSA length", err)
	}
	if c.has("verbose") {
		fmt.Fprintf(c.Stderr, "e is %d (0x%06x)\n", exponent, exponent)
	}
	return c.savePrivate(p, keySink{file: c.text("out"), cipher: cipher, secret: secret, traditional: c.has("traditional")})
}
