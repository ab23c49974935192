package cmpsrv

import (
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/request"
)

func TestEveryReasonHasABit(t *testing.T) {
	for _, r := range request.Reasons() {
		if b, ok := bits(r); !ok || b == 0 {
			t.Errorf("the reason %s has no failure bit", r)
		}
	}
}

// issued counts certificates by status.
func (w *world) issued(status authority.Status) int {
	n := 0
	for c, err := range w.store.Certificates(w.t.Context(), authority.Query{CA: "issuing", Status: status}) {
		check(w.t, err)
		if c.Profile != signerProfile {
			n++
		}
	}
	return n
}

// OpenSSL's client against the server: what has to succeed.
func TestOpenSSLEnrols(t *testing.T) {
	w := newWorld(t)
	w.enrolled()
	w.sh("openssl genrsa -out rsa.key 2048; openssl req -new -key k2.key -subj /CN=pump -addext subjectAltName=DNS:pump.example -out k2.csr")
	for i, options := range []string{
		"-cmd ir -newkey k2.key -subject /CN=other" + shared,
		"-cmd ir -newkey k2.key -subject /CN=other -implicit_confirm" + shared,
		"-cmd ir -newkey k2.key -subject /CN=other -implicit_confirm -mac hmacWithSHA256 -digest sha512" + shared,
		"-cmd cr -newkey rsa.key -subject /CN=other -days 5" + shared,
		"-cmd p10cr -csr k2.csr" + shared,
		"-cmd p10cr -csr k2.csr -implicit_confirm" + signed,
		"-cmd cr -newkey k2.key -subject /CN=pump -sans pump.example" + signed,
		"-cmd ir -newkey k2.key -subject /CN=pump -sans pump.example" + signed,
		"-cmd kur -newkey k2.key -oldcert dev.crt" + signed,
	} {
		out, ok := w.openssl(options)
		if !ok {
			t.Errorf("%s:\n%s\n%s", options, out, w.log)
			continue
		}
		if got := w.issued(authority.StatusValid); got != i+2 {
			t.Errorf("%s: %d certificates are valid, want %d", options, got, i+2)
		}
		w.sh("openssl verify -CAfile root.crt -untrusted extra.pem got.crt")
	}
	if n := w.issued(authority.StatusUnconfirmed); n != 0 {
		t.Errorf("%d certificates are unconfirmed", n)
	}
}

func TestOpenSSLAsksAndRevokes(t *testing.T) {
	w := newWorld(t)
	w.enrolled()
	for _, options := range []string{"-cmd genm -infotype caCerts" + shared, "-cmd genm -infotype signKeyPairTypes" + signed, "-cmd genm -infotype suppLangTags" + signed, "-cmd genm -infotype currentCRL" + signed, "-cmd genm -infotype revPassphrase" + signed} {
		if out, ok := w.openssl(options); !ok || !strings.Contains(out, "received GENP") {
			t.Errorf("%s:\n%s\n%s", options, out, w.log)
		}
	}
	if out, ok := w.openssl("-cmd rr -oldcert dev.crt" + signed); !ok {
		t.Errorf("%s\n%s", out, w.log)
	}
	if n := w.issued(authority.StatusRevoked); n != 1 {
		t.Errorf("%d certificates are revoked", n)
	}
	out, ok := w.openssl("-cmd rr -oldcert dev.crt" + signed)
	if ok || !strings.Contains(out, "PKIFailureInfo: certRevoked; ") {
		t.Errorf("%s", out)
	}
}

// A held request is polled until an officer decides, and heard what they say.
func TestOpenSSLPolls(t *testing.T) {
	w := newWorld(t)
	w.keys()
	w.secret(secret.Secret{})
	out := make(chan string, 1)
	go func() {
		text, ok := w.opensslAt("/.well-known/cmp/p/reviewed", "-cmd ir -newkey k.key -subject /CN=pump -total_timeout 60"+shared)
		if !ok {
			text = "failed: " + text
		}
		out <- text
	}()
	var id string
	for id == "" {
		select {
		case text := <-out:
			t.Fatalf("nothing is held: %s\n%s", text, w.log)
		default:
		}
		for ticket, err := range w.store.Tickets(t.Context(), authority.TicketQuery{State: authority.StateHeld}) {
			check(t, err)
			id = ticket.ID
		}
	}
	_, err := w.authority.Approve(t.Context(), id, "officer", "")
	check(t, err)
	if text := <-out; strings.HasPrefix(text, "failed") {
		t.Errorf("%s\n%s", text, w.log)
	}
	if w.issued(authority.StatusValid) != 1 || w.issued(authority.StatusUnconfirmed) != 0 {
		t.Error("the certificate is not valid")
	}
}

