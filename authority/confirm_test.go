package authority_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func newKey(t *testing.T, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	check(t, err)
	return k
}

// message is a CRMF for a device.
func message(t *testing.T, k *key.Private, change func(*crmf.Spec)) *crmf.Message {
	t.Helper()
	subject := name(t, "CN=pump.example.org")
	s := crmf.Spec{Key: k, Template: crmf.Template{Subject: &subject, PublicKey: k.Public}, Proof: crmf.ProofSignature}
	if k.Signer != nil {
		var err error
		s.Algorithm, err = key.ChooseSignatureAlgorithm(k.Public, "", false)
		check(t, err)
	} else {
		var err error
		s.Proof, err = crmf.DeferredProof(k.Public)
		check(t, err)
	}
	if change != nil {
		change(&s)
	}
	m, err := crmf.Create(s)
	check(t, err)
	return m
}

func parsed(t *testing.T, messages ...*crmf.Message) []*request.Request {
	t.Helper()
	list, err := request.Parse(crmf.Marshal(messages...))
	check(t, err)
	return list
}

func device(r *request.Request) authority.Submission {
	s := submission(r)
	s.Profile = "device"
	return s
}

// TestRefusedProofs: each wrong proof is refused for its own reason, recorded,
// and nothing is issued.
func TestRefusedProofs(t *testing.T) {
	w := newWorld(t)
	k, other := newKey(t, "ecdsa-p256"), newKey(t, "ecdsa-p256")
	signed := message(t, k, nil)
	forged := message(t, other, nil)
	forged.Request.Template.PublicKey = k.Public
	macked := message(t, k, func(s *crmf.Spec) {
		var err error
		s.PBM, err = crmf.NewPBM(rand.Reader)
		check(t, err)
		s.Template.Subject, s.Secret = nil, []byte("shared")
	})
	sent := message(t, k, func(s *crmf.Spec) {
		sender := ext.NewDirectoryName(name(t, "CN=anna"))
		s.Template.Subject, s.Sender = nil, &sender
	})
	keyless := message(t, k, func(s *crmf.Spec) {
		s.Key, s.Proof, s.Template.PublicKey = nil, crmf.ProofRAVerified, nil
	})
	one := func(m *crmf.Message) []*request.Request { return parsed(t, m) }
	swapped := one(message(t, k, nil))
	swapped[0].CRMF.Proof.Signature.Signature = forged.Proof.Signature.Signature
	for _, c := range []struct {
		name     string
		requests []*request.Request
		witness  evidence.Witness
		origin   func(*evidence.Origin)
		reason   request.Reason
		detail   string
	}{
		{"raVerified from a plain applicant", one(message(t, k, func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified })), evidence.Witness{}, nil,
			request.NotAuthorized, "the request says that a registration authority has verified possession"},
		{"a signature by another key", swapped, evidence.Witness{}, nil, request.BadPossession, "made by another key"},
		{"a wrong publicKeyMAC", one(macked), evidence.Witness{Secret: []byte("guessed")}, nil, request.BadPossession, "the MAC does not match: the shared secret is another one"},
		{"a publicKeyMAC of nobody", one(macked), evidence.Witness{}, nil, request.BadPossession, "possession is proven with a shared secret, and none is known for the sender"},
		{"another sender", one(sent), evidence.Witness{}, func(o *evidence.Origin) { o.Sender = "dir:CN=bert" }, request.BadPossession, "what is signed names the sender dir:CN=anna, and dir:CN=bert sent it"},
		{"a sender whom nothing authenticates", one(sent), evidence.Witness{}, nil, request.BadPossession, "and nothing has shown who sent it"},
		{"a template without a key", one(keyless), evidence.Witness{}, nil, request.BadKey, "the template of the request has no public key"},
		{"two requests with one certReqId", parsed(t, signed, message(t, other, nil)), evidence.Witness{}, nil, request.Duplicate, "2 requests of one batch have the certReqId 0"},
		{"no proof at all", one(message(t, k, func(s *crmf.Spec) { s.Proof = "" })), evidence.Witness{}, nil, request.BadPossession, "the request has no proof of possession"},
		{"another SPKAC challenge", spkacs(t, k, "old"), evidence.Witness{Challenge: "fresh"}, nil, request.BadPossession, "the challenge in the request is not the one that was issued to the sender"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range c.requests {
				s := device(r)
				s.Witness = c.witness
				if c.origin != nil {
					c.origin(&s.Origin)
				}
				out, err := w.Submit(t.Context(), s)
				check(t, err)
				if out.Refusal == nil || out.Refusal.Reason != c.reason || !strings.Contains(out.Refusal.Detail, c.detail) || out.Refusal.Fix == "" {
					t.Errorf("refusal %+v, want %s: %s", out.Refusal, c.reason, c.detail)
				}
				recorded, err := w.Ticket(t.Context(), out.Ticket.ID)
				check(t, err)
				if recorded.Ticket.State != authority.StateRefused || recorded.Certificate != nil || recorded.Refusal.Reason != c.reason {
					t.Errorf("recorded as %+v", recorded.Ticket)
				}
			}
		})
	}
	for c := range w.store.Certificates(t.Context(), authority.Query{Profile: "device"}) {
		t.Errorf("certificate %x was issued", c.Serial)
	}
	w.sound(t)
}

