package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// CRMFView is the JSON view of certificate request messages (RFC 4211).
type CRMFView struct {
	Requests   []*CRMFMessageView `json:"requests"`
	Deviations []string           `json:"deviations"` // of the batch as a whole
}

// CRMFMessageView is one CertReqMsg. What is absent in the template is absent
// here.
type CRMFMessageView struct {
	CertReqID          string            `json:"certReqId"` // decimal
	Version            *int              `json:"version,omitempty"`
	SerialNumber       string            `json:"serialNumber,omitempty"` // hexadecimal
	SignatureAlgorithm string            `json:"signingAlg,omitempty"`
	Issuer             string            `json:"issuer,omitempty"`
	NotBefore          string            `json:"notBefore,omitempty"`
	NotAfter           string            `json:"notAfter,omitempty"`
	Subject            *string           `json:"subject,omitempty"` // RFC 4514
	SubjectRDNs        [][]AttributeView `json:"subjectRDNs,omitempty"`
	SANs               []GeneralNameView `json:"sans"`
	PublicKey          *PublicKeyView    `json:"publicKey,omitempty"`
	IssuerUID          string            `json:"issuerUID,omitempty"`  // hexadecimal
	SubjectUID         string            `json:"subjectUID,omitempty"` // hexadecimal
	CA                 bool              `json:"ca"`
	PathLen            *int              `json:"pathLen,omitempty"`
	KeyUsage           []string          `json:"keyUsage,omitempty"`
	ExtKeyUsage        []IdentifierView  `json:"extKeyUsage,omitempty"`
	Extensions         []ExtensionView   `json:"extensions"`
	Controls           []CRMFInfoView    `json:"controls"`
	RegInfo            []CRMFInfoView    `json:"regInfo"`
	Proof              *CRMFProofView    `json:"proofOfPossession,omitempty"`
	Deviations         []string          `json:"deviations"`
	Fingerprint        string            `json:"fingerprint"` // SHA-256 of the message
}

// CRMFInfoView is a control or an item of regInfo, part by part.
type CRMFInfoView struct {
	OID     string         `json:"oid"`
	Name    string         `json:"name,omitempty"`
	Values  []CRMFPartView `json:"values"`
	Problem string         `json:"problem,omitempty"`
}

// CRMFPartView is a labelled part of a control, an item of regInfo or a proof.
type CRMFPartView struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CRMFProofView is a proof of possession. A proof that needs what only the
// authority has is neither verified nor wrong.
type CRMFProofView struct {
	Kind      string         `json:"kind"`             // "raVerified", "signature", "keyEncipherment", "keyAgreement"
	Method    string         `json:"method,omitempty"` // of the last two: "subsequentMessage", "agreeMAC" …
	Parts     []CRMFPartView `json:"parts"`
	Signature *SignatureView `json:"signature,omitempty"`
	Verdict   string         `json:"verdict"` // in words
}

func crmfRequest(raw []byte, o Options) (Object, error) {
	list, err := crmf.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	v := &CRMFView{Deviations: append([]string{}, list.Deviations...)}
	object := Object{Kind: CRMF, Title: titles[CRMF], Detail: v}
	if n := len(list.List); n > 1 {
		object.Title += ", " + count(n, "request")
	}
	for i, m := range list.List {
		one := viewMessage(m)
		v.Requests = append(v.Requests, one)
		one.notes(&object, m, i, len(list.List))
		fields := one.fields(m, o)
		if len(list.List) == 1 {
			object.Fields = fields
			break
		}
		object.Fields = append(object.Fields, Field{Name: "request " + itoa(i+1), Children: fields})
	}
	for _, d := range v.Deviations {
		object.noteOn("encoding", d)
	}
	return object, nil
}

