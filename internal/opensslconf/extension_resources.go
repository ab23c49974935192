package opensslconf

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Extensions of Internet number resources (RFC 3779), and Thawte's.
const (
	ipAddrBlocks   oid.OID = "\x2b\x06\x01\x05\x05\x07\x01\x07" // 1.3.6.1.5.5.7.1.7
	autonomousSys  oid.OID = "\x2b\x06\x01\x05\x05\x07\x01\x08" // 1.3.6.1.5.5.7.1.8
	strongExtranet oid.OID = "\x2b\x65\x01\x04\x01"             // 1.3.101.1.4.1
)

var errOverlap = errors.New("two of its ranges overlap, or one stands beside inherit")

// addressRange is a range of addresses of one family, both ends in it.
type addressRange struct{ first, last []byte }

// addressFamily is what one family of an IPAddrBlocks has.
type addressFamily struct {
	key     string // address family identifier, then the subsequent one if there is one
	inherit bool
	ranges  []addressRange
}

func ipBlocks(b *der.Builder, items []item) error {
	var families []*addressFamily
	for _, i := range items {
		key, text, err := familyKey(i)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(families, func(f *addressFamily) bool { return f.key == key })
		if at < 0 {
			at = len(families)
			families = append(families, &addressFamily{key: key})
		}
		if err := families[at].add(text); err != nil {
			return err
		}
	}
	slices.SortFunc(families, func(x, y *addressFamily) int { return strings.Compare(x.key, y.key) })
	mark := b.Begin(der.Sequence)
	for _, f := range families {
		if err := f.append(b); err != nil {
			return err
		}
	}
	b.End(mark)
	return nil
}

func familyKey(i item) (key, text string, err error) {
	word, safi := strings.CutSuffix(i.name, "-SAFI")
	switch word {
	case "IPv4":
		key = "\x00\x01"
	case "IPv6":
		key = "\x00\x02"
	default:
		return "", "", fmt.Errorf("%q is none of IPv4, IPv6, IPv4-SAFI and IPv6-SAFI", clip(i.name))
	}
	if !safi {
		return key, i.value, nil
	}
	number, rest, ok := strings.Cut(i.value, ":")
	n, err := strconv.ParseUint(strings.TrimRight(number, " \t"), 0, 8)
	if err != nil || !ok {
		return "", "", fmt.Errorf("%q does not begin with a number up to 255 and a colon", clip(i.value))
	}
	return key + string([]byte{byte(n)}), strings.TrimLeft(rest, " \t"), nil
}

func (f *addressFamily) add(text string) error {
	if text == "inherit" {
		f.inherit = true
		return nil
	}
	fault := fmt.Errorf("%q is no address, no ADDRESS/BITS and no FIRST-LAST of its family", clip(text))
	size := 4
	if f.key[1] == 2 {
		size = 16
	}
	end := len(text) - len(strings.TrimLeft(text, "0123456789.:abcdefABCDEF"))
	first, err := oneAddress(text[:end])
	if err != nil || len(first) != size {
		return fault
	}
	rest := strings.TrimLeft(text[end:], " \t")
	switch {
	case rest == "":
		f.ranges = append(f.ranges, addressRange{first, first})
	case rest[0] == '/':
		n, err := strconv.Atoi(rest[1:])
		if err != nil || n < 0 || n > 8*size {
			return fault
		}
		a, _ := netip.AddrFromSlice(first)
		p, err := a.Prefix(n)
		if err != nil {
			return fault
		}
		f.ranges = append(f.ranges, addressRange{p.Addr().AsSlice(), lastOf(p)})
	case rest[0] == '-':
		last, err := oneAddress(strings.TrimLeft(rest[1:], " \t"))
		if err != nil || len(last) != size || bytes.Compare(first, last) > 0 {
			return fault
		}
		f.ranges = append(f.ranges, addressRange{first, last})
	default:
		return fault
	}
	return nil
}

// lastOf returns the last address of a prefix.
func lastOf(p netip.Prefix) []byte {
	out := p.Addr().AsSlice()
	for bit := p.Bits(); bit < 8*len(out); bit++ {
		out[bit/8] |= 0x80 >> (bit % 8)
	}
	return out
}

func (f *addressFamily) append(b *der.Builder) error {
	if f.inherit && len(f.ranges) > 0 {
		return errOverlap
	}
	mark := b.Begin(der.Sequence)
	b.AddString(der.OctetString, f.key)
	if f.inherit {
		b.Null()
		b.End(mark)
		return nil
	}
	slices.SortFunc(f.ranges, func(x, y addressRange) int { return bytes.Compare(x.first, y.first) })
	list := b.Begin(der.Sequence)
	for n := 0; n < len(f.ranges); {
		r := f.ranges[n]
		for n++; n < len(f.ranges); n++ {
			next := f.ranges[n]
			if bytes.Compare(r.last, next.first) >= 0 {
				return errOverlap
			}
			if !bytes.Equal(following(r.last), next.first) {
				break
			}
			r.last = next.last
		}
		r.append(b)
	}
	b.End(list)
	b.End(mark)
	return nil
}

