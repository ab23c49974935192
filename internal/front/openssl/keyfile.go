package openssl

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/pem"
)

// keySource says where a private key comes from.
type keySource struct {
	file   string // empty for standard input
	format string // PEM, DER, P12; empty to find out
	secret []byte // nil to ask
	what   string // "private key": what messages call it

	damaged bool // a key whose numbers do not belong together will do, to be looked at
}

// loadPrivate reads a private key.
func (c *call) loadPrivate(s keySource) (*key.Private, error) {
	data, err := c.keyData(s)
	if err != nil {
		return nil, err
	}
	ask := func() ([]byte, error) {
		if s.secret != nil {
			return s.secret, nil
		}
		return c.ask("Enter pass phrase for " + orStdin(s.file) + ":")
	}
	if isMicrosoft(data) {
		if data, err = fromMicrosoft(data, ask); err != nil {
			return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
		}
	}
	p, err := key.ReadPrivate(data, ask)
	var damaged *key.Damaged
	if s.damaged && errors.As(err, &damaged) {
		return damaged.Key, nil
	}
	if err != nil && s.format != formatDER && looksLikePKCS12(data) {
		p, err = c.fromPKCS12(data, s)
	}
	if err == nil {
		p, err = canonicalPrivate(p)
	}
	if err != nil {
		return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
	}
	return p, nil
}

// keyData reads a file that a key should be in, in the format asked for.
func (c *call) keyData(s keySource) ([]byte, error) {
	data, err := c.read(strings.TrimPrefix(s.file, "file:"))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			what := s.what
			if what == "key of Public Key" {
				what = "public key of Public Key"
			}
			return nil, because(fmt.Sprintf("Could not open file or uri for loading %s from %s", what, orStdin(s.file)),
				fmt.Errorf("%s: %s", s.file, reason(err)))
		}
		return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
	}
	if err := checkFormat(data, s.format); err != nil {
		return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
	}
	return data, nil
}

// checkFormat refuses DER where PEM was asked for, and the other way round.
func checkFormat(data []byte, format string) error {
	binary := len(data) > 0 && data[0] == 0x30
	switch {
	case format == formatPEM && binary:
		return errors.New("the input is not PEM but DER")
	case format == formatDER && !binary:
		return errors.New("the input is not DER")
	}
	return nil
}

func looksLikePKCS12(data []byte) bool {
	_, err := keystore.DescribePKCS12(data)
	return err == nil
}

// fromPKCS12 takes the first private key out of a PKCS #12 file.
func (c *call) fromPKCS12(data []byte, s keySource) (*key.Private, error) {
	secret := s.secret
	if secret == nil {
		if contents, err := keystore.ReadPKCS12(data, nil); err == nil {
			return firstKey(contents)
		}
		var err error
		if secret, err = c.ask("Enter pass phrase for PKCS12 import pass phrase:"); err != nil {
			return nil, err
		}
	}
	contents, err := keystore.ReadPKCS12(data, secret)
	if err != nil {
		return nil, err
	}
	return firstKey(contents)
}

func firstKey(contents *keystore.Contents) (*key.Private, error) {
	for _, e := range contents.Entries {
		if e.Key != nil {
			return e.Key, nil
		}
	}
	return nil, key.ErrNoPrivateKey
}

// loadPublic reads a public key: a SubjectPublicKeyInfo, or a PKCS #1
// RSAPublicKey.
func (c *call) loadPublic(s keySource) (*key.Public, error) {
	data, err := c.keyData(s)
	if err != nil {
		return nil, err
	}
	if isMicrosoft(data) {
		data, err = fromMicrosoft(data, func() ([]byte, error) { return nil, key.ErrPassphrase })
		if err != nil {
			return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
		}
	}
	p, err := key.ReadPublic(data)
	if err == nil {
		p, err = canonicalPublic(p)
	}
	if err != nil {
		return nil, because(fmt.Sprintf("Could not read %s from %s", s.what, orStdin(s.file)), err)
	}
	return p, nil
}

// iterations is what OpenSSL 3.0 gives PBKDF2 and the schemes of PKCS #5 and
// PKCS #12 where nothing else is asked for.
const iterations = 2048

// keySink says how a private key is written.
type keySink struct {
	file        string // empty for standard output
	format      string // PEM or DER
	cipher      string // empty for none
	secret      []byte // nil to ask
	traditional bool
	prompt      string // of the passphrase
	form        ecForm
	options     key.EncryptOptions // of PKCS #8; the cipher is set here too
}

const defaultPrompt = "Enter PEM pass phrase:"

// savePrivate writes a private key, encrypted where a cipher is asked for.
// DER of the traditional kind has no encryption.
func (c *call) savePrivate(p *key.Private, s keySink) error {
	data, err := c.encodePrivate(p, s)
	if err != nil {
		return err
	}
	return c.writeFile(s.file, data, true)
}

func (c *call) encodePrivate(p *key.Private, s keySink) ([]byte, error) {
	if s.cipher != "" && s.secret == nil && (s.format != formatDER || !s.traditional) {
		if s.prompt == "" {
			s.prompt = defaultPrompt
		}
		secret, err := c.askNew(s.prompt)
		if err != nil {
			return nil, err
		}
		s.secret = secret
	}
	if s.traditional {
		if _, _, err := traditional(p, s.form); err == nil {
			return c.encodeTraditional(p, s)
		}
	}
	info, err := pkcs8Of(p, s.form)
	if err != nil {
		return nil, err
	}
	label := "PRIVATE KEY"
	if s.cipher != "" {
		label = "ENCRYPTED PRIVATE KEY"
		if s.options.Iterations == 0 {
			s.options.Iterations = iterations
		}
		s.options.Cipher = s.cipher
		if info, err = key.WrapPKCS8(info, s.secret, s.options, c.random()); err != nil {
			return nil, err
		}
	}
	if s.format == formatDER {
		return info, nil
	}
	return pem.Encode(label, info), nil
}

// pkcs8Of writes a private key as PrivateKeyInfo.
func pkcs8Of(p *key.Private, form ecForm) ([]byte, error) {
	if p.Public.Type != "EC" {
		return key.MarshalPKCS8(p)
	}
	n, err := numbersOf(p)
	if err != nil {
		return nil, err
	}
	if err := form.apply(&n, p.Public); err != nil {
		return nil, err
	}
	return n.pkcs8(), nil
}
