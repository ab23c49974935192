package ext

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// NameConstraints (RFC 5280, Section 4.2.1.10). IP names hold address and mask.
type NameConstraints struct {
	Permitted, Excluded []GeneralName
}

// ParseNameConstraints reads the value of nameConstraints. A subtree with a
// minimum above 0 or with a maximum is an error, as RFC 5280 forbids both.
func ParseNameConstraints(value []byte) (NameConstraints, error) {
	var c NameConstraints
	r, err := sequence(value, "nameConstraints")
	if err != nil {
		return c, err
	}
	for tag, list := range []*[]GeneralName{&c.Permitted, &c.Excluded} {
		e, ok, err := r.Optional(der.ContextConstructed(uint8(tag)))
		if err == nil && ok {
			*list, err = readSubtrees(e.Children())
		}
		if err != nil {
			return NameConstraints{}, fmt.Errorf("nameConstraints: %s: %w", [...]string{"permittedSubtrees", "excludedSubtrees"}[tag], err)
		}
	}
	if err := r.End(); err != nil {
		return NameConstraints{}, fmt.Errorf("nameConstraints: %w", err)
	}
	return c, nil
}

func readSubtrees(r der.Reader) ([]GeneralName, error) {
	var list []GeneralName
	for !r.Empty() {
		e, err := r.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("subtree %d: %w", len(list)+1, err)
		}
		fields := e.Children()
		base, err := readName(&fields)
		if err != nil {
			return nil, fmt.Errorf("subtree %d: base: %w", len(list)+1, err)
		}
		// The default is not written in DER, but a written zero means the same.
		if minimum, ok, err := fields.Optional(der.Context(0)); err != nil || ok && !bytes.Equal(minimum.Content, []byte{0}) {
			return nil, fmt.Errorf("subtree %d: a minimum above 0 is set, which RFC 5280 does not allow", len(list)+1)
		}
		if !fields.Empty() {
			return nil, fmt.Errorf("subtree %d: a maximum is set, which RFC 5280 does not allow", len(list)+1)
		}
		list = append(list, base)
	}
	return list, nil
}

// NewNameConstraints makes nameConstraints, critical as RFC 5280, Section
// 4.2.1.10 wants it. One list at least must have a name in it.
func NewNameConstraints(c NameConstraints) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for tag, list := range [][]GeneralName{c.Permitted, c.Excluded} {
		if len(list) == 0 {
			continue
		}
		trees := b.Begin(der.ContextConstructed(uint8(tag)))
		for _, n := range list {
			one := b.Begin(der.Sequence)
			n.append(b)
			b.End(one)
		}
		b.End(trees)
	}
	b.End(seq)
	return Extension{ID: oid.NameConstraints, Critical: true, Value: b.Bytes()}
}

// ParseConstraint reads the base of a subtree as people write it: "dns:example.com"
// (the domain and all below), "dns:.example.com" (all below), "email:a@b",
// "email:example.com" (one host), "email:.example.com" (all hosts below),
// "uri:host.example", "uri:.example.com", "ip:192.0.2.0/24",
// "ip:10.0.0.0/255.0.0.0", "dir:O=Example", "upn:example.com" (RFC 5280,
// Section 4.2.1.10).
func ParseConstraint(text string) (GeneralName, error) {
	text = strings.TrimSpace(text)
	n, err := parseConstraint(text)
	if err != nil {
		return GeneralName{}, fmt.Errorf("name constraint %q: %w", shorten(text), err)
	}
	return n, nil
}

func parseConstraint(text string) (GeneralName, error) {
	prefix, value, found := strings.Cut(text, ":")
	kind := prefixKind(prefix)
	if !found || kind == "" {
		return GeneralName{}, errors.New("the kind is missing; write dns:, email:, uri:, ip:, dir: or upn: before the value")
	}
	value = strings.TrimSpace(value)
	switch kind {
	case "ip":
		return parseNetwork(value)
	case "dns", "uri":
		return parseDomain(kind, value)
	case "email", "upn":
		if local, _, found := cutLast(value, "@"); found && local != "" {
			return parseKind(kind, value)
		}
		if kind == "upn" {
			value = strings.TrimPrefix(value, "@")
		}
		return parseDomain(kind, value)
	}
	return parseKind(kind, value)
}

func parseDomain(kind, value string) (GeneralName, error) {
	domain, below := strings.CutPrefix(value, ".")
	ascii, err := hostToASCII(domain)
	if err != nil {
		return GeneralName{}, err
	}
	// The empty domain stands for every name of the kind.
	if ascii != "" || below {
		if err := checkHost(ascii, false); err != nil {
			return GeneralName{}, err
		}
	}
	if below {
		ascii = "." + ascii
	}
	switch kind {
	case "dns":
		return NewGeneralName(DNS, []byte(ascii)), nil
	case "uri":
		return NewGeneralName(URI, []byte(ascii)), nil
	case "email":
		return NewGeneralName(Email, []byte(ascii)), nil
	}
	return newStringName("upn", ascii), nil
}

