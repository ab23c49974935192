package verbs

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) caCommand() *cobra.Command {
	return group("ca", "Make and manage certification authorities",
		`Make certification authorities, and manage those there are. A home can hold several.

An offline root is a home of its own: the issuing authority's request goes there by file
("ca create --offline", "ca request"), is signed there ("sign --profile subca"), and the
certificate comes back by file ("ca install").`,
		p.caInitCommand(), p.caCreateCommand(), p.caListCommand(), p.caShowCommand(), p.caRequestCommand(), p.caInstallCommand(),
		p.caImportCommand(), p.caExportCommand(), p.caSetCommand(), p.caRetireCommand())
}

// caJSON is how an authority is told.
type caJSON struct {
	Name        string             `json:"name"`
	State       string             `json:"state"` // active, awaiting, retired
	Subject     string             `json:"subject"`
	Parent      string             `json:"parent,omitempty"`
	Issuer      string             `json:"issuer,omitempty"`
	Serial      string             `json:"serial,omitempty"`
	NotBefore   string             `json:"notBefore,omitempty"`
	NotAfter    string             `json:"notAfter,omitempty"`
	Key         string             `json:"key,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"`
	Chain       int                `json:"chainLength"`
	Settings    *client.CASettings `json:"settings,omitempty"`
	Created     string             `json:"created"`

	notAfter time.Time
}

func caToJSON(ca *authority.CA) caJSON {
	t := caJSON{Name: ca.Name, State: ca.State, Parent: ca.Parent, Chain: len(ca.Chain), Created: stamp(ca.Created)}
	if settings, err := task.SettingsOf(ca); err == nil {
		t.Settings = task.TellSettings(&settings)
	}
	if len(ca.Chain) == 0 {
		if requests, err := task.ParseRequests(ca.Request); err == nil && len(requests) > 0 {
			t.Subject, t.Key = requests[0].Subject.String(), requests[0].PublicKey.String()
		}
		return t
	}
	c, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return t
	}
	sum := c.Fingerprint()
	t.Subject, t.Issuer, t.Key, t.notAfter = c.Subject.String(), c.Issuer.String(), c.PublicKey.String(), c.NotAfter
	t.Serial, t.NotBefore, t.NotAfter, t.Fingerprint = hexOf(c.Serial.Bytes()), stamp(c.NotBefore), stamp(c.NotAfter), hexOf(sum[:])
	return t
}

// settingFlags are the settings of an authority, as flags.
type settingFlags struct {
	crlValidity, deltaValidity, ocspValidity, keep, hash, profile, base string

	shards                       int
	pss, revokeUnissued          bool
	crl, freshest, ocsp, issuers []string
}

func (s *settingFlags) add(f *pflag.FlagSet) {
	f.StringVar(&s.base, "base", "", "where a server publishes, such as http://pki.example.com: the four URIs below follow from it")
	f.StringArrayVar(&s.crl, "crl", nil, "URI of the revocation list, put in certificates; {ca} and {shard} are filled in")
	f.StringArrayVar(&s.freshest, "freshest-crl", nil, "URI of the delta revocation list")
	f.StringArrayVar(&s.ocsp, "ocsp", nil, "URI of the OCSP responder")
	f.StringArrayVar(&s.issuers, "ca-issuers", nil, "URI where the authority's certificate is fetched")
	f.StringVar(&s.crlValidity, "crl-validity", "", "how long a revocation list is valid (default 7d)")
	f.StringVar(&s.deltaValidity, "delta-validity", "", "how long a delta list is valid (default: no delta lists)")
	f.StringVar(&s.ocspValidity, "ocsp-validity", "", "how long an OCSP answer is valid (default 12h)")
	f.BoolVar(&s.revokeUnissued, "revoke-unissued", false, "let OCSP call certificates that were never issued revoked, and not unknown")
	f.IntVar(&s.shards, "shards", 0, "number of lists the revocations are spread over")
	f.StringVar(&s.hash, "hash", "", "hash the authority signs with: sha256, sha384, sha512 (default: what suits its key)")
	f.BoolVar(&s.pss, "pss", false, "sign with RSASSA-PSS")
	f.StringVar(&s.profile, "default-profile", "", "profile where a request names none")
	f.StringVar(&s.keep, "keep", "", "how long records stay after a certificate's end (default 2y)")
}

