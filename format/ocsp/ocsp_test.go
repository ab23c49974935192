package ocsp_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
)

func TestRefusals(t *testing.T) {
	for status, name := range map[ocsp.Status]string{
		ocsp.MalformedRequest: "malformedRequest", ocsp.InternalError: "internalError", ocsp.TryLater: "tryLater",
		ocsp.SigRequired: "sigRequired", ocsp.Unauthorized: "unauthorized",
	} {
		r, err := ocsp.ParseResponse(ocsp.Refusal(status))
		check(t, err)
		if r.Status != status || r.Status.String() != name || r.Basic != nil {
			t.Errorf("%v: %+v", status, r)
		}
		if _, problems := r.Check(ocsp.Expected{}); len(problems) != 1 || problems[0].Code != ocsp.NoAnswer || problems[0].Fix == "" || !strings.Contains(problems[0].Detail, name) {
			t.Errorf("%v: %+v", status, problems)
		}
	}
	if ocsp.Status(9).String() != "status 9" {
		t.Error(ocsp.Status(9).String())
	}
}

func TestTwoNonces(t *testing.T) {
	first, err := ocsp.NewNonce([]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ocsp.Nonce([]ext.Extension{first, first}); !errors.Is(err, ocsp.ErrNonce) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestNonce(t *testing.T) {
	for length, ok := range map[int]bool{0: false, 1: true, 16: true, 32: true, 128: true, 129: false} {
		value := bytes.Repeat([]byte{1}, length)
		e, err := ocsp.NewNonce(value)
		if (err == nil) != ok {
			t.Errorf("a nonce of %d octets: %v", length, err)
			continue
		}
		if !ok {
			e = ext.Extension{ID: oid.OCSPNonce, Value: append([]byte{4, 0x81, byte(length)}, value...)}
		}
		got, err := ocsp.Nonce([]ext.Extension{e})
		if ok != (err == nil) || ok && !bytes.Equal(got, value) || !ok && !errors.Is(err, ocsp.ErrNonce) {
			t.Errorf("%d octets are read as %x, %v", length, got, err)
		}
	}
	if _, err := ocsp.Nonce([]ext.Extension{{ID: oid.OCSPNonce, Value: []byte{1, 2, 3}}}); !errors.Is(err, ocsp.ErrNonce) {
		t.Error(err)
	}
}

func TestExtensionsRoundTrip(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	cutoff := now.Add(-1000 * time.Hour)
	one := good(certID(t, crypto.SHA1, ca, 2))
	one.Extensions = []ext.Extension{ocsp.NewArchiveCutoff(cutoff)}
	r := answer(t, ca, nil, func(r *ocsp.ResponseTemplate) { r.Extensions = []ext.Extension{ocsp.NewExtendedRevoke()} }, one)
	if got, err := ocsp.ArchiveCutoff(r.Basic.Responses[0].Extensions); err != nil || !got.Equal(cutoff) {
		t.Errorf("archive cutoff %v, %v", got, err)
	}
	if _, ok := ext.Find(r.Basic.Extensions, oid.OCSPExtendedRevoke); !ok {
		t.Error("extended revoke is lost")
	}
	text := openssl(t, "ocsp", "-respin", write(t, "resp", r.Raw), "-resp_text", "-noverify")
	if !strings.Contains(text, "OCSP Archive Cutoff") {
		t.Error(text)
	}
	if got, err := ocsp.ArchiveCutoff(nil); err != nil || !got.IsZero() {
		t.Errorf("no archive cutoff is %v, %v", got, err)
	}
	if _, err := ocsp.ArchiveCutoff([]ext.Extension{{ID: oid.OCSPArchiveCutoff, Value: []byte{5, 0}}}); err == nil {
		t.Error("NULL is no archive cutoff")
	}
}

func TestAcceptableAndCritical(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	request := func(outer, inner []ext.Extension) *ocsp.Request {
		raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(t, crypto.SHA1, ca, 2), Extensions: inner}}, Extensions: outer})
		check(t, err)
		r, err := ocsp.ParseRequest(raw)
		check(t, err)
		return r
	}
	if r := request([]ext.Extension{ocsp.NewAcceptableResponses([]oid.OID{oid.Data, oid.BasicOCSPResponse})}, nil); !r.AcceptsBasic() {
		t.Error("basic is acceptable")
	}
	if r := request([]ext.Extension{ocsp.NewAcceptableResponses([]oid.OID{oid.Data})}, nil); r.AcceptsBasic() {
		t.Error("basic is not acceptable")
	}
	if r := request([]ext.Extension{{ID: oid.OCSPResponse, Value: []byte{5, 0}}}, nil); r.AcceptsBasic() {
		t.Error("NULL accepts nothing")
	}
	critical := ext.Extension{ID: oid.Data, Critical: true, Value: []byte{5, 0}}
	for _, r := range []*ocsp.Request{request([]ext.Extension{critical}, nil), request(nil, []ext.Extension{critical})} {
		if id, found := r.UnknownCritical(); !found || id != oid.Data {
			t.Error("a critical extension is passed over")
		}
	}
	if _, found := request(nil, nil).UnknownCritical(); found {
		t.Error("there is no critical extension")
	}
}

