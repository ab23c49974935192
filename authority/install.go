package authority

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// InstallCA gives an authority the certificate that its offline parent
// signed, and the parent's chain. An active authority takes a renewed
// certificate of the same key and name. What does not fit is a
// *request.Refusal.
func (a *Authority) InstallCA(ctx context.Context, name string, chain [][]byte, by string) (*CA, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return nil, err
	}
	ca := *s.ca
	if ca.State == CARetired {
		return nil, wrongChain(fmt.Sprintf("authority %q is retired", ca.Name), "create a new one")
	}
	parsed, err := a.checkChain(chain)
	if err != nil {
		return nil, err
	}
	if chain, err = a.withParent(ctx, chain, parsed); err != nil {
		return nil, err
	}
	subject, err := s.subject()
	if err != nil {
		return nil, err
	}
	if !parsed[0].Subject.Equal(subject) {
		return nil, wrongChain(fmt.Sprintf("the certificate is for %s, and the authority asked for %s", parsed[0].Subject, subject), "install the certificate of this authority's request")
	}
	signer, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	if err := fits(parsed[0], signer, &s.settings); err != nil {
		return nil, err
	}
	settings := s.settings
	settings.Installed = a.now()
	if ca.Settings, err = json.Marshal(settings); err != nil {
		return nil, fmt.Errorf("encoding the settings of authority %q: %w", name, err)
	}
	ca.State, ca.Chain, ca.Request = CAActive, chain, nil
	out, err := a.putCA(ctx, &ca, ca.Revision, "ca.installed", by)
	if errors.Is(err, ErrConflict) {
		return nil, changedMeanwhile(name)
	}
	return out, err
}

// subject is the name an authority has, or asked for.
func (s *signatory) subject() (dn.Name, error) {
	if s.certificate != nil {
		return s.certificate.Subject, nil
	}
	p, err := pkcs10.Parse(s.ca.Request)
	if err != nil {
		return dn.Name{}, fmt.Errorf("request of authority %q: %w", s.ca.Name, err)
	}
	return p.Subject, nil
}

func wrongChain(detail, fix string) *request.Refusal {
	return &request.Refusal{Reason: request.IssuerRefused, Field: "certificate", Detail: detail, Fix: fix}
}

func changedMeanwhile(name string) *request.Refusal {
	return &request.Refusal{Reason: request.WrongState, Field: "ca", Detail: fmt.Sprintf("authority %q was changed by someone else meanwhile", name), Fix: "look at it, and try again"}
}

// fits checks that a certificate is one of an authority, and of this key.
func fits(c *cert.Certificate, signer crypto.Signer, s *CASettings) error {
	same, err := sameKey(signer, c)
	if err != nil {
		return err
	}
	if !same {
		return wrongChain("the certificate is not of this authority's key", "install the certificate that was issued for this authority's request")
	}
	if _, err := issuance.NewIssuer(s.issuer("", 0, c, signer)); err != nil {
		return wrongChain(err.Error(), "have a certificate of a certification authority issued, with a profile such as subca")
	}
	return nil
}

// checkChain reads certificates and checks that each is signed by the next.
func (a *Authority) checkChain(chain [][]byte) ([]*cert.Certificate, error) {
	if len(chain) == 0 {
		return nil, wrongChain("there is no certificate", "give the authority's certificate, and then those above it")
	}
	parsed := make([]*cert.Certificate, len(chain))
	for i, der := range chain {
		c, err := cert.Parse(der)
		if err != nil {
			return nil, wrongChain(fmt.Sprintf("certificate %d cannot be read: %v", i+1, err), "give certificates in DER or PEM")
		}
		parsed[i] = c
	}
	for i, c := range parsed {
		if now := a.now(); now.After(c.NotAfter) {
			return nil, wrongChain(fmt.Sprintf("the certificate of %s expired on %s", c.Subject, c.NotAfter.Format(time.RFC3339)), "have it renewed")
		}
		above := c
		if i+1 < len(parsed) {
			above = parsed[i+1]
		} else if !c.SelfIssued() {
			break // where the root lives with those who rely on it
		}
		if !c.Issuer.Equal(above.Subject) {
			return nil, wrongChain(fmt.Sprintf("the certificate of %s was issued by %s, and the next one is that of %s", c.Subject, c.Issuer, above.Subject), "put each issuer after the certificate it issued")
		}
		if err := c.CheckSignature(above.PublicKey); err != nil {
			return nil, wrongChain(fmt.Sprintf("the certificate of %s is not signed by %s: %v", c.Subject, above.Subject, err), "give the issuer's certificate that goes with the key it signed with")
		}
	}
	return parsed, nil
}

