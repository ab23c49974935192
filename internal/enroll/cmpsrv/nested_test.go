package cmpsrv

import (
	"bytes"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// registrationAuthority is a client that may vouch for others and pass their
// messages on.
func (w *world) registrationAuthority() *cmp.Client {
	w.t.Helper()
	profile := w.profiles["plant"]
	w.profiles["plant"] = strings.Replace(plant, "[clientAuth]", "[cmcRA]", 1)
	k := w.key("ecdsa-p256")
	out, err := w.client().Enroll(w.t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(w.t, err)
	w.profiles["plant"] = profile
	return w.clientOf(out.Certificate, k)
}

// front is a registration authority before devices, and one device.
func front(t *testing.T) (w *world, ra *cmp.Client, device *talk) {
	w = newWorld(t)
	w.secret(secret.Secret{})
	return w, w.registrationAuthority(), w.talk()
}

func (x *talk) built(body cmp.Body) *cmp.Message {
	x.t.Helper()
	h := withNonce(x)
	if x.last != nil {
		h.RecipientNonce = x.last.Header.SenderNonce
	}
	m, err := cmp.Build(h, body, x.p, x.extra...)
	check(x.t, err)
	return m
}

func (w *world) ir() cmp.Body {
	return cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), nil))
}

// passOn has a registration authority add its protection to one message; change
// may spoil the header.
func (w *world) passOn(ra *cmp.Client, m *cmp.Message, change func(*cmp.Header)) []byte {
	w.t.Helper()
	h := cmp.Header{
		Version: m.Header.Version, Sender: ra.Sender, SenderKID: ra.SenderKID, Time: w.clock(),
		TransactionID: m.Header.TransactionID, SenderNonce: m.Header.SenderNonce, RecipientNonce: m.Header.RecipientNonce,
	}
	if change != nil {
		change(&h)
	}
	outer, err := cmp.Build(h, cmp.NewNested(m), ra.Protector, ra.ExtraCerts...)
	check(w.t, err)
	return outer.Raw
}

// What a registration authority adds its protection to is answered as if it
// had come by itself: to the device, by the device's secret, and every message
// of the transaction can come so.
func TestAddedProtection(t *testing.T) {
	w, ra, x := front(t)
	request := x.built(w.ir())
	passed := w.passOn(ra, request, nil)
	first := x.send(passed)
	if first.Kind != cmp.InitializationResponse || x.last.VerifySecret([]byte("a shared secret")) != nil {
		t.Fatalf("%v", first.Kind)
	}
	if again := x.send(passed); !bytes.Equal(again.Raw, first.Raw) {
		t.Error("a retry gets another answer")
	}
	if done := x.send(w.passOn(ra, x.built(conf(t, x.status(first))), nil)); done.Kind != cmp.Confirmation {
		t.Errorf("%v", done.Kind)
	}
	if w.issued(authority.StatusValid) != 2 {
		t.Errorf("%d certificates are valid", w.issued(authority.StatusValid))
	}
}

func TestAddedProtectionIsRefused(t *testing.T) {
	w, ra, x := front(t)
	request := x.built(w.ir())
	x.fails(x.send(w.passOn(ra, request, func(h *cmp.Header) { h.SenderNonce = make([]byte, 16) })), cmp.BadSenderNonce, "is not that of the message inside")
	x.fails(x.send(w.passOn(ra, request, func(h *cmp.Header) { h.TransactionID = make([]byte, 16) })), cmp.BadRequest, "is not that of the message inside")
	y := w.talk()
	y.header.TransactionID = request.Header.TransactionID
	y.fails(y.say(cmp.NewNested(request), nil), cmp.WrongIntegrity, "protects them by a signature")
	k := w.key("ecdsa-p256")
	device, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	x.fails(x.send(w.passOn(w.clientOf(device.Certificate, k), request, nil)), cmp.NotAuthorized, "only a registration authority")
	// What is inside a nested message, twice.
	twice, err := cmp.Parse(w.passOn(ra, request, nil))
	check(t, err)
	x.fails(x.send(w.passOn(ra, twice, nil)), cmp.BadRequest, "itself one that passes on")
	// The protection of the authority says nothing for the device's.
	z := w.talk()
	subject := func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified }
	vouched := z.built(cmp.NewRequests(cmp.InitializationRequest, w.message(w.key("ecdsa-p256"), subject)))
	if s := z.status(z.send(w.passOn(ra, vouched, nil))).Status; s.Failure != cmp.NotAuthorized {
		t.Errorf("raVerified by a device: %v", s)
	}
	if n := w.issued(authority.StatusValid) + w.issued(authority.StatusUnconfirmed); n != 2 {
		t.Errorf("%d certificates", n)
	}
}

