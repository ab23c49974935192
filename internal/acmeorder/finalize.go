package acmeorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// Finalize submits the DER of a PKCS#10 request for an order that is ready.
// The same request may be handed in again; a request that is refused makes the
// order invalid, save where it is not one for this order at all. It is nil
// where the account has no such order.
func (o *Orders) Finalize(ctx context.Context, a *Account, id string, csr []byte, address string) (*Order, error) {
	order, err := o.Order(ctx, a, id)
	if order == nil || err != nil {
		return nil, err
	}
	if order.Outcome != nil && bytes.Equal(order.Outcome.Ticket.Request, csr) {
		return order, nil
	}
	if order.Status != acme.StatusReady {
		return nil, notReady(order)
	}
	if _, err := o.mayOrder(ctx, a, order.Identifiers); err != nil {
		return nil, err
	}
	r, problem := readRequest(csr)
	if problem == nil {
		problem = order.suits(r, a)
	}
	if problem == nil {
		problem = o.stillPermitted(ctx, order, caaGood)
	}
	if problem != nil {
		return nil, problem
	}
	if err := o.mayFinalize(ctx, order); err != nil {
		return nil, err
	}
	if err := o.keepReplacing(ctx, order); err != nil {
		return nil, err
	}
	s, err := o.submission(ctx, a, order, r)
	if err != nil {
		return nil, err
	}
	s.Origin.Address = address
	out, err := o.submit(ctx, s)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Reason == request.Duplicate {
		return nil, acme.NewProblem(acme.OrderNotReady, "the order is being finalized with another request than this one; place another order")
	}
	if errors.As(err, &refusal) {
		return nil, refused(order, refusal)
	}
	if err != nil {
		return nil, fmt.Errorf("submitting the request of order %s: %w", id, err)
	}
	if out.Refusal != nil && sparesOrder(out.Refusal.Reason) {
		return nil, refused(order, out.Refusal)
	}
	order.Outcome = out
	o.remember(order.ID, out)
	order.byTicket()
	if order.Status == acme.StatusInvalid {
		return nil, order.Error
	}
	return order, nil
}

// submit submits, anew where what counts against limits was changed meanwhile.
func (o *Orders) submit(ctx context.Context, s *authority.Submission) (*authority.Outcome, error) {
	for range tries {
		if out, err := o.config.Authority.Submit(ctx, *s); !errors.Is(err, authority.ErrConflict) {
			return out, err
		}
	}
	return nil, errBusy
}

// sparesOrder reports whether a refusal for this reason is about the request,
// or the fault of this server, and leaves the order as it was (RFC 8555,
// Section 7.4).
func sparesOrder(r request.Reason) bool {
	switch r {
	case request.BadKey, request.BadAlgorithm, request.BadFormat, request.BadPossession, request.BadSubject, request.BadExtension:
		return true
	}
	return ours(r)
}

// ours reports whether what a request was refused for is for the operator to
// mend: what the server has taken the order under is not there.
func ours(r request.Reason) bool { return r == request.UnknownIssuer || r == request.UnknownProfile }

// refused is the error that a refused request is answered with.
func refused(order *Order, r *request.Refusal) error {
	if ours(r.Reason) {
		return fmt.Errorf("finalizing order %s, under the authority %q and the profile %q: %s; %s", order.ID, order.CA, order.Profile, r.Detail, r.Fix)
	}
	return RefusalProblem(r)
}

func notReady(order *Order) error {
	detail := "the order is " + order.Status
	switch order.Status {
	case acme.StatusPending:
		detail += "; fulfil its authorizations first"
	case acme.StatusInvalid:
		detail += "; place another"
	default:
		detail += ", by another request than this one; place another order"
	}
	return acme.NewProblem(acme.OrderNotReady, detail)
}

