package openssl

import (
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/pbe"
)

const notListed = "it lists the inside of a library that is not here"

func listCommand() command {
	refused := func(name, about string) option { return option{name, flag, about, notListed} }
	return command{name: "list", run: list, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		title("Output options"),
		{"1", flag, "One name on each line", ""},
		{"verbose", flag, "More about each", notListed},
		{"select", str, "Only this algorithm", notListed},
		{"commands", flag, "The commands", ""},
		{"standard-commands", flag, "The same", ""},
		{"digest-commands", flag, "Names of digests that are commands: none", ""},
		{"digest-algorithms", flag, "Digests that are signed with", ""},
		refused("kdf-algorithms", "Key derivation functions"),
		refused("random-instances", "Random number generators"),
		refused("random-generators", "Kinds of random number generators"),
		refused("mac-algorithms", "Message authentication codes"),
		{"cipher-commands", flag, "Names of ciphers that are commands: none", ""},
		{"cipher-algorithms", flag, "Ciphers that keys are encrypted with", ""},
		refused("encoders", "Encoders"),
		refused("decoders", "Decoders"),
		refused("key-managers", "Key managers"),
		refused("key-exchange-algorithms", "Algorithms of key exchange"),
		refused("kem-algorithms", "Algorithms of key encapsulation"),
		refused("signature-algorithms", "Algorithms of signatures"),
		refused("asymcipher-algorithms", "Algorithms of asymmetric encryption"),
		{"public-key-algorithms", flag, "Kinds of keys that are made", ""},
		{"public-key-methods", flag, "The same", ""},
		refused("store-loaders", "Loaders of stores"),
		refused("providers", "Providers"),
		{"engines", flag, "Engines: none", ""},
		{"disabled", flag, "What is not there", ""},
		{"options", str, "The options of a command", ""},
		refused("objects", "Object identifiers with names"),
	}, providerOptions())}
}

func list(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	if c.has("options") {
		return c.listOptions(c.text("options"))
	}
	done := false
	for _, g := range c.given {
		if names, heading, ok := listed(g.name); ok {
			done = true
			if heading != "" {
				fmt.Fprintln(c.Stdout, heading)
			}
			c.writeNames(names, heading != "")
		}
	}
	if !done {
		return c.misuse("")
	}
	return nil
}

// listed returns what an option lists, and the line above it.
func listed(option string) (names []string, heading string, ok bool) {
	switch option {
	case "commands", "standard-commands":
		for _, command := range commands() {
			names = append(names, command.name)
		}
		return names, "", true
	case "digest-commands", "cipher-commands":
		return nil, "", true
	case "digest-algorithms":
		return []string{"SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"}, "", true
	case "cipher-algorithms":
		return pbe.Ciphers(), "", true
	case "public-key-algorithms", "public-key-methods":
		return []string{"RSA", "RSA-PSS", "EC", "ED25519", "ED448", "X25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}, "", true
	case "engines":
		return nil, "Engines:", true
	case "disabled":
		return []string{"CMS", "CT", "DH", "DTLS", "ENGINE", "IDEA", "MD2", "MDC2", "OCSP", "RC5", "SCTP", "SRP", "SSL3", "TLS", "TS", "ZLIB"}, "Disabled algorithms:", true
	}
	return nil, "", false
}

func (c *call) writeNames(names []string, lines bool) {
	if !c.has("1") && !lines {
		writeColumns(c.Stdout, names, 18)
		return
	}
	for _, name := range names {
		fmt.Fprintln(c.Stdout, name)
	}
}

func (c *call) listOptions(name string) error {
	command, ok := find(name)
	if !ok {
		return complain("Invalid command '%s'; type \"help\" for a list.", name)
	}
	for _, o := range command.options {
		switch o.kind {
		case heading, parameters:
			continue
		case anyCipher, anyDigest:
			fmt.Fprintln(c.Stdout, " -")
			continue
		}
		fmt.Fprintf(c.Stdout, "%s %c\n", o.name, o.kind)
	}
	return nil
}
