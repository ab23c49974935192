package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/internal/notice"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// Surroundings is what a configuration is held against.
type Surroundings struct {
	Profiles *config.Profiles
	// Authority says what is wrong with the name of an authority, the empty one
	// being for the only one that issues. Nil: it is not known which there are.
	Authority func(ctx context.Context, name string) error
	Now       func() time.Time // nil: certificates are not held against the time
}

// Around is what a configuration of an office is held against.
func Around(o *task.Office) Surroundings {
	return Surroundings{Profiles: o.Profiles, Now: o.Now, Authority: func(ctx context.Context, name string) error {
		all, err := o.Store.CAs(ctx)
		if err != nil {
			return fmt.Errorf("reading the authorities: %w", err)
		}
		if len(all) == 0 {
			return FirstAuthority(ctx, name)
		}
		_, _, err = o.Authority.CA(ctx, name)
		return err
	}}
}

// FirstAuthority is Surroundings.Authority where a server is yet to make the
// first ones.
func FirstAuthority(_ context.Context, name string) error {
	if slices.Contains([]string{"", "root", "issuing"}, name) {
		return nil
	}
	return &request.Refusal{Reason: request.UnknownIssuer, Field: "ca", Detail: fmt.Sprintf("there is no authority called %q", name),
		Fix: "create it first (certwright ca init), or leave it out: the server makes root and issuing"}
}

// Check finds all that keeps a server from working under a configuration whose
// values can be. Whoever starts a server and whoever checks its configuration
// ask here.
func Check(ctx context.Context, c *config.Config, around Surroundings) error {
	var found []error
	for i := range c.CMP.Manufacturers {
		_, err := manufacturer.Read(c.CMP.Manufacturers[i : i+1])
		found = append(found, err)
	}
	return config.AllOf(append(found,
		checkProfiles(c, around.Profiles),
		checkACME(&c.ACME, around.Profiles),
		checkAccess(&c.Access, around.Profiles),
		checkShown(&c.Server),
		checkEvents(c.Webhooks),
		checkReceivers(c),
		checkAuthorities(ctx, c, around),
	)...)
}

// at says which key of the configuration an error is about.
func at(key string, err error) error {
	if err == nil {
		return nil
	}
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		f := config.At(key, refusal.Detail, refusal.Fix)
		f.Err = refusal
		return f
	}
	return config.At(key, err.Error(), "see: certwright config print")
}

// atKey is a name in the configuration, and the key it stands at.
type atKey struct{ key, name string }

func all(key string, names []string) (out []atKey) {
	for _, name := range names {
		out = append(out, atKey{key, name})
	}
	return out
}

// checkProfiles looks for the profiles that are named.
func checkProfiles(c *config.Config, profiles *config.Profiles) error {
	names := []atKey{{"profile", c.Profile}, {"server.profile", c.Server.Profile}}
	if !c.ACME.Off {
		names = append(append(names, atKey{"acme.profile", c.ACME.Profile}), all("acme.profiles", c.ACME.Profiles)...)
	}
	if !c.CMP.Off {
		names = append(append(names, atKey{"cmp.profile", c.CMP.Profile}), all("cmp.profiles", c.CMP.Profiles)...)
	}
	var found []error
	for _, n := range names {
		if n.name == "" {
			continue
		}
		_, err := profiles.Get(n.name)
		found = append(found, refusedAt(n.key, err))
	}
	return config.AllOf(found...)
}

// refusedAt says which key names what is refused; other errors, such as those of a
// profile's own file, stay as they are.
func refusedAt(key string, err error) error {
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return at(key, err)
	}
	return err
}