// OpenSSL's client against the server: what has to be refused, with the right
// bit, and nothing issued.
func TestOpenSSLIsRefused(t *testing.T) {
	w := newWorld(t)
	w.enrolled()
	w.sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout alien.key -out alien.crt -subj /CN=pump")
	if out, ok := w.openssl("-cmd cr -newkey k2.key -subject /CN=second" + shared); !ok {
		t.Fatal(out)
	}
	w.sh("cp got.crt second.crt")
	valid := w.issued(authority.StatusValid)
	for _, c := range []struct{ path, options, want string }{
		{"", "-cmd ir -newkey k2.key -subject /CN=x -ref device1 -secret pass:wrong -unprotected_errors", "badMessageCheck"},
		{"", "-cmd ir -newkey k2.key -subject /CN=x -ref nobody -secret pass:wrong -unprotected_errors", "badMessageCheck"},
		{"", "-cmd ir -newkey k2.key -subject /CN=x -unprotected_requests -trusted root.crt", "badMessageCheck"},
		{"", "-cmd ir -newkey k2.key -subject /CN=x -cert alien.crt -key alien.key -trusted root.crt", "signerNotTrusted"},
		{"", "-cmd kur -newkey k2.key -oldcert dev.crt" + shared, "wrongIntegrity"},
		{"", "-cmd kur -newkey k2.key -oldcert second.crt" + signed, "badCertId"},
		{"", "-cmd rr -oldcert dev.crt" + shared, "wrongIntegrity"},
		{"", "-cmd rr -oldcert second.crt" + signed, "notAuthorized"},
		{"", "-cmd cr -newkey k2.key -subject /CN=other" + signed, "notAuthorized"},
		{"", "-cmd cr -newkey k2.key -subject /CN=pump -sans another.example" + signed, "notAuthorized"},
		{"/p/nothing", "-cmd ir -newkey k2.key -subject /CN=x" + shared, "notAuthorized"},
		{"/p/subca", "-cmd ir -newkey k2.key -subject /CN=x" + shared, "notAuthorized"},
		{"/p/server", "-cmd cr -newkey k2.key -subject /CN=pump" + signed, "notAuthorized"},
		{"", "-cmd ir -newkey k2.key -subject /CN=x -popo 0" + shared, "notAuthorized"},
		{"", "-cmd ir -newkey k2.key -subject /CN=x -popo -1" + shared, "badPOP"},
	} {
		out, ok := w.opensslAt("/.well-known/cmp"+c.path, c.options)
		if ok || !strings.Contains(out, c.want) {
			t.Errorf("%s: want %s:\n%s\n%s", c.options, c.want, out, w.log)
		}
	}
	if got := w.issued(authority.StatusValid); got != valid || w.issued(authority.StatusUnconfirmed) != 0 {
		t.Errorf("%d certificates are valid, %d were", got, valid)
	}
	w.mu.Lock()
	w.ahead = time.Hour
	w.mu.Unlock()
	if out, ok := w.openssl("-cmd ir -newkey k2.key -subject /CN=x" + shared); ok || !strings.Contains(out, "badTime") {
		t.Errorf("an hour late: %s", out)
	}
}

func TestRecordedMessagesAreNotTakenTwice(t *testing.T) {
	w := newWorld(t)
	w.keys()
	w.secret(secret.Secret{Uses: 1})
	if out, ok := w.openssl("-cmd ir -newkey k.key -subject /CN=pump -reqout a,b -rspout c,d" + shared); !ok {
		t.Fatal(out, w.log)
	}
	out, ok := w.openssl("-cmd ir -newkey k.key -subject /CN=pump -reqin a,b" + shared)
	if ok || !strings.Contains(out, "transactionIdInUse") {
		t.Errorf("%s", out)
	}
	// The secret was good for one.
	out, ok = w.openssl("-cmd ir -newkey k2.key -subject /CN=pump" + shared)
	if ok || !strings.Contains(out, "notAuthorized") || !strings.Contains(out, "used as often as it may be") {
		t.Errorf("%s", out)
	}
	if n := w.issued(authority.StatusValid); n != 1 {
		t.Errorf("%d certificates", n)
	}
}

// The names of a secret hold for what the certificate would bear, not only for
// what the request has as such.
func TestSecretsNamesHoldForTheCommonName(t *testing.T) {
	w := newWorld(t)
	w.keys()
	w.secret(secret.Secret{Profile: "device", Names: []string{"dns:*.plant.example"}})
	for _, options := range []string{"-subject /CN=evil.other.example", "-subject /CN=pump -sans evil.other.example"} {
		out, ok := w.openssl("-cmd ir -newkey k.key " + options + shared)
		if ok || !strings.Contains(out, "notAuthorized") || !strings.Contains(out, "is not for the name ") {
			t.Errorf("%s: %s", options, out)
		}
	}
	if n := w.issued(authority.StatusValid) + w.issued(authority.StatusUnconfirmed); n != 0 {
		t.Errorf("%d certificates", n)
	}
	if out, ok := w.openssl("-cmd ir -newkey k.key -subject /CN=pump.plant.example" + shared); !ok {
		t.Error(out, w.log)
	}
}
