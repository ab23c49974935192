package cmpsrv

import (
	"bytes"
	"context"
	"crypto/rand"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/protocol/cmp"
)

// encode protects a body as the message was that it answers: by the secret of
// its sender, else by a signature.
func (s *Server) encode(ctx context.Context, c *call, body cmp.Body) (*cmp.Message, error) {
	h := answering(c.message.Header)
	if c.version != 0 {
		h.Version = c.version
	}
	h.Time, h.Info = s.config.Now(), c.infos
	if c.sender != nil && c.sender.secret != nil {
		return s.byMAC(ctx, c, h, body)
	}
	var signer *signer
	err := s.spoken(ctx, c, func(ca string) (err error) {
		signer, err = s.signers.of(ctx, ca)
		return err
	})
	if err != nil {
		return nil, err
	}
	h.Sender, h.SenderKID = ext.NewDirectoryName(signer.Certificate.Subject), keyIdentifier(signer.Certificate)
	extra := [][]byte{signer.Certificate.Raw}
	extra = appendNew(extra, signer.chain...)
	return cmp.Build(h, body, signer.protector, appendNew(extra, c.chain...)...)
}

func (s *Server) byMAC(ctx context.Context, c *call, h cmp.Header, body cmp.Body) (*cmp.Message, error) {
	p, err := cmp.SameMAC(c.message, c.sender.value)
	if err != nil {
		return nil, err
	}
	var ca *authority.CA
	err = s.spoken(ctx, c, func(name string) (err error) {
		ca, _, err = s.config.Authority.CA(ctx, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if parsed, err := cert.Parse(ca.Chain[0]); err == nil {
		h.Sender = ext.NewDirectoryName(parsed.Subject)
	}
	h.SenderKID = c.message.Header.SenderKID
	return cmp.Build(h, body, p, appendNew(nil, c.chain...)...)
}

// appendNew appends certificates that are not there yet.
func appendNew(all [][]byte, more ...[]byte) [][]byte {
next:
	for _, one := range more {
		for _, have := range all {
			if bytes.Equal(have, one) {
				continue next
			}
		}
		all = append(all, one)
	}
	return all
}

// answering makes the header of an answer.
func answering(to cmp.Header) cmp.Header {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	h := cmp.Header{
		Version: to.Version, Recipient: to.Sender, RecipientKID: nil, TransactionID: to.TransactionID,
		SenderNonce: nonce, RecipientNonce: to.SenderNonce,
	}
	if h.Version != cmp.Version3 {
		h.Version = cmp.Version2
	}
	return h
}

// unprotected makes the answer that is left where nothing can protect one.
func (s *Server) unprotected(to cmp.Header, body cmp.Body) []byte {
	h := answering(to)
	h.Time = s.config.Now()
	m, err := cmp.Build(h, body, nil)
	if err != nil {
		return nil
	}
	return m.Raw
}

// unreadable answers what is no message.
func (s *Server) unreadable(ctx context.Context, err error) []byte {
	id := make([]byte, 16)
	rand.Read(id)
	c := &call{message: &cmp.Message{Header: cmp.Header{Version: cmp.Version2, TransactionID: id}}}
	body := cmp.NewError(cmp.ErrorContent{Status: cmp.Reject(cmp.BadDataFormat, err.Error())})
	answer, err := s.encode(ctx, c, body)
	if err != nil {
		s.config.Log.ErrorContext(ctx, "a CMP answer could not be protected", "error", err)
		return s.unprotected(c.message.Header, body)
	}
	return answer.Raw
}

// root is the root of the authority that issued, for caPubs.
func (c *call) root() [][]byte {
	if len(c.chain) == 0 {
		return nil
	}
	return c.chain[len(c.chain)-1:]
}
