package ext

import (
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/dn"
)

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		permitted, excluded, name, want string // want is the error; constraints are separated by blanks
	}{
		{"", "", "dns:a.example", ""},
		{"dns:a.example", "", "dns:a.example", ""},
		{"dns:a.example", "", "dns:b.A.Example", ""},
		{"dns:a.example", "", "dns:*.a.example", ""},
		{"dns:a.example", "", "dns:ba.example", "dns:ba.example is in none of the permitted subtrees: dns:a.example"},
		{"dns:a.example", "", "dns:*.example", "dns:*.example is in none of the permitted subtrees: dns:a.example"},
		{"dns:a.example dns:b.example", "", "dns:c.example", "dns:c.example is in none of the permitted subtrees: dns:a.example, dns:b.example"},
		{"dns:.a.example", "", "dns:b.a.example", ""},
		{"dns:.a.example", "", "dns:a.example", "dns:a.example is in none of the permitted subtrees: dns:.a.example"},
		{"dns:bücher.example", "", "dns:x.bücher.example", ""},
		{"dns:a.example", "", "ip:192.0.2.1", ""},
		{"dns:a.example", "", "email:x@b.example", ""},
		{"", "dns:a.example", "dns:b.a.example", "dns:b.a.example is in the excluded subtree dns:a.example"},
		{"", "dns:a.example", "dns:example", ""},
		{"", "dns:b.a.example", "dns:*.a.example", "dns:*.a.example is in the excluded subtree dns:b.a.example"},
		{"", "dns:c.b.a.example", "dns:*.a.example", ""},
		{"dns:a.example", "dns:b.a.example", "dns:c.a.example", ""},
		{"dns:a.example", "dns:b.a.example", "dns:b.a.example", "dns:b.a.example is in the excluded subtree dns:b.a.example"},
		{"email:a@host.example", "", "email:a@HOST.example", ""},
		{"email:a@host.example", "", "email:A@host.example", "email:A@host.example is in none of the permitted subtrees: email:a@host.example"},
		{"email:host.example", "", "email:a@host.example", ""},
		{"email:host.example", "", "email:a@b.host.example", "email:a@b.host.example is in none of the permitted subtrees: email:host.example"},
		{"email:.host.example", "", "email:a@b.host.example", ""},
		{"email:.host.example", "", "email:a@host.example", "email:a@host.example is in none of the permitted subtrees: email:.host.example"},
		{"email:bücher.example", "", "smtputf8:ü@bücher.example", ""},
		{"email:host.example", "", "smtputf8:ü@other.example", "smtputf8:ü@other.example is in none of the permitted subtrees: email:host.example"},
		{"email:host.example", "", "upn:a@other.example", ""},
		{"uri:host.example", "", "uri:https://host.example:8443/x", ""},
		{"uri:host.example", "", "uri:https://a.host.example/", "uri:https://a.host.example/ is in none of the permitted subtrees: uri:host.example"},
		{"uri:.host.example", "", "uri:https://a.host.example/", ""},
		{"uri:host.example", "", "uri:https://192.0.2.1/", "uri:https://192.0.2.1/ cannot be held against the permitted subtree uri:host.example: the URI has an address where a host name is needed"},
		{"", "uri:host.example", "uri:urn:a:b", "uri:urn:a:b cannot be held against the excluded subtree uri:host.example: the URI has no host"},
		{"ip:192.0.2.0/24", "", "ip:192.0.2.255", ""},
		{"ip:192.0.2.0/24", "", "ip:192.0.3.0", "ip:192.0.3.0 is in none of the permitted subtrees: ip:192.0.2.0/24"},
		{"ip:10.0.0.0/255.0.0.0", "", "ip:10.1.2.3", ""},
		{"ip:192.0.2.1", "", "ip:192.0.2.1", ""},
		{"ip:192.0.2.0/24", "", "ip:2001:db8::1", "ip:2001:db8::1 is in none of the permitted subtrees: ip:192.0.2.0/24"},
		{"", "ip:2001:db8::/32", "ip:2001:db8:ffff::1", "ip:2001:db8:ffff::1 is in the excluded subtree ip:2001:db8::/32"},
		{"", "ip:0.0.0.0/0", "ip:2001:db8::1", ""},
		{"dir:O=Example", "", "dir:CN=a,O=EXAMPLE", ""},
		{"dir:O=Example", "", "dir:CN=a,O=Other", "dir:CN=a,O=Other is in none of the permitted subtrees: dir:O=Example"},
		{"dir:CN=a,O=Example", "", "dir:O=Example", "dir:O=Example is in none of the permitted subtrees: dir:CN=a,O=Example"},
		{"", "dir:O=Example", "dir:O=Example", "dir:O=Example is in the excluded subtree dir:O=Example"},
		{"upn:host.example", "", "upn:a@host.example", ""},
		{"upn:.host.example", "", "upn:a@b.host.example", ""},
		{"upn:@host.example", "", "upn:a@other.example", "upn:a@other.example is in none of the permitted subtrees: upn:host.example"},
		{"upn:a@host.example", "", "upn:a@host.example", ""},
		{"upn:host.example", "", "srv:_imap.other.example", ""},
		{"rid:1.2.3", "", "rid:1.2.3", ""},
		{"rid:1.2.3", "", "rid:1.2.4", "rid:1.2.4 is in none of the permitted subtrees: rid:1.2.3"},
		{"dns:", "", "dns:a.example", ""},
		{"", "dns:", "dns:a.example", "dns:a.example is in the excluded subtree dns:#"},
		{"", "other:1.2.3;UTF8:a", "other:1.2.3;UTF8:a", "other:1.2.3;UTF8:a is in the excluded subtree other:1.2.3;UTF8:a"},
	} {
		var constraints NameConstraints
		constraints.Permitted = constraintsOf(t, c.permitted)
		constraints.Excluded = constraintsOf(t, c.excluded)
		got := ""
		if err := constraints.Allows(mustName(t, c.name)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("permitted %q, excluded %q, %s:\n got %s\nwant %s", c.permitted, c.excluded, c.name, got, c.want)
		}
	}
}

