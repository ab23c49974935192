package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// BatchSpec is what all requests of a batch have in common.
type BatchSpec struct {
	CA      string
	Profile string
	Name    string // tells batches apart that hold the same requests
	Origin  evidence.Origin
	Witness evidence.Witness
	Asked   issuance.Asked
	Workers int // how many requests are under way at once
}

// BatchItem is one request of a batch, or why it could not be read.
type BatchItem[Label any] struct {
	Label   Label
	Request *request.Request
	Ordinal int // of those with the same bytes in one file, from 0: each has its own ticket
	Err     error
}

// BatchResult is what became of one item.
type BatchResult[Label any] struct {
	Label    Label
	Request  *request.Request
	Outcome  *authority.Outcome // nil with Err
	Repeated bool               // it was decided before this run
	Err      error
}

// Batch submits many requests, several at once, and tells the result of each
// as soon as it is durable; tell is called by one worker at a time for each of
// them, in no order. A request that was decided in an earlier run of the same
// batch gives the result of then. It stops at the first error that is not the
// item's own.
func Batch[Label any](ctx context.Context, o *Office, s BatchSpec, items iter.Seq[BatchItem[Label]], tell func(BatchResult[Label])) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	queue := make(chan keyed[Label])
	var workers sync.WaitGroup
	for range max(1, s.Workers) {
		workers.Go(func() {
			for item := range queue {
				result, err := submitItem(ctx, o, s, item)
				if err != nil {
					stop(err)
					continue
				}
				tell(result)
			}
		})
	}
	if err := feed(ctx, o, s, items, queue); err != nil {
		stop(err)
	}
	close(queue)
	workers.Wait()
	return context.Cause(ctx)
}

// keyed is an item with the idempotency key it is submitted under.
type keyed[Label any] struct {
	BatchItem[Label]
	key   string
	first bool // the key was not used before
}

const (
	lookedUp  = 128  // keys looked up at once
	convinced = 2048 // keys in a row that are new, after which most are taken for new
	spotCheck = 16   // groups of which one is looked up all the same
)

// novelty says which groups of keys need not be looked up: a batch that was
// begun before mostly says so at its beginning. A key wrongly taken for new
// costs time and nothing else, as the store does not take it twice.
type novelty struct{ inARow, passed int }

func (n *novelty) expected() bool {
	if n.inARow < convinced {
		return false
	}
	n.passed = (n.passed + 1) % spotCheck
	return n.passed != 0
}

func (n *novelty) learn(keys, used int) {
	n.inARow += keys
	if used > 0 {
		*n = novelty{}
	}
}

// feed gives the items to the workers, in groups that are looked up together.
func feed[Label any](ctx context.Context, o *Office, s BatchSpec, items iter.Seq[BatchItem[Label]], queue chan<- keyed[Label]) error {
	group := make([]keyed[Label], 0, lookedUp)
	var news novelty
	hand := func() error {
		defer func() { group = group[:0] }()
		var keys []string
		for _, item := range group {
			if item.Err == nil {
				keys = append(keys, item.key)
			}
		}
		var used map[string]bool
		if !news.expected() {
			var err error
			if used, err = o.Desk().Submitted(ctx, keys); err != nil {
				return err
			}
			news.learn(len(keys), len(used))
		}
		for _, item := range group {
			item.first = !used[item.key]
			select {
			case queue <- item:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	}
	for item := range items {
		k := keyed[Label]{BatchItem: item}
		if item.Err == nil {
			var err error
			if k.key, err = batchKey(s, item.Request, item.Ordinal); err != nil {
				return err
			}
		}
		if group = append(group, k); len(group) < lookedUp {
			continue
		}
		if err := hand(); err != nil {
			return err
		}
	}
	return hand()
}

func submitItem[Label any](ctx context.Context, o *Office, s BatchSpec, item keyed[Label]) (BatchResult[Label], error) {
	result := BatchResult[Label]{Label: item.Label, Request: item.Request, Err: item.Err}
	if item.Err != nil {
		return result, nil
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	submission := authority.Submission{CA: s.CA, Profile: s.Profile, Request: item.Request, Origin: s.Origin, Witness: s.Witness, Asked: s.Asked, IdempotencyKey: item.key, First: item.first}
	out, err := o.Desk().Submit(ctx, submission)
	if err == nil && refusedByOldProfile(ctx, o, out) {
		submission.IdempotencyKey += "+" + profileVersion(ctx, o, out.Ticket.Profile)
		submission.First = false
		out, err = o.Desk().Submit(ctx, submission)
	}
	if err == nil && refusedUnproven(&submission, out) {
		submission.IdempotencyKey += "+proven"
		submission.First = false
		out, err = o.Desk().Submit(ctx, submission)
	}
	var refusal *request.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason != request.UnknownProfile && refusal.Reason != request.UnknownIssuer:
		result.Err = err
	case err != nil:
		return result, err
	default:
		result.Outcome = out
		result.Repeated = out.Repeated
	}
	return result, nil
}

// refusedByOldProfile reports whether a request was refused in an earlier run
// under a version of the profile that is no longer the one in force: the
// profile was repaired, and the request deserves another look.
func refusedByOldProfile(ctx context.Context, o *Office, out *authority.Outcome) bool {
	return out.Ticket != nil && out.Ticket.State == authority.StateRefused && out.Ticket.ProfileVersion != "" &&
		out.Ticket.ProfileVersion != profileVersion(ctx, o, out.Ticket.Profile)
}

// refusedUnproven reports whether a request was refused in an earlier run
// since possession was not proven, and is proven by what this run has to check
// it against: the secret shared with the sender, say.
func refusedUnproven(s *authority.Submission, out *authority.Outcome) bool {
	if !out.Repeated || out.Ticket.State != authority.StateRefused {
		return false
	}
	var before evidence.Evidence
	if json.Unmarshal(out.Ticket.Evidence, &before) != nil || before.Possession.Proven {
		return false
	}
	return evidence.With(s.Request, s.Origin, s.Controls, s.Witness).Possession.Proven
}

func profileVersion(ctx context.Context, o *Office, name string) string {
	p, err := o.Desk().Profile(ctx, name)
	if err != nil {
		return ""
	}
	return p.Version
}

// batchKey is the same for the same request under the same terms, so that
// doing a batch again signs nothing twice. A request with a problem that others
// of its file make for it is not the same as the one that stands alone.
func batchKey(s BatchSpec, r *request.Request, ordinal int) (string, error) {
	sum := r.Fingerprint()
	problem := ""
	if r.Problem != nil {
		problem = string(r.Problem.Reason)
	}
	terms, err := json.Marshal(struct {
		CA, Profile, Name string
		Asked             issuance.Asked
		Request           []byte
		Problem           string `json:",omitempty"`
		Ordinal           int    `json:",omitempty"`
	}{s.CA, s.Profile, s.Name, s.Asked, sum[:], problem, ordinal})
	if err != nil {
		return "", fmt.Errorf("naming the batch: %w", err)
	}
	digest := sha256.Sum256(terms)
	return "batch:" + hex.EncodeToString(digest[:]), nil
}
