package delegate

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
)

// body is that of a delegate's record.
type body struct {
	Key         string `json:"key"`         // the keystore's reference
	Certificate []byte `json:"certificate"` // DER
}

// next finds a delegate on record whose key can be opened here, or has one
// certified.
func (d *Delegates) next(ctx context.Context, by Issuer, now time.Time, validity time.Duration) (*Delegate, error) {
	records, err := d.config.Records.FindRecords(ctx, authority.RecordQuery{Kind: d.config.Kind, Owner: by.Name})
	if err != nil {
		return nil, fmt.Errorf("looking for certificates of the %s of authority %q: %w", d.config.Role, by.Name, err)
	}
	var best *Delegate
	for _, record := range records {
		one, err := d.recorded(ctx, by, record)
		switch {
		case err != nil:
			// Another process may have it, with a folder of keys of its own.
			d.config.Log.DebugContext(ctx, "a certificate on record cannot be used here", "of", d.config.Role, "ca", by.Name, "error", err)
			continue
		case now.After(one.Certificate.NotAfter):
			d.drop(ctx, record)
			continue
		}
		if !one.due(now, by, validity) && (best == nil || one.Certificate.NotAfter.After(best.Certificate.NotAfter)) {
			best = one
		}
	}
	if best != nil {
		return best, nil
	}
	return d.create(ctx, by)
}

// recorded opens what is on record.
func (d *Delegates) recorded(ctx context.Context, by Issuer, record *authority.Record) (*Delegate, error) {
	var b body
	if err := json.Unmarshal(record.Body, &b); err != nil {
		return nil, fmt.Errorf("reading record %s: %w", record.ID, err)
	}
	c, err := cert.Parse(b.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading record %s: %w", record.ID, err)
	}
	if err := d.stands(ctx, by.Name, c); err != nil {
		return nil, err
	}
	private, err := d.config.Keys.Signer(ctx, b.Key)
	if err != nil {
		return nil, fmt.Errorf("opening the key of certificate %x: %w", c.Serial, err)
	}
	one, err := newDelegate(c, private)
	if err == nil && !one.issuedBy(by) {
		err = fmt.Errorf("the certificate %x is of another key of the authority", c.Serial)
	}
	return one, err
}

// withdrawnError tells that a certificate was revoked or put on hold.
type withdrawnError struct {
	serial   *big.Int
	standing authority.Standing
}

func (e *withdrawnError) Error() string {
	return fmt.Sprintf("the certificate %x is %s", e.serial, e.standing)
}

// stands looks whether a certificate was revoked or put on hold; a
// *withdrawnError says so.
func (d *Delegates) stands(ctx context.Context, ca string, c *cert.Certificate) error {
	standing, _, err := d.config.Authority.Standing(ctx, ca, c.Serial.Bytes())
	if err == nil && (standing == authority.StandingRevoked || standing == authority.StandingHold) {
		err = &withdrawnError{c.Serial, standing}
	}
	return err
}

func newDelegate(c *cert.Certificate, private crypto.Signer) (*Delegate, error) {
	algorithm, err := key.ChooseSignatureAlgorithm(c.PublicKey, "", false)
	if err != nil {
		return nil, fmt.Errorf("key of certificate %x: %w", c.Serial, err)
	}
	return &Delegate{Certificate: c, Key: private, Algorithm: algorithm}, nil
}

// drop removes a record and the key of a certificate that has ended.
func (d *Delegates) drop(ctx context.Context, record *authority.Record) {
	var b body
	err := json.Unmarshal(record.Body, &b)
	if err == nil {
		err = d.config.Records.DeleteRecords(ctx, record)
	}
	if errors.Is(err, authority.ErrConflict) {
		return // another process was quicker
	}
	if err == nil {
		err = d.config.Keys.Forget(b.Key)
	}
	if err != nil {
		d.config.Log.WarnContext(ctx, "what is left of an ended certificate could not be removed", "of", d.config.Role, "ca", record.Owner, "error", err)
	}
}
