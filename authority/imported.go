package authority

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/request"
)

// Imported is a certificate that one of these authorities signed elsewhere.
type Imported struct {
	DER     []byte
	Status  Status // of StatusHold and StatusRevoked the rest tells more
	Revoked time.Time
	Reason  crl.Reason
	Invalid time.Time
}

// importedProfile stands in records for the profile of a certificate that was
// not signed here.
const importedProfile = "imported"

// importedAtOnce is how many certificates travel to the records together.
const importedAtOnce = 500

// ImportCertificates records certificates that this authority signed elsewhere,
// without signing anything. One that is recorded already is passed over, and
// gets its revocation where that is new, so that an import that was broken off
// can be repeated. added counts those that were not there. Certificates of
// others are a *request.Refusal.
func (a *Authority) ImportCertificates(ctx context.Context, ca string, list []Imported, by string) (added int, err error) {
	s, err := a.signatory(ctx, ca)
	if err != nil {
		return 0, err
	}
	if s.certificate == nil {
		return 0, wrongChain(fmt.Sprintf("authority %q has no certificate yet", ca), "bring it in with `certwright ca install`")
	}
	for len(list) > 0 {
		some := list[:min(len(list), importedAtOnce)]
		list = list[len(some):]
		n, err := a.importSome(ctx, s, some, by)
		added += n
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

func (a *Authority) importSome(ctx context.Context, s *signatory, list []Imported, by string) (added int, err error) {
	var changes []*Change
	var records []*Certificate
	var elsewhere []string
	for i := range list {
		c, err := s.recordOf(&list[i])
		if err != nil {
			return 0, err
		}
		e, err := NewEvent(a.now(), by, "certificate.imported", "certificate:"+c.CA+"/"+hex.EncodeToString(c.Serial), struct {
			Subject     string    `json:"subject"`
			Certificate string    `json:"certificate"` // SHA-256 of its DER
			NotAfter    time.Time `json:"notAfter"`
		}{c.Subject, hex.EncodeToString(c.Fingerprint), c.NotAfter})
		if err != nil {
			return 0, err
		}
		elsewhere = append(elsewhere, without(s.elsewhere(c.DER), elsewhere)...)
		records = append(records, c)
		changes = append(changes, &Change{AddCertificate: c, Events: []*Event{e}})
	}
	if len(elsewhere) > 0 {
		if _, err := a.UpdateCA(ctx, s.ca.Name, func(_ *CA, c *CASettings) { c.formerly(Places{CRL: elsewhere}) }, by); err != nil {
			return 0, err
		}
	}
	failures, err := a.config.Store.Commit(ctx, changes...)
	if err != nil {
		return 0, fmt.Errorf("recording certificates: %w", err)
	}
	for i, c := range records {
		switch failure := failures[i]; {
		case errors.Is(failure, ErrExists):
			if c, err = a.sameRecord(ctx, c); err != nil {
				return added, err
			}
		case failure != nil:
			return added, fmt.Errorf("recording certificate %x: %w", c.Serial, failure)
		default:
			added++
		}
		if err := a.importStatus(ctx, c, &list[i], by); err != nil {
			return added, err
		}
	}
	return added, nil
}

// recordOf describes a certificate, once it is seen to be the authority's.
func (s *signatory) recordOf(i *Imported) (*Certificate, error) {
	c, err := cert.Parse(i.DER)
	if err != nil {
		return nil, wrongChain(fmt.Sprintf("a certificate cannot be read: %v", err), "leave it out")
	}
	serial := c.Serial.Bytes()
	if err := c.CheckSignature(s.certificate.PublicKey); err != nil || !c.Issuer.Equal(s.certificate.Subject) {
		return nil, wrongChain(fmt.Sprintf("the certificate %x of %s was not signed by authority %q", serial, c.Subject, s.ca.Name), "leave it out, or bring it to the authority that signed it")
	}
	if c.Serial.Sign() <= 0 || len(serial) > 20 {
		return nil, wrongChain(fmt.Sprintf("the serial number %v of %s is not positive, or has more than 20 octets", c.Serial, c.Subject), "leave it out")
	}
	record := recordOf(c)
	record.CA, record.Issued = s.ca.Name, record.NotBefore
	record.Profile, record.Status = importedProfile, StatusValid
	for _, uri := range listsNamed(c) {
		if shard, ok := s.settings.ShardAt(s.ca.Name, uri); ok {
			record.Shard = shard
			break
		}
	}
	return record, nil
}

// elsewhere are the places of lists that a certificate names and that the
// lists of several shards do not.
func (s *signatory) elsewhere(der []byte) []string {
	c, err := cert.Parse(der)
	if err != nil || s.settings.Shards <= 1 {
		return nil
	}
	return slices.DeleteFunc(listsNamed(c), func(uri string) bool {
		_, known := s.settings.ShardAt(s.ca.Name, uri)
		return known
	})
}

// recordOf is what a certificate itself says for its record.
func recordOf(c *cert.Certificate) *Certificate {
	key := c.PublicKey.Fingerprint()
	return &Certificate{
		Serial: c.Serial.Bytes(), DER: c.Raw, Fingerprint: sha(c.Raw), KeyFingerprint: key[:],
		Subject: c.Subject.String(), SubjectKey: c.Subject.Canonical(), Names: namesOf(c.SubjectAltNames()),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
	}
}

// sameRecord returns what is recorded under the serial number of a certificate,
// which must be that certificate.
func (a *Authority) sameRecord(ctx context.Context, c *Certificate) (*Certificate, error) {
	there, err := a.config.Store.Certificate(ctx, c.CA, c.Serial)
	if err != nil {
		return nil, fmt.Errorf("reading certificate %x: %w", c.Serial, err)
	}
	if !bytes.Equal(there.DER, c.DER) {
		return nil, &request.Refusal{Reason: request.Duplicate, Field: "serial",
			Detail: fmt.Sprintf("authority %q has another certificate with the serial number %x, of %s", c.CA, c.Serial, there.Subject),
			Fix:    "find out which of the two is in use, and leave the other out"}
	}
	return there, nil
}

// importStatus brings a record to the status that the certificate had.
func (a *Authority) importStatus(ctx context.Context, c *Certificate, i *Imported, by string) error {
	if i.Status == "" || i.Status == StatusValid || c.Status != StatusValid {
		return nil
	}
	w := &StatusWrite{CA: c.CA, Serial: c.Serial, From: c.Status, To: i.Status, Revoked: i.Revoked, Reason: int(i.Reason), Invalid: i.Invalid}
	return a.setStatus(ctx, c, w, by, importedProfile)
}
