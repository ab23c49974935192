package cmpsrv

import (
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/protocol/cmp"
)

// Where there are several authorities and the settings name none, errors are
// protected all the same, and say what is wrong.
func TestErrorsOfSeveralAuthorities(t *testing.T) {
	d := newDesk(t)
	_, err := d.authority.CreateCA(t.Context(), authority.NewCA{Name: "second", Subject: name(t, "CN=Test Second"), Parent: "root", KeyKind: "ecdsa-p256", By: "operator", PathLen: -1})
	check(t, err)
	d.Server.config.CA, d.signers.config.CA = "", ""
	x := d.world.talk()
	refuses(x, x.say(d.ir(), func(h *cmp.Header) { h.SenderKID = []byte("nobody") }), cmp.BadMessageCheck, "the reference or the secret is wrong")
	x = d.world.talk()
	refuses(x, x.say(d.cr(func(s *crmf.Spec) { s.Proof = "" }), nil), cmp.WrongAuthority, "several authorities")
	if x.last.VerifySecret([]byte("a shared secret")) != nil {
		t.Error("the answer to a right secret is not by it")
	}
	x = d.signed()
	refuses(x, x.say(d.genm(), func(h *cmp.Header) { h.Version = 4 }), cmp.UnsupportedVersion, "version is 4")
	if by := x.last.Header.Sender; by.String() == "" || len(x.last.ExtraCerts) == 0 {
		t.Errorf("from %s", by)
	}
	x = d.world.talk()
	x.header.Recipient = ext.NewDirectoryName(name(t, "CN=Test Second"))
	x.say(d.ir(), nil)
	if got := x.last.Header.Sender.String(); got != "dir:CN=Test Second" {
		t.Errorf("what is sent to the second authority is answered by %s", got)
	}
	if body, err := cmp.Parse(d.Answer(t.Context(), []byte("no message"), "", "192.0.2.1")); err != nil || body.Protection == nil {
		t.Errorf("%+v, %v", body, err)
	}
}
