package cmpsrv

import (
	"sync"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
)

// protectors keeps the certificates that messages were protected by lately,
// read, with what makes checking many signatures of one key quick: a
// registration authority in front protects all messages by one key.
type protectors struct {
	mu    sync.Mutex
	known map[string]*protector // by DER
}

type protector struct {
	certificate *cert.Certificate
	verifier    *key.Verifier
}

const maxProtectors = 256

// of returns what is known of a certificate in DER.
func (p *protectors) of(der []byte) (*protector, error) {
	p.mu.Lock()
	have := p.known[string(der)]
	p.mu.Unlock()
	if have != nil {
		return have, nil
	}
	c, err := cert.Parse(der)
	if err != nil {
		return nil, err
	}
	return &protector{c, key.NewVerifier(c.PublicKey)}, nil
}

// keep keeps what is known of a certificate, once it turned out to be one of
// ours: what strangers send takes no memory.
func (p *protectors) keep(one *protector) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= maxProtectors || p.known == nil {
		p.known = map[string]*protector{}
	}
	p.known[string(one.certificate.Raw)] = one
}
