package main

import (
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
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is one in an empty home.
type server struct {
	url, token string
	http       *http.Client
	stop       func()
}

// start starts a server, and returns once it answers.
func start(ctx context.Context, s *settings) (*server, error) {
	folder, err := os.MkdirTemp("", "certwright-cmp-")
	if err != nil {
		return nil, err
	}
	home, ready := filepath.Join(folder, "home"), filepath.Join(folder, "ready.json")
	c := exec.CommandContext(ctx, s.certwright, "serve", "--home", home, "--listen", "127.0.0.1:0", "--plain-listen", "off", "--ready-file", ready)
	c.Stderr = os.Stderr
	c.Env = append(os.Environ(), "CERTWRIGHT_LOG_LEVEL=warn", "CERTWRIGHT_LIMITS_RATE=0")
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	out := &server{stop: func() {
		c.Process.Signal(syscall.SIGTERM)
		c.Wait()
		os.RemoveAll(folder)
	}}
	for range 300 {
		text, err := os.ReadFile(ready)
		var told struct{ URL string }
		if err == nil && json.Unmarshal(text, &told) == nil {
			out.url = told.URL
			if err := out.know(home, s.clients); err != nil {
				out.stop()
				return nil, err
			}
			return out, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	out.stop()
	return nil, errors.New("the server does not become ready")
}

// know reads what a client needs, and makes one that keeps a connection for
// each of so many.
func (s *server) know(home string, clients int) error {
	token, err := os.ReadFile(filepath.Join(home, "first-token"))
	if err != nil {
		return err
	}
	root, err := os.ReadFile(filepath.Join(home, "root.crt"))
	if err != nil {
		return err
	}
	s.token = strings.TrimSpace(string(token))
	t := &http.Transport{MaxIdleConnsPerHost: clients, TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), NextProtos: []string{"http/1.1"}}}
	t.TLSClientConfig.RootCAs.AppendCertsFromPEM(root)
	s.http = &http.Client{Transport: t, Timeout: time.Minute}
	return nil
}

// post posts JSON as an administrator.
func (s *server) post(ctx context.Context, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("status %d: %.300s", answer.StatusCode, got)
	}
	return got, err
}

// rest has a certificate issued by REST.
func (s *server) rest(ctx context.Context, request []byte) error {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}))
	got, err := s.post(ctx, "/api/v1/requests", map[string]string{"request": text, "profile": "device"})
	if err == nil && !bytes.Contains(got, []byte("BEGIN CERTIFICATE")) {
		err = fmt.Errorf("no certificate: %.300s", got)
	}
	return err
}

// makeRequests makes requests of one device for different keys, in DER.
func makeRequests(count int) ([][]byte, error) {
	out := make([][]byte, count)
	for i := range out {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		out[i], err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: deviceName}, DNSNames: []string{deviceName}}, key)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// deviceName is the name of the device, and of all its certificates.
const deviceName = "pump.load.example"
