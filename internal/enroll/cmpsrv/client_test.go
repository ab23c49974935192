package cmpsrv

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// direct is a transport that knows the server.
type direct struct {
	*Server
	profile string
}

func (d direct) Exchange(ctx context.Context, message []byte) ([]byte, error) {
	return d.Answer(ctx, message, d.profile, "192.0.2.1"), nil
}

// client makes a client by the shared secret.
func (w *world) client() *cmp.Client {
	w.t.Helper()
	p, err := crmf.NewPBMAC1(rand.Reader)
	check(w.t, err)
	value := []byte("a shared secret")
	return &cmp.Client{
		Transport: direct{Server: w.Server}, Protector: cmp.PBMAC1(p, value), SenderKID: []byte("device1"), Version: cmp.Version3,
		Sender: ext.NewDirectoryName(name(w.t, "CN=device1")), Recipient: ext.NewDirectoryName(name(w.t, "CN=Test Issuing")),
		Verify: func(m *cmp.Message) error { return m.VerifySecret(value) }, Random: rand.Reader, Now: w.clock, Window: time.Minute,
	}
}

// clientOf makes a client by a certificate.
func (w *world) clientOf(c *cert.Certificate, k *key.Private) *cmp.Client {
	w.t.Helper()
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	check(w.t, err)
	x := w.client()
	x.Protector, x.SenderKID, x.Sender, x.ExtraCerts = cmp.Signature(k.Signer, algorithm), keyIdentifier(c), ext.NewDirectoryName(c.Subject), [][]byte{c.Raw}
	x.Verify = func(m *cmp.Message) error {
		by, err := cert.Parse(m.ExtraCerts[0])
		if err != nil {
			return err
		}
		return m.VerifySignature(by.PublicKey)
	}
	return x
}

func (w *world) key(kind string) *key.Private {
	w.t.Helper()
	k, err := key.Generate(kind, nil)
	check(w.t, err)
	return k
}

// message is a request for CN=pump.
func (w *world) message(k *key.Private, change func(*crmf.Spec)) *crmf.Message {
	w.t.Helper()
	subject := name(w.t, "CN=pump")
	s := crmf.Spec{Template: crmf.Template{Subject: &subject, PublicKey: k.Public}, Key: k, Proof: crmf.ProofSignature}
	var err error
	if k.Signer != nil {
		s.Algorithm, err = key.ChooseSignatureAlgorithm(k.Public, "", false)
	} else {
		s.Proof, err = crmf.DeferredProof(k.Public)
	}
	check(w.t, err)
	if change != nil {
		change(&s)
	}
	m, err := crmf.Create(s)
	check(w.t, err)
	return m
}

func (w *world) request(kind cmp.BodyKind, k *key.Private, change func(*crmf.Spec)) cmp.Request {
	return cmp.Request{Body: cmp.NewRequests(kind, w.message(k, change)), ID: big.NewInt(0), Key: k.Key}
}

// refusedFor asserts the failure bits of a refusal.
func refusedFor(t *testing.T, err error, want cmp.FailureInfo, text string) {
	t.Helper()
	var refused *cmp.RefusedError
	if !errors.As(err, &refused) || refused.Status.Failure != want || !strings.Contains(refused.Error(), text) {
		t.Errorf("%v; want %v, %q", err, want, text)
	}
}

func TestOurClient(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	k := w.key("ecdsa-p256")
	out, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	if !key.Equal(out.Certificate.PublicKey, k.Public) || len(out.CAPubs) != 1 || len(out.ExtraCerts) == 0 {
		t.Errorf("%+v", out)
	}
	implicit := w.client()
	implicit.Implicit = true
	if _, err = implicit.Enroll(t.Context(), w.request(cmp.CertificationRequest, w.key("ecdsa-p256"), nil)); err != nil {
		t.Error(err)
	}
	if w.issued(authority.StatusValid) != 2 || w.issued(authority.StatusUnconfirmed) != 0 {
		t.Errorf("%d valid, %d unconfirmed", w.issued(authority.StatusValid), w.issued(authority.StatusUnconfirmed))
	}
	by := w.clientOf(out.Certificate, k)
	next := w.key("ecdsa-p256")
	updated, err := by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, next, nil))
	check(t, err)
	infos, err := by.Ask(t.Context(), cmp.Info{Type: cmp.InfoCACerts}, cmp.Info{Type: cmp.InfoCertReqTemplate}, cmp.Info{Type: cmp.InfoRootCACert}, cmp.Info{Type: "\x2a\x03"})
	check(t, err)
	if len(infos) != 4 || infos[0].Type != cmp.InfoCACerts || infos[2].Type != cmp.InfoRootCAKeyUpdate || infos[3].Type != cmp.InfoUnsupportedOIDs {
		t.Errorf("%+v", infos)
	}
	issuer, serial := updated.Certificate.Issuer, updated.Certificate.Serial
	gone := cmp.Revocation{Template: crmf.Template{Issuer: &issuer, Serial: serial}, Extensions: []ext.Extension{ext.NewReasonCode(6)}}
	if err := w.clientOf(updated.Certificate, next).Revoke(t.Context(), gone); err != nil {
		t.Error(err)
	}
	refusedFor(t, by.Revoke(t.Context(), gone), cmp.NotAuthorized, "the certificate is another's")
}

