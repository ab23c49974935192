package key

import (
	"math/big"
	"sync"
)

// rocaBound: the primes that moduli of every affected size are made with are
// those to 167, whatever more the larger ones have.
const rocaBound = 168

// rocaTable says for each prime which residues the affected library leaves:
// its primes, and so its moduli, are powers of 65537 by each of these.
type rocaTable [rocaBound][rocaBound]bool

var rocaResidues = sync.OnceValue(func() *rocaTable {
	t := new(rocaTable)
	for _, p := range primesBelow(rocaBound) {
		for x := 1; !t[p][x]; x = x * (65537 % int(p)) % int(p) {
			t[p][x] = true
		}
	}
	return t
})

// roca reports whether the modulus is a power of 65537 by every prime, which
// one in 2^27 is by chance.
func (r *residues) roca() bool {
	table := rocaResidues()
	for i, p := range r.primes {
		if p >= rocaBound {
			break
		}
		if !table[p][r.of[i]] {
			return false
		}
	}
	return true
}

// power returns k where n is the k-th power of a number, 0 where it is none
// for k up to 13. (Fermat's method finds squares; roots beyond the thirteenth
// of a modulus of 2048 bits are sizes that are factored at once.)
func (r *residues) power(n *big.Int) int {
	for _, k := range [...]int{2, 3, 5, 7, 11, 13} {
		if r.maybePower(k) && isPower(n, k) {
			return k
		}
	}
	return 0
}

// maybePower applies Euler's criterion by the primes that have k-th residues.
func (r *residues) maybePower(k int) bool {
	for i, prime := range r.primes {
		p := int(prime)
		if (p-1)%k != 0 {
			continue
		}
		x, base := 1, int(r.of[i])
		for exponent := (p - 1) / k; exponent > 0; exponent >>= 1 {
			if exponent&1 != 0 {
				x = x * base % p
			}
			base = base * base % p
		}
		if x != 1 {
			return false
		}
	}
	return true
}

// isPower searches the k-th root of n by halving.
func isPower(n *big.Int, k int) bool {
	exponent := big.NewInt(int64(k))
	low, high := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()/k+1))
	for low.Cmp(high) <= 0 {
		middle := new(big.Int).Add(low, high)
		middle.Rsh(middle, 1)
		switch new(big.Int).Exp(middle, exponent, nil).Cmp(n) {
		case 0:
			return true
		case -1:
			low = middle.Add(middle, big.NewInt(1))
		default:
			high = middle.Sub(middle, big.NewInt(1))
		}
	}
	return false
}
