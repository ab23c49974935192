package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/internal/task"
)

// lackingKey is a key that the records name and this home has not.
type lackingKey struct {
	of   string // the authority; empty: the secrets
	file string
}

// lackingKeys looks for the keys that the records name. What keeps it from
// looking is returned besides those that were found to be missing.
func lackingKeys(ctx context.Context, o *task.Office) (found []lackingKey, err error) {
	look := func(of, reference string) {
		var missing *keystore.MissingError
		if errors.As(o.Keys.Present(reference), &missing) {
			found = append(found, lackingKey{of, missing.File})
		}
	}
	reference, err := o.Vault().Ready(ctx)
	if err == nil {
		look("", reference)
	}
	all, listing := o.Store.CAs(ctx)
	if listing != nil {
		return found, errors.Join(err, fmt.Errorf("reading the authorities: %w", listing))
	}
	for _, ca := range all {
		if ca.State != authority.CARetired {
			look(ca.Name, ca.Key)
		}
	}
	return found, err
}

// tellKeys makes what this home is to have of keys, and logs which are missing.
func (s *Server) tellKeys(ctx context.Context) {
	found, err := lackingKeys(ctx, s.config.Office)
	if err != nil {
		s.config.Log.WarnContext(ctx, "looking for the keys of the records", "cause", err)
	}
	for _, k := range found {
		what := "authority " + k.of
		if k.of == "" {
			what = "shared secrets, idempotency keys and external accounts"
		}
		s.config.Log.WarnContext(ctx, "this home lacks a key that the records name", "of", what, "file", filepath.Base(k.file), "fix", "copy it from the home where it was made to "+filepath.Dir(k.file))
	}
}

// keys are the checks of the keys: that of the secrets, without which any order
// may fail, and those of the authorities, each of which other orders can do
// without. What keeps from looking is for the check of the records to tell.
func (s *Server) keys(ctx context.Context) (secrets, authorities check) {
	secrets, authorities = check{Name: "secrets", OK: true}, check{Name: "keys", OK: true}
	found, _ := lackingKeys(ctx, s.config.Office)
	var names []string
	for _, k := range found {
		if k.of == "" {
			secrets.OK, secrets.Cause = false, "the key "+filepath.Base(k.file)+" is not in "+filepath.Dir(k.file)+": copy it from the home where it was made"
			continue
		}
		names = append(names, filepath.Base(k.file))
	}
	if len(names) > 0 {
		authorities.OK, authorities.Cause = false, "keys of authorities are not in "+s.config.Office.Home.Keys()+": "+strings.Join(names, ", ")
	}
	return secrets, authorities
}
