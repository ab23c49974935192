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

// Check finds values that cannot be, wherever they come from; file is named in
// the *Fault.
func (c *Config) Check(file string) error {
	for _, problem := range []func() (key, detail, fix string){
		c.checkPassphrase, c.checkServer, c.checkACME, c.checkCMP, c.checkWords, c.checkLimits, c.checkPublish, c.checkAlerts, c.checkWebhooks, c.checkDatabase,
	} {
		if key, detail, fix := problem(); detail != "" {
			return &Fault{File: file, Detail: fmt.Sprintf("the value of %q: %s", key, detail), Fix: fix}
		}
	}
	return nil
}

// checkPassphrase looks for one that was written where its source belongs; the
// kinds are those of --ca-passphrase.
func (c *Config) checkPassphrase() (key, detail, fix string) {
	kind, rest, _ := strings.Cut(c.Passphrase, ":")
	if c.Passphrase == "" || c.Passphrase == "stdin" || rest != "" && slices.Contains([]string{"env", "file", "fd", "pass"}, kind) {
		return "", "", ""
	}
	return "ca-passphrase", errSecretSource.Error(), "write ca-passphrase: file:PATH or ca-passphrase: env:NAME"
}

func (c *Config) checkServer() (key, detail, fix string) {
	s := &c.Server
	const addresses = "write HOST:PORT, or :PORT for every address"
	for _, l := range []struct{ key, address string }{{"server.listen", s.Listen}, {"server.plain-listen", s.PlainListen}} {
		if l.key == "server.plain-listen" && l.address == PlainOff {
			continue
		}
		_, port, err := net.SplitHostPort(l.address)
		if err != nil || port == "" {
			return l.key, fmt.Sprintf("%q is not an address to listen on", l.address), addresses
		}
		if _, err := net.LookupPort("tcp", port); err != nil {
			return l.key, fmt.Sprintf("there is no port %q", port), "write a number up to 65535; 0 is any that is free"
		}
	}
	if sameListener(s.Listen, s.PlainListen) {
		return "server.plain-listen", fmt.Sprintf("%q is the address of server.listen, too", s.PlainListen), "give it another port, or write off"
	}
	for _, u := range []struct{ key, text, scheme string }{{"server.url", s.URL, "https"}, {"server.plain-url", s.PlainURL, "http"}} {
		if u.text == "" {
			continue
		}
		if parsed, err := url.Parse(u.text); err != nil || parsed.Scheme != u.scheme || parsed.Host == "" || parsed.RawQuery != "" {
			return u.key, fmt.Sprintf("%q is not an address that begins with %s://", u.text, u.scheme), fmt.Sprintf("write %s://HOST:PORT", u.scheme)
		}
	}
	for _, text := range s.Proxies {
		if _, err := ParseNetwork(text); err != nil {
			return "server.proxies", err.Error(), "write ADDRESS or ADDRESS/BITS, such as 10.0.0.0/8 or ::1"
		}
	}
	if name := s.ProxyShown; name != "" && (strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(s.Proxies) == 0) {
		return "server.proxy-certificate", fmt.Sprintf("%q is not a header that could be believed", name), "write the name of a header, and the proxies that set it in server.proxies"
	}
	if (s.Certificate == "") != (s.Key == "") {
		return "server.certificate", "certificate and key go together", "give both, or none: then the server issues its own"
	}
	for _, name := range s.Names {
		if _, err := netip.ParseAddr(name); err != nil && strings.ContainsAny(name, "/: @") {
			return "server.names", fmt.Sprintf("%q is neither a host name nor an address", name), "write names like ca.example.org, without https:// and port"
		}
	}
	return "", "", ""
}

// sameListener reports whether one of two addresses cannot be listened on while
// the other is.
func sameListener(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && portA == portB && portA != "0" && (hostA == hostB || hostA == "" || hostB == "")
}

func (c *Config) checkWords() (key, detail, fix string) {
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
		return w.key, fmt.Sprintf("there is no %q", w.value), fix
	}
	return "", "", ""
}

