package acmeorder

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// The states of an order's record: what there is to do about it.
const (
	statePending = "pending" // the client must act
	stateRunning = "running" // a validation is claimed, until Due
	stateReady   = "ready"   // every name is validated; a ticket with the order's key says the rest
	stateInvalid = "invalid"
)

// Order is an order, with what has become of it.
type Order struct {
	ID     string
	Status string // as ACME names it
	orderBody
	Outcome *authority.Outcome // once finalized
	record  *authority.Record
}

type orderBody struct {
	Account        string            `json:"account,omitempty"` // URL of the account when it ordered
	CA             string            `json:"ca,omitempty"`
	Profile        string            `json:"profile"`
	Identifiers    []acme.Identifier `json:"identifiers"`
	NotBefore      *time.Time        `json:"notBefore,omitempty"`
	NotAfter       *time.Time        `json:"notAfter,omitempty"`
	Replaces       string            `json:"replaces,omitempty"`
	Renews         bool              `json:"renews,omitempty"` // Replaces is a certificate of the account, for a name of the order
	Expires        time.Time         `json:"expires"`
	Authorizations []Authorization   `json:"authorizations"`  // one for each identifier, in the same order
	Alone          bool              `json:"alone,omitempty"` // nothing was ordered: the authorization was made ahead
	Error          *acme.Problem     `json:"error,omitempty"`
}

// Authorization is the account's standing with one identifier.
type Authorization struct {
	Identifier acme.Identifier `json:"identifier"` // without "*."
	Wildcard   bool            `json:"wildcard,omitempty"`
	Token      string          `json:"token"`
	Methods    []string        `json:"methods"`
	Expires    time.Time       `json:"expires"`
	Status     string          `json:"status"`           // pending, processing, valid, invalid, deactivated
	Tried      string          `json:"tried,omitempty"`  // the method that the client chose
	Holder     string          `json:"holder,omitempty"` // who validates
	Until      time.Time       `json:"until,omitzero"`   // the claim of the holder ends
	Validated  time.Time       `json:"validated,omitzero"`
	CAA        []string        `json:"caa,omitempty"`      // the names of this authority that CAA records were looked at for then; none: they were not
	ProofEnds  time.Time       `json:"proofEnds,omitzero"` // nothing may be issued on the strength of it from then on; zero: it says no end
	Error      *acme.Problem   `json:"error,omitempty"`
	Of         Place           `json:"of,omitzero"` // the one of another order that this is taken over from

	proven bool // just now
}

// Placement asks for an order.
type Placement struct {
	acme.NewOrder
	CA string // empty: the default
}

// key is what a submission of the order is known by.
func key(order string) string { return "acme-order:" + order }

// Place makes an order, with its authorizations, in one record.
func (o *Orders) Place(ctx context.Context, a *Account, p Placement) (*Order, error) {
	names, err := o.checkNames(p.Identifiers)
	if err != nil {
		return nil, err
	}
	if p.Profile == "" {
		p.Profile = o.settings.DefaultProfile
	} else if _, offered := o.settings.Profiles[p.Profile]; !offered && p.Profile != o.settings.DefaultProfile {
		return nil, acme.NewProblem(acme.InvalidProfile, "no profile of this name is offered here; take one of meta.profiles of the directory, or none")
	}
	if p.CA == "" {
		p.CA = o.settings.DefaultCA
	}
	if p.NotAfter != nil && !p.NotAfter.After(o.now()) || p.NotBefore != nil && p.NotAfter != nil && !p.NotAfter.After(*p.NotBefore) {
		return nil, acme.NewProblem(acme.Malformed, "notAfter of the order is over already, or not after notBefore")
	}
	if err := o.possible(&p); err != nil {
		return nil, err
	}
	if _, err := o.mayOrder(ctx, a, names); err != nil {
		return nil, err
	}
	if _, err := o.spentNames(ctx, names); err != nil {
		return nil, err
	}
	order, err := o.newOrder(ctx, a, &p, names)
	if err != nil {
		return nil, err
	}
	if order.record.Name, err = o.replacing(ctx, a, order); err != nil {
		return nil, err
	}
	order.Renews = order.record.Name != ""
	for range tries {
		err := o.put(ctx, a, order)
		if !errors.Is(err, authority.ErrConflict) {
			return order, err
		}
		if err := o.takeOver(ctx, order.record.Name); err != nil {
			return nil, err
		}
	}
	return nil, errBusy
}