func TestCertID(t *testing.T) {
	ca, other := issue(t, "CA", 1, nil, nil), issue(t, "CA", 1, nil, nil)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		id := certID(t, hash, ca, 0x80)
		if id.Hash() != hash || !id.Of(ca.Certificate) || id.Of(other.Certificate) || id.SerialNumber().Int64() != 0x80 || !bytes.Equal(id.Serial, []byte{0x80}) {
			t.Errorf("%v: %+v", hash, id)
		}
	}
	negative, err := ocsp.NewCertID(crypto.SHA1, ca.Certificate, big.NewInt(-5))
	check(t, err)
	if !negative.Negative || negative.SerialNumber().Int64() != -5 {
		t.Errorf("%+v", negative)
	}
	if _, err := ocsp.NewCertID(crypto.MD5, ca.Certificate, big.NewInt(1)); err == nil {
		t.Error("MD5 is no hash to name certificates by")
	}
	strange := certID(t, crypto.SHA1, ca, 1)
	strange.HashAlgorithm.Parameters = []byte{2, 1, 1}
	if strange.Hash() != 0 || strange.Of(ca.Certificate) {
		t.Error("a hash with parameters is not known")
	}
}

func TestCreateWantsWhatIsNeeded(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	if _, err := ocsp.CreateRequest(ocsp.RequestTemplate{}); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Error(err)
	}
	if _, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(t, crypto.SHA1, ca, 1)}}, Signer: ca.key, Algorithm: ca.algorithm(t)}); err == nil || !strings.Contains(err.Error(), "name of who asks") {
		t.Error(err)
	}
	if _, err := ocsp.CreateResponse(ocsp.ResponseTemplate{}, ca.key, ca.algorithm(t), nil); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Error(err)
	}
	strange := good(certID(t, crypto.SHA1, ca, 1))
	strange.Status = 7
	if _, err := ocsp.CreateResponse(ocsp.ResponseTemplate{Responses: []ocsp.SingleResponse{strange}}, ca.key, ca.algorithm(t), nil); err == nil || !strings.Contains(err.Error(), "no status 7") {
		t.Error(err)
	}
}

func TestStrictDER(t *testing.T) {
	ca := issue(t, "CA", 1, nil, nil)
	raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(t, crypto.SHA1, ca, 1)}}})
	check(t, err)
	long := append([]byte{raw[0], 0x81, raw[1]}, raw[2:]...)
	for name, bad := range map[string][]byte{"long length": long, "trailing": append(bytes.Clone(raw), 0), "cut": raw[:len(raw)-1], "empty": nil, "null": {5, 0}} {
		if _, err := ocsp.ParseRequest(bad); err == nil || !strings.Contains(err.Error(), "reading an OCSP request") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ocsp.ParseResponse(bad); err == nil || !strings.Contains(err.Error(), "reading an OCSP response") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ocsp.ParseResponse([]byte{0x30, 3, 10, 1, 0}); err == nil || !strings.Contains(err.Error(), "there is no answer") {
		t.Error(err)
	}
	if _, err := ocsp.ParseRequest([]byte{0x30, 9, 0x30, 7, 0xa0, 3, 2, 1, 1, 0x30, 0}); err == nil || !strings.Contains(err.Error(), "no version 2 of OCSP") {
		t.Error(err)
	}
	written, err := ocsp.ParseRequest([]byte{0x30, 9, 0x30, 7, 0xa0, 3, 2, 1, 0, 0x30, 0})
	check(t, err)
	if len(written.Deviations) != 1 {
		t.Error("a version that is written out is not told")
	}
}

