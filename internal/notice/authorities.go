package notice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
)

// Authorities are the records of authorities.
type Authorities interface {
	CAs(ctx context.Context) ([]*authority.CA, error)
}

// authorities puts together what is to be told of the authorities' own
// certificates. It returns all that they have, too, by its DER: the parent's
// record of one is not told of besides.
func (e *Ending) authorities(ctx context.Context, now time.Time) (own map[string]bool, a alerts, err error) {
	all, err := e.Authorities.CAs(ctx)
	if err != nil {
		return nil, a, fmt.Errorf("looking for authorities that end soon: %w", err)
	}
	own = map[string]bool{}
	for _, ca := range all {
		if len(ca.Chain) == 0 {
			continue
		}
		own[string(ca.Chain[0])] = true
		if ca.State == authority.CARetired {
			continue
		}
		c, err := cert.Parse(ca.Chain[0])
		if err != nil {
			return nil, a, fmt.Errorf("the certificate of authority %s: %w", ca.Name, err)
		}
		if !due(c.NotBefore, c.NotAfter, e.AuthorityBefore, now) {
			continue
		}
		id := fmt.Sprintf("%s/%s/%x", kindAuthority, ca.Name, c.SerialBytes)
		passed, err := e.passed(ctx, ca.Chain[0], id)
		if err != nil {
			return nil, a, err
		}
		if !passed {
			a.add(EndingCertificate{Alert: kindAuthority, CA: ca.Name, Serial: hex.EncodeToString(c.SerialBytes), Subject: c.Subject.String(), Ends: c.NotAfter}, id)
		}
	}
	return own, a, nil
}

// due reports whether a certificate that has not ended ends so soon, or is in
// the last third of a short life.
func due(begin, end time.Time, before time.Duration, now time.Time) bool {
	left := end.Sub(now)
	return left > 0 && before > 0 && left <= min(before, end.Sub(begin)/3)
}

// passed reports whether nothing is to be told of an authority's certificate:
// it was told of, or its parent has revoked it.
func (e *Ending) passed(ctx context.Context, der []byte, id string) (bool, error) {
	if told, err := e.told(ctx, id); told || err != nil {
		return told, err
	}
	sum := sha256.Sum256(der)
	for c, err := range e.Certificates.Certificates(ctx, authority.Query{Fingerprint: sum[:]}) {
		if err != nil {
			return false, fmt.Errorf("looking whether an authority was revoked: %w", err)
		}
		if c.Status != authority.StatusValid {
			return true, nil
		}
	}
	return false, nil
}
