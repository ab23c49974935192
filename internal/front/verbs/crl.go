package verbs

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) crlCommand() *cobra.Command {
	return group("crl", "Publish and show revocation lists", "Sign the next certificate revocation lists, or show one.",
		p.crlPublishCommand(), p.crlShowCommand())
}

// crlJSON is how a list that was published is told.
type crlJSON struct {
	CA         string `json:"ca"`
	Kind       string `json:"kind"` // full, delta
	Shard      int    `json:"shard"`
	Number     int64  `json:"number"`
	Base       int64  `json:"base,omitempty"`
	ThisUpdate string `json:"thisUpdate"`
	NextUpdate string `json:"nextUpdate"`
	Entries    int64  `json:"entries"`
	File       string `json:"file"` // DER
	PEM        string `json:"pem"`  // file in PEM
}

type publishFlags struct {
	out   string
	delta bool
	shard int
}

func (p *program) crlPublishCommand() *cobra.Command {
	var f publishFlags
	c := &cobra.Command{
		Use: "publish", Short: "Sign the next revocation lists", Args: nothing,
		Long: `Sign and record the next revocation list of every authority, or of one (--ca), and write each
in DER as NAME.crl and in PEM as NAME.crl.pem. Lists of shards are NAME-N.crl, delta lists
NAME-delta.crl; where there was one list before the shards, NAME.crl stays, and is the first of
them. Then the records that are past keeping ("ca set --keep") are removed. A server publishes by
itself; with --server it does so at once.`,
		Example: `certwright crl publish
certwright crl publish --ca issuing --delta --out /var/www/pki`,
		RunE: func(c *cobra.Command, _ []string) error { return p.crlPublish(c.Context(), &f) },
	}
	flags := c.Flags()
	flags.StringVar(&p.ca, "ca", "", "authority (default: all)")
	flags.BoolVar(&f.delta, "delta", false, "delta lists: what changed since the last full one; without --ca of every authority that has them")
	flags.IntVar(&f.shard, "shard", -1, "one shard only (default: all)")
	flags.StringVar(&f.out, "out", ".", "folder to write to")
	return c
}

func (p *program) crlPublish(ctx context.Context, f *publishFlags) error {
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	all, err := p.authorities(ctx, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return err
	}
	kind := authority.FullCRL
	if f.delta {
		kind = authority.DeltaCRL
	}
	if f.delta && p.ca == "" {
		if all, err = withDeltas(all); err != nil {
			return err
		}
	}
	told, failed := []crlJSON{}, &several{p: p, count: len(all)}
	for _, one := range all {
		lists, fault := p.publishLists(ctx, o, one, kind, f)
		told = append(told, lists...)
		if fault != nil {
			if _, err = failed.failed(fault); err != nil {
				break
			}
		}
	}
	if err == nil && failed.worst == nil && o.Remote == nil { // a server tidies up by itself
		err = o.Authority.Tidy(ctx)
	}
	return cmp.Or(p.tellPublished(told), err, failed.end())
}

// withDeltas are the authorities that publish delta lists.
func withDeltas(all []*authority.CA) ([]*authority.CA, error) {
	var out []*authority.CA
	for _, one := range all {
		settings, err := task.SettingsOf(one)
		if err != nil {
			return nil, err
		}
		if settings.DeltaValidity > 0 {
			out = append(out, one)
		}
	}
	if len(out) == 0 {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeRefused, Detail: "no authority here publishes delta lists",
			Fix: "let one publish them: certwright ca set NAME --delta-validity 1d"}
	}
	return out, nil
}

// publishLists publishes the lists of one authority, and returns those that it
// has written, with an error too.
func (p *program) publishLists(ctx context.Context, o *task.Office, ca *authority.CA, kind authority.CRLKind, f *publishFlags) (told []crlJSON, err error) {
	settings, err := task.SettingsOf(ca)
	if err != nil {
		return nil, err
	}
	lists, err := o.Desk().PublishCRL(ctx, ca.Name, kind, f.shard, p.decider())
	for _, list := range lists {
		for _, base := range listNames(list, settings) {
			t, fault := p.writeCRL(f.out, base, list)
			if fault != nil {
				return told, fault
			}
			told = append(told, t)
		}
	}
	return told, err
}

