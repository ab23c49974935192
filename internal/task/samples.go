package task

import (
	"context"
	"fmt"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
)

// Sample is a certificate that shows whether what an authority publishes is
// there: the newest one that is valid.
type Sample struct {
	CA          *authority.CA
	Settings    authority.CASettings
	Certificate *cert.Certificate // nil where the authority has issued none
}

// Samples returns a sample of every authority that is active.
func Samples(ctx context.Context, o *Office) ([]Sample, error) {
	all, err := o.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	var out []Sample
	for _, ca := range all {
		if ca.State != authority.CAActive || len(ca.Chain) == 0 {
			continue
		}
		s := Sample{CA: ca}
		_, settings, err := o.Authority.CA(ctx, ca.Name)
		if err != nil {
			return nil, err
		}
		s.Settings = *settings
		for c, err := range o.Store.Certificates(ctx, authority.Query{CA: ca.Name, Status: authority.StatusValid, ExpiresAfter: o.Now()}) {
			if err != nil {
				return nil, fmt.Errorf("looking for certificates of authority %q: %w", ca.Name, err)
			}
			if c.Profile == "ocsp" {
				continue
			}
			if s.Certificate, err = cert.Parse(c.DER); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}
