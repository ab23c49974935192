package task

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/request"
)

// RequestSpec is what a new request shall say.
type RequestSpec struct {
	Subject    dn.Name
	Names      []ext.GeneralName
	NoCopy     bool // do not copy a common name that is a host name to the names
	Usage      ext.KeyUsage
	Purposes   []oid.OID // extended key usages
	MustStaple bool
	Challenge  string // challenge password; empty for none
	Attributes []pkcs10.Attribute
	Extensions []ext.Extension
	Hash       string // "" for the key's default
	PSS        bool
}

// NewRequest makes and signs a request, and says in notes what it added by
// itself.
func NewRequest(s RequestSpec, k *key.Private) (r *pkcs10.Request, notes []string, err error) {
	if err := strong(k.Public); err != nil {
		return nil, nil, err
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, s.Hash, s.PSS)
	if err != nil {
		return nil, nil, err
	}
	t, notes, err := RequestTemplate(s)
	if err != nil {
		return nil, nil, err
	}
	r, err = pkcs10.Create(t, k, alg)
	return r, notes, err
}

// RequestTemplate is what a request says before a key signs it; the notes are
// those of NewRequest.
func RequestTemplate(s RequestSpec) (t pkcs10.Template, notes []string, err error) {
	names, notes := withCommonName(s)
	t = pkcs10.Template{Subject: s.Subject, Extensions: extensions(s, names), Attributes: slices.Clip(s.Attributes)}
	if s.Challenge != "" {
		a, err := pkcs10.NewTextAttribute(oid.ChallengePassword, s.Challenge)
		if err != nil {
			return t, nil, err
		}
		t.Attributes = append(t.Attributes, a)
	}
	return t, notes, nil
}

// withCommonName adds the common names that are names of hosts to the names,
// where they are not among them, and says so.
func withCommonName(s RequestSpec) (names []ext.GeneralName, notes []string) {
	names = s.Names
	if s.NoCopy || hasExtension(s.Extensions, oid.SubjectAltName) {
		return names, nil
	}
	for _, copied := range NamesOfCommonName(s.Subject) {
		if slices.ContainsFunc(names, func(n ext.GeneralName) bool { return strings.EqualFold(n.String(), copied.String()) }) {
			continue
		}
		names = append(slices.Clip(names), copied)
		what := "a host name"
		if copied.Kind == ext.IP {
			what = "an IP address"
		}
		notes = append(notes, fmt.Sprintf("the common name is %s, and was copied to the subject alternative name: %s", what, copied))
	}
	return names, notes
}

func hasExtension(list []ext.Extension, id oid.OID) bool {
	return slices.ContainsFunc(list, func(e ext.Extension) bool { return e.ID == id })
}

func extensions(s RequestSpec, names []ext.GeneralName) []ext.Extension {
	var out []ext.Extension
	if len(names) > 0 {
		out = append(out, ext.NewSubjectAltName(names, s.Subject.IsEmpty()))
	}
	if s.Usage != 0 {
		out = append(out, ext.NewKeyUsage(s.Usage))
	}
	if len(s.Purposes) > 0 {
		out = append(out, ext.NewExtKeyUsage(s.Purposes, false))
	}
	if s.MustStaple {
		out = append(out, ext.NewTLSFeature([]int{5}))
	}
	return append(out, s.Extensions...)
}

// NamesOfCommonName returns the common names that are names or addresses of
// hosts as subject alternative names of the right kind.
func NamesOfCommonName(subject dn.Name) []ext.GeneralName {
	var out []ext.GeneralName
	for _, cn := range subject.Values(oid.CommonName) {
		kind := ""
		switch {
		case isAddress(cn):
			kind = "ip:"
		case isHostName(cn):
			kind = "dns:"
		default:
			continue
		}
		if n, err := ext.ParseGeneralName(kind + cn); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// isHostName reports whether a text looks like a domain name of two labels or
// more, in any script, a wildcard one, or is "localhost".
func isHostName(text string) bool {
	text = strings.TrimPrefix(text, "*.")
	if strings.EqualFold(text, "localhost") {
		return true
	}
	labels := strings.Split(text, ".")
	if len(labels) < 2 || len(text) > 253 || net.ParseIP(text) != nil {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, notInHostName) || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func notInHostName(c rune) bool {
	return !unicode.In(c, unicode.L, unicode.M, unicode.Nd) && c != '-' && c != '_'
}

// ParseRequests reads the requests in data; data with none are a
// *request.Refusal.
func ParseRequests(data []byte) ([]*request.Request, error) { return request.Parse(data) }
