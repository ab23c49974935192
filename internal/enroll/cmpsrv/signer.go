package cmpsrv

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// signer is a key that signs answers for one authority, with the certificate
// that the authority issued to it. The key lives and ends with the process.
type signer struct {
	certificate *cert.Certificate
	chain       [][]byte
	protector   cmp.Protector
}

type signers struct {
	config Config

	mu  sync.Mutex
	all map[string]*signer // by authority
}

func newSigners(c Config) *signers { return &signers{config: c, all: map[string]*signer{}} }

// signerProfile is the profile of these certificates.
const signerProfile = "cmp"

// of returns what signs for an authority; one that is past two thirds of its
// time is replaced.
func (s *signers) of(ctx context.Context, name string) (*signer, error) {
	if name == "" {
		name = s.config.CA
	}
	ca, _, err := s.config.Authority.CA(ctx, name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	if have := s.all[ca.Name]; have != nil && string(have.chain[0]) == string(ca.Chain[0]) {
		c := have.certificate
		if life := c.NotAfter.Sub(c.NotBefore); now.Before(c.NotAfter.Add(-life / 3)) {
			return have, nil
		}
	}
	fresh, err := s.issue(ctx, ca)
	if err != nil {
		return nil, fmt.Errorf("having the certificate of the CMP server issued by authority %q: %w", ca.Name, err)
	}
	s.all[ca.Name] = fresh
	return fresh, nil
}

func (s *signers) issue(ctx context.Context, ca *authority.CA) (*signer, error) {
	k, err := key.Generate("ecdsa-p256", nil)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return nil, err
	}
	issuer, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return nil, err
	}
	subject, err := dn.ParseText("CN=CMP server of " + ca.Name + " " + s.config.Now().UTC().Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	asked, err := pkcs10.Create(pkcs10.Template{Subject: subject}, k, algorithm)
	if err != nil {
		return nil, err
	}
	r, err := request.FromPKCS10(asked)
	if err != nil {
		return nil, err
	}
	out, err := s.config.Authority.Submit(ctx, authority.Submission{
		CA: ca.Name, Profile: signerProfile, Request: r, Origin: evidence.Origin{Door: "cmp", Requester: "system", Method: "internal"},
	})
	if err != nil {
		return nil, err
	}
	if out.Certificate == nil {
		if out.Refusal != nil {
			return nil, out.Refusal
		}
		return nil, fmt.Errorf("ticket %s is %s", out.Ticket.ID, out.Ticket.State)
	}
	c, err := cert.Parse(out.Certificate.DER)
	if err != nil {
		return nil, err
	}
	if err := c.CheckSignature(issuer.PublicKey); err != nil {
		return nil, err
	}
	return &signer{certificate: c, chain: out.Chain, protector: cmp.Signature(k.Signer, algorithm)}, nil
}
