package acmeorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
)

// Account is an account.
type Account struct {
	ID         string
	Status     string // valid, deactivated, revoked
	Thumbprint string // of Key
	accountBody
	record *authority.Record
}

type accountBody struct {
	Key     acme.Key  `json:"key"`
	Contact []string  `json:"contact,omitempty"`
	Agreed  bool      `json:"agreed,omitempty"`
	Binding string    `json:"binding,omitempty"` // the key ID of its external account binding
	Created time.Time `json:"created"`
	Former  []string  `json:"former,omitempty"` // thumbprints of keys it had before
}

// Told is an account as another server tells of it: without its key.
func Told(id, status string, contact []string, binding string, created time.Time) *Account {
	return &Account{ID: id, Status: status, accountBody: accountBody{Contact: contact, Binding: binding, Created: created}}
}

// Requester is the name by which requests of an account are recorded.
func (a *Account) Requester() string { return "acme/" + a.ID }

// thumbprints are those of all keys that the account had, the present one first.
func (a *Account) thumbprints() []string { return append([]string{a.Thumbprint}, a.Former...) }

func accountOf(r *authority.Record) (*Account, error) {
	a := &Account{ID: r.ID, Status: r.State, Thumbprint: r.Name, record: r}
	return a, decode(r, &a.accountBody)
}

// Account returns the account of an ID; nil if there is none.
func (o *Orders) Account(ctx context.Context, id string) (*Account, error) {
	r, err := o.config.Store.Record(ctx, kindAccount, id)
	if a, ok := o.accounts.get(id); ok && err == nil && a.Status == r.State && a.Thumbprint == r.Name && bytes.Equal(a.record.Body, r.Body) {
		same := *a
		same.record = r
		return &same, nil
	}
	a, err := found(r, err)
	if a != nil && err == nil {
		own := *a
		o.accounts.put(id, &own)
	}
	return a, err
}

// AccountOf returns the account of a key; nil if there is none.
func (o *Orders) AccountOf(ctx context.Context, k *acme.Key) (*Account, error) {
	return found(o.config.Store.RecordNamed(ctx, kindAccount, k.Thumbprint()))
}

func found(r *authority.Record, err error) (*Account, error) {
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for an account: %w", err)
	}
	return accountOf(r)
}

// Registration asks for an account.
type Registration struct {
	Key     *acme.Key
	Contact []string
	Agreed  bool
	Only    bool         // only an account that exists
	Binding *acme.Signed // nil: none
	URL     string       // of the request, which the binding is made for
	Address string       // of the client
}

// Register makes an account, or returns the one of the key; created tells
// which.
func (o *Orders) Register(ctx context.Context, r Registration) (a *Account, created bool, err error) {
	for range tries {
		if a, err = o.AccountOf(ctx, r.Key); a != nil || err != nil {
			return a, false, err
		}
		if r.Only {
			return nil, false, acme.NewProblem(acme.AccountDoesNotExist, "there is no account of this key; make one first, without onlyReturnExisting")
		}
		if a, err = o.create(ctx, &r); !errors.Is(err, authority.ErrConflict) {
			return a, err == nil, err
		}
	}
	return nil, false, errBusy
}

func (o *Orders) create(ctx context.Context, r *Registration) (*Account, error) {
	if o.settings.TermsOfService != "" && !r.Agreed {
		p := acme.NewProblem(acme.UserActionRequired, "the terms of service must be agreed to; read "+o.settings.TermsOfService+" and set termsOfServiceAgreed")
		p.Instance = o.settings.TermsOfService
		return nil, p
	}
	if err := checkContact(r.Contact); err != nil {
		return nil, err
	}
	now := o.now()
	a := &Account{ID: newID(now), Status: acme.StatusValid, Thumbprint: r.Key.Thumbprint()}
	a.accountBody = accountBody{Key: *r.Key, Contact: r.Contact, Agreed: r.Agreed, Created: now}
	a.record = &authority.Record{Kind: kindAccount, ID: a.ID, Name: a.Thumbprint, State: a.Status}
	writes := []*authority.Record{a.record}
	bound, err := o.bind(ctx, r, a)
	if err != nil {
		return nil, err
	}
	if bound != nil {
		writes = append(writes, bound)
	}
	if o.settings.AccountsPerAddress.Count > 0 {
		from := network(r.Address)
		limit, err := o.spend(ctx, o.settings.AccountsPerAddress, "address:"+from, "accounts were made from "+from)
		if err != nil {
			return nil, err
		}
		writes = append(writes, limit)
	}
	if err := encode(a.record, &a.accountBody); err != nil {
		return nil, err
	}
	if err := o.config.Store.PutRecords(ctx, writes...); err != nil {
		return nil, fmt.Errorf("recording an account: %w", err)
	}
	return a, nil
}

