package chain

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

const (
	maxLength     = 16  // certificates in a path
	maxSignatures = 256 // verified in one search
)

// search looks for paths, depth first.
type search struct {
	o       Options
	trusted map[string]bool // raw certificates
	byName  map[string][]*cert.Certificate
	budget  int
	best    Result
	found   bool
}

func newSearch(intermediates, roots []*cert.Certificate, o Options) *search {
	s := &search{o: o, trusted: map[string]bool{}, byName: map[string][]*cert.Certificate{}, budget: maxSignatures}
	seen := map[string]bool{}
	add := func(c *cert.Certificate) {
		if !seen[string(c.Raw)] {
			seen[string(c.Raw)] = true
			name := string(c.Subject.Canonical())
			s.byName[name] = append(s.byName[name], c)
		}
	}
	for _, c := range roots {
		s.trusted[string(c.Raw)] = true
		add(c)
	}
	for _, c := range intermediates {
		add(c)
	}
	return s
}

// extend goes on from the last certificate of certs, whose signatures were
// checked up to it, and reports whether a valid path was found.
func (s *search) extend(certs []*cert.Certificate, signatures []error) bool {
	last := certs[len(certs)-1]
	if s.trusted[string(last.Raw)] {
		return s.judge(&path{certs, signatures, true, s.o})
	}
	issuers := s.issuers(last, certs)
	if len(issuers) == 0 || len(certs) >= maxLength {
		return s.judge(&path{certs, signatures, false, s.o})
	}
	for _, next := range issuers {
		if s.extend(append(slices.Clip(certs), next.cert), append(slices.Clip(signatures), next.err)) {
			return true
		}
	}
	return false
}

// judge validates a path and keeps the best result so far.
func (s *search) judge(p *path) bool {
	r := p.validate()
	better := !s.found || r.Valid && !s.best.Valid ||
		r.Valid == s.best.Valid && (r.Whole && !s.best.Whole || r.Whole == s.best.Whole && len(r.Problems()) < len(s.best.Problems()))
	if better {
		s.best, s.found = r, true
	}
	return r.Valid
}

// issuer is a certificate that may have issued another.
type issuer struct {
	cert *cert.Certificate
	err  error // of verifying the signature
	rank int
}

// issuers returns the candidates, the likeliest first. Where one of them made
// the signature, those who did not are left out.
func (s *search) issuers(c *cert.Certificate, certs []*cert.Certificate) []issuer {
	var list []issuer
	signed := false
	for _, candidate := range s.byName[string(c.Issuer.Canonical())] {
		if inPath(candidate, certs) || s.budget == 0 {
			continue
		}
		s.budget--
		next := issuer{cert: candidate, err: c.CheckSignature(candidate.PublicKey)}
		signed = signed || next.err == nil
		next.rank = s.rank(c, candidate)
		list = append(list, next)
	}
	if signed {
		list = slices.DeleteFunc(list, func(i issuer) bool { return i.err != nil })
	} else if len(list) > 1 {
		list = list[:1]
	}
	slices.SortStableFunc(list, func(a, b issuer) int { return b.rank - a.rank })
	return list
}

func (s *search) rank(c, candidate *cert.Certificate) int {
	rank := 0
	if s.trusted[string(candidate.Raw)] {
		rank += 4
	}
	if matches, known := identifiersMatch(c, candidate); known && matches {
		rank += 2
	}
	if !s.o.Now.Before(candidate.NotBefore) && !s.o.Now.After(candidate.NotAfter) {
		rank++
	}
	return rank
}

// inPath keeps a search from going round: the same name with the same key.
func inPath(c *cert.Certificate, certs []*cert.Certificate) bool {
	for _, in := range certs {
		if bytes.Equal(in.PublicKey.Raw, c.PublicKey.Raw) && in.Subject.Equal(c.Subject) {
			return true
		}
	}
	return false
}

// identifiersMatch compares the authority key identifier of c with the
// subject key identifier of issuer; known is false where one is missing.
func identifiersMatch(c, issuer *cert.Certificate) (matches, known bool) {
	a, ok := ext.Find(c.Extensions, oid.AuthorityKeyIdentifier)
	b, ok2 := ext.Find(issuer.Extensions, oid.SubjectKeyIdentifier)
	if !ok || !ok2 {
		return false, false
	}
	authority, err := ext.ParseAuthorityKeyIdentifier(a.Value)
	subject, err2 := ext.ParseSubjectKeyIdentifier(b.Value)
	if err != nil || err2 != nil || authority.KeyID == nil {
		return false, false
	}
	return bytes.Equal(authority.KeyID, subject), true
}
