package issuance_test

import (
	"errors"
	"testing"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// ordered judges an order for a request, by an issuer whose certificate lacks
// basic constraints.
func ordered(t *testing.T, r *request.Request, o issuance.Order) (issuance.Judgement, *issuance.Issuer) {
	t.Helper()
	k := newKey(t, "ecdsa-p256")
	self, err := issuance.NewSelfIssuer(newRequest(t, k, "CN=operator"), issuance.IssuerConfig{Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	own := newRequest(t, k, "CN=operator")
	root := issuance.OperatorProfile("root", issuance.Order{Subject: own.Subject, NotBefore: start, NotAfter: start.AddDate(1, 0, 0)}).
		Judge(own, evidence.Of(own, evidence.Origin{}, nil), self, issuance.Asked{}, start)
	approval, err := root.Approve()
	if err != nil {
		t.Fatal(err)
	}
	issued, err := self.Sign(approval, []byte{1})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := cert.Parse(issued.DER)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Version != 1 {
		t.Errorf("a certificate without extensions has version %d, want 1", parsed.Version)
	}
	if _, err := issuance.NewIssuer(issuance.IssuerConfig{Certificate: parsed, Signer: k.Signer}); err == nil {
		t.Error("NewIssuer took a certificate without basic constraints")
	}
	issuer, err := issuance.NewOperatorIssuer(issuance.IssuerConfig{Certificate: parsed, Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	return issuance.OperatorProfile("order", o).Judge(r, evidence.Of(r, evidence.Origin{}, nil), issuer, issuance.Asked{}, start), issuer
}

func TestOrderIsSignedAsItIs(t *testing.T) {
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=asked")
	want := []ext.Extension{ext.NewKeyUsage(ext.DigitalSignature), ext.NewSubjectKeyIdentifier([]byte{7})}
	j, issuer := ordered(t, r, issuance.Order{Subject: name(t, "CN=ordered"), Extensions: want, NotBefore: start, NotAfter: start.Add(time.Hour)})
	approval, err := j.Approve()
	if err != nil {
		t.Fatalf("%v: %v", err, j.Findings())
	}
	issued, err := issuer.Sign(approval, []byte{2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(issued.DER)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subject.String() != "CN=ordered" || !c.NotAfter.Equal(start.Add(time.Hour)) || len(c.Extensions) != 2 || c.Extensions[0].ID != want[0].ID {
		t.Errorf("got %s until %v with %d extensions", c.Subject, c.NotAfter, len(c.Extensions))
	}
	if _, err := issuer.Sign(approval, []byte{3}); !errors.Is(err, issuance.ErrSpent) {
		t.Errorf("spending an approval twice: %v", err)
	}
}

func TestOrderNeedsPossession(t *testing.T) {
	mine, other := newKey(t, "ecdsa-p256"), newKey(t, "ecdsa-p256")
	r := newRequest(t, mine, "CN=a")
	bare := &request.Request{Subject: r.Subject, PublicKey: mine.Public}
	for _, test := range []struct {
		what    string
		request *request.Request
		public  *key.Public
		vouched string
		want    issuance.Verdict
	}{
		{"a request", r, nil, "", issuance.Accepted},
		{"a request, the same key", r, mine.Public, "", issuance.Accepted},
		{"a request, another key", r, other.Public, "", issuance.Refused},
		{"a request, another key, vouched for", r, other.Public, "the operator knows", issuance.Accepted},
		{"no request", bare, nil, "", issuance.Refused},
		{"no request, vouched for", bare, nil, "the operator knows", issuance.Accepted},
	} {
		j, _ := ordered(t, test.request, issuance.Order{Subject: r.Subject, NotBefore: start, NotAfter: start, PublicKey: test.public, Vouched: test.vouched})
		if j.Verdict() != test.want {
			t.Errorf("%s: %s, want %s: %v", test.what, j.Verdict(), test.want, j.Findings())
		}
	}
}

func TestOperatorIssuerServesOrdersAlone(t *testing.T) {
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example")
	_, issuer := ordered(t, r, issuance.Order{Subject: r.Subject, NotBefore: start, NotAfter: start})
	for _, p := range issuance.BuiltIn() {
		j := p.Judge(r, evidence.Of(r, evidence.Origin{}, nil), issuer, issuance.Asked{}, start)
		if j.Verdict() != issuance.Refused || j.Refusal().Reason != request.IssuerRefused {
			t.Errorf("profile %s: %s", p.Name, j.Verdict())
		}
	}
}
