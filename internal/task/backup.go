package task

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/request"
)

const (
	manifestName    = "certwright-backup.json"
	manifestVersion = 1
	databaseName    = "certwright.db"
	largestManifest = 16 << 20
)

// manifest stands first in a backup and lists what follows.
type manifest struct {
	Version int            `json:"version"`
	Created time.Time      `json:"created"`
	Files   []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"` // with slashes, below the home
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// BackupSummary is what a backup holds.
type BackupSummary struct {
	Files   int
	Size    int64 // octets of the files
	Created time.Time
}

// Backup writes the records, keys, profiles and configuration of a home as one
// stream: a POSIX tar archive whose first entry lists the others with their
// hashes.
func Backup(ctx context.Context, o *Office, w io.Writer) (BackupSummary, error) {
	snapshot, remove, err := snapshotOf(ctx, o)
	if err != nil {
		return BackupSummary{}, err
	}
	defer remove()
	sources := map[string]string{databaseName: snapshot}
	names := []string{databaseName}
	for _, folder := range []string{o.Home.Keys(), o.Home.Profiles()} {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return BackupSummary{}, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				name := filepath.Base(folder) + "/" + e.Name()
				sources[name] = filepath.Join(folder, e.Name())
				names = append(names, name)
			}
		}
	}
	if _, err := os.Stat(o.Home.File()); err == nil {
		name := filepath.Base(o.Home.File())
		sources[name] = o.Home.File()
		names = append(names, name)
	}
	return writeArchive(w, names, sources, o.Now().UTC().Truncate(time.Second))
}

// snapshotOf copies the database in a consistent state to a file beside it.
func snapshotOf(ctx context.Context, o *Office) (path string, remove func(), err error) {
	store, ok := o.Store.(interface {
		Backup(ctx context.Context, path string) error
	})
	if !ok {
		return "", nil, errors.New("this kind of store is backed up by its own means")
	}
	folder, err := os.MkdirTemp(o.Home.Folder, ".backup-")
	if err != nil {
		return "", nil, err
	}
	path = filepath.Join(folder, databaseName)
	if err := store.Backup(ctx, path); err != nil {
		return "", nil, errors.Join(fmt.Errorf("copying the records: %w", err), os.RemoveAll(folder))
	}
	return path, func() { os.RemoveAll(folder) }, nil
}

func writeArchive(w io.Writer, names []string, sources map[string]string, now time.Time) (BackupSummary, error) {
	m := manifest{Version: manifestVersion, Created: now}
	summary := BackupSummary{Files: len(names), Created: now}
	for _, name := range names {
		size, sum, err := hashFile(sources[name])
		if err != nil {
			return summary, err
		}
		m.Files = append(m.Files, manifestFile{name, size, hex.EncodeToString(sum)})
		summary.Size += size
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return summary, err
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	archive := tar.NewWriter(buffered)
	if err := addEntry(archive, manifestName, int64(len(text)), now, bytes.NewReader(text)); err != nil {
		return summary, err
	}
	for _, f := range m.Files {
		if err := addFile(archive, f, sources[f.Name], now); err != nil {
			return summary, err
		}
	}
	return summary, errors.Join(archive.Close(), buffered.Flush())
}

func hashFile(path string) (int64, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, nil, err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	return size, h.Sum(nil), err
}

func addFile(archive *tar.Writer, f manifestFile, path string, now time.Time) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	return addEntry(archive, f.Name, f.Size, now, in)
}

func addEntry(archive *tar.Writer, name string, size int64, now time.Time, in io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: now, Typeflag: tar.TypeReg}); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	if _, err := io.Copy(archive, in); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

// Restore makes a home of what Backup wrote. Everything is checked before the
// home gets its name. A home that exists stays as it is, unless force moves it
// aside, to the folder that is returned.
func Restore(h config.Home, in io.Reader, force bool, now time.Time) (s BackupSummary, aside string, err error) {
	if taken(h.Folder) && !force {
		return s, "", &request.Refusal{Reason: request.Duplicate, Detail: "the folder " + h.Folder + " exists and is not empty",
			Fix: "restore to another folder with --home DIR, or move this one aside with --force"}
	}
	parent := filepath.Dir(filepath.Clean(h.Folder))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return s, "", err
	}
	work, err := os.MkdirTemp(parent, ".certwright-restore-")
	if err != nil {
		return s, "", err
	}
	if s, err = unpack(bufio.NewReaderSize(in, 1<<20), work); err != nil {
		return s, "", errors.Join(err, os.RemoveAll(work))
	}
	if taken(h.Folder) {
		aside = filepath.Clean(h.Folder) + ".before-restore-" + now.UTC().Format("20060102T150405Z")
		if err := os.Rename(h.Folder, aside); err != nil {
			return s, "", errors.Join(err, os.RemoveAll(work))
		}
	}
	if err := os.Rename(work, filepath.Clean(h.Folder)); err != nil {
		return s, aside, errors.Join(err, os.RemoveAll(work))
	}
	return s, aside, nil
}

func taken(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && len(entries) > 0
}

// unpack checks and writes the files of a backup.
func unpack(in io.Reader, folder string) (BackupSummary, error) {
	archive := tar.NewReader(in)
	m, err := readManifest(archive)
	if err != nil {
		return BackupSummary{}, err
	}
	s := BackupSummary{Files: len(m.Files), Created: m.Created}
	for _, f := range m.Files {
		header, err := archive.Next()
		if err != nil || header.Name != f.Name || header.Size != f.Size {
			return s, damaged("the file " + f.Name + " is missing in it")
		}
		if err := unpackFile(archive, f, folder); err != nil {
			return s, err
		}
		s.Size += f.Size
	}
	return s, nil
}

func readManifest(archive *tar.Reader) (manifest, error) {
	var m manifest
	header, err := archive.Next()
	if err != nil || header.Name != manifestName || header.Size > largestManifest {
		return m, &request.Refusal{Reason: request.BadFormat, Detail: "this is not a backup that certwright wrote", Fix: "name a file written by \"certwright backup\""}
	}
	if err := json.NewDecoder(archive).Decode(&m); err != nil {
		return m, damaged("its list of files cannot be read")
	}
	if m.Version != manifestVersion {
		return m, &request.Refusal{Reason: request.BadFormat, Detail: fmt.Sprintf("this backup is of version %d, and version %d is known here", m.Version, manifestVersion), Fix: "restore it with a newer certwright"}
	}
	return m, nil
}

func damaged(what string) error {
	return &request.Refusal{Reason: request.BadFormat, Detail: "the backup is damaged: " + what, Fix: "use another copy of it"}
}

func unpackFile(in io.Reader, f manifestFile, folder string) error {
	if !filepath.IsLocal(f.Name) || strings.Count(f.Name, "/") > 1 {
		return damaged("it holds a file with the name " + f.Name)
	}
	path := filepath.Join(folder, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = damaged("it ends in the middle of " + f.Name)
	}
	err = errors.Join(err, out.Sync(), out.Close())
	if err == nil && hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		err = damaged("the content of " + f.Name + " is not what was written")
	}
	return err
}
