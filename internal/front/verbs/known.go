package verbs

import (
	"context"
	"errors"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// knownCA refuses a --ca that names no authority, before anything is recorded.
func (p *program) knownCA(ctx context.Context, o *task.Office) error {
	if p.ca == "" {
		return nil
	}
	_, err := task.Authority(ctx, o, p.ca)
	return wrongName(err, request.UnknownIssuer)
}

// knownProfile refuses a --profile that names no profile, or a configured one,
// before anything is recorded.
func (p *program) knownProfile(ctx context.Context, o *task.Office, flag string) error {
	if flag = p.profileOr(flag); flag == "" {
		return nil
	}
	_, err := o.Desk().Profile(ctx, flag)
	return wrongName(err, request.UnknownProfile)
}

// knownBefore refuses a --profile that names no profile, where there may be
// no authority yet.
func (p *program) knownBefore(ctx context.Context, flag string) error {
	if p.atWork() {
		o, err := p.open(ctx)
		if err != nil {
			return err
		}
		return p.knownProfile(ctx, o, flag)
	}
	h, err := p.home()
	if err != nil || flag == "" {
		return err
	}
	_, err = config.NewProfiles(h).Get(flag)
	return wrongName(err, request.UnknownProfile)
}

// wrongName is the wrong usage that a refusal for this reason is; others, and
// other errors, are told where the name is used.
func wrongName(err error, reason request.Reason) error {
	var refusal *request.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason {
		return nil
	}
	f := front.Usage(refusal.Fix, "%s", refusal.Detail)
	f.Field = refusal.Field
	return f
}