// apply changes the settings that flags were given for.
func (s *settingFlags) apply(f *pflag.FlagSet, c *authority.CASettings) error {
	spans := map[string]struct {
		text   string
		target *time.Duration
	}{"crl-validity": {s.crlValidity, &c.CRLValidity}, "delta-validity": {s.deltaValidity, &c.DeltaValidity}, "ocsp-validity": {s.ocspValidity, &c.OCSPValidity}, "keep": {s.keep, &c.KeepExpired}}
	for name, one := range spans {
		if !f.Changed(name) {
			continue
		}
		if name == "delta-validity" && one.text == "0" {
			*one.target = 0
			continue
		}
		d, err := parseSpan(name, one.text)
		if err != nil {
			return err
		}
		*one.target = d
	}
	lists := map[string]struct {
		values []string
		target *[]string
	}{"crl": {s.crl, &c.CRL}, "freshest-crl": {s.freshest, &c.FreshestCRL}, "ocsp": {s.ocsp, &c.OCSP}, "ca-issuers": {s.issuers, &c.CAIssuers}}
	for name, one := range lists {
		if f.Changed(name) {
			*one.target = nonEmpty(one.values)
		}
	}
	if f.Changed("shards") {
		if s.shards < 0 || s.shards > 4096 {
			return front.Usage("write a number from 0 to 4096", "--shards: %d is not a number of lists", s.shards)
		}
		c.Shards = s.shards
	}
	if f.Changed("hash") {
		c.Hash = s.hash
	}
	if f.Changed("base") {
		c.Base = s.base
	}
	if f.Changed("revoke-unissued") {
		c.RevokeUnissued = s.revokeUnissued
	}
	if f.Changed("pss") {
		c.PSS = s.pss
	}
	if f.Changed("default-profile") {
		c.DefaultProfile = s.profile
	}
	return nil
}

// nonEmpty drops empty values, so that --crl "" takes the URIs away.
func nonEmpty(texts []string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}

type caInitFlags struct {
	settingFlags
	name, subject, kind, validity, issuingValidity string
	intermediate                                   bool
}

func (p *program) caInitCommand() *cobra.Command {
	var i caInitFlags
	c := &cobra.Command{
		Use: "init", Short: "Make a root, or a root and an issuing authority", Args: nothing,
		Long: `Make the first authority of a home: a root that issues by itself, or with --intermediate a
root and an issuing authority below it, which is better: the root's key is then needed again
only to replace the issuing one.

At a terminal a passphrase for the keys is asked for. Elsewhere they are not encrypted unless
--ca-passphrase or CERTWRIGHT_PASSPHRASE gives one.`,
		Example: `certwright ca init --name "Example" --intermediate
certwright ca init --subject "CN=Example Root,O=Example,C=GB" --type ecdsa-p384 --validity 15y`,
		RunE: func(c *cobra.Command, _ []string) error { return p.caInit(c.Context(), &i, c.Flags()) },
	}
	f := c.Flags()
	f.StringVar(&i.name, "name", "", `name in the subjects: "NAME Root CA" (default: the machine's)`)
	f.StringVar(&i.subject, "subject", "", "subject of the root, instead of --name")
	f.BoolVar(&i.intermediate, "intermediate", false, "make an issuing authority below the root")
	f.StringVar(&i.kind, "type", "ecdsa-p256", "kind of the keys: "+keyKinds)
	f.StringVar(&i.validity, "validity", "20y", "how long the root is valid")
	f.StringVar(&i.issuingValidity, "issuing-validity", "10y", "how long the issuing authority is valid")
	i.settingFlags.add(f)
	return c
}

