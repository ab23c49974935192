package task

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/spelling"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Expectation is what a fixture of a profile expects.
type Expectation struct {
	Profile  string   // empty: the one the test is about
	Verdict  string   // accepted, held or refused
	Findings []string // rules that must have something to say
	Absent   []string // rules that must not
	Dropped  []string // fields the certificate must not have
	Days     int      // of validity asked for; 0 for the default
}

// ParseExpectation reads an expectation: YAML with the keys profile, verdict,
// findings, absent, dropped and days.
func ParseExpectation(text []byte) (Expectation, error) {
	var e Expectation
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return e, fmt.Errorf("this is not YAML: %s", issuance.PlainYAML(err, text))
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return e, fmt.Errorf("an expectation is a list of keys and values, such as \"verdict: accepted\"")
	}
	root := doc.Content[0]
	known := map[string]any{"profile": &e.Profile, "verdict": &e.Verdict, "findings": &e.Findings, "absent": &e.Absent, "dropped": &e.Dropped, "days": &e.Days}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		target, ok := known[k.Value]
		if !ok {
			near := spelling.Nearest(k.Value, []string{"profile", "verdict", "findings", "absent", "dropped", "days"})
			if near == "" {
				near = "verdict"
			}
			return e, fmt.Errorf("line %d: the key %q is not known; did you mean %q?", k.Line, k.Value, near)
		}
		if err := v.Decode(target); err != nil {
			return e, fmt.Errorf("line %d: the value of %q is of another kind than expected", v.Line, k.Value)
		}
	}
	switch e.Verdict {
	case "accepted", "held", "refused":
		return e, nil
	}
	return e, fmt.Errorf("the verdict is %q; it must be accepted, held or refused", e.Verdict)
}

// Fixture is a request with what is expected of it.
type Fixture struct {
	Name    string
	Request *request.Request
	Expect  Expectation
}

// FixtureResult is how a fixture came out.
type FixtureResult struct {
	Name     string
	Check    Check
	Problems []string // in what it differs from what was expected
}

// RunFixture judges a fixture and compares.
func RunFixture(ctx context.Context, t *Trial, f Fixture, profile string) (FixtureResult, error) {
	if f.Expect.Profile != "" {
		profile = f.Expect.Profile
	}
	asked := issuance.Asked{Validity: time.Duration(f.Expect.Days) * day}
	c, err := t.Check(ctx, authority.Submission{Profile: profile, Request: f.Request, Origin: evidence.Origin{Door: "cli", Requester: "fixture", Method: "local-user", Entitled: evidence.Operator()}, Asked: asked})
	if err != nil {
		return FixtureResult{}, err
	}
	r := FixtureResult{Name: f.Name, Check: c}
	if string(c.Verdict) != f.Expect.Verdict {
		r.Problems = append(r.Problems, fmt.Sprintf("the verdict is %s, expected was %s", c.Verdict, f.Expect.Verdict))
	}
	spoke := func(rule string) bool {
		return slices.ContainsFunc(c.Findings, func(f issuance.Finding) bool { return f.Rule == rule || strings.HasPrefix(f.Rule, rule+":") })
	}
	for _, rule := range f.Expect.Findings {
		if !spoke(rule) {
			r.Problems = append(r.Problems, fmt.Sprintf("the rule %s has nothing to say, expected was a finding", rule))
		}
	}
	for _, rule := range f.Expect.Absent {
		if spoke(rule) {
			r.Problems = append(r.Problems, fmt.Sprintf("the rule %s has something to say, expected was nothing", rule))
		}
	}
	for _, field := range f.Expect.Dropped {
		if !slices.ContainsFunc(c.Changes, func(ch issuance.Change) bool { return ch.Field == field && ch.Action == "dropped" }) {
			r.Problems = append(r.Problems, fmt.Sprintf("the field %s is not dropped", field))
		}
	}
	return r, nil
}
