package lint

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

func namesEmpty(c *Contents, r *report) {
	if c.has(subjectAltName) && len(c.Names) == 0 && len(c.unreadable) == 0 {
		r.add("subjectAltName", "name at least one, or leave the extension out", "the subject alternative names are there but empty")
	}
	if !c.has(subjectAltName) && c.Subject.IsEmpty() {
		r.add("subject", "add a subject or a subject alternative name", "neither subject nor subject alternative names say whose certificate this is")
	}
}

func namesCritical(c *Contents, r *report) {
	if c.has(subjectAltName) && c.Subject.IsEmpty() && !c.critical(subjectAltName) {
		r.add("subjectAltName", "make it critical", "the subject is empty, but the subject alternative names are not critical")
	}
}

func namesValid(c *Contents, r *report) {
	if c.written != nil { // judging has looked at those of a plan
		validNames(c.Names, r)
	}
}

func validNames(names []ext.GeneralName, r *report) {
	for i := range names {
		if err := names[i].Problem(); err != nil {
			r.add("subjectAltName", "correct it", "the name %s is not valid: %v", quoteShort(names[i].String()), err)
		}
	}
}

func namesRepeated(c *Contents, r *report) { repeatedNames(c.Names, r) }

func repeatedNames(names []ext.GeneralName, r *report) {
	const few = 24
	if len(names) <= few {
		for i := range names {
			for k := range i {
				if names[k].Kind == names[i].Kind && bytes.EqualFold(names[k].Content, names[i].Content) {
					r.add("subjectAltName", "leave one", "the name %s is there twice", names[i])
					break
				}
			}
		}
		return
	}
	seen := make(map[string]bool, len(names))
	for i := range names {
		k := string(rune(names[i].Kind)) + strings.ToLower(string(names[i].Content))
		if seen[k] {
			r.add("subjectAltName", "leave one", "the name %s is there twice", names[i])
		}
		seen[k] = true
	}
}

func namesServer(c *Contents, r *report) {
	if !slices.Contains(c.Purposes, oid.ServerAuth) || c.Basic.CA {
		return
	}
	for i := range c.Names {
		switch c.Names[i].Kind {
		case ext.DNS, ext.IP, ext.URI, ext.OtherName:
			return
		}
	}
	r.add("subjectAltName", "add a dNSName or iPAddress", "the certificate is a server's, but no subject alternative name says which; clients refuse it")
}

func namesWildcard(c *Contents, r *report) { wildcards(c.Names, r) }

func wildcards(names []ext.GeneralName, r *report) {
	for i := range names {
		if names[i].Kind != ext.DNS {
			continue
		}
		if bytes.IndexByte(names[i].Content, '*') < 0 {
			continue
		}
		name := string(names[i].Content)
		rest := strings.TrimPrefix(name, "*.")
		if rest == name || strings.Contains(rest, "*") {
			r.add("subjectAltName", "write *.example.org, or name each host", "the wildcard in %s is not the whole first label; clients do not match it", quoteShort(name))
		} else if !strings.Contains(rest, ".") {
			r.add("subjectAltName", "put at least two labels behind it", "the wildcard %s stands for a whole top-level domain", quoteShort(name))
		}
	}
}

func commonNameHost(c *Contents, r *report) {
	if c.Basic.CA || len(c.Names) == 0 && !slices.Contains(c.Purposes, oid.ServerAuth) {
		return
	}
	hostsMissing(c.Subject, c.Names, "add it as a subject alternative name", r)
}

// hostsMissing reports common names that are hosts and not among the names.
func hostsMissing(subject dn.Name, names []ext.GeneralName, fix string, r *report) {
	for i := range subject.RDNs {
		for k := range subject.RDNs[i] {
			a := &subject.RDNs[i][k]
			if a.Type != oid.CommonName || !hostLike(a.Value) {
				continue
			}
			among := false
			for j := range names {
				among = among || namesHost(&names[j], a.Value)
			}
			if !among {
				r.add("subject.CN", fix, "the common name %s is a host, but not among the subject alternative names, where clients look", quoteShort(a.Text()))
			}
		}
	}
}

func namesHost(n *ext.GeneralName, host []byte) bool {
	switch n.Kind {
	case ext.DNS:
		return len(n.Content) == len(host) && bytes.EqualFold(n.Content, host)
	case ext.IP:
		address, err := netip.ParseAddr(string(host))
		return err == nil && string(address.Unmap().AsSlice()) == string(n.Content)
	}
	return false
}

// hostLike reports whether octets are a host name of several labels, or an
// address.
func hostLike(text []byte) bool {
	name := bytes.TrimPrefix(text, []byte("*."))
	if len(name) == 0 || len(name) > 253 {
		return false
	}
	if c := name[0]; c >= '0' && c <= '9' || bytes.IndexByte(name, ':') >= 0 {
		if _, err := netip.ParseAddr(string(name)); err == nil {
			return true
		}
	}
	dot := bytes.LastIndexByte(name, '.')
	if dot <= 0 || dot == len(name)-1 || len(bytes.Trim(name[dot+1:], "0123456789")) == 0 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' && i > 0 && name[i-1] != '.') {
			return false
		}
	}
	return true
}
