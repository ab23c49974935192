package key

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/pem"
)

// ErrNoPublicKey is returned for data with no public key in them.
var ErrNoPublicKey = errors.New("there is no public key in it")

// ReadPublic reads the first public key in data: SubjectPublicKeyInfo or
// PKCS #1, in PEM, DER or bare base64; JWK; a line of OpenSSH's
// authorized_keys. Keys inside certificates, requests and private keys are for
// those who read those.
func ReadPublic(data []byte) (*Public, error) {
	p, err := readPublic(bytes.TrimSpace(data), data)
	if err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	return p, nil
}

func readPublic(text, data []byte) (*Public, error) {
	if len(text) > 0 && text[0] == '{' {
		keys, err := parseJWKs(text)
		if err != nil {
			return nil, err
		}
		return keys[0].public()
	}
	if isAuthorizedKey(text) {
		return readAuthorizedKey(text)
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, err
	}
	var others []string
	for _, b := range blocks {
		shape := shapeOf(b.Bytes)
		switch {
		case b.Label != "" && !strings.HasSuffix(b.Label, "PUBLIC KEY"):
			others = append(others, b.Label)
		case shape == "SEQUENCE, BIT STRING":
			return ParsePublic(b.Bytes)
		case shape == "INTEGER, INTEGER":
			return ParsePublic(subjectPublicKeyInfo(rsaAlgorithm(), b.Bytes))
		case b.Label != "":
			return nil, errors.New("the block is labelled as a public key, and does not have the form of one; the file is damaged")
		default:
			others = append(others, describeOther(b.Bytes))
		}
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%w, but: %s", ErrNoPublicKey, strings.Join(others, ", "))
	}
	return nil, ErrNoPublicKey
}

func isAuthorizedKey(text []byte) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	return false
}

// PublicPEM returns the SubjectPublicKeyInfo in PEM.
func PublicPEM(p *Public) []byte { return pem.Encode("PUBLIC KEY", p.Raw) }
