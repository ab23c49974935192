// Package oid names the object identifiers that requests, keys, certificates
// and revocation lists are made of.
package oid

import (
	"errors"
	"math/big"
	"sort"
	"strings"
)

//go:generate go run github.com/certwright/certwright/internal/gen/oids table.go

// OID is an object identifier, held as the content octets of its DER encoding
// (ITU-T X.690, Section 8.19). Values compare with ==, serve as map keys, and
// are written as constants.
type OID string

type entry struct {
	id          OID
	short, long string
}

// Names returns the short and the long name of o ("CN", "commonName"), and
// false where the identifier is in neither table.
func Names(o OID) (short, long string, ok bool) {
	if short, long, ok = OpenSSLNames(o); ok {
		return short, long, true
	}
	return find(extraTable[:], o)
}

// OpenSSLNames is Names over the table of OpenSSL 3.0 alone, for output that
// has to read as OpenSSL's.
func OpenSSLNames(o OID) (short, long string, ok bool) { return find(opensslTable[:], o) }

func find(table []entry, o OID) (short, long string, ok bool) {
	i := sort.Search(len(table), func(i int) bool { return table[i].id >= o })
	if i == len(table) || table[i].id != o {
		return "", "", false
	}
	return table[i].short, table[i].long, true
}

// ByName returns the identifier whose short or long name is name, letter for
// letter, else regardless of case.
func ByName(name string) (OID, bool) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, table := range [][]entry{opensslTable[:], extraTable[:]} {
			for i := range table {
				if same(table[i].short, name) || same(table[i].long, name) {
					return table[i].id, true
				}
			}
		}
	}
	return "", false
}

// String returns o in dotted form ("2.5.4.3"), whatever the size of its arcs.
func (o OID) String() string {
	if len(o) == 0 {
		return ""
	}
	var b strings.Builder
	n, first := new(big.Int), true
	for i := range len(o) {
		n.Or(n.Lsh(n, 7), big.NewInt(int64(o[i]&0x7f)))
		if o[i]&0x80 != 0 {
			continue
		}
		if first {
			switch {
			case n.Cmp(big.NewInt(40)) < 0:
				b.WriteString("0.")
			case n.Cmp(big.NewInt(80)) < 0:
				b.WriteString("1.")
				n.Sub(n, big.NewInt(40))
			default:
				b.WriteString("2.")
				n.Sub(n, big.NewInt(80))
			}
			first = false
		} else {
			b.WriteByte('.')
		}
		b.WriteString(n.String())
		n.SetInt64(0)
	}
	return b.String()
}

// Name returns the long name of o, or its dotted form where it has none.
func (o OID) Name() string {
	if _, long, ok := Names(o); ok {
		return long
	}
	return o.String()
}

// Short returns the short name of o, or its dotted form where it has none.
func (o OID) Short() string {
	if short, _, ok := Names(o); ok {
		return short
	}
	return o.String()
}

var errSyntax = errors.New("not an object identifier: want numbers with dots between them, such as 2.5.4.3")

// Parse reads the dotted form of an object identifier.
func Parse(dotted string) (OID, error) {
	parts := strings.Split(strings.TrimPrefix(dotted, "oid:"), ".")
	if len(parts) < 2 {
		return "", errSyntax
	}
	arcs := make([]*big.Int, len(parts))
	for i, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" || len(part) > 64 {
			return "", errSyntax
		}
		arcs[i], _ = new(big.Int).SetString(part, 10)
	}
	if arcs[0].Cmp(big.NewInt(2)) > 0 || (arcs[0].Cmp(big.NewInt(2)) < 0 && arcs[1].Cmp(big.NewInt(39)) > 0) {
		return "", errors.New("not an object identifier: the first number is 0, 1 or 2, and the second is at most 39 after 0 or 1")
	}
	arcs[1].Add(arcs[1], new(big.Int).Mul(arcs[0], big.NewInt(40)))
	var out []byte
	for _, n := range arcs[1:] {
		out = appendArc(out, n)
	}
	return OID(out), nil
}

// ParseContent checks content octets read from DER: at least one, no arc
// padded with leading zeros, the last arc complete (X.690, Section 8.19.2),
// none above 2^224, which bounds the cost of writing it down.
func ParseContent(content []byte) (OID, error) {
	if len(content) == 0 || content[len(content)-1]&0x80 != 0 {
		return "", errors.New("object identifier is empty or cut short")
	}
	start := 0
	for i, c := range content {
		if i-start >= 32 {
			return "", errors.New("object identifier has an arc above 2^224")
		}
		if c&0x80 == 0 {
			start = i + 1
		}
		if c == 0x80 && (i == 0 || content[i-1]&0x80 == 0) {
			return "", errors.New("object identifier has an arc with leading zeros")
		}
	}
	return OID(content), nil
}

func appendArc(out []byte, n *big.Int) []byte {
	groups := max(1, (n.BitLen()+6)/7)
	for g := groups - 1; g >= 0; g-- {
		var c byte
		for bit := range 7 {
			c |= byte(n.Bit(g*7+bit)) << bit
		}
		if g > 0 {
			c |= 0x80
		}
		out = append(out, c)
	}
	return out
}
