package verbs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/task"
)

// directoryFlags say where an authority comes from that was run by other
// programs.
type directoryFlags struct {
	folder, key, source string
	dryRun, partial     bool
	settings            *settingFlags
}

// directoryJSON is how a directory is told.
type directoryJSON struct {
	Name         string   `json:"name"`
	Subject      string   `json:"subject,omitempty"`
	Certificate  string   `json:"certificateFile,omitempty"`
	Key          string   `json:"keyFile,omitempty"`
	Certificates int      `json:"certificates"`
	Revoked      int      `json:"revoked"`
	Missing      int      `json:"missing"`
	Gone         int      `json:"missingRevoked,omitempty"`
	Serial       string   `json:"nextSerial,omitempty"` // hexadecimal
	CRLNumber    int64    `json:"nextCrlNumber,omitempty"`
	Faults       []string `json:"faults"`
	Notes        []string `json:"notes,omitempty"`
	DryRun       bool     `json:"dryRun,omitempty"`
}

// importDirectory does what `ca import --openssl` asks.
func (p *program) importDirectory(c *cobra.Command, args []string, d *directoryFlags) error {
	s, err := opensslca.Look(d.folder, text.Slash)
	if err != nil {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "the folder " + d.folder + " cannot be read", Fix: "name the folder with index.txt in it", Err: err}
	}
	name := "imported"
	if s.Certificate != nil {
		name = task.NameOfAuthority(s.Certificate)
	}
	if len(args) > 0 {
		name = args[0]
	}
	told := tellSurvey(name, s, d)
	if d.dryRun {
		if err := p.tellDirectory(told); err != nil {
			return err
		}
		return task.CheckDirectory(s, d.partial)
	}
	chain, err := p.directoryChain(s, args)
	if err != nil {
		return err
	}
	i := task.DirectoryImport{Survey: s, Partial: d.partial}
	i.Import = task.Import{Name: name, Chain: chain, Settings: task.DefaultSettings(), By: p.decider()}
	if err := d.settings.apply(c.Flags(), &i.Settings); err != nil {
		return err
	}
	if told.Key == "" {
		return front.Usage("add --key FILE", "the authority's private key was not found in %s", d.folder)
	}
	if i.Key, err = p.readKey(told.Key, d.source, "passphrase"); err != nil {
		return err
	}
	p.askNewKeys = true
	o, err := p.openOrMake(c.Context())
	if err != nil {
		return err
	}
	if _, _, err := task.ImportDirectory(c.Context(), o, i); err != nil {
		return err
	}
	return p.tellDirectory(told)
}

