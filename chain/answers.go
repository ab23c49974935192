package chain

import "github.com/certwright/certwright/format/ocsp"

// answered returns what OCSP says of certificate i: that it was revoked, if
// any answer says so, else that it is good; nil where none says either. Why
// answers about it cannot be relied on comes along.
func (p *path) answered(i int) (said *ocsp.SingleResponse, unusable []string) {
	c, issuer := p.certs[i], p.certs[i+1]
	for _, r := range p.o.OCSP {
		if r.Basic != nil {
			if _, about := r.Basic.For(c, issuer); !about {
				continue
			}
		}
		single, err := r.Verify(ocsp.Expected{Certificate: c, Issuer: issuer, Now: p.o.Now})
		switch {
		case err != nil:
			unusable = append(unusable, err.Error())
		case single.Status == ocsp.Unknown:
			unusable = append(unusable, "the OCSP responder does not know it")
		case said == nil || single.Status == ocsp.Revoked:
			said = single
		}
	}
	return said, unusable
}
