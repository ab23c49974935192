package cmp

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
)

// Enrolled is what came of a request.
type Enrolled struct {
	Certificate *cert.Certificate
	Status      StatusInfo         // accepted, or granted with modifications
	CAPubs      [][]byte           // certificates of authorities that the server vouches for
	ExtraCerts  [][]byte           // beside the answer
	PrivateKey  *crmf.EncryptedKey // a key that the server made; nil where it made none

	id *big.Int // that the server answered with
}

// Request is what is sent to have a certificate.
type Request struct {
	Body Body     // an ir, cr, kur or p10cr of one request
	ID   *big.Int // its certReqId; nil of a p10cr
	// Key opens a certificate that comes encrypted to its key; nil for keys
	// that sign.
	Key crypto.PrivateKey
	// Accept looks at the certificate before it is confirmed; an error rejects
	// it. Nil accepts what has the right key.
	Accept func(*cert.Certificate) error
	// Take takes the private key that the server made, before the certificate is
	// confirmed; an error rejects it. Nil leaves it to whoever called.
	Take func(*Enrolled) error
}

// Enroll asks for a certificate, waits for it, and confirms it.
func (c *Client) Enroll(ctx context.Context, r Request) (*Enrolled, error) {
	x, err := c.begin()
	if err != nil {
		return nil, err
	}
	answer, err := x.send(ctx, r.Body, c.infos()...)
	if err != nil {
		return nil, err
	}
	if answer.Body.Kind == PopChallenge {
		if answer, err = x.solve(ctx, r, answer); err != nil {
			return nil, err
		}
	}
	out, err := r.take(answer)
	var waiting *waitingError
	if errors.As(err, &waiting) {
		if answer, err = x.poll(ctx, r.Body.Kind, waiting.id); err != nil {
			return nil, err
		}
		out, err = r.take(answer)
	}
	if err != nil {
		return nil, err
	}
	return out, x.confirm(ctx, r, out)
}

// solve answers a challenge, and returns what the server says to that.
func (x *exchange) solve(ctx context.Context, r Request, answer *Message) (*Message, error) {
	challenges, err := answer.Body.Challenges()
	if err != nil {
		return nil, err
	}
	if len(challenges) != 1 {
		return nil, fmt.Errorf("the server asks %d challenges for one certificate", len(challenges))
	}
	number, err := challenges[0].Solve(r.Key)
	if err != nil {
		return nil, err
	}
	return x.send(ctx, NewChallengeAnswers(number))
}

type waitingError struct {
	id     *big.Int
	status StatusInfo
}

func (e *waitingError) Error() string { return "the server says to wait: " + e.status.String() }

// take reads the certificate from an answer.
func (r Request) take(answer *Message) (*Enrolled, error) {
	if want := r.Body.Kind.Response(); answer.Body.Kind != want {
		return nil, fmt.Errorf("the answer to %v is %v, not %v", r.Body.Kind, answer.Body.Kind, want)
	}
	reply, err := answer.Body.Reply()
	if err != nil {
		return nil, err
	}
	if len(reply.Responses) != 1 || !r.answeredBy(reply.Responses[0].ID) {
		return nil, fmt.Errorf("the answer to %v is not about the one certificate that was asked for", r.Body.Kind)
	}
	one := reply.Responses[0]
	switch {
	case one.Status.Status == Waiting:
		return nil, &waitingError{one.ID, one.Status}
	case one.Status.Status == Rejection || one.Status.Status > KeyUpdateWarning || one.Status.Status == KeyUpdateWarning && r.Body.Kind != KeyUpdateRequest:
		return nil, &RefusedError{Status: one.Status}
	case one.Pair == nil:
		return nil, errors.New("the server grants a certificate and sends none")
	}
	raw := one.Pair.Certificate
	if one.Pair.Encrypted != nil {
		if raw, err = Decrypt(one.Pair.Encrypted, r.Key); err != nil {
			return nil, fmt.Errorf("the certificate is encrypted: %w", err)
		}
	}
	c, err := cert.Parse(raw)
	if err != nil {
		return nil, err
	}
	return &Enrolled{id: one.ID, Certificate: c, Status: one.Status, CAPubs: reply.CAPubs, ExtraCerts: answer.ExtraCerts, PrivateKey: one.Pair.PrivateKey}, nil
}

// answeredBy reports whether a response with this certReqId is the one: a
// p10cr has none, and is answered with -1 or, by older programs, 0.
func (r Request) answeredBy(id *big.Int) bool {
	if r.Body.Kind == PKCS10Request {
		return id.Sign() == 0 || id.Cmp(big.NewInt(-1)) == 0
	}
	return id.Cmp(r.ID) == 0
}

// confirm sends certConf where the server waits for one, and reads pkiConf.
func (x *exchange) confirm(ctx context.Context, r Request, out *Enrolled) error {
	var problem error
	if r.Accept != nil {
		problem = r.Accept(out.Certificate)
	}
	if problem == nil && r.Take != nil {
		problem = r.Take(out)
	}
	if x.NoConfirm || x.implicit && x.Implicit {
		return problem
	}
	hash, algorithm, err := CertHash(out.Certificate, nil)
	if err != nil {
		return err
	}
	s := CertStatus{Hash: hash, ID: out.id}
	if algorithm != nil {
		// hashAlg is of version 3 (RFC 9810, Section 5.3.18).
		s.Algorithm = algorithm
		c := *x.Client
		c.Version, x.Client = Version3, &c
	}
	if problem != nil {
		rejected := Reject(IncorrectData, problem.Error())
		s.Status = &rejected
	}
	answer, err := x.send(ctx, NewConfirmations(s))
	if err != nil {
		return fmt.Errorf("confirming the certificate: %w", err)
	}
	if answer.Body.Kind != Confirmation {
		return fmt.Errorf("confirming the certificate: the answer is %v, not pkiConf", answer.Body.Kind)
	}
	return problem
}