// A key that cannot sign gets its certificate encrypted, and confirms it by
// having read it.
func TestEncryptedCertificates(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "x25519"} {
		w := newWorld(t)
		w.profiles["plant"] = strings.NewReplacer("keys: {", "keys: { x25519: true,", "[digitalSignature]", "[digitalSignature, keyAgreement, keyEncipherment]").Replace(plant)
		w.secret(secret.Secret{})
		k := w.key(kind)
		request := w.request(cmp.InitializationRequest, k, func(s *crmf.Spec) {
			var err error
			s.Proof, err = crmf.DeferredProof(k.Public)
			check(t, err)
		})
		out, err := w.client().Enroll(t.Context(), request)
		if err != nil {
			t.Errorf("%s: %v\n%s", kind, err, w.log)
			continue
		}
		if !key.Equal(out.Certificate.PublicKey, k.Public) || w.issued(authority.StatusValid) != 1 {
			t.Errorf("%s: %d certificates are valid", kind, w.issued(authority.StatusValid))
		}
	}
}

// What the client does not want, or confirms by a wrong hash, is revoked.
func TestUnwantedCertificatesAreRevoked(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	request := w.request(cmp.InitializationRequest, w.key("ecdsa-p256"), nil)
	request.Accept = func(*cert.Certificate) error { return errors.New("not what was asked for") }
	if _, err := w.client().Enroll(t.Context(), request); err == nil || err.Error() != "not what was asked for" {
		t.Error(err)
	}
	if w.issued(authority.StatusRevoked) != 1 || w.issued(authority.StatusValid) != 0 {
		t.Error("the certificate is not revoked")
	}
}

// talk is a transaction whose messages a test makes itself.
type talk struct {
	*world
	header cmp.Header
	p      cmp.Protector
	extra  [][]byte
	last   *cmp.Message // of the server
	sent   []byte
}

func (w *world) talk() *talk {
	p, err := crmf.MakePBM([]byte("salt of a device"), 5, 100, 5)
	check(w.t, err)
	h := cmp.Header{Version: cmp.Version2, Sender: ext.NewDirectoryName(name(w.t, "CN=device1")), SenderKID: []byte("device1"), TransactionID: make([]byte, 16)}
	_, err = rand.Read(h.TransactionID)
	check(w.t, err)
	return &talk{world: w, header: h, p: cmp.PBM(p, []byte("a shared secret"))}
}

// say sends a body; change may spoil the header.
func (x *talk) say(body cmp.Body, change func(*cmp.Header)) cmp.Body {
	x.t.Helper()
	h := x.header
	h.Time, h.SenderNonce = x.clock(), make([]byte, 16)
	_, err := rand.Read(h.SenderNonce)
	check(x.t, err)
	if x.last != nil {
		h.RecipientNonce = x.last.Header.SenderNonce
	}
	if change != nil {
		change(&h)
	}
	m, err := cmp.Build(h, body, x.p, x.extra...)
	check(x.t, err)
	return x.send(m.Raw)
}

func (x *talk) send(raw []byte) cmp.Body {
	x.t.Helper()
	x.sent = raw
	answer, err := cmp.Parse(x.Answer(x.t.Context(), raw, "", "192.0.2.1"))
	check(x.t, err)
	if answer.Protection == nil {
		x.t.Error("the answer is not protected")
	}
	x.last = answer
	return answer.Body
}

func (x *talk) fails(body cmp.Body, want cmp.FailureInfo, text string) {
	x.t.Helper()
	refuses(x, body, want, text)
}

func (x *talk) status(body cmp.Body) cmp.Response {
	x.t.Helper()
	r, err := body.Reply()
	if err != nil {
		e, _ := body.Error()
		x.t.Fatalf("%v: %+v", err, e)
	}
	return r.Responses[0]
}

