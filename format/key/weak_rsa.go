package key

import (
	"fmt"
	"math/big"
	"sync"
)

const publicationRSA = "NIST SP 800-89, Section 5.3.3"

// weakRSA examines a modulus and exponent. The checks go from cheap to dear;
// what follows a modulus that anybody can factor is left out.
func (p *Public) weakRSA() []Weakness {
	n, e := p.rsaValues()
	if n == nil || n.Sign() <= 0 || n.BitLen() > maxModulus {
		return nil
	}
	var found []Weakness
	add := func(code, source, format string, args ...any) {
		found = append(found, Weakness{code, fmt.Sprintf(format, args...), source})
	}
	if n.BitLen() < minRSA {
		add(WeakModulusSize, "NIST SP 800-131A Revision 2, Section 3", "the modulus has %d bits; %d are the least for a certificate", n.BitLen(), minRSA)
	}
	if detail := weakExponent(e); detail != "" {
		add(WeakExponent, "FIPS 186-5, Section 5.1", "%s", detail)
	}
	if n.Bit(0) == 0 {
		add(WeakModulusEven, publicationRSA, "the modulus is even")
		return found
	}
	r := residuesOf(n)
	if factor := r.factor(); factor != 0 {
		add(WeakFactor, publicationRSA, "the modulus has the factor %d", factor)
		return found
	}
	if r.roca() {
		add(WeakROCA, "CVE-2017-15361; Nemec and others, The Return of Coppersmith's Attack, 2017", "the modulus has the form of those that Infineon's library made, whose factors can be computed")
	}
	if k := r.power(n); k > 0 {
		add(WeakPower, publicationRSA, "the modulus is the power %d of a number", k)
	} else if distance := fermat(n); distance >= 0 {
		add(WeakClosePrimes, "CVE-2022-26320; FIPS 186-5, Appendix A.1.3", "the primes are so close to each other that Fermat's method finds them in step %d", distance+1)
	}
	return found
}

func weakExponent(e *big.Int) string {
	switch {
	case e.Sign() <= 0:
		return "the public exponent is not positive"
	case e.BitLen() > maxExponent:
		return fmt.Sprintf("the public exponent has %d bits; %d are the most allowed", e.BitLen(), maxExponent)
	case e.BitLen() == 1:
		return "the public exponent is 1, which leaves signatures unsigned"
	case e.Bit(0) == 0:
		return fmt.Sprintf("the public exponent %v is even", e)
	case e.BitLen() < 17:
		return fmt.Sprintf("the public exponent %v is smaller than 65537", e)
	}
	return ""
}

// fermatRounds is how many differences of the primes are tried: it finds p and
// q where |p-q| is below about 28 times the fourth root of the modulus.
const fermatRounds = 100

// sieves are moduli that few residues are squares by; a square has to be one
// by all of them, so that only one number in thousands needs a square root.
var sieves = sync.OnceValue(func() []sieve {
	out := make([]sieve, 0, 3)
	for _, m := range []uint64{64 * 63, 65 * 11 * 17, 19 * 23 * 31} {
		s := sieve{modulus: m, square: make([]bool, m)}
		for i := range m {
			s.square[i*i%m] = true
		}
		out = append(out, s)
	}
	return out
})

type sieve struct {
	modulus uint64
	square  []bool
}

// fermat looks for a² - n that is a square, a from the root of n on. It
// returns the number of steps that took, or -1.
func fermat(n *big.Int) int {
	root := new(big.Int).Sqrt(n)
	square := new(big.Int).Mul(root, root)
	if square.Cmp(n) < 0 {
		root.Add(root, big.NewInt(1))
		square.Mul(root, root)
	}
	rest := square.Sub(square, n)
	var possible [fermatRounds]uint8
	tables := sieves()
	for _, s := range tables {
		s.mark(&possible, root, rest)
	}
	for i := range possible {
		if int(possible[i]) == len(tables) && isSquare(root, n, int64(i)) {
			return i
		}
	}
	return -1
}

// mark counts the steps whose a² - n can be a square by this modulus; from
// one step to the next it grows by 2a + 1.
func (s sieve) mark(possible *[fermatRounds]uint8, a, rest *big.Int) {
	m := new(big.Int).SetUint64(s.modulus)
	r := new(big.Int).Mod(rest, m).Uint64()
	x := m.Mod(a, m).Uint64()
	for i := range possible {
		if s.square[r] {
			possible[i]++
		}
		for r += 2*x + 1; r >= s.modulus; {
			r -= s.modulus
		}
		if x++; x == s.modulus {
			x = 0
		}
	}
}

func isSquare(root, n *big.Int, step int64) bool {
	a := new(big.Int).Add(root, big.NewInt(step))
	b := a.Sub(a.Mul(a, a), n)
	s := new(big.Int).Sqrt(b)
	return s.Mul(s, s).Cmp(b) == 0
}
