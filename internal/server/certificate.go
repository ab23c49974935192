package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// identity is the certificate that the server shows: its own, which it has
// issued by its own authority and renews at two thirds of its life, or one
// from elsewhere.
type identity struct {
	office           *task.Office
	certificate, key string // files of the one from elsewhere; empty: none
	profile          string // of the own one
	ca               string // the authority that signs the own one
	names            []string
	running          bool // the server was at work before this one was configured
	log              *slog.Logger

	current atomic.Pointer[tls.Certificate]
}

// ownFile is where the own certificate is kept: the key, then the chain, in
// one file so that they are replaced together.
func ownFile(h config.Home) string { return filepath.Join(h.Folder, "server.pem") }

// get is the crypto/tls hook.
func (i *identity) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return i.current.Load(), nil }

// like reports whether another shows the same certificates.
func (i *identity) like(other *identity) bool {
	return i.certificate == other.certificate && i.key == other.key && i.profile == other.profile && i.ca == other.ca && slices.Equal(i.names, other.names)
}

// expires is the end of the certificate that is shown now.
func (i *identity) expires() time.Time {
	if c := i.current.Load(); c != nil {
		return c.Leaf.NotAfter
	}
	return time.Time{}
}

// load finds the certificate to show: the one from elsewhere, else the own one
// where it is still good, else a new one.
func (i *identity) load(ctx context.Context) error {
	if i.certificate != "" {
		return i.loadForeign()
	}
	c, err := i.kept()
	if err != nil {
		return err
	}
	if c != nil && i.good(ctx, c) {
		i.current.Store(c)
		return nil
	}
	return i.renew(ctx)
}

// loadForeign reads the certificate from elsewhere. While the server runs, one
// that is not valid now does not take the place of another.
func (i *identity) loadForeign() error {
	c, err := foreign(i.certificate, i.key)
	if err != nil {
		return err
	}
	if err := timely(c, i.certificate, i.office.Now()); err != nil {
		current := i.current.Load()
		if current == nil && i.running || current != nil && !current.Leaf.Equal(c.Leaf) {
			return err
		}
		i.log.Warn("the certificate of the server is shown out of its time", "cause", err)
	}
	i.current.Store(c)
	return nil
}

// timely says that a certificate in a file is not valid at a time.
func timely(c *tls.Certificate, file string, at time.Time) error {
	fault := &config.Fault{File: file, Fix: "put one in its place that is valid now, and its key, and have the server reload it: kill -HUP"}
	switch {
	case at.After(c.Leaf.NotAfter):
		fault.Detail = "it ended at " + c.Leaf.NotAfter.Format(time.RFC3339)
	case at.Before(c.Leaf.NotBefore):
		fault.Detail = "it is not valid before " + c.Leaf.NotBefore.Format(time.RFC3339)
	default:
		return nil
	}
	return fault
}

// kept reads the own certificate of an earlier run; nil where there is none
// that can be used.
func (i *identity) kept() (*tls.Certificate, error) {
	file := ownFile(i.office.Home)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the server's certificate: %w", err)
	}
	c, err := tls.X509KeyPair(data, data)
	if err != nil {
		i.log.Warn("the server's own certificate cannot be used, and a new one is made", "file", file, "cause", err)
		return nil, nil
	}
	return &c, nil
}

// good reports whether a certificate is what would be asked for now, not yet to
// be renewed, and neither revoked nor on hold.
func (i *identity) good(ctx context.Context, c *tls.Certificate) bool {
	if !i.office.Now().Before(renewAt(c)) {
		return false
	}
	for stored, err := range i.office.Store.Certificates(ctx, authority.Query{Serial: c.Leaf.SerialNumber.Bytes()}) {
		if err != nil {
			i.log.Warn("looking whether the server's own certificate was revoked", "cause", err)
			return true
		}
		if bytes.Equal(stored.DER, c.Leaf.Raw) {
			return stored.Status == authority.StatusValid && i.asked(ctx, stored)
		}
	}
	return false // of another authority, or one that was restored from before it
}

// asked reports whether a certificate was asked for as one would be now. The
// request says so: a profile may add names of its own to the certificate.
func (i *identity) asked(ctx context.Context, c *authority.Certificate) bool {
	if c.CA != i.ca || i.profile != "" && c.Profile != i.profile {
		return false
	}
	t, err := i.office.Store.Ticket(ctx, c.Ticket)
	if err != nil {
		i.log.Warn("looking for what the server's own certificate was asked for", "cause", err)
		return true
	}
	before, err := request.Parse(t.Request)
	if err != nil || len(before) != 1 {
		i.log.Warn("reading the request of the server's own certificate", "cause", err)
		return false
	}
	names, err := altNames(i.names)
	return err == nil && slices.EqualFunc(before[0].SubjectAltNames(), names, func(a, b ext.GeneralName) bool { return a.String() == b.String() })
}

