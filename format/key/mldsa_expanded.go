package key

import "crypto/sha3"

// mldsaModulus is q of FIPS 204.
const mldsaModulus = 8380417

// polynomial has its coefficients modulo q.
type polynomial [256]uint64

// holds reports whether the parts of an expanded key belong together: s1 and
// s2 in range, as FIPS 204, Algorithm 25, assumes of them, and t0 the low bits
// of A·s1 + s2. The high bits are public, and their hash is checked elsewhere.
func (s *mldsaSet) holds(expanded []byte) bool {
	rest := expanded[128:]
	width := 3
	if s.eta == 4 {
		width = 4
	}
	read := func(bits, half int) (values []int) {
		values, rest = unpackBits(rest[:32*bits], bits, half), rest[32*bits:]
		return values
	}
	s1 := make([]polynomial, s.l)
	for i := range s1 {
		if !s1[i].set(read(width, s.eta), s.eta) {
			return false
		}
		s1[i].transform()
	}
	t := make([]polynomial, s.k)
	for row := range t {
		var s2 polynomial
		if !s2.set(read(width, s.eta), s.eta) {
			return false
		}
		for column := range s1 {
			t[row].addProduct(mldsaMatrix(expanded[:32], column, row), &s1[column])
		}
		t[row].inverse()
		for i := range s2 {
			t[row][i] = (t[row][i] + s2[i]) % mldsaModulus
		}
	}
	for row := range t {
		for i, want := range read(13, 1<<12) {
			if t[row].low(i) != want {
				return false
			}
		}
	}
	return true
}

// unpackBits takes integers of so many bits, least significant first, each
// written as half minus its value (FIPS 204, Algorithm 19).
func unpackBits(packed []byte, width, half int) []int {
	values := make([]int, 0, 256)
	held, bits := 0, 0
	for _, c := range packed {
		held |= int(c) << bits
		for bits += 8; bits >= width; bits -= width {
			values = append(values, half-held&(1<<width-1))
			held >>= width
		}
	}
	return values
}

// set takes values of which none is smaller than -eta.
func (p *polynomial) set(values []int, eta int) bool {
	for i, v := range values {
		if v < -eta {
			return false
		}
		p[i] = uint64(v+mldsaModulus) % mldsaModulus
	}
	return true
}

// low is the remainder r0 of Power2Round (FIPS 204, Algorithm 35).
func (p *polynomial) low(i int) int {
	r := int(p[i] & (1<<13 - 1))
	if r > 1<<12 {
		r -= 1 << 13
	}
	return r
}

// mldsaMatrix expands one polynomial of A (FIPS 204, Algorithm 30).
func mldsaMatrix(rho []byte, column, row int) *polynomial {
	h := sha3.NewSHAKE128()
	h.Write(rho)
	h.Write([]byte{byte(column), byte(row)})
	var p polynomial
	var c [3]byte
	for i := 0; i < len(p); {
		h.Read(c[:])
		v := uint64(c[0]) | uint64(c[1])<<8 | uint64(c[2]&0x7f)<<16
		if v < mldsaModulus {
			p[i] = v
			i++
		}
	}
	return &p
}

func (p *polynomial) addProduct(a, b *polynomial) {
	for i := range p {
		p[i] = (p[i] + a[i]*b[i]) % mldsaModulus
	}
}

// mldsaRoot is 1753 to the power of k with its eight bits reversed.
func mldsaRoot(k int) uint64 {
	root, power := uint64(1), uint64(1753)
	for bit := 7; bit >= 0; bit-- {
		if k>>bit&1 == 1 {
			root = root * power % mldsaModulus
		}
		power = power * power % mldsaModulus
	}
	return root
}

// transform is the NTT (FIPS 204, Algorithm 41).
func (p *polynomial) transform() {
	m := 0
	for size := 128; size >= 1; size /= 2 {
		for start := 0; start < 256; start += 2 * size {
			m++
			root := mldsaRoot(m)
			for j := start; j < start+size; j++ {
				t := root * p[j+size] % mldsaModulus
				p[j+size] = (p[j] + mldsaModulus - t) % mldsaModulus
				p[j] = (p[j] + t) % mldsaModulus
			}
		}
	}
}

// inverse undoes transform (FIPS 204, Algorithm 42).
func (p *polynomial) inverse() {
	m := 256
	for size := 1; size < 256; size *= 2 {
		for start := 0; start < 256; start += 2 * size {
			m--
			root := mldsaModulus - mldsaRoot(m)
			for j := start; j < start+size; j++ {
				t := p[j]
				p[j] = (t + p[j+size]) % mldsaModulus
				p[j+size] = root * (t + mldsaModulus - p[j+size]) % mldsaModulus
			}
		}
	}
	for i := range p {
		p[i] = p[i] * 8347681 % mldsaModulus // 1/256
	}
}
