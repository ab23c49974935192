package openssl

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/pkcs10"
)

// withSubject replaces the subject of a request and leaves all else, the
// signature too, as it is.
func withSubject(p *pkcs10.Request, subject dn.Name) (*pkcs10.Request, error) {
	info, err := der.ParseTag(p.RawInfo, der.Sequence)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	whole := b.Begin(der.Sequence)
	inner := b.Begin(der.Sequence)
	for i, in := 0, info.Children(); !in.Empty(); i++ {
		e, err := in.Next()
		if err != nil {
			return nil, err
		}
		if i == 1 {
			b.Raw(subject.Raw)
		} else {
			b.Raw(e.Raw)
		}
	}
	b.End(inner)
	b.Raw(p.SignatureAlgorithm.Raw)
	b.Bits(p.Signature)
	b.End(whole)
	return pkcs10.Parse(b.Bytes())
}
