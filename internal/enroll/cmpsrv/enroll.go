package cmpsrv

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// wanted is one certificate of a request.
type wanted struct {
	id      *big.Int
	request *request.Request
	message *crmf.Message // nil of a p10cr
}

// enrol answers ir, cr, kur and p10cr.
func (s *Server) enrol(ctx context.Context, c *call) (cmp.Body, error) {
	kind := c.message.Body.Kind
	if kind == cmp.KeyUpdateRequest && c.sender.certificate == nil {
		return cmp.Body{}, failure(cmp.WrongIntegrity, "a kur is protected by the key of the certificate that it updates, not by a shared secret")
	}
	list, err := s.wanted(c)
	if err != nil {
		return cmp.Body{}, err
	}
	if kind == cmp.KeyUpdateRequest {
		if err := s.mayUpdate(ctx, c, list); err != nil {
			return cmp.Body{}, err
		}
	}
	profile, err := s.profileFor(ctx, c)
	if err != nil {
		return cmp.Body{}, err
	}
	c.begin()
	reply := cmp.Reply{}
	implicit := c.message.Header.ImplicitConfirm() && !s.config.NoImplicit
	for _, w := range list {
		response, err := s.submit(ctx, c, w, profile, implicit)
		if err != nil {
			return cmp.Body{}, err
		}
		reply.Responses = append(reply.Responses, response)
	}
	s.grant(c, implicit)
	if kind == cmp.InitializationRequest && c.sender.secret != nil {
		reply.CAPubs = s.root(ctx, c)
	}
	return cmp.NewReply(kind.Response(), reply), nil
}

// grant says in the header that no certConf is needed, where none is.
func (s *Server) grant(c *call, implicit bool) {
	confirm := slices.ContainsFunc(c.transaction.Items, func(i item) bool { return i.Confirm })
	if implicit && !confirm {
		c.infos = append(c.infos, cmp.ImplicitConfirm())
	}
}

// wanted reads the requests of a message.
func (s *Server) wanted(c *call) ([]wanted, error) {
	if c.message.Body.Kind == cmp.PKCS10Request {
		p, err := c.message.Body.PKCS10()
		if err != nil {
			return nil, failure(cmp.BadDataFormat, "%v", err)
		}
		r, err := request.FromPKCS10(p)
		if err != nil {
			return nil, err
		}
		return []wanted{{id: big.NewInt(-1), request: r}}, nil
	}
	messages, err := c.message.Body.Requests()
	if err != nil {
		return nil, failure(cmp.BadDataFormat, "%v", err)
	}
	all, err := request.FromCRMF(messages)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, failure(cmp.BadRequest, "the message asks for no certificate")
	}
	var list []wanted
	for i, r := range all {
		id := messages.List[i].Request.ID
		if len(all) == 1 && id.Sign() != 0 {
			return nil, failure(cmp.BadRequest, "certReqId is %s; that of the only request is 0 (RFC 9483, Section 4.1.1)", id)
		}
		list = append(list, wanted{id, r, messages.List[i]})
	}
	return list, nil
}

// mayUpdate holds a kur against the certificate that it updates.
func (s *Server) mayUpdate(ctx context.Context, c *call, list []wanted) error {
	for _, w := range list {
		old, ok := w.message.Request.Control(crmf.OldCertID)
		if !ok {
			continue
		}
		id, err := crmf.ParseCertID(old.Value)
		if err != nil {
			return failure(cmp.BadDataFormat, "oldCertID: %v", err)
		}
		issuer, err := id.Issuer.Directory()
		if err != nil || !issuer.Equal(c.sender.certificate.Issuer) || id.Serial.Cmp(c.sender.certificate.Serial) != 0 {
			return failure(cmp.BadCertID, "oldCertID is not the certificate whose key protects the message")
		}
	}
	busy, err := s.underWay(ctx, c.sender.id)
	if err != nil {
		return err
	}
	if busy {
		return failure(cmp.DuplicateCertReq, "an update of this certificate is under way; confirm it first")
	}
	return nil
}

