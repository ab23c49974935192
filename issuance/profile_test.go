package issuance_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/issuance"
)

// wrongProfiles are texts, and part of what is said of each.
var wrongProfiles = []struct{ text, want string }{
	{"", "the profile is empty"},
	{"a: [", "the profile is not YAML: line 1"},
	{"- a", "line 1: found a list where keys with values belong"},
	{base + "---\nname: b", "a second document begins here; write one profile a file"},
	{base + "subjet: {}", `line 5: unknown key "subjet"; did you mean "subject"?`},
	{base + "subject:\n  atributes: {}", `line 6: subject: unknown key "atributes"; did you mean "attributes"?`},
	{base + "zzzzzzzz: 1", `line 5: unknown key "zzzzzzzz"; known are `},
	{base + "name: twice", `line 5: the key "name" stands twice, first on line 1`},
	{base + "ca: yes", `line 5: ca: got "yes", want true or false`},
	{base + "names: { min: -1 }", `line 5: names.min: got "-1", want a whole number from 0 on`},
	{base + "names: { kinds: dns }", `line 5: names.kinds: found "dns" where a list belongs; write [a, b]`},
	{base + "names: { kinds: [dsn] }", `line 5: names.kinds[0]: got "dsn", want one of other, email, dns, x400, dir, edi, uri, ip, rid, upn; did you mean "dns"?`},
	{base + "names: { kinds: &a [dns] }", "line 5: names.kinds: anchors and aliases (& and *) are not read here; write the value out"},
	{base + "issuance: maybe", `line 5: issuance: got "maybe", want one of automatic, review`},
	{base + "issuance: [review]", `line 5: issuance: found a list where a word belongs`},
	{"name: a\nversion: 1\nkeys: { ed25519: true }\nvalidity: { default: 90 }", `line 4: validity.default: got "90", want a length of time such as 90d, 12h, 30m, 45s, 6mo or 10y, at most 100y`},
	{"version: 1\nkeys: { ed25519: true }\nvalidity: { default: 9d }", "name: a profile needs a name"},
	{"name: a\nkeys: { ed25519: true }\nvalidity: { default: 9d }", "version: a profile needs a version, such as 1"},
	{"name: a\nversion: 1\nvalidity: { default: 9d }", "keys: a profile needs at least one kind of key: rsa, ec, ed25519, x25519 or mlDsa"},
	{"name: a\nversion: 1\nkeys: { ed25519: true }", "validity.default: a profile needs a default validity, such as 90d"},
	{"name: a\nversion: 1\nkeys: { rsa: { min: 1024 } }\nvalidity: { default: 9d }", "line 3: keys.rsa.min: got 1024, want at least 2048 bits"},
	{"name: a\nversion: 1\nkeys: { ec: [P256] }\nvalidity: { default: 9d }", `line 3: keys.ec[0]: got "P256", want one of`},
	{"name: a\nversion: 1\nkeys: { ed25519: true }\nvalidity: { default: 9d, maximum: 8d }", "line 4: validity.default: got 9d, want at most the maximum 8d"},
	{"name: a\nversion: 1\nkeys: { ed25519: true }\nvalidity: { default: 9d, minimum: 10d }", "line 4: validity.minimum: got 10d, want at most the default 9d"},
	{"name: a\nversion: 1\nkeys: { ed25519: true }\nvalidity: { default: 9d, backdate: 9d }", "line 4: validity.backdate: got 9d, want less than the default 9d"},
	{"name: a\nversion: 1\nkeys: { ed25519: true }\nvalidity: { default: 9d, future: 1d }", "line 4: validity.future: nobody can ask for a later start"},
	{base + "pathLength: { maximum: 1 }", "line 5: pathLength: a path length belongs to CA certificates only"},
	{base + "ca: true\npathLength: { maximum: 1, default: 2 }\nextensions: { keyUsage: { default: [keyCertSign] } }", "line 6: pathLength.default: got 2, want at most the maximum 1"},
	{base + "ca: true", "extensions.keyUsage.default: a CA profile needs keyCertSign (RFC 5280, Section 4.2.1.3)"},
	{base + "extensions: { keyUsage: { allowed: [keyCertSign] } }", "keyCertSign belongs to CA certificates only"},
	{base + "extensions: { keyUsage: { default: [digitalSignatur] } }", `did you mean "digitalSignature"?`},
	{base + "extensions: { extKeyUsage: { default: [serverAuthh] } }", `line 5: extensions.extKeyUsage.default[0]: got "serverAuthh"`},
	{base + "extensions: { extKeyUsage: { default: [] } }", "line 5: extensions.extKeyUsage.default: an empty list; leave it out, or name what it holds"},
	{base + "extensions: { extKeyUsage: { default: [clientAuth, clientAuth] } }", `"clientAuth" stands twice`},
	{base + "extensions: { basicConstraints: { request: allow } }", "want drop or refuse; whether a certificate is a CA's is for ca: alone to say"},
	{base + "extensions: { nameConstraints: { permitted: ['dns:a'] } }", "name constraints belong to CA certificates only"},
	{base + "ca: true\nextensions: { keyUsage: { default: [keyCertSign] }, nameConstraints: { permitted: ['10.0.0.0/8'] } }", "line 6: extensions.nameConstraints.permitted[0]: got \"10.0.0.0/8\": want dns:example.org"},
	{base + "ca: true\nextensions: { keyUsage: { default: [keyCertSign] }, noRevAvail: true }", "CA certificates must not say that there is no revocation"},
	{base + "extensions: { other: { basicConstraints: { request: allow } } }", "line 5: extensions.other.basicConstraints: this extension is the issuer's to write; use the key ca and extensions.basicConstraints"},
	{base + "extensions: { other: { 2.5.29.35: { request: allow } } }", "it is always made from the issuer's key"},
	{base + "extensions: { other: { nonsense: {} } }", "unknown extension; write its object identifier"},
	{base + "extensions: { other: { 1.2.3: { request: override } } }", "an override needs a value"},
	{base + "extensions: { other: { 1.2.3: { value: 0 } } }", `got "0", want octets in hexadecimal: an even number of digits`},
	{base + "extensions: { other: { 1.2.3: { value: zz } } }", `got "zz", want octets in hexadecimal`},
	{base + "extensions: { other: { 1.2.3: { value: '0401' } } }", "the value is not DER"},
	{base + "extensions: { unlisted: keep }", `got "keep", want drop or refuse; to let an extension through, list it under other`},
	{base + "names: { unlisted: keep }", `got "keep", want drop or refuse; to let a kind through, list it in kinds`},
	{base + "names: { required: [dns] }", `names.required[0]: "dns" is required but not among kinds`},
	{base + "names: { min: 1 }", "names.min: got 1 names, but no kinds are allowed"},
	{base + "names: { kinds: [dns], min: 3, max: 2 }", "names.min: got 3, want at most the maximum 2"},
	{base + "names: { kinds: [dns], allow: { dns: ['*.*.a'] } }", `names.allow.dns[0]: got "*.*.a", want example.org (that name)`},
	{base + "names: { kinds: [ip], allow: { ip: [10.0.0.0/33] } }", "want an address or network such as 10.0.0.0/8"},
	{base + "names: { kinds: [ip], deny: { ip: ['::ffff:10.0.0.0/104'] } }", "want an IPv4 network in dotted form"},
	{base + "names: { kinds: [uri], allow: { uri: [example.org] } }", "want the beginning of a URI with its scheme"},
	{base + "names: { kinds: [email], allow: { email: ['a@'] } }", "want a@example.org (that mailbox)"},
	{base + "names: { kinds: [rid], allow: { rid: ['1.2'] } }", "lists are for dns, ip, email, uri and upn"},
	{base + "names: { kinds: [dns], allow: { dns: [] } }", "an empty list"},
	{base + "subject: { attributes: { XN: {} } }", `line 5: subject.attributes.XN: unknown attribute; did you mean "CN"?`},
	{base + "subject: { attributes: { CN: {}, commonName: {} } }", "this attribute is listed twice under different names"},
	{base + "subject: { attributes: { CN: { pattern: '(' } } }", "which is no regular expression"},
	{base + "subject: { attributes: { CN: { pattern: '" + strings.Repeat("a", 1001) + "' } } }", "the pattern is 1001 bytes long, more than 1000"},
	{strings.Repeat("- a\n", 9) + strings.Repeat("x: 1\n", 60), "the profile is not YAML"},
	{base + "names: { kinds: [" + strings.Repeat("x, ", 60) + "] }", "and more that is wrong"},
	{base + "subject: { attributes: { O: { default: C, allowed: [A, B] } } }", `line 5: subject.attributes.O.default: got "C", want one of A, B`},
	{base + "subject: { attributes: { O: { default: C, presence: forbidden } } }", "an attribute that is forbidden cannot have a default or an override"},
	{base + "subject: { attributes: { C: { override: Germany } } }", `subject.attributes.C.override: got "Germany"`},
	{base + "lint: { ignore: [names-repeted] }", `no rule is called "names-repeted"; did you mean "names-repeated"?`},
	{base + "signature: { hashes: [md5] }", `signature.hashes[0]: got "md5", want one of sha224`},
	{base + "evidence: [origin]", `got "origin", want one of possession`},
	{base + "rules: [{ when: 'true', verdict: warn, message: m }]", "line 5: rules[0]: a rule needs a name"},
	{base + "rules: [{ name: a, when: 'true', verdict: warn }]", "a rule needs a message"},
	{base + "rules: [{ name: a, when: 'true', message: m }]", "a rule needs a verdict: refuse, hold or warn"},
	{base + "rules: [{ name: a, when: 'true', verdict: refus, message: m }]", `got "refus", want one of refuse, hold, warn; did you mean "refuse"?`},
}

