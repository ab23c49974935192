package cmpsrv

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// certified has the operator, or the server, issue a certificate.
func (w *world) certified(ca, profile string, from evidence.Origin) *cert.Certificate {
	w.t.Helper()
	r, err := request.FromCRMF(&crmf.Messages{List: []*crmf.Message{w.message(w.key("ecdsa-p256"), nil)}})
	check(w.t, err)
	from.Entitled = evidence.Operator()
	out, err := w.authority.Submit(w.t.Context(), authority.Submission{CA: ca, Profile: profile, Request: r[0], Origin: from})
	check(w.t, err)
	if out.Certificate == nil {
		w.t.Fatalf("%+v", out.Refusal)
	}
	c, err := cert.Parse(out.Certificate.DER)
	check(w.t, err)
	return c
}

// otherClient is a client by another secret, for another authority.
func (w *world) otherClient(ca string) *cmp.Client {
	w.t.Helper()
	value := "a secret of " + ca
	_, _, err := w.vault.New(w.t.Context(), secret.Secret{Reference: ca, CA: ca, By: "admin"}, value)
	check(w.t, err)
	p, err := crmf.NewPBMAC1(rand.Reader)
	check(w.t, err)
	x := w.client()
	x.SenderKID, x.Protector = []byte(ca), cmp.PBMAC1(p, []byte(value))
	x.Verify = func(m *cmp.Message) error { return m.VerifySecret([]byte(value)) }
	return x
}

// A registration authority has certificates of devices revoked, those of its
// authority; no authority's, nothing that speaks for one, and not the server's.
func TestReachOfRegistrationAuthorities(t *testing.T) {
	d := newDesk(t)
	_, err := d.authority.CreateCA(t.Context(), authority.NewCA{Name: "second", Subject: name(t, "CN=Test Second"), Parent: "root", KeyKind: "ecdsa-p256", By: "operator", PathLen: -1})
	check(t, err)
	byCA, err := d.otherClient("second").Enroll(t.Context(), d.request(cmp.InitializationRequest, d.key("ecdsa-p256"), nil))
	check(t, err)
	issuing, err := d.store.CA(t.Context(), "issuing")
	check(t, err)
	own, err := cert.Parse(issuing.Chain[0])
	check(t, err)
	answer, err := d.signers.of(t.Context(), "issuing")
	check(t, err)
	another, err := cert.Parse(d.registrationAuthority().ExtraCerts[0])
	check(t, err)
	operator := evidence.Origin{Door: "cli", Requester: "operator", Method: "local-user"}
	for _, c := range []struct {
		what string
		c    *cert.Certificate
		text string
	}{
		{"the issuing authority", own, "another authority than"},
		{"a device of another authority", byCA.Certificate, "another authority than"},
		{"a responder", d.certified("issuing", "ocsp", operator), "which certificates are revoked"},
		{"the signer of CMP answers", answer.Certificate, "speak in the authority's stead"},
		{"another registration authority", another, "make a registration authority"},
		{"the server's TLS", d.certified("issuing", "plant", evidence.Origin{Door: "server", Requester: "certwright serve", Method: evidence.OwnCertificate}), "the server's own"},
	} {
		for _, reason := range []int{4, 6, 8} {
			x := d.raTalk()
			body := x.say(rr(c.c, reason), nil)
			if r, err := body.RevocationReply(); err != nil || r.Statuses[0].Granted() {
				t.Errorf("%s, reason %d: %+v, %v", c.what, reason, r, err)
			}
			refuses(x, body, cmp.NotAuthorized, c.text)
		}
	}
	x := d.raTalk()
	if answer, err := x.say(rr(d.certified("issuing", "plant", operator), 4), nil).RevocationReply(); err != nil || !answer.Statuses[0].Granted() {
		t.Errorf("a device of its authority: %+v, %v", answer, err)
	}
}

// One that the root certified reaches what it asks for, certificates of the
// authority of the settings, and still no authority's.
func TestReachBySettings(t *testing.T) {
	d := newDesk(t)
	d.profiles["plant"] = strings.Replace(plant, "[clientAuth]", "[cmcRA]", 1)
	k := d.key("ecdsa-p256")
	out, err := d.otherClient("root").Enroll(t.Context(), d.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	issuing, err := d.store.CA(t.Context(), "issuing")
	check(t, err)
	own, err := cert.Parse(issuing.Chain[0])
	check(t, err)
	x := d.signedBy(k, out.Certificate)
	refuses(x, x.say(rr(own, 6), nil), cmp.NotAuthorized, "make an authority of their holder")
	x = d.signedBy(k, out.Certificate)
	if answer, err := x.say(rr(d.c, 4), nil).RevocationReply(); err != nil || !answer.Statuses[0].Granted() {
		t.Errorf("%+v, %v", answer, err)
	}
}
