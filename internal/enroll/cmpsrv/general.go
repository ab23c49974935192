package cmpsrv

import (
	"context"
	"errors"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// general answers genm (RFC 9810, Section 5.3.19; RFC 9483, Section 4.3).
func (s *Server) general(ctx context.Context, c *call) (cmp.Body, error) {
	infos, err := c.message.Body.Infos()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if len(infos) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "the genm asks nothing")
	}
	if _, err := s.profileFor(ctx, c); err != nil {
		return cmp.Body{}, err
	}
	ca, _, err := s.config.Authority.CA(ctx, c.ca)
	if err != nil {
		return cmp.Body{}, err
	}
	c.ca, c.chain = ca.Name, ca.Chain
	var answers []cmp.Info
	var unknown der.Builder
	for _, i := range infos {
		answer, ok, err := s.tell(ctx, ca, i)
		if err != nil {
			return cmp.Body{}, err
		}
		if !ok {
			unknown.OID(string(i.Type))
			continue
		}
		answers = append(answers, answer)
	}
	if unknown.Len() > 0 {
		answers = append(answers, cmp.NewSequence(cmp.InfoUnsupportedOIDs, unknown.Bytes()))
	}
	return cmp.NewInfos(cmp.GeneralResponse, answers...), nil
}

// tell answers one question; false where it is not known.
func (s *Server) tell(ctx context.Context, ca *authority.CA, i cmp.Info) (answer cmp.Info, ok bool, err error) {
	answer.Type = i.Type
	switch i.Type {
	case cmp.InfoCACerts:
		return cmp.NewSequence(i.Type, ca.Chain...), true, nil
	case cmp.InfoRootCACert:
		// Asked for an update of this root; a type without a value says that
		// there is none.
		answer.Type = cmp.InfoRootCAKeyUpdate
		return answer, true, nil
	case cmp.InfoCurrentCRL:
		list, err := s.list(ctx, ca.Name, time.Time{})
		answer.Value = list
		return answer, true, err
	case cmp.InfoCRLStatusList:
		return s.lists(ctx, ca, i)
	case cmp.InfoSignKeyPairTypes:
		return cmp.NewSequence(i.Type, [][]byte{}...), true, nil
	case cmp.InfoEncKeyPairTypes:
		return cmp.NewSequence(i.Type, [][]byte{}...), true, nil
	case cmp.InfoPreferredSymmAlg:
		var b der.Builder
		mark := b.Begin(der.Sequence)
		b.OID(string(oid.AES256CBC))
		b.End(mark)
		answer.Value = b.Bytes()
		return answer, true, nil
	case cmp.InfoSuppLangTags:
		return cmp.LanguageTags("en"), true, nil
	case cmp.InfoCertReqTemplate:
		subject := dn.Empty()
		return cmp.NewRequestTemplate(cmp.RequestTemplate{Template: crmf.Template{Subject: &subject}}), true, nil
	}
	return answer, false, nil
}

// algorithmOf is the AlgorithmIdentifier of keys of a kind, nil for kinds that
// are not known.
func algorithmOf(kind string) []byte {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	switch kind {
	case "ecdsa-p256":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P256))
	case "ecdsa-p384":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P384))
	case "ecdsa-p521":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P521))
	case "ed25519":
		b.OID(string(oid.Ed25519))
	case key.AgreementKind:
		b.OID(string(oid.X25519))
	case "ml-dsa-44":
		b.OID(string(oid.MLDSA44))
	case "ml-dsa-65":
		b.OID(string(oid.MLDSA65))
	case "ml-dsa-87":
		b.OID(string(oid.MLDSA87))
	default:
		b.OID(string(oid.RSAEncryption))
		b.Null()
	}
	b.End(mark)
	return b.Bytes()
}

// list returns the newest revocation list, nil where there is none after a
// time.
func (s *Server) list(ctx context.Context, ca string, after time.Time) ([]byte, error) {
	l, err := s.config.Store.LatestCRL(ctx, ca, authority.FullCRL, 0)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !after.IsZero() && !l.ThisUpdate.After(after) {
		return nil, nil
	}
	return l.DER, nil
}

// lists answers crlStatusList: the lists of these issuers that are newer than
// those at hand.
func (s *Server) lists(ctx context.Context, ca *authority.CA, i cmp.Info) (cmp.Info, bool, error) {
	answer := cmp.Info{Type: cmp.InfoCRLs}
	asked, err := i.CRLStatusList()
	if err != nil {
		return answer, false, failure(cmp.BadDataFormat, "%v", err)
	}
	own, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return answer, false, err
	}
	var found [][]byte
	for _, one := range asked {
		for _, name := range one.Issuer {
			if d, err := name.Directory(); err != nil || !d.Equal(own.Subject) {
				continue
			}
			list, err := s.list(ctx, ca.Name, one.ThisUpdate)
			if err != nil {
				return answer, false, err
			}
			if list != nil {
				found = append(found, list)
			}
		}
	}
	if len(found) > 0 {
		answer = cmp.NewSequence(cmp.InfoCRLs, found...)
	}
	return answer, true, nil
}

// nested answers messages that a registration authority passes on under a
// protection of its own (RFC 9483, Section 5.2.2).
func (s *Server) nested(ctx context.Context, c *call) (cmp.Body, error) {
	if !c.sender.ra {
		return cmp.Body{}, failure(cmp.NotAuthorized, "only a registration authority passes messages on; its certificate has the extended key usage cmcRA")
	}
	list, err := c.message.Body.Nested()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if len(list) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "there is no message inside")
	}
	c.ca = c.sender.record.CA
	var answers []*cmp.Message
	for _, m := range list {
		if m.Body.Kind == cmp.NestedMessage {
			return cmp.Body{}, failure(cmp.BadRequest, "a message that is passed on is itself one that passes on")
		}
		answer, err := cmp.Parse(s.answer(ctx, &call{message: m, profile: c.profile, address: c.address}))
		if err != nil {
			return cmp.Body{}, err
		}
		answers = append(answers, answer)
	}
	return cmp.NewNested(answers...), nil
}
