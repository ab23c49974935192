package cms

import (
	"crypto"
	_ "crypto/md5" // what is verified may have been hashed by any of these
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

var digests = [...]struct {
	id    oid.OID
	hash  crypto.Hash
	name  string  // as key.ChooseSignatureAlgorithm knows it
	rsa   oid.OID // RSASSA-PKCS1-v1_5 with it
	ecdsa oid.OID // empty where there is none
}{
	{oid.SHA256, crypto.SHA256, "sha256", oid.SHA256WithRSA, oid.ECDSAWithSHA256},
	{oid.SHA384, crypto.SHA384, "sha384", oid.SHA384WithRSA, oid.ECDSAWithSHA384},
	{oid.SHA512, crypto.SHA512, "sha512", oid.SHA512WithRSA, oid.ECDSAWithSHA512},
	{oid.SHA1, crypto.SHA1, "sha1", oid.SHA1WithRSA, oid.ECDSAWithSHA1},
	{oid.SHA224, crypto.SHA224, "sha224", oid.SHA224WithRSA, oid.ECDSAWithSHA224},
	{oid.SHA512_224, crypto.SHA512_224, "sha512-224", oid.SHA512_224WithRSA, ""},
	{oid.SHA512_256, crypto.SHA512_256, "sha512-256", oid.SHA512_256WithRSA, ""},
	{oid.SHA3_224, crypto.SHA3_224, "sha3-224", oid.SHA3_224WithRSA, oid.ECDSAWithSHA3_224},
	{oid.SHA3_256, crypto.SHA3_256, "sha3-256", oid.SHA3_256WithRSA, oid.ECDSAWithSHA3_256},
	{oid.SHA3_384, crypto.SHA3_384, "sha3-384", oid.SHA3_384WithRSA, oid.ECDSAWithSHA3_384},
	{oid.SHA3_512, crypto.SHA3_512, "sha3-512", oid.SHA3_512WithRSA, oid.ECDSAWithSHA3_512},
	{oid.MD5, crypto.MD5, "md5", oid.MD5WithRSA, ""},
}

func digestByID(id oid.OID) (crypto.Hash, error) {
	for _, d := range digests {
		if d.id == id {
			return d.hash, nil
		}
	}
	return 0, fmt.Errorf("the hash %s is not known", id.Name())
}

func digestID(h crypto.Hash) oid.OID {
	for _, d := range digests {
		if d.hash == h {
			return d.id
		}
	}
	return ""
}

func hashed(h crypto.Hash, content []byte) []byte {
	d := h.New()
	d.Write(content)
	return d.Sum(nil)
}

// appendAlgorithm writes an AlgorithmIdentifier whose parameters are NULL or
// absent.
func appendAlgorithm(b *der.Builder, id oid.OID, null bool) {
	mark := b.Begin(der.Sequence)
	b.OID(string(id))
	if null {
		b.Null()
	}
	b.End(mark)
}
