package task

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/request"
)

// RequestFormats lists the formats of requests.
const RequestFormats = "pkcs10, crmf, spkac"

// MadeRequest is a new request and how it is written.
type MadeRequest struct {
	*request.Request
	DER   []byte // of the whole: for CRMF a batch of one
	Notes []string
}

// MakeRequest makes a request in a format. deferred, for CRMF only, has the
// key prove possession by decrypting, which keys that cannot sign do anyway.
func MakeRequest(format request.Format, s RequestSpec, k *key.Private, deferred evidence.Deferred) (*MadeRequest, error) {
	if err := strong(k.Public); err != nil {
		return nil, err
	}
	switch format {
	case request.PKCS10, "":
		if err := signs(k, format, deferred); err != nil {
			return nil, err
		}
		made, notes, err := NewRequest(s, k)
		if err != nil {
			return nil, err
		}
		return madeRequest(made.Raw, notes)
	case request.CRMF:
		return makeCRMF(s, k, deferred)
	case request.SPKAC:
		if err := signs(k, format, deferred); err != nil {
			return nil, err
		}
		return makeSPKAC(s, k)
	}
	return nil, unknownForm(string(format), []string{"pkcs10", "crmf", "spkac"}, RequestFormats)
}

// strong refuses weak keys.
func strong(k *key.Public) error {
	for _, w := range key.Weaknesses(k) {
		return &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: "the key is weak, and no certificate is issued for it: " + w.Detail, Fix: "make a new key: certwright key new"}
	}
	return nil
}

func signs(k *key.Private, format request.Format, deferred evidence.Deferred) error {
	if k.Signer != nil && deferred == "" {
		return nil
	}
	if format == "" {
		format = request.PKCS10
	}
	return &request.Refusal{Reason: request.BadKey, Field: "publicKey",
		Detail: fmt.Sprintf("a request of the format %s is signed by its key, and this one (%s) is not to sign", format, k.Public), Fix: "make it in the format that has other proofs: --format crmf"}
}

// madeRequest reads what was made as everyone else would.
func madeRequest(data []byte, notes []string) (*MadeRequest, error) {
	list, err := request.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the request that was made: %w", err)
	}
	if len(list) != 1 {
		return nil, errors.New("reading the request that was made: it is several")
	}
	return &MadeRequest{Request: list[0], DER: data, Notes: notes}, nil
}

// Encode writes the request: in PEM, in DER, or for SPKAC as the lines of its
// file, which alone has the subject in it.
func (m *MadeRequest) Encode(asDER bool) []byte {
	switch {
	case m.Format == request.SPKAC && asDER:
		return m.SPKAC.Raw
	case m.Format == request.SPKAC && m.Subject.IsEmpty():
		return m.SPKAC.Encode()
	case m.Format == request.SPKAC:
		return m.Raw
	case asDER:
		return m.DER
	}
	return pem.Encode(RequestLabel(m.Format), m.DER)
}

// RequestLabel is the label of PEM for requests of a format.
func RequestLabel(f request.Format) string {
	if f == request.CRMF {
		return "CERTIFICATE REQUEST MESSAGES"
	}
	return "CERTIFICATE REQUEST"
}

// EncodeRequest writes a request of the records as it is handed around.
func EncodeRequest(format request.Format, raw []byte) []byte {
	if format == request.SPKAC {
		if len(raw) > 0 && raw[0] == 0x30 {
			return spkacText(raw)
		}
		return raw
	}
	return pem.Encode(RequestLabel(format), raw)
}

func spkacText(raw []byte) []byte {
	r, err := spkac.Parse(raw)
	if err != nil {
		return nil
	}
	return r.Encode()
}

