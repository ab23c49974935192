package key

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
)

// DebianFingerprint returns what the lists of the openssl-blacklist package
// hold of an RSA key that Debian's OpenSSL made without randomness
// (CVE-2008-0166), 20 hexadecimal digits; it is empty for other keys. The
// lists, one file a size of modulus and one fingerprint a line, are a
// caller's to have and to look it up in: none is part of this package.
func DebianFingerprint(pub *Public) string {
	n, _ := pub.rsaValues()
	if n == nil || n.Sign() <= 0 {
		return ""
	}
	sum := sha1.Sum(fmt.Appendf(nil, "Modulus=%X\n", n))
	return hex.EncodeToString(sum[:])[20:]
}