// batch has a registration authority send several messages at once.
func (w *world) batch(ra *cmp.Client, change func(*cmp.Header), list ...*cmp.Message) *talk {
	w.t.Helper()
	x := w.talk()
	h := withNonce(x)
	h.Sender, h.SenderKID = ra.Sender, ra.SenderKID
	if change != nil {
		change(&h)
	}
	m, err := cmp.Build(h, cmp.NewNested(list...), ra.Protector, ra.ExtraCerts...)
	check(w.t, err)
	x.send(m.Raw)
	return x
}

// A batch is answered by a batch, each message in it by its own protection and
// version.
func TestNestedBatch(t *testing.T) {
	w, ra, _ := front(t)
	var devices []*talk
	var list []*cmp.Message
	for i := range 3 {
		x := w.talk()
		x.header.Version = 2 + i%2
		devices, list = append(devices, x), append(list, x.built(w.ir()))
	}
	b := w.batch(ra, nil, list...)
	answers, err := b.last.Body.Nested()
	check(t, err)
	if len(answers) != 3 {
		t.Fatalf("%d answers", len(answers))
	}
	for i, m := range answers {
		x := devices[i]
		x.last = m
		if m.VerifySecret([]byte("a shared secret")) != nil || m.Header.Version != 2+i%2 || !bytes.Equal(m.Header.TransactionID, x.header.TransactionID) || !bytes.Equal(m.Header.RecipientNonce, list[i].Header.SenderNonce) {
			t.Errorf("answer %d: %+v", i, m.Header)
		}
		list[i] = x.built(conf(t, x.status(m.Body)))
	}
	if answers, err = w.batch(ra, nil, list...).last.Body.Nested(); err != nil || len(answers) != 3 || answers[2].Body.Kind != cmp.Confirmation {
		t.Errorf("%d answers, %v", len(answers), err)
	}
	if w.issued(authority.StatusValid) != 4 {
		t.Errorf("%d certificates are valid", w.issued(authority.StatusValid))
	}
}

// Nothing of a batch is carried out where its messages cannot be told apart, or
// one is not protected rightly.
func TestNestedBatchIsRefused(t *testing.T) {
	w, ra, x := front(t)
	a, b := x.built(w.ir()), w.talk().built(w.ir())
	same := w.talk()
	same.header.TransactionID = a.Header.TransactionID
	r := w.batch(ra, nil, a, same.built(w.ir()))
	r.fails(r.last.Body, cmp.BadRequest, "the same transactionID")
	r = w.batch(ra, func(h *cmp.Header) { h.SenderNonce = b.Header.SenderNonce }, a, b)
	r.fails(r.last.Body, cmp.BadSenderNonce, "the same senderNonce")
	p, err := crmf.MakePBM([]byte("salt of a device"), 5, 100, 5)
	check(t, err)
	wrong := w.talk()
	wrong.p = cmp.PBM(p, []byte("another secret"))
	r = w.batch(ra, nil, a, b, wrong.built(w.ir()))
	r.fails(r.last.Body, cmp.BadMessageCheck, "the reference or the secret is wrong")
	if n := w.issued(authority.StatusValid) + w.issued(authority.StatusUnconfirmed); n != 1 {
		t.Errorf("%d certificates", n)
	}
}

// A registration authority that changed a message sends the original along,
// whose protection is looked at.
func TestReplacedProtection(t *testing.T) {
	w, ra, x := front(t)
	original := x.built(w.ir())
	vouch := func(original *cmp.Message) cmp.Body {
		subject := name(t, "CN=changed")
		m := w.message(w.key("ecdsa-p256"), func(s *crmf.Spec) { s.Template.Subject, s.Proof = &subject, crmf.ProofRAVerified })
		y := w.talk()
		y.p, y.header.Sender, y.header.SenderKID, y.extra = ra.Protector, ra.Sender, ra.SenderKID, ra.ExtraCerts
		return y.say(cmp.NewRequests(cmp.InitializationRequest, m), func(h *cmp.Header) { h.Info = []cmp.Info{cmp.OriginalMessages(original)} })
	}
	if body := vouch(original); x.status(body).Pair == nil {
		t.Errorf("%v", x.status(body).Status)
	}
	spoilt, err := cmp.Parse(bytes.Replace(original.Raw, []byte("pump"), []byte("pomp"), 1))
	check(t, err)
	x.fails(vouch(spoilt), cmp.BadMessageCheck, "the reference or the secret is wrong")
	// Nobody vouches for an update, and nobody certifies authorities so.
	m := w.message(w.key("ecdsa-p256"), func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified })
	_, err = ra.Enroll(t.Context(), cmp.Request{Body: cmp.NewRequests(cmp.KeyUpdateRequest, m), ID: m.Request.ID})
	refusedFor(t, err, cmp.NotAuthorized, "nobody vouches in a kur")
	_, err = ra.Enroll(t.Context(), w.request(cmp.CrossCertRequest, w.key("ecdsa-p256"), nil))
	refusedFor(t, err, cmp.NotAuthorized, "not by ccr")
}
