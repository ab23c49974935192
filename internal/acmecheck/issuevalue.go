package acmecheck

import (
	"errors"
	"fmt"
	"strings"
)

// issueValue is the value of an issue property (RFC 8659, Section 4.2).
type issueValue struct {
	domain     string            // lower case; empty: nobody
	parameters map[string]string // by tag, in lower case
}

func (v *issueValue) has(tag string) bool {
	_, ok := v.parameters[tag]
	return ok
}

// domainOf is the domain name that a value begins with, whatever follows it.
func domainOf(text string) string {
	domain, _, _ := strings.Cut(text, ";")
	return blankless(domain)
}

// parseIssueValue reads "domain; tag=value; tag=value".
func parseIssueValue(text string) (*issueValue, error) {
	parts := strings.Split(text, ";")
	v := &issueValue{domain: strings.ToLower(blankless(parts[0])), parameters: map[string]string{}}
	if strings.ContainsAny(v.domain, " \t=") {
		return nil, errors.New("it does not begin with a domain name")
	}
	for i, part := range parts[1:] {
		part = blankless(part)
		if part == "" && (i == len(parts)-2 || len(parts) == 2) {
			continue
		}
		tag, value, found := strings.Cut(part, "=")
		tag, value = blankless(tag), blankless(value)
		if !found || !isTag(tag) || !isValue(value) {
			return nil, fmt.Errorf("%s is no parameter of the form tag=value", excerpt(part))
		}
		tag = strings.ToLower(tag)
		if _, twice := v.parameters[tag]; twice {
			return nil, fmt.Errorf("the parameter %s is there twice", tag)
		}
		v.parameters[tag] = value
	}
	return v, nil
}

func blankless(s string) string { return strings.Trim(s, " \t") }

func isTag(tag string) bool {
	if tag == "" || tag[0] == '-' || tag[len(tag)-1] == '-' {
		return false
	}
	for _, c := range []byte(tag) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

func isValue(value string) bool {
	for _, c := range []byte(value) {
		if c < 0x21 || c > 0x7e {
			return false
		}
	}
	return true
}
