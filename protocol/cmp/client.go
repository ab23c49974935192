package cmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/certwright/certwright/format/ext"
)

// Client speaks to a CMP server. One is good for many transactions, one after
// another.
type Client struct {
	Transport  Transport
	Protector  Protector // nil leaves requests unprotected
	Sender     ext.GeneralName
	Recipient  ext.GeneralName
	SenderKID  []byte // the reference of a secret, or the key identifier of a certificate
	ExtraCerts [][]byte
	Version    int // 2 where 0
	// Verify checks the protection of an answer.
	Verify func(*Message) error
	Random io.Reader
	Now    func() time.Time
	// Window is how far the clock of the server may be from Now; 0 is any.
	Window time.Duration

	Profile   string // certProfile; none where empty
	Info      []Info // generalInfo of every message
	Implicit  bool   // asks that no certConf is needed
	NoConfirm bool   // sends none, though the server may wait for one
	// Unprotected reports whether an answer is taken that nothing protects. Nil
	// takes none.
	Unprotected func(*Message) bool
	// Recorded reports whether the last answer belongs to a transaction of
	// another time, whose identifier and nonce are then what it says. Nil is
	// never.
	Recorded func() bool
	// Wait waits until a time given by the server is over; it is told what the
	// server says, and ends the wait by an error.
	Wait func(ctx context.Context, p Poll) error
}

// RefusedError is the refusal of a server.
type RefusedError struct {
	Status  StatusInfo
	Details []string // of an error message
}

// Error says what the server said.
func (e *RefusedError) Error() string {
	out := "the server refuses: " + e.Status.String()
	for _, d := range e.Details {
		out += "; " + d
	}
	return out
}

// exchange is one transaction: its identifier, and the nonce to expect.
type exchange struct {
	*Client
	id, nonce []byte // nonce is what was sent last
	theirs    []byte // nonce of the server
	implicit  bool   // that no certConf is needed was granted
}

func (c *Client) begin() (*exchange, error) {
	x := &exchange{Client: c, id: make([]byte, nonceSize)}
	if _, err := io.ReadFull(c.Random, x.id); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	return x, nil
}

// send sends a body, and returns the answer once it is known to be one.
func (x *exchange) send(ctx context.Context, body Body, infos ...Info) (*Message, error) {
	m, err := x.message(body, infos)
	if err != nil {
		return nil, err
	}
	raw, err := x.Transport.Exchange(ctx, m.Raw)
	if err != nil {
		return nil, err
	}
	answer, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("the answer to %v: %w", body.Kind, err)
	}
	if err := x.check(answer); err != nil {
		return nil, fmt.Errorf("the answer to %v: %w", body.Kind, err)
	}
	x.theirs, x.implicit = answer.Header.SenderNonce, answer.Header.ImplicitConfirm()
	if answer.Body.Kind == ErrorMessage {
		e, err := answer.Body.Error()
		if err != nil {
			return nil, fmt.Errorf("the answer to %v: %w", body.Kind, err)
		}
		if e.Status.Status == Waiting {
			return x.poll(ctx, body.Kind, big.NewInt(-1))
		}
		return nil, &RefusedError{e.Status, e.Details}
	}
	return answer, nil
}

func (x *exchange) message(body Body, infos []Info) (*Message, error) {
	x.nonce = make([]byte, nonceSize)
	if _, err := io.ReadFull(x.Random, x.nonce); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	h := Header{
		Version: x.Version, Sender: x.Sender, Recipient: x.Recipient, Time: x.Now(), SenderKID: x.SenderKID,
		TransactionID: x.id, SenderNonce: x.nonce, RecipientNonce: x.theirs, Info: append(x.Info[:len(x.Info):len(x.Info)], infos...),
	}
	if h.Version == 0 {
		h.Version = Version2
	}
	return Build(h, body, x.Protector, x.ExtraCerts...)
}

func (x *exchange) check(answer *Message) error {
	if answer.Protection == nil && (x.Unprotected == nil || !x.Unprotected(answer)) {
		return ErrUnprotected
	}
	if x.Recorded != nil && x.Recorded() {
		x.id, x.nonce = answer.Header.TransactionID, answer.Header.RecipientNonce
	}
	if f := answer.Check(Rules{Answer: true, Now: x.Now(), Window: x.Window, TransactionID: x.id, Nonce: x.nonce}); f != nil {
		return f
	}
	if answer.Protection == nil {
		return nil
	}
	return x.Verify(answer)
}

// infos are what the header of the first message says.
func (c *Client) infos() []Info {
	var all []Info
	if c.Implicit {
		all = append(all, ImplicitConfirm())
	}
	if c.Profile != "" {
		all = append(all, CertProfile(c.Profile))
	}
	return all
}

// poll asks until the answer to a request of this kind is there.
func (x *exchange) poll(ctx context.Context, kind BodyKind, id *big.Int) (*Message, error) {
	for {
		answer, err := x.send(ctx, NewPollRequest(id))
		if err != nil || answer.Body.Kind != PollResponse {
			return answer, err
		}
		polls, err := answer.Body.Polls()
		if err != nil {
			return nil, fmt.Errorf("waiting for the answer to %v: %w", kind, err)
		}
		if len(polls) == 0 {
			return nil, fmt.Errorf("waiting for the answer to %v: the server does not say how long", kind)
		}
		if x.Wait == nil {
			return nil, errors.New("the server asks to wait, which was not provided for")
		}
		if err := x.Wait(ctx, polls[0]); err != nil {
			return nil, err
		}
	}
}

// Ask sends a genm, and returns what the server says to it.
func (c *Client) Ask(ctx context.Context, infos ...Info) ([]Info, error) {
	x, err := c.begin()
	if err != nil {
		return nil, err
	}
	answer, err := x.send(ctx, NewInfos(GeneralMessage, infos...), c.profileInfo()...)
	if err != nil {
		return nil, err
	}
	return answer.Body.Infos()
}

func (c *Client) profileInfo() []Info {
	if c.Profile == "" {
		return nil
	}
	return []Info{CertProfile(c.Profile)}
}

// Revoke asks for certificates to be revoked. A *RefusedError is the first
// refusal.
func (c *Client) Revoke(ctx context.Context, all ...Revocation) error {
	x, err := c.begin()
	if err != nil {
		return err
	}
	answer, err := x.send(ctx, NewRevocations(all...))
	if err != nil {
		return err
	}
	reply, err := answer.Body.RevocationReply()
	if err != nil {
		return err
	}
	if len(reply.Statuses) != len(all) {
		return fmt.Errorf("the server answers %d revocations of %d", len(reply.Statuses), len(all))
	}
	for _, s := range reply.Statuses {
		if !s.Granted() && s.Status != RevocationWarning && s.Status != RevocationNotification {
			return &RefusedError{Status: s}
		}
	}
	return nil
}
