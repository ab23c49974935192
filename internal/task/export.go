package task

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// Readers are the programs that containers are made for.
const Readers = "modern, java8, windows-2016, macos, legacy"

// Bundle is a certificate with what goes with it.
type Bundle struct {
	Chain [][]byte     // the certificate, then its issuers, the root among them where it is known
	Key   *key.Private // nil: without
	Name  string       // friendly name, or alias
	At    time.Time    // the time that a JKS says its entries were made
}

// EncodePKCS12 writes a key store, or without a key a trust store of the
// issuers, in the ciphers that a reader of Readers takes.
func EncodePKCS12(bundle Bundle, reader string, passphrase []byte) ([]byte, error) {
	preset, err := Preset(reader)
	if err != nil {
		return nil, err
	}
	if bundle.Key == nil {
		certificates, err := trusted(bundle.Chain)
		if err != nil {
			return nil, err
		}
		return keystore.WriteTruststorePKCS12(certificates, passphrase, preset, rand.Reader)
	}
	if err := belongs(bundle); err != nil {
		return nil, err
	}
	return keystore.WritePKCS12(bundle.Key, bundle.Chain[0], bundle.Chain[1:], passphrase, preset, bundle.Name, rand.Reader)
}

// Preset is what a reader of Readers takes; another name is a
// *request.Refusal (BadFormat).
func Preset(reader string) (keystore.Preset, error) {
	preset, err := keystore.ParsePreset(reader)
	if err != nil {
		return "", unknownForm(reader, presets(), Readers)
	}
	return preset, nil
}

func presets() []string {
	var names []string
	for _, p := range keystore.Presets() {
		names = append(names, string(p))
	}
	return names
}

// belongs checks that the key is the certificate's.
func belongs(b Bundle) error {
	c, err := cert.Parse(b.Chain[0])
	if err != nil {
		return err
	}
	if !key.SameKey(c.PublicKey, b.Key.Public) {
		return &request.Refusal{Reason: request.BadKey, Detail: fmt.Sprintf("the key (%s) is not that of the certificate of %s", b.Key.Public, c.Subject),
			Fix: "give the key the certificate was made for; see: certwright match"}
	}
	return nil
}

// trusted are the issuers of a chain, or the certificate itself where it has
// none, each with a name of its own.
func trusted(chain [][]byte) ([]keystore.Certificate, error) {
	if len(chain) > 1 {
		chain = chain[1:]
	}
	var out []keystore.Certificate
	taken := map[string]bool{}
	for _, der := range chain {
		c, err := cert.Parse(der)
		if err != nil {
			return nil, err
		}
		name := c.Subject.String()
		if common := c.Subject.Values(oid.CommonName); len(common) > 0 {
			name = common[0]
		}
		for n, first := 2, name; taken[strings.ToLower(name)]; n++ {
			name = fmt.Sprintf("%s %d", first, n)
		}
		taken[strings.ToLower(name)] = true
		out = append(out, keystore.Certificate{Alias: name, Raw: der})
	}
	return out, nil
}

// EncodeJKS writes a Java key store, or without a key a trust store of the
// issuers.
func EncodeJKS(bundle Bundle, passphrase []byte) ([]byte, error) {
	if len([]rune(string(passphrase))) < 6 {
		return nil, form("a JKS needs a passphrase of six characters or more", "give a longer one with --new-passphrase")
	}
	if bundle.Key == nil {
		certificates, err := trusted(bundle.Chain)
		if err != nil {
			return nil, err
		}
		return keystore.WriteJKS(&keystore.Contents{Certificates: certificates}, passphrase, bundle.At, rand.Reader)
	}
	if err := belongs(bundle); err != nil {
		return nil, err
	}
	entry := keystore.Entry{Alias: bundle.Name, Key: bundle.Key, Certificate: bundle.Chain[0], Chain: bundle.Chain[1:]}
	return keystore.WriteJKS(&keystore.Contents{Entries: []keystore.Entry{entry}}, passphrase, bundle.At, rand.Reader)
}
