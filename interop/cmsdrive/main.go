// Command cmsdrive signs, verifies, encrypts and decrypts with package
// format/cms, for scripts that hold it against other people's programs.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
)

type drive struct {
	certFile, keyFile, password, kek, cipher, hash, content string
	keyID, pss, pkcs1, detached, bare                       bool
}

func main() {
	log.SetFlags(0)
	var d drive
	f := flag.NewFlagSet("cmsdrive", flag.ExitOnError)
	f.StringVar(&d.certFile, "cert", "", "certificate")
	f.StringVar(&d.keyFile, "key", "", "its private key")
	f.StringVar(&d.password, "password", "", "passphrase")
	f.StringVar(&d.kek, "kek", "", "key encryption key, in hexadecimal")
	f.StringVar(&d.cipher, "cipher", "aes-256-cbc", "content encryption")
	f.StringVar(&d.hash, "hash", "", "hash of the signature")
	f.StringVar(&d.content, "content", "", "file of detached content")
	f.BoolVar(&d.keyID, "keyid", false, "identify by the subject key identifier")
	f.BoolVar(&d.pss, "pss", false, "RSASSA-PSS")
	f.BoolVar(&d.pkcs1, "pkcs1", false, "RSAES-PKCS1-v1_5")
	f.BoolVar(&d.detached, "detached", false, "leave the content out")
	f.BoolVar(&d.bare, "noattr", false, "without signed attributes")
	if len(os.Args) < 2 {
		log.Fatal("usage: cmsdrive sign|verify|encrypt|decrypt [flags] <in >out")
	}
	if err := f.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	work := map[string]func([]byte) ([]byte, error){"sign": d.sign, "verify": d.verify, "encrypt": d.encrypt, "decrypt": d.decrypt}[os.Args[1]]
	if work == nil {
		log.Fatalf("there is no command %s", os.Args[1])
	}
	out, err := work(in)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(out); err != nil {
		log.Fatal(err)
	}
}

func object(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return blocks[0].Bytes, nil
}

func (d *drive) certificate() (*cert.Certificate, cms.Identifier, error) {
	raw, err := object(d.certFile)
	if err != nil {
		return nil, cms.Identifier{}, err
	}
	c, err := cert.Parse(raw)
	if err != nil {
		return nil, cms.Identifier{}, err
	}
	if d.keyID {
		return c, cms.KeyOf(c), nil
	}
	return c, cms.NameOf(c), nil
}

func (d *drive) private() (*key.Private, error) {
	data, err := os.ReadFile(d.keyFile)
	if err != nil {
		return nil, err
	}
	return key.ReadPrivate(data, nil)
}

func (d *drive) sign(in []byte) ([]byte, error) {
	c, id, err := d.certificate()
	if err != nil {
		return nil, err
	}
	k, err := d.private()
	if err != nil {
		return nil, err
	}
	s := cms.Signer{Key: k.Signer, Public: k.Public, Identifier: id, Hash: d.hash, PSS: d.pss, NoAttributes: d.bare}
	if !d.bare {
		s.Time = time.Now()
	}
	out, err := cms.Sign(in, cms.Letter{Detached: d.detached, Certificates: [][]byte{c.Raw}, Signers: []cms.Signer{s}})
	if err != nil {
		return nil, err
	}
	return out.DER, nil
}

func (d *drive) verify(in []byte) ([]byte, error) {
	info, err := cms.Parse(in)
	if err != nil {
		return nil, err
	}
	s, err := info.SignedData()
	if err != nil {
		return nil, err
	}
	content := s.Content
	if s.Detached {
		if content, err = os.ReadFile(d.content); err != nil {
			return nil, err
		}
	}
	_, err = s.Verify(content)
	return content, err
}

func (d *drive) encrypt(in []byte) ([]byte, error) {
	cipher, ok := oid.ByName(d.cipher)
	if !ok {
		return nil, fmt.Errorf("there is no cipher %s", d.cipher)
	}
	to := cms.For{Password: []byte(d.password), PKCS1v15: d.pkcs1, Iterations: 2048}
	switch {
	case d.certFile != "":
		c, id, err := d.certificate()
		if err != nil {
			return nil, err
		}
		to.Public, to.Identifier = c.PublicKey, id
	case d.kek != "":
		kek, err := hex.DecodeString(d.kek)
		if err != nil {
			return nil, err
		}
		to.KEK, to.Identifier.KeyIdentifier = kek, []byte{0xc0, 0xff, 0xee}
	case d.password == "":
		return nil, errors.New("give -cert, -kek or -password")
	}
	out, err := cms.Encrypt(in, cms.Envelope{Cipher: cipher, For: []cms.For{to}}, rand.Reader)
	if err != nil {
		return nil, err
	}
	return out.DER, nil
}

func (d *drive) decrypt(in []byte) ([]byte, error) {
	info, err := cms.Parse(in)
	if err != nil {
		return nil, err
	}
	e, err := info.EnvelopedData()
	if err != nil {
		return nil, err
	}
	var o cms.Opener
	switch {
	case d.keyFile != "":
		k, err := d.private()
		if err != nil {
			return nil, err
		}
		o.Key = k.Key
	case d.kek != "":
		if o.KEK, err = hex.DecodeString(d.kek); err != nil {
			return nil, err
		}
	default:
		o.Password = []byte(d.password)
	}
	return e.Decrypt(o)
}
