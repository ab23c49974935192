package acmecheck

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/protocol/acme"
)

// persist looks for a standing record that permits this account
// (draft-ietf-acme-dns-persist-02, Section 4.2).
func (c *Checker) persist(ctx context.Context, r *resolver, t *Task) (Proof, *acme.Problem) {
	name := "_validation-persist." + t.Identifier.Value
	texts, err := r.texts(ctx, name)
	if err != nil {
		return Proof{}, dnsProblem(err)
	}
	problem := acme.NewProblem(acme.Unauthorized, "no TXT record at "+name+" begins with "+strings.Join(c.settings.PersistNames, " or ")+"; publish one for this account")
	for _, text := range texts {
		if !isOf(c.settings.PersistNames, domainOf(text)) {
			continue
		}
		proof, p := c.persistRecord(t, text)
		if p == nil {
			return proof, nil
		}
		problem = p
	}
	return Proof{}, problem
}

// persistRecord judges one record of this authority.
func (c *Checker) persistRecord(t *Task, text string) (Proof, *acme.Problem) {
	v, err := parseIssueValue(text)
	if err != nil {
		return Proof{}, acme.NewProblem(acme.Malformed, "the record "+excerpt(text)+" cannot be read: "+err.Error())
	}
	if !v.has("accounturi") {
		return Proof{}, acme.NewProblem(acme.Malformed, "the record "+excerpt(text)+" has no accounturi")
	}
	if !slices.Contains(c.hashes(t), v.parameters["accounturi"]) {
		return Proof{}, acme.NewProblem(acme.Unauthorized, "the record "+excerpt(text)+" is for another account; this one's accounturi is "+c.hashes(t)[0])
	}
	if t.Wildcard && !strings.EqualFold(v.parameters["policy"], "wildcard") {
		return Proof{}, acme.NewProblem(acme.Unauthorized, "the record "+excerpt(text)+" does not say policy=wildcard, which wildcard names need")
	}
	if !v.has("persistuntil") {
		return Proof{}, nil
	}
	seconds, err := strconv.ParseInt(v.parameters["persistuntil"], 10, 64)
	if err != nil || seconds < 0 || v.parameters["persistuntil"][0] == '+' {
		return Proof{}, acme.NewProblem(acme.Malformed, "persistUntil of the record "+excerpt(text)+" is no count of seconds since 1970")
	}
	until := time.Unix(seconds, 0)
	if !until.After(c.now()) {
		return Proof{}, acme.NewProblem(acme.Unauthorized, "the record "+excerpt(text)+" was good until "+until.UTC().Format(time.RFC3339)+"; publish a new one")
	}
	return Proof{Until: until}, nil
}

// hashes are the values of accounturi that stand for the account, by each of
// its keys, for this domain alone and for any.
func (c *Checker) hashes(t *Task) []string {
	var out []string
	for _, thumbprint := range t.Thumbprints {
		for _, domain := range []string{t.Identifier.Value, "*"} {
			out = append(out, acme.HashedAccount(c.settings.PersistPrefix, domain, thumbprint, t.AccountURL))
		}
	}
	return out
}
