package crmf

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Name returns the name RFC 4211 gives the control or item of regInfo, or what
// package oid calls it.
func (a Attribute) Name() string {
	switch a.ID {
	case RegToken:
		return "regToken"
	case Authenticator:
		return "authenticator"
	case Publication:
		return "pkiPublicationInfo"
	case Archive:
		return "pkiArchiveOptions"
	case OldCertID:
		return "oldCertID"
	case ProtocolEncrKey:
		return "protocolEncrKey"
	case UTF8Pairs:
		return "utf8Pairs"
	case CertReq:
		return "certReq"
	}
	return a.ID.Name()
}

// problem says why the value cannot be read, nil where it can or its type is
// not known.
func (a Attribute) problem() error {
	var err error
	switch a.ID {
	case RegToken, Authenticator:
		_, err = a.Text()
	case Publication:
		_, err = ParsePublicationInfo(a.Value)
	case Archive:
		_, err = ParseArchiveOptions(a.Value)
	case OldCertID:
		_, err = ParseCertID(a.Value)
	case ProtocolEncrKey:
		_, err = key.ParsePublic(a.Value)
	case UTF8Pairs:
		var text string
		if text, err = a.Text(); err == nil {
			_, err = ParsePairs(text)
		}
	case CertReq:
		_, _, err = ParseRequest(a.Value)
	}
	if err != nil {
		return fmt.Errorf("the value of %s cannot be read: %w", a.Name(), err)
	}
	return nil
}

// Text returns the value of regToken, authenticator or utf8Pairs (RFC 4211,
// Section 6.1, 6.2 and 7.1).
func (a Attribute) Text() (string, error) {
	e, err := der.ParseTag(a.Value, der.UTF8String)
	if err != nil {
		return "", err
	}
	return e.Text()
}

// NewText makes a regToken, authenticator or utf8Pairs.
func NewText(id oid.OID, text string) Attribute {
	var b der.Builder
	b.AddString(der.UTF8String, text)
	return Attribute{ID: id, Value: b.Bytes()}
}

// PublicationInfo is a PKIPublicationInfo: whether and where the certificate
// is to be published (RFC 4211, Section 6.3).
type PublicationInfo struct {
	Action int // 0 dontPublish, 1 pleasePublish
	Places []PublicationPlace
}

// PublicationPlace is a SinglePubInfo.
type PublicationPlace struct {
	Method   int              // 0 dontCare, 1 x500, 2 web, 3 ldap
	Location *ext.GeneralName // nil where it is absent
}

// ParsePublicationInfo reads the value of pkiPublicationInfo.
func ParsePublicationInfo(value []byte) (PublicationInfo, error) {
	var p PublicationInfo
	outer, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return p, err
	}
	in := outer.Children()
	if p.Action, err = takeInt(&in); err != nil {
		return p, fmt.Errorf("action: %w", err)
	}
	list, _, err := in.Optional(der.Sequence)
	if err != nil {
		return p, fmt.Errorf("pubInfos: %w", err)
	}
	for places := list.Children(); !places.Empty(); {
		if len(p.Places) == maxControls {
			return p, fmt.Errorf("pubInfos: there are more than %d", maxControls)
		}
		one, err := publicationPlace(&places)
		if err != nil {
			return p, fmt.Errorf("pubInfos: %w", err)
		}
		p.Places = append(p.Places, one)
	}
	return p, in.End()
}

func publicationPlace(in *der.Reader) (PublicationPlace, error) {
	var p PublicationPlace
	e, err := in.Take(der.Sequence)
	if err != nil {
		return p, err
	}
	fields := e.Children()
	if p.Method, err = takeInt(&fields); err != nil {
		return p, fmt.Errorf("pubMethod: %w", err)
	}
	if len(fields) > 0 {
		if p.Location, err = generalName(fields); err != nil {
			return p, fmt.Errorf("pubLocation: %w", err)
		}
	}
	return p, nil
}

func takeInt(in *der.Reader) (int, error) {
	e, err := in.Take(der.Integer)
	if err != nil {
		return 0, err
	}
	return e.Int()
}

