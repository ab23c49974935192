package verbs

import (
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/internal/front"
)

// parseConstraints reads the subtrees of name constraints: names as
// everywhere, "dns:" for none at all, a leading dot, and "ip:" with a prefix
// length.
func parseConstraints(flag string, texts []string) ([]ext.GeneralName, error) {
	var out []ext.GeneralName
	for _, text := range texts {
		for _, one := range splitNames(text) {
			n, err := parseConstraint(one)
			if err != nil {
				return nil, front.Usage("write dns:example.com, email:example.com, ip:192.0.2.0/24, uri:.example.com or dir:O=Example", "--%s: %v", flag, err)
			}
			out = append(out, n)
		}
	}
	return out, nil
}

func parseConstraint(text string) (ext.GeneralName, error) {
	kind, value, _ := strings.Cut(lowerKind(text), ":")
	raw := map[string]ext.Kind{"dns": ext.DNS, "email": ext.Email, "uri": ext.URI}
	if k, ok := raw[kind]; ok {
		return generalName(k, []byte(value)), nil
	}
	if kind != "ip" {
		return ext.ParseGeneralName(lowerKind(text))
	}
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		return ext.GeneralName{}, err
	}
	mask := make([]byte, prefix.Addr().BitLen()/8)
	for i := range prefix.Bits() {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	return generalName(ext.IP, append(prefix.Masked().Addr().AsSlice(), mask...)), nil
}

func generalName(k ext.Kind, content []byte) ext.GeneralName {
	var b der.Builder
	b.Add(der.Context(uint8(k)), content)
	return ext.GeneralName{Kind: k, Raw: b.Bytes(), Content: content}
}
