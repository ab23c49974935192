package doctor

import (
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/oid"
)

// issuers fetches the certificates of the issuer, and takes the right one
// where none was known.
func (x *examination) issuers() {
	uris := x.access(oid.AccessCAIssuers)
	for _, uri := range uris {
		if !x.scheme("issuer", uri) {
			continue
		}
		f := x.doctor.get(x.ctx, uri)
		if !x.usable("issuer", uri, f, "application/pkix-cert", "application/pkcs7-mime", "application/x-x509-ca-cert") {
			continue
		}
		found, err := certificatesIn(x.inDER("issuer", uri, f.body))
		if err != nil {
			x.add(Failure, "issuer-damaged", "issuer", uri, "publish the issuer's certificate in DER", "it is no certificate: %v", err)
			continue
		}
		right := x.doctor.issuerOf(x.certificate, found)
		switch {
		case right == nil:
			x.add(Failure, "issuer-wrong", "issuer", uri, "publish the certificate of "+x.certificate.Issuer.String()+" with the key that signed this one", "the certificate there, of %s, is not that of the issuer", whose(found[0]))
			continue
		case x.now().After(right.NotAfter):
			x.add(Failure, "issuer-expired", "issuer", uri, "publish the renewed one", "the issuer's certificate there expired on %s", stamp(right.NotAfter))
		default:
			x.add(Fine, "issuer-found", "issuer", uri, "", "the certificate of %s", whose(right))
		}
		if x.issuer == nil {
			x.issuer = right
		}
	}
	if x.issuer == nil {
		fix := "give the issuer's certificate along"
		if len(uris) == 0 {
			fix += ", or let certificates say where it is: certwright ca set NAME --base http://HOST"
		}
		x.add(Failure, "issuer-unknown", "issuer", "", fix, "the certificate of the issuer %s is not to be had, so that no list or answer can be checked", x.certificate.Issuer)
	}
}

// certificatesIn reads one certificate, or those of a PKCS#7 bundle.
func certificatesIn(der []byte) ([]*cert.Certificate, error) {
	one, err := cert.Parse(der)
	if err == nil {
		return []*cert.Certificate{one}, nil
	}
	info, bad := cms.Parse(der)
	if bad != nil {
		return nil, err
	}
	signed, bad := info.SignedData()
	if bad != nil || len(signed.Certificates) == 0 {
		return nil, err
	}
	var out []*cert.Certificate
	for _, raw := range signed.Certificates {
		c, err := cert.Parse(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