// possible refuses ends of the validity that the profile gives at no time while
// the order lasts (RFC 8555, Section 7.4).
func (o *Orders) possible(p *Placement) error {
	if p.NotBefore == nil && p.NotAfter == nil {
		return nil
	}
	profile, err := o.config.Authority.Profile(p.Profile)
	if err != nil {
		return fmt.Errorf("reading the profile %q of an order: %s", p.Profile, err.Error())
	}
	asked := p.asked()
	now := o.now()
	times := []time.Time{now, now.Add(o.settings.OrderLifetime)}
	if asked.NotBefore.After(now) && asked.NotBefore.Before(times[1]) {
		times = append(times, asked.NotBefore)
	}
	var refusal *request.Refusal
	for _, at := range slices.Backward(times) {
		if refusal = profile.RefusesValidity(asked, at); refusal == nil {
			return nil
		}
	}
	return acme.NewProblem(acme.Malformed, refusal.Detail+"; "+refusal.Fix)
}

// asked are the ends of the validity that are asked for.
func (p *Placement) asked() (a issuance.Asked) {
	if p.NotBefore != nil {
		a.NotBefore = *p.NotBefore
	}
	if p.NotAfter != nil {
		a.NotAfter = *p.NotAfter
	}
	return a
}

// newOrder makes an order of names: what the account has proven before is taken
// over, and ends the order when it ends.
func (o *Orders) newOrder(ctx context.Context, a *Account, p *Placement, names []acme.Identifier) (*Order, error) {
	order := o.unrecorded(a, orderBody{CA: p.CA, Profile: p.Profile, Identifiers: names, NotBefore: p.NotBefore, NotAfter: p.NotAfter, Replaces: p.Replaces})
	for _, name := range names {
		z, err := o.proven(ctx, a, name)
		if err != nil {
			return nil, err
		}
		if z == nil {
			made := o.newAuthorization(name, order.Expires)
			z = &made
		}
		if z.Expires.Before(order.Expires) {
			order.Expires = z.Expires
		}
		order.Authorizations = append(order.Authorizations, *z)
	}
	order.record.State, order.record.Due = order.state(), order.Expires.Add(o.settings.Keep)
	if order.record.State == stateReady {
		order.Status = acme.StatusReady
	}
	return order, nil
}

// unrecorded is an order of this content, which expires in time.
func (o *Orders) unrecorded(a *Account, body orderBody) *Order {
	now := o.now()
	body.Account, body.Expires = o.config.AccountURL(a.ID), now.Add(o.settings.OrderLifetime).Truncate(time.Second)
	order := &Order{ID: newID(now), Status: acme.StatusPending, orderBody: body}
	order.record = &authority.Record{Kind: kindOrder, ID: order.ID, Owner: a.ID, State: statePending, Due: body.Expires.Add(o.settings.Keep)}
	return order
}

func (o *Orders) newAuthorization(name acme.Identifier, expires time.Time) Authorization {
	token := make([]byte, 24)
	rand.Read(token)
	z := Authorization{Identifier: name, Status: acme.StatusPending, Expires: expires, Token: base64.RawURLEncoding.EncodeToString(token)}
	z.Identifier.Value, z.Wildcard = strings.CutPrefix(name.Value, "*.")
	for _, method := range o.settings.Challenges {
		if suits(method, &z) {
			z.Methods = append(z.Methods, method)
		}
	}
	return z
}

// suits reports whether a method can prove control of an identifier: addresses
// have no DNS challenges (RFC 8738, Section 7), wildcards only these.
func suits(method string, z *Authorization) bool {
	byDNS := method == acme.DNS01 || method == acme.DNSAccount01 || method == acme.DNSPersist01
	return (!z.Wildcard || byDNS) && (z.Identifier.Type != acme.IP || !byDNS)
}

// put writes a new order, with what it spends of the limits.
func (o *Orders) put(ctx context.Context, a *Account, order *Order) error {
	writes := []*authority.Record{order.record}
	if limit := o.settings.OrdersPerAccount; limit.Count > 0 {
		spent, err := o.spend(ctx, limit, "account:"+a.ID, "orders were placed by this account")
		if err != nil {
			return err
		}
		writes = append(writes, spent)
	}
	if err := encode(order.record, &order.orderBody); err != nil {
		return err
	}
	if err := o.config.Store.PutRecords(ctx, writes...); err != nil {
		return fmt.Errorf("recording an order: %w", err)
	}
	return nil
}

