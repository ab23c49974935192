package openssl

import (
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
)

// spelled are the numbers of a curve, to be changed.
type spelled struct{ p, a, b, x, y, n, h *big.Int }

func numbersOfCurve(name string) spelled {
	c := curveNamed(name)
	return spelled{c.P, c.A, c.B, c.X, c.Y, c.N, big.NewInt(1)}
}

func derInteger(n *big.Int) string {
	octets := string(n.Bytes())
	if n.Sign() < 0 {
		wrapped := new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 8*33))
		return octet(2, string(wrapped.Bytes()))
	}
	if octets == "" || octets[0] >= 0x80 {
		octets = "\x00" + octets
	}
	return octet(2, octets)
}

// encode writes ECParameters; seed and cofactor are whole elements or nothing.
func (s spelled) encode(version int64, width int, base, seed, cofactor string) string {
	pad := func(n *big.Int) string { return octet(4, string(n.FillBytes(make([]byte, width)))) }
	if base == "" {
		base = "\x04" + string(s.x.FillBytes(make([]byte, 32))) + string(s.y.FillBytes(make([]byte, 32)))
	}
	return sequence(derInteger(big.NewInt(version)), sequence(octet(6, "\x2a\x86\x48\xce\x3d\x01\x01"), derInteger(s.p)),
		sequence(pad(s.a), pad(s.b), seed), octet(4, base), derInteger(s.n), cofactor)
}

func (s spelled) changed(change func(*spelled)) spelled {
	change(&s)
	return s
}

// spelledCurves are curves that are P-256 or secp256k1, like them, or none.
func spelledCurves() map[string]string {
	all := map[string]string{}
	one := octet(2, "\x01")
	for _, name := range []string{"P-256", "secp256k1"} {
		s := numbersOfCurve(name)
		plus := func(n *big.Int, by int64) *big.Int { return new(big.Int).Add(n, big.NewInt(by)) }
		compressed := string(append([]byte{2 | byte(s.y.Bit(0))}, s.x.FillBytes(make([]byte, 32))...))
		for kind, parameters := range map[string]string{
			"plain": s.encode(1, 32, "", "", one), "seed": s.encode(1, 32, "", octet(3, "\x00seed"), one), "empty seed": s.encode(1, 32, "", octet(3, "\x00"), one),
			"no cofactor": s.encode(1, 32, "", "", ""), "wrong cofactor": s.encode(1, 32, "", "", octet(2, "\x05")), "negative cofactor": s.encode(1, 32, "", "", octet(2, "\xff")),
			"compressed": s.encode(1, 32, compressed, "", one), "wide": s.encode(3, 40, "", "", one), "infinity": s.encode(1, 32, "\x00", "", one), "more": s.encode(1, 32, "", "", one+one),
			"other prime": s.changed(func(s *spelled) { s.p = plus(s.p, -2) }).encode(1, 32, "", "", one), "negative prime": s.changed(func(s *spelled) { s.p = new(big.Int).Neg(s.p) }).encode(1, 32, "", "", one),
			"other order": s.changed(func(s *spelled) { s.n = plus(s.n, 2) }).encode(1, 32, "", "", one), "no order": s.changed(func(s *spelled) { s.n = new(big.Int) }).encode(1, 32, "", "", one),
			"large order": s.changed(func(s *spelled) { s.n = new(big.Int).Lsh(s.n, 3) }).encode(1, 32, "", "", one), "off the curve": s.changed(func(s *spelled) { s.y = plus(s.y, 1) }).encode(1, 32, "", "", one),
			"stretched": s.stretched().encode(1, 32, "", "", one), "stretched, seed": s.stretched().encode(1, 32, "", octet(3, "\x00seed"), octet(2, "\x04")), "stretched, no cofactor": s.stretched().encode(1, 32, "", "", ""),
		} {
			all[name+", "+kind] = parameters
		}
	}
	return all
}

// stretched is a curve that is the same but for its numbers, which nobody
// named: x is three squared times as large, and y three cubed.
func (s spelled) stretched() spelled {
	times := func(n *big.Int, factor int64) *big.Int {
		n = new(big.Int).Mul(n, big.NewInt(factor))
		return n.Mod(n, s.p)
	}
	return spelled{s.p, times(s.a, 81), times(s.b, 729), times(s.x, 9), times(s.y, 27), s.n, s.h}
}

