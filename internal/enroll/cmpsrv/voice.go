package cmpsrv

import (
	"context"
	"errors"
	"slices"

	"github.com/certwright/certwright/request"
)

// voices are the authorities in whose name an answer may be where the message
// leads to none, the likeliest first: that of the sender, that which the message
// is to, and those that stand above no other.
func (s *Server) voices(ctx context.Context, c *call) ([]string, error) {
	var names []string
	if c.sender != nil && c.sender.record != nil {
		names = append(names, c.sender.record.CA)
	}
	if c.sender != nil && c.sender.secret != nil && c.sender.secret.CA != "" {
		names = append(names, c.sender.secret.CA)
	}
	if to, err := c.message.Header.Recipient.Directory(); err == nil {
		named, err := s.config.Authority.CAsNamed(ctx, to)
		if err != nil {
			return nil, err
		}
		for _, ca := range named {
			names = append(names, ca.Name)
		}
	}
	all, err := s.config.Store.CAs(ctx)
	if err != nil {
		return nil, err
	}
	for _, ca := range all {
		above, err := s.config.Authority.Reserved(ctx, ca.Name)
		if err == nil && !above && !slices.Contains(names, ca.Name) {
			names = append(names, ca.Name)
		}
	}
	return names, nil
}

// spoken calls do with the authority of a call, and where that is none, or not
// to be used, with those that may answer instead, until one will do.
func (s *Server) spoken(ctx context.Context, c *call, do func(ca string) error) error {
	first := do(c.ca)
	if !errors.As(first, new(*request.Refusal)) {
		return first
	}
	names, err := s.voices(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := do(name); !errors.As(err, new(*request.Refusal)) {
			return err
		}
	}
	return first
}