// conf is the certConf of an answer.
func conf(t *testing.T, r cmp.Response) cmp.Body {
	t.Helper()
	c, err := cert.Parse(r.Pair.Certificate)
	check(t, err)
	hash, _, err := cmp.CertHash(c, nil)
	check(t, err)
	return cmp.NewConfirmations(cmp.CertStatus{Hash: hash, ID: r.ID})
}

// A retry of any message gets the answer it got before; afterwards the same
// messages are replays.
func TestRetriesAreHarmless(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{Uses: 1})
	x := w.talk()
	first := x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), nil)
	request := x.sent
	again := x.send(request)
	if !bytes.Equal(first.Raw, again.Raw) {
		t.Error("the retry gets another answer")
	}
	// Had the process ended before the answer was on record, the ticket would
	// have been there.
	r, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last))
	check(t, err)
	check(t, w.store.DeleteRecords(t.Context(), r))
	if got := x.status(x.send(request)); !bytes.Equal(got.Pair.Certificate, x.status(first).Pair.Certificate) {
		t.Error("the retry gets another certificate")
	}
	waiting, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last))
	check(t, err)
	done := x.say(conf(t, x.status(first)), nil)
	if done.Kind != cmp.Confirmation {
		t.Fatalf("%v", done.Kind)
	}
	confirmation := x.sent
	// Had the process ended before pkiConf was on record, the certificate would
	// have been confirmed.
	now, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last))
	check(t, err)
	waiting.Revision = now.Revision
	check(t, w.store.PutRecords(t.Context(), waiting))
	if body := x.send(confirmation); body.Kind != cmp.Confirmation {
		t.Errorf("certConf after a crash: %v", body.Kind)
	}
	if body := x.send(confirmation); body.Kind != cmp.Confirmation {
		t.Errorf("certConf again: %v", body.Kind)
	}
	x.fails(x.send(request), cmp.TransactionIDInUse, "begun already")
	x.fails(x.say(conf(t, x.status(first)), nil), cmp.CertConfirmed, "confirmed already")
	if w.issued(authority.StatusValid) != 1 {
		t.Errorf("%d certificates", w.issued(authority.StatusValid))
	}
}

// Where no certConf follows, too, the same message again gets the same answer;
// another one of the transaction is refused.
func TestRetriesOfWhatIsConfirmedAtOnce(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{Uses: 1})
	x := w.talk()
	implicit := func(h *cmp.Header) { h.Info = []cmp.Info{cmp.ImplicitConfirm()} }
	first := x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), implicit)
	request := x.sent
	for range 2 {
		if again := x.send(request); !bytes.Equal(again.Raw, first.Raw) {
			t.Error("the retry gets another answer")
		}
	}
	x.last = nil
	x.fails(x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), implicit), cmp.TransactionIDInUse, "begun already")
	if w.issued(authority.StatusValid) != 1 {
		t.Errorf("%d certificates", w.issued(authority.StatusValid))
	}
}

// What breaks a rule of the header, or of the order of messages.
func TestBrokenRules(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	ir := cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil))
	for _, c := range []struct {
		want   cmp.FailureInfo
		text   string
		change func(*cmp.Header)
	}{
		{cmp.UnsupportedVersion, "version is 1", func(h *cmp.Header) { h.Version = 1 }},
		{cmp.BadDataFormat, "transactionID is missing", func(h *cmp.Header) { h.TransactionID = nil }},
		{cmp.BadSenderNonce, "senderNonce is missing", func(h *cmp.Header) { h.SenderNonce = nil }},
		{cmp.BadRecipientNonce, "has a recipNonce", func(h *cmp.Header) { h.RecipientNonce = make([]byte, 16) }},
		{cmp.BadTime, "messageTime is missing", func(h *cmp.Header) { h.Time = time.Time{} }},
		{cmp.BadRequest, "exclude each other", func(h *cmp.Header) { h.Info = []cmp.Info{cmp.ImplicitConfirm(), cmp.ConfirmWaitTime(w.clock())} }},
		{cmp.BadMessageCheck, "the reference or the secret is wrong", func(h *cmp.Header) { h.SenderKID = []byte("device2") }},
		{cmp.NotAuthorized, "", func(h *cmp.Header) { h.Info = []cmp.Info{cmp.CertProfile("server"), cmp.ImplicitConfirm()} }},
	} {
		if c.want == cmp.NotAuthorized {
			_, err := w.vault.Revoke(t.Context(), "device1", "admin")
			check(t, err)
			x := w.talk()
			x.fails(x.say(cmp.NewInfos(cmp.GeneralMessage, cmp.Info{Type: cmp.InfoCACerts}), nil), cmp.NotAuthorized, "the secret is revoked")
			continue
		}
		x := w.talk()
		x.fails(x.say(ir, c.change), c.want, c.text)
	}
	if w.issued(authority.StatusValid)+w.issued(authority.StatusUnconfirmed) != 0 {
		t.Error("something was issued")
	}
}

