package restsrv

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// certificates registers what has to do with certificates.
func (s *server) certificates() {
	tags := []string{"certificates"}
	on(s, huma.Operation{OperationID: "listCertificates", Method: http.MethodGet, Path: "/certificates", Summary: "Search certificates, in the order they were issued", Tags: tags}, readers(), s.listCertificates)
	on(s, huma.Operation{OperationID: "getCertificate", Method: http.MethodGet, Path: "/certificates/{serial}", Summary: "Show the record of a certificate", Tags: tags}, readers(), s.getCertificate)
	on(s, huma.Operation{OperationID: "fetchCertificate", Method: http.MethodGet, Path: "/certificates/{serial}/{form}", Summary: "Fetch a certificate: pem, der, chain (PEM, without the root), p7b", Tags: tags}, readers(), s.fetchCertificate)
	on(s, huma.Operation{OperationID: "renewCertificate", Method: http.MethodPost, Path: "/certificates/{serial}/renew", Summary: "Ask for a certificate in place of this one", Tags: tags,
		Description: "with the request on record, or with a new one; answers as submitRequest does", DefaultStatus: http.StatusCreated, MaxBodyBytes: largestRequest}, applicants(), s.renew)
	on(s, huma.Operation{OperationID: "revokeCertificate", Method: http.MethodPost, Path: "/certificates/{serial}/revoke", Summary: "Revoke a certificate, or put it on hold", Tags: tags,
		Description: "officers any, applicants their own, and holders with the challenge password or a signature by the key"}, applicants(), s.revoke)
	on(s, huma.Operation{OperationID: "releaseCertificate", Method: http.MethodPost, Path: "/certificates/{serial}/release", Summary: "Take a certificate off hold", Tags: tags}, officers(), s.release)
}

type certificateList struct {
	Paged
	CA             string    `query:"ca"`
	Serial         string    `query:"serial" doc:"hexadecimal"`
	Text           string    `query:"text" doc:"part of subject, a name or the serial number"`
	Subject        string    `query:"subject" doc:"part of the subject"`
	SAN            string    `query:"san" doc:"a name, with or without its kind; * matches anything"`
	Fingerprint    string    `query:"fingerprint" doc:"SHA-256, hexadecimal"`
	KeyFingerprint string    `query:"keyFingerprint" doc:"SHA-256 of the subject public key info, hexadecimal"`
	Profile        string    `query:"profile"`
	Requester      string    `query:"requester"`
	Ticket         string    `query:"ticket"`
	Status         string    `query:"status" enum:"valid,unconfirmed,hold,revoked" doc:"expired ones are valid with expiresBefore"`
	ExpiresBefore  time.Time `query:"expiresBefore"`
	ExpiresAfter   time.Time `query:"expiresAfter"`
	IssuedAfter    time.Time `query:"issuedAfter"`
}

func (in *certificateList) query(x *sender) (authority.Query, error) {
	q := authority.Query{CA: in.CA, Text: in.Text, Subject: in.Subject, Name: in.SAN, Profile: in.Profile, Requester: in.Requester, Ticket: in.Ticket,
		Status: authority.Status(in.Status), ExpiresBefore: in.ExpiresBefore, ExpiresAfter: in.ExpiresAfter, IssuedAfter: in.IssuedAfter}
	if !x.everything() {
		q.Requester = x.Name
	}
	var err error
	if q.Serial, err = hexadecimal("serial", in.Serial); err != nil {
		return q, err
	}
	if q.Fingerprint, err = hexadecimal("fingerprint", in.Fingerprint); err != nil {
		return q, err
	}
	if q.KeyFingerprint, err = hexadecimal("keyFingerprint", in.KeyFingerprint); err != nil {
		return q, err
	}
	if in.Cursor != "" {
		at, err := readCursor(in.Cursor, 2)
		if err != nil {
			return q, err
		}
		serial, err := hex.DecodeString(at[1])
		if err != nil {
			return q, badCursor()
		}
		q.After = &authority.Place{CA: at[0], Serial: serial}
	}
	return q, nil
}

// goesOnFrom refuses to go on from a certificate that the sender may not know of
// as from one that is not there.
func (s *server) goesOnFrom(ctx context.Context, x *sender, at *authority.Place) error {
	if at == nil {
		return nil
	}
	c, err := s.Store.Certificate(ctx, at.CA, at.Serial)
	if errors.Is(err, authority.ErrNotFound) || err == nil && !x.sees(c.Requester, c.CA, c.Profile) {
		return badCursor()
	}
	return err
}

type certificatePage struct {
	Body client.Page[client.Certificate]
}

