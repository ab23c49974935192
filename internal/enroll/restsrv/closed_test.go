package restsrv

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
)

// csrNamed makes a request for a subject alone.
func csrNamed(t *testing.T, subject string) string {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name, err := dn.ParseText(subject)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := task.NewRequest(task.RequestSpec{Subject: name, NoCopy: true}, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.Encode("CERTIFICATE REQUEST", r.Raw))
}

// A token that names nothing gets no certificate that makes an authority, or
// speaks for one, and nothing of the root; an officer's does not, either.
func TestTokensThatNameNothingAreNoAuthorities(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, By: "tester"})
	olga := w.as("olga", access.Officer)
	for _, c := range []struct{ profile, ca, rule string }{
		{"subca", "root", "closed-profile"}, {"subca", "", "closed-profile"}, {"root", "root", "closed-profile"}, {"ocsp", "issuing", "closed-profile"},
		{"cmp", "", "closed-profile"}, {"client", "root", "closed-authority"},
	} {
		for who, x := range map[string]*client.Client{"ann": ann, "olga": olga} {
			_, err := x.Submit(t.Context(), client.Submission{Request: csrNamed(t, "CN=Evil Sub CA,O=x,C=US"), Profile: c.profile, CA: c.ca})
			p, ok := err.(*client.Problem)
			rules := []string{}
			if ok {
				for _, f := range p.Findings {
					rules = append(rules, f.Rule)
				}
			}
			if !ok || p.Status != 403 || p.Reason != "not-authorized" || p.Ticket == "" || !strings.Contains(strings.Join(rules, " "), c.rule) || !strings.Contains(p.Fix, "certwright token new NAME --role applicant --") {
				t.Errorf("%s, %+v: %v %v", who, c, err, rules)
			}
			out, err := x.Check(t.Context(), client.Submission{Request: csrNamed(t, "CN=Evil Sub CA,O=x,C=US"), Profile: c.profile, CA: c.ca})
			if err != nil || out.State != "refused" {
				t.Errorf("%s, %+v, check: %+v %v", who, c, out, err)
			}
		}
	}
	status, _, body := w.raw("POST", "/api/v1/requests?profile=subca&ca=root", token, strings.NewReader(csrNamed(t, "CN=Evil Sub CA")), "Content-Type", "application/pkcs10")
	if status != 403 || !strings.Contains(body, "make an authority of their holder") {
		t.Errorf("%d %s", status, body)
	}
}

// A token that names them gets them, and loses them with the name.
func TestTokensThatNameWhatIsClosed(t *testing.T) {
	w := newWorld(t, nil)
	_, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, Profiles: []string{"ocsp", "subca"}, CAs: []string{"root", "issuing"}, By: "tester"})
	out, err := ann.Submit(t.Context(), client.Submission{Request: csrNamed(t, "CN=Branch"), Profile: "subca", CA: "root"})
	if err != nil || out.Certificate == nil || out.Certificate.CA != "root" {
		t.Fatal(problem(err))
	}
	out, err = ann.Submit(t.Context(), client.Submission{Request: csrNamed(t, "CN=Responder"), Profile: "ocsp", CA: "issuing"})
	if err != nil || out.Certificate == nil {
		t.Fatal(problem(err))
	}
	less := w.as("ann", access.Applicant)
	for what, r := range map[string]client.Renewal{"the same key": {}, "another key": {Request: csrNamed(t, "CN=Responder")}} {
		if _, err := less.Renew(t.Context(), "", out.Serial, r); !strings.Contains(problem(err), "refused/not-authorized: certificates of profile ocsp ") {
			t.Errorf("renewed with %s: %v", what, problem(err))
		}
	}
	own, err := less.Submit(t.Context(), client.Submission{Request: csr(t, "a.example")})
	if err != nil {
		t.Fatal(problem(err))
	}
	for _, r := range []client.Renewal{{Profile: "ocsp"}, {Profile: "subca"}, {CA: "root"}} {
		if _, err := less.Renew(t.Context(), "", own.Serial, r); !strings.HasPrefix(problem(err), "refused/not-authorized: ") {
			t.Errorf("%+v: %v", r, problem(err))
		}
	}
	if again, err := ann.Renew(t.Context(), "", out.Serial, client.Renewal{}); err != nil || again.Certificate == nil {
		t.Error(problem(err))
	}
}
