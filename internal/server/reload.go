package server

import "context"

// Reload reads configuration, profiles and certificates again, and has what was
// fetched from elsewhere fetched anew. What cannot be used is logged, and what
// there was stays in force.
func (s *Server) Reload(ctx context.Context) {
	s.reloads.Lock()
	defer s.reloads.Unlock()
	log := s.config.Log
	result := "taken over"
	if err := s.config.Office.Profiles.Reload(); err != nil {
		result = "kept as it was"
		log.Error("the profiles cannot be used, and stay as they were", "cause", err)
	}
	if err := s.reloadSettings(ctx); err != nil {
		result = "kept as it was"
		log.Error("the configuration cannot be used, and stays as it was", "cause", err)
	}
	if err := s.now.Load().identity.load(ctx); err != nil {
		result = "kept as it was"
		log.Error("the certificate of the server stays as it was", "cause", err)
	}
	s.tellKeys(ctx)
	for _, p := range s.now.Load().parts {
		for _, d := range p.doors {
			if d.again != nil {
				d.again()
			}
		}
	}
	s.config.Measures.reloads.Add(1, result)
	log.Info("reloaded", "result", result)
}

// reloadSettings takes over what can change while the server runs, all of it
// or nothing, and names what cannot.
func (s *Server) reloadSettings(ctx context.Context) error {
	fresh, err := s.config.Read()
	if err != nil {
		return err
	}
	old := s.now.Load()
	next, err := s.govern(ctx, fresh, old)
	if err != nil {
		return err
	}
	if err := SetLevel(s.config.Level, fresh.Log.Level); err != nil {
		return err
	}
	s.crowd.admit(connections(fresh.Limits.Connections))
	s.now.Store(next)
	if s.crew != nil {
		s.crew.take(next.parts)
	}
	if waiting := fresh.Keep(&s.config.Settings); len(waiting) > 0 {
		s.config.Log.Warn("these settings were changed, and hold after a restart", "keys", waiting)
	}
	if taken := next.settings.Changed(&old.settings); len(taken) > 0 {
		s.config.Log.Info("these settings were changed, and hold now", "keys", taken)
	}
	return nil
}
