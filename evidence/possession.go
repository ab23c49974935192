package evidence

import (
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// possession verifies that who made the request holds its key.
func possession(r *request.Request) Possession {
	if r.PKCS10 == nil {
		return Possession{Method: "none", Detail: "the request carries no proof of possession that can be checked"}
	}
	algorithm := key.ParseSignatureAlgorithm(r.PKCS10.SignatureAlgorithm)
	p := Possession{Method: "pkcs10-signature", Algorithm: algorithm.Name, Broken: algorithm.Broken}
	err := r.PKCS10.CheckSignature()
	switch {
	case err == nil:
		p.Proven = true
	case err == key.ErrSignature:
		p.Detail = "the signature does not verify by the key in the request: it was changed after signing, or made by another key"
	default:
		p.Detail = err.Error()
	}
	return p
}