// Order returns an order of an account; nil if it has none of this ID.
func (o *Orders) Order(ctx context.Context, a *Account, id string) (*Order, error) {
	order, err := o.Around(ctx, a, id)
	if err != nil || order == nil || order.Alone {
		return nil, err
	}
	return order, nil
}

// Around returns what authorizations of an account are in: an order, or
// nothing that was ordered. It is nil if there is none of this ID.
func (o *Orders) Around(ctx context.Context, a *Account, id string) (*Order, error) {
	order, err := o.read(ctx, id)
	if err != nil || order == nil || order.record.Owner != a.ID {
		return nil, err
	}
	return order, o.conclude(ctx, order)
}

// read returns an order without what its ticket says; nil if there is none.
func (o *Orders) read(ctx context.Context, id string) (*Order, error) {
	r, err := o.config.Store.Record(ctx, kindOrder, id)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for order %s: %w", id, err)
	}
	return orderOf(r)
}

func orderOf(r *authority.Record) (*Order, error) {
	order := &Order{ID: r.ID, record: r}
	return order, decode(r, &order.orderBody)
}

// conclude works out the status of an order: by its ticket if there is one,
// else by its authorizations and the time.
func (o *Orders) conclude(ctx context.Context, order *Order) error {
	if order.record.State == stateReady && order.Outcome == nil {
		if err := o.finished(ctx, order); err != nil {
			return err
		}
	}
	if order.Outcome != nil {
		order.byTicket()
		return nil
	}
	return o.byAuthorizations(ctx, order)
}

// byAuthorizations says of an order without a ticket what its authorizations
// and the time say.
func (o *Orders) byAuthorizations(ctx context.Context, order *Order) error {
	if _, err := o.look(ctx, order); err != nil {
		return err
	}
	now := o.now()
	valid := 0
	for i := range order.Authorizations {
		switch order.Authorizations[i].standing(now) {
		case acme.StatusValid:
			valid++
		case acme.StatusInvalid, acme.StatusDeactivated, acme.StatusExpired:
			order.Status = acme.StatusInvalid
			if order.Error == nil {
				order.Error = order.Authorizations[i].Error
			}
			return nil
		}
	}
	switch {
	case order.Error != nil || !order.Expires.After(now):
		order.Status = acme.StatusInvalid
	case valid == len(order.Authorizations):
		order.Status = acme.StatusReady
	default:
		order.Status = acme.StatusPending
	}
	return nil
}

// standing is the status of an authorization at this time.
func (z *Authorization) standing(now time.Time) string {
	switch {
	case z.Status == acme.StatusProcessing || z.Status == acme.StatusPending:
		if !z.Expires.After(now) {
			return acme.StatusExpired
		}
		return acme.StatusPending
	case z.Status == acme.StatusValid && !z.Expires.After(now):
		return acme.StatusExpired
	}
	return z.Status
}

// Standing is the status of an authorization of the order now.
func (o *Orders) Standing(z *Authorization) string { return z.standing(o.now()) }

// finished looks for the ticket of an order.
func (o *Orders) finished(ctx context.Context, order *Order) error {
	if out, ok := o.issued.get(order.ID); ok {
		order.Outcome = out
		return nil
	}
	out, err := o.config.Authority.TicketByKey(ctx, key(order.ID))
	if errors.Is(err, authority.ErrNotFound) {
		return nil
	}
	if err == nil {
		o.remember(order.ID, out)
	}
	order.Outcome = out
	return err
}

// remember keeps what an order came to, if that is final.
func (o *Orders) remember(id string, out *authority.Outcome) {
	if out.Ticket.State == authority.StateIssued && out.Certificate != nil {
		o.issued.put(id, &authority.Outcome{Ticket: out.Ticket, Certificate: out.Certificate, Chain: out.Chain})
	}
}

// byTicket says of an order what its ticket says.
func (order *Order) byTicket() {
	switch order.Outcome.Ticket.State {
	case authority.StateIssued:
		order.Status = acme.StatusValid
	case authority.StateHeld, authority.StateAsked:
		order.Status = acme.StatusProcessing
	default:
		order.Status = acme.StatusInvalid
		order.Error = RefusalProblem(order.Outcome.Refusal)
	}
}