// profileFor returns the profile that a message asks for, if its sender may
// have it: that of the secret or certificate, else the preset one or one of
// those that may be named.
func (s *Server) profileFor(ctx context.Context, c *call) (string, error) {
	asked := c.profile
	names, err := c.message.Header.Profiles()
	if err != nil {
		return "", failure(cmp.BadDataFormat, "%v", err)
	}
	if len(names) > 0 {
		if asked != "" && asked != names[0] {
			return "", failure(cmp.BadRequest, "certProfile is %q, but the address names %q", names[0], asked)
		}
		asked = names[0]
	}
	bound := ""
	switch {
	case c.sender.secret != nil:
		bound, c.ca = c.sender.secret.Profile, c.sender.secret.CA
	case !c.sender.ra:
		bound, c.ca = c.sender.record.Profile, c.sender.record.CA
	}
	if c.ca == "" {
		c.ca = s.config.CA
	}
	may := []string{bound}
	if bound == "" {
		if bound, err = s.preset(ctx, c.ca); err != nil {
			return "", err
		}
		may = append([]string{bound}, s.config.Profiles...)
	}
	switch {
	case asked == "":
		return bound, nil
	case !slices.Contains(may, asked):
		return "", failure(cmp.NotAuthorized, "the sender may have certificates of profile %s, not %q", strings.Join(may, ", "), asked)
	}
	return asked, nil
}

// preset is the profile where none is named.
func (s *Server) preset(ctx context.Context, name string) (string, error) {
	if s.config.Profile != "" {
		return s.config.Profile, nil
	}
	_, settings, err := s.config.Authority.CA(ctx, name)
	if err != nil {
		return "", err
	}
	if settings.DefaultProfile != "" {
		return settings.DefaultProfile, nil
	}
	return "server", nil
}

// submit hands one request in, and answers for it.
func (s *Server) submit(ctx context.Context, c *call, w wanted, profile string, implicit bool) (cmp.Response, error) {
	refused := func(r *request.Refusal) cmp.Response { return cmp.Response{ID: w.id, Status: rejection(r)} }
	sub := authority.Submission{
		CA: c.ca, Profile: profile, Request: w.request,
		Origin: evidence.Origin{
			Door: "cmp", Requester: c.sender.name, Method: c.sender.method(), Address: c.address,
			Sender: c.message.Header.Sender.String(), RegistrationAuthority: c.sender.ra,
		},
		Witness: evidence.Witness{Secret: c.sender.value}, Asked: issuance.Asked{Confirm: !implicit},
		IdempotencyKey: "cmp:" + c.sender.id + ":" + transactionID(c.message) + ":" + w.id.String(),
	}
	if w.message != nil && w.message.Request.Template.Validity != nil {
		v := w.message.Request.Template.Validity
		sub.Asked.NotBefore, sub.Asked.NotAfter = v.NotBefore, v.NotAfter
		if s.config.Now().Sub(v.NotBefore).Abs() < s.config.Window {
			sub.Asked.NotBefore = time.Time{} // now, in other words
		}
	}
	if c.message.Body.Kind == cmp.KeyUpdateRequest {
		sub.Replaces = c.sender.record
	}
	if r := mayHave(c.sender, w.request); r != nil {
		return refused(r), nil
	}
	if r, err := s.spend(ctx, c, sub); r != nil || err != nil {
		return refused(r), err
	}
	out, err := s.config.Authority.Submit(ctx, sub)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return refused(refusal), nil
	}
	if err != nil {
		return cmp.Response{}, err
	}
	c.transaction.CA, c.ca = out.Ticket.CA, out.Ticket.CA
	c.transaction.Items = append(c.transaction.Items, item{ID: w.id.String(), Ticket: out.Ticket.ID})
	return s.respond(c, &c.transaction.Items[len(c.transaction.Items)-1], out)
}

// mayHave refuses names that are not the sender's own: those that its secret
// is for, or those of its certificate. A registration authority vouches for
// all.
func mayHave(from *sender, r *request.Request) *request.Refusal {
	var names []string
	for _, n := range r.SubjectAltNames() {
		names = append(names, n.String())
	}
	if from.secret != nil {
		var refusal *request.Refusal
		if errors.As(from.secret.Allows(names), &refusal) {
			return refusal
		}
		return nil
	}
	if from.ra {
		return nil
	}
	if !r.Subject.IsEmpty() && !r.Subject.Equal(from.certificate.Subject) {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "subject", Detail: "the subject is not that of the certificate that protects the message", Fix: "ask for the same subject, or by a shared secret"}
	}
	for _, n := range names {
		if !slices.Contains(from.record.Names, n) {
			return &request.Refusal{Reason: request.NotAuthorized, Field: "subjectAltName", Detail: "the name " + n + " is not in the certificate that protects the message", Fix: "ask for the same names, or by a shared secret"}
		}
	}
	return nil
}

