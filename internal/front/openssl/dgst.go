package openssl

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// dgstCommand prints digests; the names of digests are commands as well.
func dgstCommand() command { return digestCommand("dgst") }

const onlyDigests = "only digests of files are printed; nothing is signed but certificates, requests and lists"

func digestCommand(name string) command {
	refused := func(name string, k kind, about string) option { return option{name, k, about, onlyDigests} }
	return command{name: name, usage: "[options] [file...]", run: digestFiles, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		refused("engine_impl", flag, "Digest by the engine"),
		refused("list", flag, "List the digests"),
		refused("d", flag, "Tell what is being done"),
		refused("debug", flag, "Tell what is being done"),
		refused("fips-fingerprint", flag, "An HMAC with the key that OpenSSL's FIPS module had"),
		refused("xoflen", str, "Length of a digest that has any"),
		{"passin", str, "Unused: nothing is signed", onlyDigests},
		title("Output options"),
		{"c", flag, "Colons between the octets", ""},
		{"r", flag, "The digest first, as sha256sum(1) writes it", ""},
		{"out", outFile, "File for the output", ""},
		{"hex", flag, "Hexadecimal digits, as unless said otherwise", ""},
		{"binary", flag, "The octets as they are", ""},
		title("Signing options"),
		refused("sign", str, "Sign the digest"),
		refused("verify", str, "Verify a signature by a public key"),
		refused("prverify", str, "Verify a signature by a private key"),
		refused("signature", str, "File of the signature"),
		refused("keyform", str, "Format of the key"),
		refused("sigopt", str, "Parameter of the signature"),
		refused("hmac", str, "Key of an HMAC"),
		refused("mac", str, "Make a MAC"),
		refused("macopt", str, "Parameter of the MAC"),
		{"", anyDigest, "Digest, such as -sha256", ""},
	}, randomOptions(), providerOptions(), []option{
		title("Parameters"),
		{"file", parameters, "Files to digest (optional; standard input else)", ""},
	})}
}

func digestFiles(c *call) error {
	algorithm, err := c.digest()
	title := fullName(algorithm)
	switch {
	case err != nil:
		return err
	case algorithm == "" && c.command.name == "dgst":
		algorithm, title = "sha256", "SHA256"
	case algorithm == "":
		algorithm, title = digests()[c.command.name], fullName(digests()[c.command.name])
	}
	files := c.args
	if len(files) == 0 {
		files = []string{""}
	}
	var out []byte
	var failed error
	for _, file := range files {
		data, err := c.read(file)
		if err != nil {
			fmt.Fprintf(c.Stderr, "%s: %s\n", file, reason(err))
			failed = complaint{}
			continue
		}
		h := hashes()[algorithm].New()
		h.Write(data)
		out = append(out, c.digestLine(title, file, h.Sum(nil))...)
	}
	if err := c.writeFile(c.text("out"), out, false); err != nil {
		return err
	}
	return failed
}

func (c *call) digestLine(title, file string, sum []byte) []byte {
	if c.has("binary") {
		return sum
	}
	if file == "" {
		file = "stdin"
	}
	var digits []byte
	for i, octet := range sum {
		if i > 0 && c.has("c") {
			digits = append(digits, ':')
		}
		digits = hex.AppendEncode(digits, []byte{octet})
	}
	if c.has("r") {
		return fmt.Appendf(nil, "%s *%s\n", digits, file)
	}
	return fmt.Appendf(nil, "%s(%s)= %s\n", title, file, digits)
}
