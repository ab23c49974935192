package restsrv

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/task"
)

// administration registers what has to do with tokens, secrets and the audit
// chain.
func (s *server) administration() {
	administrators, auditors := []access.Role{access.Administrator}, []access.Role{access.Auditor}
	tags := []string{"access"}
	on(s, huma.Operation{OperationID: "newToken", Method: http.MethodPost, Path: "/tokens", Summary: "Make an API token; its text is told this once", Tags: tags, DefaultStatus: http.StatusCreated}, administrators, s.newToken)
	on(s, huma.Operation{OperationID: "listTokens", Method: http.MethodGet, Path: "/tokens", Summary: "List API tokens", Tags: tags}, administrators, s.listTokens)
	on(s, huma.Operation{OperationID: "revokeToken", Method: http.MethodDelete, Path: "/tokens/{id}", Summary: "Revoke an API token", Tags: tags, DefaultStatus: http.StatusOK}, administrators, s.revokeToken)
	on(s, huma.Operation{OperationID: "newSecret", Method: http.MethodPost, Path: "/secrets", Summary: "Keep a shared secret; one that is made is told this once", Tags: tags, DefaultStatus: http.StatusCreated}, administrators, s.newSecret)
	on(s, huma.Operation{OperationID: "listSecrets", Method: http.MethodGet, Path: "/secrets", Summary: "List shared secrets", Tags: tags}, administrators, s.listSecrets)
	on(s, huma.Operation{OperationID: "getSecret", Method: http.MethodGet, Path: "/secrets/{reference}", Summary: "Show what is known of a shared secret", Tags: tags}, administrators, s.getSecret)
	on(s, huma.Operation{OperationID: "revokeSecret", Method: http.MethodDelete, Path: "/secrets/{reference}", Summary: "Revoke a shared secret", Tags: tags, DefaultStatus: http.StatusOK}, administrators, s.revokeSecret)
	on(s, huma.Operation{OperationID: "listEvents", Method: http.MethodGet, Path: "/audit", Summary: "Show the audit chain, oldest first", Tags: []string{"audit"}}, auditors, s.listEvents)
	on(s, huma.Operation{OperationID: "verifyAudit", Method: http.MethodGet, Path: "/audit/verify", Summary: "Verify the audit chain", Tags: []string{"audit"}}, auditors, s.verifyAudit)
}

type tokenInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"is refused: the text of a token is told once, and not kept"`
	Body           client.Token
}

type tokenOutput struct{ Body client.Token }

func tokenOf(t *access.Token, text string) client.Token {
	out := client.Token{ID: t.ID, Name: t.Name, Roles: []string{}, Profiles: t.Profiles, CAs: t.CAs, Description: t.Description, Expires: t.Expires, By: t.By, Created: t.Created,
		Revoked: t.Revoked, RevokedBy: t.RevokedBy, Text: text}
	for _, r := range t.Roles {
		out.Roles = append(out.Roles, string(r))
	}
	return out
}

// tokensEnd is when a token ends of which nothing is said.
const tokensEnd = 90 * 24 * time.Hour

func (s *server) newToken(ctx context.Context, x *sender, in *tokenInput) (*tokenOutput, error) {
	b := &in.Body
	if in.IdempotencyKey != "" {
		return nil, usage("leave the header out; a token whose text did not arrive can be found and revoked: certwright token list", "a token cannot be made with an Idempotency-Key: its text is told once, and not kept")
	}
	if err := task.Finds(ctx, s.office, s.Profiles.Get, b.Profiles, b.CAs); err != nil {
		return nil, err
	}
	if err := x.grants(b.Profiles, b.CAs); err != nil {
		return nil, err
	}
	expires := b.Expires
	switch {
	case !expires.IsZero() && b.NoExpiry:
		return nil, usage("leave one of the two out", "expires and noExpiry exclude each other")
	case expires.IsZero() && !b.NoExpiry:
		expires = s.Now().UTC().Truncate(time.Second).Add(tokensEnd)
	}
	t := access.Token{Name: b.Name, Profiles: b.Profiles, CAs: b.CAs, Description: b.Description, Expires: expires, By: x.Name}
	for _, r := range b.Roles {
		t.Roles = append(t.Roles, access.Role(r))
	}
	made, text, err := s.Tokens.New(ctx, t)
	if err != nil {
		return nil, err
	}
	return &tokenOutput{tokenOf(made, text)}, nil
}

type tokenList struct {
	Paged
	Name string `query:"name" doc:"whose they are"`
}

type tokenPage struct{ Body client.Page[client.Token] }

func (s *server) listTokens(ctx context.Context, x *sender, in *tokenList) (*tokenPage, error) {
	found, next, err := pageOf(&in.Paged, func(after string, limit int) ([]*access.Token, error) {
		return s.Tokens.List(ctx, in.Name, after, limit)
	},
		func(t *access.Token) string { return t.ID }, x.seesToken)
	if err != nil {
		return nil, err
	}
	out := &tokenPage{client.Page[client.Token]{Items: []client.Token{}, Next: next}}
	for _, t := range found {
		out.Body.Items = append(out.Body.Items, tokenOf(t, ""))
	}
	return out, nil
}

// seesToken reports whether a token is one that the sender might have made.
func (x *sender) seesToken(t *access.Token) bool { return x.grants(t.Profiles, t.CAs) == nil }

// after is the ID that the page before ended with.
func (p *Paged) after() (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	at, err := readCursor(p.Cursor, 1)
	if err != nil {
		return "", err
	}
	return at[0], nil
}

type byID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) revokeToken(ctx context.Context, x *sender, in *byID) (*tokenOutput, error) {
	t, err := s.Tokens.Get(ctx, in.ID)
	if err == nil && !x.seesToken(t) {
		err = access.UnknownToken(in.ID)
	}
	if err != nil {
		return nil, err
	}
	if t, err = s.Tokens.Revoke(ctx, in.ID, x.Name); err != nil {
		return nil, err
	}
	return &tokenOutput{tokenOf(t, "")}, nil
}

type secretInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes nothing twice, for 30 days: a value that is made is told the first time only, and sent again the order is answered 409"`
	Body           client.Secret
}

type secretOutput struct{ Body client.Secret }

func (s *server) secretOf(k *secret.Secret, value string) client.Secret {
	return client.Secret{Reference: k.Reference, Doors: k.Doors, Profile: k.Profile, CA: k.CA, Names: k.Names, Uses: k.Uses, Used: k.Used, Description: k.Description,
		Expires: k.Expires, Value: value, State: k.State(s.Now()), By: k.By, Created: k.Created, Revoked: k.Revoked, RevokedBy: k.RevokedBy}
}

func (s *server) newSecret(ctx context.Context, x *sender, in *secretInput) (*secretOutput, error) {
	b := &in.Body
	profile, ca, err := x.Scope(b.Profile, b.CA)
	if err != nil {
		return nil, err
	}
	if err := task.Finds(ctx, s.office, s.Profiles.Get, []string{profile}, []string{ca}); err != nil {
		return nil, err
	}
	once, err := s.once(ctx, x, in.IdempotencyKey, "/secrets", *b)
	if err != nil {
		return nil, err
	}
	if out, err := s.keptBefore(ctx, once, b); out != nil || err != nil {
		return out, err
	}
	made, value, err := s.Secrets.NewOnce(ctx, secret.Secret{Reference: b.Reference, Doors: b.Doors, Profile: profile, CA: ca, Names: b.Names, Uses: b.Uses,
		Description: b.Description, Expires: b.Expires, By: x.Name}, b.Value, once)
	if err != nil {
		if out, again := s.keptBefore(ctx, once, b); out != nil || again != nil { // the same order came twice at once
			return out, again
		}
		return nil, err
	}
	if b.Value != "" {
		value = ""
	}
	return &secretOutput{s.secretOf(made, value)}, nil
}