// List returns the IDs of an account's orders after one, oldest first, and
// whether there are more. Those that became invalid are left out (RFC 8555,
// Section 7.1.2.1).
func (o *Orders) List(ctx context.Context, a *Account, after string, limit int) (ids []string, last string, err error) {
	list, err := o.config.Store.FindRecords(ctx, authority.RecordQuery{Kind: kindOrder, Owner: a.ID, After: after, Limit: limit})
	if err != nil {
		return nil, "", fmt.Errorf("looking for the orders of account %s: %w", a.ID, err)
	}
	for _, r := range list {
		order, err := orderOf(r)
		if err != nil {
			return nil, "", err
		}
		if r.State == stateInvalid || order.Alone {
			continue
		}
		if err := o.conclude(ctx, order); err != nil {
			return nil, "", err
		}
		if order.Status != acme.StatusInvalid {
			ids = append(ids, r.ID)
		}
	}
	if len(list) == limit {
		last = list[len(list)-1].ID
	}
	return ids, last, nil
}

// deactivate withdraws an authorization (RFC 8555, Section 7.5.2).
func (z *Authorization) deactivate(now time.Time) error {
	if standing := z.standing(now); standing != acme.StatusPending && standing != acme.StatusValid {
		return acme.NewProblem(acme.Malformed, "the authorization is "+standing+" already")
	}
	z.Status = acme.StatusDeactivated
	return nil
}

// Withdraw deactivates the n-th authorization of an order, and takes back what
// is held on the strength of it.
func (o *Orders) Withdraw(ctx context.Context, a *Account, id string, n int) (*Order, error) {
	if of, err := o.at(ctx, Place{id, n}); err != nil {
		return nil, err
	} else if of != nil && of.Of != (Place{}) {
		return nil, nil // it is another order's, at another URL
	}
	order, err := o.edit(ctx, a, id, n, func(_ *Order, z *Authorization) error { return z.deactivate(o.now()) })
	if order == nil || err != nil {
		return nil, err
	}
	return order, o.takeBack(ctx, a)
}

// edit changes an authorization, anew where its order was changed meanwhile.
// It returns nil where the account has no such authorization.
func (o *Orders) edit(ctx context.Context, a *Account, id string, n int, change func(*Order, *Authorization) error) (*Order, error) {
	for range tries {
		order, err := o.read(ctx, id)
		if err != nil || order == nil || order.record.Owner != a.ID || n < 0 || n >= len(order.Authorizations) {
			return nil, err
		}
		if err := change(order, &order.Authorizations[n]); err != nil {
			return nil, err
		}
		err = o.save(ctx, order)
		if err == nil {
			return order, o.conclude(ctx, order)
		}
		if !errors.Is(err, authority.ErrConflict) {
			return nil, err
		}
	}
	return nil, errBusy
}

// save writes an order whose authorizations were changed.
func (o *Orders) save(ctx context.Context, order *Order) error {
	r := order.record
	if r.State != stateReady {
		r.State = order.state()
	}
	r.Due = order.Expires.Add(o.settings.Keep)
	for _, z := range order.Authorizations {
		if z.Status == acme.StatusValid && z.Expires.After(r.Due) {
			r.Due = z.Expires
		}
	}
	if r.State == stateRunning {
		r.Due = order.claimed()
	}
	if err := encode(r, &order.orderBody); err != nil {
		return err
	}
	proofs, err := o.proofs(ctx, order)
	if err != nil {
		return err
	}
	if err := o.config.Store.PutRecords(ctx, append(proofs, r)...); err != nil {
		return fmt.Errorf("recording order %s: %w", order.ID, err)
	}
	return nil
}

// state is what there is to do about an order.
func (order *Order) state() string {
	valid := 0
	running := false
	for _, z := range order.Authorizations {
		switch z.Status {
		case acme.StatusValid:
			valid++
		case acme.StatusProcessing:
			running = true
		case acme.StatusInvalid, acme.StatusDeactivated:
			return stateInvalid
		}
	}
	switch {
	case valid == len(order.Authorizations):
		return stateReady
	case running:
		return stateRunning
	}
	return statePending
}

// claimed is when the first of the claims of an order ends.
func (order *Order) claimed() time.Time {
	var first time.Time
	for _, z := range order.Authorizations {
		if z.Status == acme.StatusProcessing && (first.IsZero() || z.Until.Before(first)) {
			first = z.Until
		}
	}
	return first
}
