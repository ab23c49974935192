package cmp

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// shop is a folder with an authority, a device, and messages that openssl's
// client and mock server exchanged.
type shop struct {
	dir        string
	ca, device *cert.Certificate
	caKey, key *key.Private
}

func run(t testing.TB, dir, command string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command("sh", "-ec", command)
	c.Dir, c.Stderr = dir, &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("the openssl command is needed by this test (apt-get install openssl): %s: %v\n%s%s", command, err, out, &stderr)
	}
	return out
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes
	}
	return data
}

func newShop(t testing.TB) shop {
	t.Helper()
	s := shop{dir: t.TempDir()}
	run(t, s.dir, `
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj "/O=Example/CN=mock CA" -addext keyUsage=digitalSignature,keyCertSign
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout device.key -out device.csr -subj "/CN=device"
		openssl x509 -req -in device.csr -CA ca.crt -CAkey ca.key -out device.crt -set_serial 77`)
	for name, to := range map[string]**cert.Certificate{"ca.crt": &s.ca, "device.crt": &s.device} {
		c, err := cert.Parse(read(t, s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		*to = c
	}
	for name, to := range map[string]**key.Private{"ca.key": &s.caKey, "device.key": &s.key} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if *to, err = key.ReadPrivate(data, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

const (
	byMAC       = " -ref 1234 -secret pass:secret -srv_ref 1234 -srv_secret pass:secret"
	bySignature = " -cert device.crt -key device.key -trusted ca.crt -srv_cert ca.crt -srv_key ca.key -srv_trusted ca.crt"
	mock        = "openssl cmp -config '' -use_mock_srv -rsp_cert device.crt -recipient '/O=Example/CN=mock CA' -reqout req1,req2,req3,req4 -rspout rsp1,rsp2,rsp3,rsp4 -certout out.crt "
)

// commands make openssl's client and mock server talk; want are the bodies of
// what they say, in turn.
var commands = []struct{ command, want string }{
	{"-cmd ir -newkey device.key -subject /CN=device" + byMAC, "ir ip certConf pkiConf"},
	{"-cmd ir -newkey device.key -subject /CN=device -implicit_confirm -grant_implicitconf -rsp_capubs ca.crt" + byMAC, "ir ip"},
	{"-cmd ir -newkey device.key -subject /CN=device -sans a.example -days 3 -popo 1 -disable_confirm -rsp_extracerts ca.crt -mac hmacWithSHA256 -digest sha512" + byMAC, "ir ip"},
	{"-cmd ir -newkey device.key -subject /CN=device -popo 0 -accept_raverified -poll_count 1 -check_after 1" + bySignature, "ir ip pollReq ip certConf pkiConf"},
	{"-cmd cr -newkey device.key -subject /CN=device" + bySignature, "cr cp certConf pkiConf"},
	{"-cmd kur -newkey device.key -oldcert device.crt" + bySignature, "kur kup certConf pkiConf"},
	{"-cmd p10cr -csr device.csr" + byMAC, "p10cr cp certConf pkiConf"},
	{"-cmd p10cr -csr device.csr -implicit_confirm -grant_implicitconf" + bySignature, "p10cr cp"},
	{"-cmd rr -oldcert device.crt -revreason 4" + bySignature, "rr rp"},
	{"-cmd genm -infotype caCerts -geninfo 1.2.3:int:987" + bySignature, "genm genp"},
	{"-cmd genm -infotype signKeyPairTypes" + byMAC, "genm genp"},
	{"-cmd cr -newkey device.key -subject /CN=device -pkistatus 2 -failurebits 67108865 -statusstring no || true" + byMAC, "cr cp"},
}

// captured runs one of the commands and returns the messages, in turn.
func (s shop) captured(t testing.TB, command string) []*Message {
	t.Helper()
	tail := ""
	if before, options, ok := strings.Cut(command, "|| true"); ok {
		command, tail = before+options, " || true"
	}
	run(t, s.dir, "rm -f req? rsp?; "+mock+command+tail)
	var all []*Message
	for n := 1; n <= 4; n++ {
		for _, side := range []string{"req", "rsp"} {
			data, err := os.ReadFile(filepath.Join(s.dir, fmt.Sprint(side, n)))
			if err != nil {
				continue
			}
			m, err := Parse(data)
			if err != nil {
				t.Fatalf("%s: %s %d: %v", command, side, n, err)
			}
			all = append(all, m)
		}
	}
	return all
}

func TestOpenSSLsMessages(t *testing.T) {
	s := newShop(t)
	for _, c := range commands {
		var kinds []string
		before := (*Message)(nil)
		for i, m := range s.captured(t, c.command) {
			kinds = append(kinds, m.Body.Kind.String())
			if !bytes.Equal(m.Header.encode(), m.Header.Raw) {
				t.Errorf("%s: the header of %v is written otherwise:\n%x\n%x", c.command, m.Body.Kind, m.Header.Raw, m.Header.encode())
			}
			again, err := rewrite(m.Body)
			if err != nil {
				t.Errorf("%s: %v", c.command, err)
			}
			if !bytes.Equal(again.Raw, m.Body.Raw) {
				t.Errorf("%s: the body of %v is written otherwise:\n%x\n%x", c.command, m.Body.Kind, m.Body.Raw, again.Raw)
			}
			s.checkProtection(t, m, strings.Contains(c.command, byMAC), i%2 == 0)
			rules := Rules{Now: time.Now(), Window: 5 * time.Minute, First: before == nil}
			if before != nil {
				rules.TransactionID, rules.Nonce = before.Header.TransactionID, before.Header.SenderNonce
			}
			if f := m.Check(rules); f != nil {
				t.Errorf("%s: %v breaks a rule: %v", c.command, m.Body.Kind, f)
			}
			before = m
		}
		if got := strings.Join(kinds, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.command, got, c.want)
		}
	}
}

func (s shop) checkProtection(t *testing.T, m *Message, mac, fromClient bool) {
	t.Helper()
	if m.ByMAC() != mac {
		t.Errorf("%v is protected by a MAC: %v", m.Body.Kind, m.ByMAC())
	}
	verify := func(m *Message) error { return m.VerifySecret([]byte("secret")) }
	if !mac {
		by := s.ca.PublicKey
		if fromClient {
			by = s.device.PublicKey
		}
		verify = func(m *Message) error { return m.VerifySignature(by) }
		// openssl leaves certificates out that are self-signed.
		if !fromClient {
			if !bytes.Equal(m.Header.SenderKID, s.ca.PublicKey.Identifier()) {
				t.Errorf("%v: senderKID is %x", m.Body.Kind, m.Header.SenderKID)
			}
		} else if c, err := cert.Parse(m.ExtraCerts[0]); err != nil || !key.Equal(c.PublicKey, by) {
			t.Errorf("%v: the certificate of the protection does not come first", m.Body.Kind)
		}
	}
	if err := verify(m); err != nil {
		t.Errorf("%v: %v", m.Body.Kind, err)
	}
	changed := *m
	changed.Body.Raw = append(bytes.Clone(m.Body.Raw), 0)
	if err := verify(&changed); err != ErrProtection {
		t.Errorf("%v: changed, the protection: %v", m.Body.Kind, err)
	}
	changed.Protection = nil
	if err := verify(&changed); err != ErrUnprotected {
		t.Errorf("%v: without protection: %v", m.Body.Kind, err)
	}
}

// rewrite takes a body apart and writes it again.
func rewrite(b Body) (Body, error) {
	switch b.Kind {
	case InitializationRequest, CertificationRequest, KeyUpdateRequest:
		all, err := b.Requests()
		if err != nil {
			return b, err
		}
		return NewRequests(b.Kind, all.List...), nil
	case InitializationResponse, CertificationResponse, KeyUpdateResponse:
		r, err := b.Reply()
		if err != nil {
			return b, err
		}
		return NewReply(b.Kind, *r), nil
	case PKCS10Request:
		r, err := b.PKCS10()
		if err != nil {
			return b, err
		}
		return NewBody(PKCS10Request, r.Raw), nil
	case RevocationRequest:
		all, err := b.Revocations()
		if err != nil {
			return b, err
		}
		return NewRevocations(all...), nil
	case RevocationResponse:
		r, err := b.RevocationReply()
		if err != nil {
			return b, err
		}
		return NewRevocationReply(*r), nil
	case GeneralMessage, GeneralResponse:
		all, err := b.Infos()
		if err != nil {
			return b, err
		}
		return NewInfos(b.Kind, all...), nil
	case ErrorMessage:
		c, err := b.Error()
		if err != nil {
			return b, err
		}
		return NewError(*c), nil
	case CertificateConfirmation:
		all, err := b.Confirmations()
		if err != nil {
			return b, err
		}
		return NewConfirmations(all...), nil
	case PollRequest:
		all, err := b.PollIDs()
		if err != nil {
			return b, err
		}
		return NewPollRequest(all...), nil
	case PollResponse:
		all, err := b.Polls()
		if err != nil {
			return b, err
		}
		return NewPolls(all...), nil
	case NestedMessage:
		all, err := b.Nested()
		if err != nil {
			return b, err
		}
		return NewNested(all...), nil
	case Confirmation:
		return NewPKIConfirm(), nil
	}
	return b, nil
}

// header makes the header of a first message.
func (s shop) header(t testing.TB) Header {
	t.Helper()
	nonce := func() []byte {
		b := make([]byte, 16)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	return Header{
		Version: Version2, Sender: ext.NewDirectoryName(s.device.Subject), Recipient: ext.NewDirectoryName(s.ca.Subject), Time: time.Now(),
		SenderKID: []byte("1234"), TransactionID: nonce(), SenderNonce: nonce(),
	}
}

func (s shop) protectors(t testing.TB) map[string]Protector {
	t.Helper()
	pbm, err := crmf.NewPBM(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	algorithm, err := key.ChooseSignatureAlgorithm(s.key.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Protector{byMAC: PBM(pbm, []byte("secret")), bySignature: Signature(s.key.Signer, algorithm)}
}

func (s shop) request(t testing.TB) *crmf.Message {
	t.Helper()
	algorithm, err := key.ChooseSignatureAlgorithm(s.key.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	m, err := crmf.Create(crmf.Spec{Template: crmf.Template{Subject: &s.device.Subject}, Key: s.key, Algorithm: algorithm, Proof: crmf.ProofSignature})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Our requests are understood by openssl's mock server.
func TestOurRequestsReachOpenSSL(t *testing.T) {
	s := newShop(t)
	issuer, serial := s.device.Issuer, s.device.Serial
	bodies := map[string]Body{
		"ip":   NewRequests(InitializationRequest, s.request(t)),
		"cp":   NewRequests(CertificationRequest, s.request(t)),
		"genp": NewInfos(GeneralMessage, Info{Type: InfoCACerts}),
		"rp":   NewRevocations(Revocation{Template: crmf.Template{Issuer: &issuer, Serial: serial}, Extensions: []ext.Extension{ext.NewReasonCode(4)}}),
	}
	for protection, p := range s.protectors(t) {
		for want, body := range bodies {
			h, extra := s.header(t), [][]byte(nil)
			if protection == bySignature {
				id := ext.Extension{}
				id, _ = ext.Find(s.device.Extensions, "\x55\x1d\x0e")
				h.SenderKID, _ = ext.ParseSubjectKeyIdentifier(id.Value)
				extra = [][]byte{s.device.Raw}
			}
			m, err := Build(h, body, p, extra...)
			if err != nil {
				t.Fatal(err)
			}
			if err := der.Strict(m.Raw); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(s.dir, "ours"), m.Raw, 0o600); err != nil {
				t.Fatal(err)
			}
			command := map[string]string{"ip": "-cmd ir -newkey device.key -subject /CN=device -disable_confirm", "cp": "-cmd cr -newkey device.key -subject /CN=device -disable_confirm", "genp": "-cmd genm -infotype caCerts", "rp": "-cmd rr -oldcert device.crt"}[want]
			run(t, s.dir, "rm -f rsp1; "+mock+command+" -reqin ours"+protection+" || true")
			answer, err := Parse(read(t, s.dir, "rsp1"))
			if err != nil {
				t.Fatalf("%s: %v", want, err)
			}
			if got := answer.Body.Kind.String(); got != want {
				detail, _ := answer.Body.Error()
				t.Fatalf("%v is answered by %s: %+v", body.Kind, got, detail)
			}
			if f := answer.Check(Rules{TransactionID: h.TransactionID, Nonce: h.SenderNonce}); f != nil {
				t.Error(f)
			}
			s.checkProtection(t, answer, protection == byMAC, false)
		}
	}
}
