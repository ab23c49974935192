package issuance

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// rule is one thing to see to in judging. Some draft their part of the
// certificate, some check it; all of them run, in this order, whatever those
// before them found.
type rule struct {
	name     string
	citation string // where the rule comes from; empty where it is the profile's
	run      func(*judging)
}

var rules = [...]rule{
	{"possession", "RFC 2986, Section 3", possessionProven},
	{"possession-algorithm", "RFC 6151; RFC 9155; NIST SP 800-131A", possessionSound},
	{"signature-hash", "", hashAllowed},
	{"key-weak", "", keyNotWeak},
	{"key-allowed", "", keyAllowed},
	{"subject-readable", "RFC 5280, Section 4.1.2.4", subjectReadable},
	{"subject-attributes", "", draftSubject},
	{"subject-values", "", subjectValues},
	{"subject-required", "", subjectRequired},
	{"names-readable", "RFC 5280, Section 4.2.1.6", draftNames},
	{"names-from-common-name", "RFC 9525, Section 6.3", namesFromCommonName},
	{"names-from-email", "RFC 5280, Section 4.2.1.6", namesFromEmail},
	{"names-kinds", "", namesKinds},
	{"names-valid", "RFC 5280, Section 4.2.1.6", namesValid},
	{"names-wildcards", "RFC 9525, Section 6.3", namesWildcards},
	{"names-lists", "", namesLists},
	{"names-of-sender", "", namesOfSender},
	{"subject-of-sender", "IEEE 802.1AR, Section 8.6", subjectOfSender},
	{"names-count", "", namesCount},
	{"names-common-name", "", commonNameAmong},
	{"subject-empty", "RFC 5280, Section 4.1.2.6", subjectEmpty},
	{"template", "RFC 4211, Section 5", templateAsked},
	{"validity", "", draftValidity},
	{"validity-limits", "", validityLimits},
	{"validity-issuer", "RFC 5280, Section 6.1", validityIssuer},
	{"extension-repeated", "RFC 5280, Section 4.2", extensionRepeated},
	{"basic-constraints", "RFC 5280, Section 4.2.1.9", draftBasicConstraints},
	{"key-usage", "RFC 5280, Section 4.2.1.3", draftKeyUsage},
	{"ext-key-usage", "RFC 5280, Section 4.2.1.12", draftExtKeyUsage},
	{"key-identifiers", "RFC 5280, Section 4.2.1.1", draftKeyIdentifiers},
	{"subject-alt-name", "RFC 5280, Section 4.2.1.6", draftSubjectAltName},
	{"certificate-policies", "RFC 5280, Section 4.2.1.4", draftPolicies},
	{"tls-feature", "RFC 7633", draftFeatures},
	{"name-constraints", "RFC 5280, Section 4.2.1.10", draftNameConstraints},
	{"revocation-pointers", "RFC 5280, Section 4.2.1.13", draftPointers},
	{"extensions", "", draftOthers},
	{"closed-profile", "", closedToSender},
	{"issuer-valid", "RFC 5280, Section 6.1.3", issuerValid},
	{"issuer-key", "RFC 5280, Section 4.2.1.3", issuerKey},
	{"issuer-path-length", "RFC 5280, Section 4.2.1.9", issuerPathLength},
	{"issuer-purposes", "RFC 5280, Section 4.2.1.12", issuerPurposes},
	{"issuer-names", "RFC 5280, Section 4.2.1.10", issuerNames},
	{"review", "", reviewed},
	{"rules", "", profileRules},
	{"lint", "", lintPlan},
}

// judging is the desk a request lies on while the rules go over it. What they
// come to is kept in it too, so that judging takes memory once.
type judging struct {
	profile  *Profile
	request  *request.Request
	evidence evidence.Evidence
	issuer   *Issuer
	asked    Asked
	now      time.Time

	rule     *rule
	subject  dn.Name           // asked for
	names    []ext.GeneralName // as they will be
	changed  bool              // names differ from the request's
	plan     plan
	findings []Finding
	refused  bool
	changes  []Change
	room     [12]ext.Extension
	few      [8]ext.GeneralName
	contents lint.Contents
	outcome  decision
	approved atomic.Bool
}

