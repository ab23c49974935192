package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// DefaultSettings are the settings of a new authority: lists valid for a week,
// records kept for two years after a certificate's end.
func DefaultSettings() authority.CASettings {
	return authority.CASettings{CRLValidity: 7 * day, KeepExpired: 2 * year}
}

// CommonName is the name of this one part.
func CommonName(text string) (dn.Name, error) {
	a, err := dn.NewAttribute(oid.CommonName, text)
	if err != nil {
		return dn.Name{}, err
	}
	return dn.Build(dn.RDN{a}), nil
}

// Hierarchy describes a root, and the authority below it that issues.
type Hierarchy struct {
	RootName, IssuingName string
	Root, Issuing         dn.Name
	KeyKind               string
	RootTime, IssuingTime issuance.Period
	Settings              authority.CASettings
	By                    string
}

// HostHierarchy is the hierarchy that is made where nobody says otherwise,
// named after the host.
func HostHierarchy(host, kind, by string) (Hierarchy, error) {
	h := Hierarchy{RootName: "root", IssuingName: "issuing", KeyKind: kind, RootTime: issuance.Period{Months: 20 * 12}, IssuingTime: issuance.Period{Months: 10 * 12}, Settings: DefaultSettings(), By: by}
	var err error
	if h.Root, err = CommonName(host + " Root CA"); err != nil {
		return h, err
	}
	h.Issuing, err = CommonName(host + " Issuing CA")
	return h, err
}

// CreateHierarchy makes a root and an issuing authority below it.
func CreateHierarchy(ctx context.Context, o *Office, h Hierarchy) (root, issuing *authority.CA, err error) {
	root, err = o.Authority.CreateCA(ctx, authority.NewCA{
		Name: h.RootName, Subject: h.Root, KeyKind: h.KeyKind, Asked: issuance.Asked{}.For(h.RootTime),
		PathLen: -1, Settings: h.Settings, By: h.By,
	})
	if err != nil {
		return nil, nil, err
	}
	issuing, err = o.Authority.CreateCA(ctx, authority.NewCA{
		Name: h.IssuingName, Subject: h.Issuing, KeyKind: h.KeyKind, Parent: h.RootName, Asked: issuance.Asked{}.For(h.IssuingTime),
		PathLen: 0, Settings: h.Settings, By: h.By,
	})
	if err != nil {
		return root, nil, err
	}
	return root, issuing, o.furnish(ctx)
}

// CreateRoot makes only the root of a hierarchy, to issue by itself.
func CreateRoot(ctx context.Context, o *Office, h Hierarchy) (*authority.CA, error) {
	return CreateCA(ctx, o, authority.NewCA{
		Name: h.RootName, Subject: h.Root, KeyKind: h.KeyKind, Asked: issuance.Asked{}.For(h.RootTime),
		PathLen: -1, Settings: h.Settings, By: h.By,
	})
}

// CreateCA makes an authority, and what a home with one needs.
func CreateCA(ctx context.Context, o *Office, n authority.NewCA) (*authority.CA, error) {
	ca, err := o.Authority.CreateCA(ctx, n)
	if err != nil {
		return nil, err
	}
	return ca, o.furnish(ctx)
}

// furnish makes the key that all servers of the records need besides those of the
// authorities: made at its first use, it would be in one home alone.
func (o *Office) furnish(ctx context.Context) error {
	_, err := o.Vault().Ready(ctx)
	return err
}

// IssuingBeside is the subject of an issuing authority whose root has this
// subject: the same with another common name.
func IssuingBeside(root dn.Name) (dn.Name, error) {
	base := "Issuing CA"
	if names := root.Values(oid.CommonName); len(names) > 0 {
		base = strings.TrimSuffix(strings.TrimSuffix(names[0], " CA"), " Root") + " Issuing CA"
	}
	cn, err := dn.NewAttribute(oid.CommonName, base)
	if err != nil {
		return dn.Name{}, err
	}
	var parts []dn.RDN
	for _, rdn := range root.RDNs {
		if len(rdn) == 1 && rdn[0].Type == oid.CommonName {
			continue
		}
		parts = append(parts, rdn)
	}
	return dn.Build(append(parts, dn.RDN{cn})...), nil
}

// Authority finds an authority by name; one that does not exist is a
// *request.Refusal (UnknownIssuer) that names the nearest.
func Authority(ctx context.Context, o *Office, name string) (*authority.CA, error) {
	ca, err := o.Desk().CA(ctx, name)
	if !errors.Is(err, authority.ErrNotFound) {
		return ca, err
	}
	all, err := o.Desk().CAs(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Name)
	}
	fix := "there are no authorities here yet; make the first with: certwright ca init"
	if len(names) > 0 {
		fix = "the authorities are " + strings.Join(names, ", ")
	}
	if near := spelling.Nearest(name, names); near != "" {
		fix = fmt.Sprintf("did you mean %q?", near)
	}
	return nil, &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: fmt.Sprintf("there is no authority %q", name), Fix: fix}
}

// Finds refuses names of profiles and authorities that there are not; empty ones
// are no names.
func Finds(ctx context.Context, o *Office, profile func(string) (*issuance.Profile, error), profiles, cas []string) error {
	for _, name := range profiles {
		if name == "" {
			continue
		}
		if _, err := profile(name); err != nil {
			return err
		}
	}
	for _, name := range cas {
		if name == "" {
			continue
		}
		if _, err := Authority(ctx, o, name); err != nil {
			return err
		}
	}
	return nil
}

// Import is an authority that was made elsewhere.
type Import struct {
	Name     string
	Key      *key.Private
	Chain    [][]byte
	Settings authority.CASettings
	By       string
}

// ImportCA takes in an authority that was made elsewhere: it keeps the key, and
// forgets it again where the authority is not taken.
func ImportCA(ctx context.Context, o *Office, i Import) (*authority.CA, error) {
	c, err := cert.Parse(i.Chain[0])
	if err != nil {
		return nil, err
	}
	if !key.SameKey(c.PublicKey, i.Key.Public) {
		return nil, &request.Refusal{Reason: request.BadKey, Detail: fmt.Sprintf("the key (%s) is not that of the certificate of %s", i.Key.Public, c.Subject),
			Fix: "give the key the certificate was made for; see: certwright match"}
	}
	reference, err := o.Keys.Import(i.Name, i.Key)
	if err != nil {
		return nil, err
	}
	ca, err := o.Authority.ImportCA(ctx, i.Name, reference, i.Chain, i.Settings, i.By)
	if err != nil {
		return nil, errors.Join(err, o.Keys.Forget(reference))
	}
	return ca, o.furnish(ctx)
}

// Root returns the certificate at the end of a chain, if it is self-issued.
func Root(chain [][]byte) []byte {
	if len(chain) == 0 {
		return nil
	}
	last := chain[len(chain)-1]
	if !selfIssued(last) {
		return nil
	}
	return last
}

// WithoutRoot returns the chain without a self-issued certificate at its end:
// what a server sends.
func WithoutRoot(chain [][]byte) [][]byte {
	if Root(chain) != nil {
		return chain[:len(chain)-1]
	}
	return chain
}
