package cmpsrv

import (
	"context"
	"math/big"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// wanted is one certificate of a request.
type wanted struct {
	id      *big.Int
	request *request.Request
	message *crmf.Message // nil of a p10cr
	made    *key.Private  // the key that was made for it; nil for those that have one
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
	if len(list) > 1 && !s.config.Several {
		return cmp.Body{}, failure(cmp.BadRequest, "the message asks for %d certificates, and each is asked for by a message of its own here (RFC 9483, Section 4.1.1)", len(list))
	}
	if err := alone(list); err != nil {
		return cmp.Body{}, err
	}
	if kind == cmp.KeyUpdateRequest {
		if err := s.mayUpdate(ctx, c, list); err != nil {
			return cmp.Body{}, err
		}
	}
	profile, err := s.profileFor(ctx, c, len(list))
	if err != nil {
		return cmp.Body{}, err
	}
	c.begin()
	implicit := c.message.Header.ImplicitConfirm() && !s.config.NoImplicit
	if len(list) == 1 {
		response, err := s.submit(ctx, c, list[0], profile, implicit, true)
		if err != nil || c.answer != nil {
			return cmp.Body{}, err
		}
		return s.enrolled(c, implicit, response), nil
	}
	var all []cmp.Response
	for _, w := range list {
		response, err := s.submit(ctx, c, w, profile, implicit, false)
		if err != nil {
			return cmp.Body{}, err
		}
		all = append(all, response)
	}
	return s.enrolled(c, implicit, all...), nil
}

// enrolled is the answer to requests for certificates.
func (s *Server) enrolled(c *call, implicit bool, all ...cmp.Response) cmp.Body {
	if c.challenge != nil {
		return cmp.NewChallenges(*c.challenge)
	}
	s.grant(c, implicit, all)
	reply := cmp.Reply{Responses: all}
	if c.transaction.Kind == cmp.InitializationRequest && c.sender.secret != nil {
		reply.CAPubs = c.root()
	}
	return cmp.NewReply(c.transaction.Kind.Response(), reply)
}

// grant says in the header that no certConf is needed, where there is a
// certificate and none is.
func (s *Server) grant(c *call, implicit bool, all []cmp.Response) {
	confirm := slices.ContainsFunc(c.transaction.Items, func(i item) bool { return i.Confirm })
	given := slices.ContainsFunc(all, func(r cmp.Response) bool { return r.Pair != nil })
	if implicit && given && !confirm {
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
		if slices.ContainsFunc(list, func(w wanted) bool { return w.id.Cmp(id) == 0 }) {
			return nil, failure(cmp.BadRequest, "two requests of the message have the certReqId %s", id)
		}
		if len(all) == 1 && id.Sign() != 0 {
			return nil, failure(cmp.BadRequest, "certReqId is %s; that of the only request is 0 (RFC 9483, Section 4.1.1)", id)
		}
		list = append(list, wanted{id: id, request: r, message: messages.List[i]})
	}
	return list, nil
}

// mayUpdate holds a kur against the certificate that it updates.
func (s *Server) mayUpdate(ctx context.Context, c *call, list []wanted) error {
	for _, w := range list {
		if w.message.Proof != nil && w.message.Proof.Kind == crmf.ProofRAVerified {
			return failure(cmp.NotAuthorized, "nobody vouches in a kur; the key itself must prove that it is held")
		}
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
	return s.beginUpdate(ctx, c)
}

// profileFor returns the profile that a message asks for, if its sender may
// have it: that of the secret or certificate, else the preset one or one of
// those that may be named.
func (s *Server) profileFor(ctx context.Context, c *call, requests int) (string, error) {
	asked := c.profile
	names, err := c.message.Header.Profiles()
	if err != nil {
		return "", failure(cmp.BadDataFormat, "%v", err)
	}
	if len(names) > requests {
		return "", failure(cmp.BadRequest, "certProfile has %d names, more than there are requests (%d)", len(names), requests)
	}
	if slices.ContainsFunc(names, func(n string) bool { return n != names[0] }) {
		return "", failure(cmp.BadRequest, "certProfile names several profiles; one message is for one here, send a message for each")
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
	case c.sender.devices != nil:
		c.device = manufacturer.Choose(c.sender.devices, asked)
		bound, c.ca = c.device.Manufacturer.Profile, c.device.Manufacturer.CA
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
		may = append(may[:0], bound)
		for _, p := range s.config.Profiles {
			if !slices.Contains(may, p) {
				may = append(may, p)
			}
		}
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