// submission is what the authority is asked for.
func (o *Orders) submission(ctx context.Context, a *Account, order *Order, r *request.Request) (*authority.Submission, error) {
	s := &authority.Submission{
		CA: order.CA, Profile: order.Profile, Request: r, IdempotencyKey: key(order.ID), First: true, Retry: sparesOrder,
		Entitled: func(ctx context.Context) ([]*authority.Record, error) { return o.mayHave(ctx, order.ID) },
		With:     func(out *authority.Outcome) ([]*authority.Record, error) { return o.spent(ctx, order, out) },
		Origin:   evidence.Origin{Door: "acme", Requester: a.Requester(), Method: "account-key", Entitled: o.entitled()},
	}
	if a.Binding != "" {
		s.Origin.Method = "external-account " + a.Binding
	}
	for _, z := range order.Authorizations {
		s.Controls = append(s.Controls, evidence.Control{Name: z.name(), Method: z.Tried, At: z.Validated})
	}
	if order.NotBefore != nil {
		s.Asked.NotBefore = *order.NotBefore
	}
	if order.NotAfter != nil {
		s.Asked.NotAfter = *order.NotAfter
	}
	if err := onlyNames(r, &s.Asked); err != nil {
		return nil, err
	}
	if strings.HasPrefix(order.record.Name, replacesPrefix) {
		var err error
		if s.Replaces, err = o.certificateOf(ctx, order.Replaces); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// entitled is what the settings give to every account by name: authorities, and
// profiles that say that they are for those alone who were given them. What
// makes authorities is given to nobody who merely controls a name.
func (o *Orders) entitled() evidence.Entitlement {
	e := evidence.Entitlement{CAs: slices.Clone(o.settings.Authorities)}
	if o.settings.DefaultCA != "" {
		e.CAs = append(e.CAs, o.settings.DefaultCA)
	}
	offered := append(slices.Sorted(maps.Keys(o.settings.Profiles)), o.settings.DefaultProfile)
	for _, name := range offered {
		if p, err := o.config.Authority.Profile(name); err == nil && p.ForNamed() && p.Authority() == "" {
			e.Profiles = append(e.Profiles, name)
		}
	}
	return e
}

// name is the identifier as evidence names it.
func (z *Authorization) name() string {
	if z.Wildcard {
		return "dns:*." + z.Identifier.Value
	}
	return z.Identifier.Type + ":" + z.Identifier.Value
}

// onlyNames leaves of the subject what was validated: a name. Nobody has
// looked whether the rest of it is true.
func onlyNames(r *request.Request, asked *issuance.Asked) error {
	if !slices.ContainsFunc(r.Subject.All(), func(a dn.Attribute) bool { return string(a.Type) != string(oid.CommonName) }) {
		return nil
	}
	subject := dn.Name{}
	if names := r.Subject.Values(oid.CommonName); len(names) > 0 {
		var err error
		if subject, err = dn.ParseText("CN=" + names[0]); err != nil {
			return fmt.Errorf("making a subject of %q: %w", names[0], err)
		}
	}
	asked.Subject = &subject
	return nil
}

// readRequest reads a request (RFC 8555, Section 7.4).
func readRequest(csr []byte) (*request.Request, *acme.Problem) {
	var outer cryptobyte.String
	if rest := cryptobyte.String(csr); !rest.ReadASN1Element(&outer, asn1.SEQUENCE) || len(outer) != len(csr) {
		return nil, acme.NewProblem(acme.BadCSR, "csr is not the base64url of a PKCS#10 request in DER, and of nothing else")
	}
	p, err := pkcs10.Parse(csr)
	if err != nil {
		return nil, acme.NewProblem(acme.BadCSR, "csr is not the base64url of a PKCS#10 request in DER: "+err.Error())
	}
	r, err := request.FromPKCS10(p)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return nil, RefusalProblem(refusal)
	}
	if err != nil {
		return nil, acme.NewProblem(acme.BadCSR, "csr cannot be read")
	}
	return r, nil
}

// suits refuses a request that is not for the names of the order, exactly, or
// wants to be an authority, or has a key that the account has or had (RFC 8555,
// Section 11.1).
func (order *Order) suits(r *request.Request, a *Account) *acme.Problem {
	if k, err := acme.NewKey(r.PublicKey.Key); err == nil && slices.Contains(a.thumbprints(), k.Thumbprint()) {
		return acme.NewProblem(acme.BadCSR, "the key of the request is or was the key of the account; make another key for the certificate")
	}
	if e, ok := ext.Find(r.Extensions, oid.BasicConstraints); ok {
		if c, err := ext.ParseBasicConstraints(e.Value); err != nil || c.CA {
			return acme.NewProblem(acme.BadCSR, "the request asks for the certificate of an authority (CA:TRUE); ask for one without basicConstraints")
		}
	}
	asked, problem := namesAsked(r)
	if problem != nil {
		return problem
	}
	for _, n := range asked {
		if !slices.Contains(order.Identifiers, n) {
			return acme.NewProblem(acme.BadCSR, "the request has the name "+excerpt(n.Value)+", which the order has not; make a request for the names of the order").Of(acme.Identifier{Type: n.Type, Value: visible(n.Value)})
		}
	}
	named, problem := alternatives(r)
	if problem != nil {
		return problem
	}
	several := len(r.Subject.Values(oid.CommonName)) > 1
	for _, n := range order.Identifiers {
		if several && slices.Contains(asked, n) && !slices.Contains(named, n) {
			return acme.NewProblem(acme.BadCSR, "the request has "+n.Value+" as one of several common names alone; put all of them into subjectAltName").Of(n)
		}
		if !slices.Contains(asked, n) {
			return acme.NewProblem(acme.BadCSR, "the request lacks the name "+n.Value+", which the order has; make a request for all names of the order").Of(n)
		}
	}
	return nil
}

func excerpt(s string) string { return `"` + visible(s) + `"` }

// namesAsked are the names in a request, in one spelling.
func namesAsked(r *request.Request) ([]acme.Identifier, *acme.Problem) {
	out, problem := alternatives(r)
	if problem != nil {
		return nil, problem
	}
	for _, cn := range r.Subject.Values(oid.CommonName) {
		i := acme.Identifier{Type: acme.DNS, Value: strings.ToLower(cn)}
		if addr, err := netip.ParseAddr(cn); err == nil {
			i = acme.Identifier{Type: acme.IP, Value: addr.String()}
		}
		out = append(out, i)
	}
	return out, nil
}

// alternatives are the names in the subjectAltName of a request.
func alternatives(r *request.Request) ([]acme.Identifier, *acme.Problem) {
	var out []acme.Identifier
	if e, ok := ext.Find(r.Extensions, oid.SubjectAltName); ok {
		names, err := ext.ParseSubjectAltName(e.Value)
		if err != nil {
			return nil, acme.NewProblem(acme.BadCSR, "the subjectAltName of the request cannot be read: "+err.Error())
		}
		for _, n := range names {
			i, ok := identifierOf(n)
			if !ok {
				return nil, acme.NewProblem(acme.BadCSR, "the request has a name that is neither a domain name nor an address: "+excerpt(n.String())+"; leave it out")
			}
			out = append(out, i)
		}
	}
	return out, nil
}

func identifierOf(n ext.GeneralName) (acme.Identifier, bool) {
	switch n.Kind {
	case ext.DNS:
		return acme.Identifier{Type: acme.DNS, Value: strings.ToLower(string(n.Content))}, true
	case ext.IP:
		if a, ok := n.Addr(); ok {
			return acme.Identifier{Type: acme.IP, Value: a.String()}, true
		}
	}
	return acme.Identifier{}, false
}

// Chains returns the certificate of an order with each chain it can be sent
// with, DER, leaf first: the authority's own, and those by way of other
// certificates of the same key and name.
func (o *Orders) Chains(ctx context.Context, order *Order) ([][][]byte, error) {
	out := order.Outcome
	if out == nil || out.Certificate == nil {
		return nil, nil
	}
	all, err := o.config.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for chains: %w", err)
	}
	own := out.Chain
	if i := slices.IndexFunc(all, func(ca *authority.CA) bool { return ca.Name == out.Certificate.CA }); i >= 0 {
		own = all[i].Chain
	}
	chains := [][][]byte{withLeaf(out.Certificate.DER, own)}
	if len(own) == 0 {
		return chains, nil
	}
	issuer, err := cert.Parse(own[0])
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of authority %s: %w", out.Certificate.CA, err)
	}
	for _, ca := range all {
		if len(ca.Chain) == 0 || bytes.Equal(ca.Chain[0], own[0]) {
			continue
		}
		other, err := cert.Parse(ca.Chain[0])
		if err == nil && bytes.Equal(other.PublicKey.Raw, issuer.PublicKey.Raw) && other.Subject.Equal(issuer.Subject) {
			chains = append(chains, withLeaf(out.Certificate.DER, ca.Chain))
		}
	}
	return chains, nil
}

// withLeaf is a chain as clients get it: the root is left out, which they must
// have already, unless there would be nothing but the leaf.
func withLeaf(leaf []byte, issuers [][]byte) [][]byte {
	if n := len(issuers); n > 1 {
		if last, err := cert.Parse(issuers[n-1]); err == nil && last.SelfIssued() {
			issuers = issuers[:n-1]
		}
	}
	return append([][]byte{leaf}, issuers...)
}
