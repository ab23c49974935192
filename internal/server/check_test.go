package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/notice"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

// mistakes are configurations, and what is said of them.
func mistakes() []struct{ text, want string } {
	return []struct{ text, want string }{
		{"access: {certificates: [{match: 'dns:a.example', roles: [boss]}]}", `the value of "access.certificates": there is no role "boss"`},
		{"access: {certificates: [{match: 'dns:a.example'}]}", `the value of "access.certificates": the rule "dns:a.example" gives no role`},
		{"access: {certificates: [{match: 'ip:192.0.2.1', roles: [applicant]}]}", `the value of "access.certificates": the rule "ip:192.0.2.1" for client certificates does not begin with a kind of name`},
		{"access: {certificates: [{match: foo, roles: [applicant]}]}", `the value of "access.certificates": the rule "foo" for client certificates does not begin with a kind of name`},
		{"access: {roots: nothere.pem}", `the value of "access.roots": open nothere.pem: no such file or directory`},
		{"access: {roots: t.pem, revocation-lists: [nothere.crl]}", `the value of "access.revocation-lists": stat nothere.crl: no such file or directory`},
		{"access: {revocation-lists: [nothere.crl]}", `the value of "access.revocation-lists": it is for certificates under access.roots, which is not set`},
		{"access: {oidc: {issuer: 'https://id.example'}}", `the value of "access.oidc": OpenID Connect needs the audience`},
		{"access: {oidc: {issuer: 'http://id.example', client: c}}", `the value of "access.oidc": the issuer "http://id.example" of OpenID Connect is not an https URL`},
		{"access: {oidc: {client: c, rules: [{match: a=b, roles: [applicant]}]}}", `the value of "access.oidc": the issuer "" of OpenID Connect is not an https URL`},
		{"access: {oidc: {issuer: 'https://id.example', client: c, rules: [{match: groups, roles: [applicant]}]}}", `the value of "access.oidc": the rule "groups" of OpenID Connect is not of the form CLAIM=VALUE`},
		{"ca: nope", `the value of "ca": there is no authority called "nope"`},
		{"server: {ca: nope}", `the value of "server.ca": there is no authority called "nope"`},
		{"acme: {ca: nope}", `the value of "acme.ca": there is no authority called "nope"`},
		{"acme: {authorities: [nope]}", `the value of "acme.authorities": there is no authority called "nope"`},
		{"cmp: {ca: nope}", `the value of "cmp.ca": there is no authority called "nope"`},
		{"profile: nope", `the value of "profile": there is no profile "nope"`},
		{"server: {profile: nope}", `the value of "server.profile": there is no profile "nope"`},
		{"acme: {profile: nope}", `the value of "acme.profile": there is no profile "nope"`},
		{"acme: {profiles: [nope]}", `the value of "acme.profiles": there is no profile "nope"`},
		{"acme: {profiles: [subca]}", `the value of "acme.profiles": certificates of profile subca make an authority of their holder`},
		{"cmp: {profiles: [nope]}", `the value of "cmp.profiles": there is no profile "nope"`},
		{"server: {certificate: nothere.crt, key: nothere.key}", "nothere.crt: the server cannot use this certificate with the key in nothere.key"},
		{"server: {listen: ':99999'}", `the value of "server.listen": there is no port "99999"`},
		{"server: {listen: ':8443', plain-listen: '127.0.0.1:8443'}", `the value of "server.plain-listen": "127.0.0.1:8443" is the address of server.listen, too`},
		{"webhooks: [{name: a, url: 'https://a.example', secret: 'env:A', roots: nothere.pem}]", `the value of "webhooks": open nothere.pem: no such file or directory`},
		{"alerts: {webhook: {url: 'https://a.example', secret: 'env:A', roots: /dev/null}}", `/dev/null: there is no certificate in it`},
		{"alerts: {mail: {server: 'a:25', from: a@b, to: [c@d], roots: nothere.pem}}", `the value of "alerts.mail.roots": open nothere.pem: no such file or directory`},
		{"webhooks: [{name: a, url: 'https://a.example', secret: 'env:A', events: [nonsense.foo]}]", `the value of "webhooks": "a" is to be told of "nonsense.foo", which never happens`},
	}
}

