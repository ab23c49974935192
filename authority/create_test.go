package authority_test

import (
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

func TestCreateCA(t *testing.T) {
	w := newWorld(t)
	for name, parts := range map[string]int{"root": 1, "issuing": 2} {
		ca, _, err := w.CA(t.Context(), name)
		check(t, err)
		if ca.State != authority.CAActive || len(ca.Chain) != parts || ca.Request != nil {
			t.Errorf("%s: %s with %d certificates", name, ca.State, len(ca.Chain))
		}
		c, err := x509.ParseCertificate(ca.Chain[0])
		check(t, err)
		if !c.IsCA {
			t.Errorf("%s is no authority", name)
		}
		by, err := x509.ParseCertificate(ca.Chain[parts-1])
		check(t, err)
		check(t, c.CheckSignatureFrom(by))
		if _, err := w.store.Certificate(t.Context(), "root", c.SerialNumber.Bytes()); err != nil {
			t.Errorf("%s: its certificate is not in the records: %v", name, err)
		}
	}
	for _, c := range []struct {
		new    authority.NewCA
		reason request.Reason
		detail string
	}{
		{authority.NewCA{Name: "root"}, request.Duplicate, `there is an authority called "root" already`},
		{authority.NewCA{Name: "../x"}, request.PolicyRefused, "cannot be the name of an authority"},
		{authority.NewCA{Name: ".."}, request.PolicyRefused, "cannot be the name of an authority"},
		{authority.NewCA{Name: ""}, request.PolicyRefused, "cannot be the name of an authority"},
		{authority.NewCA{Name: "x", Parent: "nobody"}, request.UnknownIssuer, "there is no authority called"},
		{authority.NewCA{Name: "x", Subject: name(t, "CN=X"), Parent: "issuing", PathLen: -1}, request.IssuerRefused, "path length is 0"},
	} {
		c.new.KeyKind = "ecdsa-p256"
		_, err := w.CreateCA(t.Context(), c.new)
		refused(t, err, c.reason, c.detail)
	}
	if actions := strings.Join(w.sound(t), " "); !strings.HasSuffix(actions, "request.refused") {
		t.Errorf("audit %s", actions)
	}
}

func TestOnlyIssuingAuthority(t *testing.T) {
	w := emptyWorld(t)
	s := submission(newApplicant(t).request(t, "a.example.org"))
	submit := func(want string) {
		t.Helper()
		out, err := w.Submit(t.Context(), s)
		check(t, err)
		if out.Refusal == nil || out.Refusal.Reason != request.UnknownIssuer || !strings.Contains(out.Refusal.Detail, want) {
			t.Fatalf("got %+v, want %q", out.Refusal, want)
		}
	}
	submit("there is no authority that can sign")
	w.create(t, authority.NewCA{Name: "one", Subject: name(t, "CN=One"), PathLen: -1})
	w.granted(t, s)
	w.create(t, authority.NewCA{Name: "two", Subject: name(t, "CN=Two"), PathLen: -1})
	submit("there are several authorities, and none was named")
	_, err := w.UpdateCA(t.Context(), "one", func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "otto")
	check(t, err)
	w.granted(t, s)
	s.CA = "one"
	submit(`authority "one" is retired`)
}

func TestNameConstraintsHold(t *testing.T) {
	w := emptyWorld(t)
	permitted, err := ext.ParseConstraint("dns:example.org")
	check(t, err)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Root"), PathLen: -1})
	w.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Issuing"), Parent: "root", PathLen: -1, Permit: []ext.GeneralName{permitted}})
	w.issue(t, "a.example.org")
	out, err := w.Submit(t.Context(), submission(newApplicant(t).request(t, "a.example.com")))
	check(t, err)
	if out.Refusal == nil || out.Refusal.Reason != request.IssuerRefused {
		t.Errorf("got %+v", out.Refusal)
	}
}

// TestNameConstraintsAboveHold has them in the certificate of the root alone.
func TestNameConstraintsAboveHold(t *testing.T) {
	w := emptyWorld(t)
	permitted, err := ext.ParseConstraint("dns:example.org")
	check(t, err)
	w.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Root"), PathLen: -1, Permit: []ext.GeneralName{permitted}})
	w.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Issuing"), Parent: "root", PathLen: -1})
	w.issue(t, "a.example.org")
	out, err := w.Submit(t.Context(), submission(newApplicant(t).request(t, "a.example.com")))
	check(t, err)
	if out.Refusal == nil || out.Refusal.Reason != request.IssuerRefused || !strings.Contains(out.Refusal.Detail, "the name constraints of CN=Root, above the issuer, do not let") {
		t.Errorf("got %+v", out.Refusal)
	}
}

// TestOfflineRoot carries a request from one store to another, and the
// certificate back.
func TestOfflineRoot(t *testing.T) {
	above, below := emptyWorld(t), emptyWorld(t)
	above.create(t, authority.NewCA{Name: "root", Subject: name(t, "CN=Root"), PathLen: -1})
	ca := below.create(t, authority.NewCA{Name: "issuing", Subject: name(t, "CN=Issuing"), Offline: true, PathLen: -1})
	if ca.State != authority.CAAwaiting || len(ca.Request) == 0 {
		t.Fatalf("state %s", ca.State)
	}
	out, err := below.Submit(t.Context(), authority.Submission{CA: "issuing", Request: newApplicant(t).request(t, "a.example.org")})
	check(t, err)
	if out.Refusal == nil || !strings.Contains(out.Refusal.Detail, "has no certificate yet") {
		t.Fatalf("got %+v", out.Refusal)
	}
	list, err := request.Parse(ca.Request)
	check(t, err)
	signed := above.granted(t, authority.Submission{CA: "root", Profile: "subca", Origin: operator(), Request: list[0]})
	other := above.granted(t, authority.Submission{CA: "root", Profile: "subca", Origin: operator(), Request: newApplicant(t).request(t, "b.example.org")})
	chain := append([][]byte{signed.Certificate.DER}, signed.Chain...)
	for _, c := range []struct {
		chain  [][]byte
		detail string
	}{
		{nil, "there is no certificate"},
		{[][]byte{{1, 2}}, "certificate 1 cannot be read"},
		{append([][]byte{other.Certificate.DER}, other.Chain...), "the certificate is for CN=b.example.org"},
		{[][]byte{signed.Certificate.DER, other.Certificate.DER}, "and the next one is that of"},
		{signed.Chain, "the certificate is for CN=Root"},
	} {
		_, err := below.InstallCA(t.Context(), "issuing", c.chain, "otto")
		refused(t, err, request.IssuerRefused, c.detail)
	}
	_, err = below.InstallCA(t.Context(), "issuing", chain, "otto")
	check(t, err)
	leaf, err := x509.ParseCertificate(below.issue(t, "a.example.org").Certificate.DER)
	check(t, err)
	by, err := x509.ParseCertificate(signed.Certificate.DER)
	check(t, err)
	check(t, leaf.CheckSignatureFrom(by))
	below.pass(40 * 365 * 24 * time.Hour)
	_, err = below.InstallCA(t.Context(), "issuing", chain, "otto")
	refused(t, err, request.IssuerRefused, "expired on")
	below.sound(t)
}

func TestImportCA(t *testing.T) {
	from, to := newWorld(t), emptyWorld(t)
	ca, _, err := from.CA(t.Context(), "issuing")
	check(t, err)
	signer, err := from.keys.Signer(t.Context(), ca.Key)
	check(t, err)
	made, err := key.Generate("ecdsa-p256", rand.Reader)
	check(t, err)
	to.keys.Put("file:right", signer)
	to.keys.Put("file:wrong", made.Signer)
	_, err = to.ImportCA(t.Context(), "old", "file:wrong", ca.Chain, authority.CASettings{}, "otto")
	refused(t, err, request.IssuerRefused, "is not of this authority's key")
	_, err = to.ImportCA(t.Context(), "old", "file:right", ca.Chain, authority.CASettings{}, "otto")
	check(t, err)
	to.issue(t, "a.example.org")
	_, err = to.ImportCA(t.Context(), "old", "file:right", ca.Chain, authority.CASettings{}, "otto")
	refused(t, err, request.Duplicate, "already")
}

func TestHeldAuthority(t *testing.T) {
	w := newWorld(t)
	w.profiles["careful"] = "name: careful\nversion: 1\nca: true\nissuance: review\nvalidity: { default: 1y }\nkeys: { ec: [P-256] }\nsubject: { unlisted: keep }\nextensions: { keyUsage: { default: [keyCertSign, cRLSign] } }\n"
	ca := w.create(t, authority.NewCA{Name: "sub", Subject: name(t, "CN=Sub"), Parent: "root", Profile: "careful", PathLen: -1})
	if ca.State != authority.CAAwaiting {
		t.Fatalf("state %s", ca.State)
	}
	var held *authority.Ticket
	for ticket, err := range w.store.Tickets(t.Context(), authority.TicketQuery{State: authority.StateHeld}) {
		check(t, err)
		held = ticket
	}
	_, err := w.Approve(t.Context(), held.ID, "otto", "")
	check(t, err)
	ca, _, err = w.CA(t.Context(), "sub")
	check(t, err)
	if ca.State != authority.CAActive || len(ca.Chain) != 2 {
		t.Fatalf("state %s with %d certificates", ca.State, len(ca.Chain))
	}
}

// The key of a root is replaced by a root of the same name (RFC 4210, Section
// 4.4). Their lists have the same issuer, so no number is used by both.
func TestRootsThatFollow(t *testing.T) {
	w := newWorld(t)
	create := func(n authority.NewCA) error {
		n.KeyKind, n.PathLen, n.By = "ecdsa-p256", -1, "operator"
		_, err := w.CreateCA(t.Context(), n)
		return err
	}
	root, issuing := name(t, "CN=Test Root,O=Test"), name(t, "CN=Test Issuing,O=Test")
	refused(t, create(authority.NewCA{Name: "r2", Subject: root}), request.Duplicate, "with another key")
	refused(t, create(authority.NewCA{Name: "r2", Subject: issuing, Follows: "issuing"}), request.PolicyRefused, "only a root can follow a root of its name")
	refused(t, create(authority.NewCA{Name: "r2", Subject: root, Follows: "root", Offline: true}), request.PolicyRefused, "only a root can follow a root of its name")
	refused(t, create(authority.NewCA{Name: "r2", Subject: name(t, "CN=Other"), Follows: "root"}), request.PolicyRefused, `there is no authority "root" with the name CN=Other`)
	check(t, create(authority.NewCA{Name: "r2", Subject: root, Follows: "root"}))
	check(t, create(authority.NewCA{Name: "r3", Subject: root, Follows: "r2"}))
	seen := map[int64]string{}
	for range 3 {
		for _, ca := range []string{"root", "r2", "r3", "issuing"} {
			lists, err := w.PublishCRL(t.Context(), ca, authority.FullCRL, -1, "otto")
			check(t, err)
			if other := seen[lists[0].Number]; other != "" && ca != "issuing" {
				t.Errorf("%s and %s have a list %d", other, ca, lists[0].Number)
			}
			if ca != "issuing" {
				seen[lists[0].Number] = ca
			}
		}
	}
	if l, err := w.store.NewestCRL(t.Context(), "issuing", authority.FullCRL, 0); err != nil || l.Number != 3 {
		t.Errorf("%+v, %v", l, err)
	}
}

// Lists, answers and paths go by the name of an authority: two of one name would
// publish lists that are taken for each other's.
func TestEveryAuthorityHasANameOfItsOwn(t *testing.T) {
	w := newWorld(t)
	create := func(n authority.NewCA) error {
		n.KeyKind, n.PathLen, n.By = "ecdsa-p256", -1, "operator"
		_, err := w.CreateCA(t.Context(), n)
		return err
	}
	same := name(t, "CN=test  issuing,O=Test") // by the rules that names are compared with
	refused(t, create(authority.NewCA{Name: "again", Subject: same, Parent: "root"}), request.Duplicate, `authority "issuing" has the name CN=test  issuing,O=Test already, with another key`)
	refused(t, create(authority.NewCA{Name: "again", Subject: same, Offline: true}), request.Duplicate, "with another key")
	refused(t, create(authority.NewCA{Name: "again", Subject: same}), request.Duplicate, "with another key")
	check(t, create(authority.NewCA{Name: "waiting", Subject: name(t, "CN=Waiting"), Offline: true}))
	refused(t, create(authority.NewCA{Name: "again", Subject: name(t, "CN=Waiting"), Offline: true}), request.Duplicate, `authority "waiting" has the name`)
	_, err := w.UpdateCA(t.Context(), "waiting", func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "otto")
	check(t, err)
	check(t, create(authority.NewCA{Name: "again", Subject: name(t, "CN=Waiting"), Offline: true})) // which never signed a thing
	_, err = w.UpdateCA(t.Context(), "issuing", func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "otto")
	check(t, err)
	refused(t, create(authority.NewCA{Name: "more", Subject: same, Parent: "root"}), request.Duplicate, "with another key")
}
