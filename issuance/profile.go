package issuance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/lint"
)

// Profile says what certificates of one kind look like and who may have them.
// Only ParseProfile and OperatorProfile make one that lets anything through; the
// zero value refuses every request.
type Profile struct {
	Name          string
	Version       string // of the text: its declared version, and "+" and the first 12 hexadecimal digits of its SHA-256
	Description   string
	Review        bool          // every request waits for a person
	ConfirmWithin time.Duration // how long a certificate that was issued encrypted to its key waits to be confirmed
	UniqueKey     bool          // one key may be certified once; who keeps the records enforces it
	Linters       []string      // names of linters ("zlint"), besides this package's rules, that see each certificate before it is signed

	order        *Order // the one certificate that is let through; all below is empty then
	text         []byte
	lines        map[string]int
	ca           bool
	named        bool // for those alone who were given the profile by name
	path         pathPolicy
	subject      subjectPolicy
	names        namePolicy
	keys         keyPolicy
	hashes       []string
	brokenHashes []string // that a request may be signed with all the same
	deferred     bool     // keys may prove possession later, by decrypting
	extensions   extensionPolicy
	validity     validityPolicy
	lint         lintPolicy
	expressions  []expression
}

type pathPolicy struct {
	preset  int // -1: absent
	maximum int // -1: no limit
}

type validityPolicy struct {
	preset, maximum, minimum Period
	backdate, future         time.Duration
	clamp, explicitStart     bool
}

type lintPolicy struct {
	on      bool
	options lint.Options
}

// Text returns the YAML the profile was read from.
func (p *Profile) Text() []byte { return append([]byte(nil), p.text...) }

// IssuesCA reports whether certificates of this profile are those of
// certification authorities.
func (p *Profile) IssuesCA() bool { return p.ca }

// ForNamed reports whether the profile says of itself that it is for those alone
// who were given it by name.
func (p *Profile) ForNamed() bool { return p.named }

