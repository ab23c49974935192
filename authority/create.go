package authority

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// NewCA describes an authority to be made.
type NewCA struct {
	Name     string
	Subject  dn.Name
	KeyKind  string // key.Generate's
	Parent   string // an authority of this store; empty for a root, or with Offline
	Offline  bool   // make key and request only; InstallCA brings the certificate
	Follows  string // the root of this store whose name the new one has, with another key (RFC 4210, Section 4.4)
	Profile  string // empty: "root" or "subca"
	Asked    issuance.Asked
	PathLen  int               // -1: as the profile says
	Permit   []ext.GeneralName // name constraints
	Exclude  []ext.GeneralName
	Settings CASettings
	By       string
}

// CreateCA makes an authority: its key, its request, and unless it is offline
// its certificate, signed by itself or by its parent. Where the profile wants
// a person to decide, the authority awaits the approval of its ticket. A
// request that the profile refuses is a *request.Refusal, and no authority.
func (a *Authority) CreateCA(ctx context.Context, n NewCA) (*CA, error) {
	if err := a.mayCreate(ctx, n.Name, &n.Settings); err != nil {
		return nil, err
	}
	if err := a.newName(ctx, &n); err != nil {
		return nil, err
	}
	if n.Parent != "" && !n.Offline {
		if _, err := a.ready(ctx, n.Parent); err != nil {
			return nil, err
		}
	}
	reference, signer, err := a.config.Keys.Create(ctx, n.Name, n.KeyKind)
	if err != nil {
		return nil, fmt.Errorf("making the key of authority %q: %w", n.Name, err)
	}
	ca, err := a.createWith(ctx, &n, reference, signer)
	if err != nil {
		return nil, errors.Join(err, a.forgetUnused(ctx, n.Name, reference))
	}
	return ca, nil
}

// forgetUnused removes the key of an authority that was not made. One that
// may be on record all the same stays.
func (a *Authority) forgetUnused(ctx context.Context, name, reference string) error {
	ca, err := a.config.Store.CA(context.WithoutCancel(ctx), name)
	switch {
	case err == nil && ca.Key == reference, err != nil && !errors.Is(err, ErrNotFound):
		return nil
	}
	if err := a.config.Keys.Forget(reference); err != nil {
		return fmt.Errorf("removing the key %s, which no authority uses: %w", reference, err)
	}
	return nil
}

// createWith makes an authority of a new key.
func (a *Authority) createWith(ctx context.Context, n *NewCA, reference string, signer crypto.Signer) (*CA, error) {
	r, err := n.request(signer)
	if err != nil {
		return nil, fmt.Errorf("making the request of authority %q: %w", n.Name, err)
	}
	ca := &CA{Name: n.Name, State: CAAwaiting, Key: reference, Request: r.Raw, Created: a.now()}
	if ca.Settings, err = json.Marshal(n.Settings); err != nil {
		return nil, fmt.Errorf("encoding the settings of authority %q: %w", n.Name, err)
	}
	defer a.forget()
	if n.Offline {
		return a.putCA(ctx, ca, 0, "ca.requested", n.By)
	}
	ca.Parent = n.Parent
	return a.certify(ctx, n, ca, r, signer)
}

func (a *Authority) mayCreate(ctx context.Context, name string, s *CASettings) error {
	if name == "" || len(name) > 64 || strings.Trim(name, identifierAlphabet) != "" || strings.Trim(name, ".-") == "" {
		return &request.Refusal{Reason: request.PolicyRefused, Field: "name", Detail: fmt.Sprintf("%q cannot be the name of an authority", name),
			Fix: "use up to 64 letters, digits, dots, dashes and underscores"}
	}
	for i := range len(name) {
		if !strings.Contains(identifierAlphabet, name[i:i+1]) {
			return &request.Refusal{Reason: request.PolicyRefused, Field: "name", Detail: fmt.Sprintf("%q cannot be the name of an authority", name),
				Fix: "use up to 64 letters, digits, dots, dashes and underscores"}
		}
	}
	if err := s.check(); err != nil {
		return err
	}
	_, err := a.config.Store.CA(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("reading authority %q: %w", name, err)
	}
	return existsAlready(name)
}

func existsAlready(name string) *request.Refusal {
	return &request.Refusal{Reason: request.Duplicate, Field: "name", Detail: fmt.Sprintf("there is an authority called %q already", name), Fix: "choose another name"}
}

// request makes the request that the authority's certificate is issued for.
func (n *NewCA) request(signer crypto.Signer) (*request.Request, error) {
	public, err := publicOf(signer)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(public, n.Settings.Hash, n.Settings.PSS)
	if err != nil {
		return nil, err
	}
	extensions := []ext.Extension{ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: n.PathLen}, true)}
	if len(n.Permit)+len(n.Exclude) > 0 {
		extensions = append(extensions, ext.NewNameConstraints(ext.NameConstraints{Permitted: n.Permit, Excluded: n.Exclude}))
	}
	p, err := pkcs10.Create(pkcs10.Template{Subject: n.Subject, Extensions: extensions}, &key.Private{Signer: signer, Public: public}, algorithm)
	if err != nil {
		return nil, err
	}
	return request.FromPKCS10(p)
}

