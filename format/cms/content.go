package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// contentCipher is a cipher that content is encrypted with.
type contentCipher struct {
	id    oid.OID
	key   int // octets
	block int // octets
	gcm   bool
	open  func(key []byte) (cipher.Block, error)
}

// gcmNonce and gcmTag are the octets of what is written; other sizes are read.
const (
	gcmNonce = 12
	gcmTag   = 16
)

func contentCiphers() []contentCipher {
	return []contentCipher{
		{oid.AES128CBC, 16, 16, false, aes.NewCipher},
		{oid.AES192CBC, 24, 16, false, aes.NewCipher},
		{oid.AES256CBC, 32, 16, false, aes.NewCipher},
		{oid.AES128GCM, 16, 16, true, aes.NewCipher},
		{oid.AES192GCM, 24, 16, true, aes.NewCipher},
		{oid.AES256GCM, 32, 16, true, aes.NewCipher},
		{oid.DESEDE3CBC, 24, 8, false, des.NewTripleDESCipher},
		{oid.DESCBC, 8, 8, false, des.NewCipher},
	}
}

func cipherByID(id oid.OID) (contentCipher, error) {
	for _, c := range contentCiphers() {
		if c.id == id {
			return c, nil
		}
	}
	return contentCipher{}, fmt.Errorf("the content encryption algorithm %s is not known; AES in CBC and GCM mode and triple DES are", id.Name())
}

// sealed is encrypted content: its algorithm in DER, and the authentication
// code of GCM.
type sealed struct {
	algorithm, content, mac []byte
}

// seal encrypts content. additional is authenticated along with it by GCM.
func (c contentCipher) seal(cek, content, additional []byte, random io.Reader) (s sealed, err error) {
	block, err := c.open(cek)
	if err != nil {
		return s, err
	}
	iv := make([]byte, c.block)
	if c.gcm {
		iv = iv[:gcmNonce]
	}
	if _, err := io.ReadFull(random, iv); err != nil {
		return s, fmt.Errorf("reading random octets: %w", err)
	}
	s.algorithm = c.identifier(iv)
	if c.gcm {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return s, err
		}
		out := aead.Seal(nil, iv, content, additional)
		s.content, s.mac = out[:len(content)], out[len(content):]
		return s, nil
	}
	pad := c.block - len(content)%c.block
	s.content = make([]byte, len(content)+pad)
	copy(s.content, content)
	for i := len(content); i < len(s.content); i++ {
		s.content[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(s.content, s.content)
	return s, nil
}

// identifier writes the AlgorithmIdentifier with its IV (RFC 3565, Section
// 2.3), or with GCMParameters (RFC 5084, Section 3.2).
func (c contentCipher) identifier(iv []byte) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(c.id))
	if c.gcm {
		parameters := b.Begin(der.Sequence)
		b.Add(der.OctetString, iv)
		b.Int(gcmTag)
		b.End(parameters)
	} else {
		b.Add(der.OctetString, iv)
	}
	b.End(outer)
	return b.Bytes()
}

// opening is what Decrypt knows of the content before it has a key; making one
// looks at nothing secret, so its errors may say what is wrong.
type opening struct {
	contentCipher
	iv      []byte
	tag     int // octets
	content []byte
	mac     []byte
	aad     []byte
}

func newOpening(c EncryptedContent) (o opening, err error) {
	if c.Detached {
		return o, errors.New("the encrypted content is not in the message (it is detached)")
	}
	o.content = c.Content
	if o.contentCipher, err = cipherByID(c.Algorithm.ID); err != nil {
		return o, err
	}
	if err := o.parameters(c.Algorithm); err != nil {
		return o, fmt.Errorf("parameters of %s: %w", c.Algorithm.ID.Name(), err)
	}
	return o, nil
}

func (o *opening) parameters(a key.AlgorithmIdentifier) error {
	if !o.gcm {
		iv, err := der.ParseTag(a.Parameters, der.OctetString)
		if err != nil {
			return err
		}
		if o.iv = iv.Content; len(o.iv) != o.block {
			return fmt.Errorf("the initialization vector has %d octets, not %d", len(o.iv), o.block)
		}
		return nil
	}
	outer, err := der.ParseTag(a.Parameters, der.Sequence)
	if err != nil {
		return err
	}
	in := outer.Children()
	nonce, err := in.Take(der.OctetString)
	if err != nil {
		return fmt.Errorf("nonce: %w", err)
	}
	o.iv, o.tag = nonce.Content, 12
	if !in.Empty() {
		if o.tag, err = takeInt(&in); err != nil {
			return fmt.Errorf("length of the authentication code: %w", err)
		}
	}
	switch {
	case o.tag < 12 || o.tag > 16:
		return fmt.Errorf("the authentication code has %d octets; from 12 to 16 are allowed", o.tag)
	case len(o.iv) != gcmNonce && (o.tag != gcmTag || len(o.iv) == 0 || len(o.iv) > 64):
		return fmt.Errorf("a nonce of %d octets cannot be used with an authentication code of %d", len(o.iv), o.tag)
	}
	return in.End()
}

// errContent never leaves the package: Decrypt returns ErrDecrypt for it.
var errContent = errors.New("the content does not decrypt")

func (o *opening) decrypt(cek []byte) ([]byte, error) {
	if len(cek) != o.key {
		return nil, errContent
	}
	block, err := o.open(cek)
	if err != nil {
		return nil, errContent
	}
	if o.gcm {
		return o.decryptGCM(block)
	}
	if len(o.content) == 0 || len(o.content)%o.block != 0 {
		return nil, errContent
	}
	out := make([]byte, len(o.content))
	cipher.NewCBCDecrypter(block, o.iv).CryptBlocks(out, o.content)
	return unpad(out, o.block)
}

func (o *opening) decryptGCM(block cipher.Block) ([]byte, error) {
	if len(o.mac) != o.tag {
		return nil, errContent
	}
	aead, err := cipher.NewGCMWithTagSize(block, o.tag)
	if len(o.iv) != gcmNonce {
		aead, err = cipher.NewGCMWithNonceSize(block, len(o.iv))
	}
	if err != nil {
		return nil, errContent
	}
	out, err := aead.Open(nil, o.iv, append(append([]byte{}, o.content...), o.mac...), o.aad)
	if err != nil {
		return nil, errContent
	}
	return out, nil
}

// unpad takes the padding of RFC 5652, Section 6.3, off, in a time that does
// not tell how much of it was right.
func unpad(out []byte, block int) ([]byte, error) {
	last := int(out[len(out)-1])
	good := subtle.ConstantTimeLessOrEq(1, last) & subtle.ConstantTimeLessOrEq(last, block)
	for i := 1; i <= block; i++ {
		inside := subtle.ConstantTimeLessOrEq(i, last)
		same := subtle.ConstantTimeByteEq(out[len(out)-i], byte(last))
		good &= subtle.ConstantTimeSelect(inside, same, 1)
	}
	if good != 1 {
		return nil, errContent
	}
	return out[:len(out)-last], nil
}