// ParseProfile reads a profile from YAML; unknown keys are errors with their
// line and the nearest known key. The error holds everything that is wrong,
// one line each.
func ParseProfile(text []byte) (*Profile, error) {
	var t profileText
	c, err := decodeText("profile", text, &t)
	if err != nil {
		return nil, err
	}
	p := c.profile(&t)
	if err := c.mistakes(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	p.Version = t.Version + "+" + hex.EncodeToString(sum[:6])
	p.text = append([]byte(nil), text...)
	return p, nil
}

// compiler turns the text of a profile into what judging uses, and collects
// what contradicts itself.
type compiler struct {
	lines map[string]int
	errs  []error
	wrong []string // paths of which it is told already that they are not read
}

// fail tells a mistake, unless it follows from one that is told already.
func (c *compiler) fail(path, format string, args ...any) {
	for _, wrong := range c.wrong {
		if leadsOn(path, wrong) || leadsOn(wrong, path) {
			return
		}
	}
	c.errs = append(c.errs, errors.New(fmt.Sprintf("line %d: %s: ", c.line(path), path)+fmt.Sprintf(format, args...)))
}

// mistakes joins them, those of earlier lines first.
func (c *compiler) mistakes() error {
	line := func(err error) (n int) {
		if _, e := fmt.Sscanf(err.Error(), "line %d:", &n); e != nil {
			return math.MaxInt
		}
		return n
	}
	slices.SortStableFunc(c.errs, func(a, b error) int { return cmp.Compare(line(a), line(b)) })
	return errors.Join(c.errs...)
}

// leadsOn reports whether a path is another one, or leads on from it.
func leadsOn(path, whole string) bool {
	rest, ok := strings.CutPrefix(path, whole)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// line finds the line of a key, or of the nearest key around it.
func (c *compiler) line(path string) int { return lineOf(c.lines, path) }

func lineOf(lines map[string]int, path string) int {
	for path != "" {
		if n, ok := lines[path]; ok {
			return n
		}
		cut := 0
		for i := range len(path) {
			if path[i] == '.' || path[i] == '[' {
				cut = i
			}
		}
		path = path[:cut]
	}
	return max(1, lines[""])
}

func (c *compiler) profile(t *profileText) *Profile {
	if t.Name == "" {
		c.fail("name", "a profile needs a name")
	}
	if t.Version == "" {
		c.fail("version", "a profile needs a version, such as 1")
	}
	p := &Profile{
		Name: t.Name, Description: t.Description, UniqueKey: t.UniqueKey, Review: t.Issuance == "review",
		lines: c.lines, ca: t.CA, named: t.Applicants == "named",
		path:     c.pathLength(t),
		subject:  c.subject(&t.Subject),
		names:    c.names(&t.Names),
		keys:     c.keys(&t.Keys),
		validity: c.validity(&t.Validity),
		lint:     lintPolicy{on: t.Lint.Set != "none"},
	}
	p.hashes = c.hashes(t.Signature.Hashes)
	c.each("signature.broken", t.Signature.Broken, []string{"md5", "sha1"})
	p.brokenHashes = t.Signature.Broken
	c.possession(p, &t.Possession)
	if t.Lint.Set == "web" {
		p.Linters = []string{"zlint"}
	}
	p.lint.options.Ignore = t.Lint.Ignore
	for i, name := range t.Lint.Ignore {
		if !lint.Known(name) && t.Lint.Set != "web" {
			c.fail(fmt.Sprintf("lint.ignore[%d]", i), "no rule is called %q%s", name, near(name, lint.Names()))
		}
	}
	p.extensions = c.extensions(&t.Extensions, t.CA)
	p.expressions = c.expressions(t.Rules)
	return p
}

// presetConfirm is how long a certificate waits to be confirmed where the
// profile does not say.
const presetConfirm = 24 * time.Hour

func (c *compiler) possession(p *Profile, t *possessionText) {
	p.deferred = t.Deferred != "refuse"
	p.ConfirmWithin = time.Duration(t.ConfirmWithin)
	if p.ConfirmWithin == 0 {
		p.ConfirmWithin = presetConfirm
	}
}

func (c *compiler) pathLength(t *profileText) pathPolicy {
	p := pathPolicy{preset: -1, maximum: -1}
	if (t.PathLength.Default != nil || t.PathLength.Maximum != nil) && !t.CA {
		c.fail("pathLength", "a path length belongs to CA certificates only; set ca: true or leave it out")
	}
	if t.PathLength.Maximum != nil {
		p.maximum, p.preset = *t.PathLength.Maximum, *t.PathLength.Maximum
	}
	if t.PathLength.Default != nil {
		p.preset = *t.PathLength.Default
	}
	if p.maximum >= 0 && p.preset > p.maximum {
		c.fail("pathLength.default", "got %d, want at most the maximum %d", p.preset, p.maximum)
	}
	return p
}

func (c *compiler) validity(t *validityText) validityPolicy {
	p := validityPolicy{
		preset: t.Default, maximum: t.Maximum, minimum: t.Minimum,
		backdate: 5 * time.Minute, future: time.Duration(t.Future),
		clamp: t.IssuerEnd != "refuse", explicitStart: t.ExplicitStart,
	}
	if t.Backdate != nil {
		p.backdate = time.Duration(*t.Backdate)
	}
	if p.preset.IsZero() {
		c.fail("validity.default", "a profile needs a default validity, such as 90d")
		return p
	}
	if p.maximum.IsZero() {
		p.maximum = p.preset
	}
	if p.preset.exceeds(p.maximum) {
		c.fail("validity.default", "got %v, want at most the maximum %v", t.Default, t.Maximum)
	}
	if p.minimum.exceeds(p.preset) {
		c.fail("validity.minimum", "got %v, want at most the default %v", t.Minimum, t.Default)
	}
	if !p.preset.exceeds(Period{Rest: p.backdate}) {
		c.fail("validity.backdate", "got %v, want less than the default %v", duration(p.backdate), t.Default)
	}
	if p.future > 0 && !p.explicitStart {
		c.fail("validity.future", "nobody can ask for a later start; set explicitStart: true or leave it out")
	}
	return p
}