func (s *server) listCertificates(ctx context.Context, x *sender, in *certificateList) (*certificatePage, error) {
	out := &certificatePage{client.Page[client.Certificate]{Items: []client.Certificate{}}}
	q, err := in.query(x)
	if err != nil {
		return nil, err
	}
	if !x.everything() && in.Requester != "" && in.Requester != x.Name {
		return out, nil
	}
	if err := s.goesOnFrom(ctx, x, q.After); err != nil {
		return nil, err
	}
	last := ""
	for c, err := range s.Store.Certificates(ctx, q) {
		if errors.Is(err, authority.ErrNotFound) {
			return nil, badCursor()
		}
		if err != nil {
			return nil, err
		}
		if !x.sees(c.Requester, c.CA, c.Profile) {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = last
			break
		}
		out.Body.Items = append(out.Body.Items, s.certificateAlone(c))
		last = cursor(c.CA, hex.EncodeToString(c.Serial))
	}
	return out, nil
}

// Named names a certificate.
type Named struct {
	Serial string `path:"serial" maxLength:"128" doc:"hexadecimal"`
	CA     string `query:"ca" doc:"the authority; only needed where several have issued under this number"`
}

func unknownCertificate(serial string) error {
	return &request.Refusal{Reason: request.UnknownCertificate, Field: "serial", Detail: "there is no certificate with the serial number " + short(serial), Fix: "look for it with certwright list"}
}

// find returns the certificate among those that count.
func (s *server) find(ctx context.Context, in *Named, counts func(*authority.Certificate) bool) (*authority.Certificate, error) {
	serial, err := hexadecimal("serial", in.Serial)
	if err != nil {
		return nil, err
	}
	serial = bytes.TrimLeft(serial, "\x00")
	if in.CA != "" {
		c, err := s.Store.Certificate(ctx, in.CA, serial)
		if errors.Is(err, authority.ErrNotFound) || err == nil && !counts(c) {
			return nil, unknownCertificate(in.Serial)
		}
		return c, err
	}
	var found *authority.Certificate
	for c, err := range s.Store.Certificates(ctx, authority.Query{Serial: serial}) {
		switch {
		case err != nil:
			return nil, err
		case !counts(c):
			continue
		case found != nil:
			return nil, failed(http.StatusConflict, client.CodeConflict, "several authorities have issued a certificate under this number", "name the authority: ?ca=NAME")
		}
		found = c
	}
	if found == nil || len(serial) == 0 {
		return nil, unknownCertificate(in.Serial)
	}
	return found, nil
}

// certificateFor is find of what the sender may know of.
func (s *server) certificateFor(ctx context.Context, x *sender, in *Named) (*authority.Certificate, error) {
	return s.find(ctx, in, func(c *authority.Certificate) bool { return x.sees(c.Requester, c.CA, c.Profile) })
}

type certificateInput struct {
	Named
	IfNoneMatch string `header:"If-None-Match" doc:"the ETag of what is there already"`
}

type certificateOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *client.Certificate
}

func (s *server) told(c *authority.Certificate) (*certificateOutput, error) {
	told := s.certificateAlone(c)
	tag, err := bodyTag(&told)
	return &certificateOutput{Status: http.StatusOK, ETag: tag, Body: &told}, err
}

// unchanged holds what a client has seen of a certificate, by If-Match, against
// what there is.
func (s *server) unchanged(c *authority.Certificate, ifMatch string) error {
	now, err := s.told(c)
	if err != nil {
		return err
	}
	return matches(ifMatch, now.ETag)
}

func (s *server) getCertificate(ctx context.Context, x *sender, in *certificateInput) (*certificateOutput, error) {
	c, err := s.certificateFor(ctx, x, &in.Named)
	if err != nil {
		return nil, err
	}
	out, err := s.told(c)
	if err != nil {
		return nil, err
	}
	if had(in.IfNoneMatch, out.ETag) {
		return &certificateOutput{Status: http.StatusNotModified, ETag: out.ETag}, nil
	}
	return out, nil
}

type formInput struct {
	Named
	Form        string `path:"form" enum:"pem,der,chain,p7b"`
	IfNoneMatch string `header:"If-None-Match"`
}

// fileOutput is an answer that is no JSON.
type fileOutput struct {
	Status      int
	ContentType string `header:"Content-Type"`
	ETag        string `header:"ETag"`
	Body        []byte
}

