package opensslconf

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/specimen"
)

var (
	nameTypes = []string{"C", "ST", "L", "O", "OU", "CN", "emailAddress", "DC", "UID", "serialNumber", "dnQualifier", "title", "GN", "SN", "initials", "name", "description", "street", "postalCode",
		"jurisdictionC", "unstructuredName", "challengePassword", "unstructuredAddress", "friendlyName", "INN", "OGRN", "SNILS", "c3", "n3", "dnsName", "mail", "CSPName", "businessCategory", "2.5.4.42", "1.2.3.4", "commonname", "nosuch", "x500UniqueIdentifier", "countryName", "pseudonym"}
	nameValues = []string{"DE", "D", "DEU", "276", "a", "a b", "12 3", "a*", "a@b.example", "Grüße", "日本", "😀", "x\xff", "", "12345678901", "123456789012", "1234567890123", "a.b:c=d?e",
		strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("ü", 64), "\t", "a&b"}
	masks = []string{"", "string_mask = default\n", "string_mask = pkix\n", "string_mask = utf8only\n", "string_mask = nombstr\n", "string_mask = MASK:0x2002\n", "string_mask = MASK:20\n", "string_mask = MASK:0x100\n"}
)

// namesConf writes a configuration with this mask, with or without utf8.
func namesConf(r *rand.Rand, dn string) string {
	text := header[:strings.Index(header, "[dn]")] + "prompt = no\n" + masks[r.IntN(len(masks))]
	if r.IntN(2) == 0 {
		text += "utf8 = yes\n"
	}
	return text + "[dn]\n" + dn
}

func TestSubjects(t *testing.T) {
	b, r := newBench(t), seed(t)
	for range 120 {
		text := ""
		for range 1 + r.IntN(4) {
			value := nameValues[r.IntN(len(nameValues))]
			if r.IntN(6) == 0 {
				value += []string{"\\/", "\\+", "+CN=x", "\\\\", "=y", "+nosuch=z", "\\"}[r.IntN(7)]
			}
			text += "/" + nameTypes[r.IntN(len(nameTypes))] + "=" + value
		}
		if r.IntN(20) == 0 {
			text = []string{"CN=x", "/CN", "/", "", "/CN=x/", "/=x", "//CN=x", "/CN=a+OU"}[r.IntN(8)]
		}
		conf := namesConf(r, "CN = unused\n")
		path := b.write(t, "subj.cnf", conf)
		out, talk, ok := specimen.OpenSSL(t, nil, "req", "-new", "-key", b.priv, "-config", path, "-subj", text, "-outform", "DER")
		f := parse(t, conf)
		req, err := f.Req("req")
		if err != nil {
			t.Fatal(err)
		}
		name, _, err := f.ParseSubject(text, req.Names, true)
		compareRequest(t, conf+text, out, talk, ok, name.Raw, nil, err)
	}
}