func following(address []byte) []byte {
	out := slices.Clone(address)
	for i := len(out) - 1; i >= 0; i-- {
		if out[i]++; out[i] != 0 {
			break
		}
	}
	return out
}

// append writes a prefix where the range is one, else both ends, without the
// zero bits at the end of the first and the one bits at the end of the last
// (RFC 3779, Section 2.2.3.8).
func (r addressRange) append(b *der.Builder) {
	zeros, ones := 0, 0
	for n := 8 * len(r.first); zeros < n && bit(r.first, n-1-zeros) == 0; {
		zeros++
	}
	for n := 8 * len(r.last); ones < n && bit(r.last, n-1-ones) == 1; {
		ones++
	}
	free := min(zeros, ones)
	if kept := 8*len(r.first) - free; bytes.Equal(leading(r.first, kept), leading(r.last, kept)) {
		b.Add(der.BitString, leading(r.first, kept))
		return
	}
	mark := b.Begin(der.Sequence)
	b.Add(der.BitString, leading(r.first, 8*len(r.first)-zeros))
	b.Add(der.BitString, leading(r.last, 8*len(r.last)-ones))
	b.End(mark)
}

func bit(octets []byte, n int) byte { return octets[n/8] >> (7 - n%8) & 1 }

// leading returns the content of a BIT STRING of the first bits of octets.
func leading(octets []byte, kept int) []byte {
	n := (kept + 7) / 8
	unused := 8*n - kept
	out := append([]byte{byte(unused)}, octets[:n]...)
	if n > 0 {
		out[n] &= 0xff << unused
	}
	return out
}

// numberRange is a range of AS numbers; one that was written alone stays so.
type numberRange struct {
	first, last *big.Int
	alone       bool
}

func autonomousSystems(b *der.Builder, items []item) error {
	var ranges [2][]numberRange
	var inherit [2]bool
	for _, i := range items {
		which := slices.Index([]string{"AS", "RDI"}, i.name)
		if which < 0 {
			return fmt.Errorf("%q is neither AS nor RDI", clip(i.name))
		}
		if i.value == "inherit" {
			inherit[which] = true
			continue
		}
		r, err := readNumbers(i.value)
		if err != nil {
			return err
		}
		ranges[which] = append(ranges[which], r)
	}
	mark := b.Begin(der.Sequence)
	for n, list := range ranges {
		if !inherit[n] && len(list) == 0 {
			continue
		}
		if inherit[n] && len(list) > 0 {
			return errOverlap
		}
		choice := b.Begin(der.ContextConstructed(uint8(n)))
		if inherit[n] {
			b.Null()
		} else if err := appendNumbers(b, list); err != nil {
			return err
		}
		b.End(choice)
	}
	b.End(mark)
	return nil
}

func readNumbers(text string) (numberRange, error) {
	low, high, isRange := strings.Cut(text, "-")
	if !isRange {
		high = low
	} else {
		low, high = strings.TrimRight(low, " \t"), strings.TrimLeft(high, " \t")
	}
	if low == "" || high == "" || strings.Trim(low+high, "0123456789") != "" {
		return numberRange{}, fmt.Errorf("%q is no number and no FIRST-LAST", clip(text))
	}
	first, err := parseInteger(low)
	if err != nil {
		return numberRange{}, err
	}
	last, err := parseInteger(high)
	if err != nil {
		return numberRange{}, err
	}
	if first.Cmp(last) > 0 {
		return numberRange{}, fmt.Errorf("the range %q ends before it begins", clip(text))
	}
	return numberRange{first, last, !isRange}, nil
}

func appendNumbers(b *der.Builder, list []numberRange) error {
	slices.SortFunc(list, func(x, y numberRange) int { return x.first.Cmp(y.first) })
	mark := b.Begin(der.Sequence)
	for n := 0; n < len(list); {
		r := list[n]
		for n++; n < len(list); n++ {
			next := list[n]
			if r.last.Cmp(next.first) >= 0 {
				return errOverlap
			}
			if new(big.Int).Add(r.last, big.NewInt(1)).Cmp(next.first) != 0 {
				break
			}
			r.last, r.alone = next.last, false
		}
		if r.alone {
			b.BigInt(r.first)
			continue
		}
		one := b.Begin(der.Sequence)
		b.BigInt(r.first)
		b.BigInt(r.last)
		b.End(one)
	}
	b.End(mark)
	return nil
}

// extranet writes Thawte's zones and the user's name in each.
func extranet(b *der.Builder, items []item) error {
	seen := map[string]bool{}
	mark := b.Begin(der.Sequence)
	b.Int(0)
	list := b.Begin(der.Sequence)
	for _, i := range items {
		zone, err := parseInteger(i.name)
		if err != nil {
			return err
		}
		if !i.has || len(i.value) > 64 || seen[zone.String()] {
			return fmt.Errorf("the zone %s needs a user of at most 64 octets, and stands once", clip(i.name))
		}
		seen[zone.String()] = true
		one := b.Begin(der.Sequence)
		b.BigInt(zone)
		b.AddString(der.OctetString, i.value)
		b.End(one)
	}
	b.End(list)
	b.End(mark)
	return nil
}
