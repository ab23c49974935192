package openssl

import "slices"

// commands are all that is offered, by name.
func commands() []command {
	return []command{
		caCommand(),
		asn1parseCommand(),
		cmpCommand(),
		crlCommand(),
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
		return command{}, false
	}
	return all[i], true
}

// others are the commands of OpenSSL 3.0 that are not offered.
func others() []string {
	return []string{
		"ciphers", "cms", "crl2pkcs7", "dgst", "dhparam", "dsa", "dsaparam", "enc", "engine", "errstr",
		"fipsinstall", "gendsa", "info", "kdf", "mac", "nseq", "ocsp", "passwd", "pkeyparam", "pkeyutl", "prime",
		"rand", "rehash", "rsautl", "s_client", "s_server", "s_time", "smime", "speed", "srp", "storeutl", "ts",
	}
}

// isOther reports whether a name is a command of OpenSSL that is not
// offered here.
func isOther(name string) bool { return slices.Contains(others(), name) }