func TestConfirmationsThatAreWrong(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	ir := func() cmp.Body {
		return cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil))
	}
	for _, c := range []struct {
		want cmp.FailureInfo
		text string
		say  func(x *talk, r cmp.Response) cmp.Body
	}{
		{cmp.BadRecipientNonce, "recipNonce is not", func(x *talk, r cmp.Response) cmp.Body {
			return x.say(conf(t, r), func(h *cmp.Header) { h.RecipientNonce = make([]byte, 16) })
		}},
		{cmp.BadRequest, "there is none with this transactionID", func(x *talk, r cmp.Response) cmp.Body {
			return x.say(conf(t, r), func(h *cmp.Header) { h.TransactionID, h.RecipientNonce = make([]byte, 16), nil })
		}},
		{cmp.BadRequest, "no certificate with the certReqId 7", func(x *talk, _ cmp.Response) cmp.Body {
			return x.say(cmp.NewConfirmations(cmp.CertStatus{Hash: make([]byte, 32), ID: big.NewInt(7)}), nil)
		}},
		{cmp.BadCertID, "not the hash of the certificate", func(x *talk, _ cmp.Response) cmp.Body {
			return x.say(cmp.NewConfirmations(cmp.CertStatus{Hash: make([]byte, 32), ID: big.NewInt(0)}), nil)
		}},
		{cmp.BadRequest, "hashAlg is of version 3", func(x *talk, r cmp.Response) cmp.Body {
			a := w.key("ecdsa-p256").Public.Algorithm
			return x.say(cmp.NewConfirmations(cmp.CertStatus{Hash: make([]byte, 32), ID: big.NewInt(0), Algorithm: &a}), nil)
		}},
		{cmp.BadRequest, "nothing with the certReqId 0 is waited for", func(x *talk, r cmp.Response) cmp.Body {
			return x.say(cmp.NewPollRequest(big.NewInt(0)), nil)
		}},
	} {
		x := w.talk()
		r := x.status(x.say(ir(), nil))
		x.fails(c.say(x, r), c.want, c.text)
	}
	if w.issued(authority.StatusValid) != 0 {
		t.Error("something is valid")
	}
	// Two requests with an ID that is not 0, and none at all.
	x := w.talk()
	x.fails(x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), func(s *crmf.Spec) { s.ID = 5 })), nil), cmp.BadRequest, "certReqId is 5")
	// Nobody but an end entity's registration authority passes on.
	m, err := cmp.Build(x.header, cmp.NewPKIConfirm(), x.p)
	check(t, err)
	x = w.talk()
	x.fails(x.say(cmp.NewNested(m), nil), cmp.WrongIntegrity, "only a registration authority")
	x = w.talk()
	x.fails(x.say(cmp.NewPKIConfirm(), nil), cmp.BadRequest, "pkiConf does not begin a transaction")
}

// What nobody confirms in time is revoked, and was never valid.
func TestUnconfirmedLapse(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	x := w.talk()
	r := x.status(x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), nil))
	if w.issued(authority.StatusUnconfirmed) != 1 {
		t.Error("the certificate is not unconfirmed")
	}
	if until, ok := x.last.Header.Find(cmp.InfoConfirmWaitTime); !ok || until.Value == nil {
		t.Error("confirmWaitTime is missing")
	}
	w.mu.Lock()
	w.ahead = 48 * time.Hour
	w.mu.Unlock()
	if _, err := w.authority.Lapse(t.Context()); err != nil {
		t.Error(err)
	}
	if w.issued(authority.StatusRevoked) != 1 {
		t.Error("the certificate is not revoked")
	}
	x.fails(x.say(conf(t, r), nil), cmp.CertRevoked, "nobody showed in time")
	check(t, w.Sweep(t.Context()))
	w.mu.Lock()
	w.ahead = 96 * time.Hour
	w.mu.Unlock()
	check(t, w.Sweep(t.Context()))
	left, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: RecordKind})
	check(t, err)
	if len(left) != 0 {
		t.Errorf("%d transactions are kept", len(left))
	}
}

