package issuance

import (
	"encoding/hex"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/lint"
)

// Environment is what the expressions of profiles see.
type Environment struct {
	Request     RequestView     `expr:"request"`
	Certificate CertificateView `expr:"certificate"`
	Evidence    EvidenceView    `expr:"evidence"`
	Profile     ProfileView     `expr:"profile"`
	Issuer      IssuerView      `expr:"issuer"`
	Now         time.Time       `expr:"now"`
}

// RequestView is a request to expressions. Subject has the values of each
// attribute by its short name, Extensions the values in hexadecimal by lint.ExtensionName.
type RequestView struct {
	Format     string              `expr:"format"`
	Subject    map[string][]string `expr:"subject"`
	Name       string              `expr:"name"` // the subject by RFC 4514
	Names      NamesView           `expr:"names"`
	Key        KeyView             `expr:"key"`
	Extensions map[string]string   `expr:"extensions"`
	Attributes []string            `expr:"attributes"` // names of the attributes; their values are not shown
}

// NamesView is a list of general names to expressions, by kind.
type NamesView struct {
	All   []string `expr:"all"` // with their prefixes: "dns:a.example"
	DNS   []string `expr:"dns"`
	IP    []string `expr:"ip"`
	Email []string `expr:"email"`
	URI   []string `expr:"uri"`
	UPN   []string `expr:"upn"`
	Dir   []string `expr:"dir"`
	RID   []string `expr:"rid"`
	Other []string `expr:"other"`
}

// KeyView is a public key to expressions.
type KeyView struct {
	Type        string `expr:"type"`
	Size        int    `expr:"size"`
	Curve       string `expr:"curve"`
	Fingerprint string `expr:"fingerprint"` // SHA-256, hexadecimal
}

// CertificateView is the certificate to be, to expressions.
type CertificateView struct {
	Subject   map[string][]string `expr:"subject"`
	Name      string              `expr:"name"`
	Names     NamesView           `expr:"names"`
	NotBefore time.Time           `expr:"notBefore"`
	NotAfter  time.Time           `expr:"notAfter"`
	Validity  time.Duration       `expr:"validity"`
}

// EvidenceView is the evidence to expressions.
type EvidenceView struct {
	Possession PossessionView `expr:"possession"`
	Origin     OriginView     `expr:"origin"`
	Controls   []ControlView  `expr:"controls"`
}

// PossessionView is the proof of possession to expressions.
type PossessionView struct {
	Proven    bool   `expr:"proven"`
	Method    string `expr:"method"`
	Algorithm string `expr:"algorithm"`
}

// OriginView is the sender to expressions.
type OriginView struct {
	Door      string `expr:"door"`
	Requester string `expr:"requester"`
	Method    string `expr:"method"`
	Address   string `expr:"address"`
}

// ControlView is one thing under the sender's control, to expressions.
type ControlView struct {
	Name   string    `expr:"name"`
	Method string    `expr:"method"`
	At     time.Time `expr:"at"`
}

// ProfileView is the profile to expressions.
type ProfileView struct {
	Name    string `expr:"name"`
	Version string `expr:"version"`
}

// IssuerView is the issuer to expressions.
type IssuerView struct {
	Name     string    `expr:"name"`
	NotAfter time.Time `expr:"notAfter"`
	Key      KeyView   `expr:"key"`
}

func (c *judging) environment() Environment {
	p := &c.evidence.Possession
	env := Environment{
		Request: RequestView{
			Format: string(c.request.Format), Subject: attributesView(c.subject), Name: c.subject.String(),
			Names: namesView(c.names), Key: keyView(c.request.PublicKey), Extensions: extensionsView(c.request.Extensions),
		},
		Certificate: CertificateView{
			Subject: attributesView(c.plan.subject), Name: c.plan.subject.String(), Names: namesView(c.plan.names),
			NotBefore: c.plan.notBefore, NotAfter: c.plan.notAfter, Validity: c.span(),
		},
		Evidence: EvidenceView{
			Possession: PossessionView{Proven: p.Proven, Method: p.Method, Algorithm: p.Algorithm},
			Origin:     originView(&c.evidence.Origin),
			Controls:   controlsView(c.evidence.Controls),
		},
		Profile: ProfileView{Name: c.profile.Name, Version: c.profile.Version},
		Issuer:  IssuerView{Name: c.issuer.name.String(), NotAfter: c.issuer.notAfter, Key: keyView(c.issuer.public)},
		Now:     c.now,
	}
	if c.request.PKCS10 != nil {
		for _, a := range c.request.PKCS10.Attributes {
			if len(env.Request.Attributes) < maxListed {
				env.Request.Attributes = append(env.Request.Attributes, a.ID.Name())
			}
		}
	}
	return env
}

func originView(o *evidence.Origin) OriginView {
	return OriginView{Door: o.Door, Requester: o.Requester, Method: o.Method, Address: o.Address}
}

func controlsView(controls []evidence.Control) []ControlView {
	out := make([]ControlView, 0, len(controls))
	for _, k := range controls[:min(len(controls), maxListed)] {
		out = append(out, ControlView{Name: k.Name, Method: k.Method, At: k.At})
	}
	return out
}

func attributesView(n dn.Name) map[string][]string {
	out := map[string][]string{}
	for _, rdn := range n.RDNs[:min(len(n.RDNs), maxListed)] {
		for _, a := range rdn[:min(len(rdn), maxListed)] {
			short := a.Type.Short()
			if len(out[short]) < maxListed {
				out[short] = append(out[short], a.Text())
			}
		}
	}
	return out
}

func keyView(k *key.Public) KeyView {
	sum := k.Fingerprint()
	return KeyView{Type: k.Type, Size: k.Size, Curve: k.Curve, Fingerprint: hex.EncodeToString(sum[:])}
}

func extensionsView(list []ext.Extension) map[string]string {
	out := map[string]string{}
	for _, e := range list {
		out[lint.ExtensionName(e.ID)] = hex.EncodeToString(e.Value)
	}
	return out
}

func namesView(names []ext.GeneralName) NamesView {
	var v NamesView
	for i := range names {
		n := &names[i]
		v.All = append(v.All, n.String())
		into := &v.Other
		switch kindOfName(n) {
		case kindDNS:
			into = &v.DNS
		case kindIP:
			into = &v.IP
		case kindEmail:
			into = &v.Email
		case kindURI:
			into = &v.URI
		case kindUPN:
			into = &v.UPN
		case kindDirectory:
			into = &v.Dir
		case kindRID:
			into = &v.RID
		}
		*into = append(*into, n.Text())
	}
	return v
}
