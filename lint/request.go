package lint

import "github.com/certwright/certwright/request"

type requestRule struct {
	name     string
	citation string
	severity Severity
	check    func(*request.Request, *report)
}

// Request runs the rules on a request.
func Request(q *request.Request) []Finding {
	var r report
	for i := range requestRules {
		rule := &requestRules[i]
		r.name, r.citation, r.severity = rule.name, rule.citation, rule.severity
		rule.check(q, &r)
	}
	Sort(r.findings)
	return r.findings
}

var requestRules = [...]requestRule{}
