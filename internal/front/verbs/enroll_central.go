package verbs

import (
	"fmt"
	"math/big"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/protocol/cmp"
)

// checkKeys checks what is said of the key: that the authority makes it, or
// checkKey.
func (f *firstFlags) checkKeys() error {
	if !f.central {
		return f.requestFlags.checkKey()
	}
	if f.key != "" {
		return front.Usage("leave one of the two out", "--key and --central-key exclude each other")
	}
	if f.keyOut == "" {
		return front.Usage("add --key-out FILE", "the key that the authority makes needs a file to be written to")
	}
	kind := ""
	if f.newKey != "" {
		var err error
		if kind, err = keyKind("new-key", f.newKey); err != nil {
			return err
		}
	}
	// checkKey looks whether the file is there, and sets a kind of its own.
	err := f.requestFlags.checkKey()
	f.newKey = kind
	return err
}

// centralRequest asks for a certificate of a key that the authority makes (RFC
// 9483, Section 4.1.6). The key is written before the certificate is confirmed: one
// whose key nobody has is rejected.
func (e *enroller) centralRequest(kind cmp.BodyKind, spec task.RequestSpec, f *firstFlags) (cmp.Request, error) {
	t, _, err := task.RequestTemplate(spec)
	if err != nil {
		return cmp.Request{}, err
	}
	template := crmf.Template{Subject: &t.Subject, Extensions: t.Extensions}
	if f.newKey != "" {
		template.PublicKey = cmp.Keyless(f.newKey)
	}
	m, err := crmf.Create(crmf.Spec{Template: template})
	if err != nil {
		return cmp.Request{}, err
	}
	e.client.Version = cmp.Version3 // the key comes as EnvelopedData
	return cmp.Request{
		Body: cmp.NewRequests(kind, m), ID: new(big.Int).Set(m.Request.ID), Accept: e.acceptPath,
		Take: func(out *cmp.Enrolled) error { return e.takeKey(out, f) },
	}, nil
}

// takeKey opens the key that the authority made, and writes it.
func (e *enroller) takeKey(out *cmp.Enrolled, f *firstFlags) error {
	rejected := func(detail, fix string, err error) error {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeInvalid, Detail: detail + "; the certificate is rejected", Fix: fix, Err: err}
	}
	if out.PrivateKey == nil {
		return rejected("the server sends a certificate and no key", "see whether it is a server that makes keys, or leave --central-key out", nil)
	}
	opener := cms.Opener{Password: e.secret}
	if e.key != nil {
		opener.Key = e.key.Key
	}
	k, err := cmp.OpenKey(out.PrivateKey, opener, out.Certificate.PublicKey, func(signer *cert.Certificate, others [][]byte) error {
		return e.trustMaker(signer, others, out.CAPubs)
	})
	if err != nil {
		return rejected("the key that the server sends cannot be used: "+err.Error(), "see the log of the server, and ask again", err)
	}
	return e.p.writeNewKey(k, keyWriting{out: f.keyOut, secretFlag: "new-passphrase", outFlag: "key-out", container: "pkcs8", source: f.newPassphrase, force: f.force, plain: f.plain})
}

// trustMaker holds that who signed a key is under the roots, or under those that
// came protected by the secret.
func (e *enroller) trustMaker(signer *cert.Certificate, others, sent [][]byte) error {
	roots, known := e.roots, e.known
	if len(roots) == 0 {
		roots = parsedOf(sent)
	}
	checked := chain.Verify(signer, append(known[:len(known):len(known)], parsedOf(others)...), roots, chain.Options{Now: e.p.shell.Now()})
	if problems := checked.Problems(); !checked.Valid && len(problems) > 0 {
		return fmt.Errorf("its signer %s is not valid under the root: %s", signer.Subject, problems[0].Detail)
	}
	return nil
}

// parsedOf reads certificates; those that cannot be read are left out.
func parsedOf(list [][]byte) []*cert.Certificate {
	var all []*cert.Certificate
	for _, raw := range list {
		if c, err := cert.Parse(raw); err == nil {
			all = append(all, c)
		}
	}
	return all
}
