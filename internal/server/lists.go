package server

import (
	"context"
	"crypto/x509"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
)

// foreignLists are the revocation lists of access.revocation-lists. Files are read
// again when they have changed; one that cannot be read then stays as it was, and
// runs out in its time.
type foreignLists struct {
	log *slog.Logger

	mu    sync.Mutex
	files []*listFile
}

type listFile struct {
	name    string
	changed time.Time
	size    int64
	lists   []*x509.RevocationList
}

func newForeignLists(files []string, log *slog.Logger) (*foreignLists, error) {
	out := &foreignLists{log: log}
	var found []error
	for _, name := range files {
		f := &listFile{name: name}
		found = append(found, f.read())
		out.files = append(out.files, f)
	}
	return out, config.AllOf(found...)
}

// now returns the lists as they are now.
func (l *foreignLists) now() []*x509.RevocationList {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*x509.RevocationList
	for _, f := range l.files {
		if err := f.read(); err != nil {
			l.log.ErrorContext(context.Background(), "a revocation list of others could not be read again", "file", f.name, "cause", err.Error())
		}
		out = append(out, f.lists...)
	}
	return out
}

// read reads a file, unless it is as it was.
func (f *listFile) read() error {
	unreadable := func(err error) error {
		return config.At("access.revocation-lists", err.Error(), "name files of revocation lists, in PEM or DER, that the server may read")
	}
	info, err := os.Stat(f.name)
	if err != nil {
		return unreadable(err)
	}
	if f.lists != nil && info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return nil
	}
	text, err := os.ReadFile(f.name)
	if err != nil {
		return unreadable(err)
	}
	lists, err := listsIn(f.name, text)
	if err == nil {
		f.changed, f.size, f.lists = info.ModTime(), info.Size(), lists
	}
	return err
}

// listsIn reads revocation lists.
func listsIn(file string, text []byte) ([]*x509.RevocationList, error) {
	none := &config.Fault{File: file, Detail: "there is no revocation list in it that says when the next one comes", Fix: "access.revocation-lists names files of revocation lists in PEM or DER"}
	blocks, err := pem.Find(text)
	if err != nil {
		return nil, none
	}
	var out []*x509.RevocationList
	for _, block := range blocks {
		if block.Label != "" && block.Label != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil || list.NextUpdate.IsZero() {
			return nil, none
		}
		for _, e := range list.Extensions {
			if e.Critical {
				return nil, &config.Fault{File: file, Detail: "the revocation list of " + list.Issuer.String() + " is not of all its issuer has revoked: it has the critical extension " + e.Id.String(), Fix: "give the full list of the issuer, and no delta list and no part of it"}
			}
		}
		out = append(out, list)
	}
	if len(out) == 0 {
		return nil, none
	}
	return out, nil
}
