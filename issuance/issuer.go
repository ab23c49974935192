package issuance

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// IssuerConfig is what an issuer is made from.
type IssuerConfig struct {
	Certificate *cert.Certificate
	Above       []*cert.Certificate // the issuers of Certificate as far as they are known, the next first: what they permit bounds it, too
	Signer      crypto.Signer       // nil: can judge, cannot sign
	Hash        string              // "" for the key's default
	PSS         bool
	Algorithm   *key.SignatureAlgorithm // of an operator's issuer, which may be broken: instead of Hash and PSS
	CRL         []string                // distribution point URIs put in certificates where the profile says so
	FreshestCRL []string
	OCSP        []string // responder URIs, likewise
	CAIssuers   []string // where the issuer's certificate is fetched, likewise
}

// Issuer signs certificates with one key under one name. It is safe for
// concurrent use if its signer is.
type Issuer struct {
	self      bool // a root to be
	operator  bool // nothing is known of what it may sign
	name      dn.Name
	public    *key.Public
	signer    crypto.Signer
	algorithm key.SignatureAlgorithm
	hash      string
	verifier  *key.Verifier
	notBefore time.Time
	notAfter  time.Time // zero: no end
	pathLen   int       // -1: no limit
	bounds    []bound   // of its certificate, and of those above

	// What it puts in every certificate, encoded once.
	authorityKey ext.Extension
	crl          ext.Extension
	freshest     ext.Extension
	access       [4]ext.Extension // by accessIndex

	stand func() (standIn, error)
}

// standIn is the throw-away key of previews.
type standIn struct {
	private   *key.Private
	algorithm key.SignatureAlgorithm
}

// NewIssuer checks that certificate and key belong together and that the
// certificate may sign certificates.
func NewIssuer(c IssuerConfig) (*Issuer, error) {
	if c.Certificate == nil {
		return nil, errors.New("an issuer needs its certificate")
	}
	i := &Issuer{
		name: c.Certificate.Subject, public: c.Certificate.PublicKey,
		notBefore: c.Certificate.NotBefore, notAfter: c.Certificate.NotAfter,
	}
	i.pathLen = -1
	for height, above := range append([]*cert.Certificate{c.Certificate}, c.Above...) {
		if err := i.constrain(above, height); err != nil {
			return nil, fmt.Errorf("the certificate of %s cannot be an issuer's: %w", above.Subject, err)
		}
	}
	id, err := authorityID(c.Certificate)
	if err != nil {
		return nil, fmt.Errorf("the certificate of %s cannot be an issuer's: %w", i.name, err)
	}
	return i.equip(c, id)
}

// NewSelfIssuer returns the issuer that a new root is to itself: the name of
// the request, and the key that made it.
func NewSelfIssuer(r *request.Request, c IssuerConfig) (*Issuer, error) {
	if r == nil || r.PublicKey == nil {
		return nil, errors.New("a new root needs its request")
	}
	if c.Certificate != nil {
		return nil, errors.New("a new root has no certificate yet")
	}
	i := &Issuer{self: true, name: r.Subject, public: r.PublicKey, pathLen: -1}
	return i.equip(c, r.PublicKey.Identifier())
}

// bound is what a certificate of the path says of the names and purposes of all
// below it.
type bound struct {
	above    string // whose certificate it is; empty for the issuer's own
	purposes []oid.OID
	names    *ext.NameConstraints
}

// constrain takes over what a certificate says of what may be signed below it:
// the issuer's own at the height 0, its issuer's at 1, and so on.
func (i *Issuer) constrain(c *cert.Certificate, height int) error {
	basic, ok := ext.Find(c.Extensions, oid.BasicConstraints)
	switch {
	case !ok && height > 0 && c.Version < 3:
		return nil // a root of old
	case !ok:
		return errors.New("it has no basic constraints, so it is not a certification authority's")
	}
	is, err := ext.ParseBasicConstraints(basic.Value)
	if err != nil {
		return fmt.Errorf("reading its basic constraints: %w", err)
	}
	if !is.CA {
		return errors.New("its basic constraints say CA:FALSE")
	}
	if left := max(is.PathLen-height, 0); is.PathLen >= 0 && (i.pathLen < 0 || left < i.pathLen) {
		i.pathLen = left
	}
	if e, ok := ext.Find(c.Extensions, oid.KeyUsage); ok {
		usage, err := ext.ParseKeyUsage(e.Value)
		if err != nil {
			return fmt.Errorf("reading its key usage: %w", err)
		}
		if usage&ext.KeyCertSign == 0 {
			return errors.New("its key usage does not have keyCertSign")
		}
	}
	var b bound
	if height > 0 {
		b.above = c.Subject.String()
	}
	if e, ok := ext.Find(c.Extensions, oid.ExtKeyUsage); ok {
		if b.purposes, err = ext.ParseExtKeyUsage(e.Value); err != nil {
			return fmt.Errorf("reading its extended key usage: %w", err)
		}
	}
	if e, ok := ext.Find(c.Extensions, oid.NameConstraints); ok {
		names, err := ext.ParseNameConstraints(e.Value)
		if err != nil {
			return fmt.Errorf("reading its name constraints: %w", err)
		}
		b.names = &names
	}
	i.bounds = append(i.bounds, b)
	return nil
}

