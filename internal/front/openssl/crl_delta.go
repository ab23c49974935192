package openssl

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// delta does what -gendelta asks: a list of what a newer list has and the base
// has not, signed by the key of both.
func (c *call) delta(raw []byte) ([]byte, error) {
	if !c.has("key") {
		return nil, complain("Missing CRL signing key")
	}
	_, newer, err := c.loadList(c.text("gendelta"), c.text("inform"), "other CRL")
	if err != nil {
		return nil, complain("%s\nUnable to load other CRL", err)
	}
	p, err := c.loadPrivate(keySource{file: c.text("key"), format: c.text("keyform"), what: "CRL signing key"})
	if err != nil {
		return nil, err
	}
	how, err := c.signing("")
	if err != nil {
		return nil, err
	}
	base, err := crl.Parse(raw)
	if err != nil {
		return nil, because("Error creating delta CRL", err)
	}
	if raw, err = difference(base, newer, p, how); err != nil {
		return nil, because("Error creating delta CRL", err)
	}
	return raw, nil
}

// comparable says why two lists make no delta list.
func comparable(base, newer *crl.List, public *key.Public) error {
	same := func(id oid.OID) bool {
		a, hasA := ext.Find(base.Extensions, id)
		b, hasB := ext.Find(newer.Extensions, id)
		return hasA == hasB && bytes.Equal(a.Value, b.Value)
	}
	switch {
	case base.DeltaBase() != nil || newer.DeltaBase() != nil:
		return errors.New("one of the two lists is a delta list already")
	case base.Number() == nil || newer.Number() == nil:
		return errors.New("one of the two lists has no number")
	case !base.Issuer.Equal(newer.Issuer):
		return errors.New("the two lists are of different issuers")
	case !same(oid.AuthorityKeyIdentifier):
		return errors.New("the two lists have different authority key identifiers")
	case !same(oid.IssuingDistributionPoint):
		return errors.New("the two lists have different issuing distribution points")
	case newer.Number().Cmp(base.Number()) <= 0:
		return fmt.Errorf("the number of the newer list is %v, which is not after %v", newer.Number(), base.Number())
	}
	for _, l := range []*crl.List{base, newer} {
		if err := l.CheckSignature(public); err != nil {
			return fmt.Errorf("list number %v is not signed by this key: %w", l.Number(), err)
		}
	}
	return nil
}

func difference(base, newer *crl.List, p *key.Private, how signing) ([]byte, error) {
	if err := comparable(base, newer, p.Public); err != nil {
		return nil, err
	}
	h := crl.Header{Issuer: newer.Issuer, ThisUpdate: newer.ThisUpdate, NextUpdate: newer.NextUpdate,
		Extensions: append([]ext.Extension{ext.NewDeltaCRLIndicator(base.Number())}, newer.Extensions...)}
	var err error
	if h.Algorithm, err = how.algorithm(p.Public); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = crl.Write(&out, h, func(yield func(crl.Entry, error) bool) {
		for e, err := range newer.Entries() {
			if err == nil {
				var known bool
				if _, known, err = base.Lookup(e.Serial); known {
					continue
				}
			}
			if !yield(e, err) {
				return
			}
		}
	}, p.Signer)
	return out.Bytes(), err
}