// What is wrong with a configuration is said alike by whoever checks it and by
// the server, when it starts and when it is reloaded, in an empty home and in
// one with authorities.
func TestMistakesAreToldAlikeByCheckAndServer(t *testing.T) {
	w := newWorld(t)
	running := newWorld(t)
	s := running.server(t)
	for _, m := range mistakes() {
		file := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(file, []byte(m.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, checked := config.Read(file, func(string) string { return "" })
		if checked == nil {
			checked = Check(t.Context(), &c, Surroundings{Profiles: config.NewProfiles(w.home), Authority: FirstAuthority})
			w.settings = c
			_, started := w.open(t)
			if started == nil || checked == nil || started.Error() != checked.Error() {
				t.Errorf("%s: checked: %v; started: %v", m.text, checked, started)
			}
			running.fresh = func() (config.Config, error) { return c, nil }
			reloaded := s.reloadSettings(t.Context())
			if again := Check(t.Context(), &c, Around(s.config.Office)); again == nil || reloaded == nil || again.Error() != reloaded.Error() {
				t.Errorf("%s: checked: %v; reloaded: %v", m.text, again, reloaded)
			}
		}
		if checked == nil || !strings.Contains(checked.Error(), m.want) {
			t.Errorf("%s: %v", m.text, checked)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(w.home.Keys(), "*")); len(found) > 0 {
		t.Errorf("a server that does not start has made %v", found)
	}
}

// Where several authorities issue, what signs must be named.
func TestTheAuthorityOfACMEIsNamedWhereSeveralIssue(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	o := s.config.Office
	subject, err := dn.ParseText("CN=Other")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Authority.CreateCA(t.Context(), authority.NewCA{Name: "other", Subject: subject, KeyKind: "ecdsa-p256", Asked: issuance.Asked{}.For(issuance.Period{Months: 12}),
		Parent: "root", PathLen: 0, Settings: task.DefaultSettings(), By: "ann"}); err != nil {
		t.Fatal(err)
	}
	c := w.settings
	if err := Check(t.Context(), &c, Around(o)); err == nil || !strings.Contains(err.Error(), `"server.ca" does not say which authority is to sign the server's own certificate: there are several authorities, and none was named`) {
		t.Error(err)
	}
	for _, one := range []struct {
		ca, server, acme, want string
	}{
		{"", "issuing", "", "orders over ACME that name no authority cannot be signed: there are several authorities, and none was named; name one: acme.ca"},
		{"", "issuing", "other", ""}, {"other", "", "", ""},
	} {
		c.CA, c.Server.CA, c.ACME.CA = one.ca, one.server, one.acme
		if err := Check(t.Context(), &c, Around(o)); err != nil {
			t.Error(err)
		}
		if got := strings.Join(Doubts(t.Context(), &c, Around(o)), "\n"); got != one.want {
			t.Errorf("%+v: %s", one, got)
		}
	}
	c.CA, c.Server.CA, c.ACME.CA = "", "issuing", ""
	w.reloaded(t, s, func(fresh *config.Config) { *fresh = c })
	if !strings.Contains(w.log.String(), "orders over ACME that name no authority cannot be signed") {
		t.Error(w.log.String())
	}
}

// Each action that a server itself enters is one that webhooks may name.
func TestActionsAreKnown(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	for e, err := range s.config.Office.Store.Events(t.Context(), 1) {
		if err != nil || !notice.Known(e.Action) {
			t.Errorf("%v: %v", e, err)
		}
	}
	for _, a := range []string{"request.*", "*", "certificate.revoked"} {
		if !notice.Known(a) {
			t.Error(a)
		}
	}
}
