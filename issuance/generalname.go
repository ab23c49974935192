package issuance

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// generalName makes a name of one of the primitive kinds.
func generalName(kind ext.Kind, content []byte) ext.GeneralName {
	var b der.Builder
	b.Add(der.Context(uint8(kind)), content)
	return ext.GeneralName{Kind: kind, Content: content, Raw: b.Bytes()}
}

// subjectAltName encodes the names anew: those of the primitive kinds in DER
// whatever they were written in; of the others it wants DER as it comes.
func subjectAltName(names []ext.GeneralName, critical bool) (ext.Extension, error) {
	size := 32
	for i := range names {
		size += len(names[i].Content) + len(names[i].Raw) + 4
	}
	b := der.NewBuilder(make([]byte, 0, size))
	outer := b.Begin(der.Sequence)
	b.OID(string(oid.SubjectAltName))
	if critical {
		b.Bool(true)
	}
	octets := b.Begin(der.OctetString)
	mark := b.Begin(der.Sequence)
	for i := range names {
		n := &names[i]
		switch n.Kind {
		case ext.Email, ext.DNS, ext.URI, ext.IP, ext.RegisteredID:
			b.Add(der.Context(uint8(n.Kind)), n.Content)
		default:
			if err := der.Strict(n.Raw); err != nil {
				return ext.Extension{}, fmt.Errorf("the name %s is not DER: %w", n, err)
			}
			b.Raw(n.Raw)
		}
	}
	b.End(mark)
	length := b.Len() - octets
	b.End(octets)
	b.End(outer)
	raw := b.Bytes()
	return ext.Extension{ID: oid.SubjectAltName, Value: raw[len(raw)-length:], Critical: critical, Raw: raw}, nil
}

var errSubtree = errors.New("want dns:example.org, email:example.org, uri:example.org, ip:10.0.0.0/8 or dir:O=Example")

// parseSubtree reads one name of name constraints as profiles write it
// (RFC 5280, Section 4.2.1.10).
func parseSubtree(text string) (ext.GeneralName, error) {
	kind, value, ok := strings.Cut(text, ":")
	if !ok || value == "" {
		return ext.GeneralName{}, errSubtree
	}
	switch kind {
	case "dns":
		return hostSubtree(ext.DNS, value)
	case "uri":
		return hostSubtree(ext.URI, value)
	case "email":
		if local, domain, mailbox := strings.Cut(value, "@"); mailbox && local != "" && isHostName(domain) {
			return generalName(ext.Email, []byte(value)), nil
		}
		return hostSubtree(ext.Email, value)
	case "ip":
		network, err := netip.ParsePrefix(value)
		if err != nil || network != network.Masked() || network.Addr().Is4In6() {
			return ext.GeneralName{}, errSubtree
		}
		return networkSubtree(network), nil
	case "dir":
		name, err := dn.ParseText(value)
		if err != nil {
			return ext.GeneralName{}, fmt.Errorf("reading the directory name: %w", err)
		}
		var b der.Builder
		b.Add(der.ContextConstructed(4), name.Raw)
		return firstName(b.Bytes())
	}
	return ext.GeneralName{}, errSubtree
}

func hostSubtree(kind ext.Kind, value string) (ext.GeneralName, error) {
	if !isHostName(strings.TrimPrefix(value, ".")) {
		return ext.GeneralName{}, errSubtree
	}
	return generalName(kind, []byte(value)), nil
}

func networkSubtree(network netip.Prefix) ext.GeneralName {
	address := network.Addr().AsSlice()
	mask := make([]byte, len(address))
	for i := range network.Bits() {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	return generalName(ext.IP, append(address, mask...))
}

// directoryName makes the general name of a distinguished name.
func directoryName(name dn.Name) (ext.GeneralName, error) {
	var b der.Builder
	b.Add(der.ContextConstructed(4), name.Raw)
	return firstName(b.Bytes())
}

// firstName reads one general name back, so that its parts are what the
// reader of general names makes of them.
func firstName(raw []byte) (ext.GeneralName, error) {
	var b der.Builder
	b.Add(der.Sequence, raw)
	names, err := ext.ParseGeneralNames(b.Bytes())
	if err != nil || len(names) != 1 {
		return ext.GeneralName{}, fmt.Errorf("making a general name: %w", err)
	}
	return names[0], nil
}
