package notice

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/certwright/certwright/authority"
)

// Certificates are the records of certificates.
type Certificates interface {
	Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error]
}

// Ending finds certificates that end soon and were not renewed, and those
// whose renewal did not come as it did before. Each is told of once.
type Ending struct {
	Certificates Certificates
	Authorities  Authorities
	Records      authority.Records
	Targets      []string
	Before       time.Duration // tell so long before the end, or in the last third of a short life; 0: never
	Missed       bool          // tell of missed renewals

	AuthorityBefore time.Duration // as Before, for the certificates of authorities
}

// Kinds of alert.
const (
	kindEnds      = "ends"
	kindMissed    = "missed-renewal"
	kindAuthority = "authority-ends"
)

// EndingType is the type of the messages.
const EndingType = "certificates.ending"

// EndingCertificate is one certificate in such a message.
type EndingCertificate struct {
	Alert     string    `json:"alert"` // "ends", "missed-renewal", "authority-ends"
	CA        string    `json:"ca"`
	Serial    string    `json:"serial"`
	Subject   string    `json:"subject"`
	Names     []string  `json:"names,omitempty"`
	Ends      time.Time `json:"notAfter"`
	Profile   string    `json:"profile"`
	Requester string    `json:"requester,omitempty"`
}

// EndingData is the data of such a message.
type EndingData struct {
	Certificates []EndingCertificate `json:"certificates"`
}

// most is how many certificates one message names; what is left comes with the
// next.
const most = 200

// longestLook is how far ahead of its end a missed renewal is looked for: the
// last tenth of a life of 400 days, and less of longer ones.
const longestLook = 40 * 24 * time.Hour

// Look finds what is to be told now, and puts it into the queue. It returns
// how many certificates that were.
func (e *Ending) Look(ctx context.Context, now time.Time) (int, error) {
	told := 0
	for {
		found, err := e.find(ctx, now)
		if err != nil || len(found.certificates) == 0 {
			return told, err
		}
		if err := e.tell(ctx, found, now); err != nil {
			return told, taken(err)
		}
		told += len(found.certificates)
		if len(found.certificates) < most {
			return told, nil
		}
	}
}

// alerts are certificates to tell of, with the records that say so.
type alerts struct {
	certificates []EndingCertificate
	records      []*authority.Record
}

func (a *alerts) add(c EndingCertificate, id string) {
	a.certificates = append(a.certificates, c)
	a.records = append(a.records, &authority.Record{Kind: alertKind, ID: id, State: "told", Due: c.Ends, Body: []byte("{}")})
}

// find returns what is to be told, of authorities first.
func (e *Ending) find(ctx context.Context, now time.Time) (alerts, error) {
	own, found, err := e.authorities(ctx, now)
	if err != nil {
		return found, err
	}
	until := e.Before
	if e.Missed {
		until = max(until, longestLook)
	}
	q := authority.Query{Status: authority.StatusValid, ExpiresAfter: now, ExpiresBefore: now.Add(until)}
	for c, err := range e.Certificates.Certificates(ctx, q) {
		if err != nil {
			return found, fmt.Errorf("looking for certificates that end soon: %w", err)
		}
		if own[string(c.DER)] {
			continue
		}
		kind, err := e.judge(ctx, c, now)
		if err != nil {
			return found, err
		}
		if kind == "" {
			continue
		}
		found.add(EndingCertificate{Alert: kind, CA: c.CA, Serial: hex.EncodeToString(c.Serial), Subject: c.Subject, Names: c.Names,
			Ends: c.NotAfter, Profile: c.Profile, Requester: c.Requester}, alertID(kind, c))
		if len(found.certificates) >= most {
			break
		}
	}
	return found, nil
}

const alertKind = "alert"

func alertID(kind string, c *authority.Certificate) string {
	return fmt.Sprintf("%s/%s/%x", kind, c.CA, c.Serial)
}

// judge says what is to be told of a certificate: nothing, or the kind.
func (e *Ending) judge(ctx context.Context, c *authority.Certificate, now time.Time) (string, error) {
	ends := due(c.NotBefore, c.NotAfter, e.Before, now)
	late := e.Missed && c.NotAfter.Sub(now) <= c.NotAfter.Sub(c.NotBefore)/10
	if !ends && !late {
		return "", nil
	}
	renewed, habit, err := Relatives(ctx, e.Certificates, c)
	if err != nil || renewed {
		return "", err
	}
	kind := ""
	switch {
	case late && habit:
		kind = kindMissed
	case ends:
		kind = kindEnds
	default:
		return "", nil
	}
	told, err := e.told(ctx, alertID(kind, c), alertID(kindMissed, c))
	if err != nil || told {
		return "", err
	}
	return kind, nil
}

// told reports whether one of these alerts was given.
func (e *Ending) told(ctx context.Context, ids ...string) (bool, error) {
	for _, id := range ids {
		switch _, err := e.Records.Record(ctx, alertKind, id); {
		case err == nil:
			return true, nil
		case !notFound(err):
			return false, fmt.Errorf("looking whether a certificate was told of: %w", err)
		}
	}
	return false, nil
}

// tell puts one message for each target into the queue, together with the
// records that say that these certificates were told of.
func (e *Ending) tell(ctx context.Context, found alerts, now time.Time) error {
	data, err := json.Marshal(EndingData{found.certificates})
	if err != nil {
		return fmt.Errorf("encoding an alert: %w", err)
	}
	m := &Message{ID: fmt.Sprintf("ending-%s-%s", now.UTC().Format("20060102T150405Z"), found.certificates[0].Serial), Type: EndingType, Timestamp: now, Data: data}
	put := found.records
	for _, t := range e.Targets {
		r, err := record(t, m, now)
		if err != nil {
			return err
		}
		put = append(put, r)
	}
	return e.Records.PutRecords(ctx, put...)
}

// Tidy removes the records of certificates that have ended.
func (e *Ending) Tidy(ctx context.Context, now time.Time) error {
	return authority.Forget(ctx, e.Records, alertKind, now)
}
