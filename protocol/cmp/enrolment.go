package cmp

import (
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
)

// Requests reads an ir, cr, kur, krr or ccr.
func (b Body) Requests() (*crmf.Messages, error) {
	if err := b.want(CertificationRequest, InitializationRequest, KeyUpdateRequest, KeyRecoveryRequest, CrossCertRequest); err != nil {
		return nil, err
	}
	all, err := crmf.Parse(b.Content)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", b.Kind, err)
	}
	return all, nil
}

// NewRequests makes an ir, cr or kur.
func NewRequests(kind BodyKind, all ...*crmf.Message) Body {
	return NewBody(kind, crmf.Marshal(all...))
}

// PKCS10 reads a p10cr.
func (b Body) PKCS10() (*pkcs10.Request, error) {
	if err := b.want(PKCS10Request); err != nil {
		return nil, err
	}
	r, err := pkcs10.Parse(b.Content)
	if err != nil {
		return nil, fmt.Errorf("p10cr: %w", err)
	}
	return r, nil
}

// Reply is a CertRepMessage: an ip, cp, kup or ccp (RFC 9810, Section 5.3.4).
type Reply struct {
	CAPubs    [][]byte // certificates of authorities; nil where absent
	Responses []Response
}

// Response is a CertResponse.
type Response struct {
	ID     *big.Int // certReqId; -1 answers a p10cr
	Status StatusInfo
	Pair   *KeyPair // nil where absent
	Info   []byte   // rspInfo; nil where absent
}

// KeyPair is a CertifiedKeyPair. One of Certificate and Encrypted is there.
type KeyPair struct {
	Certificate []byte
	Encrypted   *crmf.EncryptedKey // the certificate, encrypted to its key
	PrivateKey  *crmf.EncryptedKey // nil where the authority did not make it
	Publication []byte             // PKIPublicationInfo; nil where absent
}

// Reply reads an ip, cp, kup or ccp.
func (b Body) Reply() (*Reply, error) {
	if err := b.want(CertificationResponse, InitializationResponse, KeyUpdateResponse, CrossCertResponse); err != nil {
		return nil, err
	}
	r, err := parseReply(b.Content)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", b.Kind, err)
	}
	return r, nil
}

