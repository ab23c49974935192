package issuance

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// profileText is a profile as it is written in YAML; docs/profiles.md
// describes every key.
type profileText struct {
	Name        string         `yaml:"name"`
	Version     string         `yaml:"version"`
	Description string         `yaml:"description"`
	CA          bool           `yaml:"ca"`
	PathLength  pathLengthText `yaml:"pathLength"`
	Subject     subjectText    `yaml:"subject"`
	Names       namesText      `yaml:"names"`
	Keys        keysText       `yaml:"keys"`
	Signature   signatureText  `yaml:"signature"`
	Possession  possessionText `yaml:"possession"`
	Extensions  extensionsText `yaml:"extensions"`
	Validity    validityText   `yaml:"validity"`
	Issuance    issuanceWord   `yaml:"issuance"`
	Applicants  applicantsWord `yaml:"applicants"`
	Evidence    []evidenceWord `yaml:"evidence"`
	Lint        lintText       `yaml:"lint"`
	UniqueKey   bool           `yaml:"uniqueKey"`
	Rules       []ruleText     `yaml:"rules"`
}

type pathLengthText struct {
	Default *int `yaml:"default"`
	Maximum *int `yaml:"maximum"`
}

type subjectText struct {
	Unlisted   unlistedWord             `yaml:"unlisted"`
	Empty      *bool                    `yaml:"empty"`
	Attributes map[string]attributeText `yaml:"attributes"`
}

type attributeText struct {
	Presence presenceWord `yaml:"presence"`
	Default  string       `yaml:"default"`
	Override string       `yaml:"override"`
	Allowed  []string     `yaml:"allowed"`
	Pattern  string       `yaml:"pattern"`
	Max      int          `yaml:"max"`
	Multiple *bool        `yaml:"multiple"`
}

type namesText struct {
	Kinds           []kindWord          `yaml:"kinds"`
	Unlisted        unlistedWord        `yaml:"unlisted"`
	Required        []kindWord          `yaml:"required"`
	Min             int                 `yaml:"min"`
	Max             int                 `yaml:"max"`
	Wildcards       bool                `yaml:"wildcards"`
	FromCommonName  bool                `yaml:"fromCommonName"`
	CommonNameAmong bool                `yaml:"commonNameAmong"`
	FromEmail       bool                `yaml:"fromEmail"`
	Allow           map[string][]string `yaml:"allow"`
	Deny            map[string][]string `yaml:"deny"`
}

type keysText struct {
	RSA     *sizesText  `yaml:"rsa"`
	EC      []string    `yaml:"ec"`
	Ed25519 bool        `yaml:"ed25519"`
	X25519  bool        `yaml:"x25519"`
	MLDSA   []string    `yaml:"mlDsa"`
	Central centralWord `yaml:"central"`
}

type sizesText struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

type signatureText struct {
	Hashes []string `yaml:"hashes"`
	Broken []string `yaml:"broken"`
}

type possessionText struct {
	Deferred      deferredWord `yaml:"deferred"`
	ConfirmWithin duration     `yaml:"confirmWithin"`
}

type extensionsText struct {
	Unlisted              unlistedWord         `yaml:"unlisted"`
	KeyUsage              usageText            `yaml:"keyUsage"`
	ExtKeyUsage           usageText            `yaml:"extKeyUsage"`
	BasicConstraints      constraintsText      `yaml:"basicConstraints"`
	NameConstraints       nameConstraintsText  `yaml:"nameConstraints"`
	CertificatePolicies   policiesText         `yaml:"certificatePolicies"`
	TLSFeature            featureText          `yaml:"tlsFeature"`
	SubjectKeyIdentifier  *bool                `yaml:"subjectKeyIdentifier"`
	CRLDistributionPoints *bool                `yaml:"crlDistributionPoints"`
	FreshestCRL           bool                 `yaml:"freshestCRL"`
	AuthorityInfoAccess   accessText           `yaml:"authorityInfoAccess"`
	OCSPNoCheck           bool                 `yaml:"ocspNoCheck"`
	NoRevAvail            bool                 `yaml:"noRevAvail"`
	Other                 map[string]otherText `yaml:"other"`
}

type usageText struct {
	Request  policyWord `yaml:"request"`
	Default  []string   `yaml:"default"`
	Allowed  []string   `yaml:"allowed"`
	Excess   excessWord `yaml:"excess"`
	Critical *bool      `yaml:"critical"`
}

type constraintsText struct {
	Include  *bool      `yaml:"include"`
	Critical *bool      `yaml:"critical"`
	Request  policyWord `yaml:"request"`
}

type nameConstraintsText struct {
	Request   policyWord `yaml:"request"`
	Permitted []string   `yaml:"permitted"`
	Excluded  []string   `yaml:"excluded"`
}

type policiesText struct {
	Request policyWord `yaml:"request"`
	Default []string   `yaml:"default"`
	Allowed []string   `yaml:"allowed"`
	Max     int        `yaml:"max"`
}

type featureText struct {
	Request policyWord `yaml:"request"`
	Default []int      `yaml:"default"`
	Allowed []int      `yaml:"allowed"`
}