func spkacs(t *testing.T, k *key.Private, challenge string) []*request.Request {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	check(t, err)
	made, err := spkac.Create(challenge, k, alg)
	check(t, err)
	list, err := request.Parse(append(made.Encode(), "CN=pump.example.org\n"...))
	check(t, err)
	return list
}

func TestAcceptedProofs(t *testing.T) {
	w := newWorld(t)
	k := newKey(t, "ecdsa-p256")
	s := device(parsed(t, message(t, k, func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified }))[0])
	s.Origin.RegistrationAuthority = true
	w.granted(t, s)
	s = device(parsed(t, message(t, k, func(s *crmf.Spec) {
		sender := ext.NewDirectoryName(name(t, "CN=Anna"))
		s.Template.Subject, s.Sender = nil, &sender
		names, err := ext.ParseGeneralName("dns:pump.example.org")
		check(t, err)
		s.Template.Extensions = []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{names}, true)}
	}))[0])
	s.Origin.Sender = "dir:CN=anna"
	w.granted(t, s)
	s = device(spkacs(t, k, "fresh")[0])
	s.Witness.Challenge = "fresh"
	if out := w.granted(t, s); out.Certificate.Subject != "CN=pump.example.org" {
		t.Errorf("issued to %s", out.Certificate.Subject)
	}
	batch := parsed(t, message(t, k, nil), message(t, k, func(s *crmf.Spec) { s.ID = 1 }))
	first, second := w.granted(t, device(batch[0])), w.granted(t, device(batch[1]))
	if first.Ticket.ID == second.Ticket.ID {
		t.Error("a batch of two has one ticket")
	}
}

// TestSecretIsNotNeededTwice: what a shared secret proved when the request
// came in holds when an officer approves it later.
func TestSecretIsNotNeededTwice(t *testing.T) {
	w := newWorld(t)
	w.profiles["reviewed"] = "name: reviewed\nversion: 1\nissuance: review\nkeys: { ec: [P-256] }\nvalidity: { default: 30d }\nnames: { kinds: [dns] }\n"
	s := submission(parsed(t, message(t, newKey(t, "ecdsa-p256"), func(s *crmf.Spec) {
		var err error
		s.PBM, err = crmf.NewPBM(rand.Reader)
		check(t, err)
		s.Template.Subject, s.Secret = nil, []byte("shared")
		host, err := ext.ParseGeneralName("dns:pump.example.org")
		check(t, err)
		s.Template.Extensions = []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{host}, true)}
	}))[0])
	s.Profile, s.Witness.Secret = "reviewed", []byte("shared")
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Ticket.State != authority.StateHeld {
		t.Fatalf("%s: %+v", out.Ticket.State, out.Refusal)
	}
	if strings.Contains(string(out.Ticket.Evidence), "shared") {
		t.Error("the secret is recorded")
	}
	out, err = w.Approve(t.Context(), out.Ticket.ID, "officer", "")
	check(t, err)
	if out.Ticket.State != authority.StateIssued {
		t.Errorf("%s: %+v", out.Ticket.State, out.Refusal)
	}
}

