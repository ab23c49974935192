package verbs

import (
	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) caInstallCommand() *cobra.Command {
	return &cobra.Command{
		Use: "install NAME FILE…", Short: "Give an authority the certificate its parent signed", Args: takes(2, -1, "the name of an authority, and certificate files"),
		Long: `Give an authority made with "ca create --offline" the certificate that its parent signed,
with the parent's chain: in one file, or in several.`,
		Example: "certwright ca install issuing issuing.crt root.crt",
		RunE: func(c *cobra.Command, args []string) error {
			chain, err := p.readChain(args[1:])
			if err != nil {
				return err
			}
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			ca, err := o.Authority.InstallCA(c.Context(), args[0], chain, p.decider())
			if err != nil {
				return err
			}
			return p.tellMade(o, "Completed", []*authority.CA{ca})
		},
	}
}

// readChain reads certificates from files and puts them in order, the one that
// no other was signed by first.
func (p *program) readChain(files []string) ([][]byte, error) {
	var all []*cert.Certificate
	for _, file := range files {
		found, err := p.readCertificates(file)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return task.OrderChain(all)
}

func (p *program) readCertificates(file string) ([]*cert.Certificate, error) {
	data, err := p.shell.Read(file)
	if err != nil {
		return nil, err
	}
	found, err := task.ParseCertificates(data)
	if err != nil {
		return nil, damaged(file, err)
	}
	if len(found) == 0 {
		return nil, &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "there is no certificate in " + nameOf(file), Fix: "see what it is: certwright inspect " + file}
	}
	return found, nil
}

func (p *program) caImportCommand() *cobra.Command {
	var keyFile, source string
	var settings settingFlags
	var directory directoryFlags
	c := &cobra.Command{
		Use: "import [NAME] FILE…", Short: "Take in an authority made elsewhere", Args: takes(0, -1, "a name for the authority, and certificate files"),
		Long: `Take in an authority that was made elsewhere: its certificate, its chain, and its key. The key
is copied into the home; what the authority issued elsewhere is not known here.

With --openssl the authority comes from a directory that OpenSSL's ca or easy-rsa worked in,
or from a folder of PEM files, and what it issued comes along: certificates, revocations with
their dates and reasons, and the numbers. --dry-run only tells what would come, and what looks
wrong.`,
		Example: `certwright ca import old ca.crt --key ca.key
certwright ca import --openssl ./demoCA --dry-run`,
		RunE: func(c *cobra.Command, args []string) error {
			if directory.folder != "" {
				directory.key, directory.source, directory.settings = keyFile, source, &settings
				return p.importDirectory(c, args, &directory)
			}
			if len(args) < 2 {
				return front.Usage("see: certwright ca import --help", "give a name for the authority and its certificate files, or --openssl DIR")
			}
			if keyFile == "" {
				return front.Usage("add --key FILE", "an authority needs its private key")
			}
			chain, err := p.readChain(args[1:])
			if err != nil {
				return err
			}
			k, err := p.readKey(keyFile, source, "passphrase")
			if err != nil {
				return err
			}
			s := task.DefaultSettings()
			if err := settings.apply(c.Flags(), &s); err != nil {
				return err
			}
			p.askNewKeys = true
			o, err := p.openOrMake(c.Context())
			if err != nil {
				return err
			}
			ca, err := task.ImportCA(c.Context(), o, task.Import{Name: args[0], Key: k, Chain: chain, Settings: s, By: p.decider()})
			if err != nil {
				return err
			}
			return p.tellMade(o, "Took in", []*authority.CA{ca})
		},
	}
	c.Flags().StringVar(&keyFile, "key", "", "file of the authority's private key")
	secretFlag(c.Flags(), &source, "passphrase", "passin", "passphrase of that key")
	c.Flags().StringVar(&directory.folder, "openssl", "", "directory of OpenSSL's ca or of easy-rsa, or a folder of PEM files")
	c.Flags().BoolVar(&directory.dryRun, "dry-run", false, "with --openssl: tell what would come along and what looks wrong, and change nothing")
	c.Flags().BoolVar(&directory.partial, "partial", false, "with --openssl: bring what can be brought; of certificates whose files are missing, what the index says")
	settings.add(c.Flags())
	return c
}

