package cmpsrv

import (
	"context"
	"errors"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/protocol/cmp"
)

// list returns the newest revocation list of a shard, nil where there is none
// after a time.
func (s *Server) list(ctx context.Context, ca string, shard int, after time.Time) ([]byte, error) {
	l, err := s.config.Store.LatestCRL(ctx, ca, authority.FullCRL, shard)
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !after.IsZero() && !l.ThisUpdate.After(after) {
		return nil, nil
	}
	return l.DER, nil
}

// lists answers crlStatusList: the lists of these issuers, or at these
// distribution points, that are newer than those at hand.
func (s *Server) lists(ctx context.Context, ca *authority.CA, i cmp.Info) (cmp.Info, bool, error) {
	answer := cmp.Info{Type: cmp.InfoCRLs}
	asked, err := i.CRLStatusList()
	if err != nil {
		return answer, false, failure(cmp.BadDataFormat, "%v", err)
	}
	var found [][]byte
	for _, one := range asked {
		sources, err := s.sources(ctx, ca, one)
		if err != nil {
			return answer, false, err
		}
		for _, source := range sources {
			list, err := s.list(ctx, source.ca, source.shard, one.ThisUpdate)
			if err != nil {
				return answer, false, err
			}
			if list != nil {
				found = append(found, list)
			}
		}
	}
	if len(found) > 0 {
		answer = cmp.NewSequence(cmp.InfoCRLs, found...)
	}
	return answer, true, nil
}

// source is where a list comes from.
type source struct {
	ca    string
	shard int
}

// sources are the lists that an item of crlStatusList means: those of the
// authorities of a name, or the one at an address that certificates of this
// authority have.
func (s *Server) sources(ctx context.Context, ca *authority.CA, one cmp.CRLStatus) ([]source, error) {
	var all []source
	for _, names := range [][]ext.GeneralName{one.Issuer, one.Point} {
		for _, n := range names {
			more, err := s.sourcesOf(ctx, ca, n)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
	}
	return all, nil
}

func (s *Server) sourcesOf(ctx context.Context, ca *authority.CA, n ext.GeneralName) (all []source, err error) {
	if n.Kind == ext.URI {
		_, settings, err := s.config.Authority.CA(ctx, ca.Name)
		if err != nil {
			return nil, err
		}
		if shard, ok := settings.ShardAt(ca.Name, string(n.Content)); ok {
			all = append(all, source{ca.Name, shard})
		}
		return all, nil
	}
	subject, err := n.Directory()
	if err != nil {
		return nil, nil
	}
	named, err := s.config.Authority.CAsNamed(ctx, subject)
	if err != nil {
		return nil, err
	}
	for _, one := range named {
		_, settings, err := s.config.Authority.CA(ctx, one.Name)
		if err != nil {
			return nil, err
		}
		for shard := range max(settings.Shards, 1) {
			all = append(all, source{one.Name, shard})
		}
	}
	return all, nil
}