// cmpMessage shows a CMP message: its header, and what its body asks for or
// says.
func cmpMessage(raw []byte, o Options) (Object, error) {
	object := Object{Kind: CMPMessage, Title: titles[CMPMessage]}
	m, problem := cmp.Parse(raw)
	var view *CMPView
	if problem == nil {
		view, problem = viewCMP(m, o)
	}
	if view != nil {
		object.Fields, object.Detail = view.fields(), view
	}
	if problem != nil {
		object.noteOn("message", "it cannot be read whole: "+problem.Error())
	}
	body, kind := request.MessageBody(raw)
	var inner Object
	var err error
	switch kind {
	case request.CRMFRequest:
		inner, err = crmfRequest(body, o)
	case request.PKCS10Request:
		inner, err = certificationRequest(body, o)
	default:
		return object, nil
	}
	if err != nil {
		return Object{}, err
	}
	object.Title += " that asks for a certificate"
	if view != nil {
		object.Fields = append([]Field{{Name: "message", Children: view.fields()}}, inner.Fields...)
	} else {
		object.Fields = inner.Fields
	}
	object.Notes, object.Detail = append(object.Notes, inner.Notes...), inner.Detail
	return object, nil
}

func viewMessage(m *crmf.Message) *CRMFMessageView {
	sum, t := sha256.Sum256(m.Raw), &m.Request.Template
	v := &CRMFMessageView{
		CertReqID: m.Request.ID.String(), Version: t.Version, SANs: []GeneralNameView{}, PublicKey: publicKey(t.PublicKey),
		Extensions: viewExtensions(t.Extensions), Controls: viewInfos(m.Request.Controls), RegInfo: viewInfos(m.RegInfo), Proof: viewProof(m),
		Deviations: append([]string{}, m.Deviations...), Fingerprint: hex.EncodeToString(sum[:]),
	}
	if t.Serial != nil {
		v.SerialNumber = t.Serial.Text(16)
	}
	if t.SigningAlgorithm != nil {
		v.SignatureAlgorithm = key.ParseSignatureAlgorithm(*t.SigningAlgorithm).Name
	}
	if t.Issuer != nil {
		v.Issuer = t.Issuer.String()
	}
	if t.Validity != nil {
		v.NotBefore, v.NotAfter = stampOrNone(t.Validity.NotBefore), stampOrNone(t.Validity.NotAfter)
	}
	if t.Subject != nil {
		subject := t.Subject.String()
		v.Subject, v.SubjectRDNs = &subject, rdns(*t.Subject)
	}
	v.IssuerUID, v.SubjectUID = bits(t.IssuerUID), bits(t.SubjectUID)
	asked := readWanted(t.Extensions)
	v.CA, v.PathLen, v.KeyUsage, v.ExtKeyUsage = asked.ca, asked.pathLen, asked.keyUsage, asked.extKeyUsage
	if asked.sans != nil {
		v.SANs = asked.sans
	}
	return v
}

func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func bits(b *crmf.BitString) string {
	if b == nil {
		return ""
	}
	return hex.EncodeToString(b.Octets)
}

func viewProof(m *crmf.Message) *CRMFProofView {
	p := m.Proof
	if p == nil {
		return nil
	}
	v := &CRMFProofView{Kind: string(p.Kind), Parts: []CRMFPartView{}}
	add := func(name, value string) { v.Parts = append(v.Parts, CRMFPartView{name, value}) }
	switch {
	case p.Kind == crmf.ProofRAVerified:
		v.Verdict = "a registration authority says that it has verified it; it counts only if an authorised one sends it"
	case p.Signature != nil:
		view := signature(p.Signature.Algorithm, p.Signature.Signature)
		view.checked(m.CheckSignature())
		v.Signature, v.Verdict = &view, possession(&view)
		v.input(p.Signature.Input, add)
	case p.PrivateKey != nil:
		v.Method = string(p.PrivateKey.Method)
		v.privateKey(p.PrivateKey, add)
	}
	return v
}

// input shows a POPOSigningKeyInput.
func (v *CRMFProofView) input(in *crmf.SigningKeyInput, add func(name, value string)) {
	if in == nil {
		add("what is signed", "the request (CertRequest)")
		return
	}
	add("what is signed", "POPOSigningKeyInput")
	if in.Sender != nil {
		add("sender", in.Sender.String())
		v.open("that the sender is the one named must be authenticated apart")
	}
	if in.PublicKeyMAC != nil {
		addMAC("publicKeyMAC", in.PublicKeyMAC, add)
		v.open("the publicKeyMAC is checked with the secret that sender and authority share")
	}
	sum := in.PublicKey.Fingerprint()
	add("public key", in.PublicKey.String()+", SHA-256 "+hex.EncodeToString(sum[:]))
}

