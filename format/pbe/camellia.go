package pbe

import (
	"crypto/cipher"
	"encoding/binary"
	"math/bits"
)

// camellia is the block cipher of RFC 3713. Keys of earlier OpenSSL versions
// are encrypted with it; nothing new should be.
type camellia struct {
	white  [4]uint64
	rounds []uint64
	layers []uint64 // keys of the FL and inverse FL layers, two a layer
}

// newCamellia takes a key of 16, 24 or 32 octets.
func newCamellia(key []byte) (cipher.Block, error) {
	kl := block128{binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])}
	var kr block128
	switch len(key) {
	case 24:
		kr.hi = binary.BigEndian.Uint64(key[16:])
		kr.lo = ^kr.hi
	case 32:
		kr = block128{binary.BigEndian.Uint64(key[16:]), binary.BigEndian.Uint64(key[24:])}
	}
	ka := kl.xor(kr)
	ka.lo ^= camelliaF(ka.hi, 0xA09E667F3BCC908B)
	ka.hi ^= camelliaF(ka.lo, 0xB67AE8584CAA73B2)
	ka = ka.xor(kl)
	ka.lo ^= camelliaF(ka.hi, 0xC6EF372FE94F82BE)
	ka.hi ^= camelliaF(ka.lo, 0x54FF53A5F1D36F1C)
	if len(key) == 16 {
		return camelliaShort(kl, ka), nil
	}
	kb := ka.xor(kr)
	kb.lo ^= camelliaF(kb.hi, 0x10E527FADE682D1D)
	kb.hi ^= camelliaF(kb.lo, 0xB05688C2B3E6C1FD)
	return camelliaLong(kl, kr, ka, kb), nil
}

// camelliaShort is the schedule of 128-bit keys (RFC 3713, Section 2.2).
func camelliaShort(kl, ka block128) *camellia {
	return &camellia{
		white: [4]uint64{kl.hi, kl.lo, ka.rotl(111).hi, ka.rotl(111).lo},
		rounds: []uint64{
			ka.hi, ka.lo, kl.rotl(15).hi, kl.rotl(15).lo, ka.rotl(15).hi, ka.rotl(15).lo,
			kl.rotl(45).hi, kl.rotl(45).lo, ka.rotl(45).hi, kl.rotl(60).lo, ka.rotl(60).hi, ka.rotl(60).lo,
			kl.rotl(94).hi, kl.rotl(94).lo, ka.rotl(94).hi, ka.rotl(94).lo, kl.rotl(111).hi, kl.rotl(111).lo,
		},
		layers: []uint64{ka.rotl(30).hi, ka.rotl(30).lo, kl.rotl(77).hi, kl.rotl(77).lo},
	}
}

// camelliaLong is the schedule of 192- and 256-bit keys.
func camelliaLong(kl, kr, ka, kb block128) *camellia {
	return &camellia{
		white: [4]uint64{kl.hi, kl.lo, kb.rotl(111).hi, kb.rotl(111).lo},
		rounds: []uint64{
			kb.hi, kb.lo, kr.rotl(15).hi, kr.rotl(15).lo, ka.rotl(15).hi, ka.rotl(15).lo,
			kb.rotl(30).hi, kb.rotl(30).lo, kl.rotl(45).hi, kl.rotl(45).lo, ka.rotl(45).hi, ka.rotl(45).lo,
			kr.rotl(60).hi, kr.rotl(60).lo, kb.rotl(60).hi, kb.rotl(60).lo, kl.rotl(77).hi, kl.rotl(77).lo,
			kr.rotl(94).hi, kr.rotl(94).lo, ka.rotl(94).hi, ka.rotl(94).lo, kl.rotl(111).hi, kl.rotl(111).lo,
		},
		layers: []uint64{
			kr.rotl(30).hi, kr.rotl(30).lo, kl.rotl(60).hi, kl.rotl(60).lo, ka.rotl(77).hi, ka.rotl(77).lo,
		},
	}
}

func (c *camellia) BlockSize() int { return 16 }

func (c *camellia) Encrypt(dst, src []byte) {
	hi := binary.BigEndian.Uint64(src) ^ c.white[0]
	lo := binary.BigEndian.Uint64(src[8:]) ^ c.white[1]
	for i, k := range c.rounds {
		if i > 0 && i%6 == 0 {
			layer := c.layers[i/3-2:]
			hi, lo = camelliaFL(hi, layer[0]), camelliaInverseFL(lo, layer[1])
		}
		if i%2 == 0 {
			lo ^= camelliaF(hi, k)
		} else {
			hi ^= camelliaF(lo, k)
		}
	}
	binary.BigEndian.PutUint64(dst, lo^c.white[2])
	binary.BigEndian.PutUint64(dst[8:], hi^c.white[3])
}