// withParent adds the chain of the parent to a certificate that came without,
// if the parent is in the records: nothing else shows who signed it.
func (a *Authority) withParent(ctx context.Context, chain [][]byte, parsed []*cert.Certificate) ([][]byte, error) {
	top := parsed[0]
	if len(parsed) > 1 || top.SelfIssued() {
		return chain, nil
	}
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		for i, der := range ca.Chain {
			above, err := cert.Parse(der)
			if err != nil {
				return nil, fmt.Errorf("chain of authority %q: %w", ca.Name, err)
			}
			if top.Issuer.Equal(above.Subject) && !a.now().After(above.NotAfter) && top.CheckSignature(above.PublicKey) == nil {
				return append([][]byte{chain[0]}, ca.Chain[i:]...), nil
			}
		}
	}
	return nil, wrongChain(fmt.Sprintf("nothing here shows that %s signed the certificate of %s", top.Issuer, top.Subject),
		"give the certificate of "+top.Issuer.String()+" too, after the authority's own")
}

// ImportCA takes in an authority made elsewhere: its key and chain.
func (a *Authority) ImportCA(ctx context.Context, name, keyReference string, chain [][]byte, s CASettings, by string) (*CA, error) {
	if err := a.mayCreate(ctx, name, &s); err != nil {
		return nil, err
	}
	parsed, err := a.checkChain(chain)
	if err != nil {
		return nil, err
	}
	signer, err := a.config.Keys.Signer(ctx, keyReference)
	if err != nil {
		return nil, fmt.Errorf("opening the key of authority %q: %w", name, err)
	}
	if err := fits(parsed[0], signer, &s); err != nil {
		return nil, err
	}
	if err := a.newKey(ctx, parsed[0].PublicKey); err != nil {
		return nil, err
	}
	ca := &CA{Name: name, State: CAActive, Key: keyReference, Chain: chain, Created: a.now()}
	if ca.Settings, err = json.Marshal(s); err != nil {
		return nil, fmt.Errorf("encoding the settings of authority %q: %w", name, err)
	}
	if ca.Parent, err = a.parentOf(ctx, chain); err != nil {
		return nil, err
	}
	return a.putCA(ctx, ca, 0, "ca.imported", by)
}

// newKey refuses a key that an authority of the records has already: two of
// one key would count serial numbers and revocation lists past each other.
func (a *Authority) newKey(ctx context.Context, public *key.Public) error {
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		other, err := keyOf(ca)
		if err != nil {
			return err
		}
		if key.SameKey(other, public) {
			return &request.Refusal{Reason: request.Duplicate, Field: "certificate", Detail: fmt.Sprintf("authority %q has this key already", ca.Name),
				Fix: fmt.Sprintf("use that one; another certificate of its key comes in with `certwright ca install %s FILE`", ca.Name)}
		}
	}
	return nil
}

// newName refuses the name of an authority that signs with another key, or did:
// lists, answers and paths go by that name. A root may follow one of its name.
func (a *Authority) newName(ctx context.Context, n *NewCA) error {
	same, err := a.named(ctx, n.Subject)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(same, func(ca *CA) bool { return ca.Name == n.Follows })
	switch {
	case n.Follows != "" && i < 0:
		return &request.Refusal{Reason: request.PolicyRefused, Field: "follows", Detail: fmt.Sprintf("there is no authority %q with the name %s", n.Follows, n.Subject), Fix: "name the root whose subject the new one has"}
	case n.Follows != "" && (n.Parent != "" || n.Offline || same[i].Parent != "" || len(same[i].Chain) != 1):
		return &request.Refusal{Reason: request.PolicyRefused, Field: "follows", Detail: "only a root can follow a root of its name", Fix: "give another authority a subject of its own"}
	case len(same) > 0 && n.Follows == "":
		return &request.Refusal{Reason: request.Duplicate, Field: "subject", Detail: fmt.Sprintf("authority %q has the name %s already, with another key, and lists are told apart by that name", same[0].Name, n.Subject),
			Fix: "give the new one a subject of its own, such as one with a number at the end of the common name; a root that takes the place of one says so: --follows " + same[0].Name}
	}
	return nil
}

