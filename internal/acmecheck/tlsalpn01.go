package acmecheck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/protocol/acme"
)

// tlsProtocol is what the responder must choose (RFC 8737, Section 6.2).
const tlsProtocol = "acme-tls/1"

// tlsALPN01 looks at the certificate that the responder shows (RFC 8737,
// Section 3).
func (c *Checker) tlsALPN01(ctx context.Context, r *resolver, t *Task) *acme.Problem {
	host, port := t.Identifier.Value, c.settings.TLSPort
	raw, err := c.dial(ctx, r, host, port)
	if err != nil {
		return connectionProblem(err, host, port)
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{
		// The certificate is made for the challenge: what it says is looked
		// at below.
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS12,
		NextProtos: []string{tlsProtocol}, ServerName: acme.ServerName(t.Identifier),
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			return connectionProblem(ctx.Err(), host, port)
		}
		return acme.NewProblem(acme.TLS, fmt.Sprintf("the TLS handshake with %s, port %d, did not succeed; see that a responder for tls-alpn-01 runs there", host, port))
	}
	state := conn.ConnectionState()
	if state.NegotiatedProtocol != tlsProtocol {
		return acme.NewProblem(acme.Unauthorized, fmt.Sprintf("%s, port %d, does not speak %s; see that a responder for tls-alpn-01 runs there", host, port, tlsProtocol))
	}
	if why := wrongCertificate(state.PeerCertificates, t); why != "" {
		return acme.NewProblem(acme.Unauthorized, fmt.Sprintf("the certificate that %s, port %d, shows %s; see that the responder is the one of this account", host, port, why))
	}
	return nil
}

// wrongCertificate says what is wrong with the responder's certificate.
func wrongCertificate(chain []*x509.Certificate, t *Task) string {
	if len(chain) == 0 {
		return "is missing"
	}
	c := chain[0]
	if !onlyName(c, &t.Identifier) {
		return "is not for " + t.Identifier.Value + " alone"
	}
	sum := sha256.Sum256([]byte(t.keyAuthorization()))
	want, err := asn1.Marshal(sum[:])
	if err != nil {
		return "cannot be compared"
	}
	identifier := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31} // id-pe-acmeIdentifier
	found := false
	for _, e := range c.Extensions {
		if !e.Id.Equal(identifier) {
			continue
		}
		if found || !e.Critical || !bytes.Equal(e.Value, want) {
			return "has another acmeIdentifier than this challenge wants, or it is not critical"
		}
		found = true
	}
	if !found {
		return "has no acmeIdentifier"
	}
	return ""
}

// onlyName reports whether a certificate has this one name and no other, of
// any kind (RFC 8737, Section 3); an address in the octets of its own version
// (RFC 8738, Section 6).
func onlyName(c *x509.Certificate, i *acme.Identifier) bool {
	var names []ext.GeneralName
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		list, err := ext.ParseSubjectAltName(e.Value)
		if err != nil {
			return false
		}
		names = append(names, list...)
	}
	if len(names) != 1 {
		return false
	}
	if i.Type == acme.DNS {
		return names[0].Kind == ext.DNS && strings.EqualFold(string(names[0].Content), i.Value)
	}
	want, err := netip.ParseAddr(i.Value)
	return err == nil && names[0].Kind == ext.IP && bytes.Equal(names[0].Content, want.AsSlice())
}
