package text

import (
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
)

// strongExtranet is the SXNet extension.
func strongExtranet(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	version := in.integer(der.Integer)
	type pair struct {
		zone integer
		user []byte
	}
	var pairs []pair
	list := sub(in.take(der.Sequence))
	for list.more() {
		one := sub(list.take(der.Sequence))
		pairs = append(pairs, pair{one.integer(der.Integer), one.take(der.OctetString).Content})
		if !one.ok() {
			return unreadable
		}
	}
	if !in.ok() || !list.ok() {
		return unreadable
	}
	spaces(w, indent)
	if v, ok := version.small(); ok {
		w.WriteString("Version: " + strconv.FormatInt(v+1, 10) + " (0x" + strings.ToUpper(strconv.FormatUint(uint64(v), 16)) + ")")
	} else {
		w.WriteString("Version: <unsupported>")
	}
	for _, p := range pairs {
		w.WriteByte('\n')
		spaces(w, indent)
		w.WriteString("Zone: " + p.zone.String() + ", User: ")
		printable(w, p.user)
	}
	return printed
}

// issuerSignTool names the tools of a qualified issuer in Russia.
func issuerSignTool(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	var texts [4][]byte
	for i := range texts {
		texts[i] = in.take(der.UTF8String).Content
	}
	if !in.ok() {
		return unreadable
	}
	for i, label := range [...]string{"signTool    : ", "cATool      : ", "signToolCert: ", "cAToolCert  : "} {
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent)
		w.WriteString(label)
		w.Write(texts[i])
	}
	return printed
}

// Types of names that an AS resource extension lists, and of addresses.
const (
	addressFamilyIPv4 = 1
	addressFamilyIPv6 = 2
)

// asResources is RFC 3779, Section 3.
func asResources(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	var lists [2][]string
	var given [2]bool
	for n := range lists {
		e, ok := in.optional(der.ContextConstructed(uint8(n)))
		if !ok {
			continue
		}
		given[n] = true
		if lists[n], ok = asChoice(sub(e)); !ok {
			return unreadable
		}
	}
	if !in.ok() {
		return unreadable
	}
	for n, title := range [...]string{"Autonomous System Numbers", "Routing Domain Identifiers"} {
		if !given[n] {
			continue
		}
		spaces(w, indent)
		w.WriteString(title)
		w.WriteString(":\n")
		for _, s := range lists[n] {
			spaces(w, indent+2)
			w.WriteString(s)
			w.WriteByte('\n')
		}
	}
	return printed
}

// asChoice is inherit, or a list of numbers and ranges.
func asChoice(in fields) (list []string, ok bool) {
	if e, ok := in.optional(der.Null); ok {
		return []string{"inherit"}, in.ok() && len(e.Content) == 0
	}
	numbers := sub(in.take(der.Sequence))
	for numbers.more() {
		if numbers.rest.Peek() == der.Integer {
			list = append(list, numbers.integer(der.Integer).String())
			continue
		}
		one := sub(numbers.take(der.Sequence))
		list = append(list, one.integer(der.Integer).String()+"-"+one.integer(der.Integer).String())
		if !one.ok() {
			return nil, false
		}
	}
	return list, in.ok() && numbers.ok()
}

// ipResources is RFC 3779, Section 2.
func ipResources(w *Writer, value []byte, indent int) state {
	in := openList(value)
	var families []ipFamily
	for in.more() {
		f, ok := readIPFamily(sub(in.take(der.Sequence)))
		if !ok {
			return unreadable
		}
		families = append(families, f)
	}
	if !in.ok() {
		return unreadable
	}
	for _, f := range families {
		if !f.write(w, indent) {
			return unprintable
		}
	}
	return printed
}

type ipFamily struct {
	family    []byte
	inherited bool
	blocks    [][]ipPrefix // one prefix, or the two ends of a range
}

// ipPrefix is the content of a BIT STRING.
type ipPrefix struct {
	octets []byte
	unused int
}