// authorityID is the issuer's subject key identifier, or the one its key
// would have.
func authorityID(c *cert.Certificate) ([]byte, error) {
	e, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier)
	if !ok {
		return c.PublicKey.Identifier(), nil
	}
	id, err := ext.ParseSubjectKeyIdentifier(e.Value)
	if err != nil {
		return nil, fmt.Errorf("reading its subject key identifier: %w", err)
	}
	return id, nil
}

func (i *Issuer) equip(c IssuerConfig, id []byte) (*Issuer, error) {
	if c.Signer != nil {
		public, err := key.MarshalPublic(c.Signer.Public())
		if err != nil {
			return nil, fmt.Errorf("reading the public half of the issuer's key: %w", err)
		}
		if !bytes.Equal(public.Bits, i.public.Bits) {
			return nil, fmt.Errorf("the private key (%v) does not belong to the issuer %s (%v)", public, i.name, i.public)
		}
	}
	var err error
	if c.Algorithm != nil && (i.operator || i.self) {
		i.algorithm = *c.Algorithm
	} else if i.algorithm, err = key.ChooseSignatureAlgorithm(i.public, c.Hash, c.PSS); err != nil {
		return nil, fmt.Errorf("choosing the signature algorithm of %s: %w", i.name, err)
	}
	if i.algorithm.Broken != "" && !i.algorithm.Ordered {
		return nil, fmt.Errorf("the issuer cannot sign with %s: %s", i.algorithm.Name, i.algorithm.Broken)
	}
	i.signer, i.hash, i.verifier = c.Signer, hashName(i.algorithm), key.NewVerifier(i.public)
	i.authorityKey = sealed(ext.NewAuthorityKeyIdentifier(id))
	if len(c.CRL) > 0 {
		i.crl = sealed(ext.NewCRLDistributionPoints(c.CRL))
	}
	if len(c.FreshestCRL) > 0 {
		i.freshest = sealed(ext.NewFreshestCRL(c.FreshestCRL))
	}
	for _, ocsp := range []bool{false, true} {
		for _, caIssuers := range []bool{false, true} {
			i.access[accessIndex(ocsp, caIssuers)] = access(c, ocsp, caIssuers)
		}
	}
	i.stand = sync.OnceValues(func() (standIn, error) { return newStandIn(i.public, i.algorithm, c) })
	return i, nil
}

func access(c IssuerConfig, ocsp, caIssuers bool) ext.Extension {
	var responders, issuers []string
	if ocsp {
		responders = c.OCSP
	}
	if caIssuers {
		issuers = c.CAIssuers
	}
	if len(responders)+len(issuers) == 0 {
		return ext.Extension{}
	}
	return sealed(ext.NewAuthorityInfoAccess(responders, issuers))
}

// Algorithm returns the algorithm the issuer signs with.
func (i *Issuer) Algorithm() key.SignatureAlgorithm { return i.algorithm }

// Name returns the name that stands as issuer in its certificates.
func (i *Issuer) Name() dn.Name { return i.name }

func newStandIn(public *key.Public, like key.SignatureAlgorithm, c IssuerConfig) (standIn, error) {
	kind := ""
	switch public.Type {
	case "RSA", "RSA-PSS":
		kind = "rsa-" + strconv.Itoa(min(max(2048, (public.Size+1023)/1024*1024), 4096))
	case "EC":
		kind = "ecdsa-" + strings.ToLower(strings.ReplaceAll(public.Curve, "-", ""))
	case "ML-DSA":
		kind = "ml-dsa-" + public.Curve
	default:
		kind = strings.ToLower(public.Type)
	}
	private, err := key.Generate(kind, rand.Reader)
	if err != nil {
		return standIn{}, fmt.Errorf("making a throw-away key for a preview: %w", err)
	}
	return standIn{private: private, algorithm: like}, nil
}
