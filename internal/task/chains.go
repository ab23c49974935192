package task

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/request"
)

func selfIssued(der []byte) bool {
	c, err := cert.Parse(der)
	return err == nil && c.SelfIssued()
}

// EncodeCertificates writes certificates in PEM, one after the other.
func EncodeCertificates(chain ...[]byte) []byte {
	var out bytes.Buffer
	for _, c := range chain {
		out.Write(pem.Encode("CERTIFICATE", c))
	}
	return out.Bytes()
}

// ParseCertificates reads every certificate in data.
func ParseCertificates(data []byte) ([]*cert.Certificate, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, err
	}
	var out []*cert.Certificate
	for _, b := range blocks {
		switch b.Label {
		case "", "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		default:
			continue
		}
		c, err := cert.Parse(b.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// OrderChain puts the certificates of one chain in order: the one that signed
// none of the others first, then its issuer, and so on.
func OrderChain(all []*cert.Certificate) ([][]byte, error) {
	rest := slices.CompactFunc(slices.Clone(all), func(a, b *cert.Certificate) bool { return bytes.Equal(a.Raw, b.Raw) })
	first := slices.IndexFunc(rest, func(c *cert.Certificate) bool {
		return !slices.ContainsFunc(rest, func(other *cert.Certificate) bool {
			return other != c && !other.SelfIssued() && other.Issuer.Equal(c.Subject)
		})
	})
	if first < 0 {
		return nil, &request.Refusal{Reason: request.BadFormat, Detail: "the certificates issue each other in a circle, and are no chain"}
	}
	var chain [][]byte
	for next := first; next >= 0; {
		c := rest[next]
		chain = append(chain, c.Raw)
		rest = slices.Delete(rest, next, next+1)
		if c.SelfIssued() {
			break
		}
		next = slices.IndexFunc(rest, func(up *cert.Certificate) bool { return up.Subject.Equal(c.Issuer) })
	}
	if len(rest) > 0 {
		return nil, &request.Refusal{Reason: request.BadFormat, Detail: "the certificate of " + rest[0].Subject.String() + " is no part of the chain of the others",
			Fix: "give the authority's certificate and its issuers, and nothing else"}
	}
	return chain, nil
}
