package cmpsrv

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// question is a genm on its way.
type question struct {
	call    *call
	ca      *authority.CA
	profile string // that the sender may have certificates of
}

// general answers genm (RFC 9810, Section 5.3.19; RFC 9483, Section 4.3).
func (s *Server) general(ctx context.Context, c *call) (cmp.Body, error) {
	infos, err := c.message.Body.Infos()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if len(infos) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "the genm asks nothing")
	}
	q := question{call: c}
	if q.profile, err = s.profileFor(ctx, c, len(infos)); err != nil {
		return cmp.Body{}, err
	}
	if q.ca, _, err = s.config.Authority.CA(ctx, c.ca); err != nil {
		return cmp.Body{}, err
	}
	c.ca, c.chain = q.ca.Name, q.ca.Chain
	var answers []cmp.Info
	var unknown der.Builder
	for _, i := range infos {
		if err := withoutValue(i); err != nil {
			return cmp.Body{}, err
		}
		answer, ok, err := s.tell(ctx, q, i)
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

// withoutValue refuses questions with a value that they do not have.
func withoutValue(i cmp.Info) error {
	switch i.Type {
	case cmp.InfoCACerts, cmp.InfoCurrentCRL, cmp.InfoCertReqTemplate, cmp.InfoCAProtEncCert, cmp.InfoSignKeyPairTypes, cmp.InfoEncKeyPairTypes, cmp.InfoPreferredSymmAlg:
		if len(i.Value) > 0 && !bytes.Equal(i.Value, []byte{byte(der.Null), 0}) {
			return failure(cmp.BadRequest, "%s has a value, which the question does not", i.Name())
		}
	}
	return nil
}

// tell answers one question; false where it is not known.
func (s *Server) tell(ctx context.Context, q question, i cmp.Info) (answer cmp.Info, ok bool, err error) {
	answer.Type = i.Type
	switch i.Type {
	case cmp.InfoCACerts:
		return cmp.NewSequence(i.Type, q.ca.Chain...), true, nil
	case cmp.InfoRootCACert:
		answer, err = s.rootUpdate(ctx, q.ca, i)
		return answer, true, err
	case cmp.InfoCurrentCRL:
		answer.Value, err = s.list(ctx, q.ca.Name, 0, time.Time{})
		return answer, true, err
	case cmp.InfoCRLStatusList:
		return s.lists(ctx, q.ca, i)
	case cmp.InfoCAProtEncCert:
		// Nothing is to be encrypted to the authority: an absent value says so
		// (RFC 9810, Section 5.3.19.1).
		return answer, true, nil
	case cmp.InfoSignKeyPairTypes, cmp.InfoEncKeyPairTypes, cmp.InfoCertReqTemplate:
		answer, err = s.offer(q, i)
		return answer, true, err
	case cmp.InfoPreferredSymmAlg:
		var b der.Builder
		mark := b.Begin(der.Sequence)
		b.OID(string(oid.AES256CBC))
		b.End(mark)
		answer.Value = b.Bytes()
		return answer, true, nil
	case cmp.InfoSuppLangTags:
		return language(i)
	}
	return answer, false, nil
}

// language chooses among the languages that the client reads: English is
// spoken here.
func language(i cmp.Info) (cmp.Info, bool, error) {
	spoken := cmp.LanguageTags("en")
	if len(i.Value) == 0 {
		return spoken, true, nil
	}
	tags, err := i.Texts()
	if err != nil {
		return spoken, false, failure(cmp.BadDataFormat, "%v", err)
	}
	for _, tag := range tags {
		if first, _, _ := strings.Cut(strings.ToLower(tag), "-"); first == "en" {
			return cmp.LanguageTags(tag), true, nil
		}
	}
	return spoken, false, failure(cmp.BadRequest, "none of the languages %s is spoken here; en is", strings.Join(tags, ", "))
}