// unconfirmed submits a request whose certificate comes encrypted.
func (w *world) unconfirmed(t *testing.T, k *key.Private) *authority.Outcome {
	t.Helper()
	s := device(parsed(t, message(t, k, func(s *crmf.Spec) {
		var err error
		s.Proof, err = crmf.DeferredProof(k.Public)
		check(t, err)
	}))[0])
	s.IdempotencyKey = "once"
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	if out.Ticket.State != authority.StateUnconfirmed || out.Certificate != nil || out.Holds != evidence.ByCertificate || out.Encrypted == nil {
		t.Fatalf("%s: %+v", out.Ticket.State, out.Refusal)
	}
	again, err := w.Submit(t.Context(), s)
	check(t, err)
	if !again.Repeated || again.Certificate != nil || string(again.Encrypted) != string(out.Encrypted) || !again.Until.Equal(out.Until) {
		t.Errorf("submitted again: %+v", again)
	}
	record, err := w.store.Certificate(t.Context(), out.Ticket.CA, out.Ticket.Serial)
	check(t, err)
	if record.Status != authority.StatusUnconfirmed {
		t.Errorf("the record is %s", record.Status)
	}
	return out
}

func decrypted(t *testing.T, k *key.Private, message []byte) []byte {
	t.Helper()
	info, err := cms.Parse(message)
	check(t, err)
	enveloped, err := info.EnvelopedData()
	check(t, err)
	content, err := enveloped.Decrypt(cms.Opener{Key: k.Key})
	check(t, err)
	return content
}

func TestConfirm(t *testing.T) {
	for _, kind := range []string{"x25519", "rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"} {
		w, k := newWorld(t), newKey(t, kind)
		out := w.unconfirmed(t, k)
		der := decrypted(t, k, out.Encrypted)
		c, err := cert.Parse(der)
		check(t, err)
		for e, err := range w.store.Events(t.Context(), 1) {
			check(t, err)
			if sum := sha256.Sum256(der); strings.Contains(string(e.Detail), hex.EncodeToString(sum[:])) {
				t.Errorf("%s: the audit chain gives the answer away: %s", kind, e.Detail)
			}
		}
		if standing, _, err := w.Standing(t.Context(), out.Ticket.CA, c.SerialBytes); err != nil || standing != authority.StandingUnknown {
			t.Errorf("%s: an unconfirmed certificate is %s, %v", kind, standing, err)
		}
		_, err = w.Revoke(t.Context(), authority.RevocationOrder{CA: out.Ticket.CA, Serial: out.Ticket.Serial, Reason: crl.CertificateHold, By: "officer"})
		refused(t, err, request.WrongState, "is unconfirmed, and not in use yet")
		sum := sha256.Sum256(der)
		done, err := w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: sum[:]})
		check(t, err)
		if done.Ticket.State != authority.StateIssued || done.Certificate == nil || done.Certificate.Status != authority.StatusValid || done.Encrypted != nil || string(done.Certificate.DER) != string(der) {
			t.Errorf("%s: confirmed: %+v, %+v", kind, done.Ticket, done.Refusal)
		}
		_, err = w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: sum[:]})
		refused(t, err, request.WrongState, "is issued already")
		if actions := w.sound(t); !slices.Contains(actions, "request.unconfirmed") || !slices.Contains(actions, "request.confirmed") {
			t.Errorf("%s: the audit chain has %v", kind, actions)
		}
	}
}

func TestConfirmWithAnotherHash(t *testing.T) {
	w, k := newWorld(t), newKey(t, "x25519")
	out := w.unconfirmed(t, k)
	h := crypto.SHA384.New()
	h.Write(decrypted(t, k, out.Encrypted))
	done, err := w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, Hash: crypto.SHA384, CertHash: h.Sum(nil)})
	check(t, err)
	if done.Ticket.State != authority.StateIssued {
		t.Errorf("%+v", done.Refusal)
	}
}

