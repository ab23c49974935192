package authority

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/issuance"
)

// askedRecord is issuance.Asked as a ticket keeps it: names as DER.
type askedRecord struct {
	NotBefore *time.Time    `json:"notBefore,omitempty"`
	NotAfter  *time.Time    `json:"notAfter,omitempty"`
	Validity  time.Duration `json:"validity,omitempty"`
	Months    int           `json:"months,omitempty"`
	Subject   []byte        `json:"subject,omitempty"`
	Names     []byte        `json:"names,omitempty"` // GeneralNames
	Confirm   bool          `json:"confirm,omitempty"`
}

func marshalAsked(a *issuance.Asked) ([]byte, error) {
	r := askedRecord{Validity: a.Validity, Months: a.Months, Confirm: a.Confirm}
	if !a.NotBefore.IsZero() {
		r.NotBefore = &a.NotBefore
	}
	if !a.NotAfter.IsZero() {
		r.NotAfter = &a.NotAfter
	}
	if a.Subject != nil {
		r.Subject = a.Subject.Raw
	}
	if a.Names != nil {
		r.Names = ext.MarshalGeneralNames(a.Names)
	}
	out, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encoding what was asked for: %w", err)
	}
	return out, nil
}

func unmarshalAsked(text []byte) (a issuance.Asked, err error) {
	var r askedRecord
	if len(text) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return a, fmt.Errorf("reading what was asked for: %w", err)
	}
	a.Validity, a.Months, a.Confirm = r.Validity, r.Months, r.Confirm
	if r.NotBefore != nil {
		a.NotBefore = *r.NotBefore
	}
	if r.NotAfter != nil {
		a.NotAfter = *r.NotAfter
	}
	if len(r.Subject) > 0 {
		subject, err := dn.Parse(r.Subject)
		if err != nil {
			return a, fmt.Errorf("reading the subject asked for: %w", err)
		}
		a.Subject = &subject
	}
	if len(r.Names) > 0 {
		if a.Names, err = ext.ParseGeneralNames(r.Names); err != nil {
			return a, fmt.Errorf("reading the names asked for: %w", err)
		}
		if a.Names == nil {
			a.Names = []ext.GeneralName{}
		}
	}
	return a, nil
}

// AskedFor is what the ticket records that was asked for beside the request, and
// what an officer put in place of its subject and names.
func (t *Ticket) AskedFor() (issuance.Asked, error) { return unmarshalAsked(t.Asked) }

// SameTerms reports whether a submission asks for what the ticket records:
// where it names a profile or an authority, that one, and the same times,
// subject and names, in place of the same certificate.
func (t *Ticket) SameTerms(s *Submission) bool {
	asked, err := marshalAsked(&s.Asked)
	var replaces []byte
	if s.Replaces != nil {
		replaces = s.Replaces.Serial
	}
	return err == nil && bytes.Equal(replaces, t.Replaces) && bytes.Equal(asked, t.Asked) && (s.Profile == "" || s.Profile == t.Profile) && (s.CA == "" || s.CA == t.CA)
}

func sha(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

func publicOf(signer crypto.Signer) (*key.Public, error) {
	public, err := key.MarshalPublic(signer.Public())
	if err != nil {
		return nil, fmt.Errorf("reading the public half of a key: %w", err)
	}
	return public, nil
}
