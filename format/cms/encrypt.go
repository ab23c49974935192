package cms

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Envelope says how content is encrypted.
type Envelope struct {
	ContentType oid.OID // oid.Data where empty
	// Cipher is oid.AES256GCM where empty. AES in GCM mode makes an
	// AuthEnvelopedData; oid.AES128CBC, oid.AES192CBC, oid.AES256CBC and, for
	// programs that know nothing newer, oid.DESEDE3CBC make an EnvelopedData,
	// which CRMF and CMP want.
	Cipher       oid.OID
	For          []For
	Certificates [][]byte // of the originator
}

// For is one recipient: an RSA, EC or X25519 public key, a passphrase, or a
// key that both sides have.
type For struct {
	Public     *key.Public
	Identifier Identifier // of Public's certificate; with KEK, its key identifier
	// PKCS1v15 encrypts to RSA keys as programs did before RSAES-OAEP.
	PKCS1v15 bool
	// Hash is that of RSAES-OAEP and its mask generation, or of the key
	// derivation of a key agreement. 0 is SHA-256, or for P-384 and P-521 the
	// hash of their size.
	Hash crypto.Hash

	Password   []byte
	Iterations int // of PBKDF2 with Password; 600,000 where 0
	// KeyWrap wraps by AES key wrap with Password, as CMP has it (RFC 9481,
	// Section 4.3.1), and not by PWRI-KEK, which most programs read.
	KeyWrap bool

	KEK []byte // 16, 24 or 32 octets, for AES key wrap
}

func (f For) hash() crypto.Hash {
	if f.Hash == 0 {
		return crypto.SHA256
	}
	return f.Hash
}

// Encrypt encrypts content for every recipient (RFC 5652, Section 6; RFC
// 5083). The result's DER is the whole message, its Content the bare
// EnvelopedData or AuthEnvelopedData.
func Encrypt(content []byte, e Envelope, random io.Reader) (*ContentInfo, error) {
	c, err := e.encrypt(content, random)
	if err != nil {
		return nil, fmt.Errorf("encrypting a message: %w", err)
	}
	return c, nil
}

func (e Envelope) encrypt(content []byte, random io.Reader) (*ContentInfo, error) {
	if len(e.For) == 0 {
		return nil, errors.New("there is nobody to encrypt it for")
	}
	if e.ContentType == "" {
		e.ContentType = oid.Data
	}
	if e.Cipher == "" {
		e.Cipher = oid.AES256GCM
	}
	c, err := cipherByID(e.Cipher)
	if err != nil {
		return nil, err
	}
	if c.id == oid.DESCBC {
		return nil, errors.New("DES is broken; use AES")
	}
	cek := make([]byte, c.key)
	if _, err := io.ReadFull(random, cek); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	recipients, version, err := e.recipients(cek, random)
	if err != nil {
		return nil, err
	}
	s, err := c.seal(cek, content, nil, random)
	if err != nil {
		return nil, err
	}
	t := oid.EnvelopedData
	if c.gcm {
		t, version = oid.AuthEnvelopedData, 0
	}
	return wrapContent(t, e.assemble(version, recipients, s)), nil
}

func (e Envelope) assemble(version int64, recipients [][]byte, s sealed) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Int(version)
	if len(e.Certificates) > 0 {
		originator := b.Begin(der.ContextConstructed(0))
		appendSetOf(&b, der.ContextConstructed(0), e.Certificates)
		b.End(originator)
	}
	appendSetOf(&b, der.Set, recipients)
	encrypted := b.Begin(der.Sequence)
	b.OID(string(e.ContentType))
	b.Raw(s.algorithm)
	b.Add(der.Context(0), s.content)
	b.End(encrypted)
	if s.mac != nil {
		b.Add(der.OctetString, s.mac)
	}
	b.End(outer)
	return b.Bytes()
}

// recipients writes a RecipientInfo for each, and returns the version of
// EnvelopedData that goes with them (RFC 5652, Section 6.1).
func (e Envelope) recipients(cek []byte, random io.Reader) (all [][]byte, version int64, err error) {
	if len(e.Certificates) > 0 {
		version = 2
	}
	for i, f := range e.For {
		one, plain, err := f.recipient(cek, random)
		if err != nil {
			return nil, 0, fmt.Errorf("recipient %d: %w", i+1, err)
		}
		if !plain {
			version = max(version, 2)
		}
		if f.Password != nil {
			version = 3
		}
		all = append(all, one)
	}
	return all, version, nil
}

// recipient writes one RecipientInfo, and tells whether its version is 0.
func (f For) recipient(cek []byte, random io.Reader) (raw []byte, plain bool, err error) {
	switch {
	case f.Public != nil && f.Identifier.isZero():
		return nil, false, errors.New("the identifier of the key's certificate is missing")
	case f.Public != nil && f.Public.Key == nil:
		return nil, false, fmt.Errorf("nothing can be encrypted to this key: %w", f.Public.Problem)
	case f.Public != nil && (f.Public.Type == "RSA" || f.Public.Type == "RSA-OAEP"):
		raw, err = f.transport(cek, random)
		return raw, f.Identifier.Serial != nil, err
	case f.Public != nil:
		raw, err = f.agree(cek, random)
	case len(f.Password) > 0:
		raw, err = f.password(cek, random)
		plain = true
	case f.KEK != nil:
		raw, err = f.keyEncryptionKey(cek)
	default:
		err = errors.New("neither a key nor a passphrase is given")
	}
	return raw, plain, err
}

// keyEncryptionKey writes KEKRecipientInfo (RFC 5652, Section 6.2.3).
func (f For) keyEncryptionKey(cek []byte) ([]byte, error) {
	size, err := wrapKeySize(wrapID(len(f.KEK)))
	if err != nil || size != len(f.KEK) {
		return nil, fmt.Errorf("a key of %d octets cannot wrap others; it must have 16, 24 or 32", len(f.KEK))
	}
	wrapped, err := wrapAES(f.KEK, cek)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	outer := b.Begin(der.ContextConstructed(2))
	b.Int(4)
	id := b.Begin(der.Sequence)
	b.Add(der.OctetString, f.Identifier.KeyIdentifier)
	b.End(id)
	appendAlgorithm(&b, wrapID(size), false)
	b.Add(der.OctetString, wrapped)
	b.End(outer)
	return b.Bytes(), nil
}

// wrapContent puts a ContentInfo around content.
func wrapContent(t oid.OID, content []byte) *ContentInfo {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(t))
	explicit := b.Begin(der.ContextConstructed(0))
	b.Raw(content)
	b.End(explicit)
	b.End(outer)
	return &ContentInfo{Raw: b.Bytes(), DER: b.Bytes(), Type: t, Content: content}
}

// appendSetOf writes a SET OF in the order that DER wants (X.690, Section
// 11.6).
func appendSetOf(b *der.Builder, tag der.Tag, all [][]byte) {
	sorted := slices.SortedFunc(slices.Values(all), bytes.Compare)
	set := b.Begin(tag)
	b.Raw(sorted...)
	b.End(set)
}