// certify has the request of a new authority judged like any other, and
// signed by itself or its parent.
func (a *Authority) certify(ctx context.Context, n *NewCA, ca *CA, r *request.Request, signer crypto.Signer) (*CA, error) {
	s := &Submission{CA: n.Parent, Profile: n.Profile, Request: r, Asked: n.Asked,
		Origin: evidence.Origin{Door: "authority", Requester: n.By, Method: "operator", Entitled: evidence.Operator()}}
	for range attempts {
		d, err := a.prepareCA(ctx, s, ca, signer)
		if err != nil {
			return nil, err
		}
		if d.refusal == nil {
			if err := a.judge(ctx, d, true); err != nil {
				return nil, err
			}
		}
		t, err := d.ticket()
		if err != nil {
			return nil, err
		}
		t.CA = d.signatory.ca.Name
		_, err = a.record(ctx, d, &TicketWrite{Ticket: t}, "", func(c *Certificate, change *Change) error {
			switch {
			case t.State == StateRefused:
				return nil
			case c == nil:
				change.PutCA = &CAWrite{CA: ca}
				return change.addCAEvent(ca, "ca.requested", n.By, d.now)
			}
			return activate(ca, c, d, n.By, change)
		})
		if refusal := d.refused(); err == nil && refusal != nil {
			return nil, refusal
		}
		if !again(err) {
			return ca, err
		}
		// Either the name was taken meanwhile, or by chance the serial number.
		if _, found := a.config.Store.CA(ctx, ca.Name); found == nil {
			return nil, existsAlready(ca.Name)
		}
	}
	return nil, fmt.Errorf("creating authority %q: no free serial number was found", ca.Name)
}

// prepareCA finds what judging the request of an authority needs; a root's
// issuer is itself.
func (a *Authority) prepareCA(ctx context.Context, s *Submission, ca *CA, signer crypto.Signer) (*decision, error) {
	if s.CA != "" {
		if s.Profile == "" {
			s.Profile = "subca"
		}
		d, err := a.prepare(ctx, s)
		if err == nil && d.signatory == nil {
			err = d.refusal
		}
		return d, err
	}
	if s.Profile == "" {
		s.Profile = "root"
	}
	d := &decision{submission: s, now: a.now(), evidence: evidence.Of(s.Request, s.Origin, nil), serial: newSerial()}
	var err error
	if d.signatory, err = a.newSignatory(ca); err != nil {
		return nil, err
	}
	if d.profile, err = a.config.Profiles(s.Profile); err != nil {
		d.refusal = asRefusal(err)
		return d, unlessRefusal(err)
	}
	d.shard = d.signatory.settings.shardOf(d.serial)
	d.issuer, err = issuance.NewSelfIssuer(s.Request, d.signatory.settings.issuer(ca.Name, d.shard, nil, signer))
	if err != nil {
		return nil, fmt.Errorf("authority %q: %w", ca.Name, err)
	}
	return d, nil
}

// activate adds to a change that an authority has its certificate now.
func activate(ca *CA, c *Certificate, d *decision, by string, change *Change) error {
	chain := [][]byte{c.DER}
	if d.signatory.ca.Name != ca.Name {
		chain = append(chain, d.signatory.ca.Chain...)
	}
	ca.State, ca.Chain, ca.Request = CAActive, chain, nil
	change.PutCA = &CAWrite{CA: ca, From: ca.Revision}
	return change.addCAEvent(ca, "ca.certified", by, d.now)
}

// waiting returns the authority of this store whose request a ticket is, if
// there is one that waits for it.
func (a *Authority) waiting(ctx context.Context, t *Ticket) (*CA, error) {
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		if ca.State == CAAwaiting && ca.Parent == t.CA && bytes.Equal(ca.Request, t.Request) {
			return ca, nil
		}
	}
	return nil, nil
}

// caAccount is what the audit chain keeps of a change to an authority.
type caAccount struct {
	State       string `json:"state"`
	Key         string `json:"key"`
	Certificate string `json:"certificate,omitempty"` // SHA-256 of its DER
	Request     string `json:"request,omitempty"`     // SHA-256 of its DER
	Settings    any    `json:"settings,omitempty"`
}

// settingsAccount are settings with lengths of time that people can read.
type settingsAccount struct {
	CASettings
	CRLValidity   string `json:"crlValidity,omitempty"`
	DeltaValidity string `json:"deltaValidity,omitempty"`
	KeepExpired   string `json:"keepExpired,omitempty"`
	OCSPValidity  string `json:"ocspValidity,omitempty"`
}

func accountOf(settings json.RawMessage) any {
	var s CASettings
	if len(settings) == 0 {
		return nil
	}
	if json.Unmarshal(settings, &s) != nil {
		return settings
	}
	return settingsAccount{s, lengthOf(s.CRLValidity), lengthOf(s.DeltaValidity), lengthOf(s.KeepExpired), lengthOf(s.OCSPValidity)}
}

// lengthOf writes a length of time in days where it is a number of them: "7 days";
// empty for none.
func lengthOf(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < 0:
		return "for ever"
	case d == day:
		return "1 day"
	case d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}

func (c *Change) addCAEvent(ca *CA, action, by string, at time.Time) error {
	detail := caAccount{State: ca.State, Key: ca.Key, Settings: accountOf(ca.Settings)}
	if len(ca.Chain) > 0 {
		detail.Certificate = hex.EncodeToString(sha(ca.Chain[0]))
	}
	if len(ca.Request) > 0 {
		detail.Request = hex.EncodeToString(sha(ca.Request))
	}
	e, err := NewEvent(at, by, action, "ca:"+ca.Name, detail)
	if err != nil {
		return err
	}
	c.Events = append(c.Events, e)
	return nil
}

// putCA commits an authority by itself.
func (a *Authority) putCA(ctx context.Context, ca *CA, from int64, action, by string) (*CA, error) {
	c := &Change{PutCA: &CAWrite{CA: ca, From: from}}
	if err := c.addCAEvent(ca, action, by, a.now()); err != nil {
		return nil, err
	}
	err := a.commitOne(ctx, c)
	a.forget()
	if errors.Is(err, ErrExists) {
		return nil, existsAlready(ca.Name)
	}
	return ca, err
}