func (p *program) caInit(ctx context.Context, i *caInitFlags, flags *pflag.FlagSet) error {
	h, err := p.hierarchy(i, flags)
	if err != nil {
		return err
	}
	p.askNewKeys = true
	o, err := p.openOrMake(ctx)
	if err != nil {
		return err
	}
	unlock, err := o.Home.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if all, err := o.Store.CAs(ctx); err != nil {
		return err
	} else if len(all) > 0 {
		return &front.Failure{Exit: front.ExitNo, Code: front.CodeExists, Detail: "this home has an authority already: " + all[0].Name,
			Fix: "make further ones with \"certwright ca create\", or start another home with --home DIR"}
	}
	h.By = p.decider()
	made := []*authority.CA{}
	if i.intermediate {
		root, issuing, err := task.CreateHierarchy(ctx, o, h)
		if err != nil {
			return err
		}
		made = append(made, root, issuing)
	} else {
		root, err := task.CreateRoot(ctx, o, h)
		if err != nil {
			return err
		}
		made = append(made, root)
	}
	return p.tellMade(o, "Made", made)
}

func (p *program) hierarchy(i *caInitFlags, flags *pflag.FlagSet) (task.Hierarchy, error) {
	kind, err := signingKind("type", i.kind)
	if err != nil {
		return task.Hierarchy{}, err
	}
	name := i.name
	if name == "" {
		name = hostName()
	}
	h, err := task.HostHierarchy(name, kind, "")
	if err != nil {
		return h, front.Usage("", "--name: %v", err)
	}
	if i.subject != "" {
		if h.Root, err = parseSubject("subject", i.subject); err != nil {
			return h, err
		}
		if h.Issuing, err = task.IssuingBeside(h.Root); err != nil {
			return h, err
		}
	}
	if h.RootTime, err = parsePeriod("validity", i.validity); err != nil {
		return h, err
	}
	if h.IssuingTime, err = parsePeriod("issuing-validity", i.issuingValidity); err != nil {
		return h, err
	}
	return h, i.settingFlags.apply(flags, &h.Settings)
}

// tellMade says of authorities that they were made, or what else was done.
func (p *program) tellMade(o *task.Office, done string, made []*authority.CA) error {
	told := []caJSON{}
	for _, ca := range made {
		told = append(told, caToJSON(ca))
	}
	if p.shell.JSON {
		return p.shell.Object(told)
	}
	for i, t := range told {
		if t.State == "awaiting" {
			p.shell.Print("%s the authority %s: %s; it awaits its certificate", done, t.Name, t.Subject)
			p.shell.Print("  next      certwright ca request %s --out %s.csr", t.Name, t.Name)
		} else {
			p.shell.Print("%s the authority %s: %s, %s, valid to %s", done, t.Name, t.Subject, t.Key, day(t.notAfter))
		}
		if encrypted, err := o.Keys.Encrypted(made[i].Key); err == nil && !encrypted {
			p.shell.Say("The key of %s is not encrypted; --ca-passphrase or CERTWRIGHT_PASSPHRASE would encrypt it.", t.Name)
		}
	}
	return nil
}

type caCreateFlags struct {
	settingFlags
	subject, kind, parent, validity, notAfter string
	follows                                   string
	permit, exclude                           []string
	offline                                   bool
	pathLen                                   int
}