func TestWrongProfilesSayWhereAndWhat(t *testing.T) {
	for _, c := range wrongProfiles {
		_, err := issuance.ParseProfile([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", strings.TrimPrefix(c.text, base), err, c.want)
		}
	}
}

func TestEveryMistakeIsTold(t *testing.T) {
	_, err := issuance.ParseProfile([]byte(base + "nam: x\nca: no\nissuance: now"))
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("got %v", err)
	}
}

func TestProfileVersion(t *testing.T) {
	a, b := parseProfile(t, base), parseProfile(t, base+"# a comment\n")
	if a.Version == b.Version || len(a.Version) != len("1+0123456789ab") || string(b.Text()) != base+"# a comment\n" {
		t.Errorf("got %s and %s", a.Version, b.Version)
	}
}

func TestWrongExpressions(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{"", "a rule needs an expression"},
		{"request.", "the expression is wrong at column"},
		{"request.subjct.CN", "has no field subjct"},
		{"request.key.size", "expected bool, but got int"},
		{"request.key.size > \"a\"", "stands between a number and a text"},
		{"1..9 == [1]", "ranges (1..9) are not read in profiles"},
		{"let a = 1; a == 1", "variables (let) are not read in profiles"},
		{"reduce(request.names.dns, #acc + #) == \"\"", "the function reduce is not read in profiles"},
		{"repeat(\"a\", 9) == \"\"", "the function repeat is not read in profiles"},
		{"now() > now", "the function now is not read in profiles"},
		{"all(request.names.dns, any(request.names.dns, any(request.names.dns, # == \"a\")))", "walks over lists are nested more than 2 deep"},
		{"true" + strings.Repeat(" && true", 400), "exceeds"},
		{strings.Repeat("a", 5000), "the expression is 5000 bytes long, more than 4096"},
	} {
		_, err := issuance.ParseProfile([]byte(base + "rules:\n  - { name: a, when: '" + strings.ReplaceAll(c.expression, "'", "''") + "', verdict: warn, message: m }"))
		if err == nil || !strings.Contains(err.Error(), "line 6: rules[0].when: ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s\ngot  %v\nwant %s", c.expression, err, c.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=www.example.org,O=Example")
	for expression, hit := range map[string]bool{
		`"Example" in request.subject.O`:                                                               true,
		`len(request.subject.OU) > 0`:                                                                  false,
		`any(request.names.dns, # endsWith ".example.org")`:                                            true,
		`all(request.names.dns, inDomain(#, "example.org"))`:                                           true,
		`any(request.names.ip, inNetwork(#, "10.0.0.0/8"))`:                                            false,
		`request.key.type == "EC" && request.key.size == 256 && request.key.curve == "P-256"`:          true,
		`request.format == "pkcs10"`:                                                                   true,
		`"basicConstraints" in request.extensions`:                                                     false,
		`evidence.origin.door == "test" && evidence.possession.proven`:                                 true,
		`len(evidence.controls) == 0`:                                                                  true,
		`certificate.validity > duration("2000h")`:                                                     true,
		`certificate.notAfter > issuer.notAfter || certificate.notBefore > now`:                        false,
		`profile.name == "base" && issuer.name contains "Test Root"`:                                   true,
		`any(request.names.all, {any(certificate.names.all, # == "dns:www.example.org")})`:             true,
		`request.name matches "^CN=www\\.[a-z]+\\.org,"`:                                               true,
		`issuer.key.type == "EC" && len(issuer.key.fingerprint) == 64 && !("x" in request.attributes)`: true,
	} {
		p := parseProfile(t, base+"subject: { unlisted: keep }\nnames: { kinds: [dns], fromCommonName: true }\nrules:\n  - name: it\n    verdict: hold\n    message: m\n    when: |\n      "+expression)
		j := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
		want := issuance.Accepted
		if hit {
			want = issuance.Held
		}
		if j.Verdict() != want {
			t.Errorf("%s: got %s: %+v", expression, j.Verdict(), j.Findings())
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	for _, name := range issuance.BuiltInNames() {
		text, _ := issuance.BuiltInText(name)
		f.Add(text)
	}
	f.Add([]byte(base + "rules: [{ name: a, when: 'len(request.names.dns) > 3', verdict: warn, message: m }]"))
	f.Add([]byte("a: &a [*a, *a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := issuance.ParseProfile(text)
		if (p == nil) == (err == nil) {
			t.Fatalf("got %v and %v", p, err)
		}
		if p != nil && (p.Name == "" || p.Version == "" || string(p.Text()) != string(text)) {
			t.Fatalf("got %+v", p)
		}
	})
}