// A registration authority vouches for others.
func TestRegistrationAuthority(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	by := w.registrationAuthority()
	by.Implicit = true
	vouched := w.request(cmp.CertificationRequest, w.key("ecdsa-p256"), func(s *crmf.Spec) {
		subject := name(t, "CN=another device")
		s.Template.Subject, s.Proof = &subject, crmf.ProofRAVerified
	})
	if _, err := by.Enroll(t.Context(), vouched); err != nil {
		t.Error(err, w.log)
	}
}

func withNonce(x *talk) cmp.Header {
	h := x.header
	h.Time, h.SenderNonce = x.clock(), make([]byte, 16)
	_, err := rand.Read(h.SenderNonce)
	check(x.t, err)
	return h
}

// A certificate is updated once at a time; an update that nobody confirmed in
// time does not stand in the way.
func TestSecondUpdateWaitsForTheFirst(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	k := w.key("ecdsa-p256")
	out, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	x := w.talk()
	by := w.clientOf(out.Certificate, k)
	x.p, x.header.Sender, x.header.SenderKID, x.extra = by.Protector, by.Sender, by.SenderKID, [][]byte{out.Certificate.Raw}
	x.status(x.say(cmp.NewRequests(cmp.KeyUpdateRequest, w.message(w.key("ecdsa-p256"), nil)), nil))
	_, err = by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, w.key("ecdsa-p256"), nil))
	refusedFor(t, err, cmp.DuplicateCertReq, "an update of this certificate is under way")
	w.mu.Lock()
	w.ahead = 25 * time.Hour
	w.mu.Unlock()
	if _, err := w.authority.Lapse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err = by.Enroll(t.Context(), w.request(cmp.KeyUpdateRequest, w.key("ecdsa-p256"), nil)); err != nil {
		t.Error(err)
	}
}

// Several requests in one message are answered one by one, where they may be.
func TestBatch(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Several = true })
	w.secret(secret.Secret{Uses: 2})
	x := w.talk()
	list := make([]*crmf.Message, 3)
	for i := range list {
		list[i] = w.message(w.key("ecdsa-p256"), func(s *crmf.Spec) { s.ID = int64(i) })
	}
	reply, err := x.say(cmp.NewRequests(cmp.CertificationRequest, list...), nil).Reply()
	check(t, err)
	if len(reply.Responses) != 3 || reply.Responses[0].Pair == nil || reply.Responses[1].Pair == nil || reply.Responses[2].Status.Failure != cmp.NotAuthorized {
		t.Fatalf("%+v", reply.Responses)
	}
	first, err := conf(t, reply.Responses[0]).Confirmations()
	check(t, err)
	second, err := conf(t, reply.Responses[1]).Confirmations()
	check(t, err)
	if body := x.say(cmp.NewConfirmations(append(first, second...)...), nil); body.Kind != cmp.Confirmation {
		t.Errorf("%v", body.Kind)
	}
	if w.issued(authority.StatusValid) != 2 {
		t.Errorf("%d certificates are valid", w.issued(authority.StatusValid))
	}
}

// Damaged messages are answered by an error, and nothing is issued.
func TestDamagedMessages(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	x := w.talk()
	m, err := cmp.Build(withNonce(x), cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), x.p)
	check(t, err)
	random := mathrand.New(mathrand.NewPCG(5, 6))
	for range 1000 {
		data := bytes.Clone(m.Raw)
		at := random.IntN(len(data))
		data[at] ^= 1 << random.IntN(8)
		answer, err := cmp.Parse(w.Answer(t.Context(), data, "", "192.0.2.1"))
		if err != nil || answer.Body.Kind != cmp.ErrorMessage {
			t.Fatalf("octet %d changed: %v, %v", at, answer, err)
		}
		e, err := answer.Body.Error()
		if err != nil || e.Status.Failure == 0 || e.Status.Failure.Has(cmp.SystemFailure) {
			t.Fatalf("octet %d changed: %+v, %v\n%s", at, e, err, w.log)
		}
	}
	if w.issued(authority.StatusValid)+w.issued(authority.StatusUnconfirmed) != 0 {
		t.Error("something was issued")
	}
}

// A secret that is revoked ends what was begun with it, too.
func TestRevokedSecretsEndWhatTheyBegan(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	x := w.talk()
	r := x.status(x.say(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil)), nil))
	_, err := w.vault.Revoke(t.Context(), "device1", "admin")
	check(t, err)
	x.fails(x.say(conf(t, r), nil), cmp.NotAuthorized, "the secret is revoked")
	if w.issued(authority.StatusValid) != 0 {
		t.Error("a certificate is valid")
	}
}