func makeCRMF(s RequestSpec, k *key.Private, deferred evidence.Deferred) (*MadeRequest, error) {
	names, notes := withCommonName(s)
	if len(s.Attributes) > 0 {
		return nil, noRoom(request.CRMF, "attributes of PKCS#10")
	}
	spec := crmf.Spec{Key: k, Template: crmf.Template{Subject: &s.Subject, PublicKey: k.Public, Extensions: extensions(s, names)}}
	if s.Challenge != "" {
		spec.Controls = append(spec.Controls, crmf.NewText(crmf.Authenticator, s.Challenge))
	}
	made, err := proven(spec, deferred, s.Hash, s.PSS)
	if err != nil {
		return nil, err
	}
	made.Notes = notes
	return made, nil
}

// proven makes a CRMF of what is asked for, with the proof that goes with its
// key.
func proven(spec crmf.Spec, deferred evidence.Deferred, hash string, pss bool) (*MadeRequest, error) {
	var err error
	switch {
	case deferred == "" && spec.Key.Signer != nil:
		spec.Proof = crmf.ProofSignature
		spec.Algorithm, err = key.ChooseSignatureAlgorithm(spec.Key.Public, hash, pss)
	default:
		if spec.Proof, err = crmf.DeferredProof(spec.Key.Public); err == nil {
			err = decrypts(spec.Key.Public)
		}
		if deferred == evidence.ByChallenge {
			spec.Subsequent = crmf.ChallengeResponse
		}
	}
	if err != nil {
		return nil, err
	}
	m, err := crmf.Create(spec)
	if err != nil {
		return nil, err
	}
	return madeRequest(crmf.Marshal(m), nil)
}

// decrypts refuses a key that could never prove possession by decrypting, since
// nothing can be encrypted to it.
func decrypts(k *key.Public) error {
	err := cms.Encryptable(k)
	if err == nil {
		return nil
	}
	return &request.Refusal{Reason: request.BadKey, Field: "publicKey",
		Detail: fmt.Sprintf("possession is to be proven by decrypting, and nothing can be encrypted to the key here, %v: %v", k, err),
		Fix:    "use a key of RSA with a common exponent, of P-256, P-384 or P-521, or of X25519; or have the key sign the request"}
}

func noRoom(format request.Format, what string) error {
	return &request.Refusal{Reason: request.BadFormat, Field: "format", Detail: fmt.Sprintf("a request of the format %s has no room for %s", format, what),
		Fix: "leave it out, or choose another format: --format " + map[request.Format]string{request.CRMF: "pkcs10", request.SPKAC: "crmf"}[format]}
}

func makeSPKAC(s RequestSpec, k *key.Private) (*MadeRequest, error) {
	s.NoCopy = true
	switch {
	case len(s.Names) > 0:
		return nil, noRoom(request.SPKAC, "subject alternative names")
	case len(extensions(s, nil)) > 0:
		return nil, noRoom(request.SPKAC, "extensions")
	case len(s.Attributes) > 0:
		return nil, noRoom(request.SPKAC, "attributes")
	}
	fields, err := spkacFields(s.Subject)
	if err != nil {
		return nil, err
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, s.Hash, s.PSS)
	if err != nil {
		return nil, err
	}
	r, err := spkac.Create(s.Challenge, k, alg)
	if err != nil {
		return nil, err
	}
	f := spkac.File{Request: r, Fields: fields}
	return madeRequest(f.Encode(), nil)
}

// spkacFields writes a subject as the lines of an SPKAC file.
func spkacFields(subject dn.Name) ([]spkac.Field, error) {
	var out []spkac.Field
	for _, rdn := range subject.RDNs {
		for i, a := range rdn {
			text := a.Text()
			if strings.ContainsAny(text, "\r\n") || strings.TrimSpace(text) != text || strings.Trim(text, "= ") == "" {
				return nil, noRoom(request.SPKAC, fmt.Sprintf("the value %q in the subject", text))
			}
			out = append(out, spkac.Field{Name: a.Type.Short(), Value: text, Join: i > 0})
		}
	}
	return out, nil
}
