package verbs

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/notice"
	"github.com/certwright/certwright/internal/task"
)

type listFlags struct {
	name, san, serial, key, profile, requester, status, ticket string
	expiresBefore, expiresWithin, issuedAfter                  string
	expired, authorities, notReplaced                          bool
	limit                                                      int
}

func (p *program) listCommand() *cobra.Command {
	var l listFlags
	c := &cobra.Command{
		Use: "list", Short: "List certificates", Args: nothing,
		Long: `List the certificates that were issued, oldest first. Flags narrow the list; several must
all hold. The certificates of the home's own authorities are listed with --authorities only;
"certwright ca list" shows them, too. --output csv writes a table for spreadsheets.`,
		Example: `certwright list
certwright list --san '*.example.com' --status valid
certwright list --expires-within 30d
certwright list --expires-within 30d --not-replaced
certwright list --key server.key
certwright list --output csv > certificates.csv`,
		RunE: func(c *cobra.Command, _ []string) error { return p.list(c.Context(), &l) },
	}
	f := c.Flags()
	f.StringVar(&l.name, "name", "", "part of the subject, or of a name")
	f.StringVar(&l.san, "san", "", "a subject alternative name, with or without its kind; * matches anything")
	f.StringVar(&l.serial, "serial", "", "serial number, hexadecimal")
	f.StringVar(&l.key, "key", "", "a key, request or certificate file, or the fingerprint of a public key")
	f.StringVar(&l.profile, "profile", "", "profile they were issued under")
	f.StringVar(&l.requester, "requester", "", "who asked for them")
	f.StringVar(&l.status, "status", "", "valid, unconfirmed, hold, revoked or expired")
	f.StringVar(&l.ticket, "ticket", "", "the ticket they were issued on")
	f.StringVar(&l.expiresBefore, "expires-before", "", "end before this day or time")
	f.StringVar(&l.expiresWithin, "expires-within", "", "still run, and end within this time: 30d")
	f.StringVar(&l.issuedAfter, "issued-after", "", "issued after this day or time")
	f.BoolVar(&l.expired, "expired", false, "ended already")
	f.BoolVar(&l.notReplaced, "not-replaced", false, "no other valid certificate took their place: renewed, or for the same names and to a later end")
	f.BoolVar(&l.authorities, "authorities", false, "the certificates of the home's own authorities, too")
	f.StringVar(&p.ca, "ca", "", "authority that issued them")
	f.IntVar(&l.limit, "limit", 0, "at most so many (0: all)")
	return c
}

func (p *program) list(ctx context.Context, l *listFlags) error {
	q, err := p.listQuery(l)
	if err != nil {
		return err
	}
	limit, err := parseCount("limit", l.limit)
	if err != nil {
		return err
	}
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	q.CA = p.ca
	now := p.shell.Now()
	issuers := issuerNames{}
	var own map[string]bool
	if !l.authorities && l.serial == "" {
		if own, err = ownCertificates(ctx, o); err != nil {
			return err
		}
	}
	all := []certificateJSON{}
	for c, err := range o.Desk().Certificates(ctx, q) {
		if err != nil {
			return fmt.Errorf("reading the records: %w", err)
		}
		if l.status != "" && statusOf(c, now) != l.status || own[string(c.DER)] {
			continue
		}
		if l.notReplaced {
			replaced, _, err := notice.Relatives(ctx, o.Desk(), c)
			if err != nil {
				return err
			}
			if replaced {
				continue
			}
		}
		all = append(all, certificateToJSON(c, issuers.of(c), now))
		if limit > 0 && len(all) == limit {
			break
		}
	}
	switch p.output {
	case "json":
		return p.shell.Object(all)
	case "csv":
		return p.listCSV(all)
	}
	p.listText(all)
	return nil
}

// ownCertificates are those of the home's authorities.
func ownCertificates(ctx context.Context, o *task.Office) (map[string]bool, error) {
	all, err := o.Desk().CAs(ctx)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, ca := range all {
		if len(ca.Chain) > 0 {
			own[string(ca.Chain[0])] = true
		}
	}
	return own, nil
}

// issuerNames remembers the issuer's name for each authority: the same in all
// its certificates.
type issuerNames map[string]string

func (n issuerNames) of(c *authority.Certificate) string {
	name, ok := n[c.CA]
	if !ok {
		name = certificateIssuer(c.DER)
		n[c.CA] = name
	}
	return name
}

func (p *program) listQuery(l *listFlags) (authority.Query, error) {
	q := authority.Query{Text: l.name, Name: l.san, Profile: l.profile, Requester: l.requester, Ticket: l.ticket}
	var err error
	now := p.shell.Now()
	if l.serial != "" {
		var ok bool
		if q.Serial, ok = parseSerial(l.serial); !ok {
			return q, front.Usage("write it in hexadecimal digits", "--serial: %q is not a serial number", l.serial)
		}
	}
	if l.key != "" {
		if q.KeyFingerprint, err = p.keyFingerprint(l.key); err != nil {
			return q, err
		}
	}
	switch l.status {
	case "", "valid", "unconfirmed", "hold", "revoked":
		q.Status = authority.Status(l.status)
	case statusExpired:
		l.expired = true
	default:
		return q, front.Usage("the statuses are valid, unconfirmed, hold, revoked and expired", "--status: there is no status %q", l.status)
	}
	if l.expiresBefore != "" {
		if q.ExpiresBefore, err = parseTime("expires-before", l.expiresBefore); err != nil {
			return q, err
		}
	}
	if l.expiresWithin != "" {
		within, err := parsePeriod("expires-within", l.expiresWithin)
		if err != nil {
			return q, err
		}
		q.ExpiresAfter, q.ExpiresBefore = now, within.From(now)
	}
	if l.expired {
		q.ExpiresBefore = now
	}
	if l.issuedAfter != "" {
		q.IssuedAfter, err = parseTime("issued-after", l.issuedAfter)
	}
	return q, err
}

// keyFingerprint is of the key in a file, or given as such.
func (p *program) keyFingerprint(text string) ([]byte, error) {
	if b, ok := parseHex(text); ok && len(b) == 32 {
		return b, nil
	}
	data, err := p.shell.Read(text)
	if err != nil {
		return nil, err
	}
	pub, err := task.PublicOf(data, nil)
	if err != nil {
		return nil, keyFailure(text, err)
	}
	sum := pub.Fingerprint()
	return sum[:], nil
}

func (p *program) listText(all []certificateJSON) {
	if len(all) == 0 {
		p.shell.Say("No certificate is found.")
		return
	}
	w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "SERIAL\tSTATUS\tEXPIRES\tPROFILE\tSUBJECT\tNAMES")
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Serial, c.Status, day(c.notAfter), c.Profile, front.Visible(orDash(c.Subject)), front.Visible(orDash(shorten(strings.Join(c.SANs, " ")))))
	}
	w.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (p *program) listCSV(all []certificateJSON) error {
	w := csv.NewWriter(p.shell.Out)
	w.Write([]string{"serial", "subject", "sans", "notBefore", "notAfter", "status", "profile", "issuer", "keyFingerprint", "fingerprint", "ca", "requester", "ticket", "revoked", "reason"})
	for _, c := range all {
		w.Write([]string{c.Serial, front.Visible(c.Subject), front.Visible(strings.Join(c.SANs, " ")), c.NotBefore, c.NotAfter, c.Status, c.Profile, c.Issuer, c.KeyFingerprint, c.Fingerprint, c.CA, c.Requester, c.Ticket, c.Revoked, c.Reason})
	}
	w.Flush()
	return w.Error()
}
