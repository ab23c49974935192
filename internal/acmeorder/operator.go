package acmeorder

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// Operator is somebody who manages accounts and the keys of external accounts,
// with a server running over the same store or without one. What they do is in
// the audit chain.
type Operator struct {
	Authority *authority.Authority
	Store     authority.Store
	Secrets   Sealer // needed by NewBinding
	By        string
	Now       func() time.Time
	Once      *authority.Once // the order that NewBinding carries out, if it is to be remembered
}

// NewBinding records a key of an external account. KeyID, State, Created and
// By are filled in; the secret is returned only here.
func (x *Operator) NewBinding(ctx context.Context, b *Binding) (secret []byte, err error) {
	now := x.Now().UTC().Truncate(time.Millisecond)
	secret = newBindingKey()
	b.KeyID, b.State, b.Created, b.By = newID(now), BindingFree, now, x.By
	for i, name := range b.Names {
		if b.Names[i], err = coverage(name); err != nil {
			return nil, err
		}
	}
	r := &authority.Record{Kind: kindBinding, ID: b.KeyID, State: b.State, Due: b.Expires}
	body := bindingBody{Note: b.Note, Names: b.Names, Many: b.Many, Created: b.Created, By: b.By}
	if err := body.seal(ctx, x.Secrets, b.KeyID, secret); err != nil {
		return nil, err
	}
	if err := encode(r, &body); err != nil {
		return nil, err
	}
	with, err := x.Once.Records(b.KeyID)
	if err != nil {
		return nil, err
	}
	return secret, x.put(ctx, r, "acme.eab-made", struct {
		Note  string   `json:"note,omitempty"`
		Names []string `json:"names,omitempty"`
	}{b.Note, b.Names}, with...)
}

// newBindingKey draws a key whose base64url text does not begin with "-": the
// command lines of clients would take that for an option.
func newBindingKey() []byte {
	secret := make([]byte, bindingKeyLength)
	for {
		rand.Read(secret)
		if base64.RawURLEncoding.EncodeToString(secret[:1])[0] != '-' {
			return secret
		}
	}
}

// coverage is a name that accounts may order, or "*." and the name that all
// they may order is below, in one spelling. One that is neither is a
// *request.Refusal.
func coverage(name string) (string, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a.String(), nil
	}
	normal, why := checkDNS(strings.TrimSuffix(name, "."))
	if why != "" {
		return "", &request.Refusal{Reason: request.BadName, Field: "names", Detail: fmt.Sprintf("%q cannot be ordered: %s", name, why), Fix: "name a host or an address, or *.NAME for all below a name"}
	}
	return normal, nil
}

// put writes a record, and others with it, with an event that says so.
func (x *Operator) put(ctx context.Context, r *authority.Record, action string, detail any, with ...*authority.Record) error {
	e, err := authority.NewEvent(x.Now().UTC().Truncate(time.Millisecond), x.By, action, r.Kind+":"+r.ID, detail)
	if err != nil {
		return err
	}
	return authority.PutTold(ctx, x.Store, r, e, with...)
}

// Bindings returns the keys of external accounts after one, at most limit (0:
// all).
func (x *Operator) Bindings(ctx context.Context, after string, limit int) ([]*Binding, error) {
	list, err := x.Store.FindRecords(ctx, authority.RecordQuery{Kind: kindBinding, After: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("looking for keys of external accounts: %w", err)
	}
	var out []*Binding
	for _, r := range list {
		b, err := bindingOf(r)
		if err != nil {
			return nil, err
		}
		if b.State == BindingFree && !b.Expires.IsZero() && b.Expires.Before(x.Now()) {
			b.State = BindingExpired
		}
		out = append(out, b)
	}
	return out, nil
}

// Accounts returns the accounts after one, at most limit (0: all).
func (x *Operator) Accounts(ctx context.Context, after string, limit int) ([]*Account, error) {
	list, err := x.Store.FindRecords(ctx, authority.RecordQuery{Kind: kindAccount, After: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("looking for accounts: %w", err)
	}
	var out []*Account
	for _, r := range list {
		a, err := accountOf(r)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// RevokeBinding makes a key of an external account worthless: no account can
// be bound to it, and those that are get nothing more: what they have held is
// taken back. One that is not there is authority.ErrNotFound.
func (x *Operator) RevokeBinding(ctx context.Context, keyID string) error {
	if err := x.move(ctx, kindBinding, keyID, BindingRevoked, "acme.eab-revoked"); err != nil {
		return err
	}
	return x.takeBack(ctx, "")
}

// Deactivate ends an account in the name of the server, and takes back what it
// has held. One that is not there is authority.ErrNotFound.
func (x *Operator) Deactivate(ctx context.Context, id string) error {
	if err := x.move(ctx, kindAccount, id, acme.StatusRevoked, "acme.account-deactivated"); err != nil {
		return err
	}
	return x.takeBack(ctx, (&Account{ID: id}).Requester())
}

func (x *Operator) takeBack(ctx context.Context, requester string) error {
	return (&Title{Store: x.Store, Now: x.Now}).takeBack(ctx, x.Authority, requester)
}

// move gives a record another state.
func (x *Operator) move(ctx context.Context, kind, id, to, action string) error {
	for range tries {
		r, err := x.Store.Record(ctx, kind, id)
		if err != nil {
			return fmt.Errorf("looking for %s %s: %w", kind, id, err)
		}
		if r.State == to {
			return nil
		}
		from := r.State
		r.State = to
		err = x.put(ctx, r, action, struct {
			From string `json:"from"`
		}{from})
		if !errors.Is(err, authority.ErrConflict) {
			return err
		}
	}
	return errBusy
}
