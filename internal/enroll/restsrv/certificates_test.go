package restsrv

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

func (w *world) issue(c *client.Client, hosts ...string) *client.Outcome {
	w.t.Helper()
	out, err := c.Submit(w.t.Context(), client.Submission{Request: csr(w.t, hosts...)})
	if err != nil {
		w.t.Fatal(problem(err))
	}
	return out
}

func TestCertificatesAreTheApplicantsOwn(t *testing.T) {
	w := newWorld(t, nil)
	ann, bert, olga, uwe := w.as("ann", access.Applicant), w.as("bert", access.Applicant), w.as("olga", access.Officer), w.as("uwe", access.Auditor)
	a := w.issue(ann, "a.example")
	w.issue(bert, "b.example")
	count := func(c *client.Client, q client.CertificateQuery) (n int) {
		for _, err := range c.Certificates(t.Context(), q) {
			if err != nil {
				t.Fatal(problem(err))
			}
			n++
		}
		return n
	}
	for _, c := range []struct {
		who  *client.Client
		q    client.CertificateQuery
		want int
	}{
		{ann, client.CertificateQuery{}, 1}, {bert, client.CertificateQuery{}, 1}, {ann, client.CertificateQuery{Requester: "bert"}, 0}, {ann, client.CertificateQuery{SAN: "b.example"}, 0},
		{olga, client.CertificateQuery{CA: "issuing"}, 2}, {uwe, client.CertificateQuery{Requester: "bert"}, 1}, {olga, client.CertificateQuery{SAN: "*.example", Status: "revoked"}, 0},
	} {
		if got := count(c.who, c.q); got != c.want {
			t.Errorf("%+v: %d, want %d", c.q, got, c.want)
		}
	}
	const unknown = "not-found/unknown-certificate: there is no certificate with the serial number "
	for what, do := range map[string]func() error{
		"show":  func() error { _, err := bert.Certificate(t.Context(), "", a.Serial); return err },
		"by ca": func() error { _, err := bert.Certificate(t.Context(), "issuing", a.Serial); return err },
		"fetch": func() error { _, err := bert.Fetch(t.Context(), "", a.Serial, client.FormPEM); return err },
		"renew": func() error {
			_, err := bert.Renew(t.Context(), "", a.Serial, client.Renewal{})
			return err
		},
		"revoke": func() error {
			_, err := bert.Revoke(t.Context(), "", a.Serial, client.Revocation{Reason: "superseded"})
			return err
		},
	} {
		if err := do(); problem(err) != unknown+a.Serial {
			t.Errorf("%s: %s", what, problem(err))
		}
	}
	if _, err := bert.Request(t.Context(), a.Ticket); problem(err) != "not-found/unknown-request: there is no ticket "+a.Ticket {
		t.Error(problem(err))
	}
	if _, err := uwe.Revoke(t.Context(), "", a.Serial, client.Revocation{}); problem(err) != "forbidden: this needs the role applicant or officer" {
		t.Error(problem(err))
	}
	both := w.as("uta", access.Auditor, access.Applicant)
	if _, err := both.Revoke(t.Context(), "", a.Serial, client.Revocation{}); problem(err) != "refused/not-authorized: this certificate was not issued to you" {
		t.Error(problem(err))
	}
}

func TestFetchInEveryForm(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	out := w.issue(ann, "a.example")
	folder := t.TempDir()
	for form, args := range map[string][]string{
		client.FormPEM: {"x509", "-noout", "-subject", "-in"}, client.FormDER: {"x509", "-noout", "-subject", "-inform", "DER", "-in"},
		client.FormChain: {"x509", "-noout", "-subject", "-in"}, client.FormPKCS7: {"pkcs7", "-print_certs", "-inform", "DER", "-in"},
	} {
		data, err := ann.Fetch(t.Context(), "", out.Serial, form)
		if err != nil {
			t.Fatal(problem(err))
		}
		file := filepath.Join(folder, form)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := exec.Command("openssl", append(args, file)...).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "CN = a.example") {
			t.Errorf("%s: %s %v", form, said, err)
		}
	}
	path := "/api/v1/certificates/" + out.Serial
	status, header, _ := w.raw("GET", path+"/der", token, nil)
	if status != 200 || header.Get("Content-Type") != "application/pkix-cert" {
		t.Error(status, header)
	}
	if status, _, body := w.raw("GET", path+"/der", token, nil, "If-None-Match", header.Get("ETag")); status != 304 || body != "" {
		t.Error(status, body)
	}
	if status, _, body := w.raw("GET", path+"/gif", token, nil); status != 400 || !strings.Contains(body, `"field":"form"`) {
		t.Error(status, body)
	}
}

