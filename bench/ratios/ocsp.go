package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/pem"
)

const (
	ocspClients      = 8
	ocspCertificates = 200
	ocspRounds       = 3
)

// ocspRates are answers a second.
type ocspRates struct{ Ours, Theirs float64 }

// measureOCSP compares answers that are signed on demand, since each question
// has a nonce of its own, with those of openssl ocsp. That listens on every
// address, so both run in a network of their own.
func measureOCSP(b *bench) ([]row, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("unshare", "-r", "-n", "sh", "-c", `ip link set lo up && exec "$@"`, "sh", self, "-only", "ocsp-inside", "-certwright", b.binary, "-benchtime", b.benchtime)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measuring in a network of its own: %w\n%s", err, out)
	}
	var r ocspRates
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		return nil, fmt.Errorf("reading the rates: %w\n%s", err, out)
	}
	rate := func(v float64) string { return fmt.Sprintf("%.0f/s", v) }
	return []row{{what: fmt.Sprintf("OCSP signed on demand, P-256, %d clients", ocspClients), ours: rate(r.Ours), theirs: rate(r.Theirs), ratio: r.Ours / r.Theirs, goal: 2, least: true}}, nil
}

// measureOCSPInside does the measuring, and prints the rates for who started it.
func measureOCSPInside(b *bench) ([]row, error) {
	span, err := time.ParseDuration(b.benchtime)
	if err != nil {
		return nil, err
	}
	w, err := prepareOCSP(b)
	if err != nil {
		return nil, err
	}
	defer w.stop()
	var r ocspRates
	for range ocspRounds {
		for url, rate := range map[string]*float64{w.ours: &r.Ours, w.theirs: &r.Theirs} {
			n, err := w.load(url, span)
			if err != nil {
				return nil, fmt.Errorf("asking %s: %w", url, err)
			}
			*rate += n / ocspRounds
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Printf("%s\n", text)
	return nil, err
}

// ocspWorld is two responders for the same certificates.
type ocspWorld struct {
	ours, theirs string // URLs
	issuer       *cert.Certificate
	serials      []*cert.Certificate
	running      []*exec.Cmd
}

func (w *ocspWorld) stop() {
	for _, cmd := range w.running {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

func prepareOCSP(b *bench) (*ocspWorld, error) {
	w := &ocspWorld{ours: "http://127.0.0.1:8081/ocsp", theirs: "http://127.0.0.1:8082/"}
	home, folder := b.path("ocsp-home"), b.path("ocsp")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	script := fmt.Sprintf(`
openssl ecparam -name prime256v1 -genkey -noout -out k.pem
i=0; while [ $i -lt %d ]; do
	openssl req -new -key k.pem -subj "/CN=h$i.test" -addext "subjectAltName=DNS:h$i.test" -out "r$i.csr"
	i=$((i + 1))
done
"$0" --home "$1" ca init --name Bench --intermediate >/dev/null
"$0" --home "$1" sign --batch r*.csr >/dev/null
"$0" --home "$1" ca export issuing --out issuing.pem >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA 2>/dev/null
for f in r*.crt; do
	printf 'V\t491231235959Z\t\t%%s\tunknown\t/CN=%%s\n' "$(openssl x509 -in "$f" -noout -serial | cut -d= -f2)" "$f" >>index
done
`, ocspCertificates)
	cmd := exec.Command("sh", "-eu", "-c", script, b.binary, home)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("preparing: %w\n%s", err, out)
	}
	if err := w.read(folder); err != nil {
		return nil, err
	}
	if err := w.start(folder, b.binary, "--home", home, "serve", "--listen", "127.0.0.1:0", "--plain-listen", "127.0.0.1:8081"); err != nil {
		return nil, err
	}
	// The same index, under the name and key of the authority that openssl has.
	if err := w.start(folder, "openssl", "ocsp", "-port", "8082", "-index", "index", "-CA", "issuing.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-ndays", "1"); err != nil {
		w.stop()
		return nil, err
	}
	for _, url := range []string{w.ours, w.theirs} {
		if err := w.await(url); err != nil {
			w.stop()
			return nil, err
		}
	}
	return w, nil
}

// read reads what was issued.
func (w *ocspWorld) read(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "r*.crt"))
	if err != nil {
		return err
	}
	for _, file := range append(files, filepath.Join(folder, "issuing.pem")) {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		blocks, err := pem.Find(data)
		if err != nil {
			return err
		}
		c, err := cert.Parse(blocks[0].Bytes)
		if err != nil {
			return err
		}
		if strings.HasSuffix(file, "issuing.pem") {
			w.issuer = c
		} else {
			w.serials = append(w.serials, c)
		}
	}
	if len(w.serials) != ocspCertificates {
		return fmt.Errorf("%d certificates were issued, and not %d", len(w.serials), ocspCertificates)
	}
	return nil
}

func (w *ocspWorld) start(folder, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	if err := cmd.Start(); err != nil {
		return err
	}
	w.running = append(w.running, cmd)
	return nil
}

// await waits until a responder answers.
func (w *ocspWorld) await(url string) error {
	for range 100 {
		if err := w.ask(&http.Client{}, url, 0, true); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return w.ask(&http.Client{}, url, 0, true)
}

// load asks for a while, and returns the answers a second.
func (w *ocspWorld) load(url string, span time.Duration) (float64, error) {
	var count atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, ocspClients)
	began := time.Now()
	for n := range ocspClients {
		group.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for i := n; time.Since(began) < span; i += ocspClients {
				if err := w.ask(client, url, i, i%101 == 0); err != nil {
					failed <- err
					return
				}
				count.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(count.Load()) / took.Seconds(), nil
	}
}

// ask asks about one certificate with a new nonce; it looks into the answer
// where it is told to.
func (w *ocspWorld) ask(client *http.Client, url string, i int, look bool) error {
	c := w.serials[i%len(w.serials)]
	id, err := ocsp.NewCertID(crypto.SHA1, w.issuer, c.Serial)
	if err != nil {
		return err
	}
	nonce := make([]byte, 16)
	rand.Read(nonce)
	e, err := ocsp.NewNonce(nonce)
	if err != nil {
		return err
	}
	question, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: id}}, Extensions: []ext.Extension{e}})
	if err != nil {
		return err
	}
	answer, err := client.Post(url, ocsp.RequestType, bytes.NewReader(question))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || !look {
		return err
	}
	r, err := ocsp.ParseResponse(body)
	if err != nil {
		return err
	}
	if r.Basic == nil {
		return errors.New("no answer but " + r.Status.String())
	}
	single, ok := r.Basic.For(c, w.issuer)
	if got, err := ocsp.Nonce(r.Basic.Extensions); !ok || single.Status != ocsp.Good || err != nil || !bytes.Equal(got, nonce) {
		return fmt.Errorf("a wrong answer: %+v, %v", single, err)
	}
	return nil
}
