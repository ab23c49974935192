package openssl

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// coin is a certificate that is to be signed.
type coin struct {
	request    *pkcs10.Request // that proves possession; nil where there is none
	public     *key.Public     // nil for the request's
	subject    dn.Name
	issuerName dn.Name // where the certificate is its own issuer: the subject before extensions took addresses out of it
	extensions []ext.Extension
	from, to   time.Time
	serial     []byte // magnitude
	version3   bool   // also without extensions
	vouched    string // why there is no proof of possession

	ca     *cert.Certificate // nil where the certificate is its own issuer
	signer *key.Private
	how    signing
}

// mint signs a certificate as the operator orders it.
func (c *call) mint(m coin) ([]byte, error) {
	if m.signer.Signer == nil {
		return nil, fmt.Errorf("the key cannot sign: it is %v", m.signer.Public)
	}
	if err := datesEnd(m.to); err != nil {
		return nil, err
	}
	asked := &request.Request{Subject: m.subject, PublicKey: m.public}
	if m.request != nil {
		asked = &request.Request{Format: request.PKCS10, Raw: m.request.Raw, Subject: m.request.Subject,
			PublicKey: m.request.PublicKey, PKCS10: m.request}
	}
	if m.public == nil {
		m.public = asked.PublicKey
	}
	issuer, err := m.issuer()
	if err != nil {
		return nil, err
	}
	profile := issuance.OperatorProfile("openssl-"+c.command.name, issuance.Order{
		Subject: m.subject, Extensions: m.extensions, NotBefore: m.from, NotAfter: m.to, PublicKey: m.public, Vouched: m.vouched, Version3: m.version3,
	})
	judgement := profile.Judge(asked, evidence.Of(asked, evidence.Origin{Door: "openssl", Method: "local-user"}, nil), issuer, issuance.Asked{}, c.Now())
	if refusal := judgement.Refusal(); refusal != nil {
		return nil, fmt.Errorf("%w; %s", refusal, refusal.Fix)
	}
	approval, err := judgement.Approve()
	if err != nil {
		return nil, err
	}
	issued, err := issuer.Sign(approval, m.serial)
	if err != nil {
		return nil, err
	}
	return issued.DER, nil
}

// datesEnd refuses a time that no certificate or list can tell.
func datesEnd(to time.Time) error {
	if to.Year() > 9999 {
		return fmt.Errorf("the validity ends in the year %d, and dates can be written up to 9999; ask for fewer days", to.Year())
	}
	return nil
}

func (m coin) issuer() (*issuance.Issuer, error) {
	algorithm, err := m.how.algorithm(m.signer.Public)
	if err != nil {
		return nil, err
	}
	config := issuance.IssuerConfig{Certificate: m.ca, Signer: m.signer.Signer, Algorithm: &algorithm}
	if m.ca != nil {
		return issuance.NewOperatorIssuer(config)
	}
	if m.issuerName.Raw == nil {
		m.issuerName = m.subject
	}
	return issuance.NewSelfIssuer(&request.Request{Subject: m.issuerName, PublicKey: m.signer.Public}, config)
}

// proof makes a request that proves possession of a key at hand, for
// certificates that no request was made for.
func (m coin) proof() (*pkcs10.Request, error) {
	algorithm, err := m.how.algorithm(m.signer.Public)
	if err != nil {
		return nil, err
	}
	return pkcs10.Create(pkcs10.Template{Subject: m.subject}, m.signer, algorithm)
}

// serialOctets is how long serial numbers are that are drawn: 159 bits.
const serialOctets = 20

func (c *call) randomSerial() ([]byte, error) {
	serial := make([]byte, serialOctets)
	if _, err := io.ReadFull(c.random(), serial); err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	serial[0] &= 0x7f
	if serial[0] == 0 {
		serial[0] = 1
	}
	return serial, nil
}

// parseSerial reads a -set_serial text: a decimal number, or a hexadecimal one
// behind 0x.
func (c *call) parseSerial(text string) ([]byte, error) {
	digits, base := text, 10
	if hex, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToLower(text), "-"), "0x"); ok {
		digits, base = hex, 16
		if text[0] == '-' {
			digits = "-" + hex
		}
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, complaint{text: fmt.Sprintf("%s: the serial number %q is neither decimal nor hexadecimal behind 0x", c.command.name, text), usage: true}
	}
	return n.Bytes(), serialFits(n)
}

func serialFits(n *big.Int) error {
	if n.Sign() <= 0 || n.BitLen() >= serialOctets*8 {
		return complaint{text: issuance.ErrSerial.Error()}
	}
	return nil
}

// contentOctets are the octets of a positive INTEGER.
func contentOctets(magnitude []byte) []byte {
	if len(magnitude) > 0 && magnitude[0] >= 0x80 {
		return append([]byte{0}, magnitude...)
	}
	return magnitude
}

const day = 24 * time.Hour