// checkAccess looks at the rules for those who have no API token.
func checkAccess(a *config.Access, profiles *config.Profiles) error {
	_, roots := rootsOf("access.roots", a.Roots)
	lists := checkLists(a)
	_, rules := access.NewCertificates(access.CertificateConfig{Rules: rulesOf(a.Certificates)})
	if rules = at("access.certificates", rules); rules == nil {
		rules = checkRules(a, profiles)
	}
	o := &a.OIDC
	if o.Issuer == "" && o.Client == "" && len(o.Rules) == 0 {
		return config.AllOf(roots, lists, rules)
	}
	_, oidc := access.NewOIDC(access.OIDCConfig{Issuer: o.Issuer, Client: o.Client, Rules: rulesOf(o.Rules)})
	return config.AllOf(roots, lists, rules, at("access.oidc", oidc))
}

// checkLists looks at the revocation lists of others.
func checkLists(a *config.Access) error {
	if len(a.Lists) > 0 && a.Roots == "" {
		return config.At("access.revocation-lists", "it is for certificates under access.roots, which is not set", "set access.roots, or leave the lists out: certificates that were issued here are looked up in the records")
	}
	_, err := newForeignLists(a.Lists, slog.New(slog.DiscardHandler))
	return err
}

// checkShown reads the certificate from elsewhere.
func checkShown(s *config.Server) error {
	if s.Certificate == "" {
		return nil
	}
	_, err := foreign(s.Certificate, s.Key)
	return err
}

// checkEvents looks for actions that never come.
func checkEvents(hooks []config.Webhook) error {
	var found []error
	for _, w := range hooks {
		for _, action := range w.Events {
			if !notice.Known(action) {
				found = append(found, config.At("webhooks", fmt.Sprintf("%q is to be told of %q, which never happens", w.Name, action),
					"write an action of the audit chain, such as request.issued or certificate.*; certwright audit show has more"))
			}
		}
	}
	return config.AllOf(found...)
}

// checkAuthorities looks for the authorities that are named, or for the one
// that signs where none is.
func checkAuthorities(ctx context.Context, c *config.Config, around Surroundings) error {
	if around.Authority == nil {
		return nil
	}
	names := []atKey{{"ca", c.CA}}
	if c.Server.Certificate == "" && (c.Server.CA != "" || c.CA == "") {
		names = append(names, atKey{"server.ca", c.Server.CA})
	}
	if !c.ACME.Off {
		names = append(append(names, atKey{"acme.ca", c.ACME.CA}), all("acme.authorities", c.ACME.Authorities)...)
	}
	if !c.CMP.Off {
		names = append(names, atKey{"cmp.ca", c.CMP.CA})
	}
	var found []error
	for _, n := range names {
		if n.key != "server.ca" && n.name == "" {
			continue // the server needs one of its own; others may never be asked
		}
		err := refusedAt(n.key, around.Authority(ctx, n.name))
		if f, ok := err.(*config.Fault); ok && n.name == "" {
			f.Detail = "\"server.ca\" does not say which authority is to sign the server's own certificate: " + errors.Unwrap(f).Error()
			f.Fix += ", as server.ca: NAME, or have a certificate from elsewhere in server.certificate"
		}
		if found = append(found, err); err != nil && len(config.FaultsOf(err)) == 0 {
			break // the records cannot be read, whatever is looked for
		}
	}
	return config.AllOf(found...)
}

// Doubts are what a server works with, but not as may be meant: for people to
// read, each with its fix.
func Doubts(ctx context.Context, c *config.Config, around Surroundings) (doubts []string) {
	if c.Server.Certificate != "" && around.Now != nil {
		if shown, err := foreign(c.Server.Certificate, c.Server.Key); err == nil {
			if err := timely(shown, c.Server.Certificate, around.Now()); err != nil {
				doubts = append(doubts, "the server's certificate cannot be used now: "+err.Error())
			}
		}
	}
	if c.ACME.Off || around.Authority == nil || c.ACME.CA != "" || c.CA != "" {
		return doubts
	}
	var refusal *request.Refusal
	if errors.As(around.Authority(ctx, ""), &refusal) {
		doubts = append(doubts, "orders over ACME that name no authority cannot be signed: "+refusal.Detail+"; name one: acme.ca")
	}
	return doubts
}