func (p *program) caExportCommand() *cobra.Command {
	var out, directory string
	var chain, root, asDER bool
	c := &cobra.Command{
		Use: "export NAME", Short: "Write an authority's certificate, or all of it", Args: takes(1, 1, "the name of an authority"),
		Long: `Write the certificate of an authority; --chain adds its issuers, --root writes the root of
its chain instead, which is what clients must trust.

--openssl writes a new directory that OpenSSL's ca can go on with: index, numbers, certificates,
the key as it is kept here, and a configuration file.`,
		Example: `certwright ca export issuing --root --out root.crt
certwright ca export issuing --chain --out chain.pem
certwright ca export issuing --openssl ./demoCA`,
		RunE: func(c *cobra.Command, args []string) error {
			if directory != "" {
				return p.exportDirectory(c.Context(), args[0], directory)
			}
			ca, _, err := p.authorityNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			list, err := exported(ca, chain, root)
			if err != nil {
				return err
			}
			if asDER {
				if len(list) > 1 {
					return front.Usage("leave one of the two out", "DER holds one certificate, and the chain has %d", len(list))
				}
				return p.shell.Replace(out, list[0], front.PublicFile)
			}
			return p.shell.Replace(out, task.EncodeCertificates(list...), front.PublicFile)
		},
	}
	f := c.Flags()
	f.StringVar(&out, "out", "-", "file to write")
	f.StringVar(&directory, "openssl", "", "write a directory for OpenSSL's ca")
	f.BoolVar(&chain, "chain", false, "the certificate and its issuers")
	f.BoolVar(&root, "root", false, "the root of its chain")
	f.BoolVar(&asDER, "der", false, "write DER instead of PEM")
	return c
}

func exported(ca *authority.CA, chain, root bool) ([][]byte, error) {
	if len(ca.Chain) == 0 {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the authority " + ca.Name + " has no certificate yet: it is " + ca.State,
			Fix: "bring it with \"certwright ca install " + ca.Name + " FILE\""}
	}
	switch {
	case chain && root:
		return nil, front.Usage("leave one of the two out", "--chain and --root exclude each other")
	case chain:
		return ca.Chain, nil
	case root:
		if r := task.Root(ca.Chain); r != nil {
			return [][]byte{r}, nil
		}
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "the chain of " + ca.Name + " does not reach a root", Fix: "install the whole chain, the root among it"}
	}
	return ca.Chain[:1], nil
}

func (p *program) caSetCommand() *cobra.Command {
	var settings settingFlags
	c := &cobra.Command{
		Use: "set NAME", Short: "Change the settings of an authority", Args: takes(1, 1, "the name of an authority"),
		Long: `Change settings of an authority; those without a flag stay. The URIs go into certificates
signed from now on, where their profile says so; an empty URI takes them away.`,
		Example: `certwright ca set issuing --crl http://pki.example.com/{ca}.crl --ocsp http://ocsp.example.com
certwright ca set issuing --crl-validity 1d --delta-validity 1h`,
		RunE: func(c *cobra.Command, args []string) error {
			if !anySetting(c) {
				return front.Usage("see: certwright ca set --help", "no setting was given to change")
			}
			if err := settings.apply(c.Flags(), &authority.CASettings{}); err != nil {
				return err
			}
			o, err := p.open(c.Context())
			if err != nil {
				return err
			}
			ca, err := o.Authority.UpdateCA(c.Context(), args[0], func(_ *authority.CA, s *authority.CASettings) {
				settings.apply(c.Flags(), s)
			}, p.decider())
			if err != nil {
				return err
			}
			return p.tellCA(c.Context(), o, ca)
		},
	}
	settings.add(c.Flags())
	return c
}

func anySetting(c *cobra.Command) bool {
	changed := false
	for _, name := range []string{"base", "ocsp-validity", "revoke-unissued", "crl", "freshest-crl", "ocsp", "ca-issuers", "crl-validity", "delta-validity", "shards", "hash", "pss", "default-profile", "keep"} {
		changed = changed || c.Flags().Changed(name)
	}
	return changed
}

func (p *program) caRetireCommand() *cobra.Command {
	return &cobra.Command{
		Use: "retire NAME", Short: "Let an authority sign no more certificates", Args: takes(1, 1, "the name of an authority"),
		Long: `Let an authority sign no more certificates. It still revokes and publishes lists for those it
has signed.`,
		Example: "certwright ca retire old --yes",
		RunE: func(c *cobra.Command, args []string) error {
			ca, o, err := p.authorityNamed(c.Context(), args[0])
			if err != nil {
				return err
			}
			if ca.State == "retired" {
				return &front.Failure{Exit: front.ExitNo, Code: front.CodeConflict, Detail: "the authority " + ca.Name + " is retired already"}
			}
			if err := p.shell.Confirm("Retire "+ca.Name+", so that it signs no more certificates?", "repeat the command with --yes"); err != nil {
				return err
			}
			ca, err = o.Authority.UpdateCA(c.Context(), args[0], func(ca *authority.CA, _ *authority.CASettings) { ca.State = "retired" }, p.decider())
			if err != nil {
				return err
			}
			if p.shell.JSON {
				return p.shell.Object(caToJSON(ca))
			}
			p.shell.Print("The authority %s is retired.", ca.Name)
			return nil
		},
	}
}
