package verbs

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

const reasons = "unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, aACompromise"

type revokeFlags struct {
	name, reason, invalid, challenge, proofKey, passphrase string
	hold, release                                          bool
}

func (p *program) revokeCommand() *cobra.Command {
	var r revokeFlags
	c := &cobra.Command{
		Use: "revoke SERIAL|FILE…", Short: "Revoke certificates, hold them, or release them",
		Args: func(c *cobra.Command, args []string) error {
			if r.name != "" {
				return takes(0, 0, "either --name or certificates")(c, args)
			}
			return takes(1, -1, "serial numbers or certificate files, or --name PATTERN")(c, args)
		},
		Long: `Revoke certificates: by serial number, file or ticket, or all whose names match --name. What
will be revoked is shown first, and a yes is asked for at a terminal; elsewhere --yes is
needed. --hold revokes until --release.

The holder of a certificate can revoke it without being an officer: with the challenge
password of the request (--challenge), or with the certificate's private key (--proof-key).
Passwords shorter than 8 characters do not revoke, and wrong ones have to wait.
A revocation is on the lists from the next "certwright crl publish" on; a server publishes
by itself.

Of several, those revoked already are left as they are, and one that cannot be revoked does
not stop the others; the exit code is 1 then.`,
		Example: `certwright revoke server.crt --reason keyCompromise --invalid-since 2026-11-01
certwright revoke --name '*.old.example.com' --reason cessationOfOperation --yes
certwright revoke 4b1d…  --hold
certwright revoke --release 4b1d…
certwright revoke server.crt --proof-key server.key --reason keyCompromise`,
		RunE: func(c *cobra.Command, args []string) error { return p.revoke(c.Context(), args, &r) },
	}
	f := c.Flags()
	f.StringVar(&r.name, "name", "", "all valid certificates with this subject alternative name or in whose subject it stands; * matches anything")
	f.StringVar(&r.reason, "reason", "", "why: "+reasons)
	f.StringVar(&r.invalid, "invalid-since", "", "day or time since when the key is suspect")
	f.BoolVar(&r.hold, "hold", false, "hold: can be released")
	f.BoolVar(&r.release, "release", false, "release from hold")
	f.StringVar(&r.challenge, "challenge", "", "revoke as the holder, with the challenge password from "+front.SourceHelp)
	f.StringVar(&r.proofKey, "proof-key", "", "revoke as the holder, with the private key in this file")
	secretFlag(f, &r.passphrase, "passphrase", "passin", "passphrase of that key")
	f.StringVar(&p.ca, "ca", "", "authority that issued them")
	f.StringVar(&p.officer, "officer", "", "officer who revokes (default: you)")
	return c
}

func (p *program) revoke(ctx context.Context, words []string, r *revokeFlags) error {
	order, err := r.order(p.shell.Now())
	if err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	found, err := p.revokeTargets(ctx, o, words, r)
	if err != nil {
		return err
	}
	run := revocationRun{p: p, o: o, flags: r, order: order}
	return run.all(ctx, unique(found))
}

// order is what all the revocations of the command have in common.
func (r *revokeFlags) order(now time.Time) (authority.RevocationOrder, error) {
	var o authority.RevocationOrder
	if r.release && (r.hold || r.reason != "" || r.invalid != "" || r.challenge != "" || r.proofKey != "") {
		return o, front.Usage("give --release alone", "--release takes no reason and no proof")
	}
	if r.hold {
		if r.reason != "" {
			return o, front.Usage("leave one of the two out", "--hold and --reason exclude each other")
		}
		o.Reason = crl.CertificateHold
	}
	if r.reason != "" {
		reason, err := crl.ParseReason(r.reason)
		if err != nil || reason == crl.RemoveFromCRL {
			return o, front.Usage("the reasons are "+reasons, "--reason: there is no reason %q to revoke", r.reason)
		}
		o.Reason = reason
	}
	if r.challenge != "" && r.proofKey != "" {
		return o, front.Usage("leave one of the two out", "--challenge and --proof-key exclude each other")
	}
	var err error
	if r.invalid != "" {
		o.Invalid, err = parseTime("invalid-since", r.invalid)
		if err == nil && o.Invalid.After(now) {
			err = front.Usage("give the day since when the key may be known to others, today at the latest", "--invalid-since: %s has not come yet", day(o.Invalid))
		}
	}
	return o, err
}

func (p *program) revokeTargets(ctx context.Context, o *task.Office, words []string, r *revokeFlags) ([]*authority.Certificate, error) {
	if r.name != "" {
		want := authority.StatusValid
		if r.release {
			want = authority.StatusHold
		}
		return task.FindByName(ctx, o, p.ca, r.name, want)
	}
	var out []*authority.Certificate
	for _, word := range words {
		c, err := p.target(ctx, o, word)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// revokeOld revokes the certificate that another one took the place of.
func (p *program) revokeOld(ctx context.Context, o *task.Office, c *authority.Certificate, why crl.Reason) error {
	if _, err := o.Desk().Revoke(ctx, authority.RevocationOrder{CA: c.CA, Serial: c.Serial, Reason: why, By: p.decider()}); err != nil {
		return err
	}
	p.shell.Say("Revoked the old certificate %s (%s).", hexOf(c.Serial), why)
	return nil
}
