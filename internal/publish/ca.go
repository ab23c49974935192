package publish

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/pem"
)

// Media types of certificates (RFC 5280, Section 4.2.2.1; RFC 8551).
const (
	certType  = "application/pkix-cert"
	pkcs7Type = "application/pkcs7-mime; smime-type=certs-only"
	pemType   = "application/x-pem-file"
)

// certificateForm is how the certificate of an authority is written, by the
// end of the name.
type certificateForm struct {
	ending, kind string
	write        func(chain [][]byte) []byte
}

func certificateForms() []certificateForm {
	one := func(chain [][]byte) []byte { return chain[0] }
	return []certificateForm{
		{".crt", certType, one},
		{".cer", certType, one},
		{".der", certType, one},
		{".p7c", pkcs7Type, func(chain [][]byte) []byte { return cms.CertsOnly(chain, nil) }},
		{".pem", pemType, func(chain [][]byte) []byte { return pem.Encode("CERTIFICATE", chain[0]) }},
	}
}

// ca serves NAME.crt, the certificate of an authority, and NAME.p7c, that and
// those above it.
func (s *Server) ca(w http.ResponseWriter, r *http.Request, name string) {
	for _, form := range certificateForms() {
		base, ok := strings.CutSuffix(name, form.ending)
		if !ok {
			continue
		}
		found, err := s.authority(r.Context(), base)
		if err != nil {
			s.failed(w, r, err)
			return
		}
		if found == nil {
			missing(w, "there is no authority of this name here, or it has no certificate yet")
			return
		}
		body := form.write(found.Chain)
		o := object{kind: form.kind, tag: fmt.Sprintf(`"%x"`, sha256.Sum256(body)), modified: s.settled(stored(found)), keep: s.config.MaxAge}
		if !o.head(w, r) {
			o.serve(w, r, body)
		}
		return
	}
	missing(w, "ask for /ca/NAME.crt, .pem or .p7c")
}

// stored is when the certificate of an authority came in.
func stored(ca *authority.CA) time.Time {
	var settings authority.CASettings
	if json.Unmarshal(ca.Settings, &settings) == nil && !settings.Installed.IsZero() {
		return settings.Installed
	}
	return ca.Created
}

// cas are the authorities as they were last seen, for when the records cannot
// be reached.
type cas struct {
	mu    sync.Mutex
	known map[string]*authority.CA
}

func (c *cas) see(ca *authority.CA) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*authority.CA{}
	}
	c.known[ca.Name] = ca
}

func (c *cas) seen(name string) *authority.CA {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[name]
}

// authority finds an authority that has a certificate; nil if there is none.
func (s *Server) authority(ctx context.Context, name string) (*authority.CA, error) {
	ca, err := s.config.Store.CA(ctx, name)
	switch {
	case errors.Is(err, authority.ErrNotFound) || err == nil && len(ca.Chain) == 0:
		return nil, nil
	case err == nil:
		s.cas.see(ca)
	default:
		if before := s.cas.seen(name); before != nil {
			s.config.Log.WarnContext(ctx, "the records cannot be read, and the certificate of an authority is served as it was", "ca", name, "error", err)
			return before, nil
		}
	}
	return ca, err
}
