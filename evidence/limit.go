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
		pattern, name := strings.ToLower(pattern), strings.ToLower(name)
		if strings.HasPrefix(pattern, SubjectKind+":") && pattern != SubjectKind+":*" {
			return matchSubject(pattern, name)
		}
		return MatchRuns(pattern, name)
	})
}

// matchSubject compares attribute by attribute, so that a "*" stands for a part
// of one value and lets no further attribute in.
func matchSubject(pattern, subject string) bool {
	return slices.EqualFunc(attributes(pattern), attributes(subject), MatchRuns)
}

// attributes parts a subject at the commas and plus signs that are no part of a
// value; what parts it stays with what follows.
func attributes(subject string) (parts []string) {
	from := 0
	for i := 0; i < len(subject); i++ {
		switch subject[i] {
		case '\\':
			i++
		case ',', '+':
			parts = append(parts, subject[from:i])
			from = i
		}
	}
	return append(parts, subject[from:])
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
