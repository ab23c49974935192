package verbs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// revocationJSON is what became of one certificate that was to be revoked,
// held or released.
type revocationJSON struct {
	certificateJSON
	Unchanged bool           `json:"unchanged,omitempty"` // it was so before
	Error     *front.Failure `json:"error,omitempty"`
}

// revocationRun is one run of revoke over several certificates.
type revocationRun struct {
	p     *program
	o     *task.Office
	flags *revokeFlags
	order authority.RevocationOrder
	key   *key.Private // of the holder; nil without --proof-key

	told   []revocationJSON
	failed *front.Failure
}

// unique drops the certificates that were named before.
func unique(found []*authority.Certificate) []*authority.Certificate {
	var out []*authority.Certificate
	seen := map[string]bool{}
	for _, c := range found {
		id := c.CA + "/" + hexOf(c.Serial)
		if !seen[id] {
			out = append(out, c)
		}
		seen[id] = true
	}
	return out
}

// all changes the status of certificates one after the other. Of several,
// those that are so already are left as they are, and one that cannot be
// changed does not stop the others.
func (r *revocationRun) all(ctx context.Context, found []*authority.Certificate) error {
	r.told = []revocationJSON{}
	left := found
	if len(found) > 1 {
		left = r.unsettled(found)
	}
	if len(left) == 0 {
		return errors.Join(r.tell(), front.No(front.CodeRefused))
	}
	if err := r.holder(); err != nil {
		return err
	}
	if err := r.preview(left); err != nil {
		return err
	}
	for _, c := range left {
		done, err := r.one(ctx, c)
		if err != nil && len(found) == 1 {
			return err
		}
		if err == nil {
			r.told = append(r.told, revocationJSON{certificateJSON: r.record(done)})
			continue
		}
		var refusal *request.Refusal
		if r.keep(c, explain(err)); !errors.As(err, &refusal) {
			break
		}
	}
	if err := r.tell(); err != nil {
		return err
	}
	if r.failed != nil {
		return r.failed
	}
	return nil
}

func (r *revocationRun) record(c *authority.Certificate) certificateJSON {
	return certificateToJSON(c, certificateIssuer(c.DER), r.p.shell.Now())
}

// keep tells why one certificate could not be changed, and goes on.
func (r *revocationRun) keep(c *authority.Certificate, f *front.Failure) {
	r.told = append(r.told, revocationJSON{certificateJSON: r.record(c), Error: f})
	r.p.shell.TellLines("error", &front.Failure{Detail: hexOf(c.Serial) + ": " + f.Detail, Fix: f.Fix})
	if r.failed == nil || f.Exit > r.failed.Exit {
		r.failed = &front.Failure{Exit: f.Exit, Code: f.Code, Detail: f.Detail, Told: true}
	}
}

// unsettled tells which certificates are so already, and returns the others.
func (r *revocationRun) unsettled(found []*authority.Certificate) []*authority.Certificate {
	var left []*authority.Certificate
	for _, c := range found {
		how := ""
		switch {
		case r.flags.release && c.Status == authority.StatusValid:
			how = "is not on hold"
		case !r.flags.release && c.Status == authority.StatusRevoked:
			how = fmt.Sprintf("was revoked before, on %s (%s)", moment(c.Revoked), crl.Reason(c.Reason))
		case r.flags.hold && c.Status == authority.StatusHold:
			how = "is on hold already, since " + moment(c.Revoked)
		default:
			left = append(left, c)
			continue
		}
		r.p.shell.Warn("%s %s, and stays as it is", hexOf(c.Serial), how)
		r.told = append(r.told, revocationJSON{certificateJSON: r.record(c), Unchanged: true})
	}
	return left
}

// holder reads what the holder shows, once for all certificates.
func (r *revocationRun) holder() error {
	switch {
	case r.flags.challenge != "":
		secret, err := r.p.shell.Secret(r.flags.challenge, "the challenge", "challenge")
		r.order.Password = string(secret)
		return err
	case r.flags.proofKey != "":
		var err error
		r.key, err = r.p.readKey(r.flags.proofKey, r.flags.passphrase, "passphrase")
		return err
	case !r.flags.release:
		r.order.By = r.p.decider()
	}
	return nil
}

// preview shows what will happen, and asks for a yes.
func (r *revocationRun) preview(left []*authority.Certificate) error {
	s := r.p.shell
	for _, c := range left {
		s.Say("%s  %s, valid to %s, %s", hexOf(c.Serial), certificateToJSON(c, "", time.Time{}).who(), day(c.NotAfter), statusOf(c, s.Now()))
	}
	what := fmt.Sprintf("Revoke %s (%s)?", plural(len(left), "certificate"), r.order.Reason)
	switch {
	case r.flags.release:
		what = fmt.Sprintf("Release %s?", plural(len(left), "certificate"))
	case r.flags.hold:
		what = fmt.Sprintf("Hold %s?", plural(len(left), "certificate"))
	}
	return s.Confirm(what, "look at the list above, and repeat the command with --yes")
}

func (r *revocationRun) one(ctx context.Context, c *authority.Certificate) (*authority.Certificate, error) {
	if r.flags.release {
		return r.o.Desk().Release(ctx, c.CA, c.Serial, r.p.decider())
	}
	order := r.order
	order.CA, order.Serial = c.CA, c.Serial
	if r.key != nil {
		var err error
		if order.Proof, err = task.Prove(r.key, authority.ProofMessage(c.CA, c.Serial, order.Reason)); err != nil {
			return nil, err
		}
	}
	done, err := r.o.Desk().Revoke(ctx, order)
	var refusal *request.Refusal
	if r.flags.challenge != "" && !errors.As(err, new(*authority.WaitError)) && errors.As(err, &refusal) && refusal.Reason == request.NotAuthorized {
		told := *refusal
		told.Fix = "show the key of the certificate instead, with --proof-key FILE, or ask an officer"
		return done, &told
	}
	return done, err
}

func (r *revocationRun) tell() error {
	s := r.p.shell
	if s.JSON {
		return s.Object(r.told)
	}
	changed := false
	for _, c := range r.told {
		switch {
		case c.Unchanged || c.Error != nil:
			continue
		case r.flags.release:
			s.Print("Released %s: %s", c.Serial, c.who())
		case c.Status == string(authority.StatusHold):
			s.Print("Held %s: %s", c.Serial, c.who())
		default:
			s.Print("Revoked %s: %s (%s)", c.Serial, c.who(), c.Reason)
		}
		changed = true
	}
	where, next := "on", `the next "certwright crl publish"`
	if r.flags.release {
		where = "off"
	}
	if r.o.Remote != nil {
		next = "the next one that the server publishes"
	}
	if changed {
		s.Say("It is %s the revocation list from %s on.", where, next)
	}
	return nil
}
