package inspect

import (
	"encoding/hex"

	"github.com/certwright/certwright/format/crmf"
)

// ConfirmationView is the JSON view of what shows possession of a key that
// cannot sign: the hash of the certificate that was encrypted to it, or the
// number of a challenge.
type ConfirmationView struct {
	CertHash      string `json:"certHash,omitempty"` // hexadecimal
	HashAlgorithm string `json:"hashAlgorithm,omitempty"`
	CertReqID     string `json:"certReqId,omitempty"` // decimal
	Number        string `json:"number,omitempty"`    // decimal
}

func confirmation(raw []byte) (Object, error) {
	a, err := crmf.ParseAnswer(raw)
	if err != nil {
		return Object{}, err
	}
	v := &ConfirmationView{}
	var top Field
	if a.Number != nil {
		v.Number = a.Number.String()
		top.add("answer to the challenge", v.Number)
	} else {
		v.CertHash, v.HashAlgorithm, v.CertReqID = hex.EncodeToString(a.CertHash), a.Hash.String(), a.RequestID.String()
		top.add("hash of the certificate", v.CertHash)
		top.add("hash algorithm", v.HashAlgorithm)
		top.add("certReqId", v.CertReqID)
	}
	return Object{Kind: Confirmation, Title: titles[Confirmation], Raw: raw, Detail: v, Fields: top.Children}, nil
}
