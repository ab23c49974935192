// Package delegate keeps the certificates that authorities issue to those who
// sign answers in their stead, OCSP responders and CMP servers, with keys that
// outlast the process, and replaces them in time.
package delegate

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// Config says what the delegates of one kind are.
type Config struct {
	Authority *authority.Authority
	Records   authority.Records // remember their certificates and keys
	Keys      authority.Keys
	Log       *slog.Logger

	Kind string // of their records: "ocsp-responder"
	Role string // what they are called, in their names too: "OCSP Responder"
	Key  string // what the names of their keys end in: "ocsp"
	// Changes counts the changes of status of an authority's certificates, as
	// Store.LastChange does, and is looked at once in Fresh: what other processes
	// revoke is not used any more then. Nil where Forget is told of them.
	Changes func(ctx context.Context, ca string) (int64, error)
	Fresh   time.Duration

	// Certify submits a delegate's request to the authority of this name.
	Certify func(ctx context.Context, ca string, r *request.Request) (*authority.Outcome, error)
}

// Issuer is an authority as it is now.
type Issuer struct {
	Name        string
	Certificate *cert.Certificate
}

// Delegate is a certificate and its key.
type Delegate struct {
	Certificate *cert.Certificate
	Key         crypto.Signer
	Algorithm   key.SignatureAlgorithm

	issuer []byte // the authority's certificate that was found to be the issuer
}

// Delegates are those of one kind, of all authorities. It is safe for
// concurrent use, by several processes over one store too.
type Delegates struct {
	config Config

	mu  sync.Mutex
	all map[string]*current // by authority
}

// current is what is known of the delegates of one authority.
type current struct {
	sync.Mutex
	now   *Delegate
	tried time.Time // when the last try to get another one failed

	looked time.Time // at the count of changes
	change int64     // the count then

	serial atomic.Pointer[[]byte] // of now
	ended  atomic.Bool            // now was revoked since
}

// New checks the configuration and returns the delegates.
func New(c Config) (*Delegates, error) {
	switch {
	case c.Authority == nil || c.Records == nil || c.Keys == nil || c.Log == nil:
		return nil, errors.New("delegates need the authorities, records, keys and a log")
	case c.Kind == "" || c.Role == "" || c.Key == "" || c.Certify == nil:
		return nil, errors.New("delegates need names and a way to be certified")
	}
	d := &Delegates{config: c, all: map[string]*current{}}
	c.Authority.OnStatus(d.Forget)
	return d, nil
}

// Forget has a delegate replaced whose status changed. What this process
// changes is known without.
func (d *Delegates) Forget(ca string, serial []byte) {
	of := d.of(ca)
	if now := of.serial.Load(); now != nil && bytes.Equal(bytes.TrimLeft(*now, "\x00"), serial) {
		of.ended.Store(true)
	}
}

// retry is how long to wait after a certificate could not be had, where the
// old one still does.
const retry = time.Minute

// due reports whether a delegate is to be replaced: two thirds of its time are
// over, or its end comes before that of the answers it signs. One that ends
// with its authority is the last.
func (d *Delegate) due(now time.Time, by Issuer, validity time.Duration) bool {
	if !d.Certificate.NotAfter.Before(by.Certificate.NotAfter) {
		return now.After(d.Certificate.NotAfter)
	}
	left, life := d.Certificate.NotAfter.Sub(now), d.Certificate.NotAfter.Sub(d.Certificate.NotBefore)
	return left < life/3 || left < validity && validity < life*2/3
}

// Of returns what signs the answers of an authority, which are valid for so
// long after now.
func (d *Delegates) Of(ctx context.Context, by Issuer, now time.Time, validity time.Duration) (*Delegate, error) {
	of := d.of(by.Name)
	of.Lock()
	defer of.Unlock()
	if err := d.look(ctx, by.Name, of); err != nil {
		return nil, err
	}
	if of.ended.Swap(false) || of.now != nil && !of.now.issuedBy(by) {
		of.now = nil
	}
	if of.now != nil && (!of.now.due(now, by, validity) || now.Sub(of.tried).Abs() < retry && now.Before(of.now.Certificate.NotAfter)) {
		return of.now, nil
	}
	err := d.replace(ctx, by, of, now, validity)
	if err == nil {
		return of.now, nil
	}
	if of.now == nil || now.After(of.now.Certificate.NotAfter) {
		return nil, err
	}
	of.tried = now
	d.config.Log.ErrorContext(ctx, "a certificate could not be replaced, and is used until it ends", "of", d.config.Role, "ca", by.Name, "end", of.now.Certificate.NotAfter, "error", err)
	return of.now, nil
}

// replace finds another delegate. It is looked up again when Forget knows its
// number: what was changed before that is on record by then.
func (d *Delegates) replace(ctx context.Context, by Issuer, of *current, now time.Time, validity time.Duration) error {
	next, err := d.next(ctx, by, now, validity)
	if err != nil {
		return err
	}
	of.serial.Store(&next.Certificate.SerialBytes)
	if err := d.stands(ctx, by.Name, next.Certificate); err != nil {
		return err
	}
	of.now = next
	return nil
}

// look drops the delegate that another process has revoked.
func (d *Delegates) look(ctx context.Context, ca string, of *current) error {
	if d.config.Changes == nil || of.now == nil || time.Since(of.looked) < d.config.Fresh {
		return nil
	}
	last, err := d.config.Changes(ctx, ca)
	if err != nil {
		return fmt.Errorf("reading what changed of authority %q: %w", ca, err)
	}
	if last != of.change {
		var withdrawn *withdrawnError
		if err := d.stands(ctx, ca, of.now.Certificate); errors.As(err, &withdrawn) {
			of.now = nil
		} else if err != nil {
			return err
		}
	}
	of.looked, of.change = time.Now(), last
	return nil
}

func (d *Delegates) of(ca string) *current {
	d.mu.Lock()
	defer d.mu.Unlock()
	of := d.all[ca]
	if of == nil {
		of = &current{}
		d.all[ca] = of
	}
	return of
}

// issuedBy reports whether a delegate is of this authority as it is now; the
// signature is looked at once.
func (d *Delegate) issuedBy(by Issuer) bool {
	if bytes.Equal(d.issuer, by.Certificate.Raw) {
		return true
	}
	if !d.Certificate.Issuer.Equal(by.Certificate.Subject) || d.Certificate.CheckSignature(by.Certificate.PublicKey) != nil {
		return false
	}
	d.issuer = by.Certificate.Raw
	return true
}
