package restsrv

import (
	"slices"

	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/request"
)

// limited reports whether the sender is for some profiles or authorities alone.
func (x *sender) limited() bool { return len(x.Profiles)+len(x.CAs) > 0 }

// within reports whether what is asked of an authority under a profile is
// within the sender's limits, which hold for every role.
func (x *sender) within(ca, profile string) bool {
	return (len(x.CAs) == 0 || slices.Contains(x.CAs, ca)) && (len(x.Profiles) == 0 || slices.Contains(x.Profiles, profile))
}

// sees reports whether the sender may know of what somebody asked of an
// authority under a profile.
func (x *sender) sees(requester, ca, profile string) bool {
	return x.within(ca, profile) && (x.everything() || requester == x.Name)
}

// decides reports whether the sender is an officer for what is asked of an
// authority under a profile.
func (x *sender) decides(ca, profile string) bool {
	return x.Has(access.Officer) && x.within(ca, profile)
}

// grants refuses to give away what the sender may not do themselves: profiles
// and authorities beyond their own.
func (x *sender) grants(profiles, cas []string) error {
	for _, one := range []struct {
		field       string
		given, mine []string
	}{{"profiles", profiles, x.Profiles}, {"cas", cas, x.CAs}} {
		beyond := func(name string) bool { return !slices.Contains(one.mine, name) }
		if len(one.mine) > 0 && (len(one.given) == 0 || slices.ContainsFunc(one.given, beyond)) {
			return &request.Refusal{Reason: request.NotAuthorized, Field: one.field, Detail: "you may not give more than you have", Fix: "name some of those in \"" + one.field + "\" that your own token has"}
		}
	}
	return nil
}

// unlimited refuses what is of all profiles and authorities to those who are
// limited to some.
func (x *sender) unlimited(what string) error {
	if !x.limited() {
		return nil
	}
	return &request.Refusal{Reason: request.NotAuthorized, Detail: what + " is of all profiles and authorities, and you are limited to some", Fix: "use a token without --profile and --ca"}
}

// pageOf is a page of what is listed, leaving out what the sender does not see.
// List returns so many after an ID.
func pageOf[T any](in *Paged, list func(after string, limit int) ([]T, error), id func(T) string, sees func(T) bool) (items []T, next string, err error) {
	after, err := in.after()
	if err != nil {
		return nil, "", err
	}
	for {
		found, err := list(after, in.Limit+1)
		if err != nil {
			return nil, "", err
		}
		for _, one := range found {
			switch {
			case !sees(one):
				continue
			case len(items) == in.Limit:
				return items, cursor(id(items[len(items)-1])), nil
			}
			items = append(items, one)
		}
		if len(found) <= in.Limit {
			return items, "", nil
		}
		after = id(found[len(found)-1])
	}
}
