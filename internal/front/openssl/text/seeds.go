package text

import (
	"encoding/hex"

	"github.com/certwright/certwright/format/oid"
)

// CurveSeed is what the parameters of a curve were drawn from, as its standard
// tells (X9.62; SEC 2); nil where it tells none.
func CurveSeed(id oid.OID) []byte {
	for _, s := range seeds {
		if s.id == id {
			seed, _ := hex.DecodeString(s.seed)
			return seed
		}
	}
	return nil
}

var seeds = [...]struct {
	id   oid.OID
	seed string
}{
	{"\x2b\x81\x04\x00\x08", "1053cde42c14d696e67687561517533bf3f83345"},             // secp160r1
	{"\x2b\x81\x04\x00\x1e", "b99b99b099b323e02709a4d696e6768756151751"},             // secp160r2
	{"\x2b\x81\x04\x00\x21", "bd71344799d5c7fcdc45b59fa3b9ab8f6a948bc5"},             // secp224r1
	{"\x2b\x81\x04\x00\x22", "a335926aa319a27a1d00896a6773a4827acdac73"},             // secp384r1
	{"\x2b\x81\x04\x00\x23", "d09e8800291cb85396cc6717393284aaa0da64ba"},             // secp521r1
	{"\x2a\x86\x48\xce\x3d\x03\x01\x01", "3045ae6fc8422f64ed579528d38120eae12196d5"}, // prime192v1
	{"\x2a\x86\x48\xce\x3d\x03\x01\x02", "31a92ee2029fd10d901b113e990710f0d21ac6b6"}, // prime192v2
	{"\x2a\x86\x48\xce\x3d\x03\x01\x03", "c469684435deb378c4b65ca9591e2a5763059a2e"}, // prime192v3
	{"\x2a\x86\x48\xce\x3d\x03\x01\x04", "e43bb460f0b80cc0c0b075798e948060f8321b7d"}, // prime239v1
	{"\x2a\x86\x48\xce\x3d\x03\x01\x05", "e8b4011604095303ca3b8099982be09fcb9ae616"}, // prime239v2
	{"\x2a\x86\x48\xce\x3d\x03\x01\x06", "7d7374168ffe3471b60a857686a19475d3bfa2ff"}, // prime239v3
	{"\x2a\x86\x48\xce\x3d\x03\x01\x07", "c49d360886e704936a6678e1139d26b7819f7e90"}, // prime256v1
}
