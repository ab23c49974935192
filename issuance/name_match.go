package issuance

import (
	"net/netip"
	"strings"
)

// allowed reports whether a name of this kind is in the list. A wildcard name
// is only where the whole of what it stands for is.
func allowed(list []namePattern, kind nameKind, name string) bool {
	for i := range list {
		if list[i].covers(kind, name) {
			return true
		}
	}
	return false
}

// denied reports whether a name of this kind touches the list: a wildcard
// name does so as soon as anything it stands for is listed.
func denied(list []namePattern, kind nameKind, name string) bool {
	for i := range list {
		if list[i].covers(kind, name) {
			return true
		}
		if rest, wild := strings.CutPrefix(name, "*."); wild && kind == kindDNS {
			if _, parent, ok := strings.Cut(list[i].text, "."); ok && parent == strings.ToLower(rest) {
				return true
			}
		}
	}
	return false
}

func (p *namePattern) covers(kind nameKind, name string) bool {
	switch kind {
	case kindIP:
		address, err := netip.ParseAddr(name)
		return err == nil && p.network.Contains(address.Unmap())
	case kindURI:
		return uriUnder(lowerAuthority(name), p.text)
	case kindDNS:
		return dnsUnder(strings.ToLower(name), p.text)
	}
	name = strings.ToLower(name)
	if strings.Contains(p.text, "@") {
		return name == p.text
	}
	// The last sign separates: a quoted local part may hold others.
	at := strings.LastIndexByte(name, '@')
	return at > 0 && dnsUnder(name[at+1:], p.text)
}

func dnsUnder(name, pattern string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*."); ok {
		label, parent, dot := strings.Cut(name, ".")
		return dot && label != "" && parent == rest
	}
	if strings.HasPrefix(pattern, ".") {
		return len(name) > len(pattern) && strings.HasSuffix(name, pattern)
	}
	return name == pattern
}

// uriUnder reports whether a URI begins with this prefix, at the end of a
// component. One with dot segments is under nothing: where it leads depends
// on who resolves it.
func uriUnder(uri, prefix string) bool {
	if !strings.HasPrefix(uri, prefix) {
		return false
	}
	lower := strings.ToLower(uri)
	if strings.Contains(uri, "/../") || strings.Contains(uri, "/./") || strings.HasSuffix(uri, "/..") ||
		strings.HasSuffix(uri, "/.") || strings.Contains(lower, "%2e") {
		return false
	}
	if len(uri) == len(prefix) || strings.HasSuffix(prefix, "/") || strings.HasSuffix(prefix, ":") && !strings.Contains(prefix, "//") {
		return true
	}
	return strings.IndexByte("/?#", uri[len(prefix)]) >= 0
}

// isHostName reports whether text is a host name by RFC 1123 with at least
// one label, letters, digits and hyphens only; underscores are let pass here
// because the lint rules have their say on them.
func isHostName(text string) bool {
	if len(text) == 0 || len(text) > 253 {
		return false
	}
	label := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '.':
			if label == 0 || text[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			if label == 0 {
				return false
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && text[len(text)-1] != '-'
}

// looksLikeHost reports whether a common name is meant as a host: it has a
// dot inside, or is one label that only a host could be called.
func looksLikeHost(text string) bool {
	bare := strings.TrimPrefix(text, "*.")
	if !isHostName(bare) {
		return false
	}
	dot := strings.LastIndexByte(bare, '.')
	if dot < 0 {
		return bare == "localhost"
	}
	// A last label of digits only is a version or a broken address, not a host.
	return strings.Trim(bare[dot+1:], "0123456789") != ""
}