// TestCurvesThatAreSpelledOut reads parameters, keys and their public halves on
// curves of all kinds: taken and refused as openssl takes and refuses them.
func TestCurvesThatAreSpelledOut(t *testing.T) {
	w := newTwin(t)
	const unrestricted = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
	for kind, parameters := range spelledCurves() {
		s := numbersOfCurve(strings.Split(kind, ",")[0])
		if strings.Contains(kind, "stretched") {
			s = s.stretched()
		}
		// The base point is a public key too, and one the private key of it.
		point := "\x04" + string(s.x.FillBytes(make([]byte, 32))) + string(s.y.FillBytes(make([]byte, 32)))
		private := sequence(octet(2, "\x01"), octet(4, strings.Repeat("\x00", 31)+"\x01"), octet(0xa1, octet(3, "\x00"+point)))
		put := func(name, label, der string) {
			w.put(t, name, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: []byte(der)}))
		}
		put("curve.pem", "EC PARAMETERS", parameters)
		put("public.pem", "PUBLIC KEY", sequence(sequence(unrestricted, parameters), octet(3, "\x00"+point)))
		put("private.pem", "PRIVATE KEY", sequence(octet(2, "\x00"), sequence(unrestricted, parameters), octet(4, private)))
		for _, line := range []string{
			"ecparam -in curve.pem -text", "ecparam -in curve.pem -text -conv_form compressed", "ecparam -in curve.pem -param_enc explicit -no_seed", "ecparam -in curve.pem -param_enc named_curve",
			"ecparam -in curve.pem -check -noout", "ecparam -in curve.pem -check_named -noout", "pkey -pubin -in public.pem -text", "pkey -in private.pem -text", "pkey -in private.pem -check -noout",
			"ec -in private.pem -check -noout", "ec -in private.pem -param_enc named_curve", "ec -in private.pem -param_out",
		} {
			want, talk, code := reference(t, w.theirs, "", strings.Fields(line)...)
			if got, ours, exit := run(w.ours, "", strings.Fields(line)...); got != want || exit != code {
				t.Errorf("%s: %s: exit code %d, want %d (%s, %s)\n%s\nwant\n%s", kind, line, exit, code, ours, talk, got, want)
			}
		}
	}
}

// TestCurvesAreSpelledOutWithTheirSeeds writes every curve with a name.
func TestCurvesAreSpelledOutWithTheirSeeds(t *testing.T) {
	w := newTwin(t)
	for _, c := range curveNames() {
		if c.short == "SM2" {
			continue // openssl prints its parameters without their first line
		}
		for _, how := range []string{"-text", "-text -conv_form compressed", "-no_seed -outform DER"} {
			w.compare(t, "", "ecparam -name "+c.short+" -param_enc explicit "+how)
		}
	}
	for line, want := range map[string]string{
		"ecparam -in curve.pem -genkey": "unable to generate key\nkeys are made on curves with names alone\n", "ec -in private.pem -param_enc named_curve": "read EC key\nwriting EC key\nunable to write EC key\nthe curve has no name, and cannot be written by it\n",
		"ecparam -in curve.pem -param_enc named_curve": "unable to write elliptic curve parameters\nthe curve has no name, and cannot be written by it\n", "ecparam -in bad.pem": "Unable to load parameters from bad.pem\nthe parameters do not make an elliptic curve: a number is out of its range, or the base point is not on the curve\n",
	} {
		s := numbersOfCurve("P-256").stretched()
		parameters := s.encode(1, 32, "", "", octet(2, "\x01"))
		point := "\x04" + string(s.x.FillBytes(make([]byte, 32))) + string(s.y.FillBytes(make([]byte, 32)))
		private := sequence(octet(2, "\x01"), octet(4, strings.Repeat("\x00", 31)+"\x01"), octet(0xa0, parameters), octet(0xa1, octet(3, "\x00"+point)))
		w.put(t, "curve.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte(parameters)}))
		w.put(t, "private.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte(private)}))
		w.put(t, "bad.pem", pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte(s.encode(1, 32, "\x00", "", ""))}))
		if _, talk, code := run(w.ours, "", strings.Fields(line)...); code != 1 || talk != want {
			t.Errorf("%s: exit code %d, %q", line, code, talk)
		}
	}
}
