package key

import (
	"encoding/binary"
	"math/big"
	"sync"
)

// rocaBound: the primes of every affected size of key are those to 167.
const rocaBound = 168

// residues are those of a modulus by the odd primes below rocaBound.
type residues struct {
	tables *residueTables
	of     [rocaBound]uint8
}

// residueTables say for each prime which residues the affected library leaves:
// its primes, and so its moduli, are powers of 65537 by each of these.
type residueTables struct {
	primes  []int
	product *big.Int
	reached [rocaBound][rocaBound]bool
}

var residueTable = sync.OnceValue(func() *residueTables {
	t := &residueTables{primes: primesBelow(rocaBound)}
	t.product = product(t.primes)
	for _, p := range t.primes {
		for x := 1; !t.reached[p][x]; x = x * 65537 % p {
			t.reached[p][x] = true
		}
	}
	return t
})

func residuesOf(n *big.Int) *residues {
	r := &residues{tables: residueTable()}
	var octets [32]byte // the product has 218 bits
	new(big.Int).Mod(n, r.tables.product).FillBytes(octets[:])
	for _, p := range r.tables.primes {
		x := uint64(0)
		for i := 0; i < len(octets); i += 4 {
			x = (x<<32 | uint64(binary.BigEndian.Uint32(octets[i:]))) % uint64(p)
		}
		r.of[p] = uint8(x)
	}
	return r
}

// roca reports whether the modulus is a power of 65537 by every prime, which
// one in 2^27 is by chance.
func (r *residues) roca() bool {
	for _, p := range r.tables.primes {
		if !r.tables.reached[p][r.of[p]] {
			return false
		}
	}
	return true
}

// power returns k where n is the k-th power of a number, 0 where it is none
// for k up to 13. (Fermat's method finds squares; roots beyond the thirteenth
// of a modulus of 2048 bits are sizes that are factored at once.)
func (r *residues) power(n *big.Int) int {
	for _, k := range []int{2, 3, 5, 7, 11, 13} {
		if r.maybePower(k) && isPower(n, k) {
			return k
		}
	}
	return 0
}

// maybePower applies Euler's criterion by the primes that have k-th residues.
func (r *residues) maybePower(k int) bool {
	for _, p := range r.tables.primes {
		if (p-1)%k != 0 {
			continue
		}
		x, base, exponent := 1, int(r.of[p]), (p-1)/k
		for ; exponent > 0; exponent >>= 1 {
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
