package cmpsrv

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/delegate"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// SignerKind is the kind of the records of the server's own certificates.
const SignerKind = "cmp-server"

// signerProfile is the profile of these certificates.
const signerProfile = "cmp"

// signer is a key that signs answers for one authority, with the certificate
// that the authority issued to it.
type signer struct {
	*delegate.Delegate
	chain     [][]byte // of the authority
	protector cmp.Protector
}

type signers struct {
	config    Config
	delegates *delegate.Delegates

	mu      sync.Mutex
	issuers map[string]delegate.Issuer // by authority
}

func newSigners(c Config) (*signers, error) {
	d, err := delegate.New(delegate.Config{
		Authority: c.Authority, Records: c.Store, Keys: c.Keys, Log: c.Log, Kind: SignerKind, Role: "CMP Server", Key: "cmp",
		Changes: c.Store.LastChange,
		Certify: func(ctx context.Context, ca string, r *request.Request) (*authority.Outcome, error) {
			return c.Authority.Submit(ctx, authority.Submission{
				CA: ca, Profile: signerProfile, Request: r, Origin: evidence.Origin{Door: "cmp", Requester: "system", Method: evidence.Internal, Entitled: evidence.Operator()},
			})
		},
	})
	return &signers{config: c, delegates: d, issuers: map[string]delegate.Issuer{}}, err
}

// of returns what signs for an authority.
func (s *signers) of(ctx context.Context, name string) (*signer, error) {
	if name == "" {
		name = s.config.CA
	}
	ca, _, err := s.config.Authority.CA(ctx, name)
	if err != nil {
		return nil, err
	}
	by, err := s.issuer(ca)
	if err != nil {
		return nil, err
	}
	d, err := s.delegates.Of(ctx, by, s.config.Now(), 0)
	if err != nil {
		return nil, err
	}
	return &signer{Delegate: d, chain: ca.Chain, protector: cmp.Signature(d.Key, d.Algorithm)}, nil
}

// issuer is the authority with its certificate read, once.
func (s *signers) issuer(ca *authority.CA) (delegate.Issuer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by := s.issuers[ca.Name]
	if by.Certificate != nil && bytes.Equal(by.Certificate.Raw, ca.Chain[0]) {
		return by, nil
	}
	own, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return by, fmt.Errorf("certificate of authority %q: %w", ca.Name, err)
	}
	by = delegate.Issuer{Name: ca.Name, Certificate: own}
	s.issuers[ca.Name] = by
	return by, nil
}
