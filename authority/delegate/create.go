package delegate

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/request"
)

// create has a delegate certified, and records it before it signs anything.
func (d *Delegates) create(ctx context.Context, by Issuer) (*Delegate, error) {
	reference, private, err := d.config.Keys.Create(ctx, by.Name+"-"+d.config.Key, keyKind(by.Certificate.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("making the key of the %s for authority %q: %w", d.config.Role, by.Name, err)
	}
	one, err := d.certify(ctx, by, private)
	if err != nil {
		return nil, errors.Join(err, d.config.Keys.Forget(reference))
	}
	encoded, err := json.Marshal(body{Key: reference, Certificate: one.Certificate.Raw})
	if err != nil {
		return nil, err
	}
	serial := fmt.Sprintf("%x", one.Certificate.Serial)
	record := &authority.Record{Kind: d.config.Kind, ID: by.Name + "/" + serial, Owner: by.Name, Due: one.Certificate.NotAfter, Body: encoded}
	if err := d.config.Records.PutRecords(ctx, record); err != nil {
		return nil, fmt.Errorf("recording the certificate of the %s of authority %q: %w", d.config.Role, by.Name, err)
	}
	d.config.Log.InfoContext(ctx, "a certificate for signing answers was issued", "to", d.config.Role, "ca", by.Name, "serial", serial, "end", one.Certificate.NotAfter)
	return one, nil
}

func (d *Delegates) certify(ctx context.Context, by Issuer, private crypto.Signer) (*Delegate, error) {
	public, err := key.MarshalPublic(private.Public())
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(public, "", false)
	if err != nil {
		return nil, err
	}
	subject, err := subjectBelow(by.Certificate.Subject, d.config.Role)
	if err != nil {
		return nil, fmt.Errorf("naming the %s of authority %q: %w", d.config.Role, by.Name, err)
	}
	p, err := pkcs10.Create(pkcs10.Template{Subject: subject}, &key.Private{Signer: private, Public: public}, algorithm)
	if err != nil {
		return nil, err
	}
	q, err := request.FromPKCS10(p)
	if err != nil {
		return nil, err
	}
	out, err := d.config.Certify(ctx, by.Name, q)
	if err != nil {
		return nil, fmt.Errorf("having the %s of authority %q certified: %w", d.config.Role, by.Name, err)
	}
	if out.Certificate == nil {
		why := "a person must decide: ticket " + out.Ticket.ID
		if out.Refusal != nil {
			why = out.Refusal.Error()
		}
		return nil, fmt.Errorf("having the %s of authority %q certified by the profile %s: %s", d.config.Role, by.Name, out.Ticket.Profile, why)
	}
	c, err := cert.Parse(out.Certificate.DER)
	if err != nil {
		return nil, err
	}
	return newDelegate(c, private)
}

// maxCommonName is the length that X.520 allows.
const maxCommonName = 64

// subjectBelow names a delegate after its authority.
func subjectBelow(issuer dn.Name, role string) (dn.Name, error) {
	name := role
	if names := issuer.Values(oid.CommonName); len(names) > 0 {
		whole := []rune(names[len(names)-1])
		name = strings.TrimSpace(string(whole[:min(len(whole), maxCommonName-len(role)-1)])) + " " + role
	}
	cn, err := dn.NewAttribute(oid.CommonName, name)
	if err != nil {
		return dn.Name{}, err
	}
	parts := []dn.RDN{}
	for _, rdn := range issuer.RDNs {
		if len(rdn) == 1 && slices.Contains([]oid.OID{oid.Country, oid.Organization}, rdn[0].Type) {
			parts = append(parts, rdn)
		}
	}
	return dn.Build(append(parts, dn.RDN{cn})...), nil
}

// keyKind is the kind of a delegate's key: of the family of its authority's,
// since who can check the one can check the other, and quick to sign with.
func keyKind(of *key.Public) string {
	switch {
	case of.Type == "RSA":
		return "rsa-2048"
	case of.Type == "Ed25519":
		return "ed25519"
	case of.Type == "ML-DSA":
		return strings.ToLower(of.String())
	}
	return "ecdsa-p256"
}
