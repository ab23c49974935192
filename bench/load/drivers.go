package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// driver asks one kind of authority for a certificate.
type driver interface {
	http() *http.Client
	issue(ctx context.Context, c *http.Client, request string) error
}

func driverOf(s *settings) (driver, error) {
	c, err := newHTTP(s)
	if err != nil {
		return nil, err
	}
	d := poster{client: c, url: strings.TrimRight(s.url, "/")}
	switch s.kind {
	case "certwright":
		text, err := os.ReadFile(s.token)
		if err != nil {
			return nil, err
		}
		d.url += "/api/v1/requests"
		d.header = "Bearer " + strings.TrimSpace(string(text))
		d.body = func(request string) (any, error) {
			return map[string]string{"request": request, "profile": "server"}, nil
		}
		return &d, nil
	case "cfssl":
		d.url += "/api/v1/cfssl/sign"
		d.body = func(request string) (any, error) { return map[string]string{"certificate_request": request}, nil }
		return &d, nil
	case "step-ca":
		return stepDriver(s, &d)
	}
	return nil, fmt.Errorf("there is no kind %q", s.kind)
}

// poster posts JSON, and wants a certificate in the answer.
type poster struct {
	client      *http.Client
	url, header string
	body        func(request string) (any, error)
}

func (d *poster) http() *http.Client { return d.client }

func (d *poster) issue(ctx context.Context, c *http.Client, request string) error {
	body, err := d.body(request)
	if err != nil {
		return err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if d.header != "" {
		r.Header.Set("Authorization", d.header)
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 || !bytes.Contains(got, []byte("BEGIN CERTIFICATE")) {
		return fmt.Errorf("status %d: %.300s", answer.StatusCode, got)
	}
	return nil
}

// stepDriver signs a token for each request, as step-ca takes every one once.
func stepDriver(s *settings, d *poster) (driver, error) {
	text, err := os.ReadFile(s.provisionerKey)
	if err != nil {
		return nil, err
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(text, &key); err != nil {
		return nil, fmt.Errorf("%s: %w", s.provisionerKey, err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	d.url += "/1.0/sign"
	audience := d.url
	d.body = func(request string) (any, error) {
		block, _ := pem.Decode([]byte(request))
		parsed, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		claims, err := json.Marshal(map[string]any{"iss": s.provisioner, "aud": audience, "sub": parsed.Subject.CommonName, "sans": parsed.DNSNames,
			"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(4 * time.Minute).Unix(), "jti": rand.Text()})
		if err != nil {
			return nil, err
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			return nil, err
		}
		token, err := signed.CompactSerialize()
		return map[string]string{"csr": request, "ott": token}, err
	}
	return d, nil
}

// makeRequests makes different requests, in PEM.
func makeRequests(count int) ([]string, error) {
	out := make([]string, count)
	for i := range out {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("host-%d.load.example", i)
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}, key)
		if err != nil {
			return nil, err
		}
		out[i] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	}
	return out, nil
}
