package cms

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// EnvelopedData is RFC 5652, Section 6.1, and AuthEnvelopedData, RFC 5083,
// Section 2.1.
type EnvelopedData struct {
	Version               int
	Authenticated         bool // AuthEnvelopedData
	Certificates          [][]byte
	CRLs                  [][]byte
	Recipients            []Recipient
	Encrypted             EncryptedContent
	AuthenticatedAttrs    []Attribute // AuthEnvelopedData only
	RawAuthenticatedAttrs []byte      // with the tag SET OF, as they are authenticated; nil where there are none
	MAC                   []byte      // AuthEnvelopedData only
	UnprotectedAttributes []Attribute // unauthenticated ones of AuthEnvelopedData
}

// EncryptedContent is EncryptedContentInfo (RFC 5652, Section 6.1).
type EncryptedContent struct {
	ContentType oid.OID
	Algorithm   key.AlgorithmIdentifier
	Content     []byte // nil where it is elsewhere
	Detached    bool
}

// EncryptedData is RFC 5652, Section 8.
type EncryptedData struct {
	Version               int
	Encrypted             EncryptedContent
	UnprotectedAttributes []Attribute
}

// RecipientKind is how a recipient gets at the content's key.
type RecipientKind string

// The kinds of RFC 5652, Section 6.2, and RFC 9629.
const (
	KeyTransport       RecipientKind = "key transport"
	KeyAgreement       RecipientKind = "key agreement"
	KeyEncryptionKey   RecipientKind = "key encryption key"
	Password           RecipientKind = "password"
	KeyEncapsulation   RecipientKind = "key encapsulation"
	OtherRecipientKind RecipientKind = "other"
)

// Recipient is one RecipientInfo. One of key agreement has as many
// Identifiers and EncryptedKeys as there are recipients of it; the others have
// one of each, or no Identifier (password, other).
type Recipient struct {
	Raw           []byte
	Kind          RecipientKind
	Version       int
	Identifiers   []Identifier
	KeyEncryption key.AlgorithmIdentifier
	EncryptedKeys [][]byte
	Type          oid.OID // of KeyEncapsulation and OtherRecipientKind

	EphemeralKey   []byte                   // of KeyAgreement; nil where the sender's key is named instead
	KeyingMaterial []byte                   // of KeyAgreement; nil where absent
	KeyDerivation  *key.AlgorithmIdentifier // of Password; nil where absent
}

// EnvelopedData reads the content of a message that is EnvelopedData or
// AuthEnvelopedData.
func (c *ContentInfo) EnvelopedData() (*EnvelopedData, error) {
	t := oid.EnvelopedData
	if c.Type == oid.AuthEnvelopedData {
		t = oid.AuthEnvelopedData
	}
	r, err := c.want(t)
	if err != nil {
		return nil, err
	}
	e, err := parseEnvelopedData(r, t == oid.AuthEnvelopedData)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", TypeName(t), err)
	}
	return e, nil
}

func parseEnvelopedData(r der.Reader, authenticated bool) (*EnvelopedData, error) {
	e := &EnvelopedData{Authenticated: authenticated}
	var err error
	if e.Version, err = takeInt(&r); err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	originator, ok, err := r.Optional(der.ContextConstructed(0))
	if err != nil {
		return nil, fmt.Errorf("originator: %w", err)
	}
	if ok {
		in := originator.Children()
		if e.Certificates, _, err = takeSet(&in, 0); err != nil {
			return nil, fmt.Errorf("originator's certificates: %w", err)
		}
		if e.CRLs, _, err = takeSet(&in, 1); err != nil {
			return nil, fmt.Errorf("originator's revocation lists: %w", err)
		}
	}
	recipients, err := r.Take(der.Set)
	if err != nil {
		return nil, fmt.Errorf("recipients: %w", err)
	}
	for in := recipients.Children(); !in.Empty(); {
		one, err := in.Next()
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", len(e.Recipients)+1, err)
		}
		recipient, err := parseRecipient(one)
		if err != nil {
			return nil, fmt.Errorf("recipient %d: %w", len(e.Recipients)+1, err)
		}
		e.Recipients = append(e.Recipients, recipient)
	}
	if e.Encrypted, err = takeEncrypted(&r); err != nil {
		return nil, fmt.Errorf("encrypted content: %w", err)
	}
	return e, e.takeRest(&r)
}

// takeRest reads what stands behind the encrypted content.
func (e *EnvelopedData) takeRest(r *der.Reader) (err error) {
	unprotected := uint8(1)
	if e.Authenticated {
		unprotected = 2
		attributes, ok, err := r.Optional(der.ContextConstructed(1))
		if err == nil && ok {
			e.RawAuthenticatedAttrs = append([]byte{byte(der.Set)}, attributes.Raw[1:]...)
			e.AuthenticatedAttrs, err = parseAttributes(attributes.Children())
		}
		if err != nil {
			return fmt.Errorf("authenticated attributes: %w", err)
		}
		mac, err := r.Take(der.OctetString)
		if err != nil {
			return fmt.Errorf("message authentication code: %w", err)
		}
		e.MAC = mac.Content
	}
	if e.UnprotectedAttributes, err = optionalAttributes(r, unprotected); err != nil {
		return fmt.Errorf("unprotected attributes: %w", err)
	}
	return r.End()
}

func optionalAttributes(r *der.Reader, n uint8) ([]Attribute, error) {
	e, ok, err := r.Optional(der.ContextConstructed(n))
	if err != nil || !ok {
		return nil, err
	}
	return parseAttributes(e.Children())
}

func takeEncrypted(r *der.Reader) (c EncryptedContent, err error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return c, err
	}
	in := e.Children()
	if c.ContentType, err = takeOID(&in); err != nil {
		return c, err
	}
	if c.Algorithm, err = takeAlgorithm(&in); err != nil {
		return c, err
	}
	content, ok, err := optionalOctets(&in, 0)
	if err != nil {
		return c, err
	}
	c.Content, c.Detached = content, !ok
	return c, in.End()
}

// EncryptedData reads the content of a message that is one.
func (c *ContentInfo) EncryptedData() (*EncryptedData, error) {
	r, err := c.want(oid.EncryptedData)
	if err != nil {
		return nil, err
	}
	e := &EncryptedData{}
	if e.Version, err = takeInt(&r); err != nil {
		return nil, fmt.Errorf("reading EncryptedData: version: %w", err)
	}
	if e.Encrypted, err = takeEncrypted(&r); err != nil {
		return nil, fmt.Errorf("reading EncryptedData: %w", err)
	}
	if e.UnprotectedAttributes, err = optionalAttributes(&r, 1); err != nil {
		return nil, fmt.Errorf("reading EncryptedData: unprotected attributes: %w", err)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("reading EncryptedData: %w", err)
	}
	return e, nil
}
