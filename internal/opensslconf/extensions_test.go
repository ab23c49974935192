package opensslconf

import (
	"errors"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

func TestExtensionErrors(t *testing.T) {
	f, err := Parse("e.cnf", []byte(sections+"[bad]\nkeyUsage = bogus\n"), Source{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, value, want string }{
		{"keyUsage", "bogus", `extension keyUsage = bogus: "bogus" is not a name that it has`},
		{"basicConstraints", "CA:maybe", `extension basicConstraints = CA:maybe: CA: "maybe" is neither TRUE nor FALSE`},
		{"basicConstraints", "CA:TRUE,pathlen:x", `extension basicConstraints = CA:TRUE,pathlen:x: pathlen: "x" is not a whole number`},
		{"basicConstraints", "foo:bar", `extension basicConstraints = foo:bar: "foo" is not a name that it has (in foo:bar)`},
		{"nosuch", "x", `extension nosuch = x: "nosuch" is not the name of an extension`},
		{"crlNumber", "5", "extension crlNumber = 5: there is no syntax for its value; write DER: or ASN1: before it"},
		{"subjectAltName", "URI:ldap://h/CN=foo,OU=bar", `extension subjectAltName = URI:ldap://h/CN=foo,OU=bar: "OU=bar" has no value; write KIND:VALUE`},
		{"subjectAltName", "FOO:x", `extension subjectAltName = FOO:x: "FOO" is no kind of name; it is one of email, URI, DNS, RID, IP, dirName and otherName`},
		{"subjectAltName", "IP:1.2.3", `extension subjectAltName = IP:1.2.3: "1.2.3" is not an IP address`},
		{"subjectAltName", "dirName:none", "extension subjectAltName = dirName:none: there is no section none"},
		{"subjectAltName", "otherName:1.2.3", `extension subjectAltName = otherName:1.2.3: the otherName "1.2.3" has no semicolon; write OID;TYPE:VALUE`},
		{"subjectAltName", "email:copy", "extension subjectAltName = email:copy: it is made of the subject, which is not known here"},
		{"subjectAltName", "@none", "extension subjectAltName = @none: there is no section none"},
		{"subjectAltName", "@empty", "extension subjectAltName = @empty: the section empty has nothing in it"},
		{"subjectAltName", "DNS:a,", "extension subjectAltName = DNS:a,: a part of the list between commas is empty"},
		{"subjectAltName", "DNS:", "extension subjectAltName = DNS:: the part DNS: of the list has no value after its colon"},
		{"issuerAltName", "issuer:copy", "extension issuerAltName = issuer:copy: it is copied from the issuer's certificate, which is not known here"},
		{"subjectKeyIdentifier", "hash", "extension subjectKeyIdentifier = hash: it is made of the subject, which is not known here"},
		{"subjectKeyIdentifier", "123", "extension subjectKeyIdentifier = 123: it is none, hash or hexadecimal digits: the hexadecimal digits are odd in number"},
		{"authorityKeyIdentifier", "keyid", "extension authorityKeyIdentifier = keyid: it is made of the issuer's certificate, which is not known here"},
		{"authorityInfoAccess", "URI:x", `extension authorityInfoAccess = URI:x: "URI" has no semicolon; write METHOD;KIND:VALUE`},
		{"nameConstraints", "DNS:x", `extension nameConstraints = DNS:x: "DNS" begins neither with permitted; nor with excluded;`},
		{"nameConstraints", "permitted;IP:1.2.3.4", `extension nameConstraints = permitted;IP:1.2.3.4: the address "1.2.3.4" has no mask; write ADDRESS/MASK`},
		{"nameConstraints", "permitted;IP:1.2.3.4/ffff::", `extension nameConstraints = permitted;IP:1.2.3.4/ffff::: address and mask of "1.2.3.4/ffff::" are not of one family`},
		{"crlDistributionPoints", "crldp3", "extension crlDistributionPoints = crldp3: section crldp3: the section two has 2 parts, and a relative name has one; write + before the names of the others"},
		{"crlDistributionPoints", "crldp5", "extension crlDistributionPoints = crldp5: section crldp5: the distribution point has a name already: give it fullname or relativename, once"},
		{"issuingDistributionPoint", "onlysomereasons:foo", `extension issuingDistributionPoint = onlysomereasons:foo: onlysomereasons: "foo" is no reason; it is one of keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn, AACompromise`},
		{"certificatePolicies", "1.2:3", `extension certificatePolicies = 1.2:3: "1.2:3" is no policy; write its identifier, or @ and a section`},
		{"certificatePolicies", "@pol2", "extension certificatePolicies = @pol2: section pol2: it has no policyIdentifier"},
		{"policyMappings", "1.2.3", `extension policyMappings = 1.2.3: "1.2.3" is no mapping; write ISSUERS-POLICY:SUBJECTS-POLICY`},
		{"policyConstraints", "@nosuch", "extension policyConstraints = @nosuch: there is no section nosuch"},
		{"tlsfeature", "x", `extension tlsfeature = x: "x" is no TLS feature; write status_request, status_request_v2 or a number up to 65535`},
		{"proxyCertInfo", "language:1.2,policy:foo", `extension proxyCertInfo = language:1.2,policy:foo: the policy "foo" begins neither with hex: nor with text:`},
		{"proxyCertInfo", "pathlen:1", "extension proxyCertInfo = pathlen:1: it has no language"},
		{"1.2.3", "DER:0", "extension 1.2.3 = DER:0: at least two hexadecimal digits are needed"},
		{"1.2.3", "ASN1:FOO:x", `extension 1.2.3 = ASN1:FOO:x: asn.1 value "FOO:x": "FOO" is neither a type nor a modifier`},
	} {
		_, err := f.Extension(Context{}, c.name, c.value)
		var fault *ExtensionError
		if !errors.As(err, &fault) || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	_, err = f.Extensions("bad", Context{})
	if err == nil || !strings.HasPrefix(err.Error(), "e.cnf:") || !strings.HasSuffix(err.Error(), `: section bad: extension keyUsage = bogus: "bogus" is not a name that it has`) {
		t.Error(err)
	}
	if _, err = f.Extensions("none", Context{}); err == nil || err.Error() != "there is no section none of extensions" {
		t.Error(err)
	}
	if _, err = (*File)(nil).Extension(Context{}, "subjectAltName", "dirName:x"); err == nil || !strings.HasSuffix(err.Error(), "there is no configuration file to take the section x from") {
		t.Error(err)
	}
}

// TestSectionsElsewhere has lists come from the texts of -addext, and the
// sections that their values name from the configuration.
func TestSectionsElsewhere(t *testing.T) {
	main, added := parse(t, "[dir]\nCN = main\n"), parse(t, "subjectAltName = @list\n[list]\ndirName = dir\n[dir]\nCN = added\n")
	list, err := added.Extensions("default", Context{Sections: main})
	if err != nil || len(list) != 1 || !strings.Contains(string(list[0].Value), "main") {
		t.Errorf("%v, %v", list, err)
	}
}

func TestReplace(t *testing.T) {
	a, b, c := ext.Extension{ID: oid.KeyUsage}, ext.Extension{ID: oid.BasicConstraints}, ext.Extension{ID: oid.KeyUsage, Critical: true}
	existing := []ext.Extension{a, b}
	got := Replace(existing, []ext.Extension{c})
	if len(got) != 2 || got[0].ID != oid.BasicConstraints || !got[1].Critical || existing[0].ID != oid.KeyUsage {
		t.Error(got, existing)
	}
}

func FuzzParseExtension(f *testing.F) {
	for _, s := range specimens {
		f.Add(s.name, s.value)
	}
	conf, err := Parse("f", []byte(sections), Source{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		e, err := conf.Extension(Context{}, name, value)
		if err == nil && e.ID == "" {
			t.Fatalf("%q = %q: an extension of no kind", name, value)
		}
	})
}