type accessText struct {
	OCSP      *bool `yaml:"ocsp"`
	CAIssuers *bool `yaml:"caIssuers"`
}

type otherText struct {
	Request  policyWord   `yaml:"request"`
	Value    hexText      `yaml:"value"`
	Equal    []hexText    `yaml:"equal"`
	Prefix   []hexText    `yaml:"prefix"`
	Max      int          `yaml:"max"`
	Critical criticalWord `yaml:"critical"`
}

type validityText struct {
	Default       Period        `yaml:"default"`
	Maximum       Period        `yaml:"maximum"`
	Minimum       Period        `yaml:"minimum"`
	Backdate      *duration     `yaml:"backdate"`
	IssuerEnd     issuerEndWord `yaml:"issuerEnd"`
	ExplicitStart bool          `yaml:"explicitStart"`
	Future        duration      `yaml:"future"`
}

type lintText struct {
	Set    lintWord `yaml:"set"`
	Ignore []string `yaml:"ignore"`
}

type ruleText struct {
	Name    string      `yaml:"name"`
	When    string      `yaml:"when"`
	Verdict verdictWord `yaml:"verdict"`
	Field   string      `yaml:"field"`
	Message string      `yaml:"message"`
	Fix     string      `yaml:"fix"`
}

// Words that are one of a few.
type (
	unlistedWord   string
	presenceWord   string
	kindWord       string
	policyWord     string
	excessWord     string
	criticalWord   string
	issuerEndWord  string
	issuanceWord   string
	applicantsWord string
	deferredWord   string
	centralWord    string
	evidenceWord   string
	lintWord       string
	verdictWord    string
)

func choose(got string, known ...string) (string, error) {
	for _, k := range known {
		if got == k {
			return k, nil
		}
	}
	return "", fmt.Errorf("got %q, want one of %s%s", got, strings.Join(known, ", "), near(got, known))
}

// near is suggestion without the list, for messages that have it.
func near(wrong string, known []string) string {
	if s := suggestion(wrong, known); strings.HasPrefix(s, "; did") {
		return s
	}
	return ""
}

func fromWord[T ~string](w *T, got string, known ...string) error {
	s, err := choose(got, known...)
	*w = T(s)
	return err
}

func (w *unlistedWord) fromText(s string) error {
	return fromWord(w, s, "drop", "refuse", "keep")
}
func (w *presenceWord) fromText(s string) error {
	return fromWord(w, s, "required", "optional", "forbidden", "dropped")
}
func (w *kindWord) fromText(s string) error { return fromWord(w, s, kindNames()...) }
func (w *policyWord) fromText(s string) error {
	return fromWord(w, s, "drop", "allow", "require", "override", "refuse")
}
func (w *excessWord) fromText(s string) error     { return fromWord(w, s, "trim", "refuse") }
func (w *criticalWord) fromText(s string) error   { return fromWord(w, s, "true", "false", "keep") }
func (w *issuerEndWord) fromText(s string) error  { return fromWord(w, s, "clamp", "refuse") }
func (w *issuanceWord) fromText(s string) error   { return fromWord(w, s, "automatic", "review") }
func (w *applicantsWord) fromText(s string) error { return fromWord(w, s, "all", "named") }
func (w *deferredWord) fromText(s string) error   { return fromWord(w, s, "allow", "refuse") }
func (w *centralWord) fromText(s string) error    { return fromWord(w, s, "refuse", "allow") }
func (w *evidenceWord) fromText(s string) error   { return fromWord(w, s, "possession") }
func (w *lintWord) fromText(s string) error       { return fromWord(w, s, "private", "web", "none") }
func (w *verdictWord) fromText(s string) error    { return fromWord(w, s, "refuse", "hold", "warn") }

// duration is a length of time in whole seconds, written as a Period is; a
// year of it has 365 days, and a month 30.
type duration time.Duration

func (d *duration) fromText(s string) error {
	p, err := ParsePeriod(s)
	*d = duration(p.Rest + time.Duration(p.Months/12)*365*day + time.Duration(p.Months%12)*30*day)
	return err
}

// String writes the length in the largest unit that measures it whole.
func (d duration) String() string {
	t := time.Duration(d)
	for _, u := range []struct {
		size time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if t >= u.size && t%u.size == 0 {
			return strconv.FormatInt(int64(t/u.size), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(t/time.Second), 10) + "s"
}

// hexText is octets in hexadecimal, blanks and colons allowed between them.
type hexText []byte

func (h *hexText) fromText(s string) error {
	clean := strings.NewReplacer(" ", "", ":", "", "\n", "").Replace(s)
	if len(clean)%2 != 0 {
		return fmt.Errorf("got %q, want octets in hexadecimal: an even number of digits", s)
	}
	out := make([]byte, 0, len(clean)/2)
	for i := 0; i < len(clean); i += 2 {
		b, err := strconv.ParseUint(clean[i:i+2], 16, 8)
		if err != nil {
			return fmt.Errorf("got %q, want octets in hexadecimal", s)
		}
		out = append(out, byte(b))
	}
	*h = out
	return nil
}
