package issuance

import (
	"testing"

	"github.com/certwright/certwright/format/ext"
)

func TestLists(t *testing.T) {
	for _, c := range []struct {
		kind           nameKind
		pattern, name  string
		allows, denies bool
	}{
		{kindDNS, "example.org", "example.org", true, true},
		{kindDNS, "example.org", "EXAMPLE.org", true, true},
		{kindDNS, "example.org", "a.example.org", false, false},
		{kindDNS, "example.org", "notexample.org", false, false},
		{kindDNS, "*.example.org", "a.example.org", true, true},
		{kindDNS, "*.example.org", "a.b.example.org", false, false},
		{kindDNS, "*.example.org", "*.example.org", true, true},
		{kindDNS, ".example.org", "a.b.example.org", true, true},
		{kindDNS, ".example.org", "example.org", false, false},
		{kindDNS, ".example.org", "aexample.org", false, false},
		{kindDNS, "admin.example.org", "*.example.org", false, true},
		{kindDNS, "admin.example.org", "*.other.org", false, false},
		{kindIP, "10.0.0.0/8", "10.255.0.1", true, true},
		{kindIP, "10.0.0.0/8", "11.0.0.1", false, false},
		{kindIP, "10.0.0.0/8", "::ffff:10.0.0.1", true, true},
		{kindIP, "2001:db8::/32", "2001:db8::1", true, true},
		{kindIP, "192.0.2.1", "192.0.2.1", true, true},
		{kindIP, "10.0.0.0/8", "#0102", false, false},
		{kindEmail, "example.org", "Ada@Example.org", true, true},
		{kindEmail, "example.org", "ada@a.example.org", false, false},
		{kindEmail, ".example.org", "ada@a.example.org", true, true},
		{kindEmail, "ada@example.org", "ada@example.org", true, true},
		{kindEmail, "example.org", `"a@example.org"@evil.org`, false, false},
		{kindEmail, "example.org", "example.org", false, false},
		{kindURI, "https://example.org/a", "https://example.org/a/b", true, true},
		{kindURI, "https://example.org/a", "https://example.org/ab", false, false},
		{kindURI, "https://example.org", "HTTPS://EXAMPLE.org/x", true, true},
		{kindURI, "https://example.org", "https://example.org.evil/", false, false},
		{kindURI, "https://example.org", "https://example.org@evil/", false, false},
		{kindURI, "https://example.org/a/", "https://example.org/a/../b", false, false},
		{kindURI, "https://example.org/a/", "https://example.org/a/%2E%2e/b", false, false},
		{kindURI, "spiffe://td/", "spiffe://td/ns/x", true, true},
		{kindURI, "urn:uuid:", "urn:uuid:1234", true, true},
		{kindUPN, "example.org", "ada@example.org", true, true},
	} {
		p, wrong := parsePattern(c.kind, c.pattern)
		if wrong != "" {
			t.Errorf("%s: want %s", c.pattern, wrong)
			continue
		}
		if got := allowed([]namePattern{p}, c.kind, c.name); got != c.allows {
			t.Errorf("%s allows %s: got %t", c.pattern, c.name, got)
		}
		if got := denied([]namePattern{p}, c.kind, c.name); got != c.denies {
			t.Errorf("%s denies %s: got %t", c.pattern, c.name, got)
		}
	}
}

func TestHostsInCommonNames(t *testing.T) {
	for text, want := range map[string]string{
		"www.example.org": "dns:www.example.org", "*.example.org": "dns:*.example.org", "10.2.3.4": "ip:10.2.3.4", "2001:db8::1": "ip:2001:db8::1",
		"localhost": "dns:localhost", "My Server": "", "Ada": "", "": "", "v1.2": "", "1.2.3": "", "a..b": "", "-a.b": "", "a-.b": "", "fe80::1%eth0": "",
		"a@example.org": "", "https://example.org": "", "::ffff:10.0.0.1": "ip:10.0.0.1",
	} {
		got := ""
		if n, ok := hostName(text); ok {
			got = n.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSubtreesWithin(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"dns:example.org", "dns:example.org", true},
		{"dns:example.org", "dns:a.example.org", true},
		{"dns:example.org", "dns:.example.org", true},
		{"dns:.example.org", "dns:example.org", false},
		{"dns:example.org", "dns:notexample.org", false},
		{"dns:example.org", "dns:org", false},
		{"dns:example.org", "email:evil.com", true}, // no bound on that kind
		{"ip:10.0.0.0/8", "ip:10.1.0.0/16", true},
		{"ip:10.0.0.0/8", "ip:0.0.0.0/0", false},
		{"ip:10.0.0.0/8", "ip:11.0.0.0/8", false},
		{"ip:10.0.0.0/8", "ip:2001:db8::/32", false},
		{"email:example.org", "email:a@example.org", true},
		{"email:example.org", "email:.example.org", false},
		{"email:.example.org", "email:a@b.example.org", true},
		{"email:a@example.org", "email:example.org", false},
		{"dir:O=Example", "dir:O=Example", true},
		{"dir:O=Example", "dir:OU=A,O=Example", true},
		{"dir:OU=A,O=Example", "dir:O=Example", false},
	} {
		outer, err := parseSubtree(c.outer)
		if err != nil {
			t.Fatalf("%s: %v", c.outer, err)
		}
		inner, err := parseSubtree(c.inner)
		if err != nil {
			t.Fatalf("%s: %v", c.inner, err)
		}
		if got := within([]ext.GeneralName{outer}, &inner); got != c.want {
			t.Errorf("%s within %s: got %t", c.inner, c.outer, got)
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]string{"90d": "90d", "24h": "1d", "1h30m": "90m", "2w": "14d", "1y": "365d", "45s": "45s", "0s": "0s"} {
		var d duration
		if err := d.fromText(text); err != nil || d.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, d, err, want)
		}
	}
	for _, text := range []string{"", "d", "9", "-1d", "1.5h", "101y", "99999999999d", "1d1", "60y60y"} {
		var d duration
		if err := d.fromText(text); err == nil {
			t.Errorf("%s: got %v", text, d)
		}
	}
}
