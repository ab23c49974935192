package task

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// MayIssueAgain refuses, as a *request.Refusal, to issue a certificate again
// that is an authority's, is on hold, or was revoked: what was taken from its
// holder does not come back by a renewal. A new key may take the place of one
// whose certificate was revoked for the key's sake.
func MayIssueAgain(ctx context.Context, o *Office, record *authority.Certificate, newKey bool) error {
	if err := notOfAuthority(ctx, o, record); err != nil {
		return err
	}
	switch record.Status {
	case authority.StatusHold:
		return &request.Refusal{Reason: request.AlreadyRevoked, Field: "serial", Detail: fmt.Sprintf("certificate %x is on hold, and is not issued again", record.Serial),
			Fix: fmt.Sprintf("release it first: certwright revoke --release %x", record.Serial)}
	case authority.StatusUnconfirmed:
		return &request.Refusal{Reason: request.WrongState, Field: "serial", Detail: fmt.Sprintf("certificate %x is unconfirmed, and not issued again before its holder has confirmed it", record.Serial),
			Fix: "confirm it: certwright request confirm"}
	case authority.StatusRevoked:
	default:
		return nil
	}
	reason := crl.Reason(record.Reason)
	r := &request.Refusal{Reason: request.AlreadyRevoked, Field: "serial",
		Detail: fmt.Sprintf("certificate %x was revoked (%v), and is not issued again", record.Serial, reason),
		Fix:    "if its holder may have a certificate all the same, sign a new request: certwright sign FILE"}
	switch reason {
	case crl.KeyCompromise, crl.Superseded, crl.Unspecified:
		if newKey {
			return nil
		}
		r.Detail = fmt.Sprintf("certificate %x was revoked (%v), and is not issued again for the same key", record.Serial, reason)
		r.Fix = fmt.Sprintf("certify a new key: certwright rekey %x --key-out FILE", record.Serial)
	}
	return r
}

// notOfAuthority refuses to issue an authority's certificate again: the
// authority would go on with the old one.
func notOfAuthority(ctx context.Context, o *Office, record *authority.Certificate) error {
	c, err := cert.Parse(record.DER)
	if err != nil {
		return fmt.Errorf("reading the certificate on record: %w", err)
	}
	if !isAuthority(c) {
		return nil
	}
	r := &request.Refusal{Reason: request.PolicyRefused, Field: "serial",
		Detail: fmt.Sprintf("certificate %x is an authority's, and is not issued again like others", record.Serial),
		Fix:    "sign its request once more: certwright sign FILE --profile " + record.Profile}
	all, err := o.Desk().CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range all {
		if len(ca.Chain) == 0 || !bytes.Equal(ca.Chain[0], record.DER) {
			continue
		}
		r.Detail = fmt.Sprintf("this is the certificate of the authority %s, which would go on with the old one", ca.Name)
		r.Fix = "make another authority beside it with \"certwright ca create\", and let this one sign no more: certwright ca retire " + ca.Name
	}
	return r
}

func isAuthority(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.BasicConstraints)
	if !ok {
		return false
	}
	basic, err := ext.ParseBasicConstraints(e.Value)
	return err == nil && basic.CA
}

// inPlace refuses a request with the key of the old certificate, and one with
// other names or another subject unless asked says what to certify. What the
// request leaves open stays as it was.
func inPlace(old Old, r *request.Request, asked *issuance.Asked) error {
	c, err := cert.Parse(old.Record.DER)
	if err != nil {
		return fmt.Errorf("reading the certificate on record: %w", err)
	}
	if sum := r.PublicKey.Fingerprint(); bytes.Equal(sum[:], old.Record.KeyFingerprint) {
		return &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: "the request has the key of the old certificate, not a new one",
			Fix: fmt.Sprintf("make a request with a new key, or keep the key: certwright renew %x", old.Record.Serial)}
	}
	if asked.Names != nil || asked.Subject != nil {
		return nil
	}
	if err := sameNames(c, r); err != nil {
		return err
	}
	if len(r.SubjectAltNames()) == 0 {
		asked.Names = c.SubjectAltNames()
	}
	if !r.Subject.Equal(c.Subject) {
		asked.Subject = &c.Subject
	}
	return nil
}

func sameNames(c *cert.Certificate, r *request.Request) error {
	wanted, had := []string{}, []string{}
	for _, n := range r.SubjectAltNames() {
		wanted = append(wanted, n.String())
	}
	for _, n := range c.SubjectAltNames() {
		had = append(had, n.String())
	}
	slices.Sort(wanted)
	slices.Sort(had)
	if len(wanted) > 0 && !slices.Equal(wanted, had) {
		return otherNames(strings.Join(wanted, ", "), strings.Join(had, ", "))
	}
	is, was := r.Subject.Values(oid.CommonName), c.Subject.Values(oid.CommonName)
	if len(is) > 0 && !slices.Equal(is, was) && !slices.Contains(had, "dns:"+strings.ToLower(is[0])) {
		return otherNames(r.Subject.String(), c.Subject.String())
	}
	return nil
}

func otherNames(asked, had string) error {
	if had == "" {
		had = "nothing of the kind"
	}
	return &request.Refusal{Reason: request.BadName, Field: "subjectAltName", Detail: fmt.Sprintf("the request is for %s, and the old certificate for %s", asked, had),
		Fix: "make a request for the same names, or give those to certify with --san and --subject; other names alone: certwright reissue"}
}
