package cmpsrv

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// world is a server over a real authority, and a folder that openssl works in.
type world struct {
	*Server
	t         *testing.T
	url, dir  string
	store     *memstore.Store
	authority *authority.Authority
	vault     *secret.Vault
	profiles  map[string]string
	config    Config
	log       *bytes.Buffer
	mu        sync.Mutex
	ahead     time.Duration
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

const plant = "name: plant\nversion: 1\nkeys: { ec: [P-256], rsa: { min: 2048, max: 4096 } }\nvalidity: { default: 30d, maximum: 60d }\nsubject: { attributes: { CN: { max: 64 } } }\nnames: { kinds: [dns] }\nextensions: { keyUsage: { default: [digitalSignature] }, extKeyUsage: { default: [clientAuth] } }\n"

func newWorld(t *testing.T, edit ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), profiles: map[string]string{"plant": plant, "reviewed": strings.Replace(plant, "name: plant", "name: reviewed\nissuance: review", 1)}, log: &bytes.Buffer{}, store: memstore.New()}
	keys := memkeys.New()
	var err error
	w.authority, err = authority.New(authority.Config{Store: w.store, Keys: keys, Profiles: w.profile, Now: w.clock, Wait: func(context.Context, time.Duration) error { return nil }})
	check(t, err)
	w.vault = secret.New(secret.Config{Store: w.store, Keys: keys, Now: w.clock})
	for _, ca := range []authority.NewCA{{Name: "root", Subject: name(t, "CN=Test Root")}, {Name: "issuing", Subject: name(t, "CN=Test Issuing"), Parent: "root"}} {
		ca.KeyKind, ca.By, ca.PathLen = "ecdsa-p256", "operator", -1
		_, err := w.authority.CreateCA(t.Context(), ca)
		check(t, err)
	}
	c := Config{Authority: w.authority, Store: w.store, Secrets: w.vault, Keys: keys, CA: "issuing", Profile: "plant", Profiles: []string{"reviewed"}, Now: w.clock, CheckAfter: time.Second, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	for _, e := range edit {
		e(&c)
	}
	w.config = c
	w.Server, err = New(c)
	check(t, err)
	front := httptest.NewServer(w.Server)
	t.Cleanup(front.Close)
	w.url = front.URL
	root, err := w.store.CA(t.Context(), "root")
	check(t, err)
	w.write("root.crt", pem.Encode("CERTIFICATE", root.Chain[0]))
	return w
}

func (w *world) profile(name string) (*issuance.Profile, error) {
	if text, ok := w.profiles[name]; ok {
		return issuance.ParseProfile([]byte(text))
	}
	if p, ok := issuance.BuiltInProfile(name); ok {
		return p, nil
	}
	return nil, &request.Refusal{Reason: request.UnknownProfile, Detail: "there is no profile called " + name, Fix: "use another"}
}

func name(t testing.TB, text string) dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	check(t, err)
	return n
}

func (w *world) write(name string, data []byte) {
	w.t.Helper()
	check(w.t, os.WriteFile(filepath.Join(w.dir, name), data, 0o600))
}

func (w *world) sh(command string) string {
	w.t.Helper()
	c := exec.Command("sh", "-ec", command)
	c.Dir = w.dir
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("the openssl command is needed by this test (apt-get install openssl): %s: %v\n%s", command, err, out)
	}
	return string(out)
}

// secret makes a shared secret for device 1.
func (w *world) secret(s secret.Secret) {
	w.t.Helper()
	s.Reference, s.By = "device1", "admin"
	_, _, err := w.vault.New(w.t.Context(), s, "a shared secret")
	check(w.t, err)
}

// openssl runs openssl's client at a path, and returns what it says.
func (w *world) openssl(options string) (string, bool) {
	w.t.Helper()
	return w.opensslAt("/.well-known/cmp", options)
}

func (w *world) opensslAt(path, options string) (string, bool) {
	w.t.Helper()
	c := exec.Command("sh", "-c", "rm -f got.crt; openssl cmp -config '' -server "+strings.TrimPrefix(w.url, "http://")+path+" -recipient '/CN=Test Issuing' -certout got.crt -chainout chain.pem -cacertsout ca.pem -extracertsout extra.pem "+options)
	c.Dir = w.dir
	out, err := c.CombinedOutput()
	return string(out), err == nil
}

const (
	shared = " -ref device1 -secret 'pass:a shared secret'"
	signed = " -cert dev.crt -key k.key -trusted root.crt -untrusted trust.pem"
)

// keys has openssl make keys.
func (w *world) keys() {
	w.t.Helper()
	w.sh("openssl ecparam -name prime256v1 -genkey -noout -out k.key; openssl ecparam -name prime256v1 -genkey -noout -out k2.key")
}

// enrolled has device 1 enrol by its secret; dev.crt is its certificate.
func (w *world) enrolled() {
	w.t.Helper()
	w.keys()
	w.secret(secret.Secret{})
	out, ok := w.openssl("-cmd ir -newkey k.key -subject /CN=pump -sans pump.example" + shared)
	if !ok {
		w.t.Fatal(out, w.log)
	}
	w.sh("cp got.crt dev.crt; cp extra.pem trust.pem; openssl verify -CAfile root.crt -untrusted trust.pem dev.crt")
}

func (w *world) read(name string) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, name))
	check(w.t, err)
	return data
}
