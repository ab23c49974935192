package p256

import (
	"math/bits"
	"sync"
)

// The widths of the signed digits that a multiplication is cut into. A key is
// multiplied once, so that many multiples of it would cost more than they save.
const (
	keyWidth       = 5
	generatorWidth = 9
)

// oddGenerators are G, 3G, 5G and so on, made when they are first asked for.
var oddGenerators = sync.OnceValue(func() []Point {
	odd := make([]jacobian, 1<<(generatorWidth-2))
	oddMultiples(odd, &generator)
	return points(odd)
})

// oddMultiples sets out to p, 3p, 5p and so on.
func oddMultiples(out []jacobian, p *Point) {
	out[0].setPoint(p)
	sum := out[0]
	sum.double()
	var twice multiple
	twice.set(&sum)
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1]
		out[i].addMultiple(&twice, false)
	}
}

// combine returns u1·G + u2·p; the doublings serve both.
func (p *Point) combine(u1, u2 *number) jacobian {
	var ofGenerator, ofKey digits
	top := max(ofGenerator.cut(u1, generatorWidth), ofKey.cut(u2, keyWidth))
	var odd [1 << (keyWidth - 2)]jacobian
	var keys [len(odd)]multiple
	oddMultiples(odd[:], p)
	for i := range odd {
		keys[i].set(&odd[i])
	}
	generators := oddGenerators()
	var sum jacobian
	for i := top - 1; i >= 0; i-- {
		sum.double()
		if d := ofKey[i]; d > 0 {
			sum.addMultiple(&keys[d>>1], false)
		} else if d < 0 {
			sum.addMultiple(&keys[-d>>1], true)
		}
		if d := ofGenerator[i]; d > 0 {
			sum.addPoint(&generators[d>>1], false)
		} else if d < 0 {
			sum.addPoint(&generators[-d>>1], true)
		}
	}
	return sum
}

// digits are a number in non-adjacent form: digit i counts 2^i times, and is
// odd or zero.
type digits [257]int16

// cut sets d, which is all zero, to k in digits between -2^(width-1) and
// 2^(width-1), of which at most one in any width is not zero. It returns how
// many digits there are up to the last that is not zero.
func (d *digits) cut(k *number, width int) (length int) {
	carry := 0 // 1 where the bits from here on count one more
	for at := 0; at < 256+carry; {
		different := k.bitsFrom(at) ^ -uint64(carry)
		if different&1 == 0 {
			at += bits.TrailingZeros64(different)
			continue
		}
		digit := int(k.bitsFrom(at)&(1<<width-1)) + carry
		carry = digit >> (width - 1)
		d[at] = int16(digit - carry<<width)
		length = at + 1
		at += width
	}
	return length
}
