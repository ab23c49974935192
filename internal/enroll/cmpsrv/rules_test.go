package cmpsrv

import (
	"bytes"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// desk is a world with a device that enrolled, and shows what it says.
type desk struct {
	*world
	k *key.Private
	c *cert.Certificate
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := newWorld(t)
	w.secret(secret.Secret{})
	k := w.key("ecdsa-p256")
	// The quicker of the two MACs.
	p, err := crmf.MakePBM([]byte("salt of a device"), 5, 100, 5)
	check(t, err)
	client := w.client()
	client.Protector = cmp.PBM(p, []byte("a shared secret"))
	out, err := client.Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	return &desk{w, k, out.Certificate}
}

// signed is a talk protected by the device's certificate.
func (d *desk) signed() *talk { return d.signedBy(d.k, d.c) }

func (d *desk) signedBy(k *key.Private, c *cert.Certificate) *talk {
	d.t.Helper()
	x, by := d.talk(), d.clientOf(c, k)
	x.p, x.header.Sender, x.header.SenderKID, x.extra = by.Protector, by.Sender, by.SenderKID, by.ExtraCerts
	return x
}

// cr asks for another certificate, with what change makes of the request.
func (d *desk) cr(change func(*crmf.Spec)) cmp.Body {
	return cmp.NewRequests(cmp.CertificationRequest, d.message(d.key("ecdsa-p256"), change))
}

func (d *desk) genm() cmp.Body {
	return cmp.NewInfos(cmp.GeneralMessage, cmp.Info{Type: cmp.InfoCACerts})
}

// rr asks for a certificate's revocation.
func rr(c *cert.Certificate, reasons ...int) cmp.Body {
	r := cmp.Revocation{Template: crmf.Template{Issuer: &c.Issuer, Serial: c.Serial}}
	for _, n := range reasons {
		r.Extensions = append(r.Extensions, ext.NewReasonCode(n))
	}
	return cmp.NewRevocations(r)
}

// refuses asserts the failure of an error message or of the first response.
func refuses(x *talk, body cmp.Body, want cmp.FailureInfo, text string) {
	x.t.Helper()
	var s cmp.StatusInfo
	if r, err := body.Reply(); err == nil {
		s = r.Responses[0].Status
	} else if r, err := body.RevocationReply(); err == nil {
		s = r.Statuses[0]
	} else if e, err := body.Error(); err == nil {
		s = e.Status
	}
	if s.Status != cmp.Rejection || s.Failure != want || !strings.Contains(s.String(), text) {
		x.t.Errorf("%v: %v; want %v, %q", body.Kind, s, want, text)
	}
}

// header asserts what is said to a message whose header is changed.
func header(by func(*desk) *talk, want cmp.FailureInfo, text string, change func(*cmp.Header)) func(*desk) {
	return func(d *desk) {
		x := by(d)
		refuses(x, x.say(d.cr(nil), change), want, text)
	}
}

func byMAC(d *desk) *talk       { return d.world.talk() }
func bySignature(d *desk) *talk { return d.signed() }

// The rules that strict clients and suites hold a server to, each by its name:
// RFC 9810, Section 5.1.1 and 5.3; RFC 9483, Section 3 and 4.
var serverRules = map[string]func(*desk){
	"pvno is 2 or 3":                           header(byMAC, cmp.UnsupportedVersion, "version is 1", func(h *cmp.Header) { h.Version = 1 }),
	"pvno is not 4":                            header(bySignature, cmp.UnsupportedVersion, "version is 4", func(h *cmp.Header) { h.Version = 4 }),
	"sender is a directoryName for MAC":        header(byMAC, cmp.BadMessageCheck, "no directoryName", func(h *cmp.Header) { h.Sender = ext.NewGeneralName(ext.DNS, []byte("pump")) }),
	"sender is the subject of the certificate": header(bySignature, cmp.BadMessageCheck, "not the subject", func(h *cmp.Header) { h.Sender = h.Recipient }),
	"senderKID is there for MAC":               header(byMAC, cmp.BadMessageCheck, "senderKID is missing", func(h *cmp.Header) { h.SenderKID = nil }),
	"senderKID is the certificate's":           header(bySignature, cmp.BadMessageCheck, "not the key identifier", func(h *cmp.Header) { h.SenderKID = make([]byte, 20) }),
	"senderKID is there for signatures":        header(bySignature, cmp.BadMessageCheck, "senderKID is missing", func(h *cmp.Header) { h.SenderKID = nil }),
	"messageTime is there":                     header(byMAC, cmp.BadTime, "messageTime is missing", func(h *cmp.Header) { h.Time = time.Time{} }),
	"messageTime is not past":                  header(byMAC, cmp.BadTime, "set the clock", func(h *cmp.Header) { h.Time = h.Time.Add(-time.Hour) }),
	"messageTime is not to come":               header(bySignature, cmp.BadTime, "set the clock", func(h *cmp.Header) { h.Time = h.Time.Add(time.Hour) }),
	"transactionID is there":                   header(byMAC, cmp.BadDataFormat, "transactionID is missing", func(h *cmp.Header) { h.TransactionID = nil }),
	"transactionID has 16 octets":              header(byMAC, cmp.BadDataFormat, "it must have 16", func(h *cmp.Header) { h.TransactionID = h.TransactionID[:8] }),
	"transactionID has not 15 octets":          header(byMAC, cmp.BadDataFormat, "has 15 octets; it must have 16", func(h *cmp.Header) { h.TransactionID = h.TransactionID[:15] }),
	"transactionID has not 17 octets":          header(byMAC, cmp.BadDataFormat, "has 17 octets; it must have 16", func(h *cmp.Header) { h.TransactionID = append(h.TransactionID, 1) }),
	"senderNonce is there":                     header(byMAC, cmp.BadSenderNonce, "senderNonce is missing", func(h *cmp.Header) { h.SenderNonce = nil }),
	"senderNonce has 16 octets":                header(byMAC, cmp.BadSenderNonce, "it must have 16", func(h *cmp.Header) { h.SenderNonce = h.SenderNonce[:8] }),
	"recipNonce is not in a first message":     header(byMAC, cmp.BadRecipientNonce, "has a recipNonce", func(h *cmp.Header) { h.RecipientNonce = make([]byte, 16) }),
	"confirmWaitTime is a GeneralizedTime": header(byMAC, cmp.BadDataFormat, "confirmWaitTime", func(h *cmp.Header) {
		h.Info = []cmp.Info{{Type: cmp.InfoConfirmWaitTime, Value: []byte("\x17\x0d261122060000Z")}}
	}),
	"implicitConfirm is NULL": header(byMAC, cmp.BadRequest, "is not NULL", func(h *cmp.Header) { h.Info = []cmp.Info{{Type: cmp.InfoImplicitConfirm, Value: []byte{1, 1, 0}}} }),
	"implicitConfirm is not with confirmWaitTime": header(byMAC, cmp.BadRequest, "exclude each other", func(h *cmp.Header) {
		h.Info = []cmp.Info{cmp.ImplicitConfirm(), cmp.ConfirmWaitTime(h.Time)}
	}),
	"transactionID is fresh": func(d *desk) {
		x := d.world.talk()
		x.say(d.cr(nil), nil)
		x.last = nil
		refuses(x, x.say(d.cr(nil), nil), cmp.TransactionIDInUse, "begun already")
	},
	"transactionID is the sender's": func(d *desk) {
		x, y := d.world.talk(), d.signed()
		x.say(d.cr(nil), nil)
		y.header.TransactionID = x.header.TransactionID
		refuses(y, y.say(d.cr(nil), nil), cmp.TransactionIDInUse, "another sender's")
	},
	"recipNonce is the nonce sent": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		refuses(x, x.say(conf(d.t, r), func(h *cmp.Header) { h.RecipientNonce = make([]byte, 16) }), cmp.BadRecipientNonce, "not the nonce")
	},
	"messages are protected": func(d *desk) {
		x := d.world.talk()
		m, err := cmp.Build(withNonce(x), d.cr(nil), nil)
		check(d.t, err)
		refuses(x, x.send(m.Raw), cmp.BadMessageCheck, "not protected")
	},
	"protection is there with protectionAlg": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.send(withoutProtection(d.t, x.built(d.cr(nil)))), cmp.BadMessageCheck, "protectionAlg but no protection")
	},
	"protection verifies": func(d *desk) {
		x := d.signed()
		raw := bytes.Replace(x.built(d.cr(nil)).Raw, []byte("pump"), []byte("pomp"), 1)
		refuses(x, x.send(raw), cmp.BadMessageCheck, "")
	},
	"extraCerts have the certificate": func(d *desk) {
		x := d.signed()
		x.extra = nil
		refuses(x, x.say(d.cr(nil), nil), cmp.SignerNotTrusted, "send it first among the extraCerts")
		y := d.signed()
		y.extra = nil
		refuses(y, y.say(rr(d.c, 1), nil), cmp.BadMessageCheck, "send it first among the extraCerts")
	},
	"badDataFormat": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.send([]byte("no message")), cmp.BadDataFormat, "reading a CMP message")
	},
	"badPOP": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Proof = "" }), nil), cmp.BadPOP, "does not prove")
	},
	"badAlg": func(d *desk) {
		x := d.world.talk()
		algorithm, err := key.ParseAlgorithmIdentifier([]byte{0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf6, 0x7d, 7, 0x42, 13})
		check(d.t, err)
		x.p = odd{algorithm}
		refuses(x, x.say(d.cr(nil), nil), cmp.BadAlg, "cannot be checked")
	},
	"badCertTemplate by the size of the key": func(d *desk) {
		d.profiles["plant"] = strings.Replace(plant, "min: 2048", "min: 3072", 1)
		x := d.world.talk()
		refuses(x, x.say(cmp.NewRequests(cmp.CertificationRequest, d.message(d.key("rsa-2048"), nil)), nil), cmp.BadCertTemplate, "the key is RSA 2048")
	},
	"an empty subject needs a subjectAltName": func(d *desk) {
		x := d.world.talk()
		empty := name(d.t, "")
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Template.Subject = &empty }), nil), cmp.BadCertTemplate, "subject")
	},
	"unacceptedExtension by policy": func(d *desk) {
		d.profiles["plant"] = strings.Replace(plant, "extensions: {", "extensions: { unlisted: refuse, ", 1)
		x := d.world.talk()
		odd := ext.Extension{ID: "\x2a\x03\x04", Value: []byte{5, 0}}
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Template.Extensions = []ext.Extension{odd} }), nil), cmp.UnacceptedExtension, "")
	},
	"certReqId is 0": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.ID = 1 }), nil), cmp.BadRequest, "certReqId is 1")
	},
	"certReqId is -1 for p10cr": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(cmp.NewBody(cmp.PKCS10Request, d.pkcs10()), nil))
		if r.ID.Int64() != -1 || r.Pair == nil {
			d.t.Errorf("%+v", r)
		}
		if body := x.say(conf(d.t, r), nil); body.Kind != cmp.Confirmation {
			d.t.Errorf("%v", body.Kind)
		}
	},
	"raVerified is refused from an end entity": func(d *desk) {
		x := d.signed()
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified }), nil), cmp.NotAuthorized, "")
	},
	"kur is not by MAC": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.say(d.kur(d.c), nil), cmp.WrongIntegrity, "not by a shared secret")
	},
	"oldCertID of a kur is the signer's": func(d *desk) {
		x := d.signed()
		other := *d.c
		other.Serial = big.NewInt(77)
		refuses(x, x.say(d.kur(&other), nil), cmp.BadCertID, "oldCertID is not")
	},
	"no second kur while one is unconfirmed": func(d *desk) {
		x, y := d.signed(), d.signed()
		x.status(x.say(d.kur(d.c), nil))
		refuses(y, y.say(d.kur(d.c), nil), cmp.DuplicateCertReq, "under way")
	},
	"an unconfirmed certificate is not active": func(d *desk) {
		x := d.world.talk()
		k := d.key("ecdsa-p256")
		r := x.status(x.say(cmp.NewRequests(cmp.CertificationRequest, d.message(k, nil)), nil))
		c, err := cert.Parse(r.Pair.Certificate)
		check(d.t, err)
		standing, _, err := d.authority.Standing(d.t.Context(), "issuing", c.SerialBytes)
		if err != nil || standing != authority.StandingUnknown {
			d.t.Errorf("%s, %v", standing, err)
		}
		y := d.signedBy(k, c)
		refuses(y, y.say(d.genm(), nil), cmp.SignerNotTrusted, "is not confirmed yet")
	},
	"certConf is not signed by the new certificate": func(d *desk) {
		x := d.signed()
		k := d.key("ecdsa-p256")
		r := x.status(x.say(cmp.NewRequests(cmp.CertificationRequest, d.message(k, nil)), nil))
		c, err := cert.Parse(r.Pair.Certificate)
		check(d.t, err)
		y := d.signedBy(k, c)
		y.header.TransactionID, y.last = x.header.TransactionID, x.last
		refuses(y, y.say(conf(d.t, r), nil), cmp.BadRequest, "is not confirmed yet")
		if d.issued(authority.StatusUnconfirmed) != 1 {
			d.t.Error("it counts all the same")
		}
	},
	"hashAlg only with pvno 3": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		refuses(x, x.say(hashed(d.t, r), nil), cmp.BadRequest, "hashAlg is of version 3")
	},
	"hashAlg with pvno 3": func(d *desk) {
		x := d.world.talk()
		x.header.Version = cmp.Version3
		r := x.status(x.say(d.cr(nil), nil))
		if body := x.say(hashed(d.t, r), nil); body.Kind != cmp.Confirmation {
			d.t.Errorf("%v", body.Kind)
		}
	},
	"certConfirmed on a second certConf": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		x.say(conf(d.t, r), nil)
		refuses(x, x.say(conf(d.t, r), nil), cmp.CertConfirmed, "confirmed already")
	},
	"certRevoked by a revoked certificate": func(d *desk) {
		d.revoke(crl.KeyCompromise)
		x := d.signed()
		refuses(x, x.say(d.genm(), nil), cmp.CertRevoked, "is revoked")
	},
	"notAuthorized for other names": func(d *desk) {
		x := d.signed()
		other := name(d.t, "CN=other")
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Template.Subject = &other }), nil), cmp.NotAuthorized, "the subject is not")
	},
	"rr is by signature": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.say(rr(d.c), nil), cmp.WrongIntegrity, "not by a shared secret")
	},
	"rr has issuer and serial number": func(d *desk) {
		x := d.signed()
		refuses(x, x.say(cmp.NewRevocations(cmp.Revocation{Template: crmf.Template{Issuer: &d.c.Issuer}}), nil), cmp.AddInfoNotAvailable, "needs the issuer and the serial number")
	},
	"rr has one reasonCode": func(d *desk) {
		x := d.signed()
		refuses(x, x.say(rr(d.c, 1, 4), nil), cmp.BadRequest, "more than one reason")
	},
	"rr of an unknown certificate": func(d *desk) {
		x := d.signed()
		other := *d.c
		other.Serial = big.NewInt(77)
		refuses(x, x.say(rr(&other, 4), nil), cmp.BadCertID, "no certificate with this serial number")
	},
	"removeFromCRL revives": func(d *desk) {
		d.revoke(crl.CertificateHold)
		x := d.raTalk()
		if r, err := x.say(rr(d.c, 8), nil).RevocationReply(); err != nil || !r.Statuses[0].Granted() {
			d.t.Errorf("%+v, %v", r, err)
		}
		y := d.signed()
		if body := y.say(d.genm(), nil); body.Kind != cmp.GeneralResponse {
			d.t.Errorf("%v", body.Kind)
		}
	},
	"certRevoked on repetition": func(d *desk) {
		for n, want := range []cmp.FailureInfo{0, cmp.CertRevoked} {
			x := d.raTalk()
			r, err := x.say(rr(d.c, 4), nil).RevocationReply()
			if err != nil || r.Statuses[0].Failure != want {
				d.t.Errorf("%d: %+v, %v", n, r, err)
			}
		}
	},
	"certConf and pollReq are of a transaction that is there": func(d *desk) {
		for _, by := range []func(*desk) *talk{byMAC, bySignature} {
			x := by(d)
			r := x.status(x.say(d.cr(nil), nil))
			other := func(h *cmp.Header) { h.TransactionID = bytes.Repeat([]byte{7}, 16) }
			last := x.last
			refuses(x, x.say(conf(d.t, r), other), cmp.BadRequest, "certConf does not begin a transaction, and there is none with this transactionID")
			refuses(x, x.say(cmp.NewPollRequest(r.ID), other), cmp.BadRequest, "pollReq does not begin a transaction")
			x.last = last
			if body := x.say(conf(d.t, r), nil); body.Kind != cmp.Confirmation {
				d.t.Errorf("%v", body.Kind)
			}
		}
	},
	"certRevoked alone to a revoked certificate's own rr": func(d *desk) {
		d.revoke(crl.KeyCompromise)
		x := d.signed()
		body := x.say(rr(d.c, 1), nil)
		if r, err := body.RevocationReply(); err != nil || len(r.Statuses) != 1 {
			d.t.Errorf("%v: %+v, %v", body.Kind, r, err)
		}
		refuses(x, body, cmp.CertRevoked, "is revoked already")
		d.holdsHeader("rp", x)
		y := d.signed()
		other := d.another(nil)
		refuses(y, y.say(rr(other, 1), nil), cmp.CertRevoked, "the certificate of the protection is revoked")
	},
	"a certificate on hold does not release itself": func(d *desk) {
		d.revoke(crl.CertificateHold)
		x := d.signed()
		refuses(x, x.say(rr(d.c, 8), nil), cmp.CertRevoked, "is revoked already")
	},
	"wrongIntegrity by another kind of protection": func(d *desk) {
		x, y := d.signed(), d.world.talk()
		r := x.status(x.say(d.kur(d.c), nil))
		y.header.TransactionID, y.last = x.header.TransactionID, x.last
		refuses(y, y.say(conf(d.t, r), nil), cmp.WrongIntegrity, "by a shared secret, but its transaction was begun by a certificate")
	},
	"notAuthorized by another certificate": func(d *desk) {
		k := d.key("ecdsa-p256")
		c := d.another(k)
		x, y := d.signed(), d.signedBy(k, c)
		r := x.status(x.say(d.kur(d.c), nil))
		y.header.TransactionID, y.last = x.header.TransactionID, x.last
		refuses(y, y.say(conf(d.t, r), nil), cmp.NotAuthorized, "another sender's")
	},
	"senderNonce is fresh": func(d *desk) {
		x := d.world.talk()
		nonce := bytes.Repeat([]byte{9}, 16)
		same := func(h *cmp.Header) { h.SenderNonce = nonce }
		r := x.status(x.say(d.cr(nil), same))
		last := x.last
		refuses(x, x.say(conf(d.t, r), same), cmp.BadSenderNonce, "that of an earlier message")
		x.last = last
		if body := x.say(conf(d.t, r), nil); body.Kind != cmp.Confirmation {
			d.t.Errorf("%v", body.Kind)
		}
	},
	"senderNonce is fresh among all of the transaction": func(d *desk) {
		d.profiles["plant"] = strings.Replace(plant, "version: 1", "version: 1\nissuance: review", 1)
		x := d.world.talk()
		nonce := func(n byte) func(*cmp.Header) {
			return func(h *cmp.Header) { h.SenderNonce = bytes.Repeat([]byte{n}, 16) }
		}
		r := x.status(x.say(d.cr(nil), nonce(1)))
		for n := byte(2); n < 5; n++ {
			if body := x.say(cmp.NewPollRequest(r.ID), nonce(n)); body.Kind != cmp.PollResponse {
				d.t.Errorf("%d: %v", n, body.Kind)
			}
		}
		last := x.last
		for n := byte(1); n < 5; n++ {
			refuses(x, x.say(cmp.NewPollRequest(r.ID), nonce(n)), cmp.BadSenderNonce, "that of an earlier message")
			x.last = last
		}
	},
	"transactionID of an open transaction is in use": func(d *desk) {
		for _, nonce := range []func(x *talk){func(x *talk) { x.last = nil }, func(*talk) {}} {
			x := d.signed()
			x.status(x.say(d.cr(nil), nil))
			for _, body := range []cmp.Body{
				cmp.NewRequests(cmp.InitializationRequest, d.message(d.key("ecdsa-p256"), nil)), d.cr(nil), d.kur(d.c), cmp.NewBody(cmp.PKCS10Request, d.pkcs10()), rr(d.c, 1), d.genm(),
			} {
				last := x.last
				nonce(x)
				refuses(x, x.say(body, nil), cmp.TransactionIDInUse, "begun already")
				x.last = last
			}
		}
		if n := d.issued(authority.StatusUnconfirmed); n != 2 {
			d.t.Errorf("%d are unconfirmed", n)
		}
	},
	"a certConf after the time is over finds the certificate revoked": func(d *desk) {
		for _, swept := range []bool{true, false} {
			x := d.world.talk()
			r := x.status(x.say(d.cr(nil), nil))
			d.ahead += 25 * time.Hour
			if swept {
				_, err := d.authority.Lapse(d.t.Context())
				check(d.t, err)
			}
			for range 2 {
				refuses(x, x.say(conf(d.t, r), nil), cmp.CertRevoked, "nobody showed in time")
			}
		}
	},
	"a certConf of a certificate that an officer revoked": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		c, err := cert.Parse(r.Pair.Certificate)
		check(d.t, err)
		_, err = d.authority.Revoke(d.t.Context(), authority.RevocationOrder{CA: "issuing", Serial: c.SerialBytes, Reason: crl.KeyCompromise, By: "olga"})
		check(d.t, err)
		refuses(x, x.say(conf(d.t, r), nil), cmp.CertRevoked, "revoked before it was confirmed")
		y := d.world.talk()
		r = y.status(y.say(d.cr(nil), nil))
		empty := cmp.NewConfirmations()
		if body := y.say(empty, nil); body.Kind != cmp.Confirmation {
			d.t.Errorf("%v", body.Kind)
		}
		refuses(y, y.say(conf(d.t, r), nil), cmp.CertRevoked, "the certificate is revoked")
	},
	"what is wrong with a request is said in its response": func(d *desk) {
		other := *d.c
		other.Serial = big.NewInt(77)
		for _, c := range []struct {
			by   func(*desk) *talk
			body cmp.Body
			want cmp.FailureInfo
			id   int64
		}{
			{byMAC, d.cr(func(s *crmf.Spec) { s.ID = 1 }), cmp.BadRequest, 1},
			{byMAC, d.kur(d.c), cmp.WrongIntegrity, 0},
			{bySignature, d.kur(&other), cmp.BadCertID, 0},
			{bySignature, cmp.NewBody(cmp.PKCS10Request, d.pkcs10()), cmp.NotAuthorized, -1},
			{byMAC, rr(d.c, 1), cmp.WrongIntegrity, 0},
		} {
			x := c.by(d)
			body := x.say(c.body, func(h *cmp.Header) {
				if c.id < 0 {
					h.Info = []cmp.Info{cmp.CertProfile("nothing")}
				}
			})
			if body.Kind != c.body.Kind.Response() {
				d.t.Errorf("%v is answered by %v", c.body.Kind, body.Kind)
			}
			refuses(x, body, c.want, "")
			if reply, err := body.Reply(); err == nil && reply.Responses[0].ID.Int64() != c.id {
				d.t.Errorf("%v: certReqId is %s", c.body.Kind, reply.Responses[0].ID)
			}
			d.holdsHeader("a rejection", x)
		}
		x := d.signed()
		x.extra = nil
		if body := x.say(rr(d.c, 1), nil); body.Kind != cmp.RevocationResponse {
			d.t.Errorf("an rr without its certificate is answered by %v", body.Kind)
		}
		for _, body := range []cmp.Body{d.cr(nil), rr(d.c, 1)} {
			x := d.signed()
			if body := x.say(body, func(h *cmp.Header) { h.SenderNonce = nil }); body.Kind != cmp.ErrorMessage {
				d.t.Errorf("a header that breaks a rule is answered by %v", body.Kind)
			}
		}
	},
	"a certConf says which transaction it is of": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		refuses(x, x.say(conf(d.t, r), func(h *cmp.Header) { h.TransactionID = nil }), cmp.BadRequest, "transactionID is missing")
	},
	"a transaction goes on with the same kind of MAC": func(d *desk) {
		x := d.world.talk()
		r := x.status(x.say(d.cr(nil), nil))
		x.p = d.world.client().Protector
		refuses(x, x.say(conf(d.t, r), nil), cmp.BadMessageCheck, "by another MAC")
	},
	"rr says nothing else of the certificate than it says itself": func(d *desk) {
		subject, k := name(d.t, "CN=other"), d.key("ecdsa-p256").Public
		two, three := 2, 3
		good := cmp.Revocation{Template: crmf.Template{Issuer: &d.c.Issuer, Serial: d.c.Serial, Subject: &d.c.Subject, PublicKey: d.c.PublicKey, Version: &two, Extensions: d.c.Extensions[:1]}, Extensions: []ext.Extension{ext.NewReasonCode(1)}}
		for _, c := range []struct {
			change func(*crmf.Template)
			want   cmp.FailureInfo
		}{
			{func(t *crmf.Template) { t.Subject = &subject }, cmp.BadCertID},
			{func(t *crmf.Template) { t.PublicKey = k }, cmp.BadCertID},
			{func(t *crmf.Template) { t.Extensions = []ext.Extension{{ID: "\x2a\x03\x04", Value: []byte{5, 0}}} }, cmp.BadCertID},
			{func(t *crmf.Template) { t.Version = &three }, cmp.BadRequest},
			{func(t *crmf.Template) { t.Issuer = &subject }, cmp.BadCertID},
		} {
			x, r := d.signed(), good
			c.change(&r.Template)
			refuses(x, x.say(cmp.NewRevocations(r), nil), c.want, "")
		}
		if x := d.signed(); d.issued(authority.StatusRevoked) != 0 {
			d.t.Error("it is revoked all the same")
		} else if r, err := x.say(cmp.NewRevocations(good), nil).RevocationReply(); err != nil || !r.Statuses[0].Granted() {
			d.t.Errorf("%+v, %v", r, err)
		}
	},
	"rr has a reasonCode that there is": func(d *desk) {
		for _, n := range []int{7, 11, -1, 1000} {
			x := d.signed()
			refuses(x, x.say(rr(d.c, n), nil), cmp.BadDataFormat, "there is no reason")
		}
	},
	"removeFromCRL is for certificates on hold": func(d *desk) {
		x := d.raTalk()
		refuses(x, x.say(rr(d.c, 8), nil), cmp.BadCertID, "is not on hold")
	},
	"an ir, cr or kur has one request": func(d *desk) {
		for _, kind := range []cmp.BodyKind{cmp.InitializationRequest, cmp.CertificationRequest, cmp.KeyUpdateRequest} {
			x := d.signed()
			list := []*crmf.Message{d.message(d.key("ecdsa-p256"), nil), d.message(d.key("ecdsa-p256"), func(s *crmf.Spec) { s.ID = 1 })}
			body := x.say(cmp.NewRequests(kind, list...), nil)
			refuses(x, body, cmp.BadRequest, "asks for 2 certificates, and each is asked for by a message of its own here")
			if reply, err := body.Reply(); err != nil || body.Kind != kind.Response() || len(reply.Responses) != 2 || reply.Responses[1].Status.Failure != cmp.BadRequest {
				d.t.Errorf("%v: %+v, %v", body.Kind, reply, err)
			}
		}
		if n := d.issued(authority.StatusUnconfirmed); n != 0 {
			d.t.Errorf("%d were issued", n)
		}
	},
	"several requests have a certReqId each": func(d *desk) {
		d.Server.config.Several = true
		x := d.signed()
		refuses(x, x.say(cmp.NewRequests(cmp.CertificationRequest, d.message(d.key("ecdsa-p256"), nil), d.message(d.key("ecdsa-p256"), nil)), nil), cmp.BadRequest, "two requests of the message have the certReqId 0")
	},
	"certConf accepts without failInfo": func(d *desk) {
		d.confirms("has a failInfo all the same", func(s cmp.CertStatus) []cmp.CertStatus {
			s.Status = &cmp.StatusInfo{Failure: cmp.BadCertTemplate}
			return []cmp.CertStatus{s}
		})
	},
	"certConf has one status for a certificate": func(d *desk) {
		d.confirms("two statuses", func(s cmp.CertStatus) []cmp.CertStatus { return []cmp.CertStatus{s, s} })
	},
	"certConf has the certReqId of the request": func(d *desk) {
		d.confirms("no certificate with the certReqId 3 waits", func(s cmp.CertStatus) []cmp.CertStatus {
			s.ID = big.NewInt(3)
			return []cmp.CertStatus{s}
		})
	},
	"rr without a reasonCode is unspecified": func(d *desk) {
		x := d.signed()
		if r, err := x.say(rr(d.c), nil).RevocationReply(); err != nil || !r.Statuses[0].Granted() {
			d.t.Errorf("%+v, %v", r, err)
		}
		record, err := d.store.Certificate(d.t.Context(), "issuing", d.c.SerialBytes)
		if err != nil || record.Status != authority.StatusRevoked || crl.Reason(record.Reason) != crl.Unspecified {
			d.t.Errorf("%+v, %v", record, err)
		}
	},
	"certProfile has a name for a request at most": func(d *desk) {
		x := d.world.talk()
		two := func(h *cmp.Header) { h.Info = []cmp.Info{cmp.CertProfile("plant", "plant")} }
		refuses(x, x.say(d.cr(nil), two), cmp.BadRequest, "certProfile has 2 names, more than there are requests (1)")
		d.Server.config.Several = true
		y := d.world.talk()
		several := func(h *cmp.Header) { h.Info = []cmp.Info{cmp.CertProfile("plant", "reviewed")} }
		list := []*crmf.Message{d.message(d.key("ecdsa-p256"), nil), d.message(d.key("ecdsa-p256"), func(s *crmf.Spec) { s.ID = 1 })}
		refuses(y, y.say(cmp.NewRequests(cmp.CertificationRequest, list...), several), cmp.BadRequest, "names several profiles")
	},
	"rr of an unconfirmed certificate ends it": func(d *desk) {
		x, ra := d.world.talk(), d.raTalk()
		r := x.status(x.say(d.cr(nil), nil))
		c, err := cert.Parse(r.Pair.Certificate)
		check(d.t, err)
		if answer, err := ra.say(rr(c, 4), nil).RevocationReply(); err != nil || !answer.Statuses[0].Granted() {
			d.t.Errorf("%+v, %v", answer, err)
		}
		refuses(x, x.say(conf(d.t, r), nil), cmp.CertRevoked, "the certificate is revoked")
		if n := d.issued(authority.StatusUnconfirmed); n != 0 {
			d.t.Errorf("%d are unconfirmed", n)
		}
		record, err := d.store.Certificate(d.t.Context(), "issuing", c.SerialBytes)
		if err != nil || record.Status != authority.StatusRevoked {
			d.t.Errorf("%+v, %v", record, err)
		}
	},
	"implicitConfirm is not granted with a rejection": func(d *desk) {
		x := d.world.talk()
		refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Proof = "" }), func(h *cmp.Header) { h.Info = []cmp.Info{cmp.ImplicitConfirm()} }), cmp.BadPOP, "does not prove")
		if x.last.Body.Kind != cmp.CertificationResponse || x.last.Header.ImplicitConfirm() {
			d.t.Errorf("%v, %+v", x.last.Body.Kind, x.last.Header.Info)
		}
	},
	"errors are protected like the request": func(d *desk) {
		x := d.world.talk()
		x.say(d.genm(), func(h *cmp.Header) { h.Time = h.Time.Add(-time.Hour) })
		if x.last.VerifySecret([]byte("a shared secret")) != nil {
			d.t.Error("an error by MAC is not protected by MAC")
		}
		y := d.signed()
		y.say(d.genm(), func(h *cmp.Header) { h.Time = h.Time.Add(-time.Hour) })
		by, err := cert.Parse(y.last.ExtraCerts[0])
		check(d.t, err)
		if y.last.ByMAC() || y.last.VerifySignature(by.PublicKey) != nil {
			d.t.Error("an error by signature is not protected by one")
		}
	},
	"answers keep the rules of the header": func(d *desk) {
		for what, x := range map[string]*talk{"MAC": d.world.talk(), "signature": d.signed()} {
			x.say(d.genm(), nil)
			d.holdsHeader(what, x)
			x = map[string]*talk{"MAC": d.world.talk(), "signature": d.signed()}[what]
			x.say(d.cr(nil), func(h *cmp.Header) { h.Info = []cmp.Info{cmp.ImplicitConfirm()} })
			i, ok := x.last.Header.Find(cmp.InfoImplicitConfirm)
			if _, waits := x.last.Header.Find(cmp.InfoConfirmWaitTime); !ok || waits || !bytes.Equal(i.Value, []byte{byte(der.Null), 0}) {
				d.t.Errorf("%s: %+v", what, x.last.Header.Info)
			}
			d.holdsHeader(what, x)
		}
	},
}

