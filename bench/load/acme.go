package load

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// flows drives ACME (RFC 8555): order, authorization, challenge by http-01,
// finalization and certificate, for a name of its own each time.
type flows struct {
	directory string // path
	clients   []*acmeClient
	internet  *Internet
	key       *ecdsa.PrivateKey // of the certificates
	made      int
	checked   atomic.Int64
}

// acmeClient is a client with an account.
type acmeClient struct {
	*connection
	key             *ecdsa.PrivateKey
	print           string // of the key
	account         string // URL; empty: none yet
	nonce, newOrder string // path
}

// ACME drives a server.
func (s *Server) ACME(clients int, internet *Internet) (Driven, error) {
	return newFlows(s.process, "/acme/directory", clients, internet)
}

// ACME drives step-ca.
func (s *StepCA) ACME(clients int, internet *Internet) (Driven, error) {
	return newFlows(s.process, "/acme/acme/directory", clients, internet)
}

func newFlows(p *process, directory string, clients int, internet *Internet) (Driven, error) {
	f := &flows{directory: directory, internet: internet}
	var err error
	if f.key, err = newKey(); err != nil {
		return nil, err
	}
	for _, c := range connections(p.url, p.roots, clients) {
		client := &acmeClient{connection: c}
		if err := client.register(directory); err != nil {
			return nil, err
		}
		f.clients = append(f.clients, client)
	}
	return f, nil
}

// register makes an account.
func (c *acmeClient) register(at string) (err error) {
	if c.key, err = newKey(); err != nil {
		return err
	}
	_, text, err := c.ask(http.MethodGet, at, "", nil)
	if err != nil {
		return err
	}
	var directory struct{ NewNonce, NewAccount, NewOrder string }
	if err := json.Unmarshal(text, &directory); err != nil {
		return err
	}
	answer, _, err := c.ask(http.MethodHead, c.path(directory.NewNonce), "", nil)
	if err != nil {
		return err
	}
	c.nonce, c.newOrder = answer.Header.Get("Replay-Nonce"), directory.NewOrder
	answer, err = c.post(directory.NewAccount, map[string]bool{"termsOfServiceAgreed": true}, nil)
	if err == nil {
		c.account = answer.Header.Get("Location")
	}
	return err
}

func (c *acmeClient) path(url string) string { return strings.TrimPrefix(url, "https://"+c.host) }

// post sends a signed payload, nil for POST-as-GET, and reads the answer.
func (c *acmeClient) post(url string, payload, into any) (*http.Response, error) {
	who := `"kid":"` + c.account + `"`
	if c.account == "" {
		key, err := jwk(c.key)
		if err != nil {
			return nil, err
		}
		who, c.print = `"jwk":`+key, thumbprint(key)
	}
	var content []byte
	if payload != nil {
		var err error
		if content, err = json.Marshal(payload); err != nil {
			return nil, err
		}
	}
	header := fmt.Appendf(nil, `{"alg":"ES256","nonce":"%s","url":"%s",%s}`, c.nonce, url, who)
	protected, body, signature, err := signJWS(c.key, header, content)
	if err != nil {
		return nil, err
	}
	message := fmt.Appendf(nil, `{"protected":"%s","payload":"%s","signature":"%s"}`, protected, body, signature)
	answer, text, err := c.ask(http.MethodPost, c.path(url), "Content-Type: application/jose+json\r\n", message)
	if err != nil {
		return nil, err
	}
	c.nonce = answer.Header.Get("Replay-Nonce")
	switch into := into.(type) {
	case nil:
	case *[]byte:
		*into = text
	default:
		err = json.Unmarshal(text, into)
	}
	return answer, err
}

// Prepare implements Driven.
func (f *flows) Prepare(count int) ([]Job, error) {
	for _, c := range f.clients {
		if err := c.dial(); err != nil {
			return nil, err
		}
	}
	jobs := make([]Job, count)
	for i := range jobs {
		name := fmt.Sprintf("flow-%d.load.example", f.made)
		f.made++
		der, err := newRequest(name, f.key)
		if err != nil {
			return nil, err
		}
		csr := base64URL(der)
		jobs[i] = func(client int) error { return f.run(f.clients[client], name, csr) }
	}
	return jobs, nil
}

type order struct {
	Status, Finalize, Certificate string
	Authorizations                []string
}

// run does one flow.
func (f *flows) run(c *acmeClient, name, csr string) error {
	var o order
	answer, err := c.post(c.newOrder, map[string]any{"identifiers": []any{map[string]string{"type": "dns", "value": name}}}, &o)
	if err != nil {
		return err
	}
	at := answer.Header.Get("Location")
	if len(o.Authorizations) != 1 {
		return fmt.Errorf("an order with %d authorizations", len(o.Authorizations))
	}
	if err := f.authorize(c, o.Authorizations[0]); err != nil {
		return err
	}
	if _, err := c.post(o.Finalize, map[string]string{"csr": csr}, &o); err != nil {
		return err
	}
	if err := c.until(at, "valid", &o.Status, &o); err != nil {
		return err
	}
	var chain []byte
	if _, err := c.post(o.Certificate, nil, &chain); err != nil {
		return err
	}
	return f.check(chain, name)
}

// authorize fulfils the http-01 challenge of an authorization.
func (f *flows) authorize(c *acmeClient, url string) error {
	type challenge struct{ Type, URL, Token, Status string }
	var authorization struct {
		Status     string
		Challenges []challenge
	}
	if _, err := c.post(url, nil, &authorization); err != nil {
		return err
	}
	for _, ch := range authorization.Challenges {
		if ch.Type != "http-01" {
			continue
		}
		f.internet.put(ch.Token, ch.Token+"."+c.print)
		if _, err := c.post(ch.URL, struct{}{}, &ch); err != nil {
			return err
		}
		if ch.Status == "valid" { // and the authorization with it
			return nil
		}
		return c.until(url, "valid", &authorization.Status, &authorization)
	}
	return errors.New("there is no challenge of http-01")
}

// until asks for a resource until it is as wanted.
func (c *acmeClient) until(url, want string, status *string, resource any) error {
	for pause := 5 * time.Millisecond; *status != want; pause *= 2 {
		if *status == "invalid" || pause > 10*time.Second {
			return fmt.Errorf("%s is %s", url, *status)
		}
		time.Sleep(pause)
		if _, err := c.post(url, nil, resource); err != nil {
			return err
		}
	}
	return nil
}

// check looks at some of the certificates whether they are the right ones.
func (f *flows) check(chain []byte, name string) error {
	block, _ := pem.Decode(chain)
	if block == nil {
		return errors.New("an answer without a certificate")
	}
	if f.checked.Add(1)%50 != 1 {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	return c.VerifyHostname(name)
}
