package openssl

import "slices"

// commands are all that is offered, by name.
func commands() []command {
	return []command{
		caCommand(),
		asn1parseCommand(),
		cmpCommand(),
		crlCommand(),
		crl2pkcs7Command(),
		dgstCommand(),
		ecCommand(),
		ecparamCommand(),
		genpkeyCommand(),
		genrsaCommand(),
		helpCommand(),
		listCommand(),
		pkcs12Command(),
		pkcs7Command(),
		pkcs8Command(),
		pkeyCommand(),
		randCommand(),
		reqCommand(),
		rsaCommand(),
		sessIDCommand(),
		spkacCommand(),
		verifyCommand(),
		versionCommand(),
		x509Command(),
	}
}

func find(name string) (command, bool) {
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
	if i < 0 {
		// The names of digests are commands that print them.
		known := digests()[name]
		return digestCommand(name), known == name && name != ""
	}
	return all[i], true
}

// others are the commands of OpenSSL 3.0 that are not offered.
func others() []string {
	return []string{
		"ciphers", "cms", "dhparam", "dsa", "dsaparam", "enc", "engine", "errstr",
		"fipsinstall", "gendsa", "info", "kdf", "mac", "nseq", "ocsp", "passwd", "pkeyparam", "pkeyutl", "prime",
		"rehash", "rsautl", "s_client", "s_server", "s_time", "smime", "speed", "srp", "storeutl", "ts",
	}
}

// isOther reports whether a name is a command of OpenSSL that is not
// offered here.
func isOther(name string) bool { return slices.Contains(others(), name) }
