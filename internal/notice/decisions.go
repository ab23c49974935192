package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
)

// Events is the audit chain, as decisions are read from it.
type Events interface {
	Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error]
	Head(ctx context.Context) (int64, []byte, error)
}

// Decisions makes messages of what is entered in the audit chain. How far it
// has come stands in the records and moves together with the messages: each
// entry is told once, whatever process makes it and whichever ends in between.
type Decisions struct {
	Events  Events
	Records authority.Records
	Target  string
	Actions []string // "request.issued", or "request.*"; empty: DecisionActions
}

// DecisionActions are the actions told of where none are named: every decision
// on a request, every revocation.
func DecisionActions() []string { return []string{"request.*", "certificate.*", "revocation.*"} }

const cursorKind = "delivery-cursor"

// cursor is how far the audit chain was read.
type cursor struct {
	Seq int64 `json:"seq"`
}

// Read makes messages of the entries since the last time. The first time it
// only notes where the chain ends: what was before is not told.
func (d *Decisions) Read(ctx context.Context, now time.Time) error {
	head, _, err := d.Events.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the audit chain: %w", err)
	}
	r, err := d.Records.Record(ctx, cursorKind, d.Target)
	if errors.Is(err, authority.ErrNotFound) {
		return taken(d.move(ctx, &authority.Record{Kind: cursorKind, ID: d.Target}, head, nil))
	}
	if err != nil {
		return fmt.Errorf("looking how far the audit chain was told: %w", err)
	}
	at, err := authority.Body[cursor](r)
	if err != nil {
		return err
	}
	for at.Seq < head {
		messages, last, err := d.some(ctx, at.Seq+1, now)
		if err != nil {
			return err
		}
		if err := d.move(ctx, r, last, messages); err != nil {
			return taken(err)
		}
		at.Seq = last
	}
	return nil
}

func (d *Decisions) move(ctx context.Context, r *authority.Record, to int64, messages []*authority.Record) error {
	body, err := json.Marshal(cursor{to})
	if err != nil {
		return fmt.Errorf("encoding how far the audit chain was told: %w", err)
	}
	r.Body = body
	return d.Records.PutRecords(ctx, append([]*authority.Record{r}, messages...)...)
}

// entriesAtOnce bounds what is put in one go.
const entriesAtOnce = 200

// some makes messages of a number of entries, and says which was the last.
func (d *Decisions) some(ctx context.Context, from int64, now time.Time) (out []*authority.Record, last int64, err error) {
	n := 0
	for e, err := range d.Events.Events(ctx, from) {
		if err != nil {
			return nil, 0, fmt.Errorf("reading the audit chain: %w", err)
		}
		last = e.Seq
		if d.wants(e.Action) {
			r, err := d.message(e, now)
			if err != nil {
				return nil, 0, err
			}
			out = append(out, r)
		}
		if n++; n == entriesAtOnce {
			break
		}
	}
	if n == 0 {
		return nil, 0, fmt.Errorf("the audit chain has no entry %d, although it goes on", from)
	}
	return out, last, nil
}

// entry is the data of a message about an entry of the audit chain.
type entry struct {
	Seq    int64           `json:"seq"`
	Actor  string          `json:"actor"`
	Object string          `json:"object"`
	Detail json.RawMessage `json:"detail"`
}

func (d *Decisions) message(e *authority.Event, now time.Time) (*authority.Record, error) {
	data, err := json.Marshal(entry{e.Seq, e.Actor, e.Object, e.Detail})
	if err != nil {
		return nil, fmt.Errorf("encoding a message: %w", err)
	}
	return record(d.Target, &Message{ID: fmt.Sprintf("audit-%d", e.Seq), Type: e.Action, Timestamp: e.At, Data: data}, now)
}

func (d *Decisions) wants(action string) bool {
	actions := d.Actions
	if len(actions) == 0 {
		actions = DecisionActions()
	}
	return slices.ContainsFunc(actions, func(a string) bool {
		prefix, all := strings.CutSuffix(a, "*")
		return a == action || all && strings.HasPrefix(action, prefix)
	})
}
