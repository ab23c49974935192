package task

import (
	"context"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/postgres"
	"github.com/certwright/certwright/internal/store/sqlite"
)

// openStore opens the database of this address, or the embedded one of the
// home.
func openStore(ctx context.Context, s *Setup) (authority.Store, error) {
	if s.Database != "" {
		return postgres.Open(ctx, s.Database)
	}
	return sqlite.Open(ctx, s.Home.Database())
}
