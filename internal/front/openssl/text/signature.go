package text

import (
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// algorithm is an AlgorithmIdentifier as far as printing goes.
type algorithm struct {
	id         oid.OID
	parameters der.Element
	given      bool // there are parameters
}

func (f *fields) algorithm() (a algorithm) {
	e := f.take(der.Sequence)
	in := sub(e)
	a.id = in.object()
	if in.more() {
		a.parameters, a.given = in.any(), true
	}
	if !in.ok() {
		f.fail()
	}
	return a
}

// signatureAlgorithm writes an algorithm without a signature.
func signatureAlgorithm(w *Writer, a algorithm) {
	w.WriteString("    Signature Algorithm: ")
	w.WriteString(w.Objects.Long(a.id))
	if a.id == oid.RSASSAPSS {
		pssParameters(w, a)
		return
	}
	w.WriteByte('\n')
}

const signatureIndent = 8

// signature writes an algorithm and a signature by it.
func signature(w *Writer, a algorithm, octets []byte) {
	w.WriteString("    Signature Algorithm: ")
	w.WriteString(w.Objects.Long(a.id))
	w.WriteString("\n    Signature Value:")
	switch {
	case a.id == oid.RSASSAPSS:
		pssParameters(w, a)
	case isDSA(a.id):
		w.WriteByte('\n')
		if len(octets) > 0 && dsaPair(w, octets) {
			return
		}
	default:
		w.WriteByte('\n')
	}
	colonLines(w, octets, signatureIndent, 18)
}

const (
	dsaWithSHA1    oid.OID = "\x2a\x86\x48\xce\x38\x04\x03" // 1.2.840.10040.4.3
	dsaWithSHA1Old oid.OID = "\x2b\x0e\x03\x02\x1b"         // 1.3.14.3.2.27
)

// isDSA reports whether the signature is a pair that OpenSSL takes apart.
func isDSA(id oid.OID) bool {
	switch id {
	case dsaWithSHA1, dsaWithSHA1Old,
		"\x60\x86\x48\x01\x65\x03\x04\x03\x01", // 2.16.840.1.101.3.4.3.1
		"\x60\x86\x48\x01\x65\x03\x04\x03\x02": // 2.16.840.1.101.3.4.3.2
		return true
	}
	return false
}

func dsaPair(w *Writer, octets []byte) bool {
	outer := fields{rest: octets}
	in := sub(outer.take(der.Sequence))
	r, s := in.integer(der.Integer), in.integer(der.Integer)
	if !in.ok() || outer.bad || r.negative || s.negative {
		return false
	}
	number(w, "r:   ", r.magnitude, false, signatureIndent)
	number(w, "s:   ", s.magnitude, false, signatureIndent)
	return true
}

// pss are RSASSA-PSS-params (RFC 4055, Section 3.1).
type pss struct {
	hash, mask, maskHash oid.OID
	hasHash, hasMask     bool
	salt, trailer        integer
	hasSalt, hasTrailer  bool
}

func readPSS(a algorithm) (p pss, ok bool) {
	if !a.given || a.parameters.Tag != der.Sequence {
		return p, false
	}
	in := sub(a.parameters)
	if e, ok := in.optional(der.ContextConstructed(0)); ok {
		one := sub(e)
		p.hash, p.hasHash = one.algorithm().id, true
		if !one.ok() {
			return p, false
		}
	}
	if e, ok := in.optional(der.ContextConstructed(1)); ok {
		one := sub(e)
		mask := one.algorithm()
		p.mask, p.hasMask = mask.id, true
		if !one.ok() {
			return p, false
		}
		hash := fields{rest: mask.parameters.Raw}
		p.maskHash = hash.algorithm().id
		if p.mask != oid.MGF1 || !mask.given || !hash.ok() {
			return p, false
		}
	}
	if e, ok := in.explicit(2, der.Integer); ok {
		p.salt, ok = readInteger(e.Content)
		if p.hasSalt = true; !ok {
			return p, false
		}
	}
	if e, ok := in.explicit(3, der.Integer); ok {
		p.trailer, ok = readInteger(e.Content)
		if p.hasTrailer = true; !ok {
			return p, false
		}
	}
	return p, in.ok()
}

func pssParameters(w *Writer, a algorithm) {
	const indent = signatureIndent
	p, ok := readPSS(a)
	spaces(w, indent)
	if !ok {
		w.WriteString("(INVALID PSS PARAMETERS)\n")
		return
	}
	w.WriteByte('\n')
	field := func(name string) {
		spaces(w, indent)
		w.WriteString(name)
	}
	field("Hash Algorithm: ")
	if p.hasHash {
		w.WriteString(w.Objects.Long(p.hash))
	} else {
		w.WriteString("sha1 (default)")
	}
	w.WriteByte('\n')
	field("Mask Algorithm: ")
	if p.hasMask {
		w.WriteString(w.Objects.Long(p.mask) + " with " + w.Objects.Long(p.maskHash))
	} else {
		w.WriteString("mgf1 with sha1 (default)")
	}
	w.WriteByte('\n')
	field(" Salt Length: 0x")
	if p.hasSalt {
		p.salt.hex(w)
	} else {
		w.WriteString("14 (default)")
	}
	w.WriteByte('\n')
	field("Trailer Field: 0x")
	if p.hasTrailer {
		p.trailer.hex(w)
	} else {
		w.WriteString("01 (default)")
	}
	w.WriteByte('\n')
}

// number writes a labelled number: one of at most 64 bits on the line of its
// label, a longer one on lines of fifteen octets, four further in.
func number(w *Writer, label string, magnitude []byte, negative bool, indent int) {
	n := new(big.Int).SetBytes(magnitude)
	spaces(w, indent)
	w.WriteString(label)
	if n.BitLen() == 0 {
		w.WriteString(" 0\n")
		return
	}
	sign := ""
	if negative {
		sign = "-"
	}
	if n.BitLen() <= 64 {
		w.WriteByte(' ')
		w.WriteString(sign + n.String() + " (" + sign + "0x" + n.Text(16) + ")\n")
		return
	}
	if negative {
		w.WriteString(" (Negative)")
	}
	w.WriteByte('\n')
	octets := n.Bytes()
	if octets[0]&0x80 != 0 {
		octets = append([]byte{0}, octets...)
	}
	colonLines(w, octets, indent+4, 15)
}
