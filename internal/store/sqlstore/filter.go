package sqlstore

import (
	"encoding/binary"
	"hash/crc32"
)

// filter tells of a hash that it is not among those it was made from, or that
// it may be: of one that is not it says so 9,998 times in 10,000. It is a Bloom
// filter of 24 bits a hash, in blocks of eight words, which are what a
// processor fetches at once: a hash has one bit in each word of one block.
type filter []uint64

const (
	bitsPerHash = 24
	blockWords  = 8
	wordBits    = 6 // of a hash choose a bit of a word
	spareBits   = 64 - 1 - blockWords*wordBits
)

// newFilter makes a filter for a number of hashes.
func newFilter(hashes int64) filter {
	return make(filter, (hashes*bitsPerHash/64/blockWords+1)*blockWords)
}

// marks is what a hash sets: a bit in each word of a block.
type marks struct {
	spare uint64 // spareBits that choose the block
	bits  [blockWords]uint8
}

// marksOf returns the marks of a hash, which is evenly distributed but for its
// lowest bit.
func marksOf(hash int64) (m marks) {
	m.spare = uint64(hash) >> 1
	for i := range m.bits {
		m.bits[i] = uint8(m.spare % (1 << wordBits))
		m.spare >>= wordBits
	}
	return m
}

func (f filter) block(m *marks) *[blockWords]uint64 {
	at := m.spare * uint64(len(f)/blockWords) >> spareBits * blockWords
	return (*[blockWords]uint64)(f[at:])
}

func (f filter) add(hash int64) {
	m := marksOf(hash)
	block := f.block(&m)
	for i, bit := range m.bits {
		block[i] |= 1 << bit
	}
}

func (f filter) mayHold(m *marks) bool {
	b := f.block(m)
	// Half of the words at once: what one of them says cannot be predicted.
	four := b[0] >> (m.bits[0] % 64) & (b[1] >> (m.bits[1] % 64)) & (b[2] >> (m.bits[2] % 64)) & (b[3] >> (m.bits[3] % 64))
	if four&1 == 0 {
		return false
	}
	return b[4]>>(m.bits[4]%64)&(b[5]>>(m.bits[5]%64))&(b[6]>>(m.bits[6]%64))&(b[7]>>(m.bits[7]%64))&1 != 0
}

// filters are those of the first parts, one for each, which are full and
// whose claims do not grow.
type filters []filter

// parts appends the parts that may hold a hash.
func (fs filters) parts(hash int64, to []int64) []int64 {
	m := marksOf(hash)
	for part, f := range fs {
		if f.mayHold(&m) {
			to = append(to, int64(part))
		}
	}
	return to
}

// checksum asks for its table at each call: the table is made once, and only in
// a program that comes to need it.
func checksum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }

// marshal writes a filter as its words, low octets first, and their CRC-32C.
func (f filter) marshal() []byte {
	out := make([]byte, 0, 8*len(f)+crc32.Size)
	for _, word := range f {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return binary.LittleEndian.AppendUint32(out, checksum(out))
}

// unmarshal reads what marshal wrote of a filter of this size, and reports
// whether it is that.
func (f filter) unmarshal(in []byte) bool {
	size := 8 * len(f)
	if len(in) != size+crc32.Size || checksum(in[:size]) != binary.LittleEndian.Uint32(in[size:]) {
		return false
	}
	for i := range f {
		f[i] = binary.LittleEndian.Uint64(in[8*i:])
	}
	return true
}
