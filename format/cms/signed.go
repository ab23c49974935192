package cms

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// SignedData is RFC 5652, Section 5.1.
type SignedData struct {
	Version           int
	DigestAlgorithms  []key.AlgorithmIdentifier
	ContentType       oid.OID
	Content           []byte   // nil where Detached
	Detached          bool     // what is signed is elsewhere, or nothing is
	Certificates      [][]byte // X.509, in the order they stand in
	OtherCertificates [][]byte // PKCS #6, attribute and other certificates, each with its tag
	CRLs              [][]byte
	OtherRevocation   [][]byte // such as OCSP responses (RFC 5940), each with its tag
	Signers           []SignerInfo

	encoded bool // Content is an element other than an OCTET STRING
}

// SignerInfo is RFC 5652, Section 5.3.
type SignerInfo struct {
	Raw                 []byte
	Version             int
	Identifier          Identifier
	DigestAlgorithm     key.AlgorithmIdentifier
	SignedAttributes    []Attribute
	RawSignedAttributes []byte // with the tag SET OF, as they are signed; nil where there are none
	SignatureAlgorithm  key.AlgorithmIdentifier
	Signature           []byte
	UnsignedAttributes  []Attribute
}

// SignedData reads the content of a message that is one.
func (c *ContentInfo) SignedData() (*SignedData, error) {
	r, err := c.want(oid.SignedData)
	if err != nil {
		return nil, err
	}
	s, err := parseSignedData(r)
	if err != nil {
		return nil, fmt.Errorf("reading SignedData: %w", err)
	}
	return s, nil
}

// ParseSignedData reads a SignedData that stands without a ContentInfo around
// it, in DER or BER, as CMP has it.
func ParseSignedData(raw []byte) (*SignedData, error) {
	normal, err := Normalize(raw)
	if err != nil {
		return nil, fmt.Errorf("reading SignedData: %w", err)
	}
	c := &ContentInfo{Raw: raw, DER: normal, Type: oid.SignedData, Content: normal}
	return c.SignedData()
}

func parseSignedData(r der.Reader) (*SignedData, error) {
	s := &SignedData{}
	var err error
	if s.Version, err = takeInt(&r); err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	if s.DigestAlgorithms, err = takeAlgorithms(&r); err != nil {
		return nil, fmt.Errorf("digest algorithms: %w", err)
	}
	if err := s.takeContent(&r); err != nil {
		return nil, fmt.Errorf("encapsulated content: %w", err)
	}
	if s.Certificates, s.OtherCertificates, err = takeSet(&r, 0); err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	if s.CRLs, s.OtherRevocation, err = takeSet(&r, 1); err != nil {
		return nil, fmt.Errorf("revocation lists: %w", err)
	}
	signers, err := r.Take(der.Set)
	if err != nil {
		return nil, fmt.Errorf("signers: %w", err)
	}
	for in := signers.Children(); !in.Empty(); {
		e, err := in.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("signer %d: %w", len(s.Signers)+1, err)
		}
		signer, err := parseSigner(e)
		if err != nil {
			return nil, fmt.Errorf("signer %d: %w", len(s.Signers)+1, err)
		}
		s.Signers = append(s.Signers, signer)
	}
	return s, r.End()
}

func takeAlgorithms(r *der.Reader) ([]key.AlgorithmIdentifier, error) {
	set, err := r.Take(der.Set)
	if err != nil {
		return nil, err
	}
	var all []key.AlgorithmIdentifier
	for in := set.Children(); !in.Empty(); {
		a, err := takeAlgorithm(&in)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// takeContent reads EncapsulatedContentInfo. PKCS #7 has any element there,
// CMS an OCTET STRING; the content of the former is kept with its tag.
func (s *SignedData) takeContent(r *der.Reader) error {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return err
	}
	in := e.Children()
	if s.ContentType, err = takeOID(&in); err != nil {
		return err
	}
	content, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return err
	}
	s.Detached = !ok
	if ok {
		inner, err := der.Parse(content.Content)
		if err != nil {
			return err
		}
		s.Content = inner.Raw
		s.encoded = inner.Tag != der.OctetString
		if !s.encoded {
			s.Content = inner.Content
		}
	}
	return in.End()
}

// takeSet reads [n] IMPLICIT SET OF a CHOICE whose plain form is a SEQUENCE.
func takeSet(r *der.Reader, n uint8) (plain, other [][]byte, err error) {
	set, ok, err := r.Optional(der.ContextConstructed(n))
	if err != nil || !ok {
		return nil, nil, err
	}
	all, err := elements(set.Children())
	for _, raw := range all {
		if der.Tag(raw[0]) == der.Sequence {
			plain = append(plain, raw)
		} else {
			other = append(other, raw)
		}
	}
	return plain, other, err
}

func parseSigner(e der.Element) (s SignerInfo, err error) {
	s.Raw = e.Raw
	r := e.Children()
	if s.Version, err = takeInt(&r); err != nil {
		return s, fmt.Errorf("version: %w", err)
	}
	if s.Identifier, err = takeIdentifier(&r); err != nil {
		return s, fmt.Errorf("identifier: %w", err)
	}
	if s.DigestAlgorithm, err = takeAlgorithm(&r); err != nil {
		return s, fmt.Errorf("digest algorithm: %w", err)
	}
	signed, ok, err := r.Optional(der.ContextConstructed(0))
	if err != nil {
		return s, fmt.Errorf("signed attributes: %w", err)
	}
	if ok {
		s.RawSignedAttributes = append([]byte{byte(der.Set)}, signed.Raw[1:]...)
		if s.SignedAttributes, err = parseAttributes(signed.Children()); err != nil {
			return s, fmt.Errorf("signed attributes: %w", err)
		}
	}
	if s.SignatureAlgorithm, err = takeAlgorithm(&r); err != nil {
		return s, fmt.Errorf("signature algorithm: %w", err)
	}
	signature, err := r.Take(der.OctetString)
	if err != nil {
		return s, fmt.Errorf("signature: %w", err)
	}
	s.Signature = signature.Content
	unsigned, ok, err := r.Optional(der.ContextConstructed(1))
	if err != nil {
		return s, fmt.Errorf("unsigned attributes: %w", err)
	}
	if ok {
		if s.UnsignedAttributes, err = parseAttributes(unsigned.Children()); err != nil {
			return s, fmt.Errorf("unsigned attributes: %w", err)
		}
	}
	return s, r.End()
}

// CertsOnly writes a SignedData that signs nothing and carries certificates
// and revocation lists, in the order given: the "PKCS #7 bundle" (RFC 5652,
// Section 5.1; RFC 8551, Section 3.8).
func CertsOnly(certs, crls [][]byte) []byte {
	var b der.Builder
	info := b.Begin(der.Sequence)
	b.OID(string(oid.SignedData))
	content := b.Begin(der.ContextConstructed(0))
	signed := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.Set, nil)
	encapsulated := b.Begin(der.Sequence)
	b.OID(string(oid.Data))
	b.End(encapsulated)
	for n, list := range [][][]byte{certs, crls} {
		if len(list) > 0 {
			set := b.Begin(der.ContextConstructed(uint8(n)))
			b.Raw(list...)
			b.End(set)
		}
	}
	b.Add(der.Set, nil)
	b.End(signed)
	b.End(content)
	b.End(info)
	return b.Bytes()
}
