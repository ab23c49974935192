package access

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/certwright/certwright/authority"
)

// What is told of certificates whose chain is not good.
func badAbove() *Failure {
	return unauthenticated("an authority above the client certificate was revoked, or has expired", "use a certificate of another authority, or a token")
}

func listed() *Failure {
	return unauthenticated("the client certificate, or one above it, was revoked by its authority", "use another certificate, or a token")
}

func ranOut(issuer string) *Failure {
	return unauthenticated("the revocation list of "+issuer+" has run out, so nobody can tell whether the client certificate was revoked", "have an administrator put a newer one in its place")
}

// aboveGood refuses a certificate of an authority here whose own certificate, or
// one above it, is none that is good now (RFC 5280, Section 6.1.3).
func (x *Certificates) aboveGood(ctx context.Context, name string) error {
	ca, err := x.config.Issued.CA(ctx, name)
	if errors.Is(err, authority.ErrNotFound) {
		return badAbove()
	}
	if err != nil {
		return fmt.Errorf("looking for the authority of a client certificate: %w", err)
	}
	for _, der := range ca.Chain {
		if err := x.notWithdrawn(ctx, der); err != nil {
			return err
		}
	}
	return nil
}

// notWithdrawn refuses a certificate of an authority that has expired, or that the records
// have as revoked or on hold; what they do not have is not looked at.
func (x *Certificates) notWithdrawn(ctx context.Context, der []byte) error {
	c, err := x509.ParseCertificate(der)
	if err == nil && x.config.Now().After(c.NotAfter) {
		return badAbove()
	}
	record, err := x.issuedHere(ctx, sha256.Sum256(der))
	if err == nil && record != nil && record.Status != authority.StatusValid {
		return badAbove()
	}
	return err
}

// underRoots refuses a certificate from elsewhere that has no chain to one of the
// roots on which all is good.
func (x *Certificates) underRoots(ctx context.Context, shown []*x509.Certificate) error {
	if x.config.Roots == nil {
		return untrusted()
	}
	between := x509.NewCertPool()
	for _, c := range shown[1:] {
		between.AddCert(c)
	}
	chains, err := shown[0].Verify(x509.VerifyOptions{Roots: x.config.Roots, Intermediates: between, CurrentTime: x.config.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return untrusted()
	}
	var lists []*x509.RevocationList
	if x.config.Lists != nil {
		lists = x.config.Lists()
	}
	for _, chain := range chains {
		if err = x.chainGood(ctx, chain, lists); err == nil {
			return nil
		}
	}
	return err
}

func (x *Certificates) chainGood(ctx context.Context, chain []*x509.Certificate, lists []*x509.RevocationList) error {
	for _, c := range chain[1:] {
		if err := x.notWithdrawn(ctx, c.Raw); err != nil {
			return err
		}
	}
	for i, c := range chain[:len(chain)-1] {
		if err := x.notListed(c, chain[i+1], lists); err != nil {
			return err
		}
	}
	return nil
}

// notListed refuses a certificate that the newest list of its issuer has, and any
// where that has run out. An issuer without a list is taken as it is.
func (x *Certificates) notListed(c, issuer *x509.Certificate, lists []*x509.RevocationList) error {
	var newest *x509.RevocationList
	for _, l := range lists {
		if string(l.RawIssuer) == string(issuer.RawSubject) && (newest == nil || l.ThisUpdate.After(newest.ThisUpdate)) && l.CheckSignatureFrom(issuer) == nil {
			newest = l
		}
	}
	if newest == nil {
		return nil
	}
	for _, entry := range newest.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return listed()
		}
	}
	if x.config.Now().After(newest.NextUpdate) {
		return ranOut(issuer.Subject.String())
	}
	return nil
}
