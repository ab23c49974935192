package opensslconf

import (
	"crypto/sha1"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

var errNoSubject = errors.New("it is made of the subject, which is not known here")

// keyHash is the identifier of a key as RFC 5280, Section 4.2.1.2 (1) makes it.
func keyHash(pub *key.Public) []byte {
	sum := sha1.Sum(pub.Bits)
	return sum[:]
}

func (m *maker) subjectKeyIdentifier(b *der.Builder, value string) error {
	var octets []byte
	switch value {
	case "none":
	case "hash":
		if m.c.SyntaxOnly {
			break
		}
		_, pub := m.c.subject()
		if pub == nil {
			return errNoSubject
		}
		octets = keyHash(pub)
	default:
		var err error
		if octets, err = parseHex(value); err != nil {
			return fmt.Errorf("it is none, hash or hexadecimal digits: %w", err)
		}
	}
	b.Add(der.OctetString, octets)
	return nil
}

// want is how much an option of authorityKeyIdentifier asks for.
type want int

const (
	wantNot want = iota
	wantIfThere
	wantAlways
)

func authorityOptions(items []item) (keyID, issuer want, err error) {
	if len(items) == 1 && items[0].name == "none" {
		return wantNot, wantNot, nil
	}
	for _, i := range items {
		asked := wantIfThere
		if i.value == "always" {
			asked = wantAlways
		}
		switch i.name {
		case "keyid":
			keyID = asked
		case "issuer":
			issuer = asked
		default:
			return 0, 0, unknownItem(i)
		}
	}
	return keyID, issuer, nil
}

func (m *maker) authorityKeyIdentifier(b *der.Builder, items []item) error {
	keyID, issuer, err := authorityOptions(items)
	if err != nil {
		return err
	}
	var a ext.AuthorityKeyIdentifier
	none := len(items) == 1 && items[0].name == "none"
	if !none && !m.c.SyntaxOnly {
		if a, err = m.authority(keyID, issuer); err != nil {
			return err
		}
	}
	b.Raw(ext.NewFullAuthorityKeyIdentifier(a).Value)
	return nil
}

// authority copies from the issuer what was asked for. For self-signed
// certificates there is no key identifier, unless it was asked for always.
func (m *maker) authority(keyID, issuer want) (ext.AuthorityKeyIdentifier, error) {
	var a ext.AuthorityKeyIdentifier
	if m.c.Issuer == nil && !m.c.SelfIssued {
		return a, errors.New("it is made of the issuer's certificate, which is not known here")
	}
	selfSigned := m.c.selfSigned()
	if keyID == wantAlways || keyID == wantIfThere && !selfSigned {
		a.KeyID = m.issuerKeyID(selfSigned)
		if (keyID == wantAlways || issuer == wantNot) && len(a.KeyID) <= 2 {
			return a, errors.New("the issuer's certificate has no subject key identifier to copy, or one that stands for none")
		}
	}
	if issuer == wantAlways || issuer == wantIfThere && a.KeyID == nil {
		name, serial := m.issuerDetails()
		n, err := der.Element{Tag: der.Integer, Content: serial}.BigInt()
		if err != nil {
			return a, errors.New("the issuer's serial number is not known here")
		}
		a.Issuer, a.Serial = []ext.GeneralName{ext.NewDirectoryName(name)}, n
	}
	return a, nil
}

// issuerKeyID is the issuer's subject key identifier, be it one without octets,
// which stands for none; for an issuer that is the subject, too, and has none
// yet, that of its key.
func (m *maker) issuerKeyID(selfSigned bool) []byte {
	if !m.c.SelfIssued || selfSigned {
		if e, ok := ext.Find(m.issuerExtensions(), oid.SubjectKeyIdentifier); ok {
			if octets, err := ext.ParseSubjectKeyIdentifier(e.Value); err == nil {
				return append([]byte{}, octets...)
			}
		}
	}
	if m.c.SelfIssued && m.c.IssuerKey != nil {
		return keyHash(m.c.IssuerKey)
	}
	return nil
}

func (m *maker) issuerExtensions() []ext.Extension {
	if m.c.SelfIssued {
		return m.existing
	}
	return m.c.Issuer.Extensions
}

func (m *maker) issuerDetails() (dn.Name, []byte) {
	if m.c.SelfIssued {
		return m.issuer, m.c.Serial
	}
	return m.c.Issuer.Issuer, m.c.Issuer.SerialBytes
}

// KeyIdentifiers does to the extensions of a new certificate what the OpenSSL
// commands do before they sign it: a subjectKeyIdentifier and an
// authorityKeyIdentifier with nothing in them are taken out ("none"), and
// where there is none at all, those of "hash" and "keyid, issuer" are added,
// the latter unless the certificate is self-signed. A certificate without any
// extension stays without.
func KeyIdentifiers(list []ext.Extension, c Context) ([]ext.Extension, error) {
	if len(list) == 0 {
		return list, nil
	}
	for _, d := range []struct {
		id          oid.OID
		name, value string
		add         bool
	}{
		{oid.SubjectKeyIdentifier, "subjectKeyIdentifier", "hash", true},
		{oid.AuthorityKeyIdentifier, "authorityKeyIdentifier", "keyid, issuer", !c.selfSigned()},
	} {
		c.Existing = list
		e, err := (*File)(nil).Extension(c, d.name, d.value)
		if err != nil {
			return nil, err
		}
		switch found, ok := ext.Find(list, d.id); {
		case ok && len(found.Value) <= 2:
			list = without(list, d.id)
		case !ok && d.add:
			list = append(list, e)
		}
	}
	return list, nil
}
