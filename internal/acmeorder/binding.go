package acmeorder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
)

// The states of a binding.
const (
	BindingFree    = "free"
	BindingBound   = "bound"
	BindingRevoked = "revoked"
	BindingExpired = "expired" // as it is told of one that is free and cannot be bound any more
)

const (
	bindingKeyLength = 32      // octets
	bindingAlgorithm = "HS256" // the one that the length is enough for (RFC 7518, Section 3.2)
)

// Binding is a key of an external account, handed to somebody so that accounts
// can be tied to them (RFC 8555, Section 7.3.4).
type Binding struct {
	KeyID   string    `json:"keyID"`
	State   string    `json:"state"`             // free, bound, revoked, expired
	Expires time.Time `json:"expires,omitzero"`  // by when it must be bound
	Note    string    `json:"note,omitempty"`    // whom it is for
	Names   []string  `json:"names,omitempty"`   // that its accounts may order: "a.example", "*.example" for all below; empty: any
	Many    bool      `json:"many,omitempty"`    // more than one account may be bound
	Account string    `json:"account,omitempty"` // the one bound to it last
	Created time.Time `json:"created"`
	By      string    `json:"by,omitempty"` // who made it
}

type bindingBody struct {
	Plain   []byte    `json:"secret,omitempty"` // as older versions have recorded the key
	Sealed  []byte    `json:"sealed,omitempty"`
	Note    string    `json:"note,omitempty"`
	Names   []string  `json:"names,omitempty"`
	Many    bool      `json:"many,omitempty"`
	Account string    `json:"account,omitempty"`
	Created time.Time `json:"created"`
	By      string    `json:"by,omitempty"`
}

func bindingOf(r *authority.Record) (*Binding, error) {
	var b bindingBody
	if err := decode(r, &b); err != nil {
		return nil, err
	}
	return &Binding{KeyID: r.ID, State: r.State, Expires: r.Due, Note: b.Note, Names: b.Names, Many: b.Many, Account: b.Account, Created: b.Created, By: b.By}, nil
}

// bind checks the external account binding of a registration, and returns the
// binding's record as it is to be written; nil where there is none.
func (o *Orders) bind(ctx context.Context, r *Registration, a *Account) (*authority.Record, error) {
	if r.Binding == nil {
		if o.settings.RequireBinding {
			return nil, acme.NewProblem(acme.ExternalAccountRequired, "accounts are made here only with an external account binding; ask the operator for a key ID and a key")
		}
		return nil, nil
	}
	m, err := acme.ParseBinding(r.Binding)
	if err != nil {
		return nil, acme.NewProblem(acme.Malformed, "the external account binding cannot be read; it is a JWS by HS256 with kid and url in its protected header")
	}
	if m.Header.URL != r.URL || m.HasNonce() || m.Header.Key != nil {
		return nil, acme.NewProblem(acme.Malformed, "the protected header of the external account binding must have the url of newAccount, and no nonce or jwk")
	}
	if m.Header.Algorithm != bindingAlgorithm {
		return nil, acme.NewProblem(acme.Malformed, fmt.Sprintf("the external account binding is by %s; the keys that are handed out here have %d octets, which are enough for %s alone, so sign by that", m.Header.Algorithm, bindingKeyLength, bindingAlgorithm))
	}
	wrong := acme.NewProblem(acme.Unauthorized, "the external account binding is not by a key that was handed out here and is still good; look at the key ID and the key, or ask the operator for new ones")
	record, err := o.config.Store.Record(ctx, kindBinding, m.Header.KeyID)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, wrong
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a key of an external account: %w", err)
	}
	var b bindingBody
	if err := decode(record, &b); err != nil {
		return nil, err
	}
	secret, err := b.key(ctx, o.config.Secrets, record.ID)
	if err != nil {
		return nil, err
	}
	payload, err := m.VerifyMAC(secret)
	if err != nil {
		return nil, wrong
	}
	if !sameKey(payload, r.Key) {
		return nil, acme.NewProblem(acme.Malformed, "the external account binding is for another account key; its payload must be the jwk of this request")
	}
	if record.State == BindingRevoked || !record.Due.IsZero() && record.Due.Before(o.now()) || record.State == BindingBound && !b.Many {
		return nil, acme.NewProblem(acme.Unauthorized, "the key of the external account was used, has expired or was revoked; ask the operator for a new one")
	}
	a.Binding, b.Account, record.State = record.ID, a.ID, BindingBound
	return record, encode(record, &b)
}

func sameKey(jwk []byte, k *acme.Key) bool {
	var other acme.Key
	return json.Unmarshal(bytes.TrimSpace(jwk), &other) == nil && other.Thumbprint() == k.Thumbprint()
}

// mayOrder refuses an account whose binding was revoked, or does not cover
// the names. It returns the record of the binding; nil where there is none.
func (o *Orders) mayOrder(ctx context.Context, a *Account, names []acme.Identifier) (*authority.Record, error) {
	if a.Binding == "" {
		return nil, nil
	}
	record, err := o.config.Store.Record(ctx, kindBinding, a.Binding)
	if errors.Is(err, authority.ErrNotFound) || err == nil && record.State == BindingRevoked {
		return nil, acme.NewProblem(acme.Unauthorized, "the external account that this account is bound to was revoked; ask the operator for a new key")
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a key of an external account: %w", err)
	}
	b, err := bindingOf(record)
	if err != nil {
		return nil, err
	}
	var refused []acme.Identifier
	for _, n := range names {
		if !b.covers(n.Value) {
			refused = append(refused, n)
		}
	}
	return record, rejected(refused, "the external account of this account is not for this name; it is for "+strings.Join(b.Names, ", "))
}

func (b *Binding) covers(name string) bool {
	return len(b.Names) == 0 || slices.ContainsFunc(b.Names, func(pattern string) bool {
		suffix, below := strings.CutPrefix(pattern, "*")
		return pattern == name || below && strings.HasSuffix(name, suffix)
	})
}
