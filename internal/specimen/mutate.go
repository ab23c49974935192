package specimen

import (
	"bytes"
	"math/rand/v2"
)

// Mutate returns data with one to four changes: octets that change, go or
// come, an end cut off, a piece of another of all put in.
func Mutate(random *rand.Rand, data []byte, all [][]byte) []byte {
	data = bytes.Clone(data)
	for range 1 + random.IntN(4) {
		if len(data) == 0 {
			return data
		}
		at := random.IntN(len(data))
		switch random.IntN(7) {
		case 0:
			data[at] = byte(random.Uint32())
		case 1:
			data[at] ^= 1 << random.IntN(8)
		case 2:
			data = data[:at]
		case 3:
			data = append(data[:at:at], data[at+1:]...)
		case 4:
			data = append(append(data[:at:at], byte(random.Uint32())), data[at:]...)
		case 5:
			other := all[random.IntN(len(all))]
			from := random.IntN(len(other))
			data = append(append(data[:at:at], other[from:min(len(other), from+random.IntN(40))]...), data[at:]...)
		case 6:
			data[at] = []byte{0, 0x80, 0x81, 0x82, 0xff, 0x1f, 0x30, 0x24, 0xa0, 5, 6, 1}[random.IntN(12)]
		}
	}
	return data
}
