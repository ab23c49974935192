package key

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// digests are the hashes of signatures, with their identifiers.
var digests = [...]struct {
	id   oid.OID
	hash crypto.Hash
}{
	{oid.SHA256, crypto.SHA256},
	{oid.SHA384, crypto.SHA384},
	{oid.SHA512, crypto.SHA512},
	{oid.SHA1, crypto.SHA1},
	{oid.MD5, crypto.MD5},
	{oid.SHA224, crypto.SHA224},
	{oid.SHA512_224, crypto.SHA512_224},
	{oid.SHA512_256, crypto.SHA512_256},
	{oid.SHA3_224, crypto.SHA3_224},
	{oid.SHA3_256, crypto.SHA3_256},
	{oid.SHA3_384, crypto.SHA3_384},
	{oid.SHA3_512, crypto.SHA3_512},
}

// HashByID returns the hash that an identifier names: MD5, SHA-1, SHA-2 or
// SHA-3; 0 for others.
func HashByID(id oid.OID) crypto.Hash {
	for i := range digests {
		if digests[i].id == id {
			return digests[i].hash
		}
	}
	return 0
}

// HashID returns the identifier of a hash that HashByID knows, empty for
// others.
func HashID(h crypto.Hash) oid.OID {
	for i := range digests {
		if digests[i].hash == h {
			return digests[i].id
		}
	}
	return ""
}

// hashIdentifier returns the AlgorithmIdentifier of a digest, NULL included,
// as PKCS#1 writes it.
func hashIdentifier(h crypto.Hash) []byte {
	if id := HashID(h); id != "" {
		return withParameters(id, derNull).Raw
	}
	return nil
}

// digestInfo is what PKCS#1 pads: the algorithm and the digest (RFC 8017, Section 9.2).
func digestInfo(h crypto.Hash, digest []byte) []byte {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.Raw(hashIdentifier(h))
	b.Add(der.OctetString, digest)
	b.End(mark)
	return b.Bytes()
}

// digest is a hash of a message; being an array it stays off the heap.
type digest struct {
	octets [64]byte
	size   int
}

func (d *digest) bytes() []byte { return d.octets[:d.size] }

func (d *digest) compute(h crypto.Hash, message []byte) {
	d.size = h.Size()
	switch h {
	case crypto.SHA256:
		*(*[32]byte)(d.octets[:]) = sha256.Sum256(message)
	case crypto.SHA384:
		*(*[48]byte)(d.octets[:]) = sha512.Sum384(message)
	case crypto.SHA512:
		d.octets = sha512.Sum512(message)
	case crypto.SHA1:
		*(*[20]byte)(d.octets[:]) = sha1.Sum(message)
	case crypto.MD5:
		*(*[16]byte)(d.octets[:]) = md5.Sum(message)
	case crypto.SHA224:
		*(*[28]byte)(d.octets[:]) = sha256.Sum224(message)
	case crypto.SHA512_224:
		*(*[28]byte)(d.octets[:]) = sha512.Sum512_224(message)
	case crypto.SHA512_256:
		*(*[32]byte)(d.octets[:]) = sha512.Sum512_256(message)
	case crypto.SHA3_224:
		*(*[28]byte)(d.octets[:]) = sha3.Sum224(message)
	case crypto.SHA3_256:
		*(*[32]byte)(d.octets[:]) = sha3.Sum256(message)
	case crypto.SHA3_384:
		*(*[48]byte)(d.octets[:]) = sha3.Sum384(message)
	case crypto.SHA3_512:
		d.octets = sha3.Sum512(message)
	}
}