// named are the authorities that have a name, or asked for it.
func (a *Authority) named(ctx context.Context, subject dn.Name) ([]*CA, error) {
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	var out []*CA
	for _, ca := range list {
		if len(ca.Chain) == 0 && ca.State == CARetired {
			continue
		}
		s, err := a.newSignatory(ca)
		if err != nil {
			return nil, err
		}
		its, err := s.subject()
		if err != nil {
			return nil, err
		}
		if its.Equal(subject) {
			out = append(out, ca)
		}
	}
	return out, nil
}

// keyOf is the public key of an authority, from its certificate or request.
func keyOf(ca *CA) (*key.Public, error) {
	if len(ca.Chain) > 0 {
		c, err := cert.Parse(ca.Chain[0])
		if err != nil {
			return nil, fmt.Errorf("certificate of authority %q: %w", ca.Name, err)
		}
		return c.PublicKey, nil
	}
	p, err := pkcs10.Parse(ca.Request)
	if err != nil {
		return nil, fmt.Errorf("request of authority %q: %w", ca.Name, err)
	}
	return p.PublicKey, nil
}

// parentOf finds the authority of this store that issued a chain.
func (a *Authority) parentOf(ctx context.Context, chain [][]byte) (string, error) {
	if len(chain) < 2 {
		return "", nil
	}
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		if len(ca.Chain) > 0 && bytes.Equal(ca.Chain[0], chain[1]) {
			return ca.Name, nil
		}
	}
	return "", nil
}

// CA returns an authority and its settings; the empty name is the only one
// that issues to others than authorities.
func (a *Authority) CA(ctx context.Context, name string) (*CA, *CASettings, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	ca, settings := *s.ca, s.settings
	return &ca, &settings, nil
}

// CAsNamed returns the authorities whose certificate has this subject, in the
// order of their names.
func (a *Authority) CAsNamed(ctx context.Context, subject dn.Name) ([]*CA, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.refresh(ctx); err != nil {
		return nil, err
	}
	var all []*CA
	for _, name := range a.names {
		if s := a.known[name]; s.certificate != nil && s.certificate.Subject.Equal(subject) {
			ca := *s.ca
			all = append(all, &ca)
		}
	}
	return all, nil
}

// UpdateCA changes the settings of an authority, or retires it: change may
// set State and the settings. It may be called again, if someone else was
// quicker.
func (a *Authority) UpdateCA(ctx context.Context, name string, change func(*CA, *CASettings), by string) (*CA, error) {
	for range attempts {
		a.forget()
		s, err := a.signatory(ctx, name)
		if err != nil {
			return nil, err
		}
		ca, settings := *s.ca, s.settings
		change(&ca, &settings)
		if err := mayUpdate(s, &ca, &settings); err != nil {
			return nil, err
		}
		if err := a.keepPlaces(ctx, s, &settings); err != nil {
			return nil, err
		}
		next := *s.ca
		next.State = ca.State
		if next.Settings, err = json.Marshal(settings); err != nil {
			return nil, fmt.Errorf("encoding the settings of authority %q: %w", name, err)
		}
		out, err := a.putCA(ctx, &next, s.ca.Revision, "ca.changed", by)
		if !errors.Is(err, ErrConflict) {
			return out, err
		}
	}
	return nil, changedMeanwhile(name)
}

func mayUpdate(old *signatory, ca *CA, s *CASettings) error {
	if err := s.check(); err != nil {
		return err
	}
	if s.Shards < old.settings.Shards {
		return &request.Refusal{Reason: request.PolicyRefused, Field: "shards",
			Detail: fmt.Sprintf("certificates point to %d revocation lists, and there cannot be fewer", old.settings.Shards), Fix: "keep the number or raise it"}
	}
	if ca.State == old.ca.State || ca.State == CARetired || ca.State == CAActive && len(ca.Chain) > 0 {
		return nil
	}
	return &request.Refusal{Reason: request.WrongState, Field: "state",
		Detail: fmt.Sprintf("authority %q is %s and cannot become %s", ca.Name, old.ca.State, ca.State), Fix: "install its certificate to make it active"}
}
