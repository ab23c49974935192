package load

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// StepCA is step-ca with the configuration that "step ca init --acme" writes:
// its default database, a JWK provisioner and one for ACME.
type StepCA struct {
	*process
	provisioner *ecdsa.PrivateKey
	keyID       string
}

const provisionerName = "load"

// StartStepCA starts step-ca.
func StartStepCA(folder, program string, internet *Internet) (*StepCA, error) {
	root, intermediate, err := writeHierarchy(folder)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &StepCA{}
	if s.provisioner, err = newKey(); err != nil {
		return nil, err
	}
	public, err := jwk(s.provisioner)
	if err != nil {
		return nil, err
	}
	s.keyID = thumbprint(public)
	var key map[string]any
	if err := json.Unmarshal([]byte(public), &key); err != nil {
		return nil, err
	}
	key["kid"], key["use"], key["alg"] = s.keyID, "sig", "ES256"
	config, err := json.Marshal(map[string]any{
		"root": root.file, "crt": intermediate.file, "key": intermediate.keyAt, "address": fmt.Sprintf("127.0.0.1:%d", port), "dnsNames": []string{"127.0.0.1", "localhost"},
		"logger": map[string]string{"format": "text"},
		"db":     map[string]string{"type": "badgerv2", "dataSource": filepath.Join(folder, "db")},
		"authority": map[string]any{"provisioners": []any{
			map[string]any{"type": "JWK", "name": provisionerName, "key": key},
			map[string]any{"type": "ACME", "name": "acme"},
		}},
		"tls": map[string]any{"minVersion": 1.2, "maxVersion": 1.3, "renegotiation": false},
	})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "ca.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return nil, err
	}
	s.process, err = start(folder, program, file, "--insecure", "--acme-http-port", fmt.Sprint(internet.port), "--resolver", internet.resolver)
	if err != nil {
		return nil, err
	}
	s.url = fmt.Sprintf("https://127.0.0.1:%d", port)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(root.certificate)
	if err := s.await(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// token is the one-time token of a request.
func (s *StepCA) token(name string) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": s.keyID, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": provisionerName, "aud": s.url + "/1.0/sign", "sub": name, "sans": []string{name}, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(4 * time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	protected, content, signature, err := signJWS(s.provisioner, header, claims)
	return protected + "." + content + "." + signature, err
}
