package task

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
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

// EncodePKCS7 writes certificates as a PKCS#7 message that signs nothing (RFC
// 2315, Section 9: the degenerate SignedData).
func EncodePKCS7(chain [][]byte, asDER bool) []byte {
	var b der.Builder
	info := b.Begin(der.Sequence)
	b.OID(string(oid.SignedData))
	content := b.Begin(der.ContextConstructed(0))
	signed := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.Set, nil)
	inner := b.Begin(der.Sequence)
	b.OID(string(oid.Data))
	b.End(inner)
	certificates := b.Begin(der.ContextConstructed(0))
	b.Raw(chain...)
	b.End(certificates)
	b.Add(der.Set, nil)
	b.End(signed)
	b.End(content)
	b.End(info)
	if asDER {
		return b.Bytes()
	}
	return pem.Encode("PKCS7", b.Bytes())
}

// EncodePKCS12 writes a key store, or without a key a trust store of the
// issuers, in the ciphers that a reader of Readers takes.
func EncodePKCS12(bundle Bundle, reader string, passphrase []byte) ([]byte, error) {
	encoder, err := encoderFor(reader)
	if err != nil {
		return nil, err
	}
	certificates, err := standard(bundle.Chain)
	if err != nil {
		return nil, err
	}
	if bundle.Key == nil {
		var entries []pkcs12.TrustStoreEntry
		for _, c := range trusted(certificates) {
			entries = append(entries, pkcs12.TrustStoreEntry{Cert: c, FriendlyName: friendlyName(c)})
		}
		return encoder.EncodeTrustStoreEntries(entries, string(passphrase))
	}
	if err := belongs(bundle); err != nil {
		return nil, err
	}
	out, err := encoder.Encode(bundle.Key.Key, certificates[0], certificates[1:], string(passphrase))
	if err != nil {
		return nil, form(fmt.Sprintf("a key of the kind %s cannot go into PKCS#12 here", bundle.Key.Public), "export the certificate alone, and keep the key in its own file")
	}
	return out, nil
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

func encoderFor(reader string) (*pkcs12.Encoder, error) {
	switch reader {
	case "", "modern":
		return pkcs12.Modern2023, nil
	case "java8", "windows-2016", "macos":
		return pkcs12.LegacyDES, nil
	case "legacy":
		return pkcs12.LegacyRC2, nil
	}
	return nil, unknownForm(reader, []string{"modern", "java8", "windows-2016", "macos", "legacy"}, Readers)
}

// standard reads certificates for the libraries that take them so.
func standard(chain [][]byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, form("the certificate is of a kind this container cannot take here", "export it as pem, der or pkcs7")
		}
		out = append(out, c)
	}
	return out, nil
}

// trusted are the issuers of a chain, or the certificate itself where it has
// none.
func trusted(chain []*x509.Certificate) []*x509.Certificate {
	if len(chain) > 1 {
		return chain[1:]
	}
	return chain
}

func friendlyName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

// EncodeJKS writes a Java key store, or without a key a trust store of the
// issuers.
func EncodeJKS(bundle Bundle, passphrase []byte) ([]byte, error) {
	if len(passphrase) < 6 {
		return nil, form("a JKS needs a passphrase of six characters or more", "give a longer one with --new-passphrase")
	}
	certificates, err := standard(bundle.Chain)
	if err != nil {
		return nil, err
	}
	store := keystore.New(keystore.WithOrderedAliases())
	if bundle.Key == nil {
		for _, c := range trusted(certificates) {
			entry := keystore.TrustedCertificateEntry{CreationTime: bundle.At, Certificate: keystore.Certificate{Type: "X509", Content: c.Raw}}
			if err := store.SetTrustedCertificateEntry(friendlyName(c), entry); err != nil {
				return nil, fmt.Errorf("writing the JKS: %w", err)
			}
		}
	} else if err := addKey(store, bundle, passphrase); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := store.Store(&out, passphrase); err != nil {
		return nil, fmt.Errorf("writing the JKS: %w", err)
	}
	return out.Bytes(), nil
}

func addKey(store keystore.KeyStore, bundle Bundle, passphrase []byte) error {
	if err := belongs(bundle); err != nil {
		return err
	}
	info, err := key.MarshalPKCS8(bundle.Key)
	if err != nil {
		return err
	}
	entry := keystore.PrivateKeyEntry{CreationTime: bundle.At, PrivateKey: info}
	for _, der := range bundle.Chain {
		entry.CertificateChain = append(entry.CertificateChain, keystore.Certificate{Type: "X509", Content: der})
	}
	if err := store.SetPrivateKeyEntry(bundle.Name, entry, passphrase); err != nil {
		return fmt.Errorf("writing the JKS: %w", err)
	}
	return nil
}