// Judge decides under the profile what certificate this request would become
// from this issuer. It is pure: the same arguments give the same judgement.
func (p *Profile) Judge(r *request.Request, e evidence.Evidence, i *Issuer, a Asked, now time.Time) Judgement {
	c := &judging{profile: p, request: r, evidence: e, issuer: i, asked: a, now: now.UTC().Truncate(time.Second)}
	switch {
	case r != nil && r.Problem != nil && p != nil && p.order == nil:
		c.rule = &rule{name: "request"}
		c.refuse(r.Problem.Reason, r.Problem.Field, r.Problem.Detail, r.Problem.Fix)
	case r == nil || i == nil || p == nil || r.PublicKey == nil:
		c.rule = &rule{name: "complete"}
		c.refuse(request.BadFormat, "", "a request with its key, an issuer and a profile are needed to judge", "submit the request again")
	default:
		c.plan.key = r.PublicKey
		c.plan.extensions = c.room[:0]
		c.follow(p.rules(i))
		c.plan.confirm = c.plan.confirm || a.Confirm
	}
	lint.Sort(c.findings)
	c.outcome = decision{
		verdict: verdictOf(c.findings), findings: c.findings, changes: c.changes,
		plan: &c.plan, issuer: i, approved: &c.approved,
	}
	return Judgement{&c.outcome}
}

// rules are what a request is judged by. No profile that relies on what the
// issuer's certificate says goes with an issuer that this is not known of.
func (p *Profile) rules(i *Issuer) []rule {
	switch {
	case p.order != nil:
		return orderRules()
	case i.operator:
		return []rule{{"issuer", "", func(c *judging) {
			c.refuse(request.IssuerRefused, "issuer", "this issuer signs what its operator orders, and nothing else", "make the issuer with NewIssuer")
		}}}
	}
	return rules[:]
}

func (c *judging) follow(list []rule) {
	for k := range list {
		c.rule = &list[k]
		list[k].run(c)
	}
}

// maxTold bounds the findings and the changes of one judgement.
const maxTold = 1000

// refuse records an error of the rule that runs.
func (c *judging) refuse(reason request.Reason, field, detail, fix string) {
	c.found(Error, reason, c.rule.citation, field, detail, fix)
}

// refuseBy records an error that a line of the profile asks for.
func (c *judging) refuseBy(path string, reason request.Reason, field, detail, fix string) {
	c.found(Error, reason, c.profile.at(path), field, detail, fix)
}

func (c *judging) warn(field, detail, fix string) {
	c.found(Warning, "", c.rule.citation, field, detail, fix)
}

func (c *judging) found(s Severity, reason request.Reason, citation, field, detail, fix string) {
	if len(c.findings) >= maxTold && c.refused {
		return // what is told is bounded; that the request is refused stands
	}
	c.refused = c.refused || s.Rank() == Error.Rank()
	c.findings = append(c.findings, Finding{
		Rule: c.rule.name, Citation: citation, Severity: s, Reason: reason, Field: field, Detail: detail, Fix: fix,
	})
}

func (c *judging) change(field, action, requested, issued, why string) {
	if len(c.changes) >= maxTold {
		return
	}
	c.changes = append(c.changes, Change{Field: field, Action: action, Requested: requested, Issued: issued, Why: why})
}

// at names the line of the profile that holds this key.
func (p *Profile) at(path string) string {
	return "profile " + p.Name + ", line " + strconv.Itoa(lineOf(p.lines, path))
}

// by says which part of the profile asked for a change.
func (p *Profile) by(format string, args ...any) string {
	return "profile " + p.Name + " " + fmt.Sprintf(format, args...)
}
