package issuance

import (
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/lint"
)

// plan is the certificate that a request would become.
type plan struct {
	issuer     dn.Name
	subject    dn.Name
	names      []ext.GeneralName
	notBefore  time.Time
	notAfter   time.Time
	version3   bool
	key        *key.Public
	extensions []ext.Extension // each with its Raw, in the order of the certificate

	// What the extensions say, for the rules that follow.
	ca       bool
	pathLen  int
	usage    ext.KeyUsage
	purposes []oid.OID
	bound    *ext.NameConstraints

	confirm  bool // possession is shown by decrypting the certificate
	unproven bool // possession is still to be shown: nothing may be signed
}

// whole reports whether the plan has everything a certificate needs.
func (p *plan) whole() bool {
	return p.key != nil && len(p.subject.Raw) > 0 && len(p.issuer.Raw) > 0 && !p.notBefore.IsZero() && !p.notAfter.IsZero()
}

// tbs encodes what is signed.
func (p *plan) tbs(i *Issuer, serial []byte) []byte {
	size := 96 + len(p.issuer.Raw) + len(p.subject.Raw) + len(p.key.Raw) + len(i.algorithm.Identifier.Raw)
	for k := range p.extensions {
		size += len(p.extensions[k].Raw)
	}
	return cert.AppendTBS(make([]byte, 0, size), &cert.TBS{
		Serial: serial, Signature: i.algorithm.Identifier.Raw, Issuer: p.issuer.Raw,
		NotBefore: p.notBefore, NotAfter: p.notAfter, Subject: p.subject.Raw,
		PublicKey: p.key.Raw, Extensions: p.extensions, Version3: p.version3,
	})
}

func (p *plan) describe() Planned {
	out := Planned{NotBefore: p.notBefore, NotAfter: p.notAfter}
	if len(p.subject.Raw) > 0 {
		out.Subject = p.subject.String()
	}
	if len(p.issuer.Raw) > 0 {
		out.Issuer = p.issuer.String()
	}
	if p.key != nil {
		out.PublicKey = p.key.String()
	}
	for _, n := range p.names {
		out.Names = append(out.Names, n.String())
	}
	for _, e := range p.extensions {
		out.Extensions = append(out.Extensions, PlannedExtension{
			ID: e.ID.String(), Name: lint.ExtensionName(e.ID), Critical: e.Critical, Value: e.Value, Raw: e,
		})
	}
	return out
}

func (p *plan) add(e ext.Extension) {
	if e.ID == "" {
		return
	}
	if e.Raw == nil {
		e = sealed(e)
	}
	p.extensions = append(p.extensions, e)
}
