package responder

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ocsp"
)

const certificateHold = crl.CertificateHold

func reason(c *authority.Certificate) crl.Reason { return crl.Reason(c.Reason) }

// issuer is an authority that is answered for.
type issuer struct {
	name        string
	certificate *cert.Certificate
	raw         []byte
	settings    authority.CASettings
	revision    int64                  // of the authority, as these settings are
	hashes      map[crypto.Hash]string // of name and key
}

// named reports whether a CertID is of this issuer.
func (i *issuer) named(id *ocsp.CertID) bool {
	return i.hashes[id.Hash()] == string(id.IssuerNameHash)+string(id.IssuerKeyHash)
}

// cutoff is how far back revocations are remembered, which is not before the
// authority began.
func (i *issuer) cutoff(now time.Time) time.Time {
	cutoff := i.settings.ArchiveCutoff(now)
	if cutoff.Before(i.certificate.NotBefore) {
		return i.certificate.NotBefore
	}
	return cutoff
}

// issuers are all authorities with a certificate, as they were some time ago.
type issuers struct {
	list   []*issuer
	byHash map[string]*issuer
	looked time.Time
}

func (l *issuers) of(id *ocsp.CertID) *issuer {
	if id.Hash() == 0 {
		return nil
	}
	return l.byHash[string(id.IssuerNameHash)+string(id.IssuerKeyHash)]
}

// authorities looks at the authorities anew if that was some time ago.
func (r *Responder) authorities(ctx context.Context) (*issuers, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.issuers != nil && time.Since(r.issuers.looked) < r.config.Fresh {
		return r.issuers, nil
	}
	all, err := r.config.Store.CAs(ctx)
	if err != nil && r.issuers != nil {
		// They hardly change, and answers that are valid can be given.
		r.config.Log.WarnContext(ctx, "the authorities cannot be read, and are taken as they were", "error", err)
		r.issuers.looked = time.Now()
		return r.issuers, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	before := map[string]*issuer{}
	if r.issuers != nil {
		for _, i := range r.issuers.list {
			before[i.name] = i
		}
	}
	l := &issuers{byHash: map[string]*issuer{}, looked: time.Now()}
	for _, ca := range all {
		if len(ca.Chain) == 0 {
			continue
		}
		i := before[ca.Name]
		if i == nil || string(i.raw) != string(ca.Chain[0]) {
			if i, err = newIssuer(ca); err != nil {
				return nil, err
			}
		} else if i, err = i.with(ca); err != nil {
			return nil, err
		}
		l.list = append(l.list, i)
		for _, hash := range i.hashes {
			if l.byHash[hash] == nil {
				l.byHash[hash] = i
			}
		}
	}
	r.issuers = l
	return l, nil
}

func newIssuer(ca *authority.CA) (*issuer, error) {
	c, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return nil, fmt.Errorf("certificate of authority %q: %w", ca.Name, err)
	}
	i := &issuer{name: ca.Name, certificate: c, raw: ca.Chain[0], hashes: map[crypto.Hash]string{}}
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		id, err := ocsp.NewCertID(hash, c, c.Serial)
		if err != nil {
			return nil, err
		}
		i.hashes[hash] = string(id.IssuerNameHash) + string(id.IssuerKeyHash)
	}
	return i.with(ca)
}

// with returns the issuer with the settings of now.
func (i *issuer) with(ca *authority.CA) (*issuer, error) {
	if i.revision == ca.Revision {
		return i, nil
	}
	out := *i
	out.settings, out.revision = authority.CASettings{}, ca.Revision
	if len(ca.Settings) == 0 {
		return &out, nil
	}
	if err := json.Unmarshal(ca.Settings, &out.settings); err != nil {
		return nil, fmt.Errorf("settings of authority %q: %w", i.name, err)
	}
	return &out, nil
}
