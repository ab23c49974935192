package acmeorder

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// Revocation asks for a certificate to be revoked.
type Revocation struct {
	DER     []byte
	Reason  int
	Account *Account  // who signed; nil: the holder of Key
	Key     *acme.Key // that the message was signed by, where there is no account
}

// Revoke revokes a certificate for the account it was issued to, for an account
// with valid authorizations for all its names, or for the holder of its key
// (RFC 8555, Section 7.6).
func (o *Orders) Revoke(ctx context.Context, r Revocation) error {
	parsed, err := cert.Parse(r.DER)
	if err != nil {
		return acme.NewProblem(acme.Malformed, "certificate is not the base64url of a certificate in DER: "+err.Error())
	}
	c, err := o.issuedBy(ctx, parsed.Serial, func(issuer *cert.Certificate) bool { return issuer.Subject.Equal(parsed.Issuer) })
	if err != nil {
		return err
	}
	if c == nil || !bytes.Equal(c.DER, r.DER) {
		return acme.NewProblem(acme.Malformed, "the certificate was not issued here; ask the authority that issued it")
	}
	if !slices.Contains([]crl.Reason{crl.Unspecified, crl.KeyCompromise, crl.AffiliationChanged, crl.Superseded, crl.CessationOfOperation}, crl.Reason(r.Reason)) {
		return acme.NewProblem(acme.BadRevocationReason, fmt.Sprintf("the reason %d is not taken; use 0 (unspecified), 1 (keyCompromise), 3 (affiliationChanged), 4 (superseded) or 5 (cessationOfOperation)", r.Reason))
	}
	order := authority.RevocationOrder{CA: c.CA, Serial: c.Serial, Reason: crl.Reason(r.Reason)}
	if order.By, order.Method, err = o.mayRevoke(ctx, &r, parsed, c); err != nil {
		return err
	}
	_, err = o.config.Authority.Revoke(ctx, order)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return RefusalProblem(refusal)
	}
	return err
}

// mayRevoke returns who revokes, and by what right.
func (o *Orders) mayRevoke(ctx context.Context, r *Revocation, parsed *cert.Certificate, c *authority.Certificate) (by, method string, err error) {
	if r.Account == nil {
		if k, ok := r.Key.Public().(interface{ Equal(crypto.PublicKey) bool }); ok && parsed.PublicKey.Key != nil && k.Equal(parsed.PublicKey.Key) {
			return "holder", "acme-key", nil
		}
		return "", "", acme.NewProblem(acme.Unauthorized, "the message is not signed by the key of the certificate; sign by it, or by the account it was issued to")
	}
	if c.Requester == r.Account.Requester() {
		return r.Account.Requester(), "acme-account", nil
	}
	controls, err := o.controlled(ctx, r.Account)
	if err != nil {
		return "", "", err
	}
	if len(c.Names) == 0 || slices.ContainsFunc(c.Names, func(name string) bool { return !controls[strings.ToLower(name)] }) {
		return "", "", acme.NewProblem(acme.Unauthorized, "the certificate was not issued to this account, and the account has no valid authorizations for all its names; use the account it was issued to, sign by its key, or validate its names first")
	}
	if crl.Reason(r.Reason) == crl.KeyCompromise {
		return "", "", acme.NewProblem(acme.BadRevocationReason, "authorizations do not show that a key is compromised; sign by the key, or give another reason")
	}
	return r.Account.Requester(), "acme-authorization", nil
}

// controlled are the names that an account has valid authorizations for.
func (o *Orders) controlled(ctx context.Context, a *Account) (map[string]bool, error) {
	const page = 500
	names := map[string]bool{}
	q := authority.RecordQuery{Kind: kindOrder, Owner: a.ID, Limit: page}
	for {
		list, err := o.config.Store.FindRecords(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("looking for the authorizations of account %s: %w", a.ID, err)
		}
		for _, r := range list {
			order, err := orderOf(r)
			if err != nil {
				return nil, err
			}
			for _, z := range order.Authorizations {
				if z.Of == (Place{}) && z.standing(o.now()) == acme.StatusValid {
					names[z.name()] = true
				}
			}
		}
		if len(list) < page {
			return names, nil
		}
		q.After = list[len(list)-1].ID
	}
}
