package doctor_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/internal/doctor"
)

// world is a certificate, its issuer, and a server for what it points to.
type world struct {
	now      time.Time
	http     *httptest.Server
	root     *x509.Certificate
	rootKey  *ecdsa.PrivateKey
	leaf     *cert.Certificate
	issuer   *cert.Certificate
	handlers map[string]http.HandlerFunc
	template *x509.Certificate
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return k
}

// newWorld has everything in order.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now().UTC().Truncate(time.Second), rootKey: newKey(t), handlers: map[string]http.HandlerFunc{}}
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		place, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if h := w.handlers[place]; h != nil {
			h(rw, r)
			return
		}
		http.NotFound(rw, r)
	}))
	t.Cleanup(w.http.Close)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &w.rootKey.PublicKey, w.rootKey)
	check(t, err)
	w.root, err = x509.ParseCertificate(raw)
	check(t, err)
	w.issuer, err = cert.Parse(raw)
	check(t, err)
	w.template = &x509.Certificate{SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(500 * time.Hour),
		CRLDistributionPoints: []string{w.http.URL + "/crl"}, OCSPServer: []string{w.http.URL + "/ocsp"}, IssuingCertificateURL: []string{w.http.URL + "/ca"}}
	w.issue(t)
	w.serve("ca", "application/pkix-cert", raw)
	w.serve("crl", "application/pkix-crl", w.list(t, nil))
	w.respond(t, nil)
	return w
}

// issue makes the certificate of the template.
func (w *world) issue(t *testing.T) {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, w.template, w.root, &newKey(t).PublicKey, w.rootKey)
	check(t, err)
	w.leaf, err = cert.Parse(raw)
	check(t, err)
}

func (w *world) serve(place, kind string, body []byte) {
	w.handlers[place] = func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", kind)
		rw.Write(body)
	}
}

func (w *world) list(t *testing.T, change func(*x509.RevocationList)) []byte {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(5), ThisUpdate: w.now.Add(-time.Hour), NextUpdate: w.now.Add(10 * time.Hour)}
	if change != nil {
		change(l)
	}
	raw, err := x509.CreateRevocationList(rand.Reader, l, w.root, w.rootKey)
	check(t, err)
	return raw
}

// answering is how the responder answers.
type answering struct {
	single      ocsp.SingleResponse
	template    ocsp.ResponseTemplate
	signer      *ecdsa.PrivateKey
	certificate *cert.Certificate // of a delegated responder
	caching     string
	refuseGet   bool
}

// respond has the responder answer, changed a bit.
func (w *world) respond(t *testing.T, change func(*answering)) {
	w.handlers["ocsp"] = func(rw http.ResponseWriter, r *http.Request) {
		a := &answering{signer: w.rootKey, caching: "max-age=60"}
		if r.Method == http.MethodPost {
			question, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			q, err := ocsp.ParseRequest(question)
			if err != nil {
				t.Error(err)
				return
			}
			nonce, err := ocsp.Nonce(q.Extensions)
			if err != nil || len(nonce) != 32 {
				t.Errorf("nonce %x, %v", nonce, err)
			}
			e, _ := ocsp.NewNonce(nonce)
			a.template.Extensions = []ext.Extension{e}
		}
		id, err := ocsp.NewCertID(crypto.SHA1, w.issuer, w.leaf.Serial)
		if err != nil {
			t.Error(err)
		}
		a.single = ocsp.SingleResponse{CertID: id, ThisUpdate: w.now.Add(-time.Minute), NextUpdate: w.now.Add(time.Hour)}
		a.template.ProducedAt = w.now
		if change != nil {
			change(a)
		}
		if a.refuseGet && r.Method == http.MethodGet {
			http.Error(rw, "no", http.StatusMethodNotAllowed)
			return
		}
		public, err := key.MarshalPublic(&a.signer.PublicKey)
		if err != nil {
			t.Error(err)
		}
		algorithm, _ := key.ChooseSignatureAlgorithm(public, "", false)
		a.template.ResponderKey = public.Identifier()
		a.template.Responses = []ocsp.SingleResponse{a.single}
		var chain [][]byte
		if a.certificate != nil {
			chain = [][]byte{a.certificate.Raw}
		}
		raw, err := ocsp.CreateResponse(a.template, a.signer, algorithm, chain)
		if err != nil {
			t.Error(err)
		}
		rw.Header().Set("Content-Type", "application/ocsp-response")
		if a.caching != "" {
			rw.Header().Set("Cache-Control", a.caching)
		}
		rw.Write(raw)
	}
}

// delegate makes a responder certificate.
func (w *world) delegate(t *testing.T, change func(*x509.Certificate)) (*cert.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	k := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Responder"}, NotBefore: w.now.Add(-time.Hour), NotAfter: w.now.Add(time.Hour)}
	change(template)
	raw, err := x509.CreateCertificate(rand.Reader, template, w.root, &k.PublicKey, w.rootKey)
	check(t, err)
	c, err := cert.Parse(raw)
	check(t, err)
	return c, k
}