func TestRules(t *testing.T) {
	for what, hold := range serverRules {
		t.Run(what, func(t *testing.T) { hold(newDesk(t)) })
	}
}

// holdsHeader holds the header of an answer against the rules.
func (d *desk) holdsHeader(what string, x *talk) {
	d.t.Helper()
	sent, err := cmp.Parse(x.sent)
	check(d.t, err)
	m := x.last
	if f := m.Check(cmp.Rules{Now: d.clock(), Window: time.Minute, TransactionID: sent.Header.TransactionID, Nonce: sent.Header.SenderNonce}); f != nil {
		d.t.Errorf("%s: %v", what, f)
	}
	if len(m.Header.SenderNonce) != 16 || bytes.Equal(m.Header.SenderNonce, sent.Header.SenderNonce) || m.Header.Version != sent.Header.Version || !bytes.Equal(m.Header.Recipient.Raw, sent.Header.Sender.Raw) {
		d.t.Errorf("%s: %+v", what, m.Header)
	}
	if m.ByMAC() {
		if !bytes.Equal(m.Header.SenderKID, sent.Header.SenderKID) {
			d.t.Errorf("%s: senderKID %x", what, m.Header.SenderKID)
		}
		return
	}
	by, err := cert.Parse(m.ExtraCerts[0])
	check(d.t, err)
	if sender, err := m.Header.Sender.Directory(); err != nil || !sender.Equal(by.Subject) || !bytes.Equal(m.Header.SenderKID, keyIdentifier(by)) {
		d.t.Errorf("%s: sender %v, senderKID %x", what, m.Header.Sender, m.Header.SenderKID)
	}
	issuer, err := cert.Parse(m.ExtraCerts[1])
	check(d.t, err)
	if by.CheckSignature(issuer.PublicKey) != nil {
		d.t.Errorf("%s: the chain does not follow the certificate of the protection", what)
	}
}

