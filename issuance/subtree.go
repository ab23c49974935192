package issuance

import (
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
)

// within reports whether everything under a subtree is under one of the same
// kind in the list; where the list has none of that kind, nothing bounds it.
func within(list []ext.GeneralName, n *ext.GeneralName) bool {
	bounded := false
	for i := range list {
		if list[i].Kind != n.Kind {
			continue
		}
		if bounded = true; inside(&list[i], n) {
			return true
		}
	}
	return !bounded
}

func inside(outer, inner *ext.GeneralName) bool {
	a, b := strings.ToLower(string(outer.Content)), strings.ToLower(string(inner.Content))
	switch outer.Kind {
	case ext.DNS:
		// RFC 5280, Section 4.2.1.10: a name and everything below it; one that
		// begins with a dot, as some write it, has only what is below.
		if bare, dotted := strings.CutPrefix(a, "."); dotted {
			return b == a || strings.HasSuffix(b, a) && len(b) > len(bare)+1
		}
		return b == a || strings.HasSuffix(b, "."+a)
	case ext.URI, ext.Email:
		if strings.HasPrefix(a, ".") {
			_, domain, mailbox := strings.Cut(b, "@")
			if !mailbox {
				domain = b
			}
			return strings.HasSuffix(domain, a)
		}
		return b == a || outer.Kind == ext.Email && !strings.Contains(a, "@") && strings.HasSuffix(b, "@"+a)
	case ext.IP:
		return networkInside(outer.Content, inner.Content)
	case ext.DirectoryName:
		return nameInside(outer, inner)
	}
	return string(outer.Raw) == string(inner.Raw)
}

func networkInside(outer, inner []byte) bool {
	if len(outer) != len(inner) || len(outer) != 8 && len(outer) != 32 {
		return false
	}
	half := len(outer) / 2
	for i := range half {
		outerMask, innerMask := outer[half+i], inner[half+i]
		if innerMask&outerMask != outerMask || (inner[i]^outer[i])&outerMask != 0 {
			return false
		}
	}
	return true
}

func nameInside(outer, inner *ext.GeneralName) bool {
	a, errA := subtreeName(outer)
	b, errB := subtreeName(inner)
	if errA != nil || errB != nil || len(b.RDNs) < len(a.RDNs) {
		return false
	}
	return dn.Build(b.RDNs[:len(a.RDNs)]...).Equal(a)
}

// subtreeText writes a subtree as profiles do.
func subtreeText(n *ext.GeneralName) string {
	switch {
	case n.Kind == ext.IP && (len(n.Content) == 8 || len(n.Content) == 32):
		half := len(n.Content) / 2
		address, _ := netip.AddrFromSlice(n.Content[:half])
		bits := 0
		for bits < half*8 && n.Content[half+bits/8]&(0x80>>(bits%8)) != 0 {
			bits++
		}
		return "ip:" + netip.PrefixFrom(address, bits).String()
	case n.Kind == ext.IP:
		return "ip:#" + hex.EncodeToString(n.Content)
	}
	return n.String()
}
