package responder

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/request"
)

// RecordKind is the kind of the records of responder certificates.
const RecordKind = "ocsp-responder"

// signerRecord is the body of such a record.
type signerRecord struct {
	Key         string `json:"key"`         // the keystore's reference
	Certificate []byte `json:"certificate"` // DER
}

// signer is a responder certificate and its key.
type signer struct {
	certificate *cert.Certificate
	identifier  []byte
	key         crypto.Signer
	algorithm   key.SignatureAlgorithm
	chain       [][]byte // what goes with an answer
	issuer      []byte   // the authority's certificate that was found to be the issuer
}

// signers is what is known of the responder certificates of one authority.
type signers struct {
	sync.Mutex
	now   *signer
	tried time.Time // when the last try to get another one failed
}

// retry is how long to wait after a responder certificate could not be had,
// where the old one still does.
const retry = time.Minute

// due reports whether a signer is to be replaced: two thirds of its time are
// over, or its end comes before that of the answers it signs. One that ends
// with its authority is the last.
func (s *signer) due(now time.Time, by *issuer) bool {
	if !s.certificate.NotAfter.Before(by.certificate.NotAfter) {
		return now.After(s.certificate.NotAfter)
	}
	validity := by.settings.AnswerValidity()
	left, life := s.certificate.NotAfter.Sub(now), s.certificate.NotAfter.Sub(s.certificate.NotBefore)
	return left < life/3 || left < validity && validity < life*2/3
}

// signer returns what signs answers of an authority.
func (r *Responder) signer(ctx context.Context, by *issuer) (*signer, error) {
	r.mu.Lock()
	of := r.signers[by.name]
	if of == nil {
		of = &signers{}
		r.signers[by.name] = of
	}
	r.mu.Unlock()

	of.Lock()
	defer of.Unlock()
	now := r.now()
	if of.now != nil && !of.now.issuedBy(by) {
		of.now = nil
	}
	if of.now != nil && (!of.now.due(now, by) || now.Sub(of.tried).Abs() < retry && now.Before(of.now.certificate.NotAfter)) {
		return of.now, nil
	}
	next, err := r.nextSigner(ctx, by, now)
	if err == nil {
		of.now = next
		return next, nil
	}
	if of.now == nil || now.After(of.now.certificate.NotAfter) {
		return nil, err
	}
	of.tried = now
	r.config.Log.ErrorContext(ctx, "the responder certificate could not be replaced, and is used until it ends", "ca", by.name, "end", of.now.certificate.NotAfter, "error", err)
	return of.now, nil
}

// issuedBy reports whether a signer is of this authority as it is now; the
// signature is looked at once.
func (s *signer) issuedBy(by *issuer) bool {
	if bytes.Equal(s.issuer, by.raw) {
		return true
	}
	if !s.certificate.Issuer.Equal(by.certificate.Subject) || s.certificate.CheckSignature(by.certificate.PublicKey) != nil {
		return false
	}
	s.issuer = by.raw
	return true
}

// nextSigner finds a responder certificate on record whose key can be opened
// here, or has one issued.
func (r *Responder) nextSigner(ctx context.Context, by *issuer, now time.Time) (*signer, error) {
	records, err := r.config.Records.FindRecords(ctx, authority.RecordQuery{Kind: RecordKind, Owner: by.name})
	if err != nil {
		return nil, fmt.Errorf("looking for responder certificates of authority %q: %w", by.name, err)
	}
	var best *signer
	for _, record := range records {
		s, err := r.recorded(ctx, by, record)
		switch {
		case err != nil:
			// Another process may have it, with a folder of keys of its own.
			r.config.Log.DebugContext(ctx, "a responder certificate on record cannot be used here", "ca", by.name, "error", err)
			continue
		case now.After(s.certificate.NotAfter):
			r.drop(ctx, record)
			continue
		}
		if !s.due(now, by) && (best == nil || s.certificate.NotAfter.After(best.certificate.NotAfter)) {
			best = s
		}
	}
	if best != nil {
		return best, nil
	}
	return r.newSigner(ctx, by)
}

// recorded opens what is on record.
func (r *Responder) recorded(ctx context.Context, by *issuer, record *authority.Record) (*signer, error) {
	body, err := authority.Body[signerRecord](record)
	if err != nil {
		return nil, err
	}
	c, err := cert.Parse(body.Certificate)
	if err != nil {
		return nil, fmt.Errorf("reading record %s: %w", record.ID, err)
	}
	standing, _, err := r.config.Authority.Standing(ctx, by.name, c.Serial.Bytes())
	if err != nil {
		return nil, err
	}
	if standing == authority.StandingRevoked || standing == authority.StandingHold {
		return nil, fmt.Errorf("the responder certificate %x is %s", c.Serial, standing)
	}
	private, err := r.config.Keys.Signer(ctx, body.Key)
	if err != nil {
		return nil, fmt.Errorf("opening the key of responder certificate %x: %w", c.Serial, err)
	}
	s, err := newSigner(c, private)
	if err == nil && !s.issuedBy(by) {
		err = fmt.Errorf("the responder certificate %x is of another key of the authority", c.Serial)
	}
	return s, err
}

