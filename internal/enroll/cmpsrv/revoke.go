package cmpsrv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// revoke answers rr.
func (s *Server) revoke(ctx context.Context, c *call) (cmp.Body, error) {
	if c.sender.certificate == nil {
		return cmp.Body{}, failure(cmp.WrongIntegrity, "an rr is protected by the key of a certificate, not by a shared secret")
	}
	list, err := c.message.Body.Revocations()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if len(list) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "the rr names no certificate")
	}
	c.ca = c.sender.record.CA
	c.begin()
	reply := cmp.RevocationReply{}
	for _, r := range list {
		id, status, err := s.revokeOne(ctx, c, r)
		if err != nil {
			return cmp.Body{}, err
		}
		reply.Statuses = append(reply.Statuses, status)
		reply.Certificates = append(reply.Certificates, id)
	}
	if reply.Certificates[0].Serial == nil {
		reply.Certificates = nil
	}
	return cmp.NewRevocationReply(reply), nil
}

// revokeOne revokes one certificate, and says how that went.
func (s *Server) revokeOne(ctx context.Context, c *call, r cmp.Revocation) (id crmf.CertID, status cmp.StatusInfo, err error) {
	refuse := func(err error) (crmf.CertID, cmp.StatusInfo, error) {
		if status, ok := statusOf(err); ok {
			return id, status, nil
		}
		return id, status, err
	}
	if r.Template.Issuer == nil || r.Template.Serial == nil {
		return refuse(failure(cmp.AddInfoNotAvailable, "the rr needs the issuer and the serial number of the certificate"))
	}
	id = crmf.CertID{Issuer: ext.NewDirectoryName(*r.Template.Issuer), Serial: r.Template.Serial}
	reason, since, err := reasonOf(r.Extensions)
	if err != nil {
		return refuse(err)
	}
	record, err := s.meant(ctx, r)
	if err != nil {
		return refuse(err)
	}
	if err := s.mayRevoke(ctx, c.sender, record); err != nil {
		return refuse(err)
	}
	if reason == crl.RemoveFromCRL {
		_, err = s.config.Authority.Release(ctx, record.CA, record.Serial, c.sender.name)
	} else {
		_, err = s.config.Authority.Revoke(ctx, authority.RevocationOrder{
			CA: record.CA, Serial: record.Serial, Reason: reason, Invalid: since, By: c.sender.name, Method: "cmp-signature",
		})
	}
	if err == nil && record.Status == authority.StatusUnconfirmed {
		err = s.withdrawn(ctx, record)
	}
	if err != nil {
		return refuse(err)
	}
	return id, cmp.StatusInfo{}, nil
}

// withdrawn ends the wait for the confirmation of a certificate that was revoked
// meanwhile.
func (s *Server) withdrawn(ctx context.Context, c *authority.Certificate) error {
	_, err := s.config.Authority.Confirm(ctx, authority.Confirmation{Ticket: c.Ticket, Rejected: "it was revoked before it was confirmed"})
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Reason == request.WrongState {
		return nil // another message ended it
	}
	return err
}

// reasonOf reads what the entry of the revocation list is to say.
func reasonOf(extensions []ext.Extension) (reason crl.Reason, since time.Time, err error) {
	seen := false
	for _, e := range extensions {
		switch e.ID {
		case oid.ReasonCode:
			if seen {
				return 0, since, failure(cmp.BadRequest, "the rr gives more than one reason")
			}
			seen = true
			n, err := ext.ParseReasonCode(e.Value)
			if err != nil {
				return 0, since, failure(cmp.BadDataFormat, "reason: %v", err)
			}
			if reason = crl.Reason(n); !isReason(n) {
				return 0, since, failure(cmp.BadDataFormat, "there is no reason with the number %d", n)
			}
		case oid.InvalidityDate:
			if since, err = ext.ParseInvalidityDate(e.Value); err != nil {
				return 0, since, failure(cmp.BadDataFormat, "invalidity date: %v", err)
			}
		default:
			if e.Critical {
				return 0, since, failure(cmp.UnacceptedExtension, "the extension %s of an entry is not known here", e.ID.Name())
			}
		}
	}
	return reason, since, nil
}

// isReason reports whether there is such a CRLReason (RFC 5280, Section 5.3.1).
func isReason(n int) bool { return n >= 0 && n <= 10 && n != 7 }

// describes holds what else an rr says of a certificate against the certificate
// (RFC 9483, Section 4.2).
func describes(t crmf.Template, record *authority.Certificate) error {
	c, err := cert.Parse(record.DER)
	if err != nil {
		return fmt.Errorf("reading certificate %x: %w", record.Serial, err)
	}
	other := func(what string) error {
		return failure(cmp.BadCertID, "the %s in the rr is not that of the certificate with this serial number", what)
	}
	switch {
	case t.Version != nil && *t.Version != 2:
		return failure(cmp.BadRequest, "the version in the rr is %d; that of certificates is 2", *t.Version)
	case t.Subject != nil && !t.Subject.Equal(c.Subject):
		return other("subject")
	case t.PublicKey != nil && !key.SameKey(t.PublicKey, c.PublicKey):
		return other("public key")
	case t.ExtensionsProblem != nil:
		return failure(cmp.BadDataFormat, "extensions: %v", t.ExtensionsProblem)
	}
	for _, e := range t.Extensions {
		if own, ok := ext.Find(c.Extensions, e.ID); !ok || !bytes.Equal(own.Value, e.Value) {
			return other("extension " + e.ID.Name())
		}
	}
	return nil
}

// meant finds the certificate that an rr names, by the records of the
// authority of that name.
func (s *Server) meant(ctx context.Context, r cmp.Revocation) (*authority.Certificate, error) {
	all, err := s.config.Store.CAs(ctx)
	if err != nil {
		return nil, err
	}
	known := false
	for _, ca := range all {
		if len(ca.Chain) == 0 {
			continue
		}
		parsed, err := cert.Parse(ca.Chain[0])
		if err != nil || !parsed.Subject.Equal(*r.Template.Issuer) {
			continue
		}
		known = true
		record, err := s.config.Store.Certificate(ctx, ca.Name, r.Template.Serial.Bytes())
		if errors.Is(err, authority.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return record, describes(r.Template, record)
	}
	if !known {
		return nil, failure(cmp.BadCertID, "there is no authority called %s here", r.Template.Issuer)
	}
	return nil, &request.Refusal{Reason: request.UnknownCertificate, Detail: "there is no certificate with this serial number", Fix: "check the serial number"}
}