func (p *program) caCreateCommand() *cobra.Command {
	var f caCreateFlags
	c := &cobra.Command{
		Use: "create NAME", Short: "Make a further authority", Args: takes(1, 1, "one name for the authority"),
		Long: `Make a further authority in this home: a root, one below another authority of the home
(--parent), or with --offline one whose request is carried to an authority elsewhere.`,
		Example: `certwright ca create devices --parent root --subject "CN=Example Devices CA" --permit dns:devices.example
certwright ca create issuing --offline --subject "CN=Example Issuing CA"
certwright ca request issuing --out issuing.csr`,
		RunE: func(c *cobra.Command, args []string) error {
			n, err := f.newCA(args[0], c.Flags())
			if err != nil {
				return err
			}
			p.askNewKeys = true
			o, err := p.openOrMake(c.Context())
			if err != nil {
				return err
			}
			n.By = p.decider()
			ca, err := task.CreateCA(c.Context(), o, n)
			if err != nil {
				return err
			}
			return p.tellMade(o, "Made", []*authority.CA{ca})
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.subject, "subject", "", `subject (default "CN=NAME")`)
	flags.StringVar(&f.parent, "parent", "", "authority of this home that signs it (default: a root)")
	flags.StringVar(&f.follows, "follows", "", "root of this home whose place it takes, with the same subject and another key")
	flags.BoolVar(&f.offline, "offline", false, "make key and request only; \"ca install\" brings the certificate")
	flags.StringVar(&f.kind, "type", "ecdsa-p256", "kind of the key: "+keyKinds)
	flags.StringVar(&f.validity, "validity", "", "how long it is valid (default: as the profile subca says)")
	flags.StringVar(&f.notAfter, "not-after", "", "end of validity, instead of --validity")
	flags.IntVar(&f.pathLen, "path-length", -1, "authorities allowed below it (default: as the profile says)")
	flags.StringArrayVar(&f.permit, "permit", nil, "name constraint: names allowed, as dns:example.com or ip:192.0.2.0/24")
	flags.StringArrayVar(&f.exclude, "exclude", nil, "name constraint: names forbidden")
	f.settingFlags.add(flags)
	return c
}

func (f *caCreateFlags) newCA(name string, flags *pflag.FlagSet) (authority.NewCA, error) {
	n := authority.NewCA{Name: name, Parent: f.parent, Offline: f.offline, Follows: f.follows, PathLen: f.pathLen, Settings: task.DefaultSettings()}
	if f.offline && f.parent != "" {
		return n, front.Usage("leave one of the two out", "--offline and --parent exclude each other")
	}
	var err error
	if n.KeyKind, err = signingKind("type", f.kind); err != nil {
		return n, err
	}
	if f.subject == "" {
		n.Subject, err = task.CommonName(name)
	} else {
		n.Subject, err = parseSubject("subject", f.subject)
	}
	if err != nil {
		return n, err
	}
	if f.validity != "" {
		p, err := parsePeriod("validity", f.validity)
		if err != nil {
			return n, err
		}
		n.Asked = n.Asked.For(p)
	}
	if f.notAfter != "" {
		if n.Asked.NotAfter, err = parseTime("not-after", f.notAfter); err != nil {
			return n, err
		}
	}
	if f.parent == "" && !f.offline && f.validity == "" && n.Asked.NotAfter.IsZero() {
		n.Asked.Months = 20 * 12
	}
	if n.Permit, err = parseConstraints("permit", f.permit); err != nil {
		return n, err
	}
	if n.Exclude, err = parseConstraints("exclude", f.exclude); err != nil {
		return n, err
	}
	return n, f.settingFlags.apply(flags, &n.Settings)
}

func (p *program) caListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the authorities", Args: nothing, Example: "certwright ca list",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			all, err := o.Desk().CAs(c.Context())
			if err != nil {
				return err
			}
			told := []caJSON{}
			for _, ca := range all {
				t := caToJSON(ca)
				if t.State, err = o.Desk().State(c.Context(), ca.Name); err != nil {
					return err
				}
				told = append(told, t)
			}
			if p.shell.JSON {
				return p.shell.Object(told)
			}
			w := tabwriter.NewWriter(p.shell.Out, 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tSTATE\tPARENT\tEXPIRES\tKEY\tSUBJECT")
			for _, t := range told {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.State, orDash(t.Parent), day(t.notAfter), t.Key, front.Visible(t.Subject))
			}
			return w.Flush()
		},
	}
}