func checkContact(contact []string) error {
	const most = 10
	if len(contact) > most {
		return acme.NewProblem(acme.InvalidContact, fmt.Sprintf("there are %d contacts; give no more than %d", len(contact), most))
	}
	for _, c := range contact {
		scheme, address, _ := strings.Cut(c, ":")
		if !strings.EqualFold(scheme, "mailto") {
			return acme.NewProblem(acme.UnsupportedContact, "the contact is not of the form mailto:name@domain, the only one taken here")
		}
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address || len(address) > 254 || strings.ContainsAny(address, "?,") {
			return acme.NewProblem(acme.InvalidContact, "the contact is no mail address; write one address, as mailto:name@domain")
		}
	}
	return nil
}

// Update changes an account: its contacts, or to deactivated, with which all
// that it has held is taken back (RFC 8555, Section 7.3.6).
func (o *Orders) Update(ctx context.Context, a *Account, u acme.AccountUpdate) (*Account, error) {
	if u.Status != "" && u.Status != acme.StatusDeactivated && u.Status != a.Status {
		return nil, acme.NewProblem(acme.Malformed, "the status of an account can only be set to deactivated")
	}
	if u.Contact != nil {
		if err := checkContact(*u.Contact); err != nil {
			return nil, err
		}
	}
	changed, err := o.change(ctx, a.ID, func(a *Account) error {
		if u.Contact != nil {
			a.Contact = *u.Contact
		}
		if u.Status == acme.StatusDeactivated {
			a.record.State = u.Status
		}
		return nil
	})
	if err == nil && changed.Status == acme.StatusDeactivated {
		err = o.takeBack(ctx, changed)
	}
	return changed, err
}

// KeyTaken says that another account has the key already.
type KeyTaken struct{ Account string }

// Error says so.
func (e *KeyTaken) Error() string {
	return "an account has this key already; make a new key"
}

// RollOver gives an account another key (RFC 8555, Section 7.3.5). A key that
// another account has is *KeyTaken.
func (o *Orders) RollOver(ctx context.Context, a *Account, to *acme.Key) (*Account, error) {
	other, err := o.AccountOf(ctx, to)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return nil, &KeyTaken{other.ID}
	}
	from := a.Thumbprint
	changed, err := o.change(ctx, a.ID, func(a *Account) error {
		if a.Thumbprint != from {
			return acme.NewProblem(acme.Unauthorized, "the key of the account was changed meanwhile")
		}
		a.record.Name = to.Thumbprint()
		a.Former = slices.Insert(a.Former, 0, from)
		a.Key = *to
		return nil
	})
	if !errors.Is(err, errBusy) {
		return changed, err
	}
	if other, _ = o.AccountOf(ctx, to); other != nil {
		return nil, &KeyTaken{other.ID}
	}
	return nil, err
}

// change makes a change of an account, anew where it was changed meanwhile.
func (o *Orders) change(ctx context.Context, id string, edit func(*Account) error) (*Account, error) {
	const few = 5
	for range few {
		a, err := found(o.config.Store.Record(ctx, kindAccount, id))
		if err != nil {
			return nil, err
		}
		if a == nil {
			return nil, acme.NewProblem(acme.AccountDoesNotExist, "there is no account "+id)
		}
		if err := edit(a); err != nil {
			return nil, err
		}
		if err := encode(a.record, &a.accountBody); err != nil {
			return nil, err
		}
		err = o.config.Store.PutRecords(ctx, a.record)
		if err == nil {
			return accountOf(a.record)
		}
		if !errors.Is(err, authority.ErrConflict) {
			return nil, fmt.Errorf("recording account %s: %w", id, err)
		}
	}
	return nil, errBusy
}