func (c *camellia) Decrypt(dst, src []byte) {
	hi := binary.BigEndian.Uint64(src) ^ c.white[2]
	lo := binary.BigEndian.Uint64(src[8:]) ^ c.white[3]
	last := len(c.rounds) - 1
	for i := range c.rounds {
		if i > 0 && i%6 == 0 {
			layer := c.layers[len(c.layers)-i/3:]
			hi, lo = camelliaFL(hi, layer[1]), camelliaInverseFL(lo, layer[0])
		}
		if i%2 == 0 {
			lo ^= camelliaF(hi, c.rounds[last-i])
		} else {
			hi ^= camelliaF(lo, c.rounds[last-i])
		}
	}
	binary.BigEndian.PutUint64(dst, lo^c.white[0])
	binary.BigEndian.PutUint64(dst[8:], hi^c.white[1])
}

type block128 struct{ hi, lo uint64 }

func (b block128) xor(o block128) block128 { return block128{b.hi ^ o.hi, b.lo ^ o.lo} }

func (b block128) rotl(n int) block128 {
	if n >= 64 {
		b.hi, b.lo = b.lo, b.hi
		n -= 64
	}
	return block128{b.hi<<n | b.lo>>(64-n), b.lo<<n | b.hi>>(64-n)}
}

func camelliaF(x, k uint64) uint64 {
	x ^= k
	s := func(shift int) byte { return camelliaBox[byte(x>>shift)] }
	t1, t8 := s(56), s(0)
	t2, t5 := bits.RotateLeft8(s(48), 1), bits.RotateLeft8(s(24), 1)
	t3, t6 := bits.RotateLeft8(s(40), 7), bits.RotateLeft8(s(16), 7)
	t4 := camelliaBox[bits.RotateLeft8(byte(x>>32), 1)]
	t7 := camelliaBox[bits.RotateLeft8(byte(x>>8), 1)]
	return uint64(t1^t3^t4^t6^t7^t8)<<56 |
		uint64(t1^t2^t4^t5^t7^t8)<<48 |
		uint64(t1^t2^t3^t5^t6^t8)<<40 |
		uint64(t2^t3^t4^t5^t6^t7)<<32 |
		uint64(t1^t2^t6^t7^t8)<<24 |
		uint64(t2^t3^t5^t7^t8)<<16 |
		uint64(t3^t4^t5^t6^t8)<<8 |
		uint64(t1^t4^t5^t6^t7)
}

func camelliaFL(x, k uint64) uint64 {
	x1, x2, k1, k2 := uint32(x>>32), uint32(x), uint32(k>>32), uint32(k)
	x2 ^= bits.RotateLeft32(x1&k1, 1)
	x1 ^= x2 | k2
	return uint64(x1)<<32 | uint64(x2)
}

func camelliaInverseFL(y, k uint64) uint64 {
	y1, y2, k1, k2 := uint32(y>>32), uint32(y), uint32(k>>32), uint32(k)
	y1 ^= y2 | k2
	y2 ^= bits.RotateLeft32(y1&k1, 1)
	return uint64(y1)<<32 | uint64(y2)
}

// camelliaBox is SBOX1 of RFC 3713, Section 2.4.1; the other three are rotations of it.
var camelliaBox = [256]byte{
	112, 130, 44, 236, 179, 39, 192, 229, 228, 133, 87, 53, 234, 12, 174, 65,
	35, 239, 107, 147, 69, 25, 165, 33, 237, 14, 79, 78, 29, 101, 146, 189,
	134, 184, 175, 143, 124, 235, 31, 206, 62, 48, 220, 95, 94, 197, 11, 26,
	166, 225, 57, 202, 213, 71, 93, 61, 217, 1, 90, 214, 81, 86, 108, 77,
	139, 13, 154, 102, 251, 204, 176, 45, 116, 18, 43, 32, 240, 177, 132, 153,
	223, 76, 203, 194, 52, 126, 118, 5, 109, 183, 169, 49, 209, 23, 4, 215,
	20, 88, 58, 97, 222, 27, 17, 28, 50, 15, 156, 22, 83, 24, 242, 34,
	254, 68, 207, 178, 195, 181, 122, 145, 36, 8, 232, 168, 96, 252, 105, 80,
	170, 208, 160, 125, 161, 137, 98, 151, 84, 91, 30, 149, 224, 255, 100, 210,
	16, 196, 0, 72, 163, 247, 117, 219, 138, 3, 230, 218, 9, 63, 221, 148,
	135, 92, 131, 2, 205, 74, 144, 51, 115, 103, 246, 243, 157, 127, 191, 226,
	82, 155, 216, 38, 200, 55, 198, 59, 129, 150, 111, 75, 19, 190, 99, 46,
	233, 121, 167, 140, 159, 110, 188, 142, 41, 245, 249, 182, 47, 253, 180, 89,
	120, 152, 6, 106, 231, 70, 113, 186, 212, 37, 171, 66, 136, 162, 141, 250,
	114, 7, 185, 85, 248, 238, 172, 10, 54, 73, 42, 104, 60, 56, 241, 164,
	64, 40, 211, 123, 187, 201, 67, 193, 21, 227, 173, 244, 119, 199, 128, 158,
}
