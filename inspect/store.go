package inspect

import (
	"errors"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
)

// StoreView is the JSON view of a PKCS#12 or Java key store.
type StoreView struct {
	MAC           string           `json:"macAlgorithm,omitempty"` // PKCS#12; absent where there is none
	MACIterations int              `json:"macIterations,omitempty"`
	Parts         []StorePartView  `json:"parts,omitempty"` // PKCS#12
	Opened        bool             `json:"opened"`          // whether the passphrase opened it
	Entries       []StoreEntryView `json:"entries"`         // as far as they can be seen
}

// StorePartView is a part of a PKCS#12 store.
type StorePartView struct {
	Encryption string         `json:"encryption,omitempty"` // in one line; absent where it is not encrypted
	Problem    string         `json:"problem,omitempty"`
	Octets     int            `json:"octets"`
	Bags       []StoreBagView `json:"bags,omitempty"` // of a part that is not encrypted
}

// StoreBagView is an object of a PKCS#12 store, seen from outside.
type StoreBagView struct {
	Kind       string `json:"kind"`
	Alias      string `json:"alias,omitempty"`
	Encryption string `json:"encryption,omitempty"`
}

// StoreEntryView is a private key with its certificates, or a certificate.
type StoreEntryView struct {
	Alias        string             `json:"alias,omitempty"`
	PrivateKey   bool               `json:"privateKey"`
	Trusted      bool               `json:"trusted,omitempty"` // marked as a trust anchor
	Created      string             `json:"created,omitempty"` // Java's
	PublicKey    *PublicKeyView     `json:"publicKey,omitempty"`
	Certificates []*CertificateView `json:"certificates"` // of a key: its own first
}

func pkcs12(raw []byte, o Options) (Object, error) {
	d, err := keystore.DescribePKCS12(raw)
	if err != nil {
		return Object{}, err
	}
	v := &StoreView{MAC: d.MAC, MACIterations: d.MACIterations, Entries: []StoreEntryView{}}
	object := Object{Kind: PKCS12, Title: titles[PKCS12], Detail: v}
	for _, p := range d.Parts {
		part := StorePartView{Encryption: p.Encryption, Octets: p.Octets}
		if p.Problem != nil {
			part.Problem = p.Problem.Error()
			object.noteOn("encryption", part.Problem)
		}
		for _, b := range p.Bags {
			part.Bags = append(part.Bags, StoreBagView{b.Kind, b.Alias, b.Encryption})
		}
		v.Parts = append(v.Parts, part)
	}
	v.open(&object, o, func(secret []byte) (*keystore.Contents, error) { return keystore.ReadPKCS12(raw, secret) })
	object.Fields = v.fields()
	if v.MAC == "" {
		object.noteOn("mac", "nothing protects the store from changes: it has no MAC")
	}
	return object, nil
}

func jks(raw []byte, o Options) Object {
	object := Object{Kind: JKS, Title: titles[JKS], Raw: raw, Encoding: "binary", Line: 1}
	list, err := keystore.DescribeJKS(raw)
	if err != nil {
		object.noteOn("", "it cannot be read: "+err.Error())
		return object
	}
	v := &StoreView{Entries: []StoreEntryView{}}
	for _, e := range list {
		v.Entries = append(v.Entries, StoreEntryView{Alias: e.Alias, PrivateKey: e.PrivateKey, Trusted: !e.PrivateKey, Created: created(e.Created), Certificates: certificatesOf(o, e.Certificates...)})
	}
	v.open(&object, o, func(secret []byte) (*keystore.Contents, error) { return keystore.ReadJKS(raw, secret) })
	object.Detail, object.Fields = v, v.fields()
	return object
}

// open reads what the passphrase protects, where there is one to be had.
func (v *StoreView) open(object *Object, o Options, read func(secret []byte) (*keystore.Contents, error)) {
	if o.Passphrase == nil {
		return
	}
	secret, err := o.Passphrase()
	if err != nil {
		return
	}
	contents, err := read(secret)
	switch {
	case errors.Is(err, key.ErrPassphrase):
		object.noteOn("encryption", key.ErrPassphrase.Error())
		return
	case err != nil:
		object.noteOn("", "it cannot be opened: "+err.Error())
		return
	}
	v.Opened, v.Entries = true, []StoreEntryView{}
	for _, e := range contents.Entries {
		entry := StoreEntryView{Alias: e.Alias, PrivateKey: true, Created: created(e.Created), PublicKey: publicKey(e.Key.Public), Certificates: []*CertificateView{}}
		if e.Certificate != nil {
			entry.Certificates = certificatesOf(o, append([][]byte{e.Certificate}, e.Chain...)...)
		}
		v.Entries = append(v.Entries, entry)
	}
	for _, c := range contents.Certificates {
		v.Entries = append(v.Entries, StoreEntryView{Alias: c.Alias, Trusted: c.Trusted, Created: created(c.Created), Certificates: certificatesOf(o, c.Raw)})
	}
}

func created(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func certificatesOf(o Options, raws ...[]byte) []*CertificateView {
	list := []*CertificateView{}
	for _, raw := range raws {
		if c, err := cert.Parse(raw); err == nil {
			list = append(list, viewCertificate(c, o))
		}
	}
	return list
}

func (v *StoreView) fields() []Field {
	var top Field
	if v.MAC != "" {
		top.add("integrity", v.MAC+", "+count(v.MACIterations, "iteration"))
	}
	for _, p := range v.Parts {
		text := p.Encryption
		if text == "" {
			text = "not encrypted"
		}
		for _, b := range p.Bags {
			text += "\n" + strings.TrimSpace(b.Kind+" "+b.Alias)
			if b.Encryption != "" {
				text += " (" + b.Encryption + ")"
			}
		}
		top.add("part", text)
	}
	if !v.Opened && len(v.Entries) == 0 {
		top.add("contents", "not known without the passphrase")
	}
	fields := top.Children
	for _, e := range v.Entries {
		f := Field{Name: "certificate"}
		if e.PrivateKey {
			f.Name = "private key"
		}
		f.add("alias", e.Alias)
		f.add("created", clockOf(e.Created))
		if e.Trusted {
			f.add("trusted", "yes")
		}
		if e.PublicKey != nil {
			f.add("key", e.PublicKey.text)
		}
		for i, c := range e.Certificates {
			name := "certificate"
			if i > 0 {
				name = "issuer's"
			}
			f.add(name, nameText(c.parsed.Subject)+"  (until "+clock(c.parsed.NotAfter)+")")
		}
		fields = append(fields, f)
	}
	return fields
}
