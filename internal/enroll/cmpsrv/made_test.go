package cmpsrv

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
)

// making lets the authority make keys, and certificates be for encryption.
func (w *world) making() {
	w.profiles["plant"] = strings.Replace(strings.Replace(plant, "keys: { ec: [P-256],", "keys: { central: allow, ed25519: true, ec: [P-256],", 1), "[digitalSignature]", "[digitalSignature, keyEncipherment, keyAgreement]", 1)
}

// keyless is a request for a key of a kind; any kind where it is empty.
func (w *world) keyless(kind cmp.BodyKind, of string) cmp.Request {
	w.t.Helper()
	subject := name(w.t, "CN=pump")
	t := crmf.Template{Subject: &subject}
	if of != "" {
		t.PublicKey = cmp.Keyless(of)
	}
	m, err := crmf.Create(crmf.Spec{Template: t})
	check(w.t, err)
	return cmp.Request{Body: cmp.NewRequests(kind, m), ID: m.Request.ID}
}

func trustAll(*cert.Certificate, [][]byte) error { return nil }

// The authority makes the key where the profile lets it, and sends it to the
// holder of the secret or certificate alone.
func TestCentralKeyGeneration(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	w.making()
	for of, want := range map[string]string{"": "EC P-256", "ecdsa-p256": "EC P-256", "rsa-3072": "RSA 3072", "ed25519": "Ed25519"} {
		out, err := w.client().Enroll(t.Context(), w.keyless(cmp.InitializationRequest, of))
		check(t, err)
		if got := out.Certificate.PublicKey.String(); got != want {
			t.Errorf("%q: the key is %s, want %s", of, got, want)
		}
		k, err := cmp.OpenKey(out.PrivateKey, cms.Opener{Password: []byte("a shared secret")}, out.Certificate.PublicKey, trustAll)
		if err != nil || !key.Equal(k.Public, out.Certificate.PublicKey) {
			t.Errorf("%q: %v", of, err)
		}
		if _, err := cmp.OpenKey(out.PrivateKey, cms.Opener{Password: []byte("another secret")}, out.Certificate.PublicKey, trustAll); err == nil {
			t.Errorf("%q: another secret opens the key", of)
		}
	}
	for _, kind := range []string{"rsa-2048", "ecdsa-p256"} {
		own := w.key(kind)
		first, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, own, nil))
		check(t, err)
		out, err := w.clientOf(first.Certificate, own).Enroll(t.Context(), w.keyless(cmp.KeyUpdateRequest, ""))
		if err != nil {
			t.Errorf("%s: %v\n%s", kind, err, w.log)
			continue
		}
		if _, err := cmp.OpenKey(out.PrivateKey, cms.Opener{Key: own.Key}, out.Certificate.PublicKey, trustAll); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	w.holdsNoKey()
	if n := w.made(); n != 6 {
		t.Errorf("the audit tells of %d keys, want 6", n)
	}
}

// made counts the keys that the audit says the authority made.
func (w *world) made() int {
	n := 0
	for e, err := range w.store.Events(w.t.Context(), 0) {
		check(w.t, err)
		var detail struct {
			KeyMade bool `json:"keyMade"`
		}
		if json.Unmarshal(e.Detail, &detail) == nil && detail.KeyMade {
			n++
		}
	}
	return n
}

// holdsNoKey fails where a record holds what a key package is known by.
func (w *world) holdsNoKey() {
	w.t.Helper()
	records, err := w.store.FindRecords(w.t.Context(), authority.RecordQuery{Kind: RecordKind})
	check(w.t, err)
	for _, r := range records {
		var body transaction
		check(w.t, json.Unmarshal(r.Body, &body))
		if bytes.Contains(body.Answer, []byte(cmp.KeyPackageType)) || body.Sealed != (body.Answer[0] != byte(der.Sequence)) {
			w.t.Errorf("transaction %s holds a key", r.ID)
		}
	}
}

func TestCentralKeyGenerationIsRefused(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	ask := func(c *cmp.Client, r cmp.Request, want cmp.FailureInfo, text string) {
		t.Helper()
		_, err := c.Enroll(t.Context(), r)
		refusedFor(t, err, want, text)
	}
	ask(w.client(), w.keyless(cmp.InitializationRequest, ""), cmp.BadCertTemplate, "has no public key")
	own := w.key("ecdsa-p256")
	signing, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, own, nil))
	check(t, err)
	w.making()
	ask(w.clientOf(signing.Certificate, own), w.keyless(cmp.CertificationRequest, ""), cmp.NotAuthorized, "has no keyAgreement")
	ask(w.client(), w.keyless(cmp.InitializationRequest, "ml-dsa-65"), cmp.BadCertTemplate, "name one of these, or none: ecdsa-p256, ed25519, rsa-3072")
	if n := w.issued(authority.StatusValid) + w.issued(authority.StatusUnconfirmed); n != 1 {
		t.Errorf("%d certificates were issued, want the first one alone", n)
	}
	if n := w.made(); n != 0 {
		t.Errorf("%d keys were made", n)
	}
}

