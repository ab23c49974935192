package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/oid"
)

// ListView is the JSON view of a certificate revocation list.
type ListView struct {
	Version     int               `json:"version"`
	Issuer      string            `json:"issuer"`
	IssuerRDNs  [][]AttributeView `json:"issuerRDNs"`
	ThisUpdate  string            `json:"thisUpdate"`
	NextUpdate  string            `json:"nextUpdate,omitempty"`
	Number      string            `json:"crlNumber,omitempty"` // decimal
	DeltaBase   string            `json:"deltaBase,omitempty"` // decimal; the list is a delta where it is there
	Count       int               `json:"revokedCount"`
	Revoked     []RevokedView     `json:"revoked"` // the first of them: Options.MaxEntries
	Extensions  []ExtensionView   `json:"extensions"`
	Signature   SignatureView     `json:"signature"`
	Fingerprint string            `json:"fingerprint"` // SHA-256 of the list
}

// RevokedView is one revoked certificate.
type RevokedView struct {
	SerialNumber   string          `json:"serialNumber"`
	RevocationDate string          `json:"revocationDate"`
	Reason         string          `json:"reason,omitempty"`
	InvalidityDate string          `json:"invalidityDate,omitempty"`
	Extensions     []ExtensionView `json:"extensions,omitempty"`
}

func certificateList(raw []byte, o Options) (Object, error) {
	l, err := crl.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	sum := sha256.Sum256(raw)
	v := &ListView{
		Version: l.Version, Issuer: l.Issuer.String(), IssuerRDNs: rdns(l.Issuer), ThisUpdate: stamp(l.ThisUpdate),
		Count: l.Len(), Revoked: []RevokedView{}, Extensions: viewExtensions(l.Extensions),
		Signature: signature(l.SignatureAlgorithm, l.SignatureValue), Fingerprint: hex.EncodeToString(sum[:]),
	}
	if !l.NextUpdate.IsZero() {
		v.NextUpdate = stamp(l.NextUpdate)
	}
	if n := l.Number(); n != nil {
		v.Number = n.String()
	}
	object := Object{Kind: CertificateList, Title: "Certificate revocation list", Detail: v}
	if n := l.DeltaBase(); n != nil {
		v.DeltaBase = n.String()
		object.Title = "Certificate revocation list, delta"
	}
	if err := v.readEntries(l, o.entries()); err != nil {
		object.noteOn("revokedCertificates", err.Error())
	}
	v.notes(&object, l, o)
	object.Fields = v.fields(l, o)
	return object, nil
}

func (v *ListView) readEntries(l *crl.List, limit int) error {
	for e, err := range l.Entries() {
		if err != nil {
			return err
		}
		if len(v.Revoked) == limit {
			return nil
		}
		r := RevokedView{SerialNumber: hex.EncodeToString(e.Serial), RevocationDate: stamp(e.Revoked), Extensions: viewExtensions(e.Extensions)}
		if e.Reason != crl.Unspecified {
			r.Reason = e.Reason.String()
		}
		if !e.InvalidityDate.IsZero() {
			r.InvalidityDate = stamp(e.InvalidityDate)
		}
		v.Revoked = append(v.Revoked, r)
	}
	return nil
}

func (v *ListView) notes(o *Object, l *crl.List, opts Options) {
	if now := opts.Now; !now.IsZero() {
		switch {
		case now.Before(l.ThisUpdate):
			o.noteOn("thisUpdate", "the list begins in "+span(l.ThisUpdate.Sub(now)))
		case !l.NextUpdate.IsZero() && now.After(l.NextUpdate):
			o.noteOn("nextUpdate", "the list is out of date: the next one was due "+span(now.Sub(l.NextUpdate))+" ago")
		}
	}
	if l.NextUpdate.IsZero() {
		o.noteOn("nextUpdate", "the list does not say when the next one comes (RFC 5280, Section 5.1.2.5)")
	}
	if string(l.Signature.Raw) != string(l.SignatureAlgorithm.Raw) {
		o.noteOn("signature", "the signature algorithm inside what is signed is not the one beside the signature")
	}
	noteSignature(o, &v.Signature)
	noteExtensions(o, v.Extensions)
}

func (v *ListView) fields(l *crl.List, o Options) []Field {
	var top Field
	top.add("issuer", nameText(l.Issuer))
	top.add("this update", clock(l.ThisUpdate))
	if !l.NextUpdate.IsZero() {
		text := ""
		if !o.Now.IsZero() && o.Now.Before(l.NextUpdate) {
			text = "in " + span(l.NextUpdate.Sub(o.Now))
		}
		top.Children = append(top.Children, Field{Name: "next update", Value: clock(l.NextUpdate), Note: text})
	}
	top.add("number", v.Number)
	top.add("changes since", v.DeltaBase)
	top.add("revoked", count(v.Count, "certificate"))
	top.add("signature", v.Signature.Algorithm+", by the issuer")
	top.add("version", strconv.Itoa(v.Version))
	revoked := Field{Name: "revoked certificates"}
	for _, r := range v.Revoked {
		parts := []string{clockOf(r.RevocationDate)}
		if r.Reason != "" {
			parts = append(parts, r.Reason)
		}
		if r.InvalidityDate != "" {
			parts = append(parts, "invalid since "+clockOf(r.InvalidityDate))
		}
		for _, e := range r.Extensions {
			if e.id == oid.CertificateIssuer {
				parts = append(parts, "issued by "+strings.Join(e.lines, ", "))
			}
		}
		revoked.add(r.SerialNumber, strings.Join(parts, ", "))
	}
	if more := v.Count - len(v.Revoked); more > 0 && len(v.Revoked) > 0 {
		revoked.add("…", "and "+strconv.Itoa(more)+" more")
	}
	return append(top.Children, nonEmpty([]Field{
		{Name: "issuer, part by part", Children: nameFields(v.IssuerRDNs, o)}, extensionFields(v.Extensions), revoked, v.Signature.group(),
		{Name: "fingerprints", Children: []Field{{Name: "SHA-256", Value: v.Fingerprint}}},
	})...)
}
