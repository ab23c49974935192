package acmeorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/acme"
)

// replacesPrefix begins the name of an order's record that is the one to
// replace a certificate: names are unique, so there is one such order.
const replacesPrefix = "replaces:"

// Renewal says when a certificate is to be renewed (RFC 9773, Section 4.2); nil
// where there is no such certificate. What was revoked, or whose authority signs
// no more, is to be renewed at once.
func (o *Orders) Renewal(ctx context.Context, certID string) (*acme.RenewalInfo, error) {
	c, err := o.certificateOf(ctx, certID)
	if c == nil || err != nil {
		return nil, err
	}
	ca, err := o.config.Store.CA(ctx, c.CA)
	if err != nil {
		return nil, fmt.Errorf("looking for authority %s: %w", c.CA, err)
	}
	life := c.NotAfter.Sub(c.NotBefore)
	w := acme.Window{Start: c.NotBefore.Add(life * 2 / 3)}
	w.End = w.Start.Add(max(life/48, time.Minute))
	if now := o.now(); c.Status != authority.StatusValid || ca.State != "active" {
		// A window wholly in the past means at once.
		w.End = now.Truncate(time.Hour)
		w.Start = w.End.Add(-time.Hour)
	}
	w.Start, w.End = w.Start.Truncate(time.Second).UTC(), w.End.Truncate(time.Second).UTC()
	return &acme.RenewalInfo{SuggestedWindow: w}, nil
}

// certificateOf finds a certificate by its name of RFC 9773; nil if there is
// none. A name that is none is a problem.
func (o *Orders) certificateOf(ctx context.Context, certID string) (*authority.Certificate, error) {
	keyID, serial, err := acme.ParseCertID(certID)
	if err != nil {
		return nil, acme.NewProblem(acme.Malformed, err.Error())
	}
	return o.issuedBy(ctx, serial, func(issuer *cert.Certificate) bool {
		e, ok := ext.Find(issuer.Extensions, oid.SubjectKeyIdentifier)
		if !ok {
			return false
		}
		id, err := ext.ParseSubjectKeyIdentifier(e.Value)
		return err == nil && bytes.Equal(id, keyID)
	})
}

// issuedBy finds a certificate of one of the authorities that this holds of.
func (o *Orders) issuedBy(ctx context.Context, serial *big.Int, of func(*cert.Certificate) bool) (*authority.Certificate, error) {
	all, err := o.config.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for the issuer of a certificate: %w", err)
	}
	for _, ca := range all {
		if len(ca.Chain) == 0 {
			continue
		}
		issuer, err := cert.Parse(ca.Chain[0])
		if err != nil || !of(issuer) {
			continue
		}
		c, err := o.config.Store.Certificate(ctx, ca.Name, serial.Bytes())
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, authority.ErrNotFound) {
			return nil, fmt.Errorf("looking for a certificate of %s: %w", ca.Name, err)
		}
	}
	return nil, nil
}

// replacing is the name of an order's record that is to replace a certificate.
// It is empty where the certificate is not known, not this account's, or for
// other names: clients that changed their account, or their names, are not
// turned away, but get no renewal.
func (o *Orders) replacing(ctx context.Context, a *Account, order *Order) (string, error) {
	if order.Replaces == "" {
		return "", nil
	}
	c, err := o.certificateOf(ctx, order.Replaces)
	if err != nil {
		return "", err
	}
	if c == nil || c.Requester != a.Requester() {
		return "", nil
	}
	for _, n := range order.Identifiers {
		if slices.ContainsFunc(c.Names, func(name string) bool { return strings.EqualFold(name, n.Type+":"+n.Value) }) {
			return replacesPrefix + order.Replaces, nil
		}
	}
	return "", nil
}

// keepReplacing has an order that was placed to replace a certificate do so,
// though another was placed for the same after it, unless that one got further.
func (o *Orders) keepReplacing(ctx context.Context, order *Order) error {
	name := replacesPrefix + order.Replaces
	if !order.Renews || order.record.Name == name {
		return nil
	}
	var problem *acme.Problem
	for range tries {
		if err := o.takeOver(ctx, name); errors.As(err, &problem) {
			return nil // it is a certificate like any other
		} else if err != nil {
			return err
		}
		order.record.Name = name
		err := o.config.Store.PutRecords(ctx, order.record)
		if !errors.Is(err, authority.ErrConflict) {
			return err
		}
		again, err := o.read(ctx, order.ID)
		if err != nil || again == nil {
			return err
		}
		order.record = again.record
	}
	return errBusy
}

// takeOver makes way for another order to replace a certificate, where the one
// that was to did not get as far as a certificate.
func (o *Orders) takeOver(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	r, err := o.config.Store.RecordNamed(ctx, kindOrder, name)
	if errors.Is(err, authority.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for the order that replaces a certificate: %w", err)
	}
	other, err := orderOf(r)
	if err != nil {
		return err
	}
	if err := o.conclude(ctx, other); err != nil {
		return err
	}
	if other.Status == acme.StatusValid || other.Status == acme.StatusProcessing {
		return acme.NewProblem(acme.AlreadyReplaced, "the certificate was replaced already, by another order; place the order without replaces")
	}
	r.Name = ""
	if err := o.config.Store.PutRecords(ctx, r); err != nil && !errors.Is(err, authority.ErrConflict) {
		return fmt.Errorf("recording order %s: %w", r.ID, err)
	}
	return nil
}
