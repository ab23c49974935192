package chain

import (
	"bytes"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func checkPath(p *path) []Check {
	if p.whole {
		return nil
	}
	last := len(p.certs) - 1
	c := p.certs[last]
	if c.SelfIssued() {
		fix := "trust it, if you know where it comes from, by giving it as a root"
		if last == 0 {
			fix += "; otherwise get a certificate from an authority that is trusted"
		}
		return []Check{p.fail(last, p.called(last)+" is self-signed and not among the trusted roots", fix)}
	}
	fix := "give the certificate of the issuer as an intermediate, or as a root if you trust it"
	if uris := issuerURIs(c); len(uris) > 0 {
		fix = "fetch the certificate of the issuer from " + uris[0] + " and give it as an intermediate"
	}
	return []Check{p.fail(last, "the certificate of the issuer "+c.Issuer.String()+" is missing", fix)}
}

// issuerURIs are the addresses where the issuer's certificate is said to be.
func issuerURIs(c *cert.Certificate) (uris []string) {
	e, ok := ext.Find(c.Extensions, oid.AuthorityInfoAccess)
	if !ok {
		return nil
	}
	list, err := ext.ParseAccess(e.Value)
	if err != nil {
		return nil
	}
	for _, a := range list {
		if a.Method == oid.AccessCAIssuers && a.Location.Kind == ext.URI {
			uris = append(uris, a.Location.Text())
		}
	}
	return uris
}

func checkSignatures(p *path) []Check {
	var found []Check
	for i, err := range p.signatures {
		c := p.certs[i]
		if err != nil {
			found = append(found, p.fail(i, p.called(i)+" is not signed by the key of "+quoted(p.certs[i+1])+": "+err.Error(),
				"the certificate was changed, or its issuer has another key under the same name; give the issuer's certificate that matches"))
		}
		if !bytes.Equal(c.Signature.Raw, c.SignatureAlgorithm.Raw) {
			found = append(found, p.fail(i, p.called(i)+" names one signature algorithm inside what is signed and another outside",
				"the certificate is malformed; have it issued again"))
		}
	}
	return found
}

func checkValidity(p *path) []Check {
	var found []Check
	for i, c := range p.certs {
		switch now := p.o.Now; {
		case now.Before(c.NotBefore):
			found = append(found, p.fail(i, fmt.Sprintf("%s is not valid before %s, which is in %s", p.called(i), day(c.NotBefore), span(c.NotBefore.Sub(now))),
				"check the clock of this machine, or wait"))
		case now.After(c.NotAfter):
			found = append(found, p.fail(i, fmt.Sprintf("%s expired %s ago (%s)", p.called(i), span(now.Sub(c.NotAfter)), day(c.NotAfter)), p.renewal(i)))
		}
	}
	return found
}

func (p *path) renewal(i int) string {
	switch {
	case i > 0 && i == len(p.certs)-1 && p.whole:
		return "get the current root certificate of the authority"
	case i > 0:
		return "get the current certificate of this issuer; the server should send it"
	case p.o.Renew != nil:
		return p.o.Renew(p.certs[0])
	}
	return "renew it"
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// span writes a duration in the unit that fits it.
func span(d time.Duration) string {
	number := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d < time.Minute:
		return number(int(d/time.Second), "second")
	case d < 2*time.Hour:
		return number(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return number(int(d/time.Hour), "hour")
	case d < 731*24*time.Hour:
		return number(int(d/(24*time.Hour)), "day")
	}
	return number(int(d/(365*24*time.Hour)), "year")
}

func checkAlgorithms(p *path) []Check {
	var found []Check
	for i, c := range p.certs {
		// Nobody relies on the signature of a trust anchor.
		if !(p.whole && i == len(p.certs)-1) {
			if broken := key.ParseSignatureAlgorithm(c.SignatureAlgorithm).Broken; broken != "" {
				found = append(found, p.fail(i, p.called(i)+" is signed with a broken hash: "+broken, "have it issued again with SHA-256 or better"))
			}
		}
		for _, w := range key.Weaknesses(c.PublicKey) {
			found = append(found, p.fail(i, "the key of "+p.called(i)+" is weak: "+w.Detail, "make a new key, and have the certificate issued for it"))
		}
	}
	return found
}

func checkBasicConstraints(p *path) []Check {
	var found []Check
	below := 0 // certificates under this one that are not self-issued, the leaf not counted
	for i := 1; i < len(p.certs); i++ {
		c := p.certs[i]
		anchor := p.whole && i == len(p.certs)-1
		e, ok := ext.Find(c.Extensions, oid.BasicConstraints)
		constraints, err := ext.ParseBasicConstraints(e.Value)
		switch {
		case !ok && anchor && c.Version < 3:
			found = append(found, p.say(Warn, i, p.called(i)+" is of version "+fmt.Sprint(c.Version)+", which cannot say that it is a certification authority",
				"get a root certificate of version 3"))
		case !ok || err != nil || !constraints.CA:
			found = append(found, p.fail(i, p.called(i)+" is not a certification authority, and must not issue certificates",
				"the certificate under it was issued by someone who may not do that; get one from a certification authority"))
		case constraints.PathLen >= 0 && below > constraints.PathLen:
			found = append(found, p.fail(i, fmt.Sprintf("%s allows %d further authorities below it, and the path has %d", p.called(i), constraints.PathLen, below),
				"have the certificate issued by an authority higher up"))
		}
		if !c.SelfIssued() {
			below++
		}
	}
	return found
}

func checkExtensions(p *path) []Check {
	var found []Check
	for i, c := range p.certs {
		seen := map[oid.OID]bool{}
		for _, e := range c.Extensions {
			switch {
			case seen[e.ID]:
				found = append(found, p.fail(i, p.called(i)+" has the extension "+e.ID.Name()+" more than once", "the certificate is malformed; have it issued again"))
			case e.ID == oid.CTPoison:
				found = append(found, p.fail(i, p.called(i)+" is a precertificate, made for transparency logs only", "use the certificate that was issued after it"))
			case e.Critical && !understood[e.ID]:
				found = append(found, p.fail(i, p.called(i)+" has the critical extension "+e.ID.Name()+", which is not understood here",
					"use software that knows the extension, or have the certificate issued without it"))
			}
			seen[e.ID] = true
		}
		for _, problem := range unreadable(c) {
			found = append(found, p.fail(i, p.called(i)+" has an extension that cannot be read: "+problem, "the certificate is malformed; have it issued again"))
		}
	}
	return found
}

// understood are the extensions that validation heeds, or whose meaning does
// not bear on it.
var understood = map[oid.OID]bool{
	oid.BasicConstraints: true, oid.KeyUsage: true, oid.ExtKeyUsage: true, oid.SubjectAltName: true, oid.IssuerAltName: true,
	oid.NameConstraints: true, oid.CertificatePolicies: true, oid.PolicyMappings: true, oid.PolicyConstraints: true, oid.InhibitAnyPolicy: true,
	oid.AuthorityKeyIdentifier: true, oid.SubjectKeyIdentifier: true, oid.CRLDistributionPoints: true, oid.FreshestCRL: true,
	oid.AuthorityInfoAccess: true, oid.SubjectInfoAccess: true, oid.OCSPNoCheck: true, oid.NoRevAvail: true,
}

// unreadable says which of the extensions that validation heeds are malformed.
func unreadable(c *cert.Certificate) (problems []string) {
	for _, e := range c.Extensions {
		var err error
		switch e.ID {
		case oid.BasicConstraints:
			_, err = ext.ParseBasicConstraints(e.Value)
		case oid.KeyUsage:
			_, err = ext.ParseKeyUsage(e.Value)
		case oid.ExtKeyUsage:
			_, err = ext.ParseExtKeyUsage(e.Value)
		case oid.SubjectAltName:
			_, err = ext.ParseSubjectAltName(e.Value)
		case oid.NameConstraints:
			_, err = ext.ParseNameConstraints(e.Value)
		case oid.CertificatePolicies:
			_, err = ext.ParseCertificatePolicies(e.Value)
		case oid.PolicyMappings:
			_, err = ext.ParsePolicyMappings(e.Value)
		case oid.PolicyConstraints:
			_, err = ext.ParsePolicyConstraints(e.Value)
		case oid.InhibitAnyPolicy:
			_, err = ext.ParseInhibitAnyPolicy(e.Value)
		}
		if err != nil {
			problems = append(problems, err.Error())
		}
	}
	return problems
}

func checkKeyIdentifiers(p *path) []Check {
	var found []Check
	for i := range p.signatures {
		if matches, known := identifiersMatch(p.certs[i], p.certs[i+1]); known && !matches {
			found = append(found, p.say(Warn, i, "the authority key identifier of "+p.called(i)+" is not the subject key identifier of "+quoted(p.certs[i+1]),
				"some software will not find the issuer by it; have the certificate issued again"))
		}
	}
	return found
}

func checkNameConstraints(p *path) []Check {
	var found []Check
	for i := len(p.certs) - 1; i > 0; i-- {
		e, ok := ext.Find(p.certs[i].Extensions, oid.NameConstraints)
		if !ok {
			continue
		}
		constraints, err := ext.ParseNameConstraints(e.Value)
		if err != nil {
			found = append(found, p.fail(i, "the name constraints of "+p.called(i)+" cannot be read: "+err.Error(), "the certificate is malformed; have it issued again"))
			continue
		}
		for below := i - 1; below >= 0; below-- {
			c := p.certs[below]
			if below > 0 && c.SelfIssued() {
				continue
			}
			if err := constraints.AllowsAll(c.Subject, c.SubjectAltNames()); err != nil {
				found = append(found, p.fail(below, p.called(i)+" may not issue this name: "+err.Error(), "ask for names that the issuer is allowed, or ask another issuer"))
			}
		}
	}
	return found
}
