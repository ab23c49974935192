package ext

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// Kind is the choice a GeneralName makes; the values are its context tags.
type Kind int

// The choices of GeneralName (RFC 5280, Section 4.2.1.6).
const (
	OtherName     Kind = 0
	Email         Kind = 1
	DNS           Kind = 2
	X400          Kind = 3
	DirectoryName Kind = 4
	EDIParty      Kind = 5
	URI           Kind = 6
	IP            Kind = 7
	RegisteredID  Kind = 8
	Unknown       Kind = -1 // a tag that GeneralName does not have
)

// String returns the name of the choice in ASN.1 ("dNSName").
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

var kindNames = [...]string{
	"otherName", "rfc822Name", "dNSName", "x400Address", "directoryName",
	"ediPartyName", "uniformResourceIdentifier", "iPAddress", "registeredID",
}

// GeneralName is one name of a subjectAltName and its like.
type GeneralName struct {
	Kind    Kind
	Raw     []byte // the whole element
	Content []byte // content octets of the context tag; for DirectoryName they are the DER of a Name
}

// NewGeneralName makes a name from the content octets of its tag, unchecked.
func NewGeneralName(kind Kind, content []byte) GeneralName {
	b := der.NewBuilder(make([]byte, 0, len(content)+6))
	b.Add(kind.tag(), content)
	raw := b.Bytes()
	return GeneralName{Kind: kind, Raw: raw, Content: raw[len(raw)-len(content):]}
}

// NewDirectoryName makes a directoryName.
func NewDirectoryName(n dn.Name) GeneralName { return NewGeneralName(DirectoryName, n.Raw) }

// NewIP makes an iPAddress of 4 or 16 octets.
func NewIP(a netip.Addr) GeneralName { return NewGeneralName(IP, a.AsSlice()) }

// NewRegisteredID makes a registeredID.
func NewRegisteredID(id oid.OID) GeneralName { return NewGeneralName(RegisteredID, []byte(id)) }

// NewOtherName makes an otherName from its type and the DER of its value.
func NewOtherName(id oid.OID, value []byte) GeneralName {
	b := der.NewBuilder(make([]byte, 0, len(id)+len(value)+8))
	b.OID(string(id))
	inner := b.Begin(der.ContextConstructed(0))
	b.Raw(value)
	b.End(inner)
	return NewGeneralName(OtherName, b.Bytes())
}

// tag returns the context tag. directoryName is explicit, as Name is a CHOICE.
func (k Kind) tag() der.Tag {
	switch k {
	case OtherName, X400, DirectoryName, EDIParty:
		return der.ContextConstructed(uint8(k))
	}
	return der.Context(uint8(k))
}

// ParseGeneralNames reads a GeneralNames SEQUENCE (RFC 5280, Section 4.2.1.6).
// Values that are not what their kind asks for are kept: see Problem.
func ParseGeneralNames(value []byte) ([]GeneralName, error) {
	r, err := sequence(value, "general names")
	if err != nil {
		return nil, err
	}
	return readNames(r)
}

func readNames(r der.Reader) ([]GeneralName, error) {
	count := 0
	for rest := r; !rest.Empty(); count++ {
		if _, err := rest.Next(); err != nil {
			return nil, fmt.Errorf("general name %d: %w", count+1, err)
		}
	}
	names := make([]GeneralName, 0, count)
	for !r.Empty() {
		n, err := readName(&r)
		if err != nil {
			return nil, fmt.Errorf("general name %d: %w", len(names)+1, err)
		}
		names = append(names, n)
	}
	return names, nil
}

func readName(r *der.Reader) (GeneralName, error) {
	e, err := r.Next()
	if err != nil {
		return GeneralName{}, err
	}
	kind := Unknown
	if e.Tag.Class() == 2 && e.Number <= uint32(RegisteredID) {
		kind = Kind(e.Number)
	}
	return GeneralName{Kind: kind, Raw: e.Raw, Content: e.Content}, nil
}

// MarshalGeneralNames writes a GeneralNames SEQUENCE.
func MarshalGeneralNames(names []GeneralName) []byte {
	size := 6
	for _, n := range names {
		size += len(n.Raw)
	}
	b := der.NewBuilder(make([]byte, 0, size))
	appendNames(b, der.Sequence, names)
	return b.Bytes()
}

func appendNames(b *der.Builder, tag der.Tag, names []GeneralName) {
	seq := b.Begin(tag)
	for _, n := range names {
		n.append(b)
	}
	b.End(seq)
}

func (n GeneralName) append(b *der.Builder) {
	if n.Raw != nil {
		b.Raw(n.Raw)
		return
	}
	b.Add(n.Kind.tag(), n.Content)
}

// Directory returns the name in a directoryName.
func (n GeneralName) Directory() (dn.Name, error) {
	if n.Kind != DirectoryName {
		return dn.Name{}, fmt.Errorf("%v is not a directoryName", n.Kind)
	}
	return dn.Parse(n.Content)
}

