package der

import (
	"math/big"
	"time"
)

// Builder appends elements to a buffer. The zero value is ready; Begin and End
// nest. Lengths are the shortest possible.
type Builder struct {
	buf []byte
}

// NewBuilder returns a builder that appends to buf[:0], so that a caller can
// reuse memory.
func NewBuilder(buf []byte) *Builder { return &Builder{buf: buf[:0]} }

// Bytes returns what was built so far.
func (b *Builder) Bytes() []byte { return b.buf }

// Len returns the number of octets built so far.
func (b *Builder) Len() int { return len(b.buf) }

// Begin opens a constructed element; the mark goes to End.
func (b *Builder) Begin(tag Tag) (mark int) {
	b.buf = append(b.buf, byte(tag), 0)
	return len(b.buf)
}

// End closes the element that Begin opened: it writes the length, and moves
// the content where the length needs more than one octet.
func (b *Builder) End(mark int) {
	n := len(b.buf) - mark
	if n < 0x80 {
		b.buf[mark-1] = byte(n)
		return
	}
	extra := octets(n)
	for range extra {
		b.buf = append(b.buf, 0)
	}
	copy(b.buf[mark+extra:], b.buf[mark:mark+n])
	b.buf[mark-1] = 0x80 | byte(extra)
	for i := range extra {
		b.buf[mark+i] = byte(n >> (8 * (extra - 1 - i)))
	}
}

func octets(n int) int {
	count := 1
	for n >>= 8; n > 0; n >>= 8 {
		count++
	}
	return count
}

// Raw appends octets that are complete elements already.
func (b *Builder) Raw(elements ...[]byte) {
	for _, e := range elements {
		b.buf = append(b.buf, e...)
	}
}

// Add appends one element with this content.
func (b *Builder) Add(tag Tag, content []byte) {
	b.header(byte(tag), uint32(tag&0x1f), len(content))
	b.buf = append(b.buf, content...)
}

// AddString is Add for content held as a string.
func (b *Builder) AddString(tag Tag, content string) {
	b.header(byte(tag), uint32(tag&0x1f), len(content))
	b.buf = append(b.buf, content...)
}

func (b *Builder) header(identifier byte, number uint32, length int) {
	b.buf = append(b.buf, identifier)
	if identifier&0x1f == 31 {
		started := false
		for shift := 28; shift >= 0; shift -= 7 {
			c := byte(number>>shift) & 0x7f
			if c != 0 || started || shift == 0 {
				if shift > 0 {
					c |= 0x80
				}
				b.buf = append(b.buf, c)
				started = true
			}
		}
	}
	if length < 0x80 {
		b.buf = append(b.buf, byte(length))
		return
	}
	n := octets(length)
	b.buf = append(b.buf, 0x80|byte(n))
	for i := n - 1; i >= 0; i-- {
		b.buf = append(b.buf, byte(length>>(8*i)))
	}
}

// OID appends an OBJECT IDENTIFIER by its content octets.
func (b *Builder) OID(content string) { b.AddString(ObjectIdentifier, content) }

// Null appends NULL.
func (b *Builder) Null() { b.buf = append(b.buf, byte(Null), 0) }

// Bool appends a BOOLEAN.
func (b *Builder) Bool(v bool) {
	c := byte(0)
	if v {
		c = 0xff
	}
	b.buf = append(b.buf, byte(Boolean), 1, c)
}

// Int appends an INTEGER.
func (b *Builder) Int(n int64) { b.IntTag(Integer, n) }

// IntTag appends a small integer under another tag (ENUMERATED, [0] …).
func (b *Builder) IntTag(tag Tag, n int64) {
	var c [8]byte
	for i := range c {
		c[i] = byte(n >> (8 * (7 - i)))
	}
	content := c[:]
	for len(content) > 1 && padded(content) {
		content = content[1:]
	}
	b.Add(tag, content)
}

// Unsigned appends an INTEGER from its magnitude, most significant octet
// first; leading zeros are dropped.
func (b *Builder) Unsigned(magnitude []byte) { b.UnsignedTag(Integer, magnitude) }

// UnsignedTag is Unsigned under another tag.
func (b *Builder) UnsignedTag(tag Tag, magnitude []byte) {
	for len(magnitude) > 0 && magnitude[0] == 0 {
		magnitude = magnitude[1:]
	}
	pad := len(magnitude) == 0 || magnitude[0] >= 0x80
	n := len(magnitude)
	if pad {
		n++
	}
	b.header(byte(tag), uint32(tag&0x1f), n)
	if pad {
		b.buf = append(b.buf, 0)
	}
	b.buf = append(b.buf, magnitude...)
}

// BigInt appends an INTEGER of any size and sign.
func (b *Builder) BigInt(n *big.Int) {
	if n.Sign() >= 0 {
		b.Unsigned(n.Bytes())
		return
	}
	size := n.BitLen()/8 + 1
	c := new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(size)*8)).FillBytes(make([]byte, size))
	for len(c) > 1 && padded(c) {
		c = c[1:]
	}
	b.Add(Integer, c)
}

// Bits appends a BIT STRING of whole octets.
func (b *Builder) Bits(octets []byte) {
	b.header(byte(BitString), uint32(BitString), len(octets)+1)
	b.buf = append(b.buf, 0)
	b.buf = append(b.buf, octets...)
}

// NamedBits appends a BIT STRING whose bit i (from the left) is bit i of v
// (from the right), without trailing zero bits (X.690, Section 11.2.2).
func (b *Builder) NamedBits(tag Tag, v uint32) {
	content := []byte{0}
	for i := 0; v>>i != 0; i++ {
		if i%8 == 0 {
			content = append(content, 0)
		}
		if v>>i&1 != 0 {
			content[len(content)-1] |= 0x80 >> (i % 8)
			content[0] = byte(7 - i%8)
		}
	}
	b.Add(tag, content)
}

// Time appends a UTCTime up to the year 2049 and a GeneralizedTime from 2050
// on (RFC 5280, Section 4.1.2.5), in seconds and UTC.
func (b *Builder) Time(t time.Time) {
	t = t.UTC()
	if y := t.Year(); y >= 1950 && y < 2050 {
		b.buf = append(b.buf, byte(UTCTime), 13)
		b.buf = t.AppendFormat(b.buf, "060102150405Z")
		return
	}
	b.GeneralizedTime(t)
}

// GeneralizedTime appends a GeneralizedTime in seconds and UTC.
func (b *Builder) GeneralizedTime(t time.Time) {
	b.buf = append(b.buf, byte(GeneralizedTime), 15)
	b.buf = t.UTC().AppendFormat(b.buf, "20060102150405Z")
}