// examine returns the findings about the certificate itself, as
// "severity code" with their details.
func (w *world) examine(t *testing.T) (codes []string, text string) {
	t.Helper()
	d := doctor.New(doctor.Config{Client: w.http.Client(), Now: func() time.Time { return w.now }})
	reports := d.Examine(t.Context(), w.leaf, nil)
	for _, f := range reports[0].Findings {
		if f.Severity != doctor.Fine {
			codes = append(codes, string(f.Severity)+" "+f.Code)
			if f.Fix == "" {
				t.Errorf("no fix: %+v", f)
			}
		}
		text += fmt.Sprintf("%s %s %s: %s (%s)\n", f.Severity, f.Code, f.What, f.Detail, f.Fix)
	}
	return codes, text
}

func TestInOrder(t *testing.T) {
	w := newWorld(t)
	codes, text := w.examine(t)
	for _, want := range []string{"ok certificate-valid", "ok issuer-found", "ok ocsp-good", "ok crl-good crl: list 5 does not name it"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if len(codes) > 0 {
		t.Errorf("%v", codes)
	}
	reports := doctor.New(doctor.Config{Issuers: []*cert.Certificate{w.issuer}}).Examine(t.Context(), w.leaf, nil)
	if len(reports) != 2 || reports[1].Depth != 1 || !reports[1].Healthy() {
		t.Errorf("%+v", reports)
	}
}

// TestSymptoms breaks one thing after the other.
// symptom is what is wrong with what a certificate points to, and what is said.
type symptom struct {
	harm func(t *testing.T, w *world)
	want string // the codes
	text string // part of a detail
}

func TestSymptomsOfIssuersAndLists(t *testing.T) {
	p7c := func(w *world) []byte { return cms.CertsOnly([][]byte{w.issuer.Raw}, nil) }
	other := newWorld(t)
	finds(t, map[string]symptom{
		"bundle":         {func(t *testing.T, w *world) { w.serve("ca", "application/pkcs7-mime", p7c(w)) }, "", "the certificate of CN=Root"},
		"issuer missing": {func(t *testing.T, w *world) { delete(w.handlers, "ca") }, "error issuer-http|error issuer-unknown", "the server answers 404 Not Found"},
		"issuer wrong":   {func(t *testing.T, w *world) { w.serve("ca", "application/pkix-cert", other.issuer.Raw) }, "error issuer-wrong|error issuer-unknown", "is not that of the issuer"},
		"issuer damaged": {func(t *testing.T, w *world) { w.serve("ca", "application/pkix-cert", []byte("x")) }, "error issuer-damaged|error issuer-unknown", "it is no certificate"},
		"issuer in PEM": {func(t *testing.T, w *world) {
			w.serve("ca", "application/x-pem-file", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.issuer.Raw}))
		}, "warning issuer-type|warning issuer-pem", "it is in PEM"},
		"list type":    {func(t *testing.T, w *world) { w.serve("crl", "text/plain", w.list(t, nil)) }, "warning crl-type", "the server calls it text/plain, and not application/pkix-crl"},
		"list missing": {func(t *testing.T, w *world) { delete(w.handlers, "crl") }, "error crl-http", "the server answers 404"},
		"list damaged": {func(t *testing.T, w *world) { w.serve("crl", "application/pkix-crl", []byte("<html>")) }, "error crl-damaged", "it is no revocation list"},
		"list expired": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.ThisUpdate, l.NextUpdate = w.now.Add(-9*time.Hour), w.now.Add(-time.Hour)
			}))
		}, "error crl-expired", "it ended on"},
		"list late": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.ThisUpdate, l.NextUpdate = w.now.Add(-99*time.Hour), w.now.Add(time.Hour)
			}))
		}, "warning crl-late", "the next one is not there"},
		"list early": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) { l.ThisUpdate = w.now.Add(time.Hour) }))
		}, "error crl-early", "it begins on"},
		"list of another": {func(t *testing.T, w *world) { w.serve("crl", "application/pkix-crl", other.list(t, nil)) }, "error crl-signature", "it is not signed by the key of the issuer"},
		"list delta": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
			}))
		}, "error crl-delta", "it is a delta list"},
		"list scope": {func(t *testing.T, w *world) {
			e, err := ext.NewIssuingDistributionPoint(ext.IssuingDistributionPoint{FullName: []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte("http://x.test/1"))}})
			check(t, err)
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: e.Value}}
			}))
		}, "error crl-scope", "it says that it is for http://x.test/1"},
		"list critical": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
			}))
		}, "error crl-critical", "it has the critical extension 1.2.3"},
		"revoked by list": {func(t *testing.T, w *world) {
			w.serve("crl", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
				l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: w.leaf.Serial, RevocationTime: w.now, ReasonCode: 1}}
			}))
		}, "error revoked|warning contradiction", "(keyCompromise)"},
	})
}

