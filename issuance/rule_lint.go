package issuance

import (
	"github.com/certwright/certwright/lint"
)

// lintPlan runs the rules on certificates over the plan.
func lintPlan(c *judging) {
	options := c.profile.lint.options
	if !c.profile.lint.on {
		options = lint.Options{Only: []string{"subject-value-readable"}} // what nobody could read is never issued
	}
	p := &c.plan
	c.contents = lint.Contents{
		Subject: p.subject, Issuer: p.issuer, NotBefore: p.notBefore, NotAfter: p.notAfter, PublicKey: p.key,
		Extensions: p.extensions, SelfSigned: c.issuer.self, Usage: p.usage, Purposes: p.purposes, Names: p.names,
	}
	c.contents.Basic.CA, c.contents.Basic.PathLen = p.ca, p.pathLen
	if p.bound != nil {
		c.contents.Constraints = *p.bound
	}
	c.findings = append(c.findings, lint.Plan(&c.contents, options)...)
}
