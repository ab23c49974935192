package key

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"sync"
)

// factorBound bounds the factors that are looked for; NIST SP 800-89, Section
// 5.3.3, asks for those below 752. A random odd number has one below this bound
// in five cases of six; thirty-two times the bound would find one in twenty more.
const factorBound = 1 << 11

// residues are those of a number by the odd primes below factorBound.
type residues struct {
	primes []uint16
	of     []uint16
}

// A primeNode divides by many small primes: the number by the product of all
// of a node, what is left of it by those of its children, down to products
// that fit a word, and only what is left of those by the primes.
type primeNode struct {
	product  *big.Int
	children []primeNode // of the inner nodes
	words    []primeWord // of the leaves; their product has at most 256 bits
}

type primeWord struct {
	product uint64
	primes  []uint16
}

// fanOut is how many children a node has, and words a leaf.
const fanOut = 4

type primeTable struct {
	primes []uint16
	roots  []primeNode
}

var smallPrimes = sync.OnceValue(func() *primeTable {
	t := &primeTable{primes: primesBelow(factorBound)}
	words := intoWords(t.primes)
	var leaves []primeNode
	for len(words) > 0 {
		leaf := primeNode{product: big.NewInt(1), words: words[:min(fanOut, len(words))]}
		for _, w := range leaf.words {
			leaf.product.Mul(leaf.product, new(big.Int).SetUint64(w.product))
		}
		leaves, words = append(leaves, leaf), words[len(leaf.words):]
	}
	for len(leaves) > 0 {
		root := primeNode{product: big.NewInt(1), children: leaves[:min(fanOut, len(leaves))]}
		for _, leaf := range root.children {
			root.product.Mul(root.product, leaf.product)
		}
		t.roots, leaves = append(t.roots, root), leaves[len(root.children):]
	}
	return t
})

func intoWords(primes []uint16) []primeWord {
	var words []primeWord
	for len(primes) > 0 {
		w := primeWord{product: 1}
		for len(w.primes) < len(primes) {
			high, low := bits.Mul64(w.product, uint64(primes[len(w.primes)]))
			if high != 0 {
				break
			}
			w.product, w.primes = low, primes[:len(w.primes)+1]
		}
		words, primes = append(words, w), primes[len(w.primes):]
	}
	return words
}

// primesBelow sieves the odd primes.
func primesBelow(bound int) []uint16 {
	composite := make([]bool, bound)
	var primes []uint16
	for i := 3; i < bound; i += 2 {
		if composite[i] {
			continue
		}
		primes = append(primes, uint16(i))
		for j := i * i; j < bound; j += 2 * i {
			composite[j] = true
		}
	}
	return primes
}

func residuesOf(n *big.Int) *residues {
	table := smallPrimes()
	r := &residues{primes: table.primes, of: make([]uint16, 0, len(table.primes))}
	quotient, rest, left := new(big.Int), new(big.Int), new(big.Int)
	for _, root := range table.roots {
		quotient.QuoRem(n, root.product, rest)
		for _, leaf := range root.children {
			quotient.QuoRem(rest, leaf.product, left)
			r.divide(left, leaf.words)
		}
	}
	return r
}

func (r *residues) divide(n *big.Int, words []primeWord) {
	var octets [8 * fanOut]byte
	n.FillBytes(octets[:])
	for _, w := range words {
		left := uint64(0)
		for i := 0; i < len(octets); i += 8 {
			_, left = bits.Div64(left, binary.BigEndian.Uint64(octets[i:]), w.product)
		}
		for _, p := range w.primes {
			r.of = append(r.of, uint16(left%uint64(p)))
		}
	}
}

// factor returns the least prime that divides the number, 0 where none does.
func (r *residues) factor() int {
	for i, left := range r.of {
		if left == 0 {
			return int(r.primes[i])
		}
	}
	return 0
}
