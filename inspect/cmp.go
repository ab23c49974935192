package inspect

import (
	"encoding/hex"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/protocol/cmp"
)

// CMPView is the JSON view of a CMP message that asks for no certificate.
type CMPView struct {
	Body           string             `json:"body"` // "ip", "certConf" …
	Version        int                `json:"version"`
	Sender         string             `json:"sender"`
	Recipient      string             `json:"recipient"`
	Time           string             `json:"messageTime,omitempty"`
	Protection     string             `json:"protection,omitempty"` // its algorithm
	SenderKID      string             `json:"senderKID,omitempty"`  // hexadecimal, as the next four
	RecipientKID   string             `json:"recipKID,omitempty"`
	TransactionID  string             `json:"transactionID,omitempty"`
	SenderNonce    string             `json:"senderNonce,omitempty"`
	RecipientNonce string             `json:"recipNonce,omitempty"`
	FreeText       []string           `json:"freeText,omitempty"`
	GeneralInfo    []string           `json:"generalInfo,omitempty"` // their names
	Statuses       []string           `json:"statuses,omitempty"`    // in words
	Details        []CRMFPartView     `json:"details,omitempty"`     // of the body, in words
	Certificates   []*CertificateView `json:"certificates,omitempty"`
	ExtraCerts     []*CertificateView `json:"extraCerts,omitempty"`
}

// viewCMP reads the header of a message, and of its body what is no request.
func viewCMP(m *cmp.Message, o Options) (*CMPView, error) {
	h := &m.Header
	v := &CMPView{
		Body: m.Body.Kind.String(), Version: h.Version, Sender: partyText(h.Sender), Recipient: partyText(h.Recipient), Time: stampOrNone(h.Time),
		SenderKID: hex.EncodeToString(h.SenderKID), RecipientKID: hex.EncodeToString(h.RecipientKID), TransactionID: hex.EncodeToString(h.TransactionID),
		SenderNonce: hex.EncodeToString(h.SenderNonce), RecipientNonce: hex.EncodeToString(h.RecipientNonce), FreeText: h.FreeText,
	}
	if h.Algorithm != nil {
		v.Protection = h.Algorithm.ID.Name()
	}
	for _, i := range h.Info {
		v.GeneralInfo = append(v.GeneralInfo, i.Name())
	}
	v.ExtraCerts = certificateViews(m.ExtraCerts, o)
	return v, v.body(m.Body, o)
}

func certificateViews(list [][]byte, o Options) []*CertificateView {
	var all []*CertificateView
	for _, raw := range list {
		if c, err := cert.Parse(raw); err == nil {
			all = append(all, viewCertificate(c, o))
		}
	}
	return all
}

func (v *CMPView) detail(name, value string) {
	v.Details = append(v.Details, CRMFPartView{Name: name, Value: value})
}

// body reads the bodies that say something of their own.
func (v *CMPView) body(b cmp.Body, o Options) error {
	switch b.Kind {
	case cmp.InitializationResponse, cmp.CertificationResponse, cmp.KeyUpdateResponse, cmp.CrossCertResponse:
		return v.reply(b, o)
	case cmp.RevocationRequest:
		list, err := b.Revocations()
		for _, r := range list {
			if r.Template.Issuer != nil && r.Template.Serial != nil {
				v.detail("revoke", "serial number "+r.Template.Serial.Text(16)+" of "+nameText(*r.Template.Issuer))
			}
		}
		return err
	case cmp.RevocationResponse:
		r, err := b.RevocationReply()
		if err != nil {
			return err
		}
		for _, s := range r.Statuses {
			v.Statuses = append(v.Statuses, s.String())
		}
	case cmp.CertificateConfirmation:
		list, err := b.Confirmations()
		for _, s := range list {
			v.detail("request "+s.ID.String(), "certHash "+hex.EncodeToString(s.Hash))
			if s.Status != nil {
				v.Statuses = append(v.Statuses, s.Status.String())
			}
		}
		return err
	case cmp.PollRequest:
		ids, err := b.PollIDs()
		for _, id := range ids {
			v.detail("request", id.String())
		}
		return err
	case cmp.PollResponse:
		list, err := b.Polls()
		for _, p := range list {
			v.detail("request "+p.ID.String(), strings.TrimSuffix("ask again after "+count(p.CheckAfter, "second")+": "+strings.Join(p.Reason, "; "), ": "))
		}
		return err
	case cmp.GeneralMessage, cmp.GeneralResponse:
		list, err := b.Infos()
		for _, i := range list {
			v.detail("information", i.Name())
		}
		return err
	case cmp.ErrorMessage:
		e, err := b.Error()
		if err != nil {
			return err
		}
		v.Statuses = append(v.Statuses, e.Status.String())
		for _, text := range e.Details {
			v.detail("detail", text)
		}
	}
	return nil
}

func (v *CMPView) reply(b cmp.Body, o Options) error {
	r, err := b.Reply()
	if err != nil {
		return err
	}
	var list [][]byte
	for _, one := range r.Responses {
		v.Statuses = append(v.Statuses, one.Status.String())
		switch {
		case one.Pair == nil:
		case one.Pair.Encrypted != nil:
			v.detail("request "+one.ID.String(), "a certificate that is encrypted to its key")
		default:
			list = append(list, one.Pair.Certificate)
		}
		if one.Pair != nil && one.Pair.PrivateKey != nil {
			v.detail("request "+one.ID.String(), "an encrypted private key, which the authority made")
		}
	}
	v.Certificates = certificateViews(list, o)
	return nil
}

// partyText writes a name of the header: a directory name alone, others with
// their kind.
func partyText(n ext.GeneralName) string {
	if d, err := n.Directory(); err == nil {
		return d.String()
	}
	return n.String()
}

// withText adds to hexadecimal digits the text that they are, where it is one:
// the reference of a shared secret.
func withText(digits string) string {
	octets, err := hex.DecodeString(digits)
	unfit := func(r rune) bool { return r < ' ' || r > '~' }
	if err != nil || len(octets) == 0 || strings.ContainsFunc(string(octets), unfit) {
		return digits
	}
	return digits + "  (" + string(octets) + ")"
}

// fields labels the header and the body.
func (v *CMPView) fields() []Field {
	var f Field
	f.add("body", v.Body)
	f.add("version", itoa(v.Version))
	f.add("sender", v.Sender)
	f.add("recipient", v.Recipient)
	f.add("message time", clockOf(v.Time))
	f.add("protection", v.Protection)
	f.add("sender key id", withText(v.SenderKID))
	f.add("recipient key id", v.RecipientKID)
	f.add("transaction", v.TransactionID)
	f.add("sender nonce", v.SenderNonce)
	f.add("recipient nonce", v.RecipientNonce)
	for _, text := range v.FreeText {
		f.add("text", text)
	}
	f.add("general info", strings.Join(v.GeneralInfo, ", "))
	for _, s := range v.Statuses {
		f.add("status", s)
	}
	for _, d := range v.Details {
		f.add(d.Name, d.Value)
	}
	for _, c := range v.Certificates {
		f.add("certificate", nameText(c.parsed.Subject)+"  (until "+clock(c.parsed.NotAfter)+")")
	}
	for _, c := range v.ExtraCerts {
		f.add("extra certificate", nameText(c.parsed.Subject)+"  (until "+clock(c.parsed.NotAfter)+")")
	}
	return f.Children
}