// TestCheck holds one answer after the other against what is expected.
func TestCheck(t *testing.T) {
	ca, stranger := issue(t, "CA", 1, nil, nil), issue(t, "Stranger", 1, nil, nil)
	leaf, delegate := issue(t, "leaf", 0x10, ca, nil), responder(t, ca)
	id := certID(t, crypto.SHA256, ca, 0x10)
	nonce := bytes.Repeat([]byte{9}, 32)
	with := func(value []byte) func(*ocsp.ResponseTemplate) {
		return func(r *ocsp.ResponseTemplate) {
			e, err := ocsp.NewNonce(value)
			check(t, err)
			r.Extensions = []ext.Extension{e}
		}
	}
	old, early := good(id), good(id)
	old.ThisUpdate, old.NextUpdate = now.Add(-3*time.Hour), now.Add(-2*time.Hour)
	early.ThisUpdate = now.Add(time.Hour)
	plain := issue(t, "Plain", 78, ca, nil)
	expired := issue(t, "Expired", 79, ca, func(c *x509.Certificate) {
		c.NotAfter, c.ExtKeyUsage = now.Add(-time.Minute), []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	})
	coming := issue(t, "Coming", 80, ca, func(c *x509.Certificate) {
		c.NotBefore, c.ExtKeyUsage = now.Add(time.Hour), []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	})
	foreign := responder(t, stranger)
	broken := answer(t, ca, nil, nil, good(id))
	broken.Basic.SignatureValue = bytes.Clone(broken.Basic.SignatureValue)
	broken.Basic.SignatureValue[8] ^= 1
	for name, one := range map[string]struct {
		r    *ocsp.Response
		want []ocsp.Code
		text string
	}{
		"right":           {answer(t, delegate, [][]byte{delegate.Raw}, with(nonce), good(id)), nil, ""},
		"by the issuer":   {answer(t, ca, nil, with(nonce), good(id)), nil, ""},
		"no nonce":        {answer(t, ca, nil, nil, good(id)), []ocsp.Code{ocsp.NoNonce}, "does not repeat the nonce"},
		"another nonce":   {answer(t, ca, nil, with([]byte{1}), good(id)), []ocsp.Code{ocsp.WrongNonce}, "is not that of the question"},
		"not asked":       {answer(t, ca, nil, with(nonce), good(certID(t, crypto.SHA1, ca, 0x11))), []ocsp.Code{ocsp.NotAsked}, "not about the certificate"},
		"old":             {answer(t, ca, nil, with(nonce), old), []ocsp.Code{ocsp.TooOld}, "the answer held until"},
		"early":           {answer(t, ca, nil, with(nonce), early), []ocsp.Code{ocsp.TooEarly}, "the answer holds from"},
		"no purpose":      {answer(t, plain, [][]byte{plain.Raw}, with(nonce), good(id)), []ocsp.Code{ocsp.NoSigningPurpose, ocsp.NoNoCheck}, "is not for signing OCSP answers"},
		"expired":         {answer(t, expired, [][]byte{expired.Raw}, with(nonce), good(id)), []ocsp.Code{ocsp.ResponderExpired, ocsp.NoNoCheck}, "expired on"},
		"not yet":         {answer(t, coming, [][]byte{coming.Raw}, with(nonce), good(id)), []ocsp.Code{ocsp.ResponderExpired, ocsp.NoNoCheck}, "is valid from"},
		"foreign":         {answer(t, foreign, [][]byte{foreign.Raw}, with(nonce), good(id)), []ocsp.Code{ocsp.WrongResponder}, "not from the issuer of what is asked about"},
		"no certificate":  {answer(t, delegate, nil, with(nonce), good(id)), []ocsp.Code{ocsp.WrongResponder}, "its certificate does not come along"},
		"broken":          {broken, []ocsp.Code{ocsp.BadSignature, ocsp.NoNonce}, "is not signed by"},
		"of another type": {&ocsp.Response{Type: oid.Data}, []ocsp.Code{ocsp.NoAnswer}, "which is not understood"},
	} {
		single, problems := one.r.Check(ocsp.Expected{Certificate: leaf.Certificate, Issuer: ca.Certificate, Now: now, Nonce: nonce})
		var got []ocsp.Code
		serious := false
		for _, p := range problems {
			got = append(got, p.Code)
			serious = serious || !p.Warning
			if p.Fix == "" || p.Error() != p.Detail {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if len(got) != len(one.want) || len(got) > 0 && (got[0] != one.want[0] || !strings.Contains(problems[0].Detail, one.text)) {
			t.Errorf("%s: %+v", name, problems)
		}
		if verified, err := one.r.Verify(ocsp.Expected{Certificate: leaf.Certificate, Issuer: ca.Certificate, Now: now, Nonce: nonce}); serious != (err != nil) || !serious && (verified == nil || single.Status != ocsp.Good) {
			t.Errorf("%s: verified as %v, %v", name, verified, err)
		}
	}
	trusted := ocsp.Expected{Certificate: leaf.Certificate, Issuer: ca.Certificate, Now: now}
	trusted.Trusted = append(trusted.Trusted, plain.Certificate)
	if _, err := answer(t, plain, nil, nil, good(id)).Verify(trusted); err != nil {
		t.Errorf("a trusted responder: %v", err)
	}
}

func FuzzParseRequest(f *testing.F) {
	ca := issue(f, "CA", 1, nil, nil)
	nonce, err := ocsp.NewNonce([]byte("nonce"))
	check(f, err)
	raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(f, crypto.SHA1, ca, 7)}, {CertID: certID(f, crypto.SHA256, ca, 300)}}, Extensions: []ext.Extension{nonce}})
	check(f, err)
	f.Add(raw)
	name := ext.NewDirectoryName(ca.Subject)
	signed, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: certID(f, crypto.SHA1, ca, 7)}}, RequestorName: &name, Signer: ca.key, Algorithm: ca.algorithm(f), Certificates: [][]byte{ca.Raw}})
	check(f, err)
	f.Add(signed)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ocsp.ParseRequest(data)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Raw, data) {
			t.Fatal("an octet is lost")
		}
		ocsp.Nonce(r.Extensions)
		r.AcceptsBasic()
		r.UnknownCritical()
		for _, s := range r.Requests {
			s.CertID.Of(ca.Certificate)
		}
		if r.Signature != nil || len(r.Deviations) > 0 || len(r.Requests) == 0 || len(r.Extensions) == 0 {
			return
		}
		for _, s := range r.Requests {
			if len(s.Extensions) == 0 && len(s.Raw) != len(s.CertID.Raw)+2 && len(s.CertID.Raw) < 100 {
				return // empty extensions are read, and not written
			}
		}
		again, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: r.Requests, RequestorName: r.RequestorName, Extensions: r.Extensions})
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x is written as %x, %v", data, again, err)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	ca := issue(f, "CA", 1, nil, nil)
	delegate := responder(f, ca)
	revoked := good(certID(f, crypto.SHA1, ca, 8))
	revoked.Status, revoked.RevokedAt, revoked.Reason = ocsp.Revoked, now, crl.Superseded
	revoked.Extensions = []ext.Extension{ocsp.NewArchiveCutoff(now)}
	f.Add(answer(f, delegate, [][]byte{delegate.Raw}, nil, good(certID(f, crypto.SHA1, ca, 7)), revoked).Raw)
	f.Add(ocsp.Refusal(ocsp.Unauthorized))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ocsp.ParseResponse(data)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Raw, data) {
			t.Fatal("an octet is lost")
		}
		r.Check(ocsp.Expected{Certificate: delegate.Certificate, Issuer: ca.Certificate, Now: now, Nonce: []byte{1}})
	})
}
