package interop

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/protocol/acme"
)

// TestKillDuringOrders kills a server under ACME clients again and again: every
// order that a client was told of comes to its end, and every certificate that
// was answered is there afterwards, and good by OCSP.
func TestKillDuringOrders(t *testing.T) {
	const clients, flows = 32, 6
	w := newACME(t)
	w.start(t)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { w.orders(t, flows) })
	}
	for range min(crashes(t), clients*flows/10) {
		for range 8 {
			<-w.finished
		}
		w.kill(t)
		w.start(t)
	}
	go func() {
		for range w.finished {
		}
	}()
	all.Wait()
	close(w.finished)
	w.kill(t)
	if len(w.serials) != clients*flows {
		t.Errorf("%d of %d orders were finished", len(w.serials), clients*flows)
	}
	after := serveHome(t, exec.Command(w.program), w.home)
	for _, serial := range w.serials {
		after.hold(t, serial)
	}
}

// acmeServer is a server in a process of its own, and what its challenges lead to.
type acmeServer struct {
	program, home, listen string
	running               *exec.Cmd
	finished              chan struct{} // one for each certificate

	mu      sync.Mutex
	files   map[string]string // of the host that all names lead to
	serials []string
}

func newACME(t *testing.T) *acmeServer {
	t.Helper()
	w := &acmeServer{program: program(t), home: t.TempDir(), finished: make(chan struct{}), files: map[string]string{}}
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		out.Write([]byte(w.files[r.URL.Path]))
	}))
	t.Cleanup(host.Close)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.listen = free.Addr().String()
	free.Close()
	settings := fmt.Sprintf("server: { listen: %q, plain-listen: off, names: [127.0.0.1] }\nacme: { allow-networks: [127.0.0.0/8], resolvers: [%q], http-port: %d }\n",
		w.listen, resolver(t), host.Listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(filepath.Join(w.home, "config.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// resolver serves a zone in which every name leads to this machine.
func resolver(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(out dns.ResponseWriter, query *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(query)
		if q := query.Question[0]; q.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(127, 0, 0, 1)})
		}
		out.WriteMsg(m)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// start starts the server, and returns when it serves.
func (w *acmeServer) start(t *testing.T) {
	t.Helper()
	w.running = exec.Command(w.program, "--home", w.home, "serve")
	out, err := w.running.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.running.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "https://"+w.listen) {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	t.Fatal("the server ended before it served")
}

func (w *acmeServer) kill(t *testing.T) {
	t.Helper()
	if err := w.running.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.running.Wait()
}

// orders is one client that gets so many certificates, whatever happens to the
// server.
func (w *acmeServer) orders(t *testing.T, n int) {
	root, err := os.ReadFile(filepath.Join(w.home, "root.crt"))
	if err != nil {
		t.Error(err)
		return
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	account, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Error(err)
		return
	}
	c := &acme.Client{DirectoryURL: "https://" + w.listen + "/acme/directory", Private: account,
		HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	if !again(t, func() error {
		_, err := c.Register(t.Context(), acme.NewAccount{TermsOfServiceAgreed: true})
		return err
	}) {
		return
	}
	for i := range n {
		if !w.flow(t, c, fmt.Sprintf("h%d.example", i)) {
			return
		}
		w.finished <- struct{}{}
	}
}

// again does one step until a server answers it; false where it is refused.
func again(t *testing.T, step func() error) bool {
	for {
		err := step()
		var p *acme.Problem
		switch {
		case err == nil:
			return true
		case errors.As(err, &p) && !p.Has(acme.ServerInternal), t.Context().Err() != nil:
			t.Errorf("a client is refused: %v", err)
			return false
		}
		time.Sleep(20 * time.Millisecond) // the server is away
	}
}

// flow gets one certificate.
func (w *acmeServer) flow(t *testing.T, c *acme.Client, name string) bool {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Error(err)
		return false
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{name}}, k)
	if err != nil {
		t.Error(err)
		return false
	}
	var o, done *acme.Order
	var url string
	var z *acme.Authorization
	var chain []byte
	return again(t, func() (err error) {
		o, url, err = c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: acme.DNS, Value: name}}})
		return err
	}) && again(t, func() (err error) {
		z, err = c.Authorization(t.Context(), o.Authorizations[0])
		return err
	}) && again(t, func() error {
		return w.accept(t, c, z)
	}) && again(t, func() error {
		_, err := c.Settled(t.Context(), url, 20*time.Millisecond)
		return err
	}) && again(t, func() (err error) {
		done, err = c.Finalize(t.Context(), o, request)
		return err
	}) && again(t, func() (err error) {
		chain, _, err = c.Certificate(t.Context(), done.Certificate)
		return err
	}) && w.keep(t, chain)
}

// accept puts the answer of http-01 in place, and says so.
func (w *acmeServer) accept(t *testing.T, c *acme.Client, z *acme.Authorization) error {
	k, err := acme.NewKey(c.Private.Public())
	if err != nil {
		return err
	}
	for _, ch := range z.Challenges {
		if ch.Type != acme.HTTP01 {
			continue
		}
		w.mu.Lock()
		w.files["/.well-known/acme-challenge/"+ch.Token] = acme.KeyAuthorization(ch.Token, k.Thumbprint())
		w.mu.Unlock()
		_, err = c.Accept(t.Context(), ch.URL)
	}
	return err
}

// keep remembers a certificate that was answered.
func (w *acmeServer) keep(t *testing.T, chain []byte) bool {
	block, _ := pem.Decode(chain)
	if block == nil {
		t.Error("no certificate is answered")
		return false
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Error(err)
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serials = append(w.serials, hex.EncodeToString(parsed.SerialNumber.Bytes()))
	return true
}
