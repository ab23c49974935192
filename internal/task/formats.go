package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
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
	spec := crmf.Spec{Key: k, Template: crmf.Template{Subject: &s.Subject, PublicKey: k.Public, Extensions: extensions(s, names)}, Proof: crmf.ProofSignature}
	if s.Challenge != "" {
		spec.Controls = append(spec.Controls, crmf.NewText(crmf.RegToken, s.Challenge))
	}
	var err error
	switch {
	case deferred == "" && k.Signer != nil:
		spec.Algorithm, err = key.ChooseSignatureAlgorithm(k.Public, s.Hash, s.PSS)
	default:
		spec.Proof, err = crmf.DeferredProof(k.Public)
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
	return madeRequest(crmf.Marshal(m), notes)
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

// ConvertRequest makes the request anew in another format with its key, and
// says in the notes what the format has no room for.
func ConvertRequest(r *request.Request, to request.Format, k *key.Private) (*MadeRequest, error) {
	if !key.SameKey(r.PublicKey, k.Public) {
		return nil, &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: fmt.Sprintf("the key (%s) is not that of the request", k.Public), Fix: "give the private key that the request was made with: --key"}
	}
	s, lost := ConvertedSpec(r, to)
	deferred := evidence.Deferred("")
	if r.CRMF != nil && to == request.CRMF {
		deferred = evidence.Of(r, evidence.Origin{}, nil).Possession.Deferred
	}
	made, err := MakeRequest(to, s, k, deferred)
	if err != nil {
		return nil, err
	}
	for _, what := range lost {
		made.Notes = append(made.Notes, "left behind: "+what)
	}
	return made, nil
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
		lost = append(lost, lostOfTemplate(&r.CRMF.Request.Template)...)
		for _, c := range r.CRMF.Request.Controls {
			if c.ID != crmf.RegToken && c.ID != crmf.Authenticator {
				lost = append(lost, "the control "+c.Name())
			}
		}
		for _, i := range r.CRMF.RegInfo {
			lost = append(lost, "the registration information "+i.Name())
		}
	}
	return lost
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