func (c *Config) checkLimits() (key, detail, fix string) {
	l := &c.Limits
	switch {
	case l.Header < 1<<10:
		return "limits.header", "less than 1KiB lets no request in", "leave it out: 64KiB is the default"
	case l.Body < 1<<10:
		return "limits.body", "less than 1KiB lets no request in", "leave it out: 1MiB is the default"
	case l.Garbage < 10:
		return "limits.garbage", "below 10 the program does little but clear away", "leave it out: 150 is the default"
	case l.Connections < 1:
		return "limits.connections", "without connections nothing can be served", "leave it out: 20000 is the default"
	}
	for _, t := range []struct {
		key  string
		time Duration
	}{{"limits.header-timeout", l.HeaderTimeout}, {"limits.read-timeout", l.ReadTimeout}, {"limits.write-timeout", l.WriteTimeout}, {"limits.idle-timeout", l.IdleTimeout}} {
		if t.time == 0 {
			return t.key, "without a limit a slow client keeps its connection for ever", "give a length of time, such as 30s"
		}
	}
	return "", "", ""
}

func (c *Config) checkPublish() (key, detail, fix string) {
	switch {
	case c.Publish.MaxAge == 0:
		return "publish.max-age", "0 is no length of time to keep something", "give one, such as 5m"
	case c.Publish.Memory < 64<<10:
		return "publish.ocsp-memory", "less than 64KiB holds no answers", "leave it out: 16MiB is the default"
	}
	return "", "", ""
}

func (c *Config) checkAlerts() (key, detail, fix string) {
	m := &c.Alerts.Mail
	switch {
	case c.Alerts.Every == 0:
		return "alerts.every", "0 is no length of time to wait", "give one, such as 1h"
	case m.Server == "":
		return "", "", ""
	}
	if _, _, err := net.SplitHostPort(m.Server); err != nil {
		return "alerts.mail.server", fmt.Sprintf("%q is not HOST:PORT", m.Server), "write the port too, such as mail.example.org:587"
	}
	for _, a := range append([]string{m.From}, m.To...) {
		if !strings.Contains(a, "@") || strings.ContainsAny(a, " \r\n<>,") {
			return "alerts.mail", fmt.Sprintf("%q is not a mail address", a), "give from and to, each as NAME@HOST"
		}
	}
	if len(m.To) == 0 {
		return "alerts.mail.to", "nobody is told", "name at least one address"
	}
	if fromElsewhere(m.Password) {
		return "alerts.mail.password", errSecretSource.Error(), "write password: file:PATH or password: env:NAME"
	}
	if m.User != "" && m.TLS == "none" {
		return "alerts.mail.tls", "a password is not sent without TLS", "use starttls or tls"
	}
	return "", "", ""
}

func (c *Config) checkWebhooks() (key, detail, fix string) {
	if _, detail, fix := c.Alerts.Webhook.check(); detail != "" && c.Alerts.Webhook.URL != "" {
		return "alerts.webhook", detail, fix
	}
	names := map[string]bool{}
	for _, w := range c.Webhooks {
		switch _, detail, fix := w.check(); {
		case detail != "":
			return "webhooks", detail, fix
		case names[w.Name]:
			return "webhooks", fmt.Sprintf("two are called %q", w.Name), "give each a name of its own"
		}
		names[w.Name] = true
	}
	return "", "", ""
}

func (w *Webhook) check() (key, detail, fix string) {
	u, err := url.Parse(w.URL)
	switch {
	case w.Name == "" || strings.ContainsAny(w.Name, "/ \n"):
		return "", fmt.Sprintf("%q is not a name for a webhook", w.Name), "give it a name of letters and digits: it is how deliveries are remembered"
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return "", fmt.Sprintf("%q is not an address to post to", w.URL), "write https://HOST/PATH"
	case w.Secret == "":
		return "", fmt.Sprintf("the webhook %q has no secret to sign with", w.Name), "give one: secret: file:PATH or env:NAME"
	case fromElsewhere(w.Secret):
		return "", fmt.Sprintf("the secret of the webhook %q: %v", w.Name, errSecretSource), "write secret: file:PATH or secret: env:NAME"
	}
	return "", "", ""
}

func (c *Config) checkDatabase() (key, detail, fix string) {
	if c.Database == "" {
		return "", "", ""
	}
	u, err := url.Parse(c.Database)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "database", "it is not the address of a PostgreSQL database", "write postgres://USER@HOST/NAME, or leave it out: the embedded store needs none"
	}
	return "", "", ""
}
