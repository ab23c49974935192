package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/protocol/cmp"
)

// device has a certificate, and asks for more by it.
type device struct {
	url         string
	server      *server
	certificate *cert.Certificate
	private     *key.Private
	keyID       []byte // of the certificate
}

const (
	reference = "load"
	shared    = "a secret for the load"
)

// enrol has a device enrol by a shared secret.
func (s *server) enrol(ctx context.Context) (*device, error) {
	if _, err := s.post(ctx, "/api/v1/secrets", map[string]any{"reference": reference, "value": shared, "profile": "device"}); err != nil {
		return nil, err
	}
	d := &device{url: s.url + "/.well-known/cmp", server: s}
	var err error
	if d.private, err = key.Generate("ecdsa-p256", rand.Reader); err != nil {
		return nil, err
	}
	subject, err := dn.ParseText("CN=" + deviceName)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(d.private.Public, "", false)
	if err != nil {
		return nil, err
	}
	names := []ext.GeneralName{ext.NewGeneralName(ext.DNS, []byte(deviceName))}
	wanted := crmf.Template{Subject: &subject, PublicKey: d.private.Public, Extensions: []ext.Extension{ext.NewSubjectAltName(names, false)}}
	m, err := crmf.Create(crmf.Spec{Template: wanted, Key: d.private, Proof: crmf.ProofSignature, Algorithm: algorithm})
	if err != nil {
		return nil, err
	}
	mac, err := crmf.NewPBM(rand.Reader)
	if err != nil {
		return nil, err
	}
	c := d.client(cmp.PBM(mac, []byte(shared)), subject)
	c.SenderKID, c.Implicit = []byte(reference), true
	c.Verify = func(m *cmp.Message) error { return m.VerifySecret([]byte(shared)) }
	out, err := c.Enroll(ctx, cmp.Request{Body: cmp.NewRequests(cmp.InitializationRequest, m), ID: new(big.Int)})
	if err != nil {
		return nil, fmt.Errorf("enrolling the device: %w", err)
	}
	d.certificate = out.Certificate
	if found, ok := ext.Find(d.certificate.Extensions, oid.SubjectKeyIdentifier); ok {
		d.keyID, err = ext.ParseSubjectKeyIdentifier(found.Value)
	}
	return d, err
}

func (d *device) client(p cmp.Protector, sender dn.Name) *cmp.Client {
	return &cmp.Client{
		Transport: cmp.HTTP{URL: d.url, Client: d.server.http}, Protector: p, Sender: ext.NewDirectoryName(sender), Version: cmp.Version2,
		Random: rand.Reader, Now: time.Now, Window: time.Minute,
	}
}

// implicit has a certificate issued that needs no certConf.
func (d *device) implicit(ctx context.Context, request []byte) error {
	return d.ask(ctx, request, true)
}

// confirmed has a certificate issued, and confirms it.
func (d *device) confirmed(ctx context.Context, request []byte) error {
	return d.ask(ctx, request, false)
}

func (d *device) ask(ctx context.Context, request []byte, implicit bool) error {
	algorithm, err := key.ChooseSignatureAlgorithm(d.private.Public, "", false)
	if err != nil {
		return err
	}
	c := d.client(cmp.Signature(d.private.Signer, algorithm), d.certificate.Subject)
	c.SenderKID, c.Implicit, c.ExtraCerts = d.keyID, implicit, [][]byte{d.certificate.Raw}
	// As with REST, it is TLS that shows who answers: what is measured is the
	// server.
	c.Verify = func(*cmp.Message) error { return nil }
	_, err = c.Enroll(ctx, cmp.Request{Body: cmp.NewBody(cmp.PKCS10Request, request)})
	return err
}