// spend counts a use of the sender's secret, unless the request is sent again
// or would be refused anyway.
func (s *Server) spend(ctx context.Context, c *call, sub authority.Submission) (*request.Refusal, error) {
	if c.sender.secret == nil {
		return nil, nil
	}
	used, err := s.config.Authority.Submitted(ctx, []string{sub.IdempotencyKey})
	if err != nil || used[sub.IdempotencyKey] {
		return nil, err
	}
	if c.sender.used != nil {
		return c.sender.used, nil
	}
	sub.DryRun = true
	out, err := s.config.Authority.Submit(ctx, sub)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return refusal, nil
	}
	if err != nil || out.Refusal != nil {
		return nil, err
	}
	_, err = s.config.Secrets.Spend(ctx, c.sender.secret.Reference, "cmp transaction "+transactionID(c.message))
	if errors.As(err, &refusal) {
		return refusal, nil
	}
	return nil, err
}

// respond says what became of a ticket.
func (s *Server) respond(c *call, i *item, out *authority.Outcome) (cmp.Response, error) {
	id, _ := new(big.Int).SetString(i.ID, 10)
	r := cmp.Response{ID: id}
	i.Waiting, i.Confirm, i.Encrypted = false, false, false
	switch {
	case out.Refusal != nil:
		r.Status = rejection(out.Refusal)
		return r, nil
	case out.Holds == evidence.ByChallenge:
		r.Status = cmp.Reject(cmp.BadPOP, "a challenge would have to be answered, which is not done here; have the certificate encrypted to the key instead")
		return r, nil
	case out.Ticket.State == authority.StateHeld || out.Ticket.State == authority.StateAsked:
		i.Waiting = true
		r.Status = cmp.StatusInfo{Status: cmp.Waiting, Text: words(out.Ticket)}
		return r, nil
	case out.Holds == evidence.ByCertificate:
		info, err := cms.Parse(out.Encrypted)
		if err != nil {
			return r, err
		}
		i.Confirm, i.Encrypted = true, true
		r.Pair = &cmp.KeyPair{Encrypted: &crmf.EncryptedKey{Enveloped: info.Content}}
		c.version = cmp.Version3
	default:
		r.Pair = &cmp.KeyPair{Certificate: out.Certificate.DER}
		i.Confirm = out.Ticket.State == authority.StateUnconfirmed
	}
	told := slices.ContainsFunc(c.infos, func(i cmp.Info) bool { return i.Type == cmp.InfoConfirmWaitTime })
	if i.Confirm && !out.Until.IsZero() && !told {
		c.infos = append(c.infos, cmp.ConfirmWaitTime(out.Until))
	}
	r.Status = granted(out)
	c.chain = out.Chain
	return r, nil
}

// granted is accepted, or granted with modifications where the certificate is
// not what was asked for.
func granted(out *authority.Outcome) cmp.StatusInfo {
	changes := changesOf(out.Ticket)
	if len(changes) == 0 {
		return cmp.StatusInfo{}
	}
	return cmp.StatusInfo{Status: cmp.GrantedWithMods, Text: changes}
}

// confirm answers certConf.
func (s *Server) confirm(ctx context.Context, c *call) (cmp.Body, error) {
	t := c.transaction
	list, err := c.message.Body.Confirmations()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if t.Over {
		return cmp.Body{}, failure(cmp.CertConfirmed, "the certificates of this transaction were confirmed already")
	}
	// An empty list rejects them all (RFC 9810, Section 5.3.18).
	if len(list) == 0 {
		for i := range t.Items {
			if err := s.confirmOne(ctx, &t.Items[i], authority.Confirmation{Rejected: "the certConf is empty"}); err != nil {
				return cmp.Body{}, err
			}
		}
		return cmp.NewPKIConfirm(), nil
	}
	for _, one := range list {
		at := slices.IndexFunc(t.Items, func(i item) bool { return i.ID == one.ID.String() && i.Confirm })
		if at < 0 {
			return cmp.Body{}, failure(cmp.BadCertID, "no certificate with the certReqId %s waits to be confirmed", one.ID)
		}
		if err := s.confirmStatus(ctx, c, &t.Items[at], one); err != nil {
			return cmp.Body{}, err
		}
	}
	return cmp.NewPKIConfirm(), nil
}

func (s *Server) confirmStatus(ctx context.Context, c *call, i *item, one cmp.CertStatus) error {
	if one.Status != nil && !one.Status.Granted() {
		return s.confirmOne(ctx, i, authority.Confirmation{Rejected: one.Status.String()})
	}
	if one.Algorithm != nil && c.message.Header.Version < cmp.Version3 {
		return failure(cmp.BadRequest, "hashAlg is of version 3 of the protocol, and the message is of version %d", c.message.Header.Version)
	}
	hash, err := s.hashOf(ctx, c, i, one)
	if err != nil {
		return err
	}
	return s.confirmOne(ctx, i, authority.Confirmation{CertHash: one.Hash, Hash: hash})
}