func constraintsOf(t *testing.T, text string) []GeneralName {
	t.Helper()
	var out []GeneralName
	for _, one := range strings.Fields(text) {
		if one == "dns:" {
			out = append(out, NewGeneralName(DNS, nil))
			continue
		}
		out = append(out, mustConstraints(t, one)...)
	}
	return out
}

func TestNamesThatCannotBeReadAreForbidden(t *testing.T) {
	c := NameConstraints{Excluded: mustConstraints(t, "dns:a.example", "ip:192.0.2.0/24", "email:a.example", "upn:a.example")}
	for _, n := range []GeneralName{
		NewGeneralName(DNS, []byte("b.example.")),
		NewGeneralName(DNS, []byte("b.example\x00")),
		NewGeneralName(IP, []byte{1, 2}),
		NewGeneralName(Email, []byte("a")),
		NewGeneralName(OtherName, []byte{1}),
	} {
		if c.Allows(n) == nil {
			t.Errorf("%s is allowed", n)
		}
	}
}

func TestAllowsAll(t *testing.T) {
	c := NameConstraints{Permitted: mustConstraints(t, "email:host.example", "dir:O=Example", "dns:host.example")}
	for _, one := range []struct {
		subject, names string
		ok             bool
	}{
		{"", "", true},
		{"CN=a,O=Example", "", true},
		{"O=Other", "", false},
		{"emailAddress=a@host.example,O=Example", "", true},
		{"emailAddress=a@other.example,O=Example", "", false},
		{"emailAddress=a@other.example,O=Example", "email:a@host.example", false},
		{"CN=www.host.example,O=Example", "", true},
		{"CN=www.other.example,O=Example", "", false},
		{"CN=www.other.example,O=Example", "dns:www.host.example", true},
		{"O=Example", "email:a@other.example", false},
	} {
		subject, err := dn.ParseText(one.subject)
		if err != nil {
			t.Fatal(err)
		}
		err = c.AllowsAll(subject, mustNames(t, strings.Fields(one.names)...))
		if (err == nil) != one.ok {
			t.Errorf("%s %s: %v", one.subject, one.names, err)
		}
	}
}

func TestParseConstraintErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a.example":           "the kind is missing; write dns:, email:, uri:, ip:, dir: or upn: before the value",
		"ip:host":             "this is not a network; write it like 192.0.2.0/24 or 2001:db8::/32",
		"ip:192.0.2.1/24":     "the address has bits set outside the mask; write 192.0.2.0/24",
		"ip:192.0.2.0/x":      "after the slash there is no length or mask that fits the address; write it like 192.0.2.0/24",
		"ip:192.0.2.0/ffff::": "after the slash there is no length or mask that fits the address; write it like 192.0.2.0/24",
		"dns:*.a.example":     "a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com",
		"dns:.":               "the host name is empty",
		"uri:https://a/":      "this is a URI, not a host name; write uri: before it, or the host name alone",
	} {
		n, err := ParseConstraint(text)
		if err == nil {
			t.Errorf("ParseConstraint(%q) = %s, want an error", text, n)
		} else if !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("ParseConstraint(%q):\n got %s\nwant %s", text, err, want)
		}
	}
}

// TestAllowsAgreesWithStandardLibrary holds our verdicts against those of
// crypto/x509 on whole chains.
func TestAllowsAgreesWithStandardLibrary(t *testing.T) {
	names := []string{
		"dns:a.example", "dns:b.a.example", "dns:*.a.example", "dns:ba.example", "dns:c.b.a.example",
		"email:x@a.example", "email:x@b.a.example", "uri:https://a.example/", "uri:https://b.a.example/",
		"ip:192.0.2.77", "ip:198.51.100.1", "ip:2001:db8::5",
	}
	constraints := []string{
		"dns:a.example", "dns:b.a.example", "email:a.example", "email:.a.example", "email:x@a.example",
		"uri:a.example", "uri:.a.example", "ip:192.0.2.0/24", "ip:192.0.2.64/26", "ip:2001:db8::/32",
	}
	rootKey, leafKey := newKey(t), newKey(t)
	for _, constraint := range constraints {
		for _, excluded := range []bool{false, true} {
			var c NameConstraints
			if excluded {
				c.Excluded = mustConstraints(t, constraint)
			} else {
				c.Permitted = mustConstraints(t, constraint)
			}
			ca := template([]Extension{NewBasicConstraints(BasicConstraints{CA: true, PathLen: -1}, true), NewKeyUsage(KeyCertSign), NewNameConstraints(c)})
			ca.Subject.CommonName = "root"
			raw, err := x509.CreateCertificate(rand.Reader, ca, ca, rootKey.Public(), rootKey)
			if err != nil {
				t.Fatal(err)
			}
			root, err := x509.ParseCertificate(raw)
			if err != nil {
				t.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AddCert(root)
			for _, name := range names {
				n := mustName(t, name)
				raw, err := x509.CreateCertificate(rand.Reader, template([]Extension{NewSubjectAltName([]GeneralName{n}, false)}), root, leafKey.Public(), rootKey)
				if err != nil {
					t.Fatal(err)
				}
				leaf, err := x509.ParseCertificate(raw)
				if err != nil {
					t.Fatal(err)
				}
				_, theirs := leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
				ours := c.Allows(n)
				if n.Kind == Email && constraint == "email:a.example" || n.Kind == URI && constraint == "uri:a.example" {
					// A host stands for itself alone in RFC 5280, and for the hosts
					// below it in crypto/x509; OpenSSL does as the RFC says.
					continue
				}
				if (ours == nil) != (theirs == nil) {
					t.Errorf("%s (excluded: %v), %s:\n ours %v\ntheirs %v", constraint, excluded, name, ours, theirs)
				}
			}
		}
	}
}