// confirms asserts that a certConf is refused as badRequest, and leaves the
// certificate to be confirmed.
func (d *desk) confirms(text string, change func(cmp.CertStatus) []cmp.CertStatus) {
	d.t.Helper()
	x := d.world.talk()
	r := x.status(x.say(d.cr(nil), nil))
	list, err := conf(d.t, r).Confirmations()
	check(d.t, err)
	refuses(x, x.say(cmp.NewConfirmations(change(list[0])...), nil), cmp.BadRequest, text)
	if d.issued(authority.StatusUnconfirmed) != 1 {
		d.t.Error("the certConf counts all the same")
	}
	if body := x.say(conf(d.t, r), nil); body.Kind != cmp.Confirmation {
		d.t.Errorf("%v", body.Kind)
	}
}

// another is one more certificate by the shared secret, for a key or a new one.
func (d *desk) another(k *key.Private) *cert.Certificate {
	d.t.Helper()
	if k == nil {
		k = d.key("ecdsa-p256")
	}
	out, err := d.client().Enroll(d.t.Context(), d.request(cmp.CertificationRequest, k, nil))
	check(d.t, err)
	return out.Certificate
}

// odd protects by an algorithm that nobody knows.
type odd struct{ a key.AlgorithmIdentifier }

func (o odd) Algorithm() key.AlgorithmIdentifier  { return o.a }
func (o odd) Protect(part []byte) ([]byte, error) { return part[:8], nil }

