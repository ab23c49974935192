package verbs

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
)

func (p *program) backupCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "backup FILE", Short: "Copy the whole home into one file", Args: takes(1, 1, "one file to write"),
		Long: `Copy records, keys, profiles and configuration of the home into one file: a consistent state,
also while certificates are being signed. Keys in it are encrypted as they are in the home,
and the file is readable by its owner only: keep it as safe as the home.`,
		Example: "certwright backup ca-2026-11-21.backup",
		RunE:    func(c *cobra.Command, args []string) error { return p.backup(c.Context(), args[0], force) },
	}
	c.Flags().BoolVar(&force, "force", false, "overwrite an existing file")
	return c
}

// backupJSON is what a backup or a restored home holds.
type backupJSON struct {
	File    string `json:"file"`
	Home    string `json:"home"`
	Files   int    `json:"files"`
	Size    int64  `json:"size"`
	Created string `json:"created"`
}

func (p *program) backup(ctx context.Context, file string, force bool) error {
	o, err := p.open(ctx)
	if err != nil {
		return err
	}
	if p.file.Database != "" {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeDatabase, Detail: "the records are in a database, of which a copy of the home is no backup",
			Fix: "back the database up with pg_dump, and then copy the folder " + o.Home.Folder}
	}
	if _, err := os.Stat(file); err == nil && !force && file != "-" {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeExists, Detail: file + " exists already, and is not overwritten", Fix: "choose another name, or overwrite it with --force"}
	}
	sum, err := p.shell.WriteStream(file, front.SecretFile, func(w front.Stream) (any, error) {
		return task.Backup(ctx, o, w)
	})
	if err != nil {
		return err
	}
	s := sum.(task.BackupSummary)
	return p.tellBackup("Wrote", backupJSON{file, o.Home.Folder, s.Files, s.Size, stamp(s.Created)})
}

func (p *program) tellBackup(did string, t backupJSON) error {
	switch {
	case t.File == "-":
		return nil
	case p.shell.JSON:
		return p.shell.Object(t)
	case did == "Wrote":
		p.shell.Print("Wrote %s: the home %s, %s", t.File, t.Home, plural(t.Files, "file"))
	default:
		p.shell.Print("Restored %s from %s: %s, as of %s", t.Home, t.File, plural(t.Files, "file"), t.Created)
	}
	return nil
}

func (p *program) restoreCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "restore FILE", Short: "Make a home from a backup", Args: takes(1, 1, "one backup file"),
		Long: `Make a home from a backup. Every file in it is checked before anything is put in place. A home
that exists is not touched, unless --force: then it is moved aside, not deleted.`,
		Example: "certwright restore ca-2026-11-21.backup --home /srv/ca",
		RunE:    func(_ *cobra.Command, args []string) error { return p.restore(args[0], force) },
	}
	c.Flags().BoolVar(&force, "force", false, "move an existing home aside")
	return c
}

func (p *program) restore(file string, force bool) error {
	h, err := p.home()
	if err != nil {
		return err
	}
	if settings, err := p.configured(h); err == nil && settings.Database != "" {
		return &front.Failure{Exit: front.ExitFailed, Code: front.CodeDatabase, Detail: "the records are in a database, and those of the backup would not be used",
			Fix: "leave --database and CERTWRIGHT_DATABASE out, or restore to another folder with --home DIR; a database is restored with pg_restore"}
	}
	data, err := p.shell.Open(file)
	if err != nil {
		return err
	}
	defer data.Close()
	s, aside, err := task.Restore(h, data, force, p.shell.Now())
	if err != nil {
		return inFile(file, err)
	}
	if aside != "" {
		p.shell.Say("The home that was there is now %s.", aside)
	}
	return p.tellBackup("Restored", backupJSON{file, h.Folder, s.Files, s.Size, stamp(s.Created)})
}
