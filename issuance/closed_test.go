package issuance_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Certificates that make authorities, or speak in the stead of one, are for
// those alone who were given the profile by name, wherever in the profile it
// stands.
func TestClosedProfiles(t *testing.T) {
	builtIn := func(name string) string {
		p, ok := issuance.BuiltInProfile(name)
		if !ok {
			t.Fatalf("there is no profile %s", name)
		}
		return string(p.Text())
	}
	usage := func(line string) string { return base + "extensions: { " + line + " }\n" }
	for _, c := range []struct{ name, text, why string }{
		{"subca", builtIn("subca"), "make an authority of their holder"},
		{"root", builtIn("root"), "make an authority of their holder"},
		{"ocsp", builtIn("ocsp"), "answer in the authority's stead which certificates are revoked (OCSPSigning)"},
		{"cmp", builtIn("cmp"), "speak in the authority's stead (cmcCA, cmKGA)"},
		{"registration authority", usage("extKeyUsage: { default: [clientAuth, cmcRA] }"), "make a registration authority of their holder (cmcRA)"},
		{"lists", usage("keyUsage: { default: [digitalSignature, cRLSign] }"), "sign revocation lists"},
		{"says so", base + "applicants: named\n", "are not for everybody (profile base, line "},
		{"says all", base + "applicants: all\n", ""},
		{"code", builtIn("code"), ""},
		{"client", builtIn("client"), ""},
		{"device", builtIn("device"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			profile := parseProfile(t, c.text)
			root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
			r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=Evil Sub CA,O=x,C=US")
			judged := func(e evidence.Entitlement) (issuance.Finding, bool) {
				of := evidence.Of(r, evidence.Origin{Door: "rest", Requester: "mallory", Entitled: e}, nil)
				return finding(profile.Judge(r, of, root.issuer, issuance.Asked{}, start), "closed-profile", request.NotAuthorized)
			}
			f, refused := judged(evidence.Entitlement{Profiles: []string{"another"}, CAs: []string{profile.Name}})
			if refused != (c.why != "") || !strings.Contains(f.Detail, c.why) {
				t.Errorf("%+v", f)
			}
			if refused && (f.Field != "profile" || !strings.Contains(f.Fix, "certwright token new NAME --role applicant --profile "+profile.Name)) {
				t.Errorf("%+v", f)
			}
			for _, open := range []evidence.Entitlement{evidence.Operator(), {Profiles: []string{profile.Name}}} {
				if f, refused := judged(open); refused {
					t.Errorf("%+v: %+v", open, f)
				}
			}
		})
	}
}

// What a request asks for is what is looked at, where the profile lets it.
func TestClosedByWhatIsAsked(t *testing.T) {
	profile := parseProfile(t, base+"extensions: { extKeyUsage: { default: [clientAuth], request: allow, allowed: [clientAuth, OCSPSigning] } }\n")
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	k := newKey(t, "ecdsa-p256")
	for _, c := range []struct {
		purpose oid.OID
		closed  bool
	}{{oid.ClientAuth, false}, {oid.OCSPSigning, true}} {
		r := newRequest(t, k, "CN=a", ext.NewExtKeyUsage([]oid.OID{c.purpose}, false))
		of := evidence.Of(r, evidence.Origin{Door: "acme"}, nil)
		f, closed := finding(profile.Judge(r, of, root.issuer, issuance.Asked{}, start), "closed-profile", request.NotAuthorized)
		if closed != c.closed || closed && !strings.Contains(f.Fix, "acme.profiles") {
			t.Errorf("%s: %+v", c.purpose.Short(), f)
		}
	}
}
