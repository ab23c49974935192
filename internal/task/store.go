package task

import (
	"context"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/store/sqlite"
)

func openStore(ctx context.Context, h config.Home) (authority.Store, error) {
	return sqlite.Open(ctx, h.Database())
}
