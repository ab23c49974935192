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
	"runtime/debug"
	"strconv"
	"strings"
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
	defer debug.SetGCPercent(debug.SetGCPercent(400))
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

// start starts a responder, which gives way to the clients: they stand for
// other machines, and such do not wait for a processor that the responder has.
func (w *ocspWorld) start(folder string, command ...string) error {
	cmd := exec.Command("nice", append([]string{"-n", "10"}, command...)...)
	cmd.Dir = folder
	if err := cmd.Start(); err != nil {
		return err
	}
	w.running = append(w.running, cmd)
	return nil
}

// await waits until a responder answers.
func (w *ocspWorld) await(url string) error {
	q, err := w.newQuestion(0)
	if err != nil {
		return err
	}
	for range 100 {
		if err = w.try(url, q); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func (w *ocspWorld) try(url string, q *ocspQuestion) error {
	answer, err := http.Post(url, ocsp.RequestType, bytes.NewReader(q.der))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return q.check(body, w.issuer)
}

const ocspQuestions = 500 // of each client

// load asks for a while, and returns the answers a second. Making questions is
// not timed.
func (w *ocspWorld) load(url string, span time.Duration) (float64, error) {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	clients := make([]*ocspClient, ocspClients)
	for n := range clients {
		c := &ocspClient{}
		for i := range ocspQuestions {
			q, err := w.newQuestion(n*ocspQuestions + i)
			if err != nil {
				return 0, err
			}
			c.questions = append(c.questions, q)
			c.sent = append(c.sent, fmt.Appendf(nil, "POST /%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", path, host, ocsp.RequestType, len(q.der), q.der))
		}
		clients[n] = c
	}
	return askAll(clients, host, w.issuer, span)
}

// ocspClient asks its questions one after the other, over and over.
type ocspClient struct {
	questions []*ocspQuestion
	sent      [][]byte // the questions, as requests of HTTP
	asked     int
	conn      int // the connection, as askAll keeps it
	in        []byte
}

// answered takes the answer to the last question, if all of it is there: its
// body, and whether it is the last one of the connection.
func (c *ocspClient) answered() (body []byte, last, ok bool, err error) {
	head, rest, ok := bytes.Cut(c.in, []byte("\r\n\r\n"))
	if !ok {
		return nil, false, false, nil
	}
	length, last, err := readOCSPHead(head)
	if err != nil || len(rest) < length {
		return nil, false, false, err
	}
	return rest[:length], last, true, nil
}

// readOCSPHead reads the head of an answer: its status, how long it is, and
// whether it is the last one of the connection.
func readOCSPHead(head []byte) (length int, last bool, err error) {
	length = -1
	first, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if last = bytes.HasPrefix(first, []byte("HTTP/1.0 ")); !bytes.Contains(first, []byte(" 200 ")) {
		return 0, last, fmt.Errorf("the answer is %q", first)
	}
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, last, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 || length > 1<<16 {
		return 0, last, fmt.Errorf("the answer has a length of %d", length)
	}
	return length, last, nil
}

// ocspQuestion asks about one certificate, with a nonce of its own.
type ocspQuestion struct {
	about *cert.Certificate
	nonce []byte
	der   []byte
}

func (w *ocspWorld) newQuestion(i int) (*ocspQuestion, error) {
	q := &ocspQuestion{about: w.serials[i%len(w.serials)], nonce: make([]byte, 16)}
	rand.Read(q.nonce)
	id, err := ocsp.NewCertID(crypto.SHA1, w.issuer, q.about.Serial)
	if err != nil {
		return nil, err
	}
	e, err := ocsp.NewNonce(q.nonce)
	if err != nil {
		return nil, err
	}
	q.der, err = ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: id}}, Extensions: []ext.Extension{e}})
	return q, err
}

// check looks whether an answer is the right one.
func (q *ocspQuestion) check(body []byte, issuer *cert.Certificate) error {
	r, err := ocsp.ParseResponse(body)
	if err != nil {
		return err
	}
	if r.Basic == nil {
		return errors.New("no answer but " + r.Status.String())
	}
	single, ok := r.Basic.For(q.about, issuer)
	if got, err := ocsp.Nonce(r.Basic.Extensions); !ok || single.Status != ocsp.Good || err != nil || !bytes.Equal(got, q.nonce) {
		return fmt.Errorf("a wrong answer: %+v, %v", single, err)
	}
	return nil
}
