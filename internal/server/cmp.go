package server

import (
	"github.com/certwright/certwright/internal/enroll/cmpsrv"
)

// cmp makes the door of CMP; none where it is off. Its messages protect
// themselves, so that it is open over plain HTTP, too.
func (s *Server) cmp(r *regime) ([]door, error) {
	set, o := &r.settings.CMP, s.config.Office
	if set.Off {
		return nil, nil
	}
	c := cmpsrv.Config{
		Authority: o.Authority, Store: o.Store, Keys: o.Keys, Secrets: o.Vault(),
		CA: set.CA, Profile: set.Profile, Profiles: set.Profiles, Window: duration(set.Window), CheckAfter: duration(set.CheckAfter), NoImplicit: set.Explicit, Several: set.Several,
		Manufacturers: r.manufacturers, Log: s.config.Log, Now: o.Now,
	}
	if c.CA == "" {
		c.CA = r.settings.CA
	}
	handler, err := cmpsrv.New(c)
	if err != nil {
		return nil, err
	}
	return []door{{name: "cmp", patterns: []string{"/.well-known/cmp", "/.well-known/cmp/", "/pkix/"}, plain: true, handler: handler, run: handler.Run}}, nil
}
