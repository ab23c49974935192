package task

import (
	"fmt"
	"slices"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/request"
)

// ConvertRequest makes the request anew in another format with its key, and
// says in the notes what the format has no room for.
func ConvertRequest(r *request.Request, to request.Format, k *key.Private) (*MadeRequest, error) {
	if !key.SameKey(r.PublicKey, k.Public) {
		return nil, &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: fmt.Sprintf("the key (%s) is not that of the request", k.Public), Fix: "give the private key that the request was made with: --key"}
	}
	made, lost, err := madeAnew(r, to, k)
	if err != nil {
		return nil, err
	}
	for _, what := range lost {
		made.Notes = append(made.Notes, "left behind: "+what)
	}
	return made, nil
}

func madeAnew(r *request.Request, to request.Format, k *key.Private) (made *MadeRequest, lost []string, err error) {
	if r.CRMF != nil && to == request.CRMF {
		return messageAnew(r, k)
	}
	s, lost := ConvertedSpec(r, to)
	made, err = MakeRequest(to, s, k, "")
	return made, lost, err
}

// messageAnew writes a message of CRMF with every field, control and item of
// regInfo of the old one, and proves possession anew.
func messageAnew(r *request.Request, k *key.Private) (*MadeRequest, []string, error) {
	if err := strong(k.Public); err != nil {
		return nil, nil, err
	}
	old := r.CRMF
	spec := crmf.Spec{Key: k, Template: old.Request.Template}
	if old.Request.ID.IsInt64() {
		spec.ID = old.Request.ID.Int64()
	}
	if !key.Equal(spec.Template.PublicKey, k.Public) {
		spec.Template.PublicKey = k.Public // the same key under another algorithm
	}
	var lost, more []string
	spec.Controls, lost = writable(old.Request.Controls, "the control ")
	spec.RegInfo, more = writable(old.RegInfo, "the registration information ")
	lost = append(lost, more...)
	if input := inputOf(old); input != nil && input.Sender != nil {
		spec.Sender = input.Sender
	} else if spec.Template.Subject == nil {
		empty := dn.Empty()
		spec.Template.Subject = &empty
	}
	made, err := proven(spec, evidence.Of(r, evidence.Origin{}, nil).Possession.Deferred, "", false)
	return made, append(lost, lostOfProof(old, request.CRMF)...), err
}

// writable is what of a list can be written again, and the names of the rest.
func writable(list []crmf.Attribute, what string) (kept []crmf.Attribute, lost []string) {
	for _, a := range list {
		if der.Strict(a.Value) != nil {
			lost = append(lost, what+a.Name()+", whose value is not DER")
			continue
		}
		kept = append(kept, a)
	}
	return kept, lost
}

func inputOf(m *crmf.Message) *crmf.SigningKeyInput {
	if m.Proof == nil || m.Proof.Signature == nil {
		return nil
	}
	return m.Proof.Signature.Input
}

// lostOfProof names what the old proof of possession says besides that the
// sender holds the key.
func lostOfProof(m *crmf.Message, to request.Format) []string {
	input := inputOf(m)
	switch {
	case m.Proof == nil:
		return nil
	case input != nil && input.PublicKeyMAC != nil:
		return []string{"the publicKeyMAC, which shows that the sender knows a secret"}
	case input != nil && input.Sender != nil && (to != request.CRMF || m.Request.Template.Subject != nil):
		return []string{"the sender that the proof of possession names"}
	case m.Proof.Kind == crmf.ProofRAVerified:
		return []string{"the word of a registration authority (raVerified): the key proves possession itself"}
	case m.Proof.PrivateKey != nil && m.Proof.PrivateKey.Method != crmf.SubsequentMessage:
		return []string{"the proof of possession by " + string(m.Proof.PrivateKey.Method)}
	}
	return nil
}

// ConvertedSpec is what the request made anew says, and what its format has no
// room for.
func ConvertedSpec(r *request.Request, to request.Format) (s RequestSpec, lost []string) {
	s = RequestSpec{Subject: r.Subject, NoCopy: true, Extensions: slices.Clone(r.Extensions)}
	lost = lostOf(r, to)
	switch {
	case to == request.SPKAC:
		for _, e := range s.Extensions {
			lost = append(lost, "the extension "+e.ID.Name())
		}
		s.Extensions = nil
		if password, ok := r.ChallengePassword(); ok && password != "" {
			lost = append(lost, "the challenge password: the challenge of an SPKAC is the authority's")
		}
	case to == request.PKCS10 || to == request.CRMF:
		if password, ok := r.ChallengePassword(); ok {
			s.Challenge = password
		}
	}
	if to == request.PKCS10 && r.PKCS10 != nil {
		s.Attributes = keptAttributes(r.PKCS10)
	}
	return s, lost
}

func keptAttributes(p *pkcs10.Request) []pkcs10.Attribute {
	return slices.DeleteFunc(slices.Clone(p.Attributes), func(a pkcs10.Attribute) bool {
		return a.ID == oid.ChallengePassword || a.ID == oid.ExtensionRequest || a.ID == oid.MSExtensionRequest
	})
}

// lostOf names what only the old format has.
func lostOf(r *request.Request, to request.Format) []string {
	var lost []string
	if r.PKCS10 != nil && to != request.PKCS10 {
		for _, a := range keptAttributes(r.PKCS10) {
			lost = append(lost, "the attribute "+a.ID.Name())
		}
	}
	if r.SPKAC != nil && r.SPKAC.Challenge != "" {
		lost = append(lost, "the challenge of the authority")
	}
	if r.CRMF != nil {
		lost = append(lost, lostOfMessage(r)...)
	}
	return lost
}

// lostOfMessage names what of a CRMF no other format has room for.
func lostOfMessage(r *request.Request) []string {
	lost := lostOfTemplate(&r.CRMF.Request.Template)
	password, carried := r.ChallengePassword()
	for _, c := range r.CRMF.Request.Controls {
		if c.ID == crmf.Authenticator {
			if text, err := c.Text(); err == nil && carried && text == password {
				continue
			}
		}
		lost = append(lost, "the control "+c.Name())
	}
	for _, i := range r.CRMF.RegInfo {
		lost = append(lost, "the registration information "+i.Name())
	}
	return append(lost, lostOfProof(r.CRMF, "")...)
}

func lostOfTemplate(t *crmf.Template) []string {
	var lost []string
	for _, f := range []struct {
		there bool
		name  string
	}{
		{t.Serial != nil, "the serial number asked for"}, {t.SigningAlgorithm != nil, "the signature algorithm asked for"}, {t.Issuer != nil, "the issuer asked for"},
		{t.Validity != nil, "the validity asked for"}, {t.IssuerUID != nil || t.SubjectUID != nil, "the unique identifiers asked for"},
	} {
		if f.there {
			lost = append(lost, f.name)
		}
	}
	return lost
}
