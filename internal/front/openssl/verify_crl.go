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

// checkList is false where verification ends.
func (p *path) checkList(depth int) bool {
	l := p.chain[depth]
	list := p.bestList(p.store.listsOf(l.Issuer))
	if list == nil {
		return p.fault(noList, depth)
	}
	if delta := p.deltaOf(list, l); delta != nil {
		if known, goesOn := p.lookUp(delta, depth); known || !goesOn {
			return goesOn
		}
	}
	_, goesOn := p.lookUp(list, depth)
	return goesOn
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

// bestList prefers lists that are valid now, and of those the newest.
func (p *path) bestList(lists []*crl.List) (best *crl.List) {
	current := func(l *crl.List) bool {
		return !p.now.Before(l.ThisUpdate) && (l.NextUpdate.IsZero() || !p.now.After(l.NextUpdate))
	}
	for _, l := range lists {
		if l.DeltaBase() != nil {
			continue
		}
		if best == nil || current(l) && !current(best) || current(l) == current(best) && l.ThisUpdate.After(best.ThisUpdate) {
			best = l
		}
	}
	return best
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
		case oid.IssuingDistributionPoint:
			point, err := ext.ParseIssuingDistributionPoint(e.Value)
			if err != nil || point.Indirect {
				return true
			}
		case oid.AuthorityKeyIdentifier, oid.CRLNumber, oid.DeltaCRLIndicator:
		default:
			if e.Critical {
				return true
			}
		}
	}
	return false
}
