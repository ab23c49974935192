package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ocsp"

	"github.com/certwright/certwright/client"
)

// served is a server in a process of its own.
type served struct {
	cmd   *exec.Cmd
	plain string
	api   *client.Client
	close func()
}

// serveHome starts a server over a home by a command, and returns when it
// answers.
func serveHome(t *testing.T, cmd *exec.Cmd, home string) *served {
	t.Helper()
	cmd.Args = append(cmd.Args, "--home", home, "serve", "--listen", "127.0.0.1:0", "--plain-listen", "127.0.0.1:0", "--output", "json")
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.Env = append(os.Environ(), "CERTWRIGHT_LIMITS_RATE=0", "CERTWRIGHT_LOG_LEVEL=warn")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		cmd.Wait()
		t.Fatalf("the server does not start: %v\n%s", err, log.String())
	}
	var told struct{ URL, PlainURL, Root string }
	if err := json.Unmarshal(line, &told); err != nil {
		t.Fatal(err)
	}
	token, err := os.ReadFile(filepath.Join(home, "first-token"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.ReadFile(told.Root)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 32}
	api, err := client.New(client.Config{URL: told.URL, Token: strings.TrimSpace(string(token)), HTTP: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	s := &served{cmd: cmd, plain: told.PlainURL, api: api}
	s.close = sync.OnceFunc(func() { cmd.Process.Kill(); cmd.Wait(); transport.CloseIdleConnections() })
	t.Cleanup(s.close)
	return s
}

// submission is one that may have been answered.
type submission struct{ key, request string }

func newSubmission(n int) (submission, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return submission{}, err
	}
	host := fmt.Sprintf("h%d.example", n)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}}, k)
	return submission{fmt.Sprintf("key-%d", n), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))}, err
}

// load has 32 clients submit until the server is killed, after so many answers.
// It returns the serial numbers that were answered, and what was under way.
func (s *served) load(t *testing.T, first, killAfter int) (answered []string, lost []submission) {
	t.Helper()
	var mutex sync.Mutex
	var clients sync.WaitGroup
	next := first
	for range 32 {
		clients.Go(func() {
			for {
				mutex.Lock()
				n := next
				next++
				mutex.Unlock()
				one, err := newSubmission(n)
				if err != nil {
					t.Error(err)
					return
				}
				out, err := s.api.Submit(context.Background(), client.Submission{Request: one.request, CA: "issuing"}, client.WithKey(one.key))
				mutex.Lock()
				switch {
				case err != nil:
					lost = append(lost, one)
				case out.State != client.Issued:
					t.Errorf("%s: %s, %v", one.key, out.State, out.Error)
				default:
					if answered = append(answered, out.Serial); len(answered) == killAfter {
						s.cmd.Process.Kill()
					}
				}
				mutex.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	clients.Wait()
	return answered, lost
}

// TestKillServerUnderLoad kills a server while 32 clients submit, and holds
// that every certificate that was answered is there afterwards, OCSP knows it,
// and what was under way can be submitted again, to one certificate each.
func TestKillServerUnderLoad(t *testing.T) {
	certwright, home := program(t), filepath.Join(t.TempDir(), "home")
	answered := map[string]bool{}
	submitted := 0
	for crash := range max(crashes(t)/4, 2) {
		s := serveHome(t, exec.Command(certwright), home)
		serials, lost := s.load(t, submitted, 40+mathrand.IntN(160))
		submitted += len(serials) + len(lost) + 1000
		s.close()
		s = serveHome(t, exec.Command(certwright), home)
		again := map[string]bool{}
		for _, one := range lost {
			out, err := s.api.Submit(t.Context(), client.Submission{Request: one.request, CA: "issuing"}, client.WithKey(one.key))
			if err != nil || out.State != client.Issued {
				t.Fatalf("crash %d: %s again: %v, %v", crash, one.key, out, err)
			}
			if again[out.Serial] || answered[out.Serial] {
				t.Errorf("crash %d: the certificate %s was issued for two requests", crash, out.Serial)
			}
			again[out.Serial] = true
			serials = append(serials, out.Serial)
		}
		for _, serial := range serials {
			answered[serial] = true
			s.hold(t, serial)
		}
		s.close()
		t.Logf("crash %d: %d certificates answered, of them %d after the restart", crash, len(serials), len(again))
	}
	if known := list(t, certwright, home); len(known) != len(answered)+1 { // and the server's own
		t.Errorf("%d certificates are on record, %d were answered", len(known)-1, len(answered))
	}
	must(t, certwright, "--home", home, "audit", "verify")
}

// hold checks that a certificate is on record and good by OCSP.
func (s *served) hold(t *testing.T, serial string) {
	t.Helper()
	der, err := s.api.Fetch(t.Context(), "issuing", serial, "der")
	if err != nil {
		t.Errorf("%s was answered, and is not there: %v", serial, err)
		return
	}
	issuerDER, err := get(t.Context(), s.plain+"/ca/issuing.crt", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := x509.ParseCertificate(issuerDER)
	if err != nil {
		t.Fatal(err)
	}
	question, err := ocsp.CreateRequest(c, issuer, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := get(t.Context(), s.plain+"/ocsp", question)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ocsp.ParseResponseForCert(answer, c, issuer)
	if err != nil || r.Status != ocsp.Good {
		t.Errorf("%s: OCSP says %+v, %v", serial, r, err)
	}
}

// get fetches a thing, or posts a question where there is one.
func get(ctx context.Context, url string, question []byte) ([]byte, error) {
	method := "GET"
	if question != nil {
		method = "POST"
	}
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, body)
	}
	return body, err
}