func compareRequest(t *testing.T, what, out, talk string, ok bool, name []byte, attributes []pkcs10.Attribute, err error) {
	t.Helper()
	if (err == nil) != ok {
		t.Errorf("%q: openssl takes it: %v, we: %v\n%s", what, ok, err, talk)
		return
	}
	if err != nil {
		return
	}
	r, err := pkcs10.Parse([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(name, r.Subject.Raw) {
		t.Errorf("%q:\n got %x\nwant %x", what, name, r.Subject.Raw)
	}
	for _, a := range attributes {
		found := false
		for _, theirs := range r.Attributes {
			found = found || theirs.ID == a.ID && bytes.Equal(theirs.Values[0], a.Values[0])
		}
		if !found {
			t.Errorf("%q: attribute %s %x is not among openssl's", what, a.ID, a.Values)
		}
	}
}

func TestNamesFromSections(t *testing.T) {
	b, r := newBench(t), seed(t)
	for range 80 {
		lines := ""
		for n := range 1 + r.IntN(4) {
			prefix := []string{"", "+", fmt.Sprintf("%d.", n), fmt.Sprintf("%d.+", n), "+1.", "a,"}[r.IntN(6)]
			lines += prefix + nameTypes[r.IntN(len(nameTypes))] + " = \"" + nameValues[r.IntN(len(nameValues))] + "\"\n"
		}
		lines += "CN = last\n[at]\n" + []string{"challengePassword", "unstructuredName", "1.2.3.4", "title"}[r.IntN(4)] + " = \"" + nameValues[r.IntN(len(nameValues))] + "\"\n"
		conf := strings.Replace(namesConf(r, lines), "prompt", "attributes = at\nprompt", 1)
		path := b.write(t, "dn.cnf", conf)
		out, talk, ok := specimen.OpenSSL(t, nil, "req", "-new", "-key", b.priv, "-config", path, "-outform", "DER")
		f := parse(t, conf)
		req, err := f.Req("req")
		if err != nil || req.Prompt || req.DistinguishedName != "dn" {
			t.Fatal(req, err)
		}
		name, err := f.NameFromSection("dn", req.Names)
		var attributes []pkcs10.Attribute
		if err == nil {
			attributes, err = f.AttributesFromSection(req.Attributes, req.Names)
		}
		compareRequest(t, conf, out, talk, ok, name.Raw, attributes, err)
	}
}

func TestPrompts(t *testing.T) {
	b, r := newBench(t), seed(t)
	const dn = `[dn]
countryName = Country Name (2 letter code)
countryName_default = AU
countryName_min = 2
countryName_max = 2
0.organizationName = Organization
0.organizationName_default = Internet
1.organizationName = Second
+organizationalUnitName = Unit
nosuch = unknown
2.5.4.42 = passed over
commonName = Common
commonName_value = fixed
emailAddress = Email
emailAddress_max = 6x
[at]
challengePassword = A password
challengePassword_min = 4
challengePassword_max = 20
unstructuredName = Company
unstructuredName_default = none
nosuch = unknown
1.title = passed over
`
	conf := header[:strings.Index(header, "[dn]")] + "attributes = at\n" + dn
	path := b.write(t, "prompt.cnf", conf)
	f := parse(t, conf)
	req, err := f.Req("req")
	if err != nil || !req.Prompt {
		t.Fatal(req, err)
	}
	for range 30 {
		subject, err := f.SubjectPrompts(req.DistinguishedName)
		if err != nil || len(subject) != 6 {
			t.Fatal(subject, err)
		}
		attributes, err := f.AttributePrompts(req.Attributes)
		if err != nil || len(attributes) != 2 {
			t.Fatal(attributes, err)
		}
		var typed strings.Builder
		ask := func(questions []Prompt) (out []Answer) {
			for _, q := range questions {
				for text := q.Value; ; {
					if !q.HasValue {
						text = []string{"", ".", "DE", "x", "abcd", "a@b.c", "too long to be taken by anyone"}[r.IntN(7)]
						typed.WriteString(text + "\n")
					}
					text, ok := q.Take(text)
					if !ok {
						break
					}
					if q.Check(text) == nil {
						out = append(out, Answer{q, text})
						break
					}
				}
			}
			return out
		}
		answers, extra := ask(subject), ask(attributes)
		name, err := SubjectOf(answers, req.Names)
		var made []pkcs10.Attribute
		if err == nil {
			made, err = AttributesOf(extra, req.Names)
		}
		out, talk, ok := specimen.OpenSSL(t, []byte(typed.String()), "req", "-new", "-key", b.priv, "-config", path, "-outform", "DER")
		compareRequest(t, typed.String(), out, talk, ok, name.Raw, made, err)
	}
}

func TestSubjectErrors(t *testing.T) {
	f := parse(t, "")
	for text, want := range map[string]string{
		"CN=x":     `the name "CN=x" does not begin with a slash; write it as /C=…/O=…/CN=…`,
		"/CN=x/OU": `the part "OU" of the name has no equal sign`,
		`/CN=x\`:   "the name ends in a backslash, which takes away the meaning of a character that is not there",
		"/C=DEU":   "the part /C=DEU of the name: countryName: the value is too long; at most 2 characters are allowed",
		"/C=D":     "the part /C=D of the name: countryName: the value is too short; at least 2 characters are needed",
		"/C=ü":     "the part /C=ü of the name: countryName: the character 'Ã' is in none of the string types allowed",
	} {
		_, _, err := f.ParseSubject(text, NameOptions{}, true)
		var fault *SubjectError
		if !errors.As(err, &fault) || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	_, _, err := f.ParseSubject("/CN=\xff", NameOptions{UTF8: true}, true)
	if err == nil || !strings.Contains(err.Error(), "the value is not UTF-8") {
		t.Error(err)
	}
	_, skipped, err := f.ParseSubject("/nosuch=a+1.2.3.4=b/CN=", NameOptions{}, true)
	if err != nil || fmt.Sprint(skipped) != "[{nosuch false false} {1.2.3.4 false true} {CN true false}]" {
		t.Error(skipped, err)
	}
}
