package openssl

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// isForHost reports whether a certificate names a host: among its alternative
// names, or in its common name where there are no host names among those.
func isForHost(c *cert.Certificate, host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" {
		return false
	}
	found := false
	for _, n := range c.SubjectAltNames() {
		if n.Kind != ext.DNS {
			continue
		}
		found = true
		if hostMatches(n.Text(), host) {
			return true
		}
	}
	if found {
		return false
	}
	for _, common := range c.Subject.Values(oid.CommonName) {
		if hostMatches(common, host) {
			return true
		}
	}
	return false
}

// hostMatches compares a host with a pattern: one asterisk may stand in the
// leftmost label of at least three (RFC 6125, Section 6.4.3). A host that
// begins with a dot stands for all names below it.
func hostMatches(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if strings.HasPrefix(host, ".") {
		return len(pattern) > len(host) && strings.HasSuffix(pattern, host)
	}
	label, parent, dotted := strings.Cut(pattern, ".")
	if before, after, star := strings.Cut(label, "*"); star {
		first, rest, _ := strings.Cut(host, ".")
		switch {
		case !dotted || !strings.Contains(parent, ".") || strings.Contains(parent, "*") || strings.Contains(after, "*"):
			return false
		case rest != parent || len(first) < len(before)+len(after):
			return false
		case (before != "" || after != "") && (strings.HasPrefix(first, "xn--") || strings.HasPrefix(label, "xn--")):
			return false
		}
		return strings.HasPrefix(first, before) && strings.HasSuffix(first, after)
	}
	return pattern == host
}

// isForEmail reports whether a certificate names an e-mail address: among its
// alternative names, or in its subject where there is none among those.
func isForEmail(c *cert.Certificate, address string) bool {
	found := false
	for _, n := range c.SubjectAltNames() {
		if mailbox, ok := utf8Mailbox(n); ok && emailMatches(mailbox, address) {
			return true
		}
		if n.Kind != ext.Email {
			continue
		}
		found = true
		if emailMatches(n.Text(), address) {
			return true
		}
	}
	if found {
		return false
	}
	for _, a := range c.Subject.Values(oid.EmailAddress) {
		if emailMatches(a, address) {
			return true
		}
	}
	return false
}

// utf8Mailbox reads an address of RFC 9598.
func utf8Mailbox(n ext.GeneralName) (string, bool) {
	if n.Kind != ext.OtherName {
		return "", false
	}
	id, value, err := n.Other()
	if err != nil || id != oid.SmtpUTF8Mailbox {
		return "", false
	}
	e, err := der.ParseTag(value, der.UTF8String)
	return string(e.Content), err == nil
}

// emailMatches compares addresses; case matters before the sign alone.
func emailMatches(a, b string) bool {
	i, j := strings.LastIndexByte(a, '@'), strings.LastIndexByte(b, '@')
	return i >= 0 && j >= 0 && a[:i] == b[:j] && strings.EqualFold(a[i:], b[j:])
}

// isForAddress reports whether a certificate names an IP address.
func isForAddress(c *cert.Certificate, address string) bool {
	want, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, n := range c.SubjectAltNames() {
		if n.Kind == ext.IP && bytes.Equal(n.Content, want.AsSlice()) {
			return true
		}
	}
	return false
}
