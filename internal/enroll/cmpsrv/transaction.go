package cmpsrv

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/cmp"
)

// RecordKind is the kind of the records of transactions, by transactionID.
const RecordKind = "cmp-transaction"

// States of a transaction, as its record has them.
const (
	open    = "open" // something is waited for: an officer, a certConf
	over    = "over" // nothing is
	keepFor = 24 * time.Hour
	waitFor = 90 * 24 * time.Hour // for an officer, at most
)

// transaction is what has to be remembered between the messages of one.
type transaction struct {
	Sender string       `json:"sender"`        // who began it, and nobody else may go on with
	MAC    string       `json:"mac,omitempty"` // the algorithm of the protection that it was begun with, where that is a MAC
	Kind   cmp.BodyKind `json:"kind"`          // of the request that began it
	CA     string       `json:"ca,omitempty"`
	Items  []item       `json:"items,omitempty"`
	Nonce  []byte       `json:"nonce"`  // that was sent last
	Heard  []byte       `json:"nonces"` // digests of the senderNonces of the messages that were answered, those of the last thousand
	Last   []byte       `json:"last"`   // SHA-256 of the message answered last
	Answer []byte       `json:"answer"` // to it
	Over   bool         `json:"over"`
	Sealed bool         `json:"sealed,omitempty"` // Answer holds a key, and only the process that gave it can read it

	record *authority.Record
}

// item is one certificate that was asked for.
type item struct {
	ID        string `json:"id"` // certReqId
	Ticket    string `json:"ticket"`
	Waiting   bool   `json:"waiting,omitempty"`   // for an officer
	Confirm   bool   `json:"confirm,omitempty"`   // a certConf is waited for
	Encrypted bool   `json:"encrypted,omitempty"` // the certificate is
	Challenge bool   `json:"challenge,omitempty"` // the answer to one is waited for

	Until time.Time `json:"until,omitzero"` // by when it must be confirmed, or the challenge answered

	// The private key that was made, encrypted to who asked, while an officer
	// decides; nil where there is none.
	Key []byte `json:"key,omitempty"`

	Hash crypto.Hash `json:"hash,omitempty"` // that confirms the certificate where the client names none; 0 where it is not known yet
}

func transactionID(m *cmp.Message) string { return hex.EncodeToString(m.Header.TransactionID) }

// find returns the transaction of a message, nil where there is none yet.
func (s *Server) find(ctx context.Context, m *cmp.Message) (*transaction, error) {
	r, err := s.config.Store.Record(ctx, RecordKind, transactionID(m))
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a CMP transaction: %w", err)
	}
	t, err := authority.Body[transaction](r)
	if err != nil {
		return nil, err
	}
	t.record = r
	return t, nil
}

// begin makes the transaction of a first message.
func (c *call) begin() {
	c.transaction = &transaction{Sender: c.sender.id, Kind: c.message.Body.Kind}
	if c.message.ByMAC() {
		c.transaction.MAC = c.message.Header.Algorithm.ID.String()
	}
}

// again returns the answer that was given to this very message, nil where it
// is another. What would begin a transaction is refused under the transactionID of
// one that is there: the first message of a confirmed one is a replay.
func (s *Server) again(t *transaction, m *cmp.Message) ([]byte, error) {
	switch {
	case t.repeats(m) && t.Sealed:
		answer, err := s.seal.Open(nil, nil, t.Answer, nil)
		if err != nil {
			return nil, failure(cmp.SystemUnavail, "the key that was sent in answer to this message is not kept, and cannot be sent again; begin another transaction")
		}
		return answer, nil
	case t.repeats(m):
		return t.Answer, nil
	case !goesOn(m.Body.Kind):
		return nil, failure(cmp.TransactionIDInUse, "a transaction with this transactionID was begun already; draw another one")
	}
	return nil, nil
}

// repeats reports whether a message is the one that was answered last.
func (t *transaction) repeats(m *cmp.Message) bool {
	sum := sha256.Sum256(m.Raw)
	return bytes.Equal(sum[:], t.Last)
}

const (
	digestSize = 8    // of a senderNonce: enough to tell a thousand apart
	maxHeard   = 1000 // digests; a client may poll for months
)

func digest(nonce []byte) []byte {
	sum := sha256.Sum256(nonce)
	return sum[:digestSize]
}

// heard reports whether a senderNonce was used in the transaction before.
func (t *transaction) heard(nonce []byte) bool {
	want := digest(nonce)
	for all := t.Heard; len(all) >= digestSize; all = all[digestSize:] {
		if bytes.Equal(all[:digestSize], want) {
			return true
		}
	}
	return false
}

// hear takes note of a senderNonce.
func (t *transaction) hear(nonce []byte) {
	t.Heard = append(t.Heard[max(0, len(t.Heard)-(maxHeard-1)*digestSize):len(t.Heard):len(t.Heard)], digest(nonce)...)
}

// remember records the transaction with the answer that is about to be given.
func (s *Server) remember(ctx context.Context, c *call, answer *cmp.Message) error {
	if c.transaction == nil {
		return nil
	}
	r, err := s.record(c, answer)
	if err != nil {
		return err
	}
	return recorded(s.config.Store.PutRecords(ctx, r))
}

// recorded tells what went wrong with recording a transaction.
func recorded(err error) error {
	if errors.Is(err, authority.ErrConflict) {
		return &cmp.Failure{Info: cmp.TransactionIDInUse, Text: "another message of this transaction is being answered"}
	}
	if err != nil {
		return fmt.Errorf("recording a CMP transaction: %w", err)
	}
	return nil
}

// record makes the record of the transaction as it is after this answer.
func (s *Server) record(c *call, answer *cmp.Message) (*authority.Record, error) {
	t, now := c.transaction, s.config.Now()
	sum := sha256.Sum256(c.message.Raw)
	t.Nonce, t.Last, t.Answer = answer.Header.SenderNonce, sum[:], answer.Raw
	t.hear(c.message.Header.SenderNonce)
	t.Over = true
	waiting := false
	for _, i := range t.Items {
		t.Over = t.Over && !i.Confirm && !i.Waiting && !i.Challenge
		waiting = waiting || i.Waiting
	}
	if t.Sealed = t.Sealed && answer.Body.Kind == t.Kind.Response(); t.Sealed {
		t.Answer = s.seal.Seal(nil, nil, t.Answer, nil)
	}
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encoding a CMP transaction: %w", err)
	}
	r := &authority.Record{Kind: RecordKind, ID: transactionID(c.message), Owner: t.Sender}
	if t.record != nil {
		r.Revision = t.record.Revision
	}
	r.State, r.Due, r.Body = open, now.Add(keepFor), body
	if t.Over {
		r.State = over
	}
	if waiting {
		r.Due = now.Add(waitFor)
	}
	for _, i := range t.Items {
		if end := i.Until.Add(keepFor); (i.Confirm || i.Challenge) && end.After(r.Due) {
			r.Due = end // who comes too late is told so for a while, too
		}
	}
	t.record = r
	return r, nil
}

// sweepEvery is how often old transactions are looked for.
const sweepEvery = time.Hour

// Run removes the records of transactions that are long over, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.ErrorContext(ctx, "old CMP transactions could not be removed", "error", err)
		}
		timer := time.NewTimer(sweepEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// Sweep removes the records of transactions and updates that are past their time.
func (s *Server) Sweep(ctx context.Context) error {
	now := s.config.Now()
	return errors.Join(authority.Forget(ctx, s.config.Store, RecordKind, now), authority.Forget(ctx, s.config.Store, UpdateKind, now))
}
