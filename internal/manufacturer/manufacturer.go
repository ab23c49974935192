// Package manufacturer knows devices by the certificates that their
// manufacturers gave them (IEEE 802.1AR), and what these let them ask for.
package manufacturer

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// Manufacturer is one whose devices are known.
type Manufacturer struct {
	Name    string // in the records
	Profile string // empty: the preset one of the door
	CA      string // likewise

	same  []string  // attributes of the subject that are to be the device's
	names []pattern // that a certificate may have; none: those of the device's own
	roots []*cert.Certificate
	lists []*crl.List
}

// Known are the manufacturers of a configuration.
type Known struct {
	all []*Manufacturer
	sum [32]byte
}

// Sum is the same for the same manufacturers with the same content of their
// files.
func (k *Known) Sum() [32]byte { return k.sum }

// Device is one that the certificate of its manufacturer shows.
type Device struct {
	Manufacturer *Manufacturer

	certificate *cert.Certificate
	root        *cert.Certificate
}

// Distrust says why a certificate shows no device.
type Distrust struct {
	Detail  string // the cause, without a final stop
	Revoked bool   // it is that the certificate, or one above it, is revoked
}

// Error returns the detail.
func (d *Distrust) Error() string { return d.Detail }

// Any reports whether there are any manufacturers.
func (k *Known) Any() bool { return k != nil && len(k.all) > 0 }

// Of returns the device that a certificate shows, once under each manufacturer
// whose roots it is under by way of the others. None is a *Distrust.
func (k *Known) Of(c *cert.Certificate, others []*cert.Certificate, now time.Time) ([]*Device, error) {
	if isAuthority(c) {
		return nil, &Distrust{Detail: "it is that of an authority, and of no device"}
	}
	var found []*Device
	var why *Distrust
	for _, m := range k.all {
		r := chain.Verify(c, others, m.roots, chain.Options{Now: now, CRLs: m.lists, RequireRevocation: len(m.lists) > 0})
		if r.Valid {
			found = append(found, &Device{m, c, r.Path[len(r.Path)-1]})
			continue
		}
		// What is wrong with a path to a root says more than that there is none.
		if why == nil || r.Whole {
			why = distrust(r)
		}
	}
	if found == nil {
		return nil, why
	}
	return found, nil
}

func distrust(r chain.Result) *Distrust {
	problems := r.Problems()
	if !r.Whole || len(problems) == 0 {
		last := r.Path[len(r.Path)-1]
		return &Distrust{Detail: "it leads to no root of a manufacturer that is known here: the certificate of " + last.Issuer.String() + " is none of them, and is not among the extraCerts"}
	}
	d := &Distrust{Detail: problems[0].Detail}
	for _, p := range problems {
		if p.Revoked {
			return &Distrust{p.Detail, true}
		}
	}
	return d
}

func isAuthority(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.BasicConstraints)
	if !ok {
		return false
	}
	b, err := ext.ParseBasicConstraints(e.Value)
	return err != nil || b.CA
}

// Choose returns the device under the manufacturer whose profile is asked for;
// under the first where none is, or none has it.
func Choose(devices []*Device, profile string) *Device {
	for _, d := range devices {
		if profile != "" && d.Manufacturer.Profile == profile {
			return d
		}
	}
	return devices[0]
}

// Limit has what the certificate would say held against what the device's own
// says, in judging. An error says why that cannot be done.
func (d *Device) Limit(o *evidence.Origin) error {
	m, c := d.Manufacturer, d.certificate
	sum := c.Fingerprint()
	o.NamesOf = "the certificate of the device"
	o.Certificate = &evidence.Shown{
		Manufacturer: m.Name, Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: hex.EncodeToString(c.Serial.Bytes()),
		Fingerprint: hex.EncodeToString(sum[:]), Root: d.root.Subject.String(),
	}
	for _, kind := range m.same {
		values, err := d.values(kind)
		if err != nil {
			return err
		}
		for _, a := range values {
			o.Subject = append(o.Subject, evidence.SubjectAttribute{Type: kind, Value: a.Text()})
		}
	}
	o.Names = nil
	for _, p := range m.names {
		name, err := p.of(d)
		if err != nil {
			return err
		}
		o.Names = append(o.Names, name)
	}
	if len(m.names) == 0 {
		o.Names = d.ownNames()
	}
	return nil
}

// ownNames are those of the device's certificate; the subject is held against
// attributes.
func (d *Device) ownNames() []string {
	names := []string{evidence.SubjectKind + ":*"}
	for _, n := range d.certificate.SubjectAltNames() {
		if name := n.String(); !strings.Contains(name, "*") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