// keptBefore is the answer to an order that made a secret before; nil if it did
// not. Whoever gave the value need not be told it.
func (s *server) keptBefore(ctx context.Context, once *authority.Once, b *client.Secret) (*secretOutput, error) {
	made, err := once.Made(ctx, s.Store)
	if err != nil || made == "" {
		return nil, err
	}
	if b.Value == "" {
		return nil, toldBefore("the secret "+made, "if its value did not arrive, revoke it and order another with a new idempotency key: certwright secret revoke "+made)
	}
	k, err := s.Secrets.Get(ctx, made)
	if err != nil {
		return nil, err
	}
	return &secretOutput{s.secretOf(k, "")}, nil
}

type secretPage struct{ Body client.Page[client.Secret] }

func (s *server) listSecrets(ctx context.Context, x *sender, in *Paged) (*secretPage, error) {
	found, next, err := pageOf(in, func(after string, limit int) ([]*secret.Secret, error) { return s.Secrets.List(ctx, after, limit) },
		func(k *secret.Secret) string { return k.Reference }, x.seesSecret)
	if err != nil {
		return nil, err
	}
	out := &secretPage{client.Page[client.Secret]{Items: []client.Secret{}, Next: next}}
	for _, k := range found {
		out.Body.Items = append(out.Body.Items, s.secretOf(k, ""))
	}
	return out, nil
}

func (x *sender) seesSecret(k *secret.Secret) bool { return x.within(k.CA, k.Profile) }

type byReference struct {
	Reference string `path:"reference" maxLength:"100"`
}

func (s *server) getSecret(ctx context.Context, x *sender, in *byReference) (*secretOutput, error) {
	k, err := s.Secrets.Get(ctx, in.Reference)
	if err == nil && !x.seesSecret(k) {
		err = secret.Unknown(in.Reference)
	}
	if err != nil {
		return nil, err
	}
	return &secretOutput{s.secretOf(k, "")}, nil
}

func (s *server) revokeSecret(ctx context.Context, x *sender, in *byReference) (*secretOutput, error) {
	if _, err := s.getSecret(ctx, x, in); err != nil {
		return nil, err
	}
	k, err := s.Secrets.Revoke(ctx, in.Reference, x.Name)
	if err != nil {
		return nil, err
	}
	return &secretOutput{s.secretOf(k, "")}, nil
}

type eventList struct {
	Paged
	From int64 `query:"from" minimum:"1" default:"1" doc:"the first entry, by number"`
}

type eventPage struct{ Body client.Page[client.Event] }

func (s *server) listEvents(ctx context.Context, x *sender, in *eventList) (*eventPage, error) {
	if err := x.unlimited("the audit chain"); err != nil {
		return nil, err
	}
	from := in.From
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	if after != "" {
		if from, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, badCursor()
		}
	}
	out := &eventPage{client.Page[client.Event]{Items: []client.Event{}}}
	for e, err := range s.Store.Events(ctx, from) {
		if err != nil {
			return nil, err
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = cursor(strconv.FormatInt(e.Seq, 10))
			break
		}
		told := client.Event{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Object: e.Object, Previous: hex.EncodeToString(e.Previous), Hash: hex.EncodeToString(e.Hash)}
		if json.Valid(e.Detail) {
			told.Detail = e.Detail
		}
		out.Body.Items = append(out.Body.Items, told)
	}
	return out, nil
}

type auditOutput struct{ Body client.Audit }

func (s *server) verifyAudit(ctx context.Context, _ *sender, _ *nothing) (*auditOutput, error) {
	faults, events, head, err := s.Authority.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	out := &auditOutput{client.Audit{Whole: len(faults) == 0, Events: events, Head: hex.EncodeToString(head), Faults: []client.AuditFault{}}}
	for _, f := range faults {
		out.Body.Faults = append(out.Body.Faults, client.AuditFault{Seq: f.Seq, Kind: f.Kind, Detail: f.Detail})
	}
	return out, nil
}
