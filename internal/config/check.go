package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/certwright/certwright/internal/spelling"
)

// report takes what is wrong with the value of a key.
type report func(key, detail, fix string)

// Check finds all values that cannot be, wherever they come from; file is named
// in each *Fault.
func (c *Config) Check(file string) error {
	var found []error
	wrong := func(key, detail, fix string) {
		f := At(key, detail, fix)
		f.File = file
		found = append(found, f)
	}
	for _, look := range []func(report){
		c.checkPassphrase, c.checkServer, c.checkACME, c.checkCMP, c.checkWords, c.checkLimits, c.checkPublish, c.checkAlerts, c.checkWebhooks, c.checkDatabase,
	} {
		look(wrong)
	}
	return AllOf(found...)
}

// checkPassphrase looks for one that was written where its source belongs; the
// kinds are those of --ca-passphrase.
func (c *Config) checkPassphrase(wrong report) {
	kind, rest, _ := strings.Cut(c.Passphrase, ":")
	if c.Passphrase == "" || c.Passphrase == "stdin" || rest != "" && slices.Contains([]string{"env", "file", "fd", "pass"}, kind) {
		return
	}
	wrong("ca-passphrase", errSecretSource.Error(), "write ca-passphrase: file:PATH or ca-passphrase: env:NAME")
}

func (c *Config) checkServer(wrong report) {
	s := &c.Server
	const addresses = "write HOST:PORT, or :PORT for every address"
	for _, l := range []struct{ key, address string }{{"server.listen", s.Listen}, {"server.plain-listen", s.PlainListen}} {
		if l.key == "server.plain-listen" && l.address == PlainOff {
			continue
		}
		_, port, err := net.SplitHostPort(l.address)
		if err != nil || port == "" {
			wrong(l.key, fmt.Sprintf("%q is not an address to listen on", l.address), addresses)
		} else if _, err := net.LookupPort("tcp", port); err != nil {
			wrong(l.key, fmt.Sprintf("there is no port %q", port), "write a number up to 65535; 0 is any that is free")
		}
	}
	if sameListener(s.Listen, s.PlainListen) {
		wrong("server.plain-listen", fmt.Sprintf("%q is the address of server.listen, too", s.PlainListen), "give it another port, or write off")
	}
	for _, u := range []struct{ key, text, scheme string }{{"server.url", s.URL, "https"}, {"server.plain-url", s.PlainURL, "http"}} {
		if u.text == "" {
			continue
		}
		if parsed, err := url.Parse(u.text); err != nil || parsed.Scheme != u.scheme || parsed.Host == "" || parsed.RawQuery != "" {
			wrong(u.key, fmt.Sprintf("%q is not an address that begins with %s://", u.text, u.scheme), fmt.Sprintf("write %s://HOST:PORT", u.scheme))
		}
	}
	for _, text := range s.Proxies {
		if _, err := ParseNetwork(text); err != nil {
			wrong("server.proxies", err.Error(), "write ADDRESS or ADDRESS/BITS, such as 10.0.0.0/8 or ::1")
		}
	}
	if name := s.ProxyShown; name != "" && (strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(s.Proxies) == 0) {
		wrong("server.proxy-certificate", fmt.Sprintf("%q is not a header that could be believed", name), "write the name of a header, and the proxies that set it in server.proxies")
	}
	if (s.Certificate == "") != (s.Key == "") {
		wrong("server.certificate", "certificate and key go together", "give both, or none: then the server issues its own")
	}
	for _, name := range s.Names {
		if _, err := netip.ParseAddr(name); err != nil && strings.ContainsAny(name, "/: @") {
			wrong("server.names", fmt.Sprintf("%q is neither a host name nor an address", name), "write names like ca.example.org, without https:// and port")
		}
	}
}

// sameListener reports whether one of two addresses cannot be listened on while
// the other is.
func sameListener(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && portA == portB && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}

func (c *Config) checkWords(wrong report) {
	for _, w := range []struct {
		key, value string
		known      []string
	}{
		{"server.metrics", c.Server.Metrics, []string{"token", "open", "off"}},
		{"log.level", c.Log.Level, []string{"debug", "info", "warn", "error"}},
		{"server.proxy-header", c.Server.ProxyHeader, []string{XForwardedFor, Forwarded}},
		{"log.format", c.Log.Format, []string{"text", "json"}},
		{"alerts.mail.tls", c.Alerts.Mail.TLS, []string{"starttls", "tls", "none"}},
	} {
		if slices.Contains(w.known, w.value) {
			continue
		}
		fix := "write one of " + strings.Join(w.known, ", ")
		if near := spelling.Nearest(w.value, w.known); near != "" {
			fix = fmt.Sprintf("did you mean %q?", near)
		}
		wrong(w.key, fmt.Sprintf("there is no %q", w.value), fix)
	}
}

