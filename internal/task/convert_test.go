package task

import (
	"crypto"
	"crypto/rand"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// saysAll is a message with every field and control, in a batch of one.
func saysAll(t *testing.T, k *key.Private, change func(*crmf.Spec)) *request.Request {
	t.Helper()
	subject, err := dn.ParseText("CN=www.example.com")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ext.ParseGeneralName("dirname:CN=CA")
	if err != nil {
		t.Fatal(err)
	}
	oldCertID, err := crmf.NewOldCertID(crmf.CertID{Issuer: issuer, Serial: big.NewInt(7)})
	if err != nil {
		t.Fatal(err)
	}
	archive, err := crmf.NewArchiveOptions(crmf.ArchiveOptions{KeyGeneration: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	s := crmf.Spec{ID: 3, Key: k, Proof: crmf.ProofSignature,
		Template: crmf.Template{Serial: big.NewInt(5), Issuer: &subject, Subject: &subject, PublicKey: k.Public,
			Validity: &crmf.Validity{NotAfter: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}},
		Controls: []crmf.Attribute{crmf.NewText(crmf.RegToken, "once"), crmf.NewText(crmf.Authenticator, "lasting"), oldCertID, archive,
			crmf.NewPublicationInfo(crmf.PublicationInfo{Action: 1}), crmf.NewProtocolEncrKey(k.Public)},
		RegInfo: []crmf.Attribute{crmf.NewText(crmf.UTF8Pairs, "version?1%")},
	}
	if s.Algorithm, err = key.ChooseSignatureAlgorithm(k.Public, "", false); err != nil {
		t.Fatal(err)
	}
	change(&s)
	m, err := crmf.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	list, err := request.Parse(crmf.Marshal(m))
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

func signingKey(t *testing.T) *key.Private {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestConvertKeepsAllOfCRMF(t *testing.T) {
	k := signingKey(t)
	old := saysAll(t, k, func(*crmf.Spec) {})
	made, err := ConvertRequest(old, request.CRMF, k)
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Notes) != 0 {
		t.Errorf("left behind: %q", made.Notes)
	}
	if string(made.CRMF.Request.Raw) != string(old.CRMF.Request.Raw) {
		t.Error("the new CertRequest differs from the old")
	}
	if len(made.CRMF.RegInfo) != 1 || string(made.CRMF.RegInfo[0].Value) != string(old.CRMF.RegInfo[0].Value) {
		t.Errorf("regInfo is %v", made.CRMF.RegInfo)
	}
	if err := made.CRMF.CheckSignature(); err != nil {
		t.Error(err)
	}
}

func TestConvertNamesWhatIsLost(t *testing.T) {
	const pbm = "left behind: the publicKeyMAC, which shows that the sender knows a secret"
	k := signingKey(t)
	sender, err := ext.ParseGeneralName("dirname:CN=RA")
	if err != nil {
		t.Fatal(err)
	}
	pbmac, err := crmf.MakePBM([]byte("salt and pepper!"), crypto.SHA256, 1000, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	secret := func(s *crmf.Spec) { s.Template.Subject, s.Secret, s.PBM = nil, []byte("secret"), pbmac }
	bySender := func(s *crmf.Spec) { s.Template.Subject, s.Sender = nil, &sender }
	rest := []string{
		"left behind: the serial number asked for", "left behind: the issuer asked for", "left behind: the validity asked for",
		"left behind: the control oldCertID", "left behind: the control pkiArchiveOptions", "left behind: the control pkiPublicationInfo",
		"left behind: the control protocolEncrKey", "left behind: the registration information utf8Pairs",
	}
	for _, test := range []struct {
		what   string
		to     request.Format
		change func(*crmf.Spec)
		want   []string
	}{
		{"publicKeyMAC to crmf", request.CRMF, secret, []string{pbm}},
		{"publicKeyMAC to pkcs10", request.PKCS10, secret, append(rest, pbm)},
		{"sender to crmf", request.CRMF, bySender, nil},
		{"sender to pkcs10", request.PKCS10, bySender, append(rest, "left behind: the sender that the proof of possession names")},
		{"raVerified to crmf", request.CRMF, func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified },
			[]string{"left behind: the word of a registration authority (raVerified): the key proves possession itself"}},
	} {
		made, err := ConvertRequest(saysAll(t, k, test.change), test.to, k)
		if err != nil {
			t.Errorf("%s: %v", test.what, err)
			continue
		}
		got := slices.DeleteFunc(slices.Clone(made.Notes), func(n string) bool {
			return n == "left behind: the control authenticator" || n == "left behind: the control regToken"
		})
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.what, got, test.want)
		}
		if password, _ := made.ChallengePassword(); test.to == request.PKCS10 && len(made.Notes)-len(got) != 1 {
			t.Errorf("%s: of regToken and authenticator, %q goes along, and the notes are %q", test.what, password, made.Notes)
		}
	}
}