func newSigner(c *cert.Certificate, private crypto.Signer) (*signer, error) {
	algorithm, err := key.ChooseSignatureAlgorithm(c.PublicKey, "", false)
	if err != nil {
		return nil, fmt.Errorf("key of responder certificate %x: %w", c.Serial, err)
	}
	return &signer{certificate: c, identifier: c.PublicKey.Identifier(), key: private, algorithm: algorithm, chain: [][]byte{c.Raw}}, nil
}

// drop removes a record and the key of a certificate that has ended.
func (r *Responder) drop(ctx context.Context, record *authority.Record) {
	body, err := authority.Body[signerRecord](record)
	if err == nil {
		err = r.config.Records.DeleteRecords(ctx, record)
	}
	if errors.Is(err, authority.ErrConflict) {
		return // another process was quicker
	}
	if err == nil {
		err = r.config.Keys.Forget(body.Key)
	}
	if err != nil {
		r.config.Log.WarnContext(ctx, "what is left of an ended responder certificate could not be removed", "ca", record.Owner, "error", err)
	}
}

// newSigner has a responder certificate issued, and records it before it signs
// anything.
func (r *Responder) newSigner(ctx context.Context, by *issuer) (*signer, error) {
	reference, private, err := r.config.Keys.Create(ctx, by.name+"-ocsp", keyKind(by.certificate.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("making the key of a responder for authority %q: %w", by.name, err)
	}
	s, err := r.certify(ctx, by, private)
	if err != nil {
		return nil, errors.Join(err, r.config.Keys.Forget(reference))
	}
	body, err := json.Marshal(signerRecord{Key: reference, Certificate: s.certificate.Raw})
	if err != nil {
		return nil, err
	}
	record := &authority.Record{Kind: RecordKind, ID: fmt.Sprintf("%s/%x", by.name, s.certificate.Serial), Owner: by.name, Due: s.certificate.NotAfter, Body: body}
	if err := r.config.Records.PutRecords(ctx, record); err != nil {
		return nil, fmt.Errorf("recording a responder certificate of authority %q: %w", by.name, err)
	}
	r.config.Log.InfoContext(ctx, "a responder certificate was issued", "ca", by.name, "serial", fmt.Sprintf("%x", s.certificate.Serial), "end", s.certificate.NotAfter)
	return s, nil
}

func (r *Responder) certify(ctx context.Context, by *issuer, private crypto.Signer) (*signer, error) {
	public, err := key.MarshalPublic(private.Public())
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(public, "", false)
	if err != nil {
		return nil, err
	}
	subject, err := subjectBelow(by.certificate.Subject)
	if err != nil {
		return nil, fmt.Errorf("naming a responder of authority %q: %w", by.name, err)
	}
	p, err := pkcs10.Create(pkcs10.Template{Subject: subject}, &key.Private{Signer: private, Public: public}, algorithm)
	if err != nil {
		return nil, err
	}
	q, err := request.FromPKCS10(p)
	if err != nil {
		return nil, err
	}
	out, err := r.config.Authority.CertifyResponder(ctx, by.name, q)
	if err != nil {
		return nil, fmt.Errorf("having a responder of authority %q certified: %w", by.name, err)
	}
	if out.Certificate == nil {
		why := "a person must decide: ticket " + out.Ticket.ID
		if out.Refusal != nil {
			why = out.Refusal.Error()
		}
		return nil, fmt.Errorf("having a responder of authority %q certified by the profile ocsp: %s", by.name, why)
	}
	c, err := cert.Parse(out.Certificate.DER)
	if err != nil {
		return nil, err
	}
	return newSigner(c, private)
}

// maxCommonName is the length that X.520 allows.
const maxCommonName = 64

// subjectBelow names a responder after its authority.
func subjectBelow(issuer dn.Name) (dn.Name, error) {
	const suffix = " OCSP Responder"
	name := "OCSP Responder"
	if names := issuer.Values(oid.CommonName); len(names) > 0 {
		whole := []rune(names[len(names)-1])
		name = strings.TrimSpace(string(whole[:min(len(whole), maxCommonName-len(suffix))])) + suffix
	}
	cn, err := dn.NewAttribute(oid.CommonName, name)
	if err != nil {
		return dn.Name{}, err
	}
	parts := []dn.RDN{}
	for _, rdn := range issuer.RDNs {
		if len(rdn) == 1 && slices.Contains([]oid.OID{oid.Country, oid.Organization}, rdn[0].Type) {
			parts = append(parts, rdn)
		}
	}
	return dn.Build(append(parts, dn.RDN{cn})...), nil
}

// keyKind is the kind of a responder's key: of the family of its authority's,
// since who can check the one can check the other, and quick to sign with.
func keyKind(of *key.Public) string {
	switch {
	case of.Type == "RSA":
		return "rsa-2048"
	case of.Type == "Ed25519":
		return "ed25519"
	case of.Type == "ML-DSA":
		return strings.ToLower(of.String())
	}
	return "ecdsa-p256"
}
