package ocsp_test

import (
	"bytes"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	theirs "golang.org/x/crypto/ocsp"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
)

func TestOpenSSLReadsOurRequests(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	nonce, err := ocsp.NewNonce(bytes.Repeat([]byte{7}, 32))
	check(t, err)
	raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{
		Requests:   []ocsp.Single{{CertID: certID(t, crypto.SHA1, ca, 0x1234)}, {CertID: certID(t, crypto.SHA256, ca, 0xff)}},
		Extensions: []ext.Extension{nonce},
	})
	check(t, err)
	text := openssl(t, "ocsp", "-reqin", write(t, "req", raw), "-req_text", "-noverify")
	for _, want := range []string{"Hash Algorithm: sha1", "Hash Algorithm: sha256", "Serial Number: 1234", "Serial Number: FF", "OCSP Nonce", strings.Repeat("07", 32)} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not show %q in\n%s", want, text)
		}
	}
}

func TestSignedRequest(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	who := issue(t, "Asker", 5, ca, nil)
	name := ext.NewDirectoryName(who.Subject)
	raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{
		Requests: []ocsp.Single{{CertID: certID(t, crypto.SHA1, ca, 5)}}, RequestorName: &name,
		Signer: who.key, Algorithm: who.algorithm(t), Certificates: [][]byte{who.Raw},
	})
	check(t, err)
	r, err := ocsp.ParseRequest(raw)
	check(t, err)
	if r.RequestorName == nil || r.Signature == nil || len(r.Signature.Certificates) != 1 {
		t.Fatalf("read back: %+v", r)
	}
	if text := openssl(t, "ocsp", "-reqin", write(t, "req", raw), "-req_text", "-noverify"); !strings.Contains(text, "Requestor Name: DirName:CN = Asker") {
		t.Error(text)
	}
}

func TestWeReadOpenSSLRequests(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	leaf := issue(t, "leaf", 0xabcdef, ca, nil)
	file := filepath.Join(t.TempDir(), "req")
	openssl(t, "ocsp", "-issuer", ca.file(t), "-cert", leaf.file(t), "-sha256", "-serial", "0x99", "-reqout", file)
	raw, err := os.ReadFile(file)
	check(t, err)
	r, err := ocsp.ParseRequest(raw)
	check(t, err)
	if len(r.Requests) != 2 || !r.Requests[0].CertID.Names(leaf.Certificate, ca.Certificate) || r.Requests[1].CertID.Hash() != crypto.SHA256 {
		t.Fatalf("read: %+v", r.Requests)
	}
	if nonce, err := ocsp.Nonce(r.Extensions); err != nil || len(nonce) != 16 {
		t.Errorf("nonce %x, %v", nonce, err)
	}
	if !r.AcceptsBasic() {
		t.Error("it does not take a basic answer")
	}
}