// Addr returns the address in an iPAddress of 4 or 16 octets.
func (n GeneralName) Addr() (netip.Addr, bool) {
	if n.Kind != IP {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(n.Content)
}

// Other returns type and value (in DER) of an otherName.
func (n GeneralName) Other() (id oid.OID, value []byte, err error) {
	if n.Kind != OtherName {
		return "", nil, fmt.Errorf("%v is not an otherName", n.Kind)
	}
	r := der.Reader(n.Content)
	if id, err = takeOID(&r); err != nil {
		return "", nil, fmt.Errorf("otherName type: %w", err)
	}
	inner, err := r.Take(der.ContextConstructed(0))
	if err != nil {
		return "", nil, fmt.Errorf("otherName value: %w", err)
	}
	if err := r.End(); err != nil {
		return "", nil, fmt.Errorf("otherName: %w", err)
	}
	if _, err := der.Parse(inner.Content); err != nil {
		return "", nil, fmt.Errorf("otherName value: %w", err)
	}
	return id, inner.Content, nil
}

// Text returns the name without its prefix: "a.example", "192.0.2.1". A value
// that is not what its kind asks for comes as "#" and hexadecimal.
func (n GeneralName) Text() string {
	_, text := n.prefixAndText()
	return text
}

// String returns the name with its prefix, as ParseGeneralName reads it.
func (n GeneralName) String() string {
	prefix, text := n.prefixAndText()
	return prefix + ":" + text
}

func (n GeneralName) prefixAndText() (prefix, text string) {
	switch n.Kind {
	case Email:
		return "email", n.visibleText()
	case DNS:
		return "dns", n.visibleText()
	case URI:
		return "uri", n.visibleText()
	case IP:
		if text, ok := addressText(n.Content); ok {
			return "ip", text
		}
		return "ip", n.dump()
	case DirectoryName:
		if name, err := dn.Parse(n.Content); err == nil {
			return "dir", name.String()
		}
		return "dir", n.dump()
	case RegisteredID:
		if id, err := oid.ParseContent(n.Content); err == nil {
			return "rid", id.String()
		}
		return "rid", n.dump()
	case OtherName:
		return n.otherText()
	case X400:
		return "x400", n.dump()
	case EDIParty:
		if text, ok := ediText(n.Content); ok {
			return "edi", text
		}
		return "edi", n.dump()
	}
	return "unknown", "#" + hex.EncodeToString(n.Raw)
}

// dump returns the content octets in hexadecimal.
func (n GeneralName) dump() string { return "#" + hex.EncodeToString(n.Content) }

// visibleText returns octets of visible ASCII as text; anything else could
// pass for other names where it is printed.
func (n GeneralName) visibleText() string {
	if len(n.Content) == 0 || !visible(n.Content) {
		return n.dump()
	}
	return string(n.Content)
}

func visible[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// addressText writes an address, or an address and its mask (RFC 5280,
// Section 4.2.1.10).
func addressText(content []byte) (string, bool) {
	if addr, ok := netip.AddrFromSlice(content); ok {
		return addr.String(), true
	}
	if len(content) != 8 && len(content) != 32 {
		return "", false
	}
	addr, _ := netip.AddrFromSlice(content[:len(content)/2])
	mask, _ := netip.AddrFromSlice(content[len(content)/2:])
	if bits, ok := maskBits(mask.AsSlice()); ok {
		return fmt.Sprintf("%s/%d", addr, bits), true
	}
	return fmt.Sprintf("%s/%s", addr, mask), true
}

func maskBits(mask []byte) (int, bool) {
	bits, ended := 0, false
	for _, c := range mask {
		for i := 7; i >= 0; i-- {
			switch one := c>>i&1 == 1; {
			case one && ended:
				return 0, false
			case one:
				bits++
			default:
				ended = true
			}
		}
	}
	return bits, true
}

// Problem says what is wrong with the value, if anything is: octets outside
// IA5, an address of odd length, a label that no resolver takes.
func (n GeneralName) Problem() error {
	if n.Kind == Unknown {
		return errors.New("the tag is none of a general name's")
	}
	if len(n.Raw) > 0 && der.Tag(n.Raw[0]) != n.Kind.tag() {
		return fmt.Errorf("%v has a tag of the wrong form", n.Kind)
	}
	switch n.Kind {
	case Email:
		return checkEmail(string(n.Content))
	case DNS:
		return checkHost(string(n.Content), true)
	case URI:
		return checkURI(string(n.Content))
	case IP:
		if _, ok := n.Addr(); !ok {
			return fmt.Errorf("the address is %d octets long, and only 4 (IPv4) or 16 (IPv6) are valid", len(n.Content))
		}
	case DirectoryName:
		_, err := dn.Parse(n.Content)
		return err
	case RegisteredID:
		_, err := oid.ParseContent(n.Content)
		return err
	case OtherName:
		return n.otherProblem()
	case EDIParty:
		if _, ok := ediText(n.Content); !ok {
			return errors.New("ediPartyName is not well formed")
		}
	}
	return nil
}