// A retry gets the key again from the process that made it; after a restart
// nobody has it, and the certificate lapses.
func TestMadeKeysEndWithTheProcess(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{Uses: 2})
	w.making()
	x := w.talk()
	x.header.Info = []cmp.Info{cmp.ImplicitConfirm()}
	first := x.say(w.keyless(cmp.InitializationRequest, "").Body, nil)
	if x.last.Header.ImplicitConfirm() || x.last.Header.Version != cmp.Version3 || x.status(first).Pair.PrivateKey == nil {
		t.Errorf("%+v", x.last.Header)
	}
	request := x.sent
	if again := x.send(request); !bytes.Equal(again.Raw, first.Raw) {
		t.Error("a retry gets another answer")
	}
	w.holdsNoKey()
	var err error
	w.Server, err = New(w.config)
	check(t, err)
	x.fails(x.send(request), cmp.SystemUnavail, "the key that was sent in answer to this message is not kept")
	r, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last))
	check(t, err)
	check(t, w.store.DeleteRecords(t.Context(), r))
	if s := x.status(x.send(request)).Status; s.Failure != cmp.BadRequest || !strings.Contains(s.String(), "is not kept") {
		t.Errorf("%v", s)
	}
	if w.issued(authority.StatusUnconfirmed) != 1 || w.issued(authority.StatusValid) != 0 {
		t.Error("the certificate is not unconfirmed")
	}
}

// While an officer decides, the key is kept for the one who asked alone: it comes
// with the certificate, after a restart too, and is not kept when there is none.
func TestMadeKeysWaitForAnOfficer(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	w.making()
	own := w.key("ecdsa-p256")
	first, err := w.client().Enroll(t.Context(), w.request(cmp.InitializationRequest, own, nil))
	check(t, err)
	w.profiles["plant"] += "issuance: review\n"
	kept := func(x *talk) []byte {
		t.Helper()
		r, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last))
		check(t, err)
		var body transaction
		check(t, json.Unmarshal(r.Body, &body))
		return body.Items[0].Key
	}
	bySecret, byCertificate := w.talk(), w.talk()
	by := w.clientOf(first.Certificate, own)
	byCertificate.p, byCertificate.header.Sender, byCertificate.header.SenderKID, byCertificate.extra = by.Protector, by.Sender, by.SenderKID, by.ExtraCerts
	for _, c := range []struct {
		x       *talk
		opener  cms.Opener
		approve bool
	}{
		{bySecret, cms.Opener{Password: []byte("a shared secret")}, true},
		{byCertificate, cms.Opener{Key: own.Key}, true},
		{w.talk(), cms.Opener{}, false},
	} {
		x := c.x
		r := x.status(x.say(w.keyless(cmp.CertificationRequest, "").Body, nil))
		request := x.sent
		if r.Status.Status != cmp.Waiting || kept(x) == nil {
			t.Fatalf("%+v", r)
		}
		w.Server, err = New(w.config)
		check(t, err)
		x.Server = w.Server
		if again := x.status(x.send(request)); again.Status.Status != cmp.Waiting {
			t.Errorf("%+v", again)
		}
		ticket := w.held()
		if j, err := w.authority.Preview(t.Context(), ticket); err != nil || j.Verdict() != issuance.Held {
			t.Errorf("what the officer sees: %v, %+v", err, j.Findings())
		}
		if c.approve {
			_, err = w.authority.Approve(t.Context(), ticket, "olga", "")
		} else {
			_, err = w.authority.Refuse(t.Context(), ticket, "olga", "no")
		}
		check(t, err)
		r = x.status(x.say(cmp.NewPollRequest(r.ID), nil))
		if kept(x) != nil {
			t.Error("the key is kept after the decision")
		}
		if !c.approve {
			if r.Status.Failure != cmp.NotAuthorized || r.Pair != nil {
				t.Errorf("%+v", r)
			}
			continue
		}
		if again := x.status(x.send(x.sent)); r.Pair == nil || again.Pair == nil || !bytes.Equal(again.Pair.Certificate, r.Pair.Certificate) {
			t.Fatalf("%+v, %+v", r, again)
		}
		got, err := cert.Parse(r.Pair.Certificate)
		check(t, err)
		if k, err := cmp.OpenKey(r.Pair.PrivateKey, c.opener, got.PublicKey, trustAll); err != nil || !key.Equal(k.Public, got.PublicKey) {
			t.Error(err)
		}
		if body := x.say(conf(t, r), nil); body.Kind != cmp.Confirmation {
			t.Errorf("%v", body.Kind)
		}
	}
	if valid, made := w.issued(authority.StatusValid), w.made(); valid != 3 || made != 2 {
		t.Errorf("%d certificates are valid, %d keys were made", valid, made)
	}
}

// held is the first ticket that an officer has to decide on.
func (w *world) held() string {
	w.t.Helper()
	for ticket, err := range w.store.Tickets(w.t.Context(), authority.TicketQuery{State: authority.StateHeld}) {
		check(w.t, err)
		return ticket.ID
	}
	w.t.Fatal("nothing is held")
	return ""
}