func (s *server) fetchCertificate(ctx context.Context, x *sender, in *formInput) (*fileOutput, error) {
	c, err := s.certificateFor(ctx, x, &in.Named)
	if err != nil {
		return nil, err
	}
	out := &fileOutput{Status: http.StatusOK}
	if c.Status == authority.StatusUnconfirmed {
		return nil, &request.Refusal{Reason: request.WrongState, Field: "serial", Detail: "the certificate is unconfirmed: only its holder may have it yet, encrypted to its key", Fix: "have the applicant confirm it"}
	}
	ca, err := s.Store.CA(ctx, c.CA)
	if err != nil {
		return nil, err
	}
	chain := append([][]byte{c.DER}, ca.Chain...)
	switch in.Form {
	case client.FormPEM:
		out.ContentType, out.Body = pemType, pem.Encode("CERTIFICATE", c.DER)
	case client.FormDER:
		out.ContentType, out.Body = derType, c.DER
	case client.FormChain:
		out.ContentType, out.Body = chainType, task.EncodeCertificates(task.WithoutRoot(chain)...)
	case client.FormPKCS7:
		out.ContentType, out.Body = "application/pkcs7-mime; smime-type=certs-only", cms.CertsOnly(chain, nil)
	}
	out.ETag = tag(out.Body)
	if had(in.IfNoneMatch, out.ETag) {
		out.Status, out.Body = http.StatusNotModified, nil
	}
	return out, nil
}

type renewInput struct {
	Named
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes it harmless to send this twice"`
	Body           client.Renewal
}

func (s *server) renew(ctx context.Context, x *sender, in *renewInput) (*answered, error) {
	c, err := s.certificateFor(ctx, x, &in.Named)
	if err != nil {
		return nil, err
	}
	old, err := task.OldOf(ctx, s.office, c)
	if err != nil {
		return nil, err
	}
	spec, err := s.renewal(x, old, in)
	if err != nil {
		return nil, err
	}
	once, err := s.once(ctx, x, in.IdempotencyKey, "/certificates/"+c.CA+"/"+hex.EncodeToString(c.Serial)+"/renew", in.Body)
	if err != nil {
		return nil, err
	}
	return s.submitted(ctx, once, func(with func(*authority.Outcome) ([]*authority.Record, error)) (*authority.Outcome, error) {
		if err := task.MayIssueAgain(ctx, s.office, c, spec.Request != nil); err != nil {
			return nil, err
		}
		spec.With = with
		return task.Again(ctx, s.office, old, spec)
	})
}

// renewal is what a sender asks for in place of a certificate.
func (s *server) renewal(x *sender, old task.Old, in *renewInput) (task.AgainSpec, error) {
	b := &in.Body
	spec := task.AgainSpec{Origin: x.origin(), Profile: b.Profile, CA: b.CA, IdempotencyKey: x.key(in.IdempotencyKey)}
	if spec.Profile == "" {
		spec.Profile = old.Record.Profile
	}
	if spec.CA == "" {
		spec.CA = old.Record.CA
	}
	if _, _, err := x.Scope(spec.Profile, spec.CA); err != nil {
		return spec, err
	}
	var err error
	if b.Request != "" {
		if spec.Request, err = oneRequest(b.Request); err != nil {
			return spec, err
		}
		if sum := spec.Request.Fingerprint(); bytes.Equal(sum[:], old.Ticket.Fingerprint) {
			spec.Request = nil
		}
	}
	spec.Asked, err = x.asked(b.NotBefore, b.NotAfter, issuance.Period{Months: b.Months, Rest: time.Duration(b.Validity)}, nil, nil)
	if err != nil || b.Subject == nil && b.SANs == nil {
		return spec, err
	}
	if asked, err := x.asked(nil, nil, issuance.Period{}, b.Subject, b.SANs); err == nil {
		spec.Asked.Subject, spec.Asked.Names = asked.Subject, asked.Names
	} else if !sameAs(old.Record, b) {
		return spec, err
	}
	return spec, nil
}

// sameAs reports whether the subject and names of a renewal are those that
// the old certificate has: everybody may say so.
func sameAs(c *authority.Certificate, b *client.Renewal) bool {
	parsed, err := cert.Parse(c.DER)
	if err != nil {
		return false
	}
	officer := &access.Principal{Roles: officers()} // may ask for any subject, so that one can be read and compared
	asked, err := (&sender{Principal: officer}).asked(nil, nil, issuance.Period{}, b.Subject, b.SANs)
	if err != nil || asked.Subject != nil && !asked.Subject.Equal(parsed.Subject) {
		return false
	}
	return asked.Names == nil || sameNames(asked, parsed.SubjectAltNames())
}

func sameNames(asked issuance.Asked, had []ext.GeneralName) bool {
	if len(asked.Names) != len(had) {
		return false
	}
	for i, name := range asked.Names {
		if name.String() != had[i].String() {
			return false
		}
	}
	return true
}