func (f *fields) prefix() (p ipPrefix) {
	e := f.take(der.BitString)
	octets, ok := readBits(e.Content)
	if !ok {
		f.fail()
		return p
	}
	return ipPrefix{octets, int(e.Content[0])}
}

func readIPFamily(in fields) (f ipFamily, ok bool) {
	f.family = in.take(der.OctetString).Content
	if e, ok := in.optional(der.Null); ok {
		f.inherited = true
		return f, in.ok() && len(e.Content) == 0
	}
	blocks := sub(in.take(der.Sequence))
	for blocks.more() {
		if blocks.rest.Peek() == der.BitString {
			f.blocks = append(f.blocks, []ipPrefix{blocks.prefix()})
			continue
		}
		one := sub(blocks.take(der.Sequence))
		f.blocks = append(f.blocks, []ipPrefix{one.prefix(), one.prefix()})
		if !one.ok() {
			return f, false
		}
	}
	return f, in.ok() && blocks.ok()
}

var subsequentFamilies = [...]string{
	1: "Unicast", 2: "Multicast", 3: "Unicast/Multicast", 4: "MPLS", 64: "Tunnel", 65: "VPLS", 66: "BGP MDT", 128: "MPLS-labeled VPN",
}

func (f ipFamily) write(w *Writer, indent int) bool {
	number := 0
	if len(f.family) >= 2 {
		number = int(f.family[0])<<8 | int(f.family[1])
	}
	spaces(w, indent)
	switch number {
	case addressFamilyIPv4:
		w.WriteString("IPv4")
	case addressFamilyIPv6:
		w.WriteString("IPv6")
	default:
		w.WriteString("Unknown AFI " + strconv.Itoa(number))
	}
	if len(f.family) > 2 {
		w.WriteString(" (")
		if n := int(f.family[2]); n < len(subsequentFamilies) && subsequentFamilies[n] != "" {
			w.WriteString(subsequentFamilies[n])
		} else {
			w.WriteString("Unknown SAFI " + strconv.Itoa(n))
		}
		w.WriteByte(')')
	}
	if f.inherited {
		w.WriteString(": inherit\n")
		return true
	}
	w.WriteString(":\n")
	for _, block := range f.blocks {
		spaces(w, indent+2)
		ok := block[0].write(w, number, 0)
		if len(block) == 1 {
			w.WriteString("/" + strconv.Itoa(8*len(block[0].octets)-block[0].unused))
		} else if ok {
			w.WriteByte('-')
			ok = block[1].write(w, number, 0xff)
		}
		if !ok {
			return false
		}
		w.WriteByte('\n')
	}
	return true
}

// write fills an address up with zeros or ones.
func (p ipPrefix) write(w *Writer, family int, fill byte) bool {
	size := map[int]int{addressFamilyIPv4: 4, addressFamilyIPv6: 16}[family]
	if size == 0 {
		for i, c := range p.octets {
			if i > 0 {
				w.WriteByte(':')
			}
			w.WriteByte(lowerDigits[c>>4])
			w.WriteByte(lowerDigits[c&15])
		}
		w.WriteString("[" + strconv.Itoa(p.unused) + "]")
		return true
	}
	if len(p.octets) > size {
		return false
	}
	full := make([]byte, size)
	for i := copy(full, p.octets); i < size; i++ {
		full[i] = fill
	}
	if fill != 0 && p.unused > 0 && len(p.octets) > 0 {
		full[len(p.octets)-1] |= 1<<p.unused - 1
	}
	if size == 4 {
		w.WriteString(address(full))
		return true
	}
	last := size
	for last > 1 && full[last-1] == 0 && full[last-2] == 0 {
		last -= 2
	}
	for i := 0; i < last; i += 2 {
		w.WriteString(strconv.FormatInt(int64(full[i])<<8|int64(full[i+1]), 16))
		if i < 14 {
			w.WriteByte(':')
		}
	}
	if last < size {
		w.WriteByte(':')
	}
	if last == 0 {
		w.WriteByte(':')
	}
	return true
}
