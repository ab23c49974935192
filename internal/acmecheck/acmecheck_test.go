package acmecheck

import (
	"net/netip"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	c, err := New(Settings{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Fields(`0.0.0.0 0.1.2.3 10.0.0.1 10.2.0.0 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
		192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
		:: ::1 ::7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::a00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:a00:1:: 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1`) {
		if c.mayAsk(netip.MustParseAddr(text)) {
			t.Errorf("%s may be asked", text)
		}
	}
	for _, text := range strings.Fields(`10.1.2.3 ::ffff:10.1.0.1 8.8.8.8 1.1.1.1 100.128.0.1 172.32.0.1 192.0.1.1 2606:4700::1111 2a00:1450::1 2001:4860::8888`) {
		if !c.mayAsk(netip.MustParseAddr(text)) {
			t.Errorf("%s may not be asked", text)
		}
	}
}

func TestIssueValues(t *testing.T) {
	v, err := parseIssueValue(" CA.test ;\taccounturi = https://x/1?a=b ; policy=wildcard;")
	if err != nil || v.domain != "ca.test" || len(v.parameters) != 2 || v.parameters["accounturi"] != "https://x/1?a=b" || v.parameters["policy"] != "wildcard" {
		t.Errorf("%+v, %v", v, err)
	}
	for _, text := range []string{"", ";", "ca.test", "ca.test;", " ; "} {
		if v, err := parseIssueValue(text); err != nil || len(v.parameters) != 0 {
			t.Errorf("%q: %+v, %v", text, v, err)
		}
	}
	for _, text := range []string{"ca.test x", "ca.test; a", "ca.test; =b", "ca.test; a b=c", "ca.test; -a=b", "ca.test; a-=b", "ca.test; a=b; a=c", "ca.test; a=\x00", "ca.test; a=b c", "ca.test;; a=b", "a=b"} {
		if v, err := parseIssueValue(text); err == nil {
			t.Errorf("%q is taken: %+v", text, v)
		}
	}
}

func FuzzParseIssueValue(f *testing.F) {
	f.Add("ca.test; accounturi=https://x/1; policy=wildcard")
	f.Add(";")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parseIssueValue(text)
		if err != nil {
			return
		}
		for tag, value := range v.parameters {
			if !isTag(tag) || !isValue(value) {
				t.Errorf("%q has the parameter %q=%q", text, tag, value)
			}
		}
	})
}

func TestExcerpts(t *testing.T) {
	for text, want := range map[string]string{"a\x00b\u202ec": "\"a.b.c\"", "": "\"\"", strings.Repeat("x", 101): "\"" + strings.Repeat("x", 100) + "…\""} {
		if got := excerpt(text); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}
