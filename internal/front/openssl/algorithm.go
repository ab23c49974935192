package openssl

import (
	"slices"
	"strings"

	"github.com/certwright/certwright/format/pbe"
)

// cipherAliases are the short names of ciphers that keys are encrypted with.
func cipherAliases() map[string]string {
	return map[string]string{
		"aes128": "AES-128-CBC", "aes192": "AES-192-CBC", "aes256": "AES-256-CBC",
		"camellia128": "CAMELLIA-128-CBC", "camellia192": "CAMELLIA-192-CBC", "camellia256": "CAMELLIA-256-CBC",
		"des": "DES-CBC", "des3": "DES-EDE3-CBC",
	}
}

// otherCiphers are the beginnings of the names of ciphers that OpenSSL has and
// that no key is encrypted with here.
func otherCiphers() []string {
	return []string{"aes", "aria", "bf", "blowfish", "camellia", "cast", "chacha20", "des", "id-aes", "id-smime-alg-cms3deswrap",
		"idea", "rc2", "rc4", "seed", "sm4"}
}

// cipherNamed finds a cipher by the name that OpenSSL gives it, in the spelling
// of pbe.Ciphers.
func (c *call) cipherNamed(name string) (string, error) {
	lower := strings.ToLower(name)
	if long, ok := cipherAliases()[lower]; ok {
		return long, nil
	}
	for _, known := range pbe.Ciphers() {
		if strings.EqualFold(known, name) {
			return known, nil
		}
	}
	if slices.ContainsFunc(otherCiphers(), func(begin string) bool {
		rest, ok := strings.CutPrefix(lower, begin)
		return ok && (rest == "" || rest[0] == '-' || rest == "-wrap" || strings.Trim(rest, "0123456789") == "")
	}) {
		return "", complain("%s: the cipher %s is not supported by certwright openssl for keys; use -aes256", c.command.name, name)
	}
	return "", c.misuse("Unknown cipher: %s", name)
}

// cipher returns the cipher that was given as an option, such as -aes256, in
// the spelling of pbe.Ciphers; "" where none was given.
func (c *call) cipher() (string, error) {
	if len(c.unknown) == 0 {
		return "", nil
	}
	return c.cipherNamed(c.unknown[len(c.unknown)-1])
}

// digests are the message digests of OpenSSL, and the names format/key has for
// those that are signed with here; "" for the others.
func digests() map[string]string {
	return map[string]string{
		"sha1": "sha1", "sha-1": "sha1", "ssl3-sha1": "sha1", "md5": "md5", "ssl3-md5": "md5",
		"sha224": "sha224", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512",
		"sha-224": "sha224", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512",
		"sha2-224": "sha224", "sha2-256": "sha256", "sha2-384": "sha384", "sha2-512": "sha512",
		"sha512-224": "sha512-224", "sha512-256": "sha512-256",
		"sha3-224": "sha3-224", "sha3-256": "sha3-256", "sha3-384": "sha3-384", "sha3-512": "sha3-512",
		"blake2b512": "", "blake2s256": "", "md4": "", "md5-sha1": "", "ripemd": "", "ripemd160": "", "rmd160": "",
		"shake128": "", "shake256": "", "sm3": "", "whirlpool": "",
	}
}

// digestNamed finds a digest by the name that OpenSSL gives it, in the spelling
// of key.ChooseSignatureAlgorithm.
func (c *call) digestNamed(name string) (string, error) {
	known, ok := digests()[strings.ToLower(name)]
	switch {
	case !ok:
		return "", c.misuse("Unknown option or message digest: %s", name)
	case known == "":
		return "", complain("%s: the message digest %s is not supported by certwright openssl", c.command.name, name)
	}
	return known, nil
}

// digest returns the digest that was given as an option, such as -sha256; ""
// where none was given.
func (c *call) digest() (string, error) {
	if len(c.unknown) == 0 {
		return "", nil
	}
	return c.digestNamed(c.unknown[len(c.unknown)-1])
}
