package cmpsrv

import (
	"bytes"
	"context"
	"fmt"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// offer answers what certificates may be asked for under the profile of the
// sender: certReqTemplate (RFC 9483, Section 4.3.3), signKeyPairTypes and
// encKeyPairTypes.
func (s *Server) offer(q question, i cmp.Info) (cmp.Info, error) {
	p, err := s.config.Authority.Profile(q.profile)
	if err != nil {
		return cmp.Info{}, err
	}
	o := p.Offer()
	if i.Type != cmp.InfoCertReqTemplate {
		var all [][]byte
		for _, kind := range o.Kinds {
			if kind == key.AgreementKind && i.Type == cmp.InfoSignKeyPairTypes || i.Type == cmp.InfoEncKeyPairTypes && !encrypts(kind) {
				continue
			}
			all = append(all, cmp.KeyAlgorithm(kind))
		}
		if i.Type == cmp.InfoSignKeyPairTypes { // nothing is encrypted to the others
			for _, curve := range o.Curves {
				all = append(all, curveAlgorithm(curve))
			}
		}
		return cmp.NewSequence(i.Type, all...), nil
	}
	t := cmp.RequestTemplate{Template: crmf.Template{Subject: &o.Subject, Extensions: o.Extensions}}
	var all [][]byte
	for _, kind := range o.Kinds {
		if !isRSA(kind) { // RSA keys are told by their length
			all = append(all, cmp.KeyAlgorithm(kind))
		}
	}
	for _, curve := range o.Curves {
		all = append(all, curveAlgorithm(curve))
	}
	for _, raw := range all {
		a, err := key.ParseAlgorithmIdentifier(raw)
		if err != nil {
			return cmp.Info{}, err
		}
		t.Algorithms = append(t.Algorithms, a)
	}
	if o.MinRSA > 0 {
		t.RSABits = []int{o.MinRSA}
	}
	return cmp.NewRequestTemplate(t), nil
}

// curveAlgorithm is the AlgorithmIdentifier of keys on a curve by its name.
func curveAlgorithm(name string) []byte {
	id := oid.P224
	for _, c := range key.Curves() {
		if c.Name == name {
			id = c.ID
		}
	}
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.OID(string(oid.ECPublicKey))
	b.OID(string(id))
	b.End(mark)
	return b.Bytes()
}

func isRSA(kind string) bool { return len(kind) > 3 && kind[:3] == "rsa" }

// encrypts reports whether something can be encrypted to keys of a kind.
func encrypts(kind string) bool {
	return isRSA(kind) || kind == key.AgreementKind || len(kind) > 5 && kind[:5] == "ecdsa"
}

// rootUpdate answers whether a root has a successor here: a newer one of the
// same name (RFC 9483, Section 4.3.2). Where none is asked about, it is the root
// of the authority. The certificates that link the two go with it, where the
// authorities issued them. A type without a value says that there is none.
func (s *Server) rootUpdate(ctx context.Context, ca *authority.CA, i cmp.Info) (cmp.Info, error) {
	none := cmp.Info{Type: cmp.InfoRootCAKeyUpdate}
	raw := i.Value
	if len(raw) == 0 {
		raw = ca.Chain[len(ca.Chain)-1]
	}
	old, err := cert.Parse(raw)
	if err != nil {
		return none, failure(cmp.BadDataFormat, "rootCaCert: %v", err)
	}
	roots, err := s.config.Authority.CAsNamed(ctx, old.Subject)
	if err != nil {
		return none, err
	}
	var newest *cert.Certificate
	var before, after *authority.CA
	for _, root := range roots {
		if len(root.Chain) != 1 {
			continue
		}
		c, err := cert.Parse(root.Chain[0])
		switch {
		case err != nil:
			return none, fmt.Errorf("certificate of authority %q: %w", root.Name, err)
		case bytes.Equal(c.Raw, old.Raw):
			before = root
		case c.NotBefore.After(old.NotBefore) && (newest == nil || c.NotBefore.After(newest.NotBefore)):
			newest, after = c, root
		}
	}
	if newest == nil {
		return none, nil
	}
	update := cmp.RootUpdate{NewWithNew: newest.Raw}
	if before != nil {
		if update.NewWithOld, err = s.link(ctx, before, newest); err != nil {
			return none, err
		}
		if update.OldWithNew, err = s.link(ctx, after, old); err != nil {
			return none, err
		}
	}
	return cmp.NewRootUpdate(update), nil
}

// link is a certificate that one root issued to another, nil where there is
// none.
func (s *Server) link(ctx context.Context, by *authority.CA, of *cert.Certificate) ([]byte, error) {
	fingerprint := of.PublicKey.Fingerprint()
	for c, err := range s.config.Store.Certificates(ctx, authority.Query{CA: by.Name, KeyFingerprint: fingerprint[:], Status: authority.StatusValid}) {
		if err != nil {
			return nil, fmt.Errorf("looking for certificates that link roots: %w", err)
		}
		if parsed, err := cert.Parse(c.DER); err == nil && parsed.Subject.Equal(of.Subject) && !bytes.Equal(c.DER, of.Raw) {
			return c.DER, nil
		}
	}
	return nil, nil
}
