// Command cmpdrive is the client of package protocol/cmp, for scripts that run
// it against other people's CMP servers.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/big"
	"os"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/protocol/cmp"
)

type drive struct {
	command, url, reference, secret, mac, keyFile, newKey, certFile, trusted, subject, recipient, out string
	implicit                                                                                          bool
	version                                                                                           int
}

func main() {
	log.SetFlags(0)
	var d drive
	flag.StringVar(&d.command, "cmd", "ir", "ir, cr, kur, p10cr, rr or genm")
	flag.StringVar(&d.url, "url", "", "address of the server")
	flag.StringVar(&d.reference, "ref", "", "reference of the secret")
	flag.StringVar(&d.secret, "secret", "", "shared secret")
	flag.StringVar(&d.mac, "mac", "pbm", "pbm or pbmac1")
	flag.StringVar(&d.keyFile, "key", "", "key that protects")
	flag.StringVar(&d.certFile, "cert", "", "its certificate")
	flag.StringVar(&d.newKey, "newkey", "", "key of the new certificate")
	flag.StringVar(&d.trusted, "srvcert", "", "certificate that the server signs by")
	flag.StringVar(&d.subject, "subject", "CN=device", "of the new certificate")
	flag.StringVar(&d.recipient, "recipient", "CN=server", "of the messages")
	flag.StringVar(&d.out, "out", "", "file of the new certificate")
	flag.BoolVar(&d.implicit, "implicit", false, "without certConf")
	flag.IntVar(&d.version, "pvno", 2, "version of the protocol")
	flag.Parse()
	if err := d.run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func (d *drive) run(ctx context.Context) error {
	c, own, err := d.client()
	if err != nil {
		return err
	}
	switch d.command {
	case "genm":
		infos, err := c.Ask(ctx, cmp.Info{Type: cmp.InfoCACerts})
		for _, i := range infos {
			fmt.Println(i.Name())
		}
		return err
	case "rr":
		return c.Revoke(ctx, cmp.Revocation{Template: crmf.Template{Issuer: &own.Issuer, Serial: own.Serial}, Extensions: []ext.Extension{ext.NewReasonCode(4)}})
	}
	r, err := d.request(own)
	if err != nil {
		return err
	}
	out, err := c.Enroll(ctx, r)
	if err != nil {
		return err
	}
	fmt.Println("enrolled", out.Certificate.Subject)
	if d.out == "" {
		return nil
	}
	return os.WriteFile(d.out, pem.Encode("CERTIFICATE", out.Certificate.Raw), 0o600)
}

func (d *drive) client() (c *cmp.Client, own *cert.Certificate, err error) {
	recipient, err := dn.ParseText(d.recipient)
	if err != nil {
		return nil, nil, err
	}
	subject, err := dn.ParseText(d.subject)
	if err != nil {
		return nil, nil, err
	}
	c = &cmp.Client{
		Transport: cmp.HTTP{URL: d.url}, Recipient: ext.NewDirectoryName(recipient), Sender: ext.NewDirectoryName(subject), Version: d.version,
		Random: rand.Reader, Now: time.Now, Window: time.Minute, Implicit: d.implicit,
		Wait: func(_ context.Context, p cmp.Poll) error {
			fmt.Println("waiting", p.CheckAfter, p.Reason)
			time.Sleep(time.Duration(min(p.CheckAfter, 5)) * time.Second)
			return nil
		},
	}
	if d.certFile != "" {
		if own, err = readCertificate(d.certFile); err != nil {
			return nil, nil, err
		}
	}
	if d.secret != "" {
		return c, own, d.bySecret(c)
	}
	return c, own, d.bySignature(c, own)
}

func (d *drive) bySecret(c *cmp.Client) error {
	c.SenderKID = []byte(d.reference)
	c.Verify = func(m *cmp.Message) error { return m.VerifySecret([]byte(d.secret)) }
	if d.mac == "pbmac1" {
		p, err := crmf.NewPBMAC1(rand.Reader)
		c.Protector = cmp.PBMAC1(p, []byte(d.secret))
		return err
	}
	p, err := crmf.NewPBM(rand.Reader)
	c.Protector = cmp.PBM(p, []byte(d.secret))
	return err
}

func (d *drive) bySignature(c *cmp.Client, own *cert.Certificate) error {
	if own == nil {
		return errors.New("neither a secret nor a certificate is given")
	}
	k, err := readKey(d.keyFile)
	if err != nil {
		return err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return err
	}
	c.Protector, c.Sender, c.ExtraCerts = cmp.Signature(k.Signer, algorithm), ext.NewDirectoryName(own.Subject), [][]byte{own.Raw}
	if e, ok := ext.Find(own.Extensions, oid.SubjectKeyIdentifier); ok {
		if c.SenderKID, err = ext.ParseSubjectKeyIdentifier(e.Value); err != nil {
			return err
		}
	}
	by, err := readCertificate(d.trusted)
	c.Verify = func(m *cmp.Message) error { return m.VerifySignature(by.PublicKey) }
	return err
}

func (d *drive) request(own *cert.Certificate) (r cmp.Request, err error) {
	k, err := readKey(d.newKey)
	if err != nil {
		return r, err
	}
	subject, err := dn.ParseText(d.subject)
	if err != nil {
		return r, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return r, err
	}
	if d.command == "p10cr" {
		asked, err := pkcs10.Create(pkcs10.Template{Subject: subject}, k, algorithm)
		if err != nil {
			return r, err
		}
		return cmp.Request{Body: cmp.NewBody(cmp.PKCS10Request, asked.Raw)}, nil
	}
	kinds := map[string]cmp.BodyKind{"ir": cmp.InitializationRequest, "cr": cmp.CertificationRequest, "kur": cmp.KeyUpdateRequest}
	kind, ok := kinds[d.command]
	if !ok {
		return r, fmt.Errorf("there is no command %s", d.command)
	}
	spec := crmf.Spec{Template: crmf.Template{Subject: &subject, PublicKey: k.Public}, Key: k, Algorithm: algorithm, Proof: crmf.ProofSignature}
	if kind == cmp.KeyUpdateRequest {
		old, err := crmf.NewOldCertID(crmf.CertID{Issuer: ext.NewDirectoryName(own.Issuer), Serial: own.Serial})
		if err != nil {
			return r, err
		}
		spec.Controls = append(spec.Controls, old)
	}
	m, err := crmf.Create(spec)
	if err != nil {
		return r, err
	}
	return cmp.Request{Body: cmp.NewRequests(kind, m), ID: big.NewInt(0), Key: k.Key}, nil
}

func readKey(file string) (*key.Private, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return key.ReadPrivate(data, nil)
}

func readCertificate(file string) (*cert.Certificate, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return cert.Parse(blocks[0].Bytes)
}
