package keystore

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// Bags of PKCS #12 (RFC 7292, Section 4.2), their content and attributes.
const (
	keyBag           oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"     // 1.2.840.113549.1.12.10.1.1
	shroudedKeyBag   oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"     // 1.2.840.113549.1.12.10.1.2
	certBag          oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"     // 1.2.840.113549.1.12.10.1.3
	crlBag           oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x04"     // 1.2.840.113549.1.12.10.1.4
	secretBag        oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x05"     // 1.2.840.113549.1.12.10.1.5
	safeContentsBag  oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06"     // 1.2.840.113549.1.12.10.1.6
	x509Certificate  oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"         // 1.2.840.113549.1.9.22.1
	x509CRL          oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x17\x01"         // 1.2.840.113549.1.9.23.1
	javaTrustedUsage oid.OID = "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01" // 2.16.840.1.113894.746875.1.1
	pbmac1           oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0e"             // 1.2.840.113549.1.5.14
)

// pfx is the outermost structure (RFC 7292, Section 4).
type pfx struct {
	authSafe []byte // the octets that the MAC is over
	mac      *macData
}

func parsePFX(data []byte) (*pfx, error) {
	normal, err := cms.Normalize(data)
	if err != nil {
		return nil, err
	}
	e, err := der.ParseTag(normal, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	version, err := r.Take(der.Integer)
	if err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	if v, err := version.Int(); err != nil || v != 3 {
		return nil, errors.New("it is of a version that is not known; the known one is 3")
	}
	safe, err := r.Take(der.Sequence)
	if err != nil {
		return nil, err
	}
	info, err := cms.Parse(safe.Raw)
	if err != nil {
		return nil, err
	}
	switch info.Type {
	case oid.Data:
	case oid.SignedData:
		return nil, errors.New("it is protected by a signature instead of a password, which cannot be read here; have its maker write it with a password")
	default:
		return nil, fmt.Errorf("it holds %s where Data or SignedData belong", cms.TypeName(info.Type))
	}
	octets, err := der.ParseTag(info.Content, der.OctetString)
	if err != nil {
		return nil, err
	}
	p := &pfx{authSafe: octets.Content}
	if !r.Empty() {
		m, err := r.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("message authentication code: %w", err)
		}
		if p.mac, err = parseMAC(m); err != nil {
			return nil, fmt.Errorf("message authentication code: %w", err)
		}
	}
	return p, r.End()
}

// parts returns the parts of the AuthenticatedSafe.
func (p *pfx) parts() ([]*cms.ContentInfo, error) {
	all, err := sequenceOf(p.authSafe)
	if err != nil {
		return nil, fmt.Errorf("authenticated safe: %w", err)
	}
	var parts []*cms.ContentInfo
	for _, e := range all {
		info, err := cms.Parse(e.Raw)
		if err != nil {
			return nil, fmt.Errorf("authenticated safe: %w", err)
		}
		parts = append(parts, info)
	}
	return parts, nil
}

// sequenceOf takes a SEQUENCE in BER apart.
func sequenceOf(ber []byte) ([]der.Element, error) {
	normal, err := cms.Normalize(ber)
	if err != nil {
		return nil, err
	}
	e, err := der.ParseTag(normal, der.Sequence)
	if err != nil {
		return nil, err
	}
	var all []der.Element
	for r := e.Children(); !r.Empty(); {
		child, err := r.Next()
		if err != nil {
			return nil, err
		}
		all = append(all, child)
	}
	return all, nil
}

// bag is a SafeBag (RFC 7292, Section 4.2).
type bag struct {
	kind       oid.OID
	value      []byte
	alias      string
	localKeyID string
	trusted    bool
}

func parseBag(e der.Element) (b bag, err error) {
	r := e.Children()
	id, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return b, err
	}
	if b.kind, err = oid.ParseContent(id.Content); err != nil {
		return b, err
	}
	value, err := r.Take(der.ContextConstructed(0))
	if err != nil {
		return b, err
	}
	b.value = value.Content
	attributes, _, err := r.Optional(der.Set)
	if err != nil {
		return b, err
	}
	for in := attributes.Children(); !in.Empty(); {
		a, err := in.Take(der.Sequence)
		if err != nil {
			return b, fmt.Errorf("attributes: %w", err)
		}
		if err := b.attribute(a.Children()); err != nil {
			return b, fmt.Errorf("attributes: %w", err)
		}
	}
	return b, r.End()
}

func (b *bag) attribute(r der.Reader) error {
	id, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return err
	}
	values, err := r.Take(der.Set)
	if err != nil {
		return err
	}
	in := values.Children()
	if in.Empty() {
		return nil
	}
	first, err := in.Next()
	if err != nil {
		return err
	}
	switch oid.OID(id.Content) {
	case oid.FriendlyName:
		b.alias, err = first.Text()
	case oid.LocalKeyID:
		b.localKeyID = string(first.Content)
	case javaTrustedUsage:
		b.trusted = true
	}
	return err
}

// inside returns the certificate or revocation list of a CertBag or CRLBag,
// nil where it is of another kind than wanted.
func (b *bag) inside(want oid.OID) ([]byte, error) {
	e, err := der.ParseTag(b.value, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	id, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return nil, err
	}
	value, err := r.Take(der.ContextConstructed(0))
	if err != nil || oid.OID(id.Content) != want {
		return nil, err
	}
	octets, err := der.ParseTag(value.Content, der.OctetString)
	return octets.Content, err
}

// reader opens the parts of a file.
type reader struct {
	password []byte
	budget   int // iterations of key derivation that may still be spent
	contents Contents
	keys     []string // localKeyID of each Entry
	certs    []Certificate
	certIDs  []string // localKeyID of each of certs
}

