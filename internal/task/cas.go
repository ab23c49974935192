package task

import (
	"context"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
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

func rootName(host string) (dn.Name, error) { return commonName(host + " Root CA") }

func commonName(text string) (dn.Name, error) {
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
	RootTime, IssuingTime time.Duration
	Settings              authority.CASettings
	By                    string
}

// HostHierarchy is the hierarchy that is made where nobody says otherwise,
// named after the host.
func HostHierarchy(host, kind, by string) (Hierarchy, error) {
	h := Hierarchy{RootName: "root", IssuingName: "issuing", KeyKind: kind, RootTime: 20 * year, IssuingTime: 10 * year, Settings: DefaultSettings(), By: by}
	var err error
	if h.Root, err = commonName(host + " Root CA"); err != nil {
		return h, err
	}
	h.Issuing, err = commonName(host + " Issuing CA")
	return h, err
}

// CreateHierarchy makes a root and an issuing authority below it.
func CreateHierarchy(ctx context.Context, o *Office, h Hierarchy) (root, issuing *authority.CA, err error) {
	root, err = o.Authority.CreateCA(ctx, authority.NewCA{
		Name: h.RootName, Subject: h.Root, KeyKind: h.KeyKind, Asked: issuance.Asked{Validity: h.RootTime},
		PathLen: -1, Settings: h.Settings, By: h.By,
	})
	if err != nil {
		return nil, nil, err
	}
	issuing, err = o.Authority.CreateCA(ctx, authority.NewCA{
		Name: h.IssuingName, Subject: h.Issuing, KeyKind: h.KeyKind, Parent: h.RootName, Asked: issuance.Asked{Validity: h.IssuingTime},
		PathLen: 0, Settings: h.Settings, By: h.By,
	})
	return root, issuing, err
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
