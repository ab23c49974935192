package key

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
	"github.com/certwright/certwright/format/pem"
)

// ReadPrivate reads the first private key in data, whatever its container:
// PKCS#8 plain or encrypted, PKCS#1, SEC1, DEK-Info, JWK, OpenSSH, DER or PEM,
// with certificates or parameters beside it. A key that cannot sign here is
// returned without a Signer. Errors are ErrPassphrase, ErrNoPassphrase,
// ErrNoPrivateKey, *Damaged, what passphrase returned, or say what is wrong.
func ReadPrivate(data []byte, passphrase Passphrase) (*Private, error) {
	if text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))); len(text) > 0 && text[0] == '{' {
		return readJWK(text)
	}
	if bytes.HasPrefix(data, []byte("PuTTY-User-Key-File-")) {
		return nil, errors.New("this is a PuTTY key, which cannot be read here; export it from PuTTYgen as an OpenSSH key first")
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, fmt.Errorf("looking for a private key: %w", err)
	}
	var parameters []byte
	var others []string
	for _, b := range blocks {
		switch {
		case b.Label == "EC PARAMETERS":
			parameters = b.Bytes
		case b.Label == "" || strings.HasSuffix(b.Label, "PRIVATE KEY"):
			p, err := readBlock(b, parameters, passphrase)
			if b.Label == "" && errors.Is(err, errShape) {
				others = append(others, describeOther(b.Bytes))
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading a private key: %w", err)
			}
			return p, nil
		default:
			others = append(others, b.Label)
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%w, but: %s", ErrNoPrivateKey, strings.Join(others, ", "))
	}
	return nil, ErrNoPrivateKey
}

// errShape is returned for DER that is none of the private key structures.
var errShape = errors.New("it has the form of no private key that is known; the file is damaged, or something else")

func readBlock(b pem.Block, parameters []byte, passphrase Passphrase) (*Private, error) {
	if b.Label == "OPENSSH PRIVATE KEY" || bytes.HasPrefix(b.Bytes, []byte(opensshMagic)) {
		return readOpenSSH(b.Bytes, passphrase)
	}
	info, encrypted := b.Headers["DEK-Info"]
	if !encrypted {
		return readDER(b.Bytes, parameters, passphrase)
	}
	secret, err := ask(passphrase)
	if err != nil {
		return nil, err
	}
	plain, err := pbe.DecryptPEM(info, b.Bytes, secret)
	if err != nil {
		return nil, err
	}
	return decrypted(readPlain(plain, parameters))
}

// decrypted turns the error of a parser that was given nonsense into the one
// that says where nonsense comes from.
func decrypted(p *Private, err error) (*Private, error) {
	if errors.Is(err, errShape) {
		return nil, ErrPassphrase
	}
	return p, err
}

func ask(passphrase Passphrase) ([]byte, error) {
	if passphrase == nil {
		return nil, ErrNoPassphrase
	}
	return passphrase()
}

// readDER reads any private key in DER, encrypted or not.
func readDER(data, parameters []byte, passphrase Passphrase) (*Private, error) {
	if !isEncryptedPKCS8(data) {
		return readPlain(data, parameters)
	}
	secret, err := ask(passphrase)
	if err != nil {
		return nil, err
	}
	plain, err := UnwrapPKCS8(data, secret)
	if err != nil {
		return nil, err
	}
	return decrypted(readPlain(plain, parameters))
}

// UnwrapPKCS8 decrypts an EncryptedPrivateKeyInfo (RFC 5958, Section 3) and
// returns the PrivateKeyInfo, or ErrPassphrase.
func UnwrapPKCS8(encrypted, passphrase []byte) ([]byte, error) {
	e, err := der.ParseTag(encrypted, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading an encrypted private key: %w", err)
	}
	r := e.Children()
	algorithm, err := r.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading an encrypted private key: %w", err)
	}
	data, err := r.Take(der.OctetString)
	if err != nil {
		return nil, fmt.Errorf("reading an encrypted private key: %w", err)
	}
	plain, err := pbe.Decrypt(algorithm.Raw, data.Content, passphrase)
	if err != nil {
		return nil, fmt.Errorf("decrypting a private key: %w", err)
	}
	if _, err := der.ParseTag(plain, der.Sequence); err != nil {
		return nil, ErrPassphrase
	}
	return plain, nil
}

func isEncryptedPKCS8(data []byte) bool {
	s := shapeOf(data)
	return s == "SEQUENCE, OCTET STRING"
}

// shapeOf lists the tags inside a SEQUENCE, the first nine of them.
func shapeOf(data []byte) string {
	e, err := der.ParseTag(data, der.Sequence)
	if err != nil {
		return ""
	}
	var tags []string
	for r := e.Children(); !r.Empty() && len(tags) < 9; {
		child, err := r.Next()
		if err != nil {
			return ""
		}
		tags = append(tags, child.Tag.String())
	}
	return strings.Join(tags, ", ")
}