// renewAt is when two thirds of the life of a certificate are over.
func renewAt(c *tls.Certificate) time.Time {
	life := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore)
	return c.Leaf.NotBefore.Add(life / 3 * 2)
}

// renew has a certificate issued for a new key, and shows it from now on.
func (i *identity) renew(ctx context.Context) error {
	k, err := task.NewKey("ecdsa-p256")
	if err != nil {
		return fmt.Errorf("making the server's key: %w", err)
	}
	r, err := ownRequest(k, i.names)
	if err != nil {
		return fmt.Errorf("making the server's request: %w", err)
	}
	out, err := i.office.Authority.Submit(ctx, authority.Submission{CA: i.ca, Profile: i.profile, Request: r,
		Origin: evidence.Origin{Door: "server", Requester: "certwright serve", Method: evidence.OwnCertificate, Entitled: evidence.Operator()}})
	switch {
	case err != nil:
		return fmt.Errorf("issuing the server's own certificate: %w", err)
	case out.Refusal != nil:
		refusal := *out.Refusal
		refusal.Detail = "the server's own certificate is refused: " + refusal.Detail
		refusal.Fix = "name another profile by server.profile, or a certificate from elsewhere by server.certificate and server.key"
		return &refusal
	case out.Certificate == nil:
		return &request.Refusal{Reason: request.PolicyRefused, Field: "server.profile",
			Detail: fmt.Sprintf("the server's own certificate awaits an officer's decision: ticket %s, profile %s", out.Ticket.ID, out.Ticket.Profile),
			Fix:    "name a profile by server.profile that decides by itself"}
	}
	return i.keep(k, append([][]byte{out.Certificate.DER}, task.WithoutRoot(out.Chain)...))
}

// altNames are the names of the own certificate as it has them.
func altNames(names []string) (sans []ext.GeneralName, err error) {
	for _, name := range names {
		kind := "dns:"
		if _, err := netip.ParseAddr(name); err == nil {
			kind = "ip:"
		}
		san, err := ext.ParseGeneralName(kind + name)
		if err != nil {
			return nil, err
		}
		sans = append(sans, san)
	}
	return sans, nil
}

func ownRequest(k *key.Private, names []string) (*request.Request, error) {
	sans, err := altNames(names)
	if err != nil {
		return nil, err
	}
	var subject dn.Name
	if len(names[0]) <= 64 { // the upper bound of a common name (RFC 5280, Appendix A.1)
		if subject, err = task.CommonName(names[0]); err != nil {
			return nil, err
		}
	}
	made, _, err := task.NewRequest(task.RequestSpec{Subject: subject, Names: sans, NoCopy: true}, k)
	if err != nil {
		return nil, err
	}
	return request.FromPKCS10(made)
}

// keep writes key and chain to the home, then shows the certificate.
func (i *identity) keep(k *key.Private, chain [][]byte) error {
	text, err := task.EncodeKey(k, task.KeyForm{})
	if err != nil {
		return fmt.Errorf("encoding the server's key: %w", err)
	}
	for _, der := range chain {
		text = append(text, pem.Encode("CERTIFICATE", der)...)
	}
	c, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("reading back the server's certificate: %w", err)
	}
	if err := replace(ownFile(i.office.Home), text, 0o600); err != nil {
		return err
	}
	i.current.Store(&c)
	i.log.Info("issued the server's own certificate", "serial", fmt.Sprintf("%x", c.Leaf.SerialNumber), "names", i.names, "ends", c.Leaf.NotAfter, "renewal", renewAt(&c))
	return nil
}

// run renews the own certificate when its time has come, and tries again
// where that fails.
func (i *identity) run(ctx context.Context) error {
	if i.certificate != "" {
		<-ctx.Done()
		return nil
	}
	for wait(ctx, i.pause()) {
		if i.good(ctx, i.current.Load()) {
			continue
		}
		if err := i.renew(ctx); err != nil && ctx.Err() == nil {
			i.log.Error("renewing the server's own certificate", "cause", err)
		}
	}
	return nil
}

// Between looks at the own certificate.
const (
	longestPause  = time.Hour // a revocation is noticed by then
	shortestPause = time.Minute
)

// pause is how long to wait before the next look.
func (i *identity) pause() time.Duration {
	return min(max(renewAt(i.current.Load()).Sub(i.office.Now()), shortestPause), longestPause)
}

// ownNames are the names of the own certificate: those of the configuration,
// or this host's and the loopback ones.
func ownNames(configured []string, host string) []string {
	if len(configured) > 0 {
		return configured
	}
	names := []string{host, "localhost", "127.0.0.1", "::1"}
	return slices.Compact(names)
}
