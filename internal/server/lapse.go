package server

import (
	"context"
	"time"
)

// lapseEvery is how often certificates are looked for that nobody confirmed in
// time: no more than that do they stay unconfirmed after it.
const lapseEvery = time.Second

// lapse ends what nobody confirmed in time. Several servers on the same records
// may do so at once: each is ended by one of them.
func (s *Server) lapse(ctx context.Context) error {
	for wait(ctx, lapseEvery) {
		if _, err := s.config.Office.Authority.Lapse(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.ErrorContext(ctx, "ending what nobody confirmed in time", "error", err)
		}
	}
	return nil
}
