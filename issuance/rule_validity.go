package issuance

import (
	"fmt"
	"time"

	"github.com/certwright/certwright/request"
)

// RFC 5280, Section 4.1.2.5 counts the second named by notAfter as valid, so
// a validity of one day ends one second before the next.
const lastSecond = time.Second

// draftValidity sets both ends.
func draftValidity(c *judging) {
	p := &c.profile.validity
	c.plan.notBefore = c.now.Add(-p.backdate)
	if !c.asked.NotBefore.IsZero() {
		c.explicitStart()
	}
	switch {
	case !c.asked.NotAfter.IsZero():
		c.plan.notAfter = c.asked.NotAfter.UTC().Truncate(time.Second)
	case c.asked.Validity < 0 || c.asked.Months < 0:
		c.refuse(request.BadValidity, "notAfter", fmt.Sprintf("the validity asked for is %v", c.asked.Validity), "ask for a validity above zero")
		c.plan.notAfter = c.plan.notBefore
	case c.asked.Validity > 0 || c.asked.Months > 0:
		asked := Period{min(c.asked.Months, maxMonths), min(c.asked.Validity, maxDuration).Truncate(time.Second)}
		c.plan.notAfter = asked.From(c.plan.notBefore).Add(-lastSecond)
	default:
		c.plan.notAfter = p.preset.From(c.plan.notBefore).Add(-lastSecond)
	}
}

func (c *judging) explicitStart() {
	p := &c.profile.validity
	start := c.asked.NotBefore.UTC().Truncate(time.Second)
	switch {
	case !p.explicitStart:
		c.refuseBy("validity.explicitStart", request.BadValidity, "notBefore",
			fmt.Sprintf("the request asks for the start %s; the profile sets the start itself", stamp(start)), "leave the start to the profile")
	case start.Before(c.plan.notBefore):
		c.refuseBy("validity.backdate", request.BadValidity, "notBefore",
			fmt.Sprintf("the start asked for is %s, want %s or later", stamp(start), stamp(c.plan.notBefore)), "ask for a later start")
	case start.After(c.now.Add(p.future)):
		c.refuseBy("validity.future", request.BadValidity, "notBefore",
			fmt.Sprintf("the start asked for is %s, want %s or earlier", stamp(start), stamp(c.now.Add(p.future))), "ask for an earlier start")
	default:
		c.plan.notBefore = start
	}
}

// validityIssuer keeps the end within the issuer's.
func validityIssuer(c *judging) {
	end := c.issuer.notAfter
	if end.IsZero() || !c.plan.notAfter.After(end) {
		return
	}
	if !c.profile.validity.clamp {
		c.refuseBy("validity.issuerEnd", request.BadValidity, "notAfter",
			fmt.Sprintf("the end would be %s, after the issuer's own end %s", stamp(c.plan.notAfter), stamp(end)),
			"ask for a shorter validity, or for another issuer")
		return
	}
	c.change("notAfter", "replaced", stamp(c.plan.notAfter), stamp(end), c.profile.by("ends a certificate with its issuer"))
	c.plan.notAfter = end
	c.checkShortest()
}

// validityLimits holds the span against the profile.
func validityLimits(c *judging) {
	p := &c.profile.validity
	if !c.plan.notAfter.After(c.now) {
		c.refuse(request.BadValidity, "notAfter", fmt.Sprintf("the end %s is not in the future", stamp(c.plan.notAfter)), "ask for a later end")
		return
	}
	if span := c.span(); c.after(p.maximum) {
		shown := span
		if rest := span % day; span > 2*day && rest > 0 {
			shown += day - rest // nobody reads minutes of years
		}
		would := duration(shown).String()
		if span == longestSpan {
			would = "more than " + would
		}
		c.refuseBy("validity.maximum", request.BadValidity, "notAfter",
			fmt.Sprintf("the validity would be %s, want at most %v", would, p.maximum), "ask for an earlier end")
	}
	c.checkShortest()
}

func (c *judging) checkShortest() {
	least := c.profile.validity.minimum
	if least.IsZero() {
		least.Rest = time.Second
	}
	if least.From(c.plan.notBefore).After(c.plan.notAfter.Add(lastSecond)) {
		c.refuseBy("validity.minimum", request.BadValidity, "notAfter",
			fmt.Sprintf("the validity would be %v, want at least %v", duration(c.span()), least), "ask for a later end")
	}
}

// after reports whether the end is later than a period would have it.
func (c *judging) after(p Period) bool {
	return c.plan.notAfter.Add(lastSecond).After(p.From(c.plan.notBefore))
}

// longestSpan is what is said of all that is longer: years are more than fit
// into a duration.
const longestSpan = 2 * maxDuration

// span is the validity with its last second counted.
func (c *judging) span() time.Duration {
	return min(c.plan.notAfter.Sub(c.plan.notBefore), longestSpan-lastSecond) + lastSecond
}

// RefusesValidity says why the profile would not give a certificate that is
// issued at this time the ends that are asked for; nil where it would, as far
// as that can be said without a request and an issuer.
func (p *Profile) RefusesValidity(a Asked, now time.Time) *request.Refusal {
	c := &judging{profile: p, asked: a, now: now.UTC().Truncate(time.Second)}
	c.follow([]rule{{"validity", "", draftValidity}, {"validity-limits", "", validityLimits}})
	return Judgement{&decision{verdict: verdictOf(c.findings), findings: c.findings}}.Refusal()
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 UTC") }