func TestOpenSSLVerifiesOurAnswers(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	leaf, other := issue(t, "leaf", 0x10, ca, nil), issue(t, "other", 0x11, ca, nil)
	delegate := responder(t, ca)
	revoked := good(certID(t, crypto.SHA1, ca, 0x11))
	revoked.Status, revoked.RevokedAt, revoked.Reason = ocsp.Revoked, now.Add(-time.Hour), crl.KeyCompromise
	for name, r := range map[string]*ocsp.Response{
		"by the issuer": answer(t, ca, nil, nil, good(certID(t, crypto.SHA1, ca, 0x10)), revoked),
		"delegated":     answer(t, delegate, [][]byte{delegate.Raw}, nil, good(certID(t, crypto.SHA1, ca, 0x10)), revoked),
		"by name": answer(t, delegate, [][]byte{delegate.Raw}, func(r *ocsp.ResponseTemplate) {
			r.ResponderName, r.ResponderKey = &delegate.Subject, nil
		}, good(certID(t, crypto.SHA1, ca, 0x10)), revoked),
	} {
		text := openssl(t, "ocsp", "-issuer", ca.file(t), "-cert", leaf.file(t), "-cert", other.file(t), "-respin", write(t, "resp", r.Raw), "-CAfile", ca.file(t), "-no_nonce")
		if !strings.Contains(text, "Response verify OK") || !strings.Contains(text, "cert.pem: good") || !strings.Contains(text, "cert.pem: revoked") || !strings.Contains(text, "Reason: keyCompromise") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestWeVerifyOpenSSLAnswers(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	leaf, other, lost := issue(t, "leaf", 0x10, ca, nil), issue(t, "other", 0x11, ca, nil), issue(t, "lost", 0x12, ca, nil)
	delegate := responder(t, ca)
	index := fmt.Sprintf("V\t%s\t\t10\tunknown\t/CN=leaf\nR\t%s\t%s,superseded\t11\tunknown\t/CN=other\n",
		now.Add(time.Hour).Format("060102150405Z"), now.Add(time.Hour).Format("060102150405Z"), now.Add(-time.Hour).Format("060102150405Z"))
	dir := t.TempDir()
	check(t, os.WriteFile(dir+"/index", []byte(index), 0o600))
	openssl(t, "ocsp", "-issuer", ca.file(t), "-cert", leaf.file(t), "-cert", other.file(t), "-cert", lost.file(t), "-reqout", dir+"/req")
	for _, byKey := range []bool{false, true} {
		args := []string{"ocsp", "-index", dir + "/index", "-CA", ca.file(t), "-rsigner", delegate.file(t), "-rkey", delegate.keyFile(t), "-reqin", dir + "/req", "-respout", dir + "/resp", "-ndays", "1"}
		if byKey {
			args = append(args, "-resp_key_id")
		}
		openssl(t, args...)
		raw, err := os.ReadFile(dir + "/resp")
		check(t, err)
		question, err := os.ReadFile(dir + "/req")
		check(t, err)
		asked, err := ocsp.ParseRequest(question)
		check(t, err)
		nonce, err := ocsp.Nonce(asked.Extensions)
		check(t, err)
		r, err := ocsp.ParseResponse(raw)
		check(t, err)
		for c, want := range map[*party]ocsp.CertStatus{leaf: ocsp.Good, other: ocsp.Revoked, lost: ocsp.Unknown} {
			single, err := r.Verify(ocsp.Expected{Certificate: c.Certificate, Issuer: ca.Certificate, Now: now, Nonce: nonce})
			check(t, err)
			if single.Status != want || want == ocsp.Revoked && (single.Reason != crl.Superseded || !single.RevokedAt.Equal(now.Add(-time.Hour))) {
				t.Errorf("%s: %+v", c.Subject, single)
			}
		}
	}
}

func TestAgainstGoLibrary(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	leaf, delegate := issue(t, "leaf", 0x80, ca, nil), responder(t, ca)
	raw, err := theirs.CreateRequest(leaf.std, ca.std, &theirs.RequestOptions{Hash: crypto.SHA256})
	check(t, err)
	asked, err := ocsp.ParseRequest(raw)
	check(t, err)
	again, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(t, crypto.SHA256, ca, 0x80)}}})
	check(t, err)
	if !bytes.Equal(raw, again) || !asked.Requests[0].CertID.Names(leaf.Certificate, ca.Certificate) {
		t.Errorf("the same request is\n%x there and\n%x here", raw, again)
	}
	for status, want := range map[ocsp.CertStatus]int{ocsp.Good: theirs.Good, ocsp.Revoked: theirs.Revoked, ocsp.Unknown: theirs.Unknown} {
		s := good(asked.Requests[0].CertID)
		s.Status, s.RevokedAt, s.Reason = status, now, crl.CertificateHold
		got, err := theirs.ParseResponseForCert(answer(t, delegate, [][]byte{delegate.Raw}, nil, s).Raw, leaf.std, ca.std)
		check(t, err)
		if got.Status != want || !got.ThisUpdate.Equal(s.ThisUpdate) || !got.NextUpdate.Equal(s.NextUpdate) || status == ocsp.Revoked && got.RevocationReason != theirs.CertificateHold {
			t.Errorf("%v is read as %+v", status, got)
		}
	}
	made, err := theirs.CreateResponse(ca.std, ca.std, theirs.Response{Status: theirs.Revoked, SerialNumber: leaf.Serial, ThisUpdate: now, RevokedAt: now, RevocationReason: theirs.Superseded}, ca.key)
	check(t, err)
	r, err := ocsp.ParseResponse(made)
	check(t, err)
	single, err := r.Verify(ocsp.Expected{Certificate: leaf.Certificate, Issuer: ca.Certificate, Now: now})
	check(t, err)
	if single.Status != ocsp.Revoked || single.Reason != crl.Superseded || !single.NextUpdate.IsZero() {
		t.Errorf("%+v", single)
	}
	if _, err := theirs.ParseResponse(ocsp.Refusal(ocsp.TryLater), nil); err == nil || !strings.Contains(err.Error(), "try later") {
		t.Errorf("a refusal is read as %v", err)
	}
}
