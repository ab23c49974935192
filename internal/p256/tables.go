package p256

import "sync"

// Tables verify many signatures by one key, from multiples of it that take
// 475 kB. The multiples of the generator are there once for all keys.
type Tables struct{ generator, key *comb }

// NewTables computes the tables of a key, which takes some milliseconds.
func NewTables(p *Point) *Tables { return &Tables{generatorComb(), newComb(p)} }

// Verify checks a signature by the key of the tables, as Point.Verify does.
func (t *Tables) Verify(digest, r, s []byte) bool {
	var c check
	if !c.prepare(digest, r, s) {
		return false
	}
	var sum jacobian
	t.generator.addTo(&sum, &c.u1)
	t.key.addTo(&sum, &c.u2)
	return c.passes(&sum)
}

// comb holds as many multiples of a point P as make a multiplication one
// addition for each digit: (k+1)·2^(combWidth·i)·P at half·i + k.
type comb [windows * half]Point

const (
	combWidth = 9 // bits of a signed digit
	half      = 1 << (combWidth - 1)
	windows   = 256/combWidth + 1 // enough to take the carry of the last digit
)

// generatorComb is made when it is first asked for.
var generatorComb = sync.OnceValue(func() *comb { return newComb(&generator) })

func newComb(p *Point) *comb {
	var c comb
	row := make([]jacobian, half+1)
	for i := range windows {
		row[0].setPoint(p)
		row[1] = row[0]
		row[1].double()
		for k := 2; k < half; k++ {
			row[k] = row[k-1]
			row[k].addPoint(p, false)
		}
		row[half] = row[half-1]
		row[half].double() // what the next row counts
		all := points(row)
		copy(c[i*half:], all[:half])
		p = &all[half]
	}
	return &c
}

// addTo adds k·P to sum.
func (c *comb) addTo(sum *jacobian, k *number) {
	carry := 0
	for i := range windows {
		digit := int(k.bitsFrom(i*combWidth)&(2*half-1)) + carry
		carry = 0
		if digit > half {
			digit, carry = digit-2*half, 1
		}
		if digit > 0 {
			sum.addPoint(&c[i*half+digit-1], false)
		} else if digit < 0 {
			sum.addPoint(&c[i*half-digit-1], true)
		}
	}
}
