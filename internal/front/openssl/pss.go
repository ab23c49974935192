package openssl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// pssPlan are the parameters of an RSASSA-PSS key (RFC 4055, Section 3.1).
type pssPlan struct {
	hash, mask oid.OID
	salt       int
}

func pssHash(name string) (oid.OID, bool) {
	id, ok := map[string]oid.OID{
		"sha1": oid.SHA1, "sha224": oid.SHA224, "sha256": oid.SHA256, "sha384": oid.SHA384, "sha512": oid.SHA512,
	}[digests()[strings.ToLower(name)]]
	return id, ok
}

// setPSS takes one -pkeyopt rsa_pss_keygen_….
func (p *keyPlan) setPSS(name, value string) error {
	if p.restrictions == nil {
		p.restrictions = &pssPlan{salt: -1}
	}
	switch name {
	case "md", "mgf1_md":
		id, ok := pssHash(value)
		if !ok {
			return fmt.Errorf("the digest %q is not supported here", value)
		}
		if name == "md" {
			p.restrictions.hash = id
		} else {
			p.restrictions.mask = id
		}
	case "saltlen":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > 1<<16 {
			return fmt.Errorf("%q is not the length of a salt", value)
		}
		p.restrictions.salt = n
	default:
		return fmt.Errorf("there is no option of this name")
	}
	return nil
}

// encode writes RSASSA-PSS-params, defaults left out as DER wants it.
func (p *pssPlan) encode() []byte {
	if p == nil {
		return nil
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	if p.hash != "" && p.hash != oid.SHA1 {
		mark := b.Begin(der.ContextConstructed(0))
		hashAlgorithm(&b, p.hash)
		b.End(mark)
	}
	// OpenSSL takes the hash of the mask from the hash where only that is given.
	mask := p.mask
	if mask == "" {
		mask = p.hash
	}
	if mask != "" && mask != oid.SHA1 {
		mark := b.Begin(der.ContextConstructed(1))
		function := b.Begin(der.Sequence)
		b.OID(string(oid.MGF1))
		hashAlgorithm(&b, mask)
		b.End(function)
		b.End(mark)
	}
	if p.salt >= 0 && p.salt != 20 {
		mark := b.Begin(der.ContextConstructed(2))
		b.Int(int64(p.salt))
		b.End(mark)
	}
	b.End(all)
	return b.Bytes()
}

func hashAlgorithm(b *der.Builder, id oid.OID) {
	mark := b.Begin(der.Sequence)
	b.OID(string(id))
	b.Null()
	b.End(mark)
}
