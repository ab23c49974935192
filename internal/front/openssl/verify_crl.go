package openssl

import (
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// checkRevocation looks certificates up in the lists of their issuers.
func (p *path) checkRevocation() {
	if !p.hasAny("crl_check", "crl_check_all") {
		return
	}
	last := 0
	if p.has("crl_check_all") {
		last = len(p.chain) - 1
	}
	for depth := 0; depth <= last; depth++ {
		if !p.checkList(depth) {
			return
		}
	}
}

// checkList is false where verification ends. Lists are looked at until they
// speak of every reason.
func (p *path) checkList(depth int) bool {
	l := p.chain[depth]
	var covered ext.ReasonFlags
	for covered != everyReason {
		best, found := p.bestList(p.store.listsOf(l.Issuer), l, covered)
		if !found {
			return p.fault(noList, depth)
		}
		if !best.inScope && !p.fault(differentScope, depth) {
			return false
		}
		if delta := p.deltaOf(best.list, l); delta != nil {
			if known, goesOn := p.lookUp(delta, depth); known || !goesOn {
				return goesOn
			}
		}
		if known, goesOn := p.lookUp(best.list, depth); known || !goesOn {
			return goesOn
		}
		if covered |= best.reasons; !best.inScope {
			return true
		}
	}
	return true
}

// deltaOf is the newest delta list that adds to a list; nil where there is
// none, or none was asked for.
func (p *path) deltaOf(list *crl.List, l link) (newest *crl.List) {
	if !p.has("use_deltas") || list.Number() == nil {
		return nil
	}
	for _, d := range p.store.listsOf(l.Issuer) {
		base := d.DeltaBase()
		if base == nil || base.Cmp(list.Number()) > 0 || d.Number() == nil || d.Number().Cmp(list.Number()) <= 0 {
			continue
		}
		if newest == nil || d.Number().Cmp(newest.Number()) > 0 {
			newest = d
		}
	}
	return newest
}

// lookUp verifies a list and looks a certificate up in it. known is true where
// the list has an entry for it; goesOn is false where verification ends.
func (p *path) lookUp(list *crl.List, depth int) (known, goesOn bool) {
	l := p.chain[depth]
	issuer, ok := p.issuerOf(depth)
	switch {
	case !ok:
		return false, p.fault(noListIssuer, depth)
	case !issuer.shown.ListSigner() && !p.fault(noListSign, depth),
		!p.checkListTimes(list, depth),
		list.CheckSignature(issuer.PublicKey) != nil && !p.fault(badListSignature, depth),
		hasUnknownPart(list) && !p.has("ignore_critical") && !p.fault(unknownListPart, depth):
		return false, false
	}
	entry, found, err := list.Lookup(l.Serial.Bytes())
	if err != nil {
		return false, p.fault(badListSignature, depth)
	}
	if found && entry.Reason != crl.RemoveFromCRL {
		return true, p.fault(revoked, depth)
	}
	return found, true
}

func (p *path) checkListTimes(list *crl.List, depth int) bool {
	if p.has("no_check_time") && !p.has("attime") {
		return true
	}
	switch {
	case p.now.Before(list.ThisUpdate):
		return p.fault(listNotYetValid, depth)
	case !list.NextUpdate.IsZero() && p.now.After(list.NextUpdate):
		return p.fault(listExpired, depth)
	}
	return true
}

// ranked is a list with what it says about one certificate.
type ranked struct {
	list    *crl.List
	score   int
	reasons ext.ReasonFlags
	inScope bool
}

// rank judges a list as to a certificate; ok is false where it is of no use,
// or speaks of no other reasons than those that are covered.
func (p *path) rank(list *crl.List, l link, covered ext.ReasonFlags) (r ranked, ok bool) {
	s, usable := scopeOf(list)
	if !usable || list.DeltaBase() != nil {
		return r, false
	}
	r.list = list
	if !hasUnknownPart(list) {
		r.score |= 4
	}
	if !p.now.Before(list.ThisUpdate) && (list.NextUpdate.IsZero() || !p.now.After(list.NextUpdate)) {
		r.score |= 1
	}
	if r.reasons, r.inScope = s.covers(l.Certificate); r.inScope {
		r.score |= 2
		return r, r.reasons&^covered != 0
	}
	return r, true
}

// bestList prefers lists that can be read whole, that are about the
// certificate, and that are valid now; and of those the newest.
func (p *path) bestList(lists []*crl.List, l link, covered ext.ReasonFlags) (best ranked, found bool) {
	for _, list := range lists {
		r, ok := p.rank(list, l, covered)
		if ok && (!found || r.score > best.score || r.score == best.score && list.ThisUpdate.After(best.list.ThisUpdate)) {
			best, found = r, true
		}
	}
	return best, found
}

// issuerOf is the next certificate of the path, or a root itself.
func (p *path) issuerOf(depth int) (link, bool) {
	if depth+1 < len(p.chain) {
		return p.chain[depth+1], true
	}
	return p.chain[depth], p.chain[depth].SelfIssued()
}

func hasUnknownPart(list *crl.List) bool {
	for _, e := range list.Extensions {
		switch e.ID {
		case oid.IssuingDistributionPoint, oid.AuthorityKeyIdentifier, oid.CRLNumber, oid.DeltaCRLIndicator:
		default:
			if e.Critical {
				return true
			}
		}
	}
	return false
}
