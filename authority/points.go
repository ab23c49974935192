package authority

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// points are the URIs that certificates carry.
type points struct {
	crl, freshest, ocsp, issuers []string
}

// points returns the URIs for certificates of one shard: those that were
// given, and where none were, those below the base.
func (s *CASettings) points(ca string, shard int) points {
	p := points{s.CRL, s.FreshestCRL, s.OCSP, s.CAIssuers}
	p.crl = s.lists()
	if s.Base != "" {
		base := strings.TrimRight(s.Base, "/")
		delta := base + "/crl/{ca}/delta.crl"
		if s.Shards > 1 {
			delta = base + "/crl/{ca}/{shard}/delta.crl"
		}
		if s.DeltaValidity > 0 {
			preset(&p.freshest, delta)
		}
		preset(&p.ocsp, base+"/ocsp")
		preset(&p.issuers, base+"/ca/{ca}.crt")
	}
	for _, list := range []*[]string{&p.crl, &p.freshest, &p.ocsp, &p.issuers} {
		*list = fill(*list, ca, shard)
	}
	return p
}

// scope returns the URIs that a list of one shard says it is for: where it is
// now, and where certificates of before expect it. What was not in a shard
// then is in the first.
func (s *CASettings) scope(ca string, shard int) []string {
	uris := s.points(ca, shard).crl
	if s.Base != "" && len(s.CRL) == 0 && shard == 0 {
		uris = append(uris, fill([]string{strings.TrimRight(s.Base, "/") + "/crl/{ca}.crl"}, ca, 0)...)
	}
	for _, p := range s.Formerly {
		if shard < max(p.Shards, 1) {
			uris = append(uris, without(fill(p.CRL, ca, shard), uris)...)
		}
	}
	return uris
}

// ShardAt returns the shard whose list is at a distribution point of an
// authority with these settings; false where none is.
func (s *CASettings) ShardAt(ca, uri string) (int, bool) {
	for shard := range max(s.Shards, 1) {
		if slices.Contains(s.scope(ca, shard), uri) {
			return shard, true
		}
	}
	return 0, false
}

func preset(list *[]string, uri string) {
	if len(*list) == 0 {
		*list = []string{uri}
	}
}

// fill fills in the name and shard of URIs.
func fill(uris []string, ca string, shard int) []string {
	out := make([]string, len(uris))
	for i, uri := range uris {
		out[i] = strings.NewReplacer("{ca}", ca, "{shard}", strconv.Itoa(shard)).Replace(uri)
	}
	return out
}

// plainURL reports whether text is an absolute http URL of a place.
func plainURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == "" && !strings.ContainsAny(text, "{} ")
}