func (p *program) tellPublished(told []crlJSON) error {
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	for _, t := range told {
		p.shell.Print("%s: %s list %d of %s, %s, next by %s", t.File, t.Kind, t.Number, t.CA, entries(t.Entries), t.NextUpdate)
	}
	return nil
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return itoa(int(n)) + " entries"
}

// authorities are the one a flag names, or all that have a certificate.
func (p *program) authorities(ctx context.Context, o *task.Office) ([]*authority.CA, error) {
	if p.ca != "" {
		ca, err := task.Authority(ctx, o, p.ca)
		return []*authority.CA{ca}, err
	}
	all, err := o.Desk().CAs(ctx)
	if err != nil {
		return nil, err
	}
	var ready []*authority.CA
	for _, ca := range all {
		if len(ca.Chain) > 0 {
			ready = append(ready, ca)
		}
	}
	return ready, nil
}

// listNames are the names of a list's files, without their ending. The first
// of several goes by the name of the only one, too, where certificates of that
// time may look for it.
func listNames(list *authority.CRL, settings authority.CASettings) []string {
	names := []string{list.CA}
	if settings.Shards > 1 {
		names = []string{list.CA + "-" + itoa(list.Shard)}
		if list.Shard == 0 && settings.Whole() {
			names = append(names, list.CA)
		}
	}
	if list.Kind == authority.DeltaCRL {
		for i := range names {
			names[i] += "-delta"
		}
	}
	return names
}

func (p *program) writeCRL(folder, base string, list *authority.CRL) (crlJSON, error) {
	name := filepath.Join(folder, base+".crl")
	t := crlJSON{CA: list.CA, Kind: string(list.Kind), Shard: list.Shard, Number: list.Number, Base: list.Base,
		ThisUpdate: stamp(list.ThisUpdate), NextUpdate: stamp(list.NextUpdate), Entries: list.Entries, File: name, PEM: name + ".pem"}
	if err := p.shell.Replace(name, list.DER, front.PublicFile); err != nil {
		return t, err
	}
	return t, p.shell.Replace(t.PEM, pem.Encode("X509 CRL", list.DER), front.PublicFile)
}

func (p *program) crlShowCommand() *cobra.Command {
	var all, delta bool
	var shard int
	c := &cobra.Command{
		Use: "show [FILE]", Short: "Show a revocation list", Args: takes(0, 1, "one revocation list, or none with --ca"),
		Long: "Show a certificate revocation list, with its first entries or all: that in a file, or the newest one of an authority.",
		Example: `certwright crl show issuing.crl --all
certwright crl show --ca issuing`,
		RunE: func(c *cobra.Command, args []string) error {
			if (len(args) == 0) == (p.ca == "") {
				return front.Usage("name one of the two", "certwright crl show needs a file, or --ca NAME")
			}
			kind := authority.FullCRL
			if delta {
				kind = authority.DeltaCRL
			}
			list, err := p.listToShow(c.Context(), args, kind, shard)
			if err != nil {
				return err
			}
			most := 0
			if all {
				most = -1
			}
			return p.inspectData([]named{list}, inspectFlags{entries: most})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all entries")
	c.Flags().StringVar(&p.ca, "ca", "", "authority whose newest list is shown")
	c.Flags().BoolVar(&delta, "delta", false, "with --ca: its newest delta list")
	c.Flags().IntVar(&shard, "shard", 0, "with --ca: the list of this shard")
	return c
}

// listToShow reads a revocation list from a file, or the newest one that an
// authority has published.
func (p *program) listToShow(ctx context.Context, args []string, kind authority.CRLKind, shard int) (named, error) {
	if len(args) == 0 {
		o, err := p.open(ctx)
		if err != nil {
			return named{}, err
		}
		der, err := o.Desk().CRL(ctx, p.ca, kind, shard)
		if errors.Is(err, authority.ErrNotFound) {
			err = &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the authority " + p.ca + " has published no such revocation list yet", Fix: "have it published: certwright crl publish", Err: err}
		}
		return named{name: p.ca + ".crl", data: der}, err
	}
	data, err := p.shell.Read(args[0])
	if err == nil && !task.HasCRL(data) {
		err = &front.Failure{Exit: front.ExitNo, Code: front.CodeInvalid, Detail: nameOf(args[0]) + " is not a revocation list", Fix: "see what it is: certwright inspect " + args[0]}
	}
	return named{name: args[0], data: data}, err
}
