package issuance_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

func TestApprovalIsSpentOnce(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	copied := j.WithFindings([]issuance.Finding{{Rule: "x", Severity: issuance.Warning}})
	a, err := j.Approve()
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []issuance.Judgement{j, copied} {
		if _, err := again.Approve(); !errors.Is(err, issuance.ErrApproved) {
			t.Errorf("approving again: got %v", err)
		}
	}
	var wait sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wait.Go(func() { _, results[i] = root.issuer.Sign(a, bytes.Repeat([]byte{byte(i + 1)}, 16)) })
	}
	wait.Wait()
	signed := 0
	for _, err := range results {
		switch {
		case err == nil:
			signed++
		case !errors.Is(err, issuance.ErrSpent):
			t.Errorf("signing again: got %v", err)
		}
	}
	if signed != 1 {
		t.Errorf("signed %d times", signed)
	}
}

func TestApprovalIsOfItsIssuer(t *testing.T) {
	one, two := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{}), newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	j := profile(t, "server").Judge(r, proven(r), one.issuer, issuance.Asked{}, start)
	a, err := j.Approve()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []*issuance.Approval{a, nil, {}} {
		if _, err := two.issuer.Sign(wrong, []byte{1}); !errors.Is(err, issuance.ErrIssuer) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := two.issuer.Preview(j); err == nil {
		t.Error("another issuer previews")
	}
}

func TestSerialNumbers(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	p := profile(t, "server")
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	for _, c := range []struct {
		serial []byte
		ok     bool
	}{
		{nil, false}, {[]byte{0}, false}, {make([]byte, 20), false}, {bytes.Repeat([]byte{0x80}, 20), false}, {bytes.Repeat([]byte{1}, 21), false},
		{[]byte{1}, true}, {[]byte{0, 0x80}, true}, {bytes.Repeat([]byte{0x7f}, 20), true}, {bytes.Repeat([]byte{0xff}, 19), true},
	} {
		a, err := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start).Approve()
		if err != nil {
			t.Fatal(err)
		}
		issued, err := root.issuer.Sign(a, c.serial)
		if c.ok != (err == nil) || !c.ok && !errors.Is(err, issuance.ErrSerial) {
			t.Errorf("%x: got %v", c.serial, err)
		}
		if err == nil && !bytes.Equal(issued.Serial, bytes.TrimLeft(c.serial, "\x00")) {
			t.Errorf("%x: got %x", c.serial, issued.Serial)
		}
	}
}

func TestHeldNeedsAnOfficer(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a")
	p := parseProfile(t, base+"subject: { unlisted: keep }\nissuance: review\n")
	j := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if j.Verdict() != issuance.Held || j.Refusal() != nil || !p.Review {
		t.Fatalf("got %s", j.Verdict())
	}
	if _, err := j.Approve(); !errors.Is(err, issuance.ErrHeld) {
		t.Errorf("without an officer: got %v", err)
	}
	if _, err := j.ApproveAs(""); !errors.Is(err, issuance.ErrOfficer) {
		t.Errorf("without a name: got %v", err)
	}
	a, err := j.ApproveAs("ada")
	if err != nil || a.Officer() != "ada" {
		t.Errorf("got %v", err)
	}
	accepted := parseProfile(t, base+"subject: { unlisted: keep }").Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if _, err := accepted.ApproveAs("ada"); !errors.Is(err, issuance.ErrNotHeld) {
		t.Errorf("what is accepted: got %v", err)
	}
}

func TestFindingsOnlyMakeStricter(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	for _, c := range []struct {
		severity issuance.Severity
		want     issuance.Verdict
	}{
		{issuance.Info, issuance.Accepted}, {issuance.Warning, issuance.Accepted}, {issuance.Hold, issuance.Held},
		{issuance.Error, issuance.Refused}, {"eror", issuance.Refused},
	} {
		more := j.WithFindings([]issuance.Finding{{Rule: "linter", Severity: c.severity, Detail: "d"}})
		if more.Verdict() != c.want || j.Verdict() != issuance.Accepted {
			t.Errorf("%s: got %s", c.severity, more.Verdict())
		}
		if c.want != issuance.Refused {
			continue
		}
		if more.Refusal().Reason != request.LintFailed || more.WithFindings([]issuance.Finding{{Severity: issuance.Info}}).Verdict() != issuance.Refused {
			t.Errorf("%s: got %+v", c.severity, more.Refusal())
		}
	}
}

func TestIssuersThatCannotBe(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	other := newKey(t, "ecdsa-p256")
	if _, err := issuance.NewIssuer(issuance.IssuerConfig{Certificate: root.cert, Signer: other.Signer}); err == nil {
		t.Error("another key is taken")
	}
	if _, err := issuance.NewIssuer(issuance.IssuerConfig{}); err == nil {
		t.Error("no certificate is taken")
	}
	if _, err := issuance.NewSelfIssuer(nil, issuance.IssuerConfig{}); err == nil {
		t.Error("no request is taken")
	}
	noSigner, err := issuance.NewIssuer(issuance.IssuerConfig{Certificate: root.cert})
	if err != nil {
		t.Fatal(err)
	}
	r := newRequest(t, other, "CN=a.example.org")
	a, err := profile(t, "server").Judge(r, proven(r), noSigner, issuance.Asked{}, start).Approve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := noSigner.Sign(a, []byte{1}); !errors.Is(err, issuance.ErrNoSigner) {
		t.Errorf("got %v", err)
	}
}
