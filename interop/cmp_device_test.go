package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/protocol/cmp"
)

// device enrols by CMP, message by message, so that each can be sent again.
type device struct {
	name        string
	transaction []byte
	request     []byte // ir
	answer      []byte // to it; nil before it came
	conf        []byte // certConf; nil before it was made
	certificate *cert.Certificate
}

const (
	crowdReference = "crowd"
	crowdSecret    = "shared with the crowd"
)

// shareSecret makes the secret that the devices enrol by.
func (s *served) shareSecret(t *testing.T) {
	t.Helper()
	if _, err := s.api.NewSecret(t.Context(), client.Secret{Reference: crowdReference, Value: crowdSecret, Profile: "device"}); err != nil {
		t.Fatal(err)
	}
}

// newDevice makes a device with its first message.
func newDevice(name string) (*device, error) {
	d := &device{name: name, transaction: make([]byte, 16)}
	rand.Read(d.transaction)
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		return nil, err
	}
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return nil, err
	}
	subject, err := dn.ParseText("CN=" + name)
	if err != nil {
		return nil, err
	}
	m, err := crmf.Create(crmf.Spec{Template: crmf.Template{Subject: &subject, PublicKey: k.Public}, Key: k, Proof: crmf.ProofSignature, Algorithm: algorithm})
	if err != nil {
		return nil, err
	}
	d.request, err = d.message(cmp.NewRequests(cmp.InitializationRequest, m), nil)
	return d, err
}

// message protects a body by the secret.
func (d *device) message(body cmp.Body, theirs []byte) ([]byte, error) {
	sender, err := dn.ParseText("CN=" + d.name)
	if err != nil {
		return nil, err
	}
	nonce, salt := make([]byte, 16), make([]byte, 16)
	rand.Read(nonce)
	rand.Read(salt)
	mac, err := crmf.MakePBM(salt, 5, 500, 5)
	if err != nil {
		return nil, err
	}
	h := cmp.Header{
		Version: cmp.Version2, Sender: ext.NewDirectoryName(sender), SenderKID: []byte(crowdReference), Time: time.Now(),
		TransactionID: d.transaction, SenderNonce: nonce, RecipientNonce: theirs,
	}
	m, err := cmp.Build(h, body, cmp.PBM(mac, []byte(crowdSecret)))
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}

// ask sends the request, which may have been sent before, and makes certConf
// of the answer.
func (d *device) ask(ctx context.Context, url string) error {
	answer, err := exchange(ctx, url, d.request)
	if err != nil {
		return err
	}
	m, err := read(answer)
	if err != nil {
		return err
	}
	reply, err := m.Body.Reply()
	if err != nil {
		return err
	}
	if len(reply.Responses) != 1 || reply.Responses[0].Pair == nil {
		return fmt.Errorf("%s: %+v", d.name, reply.Responses)
	}
	d.answer = answer
	if d.certificate, err = cert.Parse(reply.Responses[0].Pair.Certificate); err != nil {
		return err
	}
	hash, _, err := cmp.CertHash(d.certificate, nil)
	if err != nil {
		return err
	}
	d.conf, err = d.message(cmp.NewConfirmations(cmp.CertStatus{Hash: hash, ID: reply.Responses[0].ID}), m.Header.SenderNonce)
	return err
}

// confirm sends certConf, which may have been sent before.
func (d *device) confirm(ctx context.Context, url string) error {
	answer, err := exchange(ctx, url, d.conf)
	if err != nil {
		return err
	}
	m, err := read(answer)
	if err == nil && m.Body.Kind != cmp.Confirmation {
		err = fmt.Errorf("%s: the answer to certConf is %v", d.name, m.Body.Kind)
	}
	return err
}

// refusal is an answer that is an error: it came, and says no.
type refusal struct{ error }

func read(answer []byte) (*cmp.Message, error) {
	m, err := cmp.Parse(answer)
	if err != nil {
		return nil, refusal{err}
	}
	if m.Body.Kind == cmp.ErrorMessage {
		e, err := m.Body.Error()
		if err == nil {
			err = errors.New(e.Status.String())
		}
		return nil, refusal{err}
	}
	if err := m.VerifySecret([]byte(crowdSecret)); err != nil {
		return nil, refusal{err}
	}
	return m, nil
}

func exchange(ctx context.Context, url string, message []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(message))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", cmp.ContentType)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}
