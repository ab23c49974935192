package restsrv

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/request"
)

// acme registers what has to do with who may use ACME.
func (s *server) acme() {
	administrators, tags := []access.Role{access.Administrator}, []string{"acme"}
	on(s, huma.Operation{OperationID: "newExternalAccount", Method: http.MethodPost, Path: "/acme/eab", Summary: "Make a key of an external account of ACME; it is told this once", Tags: tags, DefaultStatus: http.StatusCreated}, administrators, s.newBinding)
	on(s, huma.Operation{OperationID: "listExternalAccounts", Method: http.MethodGet, Path: "/acme/eab", Summary: "List the keys of external accounts of ACME", Tags: tags}, administrators, s.listBindings)
	on(s, huma.Operation{OperationID: "revokeExternalAccount", Method: http.MethodDelete, Path: "/acme/eab/{id}", Summary: "Make a key of an external account of ACME worthless", Tags: tags, DefaultStatus: http.StatusNoContent}, administrators, s.revokeBinding)
	on(s, huma.Operation{OperationID: "listACMEAccounts", Method: http.MethodGet, Path: "/acme/accounts", Summary: "List the accounts of ACME", Tags: tags}, administrators, s.listAccounts)
	on(s, huma.Operation{OperationID: "endACMEAccount", Method: http.MethodDelete, Path: "/acme/accounts/{id}", Summary: "End an account of ACME for good", Tags: tags, DefaultStatus: http.StatusNoContent}, administrators, s.endAccount)
}

// operator manages ACME in the sender's name.
func (s *server) operator(x *sender) *acmeorder.Operator {
	return &acmeorder.Operator{Authority: s.Authority, Store: s.Store, Secrets: s.Secrets, By: x.Name, Now: s.Now}
}

type bindingInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes nothing twice, for 30 days: the key is told the first time only, and sent again the order is answered 409"`
	Body           client.ExternalAccount
}

type bindingOutput struct{ Body client.ExternalAccount }

func bindingOf(b *acmeorder.Binding, key []byte) client.ExternalAccount {
	return client.ExternalAccount{KeyID: b.KeyID, Key: base64.RawURLEncoding.EncodeToString(key), State: b.State, Note: b.Note, Names: b.Names, Many: b.Many,
		Account: b.Account, Created: b.Created, Expires: b.Expires, By: b.By}
}

func (s *server) newBinding(ctx context.Context, x *sender, in *bindingInput) (*bindingOutput, error) {
	if err := x.unlimited("what has to do with ACME"); err != nil {
		return nil, err
	}
	b := &acmeorder.Binding{Note: in.Body.Note, Names: in.Body.Names, Many: in.Body.Many, Expires: in.Body.Expires.UTC()}
	if !b.Expires.IsZero() && !b.Expires.After(s.Now()) {
		return nil, &request.Refusal{Reason: request.BadValidity, Field: "expires", Detail: "the key would have expired already", Fix: "give a time to come"}
	}
	operator := s.operator(x)
	var err error
	if operator.Once, err = s.once(ctx, x, in.IdempotencyKey, "/acme/eab", in.Body); err != nil {
		return nil, err
	}
	if err := s.boundBefore(ctx, operator.Once); err != nil {
		return nil, err
	}
	key, err := operator.NewBinding(ctx, b)
	if errors.Is(err, authority.ErrConflict) {
		err = cmp.Or(s.boundBefore(ctx, operator.Once), err) // the same order came twice at once
	}
	if err != nil {
		return nil, err
	}
	return &bindingOutput{bindingOf(b, key)}, nil
}

// boundBefore refuses an order that made a key before.
func (s *server) boundBefore(ctx context.Context, once *authority.Once) error {
	made, err := once.Made(ctx, s.Store)
	if err != nil || made == "" {
		return err
	}
	return toldBefore("the key "+made+" of an external account", "if it did not arrive, revoke it and order another with a new idempotency key: certwright acme eab revoke "+made)
}

type bindingPage struct {
	Body client.Page[client.ExternalAccount]
}

func (s *server) listBindings(ctx context.Context, x *sender, in *Paged) (*bindingPage, error) {
	if err := x.unlimited("what has to do with ACME"); err != nil {
		return nil, err
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.operator(x).Bindings(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &bindingPage{client.Page[client.ExternalAccount]{Items: []client.ExternalAccount{}}}
	for i, b := range found {
		if i == in.Limit {
			out.Body.Next = cursor(found[i-1].KeyID)
			break
		}
		out.Body.Items = append(out.Body.Items, bindingOf(b, nil))
	}
	return out, nil
}

type byKeyOrAccount struct {
	ID string `path:"id" maxLength:"100"`
}

func (s *server) revokeBinding(ctx context.Context, x *sender, in *byKeyOrAccount) (*nothing, error) {
	if err := x.unlimited("what has to do with ACME"); err != nil {
		return nil, err
	}
	return nil, absent(s.operator(x).RevokeBinding(ctx, in.ID), "there is no key of an external account "+in.ID)
}

type accountPage struct {
	Body client.Page[client.ACMEAccount]
}

func (s *server) listAccounts(ctx context.Context, x *sender, in *Paged) (*accountPage, error) {
	if err := x.unlimited("what has to do with ACME"); err != nil {
		return nil, err
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.operator(x).Accounts(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &accountPage{client.Page[client.ACMEAccount]{Items: []client.ACMEAccount{}}}
	for i, a := range found {
		if i == in.Limit {
			out.Body.Next = cursor(found[i-1].ID)
			break
		}
		out.Body.Items = append(out.Body.Items, client.ACMEAccount{ID: a.ID, Status: a.Status, Contact: a.Contact, ExternalAccount: a.Binding, Created: a.Created})
	}
	return out, nil
}

func (s *server) endAccount(ctx context.Context, x *sender, in *byKeyOrAccount) (*nothing, error) {
	if err := x.unlimited("what has to do with ACME"); err != nil {
		return nil, err
	}
	return nil, absent(s.operator(x).Deactivate(ctx, in.ID), "there is no account "+in.ID)
}

// absent words what a store says of a record that is not there.
func absent(err error, detail string) error {
	if errors.Is(err, authority.ErrNotFound) {
		return &request.Refusal{Reason: request.UnknownRequest, Field: "id", Detail: detail, Fix: "look for it in the list"}
	}
	return err
}