func TestRenewAndRekey(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	first := w.issue(ann, "a.example")
	again, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{}, client.WithKey("r1"))
	if err != nil || again.State != client.Issued || again.Certificate.Replaces != first.Serial || again.Certificate.KeyFingerprint != first.Certificate.KeyFingerprint {
		t.Fatalf("%+v %s", again, problem(err))
	}
	if same, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{}, client.WithKey("r1")); err != nil || same.Serial != again.Serial || !same.Repeated {
		t.Errorf("%+v %s", same, problem(err))
	}
	rekeyed, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{Request: csr(t, "a.example"), SANs: []string{"dns:a.example"}})
	if err != nil || rekeyed.Certificate.KeyFingerprint == first.Certificate.KeyFingerprint {
		t.Fatalf("%+v %s", rekeyed, problem(err))
	}
	if _, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{Request: csr(t, "b.example")}); !strings.HasPrefix(problem(err), "refused/bad-name: the request is for dns:b.example, and the old certificate for dns:a.example") {
		t.Error(problem(err))
	}
	if _, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{Request: csr(t, "b.example"), SANs: []string{"dns:b.example"}}); !strings.HasPrefix(problem(err), "refused/not-authorized: only an officer") {
		t.Error(problem(err))
	}
	if _, err := ann.Revoke(t.Context(), "", first.Serial, client.Revocation{Reason: "superseded"}); err != nil {
		t.Fatal(problem(err))
	}
	if _, err := ann.Renew(t.Context(), "", first.Serial, client.Renewal{}); !strings.HasPrefix(problem(err), "refused/already-revoked: ") {
		t.Error(problem(err))
	}
}

func TestRevokeHoldRelease(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	olga := w.as("olga", access.Officer)
	out := w.issue(ann, "a.example")
	path := "/api/v1/certificates/" + out.Serial
	_, header, _ := w.raw("GET", path, token, nil)
	held, err := olga.Revoke(t.Context(), "", out.Serial, client.Revocation{Reason: "certificateHold"})
	if err != nil || held.Status != "hold" {
		t.Fatalf("%+v %s", held, problem(err))
	}
	if status, _, body := w.raw("POST", path+"/revoke", token, strings.NewReader(`{}`), "If-Match", header.Get("ETag"), "Content-Type", "application/json"); status != 412 {
		t.Error(status, body)
	}
	if _, err := ann.Release(t.Context(), "", out.Serial); problem(err) != "forbidden: this needs the role officer" {
		t.Error(problem(err))
	}
	if c, err := olga.Release(t.Context(), "issuing", out.Serial); err != nil || c.Status != "valid" {
		t.Errorf("%+v %s", c, problem(err))
	}
	later, before := w.now().Add(time.Hour), w.now().Add(-time.Hour)
	for _, c := range []struct {
		order client.Revocation
		want  string
	}{
		{client.Revocation{Reason: "boredom"}, `usage: there is no reason "boredom" to revoke a certificate for`},
		{client.Revocation{InvalidSince: &later}, "usage: invalidSince has not come yet"},
		{client.Revocation{Reason: "removeFromCRL"}, "refused/bad-format: "},
		{client.Revocation{Reason: "keyCompromise", InvalidSince: &before}, ""},
		{client.Revocation{Reason: "superseded"}, "refused/already-revoked: "},
	} {
		if _, err := ann.Revoke(t.Context(), "", out.Serial, c.order); !strings.HasPrefix(problem(err), c.want) || c.want == "" && err != nil {
			t.Errorf("%+v: %s", c.order, problem(err))
		}
	}
	c, err := ann.Certificate(t.Context(), "", strings.ToUpper(out.Serial))
	if err != nil || c.Status != "revoked" || c.Reason != "keyCompromise" || !c.InvalidSince.Equal(before) {
		t.Errorf("%+v %s", c, problem(err))
	}
	seen := ""
	for e, err := range w.office.Store.Events(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(e.Action, "certificate.re") {
			seen += fmt.Sprintf("%s %s %v; ", e.Actor, e.Action, strings.Contains(string(e.Detail), `"method":"requester"`))
		}
	}
	if seen != "olga certificate.released false; ann certificate.revoked true; " {
		t.Error(seen)
	}
}

func TestHolderRevokesByProof(t *testing.T) {
	w := newWorld(t, nil)
	ann, bert := w.as("ann", access.Applicant), w.as("bert", access.Applicant)
	k, text := csrWithKey(t, "a.example")
	out, err := ann.Submit(t.Context(), client.Submission{Request: text})
	if err != nil {
		t.Fatal(problem(err))
	}
	if _, err := bert.Revoke(t.Context(), "", out.Serial, client.Revocation{Reason: "superseded", Password: "guess"}); !strings.HasPrefix(problem(err), "not-found/unknown-certificate: ") {
		t.Error(problem(err))
	}
	c, err := w.office.Store.Certificate(t.Context(), "issuing", mustHex(t, out.Serial))
	if err != nil {
		t.Fatal(err)
	}
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := key.Sign(k.Signer, algorithm, authority.ProofMessage(c.CA, c.Serial, crl.Superseded))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := bert.Revoke(t.Context(), "", out.Serial, client.Revocation{Reason: "superseded", Proof: proof}); err != nil || c.Status != "revoked" {
		t.Errorf("%+v %s", c, problem(err))
	}
}

