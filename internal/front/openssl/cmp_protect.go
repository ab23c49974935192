package openssl

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// prepareProtection loads what messages are protected with.
func (m *managing) prepareProtection() error {
	secret, file, keyFile := m.text("secret"), m.text("cert"), m.text("key")
	switch {
	case !m.has("unprotected_requests") && secret == "" && keyFile == "":
		return m.fail("must give -key or -secret unless -unprotected_requests is used")
	case m.text("ref") == "" && file == "" && m.text("subject") == "":
		return m.fail("must give -ref if no -cert and no -subject given")
	case secret == "" && (file == "") != (keyFile == ""):
		return m.fail("must give both -cert and -key options or neither")
	}
	if secret != "" {
		m.secret = m.password("secret", "PBMAC")
		if file != "" || keyFile != "" {
			m.warn("-cert and -key not used for protection since -secret is given")
		}
	}
	if keyFile != "" {
		var err error
		if m.key, err = m.privateKey(keyFile, "keypass", "private key for CMP client certificate"); err != nil {
			return err
		}
	}
	if secret == "" && m.pinned == nil && m.trusted == nil {
		m.warn("will not authenticate server due to missing -secret, -trusted, or -srvcert")
	}
	if err := m.loadOwn(file); err != nil {
		return err
	}
	if err := m.addExtraCerts(); err != nil {
		return err
	}
	return m.protect()
}

// loadOwn loads the certificate that messages are signed by, and finds what is
// above it.
func (m *managing) loadOwn(file string) error {
	if file == "" {
		if m.text("own_trusted") != "" {
			m.warn("-own_trusted option is ignored without -cert")
		}
		return nil
	}
	list, err := m.certificates(file, "keypass", "CMP client certificate (optionally with chain)", false)
	if err != nil {
		return err
	}
	m.cert = list[0]
	m.addUntrusted(list[1:], false)
	chain := m.above(m.cert)
	if files := m.text("own_trusted"); files != "" {
		store, err := m.loadTrusted(files, "trusted certs for verifying own CMP signer cert")
		if err != nil {
			return err
		}
		if chain, err = m.validPath(store, m.cert, m.untrusted, m.forPeers()); err != nil {
			return because("CMP error: failed building own chain", err)
		}
	}
	m.own = rawOf(withoutRoots(chain))
	return nil
}

func (m *managing) addExtraCerts() error {
	if m.secret == nil && m.cert != nil && m.key != nil && !m.has("unprotected_requests") {
		m.client.ExtraCerts = append(m.client.ExtraCerts, m.own...)
	}
	files := m.text("extracerts")
	if files == "" {
		return nil
	}
	more, err := m.severalFiles(files, "certs of extra certificates for CMP")
	if err != nil {
		return err
	}
	for _, c := range more {
		if !slices.ContainsFunc(m.client.ExtraCerts, func(raw []byte) bool { return bytes.Equal(raw, c.Raw) }) {
			m.client.ExtraCerts = append(m.client.ExtraCerts, c.Raw)
		}
	}
	return nil
}

// protect makes the client protect its messages.
func (m *managing) protect() error {
	if ref := m.text("ref"); ref != "" {
		m.client.SenderKID = []byte(ref)
	}
	hash, err := m.hash()
	if err != nil {
		return err
	}
	mac, err := m.mac()
	if err != nil {
		return err
	}
	switch {
	case m.has("unprotected_requests"):
		return nil
	case m.secret != nil:
		return m.protectBySecret(hash, mac)
	}
	if !matches(m.key, m.cert.PublicKey) {
		made := map[string]string{"rr": "rr", "genm": "genm"}[m.command]
		if made == "" {
			made = "certreq"
		}
		m.unfit = trouble{"key values mismatch", "cert and key do not match", "error protecting message", "error creating " + made}
		return nil
	}
	algorithm, err := m.signature(m.key.Public)
	if err != nil {
		return because("CMP error: unsupported key type", err)
	}
	m.client.Protector = cmp.Signature(m.key.Signer, algorithm)
	if id := keyIdentifierOf(m.cert); id != nil {
		m.client.SenderKID = id
	}
	return nil
}

// What a MAC by a shared secret is computed with (RFC 4210, Section 5.1.3.1).
const (
	macSalt       = 16 // octets
	macIterations = 500
)

func (m *managing) protectBySecret(hash, mac crypto.Hash) error {
	salt := make([]byte, macSalt)
	if _, err := io.ReadFull(m.random(), salt); err != nil {
		return fmt.Errorf("reading random octets: %w", err)
	}
	with, err := crmf.MakePBM(salt, hash, macIterations, mac)
	if err != nil {
		return m.fail("digest algorithm name not supported: '%s'", m.text("digest"))
	}
	m.client.Protector = cmp.PBM(with, m.secret)
	return nil
}

// digestName is -digest as format/key spells it.
func (m *managing) digestName() (string, error) {
	given := m.text("digest")
	if given == "" {
		return "sha256", nil
	}
	name, ok := digests()[given]
	switch {
	case !ok:
		return "", m.fail("digest algorithm name not recognized: '%s'", given)
	case name == "":
		return "", m.fail("digest algorithm name not supported: '%s'", given)
	}
	return name, nil
}

func (m *managing) hash() (crypto.Hash, error) {
	name, err := m.digestName()
	if err != nil {
		return 0, err
	}
	return map[string]crypto.Hash{
		"sha1": crypto.SHA1, "md5": crypto.MD5, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512,
		"sha512-224": crypto.SHA512_224, "sha512-256": crypto.SHA512_256,
		"sha3-224": crypto.SHA3_224, "sha3-256": crypto.SHA3_256, "sha3-384": crypto.SHA3_384, "sha3-512": crypto.SHA3_512,
	}[name], nil
}

// mac is the hash of the HMAC that -mac names.
func (m *managing) mac() (crypto.Hash, error) {
	given := m.text("mac")
	if given == "" {
		return crypto.SHA1, nil
	}
	hash, ok := map[string]crypto.Hash{
		"hmac-sha1": crypto.SHA1, "hmacWithSHA1": crypto.SHA1, "hmacWithSHA224": crypto.SHA224, "hmacWithSHA256": crypto.SHA256,
		"hmacWithSHA384": crypto.SHA384, "hmacWithSHA512": crypto.SHA512, "hmacWithSHA512-224": crypto.SHA512_224, "hmacWithSHA512-256": crypto.SHA512_256,
	}[given]
	if !ok {
		return 0, m.fail("MAC algorithm name not recognized: '%s'", given)
	}
	return hash, nil
}

// signature is what a key signs by, for protection and for possession.
func (m *managing) signature(public *key.Public) (key.SignatureAlgorithm, error) {
	name, err := m.digestName()
	if err != nil {
		return key.SignatureAlgorithm{}, err
	}
	return signing{hash: name}.algorithm(public)
}

func keyIdentifierOf(c *cert.Certificate) []byte {
	e, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier)
	if !ok {
		return nil
	}
	id, err := ext.ParseSubjectKeyIdentifier(e.Value)
	if err != nil {
		return nil
	}
	return id
}

func rawOf(list []*cert.Certificate) (raw [][]byte) {
	for _, c := range list {
		raw = append(raw, c.Raw)
	}
	return raw
}
