package openssl

import (
	"bytes"

	"github.com/certwright/certwright/format/cms"
)

// definite gives an object whose outer lengths were left open (BER) those that
// they have in DER. What is signed stays as it was read, since that is what the
// signature is over; where that has open lengths, nothing is changed.
func definite(raw []byte) []byte {
	if len(raw) < 2 || raw[1] != 0x80 {
		return raw
	}
	normal, err := cms.Normalize(raw)
	if err != nil {
		return raw
	}
	if parts := children(normal); len(parts) == 0 || !bytes.HasPrefix(raw[2:], parts[0].Raw) {
		return raw
	}
	return normal
}