// readPlain tells the unencrypted structures apart by their form, since labels
// are often wrong.
func readPlain(data, parameters []byte) (*Private, error) {
	shape := shapeOf(data)
	switch {
	case strings.HasPrefix(shape, "INTEGER, SEQUENCE, OCTET STRING"):
		return parsePKCS8(data)
	case strings.HasPrefix(shape, "INTEGER, OCTET STRING"):
		return parseSEC1(data, parameters)
	case strings.HasPrefix(shape, "INTEGER"+strings.Repeat(", INTEGER", 8)):
		return decodePrivate(rsaAlgorithm(), data, nil)
	case shape == "INTEGER"+strings.Repeat(", INTEGER", 5):
		return parseTraditionalDSA(data)
	}
	return nil, errShape
}

func rsaAlgorithm() AlgorithmIdentifier {
	return withParameters(oid.RSAEncryption, []byte{byte(der.Null), 0})
}

// describeOther names DER that is no private key, for people.
func describeOther(data []byte) string {
	shape := shapeOf(data)
	switch {
	case shape == "SEQUENCE, BIT STRING":
		return "a public key"
	case shape == "SEQUENCE, SEQUENCE, BIT STRING":
		return "a certificate or request"
	case strings.HasPrefix(shape, "INTEGER, SEQUENCE, SEQUENCE") || shape == "INTEGER, SEQUENCE":
		return "a PKCS #12 file, from which the key has to be taken first"
	case shape == "OBJECT IDENTIFIER, [0]":
		return "a CMS (PKCS #7) message"
	}
	return "something that is no key"
}

// parsePKCS8 reads PrivateKeyInfo, or OneAsymmetricKey with its public key
// (RFC 5958, Section 2).
func parsePKCS8(data []byte) (*Private, error) {
	e, err := der.ParseTag(data, der.Sequence)
	if err != nil {
		return nil, errShape
	}
	r := e.Children()
	version, err := takeInteger(&r)
	if err != nil || !version.IsInt64() || version.Int64() > 1 || version.Sign() < 0 {
		return nil, errors.New("it is PKCS #8 of a version that is not known; the known ones are 0 and 1")
	}
	a, err := r.Take(der.Sequence)
	if err != nil {
		return nil, errShape
	}
	algorithm, err := ParseAlgorithmIdentifier(a.Raw)
	if err != nil {
		return nil, err
	}
	octets, err := r.Take(der.OctetString)
	if err != nil {
		return nil, errShape
	}
	if _, _, err := r.Optional(der.ContextConstructed(0)); err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	public, err := optionalPublic(&r)
	if err != nil {
		return nil, err
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	return decodePrivate(algorithm, octets.Content, public)
}

// optionalPublic reads [1] IMPLICIT BIT STRING; nil where it is absent.
func optionalPublic(r *der.Reader) ([]byte, error) {
	e, ok, err := r.Optional(der.Context(1))
	if err != nil || !ok {
		return nil, err
	}
	bits, _, err := e.Bits()
	if err != nil {
		return nil, fmt.Errorf("public key beside the private one: %w", err)
	}
	return bits, nil
}

// decodePrivate reads the privateKey of PKCS #8 by its algorithm. public are
// the bits of the public key where the container has them, and must belong to
// the private one.
func decodePrivate(algorithm AlgorithmIdentifier, octets, public []byte) (*Private, error) {
	var p *Private
	var err error
	switch algorithm.ID {
	case oid.RSAEncryption, oid.RSASSAPSS, oid.RSAESOAEP:
		p, err = decodeRSAPrivate(algorithm, octets)
	case oid.ECPublicKey, oid.ECDH:
		return decodeECPrivate(algorithm, octets, public)
	case oid.Ed25519, oid.X25519, oid.Ed448, oid.X448:
		p, err = decodeEdwardsPrivate(algorithm, octets)
	case oid.MLDSA44, oid.MLDSA65, oid.MLDSA87:
		p, err = decodeMLDSAPrivate(algorithm, octets)
	case oid.DSA:
		p, err = decodeDSAPrivate(algorithm, octets)
	case oid.DHKeyAgreement, oid.DHPublicNumber:
		p, err = decodeDHPrivate(algorithm, octets)
	default:
		return nil, fmt.Errorf("its algorithm %s is not known; make a key of another kind, such as ecdsa-p256", algorithm.ID.Name())
	}
	if err != nil {
		return nil, err
	}
	if public != nil && !bytes.Equal(public, p.Public.Bits) {
		return nil, errHalves
	}
	return p, nil
}

// errHalves is returned where a container holds the halves of two keys.
var errHalves = errors.New("the public key in the file does not belong to the private key; the file is damaged, or put together from two keys")

// privateKeyInfo writes PKCS #8 of version 0.
func privateKeyInfo(algorithm AlgorithmIdentifier, octets []byte) []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(0)
	b.Raw(algorithm.Raw)
	b.Add(der.OctetString, octets)
	b.End(all)
	return b.Bytes()
}
