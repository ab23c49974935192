package text

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// groups are the groups of RFC 7919, RFC 3526 and RFC 5114, by the first eight
// octets of the SHA-256 of their prime and generator.
var groups = [...]struct{ hash, name string }{
	{"139ec189a7be1393", "ffdhe2048"},
	{"01ec9a489eed4d3e", "ffdhe3072"},
	{"4414b0b055675989", "ffdhe4096"},
	{"f64ce94ae664a8b5", "ffdhe6144"},
	{"f343e4a6730e9669", "ffdhe8192"},
	{"d4cc40b903320ccb", "modp_1536"},
	{"f3253b3139b8a3f0", "modp_2048"},
	{"dde5e0a319d90762", "modp_3072"},
	{"0e24ae1ce382c7a9", "modp_4096"},
	{"86624e5df87416bd", "modp_6144"},
	{"6307549cef8b65fe", "modp_8192"},
	{"1ce4be245cbb5702", "dh_1024_160"},
	{"dc56bfae4093fc0e", "dh_2048_224"},
	{"130874a604cadc34", "dh_2048_256"},
}

// finiteField are the domain parameters of Diffie-Hellman keys (PKCS #3;
// RFC 3279, Section 2.3.3).
type finiteField struct {
	prime, generator integer
	order            integer
	hasOrder         bool
}

func (p PublicKey) finiteField() (d finiteField, ok bool) {
	if !p.algorithm.given || p.algorithm.parameters.Tag != der.Sequence {
		return d, false
	}
	in := sub(p.algorithm.parameters)
	d.prime, d.generator = in.unsigned(), in.unsigned()
	if p.algorithm.id == oid.DHPublicNumber {
		d.order, d.hasOrder = in.unsigned(), true
		for in.more() {
			in.next()
		}
		return d, !in.bad
	}
	in.optionalInteger(der.Integer)
	return d, in.ok()
}

func (d finiteField) write(w *Writer, indent int) {
	h := sha256.New()
	for _, n := range [...]integer{d.prime, d.generator} {
		octets := n.magnitude
		for len(octets) > 0 && octets[0] == 0 {
			octets = octets[1:]
		}
		h.Write(octets)
	}
	id := hex.EncodeToString(h.Sum(nil)[:8])
	for _, g := range groups {
		if g.hash == id {
			heading(w, indent, "GROUP: ", g.name)
			return
		}
	}
	number(w, "P:   ", d.prime.magnitude, false, indent)
	if d.hasOrder {
		number(w, "Q:   ", d.order.magnitude, false, indent)
	}
	number(w, "G:   ", d.generator.magnitude, false, indent)
}

func (p PublicKey) writeDH(w *Writer, indent int) bool {
	outer := fields{rest: p.bits}
	y := outer.integer(der.Integer)
	d, ok := p.finiteField()
	if !ok || outer.bad {
		return false
	}
	heading(w, indent, "DH Public-Key: (", strconv.Itoa(bitLength(d.prime.magnitude)), " bit)")
	number(w, "public-key:", y.magnitude, y.negative, indent)
	d.write(w, indent)
	return true
}
