package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// requests is how many different ones are sent, again and again, each with a
// P-256 key of its own.
const requests = 2000

// Wanted is a request that is sent to every authority alike.
type Wanted struct {
	name, pem string
}

// NewWanted makes the requests.
func NewWanted() ([]Wanted, error) {
	out := make([]Wanted, requests)
	for i := range out {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		out[i].name = fmt.Sprintf("host-%d.load.example", i)
		der, err := newRequest(out[i].name, key)
		if err != nil {
			return nil, err
		}
		out[i].pem = encodePEM("CERTIFICATE REQUEST", der)
	}
	return out, nil
}

// poster has requests signed by posting each as JSON.
type poster struct {
	connections  []*connection
	wanted       []Wanted
	path, header string
	body         func(w *Wanted) (any, error)
}

// REST drives the REST interface of a server by one request for each
// certificate.
func (s *Server) REST(clients int, wanted []Wanted) Driven {
	return &poster{
		connections: connections(s.url, s.roots, clients), wanted: wanted, path: "/api/v1/requests",
		header: "Content-Type: application/json\r\nAuthorization: Bearer " + s.token + "\r\n",
		body:   func(w *Wanted) (any, error) { return map[string]string{"request": w.pem, "profile": "server"}, nil },
	}
}

// Sign drives step-ca's interface. It wants a token for each certificate,
// which is made before the clock runs.
func (s *StepCA) Sign(clients int, wanted []Wanted) Driven {
	return &poster{
		connections: connections(s.url, s.roots, clients), wanted: wanted, path: "/1.0/sign", header: "Content-Type: application/json\r\n",
		body: func(w *Wanted) (any, error) {
			token, err := s.token(w.name)
			return map[string]string{"csr": w.pem, "ott": token}, err
		},
	}
}

// Sign drives cfssl's interface.
func (s *CFSSL) Sign(clients int, wanted []Wanted) Driven {
	return &poster{
		connections: connections(s.url, s.roots, clients), wanted: wanted, path: "/api/v1/cfssl/sign", header: "Content-Type: application/json\r\n",
		body: func(w *Wanted) (any, error) { return map[string]string{"certificate_request": w.pem}, nil },
	}
}

// Prepare implements Driven.
func (p *poster) Prepare(count int) ([]Job, error) {
	for _, c := range p.connections {
		if err := c.dial(); err != nil {
			return nil, err
		}
	}
	jobs := make([]Job, count)
	for i := range jobs {
		body, err := p.body(&p.wanted[i%len(p.wanted)])
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		jobs[i] = func(client int) error {
			_, answer, err := p.connections[client].ask("POST", p.path, p.header, text)
			if err == nil && !bytes.Contains(answer, []byte("BEGIN CERTIFICATE")) {
				err = errors.New("an answer without a certificate")
			}
			return err
		}
	}
	return jobs, nil
}