func TestUnconfirmedCertificatesEnd(t *testing.T) {
	for _, c := range []struct {
		name   string
		end    func(w *world, out *authority.Outcome) (*authority.Outcome, error)
		state  authority.State
		detail string
	}{
		{"a wrong hash", func(w *world, out *authority.Outcome) (*authority.Outcome, error) {
			return w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: make([]byte, 32)})
		}, authority.StateRefused, "the answer is not the hash of the certificate"},
		{"a rejection", func(w *world, out *authority.Outcome) (*authority.Outcome, error) {
			return w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, Rejected: "wrong name"})
		}, authority.StateWithdrawn, "the applicant does not want the certificate: wrong name"},
		{"too late", func(w *world, out *authority.Outcome) (*authority.Outcome, error) {
			w.pass(25 * time.Hour)
			return w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: make([]byte, 32)})
		}, authority.StateRefused, "nobody showed in time to hold the private key: the time ended on 2026-03-02T10:00:00Z"},
		{"nobody answers", func(w *world, out *authority.Outcome) (*authority.Outcome, error) {
			if n, err := w.Lapse(t.Context()); n != 0 || err != nil {
				t.Errorf("%d lapsed before their time, %v", n, err)
			}
			w.pass(25 * time.Hour)
			check(t, w.Tidy(t.Context()))
			return w.Ticket(t.Context(), out.Ticket.ID)
		}, authority.StateRefused, "nobody showed in time"},
		{"revoked before", func(w *world, out *authority.Outcome) (*authority.Outcome, error) {
			_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: out.Ticket.CA, Serial: out.Ticket.Serial, Reason: crl.CessationOfOperation, By: "officer"})
			check(t, err)
			return w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: make([]byte, 32)})
		}, authority.StateRefused, "the certificate was revoked before it was confirmed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			out := w.unconfirmed(t, newKey(t, "x25519"))
			lists, err := w.PublishCRL(t.Context(), out.Ticket.CA, authority.FullCRL, -1, "system")
			check(t, err)
			if lists[0].Entries != 0 {
				t.Error("an unconfirmed certificate is listed")
			}
			done, err := c.end(w, out)
			check(t, err)
			if done.Ticket.State != c.state || done.Certificate != nil || done.Refusal == nil || c.state == authority.StateRefused && !strings.Contains(done.Refusal.Detail, c.detail) {
				t.Errorf("%s: %+v", done.Ticket.State, done.Refusal)
			}
			record, err := w.store.Certificate(t.Context(), out.Ticket.CA, out.Ticket.Serial)
			check(t, err)
			if record.Status != authority.StatusRevoked {
				t.Errorf("the certificate is %s", record.Status)
			}
			lists, err = w.PublishCRL(t.Context(), out.Ticket.CA, authority.FullCRL, -1, "system")
			check(t, err)
			if lists[0].Entries != 1 {
				t.Errorf("%d certificates are listed", lists[0].Entries)
			}
			w.sound(t)
		})
	}
}

// TestChallenge: with challenge and response nothing is issued before the
// answer, and nothing at all for a wrong one.
func TestChallenge(t *testing.T) {
	w := newWorld(t)
	k := newKey(t, "x25519")
	ask := func() *authority.Outcome {
		t.Helper()
		out, err := w.Submit(t.Context(), device(parsed(t, message(t, k, func(s *crmf.Spec) { s.Subsequent = crmf.ChallengeResponse }))[0]))
		check(t, err)
		if out.Ticket.State != authority.StateAsked || out.Holds != evidence.ByChallenge || out.Ticket.Serial != nil {
			t.Fatalf("%s: %+v", out.Ticket.State, out.Refusal)
		}
		return out
	}
	out := ask()
	_, err := w.Answer(t.Context(), out.Ticket.ID, "anna", "here I am")
	refused(t, err, request.WrongState, "waits for the answer to a challenge, not for words")
	rnd, err := crmf.ParseRand(decrypted(t, k, out.Encrypted))
	check(t, err)
	if rnd.Sender.String() != "dir:CN=Test Issuing,O=Test" {
		t.Errorf("the challenge is from %s", rnd.Sender)
	}
	done, err := w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, Answer: rnd.Number})
	check(t, err)
	if done.Ticket.State != authority.StateIssued || done.Certificate == nil {
		t.Errorf("%s: %+v", done.Ticket.State, done.Refusal)
	}
	out = ask()
	done, err = w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, Answer: big.NewInt(7)})
	check(t, err)
	if done.Ticket.State != authority.StateRefused || done.Refusal.Reason != request.BadPossession || done.Refusal.Detail != "the answer to the challenge is wrong" {
		t.Errorf("%s: %+v", done.Ticket.State, done.Refusal)
	}
	n := 0
	for range w.store.Certificates(t.Context(), authority.Query{Profile: "device"}) {
		n++
	}
	if n != 1 {
		t.Errorf("%d certificates were issued, want 1", n)
	}
	w.sound(t)
}

