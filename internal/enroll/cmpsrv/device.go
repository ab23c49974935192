package cmpsrv

import (
	"encoding/hex"
	"errors"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// device recognizes a device by the certificate of its manufacturer, with the
// others that came along (RFC 9483, Section 4.1.1).
func (s *Server) device(c *cert.Certificate, extra [][]byte) (*sender, error) {
	known := s.config.Manufacturers
	if !known.Any() {
		return nil, failure(cmp.SignerNotTrusted, "the certificate of the protection is none that was issued here")
	}
	var others []*cert.Certificate
	for _, raw := range extra {
		if one, err := cert.Parse(raw); err == nil {
			others = append(others, one)
		}
	}
	devices, err := known.Of(c, others, s.config.Now())
	var why *manufacturer.Distrust
	switch {
	case errors.As(err, &why) && why.Revoked:
		return nil, failure(cmp.CertRevoked, "the certificate of the protection is not good: %s", why.Detail)
	case errors.As(err, &why):
		return nil, failure(cmp.SignerNotTrusted, "the certificate of the protection is none that was issued here, and shows no device: %s", why.Detail)
	case err != nil:
		return nil, err
	}
	sum := c.Fingerprint()
	return &sender{id: "device:" + hex.EncodeToString(sum[:]), name: c.Subject.String(), certificate: c, devices: devices}, nil
}

// mayAsk refuses what a device does not have for the asking by the certificate
// of its manufacturer: what is about certificates that were issued here.
func (s *sender) mayAsk(kind cmp.BodyKind) error {
	if s.devices == nil {
		return nil
	}
	switch kind {
	case cmp.CertificationRequest:
		return failure(cmp.NotAuthorized, "a cr asks for one more certificate, by one that was issued here; the first one is asked for by an ir (RFC 9483, Section 4.1.2)")
	case cmp.KeyUpdateRequest:
		return failure(cmp.NotAuthorized, "a kur is protected by the certificate that it updates, and the manufacturer's was not issued here; the first certificate is asked for by an ir")
	case cmp.RevocationRequest:
		return failure(cmp.NotAuthorized, "the certificate of a manufacturer has nothing revoked here; an rr is protected by the certificate that it is about")
	}
	return nil
}

// limit has the names that the certificate would have held against those that
// the sender may have, in judging.
func (s *sender) limit(o *evidence.Origin, d *manufacturer.Device) *request.Refusal {
	if s.secret != nil {
		s.secret.Limit(o)
	}
	if d == nil {
		return nil
	}
	if err := d.Limit(o); err != nil {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "subject", Detail: err.Error(), Fix: "tell the operator of the authority: the rule for manufacturer " + d.Manufacturer.Name + " does not fit this device"}
	}
	return nil
}
