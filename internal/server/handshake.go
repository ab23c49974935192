package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"
	"time"
)

// handshake is how clients are met over TLS. They are asked for a certificate
// only where the configuration has rules for such, and are told of which
// authorities: a browser without one does not trouble its user then.
type handshake struct {
	server *Server
	asks   bool
	roots  []*x509.Certificate // from elsewhere

	mu      sync.Mutex
	current *tls.Config
	looked  time.Time
	issuers []*x509.Certificate // that current names
}

// recent is for how long an authority that was just made may be missing among
// those that clients are told of.
const recent = 5 * time.Second

func (s *Server) newHandshake(r *regime) (*handshake, error) {
	h := &handshake{server: s, asks: len(r.settings.Access.Certificates) > 0}
	h.current = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: r.identity.get, NextProtos: []string{"h2", "http/1.1"},
		DynamicRecordSizingDisabled: true} // answers are of a few kilobytes, and each record costs a system call
	if !h.asks {
		return h, nil
	}
	h.current.ClientAuth = tls.RequestClientCert
	var err error
	h.roots, err = rootsOf("access.roots", r.settings.Access.Roots)
	return h, err
}

// hello is the crypto/tls hook.
func (s *Server) hello(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	return s.now.Load().tls.config(hello.Context()), nil
}

func (h *handshake) config(ctx context.Context) *tls.Config {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); h.asks && now.Sub(h.looked) >= recent {
		h.looked = now
		h.name(ctx)
	}
	return h.current
}

// name has the authorities named to clients that there are now, whatever their
// state: what they have issued says for itself whether it is good.
func (h *handshake) name(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	issuers, err := h.server.issuers(ctx)
	if err != nil {
		h.server.config.Log.WarnContext(ctx, "looking for the authorities whose certificates clients may show", "cause", err)
		return
	}
	issuers = append(issuers, h.roots...)
	if slices.EqualFunc(issuers, h.issuers, (*x509.Certificate).Equal) {
		return
	}
	next := h.current.Clone() // another one, because connections use this one
	next.ClientCAs = x509.NewCertPool()
	for _, c := range issuers {
		next.ClientCAs.AddCert(c)
	}
	h.current, h.issuers = next, issuers
}

// issuers are the certificates of the authorities here.
func (s *Server) issuers(ctx context.Context) ([]*x509.Certificate, error) {
	all, err := s.config.Office.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	var out []*x509.Certificate
	for _, ca := range all {
		if len(ca.Chain) == 0 {
			continue
		}
		if c, err := x509.ParseCertificate(ca.Chain[0]); err == nil { // one that crypto/tls cannot read is not for TLS
			out = append(out, c)
		}
	}
	return out, nil
}