// open says what is still to be shown beside a signature that verifies.
func (v *CRMFProofView) open(what string) {
	if *v.Signature.Verified {
		v.Verdict = "the signature is of the key in the request; " + what
	}
}

func addMAC(name string, m *crmf.MACValue, add func(name, value string)) {
	add(name, hex.EncodeToString(m.Value))
	add("MAC algorithm", identifier(m.Algorithm.ID).String())
	if pbm, err := crmf.ParsePBM(m.Algorithm); err == nil {
		add("one-way function", pbm.Hash.String())
		add("iterations", itoa(pbm.Iterations))
		add("MAC", "HMAC with "+pbm.MAC.String())
		add("salt", hex.EncodeToString(pbm.Salt))
	}
}

// privateKey shows a POPOPrivKey.
func (v *CRMFProofView) privateKey(p *crmf.PrivateKey, add func(name, value string)) {
	switch p.Method {
	case crmf.SubsequentMessage:
		how := map[crmf.Subsequent]string{crmf.EncryptedCertificate: "encrCert: the certificate comes encrypted to the key", crmf.ChallengeResponse: "challengeResp: a challenge comes encrypted to the key"}[p.Subsequent]
		if how == "" {
			how = strconv.Itoa(int(p.Subsequent)) + ", which means nothing"
		}
		add("subsequent message", how)
		v.Verdict = "to be shown later, by decrypting"
		return
	case crmf.AgreeMAC:
		add("MAC algorithm", identifier(p.MAC.Algorithm.ID).String())
		add("MAC value", hex.EncodeToString(p.MAC.Value))
	case crmf.EncryptedKeyProof:
		if e, err := crmf.ParseEnveloped(p.Enveloped); err == nil {
			add("encrypted private key", count(len(e.Recipients), "recipient")+", "+identifier(e.Encrypted.Algorithm.ID).String())
		} else {
			add("encrypted private key", count(len(p.Enveloped), "octet"))
		}
	case crmf.ThisMessage:
		add("encrypted private key (EncryptedValue)", count(len(p.Bits), "octet"))
	case crmf.DHMAC:
		add("MAC value", hex.EncodeToString(p.Bits))
	}
	v.Verdict = "can be verified only with the authority's own private key"
}

func viewInfos(list []crmf.Attribute) []CRMFInfoView {
	views := make([]CRMFInfoView, 0, len(list))
	for _, a := range list {
		v := CRMFInfoView{OID: a.ID.String(), Name: a.Name(), Values: []CRMFPartView{}}
		if v.Name == v.OID {
			v.Name = ""
		}
		if err := v.read(a); err != nil {
			v.Problem = err.Error()
			v.add("value", "#"+hex.EncodeToString(a.Value))
		}
		views = append(views, v)
	}
	return views
}

func (v *CRMFInfoView) add(name, value string) {
	v.Values = append(v.Values, CRMFPartView{name, value})
}

// read takes the value of a control or an item of regInfo apart.
func (v *CRMFInfoView) read(a crmf.Attribute) error {
	switch a.ID {
	case crmf.RegToken, crmf.Authenticator:
		text, err := a.Text()
		if err == nil {
			v.add("text", text)
		}
		return err
	case crmf.UTF8Pairs:
		return v.pairs(a)
	case crmf.Publication:
		return v.publication(a.Value)
	case crmf.Archive:
		return v.archive(a.Value)
	case crmf.OldCertID:
		id, err := crmf.ParseCertID(a.Value)
		if err == nil {
			v.add("issuer", id.Issuer.String())
			v.add("serial number", hexNumber(id.Serial))
		}
		return err
	case crmf.ProtocolEncrKey:
		public, err := key.ParsePublic(a.Value)
		if err == nil {
			sum := public.Fingerprint()
			v.add("public key", public.String())
			v.add("fingerprint (SHA-256)", hex.EncodeToString(sum[:]))
		}
		return err
	case crmf.CertReq:
		return v.inner(a.Value)
	}
	v.add("value", "#"+hex.EncodeToString(a.Value))
	return nil
}

