package verbs

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// againFlags are of the verbs that issue a certificate in place of another.
type againFlags struct {
	termFlags
	out, revoke string
	newKey      bool // the verb certifies another key than the old one
}

func (p *program) againFlags(c *cobra.Command, a *againFlags) {
	f := c.Flags()
	p.termFlags(f, &a.termFlags)
	f.Lookup("ca").Usage = "authority that signs (default: the one that issued it)"
	f.Lookup("profile").Usage = "profile to judge by (default: that of the old certificate)"
	f.StringVar(&a.out, "out", "", "file for the certificates (default: X.crt for the file X.crt, else SERIAL.crt)")
	f.StringVar(&a.revoke, "revoke", "", "revoke the old certificate for this reason once the new one is there: superseded")
}

func (p *program) renewCommand() *cobra.Command {
	var a againFlags
	c := &cobra.Command{
		Use: "renew SERIAL|FILE", Short: "Issue a certificate again for the same key", Args: takes(1, 1, "a serial number, certificate file, ticket or name"),
		Long: `Issue a certificate again, for the same key and names, from the request that is on record. The
old certificate stays valid to its end unless --revoke says otherwise. The profile judges
anew: what is no longer allowed is not renewed, and neither is a certificate that was
revoked or is on hold.`,
		Example: `certwright renew server.crt
certwright renew www.example.com --days 30 --out renewed.crt`,
		RunE: func(c *cobra.Command, args []string) error {
			return p.again(c.Context(), args[0], &a, func(context.Context, *task.Office, task.Old) (*request.Request, error) { return nil, nil })
		},
	}
	p.againFlags(c, &a)
	return c
}

