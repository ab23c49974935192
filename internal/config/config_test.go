package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func parsed(text string) (Config, error) {
	c, places := Default(), &Places{file: "c.yaml", lines: map[string]int{}}
	read := parse([]byte(text), &c, places)
	return c, c.whole(places, read, nil)
}

func TestParse(t *testing.T) {
	c, err := parsed(`
ca: issuing
profile: client
officer: ann
ca-passphrase: env:P
linter: /opt/lint
server:
  listen: ca.example.org:443
  names: [ca.example.org, 192.0.2.1]
  grace: 1m
limits: { body: 2MiB, connections: 5 }
alerts:
  expiry: 30d
  missed-renewal: false
webhooks:
  - name: chat
    url: https://chat.example.org/hook
    secret: file:/run/secret
    events: request.held
`)
	want := Default()
	want.CA, want.Profile, want.Officer, want.Passphrase, want.Linter = "issuing", "client", "ann", "env:P", "/opt/lint"
	want.Server.Listen, want.Server.Names, want.Server.Grace = "ca.example.org:443", []string{"ca.example.org", "192.0.2.1"}, Duration(time.Minute)
	want.Limits.Body, want.Limits.Connections = 2<<20, 5
	want.Alerts.Expiry, want.Alerts.Missed = Duration(30*24*time.Hour), false
	want.Webhooks = []Webhook{{Name: "chat", URL: "https://chat.example.org/hook", Secret: "file:/run/secret", Events: []string{"request.held"}}}
	if diff := cmp.Diff(want, c); err != nil || diff != "" {
		t.Fatalf("%v\n%s", err, diff)
	}
	for _, text := range []string{"", "server:\n", "# nothing\n", "webhooks:\n"} {
		if c, err := parsed(text); err != nil || !cmp.Equal(c, Default(), cmpopts.EquateEmpty()) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestParseFaults(t *testing.T) {
	for text, want := range map[string]string{
		"ca: a\nprofle: b\n":     `c.yaml, line 2: the key "profle" is not known | did you mean "profile"?`,
		"zzzzzz: b\n":            `c.yaml, line 1: the key "zzzzzz" is not known | known are ca, profile, `,
		"server:\n  lisen: b\n":  `c.yaml, line 2: the key "lisen" is not known in "server" | did you mean "listen"?`,
		"webhooks:\n- nmae: x\n": `c.yaml, line 2: the key "nmae" is not known in "webhooks" | did you mean "name"?`,
		"ca: a\nca: b\n":         `c.yaml, line 2: the key "ca" stands here twice | keep one of the two`,
		"ca: [a]\n":              `c.yaml, line 1: the value of "ca" is not a single word`,
		"ca: a\n---\nca: b\n":    `c.yaml, line 2: a second document begins here | take out the line "---"`,
		"webhooks: [{name: a, url: 'https://x', secret: hush}]\n":                      `c.yaml, line 1: the value of "webhooks": the secret of the webhook "a": a secret comes from env:NAME or file:PATH, and is not written into the configuration | write secret: file:PATH`,
		"ca-passphrase: hunter2\n":                                                     `c.yaml, line 1: the value of "ca-passphrase": a secret comes from env:NAME or file:PATH, and is not written into the configuration | write ca-passphrase: file:PATH`,
		"alerts: {mail: {server: 'a:25', from: a@b, to: [c@d], password: 'hush:x'}}\n": `c.yaml, line 1: the value of "alerts.mail.password": a secret comes from env:NAME`,
		"- a\n":                                                `c.yaml, line 1: the file is not a list of keys and values`,
		"server: x\n":                                          `c.yaml, line 1: the value of "server" is not a list of keys and values | write its keys below it`,
		"server: {names: {a: b}}\n":                            `c.yaml, line 1: the value of "server.names" is not a list | begin each entry with a dash`,
		"ca: \"unfinished\nx":                                  `c.yaml: this is not YAML: line 2: a quotation mark is not closed`,
		"\tca: a\n":                                            `c.yaml: this is not YAML: line 1: the line is indented by a tab; use blanks`,
		"server: {grace: soon}\n":                              `c.yaml, line 1: the value of "server.grace": "soon" is not a length of time, such as 30s, 12h or 90d`,
		"limits: {body: big}\n":                                `c.yaml, line 1: the value of "limits.body": "big" is not a size, such as 64KiB or 1MiB`,
		"limits: {connections: many}\n":                        `c.yaml, line 1: the value of "limits.connections": "many" is not a whole number`,
		"alerts: {missed-renewal: 7}\n":                        `c.yaml, line 1: the value of "alerts.missed-renewal": "7" is neither true nor false`,
		"server: {listen: here}\n":                             `c.yaml, line 1: the value of "server.listen": "here" is not an address to listen on | write HOST:PORT`,
		"server: {url: ca.org}\n":                              `c.yaml, line 1: the value of "server.url": "ca.org" is not an address that begins with https:// | write https://HOST:PORT`,
		"limits: {garbage: 5}\n":                               `c.yaml, line 1: the value of "limits.garbage": below 10 the program does little but clear away | leave it out`,
		"server: {key: k}\n":                                   `c.yaml, line 1: the value of "server.certificate": certificate and key go together | give both, or none`,
		"server: {names: 'https://a'}":                         `c.yaml, line 1: the value of "server.names": "https://a" is neither a host name nor an address | write names like`,
		"log: {level: wran}\n":                                 `c.yaml, line 1: the value of "log.level": there is no "wran" | did you mean "warn"?`,
		"server: {proxies: edge}\n":                            `c.yaml, line 1: the value of "server.proxies": "edge" is neither an address nor a network | write ADDRESS or ADDRESS/BITS, such as 10.0.0.0/8 or ::1`,
		"server: {proxy-header: forwardd}\n":                   `c.yaml, line 1: the value of "server.proxy-header": there is no "forwardd" | did you mean "forwarded"?`,
		"server: {proxy-certificate: Client-Cert}\n":           `c.yaml, line 1: the value of "server.proxy-certificate": "Client-Cert" is not a header that could be believed | write the name of a header, and the proxies that set it in server.proxies`,
		"server: {proxies: '::1', proxy-certificate: 'a b'}\n": `c.yaml, line 1: the value of "server.proxy-certificate": "a b" is not a header that could be believed | write the name`,
		"server: {metrics: opn}\n":                             `c.yaml, line 1: the value of "server.metrics": there is no "opn" | did you mean "open"?`,
		"log: {format: xml}\n":                                 `c.yaml, line 1: the value of "log.format": there is no "xml" | write one of text, json`,
		"limits: {body: 1}\n":                                  `c.yaml, line 1: the value of "limits.body": less than 1KiB lets no request in`,
		"limits: {header: 1}\n":                                `c.yaml, line 1: the value of "limits.header": less than 1KiB lets no request in`,
		"limits: {connections: 0}\n":                           `c.yaml, line 1: the value of "limits.connections": without connections nothing can be served`,
		"limits: {idle-timeout: 0s}\n":                         `c.yaml, line 1: the value of "limits.idle-timeout": without a limit a slow client keeps its connection for ever`,
		"alerts: {every: 0s}\n":                                `c.yaml, line 1: the value of "alerts.every": 0 is no length of time to wait`,
		"cmp: {window: 0s}\n":                                  `c.yaml, line 1: the value of "cmp.window": no message would be in time`,
		"cmp: {check-after: 1ms}\n":                            `c.yaml, line 1: the value of "cmp.check-after": clients would ask without a pause`,
		"acme: {challenges: http-1}\n":                         `c.yaml, line 1: the value of "acme.challenges": there is no "http-1" | did you mean "http-01"?`,
		"acme: {challenges: []}\n":                             `c.yaml, line 1: the value of "acme.challenges": without challenges nothing can be validated`,
		"acme: {challenges: dns-persist-01}\n":                 `c.yaml, line 1: the value of "acme.challenges": dns-persist-01 needs a name`,
		"acme: {allow-networks: 10.0.0.1}\n":                   `c.yaml, line 1: the value of "acme.allow-networks": "10.0.0.1" is not a network | write ADDRESS/BITS`,
		"acme: {resolvers: 10.0.0.1}\n":                        `c.yaml, line 1: the value of "acme.resolvers": "10.0.0.1" is not HOST:PORT`,
		"acme: {caa-identities: [CA.Test.]}\n":                 `c.yaml, line 1: the value of "acme.caa-identities": "CA.Test." is not spelled as records spell it: in lower case, without a dot at the end | write ca.test`,
		"acme: {caa-identities: [münchen.test]}\n":             `c.yaml, line 1: the value of "acme.caa-identities": "münchen.test" is not spelled as records spell it: in lower case, without a dot at the end | write xn--mnchen-3ya.test`,
		"acme: {caa-identities: ['not a name; x=y']}\n":        `c.yaml, line 1: the value of "acme.caa-identities": "not a name; x=y" is not a domain name | write one that is yours, such as ca.example.org`,
		"acme: {caa-identities: ['']}\n":                       `c.yaml, line 1: the value of "acme.caa-identities": "" is not a domain name`,
		"acme: {caa-identities: [a.b, b.b, c.b, d.b, e.b, f.b, g.b, h.b, i.b, j.b, k.b]}\n": `c.yaml, line 1: the value of "acme.caa-identities": there are 11 names, and clients can be told 10 at most`,
		"acme: {resolvers-agree: 2}\n":                                    `c.yaml, line 1: the value of "acme.resolvers-agree": more resolvers must agree than there are`,
		"acme: {order-lifetime: 0s}\n":                                    `c.yaml, line 1: the value of "acme.order-lifetime": an order without time cannot be finalized`,
		"acme: {http-port: 0}\n":                                          `c.yaml, line 1: the value of "acme.http-port": 0 is no port`,
		"acme: {tls-port: 70000}\n":                                       `c.yaml, line 1: the value of "acme.tls-port": 70000 is no port`,
		"acme: {limits: {orders-per-name: 5}}\n":                          `c.yaml, line 1: the value of "acme.limits.orders-per-name": "5" is not COUNT/TIME, such as 20/1h`,
		"database: mysql://x\n":                                           `c.yaml, line 1: the value of "database": it is not the address of a PostgreSQL database`,
		"alerts: {mail: {server: m}}\n":                                   `c.yaml, line 1: the value of "alerts.mail.server": "m" is not HOST:PORT`,
		"alerts: {mail: {server: 'm:25', from: a}}\n":                     `c.yaml, line 1: the value of "alerts.mail": "a" is not a mail address`,
		"alerts: {mail: {server: 'm:25', from: a@b}}\n":                   `c.yaml, line 1: the value of "alerts.mail.to": nobody is told`,
		"alerts: {mail: {server: 'm:25', from: a@b, to: a@b, user: u}}\n": `c.yaml, line 1: the value of "alerts.mail.password": the user "u" has no password to log in with`,
		"alerts: {mail: {server: 'm:25', from: a@b, to: " + strings.Repeat("a", 253) + "@b}}\n":              `c.yaml, line 1: the value of "alerts.mail": "` + strings.Repeat("a", 253) + `@b" is not a mail address`,
		"alerts: {mail: {server: 'm:25', from: a@b, to: a@b, user: u, password: 'env:P', tls: none}}\n":      `c.yaml, line 1: the value of "alerts.mail.tls": a password is not sent without TLS`,
		"webhooks: [{name: a, url: x, secret: env:A}]\n":                                                     `c.yaml, line 1: the value of "webhooks": "x" is not an address to post to`,
		"webhooks: [{name: a, url: 'http://x'}]\n":                                                           `c.yaml, line 1: the value of "webhooks": the webhook "a" has no secret to sign with`,
		"webhooks: [{url: 'http://x', secret: env:A}]\n":                                                     `c.yaml, line 1: the value of "webhooks": "" is not a name for a webhook`,
		"webhooks: [{name: a, url: 'http://x', secret: env:A}, {name: a, url: 'http://x', secret: env:A}]\n": `c.yaml, line 1: the value of "webhooks": two are called "a"`,
		"alerts: {webhook: {url: 'http://x'}}\n":                                                             `c.yaml, line 1: the value of "alerts.webhook": the webhook "alerts" has no secret to sign with`,
	} {
		_, err := parsed(text)
		var fault *Fault
		if !errors.As(err, &fault) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := fault.Error() + " | " + fault.Fix; !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// All mistakes are told at once, in the order of their lines, and none that only
// follows from another.
func TestAllFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := `server:
  lisen: ':1'
  metrics: opn
  names: ['https://a']
webhooks:
  - nmae: chat
limits:
  body: 1
  header: big
  connections: 0
profle: x
acme: { http-port: 0, tls-port: 70000, challenges: [http-1, dns-1] }
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CERTWRIGHT_LOG_LEVEL": "loud", "CERTWRIGHT_CMP_WINDOW": "soon"}
	_, err := Read(file, func(name string) string { return env[name] })
	want := `FILE, line 2: the key "lisen" is not known in "server"
FILE, line 3: the value of "server.metrics": there is no "opn"
FILE, line 4: the value of "server.names": "https://a" is neither a host name nor an address
FILE, line 6: the key "nmae" is not known in "webhooks"
FILE, line 8: the value of "limits.body": less than 1KiB lets no request in
FILE, line 9: the value of "limits.header": "big" is not a size, such as 64KiB or 1MiB
FILE, line 10: the value of "limits.connections": without connections nothing can be served
FILE, line 11: the key "profle" is not known
FILE, line 12: the value of "acme.challenges": there is no "http-1"
FILE, line 12: the value of "acme.challenges": there is no "dns-1"
FILE, line 12: the value of "acme.http-port": 0 is no port
FILE, line 12: the value of "acme.tls-port": 70000 is no port
the environment variable CERTWRIGHT_CMP_WINDOW: "soon" is not a length of time, such as 30s, 12h or 90d
the environment variable CERTWRIGHT_LOG_LEVEL: the value of "log.level": there is no "loud"`
	if err == nil || strings.ReplaceAll(err.Error(), file, "FILE") != want {
		t.Errorf("%v", err)
	}
	for _, f := range FaultsOf(err)[:2] {
		if !strings.HasPrefix(f.Fix, "did you mean ") {
			t.Errorf("%v: %s", f, f.Fix)
		}
	}
}

func TestEnvironment(t *testing.T) {
	h := Home{t.TempDir()}
	if err := os.WriteFile(h.File(), []byte("server: {listen: ':1'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"CERTWRIGHT_SERVER_LISTEN": ":2", "CERTWRIGHT_SERVER_NAMES": "a.example, b.example", "CERTWRIGHT_CA_PASSPHRASE": "env:X", "CERTWRIGHT_LIMITS_BODY": "4MiB"}
	c, err := Load(h, func(k string) string { return env[k] })
	if err != nil || c.Server.Listen != ":2" || len(c.Server.Names) != 2 || c.Server.Names[1] != "b.example" || c.Passphrase != "env:X" || c.Limits.Body != 4<<20 {
		t.Fatalf("%+v, %v", c, err)
	}
	env["CERTWRIGHT_LIMITS_BODY"] = "x"
	_, err = Load(h, func(k string) string { return env[k] })
	if err == nil || err.Error() != `the environment variable CERTWRIGHT_LIMITS_BODY: "x" is not a size, such as 64KiB or 1MiB` {
		t.Fatal(err)
	}
}

func TestPrintReadsBack(t *testing.T) {
	c := Default()
	c.Server.Names = []string{"a"}
	c.Webhooks = []Webhook{{Name: "chat", URL: "https://x/", Secret: "env:S", Events: []string{"request.held"}}}
	text, err := c.Print()
	if err != nil {
		t.Fatal(err)
	}
	back, err := parsed(text)
	if diff := cmp.Diff(c, back, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Fatalf("%v\n%s\n%s", err, diff, text)
	}
	for _, f := range c.Fields() {
		if f.Doc == "" || !strings.Contains(text, "# "+f.Doc) {
			t.Errorf("%s is not explained", f.Key)
		}
	}
}

func TestPrintHidesSecrets(t *testing.T) {
	c := Default()
	c.Passphrase, c.Database = "pass:hunter2", "postgres://u:hunter2@db/x"
	text, err := c.Print()
	if err != nil || strings.Contains(text, "hunter2") || !strings.Contains(text, "postgres://u:xxxxx@db/x") {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, source := range []string{"hunter2", "hunter2:x", "env:", "file", "Env:hunter2"} {
		if got := hide("source", source); got != "(hidden)" {
			t.Errorf("%q is shown as %q", source, got)
		}
	}
}

func TestSecretsOfDatabaseURLsAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://u:hunter2@db/x?sslmode=require":                      "postgres://u:xxxxx@db/x?sslmode=require",
		"postgres://u@db/x?password=hunter2&sslmode=require":             "postgres://u@db/x?password=xxxxx&sslmode=require",
		"postgres://u@db/x?sslmode=require&sslpassword=hunter2":          "postgres://u@db/x?sslmode=require&sslpassword=xxxxx",
		"postgres://u:hunter2@db/x?PASSWORD=hunter2&%70assword=hunter2":  "postgres://u:xxxxx@db/x?PASSWORD=xxxxx&%70assword=xxxxx",
		"postgres://u@db/x?sslkey=hunter2&%zzword=hunter2&application=a": "postgres://u@db/x?sslkey=xxxxx&%zzword=xxxxx&application=a",
		"postgres://u:hunter2%zz@db/x":                                   "(hidden)",
		"":                                                               "",
	} {
		if got := hide("url", text); got != want {
			t.Errorf("%s is shown as %s, not %s", text, got, want)
		}
	}
}

func TestDefaultHome(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"CERTWRIGHT_HOME": "/h", "HOME": "/u"}, "/h"},
		{map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/u"}, "/x/certwright"},
		{map[string]string{"XDG_DATA_HOME": "relative", "HOME": "/u"}, "/u/.local/share/certwright"},
		{map[string]string{}, ""},
	} {
		h, err := DefaultHome(func(k string) string { return c.env[k] })
		if h.Folder != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%v: %q, %v", c.env, h.Folder, err)
		}
	}
}

func TestLoad(t *testing.T) {
	h := Home{t.TempDir()}
	none := func(string) string { return "" }
	if c, err := Load(h, none); err != nil || !cmp.Equal(c, Default()) {
		t.Fatalf("without a file: %+v, %v", c, err)
	}
	if err := os.WriteFile(h.File(), []byte("ca: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(h, none); err != nil || c.CA != "x" {
		t.Fatalf("%+v, %v", c, err)
	}
	if err := h.Make(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(h.Folder, "keys")); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("keys: %v, %v", info, err)
	}
}

func TestUnknownVariables(t *testing.T) {
	c := Default()
	found := c.Unknown([]string{"CERTWRIGHT_SERVER_LISTN=x", "CERTWRIGHT_HOME=/h", "CERTWRIGHT_SERVER_LISTEN=x", "PATH=x", "CERTWRIGHT_QQQQQQQQQQQQQQQ=1"})
	if len(found) != 2 || found[0].Variable+found[0].Hint() != `CERTWRIGHT_SERVER_LISTN: did you mean CERTWRIGHT_SERVER_LISTEN?` || found[1].Hint() != "" {
		t.Fatalf("%+v", found)
	}
}

// TestKeep is of what a running server cannot change.
func TestKeep(t *testing.T) {
	started, next := Default(), Default()
	next.Server.Listen, next.Limits.Header, next.Log.Format, next.Database = ":1", 2<<10, "json", "postgres://h/n"
	next.ACME.Off, next.Server.Names = true, []string{"a.example"}
	if keys := strings.Join(next.Keep(&started), " "); keys != "database server.listen limits.header log.format" {
		t.Error(keys)
	}
	if keys := strings.Join(next.Changed(&started), " "); keys != "server.names acme.off" {
		t.Error(keys)
	}
	if text, err := started.Print(); err != nil || !strings.Contains(text, "# text or json (holds after a restart)\n") {
		t.Error(text, err)
	}
}

func TestChanged(t *testing.T) {
	a, b := Default(), Default()
	b.Server.Names = []string{}
	if keys := a.Changed(&b); keys != nil {
		t.Errorf("nothing was changed but %v", keys)
	}
	b.Server.Names, b.Log.Level, b.Access.Certificates = []string{"a"}, "debug", []AccessRule{{Match: "x"}}
	if keys := strings.Join(a.Changed(&b), " "); keys != "server.names access.certificates log.level" {
		t.Error(keys)
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hush\r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string { return map[string]string{"A": "open"}[name] }
	for source, want := range map[string]string{
		"file:" + file: "hush", "env:A": "open", "env:B": "there is no secret in env:B",
		"pass:x": "a secret comes from env:NAME or file:PATH, and is not written into the configuration", "file:" + file + "x": "reading a secret: open " + file + "x: no such file or directory",
	} {
		got, err := Secret(source, env)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: %s", source, got)
		}
	}
}

// FuzzParse reads any text as a configuration; what is good is written so that
// it reads the same.
func FuzzParse(f *testing.F) {
	c := Default()
	text, err := c.Print()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{text, "server:\n  names: [a, b]\n", "webhooks:\n- {name: a, url: 'https://x', secret: env:A}\n", "a: &a [*a]\n", "? [x]\n: y\n", "server: {<<: {listen: x}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parsed(text)
		if err != nil {
			return
		}
		printed, err := c.Print()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(printed, "(hidden)") || strings.Contains(printed, "xxxxx") {
			return // secrets are not written
		}
		back, err := parsed(printed)
		if diff := cmp.Diff(c, back, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("%v\n%s\n%s", err, diff, printed)
		}
	})
}
