package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

// signs reports whether a certificate is made.
func (x *certifying) signs() bool { return (x.key != nil || x.ca != nil) && !x.has("x509toreq") }

// sign makes a certificate of the request, of the certificate that was read,
// or of options alone, where there is a key to sign with.
func (x *certifying) sign() error {
	if x.has("clrext") && x.has("ext") {
		fmt.Fprintln(x.Stderr, "Warning: Ignoring -ext since -clrext is given")
	}
	if x.has("clrext") && x.copying != opensslconf.CopyNone && x.in != nil {
		return complain("Must not use -clrext together with -copy_extensions")
	}
	if !x.signs() {
		if x.has("new") && x.key == nil {
			return complain("We need a private key to sign with, use -key or -CAkey or -CA with private key")
		}
		return nil
	}
	var err error
	if x.how, err = x.signing(""); err != nil {
		return err
	}
	m, old, err := x.base()
	if err != nil {
		return err
	}
	if m.serial, err = x.serialFor(old); err != nil {
		return err
	}
	if err = x.extend(&m); err != nil {
		return err
	}
	if x.raw, err = x.mint(m); err != nil {
		return because("Error signing certificate", err)
	}
	return nil
}

// base fills in what does not depend on the serial number: of the request, of
// the certificate that was read (which comes beside), or of nothing.
func (x *certifying) base() (m coin, old *cert.Certificate, err error) {
	m = coin{request: x.in, public: x.public, ca: x.ca, signer: x.key, how: x.how, from: x.Now()}
	if x.ca != nil {
		m.signer = x.caKey
	}
	m.to = m.from.AddDate(0, 0, x.count("days", defaultDays))
	switch {
	case x.in != nil:
		m.subject = x.in.Subject
		if x.copying != opensslconf.CopyNone {
			if m.extensions, err = x.in.Extensions(); err != nil {
				return m, nil, because("Error copying extensions from request", err)
			}
			m.extensions = x.restricted(m.extensions)
		}
		if x.public != nil {
			m.vouched = "the operator gave the public key with -force_pubkey"
		}
	case x.has("new"):
		err = x.fromNothing(&m)
	default:
		old, err = x.fromCertificate(&m)
	}
	if err != nil {
		return m, nil, err
	}
	if x.has("subj") {
		m.subject, err = x.givenSubject(nil, opensslconf.NameOptions{})
	}
	if x.public == nil && x.key != nil {
		// As with OpenSSL the certificate is one of the key that signs, which
		// proves possession of itself.
		m.request, m.vouched = nil, ""
	}
	if m.request == nil && m.vouched == "" && err == nil {
		m.request, err = m.proof()
	}
	m.issuerName = m.subject
	return m, old, err
}

func (x *certifying) fromNothing(m *coin) error {
	m.subject = dn.Empty()
	switch {
	case x.public != nil:
		m.vouched = "the operator gave the public key with -force_pubkey"
	case x.key == nil:
		m.vouched, m.public = "the operator certifies the issuer's own key", x.caKey.Public
	}
	return nil
}

// keeps reports whether an extension is one of those that -clrext and -ext
// leave. As with OpenSSL, what -ext is given is searched for the short name.
func (x *certifying) keeps(id oid.OID) bool {
	if x.has("clrext") {
		return false
	}
	if !x.has("ext") {
		return true
	}
	short, _, ok := text.Objects(x.names).Names(id)
	if !ok {
		short = "UNDEF"
	}
	return strings.Contains(x.text("ext"), short)
}

// restricted leaves those extensions that -clrext and -ext leave.
func (x *certifying) restricted(list []ext.Extension) []ext.Extension {
	return slices.DeleteFunc(list, func(e ext.Extension) bool { return !x.keeps(e.ID) })
}

// fromCertificate renews a certificate: by its own key, or by an issuer where
// it is signed by its own key.
func (x *certifying) fromCertificate(m *coin) (*cert.Certificate, error) {
	old, err := cert.Parse(x.raw)
	if err != nil {
		return nil, because("Unable to load certificate", err)
	}
	m.subject, m.version3 = old.Subject, old.Version == 3
	if x.ca != nil {
		if m.public == nil {
			m.public = old.PublicKey
		}
		if err := x.selfSigned(old, m.public); err != nil {
			return nil, err
		}
		m.vouched = "the certificate to be certified is signed by its own key"
	} else if x.public != nil {
		m.vouched = "the operator gave the public key with -force_pubkey"
	}
	if x.has("preserve_dates") {
		m.from, m.to = old.NotBefore, old.NotAfter
	}
	m.extensions = x.restricted(extensionsOf(old))
	return old, nil
}

