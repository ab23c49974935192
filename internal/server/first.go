package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// firstAuthority makes a root and an issuing authority where nobody has made
// an authority yet, as quickstart does; made says so. What they publish is
// fetched below base. Only one process of a home looks at a time, and of the
// servers with homes of their own over one database one makes them, while the
// others wait.
func firstAuthority(ctx context.Context, o *task.Office, host, base, by string) (made bool, err error) {
	unlock, err := o.Home.Lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	claim, err := claimed(ctx, o, claimKind, func() (bool, error) {
		all, err := o.Store.CAs(ctx)
		if err != nil {
			return false, fmt.Errorf("reading the authorities: %w", err)
		}
		return len(all) > 0, nil
	})
	if err != nil || claim == nil {
		return false, err
	}
	h, err := task.HostHierarchy(host, "ecdsa-p256", by)
	if err != nil {
		return false, err
	}
	h.Settings.Base = base
	_, _, err = task.CreateHierarchy(ctx, o, h)
	if err != nil {
		err = fmt.Errorf("making the first authority: %w", err)
	}
	return err == nil, errors.Join(err, o.Store.DeleteRecords(context.WithoutCancel(ctx), claim))
}

// The record of a server that is about to make what is made once.
const (
	claimKind  = "first-authority"
	tokenClaim = "first-token"
	claimID    = "1"
	claimHolds = 10 * time.Second // should the server not come to remove it
	lookAgain  = 50 * time.Millisecond
)

// claimed claims to make what is made once over all servers of a database; nil
// where it is there.
func claimed(ctx context.Context, o *task.Office, kind string, there func() (bool, error)) (*authority.Record, error) {
	for {
		done, err := there()
		if err != nil {
			return nil, err
		}
		held, err := o.Store.Record(ctx, kind, claimID)
		claim := &authority.Record{Kind: kind, ID: claimID, Due: o.Now().Add(claimHolds)}
		switch {
		case err != nil && !errors.Is(err, authority.ErrNotFound):
			return nil, fmt.Errorf("looking whether another server is starting: %w", err)
		case err == nil && o.Now().Before(held.Due):
			if err := pause(ctx, lookAgain); err != nil {
				return nil, err
			}
			continue
		case done:
			return nil, nil
		case err == nil:
			claim.Revision = held.Revision // of one who did not come to its end
		}
		err = o.Store.PutRecords(ctx, claim)
		if err == nil {
			// Somebody may have made it and given the claim up before it was ours.
			if done, err = there(); err == nil && !done {
				return claim, nil
			}
			return nil, errors.Join(err, o.Store.DeleteRecords(context.WithoutCancel(ctx), claim))
		}
		if !errors.Is(err, authority.ErrConflict) {
			return nil, fmt.Errorf("telling other servers of the start: %w", err)
		}
	}
}

// firstToken makes a token that may do everything where there is no token yet.
// Its text is returned this once.
func firstToken(ctx context.Context, o *task.Office, t *access.Tokens, by string) (text string, err error) {
	claim, err := claimed(ctx, o, tokenClaim, func() (bool, error) {
		some, err := t.List(ctx, "", "", 1)
		if err != nil {
			return false, fmt.Errorf("looking for tokens: %w", err)
		}
		return len(some) > 0, nil
	})
	if err != nil || claim == nil {
		return "", err
	}
	first := access.Token{Name: by, Roles: access.Roles(), Description: "the first one, made when the server started", By: by}
	_, text, err = t.New(ctx, first)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Field == "name" { // a user without a name, in a container say
		first.Name = "first administrator"
		_, text, err = t.New(ctx, first)
	}
	if err != nil {
		err = fmt.Errorf("making the first token: %w", err)
	}
	return text, errors.Join(err, o.Store.DeleteRecords(context.WithoutCancel(ctx), claim))
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