func mustHex(t *testing.T, text string) []byte {
	t.Helper()
	out, err := hexadecimal("serial", text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPagesAreStable(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	var want, got []string
	for n := range 5 {
		want = append(want, w.issue(ann, fmt.Sprintf("h%d.example", n)).Serial)
	}
	next := ""
	for page := 0; ; page++ {
		var p client.Page[client.Certificate]
		status, _, body := w.raw("GET", "/api/v1/certificates?limit=2&cursor="+next, token, nil)
		if status != 200 || !readInto(t, body, &p) {
			t.Fatal(status, body)
		}
		for _, c := range p.Items {
			got = append(got, c.Serial)
		}
		if next = p.Next; next == "" {
			break
		}
		if page < 2 { // more come while pages are turned
			want = append(want, w.issue(ann, fmt.Sprintf("late%d.example", page)).Serial)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAuthoritiesAndProfiles(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	all, err := ann.CAs(t.Context())
	if err != nil || len(all) != 2 || all[0].State != "active" {
		t.Fatalf("%+v %v", all, err)
	}
	ca, err := ann.CA(t.Context(), "issuing")
	if err != nil || ca.Parent != "root" || len(ca.Chain) != 2 {
		t.Fatalf("%+v %v", ca, err)
	}
	if _, err := x509.ParseCertificate(ca.Chain[0]); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ path, want string }{
		{"/cas/nosuch", "there is no authority nosuch"}, {"/profiles/nosuch", "nosuch"}, {"/cas/nosuch/crl", "there is no authority nosuch"}, {"/cas/issuing/crl", "the authority issuing has published no such revocation list yet"},
	} {
		if status, _, body := w.raw("GET", "/api/v1"+c.path, token, nil); status != 404 || !strings.Contains(body, c.want) {
			t.Error(c.path, status, body)
		}
	}
	if _, err := w.office.Authority.PublishCRL(t.Context(), "issuing", authority.FullCRL, -1, "tester"); err != nil {
		t.Fatal(err)
	}
	list, err := ann.CRL(t.Context(), "issuing", "full", 0)
	if err != nil {
		t.Fatal(problem(err))
	}
	if _, err := x509.ParseRevocationList(list); err != nil {
		t.Error(err)
	}
	profiles, err := ann.Profiles(t.Context())
	if err != nil || !slices.ContainsFunc(profiles, func(p client.Profile) bool { return p.Name == "reviewed" && p.Source == "own" && p.Version != "" }) {
		t.Errorf("%+v %v", profiles, err)
	}
	p, err := ann.Profile(t.Context(), "server")
	if err != nil || p.Source != "built in" || !strings.Contains(p.Text, "name: server") {
		t.Errorf("%+v %v", p, err)
	}
}

func TestKeyOfAnotherKind(t *testing.T) {
	w := newWorld(t, nil)
	ann := w.as("ann", access.Applicant)
	k, err := key.Generate("ed25519", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ann.Submit(t.Context(), client.Submission{Request: csrOf(t, k, "a.example")}); err != nil {
		t.Error(problem(err))
	}
}

// unsigning makes a request for a key that cannot sign.
func unsigning(t *testing.T) string {
	t.Helper()
	k, err := key.Generate("x25519", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := dn.ParseText("CN=Ann")
	if err != nil {
		t.Fatal(err)
	}
	name, err := ext.ParseGeneralName("email:ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	made, err := task.MakeRequest(request.CRMF, task.RequestSpec{Subject: subject, Names: []ext.GeneralName{name}, Usage: ext.KeyAgreement}, k, evidence.ByCertificate)
	if err != nil {
		t.Fatal(err)
	}
	return string(task.EncodeRequest(request.CRMF, made.DER))
}

func TestUnconfirmedCertificatesAreNotShown(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}})
	out, err := ann.Submit(t.Context(), client.Submission{Request: unsigning(t), Profile: "person"})
	if err != nil {
		t.Fatal(problem(err))
	}
	if out.Certificate != nil || out.PEM != "" || len(out.Encrypted) == 0 || out.Holds != "certificate" || out.Until.IsZero() {
		t.Fatalf("%+v", out)
	}
	var seen *client.Certificate
	for c, err := range ann.Certificates(t.Context(), client.CertificateQuery{}) {
		if err != nil {
			t.Fatal(problem(err))
		}
		seen = c
	}
	if seen == nil || seen.Status != "unconfirmed" || seen.DER != nil {
		t.Fatalf("%+v", seen)
	}
	for _, form := range []string{"pem", "der", "chain", "p7b"} {
		if status, _, body := w.raw("GET", "/api/v1/certificates/"+seen.Serial+"/"+form, token, nil); status != 409 || !strings.Contains(body, "the certificate is unconfirmed") {
			t.Error(form, status, body)
		}
	}
	if _, err := ann.Confirm(t.Context(), out.Ticket, client.Confirmation{Hash: "MD5"}); problem(err) != `usage: the hash "MD5" is not known` {
		t.Error(problem(err))
	}
	if _, err := ann.Confirm(t.Context(), out.Ticket, client.Confirmation{Answer: "x"}); problem(err) != "usage: the answer is no number" {
		t.Error(problem(err))
	}
}
