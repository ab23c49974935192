package issuance

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// nameKind is the kind of a subject alternative name as profiles tell them
// apart: the choices of GeneralName, and user principal names apart from the
// other otherNames.
type nameKind uint8

const (
	kindOther nameKind = iota
	kindEmail
	kindDNS
	kindX400
	kindDirectory
	kindEDI
	kindURI
	kindIP
	kindRID
	kindUPN
	kinds
)

func kindNames() []string {
	return []string{"other", "email", "dns", "x400", "dir", "edi", "uri", "ip", "rid", "upn"}
}

func (k nameKind) String() string { return kindNames()[k] }

func parseKind(name string) nameKind {
	for i, n := range kindNames() {
		if n == name {
			return nameKind(i)
		}
	}
	return kinds
}

const upnPrefix = "\x06\x0a" + string(oid.UPN)

func kindOfName(n *ext.GeneralName) nameKind {
	if n.Kind == ext.OtherName && strings.HasPrefix(string(n.Content), upnPrefix) {
		return kindUPN
	}
	if n.Kind < 0 || n.Kind > ext.RegisteredID {
		return kinds
	}
	return nameKind(n.Kind)
}

type namePolicy struct {
	kinds           [kinds + 1]bool
	required        []nameKind
	unlisted        unlistedWord
	min, max        int
	wildcards       bool
	fromCommonName  bool
	commonNameAmong bool
	fromEmail       bool
	allow, deny     [kinds + 1][]namePattern
	lists           bool // whether any allow or deny list exists
}

// namePattern is one entry of an allow or deny list.
type namePattern struct {
	text    string // lower case where the kind compares so
	network netip.Prefix
}

func (c *compiler) names(t *namesText) namePolicy {
	p := namePolicy{
		unlisted: orWord(t.Unlisted, "refuse"), min: t.Min, max: t.Max, wildcards: t.Wildcards,
		fromCommonName: t.FromCommonName, commonNameAmong: t.CommonNameAmong, fromEmail: t.FromEmail,
	}
	if p.max == 0 {
		p.max = 100
	}
	if p.min > p.max {
		c.fail("names.min", "got %d, want at most the maximum %d", p.min, p.max)
	}
	if p.unlisted == "keep" {
		c.fail("names.unlisted", "got \"keep\", want drop or refuse; to let a kind through, list it in kinds")
	}
	for _, k := range t.Kinds {
		p.kinds[parseKind(string(k))] = true
	}
	for i, k := range t.Required {
		kind := parseKind(string(k))
		if !p.kinds[kind] {
			c.fail("names.required["+strconv.Itoa(i)+"]", "%q is required but not among kinds", k)
		}
		p.required = append(p.required, kind)
	}
	if p.min > 0 && len(t.Kinds) == 0 {
		c.fail("names.min", "got %d names, but no kinds are allowed", p.min)
	}
	c.patterns("names.allow", t.Allow, &p.allow)
	c.patterns("names.deny", t.Deny, &p.deny)
	p.lists = len(t.Allow)+len(t.Deny) > 0
	return p
}

func (c *compiler) patterns(path string, lists map[string][]string, into *[kinds + 1][]namePattern) {
	for name, list := range lists {
		at := join(path, name)
		kind := parseKind(name)
		switch kind {
		case kindDNS, kindIP, kindEmail, kindURI, kindUPN:
		default:
			c.fail(at, "lists are for dns, ip, email, uri and upn%s", near(name, []string{"dns", "ip", "email", "uri", "upn"}))
			continue
		}
		if len(list) == 0 {
			c.fail(at, "an empty list; leave it out, or name what it holds")
		}
		for i, text := range list {
			pattern, wrong := parsePattern(kind, text)
			if wrong != "" {
				c.fail(at+"["+strconv.Itoa(i)+"]", "got %q, want %s", text, wrong)
			}
			into[kind] = append(into[kind], pattern)
		}
	}
}

func parsePattern(kind nameKind, text string) (p namePattern, wrong string) {
	p.text = strings.ToLower(text)
	switch kind {
	case kindIP:
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil || address.Zone() != "" {
				return p, "an address or network such as 10.0.0.0/8 or 2001:db8::/32"
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		if network.Addr().Is4In6() {
			return p, "an IPv4 network in dotted form: addresses are compared unmapped"
		}
		p.network = network.Masked()
	case kindURI:
		scheme, rest, ok := strings.Cut(text, ":")
		if !ok || scheme == "" || rest == "" {
			return p, "the beginning of a URI with its scheme, such as spiffe://example.org/"
		}
		p.text = lowerAuthority(text)
	case kindDNS:
		if bare := strings.TrimPrefix(strings.TrimPrefix(p.text, "*"), "."); !isHostName(bare) {
			return p, "example.org (that name), *.example.org (one label more) or .example.org (all below)"
		}
	default:
		_, domain, mailbox := strings.Cut(p.text, "@")
		if !mailbox {
			domain = strings.TrimPrefix(p.text, ".")
		}
		if !isHostName(domain) {
			return p, "a@example.org (that mailbox), example.org (that domain) or .example.org (all below)"
		}
	}
	return p, ""
}

// lowerAuthority writes the scheme and authority of a URI in lower case
// (RFC 3986, Section 6.2.2.1).
func lowerAuthority(uri string) string {
	end := strings.Index(uri, ":") + 1
	if strings.HasPrefix(uri[end:], "//") {
		end += 2
		if slash := strings.IndexAny(uri[end:], "/?#"); slash >= 0 {
			end += slash
		} else {
			end = len(uri)
		}
	}
	return strings.ToLower(uri[:end]) + uri[end:]
}
