package openssl

import (
	"crypto/dsa"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pbe"
	"github.com/certwright/certwright/format/pem"
)

// traditional writes a private key in the form from before PKCS #8.
func traditional(p *key.Private, form ecForm) (label string, octets []byte, err error) {
	switch p.Public.Type {
	case "EC":
		n, err := numbersOf(p)
		if err == nil {
			err = form.apply(&n, p.Public)
		}
		if p.Public.Curve == "SM2" {
			return "SM2 PRIVATE KEY", n.sec1(true), err
		}
		return "EC PRIVATE KEY", n.sec1(true), err
	case "DSA":
		octets, err = traditionalDSA(p)
		return "DSA PRIVATE KEY", octets, err
	}
	return key.MarshalTraditional(p)
}

// traditionalDSA writes version, p, q, g, y and x.
func traditionalDSA(p *key.Private) ([]byte, error) {
	public, ok := p.Public.Key.(*dsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("writing a DSA key: its numbers are not known")
	}
	info, err := key.MarshalPKCS8(p)
	if err != nil {
		return nil, err
	}
	outer, err := der.ParseTag(info, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := outer.Children()
	for range 2 {
		if _, err := r.Next(); err != nil {
			return nil, err
		}
	}
	octets, err := r.Take(der.OctetString)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(0)
	b.BigInt(public.P)
	b.BigInt(public.Q)
	b.BigInt(public.G)
	b.BigInt(public.Y)
	b.Raw(octets.Content)
	b.End(all)
	return b.Bytes(), nil
}

func (c *call) encodeTraditional(p *key.Private, s keySink) ([]byte, error) {
	label, octets, err := traditional(p, s.form)
	if err != nil {
		return nil, err
	}
	if s.format == formatDER {
		return octets, nil
	}
	if s.cipher == "" {
		return pem.Encode(label, octets), nil
	}
	out, err := pbe.EncryptPEM(label, s.cipher, octets, s.secret, c.random())
	if err != nil {
		return nil, fmt.Errorf("encrypting a private key: %w", err)
	}
	return out, nil
}