func parseNetwork(value string) (GeneralName, error) {
	addrText, maskText, found := strings.Cut(value, "/")
	addr, err := netip.ParseAddr(addrText)
	if err != nil || addr.Zone() != "" {
		return GeneralName{}, errors.New("this is not a network; write it like 192.0.2.0/24 or 2001:db8::/32")
	}
	if !found {
		maskText = fmt.Sprint(addr.BitLen())
	}
	content := addr.AsSlice()
	if prefix, err := netip.ParsePrefix(addrText + "/" + maskText); err == nil {
		if prefix.Masked().Addr() != addr {
			return GeneralName{}, fmt.Errorf("the address has bits set outside the mask; write %s", prefix.Masked())
		}
		mask := make([]byte, len(content))
		for i := range prefix.Bits() {
			mask[i/8] |= 0x80 >> (i % 8)
		}
		return NewGeneralName(IP, append(content, mask...)), nil
	}
	mask, err := netip.ParseAddr(maskText)
	if err != nil || mask.BitLen() != addr.BitLen() {
		return GeneralName{}, errors.New("after the slash there is no length or mask that fits the address; write it like 192.0.2.0/24")
	}
	return NewGeneralName(IP, append(content, mask.AsSlice()...)), nil
}

// Allows returns nil if the constraints let this name stand, else which
// subtree forbids it. A name that cannot be read is forbidden as soon as there
// is a subtree of its kind.
func (c NameConstraints) Allows(n GeneralName) error {
	for _, base := range c.Excluded {
		if !sameForm(base, n) {
			continue
		}
		inside, err := covers(base, n, true)
		if err != nil {
			return fmt.Errorf("%s cannot be held against the excluded subtree %s: %w", n, base, err)
		}
		if inside {
			return fmt.Errorf("%s is in the excluded subtree %s", n, base)
		}
	}
	var permitted []string
	for _, base := range c.Permitted {
		if !sameForm(base, n) {
			continue
		}
		inside, err := covers(base, n, false)
		if err != nil {
			return fmt.Errorf("%s cannot be held against the permitted subtree %s: %w", n, base, err)
		}
		if inside {
			return nil
		}
		permitted = append(permitted, base.String())
	}
	if len(permitted) > 0 {
		return fmt.Errorf("%s is in none of the permitted subtrees: %s", n, strings.Join(permitted, ", "))
	}
	return nil
}

// AllowsAll is Allows for everything that a certificate names: its subject,
// the names of its subjectAltName, and the e-mail addresses of the subject
// (RFC 5280, Section 4.2.1.10 and 6.1.3). Beyond the RFC, and as OpenSSL
// verifies, those addresses are held against the constraints beside a
// subjectAltName too, and a common name that is a host name where there is no
// dNSName.
func (c NameConstraints) AllowsAll(subject dn.Name, names []GeneralName) error {
	if !subject.IsEmpty() {
		if err := c.Allows(NewDirectoryName(subject)); err != nil {
			return err
		}
	}
	hosts := false
	for _, n := range names {
		hosts = hosts || n.Kind == DNS
		if err := c.Allows(n); err != nil {
			return err
		}
	}
	for _, address := range subject.Values(oid.EmailAddress) {
		if err := c.Allows(NewGeneralName(Email, []byte(address))); err != nil {
			return err
		}
	}
	if hosts {
		return nil
	}
	for _, name := range subject.Values(oid.CommonName) {
		if !strings.Contains(name, ".") || checkHost(name, true) != nil {
			continue
		}
		if err := c.Allows(NewGeneralName(DNS, []byte(name))); err != nil {
			return err
		}
	}
	return nil
}

// sameForm reports whether a subtree restricts names of this form. Subtrees
// of e-mail addresses restrict SmtpUTF8Mailbox too (RFC 9598, Section 6).
func sameForm(base, n GeneralName) bool {
	if n.Kind == OtherName {
		id, _, err := n.Other()
		if base.Kind == Email {
			return err != nil || id == oid.SmtpUTF8Mailbox
		}
		if base.Kind != OtherName {
			return false
		}
		baseID, _, baseErr := base.Other()
		return err != nil || baseErr != nil || id == baseID
	}
	return base.Kind == n.Kind
}

