package inspect

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/certwright/certwright/format/spkac"
)

// SPKACView is the JSON view of a signed public key and challenge.
type SPKACView struct {
	Challenge   string         `json:"challenge"`
	PublicKey   *PublicKeyView `json:"publicKey"`
	Subject     []SPKACField   `json:"subject,omitempty"` // of the file around it
	Signature   SignatureView  `json:"signature"`
	Fingerprint string         `json:"fingerprint"`
}

// SPKACField is a line of the file that `openssl ca -spkac` reads.
type SPKACField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func spkacObject(raw []byte) (Object, error) {
	r, err := spkac.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	return spkacView(r, nil), nil
}

func spkacText(text []byte) Object {
	f, err := spkac.ParseFile(text)
	if err != nil {
		object := Object{Kind: SPKAC, Title: titles[SPKAC]}
		object.noteOn("", "it cannot be read: "+err.Error())
		return object
	}
	var subject []SPKACField
	for _, line := range f.Fields {
		subject = append(subject, SPKACField{line.Name, line.Value})
	}
	return spkacView(f.Request, subject)
}

func spkacView(r *spkac.Request, subject []SPKACField) Object {
	sum := sha256.Sum256(r.Raw)
	v := &SPKACView{
		Challenge: r.Challenge, PublicKey: publicKey(r.PublicKey), Subject: subject,
		Signature: signature(r.SignatureAlgorithm, r.Signature), Fingerprint: hex.EncodeToString(sum[:]),
	}
	v.Signature.checked(r.CheckSignature())
	object := Object{Kind: SPKAC, Title: titles[SPKAC], Raw: r.Raw, Detail: v}
	var top Field
	for _, f := range subject {
		top.add(f.Name, f.Value)
	}
	top.add("challenge", oneLine(v.Challenge))
	top.add("key", v.PublicKey.text)
	top.add("possession", possession(&v.Signature))
	top.add("signature", v.Signature.Algorithm)
	object.Fields = append(top.Children, v.PublicKey.group(), v.Signature.group(),
		Field{Name: "fingerprints", Children: []Field{{Name: "SHA-256", Value: v.Fingerprint}}})
	noteSignature(&object, &v.Signature)
	v.PublicKey.note(&object)
	return object
}
