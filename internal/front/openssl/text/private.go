package text

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

var errPrivate = errors.New("this kind of private key cannot be printed")

// Private prints a private key as `pkey -text` does.
func Private(w *Writer, p *key.Private) error {
	info, err := key.MarshalPKCS8(p)
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	return PrivateDER(w, info)
}

// PrivateAs is Private with the public half as it stands in this encoding.
func PrivateAs(w *Writer, p *key.Private, public *key.Public) error {
	if public == p.Public {
		return Private(w, p)
	}
	info, err := key.MarshalPKCS8(p)
	if err != nil {
		return fmt.Errorf("encoding the private key: %w", err)
	}
	in := open(info, der.Sequence)
	in.integer(der.Integer)
	in.algorithm()
	octets := in.take(der.OctetString).Content
	half := fields{rest: public.Raw}
	if one := half.publicKey(); !one.private(w, octets, public.Type) {
		return errPrivate
	}
	return nil
}

// PrivateDER is Private for a key that is decrypted DER, in PKCS#8 or the form
// of its own algorithm. Parameters of a curve that are spelled out stay so.
func PrivateDER(w *Writer, raw []byte) error {
	p, err := key.ReadPrivate(raw, nil)
	var damaged *key.Damaged
	if errors.As(err, &damaged) {
		p, err = damaged.Key, nil
	}
	if err != nil {
		return fmt.Errorf("reading the private key: %w", err)
	}
	public := fields{rest: p.Public.Raw}
	half := public.publicKey()
	octets := raw
	if in := open(raw, der.Sequence); isPKCS8(in) {
		in.integer(der.Integer)
		half.algorithm = in.algorithm()
		octets = in.take(der.OctetString).Content
	}
	if !half.private(w, octets, p.Public.Type) {
		return errPrivate
	}
	return nil
}

// isPKCS8 reports whether a version, an algorithm and octets stand here.
func isPKCS8(in fields) bool {
	in.integer(der.Integer)
	in.algorithm()
	in.take(der.OctetString)
	return !in.bad
}

func (p PublicKey) private(w *Writer, octets []byte, kind string) bool {
	switch kind {
	case "RSA", "RSA-OAEP":
		return privateRSA(w, octets)
	case "RSA-PSS":
		if !privateRSA(w, octets) {
			return false
		}
		restrictions(w, p.algorithm, 0)
		return true
	case "EC":
		return p.privateEC(w, octets)
	case "Ed25519", "Ed448", "X25519", "X448":
		return p.privateOctets(w, octets, p.kind())
	case "DSA":
		return p.privateDSA(w, octets)
	case "DH":
		return p.privateDH(w, octets)
	}
	return false
}

// rsaLabels name the numbers of an RSAPrivateKey (RFC 8017, Appendix A.1.2).
var rsaLabels = [...]string{
	"modulus:", "publicExponent:", "privateExponent:", "prime1:", "prime2:", "exponent1:", "exponent2:", "coefficient:",
}

func privateRSA(w *Writer, octets []byte) bool {
	in := open(octets, der.Sequence)
	in.integer(der.Integer)
	var numbers []integer
	for range rsaLabels {
		numbers = append(numbers, in.unsigned())
	}
	var others []integer
	if list, ok := in.optional(der.Sequence); ok {
		for more := sub(list); more.more(); {
			one := sub(more.take(der.Sequence))
			others = append(others, one.unsigned(), one.unsigned(), one.unsigned())
		}
	}
	if !in.ok() {
		return false
	}
	heading(w, 0, "Private-Key: (", strconv.Itoa(bitLength(numbers[0].magnitude)), " bit, ", strconv.Itoa(2+len(others)/3), " primes)")
	for i, n := range numbers {
		number(w, rsaLabels[i], n.magnitude, n.negative, 0)
	}
	for i, n := range others {
		label := [...]string{"prime", "exponent", "coefficient"}[i%3] + strconv.Itoa(3+i/3) + ":"
		number(w, label, n.magnitude, n.negative, 0)
	}
	return true
}

func (p PublicKey) privateEC(w *Writer, octets []byte) bool {
	in := open(octets, der.Sequence)
	in.integer(der.Integer)
	scalar := new(big.Int).SetBytes(in.take(der.OctetString).Content)
	if parameters, ok := in.explicitAny(0); ok {
		p.algorithm.parameters, p.algorithm.given = parameters, true
	}
	order, ok := orderBits(p.algorithm)
	if in.bad || !ok || len(p.bits) == 0 || scalar.BitLen() > (order+7)/8*8 {
		return false
	}
	heading(w, 0, "Private-Key: (", strconv.Itoa(order), " bit)")
	heading(w, 0, "priv:")
	colonLines(w, scalar.FillBytes(make([]byte, (order+7)/8)), 4, 15)
	heading(w, 0, "pub:")
	colonLines(w, p.bits, 4, 15)
	writeCurve(w, p.algorithm, p.bits[0]&^1, 0)
	return true
}

// kind names keys that are bare octets.
func (p PublicKey) kind() string {
	switch p.algorithm.id {
	case oid.Ed25519:
		return "ED25519"
	case oid.Ed448:
		return "ED448"
	case oid.X25519:
		return "X25519"
	}
	return "X448"
}

func (p PublicKey) privateOctets(w *Writer, octets []byte, kind string) bool {
	in := fields{rest: octets}
	private := in.take(der.OctetString).Content
	if !in.ok() {
		return false
	}
	heading(w, 0, kind, " Private-Key:")
	heading(w, 0, "priv:")
	colonLines(w, private, 4, 15)
	heading(w, 0, "pub:")
	colonLines(w, p.bits, 4, 15)
	return true
}

func (p PublicKey) privateDSA(w *Writer, octets []byte) bool {
	in := fields{rest: octets}
	if in.rest.Peek() == der.Sequence {
		in = open(octets, der.Sequence)
		for range 5 {
			in.integer(der.Integer)
		}
	}
	x := in.integer(der.Integer)
	numbers, ok := p.dsa()
	if !in.ok() || !ok {
		return false
	}
	heading(w, 0, "Private-Key: (", strconv.Itoa(bitLength(numbers[1].magnitude)), " bit)")
	number(w, "priv:", x.magnitude, x.negative, 0)
	dsaNumbers(w, numbers, 0)
	return true
}

func (p PublicKey) privateDH(w *Writer, octets []byte) bool {
	in, outer := fields{rest: octets}, fields{rest: p.bits}
	x, y := in.integer(der.Integer), outer.integer(der.Integer)
	d, ok := p.finiteField()
	if !ok || !in.ok() || outer.bad {
		return false
	}
	heading(w, 0, "DH Private-Key: (", strconv.Itoa(bitLength(d.prime.magnitude)), " bit)")
	number(w, "private-key:", x.magnitude, x.negative, 0)
	number(w, "public-key:", y.magnitude, y.negative, 0)
	d.write(w, 0)
	return true
}

// CurveParameters prints the parameters of elliptic curve keys, in DER, as
// `ecparam -text` does; form is that of the base point, as -conv_form names it.
func CurveParameters(w *Writer, parameters []byte, form string) error {
	in := fields{rest: parameters}
	a := algorithm{id: oid.ECPublicKey, parameters: in.next(), given: true}
	order, ok := orderBits(a)
	if !ok {
		return errors.New("the curve is not one that can be printed")
	}
	heading(w, 0, "EC-Parameters: (", strconv.Itoa(order), " bit)")
	writeCurve(w, a, formNamed(form, uncompressedForm), 0)
	return nil
}
