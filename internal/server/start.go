package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// firstToken makes a token that may do everything where there is no token yet.
// Its text is returned this once.
func firstToken(ctx context.Context, t *access.Tokens, by string) (string, error) {
	some, err := t.List(ctx, "", "", 1)
	if err != nil {
		return "", fmt.Errorf("looking for tokens: %w", err)
	}
	if len(some) > 0 {
		return "", nil
	}
	first := access.Token{Name: by, Roles: access.Roles(), Description: "the first one, made when the server started", By: by}
	_, text, err := t.New(ctx, first)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Field == "name" { // a user without a name, in a container say
		first.Name = "first administrator"
		_, text, err = t.New(ctx, first)
	}
	if err != nil {
		return "", fmt.Errorf("making the first token: %w", err)
	}
	return text, nil
}

// issuing finds the authority that signs the server's own certificate: the
// one that is named, else the only one that issues.
func issuing(ctx context.Context, o *task.Office, named string) (*authority.CA, error) {
	ca, _, err := o.Authority.CA(ctx, named)
	var refusal *request.Refusal
	if errors.As(err, &refusal) && named == "" {
		told := *refusal
		told.Detail = "the server's own certificate: " + told.Detail
		told.Fix += " (server.ca, or the flag --ca)"
		return nil, &told
	}
	return ca, err
}

// rootFile writes the root of an authority to the home, for clients to trust,
// and returns where it is and its SHA-256.
func rootFile(o *task.Office, ca *authority.CA) (file string, fingerprint []byte, err error) {
	top := ca.Chain[len(ca.Chain)-1]
	file = filepath.Join(o.Home.Folder, "root.crt")
	if err := replace(file, pem.Encode("CERTIFICATE", top), 0o644); err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256(top)
	return file, sum[:], nil
}