// maxNesting bounds SafeContents inside SafeContents.
const maxNesting = 8

// ReadPKCS12 reads a PKCS #12 file in DER or BER. Its MAC is checked where it
// has one. The errors are ErrPassphrase, or say what is wrong.
func ReadPKCS12(data, password []byte) (*Contents, error) {
	return ReadPKCS12With(data, PKCS12Passwords{Content: password, MAC: password})
}

// PKCS12Passwords open a PKCS #12 file whose MAC has a password of its own, or
// is not to be looked at.
type PKCS12Passwords struct {
	Content []byte
	MAC     []byte
	AnyMAC  bool // what the MAC says does not matter
}

// partsOf verifies the MAC of a file, where it has one and that matters, and
// returns its parts, and what is to read them.
func partsOf(data []byte, passwords PKCS12Passwords) (*reader, []*cms.ContentInfo, error) {
	p, err := parsePFX(data)
	if err != nil {
		return nil, nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
	}
	if p.mac != nil && !passwords.AnyMAC {
		if err := p.mac.verify(p.authSafe, passwords.MAC); err != nil {
			return nil, nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
		}
	}
	parts, err := p.parts()
	if err != nil {
		return nil, nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
	}
	return &reader{password: passwords.Content, budget: 2 * pbe.MaxIterations}, parts, nil
}

// ReadPKCS12With is ReadPKCS12 with passwords of both kinds.
func ReadPKCS12With(data []byte, passwords PKCS12Passwords) (*Contents, error) {
	r, parts, err := partsOf(data, passwords)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if err := r.part(part); err != nil {
			return nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
		}
	}
	r.contents.Certificates = arrange(r.contents.Entries, r.named(), r.certs)
	return &r.contents, nil
}

// named finds the certificates that keys name by their localKeyID.
func (r *reader) named() []int {
	named := make([]int, len(r.keys))
	for i, id := range r.keys {
		named[i] = -1
		for j, other := range r.certIDs {
			if id != "" && id == other {
				named[i] = j
				break
			}
		}
	}
	return named
}

func (r *reader) part(part *cms.ContentInfo) error {
	switch part.Type {
	case oid.Data:
		octets, err := der.ParseTag(part.Content, der.OctetString)
		if err != nil {
			return err
		}
		return r.safe(octets.Content, 0)
	case oid.EncryptedData:
		e, err := part.EncryptedData()
		if err != nil {
			return err
		}
		plain, err := r.decrypt(e.Encrypted.Algorithm.Raw, e.Encrypted.Content)
		if err != nil {
			return err
		}
		if _, err := sequenceOf(plain); err != nil {
			return ErrPassphrase
		}
		return r.safe(plain, 0)
	case oid.EnvelopedData:
		return errors.New("a part of it is encrypted to a certificate instead of with a password, which cannot be read here; have its maker write it with a password")
	}
	return fmt.Errorf("it holds %s where Data or EncryptedData belong", cms.TypeName(part.Type))
}

// decrypt bounds what a file with many parts can cost.
func (r *reader) decrypt(algorithm, data []byte) ([]byte, error) {
	d, err := pbe.Describe(algorithm)
	if err != nil {
		return nil, err
	}
	if r.budget -= max(d.Iterations, d.N*d.P); r.budget < 0 {
		return nil, fmt.Errorf("it asks for more than %d iterations of key derivation in all, which are not spent on one file; have its maker write it again with fewer", 2*pbe.MaxIterations)
	}
	return pbe.Decrypt(algorithm, data, r.password)
}

func (r *reader) safe(ber []byte, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("its parts are nested more than %d deep", maxNesting)
	}
	all, err := sequenceOf(ber)
	if err != nil {
		return err
	}
	for i, e := range all {
		b, err := parseBag(e)
		if err == nil {
			err = r.bag(b, depth)
		}
		if err != nil {
			return fmt.Errorf("bag %d: %w", i+1, err)
		}
	}
	return nil
}

func (r *reader) bag(b bag, depth int) error {
	switch b.kind {
	case keyBag:
		return r.key(b, b.value)
	case shroudedKeyBag:
		all, err := sequenceOf(b.value)
		if err != nil {
			return err
		}
		if len(all) != 2 || all[1].Tag != der.OctetString {
			return errors.New("the encrypted private key does not have the form of one")
		}
		info, err := r.decrypt(all[0].Raw, all[1].Content)
		if err != nil {
			return err
		}
		if _, err := der.ParseTag(info, der.Sequence); err != nil {
			return ErrPassphrase
		}
		return r.key(b, info)
	case certBag:
		raw, err := b.inside(x509Certificate)
		if raw != nil && err == nil {
			r.certs = append(r.certs, Certificate{Alias: b.alias, Raw: raw, Trusted: b.trusted})
			r.certIDs = append(r.certIDs, b.localKeyID)
		}
		return err
	case crlBag:
		raw, err := b.inside(x509CRL)
		if raw != nil && err == nil {
			r.contents.CRLs = append(r.contents.CRLs, raw)
		}
		return err
	case safeContentsBag:
		return r.safe(b.value, depth+1)
	}
	// Secrets and kinds yet unknown are of no use here, and no error.
	return nil
}

func (r *reader) key(b bag, info []byte) error {
	k, err := key.ReadPrivate(info, nil)
	if err != nil {
		return err
	}
	r.contents.Entries = append(r.contents.Entries, Entry{Alias: b.alias, Key: k})
	r.keys = append(r.keys, b.localKeyID)
	return nil
}