func hexNumber(n *big.Int) string { return n.Text(16) }

func (v *CRMFInfoView) pairs(a crmf.Attribute) error {
	text, err := a.Text()
	if err != nil {
		return err
	}
	pairs, err := crmf.ParsePairs(text)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		v.add(p.Name, p.Value)
	}
	return nil
}

func (v *CRMFInfoView) publication(value []byte) error {
	p, err := crmf.ParsePublicationInfo(value)
	if err != nil {
		return err
	}
	actions := []string{"dontPublish", "pleasePublish"}
	methods := []string{"dontCare", "x500", "web", "ldap"}
	v.add("action", word(actions, p.Action))
	for _, place := range p.Places {
		where := word(methods, place.Method)
		if place.Location != nil {
			where += ", " + place.Location.String()
		}
		v.add("place", where)
	}
	return nil
}

// word names a number by a list of words.
func word(words []string, n int) string {
	if n < 0 || n >= len(words) {
		return strconv.Itoa(n) + ", which means nothing"
	}
	return words[n]
}

func (v *CRMFInfoView) archive(value []byte) error {
	a, err := crmf.ParseArchiveOptions(value)
	if err != nil {
		return err
	}
	switch {
	case a.EncryptedKey != nil && a.EncryptedKey.Value != nil:
		v.add("encrypted private key", "EncryptedValue, "+count(len(a.EncryptedKey.Value.Value), "octet"))
	case a.EncryptedKey != nil:
		v.add("encrypted private key", "EnvelopedData, "+count(len(a.EncryptedKey.Enveloped), "octet"))
	case a.KeyGeneration != nil:
		v.add("key generation parameters", hex.EncodeToString(a.KeyGeneration))
	case a.ArchiveGenerated != nil:
		v.add("archive a key that the authority makes", strconv.FormatBool(*a.ArchiveGenerated))
	}
	return nil
}

// inner shows the CertRequest that regInfo may hold.
func (v *CRMFInfoView) inner(value []byte) error {
	r, deviations, err := crmf.ParseRequest(value)
	if err != nil {
		return err
	}
	v.add("certReqId", r.ID.String())
	if r.Template.Subject != nil {
		v.add("subject", nameText(*r.Template.Subject))
	}
	if r.Template.PublicKey != nil {
		v.add("public key", r.Template.PublicKey.String())
	}
	for _, e := range r.Template.Extensions {
		v.add("extension", extensionName(e.ID))
	}
	for _, d := range deviations {
		v.add("deviation", d)
	}
	return nil
}

func (v *CRMFMessageView) fields(m *crmf.Message, o Options) []Field {
	var top Field
	if v.Subject == nil {
		top.add("subject", "absent: the authority is to know it")
	} else {
		top.add("subject", nameText(*m.Request.Template.Subject))
	}
	if len(v.SANs) == 0 {
		top.add("names", "none asked for")
	}
	top.add("names", joinNames(v.SANs, o.entries()))
	if v.PublicKey != nil {
		top.add("key", v.PublicKey.text)
	} else {
		top.add("key", "absent")
	}
	top.add("usages asked for", usages(v.KeyUsage, v.ExtKeyUsage))
	if v.CA {
		top.add("authority asked for", authority(v.CA, v.PathLen))
	}
	top.add("possession", v.verdict())
	top.add("certReqId", v.CertReqID)
	groups := []Field{v.template(), {Name: "subject, part by part", Children: nameFields(v.SubjectRDNs, o)},
		infoFields("controls", v.Controls), v.Proof.group(), infoFields("registration information (regInfo)", v.RegInfo), extensionFields(v.Extensions)}
	if v.PublicKey != nil {
		groups = append(groups, v.PublicKey.group())
	}
	prints := []Field{{Name: "SHA-256", Value: v.Fingerprint}}
	if v.PublicKey != nil {
		prints = append(prints, Field{Name: "SHA-256 of the key", Value: v.PublicKey.Fingerprint})
	}
	return append(top.Children, nonEmpty(append(groups, Field{Name: "fingerprints", Children: prints}))...)
}

