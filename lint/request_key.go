package lint

import (
	"bytes"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

const again = "make the request anew"

func requestEncoding(q *request.Request, r *report) {
	for _, d := range q.Deviations() {
		r.add("request", again+" with another program if an authority refuses it", "%s", d)
	}
}

func requestVersion(q *request.Request, r *report) {
	if q.PKCS10 != nil && q.PKCS10.Version != 0 {
		r.add("version", again+" with another program", "the version is written as %d, want 0: there is version 1 only", q.PKCS10.Version)
	}
}

func requestSize(q *request.Request, r *report) {
	const large = 64 << 10
	if len(q.Raw) > large {
		r.add("request", "leave large extensions and attributes out", "the request has %d bytes; many authorities read %d at most", len(q.Raw), large)
	}
}

// algorithm is the signature algorithm of a request; ok only where there is
// one.
func algorithm(q *request.Request) (a key.SignatureAlgorithm, ok bool) {
	id, ok := q.SignatureAlgorithm()
	if !ok {
		return a, false
	}
	return key.ParseSignatureAlgorithm(id), true
}

func requestSignatureBroken(q *request.Request, r *report) {
	if a, ok := algorithm(q); ok && a.Broken != "" {
		r.add("signatureAlgorithm", again+", signed with SHA-256 or better", "the request is signed with %s: %s", a.Name, a.Broken)
	}
}

func requestSignatureUnknown(q *request.Request, r *report) {
	if a, ok := algorithm(q); ok && a.KeyType == "" {
		r.add("signatureAlgorithm", again+", signed with a common algorithm", "the signature algorithm %s is not known", a.Name)
	}
}

func requestSignatureKey(q *request.Request, r *report) {
	a, ok := algorithm(q)
	if !ok || a.KeyType == "" || q.PublicKey == nil || q.PublicKey.Type == "unknown" {
		return
	}
	if q.PublicKey.Type != a.KeyType && !(q.PublicKey.Type == "RSA-PSS" && a.KeyType == "RSA") && !(q.PublicKey.Type == "RSA" && a.KeyType == "RSA-PSS") {
		r.add("signatureAlgorithm", again+", signed with the key that is in it", "the signature algorithm %s is for keys of kind %s, but the key is %v", a.Name, a.KeyType, q.PublicKey)
	}
}

func requestKeySize(q *request.Request, r *report) { smallKey(q.PublicKey, r) }

func requestKeyWeak(q *request.Request, r *report) {
	if q.PublicKey == nil || q.PublicKey.Key == nil {
		return
	}
	for _, w := range key.Weaknesses(q.PublicKey) {
		if w.Code == key.WeakModulusSize {
			continue // the rule on sizes has said so
		}
		r.citation = w.Source
		r.add("publicKey", "make a new key; never use this one again", "the public key is weak: %s", w.Detail)
	}
}

func requestKeyUnusable(q *request.Request, r *report) {
	if q.PublicKey != nil && q.PublicKey.Problem != nil && q.PublicKey.Type != "none" {
		r.add("publicKey", "make a key of a common kind", "the public key cannot be computed with: %v", q.PublicKey.Problem)
	}
}

func requestKeyLarge(q *request.Request, r *report) {
	if q.PublicKey != nil && q.PublicKey.Type == "RSA" && q.PublicKey.Size > 4096 {
		r.add("publicKey", "an elliptic curve is as strong and much quicker", "the RSA key has %d bits; every connection pays for more than 4096", q.PublicKey.Size)
	}
}

func requestKeyCurve(q *request.Request, r *report) {
	k := q.PublicKey
	if k == nil || k.Type != "EC" {
		return
	}
	switch k.Curve {
	case "P-256", "P-384", "P-521":
	default:
		r.add("publicKey", "use P-256 unless another curve is asked for", "the curve %s is not one that web clients know", k.Curve)
	}
}

func requestKeyParameters(q *request.Request, r *report) {
	keyParameters(&Contents{PublicKey: q.PublicKey}, r)
}

func requestAttributeRepeated(q *request.Request, r *report) {
	if q.PKCS10 == nil {
		return
	}
	list := q.PKCS10.Attributes
	for i := range list[:min(len(list), 200)] {
		for k := range i {
			if list[i].ID == list[k].ID {
				r.add("attributes", "leave one", "the attribute %s is there twice", list[i].ID.Name())
				break
			}
		}
	}
}

func requestAttributeValues(q *request.Request, r *report) {
	if q.PKCS10 == nil {
		return
	}
	for i := range q.PKCS10.Attributes {
		a := &q.PKCS10.Attributes[i]
		switch {
		case len(a.Values) == 0:
			r.add("attributes", "leave it out", "the attribute %s has no value", a.ID.Name())
		case len(a.Values) > 1 && singleValued(a.ID):
			r.add("attributes", "leave one", "the attribute %s has %d values, want one", a.ID.Name(), len(a.Values))
		case len(a.Values) > 1 && bytes.Equal(a.Values[0], a.Values[1]):
			r.add("attributes", "leave one", "the attribute %s has the same value twice", a.ID.Name())
		}
	}
}
