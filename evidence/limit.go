package evidence

import (
	"slices"
	"strings"
)

// SubjectKind is the kind of a pattern that is held against the whole subject,
// as dn.Name.String writes it: "subject:CN=pump-*".
const SubjectKind = "subject"

// Covers reports whether the sender may have a certificate with a name, as
// ext.GeneralName.String writes it, whatever its case.
func (o *Origin) Covers(name string) bool {
	return len(o.Names) == 0 || slices.ContainsFunc(o.Names, func(pattern string) bool {
		return MatchRuns(strings.ToLower(pattern), strings.ToLower(name))
	})
}

// LimitsSubject reports whether the sender's names say what the whole subject may
// be, too.
func (o *Origin) LimitsSubject() bool {
	return slices.ContainsFunc(o.Names, func(pattern string) bool {
		kind, _, _ := strings.Cut(pattern, ":")
		return strings.EqualFold(kind, SubjectKind)
	})
}

// MatchRuns compares text with a pattern in which "*" stands for any run of
// characters.
func MatchRuns(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
