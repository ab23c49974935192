package opensslcmd

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
)

// Signing is a certificate that is to be signed.
type Signing struct {
	Request    string  // file of a PKCS#10 request
	Subject    dn.Name // of the request
	RequestDER bool
	Planned    *cert.Certificate   // what the certificate would say
	Issuers    []*cert.Certificate // of the chain, nearest first
	IssuerName string              // a name for the issuer's file: "ca" for ca.crt
	Key        KeyFile             // of the issuer
	Out        string
}

// Sign signs a certificate for a request. The serial number is drawn when it
// runs, and the certificate begins then; it lasts as many days, begun ones
// counted. Issuers that are not roots follow it in the file.
func Sign(s Signing) (string, error) {
	var b strings.Builder
	var chain []*cert.Certificate
	for i, c := range s.Issuers {
		if i == 0 || !c.SelfIssued() {
			chain = append(chain, c)
		}
	}
	issuer := s.IssuerName + ".crt"
	b.WriteString("cat >" + Quote(issuer) + " <<'" + delimiter + "'\n")
	for _, c := range chain {
		b.Write(pem.Encode("CERTIFICATE", c.Raw))
	}
	b.WriteString(delimiter + "\n")
	c := openssl("x509", "-req").file("-in", s.Request)
	if s.RequestDER {
		c.add("-inform", "DER")
	}
	c.add("-CA", issuer).file("-CAkey", s.Key.Name).option("-passin", string(s.Key.Secret))
	algorithm := key.ParseSignatureAlgorithm(s.Planned.SignatureAlgorithm)
	if algorithm.KeyType == "ML-DSA" || s.Planned.PublicKey.Type == "ML-DSA" {
		return "", unable("it knows no keys of the kind ML-DSA")
	}
	if algorithm.Hash != 0 {
		c.add("-" + digest(algorithm.Hash))
	}
	if algorithm.SaltLength >= 0 {
		c.add("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:"+strconv.Itoa(algorithm.SaltLength))
	}
	if s.Key.Secret == "stdin" {
		return "", unable("the extensions and the passphrase would both come from standard input; name another source with --ca-passphrase")
	}
	days := math.Ceil(s.Planned.NotAfter.Sub(s.Planned.NotBefore).Hours() / (24 * time.Hour).Hours())
	c.add("-days", strconv.Itoa(int(days)))
	if err := c.newSubject(s.Planned.Subject, s.Subject); err != nil {
		return "", err
	}
	var sections conf
	lines := sections.extensions(s.Planned.Extensions)
	c.add("-extfile", "/dev/stdin", "-extensions", "extensions").file("-out", s.Out)
	c.input = join("extensions", lines) + strings.Join(sections.sections, "")
	// The number comes from the shell, so it stands outside the quotes.
	text := strings.Replace(c.text(), " -extfile ", ` -set_serial "0x$(openssl rand -hex 16)" -extfile `, 1)
	b.WriteString(text)
	if last := chain[len(chain)-1]; s.Out != "-" && (len(chain) > 1 || !last.SelfIssued()) {
		b.WriteString("cat " + Quote(issuer) + " >>" + Quote(s.Out) + "\n")
	}
	return b.String(), nil
}

// newSubject adds the subject where it is not that of the request.
func (c *command) newSubject(planned, requested dn.Name) error {
	if bytes.Equal(planned.Raw, requested.Raw) {
		return nil
	}
	subject, ok := slashed(planned)
	if !ok {
		return unable("it has no words for the subject %s", planned)
	}
	if strings.ContainsFunc(subject, func(r rune) bool { return r >= 0x80 }) {
		return unable("its x509 command reads no subject with letters beyond ASCII, as in %s", planned)
	}
	c.add("-subj", subject)
	return nil
}