func (v *CRMFMessageView) verdict() string {
	if v.Proof == nil {
		return "not shown: the request has no proof"
	}
	return v.Proof.Verdict
}

// template are the fields of the CertTemplate that certificates fill in
// otherwise.
func (v *CRMFMessageView) template() Field {
	f := Field{Name: "also asked for in the template"}
	if v.Version != nil {
		f.add("version", fmt.Sprintf("v%d (%d)", *v.Version+1, *v.Version))
	}
	f.add("serial number", v.SerialNumber)
	f.add("signature algorithm", v.SignatureAlgorithm)
	f.add("issuer", oneLine(v.Issuer))
	f.add("not before", clockOf(v.NotBefore))
	f.add("not after", clockOf(v.NotAfter))
	f.add("issuer unique identifier", v.IssuerUID)
	f.add("subject unique identifier", v.SubjectUID)
	return f
}

func infoFields(name string, list []CRMFInfoView) Field {
	group := Field{Name: name}
	for _, i := range list {
		f := Field{Name: i.Name}
		if f.Name == "" {
			f.Name = i.OID
		}
		if i.Problem != "" {
			f.Note = "cannot be read: " + i.Problem
		}
		if len(i.Values) == 1 && (i.Values[0].Name == "text" || i.Values[0].Name == "value") {
			f.Value = oneLine(i.Values[0].Value)
		} else {
			f.Children = partFields(i.Values)
		}
		group.Children = append(group.Children, f)
	}
	return group
}

func partFields(parts []CRMFPartView) []Field {
	var fields []Field
	for _, p := range parts {
		fields = append(fields, Field{Name: oneLine(p.Name), Value: oneLine(p.Value)})
	}
	return fields
}

func (v *CRMFProofView) group() Field {
	f := Field{Name: "proof of possession"}
	if v == nil {
		return f
	}
	f.add("kind", v.Kind)
	f.add("method", v.Method)
	f.Children = append(f.Children, partFields(v.Parts)...)
	if v.Signature != nil {
		f.Children = append(f.Children, v.Signature.group())
	}
	f.add("verdict", v.Verdict)
	return f
}

func (v *CRMFMessageView) notes(o *Object, m *crmf.Message, i, of int) {
	at := func(field string) string {
		if of > 1 {
			return "request " + itoa(i+1) + ": " + field
		}
		return field
	}
	switch {
	case v.Proof == nil:
		o.noteOn(at("proof"), "the request has no proof of possession")
	case v.Proof.Signature != nil && !*v.Proof.Signature.Verified:
		o.noteOn(at("proof"), "possession of the private key is not proven: "+v.Proof.Signature.Problem)
	}
	if v.Proof != nil && v.Proof.Signature != nil && v.Proof.Signature.Broken != "" {
		o.noteOn(at("proof"), v.Proof.Signature.Broken)
	}
	if v.PublicKey == nil {
		o.noteOn(at("publicKey"), "the template has no public key: there is nothing to certify")
	} else {
		v.PublicKey.note(o)
	}
	for _, info := range append(v.Controls[:len(v.Controls):len(v.Controls)], v.RegInfo...) {
		if info.Problem != "" && !containsPart(v.Deviations, info.Problem) {
			o.noteOn(at(info.Name), "cannot be read: "+info.Problem)
		}
	}
	noteExtensions(o, v.Extensions)
	if m.Request.Template.Subject != nil {
		noteName(o, "subject", *m.Request.Template.Subject)
	}
	noteNames(o, v.SANs)
	for _, d := range v.Deviations {
		o.noteOn(at("encoding"), d)
	}
}

func containsPart(list []string, part string) bool {
	for _, text := range list {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
