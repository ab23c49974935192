package cmp

import (
	"bytes"
	"crypto/rand"
	"math/big"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func newKey(t testing.TB, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func name(text string) ext.GeneralName {
	n, err := dn.ParseText(text)
	if err != nil {
		panic(err)
	}
	return ext.NewDirectoryName(n)
}

func moment() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// fullHeader has every field.
func fullHeader() Header {
	return Header{
		Version: Version3, Sender: name("CN=device"), Recipient: name("CN=ca"), Time: moment(), SenderKID: []byte("kid"), RecipientKID: []byte("to"),
		TransactionID: bytes.Repeat([]byte{1}, 16), SenderNonce: bytes.Repeat([]byte{2}, 16), RecipientNonce: bytes.Repeat([]byte{3}, 16),
		FreeText: []string{"hello", "grüße"},
		Info:     []Info{CertProfile("tls"), LanguageTags("de", "en"), ConfirmWaitTime(moment()), {Type: "\x2a\x03"}},
	}
}

func testSecret(t testing.TB) Protector {
	t.Helper()
	p, err := crmf.MakePBM([]byte("salt salt salt!!"), 5, 100, 5) // SHA-256
	if err != nil {
		t.Fatal(err)
	}
	return PBM(p, []byte("secret"))
}

// bodies makes one of every kind that is written here.
func bodies(t testing.TB) []Body {
	t.Helper()
	k := newKey(t, "ecdsa-p256")
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := dn.ParseText("CN=device")
	if err != nil {
		t.Fatal(err)
	}
	request, err := crmf.Create(crmf.Spec{ID: 0, Template: crmf.Template{Subject: &subject}, Key: k, Algorithm: algorithm, Proof: crmf.ProofSignature})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := EncryptFor(newKey(t, "rsa-2048").Public, cms.Identifier{}, []byte("certificate"), Version3, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	value, err := EncryptFor(newKey(t, "rsa-2048").Public, cms.Identifier{}, []byte("certificate"), Version2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate, code := listOf([]byte{2, 1, 1}), 7
	algorithmID := algorithm.Identifier
	inner, err := Build(fullHeader(), NewPKIConfirm(), testSecret(t))
	if err != nil {
		t.Fatal(err)
	}
	refused := Reject(BadPOP|DuplicateCertReq, "no", "nein")
	reply := Reply{CAPubs: [][]byte{certificate}, Responses: []Response{
		{ID: big.NewInt(0), Pair: &KeyPair{Certificate: certificate, PrivateKey: sealed, Publication: listOf([]byte{2, 1, 0})}, Info: []byte("info")},
		{ID: big.NewInt(-1), Status: refused}, {ID: big.NewInt(2), Pair: &KeyPair{Encrypted: sealed}}, {ID: big.NewInt(3), Pair: &KeyPair{Encrypted: value}},
		{ID: big.NewInt(4), Status: StatusInfo{Status: Waiting}},
	}}
	return []Body{
		NewRequests(InitializationRequest, request), NewRequests(CertificationRequest, request), NewRequests(KeyUpdateRequest, request),
		NewReply(InitializationResponse, reply), NewReply(CertificationResponse, reply), NewReply(KeyUpdateResponse, reply),
		NewRevocations(Revocation{Template: crmf.Template{Issuer: &subject, Serial: big.NewInt(5)}, Extensions: []ext.Extension{ext.NewReasonCode(1)}}),
		NewRevocationReply(RevocationReply{Statuses: []StatusInfo{{}, refused}, Certificates: []crmf.CertID{{Issuer: name("CN=ca"), Serial: big.NewInt(5)}}, CRLs: [][]byte{certificate}}),
		NewConfirmations(CertStatus{Hash: []byte("hash"), ID: big.NewInt(0), Status: &refused, Algorithm: &algorithmID}, CertStatus{Hash: []byte("x"), ID: big.NewInt(1)}),
		NewPKIConfirm(), NewPollRequest(big.NewInt(0), big.NewInt(-1)), NewPolls(Poll{ID: big.NewInt(0), CheckAfter: 60, Reason: []string{"a person decides"}}, Poll{ID: big.NewInt(1)}),
		NewInfos(GeneralMessage, Info{Type: InfoCACerts}, Info{Type: InfoCurrentCRL}), NewInfos(GeneralResponse, NewSequence(InfoCACerts, certificate), ImplicitConfirm()),
		NewError(ErrorContent{Status: refused, Code: &code, Details: []string{"detail"}}), NewError(ErrorContent{Status: StatusInfo{Status: Waiting}}), NewNested(inner, inner),
	}
}

func TestMessagesComeBack(t *testing.T) {
	for _, body := range bodies(t) {
		for _, p := range []Protector{nil, testSecret(t)} {
			m, err := Build(fullHeader(), body, p, listOf(), listOf([]byte{5, 0}))
			if err != nil {
				t.Fatalf("%v: %v", body.Kind, err)
			}
			if err := der.Strict(m.Raw); err != nil {
				t.Errorf("%v: %v", body.Kind, err)
			}
			if !bytes.Equal(m.Header.encode(), m.Header.Raw) || len(m.ExtraCerts) != 2 || (p == nil) != (m.Protection == nil) {
				t.Errorf("%v: the header or what is around it is another one", body.Kind)
			}
			again, err := rewrite(m.Body)
			if err != nil || !bytes.Equal(again.Raw, body.Raw) {
				t.Errorf("%v: %v\n%x\n%x", body.Kind, err, body.Raw, again.Raw)
			}
			if p != nil && m.VerifySecret([]byte("secret")) != nil {
				t.Errorf("%v: the protection does not verify", body.Kind)
			}
			if p != nil && m.VerifySecret([]byte("Secret")) != ErrProtection {
				t.Errorf("%v: another secret verifies", body.Kind)
			}
		}
	}
}

func TestEachBodyIsReadAsWhatItIs(t *testing.T) {
	for _, body := range bodies(t) {
		wrong := Body{Kind: PopChallenge, Content: body.Content}
		for _, read := range []func(Body) error{
			func(b Body) error { _, err := b.Requests(); return err }, func(b Body) error { _, err := b.Reply(); return err }, func(b Body) error { _, err := b.PKCS10(); return err },
			func(b Body) error { _, err := b.Revocations(); return err }, func(b Body) error { _, err := b.RevocationReply(); return err }, func(b Body) error { _, err := b.Infos(); return err },
			func(b Body) error { _, err := b.Error(); return err }, func(b Body) error { _, err := b.Confirmations(); return err }, func(b Body) error { _, err := b.PollIDs(); return err },
			func(b Body) error { _, err := b.Polls(); return err }, func(b Body) error { _, err := b.Nested(); return err },
		} {
			if err := read(wrong); err == nil || !strings.HasPrefix(err.Error(), "the body is popdecc, not ") {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestPBMAC1(t *testing.T) {
	p, err := crmf.NewPBMAC1(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Build(fullHeader(), NewPKIConfirm(), PBMAC1(p, []byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	if !m.ByMAC() || m.VerifySecret([]byte("secret")) != nil || m.VerifySecret([]byte("other")) != ErrProtection {
		t.Error("the protection is not one by PBMAC1")
	}
	same, err := SameMAC(m, []byte("secret"))
	if err != nil || same.Algorithm().ID != crmf.PBMAC1ID {
		t.Errorf("%v", err)
	}
	if m, err = Build(fullHeader(), NewPKIConfirm(), testSecret(t)); err != nil {
		t.Fatal(err)
	}
	if same, err = SameMAC(m, []byte("secret")); err != nil || same.Algorithm().ID != crmf.PasswordBasedMAC {
		t.Errorf("%v", err)
	}
	if _, err := SameMAC(&Message{}, nil); err != ErrUnprotected {
		t.Error(err)
	}
}

func TestFailureInfo(t *testing.T) {
	for n, want := range failureNames {
		f := FailureInfo(1) << n
		if got := f.String(); got != want {
			t.Errorf("bit %d is %s, not %s", n, got, want)
		}
		body := NewError(ErrorContent{Status: Reject(f)})
		c, err := body.Error()
		if err != nil || c.Status.Failure != f || !c.Status.Failure.Has(f) || c.Status.Failure.Has(f<<1) {
			t.Errorf("%s: %+v, %v", want, c, err)
		}
	}
	if got := Reject(BadAlg|BadPOP|1<<30, "a", "b").String(); got != "rejection (badAlg, badPOP, bit 30): a; b" {
		t.Error(got)
	}
	for n, want := range []string{"accepted", "grantedWithMods", "rejection", "waiting", "revocationWarning", "revocationNotification", "keyUpdateWarning", "status 7"} {
		if got := Status(n).String(); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}

func TestInfoValues(t *testing.T) {
	first := []byte{0x30, 3, 2, 1, 1}
	subject, err := dn.ParseText("CN=x")
	if err != nil {
		t.Fatal(err)
	}
	algorithm := newKey(t, "ecdsa-p256").Public.Algorithm
	if got, err := CertProfile("a", "b").Texts(); err != nil || len(got) != 2 || got[1] != "b" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := ConfirmWaitTime(moment()).Time(); err != nil || !got.Equal(moment()) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := NewSequence(InfoCACerts, first, first).Sequence(); err != nil || len(got) != 2 || !bytes.Equal(got[1], first) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := NewSequence(InfoSignKeyPairTypes, algorithm.Raw).Algorithms(); err != nil || len(got) != 1 || got[0].ID != oid.ECPublicKey {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := NewRootUpdate(RootUpdate{first, nil, first}).RootUpdate(); err != nil || got.NewWithOld != nil || !bytes.Equal(got.OldWithNew, first) || !bytes.Equal(got.NewWithNew, first) {
		t.Errorf("%v, %v", got, err)
	}
	wanted := RequestTemplate{Template: crmf.Template{Subject: &subject}, Algorithms: []key.AlgorithmIdentifier{algorithm}, RSABits: []int{3072, 4096}}
	if got, err := NewRequestTemplate(wanted).RequestTemplate(); err != nil || got.Template.Subject.String() != "CN=x" || len(got.Algorithms) != 1 || len(got.RSABits) != 2 || got.RSABits[1] != 4096 {
		t.Errorf("%+v, %v", got, err)
	}
	statuses := []CRLStatus{{Issuer: []ext.GeneralName{name("CN=ca")}, ThisUpdate: moment()}, {Point: []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte("http://x/crl"))}}}
	if got, err := NewCRLStatusList(statuses...).CRLStatusList(); err != nil || len(got) != 2 || got[0].Issuer[0].String() != statuses[0].Issuer[0].String() || !got[0].ThisUpdate.Equal(moment()) || len(got[1].Point) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	m, err := Build(fullHeader(), NewPKIConfirm(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OriginalMessages(m).Messages(); err != nil || len(got) != 1 || !bytes.Equal(got[0].Raw, m.Raw) {
		t.Errorf("%v, %v", got, err)
	}
	for want, read := range map[string]func() error{
		"confirmWaitTime: found NULL where GeneralizedTime belongs": func() error { _, err := Info{InfoConfirmWaitTime, []byte{5, 0}}.Time(); return err },
		"caCerts: SEQUENCE is missing":                              func() error { _, err := Info{Type: InfoCACerts}.Sequence(); return err },
		"rootCaKeyUpdate: newWithNew: SEQUENCE is missing":          func() error { _, err := Info{InfoRootCAKeyUpdate, listOf()}.RootUpdate(); return err },
		"certReqTemplate: certTemplate: SEQUENCE is missing":        func() error { _, err := Info{InfoCertReqTemplate, listOf()}.RequestTemplate(); return err },
		"1.2.3: SEQUENCE is missing":                                func() error { _, err := Info{Type: "\x2a\x03"}.Texts(); return err },
	} {
		if err := read(); err == nil || !strings.HasPrefix(err.Error(), want) && !strings.Contains(err.Error(), "GeneralizedTime") {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func TestRules(t *testing.T) {
	whole := func() *Message {
		h := fullHeader()
		h.Info = nil
		m, err := Build(h, NewPKIConfirm(), testSecret(t))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	later := Rules{Now: moment(), Window: time.Minute, TransactionID: bytes.Repeat([]byte{1}, 16), Nonce: bytes.Repeat([]byte{3}, 16)}
	if f := whole().Check(later); f != nil {
		t.Error(f)
	}
	for _, c := range []struct {
		info   FailureInfo
		want   string
		change func(*Message, *Rules)
	}{
		{UnsupportedVersion, "the protocol version is 1; 2 and 3 are spoken here", func(m *Message, _ *Rules) { m.Header.Version = 1 }},
		{BadTime, "messageTime is missing", func(m *Message, _ *Rules) { m.Header.Time = time.Time{} }},
		{BadTime, "messageTime is 2026-11-21T12:00:00Z, but it is 2026-11-21T13:00:00Z here; set the clock", func(_ *Message, r *Rules) { r.Now = r.Now.Add(time.Hour) }},
		{BadTime, "messageTime is 2026-11-21T12:00:00Z, but it is 2026-11-21T11:00:00Z here; set the clock", func(_ *Message, r *Rules) { r.Now = r.Now.Add(-time.Hour) }},
		{BadMessageCheck, "the message has a protection but no protectionAlg", func(m *Message, _ *Rules) { m.Header.Algorithm = nil }},
		{BadMessageCheck, "the message has a protectionAlg but no protection", func(m *Message, _ *Rules) { m.Protection = nil }},
		{BadMessageCheck, "the sender is no directoryName", func(m *Message, _ *Rules) { m.Header.Sender.Kind = ext.URI }},
		{BadMessageCheck, "senderKID is missing: it has to say which secret protects the message", func(m *Message, _ *Rules) { m.Header.SenderKID = nil }},
		{BadMessageCheck, "neither senderKID nor extraCerts say which key protects the message", func(m *Message, _ *Rules) { m.Header.SenderKID, m.Header.Algorithm.ID = nil, oid.ECDSAWithSHA256 }},
		{BadDataFormat, "transactionID is missing", func(m *Message, _ *Rules) { m.Header.TransactionID = nil }},
		{BadDataFormat, "transactionID has 3 octets; it must have 16", func(m *Message, _ *Rules) { m.Header.TransactionID = make([]byte, 3) }},
		{BadDataFormat, "transactionID has 65 octets; it must have 16", func(m *Message, _ *Rules) { m.Header.TransactionID = make([]byte, 65) }},
		{BadRequest, "transactionID is that of another transaction", func(_ *Message, r *Rules) { r.TransactionID = make([]byte, 16) }},
		{BadSenderNonce, "senderNonce is missing", func(m *Message, _ *Rules) { m.Header.SenderNonce = nil }},
		{BadSenderNonce, "senderNonce has 15 octets; it must have 16 at least", func(m *Message, _ *Rules) { m.Header.SenderNonce = make([]byte, 15) }},
		{BadRecipientNonce, "the first message of a transaction has a recipNonce", func(_ *Message, r *Rules) { r.First = true }},
		{BadRecipientNonce, "recipNonce is not the nonce that was sent", func(_ *Message, r *Rules) { r.Nonce = nil }},
		{BadRequest, "the value of implicitConfirm is not NULL", func(m *Message, _ *Rules) { m.Header.Info = []Info{{Type: InfoImplicitConfirm}} }},
		{BadRequest, "implicitConfirm and confirmWaitTime exclude each other", func(m *Message, _ *Rules) { m.Header.Info = []Info{ImplicitConfirm(), ConfirmWaitTime(moment())} }},
		{BadDataFormat, "confirmWaitTime: GeneralizedTime is missing", func(m *Message, _ *Rules) { m.Header.Info = []Info{{Type: InfoConfirmWaitTime}} }},
		{BadDataFormat, "certProfile: SEQUENCE is missing", func(m *Message, _ *Rules) { m.Header.Info = []Info{{Type: InfoCertProfile}} }},
	} {
		m, r := whole(), later
		c.change(m, &r)
		f := m.Check(r)
		if f == nil || f.Info != c.info || f.Error() != c.want {
			t.Errorf("%+v; want %v, %q", f, c.info, c.want)
		}
	}
}

func TestEncryptedKeys(t *testing.T) {
	rsa, ec := newKey(t, "rsa-2048"), newKey(t, "ecdsa-p256")
	for _, c := range []struct {
		k       *key.Private
		version int
	}{{rsa, Version2}, {rsa, Version3}, {ec, Version3}} {
		sealed, err := EncryptFor(c.k.Public, cms.Identifier{}, []byte("content"), c.version, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decrypt(sealed, c.k.Key)
		if err != nil || string(got) != "content" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := Decrypt(sealed, newKey(t, "ecdsa-p256").Key); err != cms.ErrDecrypt {
			t.Error(err)
		}
	}
	if _, err := EncryptFor(ec.Public, cms.Identifier{}, nil, Version2, rand.Reader); err == nil || err.Error() != "writing an EncryptedValue: nothing can be encrypted to this key (EC P-256) in version 2 of the protocol; use version 3" {
		t.Error(err)
	}
}

func TestWhatIsNoMessageSaysWhy(t *testing.T) {
	m, err := Build(fullHeader(), NewPKIConfirm(), testSecret(t))
	if err != nil {
		t.Fatal(err)
	}
	deep := []byte{5, 0}
	for range 70 {
		deep = listOf(deep)
	}
	for want, raw := range map[string][]byte{
		"header: SEQUENCE is missing":                             listOf(),
		"header: pvno: INTEGER is missing":                        listOf(listOf()),
		"header: sender: the data end before the element does":    listOf(listOf([]byte{2, 1, 2})),
		"body: the data end before the element does":              listOf(m.Header.Raw),
		"body: there is no body with the tag [29]":                listOf(m.Header.Raw, []byte{0xbd, 2, 5, 0}),
		"body: there is no body with the tag SEQUENCE":            listOf(m.Header.Raw, listOf()),
		"body: pkiConf: the data end before the element does":     listOf(m.Header.Raw, []byte{0xb3, 0}),
		"protection: found NULL where BIT STRING belongs":         listOf(m.Header.Raw, m.Body.Raw, []byte{0xa0, 2, 5, 0}),
		"protection: the BIT STRING has 1 unused bits":            listOf(m.Header.Raw, m.Body.Raw, []byte{0xa0, 4, 3, 2, 1, 2}),
		"extraCerts: number 1: found NULL where SEQUENCE belongs": listOf(m.Header.Raw, m.Body.Raw, []byte{0xa1, 4, 0x30, 2, 5, 0}),
		"2 bytes too many at the end":                             append(bytes.Clone(m.Raw), 5, 0),
		"elements are nested more than 64 deep":                   deep,
	} {
		if _, err := Parse(raw); err == nil || err.Error() != "reading a CMP message: "+want {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if _, err := Parse(make([]byte, MaxSize+1)); err == nil || err.Error() != "reading a CMP message: it has 4194305 octets; at most 4194304 are taken" {
		t.Error(err)
	}
}

// readAll reads a message with everything in it, and writes it again.
func readAll(t *testing.T, data []byte) bool {
	m, err := Parse(data)
	if err != nil {
		return false
	}
	_ = m.Check(Rules{First: true})
	_ = m.VerifySecret([]byte("secret"))
	if _, err := rewrite(m.Body); err != nil {
		return false
	}
	for _, i := range m.Header.Info {
		readInfo(i)
	}
	return true
}

func readInfo(i Info) {
	_, _ = i.Texts()
	_, _ = i.Time()
	_, _ = i.Algorithms()
	_, _ = i.RootUpdate()
	_, _ = i.RequestTemplate()
	_, _ = i.CRLStatusList()
	_, _ = i.Messages()
}

func seeds(t testing.TB) [][]byte {
	var all [][]byte
	for _, body := range bodies(t) {
		m, err := Build(fullHeader(), body, testSecret(t), listOf())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Raw)
	}
	return all
}

func TestMutatedMessages(t *testing.T) {
	all := seeds(t)
	random := mathrand.New(mathrand.NewPCG(3, 4))
	accepted := 0
	for n := range 10_000 {
		data := bytes.Clone(all[n%len(all)])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(data))
			switch random.IntN(5) {
			case 0:
				data = append(data[:at], data[min(len(data), at+1+random.IntN(4)):]...)
			case 1:
				data = append(data[:at], append(bytes.Repeat([]byte{byte(random.IntN(256))}, 1+random.IntN(4)), data[at:]...)...)
			default:
				data[at] ^= 1 << random.IntN(8)
			}
			if len(data) == 0 {
				data = []byte{0}
			}
		}
		if readAll(t, data) {
			accepted++
		}
	}
	if accepted == 0 || accepted == 10_000 {
		t.Errorf("%d of 10,000 damaged messages are read", accepted)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}
