package responder

import (
	"context"

	"github.com/certwright/certwright/authority/delegate"
)

// RecordKind is the kind of the records of responder certificates.
const RecordKind = "ocsp-responder"

// delegates are the responder certificates.
func delegates(c *Config) (*delegate.Delegates, error) {
	return delegate.New(delegate.Config{
		Authority: c.Authority, Records: c.Records, Keys: c.Keys, Log: c.Log,
		Kind: RecordKind, Role: "OCSP Responder", Key: "ocsp", Certify: c.Authority.CertifyResponder,
	})
}

// signer returns what signs answers of an authority.
func (r *Responder) signer(ctx context.Context, by *issuer) (*delegate.Delegate, error) {
	return r.delegates.Of(ctx, delegate.Issuer{Name: by.name, Certificate: by.certificate}, r.now(), by.settings.AnswerValidity())
}