func (p *program) caShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME", Short: "Show an authority and its settings", Args: takes(1, 1, "the name of an authority"),
		Example: "certwright ca show issuing",
		RunE: func(c *cobra.Command, args []string) error {
			ca, o, err := p.authorityNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			return p.tellCA(c.Context(), o, ca)
		},
	}
}

func (p *program) tellCA(ctx context.Context, o *task.Office, ca *authority.CA) error {
	t := caToJSON(ca)
	var err error
	if t.State, err = o.Desk().State(ctx, ca.Name); err != nil {
		return err
	}
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	s, err := task.SettingsOf(ca)
	if err != nil {
		return err
	}
	for _, line := range [][2]string{
		{"Name", t.Name}, {"State", t.State}, {"Subject", t.Subject}, {"Issuer", t.Issuer}, {"Parent", t.Parent}, {"Serial", t.Serial},
		{"Valid", validity(t)}, {"Key", t.Key}, {"Fingerprint", t.Fingerprint}, {"Default profile", s.DefaultProfile},
		{"CRL validity", spanOr(s.CRLValidity, "")}, {"Delta CRL validity", spanOr(s.DeltaValidity, "")}, {"Shards", shards(s.Shards)},
		{"Base", s.Base}, {"CRL", strings.Join(s.CRL, " ")}, {"Freshest CRL", strings.Join(s.FreshestCRL, " ")}, {"OCSP", strings.Join(s.OCSP, " ")},
		{"CA issuers", strings.Join(s.CAIssuers, " ")}, {"OCSP validity", spanOr(s.OCSPValidity, "")}, {"Hash", s.Hash}, {"Records kept", spanOr(s.KeepExpired, "")},
	} {
		if line[1] != "" {
			p.shell.Print("%-20s%s", line[0], line[1])
		}
	}
	return nil
}

func validity(t caJSON) string {
	if t.NotAfter == "" {
		return ""
	}
	return t.NotBefore + " to " + t.NotAfter
}

func spanOr(d time.Duration, none string) string {
	switch {
	case d == 0:
		return none
	case d < 0:
		return "for ever"
	}
	return span(d)
}

func shards(n int) string {
	if n < 2 {
		return ""
	}
	return itoa(n)
}

// authorityNamed opens the home and finds an authority in it.
func (p *program) authorityNamed(ctx context.Context, name string) (*authority.CA, *task.Office, error) {
	o, err := p.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	ca, err := task.Authority(ctx, o, name)
	return ca, o, err
}

func (p *program) caRequestCommand() *cobra.Command {
	var out string
	var asDER, force bool
	c := &cobra.Command{
		Use: "request NAME", Short: "Write the request of an authority that awaits its certificate", Args: takes(1, 1, "the name of an authority"),
		Long:    "Write the request of an authority made with \"ca create --offline\", to be signed by its parent elsewhere.",
		Example: "certwright ca request issuing --out issuing.csr",
		RunE: func(c *cobra.Command, args []string) error {
			ca, _, err := p.authorityNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			if len(ca.Request) == 0 {
				return &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the authority " + ca.Name + " has no request: it is " + ca.State,
					Fix: "only an authority made with \"ca create --offline\" has one, until its certificate is installed"}
			}
			data := ca.Request
			if !asDER {
				data = pem.Encode("CERTIFICATE REQUEST", ca.Request)
			}
			return p.shell.Write(out, data, front.PublicFile, force)
		},
	}
	c.Flags().StringVar(&out, "out", "-", "file to write")
	c.Flags().BoolVar(&asDER, "der", false, "write DER instead of PEM")
	c.Flags().BoolVar(&force, "force", false, "overwrite an existing file")
	return c
}
