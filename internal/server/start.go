package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

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
