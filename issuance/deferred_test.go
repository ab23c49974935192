package issuance_test

import (
	"crypto/rand"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// later is a request of a key that proves itself by decrypting.
func later(t *testing.T, how crmf.Subsequent, change func(*crmf.Spec)) *request.Request {
	t.Helper()
	k, err := key.Generate("x25519", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject := name(t, "CN=a.example.org")
	s := crmf.Spec{Template: crmf.Template{Subject: &subject, PublicKey: k.Public}, Proof: crmf.ProofKeyAgreement, Subsequent: how}
	if change != nil {
		change(&s)
	}
	m, err := crmf.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.FromMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const takes = "name: a\nversion: 1\nkeys: { x25519: true }\nvalidity: { default: 30d, maximum: 60d }\nnames: { kinds: [dns], fromCommonName: true }\nsubject: { unlisted: keep }\nextensions: { keyUsage: { default: [keyAgreement] } }\n"

func TestPossessionProvenLater(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	p := parseProfile(t, takes)
	if p.ConfirmWithin != 24*time.Hour {
		t.Errorf("the time to confirm is %v", p.ConfirmWithin)
	}
	if got := parseProfile(t, takes+"possession: { confirmWithin: 2h }\n").ConfirmWithin; got != 2*time.Hour {
		t.Errorf("the time to confirm is %v, want 2h", got)
	}
	r := later(t, crmf.EncryptedCertificate, nil)
	j := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if j.Verdict() != issuance.Accepted || !j.MustConfirm() || j.Unproven() {
		t.Fatalf("%s: %+v", j.Verdict(), j.Findings())
	}
	a, err := j.Approve()
	if err != nil {
		t.Fatal(err)
	}
	issued, err := root.issuer.Sign(a, []byte{1})
	if err != nil || !issued.Unconfirmed {
		t.Errorf("what was signed counts at once: %v", err)
	}
	r = later(t, crmf.ChallengeResponse, nil)
	j = p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if !j.Unproven() || j.MustConfirm() {
		t.Errorf("%+v", j.Findings())
	}
	if _, err := j.Approve(); err != issuance.ErrUnproven {
		t.Errorf("approved before the challenge was answered: %v", err)
	}
	held := parseProfile(t, takes+"issuance: review\n")
	if _, err := held.Judge(r, proven(r), root.issuer, issuance.Asked{}, start).ApproveAs("officer"); err != issuance.ErrUnproven {
		t.Errorf("an officer approved it before the challenge was answered: %v", err)
	}
}

func TestPossessionProvenLaterIsRefused(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := later(t, crmf.EncryptedCertificate, nil)
	refuses := parseProfile(t, takes+"possession: { deferred: refuse }\n")
	got := refuses.Judge(r, proven(r), root.issuer, issuance.Asked{}, start).Refusal()
	if got == nil || got.Reason != request.BadPossession || got.Detail != "possession of the key is to be proven later, by decrypting, which the profile refuses" || !strings.Contains(got.Rule, "profile a, line 8") {
		t.Errorf("%+v", got)
	}
	authority := parseProfile(t, "name: b\nversion: 1\nca: true\nkeys: { x25519: true }\nvalidity: { default: 30d }\nextensions: { keyUsage: { default: [keyCertSign] } }\n")
	got = authority.Judge(r, proven(r), root.issuer, issuance.Asked{}, start).Refusal()
	if got == nil || got.Reason != request.BadPossession || !strings.HasSuffix(got.Detail, "and the key of an authority must sign") {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"possession: { deferred: perhaps }\n": "deferred",
		"signature: { broken: [sha256] }\n":   `got "sha256", want one of md5, sha1`,
	} {
		if _, err := issuance.ParseProfile([]byte(takes + text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestBrokenSignatureByTheProfile(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	p := parseProfile(t, strings.Replace(takes, "x25519: true", "ec: [P-256]", 1)+"signature: { hashes: [sha256], broken: [sha1] }\n")
	e := evidence.Evidence{Possession: evidence.Possession{Proven: true, Algorithm: "md5WithRSAEncryption", Broken: "MD5 is broken"}}
	if got := p.Judge(r, e, root.issuer, issuance.Asked{}, start).Refusal(); got == nil || got.Reason != request.BadAlgorithm {
		t.Errorf("a hash that the profile does not name is taken: %+v", got)
	}
}

func TestTemplateIsFollowedOrTold(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	p := parseProfile(t, takes)
	other := name(t, "CN=Another")
	r := later(t, crmf.EncryptedCertificate, func(s *crmf.Spec) {
		s.Template.Serial, s.Template.Issuer, s.Template.SubjectUID = big.NewInt(0x77), &other, &crmf.BitString{Octets: []byte{1}}
		s.Template.Validity = &crmf.Validity{NotBefore: start.Add(time.Hour), NotAfter: start.Add(240 * time.Hour)}
		s.Controls = []crmf.Attribute{crmf.NewText(crmf.RegToken, "secret"), crmf.NewText(crmf.Authenticator, "lasting secret"), crmf.NewPublicationInfo(crmf.PublicationInfo{}), {ID: crmf.Archive, Value: []byte("\x82\x01\xff")},
			crmf.NewProtocolEncrKey(s.Template.PublicKey), {ID: "\x2a\x03", Value: []byte{5, 0}}}
		s.RegInfo = []crmf.Attribute{crmf.NewText(crmf.UTF8Pairs, "a?b%")}
	})
	j := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if j.Verdict() != issuance.Accepted {
		t.Fatalf("%+v", j.Findings())
	}
	if got := j.Planned().NotAfter; !got.Equal(start.Add(240 * time.Hour)) {
		t.Errorf("the end is %v", got)
	}
	told := map[string]string{}
	for _, c := range j.Changes() {
		told[c.Field] = c.Action
		if strings.Contains(c.Requested, "secret") {
			t.Errorf("the token is told: %+v", c)
		}
	}
	for field, action := range map[string]string{
		"serialNumber": "dropped", "issuer": "replaced", "uniqueIdentifiers": "dropped", "notBefore": "replaced", "controls.regToken": "dropped", "controls.authenticator": "", "controls.pkiPublicationInfo": "dropped",
		"controls.pkiArchiveOptions": "dropped", "controls.protocolEncrKey": "dropped", "controls.1.2.3": "dropped", "regInfo.utf8Pairs": "dropped",
	} {
		if told[field] != action {
			t.Errorf("%s is %q, want %s", field, told[field], action)
		}
	}
	long := later(t, crmf.EncryptedCertificate, func(s *crmf.Spec) {
		s.Template.Validity = &crmf.Validity{NotAfter: start.Add(10000 * time.Hour)}
	})
	if got := p.Judge(long, proven(long), root.issuer, issuance.Asked{}, start).Refusal(); got == nil || got.Reason != request.BadValidity {
		t.Errorf("a validity beyond the profile's: %+v", got)
	}
	asked := issuance.Asked{Validity: 48 * time.Hour}
	if got := p.Judge(long, proven(long), root.issuer, asked, start); got.Verdict() != issuance.Accepted {
		t.Errorf("what is asked for besides does not go before the template: %+v", got.Findings())
	}
}

// A key that the authority made is certified where the profile says so, and
// where a person decides, if it is kept until then.
func TestKeyMadeByTheAuthority(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	made := evidence.Evidence{Possession: evidence.Possession{Method: evidence.MadeByAuthority, Proven: true}}
	const allow = "keys: { ec: [P-256], central: allow }\n"
	for _, c := range []struct{ text, want string }{
		{allow, ""},
		{"keys: { ec: [P-256] }\n", "which the profile refuses"},
		{allow + "issuance: review\n", "not kept until a person decides"},
		{allow + "ca: true\nextensions: { keyUsage: { default: [keyCertSign] } }\n", "its own holder's to make"},
	} {
		p := parseProfile(t, "name: x\nversion: 1\nvalidity: { default: 30d }\nsubject: { unlisted: keep }\n"+c.text)
		got := ""
		if r := p.Judge(r, made, root.issuer, issuance.Asked{}, start).Refusal(); r != nil {
			got = r.Detail
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
	p := parseProfile(t, "name: x\nversion: 1\nvalidity: { default: 30d }\nsubject: { unlisted: keep }\n"+allow+"issuance: review\n")
	made.Possession.Made = r.PublicKey.Raw
	if j := p.Judge(r, made, root.issuer, issuance.Asked{}, start); j.Verdict() != issuance.Held {
		t.Errorf("%s: %+v", j.Verdict(), j.Findings())
	}
}