// TestConfirmInTheClear: a certificate that its holder asked to confirm is
// had at once, and counts later.
func TestConfirmInTheClear(t *testing.T) {
	w := newWorld(t)
	s := device(parsed(t, message(t, newKey(t, "ecdsa-p256"), nil))[0])
	s.Asked.Confirm, s.IdempotencyKey = true, "once"
	for _, repeated := range []bool{false, true} {
		out, err := w.Submit(t.Context(), s)
		check(t, err)
		if out.Ticket.State != authority.StateUnconfirmed || out.Certificate == nil || out.Encrypted != nil || out.Holds != "" || out.Until.IsZero() || out.Repeated != repeated || len(out.Chain) == 0 {
			t.Fatalf("%s: %+v", out.Ticket.State, out)
		}
		if standing, _, err := w.Standing(t.Context(), out.Ticket.CA, out.Certificate.Serial); err != nil || standing != authority.StandingUnknown {
			t.Errorf("an unconfirmed certificate is %s, %v", standing, err)
		}
	}
	out, err := w.Submit(t.Context(), s)
	check(t, err)
	sum := sha256.Sum256(out.Certificate.DER)
	done, err := w.Confirm(t.Context(), authority.Confirmation{Ticket: out.Ticket.ID, CertHash: sum[:]})
	check(t, err)
	if done.Ticket.State != authority.StateIssued || done.Certificate.Status != authority.StatusValid {
		t.Errorf("%+v", done.Ticket)
	}
}

// meddler is a linter that does something to a request that was judged.
type meddler func()

func (m meddler) Lint(context.Context, []byte) ([]issuance.Finding, error) {
	m()
	return nil, nil
}

// TestNothingEncrypted: where encrypting to a key fails after judging, the
// request is refused like any other, recorded, and nothing is issued.
func TestNothingEncrypted(t *testing.T) {
	w := newWorld(t)
	person, ok := issuance.BuiltInText("person")
	if !ok {
		t.Fatal("there is no profile person")
	}
	w.profiles["linted"] = strings.Replace(string(person), "name: person", "name: linted", 1)
	w.profiles["linted"] = strings.Replace(w.profiles["linted"], "set: private", "set: web", 1)
	k := newKey(t, "x25519")
	for _, subsequent := range []crmf.Subsequent{crmf.EncryptedCertificate, crmf.ChallengeResponse} {
		r := parsed(t, personal(t, k, subsequent))[0]
		a := w.another(t, map[string]authority.Linter{"zlint": meddler(func() { r.PublicKey = newKey(t, "ed25519").Public })})
		s := submission(r)
		s.Profile = "linted"
		out, err := a.Submit(t.Context(), s)
		check(t, err)
		if out.Ticket.State != authority.StateRefused || out.Refusal == nil || out.Refusal.Reason != request.BadKey ||
			!strings.HasPrefix(out.Refusal.Detail, "nothing can be encrypted to the key of the request (Ed25519)") || out.Encrypted != nil || out.Certificate != nil {
			t.Errorf("%+v, refusal %+v", out.Ticket, out.Refusal)
		}
		recorded, err := w.Ticket(t.Context(), out.Ticket.ID)
		check(t, err)
		if recorded.Ticket.State != authority.StateRefused || recorded.Ticket.Serial != nil || recorded.Refusal.Reason != request.BadKey {
			t.Errorf("recorded as %+v", recorded.Ticket)
		}
	}
	for c := range w.store.Certificates(t.Context(), authority.Query{}) {
		if c.Profile == "linted" {
			t.Errorf("certificate %x was issued", c.Serial)
		}
	}
	w.sound(t)
}

func personal(t *testing.T, k *key.Private, subsequent crmf.Subsequent) *crmf.Message {
	t.Helper()
	mail, err := ext.ParseGeneralName("email:ann@example.org")
	check(t, err)
	return message(t, k, func(s *crmf.Spec) {
		subject := name(t, "CN=Ann")
		s.Template.Subject, s.Subsequent = &subject, subsequent
		s.Template.Extensions = []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{mail}, false)}
	})
}
