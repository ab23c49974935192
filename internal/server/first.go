package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/task"
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
	claim, err := claimFirst(ctx, o)
	if err != nil || claim == nil {
		return false, err
	}
	h, err := task.HostHierarchy(host, "ecdsa-p256", by)
	if err != nil {
		return false, err
	}
	h.Settings.Base = base
	_, _, err = task.CreateHierarchy(ctx, o, h)
	if err == nil {
		err = o.Vault().Ready(ctx) // so that a copy of the keys has this one, too
	}
	if err != nil {
		err = fmt.Errorf("making the first authority: %w", err)
	}
	return err == nil, errors.Join(err, o.Store.DeleteRecords(context.WithoutCancel(ctx), claim))
}

// The record of a server that is about to make the first authorities.
const (
	claimKind  = "first-authority"
	claimID    = "1"
	claimHolds = 10 * time.Second // should the server not come to remove it
	lookAgain  = 50 * time.Millisecond
)

// claimFirst claims to make the first authorities; nil where there are some.
func claimFirst(ctx context.Context, o *task.Office) (*authority.Record, error) {
	for {
		all, err := o.Store.CAs(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities: %w", err)
		}
		held, err := o.Store.Record(ctx, claimKind, claimID)
		claim := &authority.Record{Kind: claimKind, ID: claimID, Due: o.Now().Add(claimHolds)}
		switch {
		case err != nil && !errors.Is(err, authority.ErrNotFound):
			return nil, fmt.Errorf("looking whether the first authority is being made: %w", err)
		case err == nil && o.Now().Before(held.Due):
			if err := pause(ctx, lookAgain); err != nil {
				return nil, err
			}
			continue
		case len(all) > 0:
			return nil, nil
		case err == nil:
			claim.Revision = held.Revision // of one who did not come to its end
		}
		err = o.Store.PutRecords(ctx, claim)
		if err == nil {
			return claim, nil
		}
		if !errors.Is(err, authority.ErrConflict) {
			return nil, fmt.Errorf("claiming to make the first authority: %w", err)
		}
	}
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