// hashOf returns the hash that a certHash is made with.
func (s *Server) hashOf(ctx context.Context, c *call, i *item, one cmp.CertStatus) (crypto.Hash, error) {
	if one.Algorithm != nil {
		hash := cmp.HashByID(one.Algorithm.ID)
		if hash == 0 {
			return 0, failure(cmp.BadAlg, "the hash %s is not known", one.Algorithm.ID.Name())
		}
		return hash, nil
	}
	out, err := s.config.Authority.Ticket(ctx, i.Ticket)
	if err != nil {
		return 0, err
	}
	ca, _, err := s.config.Authority.CA(ctx, out.Ticket.CA)
	if err != nil {
		return 0, err
	}
	record, err := s.config.Store.Certificate(ctx, ca.Name, out.Ticket.Serial)
	if err != nil {
		return 0, err
	}
	parsed, err := cert.Parse(record.DER)
	if err != nil {
		return 0, err
	}
	hash := key.ParseSignatureAlgorithm(parsed.SignatureAlgorithm).Hash
	if hash == 0 && parsed.SignatureAlgorithm.ID == oid.Ed25519 {
		hash = crypto.SHA512
	}
	return hash, nil
}

func (s *Server) confirmOne(ctx context.Context, i *item, c authority.Confirmation) error {
	c.Ticket = i.Ticket
	out, err := s.config.Authority.Confirm(ctx, c)
	var refusal *request.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == request.WrongState:
		// It may have been confirmed by this very message, and the process ended
		// before that was on record here.
		if again, err := s.confirmedBefore(ctx, i, c); again || err != nil {
			i.Confirm = false
			return err
		}
		return failure(cmp.CertConfirmed, "%s", refusal.Detail)
	case err != nil:
		return err
	}
	i.Confirm = false
	if out.Refusal != nil && c.Rejected == "" {
		return failure(cmp.BadCertID, "%s", out.Refusal.Detail)
	}
	return nil
}

// confirmedBefore reports whether a certificate is valid already, and the
// confirmation is of it.
func (s *Server) confirmedBefore(ctx context.Context, i *item, c authority.Confirmation) (bool, error) {
	out, err := s.config.Authority.Ticket(ctx, i.Ticket)
	if err != nil || out.Ticket.State != authority.StateIssued || out.Certificate == nil || c.Rejected != "" || !c.Hash.Available() {
		return false, err
	}
	h := c.Hash.New()
	h.Write(out.Certificate.DER)
	return bytes.Equal(h.Sum(nil), c.CertHash), nil
}

// poll answers pollReq.
func (s *Server) poll(ctx context.Context, c *call) (cmp.Body, error) {
	ids, err := c.message.Body.PollIDs()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	t := c.transaction
	var polls []cmp.Poll
	reply := cmp.Reply{}
	for _, id := range ids {
		at := slices.IndexFunc(t.Items, func(i item) bool { return i.ID == id.String() })
		if at < 0 || !t.Items[at].Waiting {
			return cmp.Body{}, failure(cmp.BadRequest, "nothing with the certReqId %s is waited for", id)
		}
		out, err := s.config.Authority.Ticket(ctx, t.Items[at].Ticket)
		if err != nil {
			return cmp.Body{}, err
		}
		response, err := s.respond(c, &t.Items[at], out)
		if err != nil {
			return cmp.Body{}, err
		}
		if t.Items[at].Waiting {
			polls = append(polls, cmp.Poll{ID: id, CheckAfter: int(s.config.CheckAfter / time.Second), Reason: words(out.Ticket)})
			continue
		}
		reply.Responses = append(reply.Responses, response)
	}
	if len(polls) > 0 {
		return cmp.NewPolls(polls...), nil
	}
	if len(reply.Responses) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "the pollReq asks about nothing")
	}
	if t.Kind == cmp.InitializationRequest && c.sender.secret != nil {
		reply.CAPubs = s.root(ctx, c)
	}
	s.grant(c, !slices.ContainsFunc(t.Items, func(i item) bool { return i.Confirm }))
	return cmp.NewReply(t.Kind.Response(), reply), nil
}

// aborted takes note that a client gave up.
func (s *Server) aborted(ctx context.Context, c *call) (cmp.Body, error) {
	e, err := c.message.Body.Error()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	for i := range c.transaction.Items {
		one := &c.transaction.Items[i]
		switch {
		case one.Confirm:
			err = s.confirmOne(ctx, one, authority.Confirmation{Rejected: e.Status.String()})
		case one.Waiting:
			_, err = s.config.Authority.Withdraw(ctx, one.Ticket, c.sender.name)
			one.Waiting = false
		}
		if err != nil {
			return cmp.Body{}, err
		}
	}
	return cmp.NewPKIConfirm(), nil
}
