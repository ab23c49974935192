package openssl

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// everyReason is all bits of ReasonFlags that mean something (RFC 5280, Section
// 4.2.1.13): bit 0 is unused.
const everyReason ext.ReasonFlags = 0x1fe

// scope is what the issuingDistributionPoint of a list says it is about; the
// zero value is that of a list without one.
type scope struct {
	ext.IssuingDistributionPoint
	present bool
}

// scopeOf reads the scope of a list. usable is false where it cannot be read,
// contradicts itself, or makes the list one by reason or an indirect one, which
// is no answer for a certificate here.
func scopeOf(list *crl.List) (s scope, usable bool) {
	e, present := ext.Find(list.Extensions, oid.IssuingDistributionPoint)
	if !present {
		return s, true
	}
	point, err := ext.ParseIssuingDistributionPoint(e.Value)
	only := 0
	for _, flag := range []bool{point.OnlyUserCerts, point.OnlyCACerts, point.OnlyAttributeCerts} {
		if flag {
			only++
		}
	}
	return scope{point, true}, err == nil && only <= 1 && !point.Indirect && point.OnlyReasons == 0
}

// covers reports whether a list of this scope speaks about a certificate, and
// of which reasons.
func (s scope) covers(c *cert.Certificate) (reasons ext.ReasonFlags, covered bool) {
	isAuthority := isAuthority(c)
	if s.OnlyAttributeCerts || s.OnlyUserCerts && isAuthority || s.OnlyCACerts && !isAuthority {
		return 0, false
	}
	if e, present := ext.Find(c.Extensions, oid.CRLDistributionPoints); present {
		points, _ := ext.ParseDistributionPoints(e.Value)
		for _, p := range points {
			if namesOwnIssuer(p, c.Issuer) && s.shares(p, c.Issuer) {
				if p.Reasons != 0 {
					return p.Reasons & everyReason, true
				}
				return everyReason, true
			}
		}
	}
	return everyReason, !s.present || s.FullName == nil && s.RelativeName == nil
}

// namesOwnIssuer reports whether the issuer of the certificate issues the list
// of a distribution point.
func namesOwnIssuer(p ext.DistributionPoint, issuer dn.Name) bool {
	return len(p.CRLIssuer) == 0 || slices.ContainsFunc(p.CRLIssuer, func(n ext.GeneralName) bool { return isDirectory(n, issuer) })
}

func isDirectory(n ext.GeneralName, name dn.Name) bool {
	if n.Kind != ext.DirectoryName {
		return false
	}
	parsed, err := dn.Parse(n.Content)
	return err == nil && parsed.Equal(name)
}

// shares reports whether the names of a distribution point and of a list have
// one in common; a side without names takes any.
func (s scope) shares(p ext.DistributionPoint, issuer dn.Name) bool {
	ours, theirs := s.FullName != nil || s.RelativeName != nil, p.FullName != nil || p.RelativeName != nil
	if !s.present || !ours || !theirs {
		return true
	}
	for _, a := range fullNames(s.FullName, s.RelativeName, issuer) {
		for _, b := range fullNames(p.FullName, p.RelativeName, issuer) {
			if bytes.Equal(a.Raw, b.Raw) {
				return true
			}
			if name, err := dn.Parse(b.Content); b.Kind == ext.DirectoryName && err == nil && isDirectory(a, name) {
				return true
			}
		}
	}
	return false
}

// fullNames puts a name that is relative to the issuer's after it.
func fullNames(full []ext.GeneralName, relative dn.RDN, issuer dn.Name) []ext.GeneralName {
	if relative == nil {
		return full
	}
	name := dn.Build(append(slices.Clone(issuer.RDNs), relative)...)
	return []ext.GeneralName{ext.NewDirectoryName(name)}
}

// isAuthority reports whether basicConstraints say so.
func isAuthority(c *cert.Certificate) bool {
	e, present := ext.Find(c.Extensions, oid.BasicConstraints)
	if !present {
		return false
	}
	constraints, err := ext.ParseBasicConstraints(e.Value)
	return err == nil && constraints.CA
}