func (p *program) rekeyCommand() *cobra.Command {
	a := againFlags{newKey: true}
	var csr string
	w := keyWriting{secretFlag: "new-passphrase", outFlag: "key-out"}
	var kind string
	c := &cobra.Command{
		Use: "rekey SERIAL|FILE", Short: "Issue a certificate again for a new key", Args: takes(1, 1, "a serial number, certificate file, ticket or name"),
		Long: `Issue a certificate again for a new key: one made now (--key-out), or the one of a new request
(--csr), whose proof of possession is checked as always. Subject and names stay those of the
old certificate; --san and --subject change them.`,
		Example: `certwright rekey server.crt --key-out server-2.key
certwright rekey server.crt --csr new.csr --revoke superseded`,
		RunE: func(c *cobra.Command, args []string) error {
			if (csr == "") == (w.out == "") {
				return front.Usage("add --key-out FILE, or --csr FILE for a request made elsewhere", "a new key is needed: made now, or in a request")
			}
			return p.again(c.Context(), args[0], &a, func(ctx context.Context, o *task.Office, old task.Old) (*request.Request, error) {
				if csr != "" {
					return p.oneRequest(csr)
				}
				canonical, err := signingKind("type", kind)
				if err != nil {
					return nil, err
				}
				k, err := task.NewKey(canonical)
				if err != nil {
					return nil, err
				}
				if err := p.writeNewKey(k, w); err != nil {
					return nil, err
				}
				return task.RequestLike(old, k)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&w.out, "key-out", "", "make a key and write it to this file")
	f.StringVar(&kind, "type", "ecdsa-p256", "kind of the new key: "+keyKinds)
	secretFlag(f, &w.source, "new-passphrase", "passout", "encrypt the new key with a passphrase from")
	f.BoolVar(&w.plain, "no-passphrase", false, "do not encrypt the new key, and do not ask")
	f.BoolVar(&w.force, "force", false, "overwrite an existing key file")
	f.StringVar(&csr, "csr", "", "request with the new key")
	p.againFlags(c, &a)
	return c
}

func (p *program) reissueCommand() *cobra.Command {
	var a againFlags
	c := &cobra.Command{
		Use: "reissue SERIAL|FILE", Short: "Issue a certificate again with changed names", Args: takes(1, 1, "a serial number, certificate file, ticket or name"),
		Long: `Issue a certificate again for the same key with other names: those given with --san and
--subject take the place of the old ones.`,
		Example: "certwright reissue server.crt --san dns:www.example.com --san dns:shop.example.com",
		RunE: func(c *cobra.Command, args []string) error {
			if len(a.names) == 0 && a.subject == "" {
				return front.Usage("give --san or --subject, or use \"certwright renew\" to keep them", "no name was given to change")
			}
			return p.again(c.Context(), args[0], &a, func(context.Context, *task.Office, task.Old) (*request.Request, error) { return nil, nil })
		},
	}
	p.againFlags(c, &a)
	return c
}

// oneRequest reads a file that must hold one request.
func (p *program) oneRequest(file string) (*request.Request, error) {
	all, err := readRequests(p.shell, file)
	if err != nil {
		return nil, inFile(file, err)
	}
	if len(all) != 1 {
		return nil, front.Usage("give a file with one", "%s holds %d requests", file, len(all))
	}
	return all[0], nil
}

type newRequest func(context.Context, *task.Office, task.Old) (*request.Request, error)

// reasonToRevoke checks --revoke before anything is issued.
func (a *againFlags) reasonToRevoke(word string, record *authority.Certificate) (crl.Reason, error) {
	if a.revoke == "" {
		return 0, nil
	}
	why, err := crl.ParseReason(a.revoke)
	switch {
	case err != nil || why == crl.RemoveFromCRL:
		return 0, front.Usage("the reasons are "+reasons, "--revoke: there is no reason %q", a.revoke)
	case why == crl.KeyCompromise && !a.newKey:
		return 0, front.Usage("certify a new key: certwright rekey "+word+" --key-out FILE --revoke keyCompromise",
			"a key that others may know is not certified again, and this would certify the same key")
	case record.Status == authority.StatusRevoked:
		return 0, front.Usage("leave --revoke out", "--revoke: certificate %s is revoked already", hexOf(record.Serial))
	}
	return why, nil
}

// again issues a certificate in place of an old one, by a new request or by
// the one on record.
func (p *program) again(ctx context.Context, word string, a *againFlags, by newRequest) error {
	asked, err := a.asked()
	if err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if a.profile != "" {
		if err := p.knownProfile(ctx, o, a.profile); err != nil {
			return err
		}
	}
	old, why, err := p.oldOne(ctx, o, word, a)
	if err != nil {
		return err
	}
	r, err := by(ctx, o, old)
	if err != nil {
		return err
	}
	out, err := task.Again(ctx, o, old, task.AgainSpec{CA: p.ca, Request: r, Profile: a.profile, Origin: p.origin(a.requester), Asked: asked})
	if err != nil {
		return err
	}
	told := outcomeToJSON("", 0, out)
	run := signRun{p: p, o: o, flags: &signFlags{out: a.out}}
	switch {
	case out.Certificate != nil:
		told.Output, err = p.releaseAgain(out, word, a.out)
	case out.Encrypted != nil && (a.out != "-" || !p.shell.JSON):
		told.Output = againName("-", a.out, sealedName(hexOf(old.Record.Serial)+".crt"))
		err = p.shell.Replace(told.Output, task.EncodeSealed(out), front.PublicFile)
	}
	if err != nil {
		return err
	}
	if err := run.tell(told); err != nil {
		return err
	}
	if out.Certificate != nil && a.revoke != "" {
		if err := p.revokeOld(ctx, o, old.Record, why); err != nil {
			return err
		}
	}
	return run.finish()
}

// oldOne finds the certificate to issue again, and checks all that can be
// checked before something is made.
func (p *program) oldOne(ctx context.Context, o *task.Office, word string, a *againFlags) (task.Old, crl.Reason, error) {
	var none task.Old
	record, err := p.targetOf(ctx, o, "", word)
	if err != nil {
		return none, 0, err
	}
	why, err := a.reasonToRevoke(word, record)
	if err != nil {
		return none, 0, err
	}
	if err := task.MayIssueAgain(ctx, o, record, a.newKey); err != nil {
		return none, 0, err
	}
	old, err := task.OldOf(ctx, o, record)
	if err != nil {
		return none, 0, err
	}
	return old, why, p.shell.Writable(againName(word, a.out, "serial.crt"))
}

// againName is where a new certificate goes: over the old one's file, or to
// the file that a flag names, or else to one with a name by itself.
func againName(word, flag, own string) string {
	switch {
	case flag != "":
		return flag
	case word != "-" && isFile(word):
		return word
	}
	return own
}

// releaseAgain writes a new certificate to where it belongs.
func (p *program) releaseAgain(out *authority.Outcome, word, flag string) (string, error) {
	if flag == "-" && p.shell.JSON {
		return "", nil
	}
	serial := hexOf(out.Certificate.Serial)
	name := againName(word, flag, serial+".crt")
	if err := p.shell.Renew(name, served(out), front.PublicFile); err != nil {
		return "", onRecord(err, serial)
	}
	return name, nil
}