func (d *desk) kur(of *cert.Certificate) cmp.Body {
	d.t.Helper()
	old, err := crmf.NewOldCertID(crmf.CertID{Issuer: ext.NewDirectoryName(of.Issuer), Serial: of.Serial})
	check(d.t, err)
	return cmp.NewRequests(cmp.KeyUpdateRequest, d.message(d.key("ecdsa-p256"), func(s *crmf.Spec) { s.Controls = []crmf.Attribute{old} }))
}

func (d *desk) revoke(reason crl.Reason) {
	d.t.Helper()
	_, err := d.authority.Revoke(d.t.Context(), authority.RevocationOrder{CA: "issuing", Serial: d.c.SerialBytes, Reason: reason, By: "operator"})
	check(d.t, err)
}

// raTalk is a talk of a registration authority.
func (d *desk) raTalk() *talk {
	ra := d.registrationAuthority()
	x := d.world.talk()
	x.p, x.header.Sender, x.header.SenderKID, x.extra = ra.Protector, ra.Sender, ra.SenderKID, ra.ExtraCerts
	return x
}

// hashed is a certConf that names its hash.
func hashed(t *testing.T, r cmp.Response) cmp.Body {
	t.Helper()
	c, err := cert.Parse(r.Pair.Certificate)
	check(t, err)
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(oid.SHA384))
	b.End(outer)
	a, err := key.ParseAlgorithmIdentifier(b.Bytes())
	check(t, err)
	hash, _, err := cmp.CertHash(c, &a)
	check(t, err)
	return cmp.NewConfirmations(cmp.CertStatus{Hash: hash, ID: r.ID, Algorithm: &a})
}

// withoutProtection leaves the protection away, and protectionAlg where it is.
func withoutProtection(t *testing.T, m *cmp.Message) []byte {
	t.Helper()
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(m.Header.Raw, m.Body.Raw)
	b.End(outer)
	return b.Bytes()
}

// pkcs10 is a PKCS #10 request for CN=pump.
func (d *desk) pkcs10() []byte {
	d.t.Helper()
	d.sh("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout p10.key -subj /CN=pump -outform DER -out p10.der 2>/dev/null")
	return d.read("p10.der")
}