func TestSymptomsOfAnswersAndAddresses(t *testing.T) {
	finds(t, map[string]symptom{
		"revoked by OCSP": {func(t *testing.T, w *world) {
			w.respond(t, func(a *answering) {
				a.single.Status, a.single.RevokedAt, a.single.Reason = ocsp.Revoked, w.now, crl.CertificateHold
			})
		}, "error on-hold|warning crl-behind", "it is on hold since"},
		"unknown":  {func(t *testing.T, w *world) { w.respond(t, func(a *answering) { a.single.Status = ocsp.Unknown }) }, "error ocsp-unknown", "does not know the certificate"},
		"no nonce": {func(t *testing.T, w *world) { w.respond(t, func(a *answering) { a.template.Extensions = nil }) }, "warning ocsp-no-nonce", "does not repeat the nonce"},
		"old answer": {func(t *testing.T, w *world) {
			w.respond(t, func(a *answering) {
				a.single.ThisUpdate, a.single.NextUpdate = w.now.Add(-3*time.Hour), w.now.Add(-time.Hour)
			})
		}, "error ocsp-too-old", "the answer held until"},
		"no caching": {func(t *testing.T, w *world) { w.respond(t, func(a *answering) { a.caching = "" }) }, "warning ocsp-caching", "nothing says for how long"},
		"no GET":     {func(t *testing.T, w *world) { w.respond(t, func(a *answering) { a.refuseGet = true }) }, "warning ocsp-get", "405 Method Not Allowed"},
		"unauthorized": {func(t *testing.T, w *world) {
			w.serve("ocsp", "application/ocsp-response", ocsp.Refusal(ocsp.Unauthorized))
		}, "error ocsp-no-answer", "no answer but unauthorized"},
		"no responder": {func(t *testing.T, w *world) { w.serve("ocsp", "text/html", []byte("<html>")) }, "warning ocsp-type|error ocsp-damaged", "the answer cannot be read"},
		"no purpose": {func(t *testing.T, w *world) {
			c, k := w.delegate(t, func(*x509.Certificate) {})
			w.respond(t, func(a *answering) { a.certificate, a.signer = c, k })
		}, "error ocsp-no-signing-purpose|warning ocsp-no-nocheck", "is not for signing OCSP answers"},
		"clock": {func(t *testing.T, w *world) {
			w.handlers["crl"] = func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Type", "application/pkix-crl")
				rw.Header().Set("Date", w.now.Add(-time.Hour).Format(http.TimeFormat))
				rw.Write(w.list(t, nil))
			}
		}, "warning clock-skew", "are 1h0m0s apart"},
		"https": {func(t *testing.T, w *world) {
			w.template.IssuingCertificateURL = append(w.template.IssuingCertificateURL, strings.Replace(w.http.URL, "http:", "https:", 1)+"/ca")
			w.issue(t)
		}, "warning issuer-https|error issuer-unreachable", "it is fetched by https"},
		"directory": {func(t *testing.T, w *world) { w.template.CRLDistributionPoints = []string{"ldap:///cn=x"}; w.issue(t) }, "warning crl-ldap", "it is in a directory"},
		"no address": {func(t *testing.T, w *world) {
			w.template.CRLDistributionPoints = []string{"ftp://x/y", "x"}
			w.issue(t)
		}, "error crl-address|error crl-address", "nobody fetches by ftp"},
		"refused": {func(t *testing.T, w *world) {
			gone := httptest.NewServer(nil)
			gone.Close()
			w.template.CRLDistributionPoints = []string{gone.URL + "/crl"}
			w.issue(t)
		}, "error crl-unreachable", "refuses the connection"},
		"nothing": {func(t *testing.T, w *world) {
			w.template.CRLDistributionPoints, w.template.OCSPServer = nil, nil
			w.issue(t)
		}, "warning no-revocation", "no list and no OCSP responder"},
		"must staple": {func(t *testing.T, w *world) {
			w.template.OCSPServer = nil
			w.template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}}}
			w.issue(t)
		}, "error must-staple", "names no responder"},
		"expired": {func(t *testing.T, w *world) { w.template.NotAfter = w.now.Add(-time.Second); w.issue(t) }, "error certificate-expired", "it expired on"},
		"early":   {func(t *testing.T, w *world) { w.template.NotBefore = w.now.Add(time.Hour); w.issue(t) }, "error certificate-early", "it is valid from"},
	})
}

// finds examines a world for each symptom.
func finds(t *testing.T, all map[string]symptom) {
	t.Helper()
	for name, one := range all {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			one.harm(t, w)
			codes, text := w.examine(t)
			if got := strings.Join(codes, "|"); got != one.want || !strings.Contains(text, one.text) {
				t.Errorf("%s, not %s; want %q in\n%s", got, one.want, one.text, text)
			}
		})
	}
}

func TestDeltaLists(t *testing.T) {
	w := newWorld(t)
	delta := ext.NewFreshestCRL([]string{w.http.URL + "/delta"})
	w.template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 46}, Value: delta.Value}}
	w.issue(t)
	w.serve("delta", "application/pkix-crl", w.list(t, nil))
	if codes, text := w.examine(t); strings.Join(codes, "|") != "error delta-crl-full" {
		t.Error(text)
	}
	w.serve("delta", "application/pkix-crl", w.list(t, func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	}))
	if codes, text := w.examine(t); len(codes) != 0 || !strings.Contains(text, "ok delta-crl-good") {
		t.Error(text)
	}
}