func (c *Config) checkLimits(wrong report) {
	l := &c.Limits
	if l.Header < 1<<10 {
		wrong("limits.header", "less than 1KiB lets no request in", "leave it out: 64KiB is the default")
	}
	if l.Body < 1<<10 {
		wrong("limits.body", "less than 1KiB lets no request in", "leave it out: 1MiB is the default")
	}
	if l.Garbage < 10 {
		wrong("limits.garbage", "below 10 the program does little but clear away", "leave it out: 150 is the default")
	}
	if l.Connections < 1 {
		wrong("limits.connections", "without connections nothing can be served", "leave it out: 20000 is the default")
	}
	for _, t := range []struct {
		key  string
		time Duration
	}{{"limits.header-timeout", l.HeaderTimeout}, {"limits.read-timeout", l.ReadTimeout}, {"limits.write-timeout", l.WriteTimeout}, {"limits.idle-timeout", l.IdleTimeout}} {
		if t.time == 0 {
			wrong(t.key, "without a limit a slow client keeps its connection for ever", "give a length of time, such as 30s")
		}
	}
}

func (c *Config) checkPublish(wrong report) {
	if c.Publish.MaxAge == 0 {
		wrong("publish.max-age", "0 is no length of time to keep something", "give one, such as 5m")
	}
	if c.Publish.Memory < 64<<10 {
		wrong("publish.ocsp-memory", "less than 64KiB holds no answers", "leave it out: 16MiB is the default")
	}
}

func (c *Config) checkAlerts(wrong report) {
	m := &c.Alerts.Mail
	if c.Alerts.Every == 0 {
		wrong("alerts.every", "0 is no length of time to wait", "give one, such as 1h")
	}
	if m.Server == "" {
		return
	}
	if _, _, err := net.SplitHostPort(m.Server); err != nil {
		wrong("alerts.mail.server", fmt.Sprintf("%q is not HOST:PORT", m.Server), "write the port too, such as mail.example.org:587")
	}
	for _, a := range append([]string{m.From}, m.To...) {
		if !strings.Contains(a, "@") || strings.ContainsAny(a, " \r\n<>,") || len(a) > longestAddress {
			wrong("alerts.mail", fmt.Sprintf("%q is not a mail address", a), "give from and to, each as NAME@HOST")
		}
	}
	if len(m.To) == 0 {
		wrong("alerts.mail.to", "nobody is told", "name at least one address")
	}
	if fromElsewhere(m.Password) {
		wrong("alerts.mail.password", errSecretSource.Error(), "write password: file:PATH or password: env:NAME")
	}
	if m.User != "" && m.Password == "" {
		wrong("alerts.mail.password", fmt.Sprintf("the user %q has no password to log in with", m.User), "give one: password: file:PATH or env:NAME, or leave user out")
	}
	if m.User != "" && m.TLS == "none" {
		wrong("alerts.mail.tls", "a password is not sent without TLS", "use starttls or tls")
	}
}

// longestAddress is how many octets a mail address may have: a path without its
// angle brackets (RFC 5321, Section 4.5.3.1.3).
const longestAddress = 254

func (c *Config) checkWebhooks(wrong report) {
	if detail, fix := c.Alerts.Webhook.check(); detail != "" && c.Alerts.Webhook.URL != "" {
		wrong("alerts.webhook", detail, fix)
	}
	names := map[string]bool{}
	for _, w := range c.Webhooks {
		switch detail, fix := w.check(); {
		case detail != "":
			wrong("webhooks", detail, fix)
		case names[w.Name]:
			wrong("webhooks", fmt.Sprintf("two are called %q", w.Name), "give each a name of its own")
		}
		names[w.Name] = true
	}
}

func (w *Webhook) check() (detail, fix string) {
	u, err := url.Parse(w.URL)
	switch {
	case w.Name == "" || strings.ContainsAny(w.Name, "/ \n"):
		return fmt.Sprintf("%q is not a name for a webhook", w.Name), "give it a name of letters and digits: it is how deliveries are remembered"
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Sprintf("%q is not an address to post to", w.URL), "write https://HOST/PATH"
	case w.Secret == "":
		return fmt.Sprintf("the webhook %q has no secret to sign with", w.Name), "give one: secret: file:PATH or env:NAME"
	case fromElsewhere(w.Secret):
		return fmt.Sprintf("the secret of the webhook %q: %v", w.Name, errSecretSource), "write secret: file:PATH or secret: env:NAME"
	}
	return "", ""
}

func (c *Config) checkDatabase(wrong report) {
	if c.Database == "" {
		return
	}
	u, err := url.Parse(c.Database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		wrong("database", "it is not the address of a PostgreSQL database", "write postgres://USER@HOST/NAME, or leave it out: the embedded store needs none")
	}
}
