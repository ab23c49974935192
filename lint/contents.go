package lint

import (
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Contents is what the rules on certificates look at: a certificate taken
// apart, or one that is still planned.
type Contents struct {
	Subject    dn.Name
	Issuer     dn.Name
	NotBefore  time.Time
	NotAfter   time.Time
	PublicKey  *key.Public
	Extensions []ext.Extension
	SelfSigned bool

	// What the extensions of these kinds say; Has tells whether they are there.
	Basic       ext.BasicConstraints
	Usage       ext.KeyUsage
	Purposes    []oid.OID
	Names       []ext.GeneralName
	Constraints ext.NameConstraints

	at         [kinds]int8 // position of each known extension, plus one
	repeated   []oid.OID
	unknown    []oid.OID // critical, and none of the known
	unreadable []unreadable
	written    *cert.Certificate // nil for a plan
	report     report
}

type unreadable struct {
	id  oid.OID
	err error
}

// known are the extensions the rules speak of.
type known uint8

const (
	basicConstraints known = iota
	keyUsage
	extKeyUsage
	subjectAltName
	authorityKeyID
	subjectKeyID
	nameConstraints
	policies
	policyMappings
	policyConstraints
	inhibitAnyPolicy
	crlPoints
	freshestCRL
	authorityAccess
	subjectAccess
	issuerAltName
	directoryAttributes
	usagePeriod
	tlsFeature
	noRevAvail
	ocspNoCheck
	ctPoison
	sctList
	qcStatements
	kinds
)

func knownExtension(id oid.OID) (known, bool) {
	switch id {
	case oid.BasicConstraints:
		return basicConstraints, true
	case oid.KeyUsage:
		return keyUsage, true
	case oid.ExtKeyUsage:
		return extKeyUsage, true
	case oid.SubjectAltName:
		return subjectAltName, true
	case oid.AuthorityKeyIdentifier:
		return authorityKeyID, true
	case oid.SubjectKeyIdentifier:
		return subjectKeyID, true
	case oid.NameConstraints:
		return nameConstraints, true
	case oid.CertificatePolicies:
		return policies, true
	case oid.PolicyMappings:
		return policyMappings, true
	case oid.PolicyConstraints:
		return policyConstraints, true
	case oid.InhibitAnyPolicy:
		return inhibitAnyPolicy, true
	case oid.CRLDistributionPoints:
		return crlPoints, true
	case oid.FreshestCRL:
		return freshestCRL, true
	case oid.AuthorityInfoAccess:
		return authorityAccess, true
	}
	return rareExtension(id)
}

func rareExtension(id oid.OID) (known, bool) {
	switch id {
	case oid.SubjectInfoAccess:
		return subjectAccess, true
	case oid.IssuerAltName:
		return issuerAltName, true
	case oid.SubjectDirectoryAttributes:
		return directoryAttributes, true
	case oid.PrivateKeyUsagePeriod:
		return usagePeriod, true
	case oid.TLSFeature:
		return tlsFeature, true
	case oid.NoRevAvail:
		return noRevAvail, true
	case oid.OCSPNoCheck:
		return ocspNoCheck, true
	case oid.CTPoison:
		return ctPoison, true
	case oid.SCTList:
		return sctList, true
	case oid.QCStatements:
		return qcStatements, true
	}
	return 0, false
}

// index notes where each known extension stands.
func (c *Contents) index() {
	for i := range c.Extensions {
		e := &c.Extensions[i]
		k, ok := knownExtension(e.ID)
		if !ok {
			if e.Critical {
				c.unknown = append(c.unknown, e.ID)
			}
			for j := range i {
				if c.Extensions[j].ID == e.ID {
					c.repeated = append(c.repeated, e.ID)
					break
				}
			}
			continue
		}
		if c.at[k] != 0 {
			c.repeated = append(c.repeated, e.ID)
			continue
		}
		if i < 127 {
			c.at[k] = int8(i + 1)
		}
	}
}

func (c *Contents) has(k known) bool { return c.at[k] != 0 }

func (c *Contents) critical(k known) bool { return c.at[k] != 0 && c.Extensions[c.at[k]-1].Critical }

func (c *Contents) value(k known) []byte {
	if c.at[k] == 0 {
		return nil
	}
	return c.Extensions[c.at[k]-1].Value
}

// contents takes a certificate apart.
func contents(w *cert.Certificate) *Contents {
	c := &Contents{
		Subject: w.Subject, Issuer: w.Issuer, NotBefore: w.NotBefore, NotAfter: w.NotAfter, PublicKey: w.PublicKey,
		Extensions: w.Extensions, SelfSigned: w.SelfIssued(), Basic: ext.BasicConstraints{PathLen: -1}, written: w,
	}
	if len(c.Extensions) > 126 {
		c.Extensions = c.Extensions[:126]
	}
	c.index()
	c.decode(basicConstraints, func(v []byte) (err error) { c.Basic, err = ext.ParseBasicConstraints(v); return })
	c.decode(keyUsage, func(v []byte) (err error) { c.Usage, err = ext.ParseKeyUsage(v); return })
	c.decode(extKeyUsage, func(v []byte) (err error) { c.Purposes, err = ext.ParseExtKeyUsage(v); return })
	c.decode(subjectAltName, func(v []byte) (err error) { c.Names, err = ext.ParseSubjectAltName(v); return })
	c.decode(nameConstraints, func(v []byte) (err error) { c.Constraints, err = ext.ParseNameConstraints(v); return })
	c.decode(subjectKeyID, func(v []byte) error { _, err := ext.ParseSubjectKeyIdentifier(v); return err })
	for k := range kinds {
		c.decode(k, func(v []byte) error { _, err := der.Parse(v); return err })
	}
	return c
}

func (c *Contents) decode(k known, read func([]byte) error) {
	if c.at[k] == 0 {
		return
	}
	id := c.Extensions[c.at[k]-1].ID
	if err := read(c.value(k)); err != nil {
		for _, u := range c.unreadable {
			if u.id == id {
				return
			}
		}
		c.unreadable = append(c.unreadable, unreadable{id, err})
	}
}