func parseReply(raw []byte) (*Reply, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, err
	}
	r, in := &Reply{}, outer.Children()
	pubs, ok, err := explicit(&in, 1, der.Sequence)
	if err == nil && ok {
		r.CAPubs, err = certificates(pubs.Raw)
	}
	if err != nil {
		return nil, fmt.Errorf("caPubs: %w", err)
	}
	list, err := in.Take(der.Sequence)
	if err == nil {
		err = each(list.Raw, maxList, func(e der.Element) error {
			one, err := parseResponse(e)
			r.Responses = append(r.Responses, one)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	return r, in.End()
}

func parseResponse(e der.Element) (r Response, err error) {
	in := e.Children()
	if r.ID, err = takeID(&in); err != nil {
		return r, err
	}
	status, err := in.Next()
	if err == nil {
		r.Status, err = parseStatus(status)
	}
	if err != nil {
		return r, fmt.Errorf("status: %w", err)
	}
	pair, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		r.Pair, err = parsePair(pair)
	}
	if err != nil {
		return r, fmt.Errorf("certifiedKeyPair: %w", err)
	}
	info, ok, err := in.Optional(der.OctetString)
	if err != nil {
		return r, fmt.Errorf("rspInfo: %w", err)
	}
	if ok {
		r.Info = info.Content
	}
	return r, in.End()
}

// takeID takes a certReqId.
func takeID(in *der.Reader) (*big.Int, error) {
	e, err := in.Take(der.Integer)
	if err != nil {
		return nil, fmt.Errorf("certReqId: %w", err)
	}
	if len(e.Content) > 64 {
		return nil, fmt.Errorf("certReqId: it has %d octets", len(e.Content))
	}
	n, err := e.BigInt()
	if err != nil {
		return nil, fmt.Errorf("certReqId: %w", err)
	}
	return n, nil
}

func parsePair(e der.Element) (*KeyPair, error) {
	p, in := &KeyPair{}, e.Children()
	first, err := in.Next()
	if err != nil {
		return nil, err
	}
	switch first.Tag {
	case der.ContextConstructed(0):
		c, err := der.ParseTag(first.Content, der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		p.Certificate = c.Raw
	case der.ContextConstructed(1):
		if p.Encrypted, err = crmf.ParseEncryptedKey(first.Content); err != nil {
			return nil, fmt.Errorf("encryptedCert: %w", err)
		}
	default:
		return nil, fmt.Errorf("found %v where a certificate belongs", first.Tag)
	}
	private, ok, err := in.Optional(der.ContextConstructed(0))
	if err == nil && ok {
		p.PrivateKey, err = crmf.ParseEncryptedKey(private.Content)
	}
	if err != nil {
		return nil, fmt.Errorf("privateKey: %w", err)
	}
	publication, ok, err := explicit(&in, 1, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("publicationInfo: %w", err)
	}
	if ok {
		p.Publication = publication.Raw
	}
	return p, in.End()
}

// NewReply makes an ip, cp or kup.
func NewReply(kind BodyKind, r Reply) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	if len(r.CAPubs) > 0 {
		b.Add(der.ContextConstructed(1), listOf(r.CAPubs...))
	}
	list := b.Begin(der.Sequence)
	for _, one := range r.Responses {
		mark := b.Begin(der.Sequence)
		appendID(&b, one.ID)
		one.Status.append(&b)
		if one.Pair != nil {
			one.Pair.append(&b)
		}
		if one.Info != nil {
			b.Add(der.OctetString, one.Info)
		}
		b.End(mark)
	}
	b.End(list)
	b.End(outer)
	return NewBody(kind, b.Bytes())
}

// appendID writes a certReqId; nil is 0.
func appendID(b *der.Builder, id *big.Int) {
	if id == nil {
		id = new(big.Int)
	}
	b.BigInt(id)
}

func (p *KeyPair) append(b *der.Builder) {
	outer := b.Begin(der.Sequence)
	if p.Certificate != nil {
		b.Add(der.ContextConstructed(0), p.Certificate)
	} else if p.Encrypted != nil {
		b.Add(der.ContextConstructed(1), encryptedKey(p.Encrypted))
	}
	if p.PrivateKey != nil {
		b.Add(der.ContextConstructed(0), encryptedKey(p.PrivateKey))
	}
	if p.Publication != nil {
		b.Add(der.ContextConstructed(1), p.Publication)
	}
	b.End(outer)
}

// encryptedKey writes an EncryptedKey.
func encryptedKey(k *crmf.EncryptedKey) []byte {
	if k.Value != nil {
		return k.Value.Raw
	}
	return append([]byte{byte(der.ContextConstructed(0))}, k.Enveloped[1:]...)
}

// CertStatus confirms, or rejects, one certificate (RFC 9810, Section 5.3.18).
type CertStatus struct {
	Hash      []byte
	ID        *big.Int
	Status    *StatusInfo              // nil is accepted
	Algorithm *key.AlgorithmIdentifier // of Hash; nil is the hash of the certificate's signature
}

// Confirmations reads a certConf.
func (b Body) Confirmations() ([]CertStatus, error) {
	if err := b.want(CertificateConfirmation); err != nil {
		return nil, err
	}
	var all []CertStatus
	err := each(b.Content, maxList, func(e der.Element) error {
		one, err := parseCertStatus(e)
		all = append(all, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("certConf: %w", err)
	}
	return all, nil
}

func parseCertStatus(e der.Element) (s CertStatus, err error) {
	in := e.Children()
	hash, err := in.Take(der.OctetString)
	if err != nil {
		return s, fmt.Errorf("certHash: %w", err)
	}
	s.Hash = hash.Content
	if s.ID, err = takeID(&in); err != nil {
		return s, err
	}
	status, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		var info StatusInfo
		info, err = parseStatus(status)
		s.Status = &info
	}
	if err != nil {
		return s, fmt.Errorf("statusInfo: %w", err)
	}
	algorithm, ok, err := explicit(&in, 0, der.Sequence)
	if err == nil && ok {
		var a key.AlgorithmIdentifier
		a, err = key.ParseAlgorithmIdentifier(algorithm.Raw)
		s.Algorithm = &a
	}
	if err != nil {
		return s, fmt.Errorf("hashAlg: %w", err)
	}
	return s, in.End()
}

// NewConfirmations makes a certConf.
func NewConfirmations(all ...CertStatus) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, s := range all {
		one := b.Begin(der.Sequence)
		b.Add(der.OctetString, s.Hash)
		appendID(&b, s.ID)
		if s.Status != nil {
			s.Status.append(&b)
		}
		if s.Algorithm != nil {
			b.Add(der.ContextConstructed(0), s.Algorithm.Raw)
		}
		b.End(one)
	}
	b.End(outer)
	return NewBody(CertificateConfirmation, b.Bytes())
}

// NewPKIConfirm makes a pkiConf.
func NewPKIConfirm() Body { return NewBody(Confirmation, []byte{byte(der.Null), 0}) }

// PollIDs reads a pollReq: the certReqIds asked about.
func (b Body) PollIDs() ([]*big.Int, error) {
	if err := b.want(PollRequest); err != nil {
		return nil, err
	}
	var all []*big.Int
	err := each(b.Content, maxList, func(e der.Element) error {
		in := e.Children()
		id, err := takeID(&in)
		all = append(all, id)
		if err != nil {
			return err
		}
		return in.End()
	})
	if err != nil {
		return nil, fmt.Errorf("pollReq: %w", err)
	}
	return all, nil
}

// NewPollRequest makes a pollReq.
func NewPollRequest(ids ...*big.Int) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, id := range ids {
		one := b.Begin(der.Sequence)
		appendID(&b, id)
		b.End(one)
	}
	b.End(outer)
	return NewBody(PollRequest, b.Bytes())
}

