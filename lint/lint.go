// Package lint finds what is wrong or unwise in requests before they are
// judged and in certificates before they are signed, by the rules of RFC 5280
// and its kin as a private PKI needs them.
package lint

import (
	"sort"

	"github.com/certwright/certwright/request"
)

// Severity of a finding: Error refuses, Hold asks for a person, the others
// are for people to read.
type Severity string

// The severities.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Hold    Severity = "hold"
	Error   Severity = "error"
)

// Rank orders severities: higher is stricter. One that is unknown ranks as
// Error, so that a misspelt severity cannot weaken anything.
func (s Severity) Rank() int {
	switch s {
	case Info:
		return 0
	case Warning:
		return 1
	case Hold:
		return 2
	}
	return 3
}

// Finding is what one rule has to say of one field.
type Finding struct {
	Rule     string         `json:"rule"`
	Citation string         `json:"citation,omitempty"`
	Severity Severity       `json:"severity"`
	Reason   request.Reason `json:"reason,omitempty"` // of an Error
	Field    string         `json:"field,omitempty"`
	Detail   string         `json:"detail"`
	Fix      string         `json:"fix,omitempty"`
}

// Sort puts the strictest findings first and leaves the order otherwise.
func Sort(list []Finding) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].Severity.Rank() > list[j].Severity.Rank() })
}