// covers reports whether n is in the subtree at base. excluding widens what a
// wildcard stands for to every name that it could match.
func covers(base, n GeneralName, excluding bool) (bool, error) {
	switch n.Kind {
	case DNS:
		if err := checkHost(string(n.Content), true); err != nil {
			return false, err
		}
		return coversDNS(string(base.Content), string(n.Content), excluding), nil
	case Email:
		return coversEmail(string(base.Content), string(n.Content))
	case URI:
		return coversURI(string(base.Content), string(n.Content))
	case IP:
		return coversIP(base.Content, n.Content)
	case DirectoryName:
		return coversDirectory(base, n)
	case OtherName:
		return coversOther(base, n)
	}
	return bytes.Equal(base.Content, n.Content), nil
}

// below reports whether host is domain or a host in it; with a leading dot
// domain stands for the hosts in it alone.
func below(domain, host string) bool {
	domain, host = strings.ToLower(domain), strings.ToLower(host)
	switch {
	case domain == "" || domain == ".":
		return true
	case domain[0] == '.':
		return len(host) > len(domain) && strings.HasSuffix(host, domain)
	}
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func coversDNS(base, name string, excluding bool) bool {
	if below(base, name) {
		return true
	}
	parent, wildcard := strings.CutPrefix(name, "*.")
	if !wildcard || !excluding {
		return false
	}
	// The wildcard could match the excluded name itself.
	_, rest, found := strings.Cut(base, ".")
	return found && base[0] != '.' && strings.EqualFold(rest, parent)
}

// exactHost is the rule of e-mail and URI subtrees: a host stands for itself,
// a domain with a leading dot for the hosts in it.
func exactHost(base, host string) bool {
	if base == "" || base[0] == '.' {
		return below(base, host)
	}
	return strings.EqualFold(base, host)
}

func coversEmail(base, address string) (bool, error) {
	if err := checkEmail(address); err != nil {
		return false, err
	}
	return coversMailbox(base, address), nil
}

func coversMailbox(base, address string) bool {
	local, host, _ := cutLast(address, "@")
	if baseLocal, baseHost, found := cutLast(base, "@"); found && baseLocal != "" {
		return baseLocal == local && strings.EqualFold(baseHost, host)
	}
	return exactHost(strings.TrimPrefix(base, "@"), host)
}

func coversURI(base, text string) (bool, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return false, errors.New("the URI has no host")
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return false, errors.New("the URI has an address where a host name is needed")
	}
	return exactHost(base, u.Hostname()), nil
}

func coversIP(base, address []byte) (bool, error) {
	if len(address) != 4 && len(address) != 16 {
		return false, fmt.Errorf("the address is %d octets long", len(address))
	}
	if len(base) != 8 && len(base) != 32 {
		return false, errors.New("the subtree is not an address and a mask")
	}
	if len(base) != 2*len(address) {
		return false, nil
	}
	for i, c := range address {
		if mask := base[len(address)+i]; c&mask != base[i]&mask {
			return false, nil
		}
	}
	return true, nil
}

func coversDirectory(base, n GeneralName) (bool, error) {
	top, err := base.Directory()
	if err != nil {
		return false, err
	}
	name, err := n.Directory()
	if err != nil {
		return false, err
	}
	if len(top.RDNs) > len(name.RDNs) {
		return false, nil
	}
	for i, rdn := range top.RDNs {
		if !bytes.Equal(rdn.Canonical(), name.RDNs[i].Canonical()) {
			return false, nil
		}
	}
	return true, nil
}

func coversOther(base, n GeneralName) (bool, error) {
	id, value, err := n.Other()
	if err != nil {
		return false, err
	}
	if id != oid.UPN && id != oid.SmtpUTF8Mailbox {
		return bytes.Equal(base.Content, n.Content), nil
	}
	text, err := mailboxText(value)
	if err != nil {
		return false, err
	}
	if base.Kind == Email {
		return coversMailbox(string(base.Content), text), nil
	}
	_, baseValue, err := base.Other()
	if err != nil {
		return false, err
	}
	e, err := der.ParseTag(baseValue, der.UTF8String)
	if err != nil {
		return false, err
	}
	return coversMailbox(string(e.Content), text), nil
}

// mailboxText reads the UTF8String of a UPN or SmtpUTF8Mailbox, its domain
// as A-labels.
func mailboxText(value []byte) (string, error) {
	e, err := der.ParseTag(value, der.UTF8String)
	if err != nil {
		return "", err
	}
	text, err := e.Text()
	if err != nil {
		return "", err
	}
	local, domain, found := cutLast(text, "@")
	if !found {
		return "", errors.New(`the name has no "@"`)
	}
	ascii, err := hostToASCII(domain)
	if err != nil {
		return "", err
	}
	return local + "@" + ascii, nil
}
