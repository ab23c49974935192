package openssl

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// link is a certificate of a path.
type link struct {
	anchor
	shown *text.Certificate
}

func (v *verifier) link(a anchor) link {
	shown, err := text.ReadCertificate(a.Raw)
	if err != nil {
		shown = &text.Certificate{}
	}
	return link{a, shown}
}

// path is a path under construction, from the certificate to its root.
type path struct {
	*verifier
	chain          []link
	untrustedCount int // how many of them, from the first, are not from the store
	failed         bool
	first          fault // the first that was found
	firstDepth     int   // where
	stopped        bool
}

// fault reports a fault; it returns false where verification ends with it.
func (p *path) fault(f fault, depth int) bool {
	if !p.failed {
		p.failed, p.first, p.firstDepth = true, f, depth
	}
	w := text.NewWriter(p.Stderr, p.names)
	text.Name(w, p.chain[min(depth, len(p.chain)-1)].Subject, 0, p.flags)
	fmt.Fprintf(w, "\nerror %d at %d depth lookup: %s\n", int(f), depth, f.words())
	w.Flush()
	p.stopped = p.stopped || !f.goesOn()
	return !p.stopped
}

func (p *path) verify() {
	for _, step := range []func(){
		p.checkLeafKey, p.build, p.checkExtensions, p.checkStrength, p.checkIdentity, p.checkRevocation, p.checkSignatures, p.checkNames, p.checkPolicies,
	} {
		if step(); p.stopped {
			return
		}
	}
}

// trusting is the answer of the store about certificates that it holds.
type trusting int

const (
	undecided trusting = iota
	trusted
	untrusted
)

// build looks for a path to what is trusted.
func (p *path) build() {
	p.untrustedCount = 1
	if p.has("partial_chain") && p.inStore(p.chain[0]) {
		p.untrustedCount = 0
		if p.settle(0) != undecided {
			return
		}
		p.untrustedCount = 1
	}
	for len(p.chain) <= p.depth+2 {
		last := p.chain[len(p.chain)-1]
		if last.shown.SignsItself() {
			if p.untrustedCount == len(p.chain) && p.inStore(last) {
				p.untrustedCount--
			}
			if p.untrustedCount < len(p.chain) && p.settle(len(p.chain)-1) != undecided {
				return
			}
			break
		}
		if a, ok := p.choose(p.unused(p.store.named(last.Issuer)), last); ok {
			p.chain = append(p.chain, p.link(a))
			if p.settle(len(p.chain)-1) != undecided {
				return
			}
			continue
		}
		if p.untrustedCount < len(p.chain) {
			break // what issued a trusted certificate must be trusted
		}
		a, ok := p.choose(p.candidates(last), last)
		if !ok {
			break
		}
		p.chain = append(p.chain, p.link(a))
		p.untrustedCount++
	}
	p.incomplete()
}

// incomplete says why there is no path.
func (p *path) incomplete() {
	last := len(p.chain) - 1
	switch {
	case last > p.depth:
		p.fault(tooLong, last)
	case p.chain[last].shown.SignsItself() && last == 0:
		p.fault(selfSignedLeaf, last)
	case p.chain[last].shown.SignsItself():
		p.fault(selfSignedInPath, last)
	case p.untrustedCount <= last:
		p.fault(noIssuer, last)
	default:
		p.fault(noLocalIssuer, last)
	}
}

// candidates are the untrusted certificates that may have issued another.
func (p *path) candidates(issued link) (found []anchor) {
	for _, c := range p.untrusted {
		if c.Subject.Equal(issued.Issuer) {
			found = append(found, anchor{Certificate: c})
		}
	}
	return p.unused(found)
}

// unused leaves out what is in the path already.
func (p *path) unused(list []anchor) []anchor {
	return slices.DeleteFunc(list, func(a anchor) bool {
		return slices.ContainsFunc(p.chain, func(l link) bool { return bytes.Equal(l.Raw, a.Raw) })
	})
}

// choose takes the first that is valid now, else the one that is valid
// longest.
func (p *path) choose(list []anchor, issued link) (best anchor, ok bool) {
	for _, a := range list {
		if !mayHaveIssued(a.Certificate, issued.Certificate) {
			continue
		}
		if !p.now.Before(a.NotBefore) && !p.now.After(a.NotAfter) {
			return a, true
		}
		if !ok || a.NotAfter.After(best.NotAfter) {
			best, ok = a, true
		}
	}
	return best, ok
}

// mayHaveIssued compares names and key identifiers.
func mayHaveIssued(issuer, issued *cert.Certificate) bool {
	if !issuer.Subject.Equal(issued.Issuer) {
		return false
	}
	e, ok := ext.Find(issued.Extensions, oid.AuthorityKeyIdentifier)
	if !ok {
		return true
	}
	want, err := ext.ParseAuthorityKeyIdentifier(e.Value)
	if err != nil {
		return true
	}
	if e, ok := ext.Find(issuer.Extensions, oid.SubjectKeyIdentifier); ok && want.KeyID != nil {
		if got, err := ext.ParseSubjectKeyIdentifier(e.Value); err == nil && !bytes.Equal(got, want.KeyID) {
			return false
		}
	}
	if want.Serial != nil && want.Serial.Cmp(issuer.Serial) != 0 {
		return false
	}
	for _, n := range want.Issuer {
		if name, err := n.Directory(); err == nil && n.Kind == ext.DirectoryName {
			return name.Equal(issuer.Issuer)
		}
	}
	return true
}

// inStore replaces a certificate by that of the store, which has what it is
// trusted for, where the store holds it.
func (p *path) inStore(l link) bool {
	for _, a := range p.store.named(l.Subject) {
		if bytes.Equal(a.Raw, l.Raw) {
			p.chain[len(p.chain)-1].anchor = a
			return true
		}
	}
	return false
}

// settle asks what the certificate of the store at a depth is trusted for.
func (p *path) settle(depth int) trusting {
	if len(p.chain)-1 > p.depth+1 {
		p.fault(tooLong, depth)
		return untrusted
	}
	switch p.trust(p.chain[depth]) {
	case trusted:
		return trusted
	case untrusted:
		p.fault(rejected, depth)
		return untrusted
	}
	if p.has("partial_chain") {
		return trusted
	}
	return undecided
}

// trust says what a TRUSTED CERTIFICATE is trusted for; of others, roots are
// trusted for all.
func (p *path) trust(l link) trusting {
	anyUse := func(list []oid.OID) bool {
		return slices.ContainsFunc(list, func(id oid.OID) bool { return id == p.trustID || id == oid.AnyExtKeyUsage })
	}
	if l.trust != nil && !p.compat {
		switch {
		case anyUse(l.trust.Rejected):
			return untrusted
		case l.trust.Uses != nil && anyUse(l.trust.Uses):
			return trusted
		case l.trust.Uses != nil:
			return untrusted
		}
	}
	if l.shown.SignsItself() {
		return trusted
	}
	return undecided
}
