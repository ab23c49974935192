package key

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/binary"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/certwright/certwright/format/pem"
)

const opensshMagic = "openssh-key-v1\x00"

// maxBcryptRounds bounds the work of decrypting an OpenSSH key; ssh-keygen
// writes 16 or 24 unless told otherwise.
const maxBcryptRounds = 2000

// readOpenSSH reads OpenSSH's own private key format, from the magic on.
func readOpenSSH(data []byte, passphrase Passphrase) (*Private, error) {
	encrypted, err := examineOpenSSH(data)
	if err != nil {
		return nil, err
	}
	text := pem.Encode("OPENSSH PRIVATE KEY", data)
	var k any
	if !encrypted {
		k, err = ssh.ParseRawPrivateKey(text)
	} else {
		var secret []byte
		if secret, err = ask(passphrase); err != nil {
			return nil, err
		}
		// The library wants a passphrase; an empty one is wrong, as no key is
		// encrypted with it.
		if len(secret) == 0 {
			return nil, ErrPassphrase
		}
		if k, err = ssh.ParseRawPrivateKeyWithPassphrase(text, secret); err != nil {
			return nil, ErrPassphrase
		}
	}
	if err != nil {
		return nil, errors.New("the OpenSSH key is damaged, or of a kind that is not known; the known ones are RSA, ECDSA and Ed25519")
	}
	return NewPrivate(k)
}

// examineOpenSSH reads what stands before the encrypted part, and refuses what
// would cost too much.
func examineOpenSSH(data []byte) (encrypted bool, err error) {
	rest, ok := strings.CutPrefix(string(data), opensshMagic)
	if !ok {
		return false, errors.New("the OpenSSH key does not begin as one; the file is damaged")
	}
	var fields [3]string
	for i := range fields {
		if fields[i], rest, ok = sshString(rest); !ok {
			return false, errors.New("the OpenSSH key is cut short")
		}
	}
	cipher, kdf, options := fields[0], fields[1], fields[2]
	if cipher == "none" && kdf == "none" {
		return false, nil
	}
	if kdf != "bcrypt" || cipher != "aes256-ctr" && cipher != "aes256-cbc" {
		return false, fmt.Errorf("the OpenSSH key is encrypted with %s and %s, which cannot be read here; change it with `ssh-keygen -p -Z aes256-ctr -f FILE`", cipher, kdf)
	}
	_, rounds, ok := sshString(options)
	if !ok || len(rounds) != 4 {
		return false, errors.New("the OpenSSH key is cut short")
	}
	if n := binary.BigEndian.Uint32([]byte(rounds)); n > maxBcryptRounds {
		return false, fmt.Errorf("the OpenSSH key asks for %d rounds of bcrypt, and at most %d are accepted; change it with `ssh-keygen -p -a 100 -f FILE`", n, maxBcryptRounds)
	}
	return true, nil
}

// sshString takes a string of RFC 4251, Section 5, off the front.
func sshString(s string) (value, rest string, ok bool) {
	if len(s) < 4 {
		return "", "", false
	}
	n := binary.BigEndian.Uint32([]byte(s[:4]))
	if uint64(n) > uint64(len(s)-4) {
		return "", "", false
	}
	return s[4 : 4+n], s[4+n:], true
}

// MarshalOpenSSH writes a private key in OpenSSH's format, in PEM; encrypted
// where passphrase is not empty.
func MarshalOpenSSH(p *Private, passphrase []byte, comment string) ([]byte, error) {
	switch p.Key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
	default:
		return nil, fmt.Errorf("%s keys are not known to OpenSSH; write the key as PKCS #8", p.Public)
	}
	var block *stdpem.Block
	var err error
	if len(passphrase) > 0 {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(p.Key, comment, passphrase)
	} else {
		block, err = ssh.MarshalPrivateKey(p.Key, comment)
	}
	if err != nil {
		return nil, fmt.Errorf("%s keys are not known to OpenSSH; write the key as PKCS #8", p.Public)
	}
	return stdpem.EncodeToMemory(block), nil
}

// MarshalAuthorizedKey writes a public key as a line of OpenSSH's
// authorized_keys, with a line end; comment may be empty.
func MarshalAuthorizedKey(p *Public, comment string) ([]byte, error) {
	public, err := ssh.NewPublicKey(p.Key)
	if err != nil {
		return nil, fmt.Errorf("%s keys are not known to OpenSSH; write the key as PEM", p)
	}
	line := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(public)), "\n")
	if comment = strings.Join(strings.Fields(comment), " "); comment != "" {
		line += " " + comment
	}
	return []byte(line + "\n"), nil
}

// readAuthorizedKey reads a line of authorized_keys.
func readAuthorizedKey(line []byte) (*Public, error) {
	public, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		return nil, errors.New("the OpenSSH public key cannot be read; it is cut short, or of a kind that is not known")
	}
	inner, ok := public.(ssh.CryptoPublicKey)
	if !ok {
		return nil, fmt.Errorf("OpenSSH public keys of the kind %s cannot be used", public.Type())
	}
	return MarshalPublic(inner.CryptoPublicKey())
}
