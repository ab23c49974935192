package authority

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// Places are where certificates that were issued before say that their lists
// are. The lists go on naming them: a list that is for a part of the
// certificates is only believed for those that name one of its places (RFC
// 5280, Sections 5.2.5 and 6.3.3).
type Places struct {
	CRL    []string `json:"crl"`              // URIs; "{ca}" and "{shard}" are filled in
	Shards int      `json:"shards,omitempty"` // 0 or 1: all of them are on the first list
}

// maxPlaces bounds how many former places an authority can have: each of its
// lists names them.
const maxPlaces = 64

// lists returns the URIs of the lists, unfilled.
func (s *CASettings) lists() []string {
	if s.Base == "" || len(s.CRL) > 0 {
		return s.CRL
	}
	base := strings.TrimRight(s.Base, "/")
	if s.Shards > 1 {
		return []string{base + "/crl/{ca}/{shard}.crl"}
	}
	return []string{base + "/crl/{ca}.crl"}
}

// keepPlaces has new settings remember where the lists of certificates are
// that were issued under the old ones. One list for all says nothing of where
// it is; when it is split, the certificates tell.
func (a *Authority) keepPlaces(ctx context.Context, old *signatory, next *CASettings) error {
	before := &old.settings
	if next.Shards <= 1 {
		return nil
	}
	if before.Shards <= 1 {
		uris, err := a.placesInUse(ctx, old)
		if err != nil {
			return err
		}
		next.formerly(Places{CRL: fill(before.lists(), old.ca.Name, 0)})
		next.formerly(Places{CRL: uris})
	} else if !slices.Equal(before.lists(), next.lists()) {
		next.formerly(Places{CRL: before.lists(), Shards: before.Shards})
		next.formerly(Places{CRL: without(before.scope(old.ca.Name, 0), before.points(old.ca.Name, 0).crl)})
	}
	return next.distinct(old.ca.Name)
}

// formerly adds places, unless they are known.
func (s *CASettings) formerly(p Places) {
	for _, known := range s.Formerly {
		if known.Shards == p.Shards {
			p.CRL = without(p.CRL, known.CRL)
		}
	}
	if len(p.CRL) > 0 {
		s.Formerly = append(slices.Clone(s.Formerly), p)
	}
}

// without are the texts of a list that are not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(text string) bool { return slices.Contains(other, text) })
}

// distinct refuses places that more than one list would be at: certificates
// point there that have different lists.
func (s *CASettings) distinct(ca string) error {
	count := 0
	for _, p := range s.Formerly {
		count += len(p.CRL)
	}
	if count > maxPlaces {
		return &request.Refusal{Reason: request.PolicyRefused, Field: "shards", Detail: fmt.Sprintf("certificates say of %d places that their list is there, and a list can name %d of them", count, maxPlaces),
			Fix: "keep one list, or make another authority for new certificates"}
	}
	shards := map[string]int{}
	for shard := range max(s.Shards, 1) {
		for _, uri := range s.scope(ca, shard) {
			if other, taken := shards[uri]; taken && other != shard {
				return &request.Refusal{Reason: request.PolicyRefused, Field: "crl",
					Detail: fmt.Sprintf("list %d and list %d would both be at %s: certificates that were issued before, or are to be, expect them there", other, shard, uri),
					Fix:    "choose another URI with {shard} in it"}
			}
			shards[uri] = shard
		}
	}
	return nil
}

// placesInUse collects where valid certificates say that their list is.
func (a *Authority) placesInUse(ctx context.Context, s *signatory) ([]string, error) {
	var uris []string
	for c, err := range a.config.Store.Certificates(ctx, Query{CA: s.ca.Name, ExpiresAfter: a.now()}) {
		if err != nil {
			return nil, fmt.Errorf("reading where the lists of certificates are: %w", err)
		}
		read, err := cert.Parse(c.DER)
		if err != nil {
			continue // nobody else can read it either
		}
		if uris = append(uris, without(listsNamed(read), uris)...); len(uris) > maxPlaces {
			break
		}
	}
	return uris, nil
}

// listsNamed are the URIs at which a certificate says that its list is.
func listsNamed(c *cert.Certificate) []string {
	e, ok := ext.Find(c.Extensions, oid.CRLDistributionPoints)
	if !ok {
		return nil
	}
	points, err := ext.ParseDistributionPoints(e.Value)
	if err != nil {
		return nil
	}
	return ext.ListURIs(points)
}

// Whole reports whether certificates may point to the first list by the name
// that it had when it was the only one.
func (s *CASettings) Whole() bool {
	return s.Shards > 1 && slices.ContainsFunc(s.Formerly, func(p Places) bool { return p.Shards <= 1 })
}
