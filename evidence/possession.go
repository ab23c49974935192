package evidence

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// possession verifies that who made the request holds its key.
func possession(r *request.Request, o *Origin, w *Witness) Possession {
	p := Possession{Method: "none", Detail: "the request carries no proof of possession that can be checked"}
	if id, signed := r.SignatureAlgorithm(); signed {
		algorithm := key.ParseSignatureAlgorithm(id)
		p.Algorithm, p.Broken = algorithm.Name, algorithm.Broken
	}
	switch {
	case r.Problem != nil:
		p.Detail, p.Reason, p.Fix = r.Problem.Detail, r.Problem.Reason, r.Problem.Fix
	case w.Made:
		p.Method, p.Proven, p.Witnessed, p.Detail = MadeByAuthority, true, true, ""
		if w.Kept {
			p.Made = r.PublicKey.Raw
		}
	case r.PKCS10 != nil:
		p.Method = SignedRequest
		p.signed(r.PKCS10.CheckSignature())
	case r.SPKAC != nil:
		p.Method = SignedChallenge
		p.signed(r.SPKAC.CheckSignature())
		p.fresh(r, w)
	case r.CRMF != nil:
		p.message(r.CRMF, o, w)
	}
	return p
}

// signed takes in what checking a signature came to.
func (p *Possession) signed(err error) {
	p.Proven, p.Detail = err == nil, ""
	switch {
	case err == nil:
	case errors.Is(err, key.ErrSignature):
		p.Detail = "the signature does not verify by the key in the request: it was changed after signing, or made by another key"
	default:
		p.Detail = err.Error()
	}
}

// fresh holds the challenge of an SPKAC against the one that was issued.
func (p *Possession) fresh(r *request.Request, w *Witness) {
	if w.Challenge == "" || !p.Proven {
		return
	}
	if p.Witnessed = r.SPKAC.Challenge == w.Challenge; !p.Witnessed {
		p.Proven = false
		p.Detail = "the challenge in the request is not the one that was issued to the sender"
		p.Fix = "sign the challenge that the authority sent, and send the request while it is fresh"
	}
}

// message verifies the proof of a CertReqMsg (RFC 4211, Section 4).
func (p *Possession) message(m *crmf.Message, o *Origin, w *Witness) {
	switch {
	case m.Proof == nil:
		p.Detail = crmf.ErrNoProof.Error()
		p.Fix = "make the request anew, signed by the key, or with a proof by decryption where the key cannot sign"
	case m.Proof.Kind == crmf.ProofRAVerified:
		p.Method = RAVerified
		if p.Proven, p.Detail = o.RegistrationAuthority, ""; !p.Proven {
			p.Detail = crmf.ErrRAVerified.Error()
			p.Reason, p.Fix = request.NotAuthorized, "prove possession of the key in the request itself, or have an authorised registration authority send it"
		}
	case m.Proof.Kind == crmf.ProofSignature:
		p.signature(m, o, w)
	default:
		p.privateKey(m, w)
	}
}

func (p *Possession) signature(m *crmf.Message, o *Origin, w *Witness) {
	p.Method = SignedCRMF
	input := m.Proof.Signature.Input
	err := m.CheckSignature()
	switch {
	case input == nil:
	case input.Sender != nil:
		p.Method = SignedSender
		if err == nil {
			err = sameSender(input.Sender, o.Sender)
		}
	default:
		p.Method = SignedPublicKeyMAC
		if err == nil {
			err = m.CheckPublicKeyMAC(w.Secret)
			p.Witnessed = err == nil
		}
	}
	p.signed(err)
	switch {
	case errors.Is(err, crmf.ErrMAC):
		p.Fix = "make the request anew with the secret that the authority gave out"
	case errors.Is(err, crmf.ErrSecret):
		p.Fix = "give the secret that was shared with the sender: --secret SOURCE"
	case errors.Is(err, errSender):
		p.Fix = "send it as the one who is named in it, or put the subject into the template and sign the request itself"
	}
}

var errSender = errors.New("another sender")

// sameSender compares the sender who signed with the one the door
// authenticated.
func sameSender(signed *ext.GeneralName, authenticated string) error {
	if authenticated == "" {
		return fmt.Errorf("what is signed names the sender %s, and nothing has shown who sent it%w", signed, hidden{errSender})
	}
	known, err := ext.ParseGeneralName(authenticated)
	if err != nil || !sameName(signed, &known) {
		return fmt.Errorf("what is signed names the sender %s, and %s sent it%w", signed, authenticated, hidden{errSender})
	}
	return nil
}

// hidden tells an error apart without words of its own.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }

func sameName(a, b *ext.GeneralName) bool {
	if a.Kind != b.Kind {
		return false
	}
	if a.Kind != ext.DirectoryName {
		return string(a.Content) == string(b.Content)
	}
	one, err := dn.Parse(a.Content)
	other, wrong := dn.Parse(b.Content)
	return err == nil && wrong == nil && one.Equal(other)
}

// privateKey looks at the proofs of keys that cannot sign (RFC 4211, Section
// 4.2).
func (p *Possession) privateKey(m *crmf.Message, w *Witness) {
	proof := m.Proof.PrivateKey
	switch proof.Method {
	case crmf.SubsequentMessage:
		p.later(m)
	case crmf.AgreeMAC:
		p.Method = AgreedMAC
		p.agreed(m, w)
	default:
		p.Method = "crmf-" + string(proof.Method)
		p.Detail = fmt.Sprintf("the proof of possession %s can be verified only with a private key that the authority has for it, and it has none", proof.Method)
		p.Fix = "ask for the certificate encrypted to the key: certwright request new --format crmf --use encipherment"
	}
}

func (p *Possession) later(m *crmf.Message) {
	public := m.Request.Template.PublicKey
	switch m.Proof.PrivateKey.Subsequent {
	case crmf.EncryptedCertificate:
		p.Method, p.Deferred = EncryptedCertificate, ByCertificate
	case crmf.ChallengeResponse:
		p.Method, p.Deferred = ChallengeResponse, ByChallenge
	default:
		p.Detail = fmt.Sprintf("possession is to be proven in the way %d, which means nothing", m.Proof.PrivateKey.Subsequent)
		return
	}
	p.Detail = crmf.ErrDeferred.Error()
	kind, err := crmf.DeferredProof(public)
	switch {
	case err != nil:
		p.Detail = err.Error()
	case kind != m.Proof.Kind:
		p.Detail = fmt.Sprintf("the proof of possession is called %s, and a key of type %s proves it by %s", m.Proof.Kind, public.Type, kind)
	default:
		if err := cms.Encryptable(public); err != nil {
			p.Deferred, p.Reason = "", request.BadKey
			p.Detail = fmt.Sprintf("possession is to be proven by decrypting, and nothing can be encrypted to the key here, %v: %v", public, err)
			p.Fix = "use a key of RSA with a common exponent, of P-256, P-384 or P-521, or of X25519"
		}
		return
	}
	p.Deferred = ""
}

func (p *Possession) agreed(m *crmf.Message, w *Witness) {
	if w.Agreed == nil {
		p.Detail = "possession is proven by a MAC with an agreed key, and the authority has no key for that"
		p.Fix = "ask for the certificate encrypted to the key: certwright request new --format crmf --use agreement"
		return
	}
	agreement, err := w.Agreed(m.Request.Template.PublicKey)
	if err == nil {
		err = m.CheckAgreeMAC(agreement)
	}
	p.Proven, p.Witnessed, p.Detail = err == nil, err == nil, ""
	if err != nil {
		p.Detail = err.Error()
	}
}