// selfSigned tells, as OpenSSL does, that a certificate does not prove
// possession by a signature of its own, with the public key that it is to have.
func (x *certifying) selfSigned(old *cert.Certificate, public *key.Public) error {
	if old.SelfIssued() && old.CheckSignature(public) == nil {
		return nil
	}
	subject := x.titled("subject=", old.Subject)
	if old.SelfIssued() && !key.SameKey(public, old.PublicKey) {
		return complain("%sError with certificate - error 7 at depth 0\ncertificate signature failure\n"+
			"Error with certificate to be certified - should be self-signed", subject)
	}
	return complain("%sError with certificate - error 20 at depth 0\nunable to get local issuer certificate\n"+
		"%sError with certificate - error 21 at depth 0\nunable to verify the first certificate\n"+
		"Error with certificate to be certified - should be self-signed", subject, subject)
}

// extend adds the extensions of -extfile to those taken over. They may take
// addresses out of the subject.
func (x *certifying) extend(m *coin) error {
	list := m.extensions
	public := m.public
	if public == nil {
		public = m.request.PublicKey
	}
	c := opensslconf.Context{Subject: &m.subject, PublicKey: public, Issuer: m.ca, SelfIssued: m.ca == nil,
		Serial: contentOctets(m.serial), Existing: list}
	if m.ca == nil {
		c.IssuerKey = m.signer.Public
	}
	if x.section != "" {
		made, err := x.extensions.Extensions(x.section, c)
		if err != nil {
			return because("Error adding extensions from section "+x.section, err)
		}
		list = opensslconf.Replace(list, made)
	}
	c.Existing, c.IssuerKey = list, m.signer.Public
	var err error
	m.extensions, err = opensslconf.KeyIdentifiers(list, c)
	return err
}

// serialFor returns the serial number of the certificate to be. old is the
// certificate that was read, nil where there is none.
func (x *certifying) serialFor(old *cert.Certificate) ([]byte, error) {
	switch {
	case x.has("set_serial"):
		return x.parseSerial(x.text("set_serial"))
	case x.ca != nil:
		return x.nextSerial()
	case old != nil:
		return old.SerialBytes, nil
	}
	return x.randomSerial()
}

// nextSerial takes the next number from the file of serial numbers; a random
// one where there is no file and none was asked for.
func (x *certifying) nextSerial() ([]byte, error) {
	file := x.text("CAserial")
	if file == "" {
		file = x.text("CA")
		if at := strings.LastIndexByte(file, '.'); at > strings.LastIndexByte(file, filepath.Separator) {
			file = file[:at]
		}
		file += ".srl"
	}
	// Two runs beside each other take different numbers.
	unlock, err := opensslca.LockFile(x.path(strings.TrimPrefix(x.text("CA"), "file:")))
	if err != nil {
		return nil, err
	}
	defer unlock()
	data, err := os.ReadFile(x.path(file))
	if errors.Is(err, fs.ErrNotExist) {
		if !x.hasAny("CAserial", "CAcreateserial") {
			return x.randomSerial()
		}
		if x.has("CAcreateserial") {
			serial, err := x.randomSerial()
			if err != nil {
				return nil, err
			}
			return serial, x.saveSerial(file, new(big.Int).SetBytes(serial))
		}
	}
	if err != nil {
		return nil, complain("%s: %s", file, reason(err))
	}
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	n, ok := new(big.Int).SetString(strings.TrimSpace(string(line)), 16)
	if !ok {
		return nil, complain("Unable to load number from %s", file)
	}
	n.Add(n, big.NewInt(1))
	if err := serialFits(n); err != nil {
		return nil, err
	}
	return n.Bytes(), x.saveSerial(file, n)
}

func (x *certifying) saveSerial(file string, n *big.Int) error {
	digits := strings.ToUpper(n.Text(16))
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	return x.writeFile(file, []byte(digits+"\n"), false)
}
