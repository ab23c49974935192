package lint

import (
	"fmt"
	"slices"
	"sort"
	"strconv"

	"github.com/certwright/certwright/request"
)

// Rule is one rule of this package, as documentation shows it.
type Rule struct {
	Name     string
	Citation string
	Severity Severity // of its findings
	On       string   // "request" or "certificate"
}

// Options of a run.
type Options struct {
	Ignore []string // names of rules that are left out
	Only   []string // names of the rules that run; nil for all
}

// report gathers findings while the rules run.
type report struct {
	findings []Finding
	name     string
	citation string
	severity Severity
	before   int // findings of the rules before this one
}

// maxFindings bounds what one rule says; each still has its say, so that many
// harmless findings cannot hide an error.
const maxFindings = 50

func (r *report) begin(name, citation string, s Severity) {
	r.name, r.citation, r.severity, r.before = name, citation, s, len(r.findings)
}

// add records what the running rule found.
func (r *report) add(field, fix, format string, args ...any) {
	if len(r.findings)-r.before >= maxFindings {
		return
	}
	f := Finding{Rule: r.name, Citation: r.citation, Severity: r.severity, Field: field, Detail: fmt.Sprintf(format, args...), Fix: fix}
	if f.Severity == Error {
		f.Reason = request.LintFailed
	}
	r.findings = append(r.findings, f)
}

// Rules lists every rule, those on requests first.
func Rules() []Rule {
	out := make([]Rule, 0, len(requestRules)+len(certificateRules))
	for i := range requestRules {
		r := &requestRules[i]
		out = append(out, Rule{r.name, r.citation, r.severity, "request"})
	}
	for i := range certificateRules {
		r := &certificateRules[i]
		out = append(out, Rule{r.name, r.citation, r.severity, "certificate"})
	}
	return out
}

// Names lists the names of all rules in alphabetical order.
func Names() []string {
	var out []string
	for _, r := range Rules() {
		out = append(out, r.Name)
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// Known reports whether a rule has this name.
func Known(name string) bool { return slices.Contains(Names(), name) }

func quoteShort(s string) string {
	const shown = 80
	if len(s) > shown {
		return strconv.Quote(s[:shown]) + "…"
	}
	return strconv.Quote(s)
}
