package manufacturer

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
)

// Read reads the manufacturers of a configuration, and the files that they
// name. What cannot be used is a *config.Fault, with the file that is to blame.
func Read(list []config.Manufacturer) (*Known, error) {
	k, sum := &Known{}, sha256.New()
	for i := range list {
		m, files, err := read(&list[i])
		if err != nil {
			return nil, err
		}
		k.all = append(k.all, m)
		if err := json.NewEncoder(sum).Encode(list[i]); err != nil {
			return nil, fmt.Errorf("reading the manufacturer %s: %w", m.Name, err)
		}
		for _, data := range files {
			one := sha256.Sum256(data)
			sum.Write(one[:])
		}
	}
	sum.Sum(k.sum[:0])
	return k, nil
}

func read(c *config.Manufacturer) (m *Manufacturer, files [][]byte, err error) {
	m = &Manufacturer{Name: c.Name, Profile: c.Profile, CA: c.CA, same: c.Same}
	binds := len(m.same) > 0
	fault := func(detail, fix string) error {
		return config.At("cmp.manufacturers", c.Name+": "+detail, fix)
	}
	for _, kind := range m.same {
		if _, ok := dn.TypeByName(kind); !ok {
			return nil, nil, fault(fmt.Sprintf("there is no attribute %q", kind), "write types like serialNumber, CN or OU")
		}
	}
	for _, text := range c.Names {
		p, err := parsePattern(text)
		if err != nil {
			return nil, nil, fault(err.Error(), `write it like "dns:{serialNumber}.plant.example"`)
		}
		m.names, binds = append(m.names, p), binds || p.binds()
	}
	if !binds {
		return nil, nil, fault("any device could have the certificate of another", "say what of the subject must be the device's: same: [serialNumber]")
	}
	data, err := os.ReadFile(c.Roots)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the roots of the manufacturer %s: %w", c.Name, err)
	}
	if m.roots, err = roots(data); err != nil {
		return nil, nil, &config.Fault{File: c.Roots, Detail: "the roots of the manufacturer " + c.Name + ": " + err.Error(), Fix: "name a file of certificates in PEM or DER"}
	}
	files = append(files, data)
	for _, name := range c.CRLs {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, fmt.Errorf("reading a revocation list of the manufacturer %s: %w", c.Name, err)
		}
		found, err := lists(data)
		if err != nil {
			return nil, nil, &config.Fault{File: name, Detail: "the revocation lists of the manufacturer " + c.Name + ": " + err.Error(), Fix: "name a file of revocation lists in PEM or DER"}
		}
		m.lists, files = append(m.lists, found...), append(files, data)
	}
	return m, files, nil
}

// roots reads certificates that are trust anchors.
func roots(data []byte) ([]*cert.Certificate, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, fmt.Errorf("there is no certificate in it: %w", err)
	}
	var all []*cert.Certificate
	for _, b := range blocks {
		c, err := cert.Parse(bytes.Clone(b.Bytes))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", b.Line, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func lists(data []byte) ([]*crl.List, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, fmt.Errorf("there is no revocation list in it: %w", err)
	}
	var all []*crl.List
	for _, b := range blocks {
		l, err := crl.Parse(bytes.Clone(b.Bytes))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", b.Line, err)
		}
		all = append(all, l)
	}
	return all, nil
}