// directoryChain is the authority's certificate, and those above it that files
// after the name have.
func (p *program) directoryChain(s *opensslca.Survey, args []string) ([][]byte, error) {
	if s.Certificate == nil {
		return nil, &front.Failure{Exit: front.ExitNo, Code: front.CodeNotFound, Detail: "there is no certificate of an authority in " + s.Folder, Fix: "put it there as cacert.pem or ca.crt"}
	}
	all := []*cert.Certificate{s.Certificate}
	for _, file := range args[min(1, len(args)):] {
		found, err := p.readCertificates(file)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return task.OrderChain(all)
}

func tellSurvey(name string, s *opensslca.Survey, d *directoryFlags) directoryJSON {
	n := task.CountDirectory(s)
	t := directoryJSON{Name: name, Certificates: n.Certificates, Revoked: n.Revoked, Missing: n.Missing, Gone: n.Gone, CRLNumber: n.CRLNumber,
		Faults: append([]string{}, s.Faults...), Notes: s.Notes, DryRun: d.dryRun, Key: d.key}
	if s.Certificate != nil {
		t.Subject, t.Certificate = s.Certificate.Subject.String(), filepath.Join(s.Folder, s.CertFile)
	}
	if t.Key == "" && s.KeyFile != "" {
		t.Key = filepath.Join(s.Folder, s.KeyFile)
	}
	if s.Serial != nil {
		t.Serial = opensslca.FormatNumber(s.Serial)
	}
	return t
}

func (p *program) tellDirectory(t directoryJSON) error {
	if p.shell.JSON {
		return p.shell.Object(t)
	}
	did := "Imported the authority"
	if t.DryRun {
		did = "Would import the authority"
	}
	p.shell.Print("%s %s: %s", did, t.Name, t.Subject)
	p.shell.Print("  certificates  %d, %d of them revoked", t.Certificates, t.Revoked)
	if t.Missing > 0 {
		p.shell.Print("  missing       %d that the index names, %d of them revoked; their lines come along", t.Missing, t.Gone)
	}
	if t.CRLNumber > 0 {
		p.shell.Print("  next list     number %d", t.CRLNumber)
	}
	if t.Key != "" {
		p.shell.Print("  key           %s", t.Key)
	}
	for _, fault := range t.Faults {
		p.shell.Print("  wrong         %s", fault)
	}
	for _, note := range t.Notes {
		p.shell.Print("  note          %s", note)
	}
	return nil
}

// exportDirectory does what `ca export --openssl` asks.
func (p *program) exportDirectory(ctx context.Context, name, folder string) error {
	ca, o, err := p.authorityNamed(ctx, name)
	if err != nil {
		return err
	}
	if _, err := exported(ca, false, false); err != nil {
		return err
	}
	if err := emptyFolder(folder); err != nil {
		return err
	}
	count, err := task.ExportDirectory(ctx, o, ca, text.Slash, func(f task.DirectoryFile) error { return writeBelow(folder, f) })
	if err != nil {
		return err
	}
	if err := writeConfig(folder, ca); err != nil {
		return err
	}
	if p.shell.JSON {
		return p.shell.Object(directoryJSON{Name: ca.Name, Certificates: count.Certificates, Revoked: count.Revoked, CRLNumber: count.CRLNumber, Faults: []string{}})
	}
	p.shell.Print("Wrote the authority %s to %s: %d certificates, %d of them revoked.", ca.Name, folder, count.Certificates, count.Revoked)
	p.shell.Print("  next      openssl ca -config %s -in FILE.csr", filepath.Join(folder, "openssl.cnf"))
	p.shell.Say("Two programs that sign for one authority lose count of each other: retire %s here once OpenSSL signs for it.", ca.Name)
	return nil
}

func emptyFolder(folder string) error {
	list, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(list) == 0 {
		return nil
	}
	if err != nil {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "the folder " + folder + " cannot be read", Err: err}
	}
	return &front.Failure{Exit: front.ExitFailed, Code: front.CodeFile, Detail: "the folder " + folder + " is not empty", Fix: "name a folder that is not there yet"}
}

func writeBelow(folder string, f task.DirectoryFile) error {
	name := filepath.Join(folder, filepath.FromSlash(f.Name))
	folderMode, mode := fs.FileMode(0o755), fs.FileMode(0o644)
	if f.Private {
		folderMode, mode = 0o700, 0o600
	}
	if err := os.MkdirAll(filepath.Dir(name), folderMode); err != nil {
		return fmt.Errorf("making the folder of %s: %w", f.Name, err)
	}
	if err := os.WriteFile(name, f.Data, mode); err != nil {
		return fmt.Errorf("writing %s: %w", f.Name, err)
	}
	return nil
}

func writeConfig(folder string, ca *authority.CA) error {
	c, err := cert.Parse(ca.Chain[0])
	if err != nil {
		return fmt.Errorf("reading the certificate of %s: %w", ca.Name, err)
	}
	whole, err := filepath.Abs(folder)
	if err != nil {
		return fmt.Errorf("naming the folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "newcerts"), 0o755); err != nil {
		return fmt.Errorf("making the folder newcerts: %w", err)
	}
	return writeBelow(folder, task.DirectoryFile{Name: "openssl.cnf", Data: []byte(task.DirectoryConfig(whole, c.PublicKey))})
}
