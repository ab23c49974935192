package remote

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/request"
)

// NewBinding makes a key of an external account.
func (d *Desk) NewBinding(ctx context.Context, b *acmeorder.Binding) ([]byte, error) {
	made, err := d.client.NewExternalAccount(ctx, client.ExternalAccount{Note: b.Note, Names: b.Names, Many: b.Many, Expires: b.Expires})
	if err != nil {
		return nil, plain(err)
	}
	*b = *bindingOf(made)
	key, err := base64.RawURLEncoding.DecodeString(made.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the key of an external account: %w", err)
	}
	return key, nil
}

func bindingOf(e *client.ExternalAccount) *acmeorder.Binding {
	return &acmeorder.Binding{KeyID: e.KeyID, State: e.State, Expires: e.Expires, Note: e.Note, Names: e.Names, Many: e.Many, Account: e.Account, Created: e.Created, By: e.By}
}

// Bindings lists the keys of external accounts.
func (d *Desk) Bindings(ctx context.Context) ([]*acmeorder.Binding, error) {
	return collected(d.client.ExternalAccounts(ctx), bindingOf)
}

// RevokeBinding makes a key of an external account worthless.
func (d *Desk) RevokeBinding(ctx context.Context, keyID, _ string) error {
	return missing(d.client.RevokeExternalAccount(ctx, keyID), request.UnknownRequest)
}

// Accounts lists the accounts of ACME.
func (d *Desk) Accounts(ctx context.Context) ([]*acmeorder.Account, error) {
	return collected(d.client.ACMEAccounts(ctx), func(a *client.ACMEAccount) *acmeorder.Account {
		return acmeorder.Told(a.ID, a.Status, a.Contact, a.ExternalAccount, a.Created)
	})
}

// Deactivate ends an account of ACME.
func (d *Desk) Deactivate(ctx context.Context, account, _ string) error {
	return missing(d.client.EndACMEAccount(ctx, account), request.UnknownRequest)
}