// Poll is an item of a pollRep: not before when to ask again, and why (RFC
// 9810, Section 5.3.22).
type Poll struct {
	ID         *big.Int
	CheckAfter int // seconds
	Reason     []string
}

// Polls reads a pollRep.
func (b Body) Polls() ([]Poll, error) {
	if err := b.want(PollResponse); err != nil {
		return nil, err
	}
	var all []Poll
	err := each(b.Content, maxList, func(e der.Element) (err error) {
		p, in := Poll{}, e.Children()
		if p.ID, err = takeID(&in); err != nil {
			return err
		}
		if p.CheckAfter, err = takeInt(&in); err != nil {
			return fmt.Errorf("checkAfter: %w", err)
		}
		text, ok, err := in.Optional(der.Sequence)
		if err == nil && ok {
			p.Reason, err = parseFreeText(text.Raw)
		}
		if err != nil {
			return fmt.Errorf("reason: %w", err)
		}
		all = append(all, p)
		return in.End()
	})
	if err != nil {
		return nil, fmt.Errorf("pollRep: %w", err)
	}
	return all, nil
}

// NewPolls makes a pollRep.
func NewPolls(all ...Poll) Body {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	for _, p := range all {
		one := b.Begin(der.Sequence)
		appendID(&b, p.ID)
		b.Int(int64(p.CheckAfter))
		if len(p.Reason) > 0 {
			b.Raw(freeText(p.Reason))
		}
		b.End(one)
	}
	b.End(outer)
	return NewBody(PollResponse, b.Bytes())
}
