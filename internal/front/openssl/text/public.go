package text

import (
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// PublicKey is a SubjectPublicKeyInfo as OpenSSL reads it.
type PublicKey struct {
	Raw       []byte
	algorithm algorithm
	bits      []byte
}

func (f *fields) publicKey() (p PublicKey) {
	e := f.take(der.Sequence)
	in := sub(e)
	p.Raw = e.Raw
	p.algorithm = in.algorithm()
	p.bits = in.bits(der.BitString)
	if !in.ok() {
		f.fail()
	}
	return p
}

// writeInfo prints the key of a certificate or request.
func (p PublicKey) writeInfo(w *Writer) {
	w.WriteString("        Subject Public Key Info:\n            Public Key Algorithm: ")
	w.WriteString(w.Objects.Long(p.algorithm.id))
	w.WriteByte('\n')
	if !p.Write(w, 16) {
		w.WriteString("            Unable to load Public Key\n")
	}
}

// Public prints a public key as `pkey -pubin -text` does, indented; false where
// OpenSSL could not load it, and nothing was written.
func Public(w *Writer, p *key.Public, indent int) bool {
	in := fields{rest: p.Raw}
	k := in.publicKey()
	return !in.bad && k.Write(w, indent)
}

// KeyOf is a public key as it stands in certificates and requests.
func KeyOf(p *key.Public) PublicKey {
	in := fields{rest: p.Raw}
	return in.publicKey()
}

// Write prints the key, indented; false where OpenSSL could not load it, and
// nothing was written.
func (p PublicKey) Write(w *Writer, indent int) bool {
	switch p.algorithm.id {
	case oid.RSAEncryption, "\x55\x08\x01\x01": // 2.5.8.1.1
		return p.writeRSA(w, indent)
	case oid.RSASSAPSS:
		return p.writePSS(w, indent)
	case oid.ECPublicKey, "\x2a\x81\x1c\xcf\x55\x01\x82\x2d": // 1.2.156.10197.1.301
		return p.writeEC(w, indent)
	case oid.Ed25519:
		return p.writeOctets(w, "ED25519", 32, indent)
	case oid.Ed448:
		return p.writeOctets(w, "ED448", 57, indent)
	case oid.X25519:
		return p.writeOctets(w, "X25519", 32, indent)
	case oid.X448:
		return p.writeOctets(w, "X448", 56, indent)
	case oid.DSA, dsaWithSHA1, "\x2b\x0e\x03\x02\x0c", "\x2b\x0e\x03\x02\x0d", dsaWithSHA1Old: // 1.3.14.3.2.12 and 13
		return p.writeDSA(w, indent)
	case oid.DHKeyAgreement, oid.DHPublicNumber:
		return p.writeDH(w, indent)
	}
	return false
}

func heading(w *Writer, indent int, words ...string) {
	spaces(w, indent)
	for _, s := range words {
		w.WriteString(s)
	}
	w.WriteByte('\n')
}

func (p PublicKey) rsa() (n, e integer, ok bool) {
	outer := fields{rest: p.bits}
	in := sub(outer.take(der.Sequence))
	n, e = in.unsigned(), in.unsigned()
	return n, e, in.ok() && !outer.bad
}

func (p PublicKey) writeRSA(w *Writer, indent int) bool {
	n, e, ok := p.rsa()
	if !ok {
		return false
	}
	heading(w, indent, "Public-Key: (", strconv.Itoa(bitLength(n.magnitude)), " bit)")
	number(w, "Modulus:", n.magnitude, n.negative, indent)
	number(w, "Exponent:", e.magnitude, e.negative, indent)
	return true
}

func bitLength(magnitude []byte) int {
	for i, c := range magnitude {
		if c != 0 {
			n := 8 * (len(magnitude) - i)
			for c&0x80 == 0 {
				c <<= 1
				n--
			}
			return n
		}
	}
	return 0
}

func (p PublicKey) writePSS(w *Writer, indent int) bool {
	if !readableRestrictions(p.algorithm) || !p.writeRSA(w, indent) {
		return false
	}
	restrictions(w, p.algorithm, indent)
	return true
}

func readableRestrictions(a algorithm) bool {
	if !a.given {
		return true
	}
	p, ok := readPSS(a)
	if !ok || p.hasHash && providerDigest(p.hash) == "" || p.hasMask && providerDigest(p.maskHash) == "" {
		return false
	}
	salt, ok := p.salt.small()
	if p.hasSalt && (!ok || salt < 0) {
		return false
	}
	trailer, _ := p.trailer.small()
	return !p.hasTrailer || trailer == 1
}

// restrictions writes what the parameters of an RSA-PSS key demand of signatures.
func restrictions(w *Writer, a algorithm, indent int) {
	p, ok := readPSS(a)
	if !ok {
		heading(w, indent, "No PSS parameter restrictions")
		return
	}
	heading(w, indent, "PSS parameter restrictions:")
	hash, mask := "SHA1 (default)", "SHA1 (default)"
	if p.hasHash && p.hash != oid.SHA1 {
		hash = providerDigest(p.hash)
	}
	if p.hasMask && p.maskHash != oid.SHA1 {
		mask = providerDigest(p.maskHash)
	}
	heading(w, indent, "  Hash Algorithm: ", hash)
	heading(w, indent, "  Mask Algorithm: MGF1 with ", mask)
	salt := int64(20)
	if p.hasSalt {
		salt, _ = p.salt.small()
	}
	suffix := ""
	if salt == 20 {
		suffix = " (default)"
	}
	heading(w, indent, "  Minimum Salt Length: ", strconv.FormatInt(salt, 10), suffix)
	trailer := int64(1)
	if p.hasTrailer {
		trailer, _ = p.trailer.small()
	}
	suffix = ""
	if trailer == 1 {
		suffix = " (default)"
	}
	heading(w, indent, "  Trailer Field: 0x", strconv.FormatInt(trailer, 16), suffix)
}

// providerDigest is the name that OpenSSL's providers give a digest of RSA-PSS;
// empty for others.
func providerDigest(id oid.OID) string {
	switch id {
	case oid.MD5:
		return "MD5"
	case oid.SHA1:
		return "SHA1"
	case oid.SHA224:
		return "SHA2-224"
	case oid.SHA256:
		return "SHA2-256"
	case oid.SHA384:
		return "SHA2-384"
	case oid.SHA512:
		return "SHA2-512"
	case oid.SHA512_224:
		return "SHA2-512/224"
	case oid.SHA512_256:
		return "SHA2-512/256"
	}
	return ""
}

func (p PublicKey) writeOctets(w *Writer, kind string, size, indent int) bool {
	if len(p.bits) != size || p.algorithm.given {
		return false
	}
	heading(w, indent, kind, " Public-Key:")
	heading(w, indent, "pub:")
	colonLines(w, p.bits, indent+4, 15)
	return true
}

// dsa returns y, p, q and g.
func (p PublicKey) dsa() (numbers [4]integer, ok bool) {
	outer := fields{rest: p.bits}
	numbers[0] = outer.integer(der.Integer)
	if outer.bad || !p.algorithm.given || p.algorithm.parameters.Tag != der.Sequence {
		return numbers, false
	}
	domain := sub(p.algorithm.parameters)
	for i := range 3 {
		numbers[1+i] = domain.unsigned()
	}
	return numbers, domain.ok()
}

func dsaNumbers(w *Writer, numbers [4]integer, indent int) {
	for i, label := range [...]string{"pub: ", "P:   ", "Q:   ", "G:   "} {
		number(w, label, numbers[i].magnitude, numbers[i].negative, indent)
	}
}

func (p PublicKey) writeDSA(w *Writer, indent int) bool {
	numbers, ok := p.dsa()
	if !ok {
		return false
	}
	heading(w, indent, "Public-Key: (", strconv.Itoa(bitLength(numbers[1].magnitude)), " bit)")
	dsaNumbers(w, numbers, indent)
	return true
}