// NewPublicationInfo makes the control.
func NewPublicationInfo(p PublicationInfo) Attribute {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Int(int64(p.Action))
	if len(p.Places) > 0 {
		list := b.Begin(der.Sequence)
		for _, place := range p.Places {
			one := b.Begin(der.Sequence)
			b.Int(int64(place.Method))
			if place.Location != nil {
				b.Raw(place.Location.Raw)
			}
			b.End(one)
		}
		b.End(list)
	}
	b.End(outer)
	return Attribute{ID: Publication, Value: b.Bytes()}
}

// ArchiveOptions is a PKIArchiveOptions: one of its fields is there (RFC 4211,
// Section 6.4).
type ArchiveOptions struct {
	EncryptedKey     *EncryptedKey // the private key, for the archive
	KeyGeneration    []byte        // keyGenParameters: what the archive can make the key again from
	ArchiveGenerated *bool         // whether to archive a key that the authority makes
}

// ParseArchiveOptions reads the value of pkiArchiveOptions.
func ParseArchiveOptions(value []byte) (ArchiveOptions, error) {
	var a ArchiveOptions
	e, err := der.Parse(value)
	if err != nil {
		return a, err
	}
	switch e.Tag {
	case der.ContextConstructed(0):
		a.EncryptedKey, err = ParseEncryptedKey(e.Content)
	case der.Context(1):
		a.KeyGeneration = e.Content
	case der.Context(2):
		var on bool
		on, err = e.Bool()
		a.ArchiveGenerated = &on
	default:
		err = fmt.Errorf("there is no alternative with the tag %v", e.Tag)
	}
	return a, err
}

// NewArchiveOptions makes the control, of the one field that is there.
func NewArchiveOptions(a ArchiveOptions) (Attribute, error) {
	var b der.Builder
	switch {
	case a.EncryptedKey != nil && a.EncryptedKey.Value != nil:
		b.Add(der.ContextConstructed(0), a.EncryptedKey.Value.Raw)
	case a.EncryptedKey != nil && len(a.EncryptedKey.Enveloped) > 0:
		outer := b.Begin(der.ContextConstructed(0))
		implicit(&b, der.ContextConstructed(0), a.EncryptedKey.Enveloped)
		b.End(outer)
	case a.KeyGeneration != nil:
		b.Add(der.Context(1), a.KeyGeneration)
	case a.ArchiveGenerated != nil:
		on := byte(0)
		if *a.ArchiveGenerated {
			on = 0xff
		}
		b.Add(der.Context(2), []byte{on})
	default:
		return Attribute{}, errors.New("the archive options say nothing")
	}
	return Attribute{ID: Archive, Value: b.Bytes()}, nil
}

// CertID names a certificate by issuer and serial number (RFC 4211, Section
// 6.5).
type CertID struct {
	Issuer ext.GeneralName
	Serial *big.Int
}

// ParseCertID reads the value of oldCertID.
func ParseCertID(value []byte) (CertID, error) {
	var c CertID
	outer, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return c, err
	}
	in := outer.Children()
	issuer, err := in.Next()
	if err != nil {
		return c, fmt.Errorf("issuer: %w", err)
	}
	name, err := generalName(issuer.Raw)
	if err != nil {
		return c, fmt.Errorf("issuer: %w", err)
	}
	c.Issuer = *name
	serial, err := in.Take(der.Integer)
	if err == nil {
		c.Serial, err = integer(serial)
	}
	if err != nil {
		return c, fmt.Errorf("serialNumber: %w", err)
	}
	return c, in.End()
}

// NewOldCertID makes the control that names the certificate to be replaced.
func NewOldCertID(c CertID) (Attribute, error) {
	if len(c.Issuer.Raw) == 0 || c.Serial == nil {
		return Attribute{}, errors.New("the certificate to be replaced needs an issuer and a serial number")
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(c.Issuer.Raw)
	b.BigInt(c.Serial)
	b.End(outer)
	return Attribute{ID: OldCertID, Value: b.Bytes()}, nil
}

// NewProtocolEncrKey makes the control that holds the key to encrypt replies to.
func NewProtocolEncrKey(p *key.Public) Attribute {
	return Attribute{ID: ProtocolEncrKey, Value: p.Raw}
}
